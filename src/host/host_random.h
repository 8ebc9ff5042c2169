/* SPDX-License-Identifier: MIT */
/* Random bytes from the operating system. */
#ifndef WE_HOST_RANDOM_H
#define WE_HOST_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base_assert.h"

/* Fills the buffer; never waits for long. False: the system has no source. */
WE_MUST_USE bool we_host_random(void *bytes, size_t size_bytes);

#endif
