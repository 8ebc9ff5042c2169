/* SPDX-License-Identifier: MIT */
/* Requests that drivers build for other devices, what they ask a request about its sender, and shutdown notifications. */
#ifndef WSK_EMU_WDK_IO_BUILD_H
#define WSK_EMU_WDK_IO_BUILD_H

#include "io.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Building. NULL: memory is short, or there is no memory where a buffer is said to be.
 */
/* The I/O manager ends and frees the IRP, stores its status in *IoStatusBlock and sets Event, so it must be sent, at
 * PASSIVE_LEVEL, and waited for when the call returns STATUS_PENDING. The buffers arrive as the code's method says. */
_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_ NTKERNELAPI PIRP IoBuildDeviceIoControlRequest(
    _In_ ULONG IoControlCode, _In_ PDEVICE_OBJECT DeviceObject, _In_opt_ PVOID InputBuffer,
    _In_ ULONG InputBufferLength, _Out_opt_ PVOID OutputBuffer, _In_ ULONG OutputBufferLength,
    _In_ BOOLEAN InternalDeviceIoControl, _In_opt_ PKEVENT Event, _Out_ PIO_STATUS_BLOCK IoStatusBlock);

/* The same for IRP_MJ_READ, IRP_MJ_WRITE, IRP_MJ_FLUSH_BUFFERS, IRP_MJ_SHUTDOWN, IRP_MJ_PNP. Buffers as the device's flags
 * say. */
_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_ NTKERNELAPI PIRP IoBuildSynchronousFsdRequest(
    _In_ ULONG MajorFunction, _In_ PDEVICE_OBJECT DeviceObject, _Inout_opt_ PVOID Buffer, _In_opt_ ULONG Length,
    _In_opt_ PLARGE_INTEGER StartingOffset, _In_ PKEVENT Event, _Out_ PIO_STATUS_BLOCK IoStatusBlock);

/* The caller's own IRP, as from IoAllocateIrp: its completion routine unlocks and frees the MDL, or frees the system buffer
 * (IRP_DEALLOCATE_BUFFER), then the IRP, and returns STATUS_MORE_PROCESSING_REQUIRED. */
_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_ NTKERNELAPI PIRP IoBuildAsynchronousFsdRequest(
    _In_ ULONG MajorFunction, _In_ PDEVICE_OBJECT DeviceObject, _Inout_opt_ PVOID Buffer, _In_opt_ ULONG Length,
    _In_opt_ PLARGE_INTEGER StartingOffset, _In_opt_ PIO_STATUS_BLOCK IoStatusBlock);

/*
 * Who asks.
 */
/* TRUE: the sender waits, so the request may block. */
NTKERNELAPI BOOLEAN IoIsOperationSynchronous(_In_ PIRP Irp);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI PEPROCESS IoGetRequestorProcess(_In_ PIRP Irp);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI ULONG IoGetRequestorProcessId(_In_ PIRP Irp);

/* STATUS_UNSUCCESSFUL: the request has no thread. *pSessionId is 0: there is one session. */
_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI NTSTATUS IoGetRequestorSessionId(_In_ PIRP Irp, _Out_ PULONG pSessionId);

/* FALSE: every process has 64 bits. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI BOOLEAN IoIs32bitProcess(_In_opt_ PIRP Irp);

/* Whether the handle of a control request was opened for FILE_READ_ACCESS or FILE_WRITE_ACCESS; for codes that say
 * FILE_ANY_ACCESS. STATUS_ACCESS_DENIED; STATUS_INVALID_PARAMETER: no such access. */
NTKERNELAPI NTSTATUS IoValidateDeviceIoControlAccess(_In_ PIRP Irp, _In_ ULONG RequiredAccess);

#define IoGetFunctionCodeFromCtlCode(ControlCode) ((ControlCode >> 2) & 0x00000FFF)

/*
 * Shutdown: wsk_emu_stop sends IRP_MJ_SHUTDOWN to what is registered, the last registered first. IoDeleteDevice takes a
 * registration back.
 */
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI NTSTATUS IoRegisterShutdownNotification(
    _In_ PDEVICE_OBJECT DeviceObject);

/* After all of the others. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI NTSTATUS IoRegisterLastChanceShutdownNotification(
    _In_ PDEVICE_OBJECT DeviceObject);

_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI VOID IoUnregisterShutdownNotification(_In_ PDEVICE_OBJECT DeviceObject);

#ifdef __cplusplus
}
#endif

#endif
