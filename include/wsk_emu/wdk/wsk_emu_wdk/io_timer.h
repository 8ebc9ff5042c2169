/* SPDX-License-Identifier: MIT */
/* The timer of a device: a routine that is called once a second. */
#ifndef WSK_EMU_WDK_IO_TIMER_H
#define WSK_EMU_WDK_IO_TIMER_H

#include "base.h"
#include "io.h"
#include "irql.h"

#ifdef __cplusplus
extern "C" {
#endif

_Function_class_(IO_TIMER_ROUTINE) _IRQL_requires_(DISPATCH_LEVEL) _IRQL_requires_same_ typedef VOID IO_TIMER_ROUTINE(
    _In_ struct _DEVICE_OBJECT *DeviceObject, _In_opt_ PVOID Context);
typedef IO_TIMER_ROUTINE *PIO_TIMER_ROUTINE;

/* Once for each device. Until IoStartTimer nothing is called; IoDeleteDevice ends the timer. STATUS_INVALID_PARAMETER: no
 * routine. STATUS_INVALID_DEVICE_REQUEST: the device has a timer already (reported). STATUS_INSUFFICIENT_RESOURCES. */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTKERNELAPI NTSTATUS IoInitializeTimer(
    _In_ PDEVICE_OBJECT DeviceObject, _In_ PIO_TIMER_ROUTINE TimerRoutine, _In_opt_ __drv_aliasesMem PVOID Context);

/* The first call comes a second later. One that is started already goes on as it was. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID IoStartTimer(_In_ PDEVICE_OBJECT DeviceObject);

/* A routine that runs goes on; IoStartTimer may follow. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID IoStopTimer(_In_ PDEVICE_OBJECT DeviceObject);

#ifdef __cplusplus
}
#endif

#endif
