/* SPDX-License-Identifier: MIT */
/* A driver that guards what may raise, as real ones do: locking a buffer, and a callback of somebody else. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD Unload;

/* What the test asks for, and what it gets. */
NTSTATUS GuardedLock(PVOID Buffer, SIZE_T Length, ULONG *Steps);
NTSTATUS GuardedCall(VOID (*Callback)(VOID), ULONG *Steps);

/* None of the variables is volatile: under Windows' compiler the handler sees what the body left in them. */
NTSTATUS GuardedLock(PVOID Buffer, SIZE_T Length, ULONG *Steps)
{
    NTSTATUS status = STATUS_SUCCESS;
    BOOLEAN isLocked = FALSE;
    ULONG steps = 0;
    PMDL mdl = NULL;

    __try {
        steps = 1;
        mdl = IoAllocateMdl(Buffer, (ULONG)Length, FALSE, FALSE, NULL);
        if (mdl == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            __leave;
        }
        steps = 2;
        MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
        isLocked = TRUE;
        steps = 3;
    } __except (status = GetExceptionCode(), EXCEPTION_EXECUTE_HANDLER) {
        steps += 10;
    }
    if (isLocked) {
        MmUnlockPages(mdl);
    }
    if (mdl != NULL) {
        IoFreeMdl(mdl);
    }
    *Steps = steps;
    return status;
}

NTSTATUS GuardedCall(VOID (*Callback)(VOID), ULONG *Steps)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG steps = 0;

    try {
        try {
            steps = 1;
            Callback();
            steps = 2;
        } finally {
            steps += AbnormalTermination() ? 100 : 200;
        }
    }
    except(EXCEPTION_EXECUTE_HANDLER)
    {
        status = GetExceptionCode();
        steps += 10;
    }
    *Steps = steps;
    return status;
}

static VOID Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
