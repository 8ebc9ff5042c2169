/* SPDX-License-Identifier: MIT */
/* Seedable generator (xoshiro256**); never used without a seed. */
#ifndef WE_BASE_RAND_H
#define WE_BASE_RAND_H

#include <stdint.h>

struct we_base_rand {
    uint64_t state[4];
};

void we_base_rand_seed(struct we_base_rand *rand, uint64_t seed);
uint64_t we_base_rand_next(struct we_base_rand *rand);
/* Uniform in 0 .. bound - 1; bound must not be 0. */
uint32_t we_base_rand_below(struct we_base_rand *rand, uint32_t bound);

#endif
