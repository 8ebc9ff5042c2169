/* SPDX-License-Identifier: MIT */
/* The rule about cancel-safe queues, broken in each of its parts and almost broken. */
#include <wdm.h>

#include "support/csq_device.h"
#include "wsk_emu/cmocka.h"

static struct csq_device s_queue;
static struct csq_request s_request;
static struct csq_request s_other;
static PIRP s_found;

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_found = NULL;
    csq_device_create(&s_queue, FALSE);
    assert_int_equal(csq_request_send(&s_queue, &s_request, 0), STATUS_PENDING);
    return 0;
}

static int teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    csq_device_destroy(&s_queue);
    return 0;
}

/* Takes the request out and ends it. */
static void take_and_finish(void)
{
    assert_ptr_equal(IoCsqRemoveNextIrp(&s_queue.csq, NULL), s_request.irp);
    csq_finish(s_request.irp, STATUS_SUCCESS);
    csq_request_expect(&s_request, STATUS_SUCCESS);
}

static VOID remove_another(struct csq_device *queue, PIRP irp)
{
    UNREFERENCED_PARAMETER(irp);
    queue->on_remove = NULL;
    s_found = IoCsqRemoveNextIrp(&queue->csq, NULL);
}

static void test_irp_054_breach_routine_uses_its_own_queue(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(csq_request_send(&s_queue, &s_other, 1), STATUS_PENDING);
    s_queue.on_remove = remove_another;
    wsk_kit_expect_report("IRP-054");
    take_and_finish();
    assert_null(s_found);
    assert_true(csq_device_has(&s_queue, s_other.irp));
    assert_true(IoCancelIrp(s_other.irp));
    csq_request_expect(&s_other, STATUS_CANCELLED);
}

static VOID insert_again(struct csq_device *queue, PIRP irp)
{
    queue->on_remove = NULL;
    IoCsqInsertIrp(&queue->csq, irp, NULL);
}

static void test_irp_054_breach_routine_inserts_into_its_own_queue(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_queue.on_remove = insert_again;
    wsk_kit_expect_report("IRP-054");
    take_and_finish();
}

/* CsqCompleteCanceledIrp runs without the lock. */
static void test_irp_054_near_miss_completing_routine_takes_the_next_one(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(csq_request_send(&s_queue, &s_other, 1), STATUS_PENDING);
    s_queue.on_complete = remove_another;
    assert_true(IoCancelIrp(s_request.irp));
    csq_request_expect(&s_request, STATUS_CANCELLED);
    assert_ptr_equal(s_found, s_other.irp);
    csq_finish(s_found, STATUS_SUCCESS);
    csq_request_expect(&s_other, STATUS_SUCCESS);
}

static void test_irp_054_breach_driver_context_overwritten_then_taken(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_request.irp->Tail.Overlay.DriverContext[3] = NULL;
    wsk_kit_expect_report("IRP-054");
    take_and_finish();
}

static void test_irp_054_breach_driver_context_overwritten_then_cancelled(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_request.irp->Tail.Overlay.DriverContext[3] = (PVOID)(ULONG_PTR)1;
    wsk_kit_expect_report("IRP-054");
    assert_true(IoCancelIrp(s_request.irp));
    assert_int_equal(s_request.done_count, 0); /* nobody can find its queue: the test mends it */
    (void)RemoveEntryList(&s_request.irp->Tail.Overlay.ListEntry);
    csq_finish(s_request.irp, STATUS_CANCELLED);
    csq_request_expect(&s_request, STATUS_CANCELLED);
}

static void test_irp_054_near_miss_the_other_three_words_are_the_drivers(void **state)
{
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < 3; i++) {
        s_request.irp->Tail.Overlay.DriverContext[i] = &s_queue;
    }
    take_and_finish();
}

static void test_irp_054_breach_inserted_twice(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-054");
    IoCsqInsertIrp(&s_queue.csq, s_request.irp, NULL);
    take_and_finish();
}

static VOID cancel_of_the_drivers(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
}

static void test_irp_054_breach_inserted_with_a_cancel_routine(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_ptr_equal(IoCsqRemoveNextIrp(&s_queue.csq, NULL), s_request.irp);
    (void)IoSetCancelRoutine(s_request.irp, cancel_of_the_drivers);
    wsk_kit_expect_report("IRP-054");
    assert_int_equal(IoCsqInsertIrpEx(&s_queue.csq, s_request.irp, NULL, NULL), STATUS_INVALID_PARAMETER);
    (void)IoSetCancelRoutine(s_request.irp, NULL);
    csq_finish(s_request.irp, STATUS_SUCCESS);
    csq_request_expect(&s_request, STATUS_SUCCESS);
}

static void test_irp_054_breach_inserted_by_its_creator(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-054");
    assert_int_equal(IoCsqInsertIrpEx(&s_queue.csq, irp, NULL, NULL), STATUS_INVALID_PARAMETER);
    IoFreeIrp(irp);
    take_and_finish();
}

static void test_irp_054_breach_queue_never_initialised(void **state)
{
    IO_CSQ csq;

    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(&csq, sizeof(csq));
    wsk_kit_expect_report("IRP-054");
    assert_null(IoCsqRemoveNextIrp(&csq, NULL));
    wsk_kit_expect_report("IRP-054");
    assert_null(IoCsqRemoveNextIrp(NULL, NULL));
    take_and_finish();
}

static void test_irp_054_breach_no_context_to_remove_by(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-054");
    assert_null(IoCsqRemoveIrp(&s_queue.csq, NULL));
    take_and_finish();
}

static void test_irp_054_breach_context_of_another_queue(void **state)
{
    IO_CSQ_IRP_CONTEXT context;
    struct csq_device *other = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*other), 'tseT');

    UNREFERENCED_PARAMETER(state);
    csq_device_create(other, FALSE);
    other->context = &context;
    assert_int_equal(csq_request_send(other, &s_other, 0), STATUS_PENDING);
    wsk_kit_expect_report("IRP-054");
    assert_null(IoCsqRemoveIrp(&s_queue.csq, &context));
    assert_ptr_equal(IoCsqRemoveIrp(&other->csq, &context), s_other.irp);
    csq_finish(s_other.irp, STATUS_SUCCESS);
    csq_request_expect(&s_other, STATUS_SUCCESS);
    csq_device_destroy(other);
    ExFreePoolWithTag(other, 'tseT');
    take_and_finish();
}

static PIRP peek_in_a_circle(PIO_CSQ Csq, PIRP Irp, PVOID PeekContext)
{
    UNREFERENCED_PARAMETER(Csq);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(PeekContext);
    return s_request.irp;
}

/* The cancel routine has the IRP and waits for the lock that a loop over the same answer would never give up. */
static void test_irp_054_breach_peek_names_the_same_one_again(void **state)
{
    PIO_CSQ_PEEK_NEXT_IRP peek = s_queue.csq.CsqPeekNextIrp;
    PDRIVER_CANCEL routine = IoSetCancelRoutine(s_request.irp, NULL);

    UNREFERENCED_PARAMETER(state);
    s_queue.csq.CsqPeekNextIrp = peek_in_a_circle;
    wsk_kit_expect_report("IRP-054");
    assert_null(IoCsqRemoveNextIrp(&s_queue.csq, NULL));
    s_queue.csq.CsqPeekNextIrp = peek;
    (void)IoSetCancelRoutine(s_request.irp, routine);
    take_and_finish();
}

static void test_irp_012_breach_freed_irp_into_a_cancel_safe_queue(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    UNREFERENCED_PARAMETER(state);
    IoFreeIrp(irp);
    wsk_kit_expect_report("IRP-012");
    IoCsqInsertIrp(&s_queue.csq, irp, NULL);
    take_and_finish();
}

#define csq_test(f) wsk_emu_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        csq_test(test_irp_054_breach_routine_uses_its_own_queue),
        csq_test(test_irp_054_breach_routine_inserts_into_its_own_queue),
        csq_test(test_irp_054_near_miss_completing_routine_takes_the_next_one),
        csq_test(test_irp_054_breach_driver_context_overwritten_then_taken),
        csq_test(test_irp_054_breach_driver_context_overwritten_then_cancelled),
        csq_test(test_irp_054_near_miss_the_other_three_words_are_the_drivers),
        csq_test(test_irp_054_breach_inserted_twice),
        csq_test(test_irp_054_breach_inserted_with_a_cancel_routine),
        csq_test(test_irp_054_breach_inserted_by_its_creator),
        csq_test(test_irp_054_breach_queue_never_initialised),
        csq_test(test_irp_054_breach_no_context_to_remove_by),
        csq_test(test_irp_054_breach_context_of_another_queue),
        csq_test(test_irp_054_breach_peek_names_the_same_one_again),
        csq_test(test_irp_012_breach_freed_irp_into_a_cancel_safe_queue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
