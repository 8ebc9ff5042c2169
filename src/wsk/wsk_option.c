/* SPDX-License-Identifier: MIT */
/* Socket options as a table of rows, and the frame of WskControlSocket. */
#include "wsk/wsk_option.h"

#include <string.h>

#include "wsk/wsk_dgram.h"
#include "wsk/wsk_event.h"
#include "wsk/wsk_status.h"
#include "wsk/wsk_stream.h"
#include "wsk/wsk_unsupported.h"

#include "base/base_assert.h"
#include "vrf/vrf_report.h"

/* What SO_RCVBUF says before anybody has set it or there is a socket to ask. */
#define DEFAULT_RECEIVE_BUFFER_BYTES 65536u

#define LISTEN WE_WSK_LISTENERS
#define CONNECTION WE_WSK_CATEGORY_BIT(WE_WSK_CONNECTION)
#define DATAGRAM WE_WSK_CATEGORY_BIT(WE_WSK_DATAGRAM)

struct option_row {
    const char *name;
    ULONG level;
    ULONG option;
    unsigned categories;   /* bits of those that have it */
    ADDRESS_FAMILY family; /* 0: any */
    bool is_flag;          /* any value but 0 means 1 */
    bool is_before_bind;   /* may not be set later */
    SIZE_T smallest_size;  /* of a value; less than a ULONG for the one that Windows takes as a byte */
    size_t offset;         /* of the ULONG in the socket that keeps it */
    /* What setting it means besides keeping it; NULL: nothing. Socket lock held, state checked. */
    NTSTATUS (*set_locked)(struct we_wsk_socket *socket, const struct option_row *row, ULONG value);
    /* NULL: the kept value. */
    ULONG (*get_locked)(const struct we_wsk_socket *socket);
};

static ULONG *kept_value(struct we_wsk_socket *socket, const struct option_row *row)
{
    return (ULONG *)(void *)((char *)socket + row->offset);
}

/* --- what single options mean --------------------------------------------------------------------- */

static NTSTATUS set_conditional_locked(struct we_wsk_socket *socket, const struct option_row *row, ULONG value)
{
    const WSK_CLIENT_LISTEN_DISPATCH *table = we_wsk_stream_listen_table(socket);

    (void)row;
    if (value == 0 && socket->conditional_accept != 0) {
        we_vrf_report_entry(WE_RULE_SOCK_033, &socket->entry, "SO_CONDITIONAL_ACCEPT of socket %p was switched off",
                            (void *)socket);
        return STATUS_INVALID_PARAMETER;
    }
    if (value != 0 && (table == NULL || table->WskInspectEvent == NULL || table->WskAbortEvent == NULL)) {
        we_vrf_report_entry(WE_RULE_SOCK_033, &socket->entry,
                            "SO_CONDITIONAL_ACCEPT of socket %p was switched on, but the client's table has no %s",
                            (void *)socket,
                            table == NULL || table->WskInspectEvent == NULL ? "WskInspectEvent" : "WskAbortEvent");
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* Each of the two excludes the other, as in Winsock. */
static NTSTATUS set_reuse_locked(struct we_wsk_socket *socket, const struct option_row *row, ULONG value)
{
    (void)row;
    if (value != 0 && socket->exclusive_address != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (value != 0 && socket->category != WE_WSK_DATAGRAM) {
        we_wsk_unsupported("sharing one address between sockets (SO_REUSEADDR)");
    }
    return STATUS_SUCCESS;
}

static NTSTATUS set_exclusive_locked(struct we_wsk_socket *socket, const struct option_row *row, ULONG value)
{
    (void)row;
    return value != 0 && socket->reuse_address != 0 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

static NTSTATUS ep_set_locked(struct we_wsk_socket *socket, enum we_host_ep_option option, ULONG value)
{
    if (socket->ep == NULL) {
        return STATUS_SUCCESS; /* we_wsk_option_apply_locked does it later */
    }
    return we_wsk_status(we_host_ep_set(socket->ep, option, (int)value), WE_WSK_OP_CONTROL);
}

static NTSTATUS set_receive_buffer_locked(struct we_wsk_socket *socket, const struct option_row *row, ULONG value)
{
    (void)row;
    return value > INT32_MAX ? STATUS_INVALID_PARAMETER : ep_set_locked(socket, WE_EP_RECEIVE_BUFFER_BYTES, value);
}

static NTSTATUS set_keepalive_locked(struct we_wsk_socket *socket, const struct option_row *row, ULONG value)
{
    (void)row;
    return ep_set_locked(socket, WE_EP_KEEPALIVE, value);
}

/* The network is told of all options of a datagram socket at once, so the value has to be kept first. */
static NTSTATUS set_dgram_locked(struct we_wsk_socket *socket, const struct option_row *row, ULONG value)
{
    ULONG before = *kept_value(socket, row);
    NTSTATUS status;

    *kept_value(socket, row) = value;
    status = we_wsk_dgram_apply_locked(socket);
    if (!NT_SUCCESS(status)) {
        *kept_value(socket, row) = before;
    }
    return status;
}

static ULONG get_receive_buffer_locked(const struct we_wsk_socket *socket)
{
    int bytes;

    if (socket->receive_buffer_bytes != 0) {
        return socket->receive_buffer_bytes;
    }
    if (socket->ep != NULL && we_host_ep_get(socket->ep, WE_EP_RECEIVE_BUFFER_BYTES, &bytes) == WE_OK) {
        return (ULONG)bytes;
    }
    return DEFAULT_RECEIVE_BUFFER_BYTES;
}

/* --- the table ------------------------------------------------------------------------------------ */

#define KEPT(member) offsetof(struct we_wsk_socket, member)

/* clang-format off */
static const struct option_row s_options[] = {
    /* name, level, option, categories, family, flag, before bind, smallest, kept in, set, get */
    { "SO_CONDITIONAL_ACCEPT", SOL_SOCKET, SO_CONDITIONAL_ACCEPT, LISTEN, 0, true, true, sizeof(ULONG),
      KEPT(conditional_accept), set_conditional_locked, NULL },
    { "SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR, LISTEN | CONNECTION | DATAGRAM, 0, true, true, sizeof(ULONG),
      KEPT(reuse_address), set_reuse_locked, NULL },
    { "SO_EXCLUSIVEADDRUSE", SOL_SOCKET, (ULONG)SO_EXCLUSIVEADDRUSE, LISTEN | CONNECTION | DATAGRAM, 0, true, true, sizeof(ULONG),
      KEPT(exclusive_address), set_exclusive_locked, NULL },
    { "SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, LISTEN | CONNECTION, 0, true, false, sizeof(UCHAR),
      KEPT(keepalive), set_keepalive_locked, NULL },
    { "SO_RCVBUF", SOL_SOCKET, SO_RCVBUF, LISTEN | CONNECTION | DATAGRAM, 0, false, false, sizeof(ULONG),
      KEPT(receive_buffer_bytes), set_receive_buffer_locked, get_receive_buffer_locked },
    { "IPV6_V6ONLY", IPPROTO_IPV6, IPV6_V6ONLY, LISTEN | CONNECTION | DATAGRAM, AF_INET6, true, true, sizeof(ULONG),
      KEPT(v6only), NULL, NULL },
    { "SO_BROADCAST", SOL_SOCKET, SO_BROADCAST, DATAGRAM, 0, true, false, sizeof(ULONG),
      KEPT(dgram_options.broadcast), set_dgram_locked, NULL },
    { "IP_PKTINFO", IPPROTO_IP, IP_PKTINFO, DATAGRAM, 0, true, false, sizeof(ULONG),
      KEPT(dgram_options.v4_pktinfo), set_dgram_locked, NULL },
    { "IPV6_PKTINFO", IPPROTO_IPV6, IPV6_PKTINFO, DATAGRAM, AF_INET6, true, false, sizeof(ULONG),
      KEPT(dgram_options.v6_pktinfo), set_dgram_locked, NULL },
    { "IP_HOPLIMIT", IPPROTO_IP, IP_HOPLIMIT, DATAGRAM, 0, true, false, sizeof(ULONG),
      KEPT(dgram_options.v4_hop_limit), set_dgram_locked, NULL },
    { "IPV6_HOPLIMIT", IPPROTO_IPV6, IPV6_HOPLIMIT, DATAGRAM, AF_INET6, true, false, sizeof(ULONG),
      KEPT(dgram_options.v6_hop_limit), set_dgram_locked, NULL },
    { "IP_RECVTCLASS", IPPROTO_IP, IP_RECVTCLASS, DATAGRAM, 0, true, false, sizeof(ULONG),
      KEPT(dgram_options.v4_traffic_class), set_dgram_locked, NULL },
    { "IPV6_RECVTCLASS", IPPROTO_IPV6, IPV6_RECVTCLASS, DATAGRAM, AF_INET6, true, false, sizeof(ULONG),
      KEPT(dgram_options.v6_traffic_class), set_dgram_locked, NULL },
    { "IP_RECVECN", IPPROTO_IP, IP_RECVECN, DATAGRAM, 0, true, false, sizeof(ULONG),
      KEPT(dgram_options.v4_ecn), set_dgram_locked, NULL },
    { "IPV6_RECVECN", IPPROTO_IPV6, IPV6_RECVECN, DATAGRAM, AF_INET6, true, false, sizeof(ULONG),
      KEPT(dgram_options.v6_ecn), set_dgram_locked, NULL },
    { "IP_ORIGINAL_ARRIVAL_IF", IPPROTO_IP, IP_ORIGINAL_ARRIVAL_IF, DATAGRAM, 0, true, false, sizeof(ULONG),
      KEPT(dgram_options.v4_arrival_interface), set_dgram_locked, NULL },
    { "IPV6_ORIGINAL_ARRIVAL_IF", IPPROTO_IPV6, IPV6_ORIGINAL_ARRIVAL_IF, DATAGRAM, AF_INET6, true, false, sizeof(ULONG),
      KEPT(dgram_options.v6_arrival_interface), set_dgram_locked, NULL },
    { "UDP_SEND_MSG_SIZE", IPPROTO_UDP, UDP_SEND_MSG_SIZE, DATAGRAM, 0, false, false, sizeof(ULONG),
      KEPT(dgram_options.segment_bytes), NULL, NULL },
    { "UDP_RECV_MAX_COALESCED_SIZE", IPPROTO_UDP, UDP_RECV_MAX_COALESCED_SIZE, DATAGRAM, 0, false, false, sizeof(ULONG),
      KEPT(dgram_options.coalesced_bytes), NULL, NULL },
};
/* clang-format on */

static const struct option_row *option_find(ULONG level, ULONG option)
{
    size_t i;

    for (i = 0; i < WE_ARRAY_COUNT(s_options); i++) {
        if (s_options[i].level == level && s_options[i].option == option) {
            return &s_options[i];
        }
    }
    return NULL;
}

/* --- set and get ---------------------------------------------------------------------------------- */

static NTSTATUS option_set(struct we_wsk_call *call, const struct option_row *row, const struct we_wsk_control *control)
{
    struct we_wsk_socket *socket = call->socket;
    ULONG value = 0;
    NTSTATUS status = STATUS_SUCCESS;

    if (control->input == NULL || control->input_size < row->smallest_size) {
        return STATUS_INVALID_PARAMETER;
    }
    /* The values are little-endian on every machine that runs this, so a byte is the ULONG's beginning. */
    memcpy(&value, control->input, control->input_size < sizeof(value) ? row->smallest_size : sizeof(value));
    if (row->is_flag) {
        value = value != 0;
    }

    we_host_mutex_lock(&socket->lock);
    if (row->is_before_bind && socket->state != WE_WSK_CREATED) {
        we_vrf_report_entry(WE_RULE_SOCK_030, &socket->entry, "%s of socket %p was set after WskBind", row->name,
                            (void *)socket);
        status = STATUS_INVALID_DEVICE_STATE;
    } else if (row->set_locked != NULL) {
        status = row->set_locked(socket, row, value);
    }
    if (NT_SUCCESS(status)) {
        *kept_value(socket, row) = value;
    }
    we_host_mutex_unlock(&socket->lock);
    return status;
}

static NTSTATUS option_get(struct we_wsk_call *call, const struct option_row *row, const struct we_wsk_control *control,
                           ULONG_PTR *information)
{
    struct we_wsk_socket *socket = call->socket;
    SIZE_T size = control->output_size < sizeof(ULONG) ? row->smallest_size : sizeof(ULONG);
    ULONG value;

    if (control->output == NULL || control->output_size < row->smallest_size) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    we_host_mutex_lock(&socket->lock);
    value = row->get_locked != NULL ? row->get_locked(socket) : *kept_value(socket, row);
    we_host_mutex_unlock(&socket->lock);
    memcpy(control->output, &value, size);
    *information = size;
    return STATUS_SUCCESS;
}

/* Whether this socket has the option and the call has what every option needs. */
static NTSTATUS option_check(struct we_wsk_call *call, const struct option_row *row)
{
    const struct we_wsk_socket *socket = call->socket;

    if ((row->categories & WE_WSK_CATEGORY_BIT(socket->category)) == 0 ||
        (row->family != 0 && row->family != socket->family)) {
        we_vrf_report_entry(WE_RULE_SOCK_030, &socket->entry, "%s was used on socket %p, which is a %s of family %u",
                            row->name, (const void *)socket, we_wsk_category_name(socket->category), socket->family);
        return STATUS_NOT_SUPPORTED;
    }
    if (call->irp == NULL) {
        we_vrf_report_entry(WE_RULE_SOCK_003, &socket->entry, "%s of socket %p was used without an IRP", row->name,
                            (const void *)socket);
        return STATUS_REQUEST_NOT_ACCEPTED;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS option_run(struct we_wsk_call *call, WSK_CONTROL_SOCKET_TYPE type, ULONG level, ULONG option,
                           const struct we_wsk_control *control, ULONG_PTR *information)
{
    const struct option_row *row = option_find(level, option);
    NTSTATUS status;

    if (we_wsk_dgram_is_group_option(level, option)) {
        return we_wsk_dgram_group_option(call, level, option, type == WskSetOption, control);
    }
    if (row == NULL) {
        we_wsk_unsupported("socket option 0x%x of level 0x%x", (unsigned)option, (unsigned)level);
        return STATUS_NOT_SUPPORTED;
    }
    status = option_check(call, row);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    return type == WskSetOption ? option_set(call, row, control) : option_get(call, row, control, information);
}

void we_wsk_option_apply_locked(struct we_wsk_socket *socket)
{
    if (socket->ep == NULL) {
        return;
    }
    /* A value that the network refuses now was accepted without it: the driver has nobody left to hear of it. */
    if (socket->receive_buffer_bytes != 0) {
        (void)ep_set_locked(socket, WE_EP_RECEIVE_BUFFER_BYTES, socket->receive_buffer_bytes);
    }
    if (socket->keepalive != 0) {
        (void)ep_set_locked(socket, WE_EP_KEEPALIVE, socket->keepalive);
    }
}

void we_wsk_option_inherit_locked(const struct we_wsk_socket *listener, struct we_wsk_socket *accepted)
{
    accepted->receive_buffer_bytes = listener->receive_buffer_bytes;
    accepted->keepalive = listener->keepalive;
    we_wsk_option_apply_locked(accepted);
}

/* --- WskControlSocket ----------------------------------------------------------------------------- */

static NTSTATUS event_option(struct we_wsk_call *call, WSK_CONTROL_SOCKET_TYPE type,
                             const struct we_wsk_control *control)
{
    if (type != WskSetOption || control->input == NULL || control->input_size < sizeof(WSK_EVENT_CALLBACK_CONTROL)) {
        return STATUS_INVALID_PARAMETER;
    }
    return we_wsk_event_control(call, control->input);
}

static NTSTATUS control_socket(struct we_wsk_call *call, WSK_CONTROL_SOCKET_TYPE type, ULONG code, ULONG level,
                               const struct we_wsk_control *control)
{
    ULONG_PTR information = 0;
    NTSTATUS status;

    if (type == WskIoctl) {
        status = we_wsk_ioctl(call, code, control, &information);
        return NT_SUCCESS(status) ? we_wsk_call_end_done(call, status, information)
                                  : we_wsk_call_end_inline(call, status, 0);
    }
    if (type != WskSetOption && type != WskGetOption) {
        return we_wsk_call_end_inline(call, STATUS_INVALID_PARAMETER, 0);
    }
    if (level == SOL_SOCKET && code == SO_WSK_EVENT_CALLBACK) {
        status = event_option(call, type, control);
        return status == STATUS_PENDING ? we_wsk_call_end_pending(call) : we_wsk_call_end_inline(call, status, 0);
    }
    status = option_run(call, type, level, code, control, &information);
    return NT_SUCCESS(status) ? we_wsk_call_end_done(call, status, information)
                              : we_wsk_call_end_inline(call, status, 0);
}

NTSTATUS WSKAPI we_wsk_control_socket(PWSK_SOCKET Socket, WSK_CONTROL_SOCKET_TYPE RequestType, ULONG ControlCode,
                                      ULONG Level, SIZE_T InputSize, PVOID InputBuffer, SIZE_T OutputSize,
                                      PVOID OutputBuffer, SIZE_T *OutputSizeReturned, PIRP Irp)
{
    const struct we_wsk_control control = { InputSize, InputBuffer, OutputSize, OutputBuffer, OutputSizeReturned };
    struct we_wsk_call call;
    NTSTATUS status = we_wsk_call_begin(&call, Socket, WE_WSK_ANY_CATEGORY, Irp, true, "WskControlSocket");

    if (!NT_SUCCESS(status)) {
        return status;
    }
    if ((InputBuffer == NULL && InputSize != 0) || (OutputBuffer == NULL && OutputSize != 0)) {
        return we_wsk_call_end_inline(&call, STATUS_INVALID_PARAMETER, 0);
    }
    return control_socket(&call, RequestType, ControlCode, Level, &control);
}
