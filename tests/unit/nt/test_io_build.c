/* SPDX-License-Identifier: MIT */
/* Requests that drivers build for other devices, and what a request says about its sender. */
#include <string.h>

#include "support/device_driver.h"

/* The gate is the device below; the test is the driver above. */
static PIRP s_kept;
static PIRP s_seen_irp;
static BOOLEAN s_is_synchronous;
static UCHAR s_majors_seen[4];

static NTSTATUS echo(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    const IO_STACK_LOCATION *location = IoGetCurrentIrpStackLocation(Irp);
    ULONG length = location->Parameters.DeviceIoControl.InputBufferLength;

    UNREFERENCED_PARAMETER(DeviceObject);
    s_seen_irp = Irp;
    s_is_synchronous = IoIsOperationSynchronous(Irp);
    return gate_complete(Irp, STATUS_SUCCESS, length);
}

static NTSTATUS keep(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoMarkIrpPending(Irp);
    s_kept = Irp;
    return STATUS_PENDING;
}

static NTSTATUS fill(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    const IO_STACK_LOCATION *location = IoGetCurrentIrpStackLocation(Irp);
    PVOID to = Irp->AssociatedIrp.SystemBuffer;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (Irp->MdlAddress != NULL) {
        to = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    }
    assert_true(location->Parameters.Read.ByteOffset.QuadPart == 17);
    RtlFillMemory(to, location->Parameters.Read.Length, 'r');
    return gate_complete(Irp, STATUS_SUCCESS, location->Parameters.Read.Length);
}

static NTSTATUS check_write(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    assert_memory_equal(Irp->AssociatedIrp.SystemBuffer, "abc", 3);
    return gate_complete(Irp, STATUS_SUCCESS, 3);
}

static int setup(void **state)
{
    s_kept = NULL;
    s_seen_irp = NULL;
    memset(s_majors_seen, 0, sizeof(s_majors_seen));
    return gate_setup(state);
}

static int teardown(void **state)
{
    assert_int_equal(wsk_kit_live_count(WSK_KIT_IRP), 0);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_MDL), 0);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_POOL), 0);
    return gate_teardown(state);
}

/* --- control ------------------------------------------------------------------------------------- */

static void test_IoBuildDeviceIoControlRequest_result_comes_with_the_event(void **state)
{
    IO_STATUS_BLOCK iosb = { { 0 }, 0 };
    char output[4] = "---";
    KEVENT event;
    PIRP irp;

    UNREFERENCED_PARAMETER(state);
    g_gate.routines[IRP_MJ_DEVICE_CONTROL] = echo;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(GATE_CODE(METHOD_BUFFERED), g_gate.device, "ab", 2, output, 3, FALSE, &event,
                                        &iosb);
    assert_non_null(irp);
    assert_int_equal(irp->RequestorMode, KernelMode);
    assert_ptr_equal(irp->Tail.Overlay.Thread, PsGetCurrentThread());
    assert_int_equal(IoGetNextIrpStackLocation(irp)->MajorFunction, IRP_MJ_DEVICE_CONTROL);
    assert_int_equal(IoCallDriver(g_gate.device, irp), STATUS_SUCCESS);
    assert_int_equal(KeReadStateEvent(&event), 1);
    assert_int_equal(iosb.Status, STATUS_SUCCESS);
    assert_int_equal(iosb.Information, 2);
    assert_string_equal(output, "ab-");
    assert_false(s_is_synchronous);
}

static void test_IoBuildDeviceIoControlRequest_pended_request_is_waited_for(void **state)
{
    IO_STATUS_BLOCK iosb = { { 0 }, 0 };
    KEVENT event;
    PIRP irp;

    UNREFERENCED_PARAMETER(state);
    g_gate.routines[IRP_MJ_INTERNAL_DEVICE_CONTROL] = keep;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(1, g_gate.device, NULL, 0, NULL, 0, TRUE, &event, &iosb);
    assert_int_equal(IoCallDriver(g_gate.device, irp), STATUS_PENDING);
    assert_int_equal(KeReadStateEvent(&event), 0);
    (void)gate_complete(s_kept, STATUS_DEVICE_BUSY, 7);
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    assert_int_equal(iosb.Status, STATUS_DEVICE_BUSY);
    assert_int_equal(iosb.Information, 7);
    GATE_EXPECT_MAJORS(IRP_MJ_INTERNAL_DEVICE_CONTROL);
}

/* As the documentation of cancelling such a request wants it: the routine keeps the IRP, and it is completed again when
 * nobody can cancel it any more. */
static NTSTATUS keep_irp(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    *(PBOOLEAN)Context = TRUE;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void test_IoBuildDeviceIoControlRequest_routine_may_keep_the_irp_for_a_while(void **state)
{
    IO_STATUS_BLOCK iosb = { { 0 }, 99 };
    BOOLEAN is_back = FALSE;
    KEVENT event;
    PIRP irp;

    UNREFERENCED_PARAMETER(state);
    g_gate.routines[IRP_MJ_DEVICE_CONTROL] = echo;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(GATE_CODE(METHOD_BUFFERED), g_gate.device, "ab", 2, NULL, 0, FALSE, &event,
                                        &iosb);
    IoSetCompletionRoutine(irp, keep_irp, &is_back, TRUE, TRUE, TRUE);
    (void)IoCallDriver(g_gate.device, irp);
    assert_true(is_back);
    assert_int_equal(KeReadStateEvent(&event), 0);
    assert_int_equal(iosb.Information, 99);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    assert_int_equal(KeReadStateEvent(&event), 1);
    assert_int_equal(iosb.Information, 2);
}

static void test_IoBuildDeviceIoControlRequest_bad_buffer_gives_no_irp(void **state)
{
    IO_STATUS_BLOCK iosb;
    KEVENT event;

    UNREFERENCED_PARAMETER(state);
    assert_null(IoBuildDeviceIoControlRequest(GATE_CODE(METHOD_BUFFERED), g_gate.device, NULL, 2, NULL, 0, FALSE,
                                              &event, &iosb));
}

/* --- transfers ------------------------------------------------------------------------------------- */

static void test_IoBuildSynchronousFsdRequest_reads_and_writes(void **state)
{
    LARGE_INTEGER offset = { .QuadPart = 17 };
    IO_STATUS_BLOCK iosb;
    char buffer[4] = "---";
    KEVENT event;
    PIRP irp;

    UNREFERENCED_PARAMETER(state);
    g_gate.device->Flags |= DO_BUFFERED_IO;
    g_gate.routines[IRP_MJ_READ] = fill;
    g_gate.routines[IRP_MJ_WRITE] = check_write;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_READ, g_gate.device, buffer, 2, &offset, &event, &iosb);
    assert_int_equal(IoCallDriver(g_gate.device, irp), STATUS_SUCCESS);
    assert_string_equal(buffer, "rr-");
    assert_int_equal(iosb.Information, 2);
    KeClearEvent(&event);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_WRITE, g_gate.device, "abc", 3, NULL, &event, &iosb);
    assert_int_equal(IoCallDriver(g_gate.device, irp), STATUS_SUCCESS);
    assert_int_equal(iosb.Information, 3);
    KeClearEvent(&event);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, g_gate.device, NULL, 0, NULL, &event, &iosb);
    assert_int_equal(IoCallDriver(g_gate.device, irp), STATUS_SUCCESS);
    GATE_EXPECT_MAJORS(IRP_MJ_READ, IRP_MJ_WRITE, IRP_MJ_FLUSH_BUFFERS);
}

/* What the documentation asks of the routine. */
static NTSTATUS free_all(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PMDL mdl = Irp->MdlAddress;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (mdl != NULL) {
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
        Irp->MdlAddress = NULL;
    }
    if (Irp->AssociatedIrp.SystemBuffer != NULL && (Irp->Flags & IRP_DEALLOCATE_BUFFER) != 0) {
        if (Context != NULL) {
            RtlCopyMemory(Context, Irp->AssociatedIrp.SystemBuffer, Irp->IoStatus.Information);
        }
        ExFreePool(Irp->AssociatedIrp.SystemBuffer);
    }
    IoFreeIrp(Irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void test_IoBuildAsynchronousFsdRequest_routine_frees_mdl_and_irp(void **state)
{
    LARGE_INTEGER offset = { .QuadPart = 17 };
    char buffer[4] = "---";
    PIRP irp;

    UNREFERENCED_PARAMETER(state);
    g_gate.device->Flags |= DO_DIRECT_IO;
    g_gate.routines[IRP_MJ_READ] = fill;
    irp = IoBuildAsynchronousFsdRequest(IRP_MJ_READ, g_gate.device, buffer, 2, &offset, NULL);
    assert_non_null(irp);
    IoSetCompletionRoutine(irp, free_all, NULL, TRUE, TRUE, TRUE);
    assert_int_equal(IoCallDriver(g_gate.device, irp), STATUS_SUCCESS);
    assert_string_equal(buffer, "rr-");
}

static void test_IoBuildAsynchronousFsdRequest_routine_frees_the_system_buffer(void **state)
{
    LARGE_INTEGER offset = { .QuadPart = 17 };
    char buffer[4] = "---";
    PIRP irp;

    UNREFERENCED_PARAMETER(state);
    g_gate.device->Flags |= DO_BUFFERED_IO;
    g_gate.routines[IRP_MJ_READ] = fill;
    irp = IoBuildAsynchronousFsdRequest(IRP_MJ_READ, g_gate.device, buffer, 2, &offset, NULL);
    IoSetCompletionRoutine(irp, free_all, buffer, TRUE, TRUE, TRUE);
    assert_int_equal(IoCallDriver(g_gate.device, irp), STATUS_SUCCESS);
    assert_string_equal(buffer, "rr-");
}

static void test_IoBuildAsynchronousFsdRequest_bad_buffer_gives_no_irp(void **state)
{
    UNREFERENCED_PARAMETER(state);
    g_gate.device->Flags |= DO_DIRECT_IO;
    assert_null(IoBuildAsynchronousFsdRequest(IRP_MJ_READ, g_gate.device, NULL, 2, NULL, NULL));
}

/* --- who asks ---------------------------------------------------------------------------------------- */

static NTSTATUS ask_sender(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG session = 9;

    UNREFERENCED_PARAMETER(DeviceObject);
    s_is_synchronous = IoIsOperationSynchronous(Irp);
    assert_ptr_equal(IoGetRequestorProcess(Irp), PsGetCurrentProcess());
    assert_int_equal(IoGetRequestorProcessId(Irp), (ULONG)(ULONG_PTR)PsGetCurrentProcessId());
    assert_int_equal(IoGetRequestorSessionId(Irp, &session), STATUS_SUCCESS);
    assert_int_equal(session, 0);
    assert_false(IoIs32bitProcess(Irp));
    return gate_complete(Irp, STATUS_SUCCESS, 0);
}

static void test_a_request_knows_who_has_sent_it_and_whether_he_waits(void **state)
{
    struct wsk_emu_device *device = gate_open();
    struct wsk_emu_request *request;

    UNREFERENCED_PARAMETER(state);
    g_gate.routines[IRP_MJ_DEVICE_CONTROL] = ask_sender;
    assert_int_equal(wsk_emu_device_control(device, GATE_CODE(METHOD_NEITHER), NULL, 0, NULL, 0, NULL), STATUS_SUCCESS);
    assert_true(s_is_synchronous);
    assert_int_equal(wsk_emu_device_control_start(device, GATE_CODE(METHOD_NEITHER), NULL, 0, NULL, 0, &request),
                     STATUS_SUCCESS);
    assert_false(s_is_synchronous);
    assert_int_equal(wsk_emu_request_finish(request, NULL), STATUS_SUCCESS);
    wsk_emu_device_close(device);
}

static void test_an_irp_of_a_drivers_own_has_no_sender(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    ULONG session = 0;

    UNREFERENCED_PARAMETER(state);
    assert_null(IoGetRequestorProcess(irp));
    assert_int_equal(IoGetRequestorProcessId(irp), 0);
    assert_int_equal(IoGetRequestorSessionId(irp, &session), STATUS_UNSUCCESSFUL);
    assert_int_equal(session, (ULONG)-1);
    assert_false(IoIsOperationSynchronous(irp));
    irp->Flags = IRP_PAGING_IO | IRP_SYNCHRONOUS_PAGING_IO;
    assert_true(IoIsOperationSynchronous(irp));
    IoFreeIrp(irp);
    assert_int_equal(IoGetFunctionCodeFromCtlCode(GATE_CODE(METHOD_NEITHER)), 0x800);
}

#define build_test(f) wsk_emu_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        build_test(test_IoBuildDeviceIoControlRequest_result_comes_with_the_event),
        build_test(test_IoBuildDeviceIoControlRequest_pended_request_is_waited_for),
        build_test(test_IoBuildDeviceIoControlRequest_routine_may_keep_the_irp_for_a_while),
        build_test(test_IoBuildDeviceIoControlRequest_bad_buffer_gives_no_irp),
        build_test(test_IoBuildSynchronousFsdRequest_reads_and_writes),
        build_test(test_IoBuildAsynchronousFsdRequest_routine_frees_mdl_and_irp),
        build_test(test_IoBuildAsynchronousFsdRequest_routine_frees_the_system_buffer),
        build_test(test_IoBuildAsynchronousFsdRequest_bad_buffer_gives_no_irp),
        build_test(test_a_request_knows_who_has_sent_it_and_whether_he_waits),
        build_test(test_an_irp_of_a_drivers_own_has_no_sender),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
