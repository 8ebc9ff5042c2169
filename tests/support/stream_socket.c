/* SPDX-License-Identifier: MIT */
/* Stream sockets for tests. */
#include "stream_socket.h"

#include <string.h>

const WSK_PROVIDER_STREAM_DISPATCH *stream_table(PWSK_SOCKET socket)
{
    return socket->Dispatch;
}

PWSK_SOCKET stream_open(struct wsk_fixture *fixture, ADDRESS_FAMILY family, PVOID context,
                        const WSK_CLIENT_STREAM_DISPATCH *dispatch)
{
    return socket_open(fixture, WSK_FLAG_STREAM_SOCKET, family, context, dispatch);
}

PWSK_SOCKET stream_open_bound(struct wsk_fixture *fixture, ADDRESS_FAMILY family, PVOID context,
                              const WSK_CLIENT_STREAM_DISPATCH *dispatch)
{
    PWSK_SOCKET socket = stream_open(fixture, family, context, dispatch);

    socket_bind_loopback(socket, family);
    return socket;
}

PWSK_SOCKET stream_open_listener(struct wsk_fixture *fixture, ADDRESS_FAMILY family, PVOID context,
                                 const WSK_CLIENT_STREAM_DISPATCH *dispatch, USHORT *port)
{
    PWSK_SOCKET socket = stream_open_bound(fixture, family, context, dispatch);
    SOCKADDR_STORAGE local = stream_local(socket);

    assert_int_equal(stream_listen_try(socket), STATUS_SUCCESS);
    *port = address_port(&local);
    return socket;
}

PWSK_SOCKET stream_open_peer(struct wsk_fixture *fixture, ADDRESS_FAMILY family, PVOID context,
                             const WSK_CLIENT_STREAM_DISPATCH *dispatch, struct wsk_kit_peer **peer)
{
    PWSK_SOCKET socket = stream_open_bound(fixture, family, context, dispatch);
    struct wsk_kit_server *server = wsk_kit_listen(fixture_kit_family(family));
    SOCKADDR_STORAGE remote = address_loopback(family, wsk_kit_server_port(server));

    assert_int_equal(stream_connect_try(socket, &remote), STATUS_SUCCESS);
    *peer = wsk_kit_server_accept(server);
    wsk_kit_server_close(server);
    return socket;
}

SOCKADDR_STORAGE stream_local(PWSK_SOCKET socket)
{
    SOCKADDR_STORAGE address;
    NTSTATUS status;

    memset(&address, 0, sizeof(address));
    REQUEST_CALL(status, NULL, irp, stream_table(socket)->WskGetLocalAddress(socket, (PSOCKADDR)&address, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    return address;
}

NTSTATUS stream_listen_try(PWSK_SOCKET socket)
{
    ULONG_PTR information;
    NTSTATUS status;

    REQUEST_CALL(status, &information, irp, stream_table(socket)->WskListen(socket, irp));
    assert_int_equal(information, 0);
    return status;
}

NTSTATUS stream_connect_try(PWSK_SOCKET socket, const SOCKADDR_STORAGE *remote)
{
    SOCKADDR_STORAGE address = *remote;
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp, stream_table(socket)->WskConnect(socket, (PSOCKADDR)&address, 0, irp));
    return status;
}

NTSTATUS stream_accept_try(PWSK_SOCKET socket, PVOID context, const WSK_CLIENT_CONNECTION_DISPATCH *dispatch,
                           PWSK_SOCKET *accepted)
{
    ULONG_PTR information;
    NTSTATUS status;

    REQUEST_CALL(status, &information, irp,
                 stream_table(socket)->WskAccept(socket, 0, context, dispatch, NULL, NULL, irp));
    *accepted = NT_SUCCESS(status) ? (PWSK_SOCKET)information : NULL;
    return status;
}

NTSTATUS stream_remote_try(PWSK_SOCKET socket, SOCKADDR_STORAGE *address)
{
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp, stream_table(socket)->WskGetRemoteAddress(socket, (PSOCKADDR)address, irp));
    return status;
}
