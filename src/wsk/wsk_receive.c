/* SPDX-License-Identifier: MIT */
/* WskReceive and WskRelease: the receive side's functions for clients. */
#include "wsk/wsk_conn.h"
#include "wsk/wsk_lend.h"
#include "wsk/wsk_unsupported.h"

#include "vrf/vrf_report.h"

#define FLAGS_KNOWN ((ULONG)(WSK_FLAG_WAITALL | WSK_FLAG_DRAIN))

/* STATUS_SUCCESS when the arguments are right. */
static NTSTATUS receive_check(const struct we_wsk_call *call, const WSK_BUF *buffer, ULONG flags)
{
    if ((flags & ~FLAGS_KNOWN) != 0) {
        we_wsk_unsupported("WskReceive with flags 0x%x", (unsigned)flags);
        (void)we_vrf_report_entry(WE_RULE_SOCK_020, &call->socket->entry,
                                  "WskReceive was called for socket %p with flags 0x%x", (void *)call->socket,
                                  (unsigned)flags);
        return STATUS_NOT_SUPPORTED;
    }
    if (flags == FLAGS_KNOWN) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_020, &call->socket->entry,
                                  "WskReceive was called for socket %p with both WSK_FLAG_WAITALL and WSK_FLAG_DRAIN",
                                  (void *)call->socket);
        return STATUS_INVALID_PARAMETER;
    }
    if (!we_wsk_buf_check(buffer, call->function)) {
        return STATUS_INVALID_PARAMETER;
    }
    if ((flags & WSK_FLAG_DRAIN) != 0 && buffer->Length != 0) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_020, &call->socket->entry,
                                  "WskReceive was called for socket %p with WSK_FLAG_DRAIN and a buffer of %zu bytes",
                                  (void *)call->socket, (size_t)buffer->Length);
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

NTSTATUS WSKAPI we_wsk_receive(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags, PIRP Irp)
{
    struct we_wsk_call call;
    NTSTATUS status = we_wsk_call_begin_locked(&call, Socket, WE_WSK_CONNECTIONS, Irp, false, "WskReceive");

    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = receive_check(&call, Buffer, Flags);
    if (NT_SUCCESS(status) && !we_wsk_conn_check_connected_locked(call.socket, call.function)) {
        status = STATUS_INVALID_DEVICE_STATE;
    }
    if (NT_SUCCESS(status)) {
        we_wsk_irp_set_buffer(call.irp, Buffer, Flags);
        we_wsk_rx_receive_locked(call.socket, call.irp, &call.completions);
    }
    we_host_mutex_unlock(&call.socket->lock);
    return NT_SUCCESS(status) ? we_wsk_call_end_pending(&call) : we_wsk_call_end_inline(&call, status, 0);
}

NTSTATUS WSKAPI we_wsk_release(PWSK_SOCKET Socket, PWSK_DATA_INDICATION DataIndication)
{
    struct we_wsk_call call;
    NTSTATUS status = we_wsk_call_begin_locked(&call, Socket, WE_WSK_CONNECTIONS, NULL, true, "WskRelease");

    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (!we_wsk_lend_release_locked(call.socket, &call.socket->conn->rx.shown, &call.socket->conn->rx.lent,
                                    DataIndication)) {
        status = STATUS_INVALID_PARAMETER;
    }
    we_host_mutex_unlock(&call.socket->lock);
    return we_wsk_call_end_inline(&call, status, 0);
}
