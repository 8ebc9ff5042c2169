/* SPDX-License-Identifier: MIT */
/* The driver's side of one connection for tests: event callbacks that record, and answer as told. */
#ifndef WE_TEST_CONN_CLIENT_H
#define WE_TEST_CONN_CLIENT_H

#include "wsk_fixture.h"

enum conn_answer {
    CONN_TAKE_ALL,  /* STATUS_SUCCESS, *BytesAccepted left alone */
    CONN_TAKE_PART, /* STATUS_SUCCESS, *BytesAccepted = part (of what is indicated at most) */
    CONN_KEEP,      /* STATUS_PENDING: the elements go onto the list of kept ones */
    CONN_REFUSE     /* STATUS_DATA_NOT_ACCEPTED */
};

#define CONN_KEPT_MAX 4096

/* Made with conn_client_create, which gives it the whole life of a test; it is the socket's context. Written by
 * callbacks under the lock; read it with the functions below, or when nothing can be running. */
struct conn_client {
    PWSK_SOCKET socket;
    KSPIN_LOCK lock;
    enum conn_answer answer;
    SIZE_T part;
    /* Called in the receive callback before it answers, without the lock; may change answer and part. */
    void (*on_receive)(struct conn_client *client, PWSK_DATA_INDICATION list);
    void (*on_disconnect)(struct conn_client *client);
    void *test_data;
    unsigned char *bytes; /* everything that was taken or kept, in order */
    SIZE_T length;
    SIZE_T capacity;
    PWSK_DATA_INDICATION kept[CONN_KEPT_MAX];
    ULONG kept_count;
    SIZE_T last_indicated;
    ULONG last_elements;
    ULONG last_flags;
    KIRQL last_irql;
    LONG receive_count; /* calls of WskReceiveEvent */
    LONG end_count;     /* calls of WskDisconnectEvent without and with WSK_FLAG_ABORTIVE */
    LONG reset_count;
    SIZE_T length_at_end; /* bytes that had been taken when WskDisconnectEvent came */
    LONG running;         /* callbacks on a stack now */
    LONG overlap_count;   /* calls that found another one running */
};

extern const WSK_CLIENT_CONNECTION_DISPATCH conn_client_dispatch;

struct conn_client *conn_client_create(void);
void conn_client_destroy(struct conn_client *client);
/* Copies the bytes an indication list describes to to, at most size; returns how many there are. */
SIZE_T conn_list_copy(PWSK_DATA_INDICATION list, unsigned char *to, SIZE_T size);

/* Waits. */
void conn_client_wait_length(struct conn_client *client, SIZE_T length);
void conn_client_wait_receives(struct conn_client *client, LONG count);
void conn_client_wait_end(struct conn_client *client);
void conn_client_wait_reset(struct conn_client *client);
/* The bytes taken so far are exactly this text. */
void conn_client_expect_text(struct conn_client *client, const char *text);
/* WskRelease of everything that is kept, one by one, newest first. */
void conn_client_release_all(struct conn_client *client);
void conn_client_set_answer(struct conn_client *client, enum conn_answer answer, SIZE_T part);

/* --- shorthands ------------------------------------------------------------------------------- */

const WSK_PROVIDER_CONNECTION_DISPATCH *conn_table(PWSK_SOCKET socket);

/* An accepted connection: client->socket, and the peer that connected. events are enabled afterwards; 0 for none. */
void conn_accept(struct wsk_fixture *fixture, struct conn_client *client, ULONG events, struct wsk_kit_peer **peer);

/* A request with its buffer over memory of its own, for calls that stay pending. */
struct conn_request {
    struct wsk_request *request;
    unsigned char *bytes;
    WSK_BUF buffer;
    NTSTATUS returned;
};
/* Without a call; bytes NULL: zeros. */
struct conn_request *conn_request_create(const void *bytes, SIZE_T length);
struct conn_request *conn_receive_post(PWSK_SOCKET socket, SIZE_T size, ULONG flags);
struct conn_request *conn_send_post(PWSK_SOCKET socket, const void *bytes, SIZE_T length, ULONG flags);
/* bytes NULL: without a buffer. */
struct conn_request *conn_disconnect_post(PWSK_SOCKET socket, const void *bytes, SIZE_T length, ULONG flags);
bool conn_request_is_done(const struct conn_request *request);
/* Waits, checks the status and the number of bytes, and destroys the request. */
void conn_request_expect(struct conn_request *request, NTSTATUS status, SIZE_T information);
/* The same; and the bytes received are this text. */
void conn_request_expect_text(struct conn_request *request, const char *text);
/* Waits and destroys the request; returns the status. information may be NULL. */
NTSTATUS conn_request_end(struct conn_request *request, SIZE_T *information);

/* Byte number index of the test stream. */
static inline unsigned char conn_stream_byte(SIZE_T index)
{
    return (unsigned char)(index * 7 + index / 251);
}
void conn_stream_fill(unsigned char *bytes, SIZE_T first, SIZE_T length);
void conn_stream_check(const unsigned char *bytes, SIZE_T first, SIZE_T length);

#endif
