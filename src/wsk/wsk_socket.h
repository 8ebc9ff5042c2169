/* SPDX-License-Identifier: MIT */
/* What all sockets share: category, references, rundown, events, close. */
#ifndef WE_WSK_SOCKET_H
#define WE_WSK_SOCKET_H

#include <wsk.h>

#include "base/base_addr.h"
#include "host/host_lock.h"
#include "host/host_net.h"
#include "nt/ke_cpu.h"
#include "nt/nt_completion.h"
#include "vrf/vrf_ledger.h"
#include "wsk/wsk_cmsg.h"
#include "wsk/wsk_irp.h"
#include "wsk/wsk_life_fsm.h"
#include "wsk/wsk_share.h"

/* Lifetimes
 *
 * references: keeps the memory. The open socket holds one, each registered endpoint event that is being
 *   delivered and each queued work item another.
 * rundown_count: keeps the close IRP. The open socket counts one; so do IRPs whose completion routine has not
 *   returned, callbacks that are on a stack, calls that are executing, and queued work that may call the client.
 *   WskCloseSocket marks the socket, cancels what is queued, drops the open socket's count and returns
 *   STATUS_PENDING; whoever brings the count to zero ends the host endpoint and completes the close IRP, last of
 *   all. The open socket's reference goes then: while the rundown count is not zero the memory is safe.
 * After that the memory stays for a while as a tombstone, so that a use after close is a report.
 *
 * Locks: one lock a socket. Rank LISTENER for sockets that may listen, SOCKET for all others, because a
 * listener holds its own lock while it sets up an accepted socket. Never held at a door.
 */

enum we_wsk_category { WE_WSK_BASIC, WE_WSK_LISTEN, WE_WSK_DATAGRAM, WE_WSK_CONNECTION, WE_WSK_STREAM };

enum we_wsk_state {
    WE_WSK_CREATED,
    WE_WSK_BOUND, /* in the role of a listener: listening */
    WE_WSK_CONNECTING,
    WE_WSK_CONNECTED,
    WE_WSK_DEAD /* only close is allowed: STATUS_FILE_FORCED_CLOSED */
};

struct we_wsk_client;
struct we_wsk_security;
struct we_wsk_listener;
struct we_wsk_conn;
struct we_wsk_option_values; /* wsk_option_value.c */
struct we_wsk_dgram;

struct we_wsk_socket {
    WSK_SOCKET head;             /* first: what the client sees */
    ULONG magic;                 /* WE_WSK_SOCKET_MAGIC while open, _CLOSED as a tombstone */
    struct we_vrf_entry entry;   /* WE_KIND_SOCKET */
    struct we_host_trace closed; /* where its end began */
    LONG references;             /* atomic */
    /* Set before publication. */
    enum we_wsk_category category;
    enum we_wsk_category role; /* atomic: what a stream socket has become, see wsk_stream.h; of others the category */
    ADDRESS_FAMILY family;
    USHORT type;
    ULONG protocol;
    unsigned cpu; /* for life: callbacks are work of this processor */
    struct we_wsk_client *client;
    PVOID context;
    const VOID *dispatch;            /* the client's table, or NULL; of a stream socket with a role, the role's */
    struct we_base_list client_link; /* in the list of all open sockets; guarded by wsk_socket.c */

    struct we_host_mutex lock;
    enum we_wsk_state state;
    ULONG events;             /* enabled WSK_EVENT_* bits (listeners: also what accepted sockets inherit) */
    ULONG static_events;      /* of these, the bits that cannot be disabled */
    ULONG running_events;     /* bits of callbacks that are on a stack now */
    USHORT running_counts[6]; /* how many, by bit: WSK_EVENT_SEND_BACKLOG .. WSK_EVENT_ACCEPT */
    /* Atomic, in one word because they change together: in the lower half the rundown count, see above; in the upper
     * half how many calls of this socket's functions are executing (SOCK-037). */
    uint64_t counts;
    enum we_wsk_life_state life; /* changed through the table alone */
    bool is_known_dead;          /* a call was told STATUS_FILE_FORCED_CLOSED (SOCK-044) */
    PIRP close_irp;
    NTSTATUS close_status;                /* what it completes with */
    struct we_wsk_irp_queue disable_irps; /* event disables that wait for a running callback */
    struct we_wsk_irp_queue change_irps;  /* wait for a change of addresses or routes */
    /* While a WskAcceptEvent offers this socket: the callback's out-parameters, for an enable inside it; else NULL. */
    PVOID *accept_context;
    const WSK_CLIENT_CONNECTION_DISPATCH **accept_dispatch;
    struct we_host_ep *ep; /* listener or stream; NULL before bind */
    struct we_base_addr local;
    struct we_base_addr remote;
    ULONG conditional_accept;   /* SO_CONDITIONAL_ACCEPT */
    ULONG receive_buffer_bytes; /* SO_RCVBUF, 0 = the network's own */
    ULONG keepalive;
    ULONG v6only; /* IPV6_V6ONLY, Windows default 1 */
    ULONG reuse_address;
    ULONG exclusive_address;
    struct we_wsk_claim claim;                 /* the address, among those of all sockets; see wsk_share.h */
    ULONG64 reservation;                       /* of ports, to bind in; see wsk_reserve.h; guarded by its lock */
    bool has_reserved;                         /* ports, which are free when it ends; the same */
    struct we_wsk_security *security;          /* SO_WSK_SECURITY; NULL: the default, which lets nobody share */
    struct we_wsk_dgram_options dgram_options; /* datagram sockets */
    /* One of these, by category. A stream socket has a connection's part, and a listener's from WskListen on. */
    ULONG nodelay;                              /* TCP_NODELAY */
    struct we_wsk_option_values *option_values; /* all other options that were set; NULL: none */
    /* Exactly one of these, by category. */
    struct we_wsk_listener *listener;
    struct we_wsk_conn *conn;
    struct we_wsk_dgram *dgram;
};

#define WE_WSK_SOCKET_MAGIC 0x4b535721u
#define WE_WSK_SOCKET_MAGIC_CLOSED 0x4b53570du

/* Makes a socket with one reference (the client's handle), its category part included, and puts it into the
 * ledger and the list of sockets; the client's static events of its category are on. NULL when memory is short.
 * Thread: any, IRQL <= DISPATCH. Locks up to WE_RANK_LISTENER may be held. */
struct we_wsk_socket *we_wsk_socket_create(struct we_wsk_client *client, enum we_wsk_category category,
                                           ADDRESS_FAMILY family, USHORT type, ULONG protocol, PVOID context,
                                           const VOID *dispatch);
/* What the socket is to the rest of the code: its category, or what a stream socket has become. */
static inline enum we_wsk_category we_wsk_socket_role(const struct we_wsk_socket *socket)
{
    return (enum we_wsk_category)__atomic_load_n(&socket->role, __ATOMIC_RELAXED);
}
void we_wsk_socket_ref(struct we_wsk_socket *socket);
void we_wsk_socket_unref(struct we_wsk_socket *socket);
/* Ends a socket that the client never got or refused: no close IRP, the connection is reset, IRPs that the client
 * queued meanwhile are cancelled. Does nothing for a socket that is closing already. No lock. */
void we_wsk_socket_abandon(struct we_wsk_socket *socket);
/* The same for a socket whose making failed while irp, which asked for it, was a request of it: irp completes with
 * status, last of all, when nothing is left of the socket. Lock held, not closing; the caller has a rundown count of its
 * own, and the socket ends when that is released. */
void we_wsk_socket_fail_locked(struct we_wsk_socket *socket, PIRP irp, NTSTATUS status,
                               struct we_nt_completions *completions);

/* --- the frame of every socket function ----------------------------------------------------------- */

/* One call of a socket function: validated, referenced, in a section at DISPATCH_LEVEL on the socket's
 * processor if possible, the IRP taken. */
struct we_wsk_call {
    struct we_wsk_socket *socket;
    PIRP irp;
    struct we_nt_section section;
    struct we_nt_completions completions;
    const char *function;
};

/* The usual sets of categories. */
#define WE_WSK_CATEGORY_BIT(category) (1u << (category))
#define WE_WSK_ANY_CATEGORY                                                                                          \
    (WE_WSK_CATEGORY_BIT(WE_WSK_BASIC) | WE_WSK_CATEGORY_BIT(WE_WSK_LISTEN) | WE_WSK_CATEGORY_BIT(WE_WSK_DATAGRAM) | \
     WE_WSK_CATEGORY_BIT(WE_WSK_CONNECTION) | WE_WSK_CATEGORY_BIT(WE_WSK_STREAM))

/* Those that may listen, and those that may be connected. */
#define WE_WSK_LISTENERS (WE_WSK_CATEGORY_BIT(WE_WSK_LISTEN) | WE_WSK_CATEGORY_BIT(WE_WSK_STREAM))
#define WE_WSK_CONNECTIONS (WE_WSK_CATEGORY_BIT(WE_WSK_CONNECTION) | WE_WSK_CATEGORY_BIT(WE_WSK_STREAM))

/* Starts a call. allowed_categories: bits 1 << enum we_wsk_category. Checks: the socket is known and open (SOCK-037
 * use after close), of a right category (SOCK-012), not dead, the IRP usable (we_io_irp_take). On failure
 * everything is undone, the IRP (if it can be) completed inline, and the status to return is returned; the
 * caller returns it at once. irp may be NULL only with is_irp_optional. */
NTSTATUS we_wsk_call_begin(struct we_wsk_call *call, PWSK_SOCKET socket, unsigned allowed_categories, PIRP irp,
                           bool is_irp_optional, const char *function);
/* The same, and on success the socket's lock is held: for functions that take it anyway. */
NTSTATUS we_wsk_call_begin_locked(struct we_wsk_call *call, PWSK_SOCKET socket, unsigned allowed_categories, PIRP irp,
                                  bool is_irp_optional, const char *function);
/* Ends it: runs call->completions, leaves the section (completion routines run here), drops the reference. Returns
 * STATUS_PENDING, for "return we_wsk_call_end_pending(&call)": the IRP was queued or put on completions. */
NTSTATUS we_wsk_call_end_pending(struct we_wsk_call *call);
/* The IRP is finished at once, inline, unmarked: argument and state errors. Completes it after the section was
 * left. Without an IRP just returns status. */
NTSTATUS we_wsk_call_end_inline(struct we_wsk_call *call, NTSTATUS status, ULONG_PTR information);
/* Shorthand: completions gets the IRP with status, then end_pending. */
NTSTATUS we_wsk_call_end_done(struct we_wsk_call *call, NTSTATUS status, ULONG_PTR information);

/* --- rundown -------------------------------------------------------------------------------------- */

/* Not open any more. With the lock, or without it where an answer that comes a moment late does no harm. */
static inline bool we_wsk_is_closing(const struct we_wsk_socket *socket)
{
    return __atomic_load_n(&socket->life, __ATOMIC_RELAXED) != WE_WSK_LIFE_OPEN;
}

/* Lock held. Counts a callback or queued work; false when the socket is closing (nothing may start). */
WE_MUST_USE bool we_wsk_rundown_acquire_locked(struct we_wsk_socket *socket);
/* One more for a caller that holds one; of a closing socket as well. */
void we_wsk_rundown_ref(struct we_wsk_socket *socket);
/* No lock held. The last one finishes a close. Inside a section. */
void we_wsk_rundown_release(struct we_wsk_socket *socket);

/* Dispatch function WskCloseSocket, for every category. */
NTSTATUS WSKAPI we_wsk_close_socket(PWSK_SOCKET Socket, PIRP Irp);

/* Category parts, implemented by wsk_listen.c and wsk_conn.c.
 * close_locked: socket lock held, not open since just now: move queued IRPs to completions (STATUS_CANCELLED) and note
 *   what must be done without the lock. close_unlocked: right after, no lock, in a section: host work and
 *   WskAbortEvents of a listener; may call the client. finish: rundown is zero: end the host endpoint. destroy:
 *   last reference: free. */
struct we_wsk_category_ops {
    WE_MUST_USE bool (*create)(struct we_wsk_socket *socket);
    void (*close_locked)(struct we_wsk_socket *socket, struct we_nt_completions *completions);
    void (*close_unlocked)(struct we_wsk_socket *socket);
    void (*finish)(struct we_wsk_socket *socket);
    void (*destroy)(struct we_wsk_socket *socket);
    /* After the event mask gained bits (client call, or inheritance): look for something to deliver. No lock,
     * in a section. NULL: sockets without events. */
    void (*events_enabled)(struct we_wsk_socket *socket, ULONG events);
};
extern const struct we_wsk_category_ops we_wsk_listen_ops;     /* wsk_listen.c */
extern const struct we_wsk_category_ops we_wsk_connection_ops; /* wsk_conn.c */
extern const struct we_wsk_category_ops we_wsk_dgram_ops;      /* wsk_dgram.c */
extern const struct we_wsk_category_ops we_wsk_stream_ops;     /* wsk_stream.c */
const struct we_wsk_category_ops *we_wsk_category_ops(enum we_wsk_category category);

/* Endpoint client functions shared by all: ref/unref of the socket. */
void we_wsk_ep_ref(void *context);
void we_wsk_ep_unref(void *context);

/* Reports the sockets of a client that its WskDeregister waits for (SOCK-062), each with its creation site. */
void we_wsk_socket_report_open(const struct we_wsk_client *client);
const char *we_wsk_category_name(enum we_wsk_category category);
/* Reports sockets that are still open and ends them (stop). Their memory stays: threads of drivers may be running still,
 * and call their functions. */
void we_wsk_socket_stop(void);
/* Frees it. No thread of a driver is left. */
void we_wsk_socket_free_all(void);

#endif
