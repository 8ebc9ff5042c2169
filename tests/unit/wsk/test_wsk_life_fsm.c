/* SPDX-License-Identifier: MIT */
/* The table of a socket's life: complete, named, and right in every order of calls, callbacks, closes and references. */
#include <string.h>

#include "support/unit.h"
#include "wsk/wsk_life_fsm.h"

/* --- the table by itself -------------------------------------------------------------------------- */

static void test_life_table_every_cell_is_present(void **state)
{
    (void)state;
    for (unsigned s = 0; s < WE_WSK_LIFE_STATE_COUNT; s++) {
        for (unsigned e = 0; e < WE_WSK_LIFE_EVENT_COUNT; e++) {
            struct we_wsk_life_cell cell = we_wsk_life_cell((enum we_wsk_life_state)s, (enum we_wsk_life_event)e);

            assert_int_not_equal(cell.kind, WE_WSK_LIFE_MISSING);
            if (cell.kind != WE_WSK_LIFE_GO) {
                assert_int_equal(cell.next, s);
                assert_int_equal(cell.actions, 0);
            }
        }
    }
}

static void test_life_table_never_goes_back(void **state)
{
    (void)state;
    for (unsigned s = 0; s < WE_WSK_LIFE_STATE_COUNT; s++) {
        for (unsigned e = 0; e < WE_WSK_LIFE_EVENT_COUNT; e++) {
            assert_true(we_wsk_life_cell((enum we_wsk_life_state)s, (enum we_wsk_life_event)e).next >= s);
        }
    }
}

static void test_life_names_are_given_and_differ(void **state)
{
    (void)state;
    for (unsigned a = 0; a < WE_WSK_LIFE_STATE_COUNT; a++) {
        for (unsigned b = 0; b < a; b++) {
            assert_string_not_equal(we_wsk_life_state_name((enum we_wsk_life_state)a),
                                    we_wsk_life_state_name((enum we_wsk_life_state)b));
        }
    }
    for (unsigned a = 0; a < WE_WSK_LIFE_EVENT_COUNT; a++) {
        assert_string_not_equal(we_wsk_life_event_name((enum we_wsk_life_event)a), "?");
    }
    assert_string_equal(we_wsk_life_state_name(WE_WSK_LIFE_STATE_COUNT), "?");
    assert_string_equal(we_wsk_life_event_name(WE_WSK_LIFE_EVENT_COUNT), "?");
}

static void test_life_cell_text_reads_like_the_page(void **state)
{
    char text[WE_WSK_LIFE_CELL_TEXT_SIZE];

    (void)state;
    assert_string_equal(we_wsk_life_cell_text(WE_WSK_LIFE_OPEN, WE_WSK_LIFE_ON_CLOSE, text), "->CLOSING: cancel");
    assert_string_equal(we_wsk_life_cell_text(WE_WSK_LIFE_CLOSING, WE_WSK_LIFE_ON_RUNDOWN, text),
                        "->FINISHED: end, unlist, release, complete");
    assert_string_equal(we_wsk_life_cell_text(WE_WSK_LIFE_CLOSING, WE_WSK_LIFE_ON_CLOSE, text), "rule");
    assert_string_equal(we_wsk_life_cell_text(WE_WSK_LIFE_CLOSING, WE_WSK_LIFE_ON_START, text), "skip");
    assert_string_equal(we_wsk_life_cell_text(WE_WSK_LIFE_OPEN, WE_WSK_LIFE_ON_UNREF, text), "-");
}

/* --- a model of everything around a socket ----------------------------------------------------------
 *
 * The walk plays, in every order, what a driver, the network and the stop can do to one socket, and carries the
 * actions out on this model. It is what wsk_socket.c does, without sockets and IRPs. */

#define CALL_MAX 2
#define CALLBACK_MAX 2
#define REFERENCE_MAX 2
#define MISUSE_MAX 2

struct world {
    enum we_wsk_life_state life;
    unsigned char calls;      /* executing; each has a rundown count */
    unsigned char callbacks;  /* on a stack; the same */
    unsigned char counts;     /* rundown counts, the open socket's included */
    unsigned char references; /* the open socket's included */
    unsigned char events;     /* endpoint events under way; each holds a reference */
    unsigned char is_making;  /* the request that makes the socket is one of it, and has a count */
    unsigned char has_close_irp;
    unsigned char is_cancel_due; /* the close is between mark and its count's drop */
    unsigned char closes;        /* by the driver, breaches included */
    unsigned char was_closed;
    unsigned char was_forced;
    unsigned char misuses;
    unsigned char ends;
    unsigned char unlists;
    unsigned char completes;
    unsigned char destroys;
    unsigned char buries;
};

static void check_always(const struct world *world)
{
    assert_true(world->ends <= 1 && world->unlists <= 1 && world->completes <= 1);
    assert_true(world->destroys <= 1 && world->buries <= 1);
    assert_int_equal(world->ends, world->life >= WE_WSK_LIFE_FINISHED);
    assert_int_equal(world->buries, world->life == WE_WSK_LIFE_TOMBSTONE);
    assert_int_equal(world->destroys, world->buries);
    assert_int_equal(world->unlists, world->ends);
    if (!world->was_forced) {
        /* The endpoint ends, and the close IRP completes, when nothing is under way any more. */
        assert_int_equal(world->life >= WE_WSK_LIFE_FINISHED, world->counts == 0);
        assert_int_equal(world->life == WE_WSK_LIFE_TOMBSTONE, world->references == 0);
        assert_int_equal(world->completes, world->life >= WE_WSK_LIFE_FINISHED);
        assert_true(world->life == WE_WSK_LIFE_OPEN || world->was_closed);
    }
}

static void drop_reference(struct world *world);

static void perform(struct world *world, unsigned actions)
{
    if ((actions & WE_WSK_LIFE_DO_CANCEL) != 0) {
        world->is_cancel_due = 1;
    }
    if ((actions & WE_WSK_LIFE_DO_END) != 0) {
        world->ends++;
    }
    if ((actions & WE_WSK_LIFE_DO_UNLIST) != 0) {
        assert_int_equal(world->ends, 1);
        world->unlists++;
    }
    if ((actions & WE_WSK_LIFE_DO_DESTROY) != 0) {
        world->destroys++;
    }
    if ((actions & WE_WSK_LIFE_DO_BURY) != 0) {
        assert_int_equal(world->destroys, 1);
        world->buries++;
    }
    if ((actions & WE_WSK_LIFE_DO_RELEASE) != 0) {
        drop_reference(world);
    }
    if ((actions & WE_WSK_LIFE_DO_COMPLETE) != 0) {
        world->completes++;
        world->has_close_irp = 0;
    }
}

static struct we_wsk_life_cell feed(struct world *world, enum we_wsk_life_event event)
{
    struct we_wsk_life_cell cell = we_wsk_life_feed(&world->life, event);

    perform(world, cell.actions);
    return cell;
}

static void drop_reference(struct world *world)
{
    assert_true(world->references > 0);
    if (--world->references == 0) {
        (void)feed(world, WE_WSK_LIFE_ON_UNREF);
    }
}

static void drop_count(struct world *world)
{
    assert_true(world->counts > 0);
    if (--world->counts == 0) {
        (void)feed(world, WE_WSK_LIFE_ON_RUNDOWN);
    }
}

enum move {
    MOVE_CALL,
    MOVE_CALL_RETURNS,
    MOVE_CALLBACK_STARTS,
    MOVE_CALLBACK_RETURNS,
    MOVE_EVENT_COMES,
    MOVE_EVENT_GOES,
    MOVE_CLOSE,
    MOVE_ABANDON,
    MOVE_MAKING_SUCCEEDS, /* or is cancelled with the rest */
    MOVE_MAKING_FAILS,
    MOVE_CANCELLED, /* the close drops the open socket's count */
    MOVE_FORCE,
    MOVE_COUNT
};

static bool is_possible(const struct world *world, enum move move)
{
    switch (move) {
    case MOVE_CALL:
        return world->calls < CALL_MAX && world->misuses < MISUSE_MAX;
    case MOVE_CALL_RETURNS:
        return world->calls > 0;
    case MOVE_CALLBACK_STARTS:
        /* Only who holds a reference comes to ask. */
        return world->callbacks < CALLBACK_MAX && world->references > 0;
    case MOVE_CALLBACK_RETURNS:
        return world->callbacks > 0;
    case MOVE_EVENT_COMES:
        return world->events < REFERENCE_MAX && world->ends == 0; /* an ended endpoint delivers nothing */
    case MOVE_EVENT_GOES:
        return world->events > 0;
    case MOVE_CLOSE:
        return world->closes < MISUSE_MAX;
    case MOVE_ABANDON:
        return world->references > 0;
    case MOVE_MAKING_SUCCEEDS:
        return world->is_making;
    case MOVE_MAKING_FAILS:
        /* Whoever finds out is work of the socket, and has a count of its own. */
        return world->is_making && !world->was_closed && world->callbacks > 0;
    case MOVE_CANCELLED:
        return world->is_cancel_due;
    case MOVE_FORCE:
        return world->was_closed && !world->was_forced && !world->is_cancel_due; /* the stop has abandoned it before */
    default:
        return false;
    }
}

static void make_call(struct world *world)
{
    struct we_wsk_life_cell cell = feed(world, WE_WSK_LIFE_ON_CALL);

    if (cell.kind == WE_WSK_LIFE_GO) {
        world->calls++;
        world->counts++;
    } else {
        assert_int_equal(cell.kind, WE_WSK_LIFE_RULE);
        assert_true(world->was_closed); /* nobody is accused who has not closed */
        world->misuses++;
    }
}

static void make_close(struct world *world)
{
    struct we_wsk_life_cell cell = feed(world, WE_WSK_LIFE_ON_CLOSE);

    world->closes++;
    if (cell.kind == WE_WSK_LIFE_GO) {
        assert_false(world->was_closed);
        world->was_closed = 1;
        world->has_close_irp = 1;
    } else {
        assert_int_equal(cell.kind, WE_WSK_LIFE_RULE);
        assert_true(world->was_closed);
    }
}

static void make_move(struct world *world, enum move move)
{
    switch (move) {
    case MOVE_CALL:
        make_call(world);
        break;
    case MOVE_CALL_RETURNS:
        world->calls--;
        drop_count(world);
        break;
    case MOVE_CALLBACK_STARTS:
        if (feed(world, WE_WSK_LIFE_ON_START).kind == WE_WSK_LIFE_GO) {
            assert_false(world->was_closed); /* nothing starts after a close */
            world->callbacks++;
            world->counts++;
        }
        break;
    case MOVE_CALLBACK_RETURNS:
        world->callbacks--;
        drop_count(world);
        break;
    case MOVE_EVENT_COMES:
        world->events++;
        world->references++;
        break;
    case MOVE_EVENT_GOES:
        world->events--;
        drop_reference(world);
        break;
    case MOVE_CLOSE:
        make_close(world);
        break;
    case MOVE_ABANDON:
        if (feed(world, WE_WSK_LIFE_ON_ABANDON).kind == WE_WSK_LIFE_GO) {
            world->was_closed = 1;
        }
        break;
    case MOVE_MAKING_SUCCEEDS:
        world->is_making = 0;
        drop_count(world);
        break;
    case MOVE_MAKING_FAILS:
        assert_int_equal(feed(world, WE_WSK_LIFE_ON_FAIL).kind, WE_WSK_LIFE_GO);
        world->was_closed = 1;
        world->has_close_irp = 1;
        world->is_making = 0;
        world->is_cancel_due = 0;
        assert_true(world->counts > 2); /* the open socket's and the request's go, the finder's stays */
        world->counts = (unsigned char)(world->counts - 2);
        break;
    case MOVE_CANCELLED:
        world->is_cancel_due = 0;
        drop_count(world);
        break;
    case MOVE_FORCE:
        world->was_forced = 1;
        (void)feed(world, WE_WSK_LIFE_ON_FORCE);
        break;
    default:
        fail();
    }
}

#define WORLD_MAX 20000u
#define BUCKET_COUNT 4096u

static struct {
    struct world seen[WORLD_MAX];
    unsigned next[WORLD_MAX]; /* in the bucket, index + 1 */
    unsigned buckets[BUCKET_COUNT];
    unsigned seen_count;
} s_walk;

static bool is_new(const struct world *world)
{
    const unsigned char *bytes = (const unsigned char *)world;
    unsigned hash = 2166136261u;
    unsigned *bucket;

    for (size_t i = 0; i < sizeof(*world); i++) {
        hash = (hash ^ bytes[i]) * 16777619u;
    }
    bucket = &s_walk.buckets[hash % BUCKET_COUNT];
    for (unsigned i = *bucket; i != 0; i = s_walk.next[i - 1]) {
        if (memcmp(&s_walk.seen[i - 1], world, sizeof(*world)) == 0) {
            return false;
        }
    }
    assert_true(s_walk.seen_count < WORLD_MAX);
    memcpy(&s_walk.seen[s_walk.seen_count], world, sizeof(*world));
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
    start.counts = 1;
    start.references = 1;
    walk_from(&start);
    start.is_making = 1;
    start.counts = 2;
    walk_from(&start);
}

static void test_life_walk_all_orders_keep_the_promises(void **state)
{
    (void)state;
    walk();
    print_message("socket life: %u configurations\n", s_walk.seen_count);
    assert_true(s_walk.seen_count > 500);
}

/* A closed socket with nothing under way is a tombstone, and its IRP has completed: nothing is forgotten. */
static void test_life_walk_a_closed_socket_ends(void **state)
{
    unsigned ends = 0;

    (void)state;
    walk();
    for (unsigned i = 0; i < s_walk.seen_count; i++) {
        const struct world *world = &s_walk.seen[i];

        if (world->was_closed && !world->was_forced && !world->is_cancel_due && !world->is_making &&
            world->calls == 0 && world->callbacks == 0 && world->events == 0) {
            assert_int_equal(world->life, WE_WSK_LIFE_TOMBSTONE);
            assert_int_equal(world->has_close_irp, 0);
            assert_int_equal(world->completes, 1);
            ends++;
        }
    }
    assert_true(ends > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life_table_every_cell_is_present),
        cmocka_unit_test(test_life_table_never_goes_back),
        cmocka_unit_test(test_life_names_are_given_and_differ),
        cmocka_unit_test(test_life_cell_text_reads_like_the_page),
        cmocka_unit_test(test_life_walk_all_orders_keep_the_promises),
        cmocka_unit_test(test_life_walk_a_closed_socket_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
