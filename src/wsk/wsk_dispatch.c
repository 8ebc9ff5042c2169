/* SPDX-License-Identifier: MIT */
/* The provider's dispatch tables, one for each category of socket and one for the provider itself. */
#include "wsk/wsk_client.h"

#include "wsk/wsk_address_list.h"
#include "wsk/wsk_bind.h"
#include "wsk/wsk_conn.h"
#include "wsk/wsk_dgram.h"
#include "wsk/wsk_listen.h"
#include "wsk/wsk_lookup.h"
#include "wsk/wsk_option.h"
#include "wsk/wsk_stream.h"
#include "wsk/wsk_unsupported.h"

#include "base/base_assert.h"

const NPIID NPI_WSK_INTERFACE_ID = { 0x2227E803, 0x8D8B, 0x11D4, { 0xAB, 0xAD, 0x00, 0x90, 0x27, 0x71, 0x9E, 0x09 } };

/* --- functions that are not emulated -------------------------------------------------------------- */

static NTSTATUS refuse_socket_call(PWSK_SOCKET socket, PIRP irp, unsigned categories, const char *function)
{
    struct we_wsk_call call;
    NTSTATUS status = we_wsk_call_begin(&call, socket, categories, irp, false, function);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    we_wsk_unsupported("%s", function);
    return we_wsk_call_end_inline(&call, STATUS_NOT_SUPPORTED, 0);
}

static NTSTATUS WSKAPI send_ex(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags, ULONG ControlInfoLength,
                               PCMSGHDR ControlInfo, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(ControlInfoLength);
    UNREFERENCED_PARAMETER(ControlInfo);
    return refuse_socket_call(Socket, Irp, WE_WSK_CONNECTIONS, "WskSendEx");
}

static NTSTATUS WSKAPI receive_ex(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags, PULONG ControlInfoLength,
                                  PCMSGHDR ControlInfo, PULONG ControlFlags, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(ControlInfoLength);
    UNREFERENCED_PARAMETER(ControlInfo);
    UNREFERENCED_PARAMETER(ControlFlags);
    return refuse_socket_call(Socket, Irp, WE_WSK_CONNECTIONS, "WskReceiveEx");
}

/* --- tables --------------------------------------------------------------------------------------- */

const WSK_PROVIDER_DISPATCH we_wsk_provider_dispatch = {
    .Version = WE_WSK_VERSION,
    .Reserved = 0,
    .WskSocket = we_wsk_socket,
    .WskSocketConnect = we_wsk_socket_connect,
    .WskControlClient = we_wsk_control_client,
    .WskGetAddressInfo = we_wsk_get_address_info,
    .WskFreeAddressInfo = we_wsk_free_address_info,
    .WskGetNameInfo = we_wsk_get_name_info,
};

#define BASIC_SLOTS .WskControlSocket = we_wsk_control_socket, .WskCloseSocket = we_wsk_close_socket

static const WSK_PROVIDER_CONNECTION_DISPATCH s_connection_table = {
    BASIC_SLOTS,
    .WskBind = we_wsk_bind,
    .WskConnect = we_wsk_connect,
    .WskGetLocalAddress = we_wsk_get_local_address,
    .WskGetRemoteAddress = we_wsk_get_remote_address,
    .WskSend = we_wsk_send,
    .WskReceive = we_wsk_receive,
    .WskDisconnect = we_wsk_disconnect,
    .WskRelease = we_wsk_release,
    .WskConnectEx = we_wsk_connect_ex,
    .WskSendEx = send_ex,
    .WskReceiveEx = receive_ex,
};

/* The shorter tables go on with the functions that a driver would reach if it took them for a connection's: those see
 * the socket's category and report the mistake (SOCK-012) instead of jumping into the dark. */
struct basic_table {
    WSK_PROVIDER_BASIC_DISPATCH basic;
    PFN_WSK_BIND bind;
    PFN_WSK_CONNECT connect;
    PFN_WSK_GET_LOCAL_ADDRESS get_local_address;
    PFN_WSK_GET_REMOTE_ADDRESS get_remote_address;
    PFN_WSK_SEND send;
    PFN_WSK_RECEIVE receive;
    PFN_WSK_DISCONNECT disconnect;
    PFN_WSK_RELEASE_DATA_INDICATION_LIST release;
    PFN_WSK_CONNECT_EX connect_ex;
    PFN_WSK_SEND_EX send_ex;
    PFN_WSK_RECEIVE_EX receive_ex;
};

static const struct basic_table s_basic_table = {
    .basic = { BASIC_SLOTS },
    .bind = we_wsk_bind,
    .connect = we_wsk_connect,
    .get_local_address = we_wsk_get_local_address,
    .get_remote_address = we_wsk_get_remote_address,
    .send = we_wsk_send,
    .receive = we_wsk_receive,
    .disconnect = we_wsk_disconnect,
    .release = we_wsk_release,
    .connect_ex = we_wsk_connect_ex,
    .send_ex = send_ex,
    .receive_ex = receive_ex,
};

struct listen_table {
    WSK_PROVIDER_LISTEN_DISPATCH listen;
    PFN_WSK_SEND send;
    PFN_WSK_RECEIVE receive;
    PFN_WSK_DISCONNECT disconnect;
    PFN_WSK_RELEASE_DATA_INDICATION_LIST release;
    PFN_WSK_CONNECT_EX connect_ex;
    PFN_WSK_SEND_EX send_ex;
    PFN_WSK_RECEIVE_EX receive_ex;
};

static const struct listen_table s_listen_table = {
    .listen = {
        BASIC_SLOTS,
        .WskBind = we_wsk_bind,
        .WskAccept = we_wsk_accept,
        .WskInspectComplete = we_wsk_inspect_complete,
        .WskGetLocalAddress = we_wsk_get_local_address,
    },
    .send = we_wsk_send,
    .receive = we_wsk_receive,
    .disconnect = we_wsk_disconnect,
    .release = we_wsk_release,
    .connect_ex = we_wsk_connect_ex,
    .send_ex = send_ex,
    .receive_ex = receive_ex,
};

WE_STATIC_ASSERT(sizeof(struct basic_table) == sizeof(WSK_PROVIDER_CONNECTION_DISPATCH), "the basic table's tail fits");
WE_STATIC_ASSERT(sizeof(struct listen_table) == sizeof(WSK_PROVIDER_CONNECTION_DISPATCH),
                 "the listen table's tail fits");

struct datagram_table {
    WSK_PROVIDER_DATAGRAM_DISPATCH datagram;
    PFN_WSK_DISCONNECT disconnect;
    PFN_WSK_RELEASE_DATA_INDICATION_LIST release;
    PFN_WSK_CONNECT_EX connect_ex;
    PFN_WSK_SEND_EX send_ex;
    PFN_WSK_RECEIVE_EX receive_ex;
};

static const struct datagram_table s_datagram_table = {
    .datagram = {
        BASIC_SLOTS,
        .WskBind = we_wsk_bind,
        .WskSendTo = we_wsk_send_to,
        .WskReceiveFrom = we_wsk_receive_from,
        .WskRelease = we_wsk_release_datagrams,
        .WskGetLocalAddress = we_wsk_get_local_address,
        .WskSendMessages = we_wsk_send_messages,
    },
    .disconnect = we_wsk_disconnect,
    .release = we_wsk_release,
    .connect_ex = we_wsk_connect_ex,
    .send_ex = send_ex,
    .receive_ex = receive_ex,
};

WE_STATIC_ASSERT(sizeof(struct datagram_table) == sizeof(WSK_PROVIDER_CONNECTION_DISPATCH),
                 "the datagram table's tail fits");

static const WSK_PROVIDER_STREAM_DISPATCH s_stream_table = {
    BASIC_SLOTS,
    .WskBind = we_wsk_bind,
    .WskAccept = we_wsk_accept,
    .WskConnect = we_wsk_connect,
    .WskListen = we_wsk_listen,
    .WskSend = we_wsk_send,
    .WskReceive = we_wsk_receive,
    .WskDisconnect = we_wsk_disconnect,
    .WskRelease = we_wsk_release,
    .WskGetLocalAddress = we_wsk_get_local_address,
    .WskGetRemoteAddress = we_wsk_get_remote_address,
    .WskConnectEx = we_wsk_connect_ex,
    .WskSendEx = send_ex,
    .WskReceiveEx = receive_ex,
};

const VOID *we_wsk_dispatch_table(int category)
{
    switch ((enum we_wsk_category)category) {
    case WE_WSK_BASIC:
        return &s_basic_table;
    case WE_WSK_LISTEN:
        return &s_listen_table;
    case WE_WSK_DATAGRAM:
        return &s_datagram_table;
    case WE_WSK_CONNECTION:
        return &s_connection_table;
    case WE_WSK_STREAM:
        return &s_stream_table;
    default:
        WE_UNREACHABLE("a category without a table");
    }
}
