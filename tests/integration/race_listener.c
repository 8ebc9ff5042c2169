/* SPDX-License-Identifier: MIT */
/* The racing driver's listener: inspection, verdicts, takers, close. */
#include "race_internal.h"

#define TABLE(race) ((const WSK_PROVIDER_LISTEN_DISPATCH *)(race)->listener->Dispatch)

/* --- callbacks and calls of the listener ------------------------------------------------------------------ */

static void callback_enter(struct race *race)
{
    KIRQL irql;

    InterlockedIncrement(&race->callbacks_running);
    if (InterlockedCompareExchange(&race->is_closed, 0, 0) != 0) {
        race_violate(race, "a callback of the listener ran after its close IRP had completed");
    }
    /* A driver's callback takes the lock that the driver holds around its calls. */
    KeAcquireSpinLock(&race->call_lock, &irql);
    KeReleaseSpinLock(&race->call_lock, irql);
}

static void callback_leave(struct race *race)
{
    InterlockedDecrement(&race->callbacks_running);
}

static BOOLEAN call_begin(struct race *race)
{
    BOOLEAN is_open;
    KIRQL irql;

    KeAcquireSpinLock(&race->lock, &irql);
    is_open = !race->is_closing;
    if (is_open) {
        race->listener_calls++;
    }
    KeReleaseSpinLock(&race->lock, irql);
    return is_open;
}

static NTSTATUS NTAPI close_completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct race *race = context;

    UNREFERENCED_PARAMETER(device);
    race_completed(race, irp);
    if (irp->IoStatus.Status != STATUS_SUCCESS) {
        race_violate(race, "closing the listener failed");
    }
    if (InterlockedCompareExchange(&race->callbacks_running, 0, 0) != 0) {
        race_violate(race, "the listener's close IRP completed while a callback was running");
    }
    if (InterlockedCompareExchange(&race->accepts_pending, 0, 0) != 0) {
        race_violate(race, "the listener's close IRP completed before a WskAccept");
    }
    if (InterlockedCompareExchange(&race->verdicts_pending, 0, 0) != 0) {
        race_violate(race, "the listener's close IRP completed before a WskInspectComplete");
    }
    InterlockedExchange(&race->is_closed, 1);
    KeSetEvent(&race->listener_closed, IO_NO_INCREMENT, FALSE);
    race_unuse(race);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void close_issue(struct race *race)
{
    IoReuseIrp(race->close_irp, STATUS_UNSUCCESSFUL);
    IoSetCompletionRoutine(race->close_irp, close_completed, race, TRUE, TRUE, TRUE);
    race_called(race, TABLE(race)->Basic.WskCloseSocket(race->listener, race->close_irp));
}

/* Lock held; TRUE: the caller has to issue the close. */
static BOOLEAN close_is_due_locked(struct race *race)
{
    BOOLEAN is_due = race->is_closing && race->listener_calls == 0 && !race->is_close_issued;

    race->is_close_issued = race->is_close_issued || is_due;
    return is_due;
}

static void call_end(struct race *race)
{
    BOOLEAN is_due;
    KIRQL irql;

    KeAcquireSpinLock(&race->lock, &irql);
    race->listener_calls--;
    is_due = close_is_due_locked(race);
    KeReleaseSpinLock(&race->lock, irql);
    if (is_due) {
        close_issue(race);
    }
}

void race_listener_close(struct race *race)
{
    BOOLEAN is_due;
    KIRQL irql;

    KeAcquireSpinLock(&race->lock, &irql);
    race->is_closing = TRUE;
    is_due = close_is_due_locked(race);
    KeReleaseSpinLock(&race->lock, irql);
    if (is_due) {
        close_issue(race);
    }
}

static void close_task(PVOID context)
{
    race_listener_close(context);
}

/* The listener is closed in the middle of things: inside the callback, or somewhere else. */
static void maybe_close(struct race *race)
{
    LONG so_far = InterlockedCompareExchange(&race->counters.inspected, 0, 0) +
                  InterlockedCompareExchange(&race->counters.delivered, 0, 0);

    if (race->config.close_after != 0 && so_far >= (LONG)race->config.close_after) {
        if (race_draw(race, 2) == 0) {
            race_listener_close(race);
        } else {
            race_task_start(race, close_task, race);
        }
    }
}

/* --- records ------------------------------------------------------------------------------------------------ */

static struct race_record *record_find_locked(struct race *race, const WSK_INSPECT_ID *id)
{
    PLIST_ENTRY entry;

    for (entry = race->records.Flink; entry != &race->records; entry = entry->Flink) {
        struct race_record *record = CONTAINING_RECORD(entry, struct race_record, link);

        if (record->id.Key == id->Key && record->id.SerialNumber == id->SerialNumber) {
            return record;
        }
    }
    return NULL;
}

static struct race_record *record_create(struct race *race, const WSK_INSPECT_ID *id)
{
    struct race_record *record = race_alloc(sizeof(*record));
    KIRQL irql;

    record->race = race;
    record->id = *id;
    KeAcquireSpinLock(&race->lock, &irql);
    if (record_find_locked(race, id) != NULL) {
        race_violate(race, "two requests have the same inspect id");
    }
    InsertTailList(&race->records, &record->link);
    KeReleaseSpinLock(&race->lock, irql);
    return record;
}

static void record_decide(struct race_record *record, WSK_INSPECT_ACTION answer)
{
    KIRQL irql;

    KeAcquireSpinLock(&record->race->lock, &irql);
    record->answer = answer;
    record->is_decided = TRUE;
    KeReleaseSpinLock(&record->race->lock, irql);
}

/* A connection came: was it one that may come? */
static void record_deliver(struct race *race, PWSK_SOCKET socket)
{
    const WSK_PROVIDER_CONNECTION_DISPATCH *table = socket->Dispatch;
    struct race_record *record;
    SIZE_T returned = 0;
    WSK_INSPECT_ID id;
    KIRQL irql;

    InterlockedIncrement(&race->counters.delivered);
    if (race->config.is_plain) {
        return;
    }
    if (table->Basic.WskControlSocket(socket, WskIoctl, SIO_WSK_QUERY_INSPECT_ID, 0, 0, NULL, sizeof(id), &id,
                                      &returned, NULL) != STATUS_SUCCESS) {
        race_violate(race, "an accepted socket has no inspect id");
        return;
    }
    KeAcquireSpinLock(&race->lock, &irql);
    record = record_find_locked(race, &id);
    if (record == NULL) {
        race_violate(race, "a connection was delivered that was never shown");
    } else {
        if (record->is_aborted) {
            race_violate(race, "a connection was delivered after WskAbortEvent");
        }
        if (record->is_delivered) {
            race_violate(race, "a connection was delivered twice");
        }
        if (!(record->answer == WskInspectAccept ||
              (record->answer == WskInspectPend && record->verdict == RACE_ACCEPT))) {
            race_violate(race, "a connection was delivered that nobody had accepted");
        }
        record->is_delivered = TRUE;
    }
    KeReleaseSpinLock(&race->lock, irql);
}

/* --- verdicts ------------------------------------------------------------------------------------------------ */

static NTSTATUS NTAPI verdict_completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct race *race = context;

    UNREFERENCED_PARAMETER(device);
    race_completed(race, irp);
    if (irp->IoStatus.Status != STATUS_SUCCESS || irp->IoStatus.Information != 0) {
        race_violate(race, "WskInspectComplete failed");
    }
    IoFreeIrp(irp);
    InterlockedDecrement(&race->verdicts_pending);
    race_unuse(race);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void verdict_call(struct race_record *record, WSK_INSPECT_ACTION action)
{
    struct race *race = record->race;
    PIRP irp = IoAllocateIrp(1, FALSE);
    WSK_INSPECT_ID id = record->id;
    BOOLEAN is_locked = KeGetCurrentIrql() <= DISPATCH_LEVEL && race_draw(race, 4) == 0;
    KIRQL old = 0;

    race_use(race);
    InterlockedIncrement(&race->verdicts_pending);
    InterlockedIncrement(&race->counters.verdicts);
    IoSetCompletionRoutine(irp, verdict_completed, race, TRUE, TRUE, TRUE);
    if (is_locked) {
        KeAcquireSpinLock(&race->call_lock, &old);
    }
    race_called(race, TABLE(race)->WskInspectComplete(race->listener, &id, action, irp));
    if (is_locked) {
        KeReleaseSpinLock(&race->call_lock, old);
    }
}

static void verdict_give(PVOID context)
{
    struct race_record *record = context;
    struct race *race = record->race;
    enum race_verdict verdict = race_happens(race, race->config.verdict_reject) ? RACE_REJECT : RACE_ACCEPT;
    BOOLEAN is_wanted;
    KIRQL irql;

    if (!call_begin(race)) {
        return;
    }
    /* For a request that was aborted the call is allowed, and needless. */
    KeAcquireSpinLock(&race->lock, &irql);
    is_wanted = !record->is_aborted;
    KeReleaseSpinLock(&race->lock, irql);
    if (is_wanted || race_draw(race, 2) == 0) {
        KeAcquireSpinLock(&race->lock, &irql);
        record->verdict = verdict;
        KeReleaseSpinLock(&race->lock, irql);
        verdict_call(record, verdict == RACE_ACCEPT ? WskInspectAccept : WskInspectReject);
    }
    call_end(race);
}

static WSK_INSPECT_ACTION inspect_choose(struct race_record *record)
{
    struct race *race = record->race;
    ULONG drawn = race_draw(race, 100);

    if (drawn < race->config.inspect_accept) {
        record_decide(record, WskInspectAccept);
        return WskInspectAccept;
    }
    if (drawn < race->config.inspect_accept + race->config.inspect_reject) {
        InterlockedIncrement(&race->counters.rejected);
        record_decide(record, WskInspectReject);
        return WskInspectReject;
    }
    InterlockedIncrement(&race->counters.pended);
    record_decide(record, WskInspectPend);
    if (!race_happens(race, race->config.verdict_never)) {
        if (race_draw(race, 5) == 0) {
            verdict_give(record); /* the verdict overtakes the answer */
        } else {
            race_task_start(race, verdict_give, record);
        }
    }
    return WskInspectPend;
}

/* --- callbacks ------------------------------------------------------------------------------------------------ */

static WSK_INSPECT_ACTION WSKAPI on_inspect(PVOID context, PSOCKADDR local, PSOCKADDR remote, PWSK_INSPECT_ID id)
{
    struct race *race = context;
    WSK_INSPECT_ACTION action;

    UNREFERENCED_PARAMETER(local);
    UNREFERENCED_PARAMETER(remote);
    callback_enter(race);
    InterlockedIncrement(&race->counters.inspected);
    action = inspect_choose(record_create(race, id));
    maybe_close(race);
    callback_leave(race);
    return action;
}

static NTSTATUS WSKAPI on_abort(PVOID context, PWSK_INSPECT_ID id)
{
    struct race *race = context;
    struct race_record *record;
    KIRQL irql;

    callback_enter(race);
    InterlockedIncrement(&race->counters.aborted);
    KeAcquireSpinLock(&race->lock, &irql);
    record = record_find_locked(race, id);
    if (record == NULL) {
        race_violate(race, "WskAbortEvent for a request that was never shown");
    } else {
        if (!record->is_decided || record->answer == WskInspectReject) {
            race_violate(race, "WskAbortEvent for a request that WskInspectEvent rejected");
        }
        if (record->is_aborted) {
            race_violate(race, "a second WskAbortEvent");
        }
        if (record->is_delivered) {
            race_violate(race, "WskAbortEvent after the connection was delivered");
        }
        record->is_aborted = TRUE;
    }
    KeReleaseSpinLock(&race->lock, irql);
    callback_leave(race);
    return STATUS_SUCCESS;
}

static NTSTATUS WSKAPI on_accept(PVOID context, ULONG flags, PSOCKADDR local, PSOCKADDR remote, PWSK_SOCKET socket,
                                 PVOID *accepted_context, CONST WSK_CLIENT_CONNECTION_DISPATCH **accepted_dispatch)
{
    struct race *race = context;
    NTSTATUS status = STATUS_REQUEST_NOT_ACCEPTED;
    struct race_conn *conn;

    UNREFERENCED_PARAMETER(flags);
    UNREFERENCED_PARAMETER(local);
    UNREFERENCED_PARAMETER(remote);
    callback_enter(race);
    record_deliver(race, socket);
    if (race_happens(race, race->config.offer_refuse)) {
        InterlockedIncrement(&race->counters.refused);
    } else {
        conn = race_conn_create(race);
        *accepted_context = conn;
        *accepted_dispatch = &race_conn_dispatch;
        race_conn_begin(conn, socket, TRUE);
        status = STATUS_SUCCESS;
    }
    maybe_close(race);
    callback_leave(race);
    return status;
}

static const WSK_CLIENT_LISTEN_DISPATCH s_dispatch = { on_accept, on_inspect, on_abort };

/* --- WskAccept -------------------------------------------------------------------------------------------------- */

struct accept {
    struct race *race;
    struct race_conn *conn;
    PIRP irp;
};

static void accept_post(struct accept *accept);

static void accept_free(struct accept *accept)
{
    struct race *race = accept->race;

    IoFreeIrp(accept->irp);
    race_free(accept);
    race_unuse(race);
}

static NTSTATUS NTAPI accept_completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct accept *accept = context;
    struct race *race = accept->race;
    PWSK_SOCKET socket = (PWSK_SOCKET)irp->IoStatus.Information;
    BOOLEAN is_taken = irp->IoStatus.Status == STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(device);
    race_completed(race, irp);
    if (InterlockedCompareExchange(&race->is_closed, 0, 0) != 0) {
        race_violate(race, "a WskAccept completed after the listener's close IRP");
    }
    if (is_taken) {
        record_deliver(race, socket);
        race_conn_begin(accept->conn, socket, FALSE);
        maybe_close(race);
    } else {
        if (irp->IoStatus.Status != STATUS_CANCELLED || irp->IoStatus.Information != 0) {
            race_violate(race, "a WskAccept failed, but was not cancelled");
        }
        race_conn_discard(accept->conn);
    }
    InterlockedDecrement(&race->accepts_pending);
    if (is_taken && call_begin(race)) {
        accept_post(accept);
        call_end(race);
    } else {
        accept_free(accept);
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void accept_post(struct accept *accept)
{
    struct race *race = accept->race;

    accept->conn = race_conn_create(race);
    InterlockedIncrement(&race->accepts_pending);
    IoReuseIrp(accept->irp, STATUS_UNSUCCESSFUL);
    IoSetCompletionRoutine(accept->irp, accept_completed, accept, TRUE, TRUE, TRUE);
    race_called(race,
                TABLE(race)->WskAccept(race->listener, 0, accept->conn, &race_conn_dispatch, NULL, NULL, accept->irp));
}

static void accepts_start(struct race *race)
{
    ULONG i;

    for (i = 0; i < race->config.accept_irps && call_begin(race); i++) {
        struct accept *accept = race_alloc(sizeof(*accept));

        race_use(race);
        accept->race = race;
        accept->irp = IoAllocateIrp(1, FALSE);
        accept_post(accept);
        call_end(race);
    }
}

/* --- life --------------------------------------------------------------------------------------------------------- */

struct race *race_start(struct wsk_fixture *fixture, const struct race_config *config)
{
    struct race *race = race_alloc(sizeof(*race));

    race->config = *config;
    race->fixture = fixture;
    race->rundown = 2; /* race_stop and the listener */
    KeInitializeEvent(&race->is_gone, NotificationEvent, FALSE);
    KeInitializeEvent(&race->listener_closed, NotificationEvent, FALSE);
    KeInitializeSpinLock(&race->lock);
    KeInitializeSpinLock(&race->call_lock);
    InitializeListHead(&race->records);
    InitializeListHead(&race->connections);
    race->close_irp = IoAllocateIrp(1, FALSE);
    assert_non_null(race->close_irp);
    race_threads_start(race);
    race->listener = listener_open(fixture, AF_INET, race, &s_dispatch, !config->is_plain, &race->port);
    if (config->accept_irps > 0) {
        accepts_start(race);
    } else {
        socket_events(race->listener, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
        socket_events(race->listener, WSK_EVENT_ACCEPT);
    }
    return race;
}

USHORT race_port(const struct race *race)
{
    return race->port;
}

void race_close_listener(struct race *race)
{
    race_listener_close(race);
    assert_int_equal(KeWaitForSingleObject(&race->listener_closed, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
}

/* The exactly-one law, as far as it can be seen from here: what was accepted and not delivered was either aborted or
 * waited for a taker when the listener closed; what was pended and never decided was aborted. */
static void record_judge(const struct race_record *record)
{
    BOOLEAN is_open_end = record->is_decided && record->answer == WskInspectPend && record->verdict == RACE_NONE;

    if (is_open_end && !record->is_aborted) {
        race_violate(record->race, "a pended request got neither a verdict nor a WskAbortEvent");
    }
}

void race_stop(struct race *race)
{
    PLIST_ENTRY entry;

    race_close_listener(race);
    race_conns_end(race);
    race_unuse(race);
    assert_int_equal(KeWaitForSingleObject(&race->is_gone, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    race_threads_stop(race);
    for (entry = race->records.Flink; entry != &race->records; entry = entry->Flink) {
        record_judge(CONTAINING_RECORD(entry, struct race_record, link));
    }
}

void race_print(struct race *race)
{
    print_error("listener: %d calls, %d callbacks, %d accepts, %d verdicts pending, rundown %d;%s%s%s\n",
                (int)race->listener_calls, (int)race->callbacks_running, (int)race->accepts_pending,
                (int)race->verdicts_pending, (int)race->rundown, race->is_closing ? " closing" : "",
                race->is_close_issued ? " issued" : "", race->is_closed ? " closed" : "");
    race_conns_print(race);
}

void race_destroy(struct race *race)
{
    while (!IsListEmpty(&race->records)) {
        race_free(CONTAINING_RECORD(RemoveHeadList(&race->records), struct race_record, link));
    }
    IoFreeIrp(race->close_irp);
    race_free(race);
}
