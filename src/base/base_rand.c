/* SPDX-License-Identifier: MIT */
/* Seedable generator: xoshiro256** by Blackman and Vigna, its state filled by splitmix64. */
#include "base/base_rand.h"

#include "base/base_assert.h"

#include <stddef.h>

static uint64_t splitmix_next(uint64_t *state)
{
    uint64_t mixed;

    *state += UINT64_C(0x9e3779b97f4a7c15);
    mixed = *state;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

static uint64_t rotate_left(uint64_t value, unsigned bits)
{
    return (value << bits) | (value >> (64 - bits));
}

void we_base_rand_seed(struct we_base_rand *rand, uint64_t seed)
{
    uint64_t state = seed;

    /* The only bad state of the generator is all zeros; four outputs of splitmix64 in a row never are. */
    for (size_t i = 0; i < WE_ARRAY_COUNT(rand->state); i++) {
        rand->state[i] = splitmix_next(&state);
    }
}

uint64_t we_base_rand_next(struct we_base_rand *rand)
{
    uint64_t *state = rand->state;
    uint64_t result = rotate_left(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;

    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate_left(state[3], 45);
    return result;
}

uint32_t we_base_rand_below(struct we_base_rand *rand, uint32_t bound)
{
    uint64_t product;
    uint32_t uneven_count;

    WE_ASSERT(bound != 0);
    /* Lemire's method: scale 32 random bits by multiplication and draw again in the few cases that
     * would make some results likelier than others. The upper half of a draw has the better bits. */
    uneven_count = (uint32_t)(0u - bound) % bound;
    do {
        product = (we_base_rand_next(rand) >> 32) * bound;
    } while ((uint32_t)product < uneven_count);
    return (uint32_t)(product >> 32);
}
