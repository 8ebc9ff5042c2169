/* SPDX-License-Identifier: MIT */
/* Cancellation: the lock, the routine, and the race with whoever finishes the IRP. */
#include <wdm.h>

#include "nt/io_irp.h"
#include "support/system_thread.h"
#include "wsk_emu/cmocka.h"

struct seen {
    unsigned count;
    KIRQL irql;
    BOOLEAN was_cancel_set;
    PVOID routine_left;
    PDEVICE_OBJECT device;
};

static struct seen s_seen; /* a cancel routine has no context */

static void note_cancel(PDEVICE_OBJECT device, PIRP irp)
{
    s_seen.count++;
    s_seen.irql = KeGetCurrentIrql();
    s_seen.was_cancel_set = irp->Cancel;
    s_seen.routine_left = (PVOID)(ULONG_PTR)irp->CancelRoutine;
    s_seen.device = device;
}

static VOID cancel_only(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    note_cancel(DeviceObject, Irp);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
}

static NTSTATUS keep_irp(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    *(NTSTATUS *)Context = Irp->IoStatus.Status;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* A taken IRP, as the provider has it. */
static PIRP taken_irp(NTSTATUS *result)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    IoSetCompletionRoutine(irp, keep_irp, result, TRUE, TRUE, TRUE);
    assert_int_equal(we_io_irp_take(irp, "WskReceive"), STATUS_SUCCESS);
    return irp;
}

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(&s_seen, sizeof(s_seen));
    return 0;
}

static void test_IoAcquireCancelSpinLock_raises_and_restores(void **state)
{
    KIRQL irql = HIGH_LEVEL;

    UNREFERENCED_PARAMETER(state);
    IoAcquireCancelSpinLock(&irql);
    assert_int_equal(irql, PASSIVE_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    IoReleaseCancelSpinLock(irql);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void test_IoCancelIrp_without_routine_sets_the_flag_only(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(IoCancelIrp(irp), FALSE);
    assert_int_equal(irp->Cancel, TRUE);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    IoFreeIrp(irp);
}

static void test_IoCancelIrp_with_routine_calls_it_once_with_the_lock_held(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    UNREFERENCED_PARAMETER(state);
    assert_null((PVOID)(ULONG_PTR)IoSetCancelRoutine(irp, cancel_only));
    assert_int_equal(IoCancelIrp(irp), TRUE);
    assert_int_equal(s_seen.count, 1);
    assert_int_equal(s_seen.irql, DISPATCH_LEVEL);
    assert_int_equal(s_seen.was_cancel_set, TRUE);
    assert_null(s_seen.routine_left);
    assert_null(s_seen.device); /* the creator has no location */
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_int_equal(IoCancelIrp(irp), FALSE);
    assert_int_equal(s_seen.count, 1);
    IoFreeIrp(irp);
}

static void test_IoCancelIrp_at_dispatch_gives_that_level_to_the_routine(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    (void)IoSetCancelRoutine(irp, cancel_only);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_int_equal(IoCancelIrp(irp), TRUE);
    assert_int_equal(irp->CancelIrql, DISPATCH_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(irql);
    IoFreeIrp(irp);
}

static void test_IoSetCancelRoutine_exchanges_and_returns_the_old_one(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    UNREFERENCED_PARAMETER(state);
    assert_null((PVOID)(ULONG_PTR)IoSetCancelRoutine(irp, cancel_only));
    assert_true(IoSetCancelRoutine(irp, NULL) == cancel_only);
    assert_null((PVOID)(ULONG_PTR)IoSetCancelRoutine(irp, NULL));
    IoFreeIrp(irp);
}

static void test_we_io_irp_set_cancel_before_cancel_lets_the_routine_run(void **state)
{
    NTSTATUS result = STATUS_SUCCESS;
    PIRP irp = taken_irp(&result);

    UNREFERENCED_PARAMETER(state);
    assert_true(we_io_irp_set_cancel(irp, cancel_only));
    assert_int_equal(IoCancelIrp(irp), TRUE);
    assert_false(we_io_irp_clear_cancel(irp)); /* the cancel routine has it */
    (void)we_io_irp_finish_inline(irp, STATUS_CANCELLED, 0);
    assert_int_equal(result, STATUS_CANCELLED);
    IoFreeIrp(irp);
}

static void test_we_io_irp_set_cancel_after_cancel_is_refused(void **state)
{
    NTSTATUS result = STATUS_SUCCESS;
    PIRP irp = taken_irp(&result);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(IoCancelIrp(irp), FALSE);
    assert_false(we_io_irp_set_cancel(irp, cancel_only));
    assert_null((PVOID)(ULONG_PTR)irp->CancelRoutine);
    assert_int_equal(s_seen.count, 0);
    (void)we_io_irp_finish_inline(irp, STATUS_CANCELLED, 0);
    IoFreeIrp(irp);
}

static void test_we_io_irp_clear_cancel_in_time_keeps_the_irp(void **state)
{
    NTSTATUS result = STATUS_SUCCESS;
    PIRP irp = taken_irp(&result);

    UNREFERENCED_PARAMETER(state);
    assert_true(we_io_irp_set_cancel(irp, cancel_only));
    assert_true(we_io_irp_clear_cancel(irp));
    assert_int_equal(IoCancelIrp(irp), FALSE);
    assert_int_equal(s_seen.count, 0);
    (void)we_io_irp_finish_inline(irp, STATUS_SUCCESS, 1);
    assert_int_equal(result, STATUS_SUCCESS);
    IoFreeIrp(irp);
}

/* --- the race, with real threads ------------------------------------------------------------- */

#define RACES 400

struct race {
    PIRP irp;
    KEVENT start;
    KEVENT back; /* the canceller is ready for the next round */
    LONG finished_by_cancel;
    LONG finished_by_owner;
    BOOLEAN is_over;
};

static struct race s_race;

static VOID cancel_in_race(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    InterlockedIncrement(&s_race.finished_by_cancel);
}

static VOID canceller(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (;;) {
        KeWaitForSingleObject(&s_race.start, Executive, KernelMode, FALSE, NULL);
        if (s_race.is_over) {
            PsTerminateSystemThread(STATUS_SUCCESS);
        }
        (void)IoCancelIrp(s_race.irp);
        KeSetEvent(&s_race.back, 0, FALSE);
    }
}

/* In every round exactly one of the two sides may finish the IRP. */
static void test_IoCancelIrp_racing_with_the_owner_has_one_winner(void **state)
{
    NTSTATUS result;
    PVOID thread;
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(&s_race, sizeof(s_race));
    KeInitializeEvent(&s_race.start, SynchronizationEvent, FALSE);
    KeInitializeEvent(&s_race.back, SynchronizationEvent, FALSE);
    thread = system_thread_start(canceller, NULL);
    for (i = 1; i <= RACES; i++) {
        BOOLEAN is_ours;

        s_race.irp = taken_irp(&result);
        KeSetEvent(&s_race.start, 0, FALSE);
        is_ours = !we_io_irp_set_cancel(s_race.irp, cancel_in_race) || we_io_irp_clear_cancel(s_race.irp);
        if (is_ours) {
            s_race.finished_by_owner++;
        }
        KeWaitForSingleObject(&s_race.back, Executive, KernelMode, FALSE, NULL);
        assert_int_equal(s_race.finished_by_owner + s_race.finished_by_cancel, i);
        (void)we_io_irp_finish_inline(s_race.irp, STATUS_SUCCESS, 0);
        IoFreeIrp(s_race.irp);
    }
    s_race.is_over = TRUE;
    KeSetEvent(&s_race.start, 0, FALSE);
    system_thread_join(thread);
}

static const struct wsk_emu_config s_threads = { .size = sizeof(s_threads),
                                                 .execution = WSK_EMU_EXECUTION_THREADS,
                                                 .network = WSK_EMU_NETWORK_VIRTUAL };

#define cancel_test(f) wsk_emu_unit_test_setup_teardown(f, setup, NULL)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cancel_test(test_IoAcquireCancelSpinLock_raises_and_restores),
        cancel_test(test_IoCancelIrp_without_routine_sets_the_flag_only),
        cancel_test(test_IoCancelIrp_with_routine_calls_it_once_with_the_lock_held),
        cancel_test(test_IoCancelIrp_at_dispatch_gives_that_level_to_the_routine),
        cancel_test(test_IoSetCancelRoutine_exchanges_and_returns_the_old_one),
        cancel_test(test_we_io_irp_set_cancel_before_cancel_lets_the_routine_run),
        cancel_test(test_we_io_irp_set_cancel_after_cancel_is_refused),
        cancel_test(test_we_io_irp_clear_cancel_in_time_keeps_the_irp),
        cancel_test(test_IoCancelIrp_racing_with_the_owner_has_one_winner),
        wsk_emu_unit_test_config(test_IoCancelIrp_racing_with_the_owner_has_one_winner, setup, NULL, &s_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
