/* SPDX-License-Identifier: MIT */
/* WskReceiveFrom and WskRelease: the receiving half's functions for clients. */
#include "wsk/wsk_dgram_rx.h"
#include "wsk/wsk_lend.h"

#include "host/host_mem.h"
#include "vrf/vrf_report.h"

/* --- WskReceiveFrom ---------------------------------------------------------------------------- */

static NTSTATUS receive_check_locked(const struct we_wsk_call *call, const WSK_BUF *buffer, ULONG flags,
                                     const struct we_wsk_dgram_wishes *wishes)
{
    struct we_wsk_socket *socket = call->socket;

    if (flags != 0) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_019, &socket->entry,
                                  "WskReceiveFrom of socket %p was called with Flags 0x%x", (void *)socket,
                                  (unsigned)flags);
        return STATUS_INVALID_PARAMETER;
    }
    if (!we_wsk_buf_check(buffer, call->function)) {
        return STATUS_INVALID_PARAMETER;
    }
    if ((wishes->control_length == NULL && wishes->control != NULL) ||
        (wishes->control_length != NULL && (*wishes->control_length != 0) != (wishes->control != NULL))) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_028, &socket->entry,
                                  "WskReceiveFrom of socket %p was called with%s ControlInfo and a ControlLength of %u",
                                  (void *)socket, wishes->control != NULL ? "" : "out",
                                  wishes->control_length != NULL ? (unsigned)*wishes->control_length : 0u);
        return STATUS_INVALID_PARAMETER;
    }
    return we_wsk_dgram_check_bound_locked(socket, call->function) ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_STATE;
}

static NTSTATUS receive_post_locked(struct we_wsk_call *call, const WSK_BUF *buffer,
                                    const struct we_wsk_dgram_wishes *wishes)
{
    struct we_wsk_dgram *dgram = call->socket->dgram;
    struct we_wsk_dgram_wishes *kept = we_host_alloc(sizeof(*kept));

    if (kept == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *kept = *wishes;
    we_wsk_irp_set_buffer(call->irp, buffer, 0);
    we_wsk_irp_give_extra(call->irp, kept);
    dgram->receive_count++;
    dgram->was_refused = false;
    dgram->has_missed = false;
    we_nt_completion_set_after(call->irp, we_wsk_dgram_after_cancelled, call->socket);
    if (!we_wsk_irp_queue_insert_locked(&dgram->receives, call->socket, call->irp)) {
        we_wsk_dgram_irp_finish_locked(call->socket, call->irp, STATUS_CANCELLED, &call->completions);
    }
    we_wsk_dgram_serve_locked(call->socket, &call->completions);
    we_wsk_dgram_rx_kick_locked(call->socket);
    return STATUS_PENDING;
}

NTSTATUS WSKAPI we_wsk_receive_from(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags, PSOCKADDR RemoteAddress,
                                    PULONG ControlLength, PCMSGHDR ControlInfo, PULONG ControlFlags, PIRP Irp)
{
    const struct we_wsk_dgram_wishes wishes = { RemoteAddress, ControlLength, ControlInfo, ControlFlags };
    struct we_wsk_call call;
    NTSTATUS status =
        we_wsk_call_begin_locked(&call, Socket, WE_WSK_CATEGORY_BIT(WE_WSK_DATAGRAM), Irp, false, "WskReceiveFrom");

    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = receive_check_locked(&call, Buffer, Flags, &wishes);
    if (NT_SUCCESS(status)) {
        status = receive_post_locked(&call, Buffer, &wishes);
    }
    we_host_mutex_unlock(&call.socket->lock);
    return NT_SUCCESS(status) ? we_wsk_call_end_pending(&call) : we_wsk_call_end_inline(&call, status, 0);
}

/* --- WskRelease -------------------------------------------------------------------------------- */

NTSTATUS WSKAPI we_wsk_release_datagrams(PWSK_SOCKET Socket, PWSK_DATAGRAM_INDICATION DatagramIndication)
{
    struct we_wsk_call call;
    NTSTATUS status =
        we_wsk_call_begin_locked(&call, Socket, WE_WSK_CATEGORY_BIT(WE_WSK_DATAGRAM), NULL, true, "WskRelease");

    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (!we_wsk_lend_release_locked(call.socket, &call.socket->dgram->shown, &call.socket->dgram->lent,
                                    DatagramIndication)) {
        status = STATUS_INVALID_PARAMETER;
    }
    we_host_mutex_unlock(&call.socket->lock);
    return we_wsk_call_end_inline(&call, status, 0);
}
