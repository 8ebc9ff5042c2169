/* SPDX-License-Identifier: MIT */
/* What the parts of the racing driver know of each other. */
#ifndef WE_TEST_RACE_INTERNAL_H
#define WE_TEST_RACE_INTERNAL_H

#include "race_driver.h"

#define RACE_TAG 'ecaR'

enum race_verdict { RACE_NONE, RACE_ACCEPT, RACE_REJECT };

/* One connection request that WskInspectEvent has seen; kept to the end. */
struct race_record {
    LIST_ENTRY link;
    struct race *race;
    WSK_INSPECT_ID id;
    /* Guarded by race->lock. */
    WSK_INSPECT_ACTION answer;
    enum race_verdict verdict; /* given to WskInspectComplete */
    BOOLEAN is_decided;        /* the answer was chosen */
    BOOLEAN is_aborted;
    BOOLEAN is_delivered;
};

struct race {
    struct race_config config;
    struct race_counters counters;
    struct wsk_fixture *fixture;
    USHORT port;
    volatile LONG draws;
    const char *volatile violation;

    volatile LONG rundown; /* listener, connections, tasks, verdicts on their way */
    KEVENT is_gone;

    KSPIN_LOCK lock;
    PWSK_SOCKET listener;
    LONG listener_calls; /* calls of the listener's functions that are executing */
    BOOLEAN is_closing;  /* the close was decided */
    BOOLEAN is_close_issued;
    LIST_ENTRY records;
    LIST_ENTRY connections;

    volatile LONG is_closed;         /* the listener's close IRP has completed */
    volatile LONG callbacks_running; /* of the listener */
    volatile LONG accepts_pending;
    volatile LONG verdicts_pending;
    PIRP close_irp;
    KEVENT listener_closed;
    KSPIN_LOCK call_lock; /* held around some calls of the listener's functions, and taken by its callbacks */

    KSPIN_LOCK task_lock;
    LIST_ENTRY tasks;
    KSEMAPHORE tasks_waiting;
    volatile LONG is_stopping;
    PVOID threads[32];
};

/* A number below count. */
ULONG race_draw(struct race *race, ULONG count);
static inline BOOLEAN race_happens(struct race *race, ULONG percent)
{
    return percent > 0 && race_draw(race, 100) < percent;
}
void race_violate(struct race *race, const char *text);
/* Every request of this driver is legal, so each call returns STATUS_PENDING and each IRP comes back marked so. A call's
 * request may have ended everything when the call returns: race is looked at only if the promise is broken. */
void race_called(struct race *race, NTSTATUS returned);
void race_completed(struct race *race, const IRP *irp);
void race_use(struct race *race);
void race_unuse(struct race *race);
PVOID race_alloc(SIZE_T size);
void race_free(PVOID memory);

/* Runs run(context) later, somewhere: on a thread of the driver, in a work item, in a timer's DPC, in a DPC. */
void race_task_start(struct race *race, void (*run)(PVOID context), PVOID context);
void race_threads_start(struct race *race);
void race_threads_stop(struct race *race);

/* race_listener.c */
void race_listener_close(struct race *race);

/* race_conn.c */
struct race_conn;
extern const WSK_CLIENT_CONNECTION_DISPATCH race_conn_dispatch;
struct race_conn *race_conn_create(struct race *race);
/* For one that no socket came for. */
void race_conn_discard(struct race_conn *conn);
/* The socket is the connection's. is_inherited: its events are on already. May close it at once. */
void race_conn_begin(struct race_conn *conn, PWSK_SOCKET socket, BOOLEAN is_inherited);
void race_conns_end(struct race *race);
void race_conns_print(struct race *race);

#endif
