/* SPDX-License-Identifier: MIT */
/* IoCallDriver: what a sender must have done, and the way into a dispatch routine. */
#include <wdm.h>

#include "nt/io_contract.h"
#include "nt/io_device.h"
#include "nt/io_irp_state.h"
#include "nt/io_request.h"
#include "nt/nt_door.h"
#include "nt/nt_irql.h"
#include "nt/ob_object.h"

/* What Driver Verifier stops with: parameter 1 is 4 for a bad device object. */
#define IOMANAGER_VIOLATION ((ULONG)0x000000C9)

/* IRP-022 and IRP-023: an IRP must come back to its creator. */
static void call_check_own(PIRP irp)
{
    const IO_STACK_LOCATION *next = IoGetNextIrpStackLocation(irp);
    struct we_nt_view view;

    if (next->CompletionRoutine == NULL || (next->Control & WE_IO_INVOKE_ALL) == 0) {
        (void)we_vrf_report(WE_RULE_IRP_022, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IoCallDriver got IRP %p without a completion routine", (void *)irp);
    } else if ((next->Control & WE_IO_INVOKE_ALL) != WE_IO_INVOKE_ALL) {
        (void)we_vrf_report(WE_RULE_IRP_023, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IoCallDriver got IRP %p whose completion routine is called on some outcomes only",
                            (void *)irp);
    }
}

/* False: the IRP cannot be sent, and why was reported. */
static bool call_check(PDEVICE_OBJECT device, PIRP irp)
{
    struct we_nt_view view;

    if (!we_io_irp_is_live(irp)) {
        (void)we_vrf_report(WE_RULE_IRP_012, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IoCallDriver got %p, which is not a live IRP", (void *)irp);
        return false;
    }
    if (!we_ob_is(device, WE_OB_DEVICE)) {
        KeBugCheckEx(IOMANAGER_VIOLATION, 4, (ULONG_PTR)device, 0, 0);
    }
    if (we_io_irp_state(irp) == WE_IRP_SENT || we_io_irp_state(irp) == WE_IRP_COMPLETING) {
        (void)we_vrf_report(WE_RULE_IRP_010, we_nt_view_make(&view, WE_KIND_IRP, irp),
                            "IoCallDriver got IRP %p, which is %s", (void *)irp, we_io_irp_state_text(irp));
        return false;
    }
    (void)we_io_irp_check_cancel(irp, "IoCallDriver");
    if (irp->CurrentLocation <= 1) {
        KeBugCheckEx(NO_MORE_IRP_STACK_LOCATIONS, (ULONG_PTR)irp, 0, 0, 0);
    }
    if (we_io_irp_is_at_top(irp)) {
        if ((we_io_irp_flags(irp) & WE_IRP_MANAGED) != 0) {
            we_io_request_check_sent(irp);
        } else {
            call_check_own(irp);
        }
    }
    return true;
}

NTSTATUS IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct we_nt_frame frame;
    PIO_STACK_LOCATION location;
    PDRIVER_DISPATCH routine;
    unsigned ticket;
    NTSTATUS status;

    WE_NT_ENTRY(IofCallDriver);
    if (!call_check(DeviceObject, Irp)) {
        return STATUS_INVALID_PARAMETER;
    }
    we_io_irp_step_down(Irp);
    location = IoGetCurrentIrpStackLocation(Irp);
    location->DeviceObject = DeviceObject;
    we_io_irp_set_state(Irp, WE_IRP_DISPATCHED);
    routine = location->MajorFunction <= IRP_MJ_MAXIMUM_FUNCTION
                  ? DeviceObject->DriverObject->MajorFunction[location->MajorFunction]
                  : we_io_default_dispatch;
    ticket = we_io_contract_enter(Irp);
    we_nt_door_enter(&frame, WE_DOOR_DISPATCH, (const void *)(ULONG_PTR)routine, DeviceObject);
    status = routine(DeviceObject, Irp);
    we_nt_door_leave(&frame);
    we_io_contract_leave(ticket, routine, status);
    we_io_contract_sent_on(Irp, status);
    return status;
}
