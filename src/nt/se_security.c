/* SPDX-License-Identifier: MIT */
/* Security: subjects without tokens, and the descriptor that the system gives to what it makes. */
#include <wdm.h>

#include <stddef.h>
#include <string.h>

#include "host/host_log.h"
#include "nt/nt_irql.h"

#define DESCRIPTOR_TAG 'dSeS'

/* One piece of memory, whose offsets are those of its members. */
struct descriptor {
    SECURITY_DESCRIPTOR_RELATIVE header;
    SID owner;
    SID group;
    ACL dacl;
    ACE_HEADER ace;
    ACCESS_MASK ace_mask;
    SID ace_sid;
};
WSK_EMU_CHECK_SIZE(struct descriptor, 72);

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

static void descriptor_fill(struct descriptor *descriptor, ACCESS_MASK all)
{
    static const SID system = { SID_REVISION, 1, { { 0, 0, 0, 0, 0, 5 } }, { SECURITY_LOCAL_SYSTEM_RID } };

    memset(descriptor, 0, sizeof(*descriptor));
    descriptor->header.Revision = SECURITY_DESCRIPTOR_REVISION;
    descriptor->header.Control = SE_SELF_RELATIVE | SE_DACL_PRESENT;
    descriptor->header.Owner = (ULONG)offsetof(struct descriptor, owner);
    descriptor->header.Group = (ULONG)offsetof(struct descriptor, group);
    descriptor->header.Dacl = (ULONG)offsetof(struct descriptor, dacl);
    descriptor->owner = system;
    descriptor->group = system;
    descriptor->dacl.AclRevision = ACL_REVISION;
    descriptor->dacl.AclSize = (USHORT)(sizeof(*descriptor) - offsetof(struct descriptor, dacl));
    descriptor->dacl.AceCount = 1;
    descriptor->ace.AceType = ACCESS_ALLOWED_ACE_TYPE;
    descriptor->ace.AceSize = (USHORT)(sizeof(*descriptor) - offsetof(struct descriptor, ace));
    descriptor->ace_mask = all;
    descriptor->ace_sid = system;
}

NTSTATUS SeAssignSecurity(PSECURITY_DESCRIPTOR ParentDescriptor, PSECURITY_DESCRIPTOR ExplicitDescriptor,
                          PSECURITY_DESCRIPTOR *NewDescriptor, BOOLEAN IsDirectoryObject,
                          PSECURITY_SUBJECT_CONTEXT SubjectContext, PGENERIC_MAPPING GenericMapping, POOL_TYPE PoolType)
{
    struct descriptor *descriptor;

    (void)IsDirectoryObject;
    (void)SubjectContext;
    WE_NT_ENTRY(SeAssignSecurity);
    *NewDescriptor = NULL;
    if (ParentDescriptor != NULL || ExplicitDescriptor != NULL) {
        WE_LOG_ONCE(WE_LOG_WARNING, "SeAssignSecurity: a descriptor cannot be made of others");
        return STATUS_PRIVILEGE_NOT_HELD;
    }
    descriptor = ExAllocatePoolWithTag(PoolType, sizeof(*descriptor), DESCRIPTOR_TAG);
    if (descriptor == NULL) {
        return STATUS_NO_MEMORY;
    }
    descriptor_fill(descriptor, GenericMapping->GenericAll);
    *NewDescriptor = descriptor;
    return STATUS_SUCCESS;
}

NTSTATUS SeDeassignSecurity(PSECURITY_DESCRIPTOR *SecurityDescriptor)
{
    WE_NT_ENTRY(SeDeassignSecurity);
    if (*SecurityDescriptor != NULL) {
        ExFreePoolWithTag(*SecurityDescriptor, DESCRIPTOR_TAG);
        *SecurityDescriptor = NULL;
    }
    return STATUS_SUCCESS;
}
