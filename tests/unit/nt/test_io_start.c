/* SPDX-License-Identifier: MIT */
/* Device queues and StartIo. */
#include <string.h>

#include "support/device_driver.h"

/* --- device queues ------------------------------------------------------------------------------- */

static void test_KeInsertDeviceQueue_first_entry_makes_the_queue_busy_and_is_not_queued(void **state)
{
    KDEVICE_QUEUE_ENTRY entries[3];
    KDEVICE_QUEUE queue;
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeInitializeDeviceQueue(&queue);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_false(KeInsertDeviceQueue(&queue, &entries[0]));
    assert_true(queue.Busy);
    assert_true(KeInsertDeviceQueue(&queue, &entries[1]));
    assert_true(KeInsertDeviceQueue(&queue, &entries[2]));
    assert_ptr_equal(KeRemoveDeviceQueue(&queue), &entries[1]);
    assert_false(KeRemoveEntryDeviceQueue(&queue, &entries[1]));
    assert_true(KeRemoveEntryDeviceQueue(&queue, &entries[2]));
    assert_null(KeRemoveDeviceQueue(&queue));
    assert_false(queue.Busy);
    KeLowerIrql(irql);
}

static void test_KeInsertByKeyDeviceQueue_lowest_key_comes_first_and_equals_in_order(void **state)
{
    static const ULONG keys[] = { 5, 3, 5, 1 };
    static const unsigned order[] = { 3, 1, 0, 2 };
    KDEVICE_QUEUE_ENTRY running;
    KDEVICE_QUEUE_ENTRY entries[4];
    KDEVICE_QUEUE queue;
    KIRQL irql;
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    KeInitializeDeviceQueue(&queue);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    (void)KeInsertByKeyDeviceQueue(&queue, &running, 9);
    for (i = 0; i < 4; i++) {
        assert_true(KeInsertByKeyDeviceQueue(&queue, &entries[i], keys[i]));
    }
    for (i = 0; i < 4; i++) {
        assert_ptr_equal(KeRemoveDeviceQueue(&queue), &entries[order[i]]);
    }
    KeLowerIrql(irql);
}

/* --- StartIo ---------------------------------------------------------------------------------------- */

static struct {
    PIRP started[8];
    unsigned started_count;
    unsigned depth;
    unsigned deepest;
    BOOLEAN goes_on;    /* completes at once and starts the next one from inside */
    BOOLEAN can_cancel; /* requests come with a cancel routine */
    unsigned cancelled_count;
} s_start;

static struct wsk_emu_device *s_device;

static VOID cancel_routine(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    assert_ptr_not_equal(DeviceObject->CurrentIrp, Irp);
    (void)KeRemoveEntryDeviceQueue(&DeviceObject->DeviceQueue, &Irp->Tail.Overlay.DeviceQueueEntry);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    s_start.cancelled_count++;
    (void)gate_complete(Irp, STATUS_CANCELLED, 0);
}

static NTSTATUS queue_read(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG key = (ULONG)IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.ByteOffset.QuadPart;

    IoMarkIrpPending(Irp);
    IoStartPacket(DeviceObject, Irp, &key, s_start.can_cancel ? cancel_routine : NULL);
    return STATUS_PENDING;
}

static VOID start_io(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    assert_ptr_equal(DeviceObject->CurrentIrp, Irp);
    s_start.started[s_start.started_count++] = Irp;
    s_start.depth++;
    s_start.deepest = s_start.depth > s_start.deepest ? s_start.depth : s_start.deepest;
    if (s_start.goes_on) {
        if (s_start.can_cancel) {
            (void)IoSetCancelRoutine(Irp, NULL);
        }
        (void)gate_complete(Irp, STATUS_SUCCESS, 0);
        IoStartNextPacket(DeviceObject, s_start.can_cancel);
    }
    s_start.depth--;
}

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    memset(&s_start, 0, sizeof(s_start));
    gate_reset();
    g_gate.routines[IRP_MJ_READ] = queue_read;
    gate_load();
    g_gate.driver->DriverStartIo = start_io;
    s_device = gate_open();
    return 0;
}

static int teardown(void **state)
{
    wsk_emu_device_close(s_device);
    return gate_teardown(state);
}

static struct wsk_emu_request *read_start(LONGLONG key)
{
    struct wsk_emu_request *request;
    NTSTATUS status = wsk_emu_device_read_start(s_device, NULL, 0, key, &request);

    assert_int_equal(status, STATUS_PENDING);
    return request;
}

/* What the DPC of a device would do: ends the running request and starts the next one. */
static void current_end(void)
{
    PIRP irp = g_gate.device->CurrentIrp;
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    if (s_start.can_cancel) {
        (void)IoSetCancelRoutine(irp, NULL);
    }
    (void)gate_complete(irp, STATUS_SUCCESS, 0);
    IoStartNextPacket(g_gate.device, s_start.can_cancel);
    KeLowerIrql(irql);
}

static void test_IoStartPacket_runs_one_request_at_a_time_by_key(void **state)
{
    struct wsk_emu_request *requests[3];
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    requests[0] = read_start(7);
    requests[1] = read_start(9);
    requests[2] = read_start(8);
    assert_int_equal(s_start.started_count, 1);
    current_end();
    assert_int_equal(wsk_emu_request_status(requests[0], NULL), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_request_status(requests[1], NULL), STATUS_PENDING);
    current_end();
    assert_int_equal(wsk_emu_request_status(requests[2], NULL), STATUS_SUCCESS);
    current_end();
    assert_null(g_gate.device->CurrentIrp);
    assert_int_equal(s_start.started_count, 3);
    for (i = 0; i < 3; i++) {
        assert_int_equal(wsk_emu_request_finish(requests[i], NULL), STATUS_SUCCESS);
    }
}

static void test_IoStartPacket_queued_request_is_cancelled_and_never_started(void **state)
{
    struct wsk_emu_request *first;
    struct wsk_emu_request *second;

    UNREFERENCED_PARAMETER(state);
    s_start.can_cancel = TRUE;
    IoSetStartIoAttributes(g_gate.device, FALSE, TRUE); /* what runs is not cancelled */
    first = read_start(0);
    second = read_start(0);
    wsk_emu_request_cancel(second);
    assert_int_equal(wsk_emu_request_finish(second, NULL), STATUS_CANCELLED);
    wsk_emu_request_cancel(first);
    assert_int_equal(wsk_emu_request_status(first, NULL), STATUS_PENDING);
    assert_int_equal(s_start.cancelled_count, 1);
    current_end();
    assert_int_equal(s_start.started_count, 1);
    assert_int_equal(wsk_emu_request_finish(first, NULL), STATUS_SUCCESS);
}

static NTSTATUS queue_cancelled(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    (void)IoCancelIrp(Irp);
    return queue_read(DeviceObject, Irp);
}

static void test_IoStartPacket_request_that_is_cancelled_already_is_not_kept(void **state)
{
    struct wsk_emu_request *first;
    struct wsk_emu_request *second;

    UNREFERENCED_PARAMETER(state);
    s_start.can_cancel = TRUE;
    IoSetStartIoAttributes(g_gate.device, FALSE, TRUE);
    first = read_start(0);
    g_gate.routines[IRP_MJ_READ] = queue_cancelled;
    second = read_start(0);
    assert_int_equal(wsk_emu_request_finish(second, NULL), STATUS_CANCELLED);
    assert_int_equal(s_start.cancelled_count, 1);
    current_end();
    assert_int_equal(wsk_emu_request_finish(first, NULL), STATUS_SUCCESS);
}

static void test_IoSetStartIoAttributes_deferred_routine_does_not_nest(void **state)
{
    struct wsk_emu_request *requests[4];
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    IoSetStartIoAttributes(g_gate.device, TRUE, FALSE);
    for (i = 0; i < 4; i++) {
        requests[i] = read_start(i);
    }
    s_start.goes_on = TRUE; /* from the second one on */
    current_end();
    assert_int_equal(s_start.started_count, 4);
    assert_int_equal(s_start.deepest, 1);
    assert_null(g_gate.device->CurrentIrp);
    for (i = 0; i < 4; i++) {
        assert_int_equal(wsk_emu_request_finish(requests[i], NULL), STATUS_SUCCESS);
    }
}

#define start_test(f) wsk_emu_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_KeInsertDeviceQueue_first_entry_makes_the_queue_busy_and_is_not_queued),
        wsk_emu_unit_test(test_KeInsertByKeyDeviceQueue_lowest_key_comes_first_and_equals_in_order),
        start_test(test_IoStartPacket_runs_one_request_at_a_time_by_key),
        start_test(test_IoStartPacket_queued_request_is_cancelled_and_never_started),
        start_test(test_IoStartPacket_request_that_is_cancelled_already_is_not_kept),
        start_test(test_IoSetStartIoAttributes_deferred_routine_does_not_nest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
