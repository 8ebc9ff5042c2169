/* SPDX-License-Identifier: MIT */
/* Datagram sockets. */
#ifndef WE_WSK_DGRAM_H
#define WE_WSK_DGRAM_H

#include "wsk/wsk_block.h"
#include "wsk/wsk_option.h"
#include "wsk/wsk_socket.h"

/* What a datagram socket has beyond others; guarded by the socket's lock. */
/* Whether an address is one of this host's: the system was asked, which is too slow to do for each datagram. */
struct we_wsk_known_host {
    struct we_base_addr addr; /* WE_FAMILY_NONE: none */
    bool is_here;
};
#define WE_WSK_KNOWN_HOST_COUNT 8u

struct we_wsk_dgram {
    struct we_wsk_socket *socket;
    struct we_nt_work work; /* the receive pump, as work of the socket's processor */
    bool is_work_queued;
    bool may_read;         /* the last read did not find out that nothing is left */
    bool is_showing;       /* a callback looks at the blocks on shown */
    bool was_refused;      /* a callback's answer has switched the event off, and it is off still */
    bool has_missed;       /* datagrams came after that */
    bool is_lent_known;    /* SOCK-039 was reported */
    LONG receive_count;    /* WskReceiveFrom IRPs whose completion routine has not returned */
    LONG completing_count; /* of these, the ones that were finished here */
    struct we_wsk_irp_queue receives;
    struct we_wsk_irp_queue sends;
    struct we_base_list held;         /* blocks with datagrams that nobody took yet, in order */
    struct we_base_list shown;        /* blocks that a running callback looks at */
    struct we_base_list lent;         /* blocks that the client retains */
    struct we_base_addr fixed_remote; /* SIO_WSK_SET_REMOTE_ADDRESS; WE_FAMILY_NONE: none */
    struct we_base_addr fixed_sendto; /* SIO_WSK_SET_SENDTO_ADDRESS; the same */
    struct we_wsk_known_host known_hosts[WE_WSK_KNOWN_HOST_COUNT]; /* senders that may have been the socket itself */
};

/* Opens the endpoint of a socket that is being bound. No lock, in a section. */
WE_MUST_USE enum we_err we_wsk_dgram_start(struct we_wsk_socket *socket, const struct we_base_addr *local);
/* Tells socket->ep what the options say. Socket lock held. */
NTSTATUS we_wsk_dgram_apply_locked(struct we_wsk_socket *socket);

/* --- receiving (wsk_dgram_rx.c); socket lock held, in a section ------------------------------------ */

void we_wsk_dgram_rx_init(struct we_wsk_dgram *dgram);
/* Gives datagrams to IRPs and to the callback until there is nothing to give. On the socket's processor; the caller
 * holds a rundown count. Drops the lock while it calls the client. */
void we_wsk_dgram_rx_run_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions);
/* Queues that as work, if it would find something to do. */
void we_wsk_dgram_rx_kick_locked(struct we_wsk_socket *socket);
/* WskCloseSocket: cancels receives, forgets what is held, reports what is retained. */
void we_wsk_dgram_rx_close_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions);
void we_wsk_dgram_rx_report_lent_locked(struct we_wsk_socket *socket);
/* The last reference of the socket is gone. No lock. */
void we_wsk_dgram_rx_fini(struct we_wsk_dgram *dgram, unsigned cpu);

/* --- sending (wsk_dgram_tx.c); socket lock held, in a section --------------------------------------- */

/* The network said WRITABLE: sends what is queued. */
void we_wsk_dgram_tx_writable_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions);

/* --- I/O controls (wsk_dgram_address.c), in a call; none has an output --------------------------------------------------- */

NTSTATUS we_wsk_dgram_set_remote(struct we_wsk_call *call, const struct we_wsk_control *control,
                                 ULONG_PTR *information);
NTSTATUS we_wsk_dgram_set_sendto(struct we_wsk_call *call, const struct we_wsk_control *control,
                                 ULONG_PTR *information);
NTSTATUS we_wsk_dgram_set_connreset(struct we_wsk_call *call, const struct we_wsk_control *control,
                                    ULONG_PTR *information);

/* The options of multicast groups and their senders, of both levels (wsk_dgram_group.c). */
NTSTATUS we_wsk_dgram_group_option(struct we_wsk_call *call, ULONG level, ULONG option,
                                   const struct we_wsk_control *control);

/* The socket is bound; else reports SOCK-015. Socket lock held. */
bool we_wsk_dgram_check_bound_locked(struct we_wsk_socket *socket, const char *function);

/* Dispatch functions. */
NTSTATUS WSKAPI we_wsk_send_to(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags, PSOCKADDR RemoteAddress,
                               ULONG ControlInfoLength, PCMSGHDR ControlInfo, PIRP Irp);
NTSTATUS WSKAPI we_wsk_send_messages(PWSK_SOCKET Socket, PWSK_BUF_LIST BufferList, ULONG Flags, PSOCKADDR RemoteAddress,
                                     ULONG ControlInfoLength, PCMSGHDR ControlInfo, PIRP Irp);
NTSTATUS WSKAPI we_wsk_receive_from(PWSK_SOCKET Socket, PWSK_BUF Buffer, ULONG Flags, PSOCKADDR RemoteAddress,
                                    PULONG ControlLength, PCMSGHDR ControlInfo, PULONG ControlFlags, PIRP Irp);
NTSTATUS WSKAPI we_wsk_release_datagrams(PWSK_SOCKET Socket, PWSK_DATAGRAM_INDICATION DatagramIndication);

#endif
