/* SPDX-License-Identifier: MIT */
/* Object references and handles. */
#ifndef WSK_EMU_WDK_OB_H
#define WSK_EMU_WDK_OB_H

#include "base.h"
#include "irql.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _OBJECT_HANDLE_INFORMATION {
    ULONG HandleAttributes;
    ACCESS_MASK GrantedAccess;
} OBJECT_HANDLE_INFORMATION, *POBJECT_HANDLE_INFORMATION;

/* Handles of threads are known; the object type is compared if it is given. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI NTSTATUS ObReferenceObjectByHandle(_In_ HANDLE Handle,
    _In_ ACCESS_MASK DesiredAccess, _In_opt_ POBJECT_TYPE ObjectType, _In_ KPROCESSOR_MODE AccessMode,
    _Out_ PVOID *Object, _Out_opt_ POBJECT_HANDLE_INFORMATION HandleInformation);

#if !defined(__cplusplus) && !defined(WSK_EMU_NO_CAST_MACROS)
/* Drivers hand in pointers to pointers of the object's own type. */
#define ObReferenceObjectByHandle(Handle, DesiredAccess, ObjectType, AccessMode, Object, HandleInformation)            \
    ObReferenceObjectByHandle(Handle, DesiredAccess, ObjectType, AccessMode, (PVOID *)(Object), HandleInformation)
#endif

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI NTSTATUS ObReferenceObjectByPointer(_In_ PVOID Object,
    _In_ ACCESS_MASK DesiredAccess, _In_opt_ POBJECT_TYPE ObjectType, _In_ KPROCESSOR_MODE AccessMode);

/* What ObReferenceObject and ObDereferenceObject stand for. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI LONG_PTR FASTCALL ObfReferenceObject(_In_ PVOID Object);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI LONG_PTR FASTCALL ObfDereferenceObject(_In_ PVOID Object);

#define ObReferenceObject ObfReferenceObject
#define ObDereferenceObject ObfDereferenceObject
#define ObReferenceObjectWithTag(Object, Tag) ObfReferenceObject(Object)
#define ObDereferenceObjectWithTag(Object, Tag) ObfDereferenceObject(Object)
#define ObReferenceObjectByHandleWithTag(                                                                              \
    Handle, DesiredAccess, ObjectType, AccessMode, Tag, Object, HandleInformation)                                     \
    ObReferenceObjectByHandle(Handle, DesiredAccess, ObjectType, AccessMode, Object, HandleInformation)

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID ObDereferenceObjectDeferDelete(_In_ PVOID Object);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI ZwClose(_In_ HANDLE Handle);

#ifdef __cplusplus
}
#endif

#endif
