/* SPDX-License-Identifier: MIT */
/* Tests of base_rand: the published sequences, repeatability and evenness. */
#include "base/base_rand.h"

#include "support/unit.h"

static void test_rand_next_from_known_state_gives_published_sequence(void **state)
{
    /* First outputs of the authors' reference code for the state 1, 2, 3, 4. */
    static const uint64_t expected[] = { UINT64_C(11520), UINT64_C(0), UINT64_C(1509978240),
                                         UINT64_C(1215971899390074240), UINT64_C(1216172134540287360) };
    struct we_base_rand rand = { { 1, 2, 3, 4 } };

    (void)state;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_true(we_base_rand_next(&rand) == expected[i]);
    }
}

static void test_rand_seed_fills_state_by_splitmix(void **state)
{
    /* First outputs of splitmix64 from 0. */
    static const uint64_t expected[] = { UINT64_C(0xe220a8397b1dcdaf), UINT64_C(0x6e789e6aa1b965f4),
                                         UINT64_C(0x06c45d188009454f), UINT64_C(0xf88bb8a8724c81ec) };
    struct we_base_rand rand;

    (void)state;
    we_base_rand_seed(&rand, 0);
    for (size_t i = 0; i < 4; i++) {
        assert_true(rand.state[i] == expected[i]);
    }
}

static void test_rand_same_seed_repeats_and_other_seed_does_not(void **state)
{
    struct we_base_rand a;
    struct we_base_rand b;
    struct we_base_rand c;
    unsigned same_count = 0;

    (void)state;
    we_base_rand_seed(&a, 7);
    we_base_rand_seed(&b, 7);
    we_base_rand_seed(&c, 8);
    for (int i = 0; i < 1000; i++) {
        uint64_t value = we_base_rand_next(&a);

        assert_true(value == we_base_rand_next(&b));
        same_count += value == we_base_rand_next(&c);
    }
    assert_int_equal(same_count, 0);
}

static void test_rand_below_one_is_always_zero(void **state)
{
    struct we_base_rand rand;

    (void)state;
    we_base_rand_seed(&rand, 1);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(we_base_rand_below(&rand, 1), 0);
    }
}

static void test_rand_below_small_bound_is_even(void **state)
{
    enum { bound = 6, draws = 60000 };
    struct we_base_rand rand;
    unsigned counts[bound] = { 0 };

    (void)state;
    we_base_rand_seed(&rand, 99);
    for (int i = 0; i < draws; i++) {
        uint32_t value = we_base_rand_below(&rand, bound);

        assert_true(value < bound);
        counts[value]++;
    }
    /* The standard deviation of each count is 91. */
    for (int i = 0; i < bound; i++) {
        assert_in_range(counts[i], draws / bound - 500, draws / bound + 500);
    }
}

static void test_rand_below_large_bound_is_not_biased(void **state)
{
    /* With a plain remainder of 32 bits the lower half of this range would be drawn twice as often. */
    const uint32_t bound = UINT32_C(0xc0000000);
    struct we_base_rand rand;
    unsigned lower_third_count = 0;

    (void)state;
    we_base_rand_seed(&rand, 5);
    for (int i = 0; i < 30000; i++) {
        uint32_t value = we_base_rand_below(&rand, bound);

        assert_true(value < bound);
        lower_third_count += value < bound / 3;
    }
    assert_in_range(lower_third_count, 9500, 10500);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_rand_next_from_known_state_gives_published_sequence),
    cmocka_unit_test(test_rand_seed_fills_state_by_splitmix),
    cmocka_unit_test(test_rand_same_seed_repeats_and_other_seed_does_not),
    cmocka_unit_test(test_rand_below_one_is_always_zero),
    cmocka_unit_test(test_rand_below_small_bound_is_even),
    cmocka_unit_test(test_rand_below_large_bound_is_not_biased),
};

UNIT_MAIN(tests)
