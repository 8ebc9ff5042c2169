/* SPDX-License-Identifier: MIT */
/* The best poller of this system that we have: poll(). The poller contract is made so that kqueue can take its place. */
#include "host/host_poller.h"

const struct we_host_poller_ops *const we_host_poller_native = &we_host_poller_poll;
