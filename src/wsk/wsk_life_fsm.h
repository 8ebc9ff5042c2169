/* SPDX-License-Identifier: MIT */
/* The life of a socket, from its creation to its tombstone, as a table. No side effects. */
#ifndef WE_WSK_LIFE_FSM_H
#define WE_WSK_LIFE_FSM_H

#include <stdbool.h>
#include <stddef.h>

#define WE_WSK_LIFE_STATE_LIST(X)                                                  \
    X(OPEN)      /* the open socket holds a reference and a rundown count */       \
    X(CLOSING)   /* callbacks, calls or IRPs are still under way */                \
    X(FINISHED)  /* nothing is: the close IRP completes; references may be left */ \
    X(TOMBSTONE) /* memory that says that it was a socket */

#define WE_WSK_LIFE_EVENT_LIST(X)                        \
    X(CALL, "a function of the socket is called")        \
    X(START, "a callback or work of it would start")     \
    X(CLOSE, "WskCloseSocket")                           \
    X(ABANDON, "the client never got it, or refused it") \
    X(FAIL, "the request that makes it fails")           \
    X(RUNDOWN, "the last rundown count is dropped")      \
    X(UNREF, "the last reference is dropped")            \
    X(FORCE, "the stop: whoever holds the counts is gone")

/* Performed in this order. */
#define WE_WSK_LIFE_ACTION_LIST(X)                                                                  \
    X(CANCEL, "cancel")     /* what is queued is cancelled, then the open socket's count dropped */ \
    X(END, "end")           /* the host endpoint */                                                 \
    X(UNLIST, "unlist")     /* off the list of sockets and the ledger */                            \
    X(RELEASE, "release")   /* the open socket's reference is dropped */                            \
    X(COMPLETE, "complete") /* the close IRP, last of all */                                        \
    X(DESTROY, "destroy")   /* the category's part is freed */                                      \
    X(BURY, "bury")         /* the memory stays for a while */

enum we_wsk_life_state {
#define X(symbol) WE_WSK_LIFE_##symbol,
    WE_WSK_LIFE_STATE_LIST(X)
#undef X
        WE_WSK_LIFE_STATE_COUNT
};

enum we_wsk_life_event {
#define X(symbol, text) WE_WSK_LIFE_ON_##symbol,
    WE_WSK_LIFE_EVENT_LIST(X)
#undef X
        WE_WSK_LIFE_EVENT_COUNT
};

enum we_wsk_life_action_index {
#define X(symbol, text) WE_WSK_LIFE_INDEX_##symbol,
    WE_WSK_LIFE_ACTION_LIST(X)
#undef X
        WE_WSK_LIFE_ACTION_COUNT
};

enum we_wsk_life_action {
#define X(symbol, text) WE_WSK_LIFE_DO_##symbol = 1 << WE_WSK_LIFE_INDEX_##symbol,
    WE_WSK_LIFE_ACTION_LIST(X)
#undef X
};

enum we_wsk_life_kind {
    WE_WSK_LIFE_MISSING = 0, /* a forgotten cell: the completeness test fails */
    WE_WSK_LIFE_GO,          /* change to next and act */
    WE_WSK_LIFE_SKIP,        /* it does not happen, and that is right so */
    WE_WSK_LIFE_RULE,        /* the driver broke a rule: its call fails */
    WE_WSK_LIFE_NEVER        /* cannot happen: an assertion */
};

struct we_wsk_life_cell {
    unsigned char kind; /* enum we_wsk_life_kind */
    unsigned char next; /* enum we_wsk_life_state; the state itself unless kind is GO */
    unsigned short actions;
};

/* The table's only reader. */
struct we_wsk_life_cell we_wsk_life_cell(enum we_wsk_life_state state, enum we_wsk_life_event event);
/* Feeds an event and changes the state; an impossible event is an assertion. */
struct we_wsk_life_cell we_wsk_life_feed(enum we_wsk_life_state *state, enum we_wsk_life_event event);

/* For documents and tests. The names are constant; values out of range answer "?". */
const char *we_wsk_life_state_name(enum we_wsk_life_state state);
const char *we_wsk_life_event_name(enum we_wsk_life_event event);
/* Writes the cell as the page docs/state-machines.md shows it ("->CLOSING: cancel") and returns text. */
#define WE_WSK_LIFE_CELL_TEXT_SIZE 96
char *we_wsk_life_cell_text(enum we_wsk_life_state state, enum we_wsk_life_event event,
                            char text[WE_WSK_LIFE_CELL_TEXT_SIZE]);

#endif
