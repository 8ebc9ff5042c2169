/* SPDX-License-Identifier: MIT */
/* The completion walk: which routines are called, with what, and how the pending mark travels. */
#include <wdm.h>

#include <string.h>

#include "nt/io_device.h"
#include "nt/io_irp.h"
#include "wsk_emu/cmocka.h"

/* Three drivers on top of each other. Each forwards a request to the one below with a completion routine of its own;
 * the lowest one completes it. The creator of the IRP has no location in it. */
#define LEVELS 3

struct call {
    PDEVICE_OBJECT device;
    BOOLEAN pending_returned;
    NTSTATUS status;
    CHAR location;
};

struct level {
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT device;
    /* What this level sets into the location of the level below. Level -1 (the creator) is stack.creator. */
    BOOLEAN has_routine;
    BOOLEAN on_success;
    BOOLEAN on_error;
    BOOLEAN on_cancel;
    NTSTATUS routine_result;
    BOOLEAN propagates; /* the routine marks the IRP pending when it was */
    BOOLEAN marks;      /* the dispatch routine marks the IRP pending */
    unsigned call_count;
    struct call last_call;
};

struct stack {
    struct level creator;
    struct level levels[LEVELS];
    NTSTATUS final_status;
    BOOLEAN frees; /* the creator's routine frees the IRP */
};

static struct stack s_stack; /* dispatch routines know only their device */

static NTSTATUS routine(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    struct level *level = Context;

    level->call_count++;
    level->last_call.device = DeviceObject;
    level->last_call.pending_returned = Irp->PendingReturned;
    level->last_call.status = Irp->IoStatus.Status;
    level->last_call.location = Irp->CurrentLocation;
    if (level->propagates && Irp->PendingReturned) {
        IoMarkIrpPending(Irp);
    }
    if (level == &s_stack.creator && s_stack.frees) {
        IoFreeIrp(Irp);
    }
    return level->routine_result;
}

static void set_routine(PIRP irp, struct level *level)
{
    if (level->has_routine) {
        IoSetCompletionRoutine(irp, routine, level, level->on_success, level->on_error, level->on_cancel);
    }
}

static NTSTATUS dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    unsigned index = *(unsigned *)DeviceObject->DeviceExtension;
    struct level *level = &s_stack.levels[index];
    NTSTATUS status = s_stack.final_status;

    if (level->marks) {
        IoMarkIrpPending(Irp);
    }
    if (index + 1 < LEVELS) {
        IoCopyCurrentIrpStackLocationToNext(Irp);
        set_routine(Irp, level);
        status = IoCallDriver(s_stack.levels[index + 1].device, Irp);
    } else {
        Irp->IoStatus.Status = status;
        Irp->IoStatus.Information = 42;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
    }
    return level->marks ? STATUS_PENDING : status;
}

static int setup(void **state)
{
    static const char *const s_names[LEVELS] = { "Upper", "Middle", "Lower" };
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    memset(&s_stack, 0, sizeof(s_stack));
    for (i = 0; i < LEVELS; i++) {
        struct level *level = &s_stack.levels[i];

        level->driver = we_io_driver_create(s_names[i]);
        level->driver->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = dispatch;
        if (!NT_SUCCESS(
                IoCreateDevice(level->driver, sizeof(unsigned), NULL, FILE_DEVICE_NETWORK, 0, FALSE, &level->device))) {
            return -1;
        }
        *(unsigned *)level->device->DeviceExtension = i;
    }
    s_stack.creator.has_routine = TRUE;
    s_stack.creator.on_success = TRUE;
    s_stack.creator.on_error = TRUE;
    s_stack.creator.on_cancel = TRUE;
    s_stack.creator.routine_result = STATUS_MORE_PROCESSING_REQUIRED;
    return 0;
}

static int teardown(void **state)
{
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < LEVELS; i++) {
        IoDeleteDevice(s_stack.levels[i].device);
        we_io_driver_destroy(s_stack.levels[i].driver);
    }
    return 0;
}

static PIRP send(NTSTATUS final_status, BOOLEAN is_cancelled)
{
    PIRP irp = IoAllocateIrp(LEVELS, FALSE);

    s_stack.final_status = final_status;
    irp->Cancel = is_cancelled;
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    set_routine(irp, &s_stack.creator);
    (void)IoCallDriver(s_stack.levels[0].device, irp);
    return irp;
}

static void set_flags(struct level *level, unsigned flags)
{
    level->has_routine = TRUE;
    level->on_success = (flags & 1) != 0;
    level->on_error = (flags & 2) != 0;
    level->on_cancel = (flags & 4) != 0;
    level->routine_result = STATUS_CONTINUE_COMPLETION;
    level->call_count = 0;
}

/* Every combination of flags of both inner routines with success, error, and each of them cancelled. */
static void test_IoCompleteRequest_flags_and_outcomes_decide_about_calls(void **state)
{
    unsigned combination;
    unsigned outcome;

    UNREFERENCED_PARAMETER(state);
    for (combination = 0; combination < 64; combination++) {
        for (outcome = 0; outcome < 4; outcome++) {
            bool is_error = (outcome & 1) != 0;
            bool is_cancelled = (outcome & 2) != 0;
            unsigned i;

            set_flags(&s_stack.levels[0], combination % 8);
            set_flags(&s_stack.levels[1], combination / 8);
            s_stack.creator.call_count = 0;
            IoFreeIrp(send(is_error ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS, is_cancelled));
            for (i = 0; i < 2; i++) {
                const struct level *level = &s_stack.levels[i];
                bool is_expected = (level->on_success && !is_error) || (level->on_error && is_error) ||
                                   (level->on_cancel && is_cancelled);

                assert_int_equal(level->call_count, is_expected ? 1 : 0);
            }
            assert_int_equal(s_stack.creator.call_count, 1);
        }
    }
}

static void test_IoCompleteRequest_each_routine_gets_its_own_device(void **state)
{
    UNREFERENCED_PARAMETER(state);
    set_flags(&s_stack.levels[0], 7);
    set_flags(&s_stack.levels[1], 7);
    IoFreeIrp(send(STATUS_SUCCESS, FALSE));
    assert_ptr_equal(s_stack.levels[1].last_call.device, s_stack.levels[1].device);
    assert_ptr_equal(s_stack.levels[0].last_call.device, s_stack.levels[0].device);
    assert_null(s_stack.creator.last_call.device);
    assert_int_equal(s_stack.levels[1].last_call.location, 2);
    assert_int_equal(s_stack.levels[0].last_call.location, 3);
    assert_int_equal(s_stack.creator.last_call.location, LEVELS + 1);
}

/* Without routines in between the mark travels by itself to the creator. */
static void test_IoCompleteRequest_pending_without_routines_is_propagated(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_stack.levels[LEVELS - 1].marks = TRUE;
    IoFreeIrp(send(STATUS_SUCCESS, FALSE));
    assert_int_equal(s_stack.creator.last_call.pending_returned, TRUE);
}

static void test_IoCompleteRequest_routine_that_does_not_mark_stops_the_pending_mark(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_stack.levels[LEVELS - 1].marks = TRUE;
    set_flags(&s_stack.levels[1], 7);
    wsk_kit_expect_report("IRP-028");
    IoFreeIrp(send(STATUS_SUCCESS, FALSE));
    assert_int_equal(s_stack.levels[1].last_call.pending_returned, TRUE);
    assert_int_equal(s_stack.creator.last_call.pending_returned, FALSE);
}

static void test_IoCompleteRequest_routine_that_marks_passes_the_pending_mark_on(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_stack.levels[LEVELS - 1].marks = TRUE;
    set_flags(&s_stack.levels[1], 7);
    s_stack.levels[1].propagates = TRUE;
    IoFreeIrp(send(STATUS_SUCCESS, FALSE));
    assert_int_equal(s_stack.creator.last_call.pending_returned, TRUE);
}

static void test_IoCompleteRequest_more_processing_stops_and_is_continued(void **state)
{
    PIRP irp;

    UNREFERENCED_PARAMETER(state);
    set_flags(&s_stack.levels[0], 7);
    set_flags(&s_stack.levels[1], 7);
    s_stack.levels[1].routine_result = STATUS_MORE_PROCESSING_REQUIRED;
    s_stack.levels[1].marks = TRUE; /* it is completed later */
    s_stack.levels[0].propagates = TRUE;
    irp = send(STATUS_SUCCESS, FALSE);
    assert_int_equal(s_stack.levels[1].call_count, 1);
    assert_int_equal(s_stack.levels[0].call_count, 0);
    assert_int_equal(s_stack.creator.call_count, 0);

    /* The middle driver has it again and completes it later, with another status. */
    irp->IoStatus.Status = STATUS_TIMEOUT;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    assert_int_equal(s_stack.levels[1].call_count, 1);
    assert_int_equal(s_stack.levels[0].call_count, 1);
    assert_int_equal(s_stack.levels[0].last_call.status, STATUS_TIMEOUT);
    assert_int_equal(s_stack.creator.call_count, 1);
    IoFreeIrp(irp);
}

static void test_IoCompleteRequest_irp_freed_in_routine_is_not_touched(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_stack.frees = TRUE;
    (void)send(STATUS_SUCCESS, FALSE);
    assert_int_equal(s_stack.creator.call_count, 1);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_IRP), 0);
}

static void test_IoCompleteRequest_location_is_cleared_after_use(void **state)
{
    PIO_STACK_LOCATION location;
    PIRP irp;

    UNREFERENCED_PARAMETER(state);
    irp = send(STATUS_SUCCESS, FALSE);
    location = IoGetNextIrpStackLocation(irp);
    assert_null(location->CompletionRoutine);
    assert_null(location->Context);
    assert_int_equal(location->Control, 0);
    assert_int_equal(location->MajorFunction, 0);
    IoFreeIrp(irp);
}

static void test_IoCompleteRequest_information_and_status_are_left_alone(void **state)
{
    PIRP irp;

    UNREFERENCED_PARAMETER(state);
    set_flags(&s_stack.levels[0], 7);
    s_stack.levels[0].routine_result = STATUS_UNSUCCESSFUL; /* anything but "more processing" goes on */
    irp = send(STATUS_BUFFER_OVERFLOW, FALSE);
    assert_int_equal(irp->IoStatus.Status, STATUS_BUFFER_OVERFLOW);
    assert_int_equal(irp->IoStatus.Information, 42);
    assert_int_equal(s_stack.creator.last_call.status, STATUS_BUFFER_OVERFLOW);
    IoFreeIrp(irp);
}

/* A routine that sends the IRP again from where it is, and stops the walk. */
static NTSTATUS send_again_routine(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    unsigned *left = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (*left > 0) {
        (*left)--;
        IoReuseIrp(Irp, STATUS_SUCCESS);
        IoGetNextIrpStackLocation(Irp)->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
        IoSetCompletionRoutine(Irp, send_again_routine, Context, TRUE, TRUE, TRUE);
        (void)IoCallDriver(s_stack.levels[0].device, Irp);
    } else {
        IoFreeIrp(Irp);
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void test_IoCompleteRequest_irp_sent_again_in_routine_comes_back(void **state)
{
    unsigned left = 3;
    PIRP irp = IoAllocateIrp(LEVELS, FALSE);

    UNREFERENCED_PARAMETER(state);
    s_stack.final_status = STATUS_SUCCESS;
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    IoSetCompletionRoutine(irp, send_again_routine, &left, TRUE, TRUE, TRUE);
    (void)IoCallDriver(s_stack.levels[0].device, irp);
    assert_int_equal(left, 0);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_IRP), 0);
}

#define walk_test(f) wsk_emu_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(test_IoCompleteRequest_flags_and_outcomes_decide_about_calls),
        walk_test(test_IoCompleteRequest_each_routine_gets_its_own_device),
        walk_test(test_IoCompleteRequest_pending_without_routines_is_propagated),
        walk_test(test_IoCompleteRequest_routine_that_does_not_mark_stops_the_pending_mark),
        walk_test(test_IoCompleteRequest_routine_that_marks_passes_the_pending_mark_on),
        walk_test(test_IoCompleteRequest_more_processing_stops_and_is_continued),
        walk_test(test_IoCompleteRequest_irp_freed_in_routine_is_not_touched),
        walk_test(test_IoCompleteRequest_location_is_cleared_after_use),
        walk_test(test_IoCompleteRequest_information_and_status_are_left_alone),
        walk_test(test_IoCompleteRequest_irp_sent_again_in_routine_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
