/* SPDX-License-Identifier: MIT */
/* What is the same for datagrams on every network. */
#include "host/host_dgram.h"

#include <string.h>

struct we_host_dgram we_host_dgram_to(const struct we_base_addr *remote)
{
    struct we_host_dgram dgram;

    memset(&dgram, 0, sizeof(dgram));
    dgram.remote = *remote;
    dgram.hop_limit = WE_DGRAM_NONE;
    dgram.traffic_class = WE_DGRAM_NONE;
    return dgram;
}
