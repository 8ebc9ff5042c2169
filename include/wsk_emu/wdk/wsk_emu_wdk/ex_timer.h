/* SPDX-License-Identifier: MIT */
/* Timers that the system allocates: with a callback, and periods in units of 100 ns. */
#ifndef WSK_EMU_WDK_EX_TIMER_H
#define WSK_EMU_WDK_EX_TIMER_H

#include "base.h"
#include "irql.h"
#include "rtl.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Can be waited for, by its pointer. */
typedef struct _EX_TIMER EX_TIMER, *PEX_TIMER;

#define EX_TIMER_HIGH_RESOLUTION 4          /* relative times only, and not with the next one */
#define EX_TIMER_NO_WAKE         8
#define EX_TIMER_NOTIFICATION    0x80000000 /* else a wait clears the signal */

#define EX_TIMER_UNLIMITED_TOLERANCE ((LONGLONG)-1)

_Function_class_(EXT_CALLBACK) _IRQL_requires_(DISPATCH_LEVEL) _IRQL_requires_same_ typedef VOID EXT_CALLBACK(
    _In_ PEX_TIMER Timer, _In_opt_ PVOID Context);
typedef EXT_CALLBACK *PEXT_CALLBACK;

_Function_class_(EXT_DELETE_CALLBACK) _IRQL_requires_(DISPATCH_LEVEL) _IRQL_requires_same_ typedef VOID EXT_DELETE_CALLBACK(
    _In_opt_ PVOID Context);
typedef EXT_DELETE_CALLBACK *PEXT_DELETE_CALLBACK;

typedef struct _EXT_SET_PARAMETERS_V0 {
    ULONG Version;
    ULONG Reserved;
    LONGLONG NoWakeTolerance;
} EXT_SET_PARAMETERS, *PEXT_SET_PARAMETERS;

typedef struct _EXT_DELETE_PARAMETERS {
    ULONG Version;
    ULONG Reserved;
    PEXT_DELETE_CALLBACK DeleteCallback;
    PVOID DeleteContext;
} EXT_DELETE_PARAMETERS, *PEXT_DELETE_PARAMETERS;

typedef struct _EXT_CANCEL_PARAMETERS EXT_CANCEL_PARAMETERS, *PEXT_CANCEL_PARAMETERS;

static FORCEINLINE VOID ExInitializeSetTimerParameters(_Out_ PEXT_SET_PARAMETERS Parameters)
{
    RtlZeroMemory(Parameters, sizeof(*Parameters));
}

static FORCEINLINE VOID ExInitializeDeleteTimerParameters(_Out_ PEXT_DELETE_PARAMETERS Parameters)
{
    RtlZeroMemory(Parameters, sizeof(*Parameters));
}

/* NULL: no memory, or attributes that Windows answers with a bug check (reported). Ended by ExDeleteTimer. Without a
 * Callback the timer can only be waited for. */
_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTKERNELAPI PEX_TIMER ExAllocateTimer(
    _In_opt_ PEXT_CALLBACK Callback, _In_opt_ PVOID CallbackContext, _In_ ULONG Attributes);

/* DueTime in 100 ns: negative from now on, positive in system time; Period in 100 ns up to MAXLONG, 0: once. TRUE: it was
 * set already and is set anew. FALSE also for a timer that is being deleted, which stays as it is. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI BOOLEAN ExSetTimer(_In_ PEX_TIMER Timer, _In_ LONGLONG DueTime,
    _In_ LONGLONG Period, _In_opt_ PEXT_SET_PARAMETERS Parameters);

/* TRUE: it was set, and no callback comes any more. A callback that runs goes on. Parameters must be NULL. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI BOOLEAN ExCancelTimer(
    _Inout_ PEX_TIMER Timer, _In_opt_ PEXT_CANCEL_PARAMETERS Parameters);

/* Cancel: no further expiry; else a timer that is set expires once more. Wait (only with Cancel, up to APC_LEVEL, not in
 * the timer's own callback): returns when callback and delete callback have returned. TRUE: Cancel, and it was set. The
 * pointer is dead afterwards, but in callbacks that still run. */
_When_(Wait == TRUE, _IRQL_requires_max_(APC_LEVEL)) _When_(Wait == FALSE, _IRQL_requires_max_(DISPATCH_LEVEL))
NTKERNELAPI BOOLEAN ExDeleteTimer(_In_ PEX_TIMER Timer, _In_ BOOLEAN Cancel, _In_ BOOLEAN Wait,
    _In_opt_ PEXT_DELETE_PARAMETERS Parameters);

#ifdef __cplusplus
}
#endif

#endif
