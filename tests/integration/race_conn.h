/* SPDX-License-Identifier: MIT */
/* A connection of the racing driver, for the two files that make it. */
#ifndef WE_TEST_RACE_CONN_H
#define WE_TEST_RACE_CONN_H

#include "race_internal.h"

struct race_conn {
    LIST_ENTRY link; /* guarded by race->lock */
    struct race *race;
    PWSK_SOCKET socket;
    const WSK_PROVIDER_CONNECTION_DISPATCH *table;
    PIRP close_irp;

    KSPIN_LOCK lock;
    LONG uses; /* see race_driver.h; the connection itself has one until its end was decided */
    BOOLEAN is_ending;
    BOOLEAN is_close_issued;
    LONG sends; /* IRPs that are pending */
    LONG receives;
    LONG disconnects;
    LONG receive_callbacks; /* running now */
    LONG callbacks;
    BOOLEAN is_suspended;  /* WSK owes no indication until a receive has completed */
    BOOLEAN has_receive;   /* one is posted, or about to be */
    BOOLEAN wants_receive; /* as soon as some sends are done */
    BOOLEAN is_disabled;   /* the receive event */
    BOOLEAN has_peer_ended;
    BOOLEAN has_peer_reset;
    BOOLEAN is_disconnecting;
    BOOLEAN is_finished; /* gracefully, both sides */
};

/* race_conn.c. A use is taken with enter, which fails when the end was decided, and given back with leave. */
BOOLEAN race_conn_enter(struct race_conn *conn);
void race_conn_leave(struct race_conn *conn);
void race_conn_disconnect(struct race_conn *conn, ULONG flags);
/* Decides the end; the caller has a use of its own. An abort completes sends whose indications are retained. */
void race_conn_end(struct race_conn *conn, BOOLEAN is_abort);
void race_conn_callback_leave(struct race_conn *conn, BOOLEAN is_receive);

/* race_echo.c */
NTSTATUS race_conn_event_control(struct race_conn *conn, ULONG mask);
/* Does what has become due: a receive that waited for sends, or the graceful end. The caller has a use. */
void race_conn_advance(struct race_conn *conn);
NTSTATUS WSKAPI race_conn_on_receive(PVOID context, ULONG flags, PWSK_DATA_INDICATION list, SIZE_T length,
                                     SIZE_T *accepted);

#endif
