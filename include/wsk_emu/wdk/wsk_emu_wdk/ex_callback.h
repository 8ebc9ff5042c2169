/* SPDX-License-Identifier: MIT */
/* Callback objects: one driver tells others of what happens, under a name. */
#ifndef WSK_EMU_WDK_EX_CALLBACK_H
#define WSK_EMU_WDK_EX_CALLBACK_H

#include "base.h"
#include "irql.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _CALLBACK_OBJECT *PCALLBACK_OBJECT;

_Function_class_(CALLBACK_FUNCTION) _IRQL_requires_same_ typedef VOID CALLBACK_FUNCTION(
    _In_opt_ PVOID CallbackContext, _In_opt_ PVOID Argument1, _In_opt_ PVOID Argument2);
typedef CALLBACK_FUNCTION *PCALLBACK_FUNCTION;

/* Opens the object of this name, "\Callback\Name", or makes it (Create). The caller gets a reference, for
 * ObDereferenceObject. Only with OBJ_PERMANENT can others open it by its name, until the kernel stops.
 * AllowMultipleCallbacks counts for a new object. STATUS_UNSUCCESSFUL: no name. STATUS_OBJECT_NAME_NOT_FOUND;
 * STATUS_OBJECT_PATH_NOT_FOUND: another folder; STATUS_OBJECT_PATH_SYNTAX_BAD: no absolute name;
 * STATUS_INSUFFICIENT_RESOURCES. */
_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_ NTKERNELAPI NTSTATUS ExCreateCallback(
    _Outptr_ PCALLBACK_OBJECT *CallbackObject, _In_ POBJECT_ATTRIBUTES ObjectAttributes, _In_ BOOLEAN Create,
    _In_ BOOLEAN AllowMultipleCallbacks);

/* NULL: no memory, or the object has a routine and allows one. Ended by ExUnregisterCallback; holds a reference. */
_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_ NTKERNELAPI PVOID ExRegisterCallback(
    _Inout_ PCALLBACK_OBJECT CallbackObject, _In_ PCALLBACK_FUNCTION CallbackFunction, _In_opt_ PVOID CallbackContext);

/* Returns when the routine does not run any more; so not in the routine itself. */
_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID ExUnregisterCallback(_Inout_ PVOID CallbackRegistration);

/* Calls the routines in the order of registration, at the caller's IRQL. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID ExNotifyCallback(
    _In_ PVOID CallbackObject, _In_opt_ PVOID Argument1, _In_opt_ PVOID Argument2);

#ifdef __cplusplus
}
#endif

#endif
