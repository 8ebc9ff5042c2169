/* SPDX-License-Identifier: MIT */
/* Devices when memory is short: every allocation fails once, each call says so, and nothing is left behind. */
#include "host/host_mem.h"
#include "support/device_driver.h"

/* One allocation fails: whichever it is, the call succeeds or says that memory is short. Returns false when none was left to
 * fail. */
static bool attempt_one(NTSTATUS (*call)(struct wsk_emu_device *device), unsigned long index,
                        struct wsk_emu_device *device)
{
    NTSTATUS status;
    bool has_failed;

    (void)we_host_mem_fail(index);
    status = call(device);
    has_failed = we_host_mem_fail(0);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_IRP), 0);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_MDL), 0);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_POOL), 0);
    if (!has_failed) {
        assert_int_equal(status, STATUS_SUCCESS);
    } else if (status != STATUS_SUCCESS) {
        assert_int_equal(status, STATUS_INSUFFICIENT_RESOURCES);
    }
    return has_failed;
}

static void sweep(NTSTATUS (*call)(struct wsk_emu_device *device), unsigned least_count)
{
    struct wsk_emu_device *device = gate_open();
    unsigned long index = 1;

    while (attempt_one(call, index, device)) {
        index++;
    }
    assert_true(index > least_count); /* something has failed */
    wsk_emu_device_close(device);
}

static NTSTATUS open_and_close(struct wsk_emu_device *device)
{
    struct wsk_emu_device *another;
    NTSTATUS status = wsk_emu_device_open(GATE_NAME "\\Rest", GATE_ACCESS, &another);

    UNREFERENCED_PARAMETER(device);
    wsk_emu_device_close(another);
    return status;
}

static NTSTATUS control_buffered(struct wsk_emu_device *device)
{
    char output[8];

    return wsk_emu_device_control(device, GATE_CODE(METHOD_BUFFERED), "abc", 3, output, sizeof(output), NULL);
}

static NTSTATUS control_direct(struct wsk_emu_device *device)
{
    char output[8];

    return wsk_emu_device_control(device, GATE_CODE(METHOD_OUT_DIRECT), "abc", 3, output, sizeof(output), NULL);
}

static NTSTATUS control_started(struct wsk_emu_device *device)
{
    struct wsk_emu_request *request;
    NTSTATUS status = wsk_emu_device_control_start(device, GATE_CODE(METHOD_BUFFERED), "abc", 3, NULL, 0, &request);

    return request != NULL ? wsk_emu_request_finish(request, NULL) : status;
}

static NTSTATUS built(struct wsk_emu_device *device)
{
    IO_STATUS_BLOCK iosb;
    KEVENT event;
    PIRP irp;

    UNREFERENCED_PARAMETER(device);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(GATE_CODE(METHOD_IN_DIRECT), g_gate.device, &iosb, 4, &iosb, 4, FALSE, &event,
                                        &iosb);
    return irp != NULL ? IoCallDriver(g_gate.device, irp) : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS built_asynchronous(struct wsk_emu_device *device)
{
    char buffer[4];
    PIRP irp = IoBuildAsynchronousFsdRequest(IRP_MJ_READ, g_gate.device, buffer, 4, NULL, NULL);

    UNREFERENCED_PARAMETER(device);
    if (irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ExFreePool(irp->AssociatedIrp.SystemBuffer);
    IoFreeIrp(irp);
    return STATUS_SUCCESS;
}

static NTSTATUS registered(struct wsk_emu_device *device)
{
    NTSTATUS status = IoRegisterShutdownNotification(g_gate.device);

    UNREFERENCED_PARAMETER(device);
    IoUnregisterShutdownNotification(g_gate.device);
    return status;
}

static void test_each_allocation_of_an_open_may_fail(void **state)
{
    UNREFERENCED_PARAMETER(state);
    sweep(open_and_close, 5);
}

static void test_each_allocation_of_a_request_may_fail(void **state)
{
    UNREFERENCED_PARAMETER(state);
    sweep(control_buffered, 2);
    sweep(control_direct, 3);
    sweep(control_started, 3);
}

static void test_each_allocation_of_a_built_request_may_fail(void **state)
{
    UNREFERENCED_PARAMETER(state);
    g_gate.device->Flags |= DO_BUFFERED_IO;
    sweep(built, 3);
    sweep(built_asynchronous, 1);
    sweep(registered, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test_setup_teardown(test_each_allocation_of_an_open_may_fail, gate_setup, gate_teardown),
        wsk_emu_unit_test_setup_teardown(test_each_allocation_of_a_request_may_fail, gate_setup, gate_teardown),
        wsk_emu_unit_test_setup_teardown(test_each_allocation_of_a_built_request_may_fail, gate_setup, gate_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
