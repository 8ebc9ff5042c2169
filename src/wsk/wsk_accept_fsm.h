/* SPDX-License-Identifier: MIT */
/* Conditional accept as one table: what may happen to an incoming request, and what follows. No side effects. */
#ifndef WE_WSK_ACCEPT_FSM_H
#define WE_WSK_ACCEPT_FSM_H

#include <stdbool.h>
#include <stddef.h>

/* Letters in brackets: the states of the behaviour reference. */
#define WE_WSK_ACCEPT_STATES(X)                                   \
    X(INSPECTING, "WskInspectEvent is on a stack")                \
    X(PENDED, "the client owes a verdict")                        \
    X(HANDSHAKE, "accepted; the connection is being established") \
    X(READY, "established; waits for a taker")                    \
    X(OFFERING, "WskAcceptEvent is on a stack")                   \
    X(TAKEN, "delivered to the client")                           \
    X(DROPPED, "rejected, given up, or dropped")

#define WE_WSK_ACCEPT_EVENTS(X)                               \
    X(INSPECT_ACCEPT, "inspect returned WskInspectAccept")    \
    X(INSPECT_REJECT, "inspect returned WskInspectReject")    \
    X(INSPECT_PEND, "inspect returned WskInspectPend")        \
    X(VERDICT_ACCEPT, "WskInspectComplete(WskInspectAccept)") \
    X(VERDICT_REJECT, "WskInspectComplete(WskInspectReject)") \
    X(ESTABLISHED, "handshake finished")                      \
    X(TAKE_IRP, "a WskAccept IRP takes it")                   \
    X(TAKE_EVENT, "WskAcceptEvent takes it")                  \
    X(OFFER_ACCEPTED, "WskAcceptEvent returned success")      \
    X(OFFER_REFUSED, "WskAcceptEvent refused")                \
    X(PEER_RESET, "peer reset or gave up")                    \
    X(CLOSING, "listener closing")

enum we_wsk_accept_state {
#define X(name, text) WE_ACCEPT_##name,
    WE_WSK_ACCEPT_STATES(X)
#undef X
        WE_ACCEPT_STATE_COUNT
};

enum we_wsk_accept_event {
#define X(name, text) WE_ACCEPT_ON_##name,
    WE_WSK_ACCEPT_EVENTS(X)
#undef X
        WE_ACCEPT_EVENT_COUNT,
    WE_ACCEPT_ON_NOTHING = WE_ACCEPT_EVENT_COUNT
};

enum we_wsk_accept_kind {
    WE_ACCEPT_CELL_MISSING, /* zero: a forgotten cell, found by a test */
    WE_ACCEPT_CELL_GO,
    WE_ACCEPT_CELL_PARK, /* a callback is on the stack: remember, replay after its return */
    WE_ACCEPT_CELL_SKIP, /* harmless */
    WE_ACCEPT_CELL_RULE, /* the driver broke a rule: report, fail its call */
    WE_ACCEPT_CELL_GONE, /* a verdict for a request that is over: allowed if it was aborted, else a rule */
    WE_ACCEPT_CELL_NEVER /* cannot happen: assertion */
};

/* Performed in this order. */
#define WE_WSK_ACCEPT_ACTIONS(X)                                               \
    X(CONFIRM, "confirm", "answer the handshake")                              \
    X(REFUSE, "refuse", "refuse the connection, or reset it")                  \
    X(DROP, "drop", "end the host connection with a reset")                    \
    X(WATCH, "watch", "ask the network for hang-up only")                      \
    X(FINISH_VERDICT, "finish verdict", "complete the WskInspectComplete IRP") \
    X(GIVE, "give", "complete the WskAccept IRP with the new socket")          \
    X(ABORT, "abort", "call WskAbortEvent")                                    \
    X(OFFER, "offer", "call WskAcceptEvent")                                   \
    X(ARM, "arm", "start reading")                                             \
    X(MATCH, "match", "look for a taker")

enum we_wsk_accept_action_index {
#define X(name, short_text, text) WE_ACCEPT_DO_INDEX_##name,
    WE_WSK_ACCEPT_ACTIONS(X)
#undef X
        WE_ACCEPT_ACTION_COUNT
};
enum we_wsk_accept_action {
#define X(name, short_text, text) WE_ACCEPT_DO_##name = 1 << WE_ACCEPT_DO_INDEX_##name,
    WE_WSK_ACCEPT_ACTIONS(X)
#undef X
};

struct we_wsk_accept_cell {
    enum we_wsk_accept_kind kind;
    enum we_wsk_accept_state next; /* CELL_GO */
    unsigned actions;              /* CELL_GO: enum we_wsk_accept_action bits */
};

/* The table. */
const struct we_wsk_accept_cell *we_wsk_accept_cell(enum we_wsk_accept_state state, enum we_wsk_accept_event event);

/* A request's place in the table, with what is parked. */
struct we_wsk_accept_machine {
    enum we_wsk_accept_state state;
    unsigned parked;  /* 1 << enum we_wsk_accept_event */
    bool was_aborted; /* left for DROPPED with an abort */
};

struct we_wsk_accept_step {
    enum we_wsk_accept_kind kind;
    unsigned actions;
};

/* is_conditional: begins in INSPECTING, else READY. */
void we_wsk_accept_init(struct we_wsk_accept_machine *machine, bool is_conditional);
/* Feeds one event; asserts on impossible ones. A verdict that is parked while another one is parked already is a
 * rule breach as well. */
struct we_wsk_accept_step we_wsk_accept_feed(struct we_wsk_accept_machine *machine, enum we_wsk_accept_event event);
/* The next parked event to replay once no callback is on the stack (verdict, reset, close, in this order), or
 * WE_ACCEPT_ON_NOTHING. */
enum we_wsk_accept_event we_wsk_accept_unpark(struct we_wsk_accept_machine *machine);

const char *we_wsk_accept_state_name(enum we_wsk_accept_state state);
const char *we_wsk_accept_event_text(enum we_wsk_accept_event event);
const char *we_wsk_accept_action_text(enum we_wsk_accept_action_index action);

#endif
