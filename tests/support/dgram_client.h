/* SPDX-License-Identifier: MIT */
/* The driver's side of datagram sockets for tests: calls that wait, requests that do not, a callback that records. */
#ifndef WE_TEST_DGRAM_CLIENT_H
#define WE_TEST_DGRAM_CLIENT_H

#include <ws2ipdef.h>

#include "wsk_fixture.h"

const WSK_PROVIDER_DATAGRAM_DISPATCH *dgram_table(PWSK_SOCKET socket);

/* --- sockets ---------------------------------------------------------------------------------------- */

PWSK_SOCKET dgram_open(struct wsk_fixture *fixture, ADDRESS_FAMILY family, PVOID context,
                       const WSK_CLIENT_DATAGRAM_DISPATCH *dispatch);
/* Bound to the loopback address and a port of the network's choice. */
PWSK_SOCKET dgram_open_bound(struct wsk_fixture *fixture, ADDRESS_FAMILY family, PVOID context,
                             const WSK_CLIENT_DATAGRAM_DISPATCH *dispatch, USHORT *port);
USHORT dgram_port(PWSK_SOCKET socket);
/* SIO_WSK_SET_REMOTE_ADDRESS or SIO_WSK_SET_SENDTO_ADDRESS; address NULL clears. */
NTSTATUS dgram_ioctl(PWSK_SOCKET socket, ULONG code, const SOCKADDR_STORAGE *address);

/* --- sending ---------------------------------------------------------------------------------------- */

/* Waits; remote NULL: the fixed one. control_length 0: none. */
NTSTATUS dgram_send_with(PWSK_SOCKET socket, const void *bytes, SIZE_T length, const SOCKADDR_STORAGE *remote,
                         ULONG control_length, const void *control, SIZE_T *sent);
NTSTATUS dgram_send_try(PWSK_SOCKET socket, const void *bytes, SIZE_T length, const SOCKADDR_STORAGE *remote,
                        SIZE_T *sent);
/* To a port of the loopback address of the family; expects success. */
void dgram_send_text(PWSK_SOCKET socket, ADDRESS_FAMILY family, USHORT port, const char *text);

/* --- receiving by request --------------------------------------------------------------------------- */

#define DGRAM_CONTROL_BYTES 256

struct dgram_receive {
    struct wsk_request *request;
    NTSTATUS returned;
    WSK_BUF buffer;
    unsigned char *bytes;
    SOCKADDR_STORAGE remote;
    ULONG control_length;
    ULONG control_flags;
    _Alignas(CMSGHDR) unsigned char control[DGRAM_CONTROL_BYTES];
};

/* Posts a WskReceiveFrom that asks for everything, with room for control_length bytes of control information. */
struct dgram_receive *dgram_receive_post(PWSK_SOCKET socket, SIZE_T size, ULONG control_length);
/* Waits for it and checks status and bytes; frees it unless it is told to keep it. */
void dgram_receive_expect(struct dgram_receive *receive, NTSTATUS status, const char *text);
void dgram_receive_wait(struct dgram_receive *receive, NTSTATUS status, const char *text);
void dgram_receive_destroy(struct dgram_receive *receive);
/* The control object of a level and type in it, or NULL; its payload. */
const void *dgram_control_find(const void *control, ULONG control_length, INT level, INT type);
INT dgram_control_int(const void *control, ULONG control_length, INT level, INT type);

/* --- receiving by callback -------------------------------------------------------------------------- */

enum dgram_answer {
    DGRAM_TAKE,   /* STATUS_SUCCESS */
    DGRAM_KEEP,   /* STATUS_PENDING: the elements go onto the list of kept ones */
    DGRAM_REFUSE, /* STATUS_DATA_NOT_ACCEPTED */
    DGRAM_OTHER   /* STATUS_DEVICE_NOT_READY */
};

#define DGRAM_SEEN_MAX 256
#define DGRAM_TEXT_MAX 64

struct dgram_seen {
    SIZE_T length;
    char text[DGRAM_TEXT_MAX]; /* its beginning */
    SOCKADDR_STORAGE remote;
    ULONG control_length;
    _Alignas(CMSGHDR) unsigned char control[DGRAM_CONTROL_BYTES];
};

/* Made with dgram_client_create, which gives it the whole life of a test; it is the socket's context. Written by the
 * callback under the lock; read it when nothing can be running. */
struct dgram_client {
    PWSK_SOCKET socket;
    USHORT port;
    KSPIN_LOCK lock;
    enum dgram_answer answer;
    /* Called in the callback before it answers, without the lock. */
    void (*on_event)(struct dgram_client *client, PWSK_DATAGRAM_INDICATION list);
    void *test_data;
    LONG call_count;
    ULONG last_flags;
    KIRQL last_irql;
    ULONG last_elements;
    ULONG seen_count;
    struct dgram_seen seen[DGRAM_SEEN_MAX];
    ULONG kept_count;
    PWSK_DATAGRAM_INDICATION kept[DGRAM_SEEN_MAX];
};

extern const WSK_CLIENT_DATAGRAM_DISPATCH dgram_client_dispatch;

/* With a bound socket whose events are these (0: none). */
struct dgram_client *dgram_client_create(struct wsk_fixture *fixture, ADDRESS_FAMILY family, ULONG events);
/* Bound to the wildcard address, with the event off. */
struct dgram_client *dgram_client_create_any(struct wsk_fixture *fixture, ADDRESS_FAMILY family);
/* Closes the socket. */
void dgram_client_destroy(struct dgram_client *client);
void dgram_client_wait_calls(struct dgram_client *client, LONG count);
void dgram_client_wait_seen(struct dgram_client *client, ULONG count);
/* Waits for it and compares. */
void dgram_client_expect(struct dgram_client *client, ULONG index, const char *text);
NTSTATUS dgram_release(PWSK_SOCKET socket, PWSK_DATAGRAM_INDICATION list);
/* Releases each kept element by itself. */
void dgram_client_release_all(struct dgram_client *client);
/* The bytes of one element, at most size. */
SIZE_T dgram_copy(const WSK_DATAGRAM_INDICATION *element, void *to, SIZE_T size);

#endif
