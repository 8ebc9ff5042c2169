/* SPDX-License-Identifier: MIT */
/* A conditional listener whose callbacks do as told and record what they saw. */
#ifndef WE_TEST_INSPECT_GATE_H
#define WE_TEST_INSPECT_GATE_H

#include "wsk_fixture.h"

struct gate {
    struct wsk_fixture *fixture;
    PWSK_SOCKET listener;
    USHORT port;
    volatile LONG answer;                /* of WskInspectEvent */
    NTSTATUS accept_answer;              /* of WskAcceptEvent */
    struct wsk_kit_witness *inspects;    /* Key, SerialNumber, remote port, local port */
    struct wsk_kit_witness *aborts;      /* Key, SerialNumber, context */
    struct wsk_kit_witness *accepts;     /* socket, remote port */
    struct wsk_kit_peer *dropped_inside; /* stepped: reset by the inspect callback itself */
    volatile LONG holds_inspect;         /* threads: the inspect callback spins while this is set */
};

/* The callbacks; the context of the listener must be a struct gate. on_accept is its WskAcceptEvent. */
extern const WSK_CLIENT_LISTEN_DISPATCH gate_dispatch;

/* Opens the listener on the loopback address (IPv4); no event is enabled. answer: of WskInspectEvent. One at a time. */
struct gate *gate_open(void **state, WSK_INSPECT_ACTION answer);
void gate_close_listener(struct gate *gate);
void gate_close(struct gate *gate);
/* A peer that connects, and whose request was shown to the client. */
struct wsk_kit_peer *gate_knock(struct gate *gate);
/* The id of the request number index, counted from 0. */
WSK_INSPECT_ID gate_id(struct gate *gate, size_t index);
const WSK_PROVIDER_LISTEN_DISPATCH *gate_table(const struct gate *gate);
/* WskInspectComplete; waits for its IRP. */
NTSTATUS gate_verdict(struct gate *gate, WSK_INSPECT_ID id, WSK_INSPECT_ACTION action);
/* Waits until that many requests wait for their verdict. */
void gate_wait_pended(size_t count);
/* Nothing more happens, and the callbacks were called so often. */
void gate_expect_silence(struct gate *gate, size_t aborts, size_t accepts);

#endif
