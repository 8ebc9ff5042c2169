/* SPDX-License-Identifier: MIT */
/* Receive side of a connection as a table: what each event means in each state. No side effects. */
#ifndef WE_WSK_RX_FSM_H
#define WE_WSK_RX_FSM_H

#include <stddef.h>

/* symbol, name */
#define WE_WSK_RX_STATE_LIST(X)                                                               \
    X(WAITING, "WAITING")       /* not connected, or accepted and not yet armed */            \
    X(FLOWING, "FLOWING")       /* bytes go to the oldest IRP, else to the callback */        \
    X(INDICATING, "INDICATING") /* the receive callback is on a stack */                      \
    X(PAUSED, "PAUSED")         /* not all was taken: nothing until a WskReceive completed */ \
    X(ENDED, "ENDED")           /* every byte was consumed and the peer has finished */       \
    X(DEAD, "DEAD")             /* reset by the peer or aborted by the client */              \
    X(CLOSED, "CLOSED")         /* WskCloseSocket was called */

#define WE_WSK_RX_EVENT_LIST(X)                      \
    X(ARM, "connection is armed")                    \
    X(BYTES, "bytes may wait")                       \
    X(INDICATE, "pump has bytes for the callback")   \
    X(TOOK_ALL, "callback took all")                 \
    X(KEPT, "callback kept the list")                \
    X(TOOK_PART, "callback took a part")             \
    X(REFUSED, "callback refused")                   \
    X(RECEIVE, "WskReceive with a buffer")           \
    X(RECEIVE_ZERO, "WskReceive of length zero")     \
    X(END, "end of stream read, nothing held")       \
    X(RESET, "reset seen")                           \
    X(ABORT, "WskDisconnect with WSK_FLAG_ABORTIVE") \
    X(CLOSE, "WskCloseSocket")

/* Performed in this order. "It" is the WskReceive that is the event. */
#define WE_WSK_RX_ACTION_LIST(X)                                                                   \
    X(QUEUE, "queue it")          /* behind the other receives */                                  \
    X(FINISH, "finish it")        /* complete with STATUS_SUCCESS and 0 bytes, also parked ones */ \
    X(FAIL_IT, "fail it")         /* complete with the status the connection died of */            \
    X(FREE, "free")               /* the indicated blocks are ours again */                        \
    X(LEND, "lend")               /* the indicated blocks belong to the client until WskRelease */ \
    X(TRIM, "trim")               /* what was not accepted is held, ahead of everything unread */  \
    X(END_IRPS, "finish IRPs")    /* every queued receive: STATUS_SUCCESS with what it has */      \
    X(FAIL_IRPS, "fail IRPs")     /* every queued receive: the status the connection died of */    \
    X(CANCEL_IRPS, "cancel IRPs") /* every queued receive: STATUS_CANCELLED */                     \
    X(DROP, "drop")               /* held bytes are forgotten */                                   \
    X(TELL_END, "tell end")       /* WskDisconnectEvent, once */                                   \
    X(TELL_RESET, "tell reset")   /* WskDisconnectEvent with WSK_FLAG_ABORTIVE, once */            \
    X(HUSH, "hush")               /* news that were not told yet will not be told */               \
    X(CALL, "call")               /* WskReceiveEvent with the indicated blocks */                  \
    X(PUMP, "pump")               /* bytes to the oldest IRP, else to the enabled callback, else nowhere */

enum we_wsk_rx_state {
#define X(symbol, name) WE_WSK_RX_##symbol,
    WE_WSK_RX_STATE_LIST(X)
#undef X
        WE_WSK_RX_STATE_COUNT
};

enum we_wsk_rx_event {
#define X(symbol, name) WE_WSK_RX_ON_##symbol,
    WE_WSK_RX_EVENT_LIST(X)
#undef X
        WE_WSK_RX_EVENT_COUNT
};

enum we_wsk_rx_action_index {
#define X(symbol, name) WE_WSK_RX_INDEX_##symbol,
    WE_WSK_RX_ACTION_LIST(X)
#undef X
        WE_WSK_RX_ACTION_COUNT
};

enum we_wsk_rx_action {
#define X(symbol, name) WE_WSK_RX_DO_##symbol = 1 << WE_WSK_RX_INDEX_##symbol,
    WE_WSK_RX_ACTION_LIST(X)
#undef X
};

enum we_wsk_rx_kind {
    WE_WSK_RX_MISSING = 0, /* a forgotten cell: the completeness test fails */
    WE_WSK_RX_GO,          /* change to next and act */
    WE_WSK_RX_HOLD,        /* stay; what the event announced keeps */
    WE_WSK_RX_PARK,        /* a callback is on a stack: act, remember the event, replay it after the return */
    WE_WSK_RX_SKIP,        /* harmless and without effect */
    WE_WSK_RX_NEVER        /* cannot happen: an assertion */
};

struct we_wsk_rx_cell {
    unsigned char kind; /* enum we_wsk_rx_kind */
    unsigned char next; /* enum we_wsk_rx_state; the state itself unless kind is GO */
    unsigned short actions;
};

/* The table's only reader: what event means in state. */
struct we_wsk_rx_cell we_wsk_rx_step(enum we_wsk_rx_state state, enum we_wsk_rx_event event);

/* For documents, logs and tests. The names are constant; values out of range answer "?". */
const char *we_wsk_rx_state_name(enum we_wsk_rx_state state);
const char *we_wsk_rx_event_name(enum we_wsk_rx_event event);
const char *we_wsk_rx_action_name(enum we_wsk_rx_action_index action);
/* Writes the cell as the page docs/state-machines.md shows it ("->FLOWING: free, pump") and returns text. */
#define WE_WSK_RX_CELL_TEXT_SIZE 160
char *we_wsk_rx_cell_text(enum we_wsk_rx_state state, enum we_wsk_rx_event event, char text[WE_WSK_RX_CELL_TEXT_SIZE]);

#endif
