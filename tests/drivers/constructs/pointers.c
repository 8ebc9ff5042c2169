/* SPDX-License-Identifier: MIT */
/* Pointers that Windows code hands over without a cast: completion and thread routines of other types, objects by handle,
 * typed pointers in interlocked operations, dispatch tables. */
#include <ntddk.h>
#include <wsk.h>

#include "constructs.h"

/* The context is a PKEVENT in the routine's own eyes. */
static NTSTATUS NTAPI Completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PKEVENT Event)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static VOID Thread(PULONG Value)
{
    *Value = 5;
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static PKEVENT s_Event;

ULONG PointersCheck(VOID)
{
    WSK_PROVIDER_CONNECTION_DISPATCH table;
    const WSK_PROVIDER_CONNECTION_DISPATCH *tablePointer = &table;
    const VOID *dispatch = &table;
    PETHREAD thread;
    HANDLE handle;
    KEVENT event;
    PKEVENT old;
    ULONG value = 0;
    PIRP irp;

    /* Names with and without the part that they are declared in. */
    RtlZeroMemory(&table, sizeof(table));
    EXPECT(tablePointer->WskCloseSocket == NULL && tablePointer->Basic.WskCloseSocket == NULL);
    EXPECT(&tablePointer->WskControlSocket == &tablePointer->Basic.WskControlSocket);
    EXPECT(((PWSK_PROVIDER_BASIC_DISPATCH)dispatch)->WskControlSocket == NULL);

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoAllocateIrp(1, FALSE);
    EXPECT(irp != NULL);
    IoSetCompletionRoutine(irp, Completed, &event, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(irp);
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    EXPECT(KeReadStateEvent(&event) != 0);
    IoFreeIrp(irp);

    EXPECT(NT_SUCCESS(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Thread, &value)));
    EXPECT(NT_SUCCESS(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &thread, NULL)));
    ZwClose(handle);
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
    EXPECT(value == 5);

    old = InterlockedExchangePointer(&s_Event, &event);
    EXPECT(old == NULL);
    old = InterlockedCompareExchangePointer(&s_Event, NULL, &event);
    EXPECT(old == &event && s_Event == NULL);
    return 0;
}
