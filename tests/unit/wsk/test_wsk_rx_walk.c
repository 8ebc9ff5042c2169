/* SPDX-License-Identifier: MIT */
/* The receive table in a small world: every order of events keeps the promises of WSK. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wsk/wsk_rx_fsm.h"

/* --- a world around the table ----------------------------------------------------------------- */

/* One connection, its peer and its client, as small as they can be: bytes are numbered, and only counts are kept.
 * The walk tries every order of what peer, client and processors can do, each limited to a few times, and checks
 * the promises after each move. Like the library's, this pump runs in full after whatever could give it work. */
struct world {
    unsigned char state;
    unsigned short parked;
    /* The peer. */
    unsigned char sent;      /* bytes on the wire so far */
    unsigned char has_ended; /* the peer's end is on the wire */
    unsigned char has_reset;
    /* The connection. */
    unsigned char is_armed;
    unsigned char read;  /* bytes read from the wire */
    unsigned char taken; /* of these, the ones that are the client's; the rest is held or shown */
    unsigned char has_end;
    unsigned char is_calling;
    unsigned char queued;
    unsigned char zero_queued;
    unsigned char completing;
    unsigned char must_tell_end;
    unsigned char must_tell_reset;
    /* The client. */
    unsigned char is_enabled;
    unsigned char toggles;
    unsigned char posted;
    unsigned char zero_posted;
    unsigned char returned;     /* completion routines that have returned */
    unsigned char is_suspended; /* it refused something, and no receive has completed since */
    unsigned char is_aborted;
    unsigned char is_closed;
    unsigned char told_end;
    unsigned char told_reset;
};

#define SENT_MAX 3
#define POSTED_MAX 2
#define ZERO_POSTED_MAX 1
#define TOGGLES_MAX 2
#define READ_MAX 2 /* bytes that one read for the callback brings */

static unsigned char s_reached[WE_WSK_RX_EVENT_COUNT][WE_WSK_RX_STATE_COUNT];

static bool is_alive(const struct world *w)
{
    return !w->has_reset && !w->is_aborted && !w->is_closed;
}

static void finish(struct world *w, unsigned char count)
{
    w->completing = (unsigned char)(w->completing + count);
}

static void finish_all(struct world *w)
{
    finish(w, w->queued);
    finish(w, w->zero_queued);
    w->queued = 0;
    w->zero_queued = 0;
}

/* irp: 0 none, 1 with a buffer, 2 of length zero. */
static struct we_wsk_rx_cell feed(struct world *w, enum we_wsk_rx_event event, int irp)
{
    struct we_wsk_rx_cell cell = we_wsk_rx_step((enum we_wsk_rx_state)w->state, event);
    unsigned actions = cell.actions;

    s_reached[event][w->state] = 1;
    if (cell.kind == WE_WSK_RX_MISSING || cell.kind == WE_WSK_RX_NEVER) {
        fail_msg("%s in %s can happen", we_wsk_rx_event_name(event),
                 we_wsk_rx_state_name((enum we_wsk_rx_state)w->state));
    }
    w->state = cell.next;
    if (cell.kind == WE_WSK_RX_PARK) {
        w->parked = (unsigned short)(w->parked | 1u << event);
    }
    if ((actions & WE_WSK_RX_DO_QUEUE) != 0) {
        w->queued = (unsigned char)(w->queued + (irp == 1));
        w->zero_queued = (unsigned char)(w->zero_queued + (irp == 2));
    }
    if ((actions & WE_WSK_RX_DO_FINISH) != 0) {
        finish(w, (unsigned char)(w->zero_queued + (irp != 0)));
        w->zero_queued = 0;
    }
    if ((actions & WE_WSK_RX_DO_FAIL_IT) != 0) {
        assert_int_not_equal(irp, 0);
        finish(w, 1);
    }
    if ((actions & (WE_WSK_RX_DO_FREE | WE_WSK_RX_DO_LEND)) != 0) {
        w->taken = w->read;
    }
    if ((actions & WE_WSK_RX_DO_END_IRPS) != 0) {
        /* 0 bytes mean the end to a client: they must come after the last byte. */
        assert_true(w->has_ended);
        assert_int_equal(w->taken, w->sent);
    }
    if ((actions & (WE_WSK_RX_DO_FAIL_IRPS | WE_WSK_RX_DO_CANCEL_IRPS)) != 0) {
        assert_false(is_alive(w));
    }
    if ((actions & (WE_WSK_RX_DO_END_IRPS | WE_WSK_RX_DO_FAIL_IRPS | WE_WSK_RX_DO_CANCEL_IRPS)) != 0) {
        finish_all(w);
    }
    if ((actions & WE_WSK_RX_DO_DROP) != 0) {
        assert_false(is_alive(w)); /* only a dead connection may lose bytes */
        w->taken = w->read;
    }
    if ((actions & WE_WSK_RX_DO_TELL_END) != 0) {
        w->must_tell_end = 1;
    }
    if ((actions & WE_WSK_RX_DO_TELL_RESET) != 0) {
        w->must_tell_end = 0;
        w->must_tell_reset = 1;
    }
    if ((actions & WE_WSK_RX_DO_HUSH) != 0) {
        w->must_tell_end = 0;
        w->must_tell_reset = 0;
    }
    return cell;
}

static bool is_receive_outstanding(const struct world *w)
{
    return w->queued + w->zero_queued + w->completing != 0;
}

static bool has_bytes(const struct world *w)
{
    return w->taken < w->read || w->read < w->sent;
}

static bool serve_irp(struct world *w)
{
    if (w->completing != 0 || w->queued == 0 || !has_bytes(w)) {
        return false;
    }
    /* The next byte, and no other, goes to the oldest receive. */
    if (w->taken == w->read) {
        w->read++;
    }
    w->taken++;
    w->queued--;
    finish(w, 1);
    return true;
}

static bool read_end(struct world *w)
{
    if (w->has_end || !w->has_ended || w->read < w->sent) {
        return false;
    }
    w->has_end = 1;
    return true;
}

static bool tell(struct world *w)
{
    if ((!w->must_tell_end && !w->must_tell_reset) || is_receive_outstanding(w)) {
        return false;
    }
    assert_false(w->is_closed);
    assert_false(w->is_calling);
    assert_int_equal(w->told_reset, 0);
    if (w->must_tell_reset) {
        w->told_reset = 1;
    } else {
        assert_int_equal(w->told_end, 0);
        assert_int_equal(w->taken, w->sent);
        w->told_end = 1;
    }
    w->must_tell_end = 0;
    w->must_tell_reset = 0;
    return true;
}

/* True when a callback was entered: the processor is busy until it answers. */
static bool indicate(struct world *w)
{
    if (!w->is_enabled || is_receive_outstanding(w) || !has_bytes(w)) {
        return false;
    }
    if (w->taken == w->read) {
        w->read = (unsigned char)(w->sent - w->read > READ_MAX ? w->read + READ_MAX : w->sent);
    }
    assert_false(w->is_calling);   /* one at a time */
    assert_false(w->is_suspended); /* not before a receive was posted and has completed */
    assert_false(w->is_closed);
    assert_true(w->is_armed);
    assert_true(feed(w, WE_WSK_RX_ON_INDICATE, 0).actions == WE_WSK_RX_DO_CALL);
    w->is_calling = 1;
    return true;
}

static void run(struct world *w)
{
    if (w->is_calling) {
        /* Its processor is busy; even if it were not, the table would hold the bytes back. */
        assert_int_equal(feed(w, WE_WSK_RX_ON_BYTES, 0).kind, WE_WSK_RX_HOLD);
    }
    while (!w->is_calling) {
        struct we_wsk_rx_cell cell = feed(w, WE_WSK_RX_ON_BYTES, 0);

        if ((cell.actions & WE_WSK_RX_DO_PUMP) != 0) {
            if (serve_irp(w)) {
                continue;
            }
            if (w->has_end && w->taken == w->read) {
                (void)feed(w, WE_WSK_RX_ON_END, 0);
                continue;
            }
            if (indicate(w)) {
                return;
            }
            if (!has_bytes(w) && read_end(w)) {
                continue;
            }
        }
        if (!tell(w)) {
            return;
        }
    }
}

/* What must be true whenever the processor has nothing to do. */
static void check_settled(const struct world *w)
{
    if (w->is_calling) {
        return;
    }
    if (w->is_closed || w->is_aborted || w->has_reset) {
        assert_int_equal(w->queued + w->zero_queued, 0);
    }
    if (!is_alive(w) || !w->is_armed || w->completing != 0) {
        return;
    }
    if (w->taken < w->sent) {
        assert_false(w->queued > 0);
        assert_false(w->is_enabled && !w->is_suspended);
    } else if (w->has_ended) {
        assert_true(w->told_end);
        assert_int_equal(w->queued, 0);
    }
}

static void answer(struct world *w, enum we_wsk_rx_event event)
{
    static const enum we_wsk_rx_event order[] = { WE_WSK_RX_ON_RECEIVE, WE_WSK_RX_ON_RECEIVE_ZERO, WE_WSK_RX_ON_ABORT,
                                                  WE_WSK_RX_ON_RESET, WE_WSK_RX_ON_CLOSE };
    unsigned parked = w->parked;

    assert_true(w->is_calling);
    w->is_calling = 0;
    if (event == WE_WSK_RX_ON_TOOK_PART) {
        w->taken++;
    }
    if (event == WE_WSK_RX_ON_TOOK_PART || event == WE_WSK_RX_ON_REFUSED) {
        w->is_suspended = 1;
    }
    (void)feed(w, event, 0);
    w->parked = 0;
    for (size_t index = 0; index < sizeof(order) / sizeof(order[0]); index++) {
        if ((parked & 1u << order[index]) != 0) {
            (void)feed(w, order[index], 0);
        }
    }
    run(w);
}

/* --- moves ------------------------------------------------------------------------------------ */

enum move {
    MOVE_ARM,
    MOVE_PEER_SENDS,
    MOVE_PEER_ENDS,
    MOVE_PEER_RESETS,
    MOVE_TOOK_ALL,
    MOVE_KEPT,
    MOVE_TOOK_PART,
    MOVE_REFUSED,
    MOVE_RECEIVE,
    MOVE_RECEIVE_ZERO,
    MOVE_ROUTINE_RETURNS,
    MOVE_TOGGLE,
    MOVE_ABORT,
    MOVE_CLOSE,
    MOVE_COUNT
};

static bool peer_can_move(const struct world *w)
{
    return !w->has_ended && !w->has_reset && !w->is_aborted;
}

/* Makes the move, or returns false when it is not possible now. */
static bool move(struct world *w, enum move move)
{
    switch (move) {
    case MOVE_ARM:
        if (w->is_armed) {
            return false;
        }
        w->is_armed = 1;
        (void)feed(w, WE_WSK_RX_ON_ARM, 0);
        break;
    case MOVE_PEER_SENDS:
        if (!peer_can_move(w) || w->sent == SENT_MAX) {
            return false;
        }
        w->sent++;
        break;
    case MOVE_PEER_ENDS:
        if (!peer_can_move(w)) {
            return false;
        }
        w->has_ended = 1;
        break;
    case MOVE_PEER_RESETS:
        if (w->has_reset || w->is_aborted) {
            return false;
        }
        w->has_reset = 1;
        (void)feed(w, WE_WSK_RX_ON_RESET, 0);
        break;
    case MOVE_TOOK_ALL:
    case MOVE_KEPT:
    case MOVE_REFUSED:
        if (!w->is_calling) {
            return false;
        }
        answer(w, (enum we_wsk_rx_event)(move == MOVE_TOOK_ALL ? WE_WSK_RX_ON_TOOK_ALL
                                         : move == MOVE_KEPT   ? WE_WSK_RX_ON_KEPT
                                                               : WE_WSK_RX_ON_REFUSED));
        return true;
    case MOVE_TOOK_PART:
        if (!w->is_calling || w->read - w->taken < 2) {
            return false;
        }
        answer(w, WE_WSK_RX_ON_TOOK_PART);
        return true;
    case MOVE_RECEIVE:
        if (w->is_closed || w->posted == POSTED_MAX) {
            return false;
        }
        w->posted++;
        (void)feed(w, WE_WSK_RX_ON_RECEIVE, 1);
        break;
    case MOVE_RECEIVE_ZERO:
        if (w->is_closed || w->zero_posted == ZERO_POSTED_MAX) {
            return false;
        }
        w->zero_posted++;
        (void)feed(w, WE_WSK_RX_ON_RECEIVE_ZERO, 2);
        break;
    case MOVE_ROUTINE_RETURNS:
        if (w->completing == 0) {
            return false;
        }
        w->completing--;
        w->returned++;
        w->is_suspended = 0;
        break;
    case MOVE_TOGGLE:
        if (w->is_closed || w->toggles == TOGGLES_MAX) {
            return false;
        }
        w->toggles++;
        w->is_enabled = !w->is_enabled;
        break;
    case MOVE_ABORT:
        if (w->is_closed || w->is_aborted) {
            return false;
        }
        w->is_aborted = 1;
        (void)feed(w, WE_WSK_RX_ON_ABORT, 0);
        break;
    case MOVE_CLOSE:
        if (w->is_closed) {
            return false;
        }
        w->is_closed = 1;
        (void)feed(w, WE_WSK_RX_ON_CLOSE, 0);
        break;
    case MOVE_COUNT:
        break;
    }
    run(w);
    return true;
}

/* --- the walk --------------------------------------------------------------------------------- */

#define SEEN_BITS 22
#define SEEN_SIZE (1u << SEEN_BITS)

struct walk {
    struct world *worlds; /* every world reached; a queue for the breadth-first walk */
    size_t count;
    size_t capacity;
    unsigned *seen; /* hash -> index + 1 */
};

static unsigned world_hash(const struct world *w)
{
    const unsigned char *bytes = (const unsigned char *)w;
    unsigned hash = 2166136261u;

    for (size_t index = 0; index < sizeof(*w); index++) {
        hash = (hash ^ bytes[index]) * 16777619u;
    }
    return (hash ^ hash >> SEEN_BITS) & (SEEN_SIZE - 1);
}

static void walk_add(struct walk *walk, const struct world *w)
{
    unsigned slot = world_hash(w);

    while (walk->seen[slot] != 0) {
        if (memcmp(&walk->worlds[walk->seen[slot] - 1], w, sizeof(*w)) == 0) {
            return;
        }
        slot = (slot + 1) & (SEEN_SIZE - 1);
    }
    assert_true(walk->count < SEEN_SIZE / 2);
    if (walk->count == walk->capacity) {
        walk->capacity *= 2;
        walk->worlds = realloc(walk->worlds, walk->capacity * sizeof(*walk->worlds));
        assert_non_null(walk->worlds);
    }
    walk->worlds[walk->count++] = *w;
    walk->seen[slot] = (unsigned)walk->count;
}

static void walk_everything(struct walk *walk)
{
    struct world first;

    memset(&first, 0, sizeof(first)); /* padding counts in comparisons */
    memset(s_reached, 0, sizeof(s_reached));
    first.state = WE_WSK_RX_WAITING;
    walk_add(walk, &first);
    for (size_t index = 0; index < walk->count; index++) {
        for (int m = 0; m < MOVE_COUNT; m++) {
            struct world next;

            memcpy(&next, &walk->worlds[index], sizeof(next));
            if (move(&next, (enum move)m)) {
                check_settled(&next);
                walk_add(walk, &next);
            }
        }
    }
}

static int walk_setup(void **state)
{
    struct walk *walk = calloc(1, sizeof(*walk));

    assert_non_null(walk);
    walk->capacity = 1024;
    walk->worlds = malloc(walk->capacity * sizeof(*walk->worlds));
    walk->seen = calloc(SEEN_SIZE, sizeof(*walk->seen));
    assert_non_null(walk->worlds);
    assert_non_null(walk->seen);
    *state = walk;
    return 0;
}

static int walk_teardown(void **state)
{
    struct walk *walk = *state;

    free(walk->worlds);
    free(walk->seen);
    free(walk);
    return 0;
}

/* The checks are in the moves. What is left to assert is that the walk went everywhere. */
static void test_walk_every_order_of_events_keeps_the_promises(void **state)
{
    struct walk *walk = *state;

    walk_everything(walk);
    print_message("             %zu worlds\n", walk->count);
    for (int e = 0; e < WE_WSK_RX_EVENT_COUNT; e++) {
        for (int s = 0; s < WE_WSK_RX_STATE_COUNT; s++) {
            struct we_wsk_rx_cell cell = we_wsk_rx_step((enum we_wsk_rx_state)s, (enum we_wsk_rx_event)e);
            bool is_possible = cell.kind != WE_WSK_RX_NEVER;

            if (is_possible != (s_reached[e][s] != 0)) {
                fail_msg("%s in %s was %s", we_wsk_rx_event_name((enum we_wsk_rx_event)e),
                         we_wsk_rx_state_name((enum we_wsk_rx_state)s), is_possible ? "never reached" : "reached");
            }
        }
    }
}

/* Every IRP that was posted completes, once everything that is under way has run its course and the client closes. */
static void test_walk_close_completes_every_receive(void **state)
{
    struct walk *walk = *state;

    walk_everything(walk);
    for (size_t index = 0; index < walk->count; index++) {
        struct world w;

        memcpy(&w, &walk->worlds[index], sizeof(w));
        (void)move(&w, MOVE_CLOSE);
        if (w.is_calling) {
            (void)move(&w, MOVE_TOOK_ALL);
        }
        while (move(&w, MOVE_ROUTINE_RETURNS)) {
        }
        assert_int_equal(w.returned, w.posted + w.zero_posted);
        assert_int_equal(w.state, WE_WSK_RX_CLOSED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_walk_every_order_of_events_keeps_the_promises, walk_setup, walk_teardown),
        cmocka_unit_test_setup_teardown(test_walk_close_completes_every_receive, walk_setup, walk_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
