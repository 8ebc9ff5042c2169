/* SPDX-License-Identifier: MIT */
/* Security: subjects and descriptors. Nobody is refused anything here, and no descriptor is made. */
#ifndef WSK_EMU_WDK_SE_H
#define WSK_EMU_WDK_SE_H

#include "base.h"
#include "ex.h"
#include "irql.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _GENERIC_MAPPING {
    ACCESS_MASK GenericRead;
    ACCESS_MASK GenericWrite;
    ACCESS_MASK GenericExecute;
    ACCESS_MASK GenericAll;
} GENERIC_MAPPING, *PGENERIC_MAPPING;

typedef enum _SECURITY_IMPERSONATION_LEVEL {
    SecurityAnonymous,
    SecurityIdentification,
    SecurityImpersonation,
    SecurityDelegation
} SECURITY_IMPERSONATION_LEVEL, *PSECURITY_IMPERSONATION_LEVEL;

typedef struct _SECURITY_SUBJECT_CONTEXT {
    PACCESS_TOKEN ClientToken;
    SECURITY_IMPERSONATION_LEVEL ImpersonationLevel;
    PACCESS_TOKEN PrimaryToken;
    PVOID ProcessAuditId;
} SECURITY_SUBJECT_CONTEXT, *PSECURITY_SUBJECT_CONTEXT;
WSK_EMU_CHECK_SIZE(SECURITY_SUBJECT_CONTEXT, 0x20);

/* The subject of the system process: no client, no tokens. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI VOID SeCaptureSubjectContext(
    _Out_ PSECURITY_SUBJECT_CONTEXT SubjectContext);

_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI VOID SeReleaseSubjectContext(
    _Inout_ PSECURITY_SUBJECT_CONTEXT SubjectContext);

/* Always STATUS_PRIVILEGE_NOT_HELD: descriptors are not emulated. *NewDescriptor is NULL then. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI NTSTATUS SeAssignSecurity(_In_opt_ PSECURITY_DESCRIPTOR ParentDescriptor,
    _In_opt_ PSECURITY_DESCRIPTOR ExplicitDescriptor, _Out_ PSECURITY_DESCRIPTOR *NewDescriptor,
    _In_ BOOLEAN IsDirectoryObject, _In_ PSECURITY_SUBJECT_CONTEXT SubjectContext,
    _In_ PGENERIC_MAPPING GenericMapping, _In_ POOL_TYPE PoolType);

/* Frees what SeAssignSecurity gave; NULL in *SecurityDescriptor is allowed. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI NTSTATUS SeDeassignSecurity(
    _Inout_ PSECURITY_DESCRIPTOR *SecurityDescriptor);

#ifdef __cplusplus
}
#endif

#endif
