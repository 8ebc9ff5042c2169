/* SPDX-License-Identifier: MIT */
/* The life of a binding between two network modules as two tables: the binding, and each side's detaching. No side
 * effects. */
#ifndef WE_NMR_FSM_H
#define WE_NMR_FSM_H

#include <stdbool.h>
#include <stddef.h>

/* --- the binding ---------------------------------------------------------------------------------- */

#define WE_NMR_STATE_LIST(X)                                                          \
    X(OFFERED) /* ClientAttachProvider is on a stack */                               \
    X(ASKING)  /* ProviderAttachClient is on a stack, called from there */            \
    X(JOINED)  /* the provider has attached, ClientAttachProvider has not returned */ \
    X(ATTACHED)                                                                       \
    X(DETACHING) /* both sides are told, the binding waits for them */                \
    X(CLEANING)  /* the cleanup callbacks are on a stack */                           \
    X(GONE)

#define WE_NMR_EVENT_LIST(X)                                         \
    X(ATTACH, "NmrClientAttachProvider")                             \
    X(PROVIDER_TOOK, "ProviderAttachClient returned STATUS_SUCCESS") \
    X(PROVIDER_REFUSED, "ProviderAttachClient returned another")     \
    X(CLIENT_TOOK, "ClientAttachProvider returned STATUS_SUCCESS")   \
    X(CLIENT_REFUSED, "ClientAttachProvider returned another")       \
    X(DEREGISTER, "a module deregisters")                            \
    X(DETACHED, "both sides have detached")                          \
    X(CLEANED, "cleanup callbacks returned")

/* Performed in this order. */
#define WE_NMR_ACTION_LIST(X)                                                                     \
    X(ASK, "ask")       /* call ProviderAttachClient */                                           \
    X(DISOWN, "disown") /* the client has no part in the binding: neither detach nor cleanup */   \
    X(DETACH, "detach") /* the detach callback of the side that deregisters, then of the other */ \
    X(CLEAN, "clean")   /* the cleanup callback of the client, then of the provider */            \
    X(FORGET, "forget") /* the binding no longer counts for either module */

enum we_nmr_state {
#define X(symbol) WE_NMR_##symbol,
    WE_NMR_STATE_LIST(X)
#undef X
        WE_NMR_STATE_COUNT
};

enum we_nmr_event {
#define X(symbol, text) WE_NMR_ON_##symbol,
    WE_NMR_EVENT_LIST(X)
#undef X
        WE_NMR_EVENT_COUNT
};

enum we_nmr_action_index {
#define X(symbol, text) WE_NMR_INDEX_##symbol,
    WE_NMR_ACTION_LIST(X)
#undef X
        WE_NMR_ACTION_COUNT
};

enum we_nmr_action {
#define X(symbol, text) WE_NMR_DO_##symbol = 1 << WE_NMR_INDEX_##symbol,
    WE_NMR_ACTION_LIST(X)
#undef X
};

/* --- one side of it ------------------------------------------------------------------------------- */

enum we_nmr_side { WE_NMR_CLIENT, WE_NMR_PROVIDER, WE_NMR_SIDE_COUNT };

#define WE_NMR_SIDE_STATE_LIST(X)                                  \
    X(USING)   /* not told to detach */                            \
    X(CALLED)  /* its detach callback is on a stack */             \
    X(EARLY)   /* the same, and the completion has come already */ \
    X(PENDING) /* owes the completion */                           \
    X(DETACHED)

#define WE_NMR_SIDE_EVENT_LIST(X)                                  \
    X(TELL, "its turn to detach")                                  \
    X(RETURNED_SUCCESS, "detach callback returned STATUS_SUCCESS") \
    X(RETURNED_PENDING, "detach callback returned STATUS_PENDING") \
    X(RETURNED_OTHER, "detach callback returned another")          \
    X(COMPLETE, "NmrClientDetachProviderComplete or its twin")     \
    X(DISOWNED, "it has no part in the binding")

/* call: the detach callback; finish: this side has detached. */
#define WE_NMR_SIDE_ACTION_LIST(X) \
    X(CALL, "call")                \
    X(FINISH, "finish")

enum we_nmr_side_state {
#define X(symbol) WE_NMR_SIDE_##symbol,
    WE_NMR_SIDE_STATE_LIST(X)
#undef X
        WE_NMR_SIDE_STATE_COUNT
};

enum we_nmr_side_event {
#define X(symbol, text) WE_NMR_SIDE_ON_##symbol,
    WE_NMR_SIDE_EVENT_LIST(X)
#undef X
        WE_NMR_SIDE_EVENT_COUNT
};

enum we_nmr_side_action_index {
#define X(symbol, text) WE_NMR_SIDE_INDEX_##symbol,
    WE_NMR_SIDE_ACTION_LIST(X)
#undef X
        WE_NMR_SIDE_ACTION_COUNT
};

enum we_nmr_side_action {
#define X(symbol, text) WE_NMR_SIDE_DO_##symbol = 1 << WE_NMR_SIDE_INDEX_##symbol,
    WE_NMR_SIDE_ACTION_LIST(X)
#undef X
};

/* --- both ----------------------------------------------------------------------------------------- */

enum we_nmr_kind {
    WE_NMR_MISSING = 0, /* a forgotten cell: the completeness test fails */
    WE_NMR_GO,
    WE_NMR_PARK, /* an attach callback is on a stack: remember, replay after its return */
    WE_NMR_SKIP, /* harmless and without effect */
    WE_NMR_RULE, /* a driver broke a rule: report, then go on with the least harm */
    WE_NMR_NEVER /* cannot happen: an assertion */
};

struct we_nmr_cell {
    unsigned char kind; /* enum we_nmr_kind */
    unsigned char next; /* the state itself unless kind is GO or RULE */
    unsigned short actions;
};

/* The tables' only readers. */
struct we_nmr_cell we_nmr_cell(enum we_nmr_state state, enum we_nmr_event event);
struct we_nmr_cell we_nmr_side_cell(enum we_nmr_side_state state, enum we_nmr_side_event event);

/* A binding's place in the tables. Zeroed: offered, both sides using. */
struct we_nmr_machine {
    enum we_nmr_state state;
    enum we_nmr_side_state sides[WE_NMR_SIDE_COUNT];
    bool is_deregister_parked;
};

/* Feed one event and change the state; an impossible event is an assertion. The answer is the cell. */
struct we_nmr_cell we_nmr_feed(struct we_nmr_machine *machine, enum we_nmr_event event);
struct we_nmr_cell we_nmr_feed_side(struct we_nmr_machine *machine, enum we_nmr_side side,
                                    enum we_nmr_side_event event);
/* True, once, when a parked DEREGISTER is to be fed again: after ClientAttachProvider has returned. */
bool we_nmr_unpark(struct we_nmr_machine *machine);
bool we_nmr_is_detached(const struct we_nmr_machine *machine, enum we_nmr_side side);
/* The side owes the completion of its detaching. */
bool we_nmr_is_owing(const struct we_nmr_machine *machine, enum we_nmr_side side);

/* For documents and tests. The names are constant; values out of range answer "?". */
const char *we_nmr_state_name(enum we_nmr_state state);
const char *we_nmr_event_name(enum we_nmr_event event);
const char *we_nmr_side_state_name(enum we_nmr_side_state state);
const char *we_nmr_side_event_name(enum we_nmr_side_event event);
/* Write the cell as the page docs/state-machines.md shows it ("->DETACHING: detach") and return text. */
#define WE_NMR_CELL_TEXT_SIZE 96
char *we_nmr_cell_text(enum we_nmr_state state, enum we_nmr_event event, char text[WE_NMR_CELL_TEXT_SIZE]);
char *we_nmr_side_cell_text(enum we_nmr_side_state state, enum we_nmr_side_event event,
                            char text[WE_NMR_CELL_TEXT_SIZE]);

#endif
