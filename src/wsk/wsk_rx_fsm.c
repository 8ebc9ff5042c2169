/* SPDX-License-Identifier: MIT */
/* The receive table itself, and its names. */
#include "wsk/wsk_rx_fsm.h"

#include <stdio.h>

/* Abstract
 *
 * One row an event, one column a state. GO(next, actions) changes the state; the other cells leave it. The pump is
 * the single ordering rule (oldest IRP, else enabled callback, else hold) and runs in FLOWING only, so bytes are
 * read in no other state.
 *
 * While the callback is on a stack (INDICATING) other threads may post receives, abort, close, or find out about a
 * reset through a failed send. These events park: their harmless half (queue, cancel) is done at once and the event
 * is replayed after the callback's answer, in the order receives, abort, reset, close. That explains a documented
 * race: a client may post WskReceive inside the callback and then refuse the indication; the parked event is then
 * replayed in PAUSED and the bytes go to the IRP.
 *
 * Calls of a socket that is closing are refused before they get here, under the same lock, so CLOSED meets none.
 *
 * END is an event only when nothing is held, so a peer's end never overtakes its bytes; that is why PAUSED, which
 * always holds something, cannot meet it. */

/* clang-format off */
#define GO(next, actions) { WE_WSK_RX_GO, WE_WSK_RX_##next, (actions) }
#define HOLD { WE_WSK_RX_HOLD, 0, 0 }
#define PARK(actions) { WE_WSK_RX_PARK, 0, (actions) }
#define SKIP { WE_WSK_RX_SKIP, 0, 0 }
#define NEVER { WE_WSK_RX_NEVER, 0, 0 }

#define QUEUE WE_WSK_RX_DO_QUEUE
#define FINISH WE_WSK_RX_DO_FINISH
#define FAIL_IT WE_WSK_RX_DO_FAIL_IT
#define FREE WE_WSK_RX_DO_FREE
#define LEND WE_WSK_RX_DO_LEND
#define TRIM WE_WSK_RX_DO_TRIM
#define END_IRPS WE_WSK_RX_DO_END_IRPS
#define FAIL_IRPS WE_WSK_RX_DO_FAIL_IRPS
#define CANCEL_IRPS WE_WSK_RX_DO_CANCEL_IRPS
#define DROP WE_WSK_RX_DO_DROP
#define TELL_END WE_WSK_RX_DO_TELL_END
#define TELL_RESET WE_WSK_RX_DO_TELL_RESET
#define HUSH WE_WSK_RX_DO_HUSH
#define CALL WE_WSK_RX_DO_CALL
#define PUMP WE_WSK_RX_DO_PUMP

#define DIES (FAIL_IRPS | DROP | TELL_RESET)
#define STOPS (CANCEL_IRPS | DROP | HUSH)

#define ROW(event, waiting, flowing, indicating, paused, ended, dead, closed) \
    [WE_WSK_RX_ON_##event] = {                                                \
        [WE_WSK_RX_WAITING] = waiting,                                        \
        [WE_WSK_RX_FLOWING] = flowing,                                        \
        [WE_WSK_RX_INDICATING] = indicating,                                  \
        [WE_WSK_RX_PAUSED] = paused,                                          \
        [WE_WSK_RX_ENDED] = ended,                                            \
        [WE_WSK_RX_DEAD] = dead,                                              \
        [WE_WSK_RX_CLOSED] = closed,                                          \
    }

static const struct we_wsk_rx_cell table[WE_WSK_RX_EVENT_COUNT][WE_WSK_RX_STATE_COUNT] = {
/*                    WAITING              FLOWING                       INDICATING
                      PAUSED                        ENDED                 DEAD               CLOSED */
    ROW(ARM,          GO(FLOWING, PUMP),   NEVER,                        NEVER,
                      NEVER,                        NEVER,                SKIP,              SKIP),
    ROW(BYTES,        HOLD,                GO(FLOWING, PUMP),            HOLD,
                      HOLD,                         SKIP,                 SKIP,              SKIP),
    ROW(INDICATE,     NEVER,               GO(INDICATING, CALL),         NEVER,
                      NEVER,                        NEVER,                NEVER,             NEVER),
    ROW(TOOK_ALL,     NEVER,               NEVER,                        GO(FLOWING, FREE | PUMP),
                      NEVER,                        NEVER,                NEVER,             NEVER),
    ROW(KEPT,         NEVER,               NEVER,                        GO(FLOWING, LEND | PUMP),
                      NEVER,                        NEVER,                NEVER,             NEVER),
    ROW(TOOK_PART,    NEVER,               NEVER,                        GO(PAUSED, TRIM),
                      NEVER,                        NEVER,                NEVER,             NEVER),
    ROW(REFUSED,      NEVER,               NEVER,                        GO(PAUSED, TRIM),
                      NEVER,                        NEVER,                NEVER,             NEVER),
    ROW(RECEIVE,      GO(WAITING, QUEUE),  GO(FLOWING, QUEUE | PUMP),    PARK(QUEUE),
                      GO(FLOWING, QUEUE | PUMP),    GO(ENDED, FINISH),    GO(DEAD, FAIL_IT), NEVER),
    ROW(RECEIVE_ZERO, GO(WAITING, FINISH), GO(FLOWING, FINISH | PUMP),   PARK(QUEUE),
                      GO(FLOWING, FINISH | PUMP),   GO(ENDED, FINISH),    GO(DEAD, FAIL_IT), NEVER),
    ROW(END,          NEVER,               GO(ENDED, END_IRPS | TELL_END), NEVER,
                      NEVER,                        NEVER,                NEVER,             NEVER),
    ROW(RESET,        GO(DEAD, DIES),      GO(DEAD, DIES),               PARK(0),
                      GO(DEAD, DIES),               GO(DEAD, TELL_RESET), SKIP,              SKIP),
    ROW(ABORT,        GO(DEAD, STOPS),     GO(DEAD, STOPS),              PARK(CANCEL_IRPS),
                      GO(DEAD, STOPS),              GO(DEAD, HUSH),       SKIP,              NEVER),
    ROW(CLOSE,        GO(CLOSED, STOPS),   GO(CLOSED, STOPS),            PARK(CANCEL_IRPS),
                      GO(CLOSED, STOPS),            GO(CLOSED, HUSH),     GO(CLOSED, HUSH),  NEVER),
};
/* clang-format on */

struct we_wsk_rx_cell we_wsk_rx_step(enum we_wsk_rx_state state, enum we_wsk_rx_event event)
{
    struct we_wsk_rx_cell cell = table[event][state];

    if (cell.kind != WE_WSK_RX_GO) {
        cell.next = (unsigned char)state;
    }
    return cell;
}

const char *we_wsk_rx_state_name(enum we_wsk_rx_state state)
{
    static const char *const names[] = {
#define X(symbol, name) name,
        WE_WSK_RX_STATE_LIST(X)
#undef X
    };

    return (unsigned)state < WE_WSK_RX_STATE_COUNT ? names[state] : "?";
}

const char *we_wsk_rx_event_name(enum we_wsk_rx_event event)
{
    static const char *const names[] = {
#define X(symbol, name) name,
        WE_WSK_RX_EVENT_LIST(X)
#undef X
    };

    return (unsigned)event < WE_WSK_RX_EVENT_COUNT ? names[event] : "?";
}

const char *we_wsk_rx_action_name(enum we_wsk_rx_action_index action)
{
    static const char *const names[] = {
#define X(symbol, name) name,
        WE_WSK_RX_ACTION_LIST(X)
#undef X
    };

    return (unsigned)action < WE_WSK_RX_ACTION_COUNT ? names[action] : "?";
}

static const char *kind_name(enum we_wsk_rx_kind kind)
{
    static const char *const names[] = {
        [WE_WSK_RX_MISSING] = "MISSING", [WE_WSK_RX_GO] = "->",     [WE_WSK_RX_HOLD] = "hold",
        [WE_WSK_RX_PARK] = "park",       [WE_WSK_RX_SKIP] = "skip", [WE_WSK_RX_NEVER] = "-",
    };

    return names[kind];
}

char *we_wsk_rx_cell_text(enum we_wsk_rx_state state, enum we_wsk_rx_event event, char text[WE_WSK_RX_CELL_TEXT_SIZE])
{
    struct we_wsk_rx_cell cell = we_wsk_rx_step(state, event);
    const char *separator = ": ";
    int length;

    length = snprintf(text, WE_WSK_RX_CELL_TEXT_SIZE, "%s%s", kind_name((enum we_wsk_rx_kind)cell.kind),
                      cell.kind == WE_WSK_RX_GO ? we_wsk_rx_state_name((enum we_wsk_rx_state)cell.next) : "");
    for (int index = 0; index < WE_WSK_RX_ACTION_COUNT; index++) {
        if ((cell.actions & (1u << index)) == 0 || length >= WE_WSK_RX_CELL_TEXT_SIZE) {
            continue;
        }
        length += snprintf(text + length, (size_t)(WE_WSK_RX_CELL_TEXT_SIZE - length), "%s%s", separator,
                           we_wsk_rx_action_name((enum we_wsk_rx_action_index)index));
        separator = ", ";
    }
    return text;
}
