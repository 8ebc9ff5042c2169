/* SPDX-License-Identifier: MIT */
/* The table of conditional accept: complete, and right in every order of answers, verdicts, drops and closes. */
#include <string.h>

#include "support/unit.h"
#include "wsk/wsk_accept_fsm.h"

/* --- the table as data -------------------------------------------------------------------------- */

static void test_accept_table_every_cell_is_filled(void **state)
{
    unsigned row;
    unsigned column;

    (void)state;
    for (row = 0; row < WE_ACCEPT_STATE_COUNT; row++) {
        for (column = 0; column < WE_ACCEPT_EVENT_COUNT; column++) {
            const struct we_wsk_accept_cell *cell =
                we_wsk_accept_cell((enum we_wsk_accept_state)row, (enum we_wsk_accept_event)column);

            assert_int_not_equal(cell->kind, WE_ACCEPT_CELL_MISSING);
            if (cell->kind != WE_ACCEPT_CELL_GO) {
                assert_int_equal(cell->actions, 0);
            }
        }
    }
}

static void test_accept_table_final_states_are_final(void **state)
{
    static const enum we_wsk_accept_state finals[] = { WE_ACCEPT_TAKEN, WE_ACCEPT_DROPPED };
    unsigned i;
    unsigned column;

    (void)state;
    for (i = 0; i < sizeof(finals) / sizeof(finals[0]); i++) {
        for (column = 0; column < WE_ACCEPT_EVENT_COUNT; column++) {
            assert_int_not_equal(we_wsk_accept_cell(finals[i], (enum we_wsk_accept_event)column)->kind,
                                 WE_ACCEPT_CELL_GO);
        }
    }
}

static void test_accept_table_abort_only_before_established(void **state)
{
    unsigned column;

    (void)state;
    for (column = 0; column < WE_ACCEPT_EVENT_COUNT; column++) {
        enum we_wsk_accept_event event = (enum we_wsk_accept_event)column;

        assert_int_equal(we_wsk_accept_cell(WE_ACCEPT_READY, event)->actions & WE_ACCEPT_DO_ABORT, 0);
        assert_int_equal(we_wsk_accept_cell(WE_ACCEPT_OFFERING, event)->actions & WE_ACCEPT_DO_ABORT, 0);
        assert_int_equal(we_wsk_accept_cell(WE_ACCEPT_TAKEN, event)->actions & WE_ACCEPT_DO_ABORT, 0);
    }
}

/* --- a model of everything around a request --------------------------------------------------------
 *
 * The walk below plays, in every order, what the client, the peer and the listener can do to one request, and
 * carries the actions out on this model. It is what wsk_listen.c does, without sockets and IRPs. */

enum callback { CALLBACK_NONE, CALLBACK_INSPECT, CALLBACK_OFFER };

struct world {
    struct we_wsk_accept_machine machine;
    unsigned char callback;        /* enum callback: which one is on a stack */
    unsigned char verdicts_issued; /* WskInspectComplete calls */
    unsigned char verdicts_done;   /* of these, completed */
    unsigned char has_parked_irp;
    unsigned char answered_reject; /* by the inspect callback itself */
    unsigned char is_confirmed;    /* the handshake was answered and not yet established */
    unsigned char was_peer_reset;
    unsigned char was_closed;
    unsigned char given; /* delivered to the client for good */
    unsigned char offered;
    unsigned char aborts;
    unsigned char host_ends; /* refused, dropped */
};

/* The promises that hold at every moment. */
static void check_always(const struct world *world)
{
    assert_true(world->aborts <= 1);
    assert_true(world->given <= 1);
    assert_true(world->host_ends <= 1);
    assert_false(world->given && world->aborts);
    assert_false(world->given && world->host_ends);
    assert_false(world->answered_reject && world->aborts);
    assert_false(world->answered_reject && world->given);
    assert_true(world->verdicts_done <= world->verdicts_issued);
    if (world->callback != CALLBACK_INSPECT) {
        /* No verdict IRP is left over once nothing can park it any more. */
        assert_int_equal(world->verdicts_done, world->verdicts_issued);
    }
    if (world->machine.state == WE_ACCEPT_TAKEN) {
        assert_int_equal(world->given, 1);
    }
    if (world->machine.state == WE_ACCEPT_DROPPED) {
        assert_int_equal(world->host_ends, 1);
        assert_int_equal(world->given, 0);
    }
}

static void feed(struct world *world, enum we_wsk_accept_event event, bool brings_irp)
{
    struct we_wsk_accept_step step = we_wsk_accept_feed(&world->machine, event);

    if (step.kind == WE_ACCEPT_CELL_PARK) {
        world->has_parked_irp = brings_irp || world->has_parked_irp;
        return;
    }
    if (brings_irp) { /* carried out, refused, or answered as gone: finished in any case */
        world->verdicts_done++;
    }
    if ((step.actions & WE_ACCEPT_DO_CONFIRM) != 0) {
        world->is_confirmed = 1;
    }
    if ((step.actions & (WE_ACCEPT_DO_REFUSE | WE_ACCEPT_DO_DROP)) != 0) {
        world->host_ends++;
        world->is_confirmed = 0;
    }
    if ((step.actions & WE_ACCEPT_DO_GIVE) != 0) {
        world->given++;
    }
    if ((step.actions & WE_ACCEPT_DO_OFFER) != 0) {
        world->callback = CALLBACK_OFFER;
        world->offered = 1;
    }
    if ((step.actions & WE_ACCEPT_DO_ARM) != 0 && world->offered) {
        world->given++;
    }
    if ((step.actions & WE_ACCEPT_DO_ABORT) != 0) {
        world->aborts++;
    }
}

static void return_from_inspect(struct world *world, enum we_wsk_accept_event answer)
{
    enum we_wsk_accept_event event;

    world->callback = CALLBACK_NONE;
    world->answered_reject = answer == WE_ACCEPT_ON_INSPECT_REJECT;
    feed(world, answer, false);
    while ((event = we_wsk_accept_unpark(&world->machine)) != WE_ACCEPT_ON_NOTHING) {
        bool is_verdict = event == WE_ACCEPT_ON_VERDICT_ACCEPT || event == WE_ACCEPT_ON_VERDICT_REJECT;

        if (is_verdict) {
            world->has_parked_irp = 0;
        }
        feed(world, event, is_verdict);
    }
}

enum move {
    MOVE_INSPECT_ACCEPT,
    MOVE_INSPECT_REJECT,
    MOVE_INSPECT_PEND,
    MOVE_VERDICT_ACCEPT,
    MOVE_VERDICT_REJECT,
    MOVE_ESTABLISHED,
    MOVE_TAKE_IRP,
    MOVE_TAKE_EVENT,
    MOVE_OFFER_ACCEPTED,
    MOVE_OFFER_REFUSED,
    MOVE_PEER_RESET,
    MOVE_CLOSE,
    MOVE_COUNT
};

static bool may_take(const struct world *world)
{
    return world->machine.state == WE_ACCEPT_READY && !world->was_closed;
}

static bool is_possible(const struct world *world, enum move move)
{
    switch (move) {
    case MOVE_INSPECT_ACCEPT:
    case MOVE_INSPECT_REJECT:
    case MOVE_INSPECT_PEND:
        return world->callback == CALLBACK_INSPECT;
    case MOVE_VERDICT_ACCEPT:
    case MOVE_VERDICT_REJECT:
        return world->verdicts_issued < 2;
    case MOVE_ESTABLISHED:
        return world->is_confirmed;
    case MOVE_TAKE_IRP:
    case MOVE_TAKE_EVENT:
        return may_take(world);
    case MOVE_OFFER_ACCEPTED:
    case MOVE_OFFER_REFUSED:
        return world->callback == CALLBACK_OFFER;
    case MOVE_PEER_RESET:
        return !world->was_peer_reset;
    case MOVE_CLOSE:
        return !world->was_closed;
    default:
        return false;
    }
}

static void make_move(struct world *world, enum move move)
{
    switch (move) {
    case MOVE_INSPECT_ACCEPT:
        return_from_inspect(world, WE_ACCEPT_ON_INSPECT_ACCEPT);
        break;
    case MOVE_INSPECT_REJECT:
        return_from_inspect(world, WE_ACCEPT_ON_INSPECT_REJECT);
        break;
    case MOVE_INSPECT_PEND:
        return_from_inspect(world, WE_ACCEPT_ON_INSPECT_PEND);
        break;
    case MOVE_VERDICT_ACCEPT:
        world->verdicts_issued++;
        feed(world, WE_ACCEPT_ON_VERDICT_ACCEPT, true);
        break;
    case MOVE_VERDICT_REJECT:
        world->verdicts_issued++;
        feed(world, WE_ACCEPT_ON_VERDICT_REJECT, true);
        break;
    case MOVE_ESTABLISHED:
        world->is_confirmed = 0;
        feed(world, WE_ACCEPT_ON_ESTABLISHED, false);
        break;
    case MOVE_TAKE_IRP:
        feed(world, WE_ACCEPT_ON_TAKE_IRP, false);
        break;
    case MOVE_TAKE_EVENT:
        feed(world, WE_ACCEPT_ON_TAKE_EVENT, false);
        break;
    case MOVE_OFFER_ACCEPTED:
        world->callback = CALLBACK_NONE;
        feed(world, WE_ACCEPT_ON_OFFER_ACCEPTED, false);
        break;
    case MOVE_OFFER_REFUSED:
        world->callback = CALLBACK_NONE;
        feed(world, WE_ACCEPT_ON_OFFER_REFUSED, false);
        break;
    case MOVE_PEER_RESET:
        world->was_peer_reset = 1;
        feed(world, WE_ACCEPT_ON_PEER_RESET, false);
        break;
    case MOVE_CLOSE:
        world->was_closed = 1;
        feed(world, WE_ACCEPT_ON_CLOSING, false);
        break;
    default:
        fail();
    }
}

#define WORLD_MAX 20000u

struct walk {
    struct world seen[WORLD_MAX];
    unsigned seen_count;
};

static struct walk s_walk;

static bool is_new(const struct world *world)
{
    unsigned i;

    for (i = 0; i < s_walk.seen_count; i++) {
        if (memcmp(&s_walk.seen[i], world, sizeof(*world)) == 0) {
            return false;
        }
    }
    assert_true(s_walk.seen_count < WORLD_MAX);
    s_walk.seen[s_walk.seen_count++] = *world;
    return true;
}

static void walk_from(const struct world *world)
{
    unsigned move;

    check_always(world);
    if (!is_new(world)) {
        return;
    }
    for (move = 0; move < MOVE_COUNT; move++) {
        if (is_possible(world, (enum move)move)) {
            struct world next = *world;

            make_move(&next, (enum move)move);
            walk_from(&next);
        }
    }
}

/* A request whose verdict is Accept ends in exactly one of: delivery, abort, or the listener's closing. */
static void check_ends(void)
{
    unsigned i;
    unsigned ends = 0;

    for (i = 0; i < s_walk.seen_count; i++) {
        const struct world *world = &s_walk.seen[i];
        bool is_final = world->machine.state == WE_ACCEPT_TAKEN || world->machine.state == WE_ACCEPT_DROPPED;

        if (is_final && world->callback == CALLBACK_NONE) {
            ends++;
            assert_int_equal(world->verdicts_done, world->verdicts_issued);
            assert_int_equal(world->given + world->host_ends, 1);
        }
    }
    assert_true(ends > 50);
}

static void start_world(struct world *world, bool is_conditional)
{
    memset(world, 0, sizeof(*world)); /* padding too: worlds are compared as memory */
    we_wsk_accept_init(&world->machine, is_conditional);
    world->callback = is_conditional ? CALLBACK_INSPECT : CALLBACK_NONE;
}

static void test_accept_walk_conditional_all_orders_keep_the_promises(void **state)
{
    struct world world;

    (void)state;
    s_walk.seen_count = 0;
    start_world(&world, true);
    walk_from(&world);
    check_ends();
    print_message("conditional accept: %u configurations\n", s_walk.seen_count);
    assert_true(s_walk.seen_count >= 100);
}

static void test_accept_walk_plain_all_orders_keep_the_promises(void **state)
{
    struct world world;

    (void)state;
    s_walk.seen_count = 0;
    start_world(&world, false);
    walk_from(&world);
    assert_true(s_walk.seen_count >= 10);
}

/* --- single rows that the behaviour reference names --------------------------------------------------- */

static struct we_wsk_accept_machine machine_after(const enum we_wsk_accept_event *events, unsigned count)
{
    struct we_wsk_accept_machine machine;
    unsigned i;

    we_wsk_accept_init(&machine, true);
    for (i = 0; i < count; i++) {
        (void)we_wsk_accept_feed(&machine, events[i]);
    }
    return machine;
}

static void test_accept_verdict_after_abort_is_gone_not_a_breach(void **state)
{
    static const enum we_wsk_accept_event events[] = { WE_ACCEPT_ON_INSPECT_PEND, WE_ACCEPT_ON_PEER_RESET };
    struct we_wsk_accept_machine machine = machine_after(events, 2);

    (void)state;
    assert_int_equal(we_wsk_accept_feed(&machine, WE_ACCEPT_ON_VERDICT_ACCEPT).kind, WE_ACCEPT_CELL_GONE);
}

static void test_accept_verdict_after_reject_is_a_breach(void **state)
{
    static const enum we_wsk_accept_event events[] = { WE_ACCEPT_ON_INSPECT_PEND, WE_ACCEPT_ON_VERDICT_REJECT };
    struct we_wsk_accept_machine machine = machine_after(events, 2);

    (void)state;
    assert_int_equal(we_wsk_accept_feed(&machine, WE_ACCEPT_ON_VERDICT_ACCEPT).kind, WE_ACCEPT_CELL_RULE);
}

static void test_accept_second_verdict_while_parked_is_a_breach(void **state)
{
    static const enum we_wsk_accept_event events[] = { WE_ACCEPT_ON_VERDICT_ACCEPT };
    struct we_wsk_accept_machine machine = machine_after(events, 1);

    (void)state;
    assert_int_equal(we_wsk_accept_feed(&machine, WE_ACCEPT_ON_VERDICT_REJECT).kind, WE_ACCEPT_CELL_RULE);
}

static void test_accept_unpark_order_is_verdict_reset_close(void **state)
{
    static const enum we_wsk_accept_event events[] = { WE_ACCEPT_ON_CLOSING, WE_ACCEPT_ON_PEER_RESET,
                                                       WE_ACCEPT_ON_VERDICT_ACCEPT };
    struct we_wsk_accept_machine machine = machine_after(events, 3);

    (void)state;
    assert_int_equal(we_wsk_accept_unpark(&machine), WE_ACCEPT_ON_VERDICT_ACCEPT);
    assert_int_equal(we_wsk_accept_unpark(&machine), WE_ACCEPT_ON_PEER_RESET);
    assert_int_equal(we_wsk_accept_unpark(&machine), WE_ACCEPT_ON_CLOSING);
    assert_int_equal(we_wsk_accept_unpark(&machine), WE_ACCEPT_ON_NOTHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accept_table_every_cell_is_filled),
        cmocka_unit_test(test_accept_table_final_states_are_final),
        cmocka_unit_test(test_accept_table_abort_only_before_established),
        cmocka_unit_test(test_accept_walk_conditional_all_orders_keep_the_promises),
        cmocka_unit_test(test_accept_walk_plain_all_orders_keep_the_promises),
        cmocka_unit_test(test_accept_verdict_after_abort_is_gone_not_a_breach),
        cmocka_unit_test(test_accept_verdict_after_reject_is_a_breach),
        cmocka_unit_test(test_accept_second_verdict_while_parked_is_a_breach),
        cmocka_unit_test(test_accept_unpark_order_is_verdict_reset_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
