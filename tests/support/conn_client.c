/* SPDX-License-Identifier: MIT */
/* The driver's side of one connection for tests. */
#include "conn_client.h"

#include <stdlib.h>
#include <string.h>

/* --- callbacks -------------------------------------------------------------------------------- */

static void client_enter(struct conn_client *client)
{
    if (InterlockedIncrement(&client->running) != 1) {
        InterlockedIncrement(&client->overlap_count);
    }
}

static void client_leave(struct conn_client *client)
{
    InterlockedDecrement(&client->running);
}

SIZE_T conn_list_copy(PWSK_DATA_INDICATION list, unsigned char *to, SIZE_T size)
{
    SIZE_T total = 0;

    for (; list != NULL; list = list->Next) {
        PMDL mdl = list->Buffer.Mdl;
        SIZE_T offset = list->Buffer.Offset;
        SIZE_T left = list->Buffer.Length;

        while (left > 0) {
            const unsigned char *from = (const unsigned char *)MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
            SIZE_T part = mdl->ByteCount - offset < left ? mdl->ByteCount - offset : left;

            if (total < size) {
                memcpy(to + total, from + offset, part < size - total ? part : size - total);
            }
            total += part;
            left -= part;
            offset = 0;
            mdl = mdl->Next;
        }
    }
    return total;
}

/* Lock held. */
static void client_take(struct conn_client *client, PWSK_DATA_INDICATION list, SIZE_T length)
{
    if (client->length + length > client->capacity) {
        client->capacity = (client->length + length) * 2;
        client->bytes = realloc(client->bytes, client->capacity);
    }
    conn_list_copy(list, client->bytes + client->length, length);
    client->length += length;
}

/* Lock held. Takes the list apart, as some drivers do. */
static void client_keep(struct conn_client *client, PWSK_DATA_INDICATION list)
{
    while (list != NULL && client->kept_count < CONN_KEPT_MAX) {
        PWSK_DATA_INDICATION next = list->Next;

        list->Next = NULL;
        client->kept[client->kept_count++] = list;
        list = next;
    }
}

static ULONG list_elements(PWSK_DATA_INDICATION list)
{
    ULONG count = 0;

    for (; list != NULL; list = list->Next) {
        count++;
    }
    return count;
}

static NTSTATUS client_answer(struct conn_client *client, PWSK_DATA_INDICATION list, SIZE_T indicated, SIZE_T *accepted)
{
    switch (client->answer) {
    case CONN_TAKE_ALL:
        client_take(client, list, indicated);
        return STATUS_SUCCESS;
    case CONN_TAKE_PART:
        *accepted = client->part < indicated ? client->part : indicated;
        client_take(client, list, *accepted);
        return STATUS_SUCCESS;
    case CONN_KEEP:
        client_take(client, list, indicated);
        client_keep(client, list);
        return STATUS_PENDING;
    case CONN_REFUSE:
        break;
    }
    return STATUS_DATA_NOT_ACCEPTED;
}

static NTSTATUS WSKAPI client_receive(PVOID SocketContext, ULONG Flags, PWSK_DATA_INDICATION DataIndication,
                                      SIZE_T BytesIndicated, SIZE_T *BytesAccepted)
{
    struct conn_client *client = SocketContext;
    NTSTATUS status;
    KIRQL irql;

    client_enter(client);
    if (client->on_receive != NULL) {
        client->on_receive(client, DataIndication);
    }
    KeAcquireSpinLock(&client->lock, &irql);
    client->last_indicated = BytesIndicated;
    client->last_elements = list_elements(DataIndication);
    client->last_flags = Flags;
    client->last_irql = irql;
    status = client_answer(client, DataIndication, BytesIndicated, BytesAccepted);
    client->receive_count++;
    KeReleaseSpinLock(&client->lock, irql);
    client_leave(client);
    return status;
}

static NTSTATUS WSKAPI client_disconnect(PVOID SocketContext, ULONG Flags)
{
    struct conn_client *client = SocketContext;
    KIRQL irql;

    client_enter(client);
    if (client->on_disconnect != NULL) {
        client->on_disconnect(client);
    }
    KeAcquireSpinLock(&client->lock, &irql);
    client->last_irql = irql;
    client->length_at_end = client->length;
    if ((Flags & WSK_FLAG_ABORTIVE) != 0) {
        client->reset_count++;
    } else {
        client->end_count++;
    }
    KeReleaseSpinLock(&client->lock, irql);
    client_leave(client);
    return STATUS_SUCCESS;
}

const WSK_CLIENT_CONNECTION_DISPATCH conn_client_dispatch = { client_receive, client_disconnect, NULL };

/* --- life ------------------------------------------------------------------------------------- */

struct conn_client *conn_client_create(void)
{
    struct conn_client *client = calloc(1, sizeof(*client));

    assert_non_null(client);
    KeInitializeSpinLock(&client->lock);
    client->capacity = 4096;
    client->bytes = malloc(client->capacity);
    assert_non_null(client->bytes);
    return client;
}

void conn_client_destroy(struct conn_client *client)
{
    assert_int_equal(client->overlap_count, 0);
    free(client->bytes);
    free(client);
}

/* --- waits ------------------------------------------------------------------------------------ */

struct client_wait {
    struct conn_client *client;
    SIZE_T length;
    LONG receive_count;
    LONG end_count;
    LONG reset_count;
};

static bool wait_is_over(void *context)
{
    struct client_wait *wait = context;
    bool is_over;
    KIRQL irql;

    KeAcquireSpinLock(&wait->client->lock, &irql);
    is_over = wait->client->length >= wait->length && wait->client->receive_count >= wait->receive_count &&
              wait->client->end_count >= wait->end_count && wait->client->reset_count >= wait->reset_count;
    KeReleaseSpinLock(&wait->client->lock, irql);
    return is_over;
}

void conn_client_wait_length(struct conn_client *client, SIZE_T length)
{
    struct client_wait wait = { .client = client, .length = length };

    wsk_kit_wait_for(wait_is_over, &wait, "bytes for WskReceiveEvent");
    assert_int_equal(client->length, length);
}

void conn_client_wait_receives(struct conn_client *client, LONG count)
{
    struct client_wait wait = { .client = client, .receive_count = count };

    wsk_kit_wait_for(wait_is_over, &wait, "calls of WskReceiveEvent");
}

void conn_client_wait_end(struct conn_client *client)
{
    struct client_wait wait = { .client = client, .end_count = 1 };

    wsk_kit_wait_for(wait_is_over, &wait, "WskDisconnectEvent");
}

void conn_client_wait_reset(struct conn_client *client)
{
    struct client_wait wait = { .client = client, .reset_count = 1 };

    wsk_kit_wait_for(wait_is_over, &wait, "WskDisconnectEvent with WSK_FLAG_ABORTIVE");
}

void conn_client_expect_text(struct conn_client *client, const char *text)
{
    conn_client_wait_length(client, strlen(text));
    assert_memory_equal(client->bytes, text, strlen(text));
}

void conn_client_set_answer(struct conn_client *client, enum conn_answer answer, SIZE_T part)
{
    KIRQL irql;

    KeAcquireSpinLock(&client->lock, &irql);
    client->answer = answer;
    client->part = part;
    KeReleaseSpinLock(&client->lock, irql);
}

void conn_client_release_all(struct conn_client *client)
{
    while (client->kept_count > 0) {
        assert_int_equal(conn_table(client->socket)->WskRelease(client->socket, client->kept[--client->kept_count]),
                         STATUS_SUCCESS);
    }
}

/* --- shorthands ------------------------------------------------------------------------------- */

const WSK_PROVIDER_CONNECTION_DISPATCH *conn_table(PWSK_SOCKET socket)
{
    return socket->Dispatch;
}

void conn_accept(struct wsk_fixture *fixture, struct conn_client *client, ULONG events, struct wsk_kit_peer **peer)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(fixture, AF_INET, NULL, NULL, false, &port);

    client->socket = listener_accept_peer(listener, AF_INET, port, client, &conn_client_dispatch, peer);
    socket_close(listener);
    if (events != 0) {
        socket_events(client->socket, events);
    }
}

struct conn_request *conn_request_create(const void *bytes, SIZE_T length)
{
    struct conn_request *request = calloc(1, sizeof(*request));

    assert_non_null(request);
    request->request = request_create();
    request->bytes = calloc(1, length + 1);
    assert_non_null(request->bytes);
    if (bytes != NULL) {
        memcpy(request->bytes, bytes, length);
    }
    buffer_init(&request->buffer, request->bytes, length);
    return request;
}

struct conn_request *conn_receive_post(PWSK_SOCKET socket, SIZE_T size, ULONG flags)
{
    struct conn_request *request = conn_request_create(NULL, size);
    WSK_BUF copy = request->buffer; /* the structure may die with the call */

    request->returned = conn_table(socket)->WskReceive(socket, &copy, flags, request_irp(request->request));
    memset(&copy, 0xee, sizeof(copy));
    return request;
}

struct conn_request *conn_send_post(PWSK_SOCKET socket, const void *bytes, SIZE_T length, ULONG flags)
{
    struct conn_request *request = conn_request_create(bytes, length);
    WSK_BUF copy = request->buffer;

    request->returned = conn_table(socket)->WskSend(socket, &copy, flags, request_irp(request->request));
    memset(&copy, 0xee, sizeof(copy));
    return request;
}

struct conn_request *conn_disconnect_post(PWSK_SOCKET socket, const void *bytes, SIZE_T length, ULONG flags)
{
    struct conn_request *request = conn_request_create(bytes, length);
    WSK_BUF copy = request->buffer;

    request->returned =
        conn_table(socket)->WskDisconnect(socket, bytes == NULL ? NULL : &copy, flags, request_irp(request->request));
    memset(&copy, 0xee, sizeof(copy));
    return request;
}

bool conn_request_is_done(const struct conn_request *request)
{
    return request_is_done(request->request);
}

NTSTATUS conn_request_end(struct conn_request *request, SIZE_T *information)
{
    NTSTATUS status = request_wait(request->request, request->returned);

    if (information != NULL) {
        *information = request->request->result.Information;
    }
    buffer_fini(&request->buffer);
    request_destroy(request->request);
    free(request->bytes);
    free(request);
    return status;
}

void conn_request_expect(struct conn_request *request, NTSTATUS status, SIZE_T information)
{
    SIZE_T got;

    assert_int_equal(conn_request_end(request, &got), status);
    assert_int_equal(got, information);
}

void conn_request_expect_text(struct conn_request *request, const char *text)
{
    assert_int_equal(request_wait(request->request, request->returned), STATUS_SUCCESS);
    assert_int_equal(request->request->result.Information, strlen(text));
    assert_memory_equal(request->bytes, text, strlen(text));
    (void)conn_request_end(request, NULL);
}

void conn_stream_fill(unsigned char *bytes, SIZE_T first, SIZE_T length)
{
    for (SIZE_T index = 0; index < length; index++) {
        bytes[index] = conn_stream_byte(first + index);
    }
}

void conn_stream_check(const unsigned char *bytes, SIZE_T first, SIZE_T length)
{
    for (SIZE_T index = 0; index < length; index++) {
        if (bytes[index] != conn_stream_byte(first + index)) {
            fail_msg("byte %zu of the stream is 0x%02x instead of 0x%02x", (size_t)(first + index), bytes[index],
                     conn_stream_byte(first + index));
        }
    }
}
