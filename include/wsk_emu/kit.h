/* SPDX-License-Identifier: MIT */
/** @file
 * Test kit: stepping and waiting, peers that speak to the driver, witnesses, expected reports. Usable with
 * any test framework, from C and C++. cmocka.h adds the glue for CMocka.
 *
 * A function that cannot do what it is asked to reports the reason to the failure handler
 * (wsk_kit_set_failure_handler; cmocka.h installs CMocka's), which usually does not return. Without a handler the
 * reason is printed and the process aborts. Functions ending in _try return false instead. */
#ifndef WSK_EMU_KIT_H
#define WSK_EMU_KIT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wsk_emu/export.h"
#include "wsk_emu/wsk_emu.h"

WSK_EMU_BEGIN

/** Called with the reason (one or more lines). May leave by longjmp. */
typedef void wsk_kit_failure_fn(const char *reason);
WSK_EMU_API void wsk_kit_set_failure_handler(wsk_kit_failure_fn *handler);
/** Fails the test: formats the reason and hands it to the handler. Returns only if the handler does. The test's thread. */
WSK_EMU_API void wsk_kit_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* --- moving --------------------------------------------------------------------------------- */

/** stepped: performs one move (a network event, a DPC, a due timer, a turn of another thread). False: nothing
 * can move without the clock moving. threads: fails the test, there is nothing to step. */
WSK_EMU_API bool wsk_kit_step(void);
/** Lets everything happen that can happen without the clock moving. stepped: exact. threads: until every processor
 * sleeps and every thread of ours waits, as far as that can be seen from inside. */
WSK_EMU_API void wsk_kit_run_until_idle(void);
/** stepped: moves the simulated clock by this much and delivers what falls due on the way, in order. */
WSK_EMU_API void wsk_kit_advance_ms(unsigned milliseconds);
/** Simulated (stepped) or real (threads) time since the start. */
WSK_EMU_API uint64_t wsk_kit_now_ms(void);

/** A condition: true when the test may go on. Called on the test's thread. */
typedef bool wsk_kit_condition_fn(void *context);
/** Lets the world go on until condition(context) is true. Fails the test, naming what was awaited and who waits for
 * what, as soon as it can never come true (stepped) or after no_progress_ms without progress (threads). In
 * stepped execution simulated time moves when nothing else can. */
WSK_EMU_API void wsk_kit_wait_for(wsk_kit_condition_fn *condition, void *context, const char *what);
WSK_EMU_API bool wsk_kit_wait_for_try(wsk_kit_condition_fn *condition, void *context);

/* --- peers ------------------------------------------------------------------------------------ */

/** A peer of the driver on the other end of the network: a client that connects, or a server that accepts. It runs
 * on the test's thread and speaks whichever network is in use. */
struct wsk_kit_peer;

enum wsk_kit_family { WSK_KIT_IPV4 = 4, WSK_KIT_IPV6 = 6 };

/** How a peer's connection stands. */
enum wsk_kit_peer_state {
    WSK_KIT_PEER_CONNECTING,
    WSK_KIT_PEER_CONNECTED,
    WSK_KIT_PEER_REFUSED, /**< never connected: the driver's host refused or nobody listens */
    WSK_KIT_PEER_ENDED,   /**< the driver finished sending (graceful) */
    WSK_KIT_PEER_RESET,   /**< the driver reset the connection */
    WSK_KIT_PEER_CLOSED   /**< this peer ended it */
};

/** Starts to connect to port of the loopback address and returns at once. Fails the test when no peer can be made. */
WSK_EMU_API struct wsk_kit_peer *wsk_kit_connect(enum wsk_kit_family family, uint16_t port);
/** Waits until the connection is established; fails the test when it is refused. */
WSK_EMU_API void wsk_kit_peer_expect_connected(struct wsk_kit_peer *peer);
/** Waits until the driver turned the connection away, before or after the handshake (a reject is seen as refused on
 * the virtual network, as connected and reset on sockets). */
WSK_EMU_API void wsk_kit_peer_expect_rejected(struct wsk_kit_peer *peer);
/** Sends all bytes, waiting while the driver's side is full. */
WSK_EMU_API void wsk_kit_peer_send(struct wsk_kit_peer *peer, const void *bytes, size_t length);
WSK_EMU_API void wsk_kit_peer_send_text(struct wsk_kit_peer *peer, const char *text);
/** Sends what fits now; returns how much. */
WSK_EMU_API size_t wsk_kit_peer_send_some(struct wsk_kit_peer *peer, const void *bytes, size_t length);
/** Waits for exactly these bytes and compares them. */
WSK_EMU_API void wsk_kit_peer_expect(struct wsk_kit_peer *peer, const void *bytes, size_t length);
WSK_EMU_API void wsk_kit_peer_expect_text(struct wsk_kit_peer *peer, const char *text);
/** Waits for at least one byte; returns how many were stored, 0 when the driver finished sending. */
WSK_EMU_API size_t wsk_kit_peer_receive(struct wsk_kit_peer *peer, void *bytes, size_t size);
/** Reads what is there now without waiting. */
WSK_EMU_API size_t wsk_kit_peer_receive_some(struct wsk_kit_peer *peer, void *bytes, size_t size);
/** Waits for the driver's graceful end; fails on more bytes or a reset. */
WSK_EMU_API void wsk_kit_peer_expect_end(struct wsk_kit_peer *peer);
/** Waits for a reset by the driver. Bytes that came before are discarded. */
WSK_EMU_API void wsk_kit_peer_expect_reset(struct wsk_kit_peer *peer);
/** Finishes this peer's sending direction (FIN). Does nothing when the driver has reset the connection already. */
WSK_EMU_API void wsk_kit_peer_end(struct wsk_kit_peer *peer);
/** Resets the connection, or gives up a connect that is not answered yet. */
WSK_EMU_API void wsk_kit_peer_reset(struct wsk_kit_peer *peer);
/** State as known now, without waiting. */
WSK_EMU_API enum wsk_kit_peer_state wsk_kit_peer_state(struct wsk_kit_peer *peer);
/** The peer's own port. */
WSK_EMU_API uint16_t wsk_kit_peer_port(struct wsk_kit_peer *peer);
/** Closes gracefully what is open and frees the peer. NULL is ignored. */
WSK_EMU_API void wsk_kit_peer_close(struct wsk_kit_peer *peer);
/** Shrinks the peer's receive buffer, so that back-pressure comes early. */
WSK_EMU_API void wsk_kit_peer_set_receive_buffer(struct wsk_kit_peer *peer, unsigned bytes);

/** A listening peer for drivers that connect. */
struct wsk_kit_server;
WSK_EMU_API struct wsk_kit_server *wsk_kit_listen(enum wsk_kit_family family);
WSK_EMU_API uint16_t wsk_kit_server_port(struct wsk_kit_server *server);
/** Waits for a connection from the driver. The peer belongs to the caller. */
WSK_EMU_API struct wsk_kit_peer *wsk_kit_server_accept(struct wsk_kit_server *server);
WSK_EMU_API void wsk_kit_server_close(struct wsk_kit_server *server);
/** A port of the loopback address on which nobody listens. */
WSK_EMU_API uint16_t wsk_kit_unused_port(enum wsk_kit_family family);

/* --- datagram peers ---------------------------------------------------------------------------- */

/** A peer that exchanges datagrams with the driver. It is bound to the loopback address and a port of the network's
 * choice, and receives only when the test says so. */
struct wsk_kit_datagram_peer;

struct wsk_kit_address {
    enum wsk_kit_family family;
    uint16_t port;           /**< host byte order */
    unsigned char bytes[16]; /**< network byte order; IPv4 uses the first four */
};
WSK_EMU_API struct wsk_kit_address wsk_kit_loopback(enum wsk_kit_family family, uint16_t port);

/** What is known about a datagram beside its bytes. */
struct wsk_kit_datagram {
    struct wsk_kit_address remote; /**< who sent it; where it goes */
    struct wsk_kit_address local;  /**< received: where it was sent to, without the port */
    int hop_limit;                 /**< sent: 0 = the system's own */
    int traffic_class;             /**< all eight bits: TOS of IPv4, traffic class of IPv6 */
    size_t length;                 /**< received */
};

WSK_EMU_API struct wsk_kit_datagram_peer *wsk_kit_datagram_open(enum wsk_kit_family family);
/** The peer's own port. */
WSK_EMU_API uint16_t wsk_kit_datagram_port(struct wsk_kit_datagram_peer *peer);
/** Sends one datagram to port of the loopback address, waiting while the network has no room. */
WSK_EMU_API void wsk_kit_datagram_send(struct wsk_kit_datagram_peer *peer, uint16_t port, const void *bytes,
                                       size_t length);
WSK_EMU_API void wsk_kit_datagram_send_text(struct wsk_kit_datagram_peer *peer, uint16_t port, const char *text);
/** Sends one to how->remote, with how->hop_limit and how->traffic_class. */
WSK_EMU_API void wsk_kit_datagram_send_as(struct wsk_kit_datagram_peer *peer, const struct wsk_kit_datagram *how,
                                          const void *bytes, size_t length);
/** Waits for the next datagram and compares it. about, if not NULL, gets what is known about it. */
WSK_EMU_API void wsk_kit_datagram_expect(struct wsk_kit_datagram_peer *peer, const void *bytes, size_t length,
                                         struct wsk_kit_datagram *about);
WSK_EMU_API void wsk_kit_datagram_expect_text(struct wsk_kit_datagram_peer *peer, const char *text);
/** Lets everything happen, then fails the test if a datagram has come. */
WSK_EMU_API void wsk_kit_datagram_expect_none(struct wsk_kit_datagram_peer *peer);
/** Waits for the next datagram; returns how many bytes were stored. */
WSK_EMU_API size_t wsk_kit_datagram_receive(struct wsk_kit_datagram_peer *peer, void *bytes, size_t size,
                                            struct wsk_kit_datagram *about);
/** A port of the loopback address to which no datagram socket is bound. */
WSK_EMU_API uint16_t wsk_kit_unused_datagram_port(enum wsk_kit_family family);
/** NULL is ignored. */
WSK_EMU_API void wsk_kit_datagram_close(struct wsk_kit_datagram_peer *peer);

/* --- names ------------------------------------------------------------------------------------ */

/* What WskGetAddressInfo and WskGetNameInfo know before they ask anybody: a hosts table. It lasts until the emulated
 * kernel stops. Names are UTF-8; upper and lower case of ASCII letters are the same. On the virtual network nothing else
 * is known, but "localhost"; over sockets other names go to the system's resolver. */

/** Gives a name one more address ("192.0.2.1", "2001:db8::1"). The first name of an address is the one that
 * WskGetNameInfo finds. */
WSK_EMU_API void wsk_kit_host_add(const char *name, const char *address);
/** Makes alias another name for name, which AI_CANONNAME then returns. name may be added later. */
WSK_EMU_API void wsk_kit_host_alias(const char *alias, const char *name);

enum wsk_kit_host_failure {
    WSK_KIT_HOST_UNKNOWN,   /**< no such name */
    WSK_KIT_HOST_TRY_AGAIN, /**< no name server answers */
    WSK_KIT_HOST_NO_MEMORY, /**< the resolver is out of memory */
    WSK_KIT_HOST_NOT_READY  /**< as seen early in the start of a system: STATUS_INTERNAL_ERROR */
};
/** Makes every lookup of the name fail. */
WSK_EMU_API void wsk_kit_host_fail(const char *name, enum wsk_kit_host_failure failure);
/** Requests for the name wait, whatever is known about it, until it is let go: a slow name server. */
WSK_EMU_API void wsk_kit_host_hold(const char *name);
/** Answers the requests that wait for a held name. */
WSK_EMU_API void wsk_kit_host_let_go(const char *name);

/* --- transports -------------------------------------------------------------------------------- */

/** Which IP stacks the emulated machine has; it starts with both. What is missing is not in WSK_TRANSPORT_LIST_QUERY and
 * makes no sockets; sockets that are there stay. A change completes pending WSK_TRANSPORT_LIST_CHANGE requests. */
WSK_EMU_API void wsk_kit_set_transports(bool has_ipv4, bool has_ipv6);

/* --- witnesses -------------------------------------------------------------------------------- */

/** Records calls from any thread, for assertions on the test's thread: the way to test callbacks in threads
 * execution. At most 64 calls are kept, all are counted. */
struct wsk_kit_witness;
struct wsk_kit_call {
    uint64_t order; /**< counts over all witnesses: earlier is smaller */
    uint64_t now_ms;
    UCHAR irql;         /**< the KIRQL it was called at */
    unsigned processor; /**< UINT_MAX below DISPATCH_LEVEL */
    uintptr_t values[4];
};
WSK_EMU_API struct wsk_kit_witness *wsk_kit_witness_create(const char *name);
WSK_EMU_API void wsk_kit_witness_destroy(struct wsk_kit_witness *witness);
WSK_EMU_API void wsk_kit_witness_call(struct wsk_kit_witness *witness, uintptr_t a, uintptr_t b, uintptr_t c,
                                      uintptr_t d);
WSK_EMU_API size_t wsk_kit_witness_count(struct wsk_kit_witness *witness);
/** Copies call number index (0 = first); fails the test when there was none. */
WSK_EMU_API struct wsk_kit_call wsk_kit_witness_get(struct wsk_kit_witness *witness, size_t index);
/** Waits until it was called at least count times. */
WSK_EMU_API void wsk_kit_witness_wait(struct wsk_kit_witness *witness, size_t count);

/* --- reports ---------------------------------------------------------------------------------- */

/** The next breach of this rule ("IRP-001") is expected: not printed, not counted. An expectation that does not come
 * true fails the test at its end. */
WSK_EMU_API void wsk_kit_expect_report(const char *rule_id);
/** Expected reports of the rule that came so far. */
WSK_EMU_API size_t wsk_kit_report_count(const char *rule_id);
/** The full text of the last report, expected or not; "" when there was none. */
WSK_EMU_API const char *wsk_kit_last_report(void);

/* --- live objects ------------------------------------------------------------------------------ */

enum wsk_kit_object {
    WSK_KIT_POOL,
    WSK_KIT_IRP,
    WSK_KIT_MDL,
    WSK_KIT_SOCKET,
    WSK_KIT_INDICATION,
    WSK_KIT_REGISTRATION,
    WSK_KIT_ADDRESS_INFO,       /**< lists from WskGetAddressInfo */
    WSK_KIT_SECURITY_DESCRIPTOR /**< from WSK_CACHE_SD or SO_WSK_SECURITY, until the last handle is released */
};
/** How many objects of this kind are alive now. */
WSK_EMU_API size_t wsk_kit_live_count(enum wsk_kit_object kind);
/** Calls of the driver's callbacks that are pended: requests without a verdict. */
WSK_EMU_API size_t wsk_kit_pended_inspections(void);

/* --- statuses ----------------------------------------------------------------------------------- */

/** The name in ntstatus.h, "STATUS_PENDING", or NULL for a value that has none there. */
WSK_EMU_API const char *wsk_kit_status_name(NTSTATUS status);

/* --- glue --------------------------------------------------------------------------------------- */

/* What cmocka.h, gtest.hpp and catch2.hpp are made of, for the glue of another test framework: start the kernel, set a
 * failure handler that leaves by longjmp, run the test; then stop, or, if the test did not come back, abandon. */

/** Tells emulated kernels apart: counts the starts of this process from 1. 0 while none is running. */
WSK_EMU_API unsigned long long wsk_kit_run_number(void);
/** The seed of the kernel that is running, to be printed when a test fails. 0: the natural order, or none is running. */
WSK_EMU_API unsigned long long wsk_kit_seed(void);
/** The calling thread is inside driver code, a callback of the test's own included: the frames of the library and of the
 * driver are on its stack, and no exception may pass through them. */
WSK_EMU_API bool wsk_kit_is_in_callback(void);
/** Closes the test's peers, servers and witnesses and stops the kernel like wsk_emu_stop.
 * @return number of unexpected verifier reports since the start, leaks included. */
WSK_EMU_API size_t wsk_kit_stop(void);
/** Stops the kernel after its test has failed and was left, perhaps inside driver code: no driver code runs any more,
 * and nothing that was left behind is reported. Does nothing while stopped. */
WSK_EMU_API void wsk_kit_abandon(void);

WSK_EMU_END

#endif
