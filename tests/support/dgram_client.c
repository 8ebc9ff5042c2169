/* SPDX-License-Identifier: MIT */
/* The driver's side of datagram sockets for tests. */
#include "dgram_client.h"

#include <stdlib.h>
#include <string.h>

const WSK_PROVIDER_DATAGRAM_DISPATCH *dgram_table(PWSK_SOCKET socket)
{
    return socket->Dispatch;
}

/* --- sockets ---------------------------------------------------------------------------------------- */

PWSK_SOCKET dgram_open(struct wsk_fixture *fixture, ADDRESS_FAMILY family, PVOID context,
                       const WSK_CLIENT_DATAGRAM_DISPATCH *dispatch)
{
    PWSK_SOCKET socket;

    assert_int_equal(
        socket_open_try(fixture, WSK_FLAG_DATAGRAM_SOCKET, family, SOCK_DGRAM, IPPROTO_UDP, context, dispatch, &socket),
        STATUS_SUCCESS);
    assert_non_null(socket->Dispatch);
    return socket;
}

USHORT dgram_port(PWSK_SOCKET socket)
{
    SOCKADDR_STORAGE local;
    NTSTATUS status;

    memset(&local, 0, sizeof(local));
    REQUEST_CALL(status, NULL, irp, dgram_table(socket)->WskGetLocalAddress(socket, (PSOCKADDR)&local, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    return address_port(&local);
}

PWSK_SOCKET dgram_open_bound(struct wsk_fixture *fixture, ADDRESS_FAMILY family, PVOID context,
                             const WSK_CLIENT_DATAGRAM_DISPATCH *dispatch, USHORT *port)
{
    PWSK_SOCKET socket = dgram_open(fixture, family, context, dispatch);

    socket_bind_loopback(socket, family);
    *port = dgram_port(socket);
    assert_int_not_equal(*port, 0);
    return socket;
}

NTSTATUS dgram_ioctl(PWSK_SOCKET socket, ULONG code, const SOCKADDR_STORAGE *address)
{
    NTSTATUS status;

    /* 28 bytes for either family, as real drivers do. */
    REQUEST_CALL(status, NULL, irp,
                 dgram_table(socket)->WskControlSocket(socket, WskIoctl, code, 0,
                                                       address != NULL ? sizeof(SOCKADDR_IN6) : 0, (PVOID)address, 0,
                                                       NULL, NULL, irp));
    return status;
}

/* --- sending ---------------------------------------------------------------------------------------- */

NTSTATUS dgram_send_with(PWSK_SOCKET socket, const void *bytes, SIZE_T length, const SOCKADDR_STORAGE *remote,
                         ULONG control_length, const void *control, SIZE_T *sent)
{
    SOCKADDR_STORAGE address;
    WSK_BUF buffer;
    NTSTATUS status;
    ULONG_PTR information;
    void *copy = malloc(length + 1); /* the bytes may lie in read-only memory, which cannot be locked for writing */

    assert_non_null(copy);
    if (length > 0) {
        memcpy(copy, bytes, length);
    }
    if (remote != NULL) {
        address = *remote;
    }
    buffer_init(&buffer, copy, length);
    REQUEST_CALL(status, &information, irp,
                 dgram_table(socket)->WskSendTo(socket, &buffer, 0, remote != NULL ? (PSOCKADDR)&address : NULL,
                                                control_length, (PCMSGHDR)control, irp));
    buffer_fini(&buffer);
    free(copy);
    if (sent != NULL) {
        *sent = information;
    }
    return status;
}

NTSTATUS dgram_send_try(PWSK_SOCKET socket, const void *bytes, SIZE_T length, const SOCKADDR_STORAGE *remote,
                        SIZE_T *sent)
{
    return dgram_send_with(socket, bytes, length, remote, 0, NULL, sent);
}

void dgram_send_text(PWSK_SOCKET socket, ADDRESS_FAMILY family, USHORT port, const char *text)
{
    SOCKADDR_STORAGE remote = address_loopback(family, port);
    SIZE_T sent;

    assert_int_equal(dgram_send_try(socket, text, strlen(text), &remote, &sent), STATUS_SUCCESS);
    assert_int_equal(sent, strlen(text));
}

/* --- receiving by request --------------------------------------------------------------------------- */

struct dgram_receive *dgram_receive_post(PWSK_SOCKET socket, SIZE_T size, ULONG control_length)
{
    struct dgram_receive *receive = calloc(1, sizeof(*receive));

    assert_non_null(receive);
    assert_true(control_length <= sizeof(receive->control));
    receive->request = request_create();
    receive->bytes = malloc(size + 1);
    assert_non_null(receive->bytes);
    buffer_init(&receive->buffer, receive->bytes, size);
    receive->control_length = control_length;
    receive->control_flags = 0xffffffff;
    receive->returned = dgram_table(socket)->WskReceiveFrom(
        socket, &receive->buffer, 0, (PSOCKADDR)&receive->remote, &receive->control_length,
        control_length != 0 ? (PCMSGHDR)(void *)receive->control : NULL, &receive->control_flags,
        request_irp(receive->request));
    return receive;
}

void dgram_receive_wait(struct dgram_receive *receive, NTSTATUS status, const char *text)
{
    assert_int_equal(request_wait(receive->request, receive->returned), status);
    assert_int_equal(receive->request->result.Information, strlen(text));
    assert_memory_equal(receive->bytes, text, strlen(text));
}

void dgram_receive_destroy(struct dgram_receive *receive)
{
    buffer_fini(&receive->buffer);
    request_destroy(receive->request);
    free(receive->bytes);
    free(receive);
}

void dgram_receive_expect(struct dgram_receive *receive, NTSTATUS status, const char *text)
{
    dgram_receive_wait(receive, status, text);
    dgram_receive_destroy(receive);
}

const void *dgram_control_find(const void *control, ULONG control_length, INT level, INT type)
{
    WSAMSG message;
    PCMSGHDR header;

    memset(&message, 0, sizeof(message));
    message.Control.len = control_length;
    message.Control.buf = (CHAR *)control;
    for (header = WSA_CMSG_FIRSTHDR(&message); header != NULL; header = WSA_CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level == level && header->cmsg_type == type) {
            return WSA_CMSG_DATA(header);
        }
    }
    return NULL;
}

INT dgram_control_int(const void *control, ULONG control_length, INT level, INT type)
{
    const void *data = dgram_control_find(control, control_length, level, type);
    INT value;

    assert_non_null(data);
    memcpy(&value, data, sizeof(value));
    return value;
}

/* --- receiving by callback -------------------------------------------------------------------------- */

SIZE_T dgram_copy(const WSK_DATAGRAM_INDICATION *element, void *to, SIZE_T size)
{
    SIZE_T offset = element->Buffer.Offset;
    SIZE_T left = element->Buffer.Length;
    SIZE_T done = 0;
    PMDL mdl;

    for (mdl = element->Buffer.Mdl; mdl != NULL && left > 0; mdl = mdl->Next) {
        const char *from = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        SIZE_T part = MmGetMdlByteCount(mdl) - offset;

        if (part > left) {
            part = left;
        }
        if (done < size) {
            memcpy((char *)to + done, from + offset, part < size - done ? part : size - done);
        }
        done += part;
        left -= part;
        offset = 0;
    }
    return done;
}

static void seen_note(struct dgram_client *client, const WSK_DATAGRAM_INDICATION *element)
{
    struct dgram_seen *seen = &client->seen[client->seen_count % DGRAM_SEEN_MAX];

    memset(seen, 0, sizeof(*seen));
    seen->length = dgram_copy(element, seen->text, sizeof(seen->text) - 1);
    memcpy(&seen->remote, element->RemoteAddress,
           element->RemoteAddress->sa_family == AF_INET6 ? sizeof(SOCKADDR_IN6) : sizeof(SOCKADDR_IN));
    seen->control_length = element->ControlInfoLength;
    if (element->ControlInfoLength > 0 && element->ControlInfoLength <= sizeof(seen->control)) {
        memcpy(seen->control, element->ControlInfo, element->ControlInfoLength);
    }
    client->seen_count++;
}

static NTSTATUS answer_status(enum dgram_answer answer)
{
    switch (answer) {
    case DGRAM_KEEP:
        return STATUS_PENDING;
    case DGRAM_REFUSE:
        return STATUS_DATA_NOT_ACCEPTED;
    case DGRAM_OTHER:
        return STATUS_DEVICE_NOT_READY;
    case DGRAM_TAKE:
        break;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS WSKAPI on_receive_from(PVOID SocketContext, ULONG Flags, PWSK_DATAGRAM_INDICATION DataIndication)
{
    struct dgram_client *client = SocketContext;
    PWSK_DATAGRAM_INDICATION element;
    enum dgram_answer answer;
    KIRQL irql;

    if (client->on_event != NULL) {
        client->on_event(client, DataIndication);
    }
    KeAcquireSpinLock(&client->lock, &irql);
    answer = client->answer;
    client->last_flags = Flags;
    client->last_irql = irql;
    client->last_elements = 0;
    for (element = DataIndication; element != NULL; element = element->Next) {
        client->last_elements++;
        if (answer == DGRAM_TAKE || answer == DGRAM_KEEP) {
            seen_note(client, element);
        }
        if (answer == DGRAM_KEEP && client->kept_count < DGRAM_SEEN_MAX) {
            client->kept[client->kept_count++] = element;
        }
    }
    client->call_count++;
    KeReleaseSpinLock(&client->lock, irql);
    return answer_status(answer);
}

const WSK_CLIENT_DATAGRAM_DISPATCH dgram_client_dispatch = { on_receive_from };

static struct dgram_client *client_alloc(void)
{
    struct dgram_client *client = calloc(1, sizeof(*client));

    assert_non_null(client);
    KeInitializeSpinLock(&client->lock);
    return client;
}

struct dgram_client *dgram_client_create(struct wsk_fixture *fixture, ADDRESS_FAMILY family, ULONG events)
{
    struct dgram_client *client = client_alloc();

    client->socket = dgram_open_bound(fixture, family, client, &dgram_client_dispatch, &client->port);
    if (events != 0) {
        socket_events(client->socket, events);
    }
    return client;
}

struct dgram_client *dgram_client_create_any(struct wsk_fixture *fixture, ADDRESS_FAMILY family)
{
    struct dgram_client *client = client_alloc();
    SOCKADDR_STORAGE any = address_any(family, 0);

    client->socket = dgram_open(fixture, family, client, &dgram_client_dispatch);
    assert_int_equal(socket_bind_try(client->socket, &any), STATUS_SUCCESS);
    client->port = dgram_port(client->socket);
    return client;
}

void dgram_client_destroy(struct dgram_client *client)
{
    if (client->socket != NULL) {
        socket_close(client->socket);
    }
    free(client);
}

struct count_wish {
    struct dgram_client *client;
    LONG calls;
    ULONG seen;
};

static bool has_count(void *context)
{
    struct count_wish *wish = context;
    bool is_there;
    KIRQL irql;

    KeAcquireSpinLock(&wish->client->lock, &irql);
    is_there = wish->client->call_count >= wish->calls && wish->client->seen_count >= wish->seen;
    KeReleaseSpinLock(&wish->client->lock, irql);
    return is_there;
}

void dgram_client_wait_calls(struct dgram_client *client, LONG count)
{
    struct count_wish wish = { client, count, 0 };

    wsk_kit_wait_for(has_count, &wish, "calls of WskReceiveFromEvent");
}

void dgram_client_wait_seen(struct dgram_client *client, ULONG count)
{
    struct count_wish wish = { client, 0, count };

    wsk_kit_wait_for(has_count, &wish, "datagrams for WskReceiveFromEvent");
}

void dgram_client_expect(struct dgram_client *client, ULONG index, const char *text)
{
    dgram_client_wait_seen(client, index + 1);
    assert_int_equal(client->seen[index].length, strlen(text));
    assert_string_equal(client->seen[index].text, text);
}

NTSTATUS dgram_release(PWSK_SOCKET socket, PWSK_DATAGRAM_INDICATION list)
{
    return dgram_table(socket)->WskRelease(socket, list);
}

void dgram_client_release_all(struct dgram_client *client)
{
    ULONG index;

    wsk_kit_run_until_idle(); /* the callback's answer has been taken */
    for (index = 0; index < client->kept_count; index++) {
        client->kept[index]->Next = NULL;
        assert_int_equal(dgram_release(client->socket, client->kept[index]), STATUS_SUCCESS);
    }
    client->kept_count = 0;
}
