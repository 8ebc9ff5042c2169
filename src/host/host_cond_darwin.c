/* SPDX-License-Identifier: MIT */
/* Condition variables on the monotonic clock: macOS, whose conditions know only relative time-outs. */
#include "host/host_cond.h"

#include <errno.h>
#include <time.h>

#include "base/base_assert.h"

void we_host_cond_init(pthread_cond_t *cond)
{
    int rc = pthread_cond_init(cond, NULL);

    WE_ASSERT(rc == 0);
}

/* One wait is limited, because the kernel makes a deadline of it in units of its own that could overflow. */
#define WAIT_MAX_NS (UINT64_C(3600) * 1000000000u)

bool we_host_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t deadline_ns)
{
    uint64_t now_ns = we_host_real_ns();
    uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
    struct timespec left;
    int rc;

    if (left_ns > WAIT_MAX_NS) {
        left_ns = WAIT_MAX_NS;
    }
    left.tv_sec = (time_t)(left_ns / 1000000000u);
    left.tv_nsec = (long)(left_ns % 1000000000u);
    rc = pthread_cond_timedwait_relative_np(cond, mutex, &left);
    WE_ASSERT(rc == 0 || rc == ETIMEDOUT);
    /* An early end is one of the wakes for no reason that callers expect. */
    return rc == 0 || we_host_real_ns() < deadline_ns;
}

uint64_t we_host_real_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
