/* SPDX-License-Identifier: MIT */
/* Condition variables on the monotonic clock, which each platform spells differently. */
#ifndef WE_HOST_COND_H
#define WE_HOST_COND_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

void we_host_cond_init(pthread_cond_t *cond);
/* Waits until signalled or until the real monotonic time deadline_ns; false = the time is over. */
bool we_host_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t deadline_ns);
/* The real monotonic clock, also in stepped execution. */
uint64_t we_host_real_ns(void);

#endif
