/* SPDX-License-Identifier: MIT */
/* Placement of a benchmark on one processor: Linux. */
#include "bench_host.h"

#include <sched.h>

void bench_pin(long cpu)
{
    cpu_set_t set;

    if (cpu < 0) {
        return;
    }
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0) {
        bench_fail("sched_setaffinity");
    }
}
