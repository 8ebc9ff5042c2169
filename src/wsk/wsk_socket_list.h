/* SPDX-License-Identifier: MIT */
/* All open sockets, and the memory of those that ended. */
#ifndef WE_WSK_SOCKET_LIST_H
#define WE_WSK_SOCKET_LIST_H

#include "wsk/wsk_socket.h"

/* On the list, and in the ledger, from add to remove. Locks up to WE_RANK_LISTENER may be held. */
void we_wsk_socket_list_add(struct we_wsk_socket *socket);
void we_wsk_socket_list_remove(struct we_wsk_socket *socket);
/* Makes the memory of a socket, whose parts are gone, a tombstone. */
void we_wsk_socket_list_bury(struct we_wsk_socket *socket);
/* An open socket, with a reference for the caller, or NULL. is_closing_included: those too that are being closed. */
struct we_wsk_socket *we_wsk_socket_list_first(bool is_closing_included);
/* True when every socket has ended, not only begun to close. */
bool we_wsk_socket_list_is_empty(void);
/* True when a request of an open connection of this client is pending: its peer may still finish it. */
bool we_wsk_socket_list_awaits_peer(const struct we_wsk_client *client);
/* Stop has begun: from here on no memory of a socket is freed before we_wsk_socket_free_all. */
void we_wsk_socket_list_end(void);

#endif
