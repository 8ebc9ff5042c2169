/* SPDX-License-Identifier: MIT */
/* Security: subjects and descriptors. Every subject is the system, and nobody is refused anything. */
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

/*
 * Descriptors, self-relative: offsets count from the beginning of the descriptor.
 */
#define SECURITY_DESCRIPTOR_REVISION 1
#define SE_DACL_PRESENT              0x0004
#define SE_SELF_RELATIVE             0x8000
#define ACL_REVISION                 2
#define ACCESS_ALLOWED_ACE_TYPE      0
#define SID_REVISION                 1
#define SECURITY_LOCAL_SYSTEM_RID    0x00000012

typedef USHORT SECURITY_DESCRIPTOR_CONTROL, *PSECURITY_DESCRIPTOR_CONTROL;

typedef struct _SECURITY_DESCRIPTOR_RELATIVE {
    UCHAR Revision;
    UCHAR Sbz1;
    SECURITY_DESCRIPTOR_CONTROL Control;
    ULONG Owner;
    ULONG Group;
    ULONG Sacl;
    ULONG Dacl;
} SECURITY_DESCRIPTOR_RELATIVE, *PISECURITY_DESCRIPTOR_RELATIVE;

typedef struct _SID_IDENTIFIER_AUTHORITY {
    UCHAR Value[6];
} SID_IDENTIFIER_AUTHORITY, *PSID_IDENTIFIER_AUTHORITY;

typedef struct _SID {
    UCHAR Revision;
    UCHAR SubAuthorityCount;
    SID_IDENTIFIER_AUTHORITY IdentifierAuthority;
    ULONG SubAuthority[1];
} SID, *PISID;

typedef struct _ACL {
    UCHAR AclRevision;
    UCHAR Sbz1;
    USHORT AclSize;
    USHORT AceCount;
    USHORT Sbz2;
} ACL, *PACL;

typedef struct _ACE_HEADER {
    UCHAR AceType;
    UCHAR AceFlags;
    USHORT AceSize;
} ACE_HEADER, *PACE_HEADER;

typedef struct _ACCESS_ALLOWED_ACE {
    ACE_HEADER Header;
    ACCESS_MASK Mask;
    ULONG SidStart;
} ACCESS_ALLOWED_ACE, *PACCESS_ALLOWED_ACE;

/* The descriptor of what the system makes without saying how: it belongs to the system, which may do everything. One that
 * is to be made of ParentDescriptor or ExplicitDescriptor fails with STATUS_PRIVILEGE_NOT_HELD: that is not emulated.
 * STATUS_NO_MEMORY. On failure *NewDescriptor is NULL. */
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
