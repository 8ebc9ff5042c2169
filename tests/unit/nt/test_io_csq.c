/* SPDX-License-Identifier: MIT */
/* Cancel-safe queues: order, contexts, refusals, and who finishes a cancelled request. */
#include <csq.h>

#include "support/csq_device.h"
#include "wsk_emu/cmocka.h"

#define COUNT 4

static struct csq_device s_queue;
static struct csq_request s_requests[COUNT];
static IO_CSQ_IRP_CONTEXT s_context;

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(&s_context, sizeof(s_context));
    csq_device_create(&s_queue, FALSE);
    return 0;
}

static int setup_ex(void **state)
{
    UNREFERENCED_PARAMETER(state);
    csq_device_create(&s_queue, TRUE);
    return 0;
}

static int teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    csq_device_destroy(&s_queue);
    return 0;
}

static void send_all(void)
{
    UCHAR i;

    for (i = 0; i < COUNT; i++) {
        assert_int_equal(csq_request_send(&s_queue, &s_requests[i], i), STATUS_PENDING);
    }
}

static void finish(ULONG index, NTSTATUS status)
{
    csq_finish(s_requests[index].irp, status);
    csq_request_expect(&s_requests[index], status);
}

/* --- making queues ---------------------------------------------------------------------------- */

static void test_IoCsqInitialize_fills_the_queue(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(s_queue.csq.Type, IO_TYPE_CSQ);
    assert_non_null((PVOID)(ULONG_PTR)s_queue.csq.CsqInsertIrp);
    assert_null(s_queue.csq.ReservePointer);
}

static void test_IoCsqInitialize_needs_every_routine(void **state)
{
    const IO_CSQ *all = &s_queue.csq;
    IO_CSQ csq;
    ULONG missing;

    UNREFERENCED_PARAMETER(state);
    for (missing = 0; missing < 6; missing++) {
        assert_int_equal(
            IoCsqInitialize(&csq, missing == 0 ? NULL : all->CsqInsertIrp, missing == 1 ? NULL : all->CsqRemoveIrp,
                            missing == 2 ? NULL : all->CsqPeekNextIrp, missing == 3 ? NULL : all->CsqAcquireLock,
                            missing == 4 ? NULL : all->CsqReleaseLock,
                            missing == 5 ? NULL : all->CsqCompleteCanceledIrp),
            STATUS_INVALID_PARAMETER);
    }
    assert_int_equal(IoCsqInitialize(NULL, all->CsqInsertIrp, all->CsqRemoveIrp, all->CsqPeekNextIrp,
                                     all->CsqAcquireLock, all->CsqReleaseLock, all->CsqCompleteCanceledIrp),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(IoCsqInitializeEx(&csq, NULL, all->CsqRemoveIrp, all->CsqPeekNextIrp, all->CsqAcquireLock,
                                       all->CsqReleaseLock, all->CsqCompleteCanceledIrp),
                     STATUS_INVALID_PARAMETER);
}

static void test_IoCsqInitialize_at_any_irql(void **state)
{
    const IO_CSQ *all = &s_queue.csq;
    IO_CSQ csq;
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeRaiseIrql(HIGH_LEVEL, &irql);
    assert_int_equal(IoCsqInitialize(&csq, all->CsqInsertIrp, all->CsqRemoveIrp, all->CsqPeekNextIrp,
                                     all->CsqAcquireLock, all->CsqReleaseLock, all->CsqCompleteCanceledIrp),
                     STATUS_SUCCESS);
    KeLowerIrql(irql);
}

/* --- in and out --------------------------------------------------------------------------------- */

static void test_IoCsqInsertIrp_marks_pending_and_calls_under_the_lock(void **state)
{
    PIRP irp;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(csq_request_send(&s_queue, &s_requests[0], 0), STATUS_PENDING);
    irp = s_requests[0].irp;
    assert_int_equal(s_queue.insert_irql_seen, DISPATCH_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_true(IoGetCurrentIrpStackLocation(irp)->Control & SL_PENDING_RETURNED);
    assert_ptr_equal(irp->Tail.Overlay.DriverContext[3], &s_queue.csq);
    assert_non_null((PVOID)(ULONG_PTR)irp->CancelRoutine);
    assert_ptr_equal(IoCsqRemoveNextIrp(&s_queue.csq, NULL), irp);
    assert_null((PVOID)(ULONG_PTR)irp->CancelRoutine);
    assert_null(irp->Tail.Overlay.DriverContext[3]);
    finish(0, STATUS_SUCCESS);
}

static void test_IoCsqRemoveNextIrp_takes_them_in_the_drivers_order(void **state)
{
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    send_all();
    for (i = 0; i < COUNT; i++) {
        assert_ptr_equal(IoCsqRemoveNextIrp(&s_queue.csq, NULL), s_requests[i].irp);
        finish(i, STATUS_SUCCESS);
    }
    assert_null(IoCsqRemoveNextIrp(&s_queue.csq, NULL));
}

static void test_IoCsqRemoveNextIrp_gives_the_peek_context_to_the_driver(void **state)
{
    UCHAR key = 2;
    UCHAR no_such_key = 99;

    UNREFERENCED_PARAMETER(state);
    send_all();
    assert_null(IoCsqRemoveNextIrp(&s_queue.csq, &no_such_key));
    assert_ptr_equal(IoCsqRemoveNextIrp(&s_queue.csq, &key), s_requests[2].irp);
    assert_null(IoCsqRemoveNextIrp(&s_queue.csq, &key));
    finish(2, STATUS_SUCCESS);
    for (key = 0; key < COUNT; key++) {
        if (key != 2) {
            assert_ptr_equal(IoCsqRemoveNextIrp(&s_queue.csq, &key), s_requests[key].irp);
            finish(key, STATUS_SUCCESS);
        }
    }
}

static void test_IoCsqRemoveNextIrp_passes_over_one_that_is_being_cancelled(void **state)
{
    PDRIVER_CANCEL routine;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(csq_request_send(&s_queue, &s_requests[0], 0), STATUS_PENDING);
    assert_int_equal(csq_request_send(&s_queue, &s_requests[1], 1), STATUS_PENDING);
    routine = IoSetCancelRoutine(s_requests[0].irp, NULL); /* as IoCancelIrp has it while it waits for the lock */
    assert_ptr_equal(IoCsqRemoveNextIrp(&s_queue.csq, NULL), s_requests[1].irp);
    assert_null(IoCsqRemoveNextIrp(&s_queue.csq, NULL));
    assert_true(csq_device_has(&s_queue, s_requests[0].irp));
    (void)IoSetCancelRoutine(s_requests[0].irp, routine);
    assert_true(IoCancelIrp(s_requests[0].irp));
    csq_request_expect(&s_requests[0], STATUS_CANCELLED);
    finish(1, STATUS_SUCCESS);
}

static void test_IoCsqRemoveIrp_takes_the_one_of_the_context(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(csq_request_send(&s_queue, &s_requests[0], 0), STATUS_PENDING);
    s_queue.context = &s_context;
    assert_int_equal(csq_request_send(&s_queue, &s_requests[1], 1), STATUS_PENDING);
    assert_ptr_equal(s_context.Irp, s_requests[1].irp);
    assert_ptr_equal(s_context.Csq, &s_queue.csq);
    assert_ptr_equal(s_requests[1].irp->Tail.Overlay.DriverContext[3], &s_context);
    assert_ptr_equal(IoCsqRemoveIrp(&s_queue.csq, &s_context), s_requests[1].irp);
    assert_null(s_context.Irp);
    assert_null(s_requests[1].irp->Tail.Overlay.DriverContext[3]);
    assert_null(IoCsqRemoveIrp(&s_queue.csq, &s_context)); /* it is gone */
    finish(1, STATUS_SUCCESS);
    assert_ptr_equal(IoCsqRemoveNextIrp(&s_queue.csq, NULL), s_requests[0].irp);
    finish(0, STATUS_SUCCESS);
}

static void test_IoCsqRemoveIrp_finds_nothing_after_next_took_it(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_queue.context = &s_context;
    assert_int_equal(csq_request_send(&s_queue, &s_requests[0], 0), STATUS_PENDING);
    assert_ptr_equal(IoCsqRemoveNextIrp(&s_queue.csq, NULL), s_requests[0].irp);
    assert_null(s_context.Irp);
    assert_null(IoCsqRemoveIrp(&s_queue.csq, &s_context));
    finish(0, STATUS_SUCCESS);
}

static void test_IoCsqRemoveIrp_with_a_fresh_context_finds_nothing(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_null(IoCsqRemoveIrp(&s_queue.csq, &s_context));
}

static void test_IoCsqRemoveIrp_leaves_one_that_is_being_cancelled(void **state)
{
    PDRIVER_CANCEL routine;

    UNREFERENCED_PARAMETER(state);
    s_queue.context = &s_context;
    assert_int_equal(csq_request_send(&s_queue, &s_requests[0], 0), STATUS_PENDING);
    routine = IoSetCancelRoutine(s_requests[0].irp, NULL);
    assert_null(IoCsqRemoveIrp(&s_queue.csq, &s_context));
    (void)IoSetCancelRoutine(s_requests[0].irp, routine);
    assert_true(IoCancelIrp(s_requests[0].irp));
    assert_null(s_context.Irp);
    csq_request_expect(&s_requests[0], STATUS_CANCELLED);
}

/* --- cancellation ------------------------------------------------------------------------------ */

static void test_IoCancelIrp_of_a_queued_one_completes_it_outside_the_lock(void **state)
{
    UNREFERENCED_PARAMETER(state);
    send_all();
    s_queue.complete_irql_seen = HIGH_LEVEL;
    assert_true(IoCancelIrp(s_requests[1].irp));
    assert_int_equal(s_queue.cancelled_count, 1);
    assert_int_equal(s_queue.complete_irql_seen, PASSIVE_LEVEL);
    csq_request_expect(&s_requests[1], STATUS_CANCELLED);
    assert_ptr_equal(IoCsqRemoveNextIrp(&s_queue.csq, NULL), s_requests[0].irp);
    finish(0, STATUS_SUCCESS);
    assert_ptr_equal(IoCsqRemoveNextIrp(&s_queue.csq, NULL), s_requests[2].irp);
    finish(2, STATUS_SUCCESS);
    assert_true(IoCancelIrp(s_requests[3].irp));
    csq_request_expect(&s_requests[3], STATUS_CANCELLED);
}

static void test_IoCsqInsertIrp_of_a_cancelled_one_completes_it_at_once(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_queue.context = &s_context;
    assert_int_equal(csq_request_send_cancelled(&s_queue, &s_requests[0], 0), STATUS_PENDING);
    assert_int_equal(s_queue.cancelled_count, 1);
    assert_null(s_context.Irp);
    csq_request_expect(&s_requests[0], STATUS_CANCELLED);
}

static void test_IoCancelIrp_after_the_removal_only_sets_the_flag(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(csq_request_send(&s_queue, &s_requests[0], 0), STATUS_PENDING);
    assert_ptr_equal(IoCsqRemoveNextIrp(&s_queue.csq, NULL), s_requests[0].irp);
    assert_false(IoCancelIrp(s_requests[0].irp));
    assert_int_equal(s_queue.cancelled_count, 0);
    finish(0, STATUS_SUCCESS);
}

static void test_a_removed_irp_can_be_queued_again(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(csq_request_send(&s_queue, &s_requests[0], 0), STATUS_PENDING);
    assert_ptr_equal(IoCsqRemoveNextIrp(&s_queue.csq, NULL), s_requests[0].irp);
    IoCsqInsertIrp(&s_queue.csq, s_requests[0].irp, &s_context);
    assert_ptr_equal(IoCsqRemoveIrp(&s_queue.csq, &s_context), s_requests[0].irp);
    finish(0, STATUS_SUCCESS);
}

static void test_queue_works_at_dispatch_level(void **state)
{
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_int_equal(csq_request_send(&s_queue, &s_requests[0], 0), STATUS_PENDING);
    assert_int_equal(csq_request_send(&s_queue, &s_requests[1], 0), STATUS_PENDING);
    assert_ptr_equal(IoCsqRemoveNextIrp(&s_queue.csq, NULL), s_requests[0].irp);
    assert_true(IoCancelIrp(s_requests[1].irp));
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(irql);
    finish(0, STATUS_SUCCESS);
    csq_request_expect(&s_requests[1], STATUS_CANCELLED);
}

/* --- queues that may refuse --------------------------------------------------------------------- */

static void test_IoCsqInsertIrpEx_gives_its_context_to_the_driver(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(csq_request_send(&s_queue, &s_requests[0], 0), STATUS_PENDING);
    assert_ptr_equal(s_queue.insert_context_seen, &s_queue.list);
    assert_ptr_equal(IoCsqRemoveNextIrp(&s_queue.csq, NULL), s_requests[0].irp);
    finish(0, STATUS_SUCCESS);
}

static void test_IoCsqInsertIrpEx_refused_leaves_the_irp_as_it_was(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_queue.insert_result = STATUS_DEVICE_BUSY;
    s_queue.context = &s_context;
    assert_int_equal(csq_request_send(&s_queue, &s_requests[0], 0), STATUS_DEVICE_BUSY);
    assert_null(s_context.Irp);
    assert_null(s_requests[0].irp->Tail.Overlay.DriverContext[3]);
    assert_false(s_requests[0].irp->PendingReturned);
    assert_false(IoCancelIrp(s_requests[0].irp));
    csq_request_expect(&s_requests[0], STATUS_DEVICE_BUSY);
}

static void test_IoCsqInsertIrp_works_for_a_queue_that_may_refuse(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(csq_request_send(&s_queue, &s_requests[0], 0), STATUS_PENDING);
    assert_ptr_equal(IoCsqRemoveNextIrp(&s_queue.csq, NULL), s_requests[0].irp);
    IoCsqInsertIrp(&s_queue.csq, s_requests[0].irp, NULL);
    assert_null(s_queue.insert_context_seen);
    assert_true(IoCancelIrp(s_requests[0].irp));
    csq_request_expect(&s_requests[0], STATUS_CANCELLED);
}

static void test_IoCsqInsertIrpEx_of_a_plain_queue_succeeds(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(csq_request_send(&s_queue, &s_requests[0], 0), STATUS_PENDING);
    assert_ptr_equal(IoCsqRemoveNextIrp(&s_queue.csq, NULL), s_requests[0].irp);
    assert_int_equal(IoCsqInsertIrpEx(&s_queue.csq, s_requests[0].irp, NULL, NULL), STATUS_SUCCESS);
    assert_ptr_equal(IoCsqRemoveNextIrp(&s_queue.csq, NULL), s_requests[0].irp);
    finish(0, STATUS_SUCCESS);
}

#define queue_test(f) wsk_emu_unit_test_setup_teardown(f, setup, teardown)
#define queue_test_ex(f) wsk_emu_unit_test_setup_teardown(f, setup_ex, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_IoCsqInitialize_fills_the_queue),
        queue_test(test_IoCsqInitialize_needs_every_routine),
        queue_test(test_IoCsqInitialize_at_any_irql),
        queue_test(test_IoCsqInsertIrp_marks_pending_and_calls_under_the_lock),
        queue_test(test_IoCsqRemoveNextIrp_takes_them_in_the_drivers_order),
        queue_test(test_IoCsqRemoveNextIrp_gives_the_peek_context_to_the_driver),
        queue_test(test_IoCsqRemoveNextIrp_passes_over_one_that_is_being_cancelled),
        queue_test(test_IoCsqRemoveIrp_takes_the_one_of_the_context),
        queue_test(test_IoCsqRemoveIrp_finds_nothing_after_next_took_it),
        queue_test(test_IoCsqRemoveIrp_with_a_fresh_context_finds_nothing),
        queue_test(test_IoCsqRemoveIrp_leaves_one_that_is_being_cancelled),
        queue_test(test_IoCancelIrp_of_a_queued_one_completes_it_outside_the_lock),
        queue_test(test_IoCsqInsertIrp_of_a_cancelled_one_completes_it_at_once),
        queue_test(test_IoCancelIrp_after_the_removal_only_sets_the_flag),
        queue_test(test_a_removed_irp_can_be_queued_again),
        queue_test(test_queue_works_at_dispatch_level),
        queue_test_ex(test_IoCsqInsertIrpEx_gives_its_context_to_the_driver),
        queue_test_ex(test_IoCsqInsertIrpEx_refused_leaves_the_irp_as_it_was),
        queue_test_ex(test_IoCsqInsertIrp_works_for_a_queue_that_may_refuse),
        queue_test(test_IoCsqInsertIrpEx_of_a_plain_queue_succeeds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
