/* SPDX-License-Identifier: MIT */
/* How many bytes a connection should have on their way, and how many wait to be taken. */
#ifndef WE_WSK_BACKLOG_H
#define WE_WSK_BACKLOG_H

#include "wsk/wsk_socket.h"

/* Design
 *
 * The network knows the ideal backlog (we_host_ep_ideal_backlog_bytes); here is only what the client knows of it: the
 * value that it was told last, by WskSendBacklogEvent or by its own question. There is news when the network's value is
 * another one. The pump tells it, so the event is one of the connection's serial events; it is not told of a connection
 * that cannot send any more.
 *
 * A network that sees a change says so (WE_NET_BACKLOG). Others are asked when something happened that may have changed
 * it: a send, an event of the endpoint. Nobody asks unless the event is enabled. What changes while nothing is sent and
 * nothing comes, since acknowledgements are no events, is noticed with the next send and not before: to look for it would
 * take a timer for each connection, and the number means something to those alone that send. Whoever has sends waiting
 * hears in time, because the room they wait for is an event. */

struct we_wsk_backlog { /* guarded by the socket's lock */
    size_t told_bytes;  /* what the client knows; 0: nothing yet, so there is nothing that could have changed */
    bool has_news;
};

/* Something happened after which the ideal backlog may be another one: queues the pump if there is news. Socket lock
 * held, in a section. */
void we_wsk_backlog_check_locked(struct we_wsk_socket *socket);
/* Takes the news, which the client is told now: its value, or 0 when there is none. Socket lock held. */
size_t we_wsk_backlog_take_locked(struct we_wsk_socket *socket);
/* Whether the pump would find news. Socket lock held. */
bool we_wsk_backlog_has_news_locked(const struct we_wsk_socket *socket);

/* SIO_WSK_QUERY_IDEAL_SEND_BACKLOG and SIO_WSK_QUERY_RECEIVE_BACKLOG. No lock, in a section; for
 * sockets that were connected. STATUS_NOT_SUPPORTED when the network does not know. */
NTSTATUS we_wsk_backlog_query_ideal(struct we_wsk_socket *socket, SIZE_T *bytes);
NTSTATUS we_wsk_backlog_query_receive(struct we_wsk_socket *socket, SIZE_T *bytes);

#endif
