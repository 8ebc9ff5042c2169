/* SPDX-License-Identifier: MIT */
/* The tables of the network module registrar: complete, named, and true to its promises in every order of events. */
#include <string.h>

#include "nt/nmr_fsm.h"
#include "support/unit.h"

/* --- the tables by themselves --------------------------------------------------------------------- */

static void test_nmr_tables_every_cell_is_present(void **state)
{
    (void)state;
    for (unsigned s = 0; s < WE_NMR_STATE_COUNT; s++) {
        for (unsigned e = 0; e < WE_NMR_EVENT_COUNT; e++) {
            struct we_nmr_cell cell = we_nmr_cell((enum we_nmr_state)s, (enum we_nmr_event)e);

            assert_int_not_equal(cell.kind, WE_NMR_MISSING);
            assert_true(cell.next < WE_NMR_STATE_COUNT);
        }
    }
    for (unsigned s = 0; s < WE_NMR_SIDE_STATE_COUNT; s++) {
        for (unsigned e = 0; e < WE_NMR_SIDE_EVENT_COUNT; e++) {
            struct we_nmr_cell cell = we_nmr_side_cell((enum we_nmr_side_state)s, (enum we_nmr_side_event)e);

            assert_int_not_equal(cell.kind, WE_NMR_MISSING);
            assert_true(cell.next < WE_NMR_SIDE_STATE_COUNT);
        }
    }
}

static void test_nmr_tables_only_go_and_rule_act_or_move(void **state)
{
    (void)state;
    for (unsigned s = 0; s < WE_NMR_STATE_COUNT; s++) {
        for (unsigned e = 0; e < WE_NMR_EVENT_COUNT; e++) {
            struct we_nmr_cell cell = we_nmr_cell((enum we_nmr_state)s, (enum we_nmr_event)e);

            if (cell.kind != WE_NMR_GO && cell.kind != WE_NMR_RULE) {
                assert_int_equal(cell.next, s);
                assert_int_equal(cell.actions, 0);
            }
        }
    }
}

static void test_nmr_tables_the_ends_are_never_left(void **state)
{
    (void)state;
    for (unsigned e = 0; e < WE_NMR_EVENT_COUNT; e++) {
        struct we_nmr_cell cell = we_nmr_cell(WE_NMR_GONE, (enum we_nmr_event)e);

        assert_int_equal(cell.next, WE_NMR_GONE);
        assert_int_equal(cell.actions, 0);
    }
    for (unsigned e = 0; e < WE_NMR_SIDE_EVENT_COUNT; e++) {
        struct we_nmr_cell cell = we_nmr_side_cell(WE_NMR_SIDE_DETACHED, (enum we_nmr_side_event)e);

        assert_int_equal(cell.next, WE_NMR_SIDE_DETACHED);
        assert_int_equal(cell.actions, 0);
    }
}

static void test_nmr_names_are_given_and_differ(void **state)
{
    (void)state;
    for (unsigned a = 0; a < WE_NMR_STATE_COUNT; a++) {
        assert_string_not_equal(we_nmr_state_name((enum we_nmr_state)a), "?");
        for (unsigned b = 0; b < a; b++) {
            assert_string_not_equal(we_nmr_state_name((enum we_nmr_state)a), we_nmr_state_name((enum we_nmr_state)b));
        }
    }
    for (unsigned a = 0; a < WE_NMR_EVENT_COUNT; a++) {
        assert_string_not_equal(we_nmr_event_name((enum we_nmr_event)a), "?");
    }
    for (unsigned a = 0; a < WE_NMR_SIDE_STATE_COUNT; a++) {
        assert_string_not_equal(we_nmr_side_state_name((enum we_nmr_side_state)a), "?");
    }
    for (unsigned a = 0; a < WE_NMR_SIDE_EVENT_COUNT; a++) {
        assert_string_not_equal(we_nmr_side_event_name((enum we_nmr_side_event)a), "?");
    }
    assert_string_equal(we_nmr_state_name(WE_NMR_STATE_COUNT), "?");
    assert_string_equal(we_nmr_event_name(WE_NMR_EVENT_COUNT), "?");
    assert_string_equal(we_nmr_side_state_name(WE_NMR_SIDE_STATE_COUNT), "?");
    assert_string_equal(we_nmr_side_event_name(WE_NMR_SIDE_EVENT_COUNT), "?");
}

static void test_nmr_cell_text_reads_like_the_page(void **state)
{
    char text[WE_NMR_CELL_TEXT_SIZE];

    (void)state;
    assert_string_equal(we_nmr_cell_text(WE_NMR_ATTACHED, WE_NMR_ON_DEREGISTER, text), "->DETACHING: detach");
    assert_string_equal(we_nmr_cell_text(WE_NMR_JOINED, WE_NMR_ON_CLIENT_REFUSED, text),
                        "rule ->DETACHING: disown, detach");
    assert_string_equal(we_nmr_cell_text(WE_NMR_ATTACHED, WE_NMR_ON_ATTACH, text), "rule");
    assert_string_equal(we_nmr_cell_text(WE_NMR_ASKING, WE_NMR_ON_DEREGISTER, text), "park");
    assert_string_equal(we_nmr_cell_text(WE_NMR_GONE, WE_NMR_ON_DEREGISTER, text), "skip");
    assert_string_equal(we_nmr_cell_text(WE_NMR_GONE, WE_NMR_ON_CLEANED, text), "-");
    assert_string_equal(we_nmr_side_cell_text(WE_NMR_SIDE_PENDING, WE_NMR_SIDE_ON_COMPLETE, text),
                        "->DETACHED: finish");
}

/* --- a model of everything around a binding ---------------------------------------------------------
 *
 * The walk plays, in every order, what two modules can do to one binding, and carries the actions out on this model.
 * It is what nmr_binding.c does, without modules and threads. */

enum callback { CALLBACK_NONE, CALLBACK_ATTACH, CALLBACK_DETACH, CALLBACK_BETWEEN, CALLBACK_CLEANUP };

struct world {
    struct we_nmr_machine machine;
    unsigned char offer;    /* enum callback: ClientAttachProvider, ATTACH while it is on a stack */
    unsigned char is_asked; /* ProviderAttachClient is on a stack */
    unsigned char asked;    /* how often, up to 2 */
    unsigned char detach;   /* enum callback: the thread that detaches: DETACH in one, BETWEEN two */
    unsigned char turn[2];  /* sides to detach, in order; 2: nobody */
    unsigned char turn_index;
    unsigned char is_told[2];
    unsigned char completes[2];        /* calls of the completion, up to 2 */
    unsigned char useful_completes[2]; /* that were no breach */
    unsigned char returned_pending[2];
    unsigned char returned_other[2]; /* than pending */
    unsigned char is_attached[2];    /* has a part in the binding */
    unsigned char cleanups;
    unsigned char forgets;
    unsigned char was_deregistered; /* how often */
    unsigned char first;            /* the side that did so first */
    unsigned char breaches;         /* the tables say so */
    unsigned char misdeeds;         /* the documentation says so */
};

#define NOBODY 2u

static void check_always(const struct world *world)
{
    bool is_gone = world->machine.state == WE_NMR_GONE;

    assert_true(world->cleanups <= 1);
    assert_int_equal(world->forgets, is_gone ? 1 : 0);
    if (is_gone) {
        /* Nobody is inside a callback of a binding that may be freed. */
        assert_int_equal(world->offer, CALLBACK_NONE);
        assert_int_equal(world->is_asked, 0);
        assert_int_not_equal(world->detach, CALLBACK_DETACH);
        assert_int_not_equal(world->detach, CALLBACK_BETWEEN);
        assert_false(world->machine.is_deregister_parked);
        /* What was attached was told to detach, and cleaned up. */
        assert_int_equal(world->cleanups, world->is_attached[WE_NMR_PROVIDER]);
    }
    for (unsigned side = 0; side < WE_NMR_SIDE_COUNT; side++) {
        assert_true(world->is_told[side] <= 1);
        assert_true(world->useful_completes[side] <= 1);
        if (world->machine.sides[side] == WE_NMR_SIDE_DETACHED && world->is_told[side]) {
            /* By a return that was not pending, or by one completion. */
            assert_true(world->returned_other[side] || world->useful_completes[side] == 1);
        }
    }
    if (world->cleanups > 0) {
        assert_true(we_nmr_is_detached(&world->machine, WE_NMR_CLIENT));
        assert_true(we_nmr_is_detached(&world->machine, WE_NMR_PROVIDER));
    }
}

static struct we_nmr_cell feed(struct world *world, enum we_nmr_event event)
{
    struct we_nmr_cell cell = we_nmr_feed(&world->machine, event);

    if (cell.kind == WE_NMR_RULE) {
        world->breaches = 1;
    }
    if ((cell.actions & WE_NMR_DO_ASK) != 0) {
        world->is_asked = 1;
        world->asked++;
    }
    if ((cell.actions & WE_NMR_DO_DISOWN) != 0) {
        world->is_attached[WE_NMR_CLIENT] = 0;
        (void)we_nmr_feed_side(&world->machine, WE_NMR_CLIENT, WE_NMR_SIDE_ON_DISOWNED);
        world->turn[0] = WE_NMR_PROVIDER;
        world->turn[1] = NOBODY;
    } else if ((cell.actions & WE_NMR_DO_DETACH) != 0) {
        world->turn[0] = world->first;
        world->turn[1] = (unsigned char)(1 - world->first);
    }
    if ((cell.actions & WE_NMR_DO_DETACH) != 0) {
        assert_int_equal(world->detach, CALLBACK_NONE);
        world->detach = CALLBACK_BETWEEN;
    }
    if ((cell.actions & WE_NMR_DO_FORGET) != 0) {
        world->forgets++;
    }
    return cell;
}

static void finish_side(struct world *world, struct we_nmr_cell cell)
{
    if ((cell.actions & WE_NMR_SIDE_DO_FINISH) != 0 && we_nmr_is_detached(&world->machine, WE_NMR_CLIENT) &&
        we_nmr_is_detached(&world->machine, WE_NMR_PROVIDER)) {
        assert_int_equal(feed(world, WE_NMR_ON_DETACHED).actions, WE_NMR_DO_CLEAN);
        world->cleanups++;
    }
}

static void client_returned(struct world *world, enum we_nmr_event answer)
{
    world->offer = CALLBACK_NONE;
    (void)feed(world, answer);
    if (we_nmr_unpark(&world->machine)) {
        (void)feed(world, WE_NMR_ON_DEREGISTER);
    }
}

static void tell_next(struct world *world)
{
    unsigned side = world->turn[world->turn_index];
    struct we_nmr_cell cell = we_nmr_feed_side(&world->machine, (enum we_nmr_side)side, WE_NMR_SIDE_ON_TELL);

    assert_int_equal(cell.actions, WE_NMR_SIDE_DO_CALL);
    world->is_told[side]++;
    world->detach = CALLBACK_DETACH;
}

static void detach_returned(struct world *world, enum we_nmr_side_event answer)
{
    unsigned side = world->turn[world->turn_index];
    struct we_nmr_cell cell = we_nmr_feed_side(&world->machine, (enum we_nmr_side)side, answer);

    world->breaches |= cell.kind == WE_NMR_RULE;
    world->misdeeds |= answer == WE_NMR_SIDE_ON_RETURNED_OTHER ||
                       (answer == WE_NMR_SIDE_ON_RETURNED_SUCCESS && world->useful_completes[side] > 0);
    world->returned_pending[side] = answer == WE_NMR_SIDE_ON_RETURNED_PENDING;
    world->returned_other[side] = answer != WE_NMR_SIDE_ON_RETURNED_PENDING;
    world->turn_index++;
    /* With nobody left the thread touches the binding only if it cleans up. */
    world->detach =
        world->turn_index < 2 && world->turn[world->turn_index] != NOBODY ? CALLBACK_BETWEEN : CALLBACK_NONE;
    finish_side(world, cell);
}

static void complete(struct world *world, unsigned side)
{
    struct we_nmr_cell cell = we_nmr_feed_side(&world->machine, (enum we_nmr_side)side, WE_NMR_SIDE_ON_COMPLETE);

    world->misdeeds |= !world->is_told[side] || world->returned_other[side] || world->useful_completes[side] > 0;
    world->completes[side]++;
    if (cell.kind == WE_NMR_RULE) {
        world->breaches = 1;
    } else {
        world->useful_completes[side]++;
    }
    finish_side(world, cell);
}

enum move {
    MOVE_ATTACH,
    MOVE_PROVIDER_TAKES,
    MOVE_PROVIDER_REFUSES,
    MOVE_CLIENT_TAKES,
    MOVE_CLIENT_REFUSES,
    MOVE_CLIENT_DEREGISTERS,
    MOVE_PROVIDER_DEREGISTERS,
    MOVE_TELL,
    MOVE_RETURN_SUCCESS,
    MOVE_RETURN_PENDING,
    MOVE_RETURN_OTHER,
    MOVE_CLIENT_COMPLETES,
    MOVE_PROVIDER_COMPLETES,
    MOVE_CLEANED,
    MOVE_COUNT
};

static bool is_possible(const struct world *world, enum move move)
{
    switch (move) {
    case MOVE_ATTACH:
        return world->offer == CALLBACK_ATTACH && world->asked < 2;
    case MOVE_PROVIDER_TAKES:
    case MOVE_PROVIDER_REFUSES:
        return world->is_asked;
    case MOVE_CLIENT_TAKES:
    case MOVE_CLIENT_REFUSES:
        return world->offer == CALLBACK_ATTACH && !world->is_asked;
    case MOVE_CLIENT_DEREGISTERS:
    case MOVE_PROVIDER_DEREGISTERS:
        return world->was_deregistered < 2 && world->forgets == 0;
    case MOVE_TELL:
        return world->detach == CALLBACK_BETWEEN;
    case MOVE_RETURN_SUCCESS:
    case MOVE_RETURN_PENDING:
    case MOVE_RETURN_OTHER:
        return world->detach == CALLBACK_DETACH;
    case MOVE_CLIENT_COMPLETES:
        return world->completes[WE_NMR_CLIENT] < 2 && world->forgets == 0;
    case MOVE_PROVIDER_COMPLETES:
        return world->completes[WE_NMR_PROVIDER] < 2 && world->forgets == 0;
    case MOVE_CLEANED:
        return world->machine.state == WE_NMR_CLEANING;
    default:
        return false;
    }
}

static void deregister(struct world *world, unsigned first)
{
    if (world->was_deregistered == 0) {
        world->first = (unsigned char)first;
    }
    world->was_deregistered++;
    (void)feed(world, WE_NMR_ON_DEREGISTER);
}

static void make_move(struct world *world, enum move move)
{
    switch (move) {
    case MOVE_ATTACH:
        world->misdeeds |= world->is_asked || world->is_attached[WE_NMR_PROVIDER];
        if ((feed(world, WE_NMR_ON_ATTACH).actions & WE_NMR_DO_ASK) == 0) {
            world->asked++; /* a breach; bounded as well */
        }
        break;
    case MOVE_PROVIDER_TAKES:
    case MOVE_PROVIDER_REFUSES:
        world->is_asked = 0;
        world->is_attached[WE_NMR_CLIENT] = move == MOVE_PROVIDER_TAKES;
        world->is_attached[WE_NMR_PROVIDER] = move == MOVE_PROVIDER_TAKES;
        (void)feed(world, move == MOVE_PROVIDER_TAKES ? WE_NMR_ON_PROVIDER_TOOK : WE_NMR_ON_PROVIDER_REFUSED);
        break;
    case MOVE_CLIENT_TAKES:
        world->misdeeds |= !world->is_attached[WE_NMR_CLIENT];
        client_returned(world, WE_NMR_ON_CLIENT_TOOK);
        break;
    case MOVE_CLIENT_REFUSES:
        world->misdeeds |= world->is_attached[WE_NMR_CLIENT];
        client_returned(world, WE_NMR_ON_CLIENT_REFUSED);
        break;
    case MOVE_CLIENT_DEREGISTERS:
        deregister(world, WE_NMR_CLIENT);
        break;
    case MOVE_PROVIDER_DEREGISTERS:
        deregister(world, WE_NMR_PROVIDER);
        break;
    case MOVE_TELL:
        tell_next(world);
        break;
    case MOVE_RETURN_SUCCESS:
        detach_returned(world, WE_NMR_SIDE_ON_RETURNED_SUCCESS);
        break;
    case MOVE_RETURN_PENDING:
        detach_returned(world, WE_NMR_SIDE_ON_RETURNED_PENDING);
        break;
    case MOVE_RETURN_OTHER:
        detach_returned(world, WE_NMR_SIDE_ON_RETURNED_OTHER);
        break;
    case MOVE_CLIENT_COMPLETES:
        complete(world, WE_NMR_CLIENT);
        break;
    case MOVE_PROVIDER_COMPLETES:
        complete(world, WE_NMR_PROVIDER);
        break;
    case MOVE_CLEANED:
        assert_int_equal(feed(world, WE_NMR_ON_CLEANED).actions, WE_NMR_DO_FORGET);
        break;
    default:
        fail();
    }
}

#define WORLD_MAX 40000u
#define BUCKET_COUNT 4096u

static struct {
    struct world seen[WORLD_MAX];
    unsigned next[WORLD_MAX]; /* in the bucket, index + 1 */
    unsigned buckets[BUCKET_COUNT];
    unsigned seen_count;
} s_walk;

static unsigned bucket_of(const struct world *world)
{
    const unsigned char *bytes = (const unsigned char *)world;
    unsigned hash = 2166136261u;

    for (size_t i = 0; i < sizeof(*world); i++) {
        hash = (hash ^ bytes[i]) * 16777619u;
    }
    return hash % BUCKET_COUNT;
}

static bool is_new(const struct world *world)
{
    unsigned *bucket = &s_walk.buckets[bucket_of(world)];

    for (unsigned i = *bucket; i != 0; i = s_walk.next[i - 1]) {
        if (memcmp(&s_walk.seen[i - 1], world, sizeof(*world)) == 0) {
            return false;
        }
    }
    assert_true(s_walk.seen_count < WORLD_MAX);
    s_walk.seen[s_walk.seen_count] = *world;
    s_walk.next[s_walk.seen_count] = *bucket;
    *bucket = ++s_walk.seen_count;
    return true;
}

static void walk_from(const struct world *world)
{
    check_always(world);
    if (!is_new(world)) {
        return;
    }
    for (unsigned move = 0; move < MOVE_COUNT; move++) {
        if (is_possible(world, (enum move)move)) {
            struct world next;

            memcpy(&next, world, sizeof(next)); /* padding too: worlds are compared as memory */
            make_move(&next, (enum move)move);
            walk_from(&next);
        }
    }
}

static void walk(void)
{
    static struct world start;

    memset(&s_walk, 0, sizeof(s_walk));
    memset(&start, 0, sizeof(start));
    start.offer = CALLBACK_ATTACH;
    walk_from(&start);
}

static void test_nmr_walk_all_orders_keep_the_promises(void **state)
{
    (void)state;
    walk();
    print_message("bindings: %u configurations\n", s_walk.seen_count);
    assert_true(s_walk.seen_count > 500);
}

/* Once a module deregisters and every pending side has completed, the binding is gone, unless a callback still runs. */
static void test_nmr_walk_a_deregistered_binding_ends(void **state)
{
    unsigned ends = 0;

    (void)state;
    walk();
    for (unsigned i = 0; i < s_walk.seen_count; i++) {
        const struct world *world = &s_walk.seen[i];
        bool is_owing =
            we_nmr_is_owing(&world->machine, WE_NMR_CLIENT) || we_nmr_is_owing(&world->machine, WE_NMR_PROVIDER);
        bool is_running = world->offer != CALLBACK_NONE || world->is_asked || world->detach != CALLBACK_NONE ||
                          world->machine.state == WE_NMR_CLEANING;

        if (world->was_deregistered > 0 && !is_owing && !is_running) {
            assert_int_equal(world->machine.state, WE_NMR_GONE);
            ends++;
        }
    }
    assert_true(ends > 50);
}

/* A rule is reported exactly when the documentation was broken: see check_always. Both kinds of walk are there. */
static void test_nmr_walk_rules_accuse_exactly_the_misdeeds(void **state)
{
    unsigned correct = 0;
    unsigned wrong = 0;

    (void)state;
    walk();
    for (unsigned i = 0; i < s_walk.seen_count; i++) {
        const struct world *world = &s_walk.seen[i];

        assert_int_equal(world->breaches, world->misdeeds);
        if (world->machine.state == WE_NMR_GONE) {
            correct += world->breaches == 0;
            wrong += world->breaches;
        }
    }
    assert_true(correct > 20);
    assert_true(wrong > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nmr_tables_every_cell_is_present),
        cmocka_unit_test(test_nmr_tables_only_go_and_rule_act_or_move),
        cmocka_unit_test(test_nmr_tables_the_ends_are_never_left),
        cmocka_unit_test(test_nmr_names_are_given_and_differ),
        cmocka_unit_test(test_nmr_cell_text_reads_like_the_page),
        cmocka_unit_test(test_nmr_walk_all_orders_keep_the_promises),
        cmocka_unit_test(test_nmr_walk_a_deregistered_binding_ends),
        cmocka_unit_test(test_nmr_walk_rules_accuse_exactly_the_misdeeds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
