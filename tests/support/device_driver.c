/* SPDX-License-Identifier: MIT */
/* A driver with one device, whose dispatch routines a test chooses. */
#include "support/device_driver.h"

struct gate g_gate;

static UNICODE_STRING s_device_name = RTL_CONSTANT_STRING(L"\\Device\\Gate");
static UNICODE_STRING s_link_name = RTL_CONSTANT_STRING(L"\\DosDevices\\Gate");

NTSTATUS gate_complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static void request_note(PDEVICE_OBJECT device, PIRP irp, const IO_STACK_LOCATION *location)
{
    LONG index = InterlockedIncrement(&g_gate.request_count) - 1;
    struct gate_request *request;

    if (index >= GATE_REQUESTS_MAX) {
        return;
    }
    request = &g_gate.requests[index];

    request->major = location->MajorFunction;
    request->minor = location->MinorFunction;
    request->mode = irp->RequestorMode;
    request->irql = KeGetCurrentIrql();
    request->irp_flags = irp->Flags;
    request->device = device;
    request->file = location->FileObject;
    request->thread = irp->Tail.Overlay.Thread;
}

static NTSTATUS dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    const IO_STACK_LOCATION *location = IoGetCurrentIrpStackLocation(Irp);
    PDRIVER_DISPATCH routine = g_gate.routines[location->MajorFunction];

    request_note(DeviceObject, Irp, location);
    return routine != NULL ? routine(DeviceObject, Irp) : gate_complete(Irp, STATUS_SUCCESS, 0);
}

static VOID unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    IoDeleteSymbolicLink(&s_link_name);
    IoDeleteDevice(g_gate.device);
    InterlockedIncrement(&g_gate.unload_count);
}

static NTSTATUS device_create(PDRIVER_OBJECT driver)
{
    NTSTATUS status = IoCreateDevice(driver, 16, &s_device_name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                                     g_gate.is_exclusive, &g_gate.device);

    if (NT_SUCCESS(status)) {
        g_gate.device->Flags |= g_gate.device_flags;
    }
    return status;
}

static NTSTATUS entry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    unsigned major;

    UNREFERENCED_PARAMETER(RegistryPath);
    for (major = 0; major <= IRP_MJ_MAXIMUM_FUNCTION; major++) {
        if (!g_gate.has_no_routine[major]) {
            DriverObject->MajorFunction[major] = dispatch;
        }
    }
    DriverObject->DriverUnload = unload;
    if (!g_gate.is_created_late && !NT_SUCCESS(device_create(DriverObject))) {
        return STATUS_UNSUCCESSFUL;
    }
    return IoCreateSymbolicLink(&s_link_name, &s_device_name);
}

void gate_reset(void)
{
    memset(&g_gate, 0, sizeof(g_gate));
}

void gate_load(void)
{
    assert_int_equal(wsk_emu_driver_load(entry, "gate", &g_gate.driver), STATUS_SUCCESS);
    if (g_gate.is_created_late) {
        assert_int_equal(device_create(g_gate.driver), STATUS_SUCCESS);
    }
}

void gate_unload(void)
{
    wsk_emu_driver_unload(g_gate.driver);
    g_gate.driver = NULL;
}

int gate_setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    gate_reset();
    gate_load();
    return 0;
}

int gate_teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    if (g_gate.driver != NULL) {
        gate_unload();
    }
    return 0;
}

struct wsk_emu_device *gate_open(void)
{
    struct wsk_emu_device *device;

    assert_int_equal(wsk_emu_device_open(GATE_NAME, GATE_ACCESS, &device), STATUS_SUCCESS);
    assert_non_null(device);
    return device;
}

void gate_expect_majors(const UCHAR *majors, unsigned count)
{
    unsigned i;

    assert_int_equal(g_gate.request_count, count);
    for (i = 0; i < count; i++) {
        assert_int_equal(g_gate.requests[i].major, majors[i]);
    }
}
