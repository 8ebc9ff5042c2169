/* SPDX-License-Identifier: MIT */
/* The racing driver's echo: indications that are taken, retained, taken in part or refused, and receives by IRP. */
#include "race_conn.h"

#define SENDS_MAX 6 /* more are not started by indications: they are refused until some are done */
#define RECEIVE_BYTES 2048

struct send {
    struct race_conn *conn;
    PIRP irp;
    PMDL mdl;                        /* over bytes, or NULL */
    PWSK_DATA_INDICATION indication; /* or NULL */
    SIZE_T length;
    unsigned char bytes[];
};

struct receive {
    struct race_conn *conn;
    PIRP irp;
    PMDL mdl;
    unsigned char bytes[RECEIVE_BYTES];
};

static void conn_receive(PVOID context);

/* --- sending ------------------------------------------------------------------------------------------------ */

static NTSTATUS NTAPI send_completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct send *send = context;
    struct race_conn *conn = send->conn;
    struct race *race = conn->race;
    BOOLEAN is_sent = NT_SUCCESS(irp->IoStatus.Status);
    BOOLEAN was_kept = send->indication != NULL;
    KIRQL irql;

    UNREFERENCED_PARAMETER(device);
    race_completed(race, irp);
    if (is_sent && irp->IoStatus.Information != send->length) {
        race_violate(race, "a WskSend succeeded with fewer bytes than it was given");
    }
    InterlockedAdd64(&race->counters.bytes_sent, (LONG64)irp->IoStatus.Information);
    if (was_kept && conn->table->WskRelease(conn->socket, send->indication) != STATUS_SUCCESS) {
        race_violate(race, "a retained indication could not be released");
    }
    if (send->mdl != NULL) {
        IoFreeMdl(send->mdl);
    }
    IoFreeIrp(irp);
    race_free(send);

    KeAcquireSpinLock(&conn->lock, &irql);
    conn->sends--;
    KeReleaseSpinLock(&conn->lock, irql);
    if (race_conn_enter(conn)) {
        if (is_sent) {
            race_conn_advance(conn);
        } else {
            race_conn_end(conn, TRUE);
        }
        race_conn_leave(conn);
    }
    if (was_kept) {
        race_conn_leave(conn);
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* The caller has counted it in conn->sends. */
static void send_start(struct send *send, WSK_BUF *buffer)
{
    struct race_conn *conn = send->conn;
    struct race *race = conn->race;

    send->length = buffer->Length;
    send->irp = IoAllocateIrp(1, FALSE);
    IoSetCompletionRoutine(send->irp, send_completed, send, TRUE, TRUE, TRUE);
    race_called(race, conn->table->WskSend(conn->socket, buffer, 0, send->irp));
    RtlFillMemory(buffer, sizeof(*buffer), 0xee); /* it need not outlive the call */
}

static void sends_count(struct race_conn *conn, LONG count)
{
    KIRQL irql;

    KeAcquireSpinLock(&conn->lock, &irql);
    conn->sends += count;
    KeReleaseSpinLock(&conn->lock, irql);
}

static struct send *send_create(struct race_conn *conn, SIZE_T length)
{
    struct send *send = race_alloc(sizeof(*send) + length);

    send->conn = conn;
    if (length > 0) {
        send->mdl = IoAllocateMdl(send->bytes, (ULONG)length, FALSE, FALSE, NULL);
        MmBuildMdlForNonPagedPool(send->mdl);
    }
    return send;
}

static void send_copy(struct race_conn *conn, struct send *send, SIZE_T length)
{
    WSK_BUF buffer;

    buffer.Mdl = send->mdl;
    buffer.Offset = 0;
    buffer.Length = length;
    sends_count(conn, 1);
    send_start(send, &buffer);
}

/* --- receiving by IRP ----------------------------------------------------------------------------------------- */

static void receive_free(struct receive *receive)
{
    if (receive->mdl != NULL) {
        IoFreeMdl(receive->mdl);
    }
    IoFreeIrp(receive->irp);
    race_free(receive);
}

/* The bytes of a WskReceive go back in order, because no indication comes before this routine has returned. */
static void receive_echo(struct race_conn *conn, const struct receive *receive, SIZE_T length)
{
    struct send *send = send_create(conn, length);

    InterlockedAdd64(&conn->race->counters.bytes_received, (LONG64)length);
    RtlCopyMemory(send->bytes, receive->bytes, length);
    send_copy(conn, send, length);
}

static NTSTATUS NTAPI receive_completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct receive *receive = context;
    struct race_conn *conn = receive->conn;
    SIZE_T length = irp->IoStatus.Information;
    BOOLEAN is_good = NT_SUCCESS(irp->IoStatus.Status);
    BOOLEAN is_end = is_good && length == 0 && receive->mdl != NULL;
    KIRQL irql;

    UNREFERENCED_PARAMETER(device);
    race_completed(conn->race, irp);
    KeAcquireSpinLock(&conn->lock, &irql);
    conn->receives--;
    conn->has_receive = FALSE;
    conn->is_suspended = FALSE;
    conn->has_peer_ended = conn->has_peer_ended || is_end;
    KeReleaseSpinLock(&conn->lock, irql);
    if (race_conn_enter(conn)) {
        if (length > 0) {
            receive_echo(conn, receive, length);
        }
        if (race_happens(conn->race, conn->race->config.break_off)) {
            race_conn_end(conn, race_draw(conn->race, 2) == 0);
        } else if (is_good) {
            race_conn_advance(conn);
        } else {
            race_conn_end(conn, TRUE);
        }
        race_conn_leave(conn);
    }
    receive_free(receive);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* Posts the receive that has_receive speaks of; takes the caller's use over. */
static void conn_receive(PVOID context)
{
    struct race_conn *conn = context;
    struct race *race = conn->race;
    struct receive *receive = race_alloc(sizeof(*receive));
    SIZE_T length = race_draw(conn->race, 2) == 0 ? 0 : 1 + race_draw(conn->race, RECEIVE_BYTES);
    WSK_BUF buffer = { NULL, 0, 0 };
    KIRQL irql;

    receive->conn = conn;
    receive->irp = IoAllocateIrp(1, FALSE);
    if (length > 0) {
        receive->mdl = IoAllocateMdl(receive->bytes, (ULONG)length, FALSE, FALSE, NULL);
        MmBuildMdlForNonPagedPool(receive->mdl);
        buffer.Mdl = receive->mdl;
        buffer.Length = length;
    }
    KeAcquireSpinLock(&conn->lock, &irql);
    conn->receives++;
    KeReleaseSpinLock(&conn->lock, irql);
    IoSetCompletionRoutine(receive->irp, receive_completed, receive, TRUE, TRUE, TRUE);
    race_called(race, conn->table->WskReceive(conn->socket, &buffer, 0, receive->irp));
    race_conn_leave(conn);
}

/* Posts it here, or lets somebody else do it. The caller has set has_receive under the lock, with one use more. */
static void conn_receive_somewhere(struct race_conn *conn)
{
    if (race_draw(conn->race, 3) == 0) {
        conn_receive(conn);
    } else {
        race_task_start(conn->race, conn_receive, conn);
    }
}

/* --- what comes next -------------------------------------------------------------------------------------------- */

void race_conn_advance(struct race_conn *conn)
{
    BOOLEAN must_receive;
    BOOLEAN must_disconnect;
    KIRQL irql;

    KeAcquireSpinLock(&conn->lock, &irql);
    must_receive = conn->wants_receive && !conn->has_receive && conn->sends <= SENDS_MAX / 2 && !conn->is_ending;
    if (must_receive) {
        conn->wants_receive = FALSE;
        conn->has_receive = TRUE;
        conn->uses++;
    }
    must_disconnect = conn->has_peer_ended && conn->sends == 0 && !conn->has_receive && !conn->is_suspended &&
                      !conn->is_disabled && !conn->is_disconnecting && !conn->is_ending;
    conn->is_disconnecting = conn->is_disconnecting || must_disconnect;
    KeReleaseSpinLock(&conn->lock, irql);
    if (must_receive) {
        conn_receive_somewhere(conn);
    }
    if (must_disconnect) {
        race_conn_disconnect(conn, 0);
    }
}

/* --- indications -------------------------------------------------------------------------------------------------- */

static NTSTATUS indication_take(struct race_conn *conn, PWSK_DATA_INDICATION list, SIZE_T length)
{
    struct send *send = send_create(conn, length);
    SIZE_T done = 0;

    for (; list != NULL && done < length; list = list->Next) {
        const unsigned char *from = MmGetSystemAddressForMdlSafe(list->Buffer.Mdl, NormalPagePriority);
        SIZE_T part = list->Buffer.Length < length - done ? list->Buffer.Length : length - done;

        RtlCopyMemory(send->bytes + done, from + list->Buffer.Offset, part);
        done += part;
    }
    InterlockedAdd64(&conn->race->counters.bytes_received, (LONG64)length);
    send_copy(conn, send, length);
    return STATUS_SUCCESS;
}

static NTSTATUS indication_keep(struct race_conn *conn, PWSK_DATA_INDICATION list)
{
    PWSK_DATA_INDICATION element;
    LONG count = 0;
    KIRQL irql;

    for (element = list; element != NULL; element = element->Next) {
        InterlockedAdd64(&conn->race->counters.bytes_received, (LONG64)element->Buffer.Length);
        count++;
    }
    KeAcquireSpinLock(&conn->lock, &irql);
    conn->sends += count;
    conn->uses += count;
    KeReleaseSpinLock(&conn->lock, irql);
    while (list != NULL) {
        PWSK_DATA_INDICATION next = list->Next;
        WSK_BUF buffer = list->Buffer;
        struct send *send = send_create(conn, 0);

        list->Next = NULL; /* each goes back alone */
        send->indication = list;
        send_start(send, &buffer);
        list = next;
    }
    return STATUS_PENDING;
}

static void suspend(struct race_conn *conn, BOOLEAN waits_for_sends)
{
    BOOLEAN must_receive;
    KIRQL irql;

    KeAcquireSpinLock(&conn->lock, &irql);
    conn->is_suspended = TRUE;
    conn->wants_receive = waits_for_sends && conn->sends > SENDS_MAX / 2;
    must_receive = !conn->wants_receive && !conn->has_receive && !conn->is_ending;
    if (must_receive) {
        conn->has_receive = TRUE;
        conn->uses++;
    }
    KeReleaseSpinLock(&conn->lock, irql);
    if (must_receive) {
        conn_receive_somewhere(conn);
    }
}

NTSTATUS race_conn_event_control(struct race_conn *conn, ULONG mask)
{
    WSK_EVENT_CALLBACK_CONTROL control;

    control.NpiId = &NPI_WSK_INTERFACE_ID;
    control.EventMask = mask;
    return conn->table->Basic.WskControlSocket(conn->socket, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET,
                                               sizeof(control), &control, 0, NULL, NULL, NULL);
}

static void event_enable(PVOID context)
{
    struct race_conn *conn = context;
    NTSTATUS status;
    KIRQL irql;

    KeAcquireSpinLock(&conn->lock, &irql);
    conn->is_disabled = FALSE;
    KeReleaseSpinLock(&conn->lock, irql);
    status = race_conn_event_control(conn, WSK_EVENT_RECEIVE);
    if (status != STATUS_SUCCESS && status != STATUS_FILE_FORCED_CLOSED) {
        race_violate(conn->race, "the receive event could not be enabled again");
    }
    race_conn_advance(conn);
    race_conn_leave(conn);
}

/* Takes everything, and wants no more for a while. */
static NTSTATUS indication_toggle(struct race_conn *conn, PWSK_DATA_INDICATION list, SIZE_T length)
{
    KIRQL irql;

    if (race_conn_event_control(conn, WSK_EVENT_RECEIVE | WSK_EVENT_DISABLE) != STATUS_EVENT_PENDING) {
        race_violate(conn->race, "disabling an event inside its callback did not return STATUS_EVENT_PENDING");
    }
    KeAcquireSpinLock(&conn->lock, &irql);
    conn->is_disabled = TRUE;
    conn->uses++;
    KeReleaseSpinLock(&conn->lock, irql);
    (void)indication_take(conn, list, length);
    race_task_start(conn->race, event_enable, conn);
    return STATUS_SUCCESS;
}

static NTSTATUS indication_answer(struct race_conn *conn, PWSK_DATA_INDICATION list, SIZE_T length, SIZE_T *accepted)
{
    const struct race_config *config = &conn->race->config;
    ULONG drawn = race_draw(conn->race, config->take + config->keep + config->part + config->refuse + config->toggle);
    SIZE_T part;

    if (drawn < config->take) {
        return indication_take(conn, list, length);
    }
    drawn -= config->take;
    if (drawn < config->keep) {
        return indication_keep(conn, list);
    }
    drawn -= config->keep;
    if (drawn < config->part) {
        part = race_draw(conn->race, (ULONG)length);
        if (part > 0) {
            (void)indication_take(conn, list, part);
        }
        *accepted = part;
        suspend(conn, FALSE);
        return STATUS_SUCCESS;
    }
    drawn -= config->part;
    if (drawn < config->refuse) {
        suspend(conn, FALSE);
        return STATUS_DATA_NOT_ACCEPTED;
    }
    return indication_toggle(conn, list, length);
}

static void receive_enter(struct race_conn *conn)
{
    KIRQL irql;

    KeAcquireSpinLock(&conn->lock, &irql);
    if (++conn->receive_callbacks != 1) {
        race_violate(conn->race, "two WskReceiveEvents of one socket ran at the same time");
    }
    if (conn->is_suspended) {
        race_violate(conn->race, "WskReceiveEvent came although no WskReceive had completed since the last one");
    }
    if (conn->receives != 0) {
        race_violate(conn->race, "WskReceiveEvent came while a WskReceive was pending");
    }
    if (conn->has_peer_ended || conn->has_peer_reset) {
        race_violate(conn->race, "WskReceiveEvent came after the end");
    }
    conn->callbacks++;
    KeReleaseSpinLock(&conn->lock, irql);
    InterlockedIncrement(&conn->race->counters.indications);
}

NTSTATUS WSKAPI race_conn_on_receive(PVOID context, ULONG flags, PWSK_DATA_INDICATION list, SIZE_T length,
                                     SIZE_T *accepted)
{
    struct race_conn *conn = context;
    NTSTATUS status = STATUS_DATA_NOT_ACCEPTED;
    BOOLEAN is_full;
    KIRQL irql;

    UNREFERENCED_PARAMETER(flags);
    receive_enter(conn);
    if (race_conn_enter(conn)) {
        KeAcquireSpinLock(&conn->lock, &irql);
        is_full = conn->sends >= SENDS_MAX;
        KeReleaseSpinLock(&conn->lock, irql);
        if (race_happens(conn->race, conn->race->config.break_off)) {
            race_conn_end(conn, race_draw(conn->race, 2) == 0);
        } else if (is_full) {
            suspend(conn, TRUE);
        } else {
            status = indication_answer(conn, list, length, accepted);
        }
        race_conn_leave(conn);
    }
    race_conn_callback_leave(conn, TRUE);
    return status;
}
