/* SPDX-License-Identifier: MIT */
/* The sending half of datagram sockets: WskSendTo and WskSendMessages. */
#include <string.h>

#include "wsk/wsk_addr.h"
#include "wsk/wsk_dgram.h"
#include "wsk/wsk_status.h"

#include "base/base_assert.h"
#include "host/host_mem.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A request is a row of messages: one for WskSendTo, the nodes of the list for WskSendMessages. The IRP stands at one of
 * them; what is left of it, and the nodes behind it, is still to go. With a segment size a message goes in pieces, each
 * a datagram, several of which the network may take at once. All of it is sent on the caller's thread, straight from the
 * client's memory, unless the network has no room: then the request waits in order for WRITABLE, and what was said about
 * it in the call is kept with the IRP.
 */

#define IOV_MAX_COUNT WE_HOST_DGRAM_IOV_MAX

/* What a request is about, besides the IRP's bytes. */
struct send {
    struct we_host_dgram dgram;
    const WSK_BUF_LIST *next; /* messages behind the one that the IRP stands at */
    ULONG segment_bytes;      /* 0: each message is one datagram */
};

/* --- one datagram ------------------------------------------------------------------------------- */

/* Cuts the description of the IRP's bytes to length_bytes; false when it does not reach so far. */
static bool iov_cut(struct we_host_iov *iov, unsigned *count, size_t length_bytes)
{
    size_t bytes = 0;
    unsigned i;

    for (i = 0; i < *count && bytes < length_bytes; i++) {
        if (iov[i].length_bytes > length_bytes - bytes) {
            iov[i].length_bytes = length_bytes - bytes;
        }
        bytes += iov[i].length_bytes;
    }
    *count = i;
    return bytes == length_bytes;
}

/* A chain of more MDLs than the network takes pieces: its bytes are gathered first. */
static enum we_err send_gathered_locked(struct we_wsk_socket *socket, PIRP irp, const struct send *send,
                                        size_t length_bytes)
{
    const struct we_wsk_request kept = *we_wsk_irp_request(irp);
    size_t kept_done_bytes = we_wsk_irp_done_bytes(irp);
    struct we_host_iov iov[IOV_MAX_COUNT];
    struct we_wsk_block *block = NULL;
    size_t done_bytes = 0;
    enum we_err err;

    if (length_bytes > sizeof(block->bytes)) {
        return WE_ERR_TOO_LARGE;
    }
    block = we_wsk_block_take(socket);
    if (block == NULL) {
        return WE_ERR_NO_MEMORY;
    }
    while (done_bytes < length_bytes) {
        unsigned count = we_wsk_irp_iov(irp, iov, IOV_MAX_COUNT);
        size_t part_bytes = 0;

        for (unsigned i = 0; i < count && done_bytes < length_bytes; i++) {
            size_t piece_bytes = iov[i].length_bytes;

            if (piece_bytes > length_bytes - done_bytes) {
                piece_bytes = length_bytes - done_bytes;
            }
            memcpy(block->bytes + done_bytes, iov[i].base, piece_bytes);
            done_bytes += piece_bytes;
            part_bytes += piece_bytes;
        }
        we_wsk_irp_advance(irp, part_bytes);
    }
    /* The request moves when the datagram has gone, not before. */
    *we_wsk_irp_request(irp) = kept;
    we_wsk_irp_set_done_bytes(irp, kept_done_bytes);
    iov[0] = (struct we_host_iov){ block->bytes, length_bytes };
    err = we_host_dgram_send(socket->ep, &send->dgram, iov, 1);
    we_wsk_block_give(block);
    return err;
}

/* Sends one datagram from where the IRP stands. */
static enum we_err send_one_locked(struct we_wsk_socket *socket, PIRP irp, const struct send *send, size_t length_bytes,
                                   struct we_host_iov *iov, unsigned count)
{
    return iov_cut(iov, &count, length_bytes) ? we_host_dgram_send(socket->ep, &send->dgram, iov, count)
                                              : send_gathered_locked(socket, irp, send, length_bytes);
}

/* Sends the next datagram, or as many segments as the network takes in one call. */
static enum we_err send_next_locked(struct we_wsk_socket *socket, PIRP irp, const struct send *send)
{
    size_t remaining_bytes = we_wsk_irp_request(irp)->remaining_bytes;
    struct we_host_iov iov[IOV_MAX_COUNT];
    unsigned count = we_wsk_irp_iov(irp, iov, IOV_MAX_COUNT);
    size_t length_bytes = we_host_iov_bytes(iov, count);
    size_t segment_bytes = send->segment_bytes;
    enum we_err err;

    if (segment_bytes == 0 || remaining_bytes <= segment_bytes) {
        err = send_one_locked(socket, irp, send, remaining_bytes, iov, count);
        length_bytes = remaining_bytes;
    } else if (length_bytes < segment_bytes) {
        err = send_one_locked(socket, irp, send, segment_bytes, iov, count);
        length_bytes = segment_bytes;
    } else {
        if (length_bytes < remaining_bytes) { /* only the very last segment may be short */
            length_bytes -= length_bytes % segment_bytes;
            (void)iov_cut(iov, &count, length_bytes);
        }
        err = we_host_dgram_send_segments(socket->ep, &send->dgram, iov, count, segment_bytes, &length_bytes);
    }
    if (err == WE_OK) {
        we_wsk_irp_advance(irp, length_bytes);
    }
    return err;
}

/* Sends until the request is done (WE_OK), fails, or has to wait (WE_ERR_AGAIN). */
static enum we_err send_run_locked(struct we_wsk_socket *socket, PIRP irp, struct send *send)
{
    for (;;) {
        enum we_err err = send_next_locked(socket, irp, send);

        if (err != WE_OK) {
            return err;
        }
        if (we_wsk_irp_request(irp)->remaining_bytes > 0) {
            continue; /* the next segment */
        }
        if (send->next == NULL) {
            return WE_OK;
        }
        we_wsk_irp_set_buffer(irp, &send->next->Buffer, 0);
        send->next = send->next->Next;
    }
}

/* --- requests ----------------------------------------------------------------------------------- */

static void send_finish_locked(PIRP irp, enum we_err err, struct we_nt_completions *completions)
{
    we_wsk_irp_drop_extra(irp);
    we_nt_completions_add(completions, irp, we_wsk_status(err, WE_WSK_OP_SEND_TO), we_wsk_irp_done_bytes(irp));
}

/* The rest of the request waits. */
static void send_queue_locked(struct we_wsk_call *call, const struct send *send)
{
    struct send *kept = we_host_alloc(sizeof(*kept));

    if (kept == NULL) {
        send_finish_locked(call->irp, WE_ERR_NO_MEMORY, &call->completions);
        return;
    }
    *kept = *send;
    we_wsk_irp_give_extra(call->irp, kept);
    if (!we_wsk_irp_queue_insert_locked(&call->socket->dgram->sends, call->socket, call->irp)) {
        send_finish_locked(call->irp, WE_ERR_CANCELLED, &call->completions);
    }
}

static void send_start_locked(struct we_wsk_call *call, struct send *send)
{
    enum we_err err = WE_ERR_AGAIN;

    /* One that is being cancelled waits for nothing: whoever queued behind it would wait for ever. */
    if (we_wsk_irp_queue_first_locked(&call->socket->dgram->sends) == NULL) {
        err = send_run_locked(call->socket, call->irp, send);
    }
    if (err == WE_ERR_AGAIN) {
        send_queue_locked(call, send);
    } else {
        send_finish_locked(call->irp, err, &call->completions);
    }
}

void we_wsk_dgram_tx_writable_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    struct we_wsk_irp_queue *sends = &socket->dgram->sends;
    PIRP irp;

    while (socket->ep != NULL && (irp = we_wsk_irp_queue_first_locked(sends)) != NULL) {
        enum we_err err = send_run_locked(socket, irp, we_wsk_irp_extra(irp));

        if (err == WE_ERR_AGAIN) {
            return;
        }
        if (we_wsk_irp_queue_remove_locked(sends, irp)) {
            send_finish_locked(irp, err, completions);
        }
    }
}

/* --- arguments ---------------------------------------------------------------------------------- */

/* Where it goes: the call's own address, else the default of SIO_WSK_SET_REMOTE_ADDRESS, else that of
 * SIO_WSK_SET_SENDTO_ADDRESS. */
static NTSTATUS remote_find_locked(const struct we_wsk_call *call, const SOCKADDR *address, struct we_base_addr *remote)
{
    const struct we_wsk_socket *socket = call->socket;
    const struct we_wsk_dgram *dgram = socket->dgram;

    if (address == NULL) {
        *remote = dgram->fixed_remote.family != WE_FAMILY_NONE ? dgram->fixed_remote : dgram->fixed_sendto;
        if (remote->family != WE_FAMILY_NONE) {
            return STATUS_SUCCESS;
        }
        (void)we_vrf_report_entry(
            WE_RULE_SOCK_029, &socket->entry,
            "%s was called for socket %p without a RemoteAddress, and the socket has no fixed one", call->function,
            (const void *)socket);
        return STATUS_INVALID_PARAMETER;
    }
    if (!we_wsk_addr_from_sockaddr(address, socket->family, remote)) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_014, &socket->entry,
                                  "%s of socket %p, whose family is %u, was given an address of family %d",
                                  call->function, (const void *)socket, socket->family, (int)address->sa_family);
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* What the two functions share, besides their buffers. */
struct arguments {
    ULONG flags;
    const SOCKADDR *remote;
    ULONG control_bytes;
    const CMSGHDR *control;
};

static NTSTATUS send_check_locked(const struct we_wsk_call *call, const struct arguments *arguments, struct send *send)
{
    struct we_wsk_socket *socket = call->socket;
    struct we_base_addr remote;
    NTSTATUS status;

    if (arguments->flags != 0) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_019, &socket->entry, "%s of socket %p was called with Flags 0x%x",
                                  call->function, (void *)socket, (unsigned)arguments->flags);
        return STATUS_INVALID_PARAMETER;
    }
    if ((arguments->control_bytes == 0) != (arguments->control == NULL)) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_028, &socket->entry,
                                  "%s of socket %p was called with%s ControlInfo and a ControlInfoLength of %u",
                                  call->function, (void *)socket, arguments->control != NULL ? "" : "out",
                                  (unsigned)arguments->control_bytes);
        if (arguments->control == NULL) {
            return STATUS_INVALID_PARAMETER;
        }
    }
    if (!we_wsk_dgram_check_bound_locked(socket, call->function)) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    status = remote_find_locked(call, arguments->remote, &remote);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    send->dgram = we_host_dgram_to(&remote);
    send->segment_bytes = socket->dgram_options.segment_bytes;
    return we_wsk_cmsg_read(socket, arguments->control, arguments->control_bytes, &send->dgram, &send->segment_bytes,
                            call->function);
}

static NTSTATUS call_end(struct we_wsk_call *call, NTSTATUS status)
{
    we_host_mutex_unlock(&call->socket->lock);
    return NT_SUCCESS(status) ? we_wsk_call_end_pending(call) : we_wsk_call_end_inline(call, status, 0);
}

NTSTATUS WSKAPI we_wsk_send_to(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags, PSOCKADDR RemoteAddress,
                               ULONG ControlInfoLength, PCMSGHDR ControlInfo, PIRP Irp)
{
    const struct arguments arguments = { Flags, RemoteAddress, ControlInfoLength, ControlInfo };
    struct send send = { .next = NULL };
    struct we_wsk_call call;
    NTSTATUS status =
        we_wsk_call_begin_locked(&call, Socket, WE_WSK_CATEGORY_BIT(WE_WSK_DATAGRAM), Irp, false, "WskSendTo");

    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = we_wsk_buf_check(Buffer, call.function) ? send_check_locked(&call, &arguments, &send)
                                                     : STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(status)) {
        we_wsk_irp_set_buffer(call.irp, Buffer, 0);
        send_start_locked(&call, &send);
    }
    return call_end(&call, status);
}

static NTSTATUS list_check(const struct we_wsk_call *call, const WSK_BUF_LIST *list)
{
    if (list == NULL) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_022, &call->socket->entry,
                                  "WskSendMessages was called for socket %p without a list of buffers",
                                  (const void *)call->socket);
        return STATUS_INVALID_PARAMETER;
    }
    for (const WSK_BUF_LIST *node = list; node != NULL; node = node->Next) {
        if (!we_wsk_buf_check(&node->Buffer, call->function)) {
            return STATUS_INVALID_PARAMETER;
        }
    }
    return STATUS_SUCCESS;
}

NTSTATUS WSKAPI we_wsk_send_messages(PWSK_SOCKET Socket, PWSK_BUF_LIST BufferList, ULONG Flags, PSOCKADDR RemoteAddress,
                                     ULONG ControlInfoLength, PCMSGHDR ControlInfo, PIRP Irp)
{
    const struct arguments arguments = { Flags, RemoteAddress, ControlInfoLength, ControlInfo };
    struct send send;
    struct we_wsk_call call;
    NTSTATUS status =
        we_wsk_call_begin_locked(&call, Socket, WE_WSK_CATEGORY_BIT(WE_WSK_DATAGRAM), Irp, false, "WskSendMessages");

    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = list_check(&call, BufferList);
    if (NT_SUCCESS(status)) {
        status = send_check_locked(&call, &arguments, &send);
    }
    if (NT_SUCCESS(status)) {
        send.next = BufferList->Next;
        we_wsk_irp_set_buffer(call.irp, &BufferList->Buffer, 0);
        send_start_locked(&call, &send);
    }
    return call_end(&call, status);
}
