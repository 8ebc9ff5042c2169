/* SPDX-License-Identifier: MIT */
/* A small driver as its author wrote it: registers with WSK, keeps a block of pool, and unloads. */
#include <ntddk.h>
#include <wsk.h>

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD Unload;

static const WSK_CLIENT_DISPATCH ClientDispatch = { MAKE_WSK_VERSION(1, 0), 0, NULL };
static WSK_REGISTRATION Registration;
static PVOID Block;

static VOID Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    WskDeregister(&Registration);
    ExFreePoolWithTag(Block, DRIVER_TAG);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WSK_CLIENT_NPI client = { NULL, &ClientDispatch };
    NTSTATUS status;

    DbgPrint("loading %wZ\n", RegistryPath);
    Block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, DRIVER_TAG);
    if (Block == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = WskRegister(&client, &Registration);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(Block, DRIVER_TAG);
        return status;
    }
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
