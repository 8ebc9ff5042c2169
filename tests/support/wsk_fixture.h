/* SPDX-License-Identifier: MIT */
/* A registered WSK client for tests, and calls that wait: what every test of the provider begins with. */
#ifndef WE_TEST_WSK_FIXTURE_H
#define WE_TEST_WSK_FIXTURE_H

#include <wsk.h>

#include "contract.h"

/* Everything here runs on the test's own thread at PASSIVE_LEVEL and fails the test when something else happens than
 * said. Nothing comes from pool, so tests may count pool blocks. */

struct wsk_fixture {
    const struct contract_way *way; /* how this test runs; NULL outside contract suites */
    WSK_CLIENT_DISPATCH client_dispatch;
    WSK_CLIENT_NPI client_npi;
    WSK_REGISTRATION registration;
    WSK_PROVIDER_NPI npi;
    bool is_registered;
    bool is_captured;
};

/* CMocka fixture functions: *state becomes a struct wsk_fixture that is registered and has captured the provider.
 * Tear-down releases and deregisters what the test has not; sockets are the test's own business. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
/* The parts, for tests that want them in another order. */
struct wsk_fixture *fixture_create(const struct contract_way *way);
void fixture_register(struct wsk_fixture *fixture);
void fixture_capture(struct wsk_fixture *fixture);
void fixture_release(struct wsk_fixture *fixture);
void fixture_deregister(struct wsk_fixture *fixture);
void fixture_destroy(struct wsk_fixture *fixture);

/* --- requests ------------------------------------------------------------------------------------- */

/* What the calls of a chain returned, and how they were completed. */
struct wsk_request_chain {
    volatile LONG calls;
    volatile LONG pending_calls; /* of these, that returned STATUS_PENDING */
    volatile LONG completions;
    volatile LONG pending_completions; /* of these, with PendingReturned */
};

/* One IRP and what its completion routine saw. Lives until request_destroy; may be used for any number of calls,
 * one after the other. After each call that completes the IRP comes request_wait, which holds the completion against
 * what the call returned: request_irp and request_destroy fail the test that forgot it. */
struct wsk_request {
    PIRP irp;
    KEVENT done;
    volatile LONG completion_count; /* since request_irp */
    /* Written by the completion routine before done is set. */
    IO_STATUS_BLOCK result;
    BOOLEAN is_pending_returned;
    BOOLEAN is_cancel_set;
    BOOLEAN is_still_cancelable; /* CancelRoutine was set */
    KIRQL irql;
    ULONG_PTR order; /* counts completions over all requests */
    /* Called last in the completion routine, before done is set; may be NULL. */
    void (*completed)(struct wsk_request *request);
    void *context;
    bool is_judged; /* by request_wait, since request_irp */
    struct wsk_request_chain chain;
};
struct wsk_request *request_create(void);
void request_destroy(struct wsk_request *request);
/* The IRP, made ready for one call. */
PIRP request_irp(struct wsk_request *request);
/* For an IRP that its own completion routine sends again, perhaps before the call before has returned: the IRP for each
 * call of the chain, and what that call returned (which it gives back). Calls and completions are counted and compared
 * when the request is destroyed or used anew. */
PIRP request_irp_of_chain(struct wsk_request *request);
NTSTATUS request_note(struct wsk_request *request, NTSTATUS returned);
/* Waits until the IRP has completed; fails the test unless it agrees with what the call returned. Returns the final
 * status. */
NTSTATUS request_wait(struct wsk_request *request, NTSTATUS returned);
/* What every completed request owes to what its call returned, as a sentence about the breach, or NULL: completed once,
 * PendingReturned exactly when the call returned STATUS_PENDING, else IoStatus as returned; IoStatus left alone since; no
 * cancel routine left. */
const char *request_disagreement(const struct wsk_request *request, NTSTATUS returned);
bool request_is_done(struct wsk_request *request);

/* Evaluates call (an expression that uses irp) with a fresh request and waits. information may be NULL. */
#define REQUEST_CALL(status, information, irp, call)      \
    do {                                                  \
        struct wsk_request *request_ = request_create();  \
        PIRP irp = request_irp(request_);                 \
        NTSTATUS returned_ = (call);                      \
        (status) = request_wait(request_, returned_);     \
        request_store_information(request_, information); \
        request_destroy(request_);                        \
    } while (0)
void request_store_information(const struct wsk_request *request, ULONG_PTR *information);

/* --- addresses ------------------------------------------------------------------------------------ */

/* port in host byte order. */
SOCKADDR_STORAGE address_loopback(ADDRESS_FAMILY family, USHORT port);
SOCKADDR_STORAGE address_any(ADDRESS_FAMILY family, USHORT port);
USHORT address_port(const SOCKADDR_STORAGE *address);

/* --- sockets: calls that wait --------------------------------------------------------------------- */

/* flags: WSK_FLAG_..._SOCKET. Fails the test when the socket cannot be made. */
PWSK_SOCKET socket_open(struct wsk_fixture *fixture, ULONG flags, ADDRESS_FAMILY family, PVOID context,
                        CONST VOID *dispatch);
/* All arguments, and the status; *socket is NULL on failure. */
NTSTATUS socket_open_try(struct wsk_fixture *fixture, ULONG flags, ADDRESS_FAMILY family, USHORT type, ULONG protocol,
                         PVOID context, CONST VOID *dispatch, PWSK_SOCKET *socket);
/* Any category that has WskBind. */
NTSTATUS socket_bind_try(PWSK_SOCKET socket, const SOCKADDR_STORAGE *address);
void socket_bind_loopback(PWSK_SOCKET socket, ADDRESS_FAMILY family);
void socket_close(PWSK_SOCKET socket);
/* The address that WskGetLocalAddress gives; is_listener says which table the socket has. */
SOCKADDR_STORAGE socket_local(PWSK_SOCKET socket, bool is_listener);

/* With an IRP. */
NTSTATUS socket_set_option(PWSK_SOCKET socket, ULONG level, ULONG option, const void *value, SIZE_T size);
NTSTATUS socket_get_option(PWSK_SOCKET socket, ULONG level, ULONG option, void *value, SIZE_T size, SIZE_T *returned);
NTSTATUS socket_set_ulong(PWSK_SOCKET socket, ULONG level, ULONG option, ULONG value);
/* WskIoctl. information may be NULL. */
NTSTATUS socket_ioctl(PWSK_SOCKET socket, ULONG code, const void *input, SIZE_T input_size, void *output,
                      SIZE_T output_size, ULONG_PTR *information);
/* SO_WSK_EVENT_CALLBACK without an IRP; the status as it is. mask may contain WSK_EVENT_DISABLE. */
NTSTATUS socket_events_try(PWSK_SOCKET socket, ULONG mask);
void socket_events(PWSK_SOCKET socket, ULONG mask);

/* --- listeners and connections -------------------------------------------------------------------- */

/* A listening socket that is bound to the loopback address and a port of the network's choice. is_conditional sets
 * SO_CONDITIONAL_ACCEPT before. No event is enabled. */
PWSK_SOCKET listener_open(struct wsk_fixture *fixture, ADDRESS_FAMILY family, PVOID context,
                          const WSK_CLIENT_LISTEN_DISPATCH *dispatch, bool is_conditional, USHORT *port);
/* Takes the next connection with WskAccept; waits for it. */
PWSK_SOCKET listener_accept(PWSK_SOCKET listener, PVOID context, const WSK_CLIENT_CONNECTION_DISPATCH *dispatch);
/* A connection from a kit peer to the listener, taken with WskAccept: both ends. */
PWSK_SOCKET listener_accept_peer(PWSK_SOCKET listener, ADDRESS_FAMILY family, USHORT port, PVOID context,
                                 const WSK_CLIENT_CONNECTION_DISPATCH *dispatch, struct wsk_kit_peer **peer);
/* A connection socket that is connected to a kit server's peer: both ends. */
PWSK_SOCKET connection_open_peer(struct wsk_fixture *fixture, ADDRESS_FAMILY family, PVOID context,
                                 const WSK_CLIENT_CONNECTION_DISPATCH *dispatch, struct wsk_kit_peer **peer);
/* A bound connection socket, connected to nobody yet. */
PWSK_SOCKET connection_open_bound(struct wsk_fixture *fixture, ADDRESS_FAMILY family, PVOID context,
                                  const WSK_CLIENT_CONNECTION_DISPATCH *dispatch);
NTSTATUS connection_connect_try(PWSK_SOCKET socket, const SOCKADDR_STORAGE *remote);
NTSTATUS connection_send_try(PWSK_SOCKET socket, const void *bytes, SIZE_T length, ULONG flags, SIZE_T *sent);
void connection_send_text(PWSK_SOCKET socket, const char *text);
NTSTATUS connection_receive_try(PWSK_SOCKET socket, void *bytes, SIZE_T size, ULONG flags, SIZE_T *received);
/* Receives with WSK_FLAG_WAITALL and compares. */
void connection_expect_text(PWSK_SOCKET socket, const char *text);
/* buffer NULL: none. */
NTSTATUS connection_disconnect_try(PWSK_SOCKET socket, ULONG flags);

enum wsk_kit_family fixture_kit_family(ADDRESS_FAMILY family);

/* --- buffers -------------------------------------------------------------------------------------- */

/* A WSK_BUF over bytes of the caller, with an MDL for nonpaged memory. Undo with buffer_fini. */
void buffer_init(WSK_BUF *buffer, void *bytes, SIZE_T length);
void buffer_fini(WSK_BUF *buffer);

#endif
