/* SPDX-License-Identifier: MIT */
/* Placement of a benchmark on one processor: macOS, which offers nothing of the kind. */
#include "bench_host.h"

void bench_pin(long cpu)
{
    (void)cpu;
}
