/* SPDX-License-Identifier: MIT */
/* Interrupt request levels, critical and guarded regions, PAGED_CODE. */
#ifndef WSK_EMU_WDK_IRQL_H
#define WSK_EMU_WDK_IRQL_H

#include "../ntdef.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef UCHAR KIRQL, *PKIRQL;

#define PASSIVE_LEVEL  0
#define LOW_LEVEL      0
#define APC_LEVEL      1
#define DISPATCH_LEVEL 2
#define CMCI_LEVEL     5
#define CLOCK_LEVEL    13
#define IPI_LEVEL      14
#define DRS_LEVEL      14
#define POWER_LEVEL    14
#define PROFILE_LEVEL  15
#define HIGH_LEVEL     15

_IRQL_requires_max_(HIGH_LEVEL) NTKERNELAPI KIRQL KeGetCurrentIrql(VOID);

_IRQL_requires_max_(HIGH_LEVEL) _IRQL_raises_(NewIrql) _IRQL_saves_ NTKERNELAPI KIRQL KfRaiseIrql(_In_ KIRQL NewIrql);

_IRQL_requires_max_(HIGH_LEVEL) _IRQL_raises_(NewIrql) NTKERNELAPI VOID KeRaiseIrql(
    _In_ KIRQL NewIrql, _Out_ _At_(*OldIrql, _IRQL_saves_) PKIRQL OldIrql);

_IRQL_requires_max_(DISPATCH_LEVEL) _IRQL_raises_(DISPATCH_LEVEL) _IRQL_saves_ NTKERNELAPI KIRQL
KeRaiseIrqlToDpcLevel(VOID);

_IRQL_requires_max_(HIGH_LEVEL) NTKERNELAPI VOID KeLowerIrql(_In_ _IRQL_restores_ KIRQL NewIrql);

_IRQL_requires_max_(HIGH_LEVEL) NTKERNELAPI VOID KfLowerIrql(_In_ _IRQL_restores_ KIRQL NewIrql);

#define KeRaiseIrqlToSynchLevel() KfRaiseIrql(DISPATCH_LEVEL)

/*
 * Regions in which APCs are off. APCs are counted, not delivered.
 */
_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID KeEnterCriticalRegion(VOID);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID KeLeaveCriticalRegion(VOID);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID KeEnterGuardedRegion(VOID);

_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID KeLeaveGuardedRegion(VOID);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI BOOLEAN KeAreApcsDisabled(VOID);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI BOOLEAN KeAreAllApcsDisabled(VOID);

#define FsRtlEnterFileSystem() KeEnterCriticalRegion()
#define FsRtlExitFileSystem() KeLeaveCriticalRegion()

/*
 * Called by PAGED_CODE above APC_LEVEL, in debug and in release builds alike. Reports the breach and returns.
 */
VOID wsk_emu_paged_code_violation(PCSTR file, ULONG line);

#define PAGED_CODE()                                                                                                   \
    {                                                                                                                  \
        if (KeGetCurrentIrql() > APC_LEVEL) {                                                                          \
            wsk_emu_paged_code_violation(__FILE__, (ULONG)__LINE__);                                                   \
        }                                                                                                              \
    }
#define PAGED_CODE_LOCKED() NOP_FUNCTION

#ifdef __cplusplus
}
#endif

#endif
