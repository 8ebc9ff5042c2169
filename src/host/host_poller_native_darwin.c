/* SPDX-License-Identifier: MIT */
/* The best poller of this system: kqueue. */
#include "host/host_poller.h"

const struct we_host_poller_ops *const we_host_poller_native = &we_host_poller_kqueue;
