/* SPDX-License-Identifier: MIT */
/* Security: a subject without tokens, and the refusal to make descriptors. */
#include <wdm.h>

#include <string.h>

#include "host/host_log.h"
#include "nt/nt_irql.h"

VOID SeCaptureSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext)
{
    WE_NT_ENTRY(SeCaptureSubjectContext);
    memset(SubjectContext, 0, sizeof(*SubjectContext));
}

VOID SeReleaseSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext)
{
    WE_NT_ENTRY(SeReleaseSubjectContext);
    memset(SubjectContext, 0, sizeof(*SubjectContext));
}

NTSTATUS SeAssignSecurity(PSECURITY_DESCRIPTOR ParentDescriptor, PSECURITY_DESCRIPTOR ExplicitDescriptor,
                          PSECURITY_DESCRIPTOR *NewDescriptor, BOOLEAN IsDirectoryObject,
                          PSECURITY_SUBJECT_CONTEXT SubjectContext, PGENERIC_MAPPING GenericMapping, POOL_TYPE PoolType)
{
    (void)ParentDescriptor;
    (void)ExplicitDescriptor;
    (void)IsDirectoryObject;
    (void)SubjectContext;
    (void)GenericMapping;
    (void)PoolType;
    WE_NT_ENTRY(SeAssignSecurity);
    WE_LOG_ONCE(WE_LOG_WARNING, "SeAssignSecurity: security descriptors are not emulated");
    *NewDescriptor = NULL;
    return STATUS_PRIVILEGE_NOT_HELD;
}

NTSTATUS SeDeassignSecurity(PSECURITY_DESCRIPTOR *SecurityDescriptor)
{
    WE_NT_ENTRY(SeDeassignSecurity);
    if (*SecurityDescriptor != NULL) {
        ExFreePool(*SecurityDescriptor);
        *SecurityDescriptor = NULL;
    }
    return STATUS_SUCCESS;
}
