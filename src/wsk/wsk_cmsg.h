/* SPDX-License-Identifier: MIT */
/* Control information of datagrams in Windows' layout, to and from what the network knows. */
#ifndef WE_WSK_CMSG_H
#define WE_WSK_CMSG_H

#include <wsk.h>

#include "host/host_dgram.h"

struct we_wsk_socket;

/* The options of a datagram socket, each as it was set. Those of one meaning exist for both protocols, because a
 * dual-stack socket has both. */
struct we_wsk_dgram_options {
    ULONG broadcast;        /* SO_BROADCAST */
    ULONG ignore_broadcast; /* not IP_RECEIVE_BROADCAST */
    ULONG v4_ignore_own;    /* not IP_MULTICAST_LOOP */
    ULONG v6_ignore_own;
    ULONG report_unreachable; /* SIO_UDP_CONNRESET */
    ULONG v4_pktinfo;         /* IP_PKTINFO, and so on: what a receiver wants to be told */
    ULONG v6_pktinfo;
    ULONG v4_hop_limit;
    ULONG v6_hop_limit;
    ULONG v4_traffic_class;
    ULONG v6_traffic_class;
    ULONG v4_ecn;
    ULONG v6_ecn;
    ULONG v4_arrival_interface; /* IP_ORIGINAL_ARRIVAL_IF */
    ULONG v6_arrival_interface;
    ULONG segment_bytes;   /* UDP_SEND_MSG_SIZE */
    ULONG coalesced_bytes; /* UDP_RECV_MAX_COALESCED_SIZE */
};

/* Whether any of them needs hop limit or traffic class from the network. */
bool we_wsk_cmsg_wants_details(const struct we_wsk_dgram_options *options);

/* Writes what the options ask for about a received datagram to control, as many whole objects as fit into size_bytes,
 * and returns how many bytes that are; *is_cut tells that one did not fit. segment_bytes: of joined datagrams, or 0. */
ULONG we_wsk_cmsg_write(const struct we_wsk_dgram_options *options, const struct we_host_dgram *about,
                        ULONG segment_bytes, void *control, ULONG size_bytes, bool *is_cut);
/* Reads what a client says about a datagram that it sends. dgram->remote is there, the rest is filled; *segment_bytes
 * is set if an object says so. STATUS_INVALID_PARAMETER after a report (SOCK-028) when the objects are not well formed
 * or do not fit the datagram. Objects that mean nothing to a sender are passed over. */
NTSTATUS we_wsk_cmsg_read(const struct we_wsk_socket *socket, const void *control, ULONG size_bytes,
                          struct we_host_dgram *dgram, ULONG *segment_bytes, const char *function);

#endif
