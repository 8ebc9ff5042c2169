/* SPDX-License-Identifier: MIT */
/* Connection sockets: connect, disconnect, and the set-up of accepted ones. */
#ifndef WE_WSK_CONN_H
#define WE_WSK_CONN_H

#include "wsk/wsk_backlog.h"
#include "wsk/wsk_rx.h"
#include "wsk/wsk_socket.h"
#include "wsk/wsk_tx.h"

/* What a connection socket has beyond others; guarded by the socket's lock. */
struct we_wsk_conn {
    struct we_wsk_socket *socket;
    struct we_wsk_rx rx;
    struct we_wsk_tx tx;
    struct we_wsk_backlog backlog;
    struct we_wsk_irp_queue connects; /* the WskConnect, WskConnectEx or WskSocketConnect that is in progress */
    bool is_being_made;               /* atomic: WskSocketConnect has not succeeded yet */
    WSK_INSPECT_ID inspect_id;
    bool has_inspect_id;
    bool is_silent; /* SIO_WSK_SET_TCP_SILENT_MODE: only close is of use */
};

/* Turns a fresh connection socket into an accepted one: takes ep (established), both addresses. No event is
 * delivered before we_wsk_conn_arm. Called with the listener's lock held or not. */
void we_wsk_conn_adopt(struct we_wsk_socket *socket, struct we_host_ep *ep, const struct we_base_addr *local,
                       const struct we_base_addr *remote);
/* Watches the endpoint, tries a first receive, starts indications as the event mask says. No lock, in a section. */
void we_wsk_conn_arm(struct we_wsk_socket *socket);
/* Whether WskSocketConnect is making the socket still: its client does not know it. Looks without the lock. */
bool we_wsk_conn_is_being_made(const struct we_wsk_socket *socket);
/* For SIO_WSK_QUERY_INSPECT_ID. */
void we_wsk_conn_set_inspect_id(struct we_wsk_socket *socket, const WSK_INSPECT_ID *request_id);
bool we_wsk_conn_inspect_id(struct we_wsk_socket *socket, WSK_INSPECT_ID *request_id);

/* Inside this part. */

/* Owner functions of a connection's endpoint; the context is the socket. */
extern const struct we_host_ep_client we_wsk_conn_ep_client;
/* The network said that the connection is gone: fails what is queued in both directions. Socket lock held. */
void we_wsk_conn_lost_locked(struct we_wsk_socket *socket, enum we_err err, struct we_nt_completions *completions);
/* Connects a bound socket for irp, a request of it whose buffer, if any, goes out with the connect; irp completes when
 * both are done. Socket lock held, in a section; the caller has a rundown count. */
void we_wsk_connect_start_locked(struct we_wsk_socket *socket, PIRP irp, const struct we_base_addr *remote,
                                 struct we_nt_completions *completions);
/* The endpoint said how the connect ended (WE_OK or why not), or that the connection was lost before irp was completed.
 * Socket lock held. */
void we_wsk_connect_ended_locked(struct we_wsk_socket *socket, enum we_err err, struct we_nt_completions *completions);
/* The network has room for more bytes that go out with a connect. Socket lock held. */
void we_wsk_connect_writable_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions);
/* Returns false unless the socket is connected, and reports SOCK-016 unless it is closing. Socket lock held. */
bool we_wsk_conn_check_connected_locked(struct we_wsk_socket *socket, const char *function);

/* Returns false, and reports SOCK-056, when the connection may send nothing any more. Socket lock held. */
bool we_wsk_conn_check_speaks_locked(struct we_wsk_socket *socket, const char *function);

/* Dispatch functions (wsk_connect.c, wsk_conn.c, wsk_rx.c, wsk_tx.c). */
NTSTATUS WSKAPI we_wsk_connect(PWSK_SOCKET Socket, PSOCKADDR RemoteAddress, ULONG Flags, PIRP Irp);
NTSTATUS WSKAPI we_wsk_connect_ex(PWSK_SOCKET Socket, PSOCKADDR RemoteAddress, PWSK_BUF Buffer, ULONG Flags, PIRP Irp);
NTSTATUS WSKAPI we_wsk_get_remote_address(PWSK_SOCKET Socket, PSOCKADDR RemoteAddress, PIRP Irp);
NTSTATUS WSKAPI we_wsk_send(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags, PIRP Irp);
NTSTATUS WSKAPI we_wsk_receive(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags, PIRP Irp);
NTSTATUS WSKAPI we_wsk_disconnect(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags, PIRP Irp);
NTSTATUS WSKAPI we_wsk_release(PWSK_SOCKET Socket, PWSK_DATA_INDICATION DataIndication);

#endif
