/* SPDX-License-Identifier: MIT */
/* A registered client: its captures, its sockets, its static events; provider-level functions. */
#ifndef WE_WSK_CLIENT_H
#define WE_WSK_CLIENT_H

#include <wsk.h>

#include "base/base_assert.h"
#include "base/base_list.h"
#include "host/host_lock.h"
#include "nt/ke_cpu.h"
#include "nt/nt_completion.h"
#include "vrf/vrf_ledger.h"

struct we_wsk_client {
    ULONG magic;
    struct we_vrf_entry entry;      /* WE_KIND_REGISTRATION, address = the registration block */
    LONG references;                /* atomic: registration or binding, sockets, calls, IRPs */
    PWSK_REGISTRATION registration; /* NULL for a client of the network module registrar */
    PVOID client_context;
    const WSK_CLIENT_DISPATCH *client_dispatch;
    WSK_CLIENT_DISPATCH dispatch_copy; /* to notice changes: NPI-003 */
    struct we_base_list link;          /* all registrations; registration lock */
    bool is_ended;                     /* by the stop; registration lock */

    /* What WskDeregister waits for, and the word that it waits. All atomic, sequentially consistent: whoever counts
     * down looks at is_deregistering afterwards, and WskDeregister sets it before it looks at the counts. */
    LONG capture_count;
    LONG call_count;   /* provider-dispatch calls that are executing */
    LONG irp_count;    /* IRPs given to provider-dispatch functions whose completion routine has not returned */
    LONG socket_count; /* sockets whose close has not completed */
    LONG is_deregistering;

    LONG had_socket;     /* atomic: static events and TDI settings come too late */
    ULONG static_events; /* atomic: WSK_EVENT_* bits, set once before the first socket */

    struct we_host_mutex lock;
    struct we_base_list captures; /* struct capture of wsk_registration.c */

    /* A client of the network module registrar: wsk_nmr.c. */
    HANDLE nmr_binding;
    LONG detach_is_owed;        /* atomic: the registrar waits for the end of the detaching */
    struct we_nt_work nmr_work; /* tells it */

    KEVENT idle;    /* set when a waiting deregister should look again */
    KEVENT changed; /* set while a waiting capture should look again: provider ready, or deregistering */
};

#define WE_WSK_CLIENT_MAGIC 0x4b535743u

/* A client for a block, with the registration's reference, on no list; NULL when memory is short. */
struct we_wsk_client *we_wsk_client_create(const WSK_CLIENT_NPI *npi, PWSK_REGISTRATION registration);
/* Puts it on the list and marks its block; false with a report (NPI-001) when the block is registered already. */
WE_MUST_USE bool we_wsk_client_publish(struct we_wsk_client *client);
/* The opposite; drops the registration's reference. Nothing when the stop was faster. */
void we_wsk_client_withdraw(struct we_wsk_client *client);
/* The same two for a client of the network module registrar: no block, and not in the ledger, where its module is. */
void we_wsk_client_publish_nmr(struct we_wsk_client *client);
void we_wsk_client_withdraw_nmr(struct we_wsk_client *client);
/* The client of a block, with a reference for the caller, or NULL. *is_dead tells a block whose registration has ended
 * from one that never was registered. Reports what the driver has changed (NPI-002, NPI-003). */
struct we_wsk_client *we_wsk_client_lookup(PWSK_REGISTRATION registration, const char *function, bool *is_dead);
/* Calls fn for every client with the list's lock held (WE_RANK_REGISTRATION). */
void we_wsk_client_each(void (*fn)(struct we_wsk_client *client, void *context), void *context);
/* Takes a client off the list (stop); NULL when there is none. Its memory stays: threads of drivers may be running still,
 * and wait for it in WskDeregister. */
struct we_wsk_client *we_wsk_client_take_leaked(void);
/* Frees it. No thread of a driver is left. */
void we_wsk_client_free_all(void);
/* Reports a change of the dispatch table (NPI-003), once. By one thread at a time. */
void we_wsk_client_check_dispatch(struct we_wsk_client *client, const char *function);
/* The live client behind the pointer, with a reference for the caller, or NULL. Never reads what the pointer points
 * to. */
struct we_wsk_client *we_wsk_client_check(PWSK_CLIENT client);
void we_wsk_client_ref(struct we_wsk_client *client);
void we_wsk_client_unref(struct we_wsk_client *client);
/* Nothing is left that a deregister waits for. */
bool we_wsk_client_is_idle(const struct we_wsk_client *client);
/* Something that a deregister waits for has ended. IRQL <= DISPATCH, no lock. */
void we_wsk_client_kick(struct we_wsk_client *client);
/* A socket holds a reference of its client and counts for WskDeregister from made to gone. */
void we_wsk_client_socket_made(struct we_wsk_client *client);
void we_wsk_client_socket_gone(struct we_wsk_client *client);
ULONG we_wsk_client_static_events(const struct we_wsk_client *client);

/* --- the frame of every provider-level function --------------------------------------------------- */

/* One call: the client checked and referenced, in a section, the IRP taken. */
struct we_wsk_client_call {
    struct we_wsk_client *client;
    PIRP irp;
    struct we_nt_section section;
    struct we_nt_completions completions;
    const char *function;
};

/* As we_wsk_call_begin and its ends, for functions whose first argument is a PWSK_CLIENT. highest_irql: SOCK-059. */
NTSTATUS we_wsk_client_call_begin(struct we_wsk_client_call *call, PWSK_CLIENT client, PIRP irp, bool is_irp_optional,
                                  KIRQL highest_irql, const char *function);
NTSTATUS we_wsk_client_call_end_inline(struct we_wsk_client_call *call, NTSTATUS status, ULONG_PTR information);
/* The IRP waits somewhere: returns STATUS_PENDING. */
NTSTATUS we_wsk_client_call_end_pending(struct we_wsk_client_call *call);
NTSTATUS we_wsk_client_call_end_done(struct we_wsk_client_call *call, NTSTATUS status, ULONG_PTR information);
/* The IRP has become a request of a socket of this client, which counts it from now on; it may be completed by now.
 * Returns STATUS_PENDING. */
NTSTATUS we_wsk_client_call_end_handed_over(struct we_wsk_client_call *call);

/* --- wsk_create.c, wsk_client_control.c ----------------------------------------------------------- */

/* What WskSocket and WskSocketConnect are given. */
struct we_wsk_socket_arguments {
    const char *function; /* which of the two */
    ADDRESS_FAMILY family;
    USHORT type;
    ULONG protocol;
    ULONG flags; /* of WskSocket: the category */
    PVOID context;
    const VOID *dispatch;
    PEPROCESS process;
    PETHREAD thread;
    PSECURITY_DESCRIPTOR descriptor;
};

struct we_wsk_socket;
/* Checks the arguments and makes the socket. Reports what is wrong with them. In a section, no lock. */
NTSTATUS we_wsk_socket_make(struct we_wsk_client *client, const struct we_wsk_socket_arguments *arguments,
                            struct we_wsk_socket **socket);
NTSTATUS WSKAPI we_wsk_socket(PWSK_CLIENT Client, ADDRESS_FAMILY AddressFamily, USHORT SocketType, ULONG Protocol,
                              ULONG Flags, PVOID SocketContext, CONST VOID *Dispatch, PEPROCESS OwningProcess,
                              PETHREAD OwningThread, PSECURITY_DESCRIPTOR SecurityDescriptor, PIRP Irp);
/* wsk_socket_connect.c */
NTSTATUS WSKAPI we_wsk_socket_connect(PWSK_CLIENT Client, USHORT SocketType, ULONG Protocol, PSOCKADDR LocalAddress,
                                      PSOCKADDR RemoteAddress, ULONG Flags, PVOID SocketContext,
                                      CONST WSK_CLIENT_CONNECTION_DISPATCH *Dispatch, PEPROCESS OwningProcess,
                                      PETHREAD OwningThread, PSECURITY_DESCRIPTOR SecurityDescriptor, PIRP Irp);
NTSTATUS WSKAPI we_wsk_control_client(PWSK_CLIENT Client, ULONG ControlCode, SIZE_T InputSize, PVOID InputBuffer,
                                      SIZE_T OutputSize, PVOID OutputBuffer, SIZE_T *OutputSizeReturned, PIRP Irp);

/* Which IP stacks the emulated machine has: both, until a test says otherwise. Pending WSK_TRANSPORT_LIST_CHANGE requests
 * complete when that changes. No lock. */
void we_wsk_transports_set(bool has_ipv4, bool has_ipv6);
bool we_wsk_transport_is_there(ADDRESS_FAMILY family);

/* --- wsk_dispatch.c ------------------------------------------------------------------------------- */

extern const WSK_PROVIDER_DISPATCH we_wsk_provider_dispatch;
const VOID *we_wsk_dispatch_table(int category /* enum we_wsk_category */);

/* --- wsk_registration.c --------------------------------------------------------------------------- */

#define WE_WSK_VERSION MAKE_WSK_VERSION(1, 0) /* the lowest and the highest that is served */

/* stop reports registrations and captures that are left (NPI-001, NPI-006) and frees them. */
void we_wsk_registration_start(void);
void we_wsk_registration_stop(void);
/* For each WskDeregister whose wait nothing can end: reports NPI-011 with what it waits for, and SOCK-062 for each open
 * socket. */
void we_wsk_registration_report_stalled(void);
/* What WskRegister and an attach ask of a client's dispatch table; reports NPI-004. Not whether its version is served. */
NTSTATUS we_wsk_client_dispatch_check(const WSK_CLIENT_DISPATCH *dispatch);
bool we_wsk_is_version_served(USHORT version);
/* Whether captures succeed now; true from the start on. For tests of the waits. */
void we_wsk_registration_set_ready(bool is_ready);

#endif
