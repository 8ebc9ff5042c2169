/* SPDX-License-Identifier: MIT */
/* Which ports endpoints of ours may share. */
#ifndef WE_HOST_PORTS_H
#define WE_HOST_PORTS_H

#include <stdbool.h>
#include <stdint.h>

/* None is shared. Nothing else runs. */
void we_host_ports_reset(void);
/* For we_host_port_share(): from now on, for those that are bound later. */
void we_host_ports_mark(bool is_datagram, uint16_t port);

#endif
