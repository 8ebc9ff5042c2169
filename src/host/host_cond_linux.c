/* SPDX-License-Identifier: MIT */
/* Condition variables on the monotonic clock: systems that can bind a condition to a clock. */
#include "host/host_cond.h"

#include <errno.h>
#include <time.h>

#include "base/base_assert.h"

void we_host_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    int rc;

    rc = pthread_condattr_init(&attributes);
    WE_ASSERT(rc == 0);
    rc = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    WE_ASSERT(rc == 0);
    rc = pthread_cond_init(cond, &attributes);
    WE_ASSERT(rc == 0);
    pthread_condattr_destroy(&attributes);
}

bool we_host_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t deadline_ns)
{
    struct timespec when;
    int rc;

    when.tv_sec = (time_t)(deadline_ns / 1000000000u);
    when.tv_nsec = (long)(deadline_ns % 1000000000u);
    rc = pthread_cond_timedwait(cond, mutex, &when);
    WE_ASSERT(rc == 0 || rc == ETIMEDOUT);
    return rc == 0;
}

uint64_t we_host_real_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
