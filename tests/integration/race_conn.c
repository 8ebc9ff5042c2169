/* SPDX-License-Identifier: MIT */
/* The racing driver's connections: uses, and every kind of end. */
#include "race_conn.h"

/* --- uses and the end ------------------------------------------------------------------------------------- */

BOOLEAN race_conn_enter(struct race_conn *conn)
{
    BOOLEAN is_open;
    KIRQL irql;

    KeAcquireSpinLock(&conn->lock, &irql);
    is_open = !conn->is_ending;
    if (is_open) {
        conn->uses++;
    }
    KeReleaseSpinLock(&conn->lock, irql);
    return is_open;
}

static NTSTATUS NTAPI close_completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct race_conn *conn = context;
    struct race *race = conn->race;
    KIRQL irql;

    UNREFERENCED_PARAMETER(device);
    race_completed(race, irp);
    if (irp->IoStatus.Status != STATUS_SUCCESS) {
        race_violate(race, "closing a connection failed");
    }
    KeAcquireSpinLock(&conn->lock, &irql);
    if (conn->sends != 0 || conn->receives != 0 || conn->disconnects != 0) {
        race_violate(race, "a connection's close IRP completed before another IRP of it");
    }
    if (conn->callbacks != 0) {
        race_violate(race, "a connection's close IRP completed while a callback of it was running");
    }
    KeReleaseSpinLock(&conn->lock, irql);
    InterlockedIncrement(conn->is_finished ? &race->counters.finished : &race->counters.broken);
    KeAcquireSpinLock(&race->lock, &irql);
    RemoveEntryList(&conn->link);
    KeReleaseSpinLock(&race->lock, irql);
    IoFreeIrp(irp);
    race_free(conn);
    race_unuse(race);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

void race_conn_leave(struct race_conn *conn)
{
    struct race *race = conn->race;
    BOOLEAN must_close;
    KIRQL irql;

    KeAcquireSpinLock(&conn->lock, &irql);
    conn->uses--;
    must_close = conn->uses == 0 && !conn->is_close_issued;
    conn->is_close_issued = conn->is_close_issued || must_close;
    KeReleaseSpinLock(&conn->lock, irql);
    if (must_close) {
        IoSetCompletionRoutine(conn->close_irp, close_completed, conn, TRUE, TRUE, TRUE);
        race_called(race, conn->table->Basic.WskCloseSocket(conn->socket, conn->close_irp));
    }
}

static NTSTATUS NTAPI disconnect_completed(PDEVICE_OBJECT device, PIRP irp, PVOID context);

void race_conn_disconnect(struct race_conn *conn, ULONG flags)
{
    struct race *race = conn->race;
    PIRP irp = IoAllocateIrp(1, FALSE);
    KIRQL irql;

    KeAcquireSpinLock(&conn->lock, &irql);
    conn->disconnects++;
    KeReleaseSpinLock(&conn->lock, irql);
    IoSetCompletionRoutine(irp, disconnect_completed, conn, TRUE, TRUE, TRUE);
    race_called(race, conn->table->WskDisconnect(conn->socket, NULL, flags, irp));
}

/* Decides the end; the caller has a use of its own. An abort completes sends whose indications are retained. */
void race_conn_end(struct race_conn *conn, BOOLEAN is_abort)
{
    BOOLEAN is_first;
    KIRQL irql;

    KeAcquireSpinLock(&conn->lock, &irql);
    is_first = !conn->is_ending;
    conn->is_ending = TRUE;
    KeReleaseSpinLock(&conn->lock, irql);
    if (is_first) {
        if (is_abort) {
            race_conn_disconnect(conn, WSK_FLAG_ABORTIVE);
        }
        race_conn_leave(conn); /* the connection's own use */
    }
}

static NTSTATUS NTAPI disconnect_completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct race_conn *conn = context;
    BOOLEAN is_graceful;
    KIRQL irql;

    UNREFERENCED_PARAMETER(device);
    race_completed(conn->race, irp);
    KeAcquireSpinLock(&conn->lock, &irql);
    conn->disconnects--;
    is_graceful = conn->is_disconnecting && !conn->is_ending && irp->IoStatus.Status == STATUS_SUCCESS;
    conn->is_finished = conn->is_finished || (is_graceful && !conn->has_peer_reset);
    KeReleaseSpinLock(&conn->lock, irql);
    IoFreeIrp(irp);
    if (race_conn_enter(conn)) {
        race_conn_end(conn, !is_graceful);
        race_conn_leave(conn);
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* --- callbacks ---------------------------------------------------------------------------------------------- */

void race_conn_callback_leave(struct race_conn *conn, BOOLEAN is_receive)
{
    KIRQL irql;

    KeAcquireSpinLock(&conn->lock, &irql);
    conn->callbacks--;
    conn->receive_callbacks -= is_receive ? 1 : 0;
    KeReleaseSpinLock(&conn->lock, irql);
}

static NTSTATUS WSKAPI on_disconnect(PVOID context, ULONG flags)
{
    struct race_conn *conn = context;
    BOOLEAN is_reset = (flags & WSK_FLAG_ABORTIVE) != 0;
    KIRQL irql;

    KeAcquireSpinLock(&conn->lock, &irql);
    if (conn->has_peer_reset) {
        race_violate(conn->race, "a second WskDisconnectEvent after the reset");
    }
    conn->callbacks++;
    conn->has_peer_reset = is_reset;
    conn->has_peer_ended = TRUE;
    KeReleaseSpinLock(&conn->lock, irql);
    if (race_conn_enter(conn)) {
        if (is_reset) {
            race_conn_end(conn, race_draw(conn->race, 2) == 0);
        } else {
            race_conn_advance(conn);
        }
        race_conn_leave(conn);
    }
    race_conn_callback_leave(conn, FALSE);
    return STATUS_SUCCESS;
}

const WSK_CLIENT_CONNECTION_DISPATCH race_conn_dispatch = { race_conn_on_receive, on_disconnect, NULL };

/* --- life ------------------------------------------------------------------------------------------------------------ */

struct race_conn *race_conn_create(struct race *race)
{
    struct race_conn *conn = race_alloc(sizeof(*conn));

    conn->race = race;
    conn->uses = 1;
    conn->close_irp = IoAllocateIrp(1, FALSE);
    KeInitializeSpinLock(&conn->lock);
    return conn;
}

void race_conn_discard(struct race_conn *conn)
{
    IoFreeIrp(conn->close_irp);
    race_free(conn);
}

void race_conn_begin(struct race_conn *conn, PWSK_SOCKET socket, BOOLEAN is_inherited)
{
    struct race *race = conn->race;
    KIRQL irql;

    race_use(race);
    InterlockedIncrement(&race->counters.connections);
    conn->socket = socket;
    conn->table = socket->Dispatch;
    KeAcquireSpinLock(&race->lock, &irql);
    InsertTailList(&race->connections, &conn->link);
    KeReleaseSpinLock(&race->lock, irql);
    if (!race_conn_enter(conn)) {
        return;
    }
    if (!is_inherited && race_conn_event_control(conn, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT) != STATUS_SUCCESS) {
        race_violate(race, "the events of an accepted socket could not be enabled");
    }
    if (race_happens(race, race->config.break_off)) {
        race_conn_end(conn, race_draw(race, 2) == 0);
    }
    race_conn_leave(conn);
}

void race_conns_print(struct race *race)
{
    PLIST_ENTRY entry;

    for (entry = race->connections.Flink; entry != &race->connections; entry = entry->Flink) {
        const struct race_conn *conn = CONTAINING_RECORD(entry, struct race_conn, link);

        print_error("connection: %d uses, %d sends, %d receives, %d disconnects, %d callbacks;%s%s%s%s%s%s%s%s%s\n",
                    (int)conn->uses, (int)conn->sends, (int)conn->receives, (int)conn->disconnects,
                    (int)conn->callbacks, conn->is_ending ? " ending" : "", conn->is_close_issued ? " closing" : "",
                    conn->is_suspended ? " suspended" : "", conn->has_receive ? " has-receive" : "",
                    conn->wants_receive ? " wants-receive" : "", conn->is_disabled ? " disabled" : "",
                    conn->has_peer_ended ? " peer-ended" : "", conn->has_peer_reset ? " peer-reset" : "",
                    conn->is_disconnecting ? " disconnecting" : "");
    }
}

/* A connection that may be ended, with a use, or NULL. */
static struct race_conn *conn_take_open(struct race *race)
{
    struct race_conn *found = NULL;
    PLIST_ENTRY entry;
    KIRQL irql;

    KeAcquireSpinLock(&race->lock, &irql);
    for (entry = race->connections.Flink; entry != &race->connections && found == NULL; entry = entry->Flink) {
        struct race_conn *conn = CONTAINING_RECORD(entry, struct race_conn, link);

        KeAcquireSpinLockAtDpcLevel(&conn->lock);
        if (!conn->is_ending) {
            conn->uses++;
            found = conn;
        }
        KeReleaseSpinLockFromDpcLevel(&conn->lock);
    }
    KeReleaseSpinLock(&race->lock, irql);
    return found;
}

void race_conns_end(struct race *race)
{
    struct race_conn *conn;

    while ((conn = conn_take_open(race)) != NULL) {
        race_conn_end(conn, TRUE);
        race_conn_leave(conn);
    }
}
