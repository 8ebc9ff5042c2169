/* SPDX-License-Identifier: MIT */
/* What the parts of a datagram socket's receiving half know of each other. */
#ifndef WE_WSK_DGRAM_RX_H
#define WE_WSK_DGRAM_RX_H

#include "wsk/wsk_dgram.h"

/* One run of the pump. */
struct we_wsk_dgram_pump {
    struct we_wsk_socket *socket;
    struct we_wsk_dgram *dgram;
    struct we_nt_completions *completions;
    unsigned read_budget;
    bool may_finish; /* no earlier receive is on its way to its completion routine */
};

/* What a WskReceiveFrom wants besides the bytes; the IRP owns it. */
struct we_wsk_dgram_wishes {
    PSOCKADDR remote;      /* or NULL */
    PULONG control_length; /* or NULL: then the next two mean nothing */
    PCMSGHDR control;
    PULONG control_flags; /* or NULL */
};

/* All of these: socket lock held, in a section. */

/* --- wsk_dgram_read.c: datagrams from the network ----------------------------------------------- */

/* More may be there, and this run may look. */
bool we_wsk_dgram_can_read_locked(const struct we_wsk_dgram_pump *pump);
/* Receives the next datagram that may be heard. WE_ERR_AGAIN: there is none now. */
enum we_err we_wsk_dgram_read_locked(struct we_wsk_dgram_pump *pump, struct we_host_dgram *about,
                                     const struct we_host_iov *iov, unsigned iov_count);
/* The next datagram, a held one first, or NULL. room_bytes: what joined datagrams may have together. */
struct we_wsk_block *we_wsk_dgram_next_locked(struct we_wsk_dgram_pump *pump, size_t room_bytes);

/* --- wsk_dgram_rx.c: the pump ------------------------------------------------------------------- */

/* The half of the pump that never calls the client: gives datagrams to queued receives. Any processor. */
void we_wsk_dgram_serve_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions);
/* Finishes a WskReceiveFrom that is on no queue. */
void we_wsk_dgram_irp_finish_locked(struct we_wsk_socket *socket, PIRP irp, NTSTATUS status,
                                    struct we_nt_completions *completions);
/* No lock: what follows the completion routine of a WskReceiveFrom that was cancelled. */
void we_wsk_dgram_after_cancelled(void *socket);

#endif
