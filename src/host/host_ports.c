/* SPDX-License-Identifier: MIT */
/* Which ports endpoints of ours may share: one bit for each port, of streams and of datagrams. */
#include "host/host_ports.h"

#include <string.h>

#include "host/host_net.h"

static uint8_t s_shared[2][(UINT16_MAX + 1) / 8]; /* atomic bytes */

void we_host_ports_reset(void)
{
    memset(s_shared, 0, sizeof(s_shared));
}

void we_host_ports_mark(bool is_datagram, uint16_t port)
{
    __atomic_fetch_or(&s_shared[is_datagram][port / 8], (uint8_t)(1u << port % 8), __ATOMIC_SEQ_CST);
}

void we_host_port_unshare(bool is_datagram, uint16_t port)
{
    __atomic_fetch_and(&s_shared[is_datagram][port / 8], (uint8_t) ~(1u << port % 8), __ATOMIC_SEQ_CST);
}

bool we_host_port_is_shared(bool is_datagram, uint16_t port)
{
    return (__atomic_load_n(&s_shared[is_datagram][port / 8], __ATOMIC_SEQ_CST) & (1u << port % 8)) != 0;
}
