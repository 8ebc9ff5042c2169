/* SPDX-License-Identifier: MIT */
/* What peers and listening peers share. */
#ifndef WSK_KIT_PEER_H
#define WSK_KIT_PEER_H

#include "base/base_addr.h"
#include "host/host_net.h"
#include "wsk_emu/kit.h"

/* Peers listen to their events on the first processor. */
#define WSK_KIT_PEER_CPU 0u

/* Takes ep over; NULL after a failure. */
struct wsk_kit_peer *wsk_kit_peer_create(struct we_host_ep *ep);
/* Makes a fresh peer an established one, for an accepted connection. */
void wsk_kit_peer_adopt(struct wsk_kit_peer *peer);
enum we_base_family wsk_kit_base_family(enum wsk_kit_family family);
/* Closes the servers, and the datagram peers, that the test left. */
void wsk_kit_servers_reset(void);
void wsk_kit_datagrams_reset(void);

#endif
