/* SPDX-License-Identifier: MIT */
/* The driver framework is not emulated. Its handles have names, so that a source which only mentions them compiles; a call
 * of one of its functions stops the compiler with a sentence that says so. */
#ifndef WSK_EMU_WDK_WDF_H
#define WSK_EMU_WDK_WDF_H

#include "wdftypes.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WSK_EMU_NO_FRAMEWORK_TEXT "the driver framework (WDF) is not emulated: see docs/compiling.md, section Headers"
#if __has_attribute(__error__)
#define WSK_EMU_NO_FRAMEWORK __attribute__((__error__(WSK_EMU_NO_FRAMEWORK_TEXT)))
#else
#define WSK_EMU_NO_FRAMEWORK __attribute__((__unavailable__(WSK_EMU_NO_FRAMEWORK_TEXT)))
#endif

NTSTATUS WdfDriverCreate(PDRIVER_OBJECT, PCUNICODE_STRING, ...) WSK_EMU_NO_FRAMEWORK;
NTSTATUS WdfDeviceCreate(PVOID, ...) WSK_EMU_NO_FRAMEWORK;
NTSTATUS WdfDeviceCreateSymbolicLink(WDFDEVICE, ...) WSK_EMU_NO_FRAMEWORK;
PDEVICE_OBJECT WdfDeviceWdmGetDeviceObject(WDFDEVICE) WSK_EMU_NO_FRAMEWORK;
PDRIVER_OBJECT WdfDriverWdmGetDriverObject(WDFDRIVER) WSK_EMU_NO_FRAMEWORK;
NTSTATUS WdfIoQueueCreate(WDFDEVICE, ...) WSK_EMU_NO_FRAMEWORK;
NTSTATUS WdfObjectCreate(PVOID, ...) WSK_EMU_NO_FRAMEWORK;
VOID WdfObjectDelete(WDFOBJECT) WSK_EMU_NO_FRAMEWORK;
NTSTATUS WdfMemoryCreate(PVOID, ...) WSK_EMU_NO_FRAMEWORK;
VOID WdfRequestComplete(WDFREQUEST, NTSTATUS) WSK_EMU_NO_FRAMEWORK;
VOID WdfRequestCompleteWithInformation(WDFREQUEST, NTSTATUS, ULONG_PTR) WSK_EMU_NO_FRAMEWORK;
NTSTATUS WdfRequestRetrieveInputBuffer(WDFREQUEST, ...) WSK_EMU_NO_FRAMEWORK;
NTSTATUS WdfRequestRetrieveOutputBuffer(WDFREQUEST, ...) WSK_EMU_NO_FRAMEWORK;
NTSTATUS WdfSpinLockCreate(PVOID, ...) WSK_EMU_NO_FRAMEWORK;
VOID WdfSpinLockAcquire(WDFSPINLOCK) WSK_EMU_NO_FRAMEWORK;
VOID WdfSpinLockRelease(WDFSPINLOCK) WSK_EMU_NO_FRAMEWORK;
NTSTATUS WdfWaitLockCreate(PVOID, ...) WSK_EMU_NO_FRAMEWORK;
NTSTATUS WdfTimerCreate(PVOID, ...) WSK_EMU_NO_FRAMEWORK;
NTSTATUS WdfWorkItemCreate(PVOID, ...) WSK_EMU_NO_FRAMEWORK;

#ifdef __cplusplus
}
#endif

#endif
