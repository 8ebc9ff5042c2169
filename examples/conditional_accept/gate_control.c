/* SPDX-License-Identifier: MIT */
/* The driver's device: an administrator asks it for the status and gives it other rules.
 *
 * What comes from an application is input like any other: lengths are compared before anything is read, and a policy that
 * the driver could not work with is refused as a whole. */
#include "gate_private.h"

static DRIVER_DISPATCH DispatchOpenClose;
static DRIVER_DISPATCH DispatchControl;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(PAGE, DispatchOpenClose)
#pragma alloc_text(PAGE, GateControlStart)
#pragma alloc_text(PAGE, GateControlStop)
#endif

static NTSTATUS Complete(_Inout_ PIRP Irp, _In_ NTSTATUS Status, _In_ ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

_Use_decl_annotations_
static NTSTATUS DispatchOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    PAGED_CODE();
    return Complete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS QueryStatus(_Inout_ PIRP Irp, _In_ ULONG OutputLength)
{
    if (OutputLength < sizeof(GATE_STATUS)) {
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    GateQueryStatus((PGATE_STATUS)Irp->AssociatedIrp.SystemBuffer);
    return Complete(Irp, STATUS_SUCCESS, sizeof(GATE_STATUS));
}

static BOOLEAN IsPolicyValid(_In_ CONST GATE_POLICY *Policy)
{
    ULONG i;

    if (Policy->RuleCount > GATE_MAX_RULES || (ULONG)Policy->Default > GateReject) {
        return FALSE;
    }
    for (i = 0; i < Policy->RuleCount; i++) {
        CONST GATE_RULE *rule = &Policy->Rules[i];

        if ((rule->Family != AF_INET && rule->Family != AF_INET6) || (ULONG)rule->Action > GateReject ||
            rule->PrefixLength > (rule->Family == AF_INET ? 32 : 128)) {
            return FALSE;
        }
    }
    return TRUE;
}

static NTSTATUS SetPolicies(_Inout_ PIRP Irp, _In_ ULONG InputLength)
{
    CONST GATE_POLICIES *policies = (CONST GATE_POLICIES *)Irp->AssociatedIrp.SystemBuffer;

    if (InputLength != sizeof(*policies)) {
        return Complete(Irp, STATUS_INFO_LENGTH_MISMATCH, 0);
    }
    if ((policies->HasAdmission && !IsPolicyValid(&policies->Admission)) ||
        (policies->HasAuthority && !IsPolicyValid(&policies->Authority))) {
        return Complete(Irp, STATUS_INVALID_PARAMETER, 0);
    }
    return Complete(Irp,
                    GateSetPolicies(policies->HasAdmission ? &policies->Admission : NULL,
                                    policies->HasAuthority ? &policies->Authority : NULL),
                    0);
}

_Use_decl_annotations_
static NTSTATUS DispatchControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(Irp);

    UNREFERENCED_PARAMETER(DeviceObject);
    switch (location->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_GATE_QUERY_STATUS:
        return QueryStatus(Irp, location->Parameters.DeviceIoControl.OutputBufferLength);
    case IOCTL_GATE_SET_POLICIES:
        return SetPolicies(Irp, location->Parameters.DeviceIoControl.InputBufferLength);
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

_Use_decl_annotations_
NTSTATUS GateControlStart(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING deviceName = RTL_CONSTANT_STRING(GATE_DEVICE_NAME);
    UNICODE_STRING linkName = RTL_CONSTANT_STRING(GATE_LINK_NAME);

    PAGED_CODE();
    DriverObject->MajorFunction[IRP_MJ_CREATE] = DispatchOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = DispatchOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = DispatchOpenClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DispatchControl;
    return IoCreateSymbolicLink(&linkName, &deviceName);
}

_Use_decl_annotations_
VOID GateControlStop(VOID)
{
    UNICODE_STRING linkName = RTL_CONSTANT_STRING(GATE_LINK_NAME);

    PAGED_CODE();
    (VOID) IoDeleteSymbolicLink(&linkName);
}
