/* SPDX-License-Identifier: MIT */
/* Tests of base_bytes: order, growth, wrap of the head, and failure. */
#include "base/base_bytes.h"

#include "base/base_rand.h"

#include "support/unit.h"

#include <string.h>

static void test_append_then_take_keeps_order(void **state)
{
    struct we_base_bytes bytes = { 0 };
    char text[16] = "";

    (void)state;
    assert_true(we_base_bytes_append(&bytes, "hello ", 6));
    assert_true(we_base_bytes_append(&bytes, "world", 5));
    assert_int_equal(bytes.length_bytes, 11);
    assert_int_equal(we_base_bytes_take(&bytes, text, 4), 4);
    assert_memory_equal(text, "hell", 4);
    assert_int_equal(we_base_bytes_take(&bytes, text, sizeof(text)), 7);
    assert_memory_equal(text, "o world", 7);
    assert_int_equal(bytes.length_bytes, 0);
    we_base_bytes_fini(&bytes);
}

static void test_take_from_empty_gives_nothing(void **state)
{
    struct we_base_bytes bytes = { 0 };
    char byte = 'x';

    (void)state;
    assert_int_equal(we_base_bytes_take(&bytes, &byte, 1), 0);
    assert_int_equal(byte, 'x');
    we_base_bytes_fini(&bytes);
}

static void test_append_nothing_to_empty_allocates_nothing(void **state)
{
    struct we_base_bytes bytes = { 0 };

    (void)state;
    assert_true(we_base_bytes_append(&bytes, NULL, 0));
    assert_null(bytes.data);
    we_base_bytes_fini(&bytes);
}

static void test_take_without_buffer_discards(void **state)
{
    struct we_base_bytes bytes = { 0 };
    char text[3];

    (void)state;
    assert_true(we_base_bytes_append(&bytes, "abcdef", 6));
    assert_int_equal(we_base_bytes_take(&bytes, NULL, 3), 3);
    assert_int_equal(we_base_bytes_take(&bytes, text, 3), 3);
    assert_memory_equal(text, "def", 3);
    we_base_bytes_fini(&bytes);
}

static void test_append_of_impossible_size_fails_and_changes_nothing(void **state)
{
    struct we_base_bytes bytes = { 0 };
    char text[3];

    (void)state;
    assert_true(we_base_bytes_append(&bytes, "abc", 3));
    assert_false(we_base_bytes_append(&bytes, "abc", SIZE_MAX));
    assert_false(we_base_bytes_append(&bytes, "abc", SIZE_MAX / 2));
    assert_int_equal(bytes.length_bytes, 3);
    assert_int_equal(we_base_bytes_take(&bytes, text, 3), 3);
    assert_memory_equal(text, "abc", 3);
    we_base_bytes_fini(&bytes);
}

static void test_long_use_with_little_content_stays_small(void **state)
{
    struct we_base_bytes bytes = { 0 };
    unsigned char block[100];

    (void)state;
    memset(block, 1, sizeof(block));
    for (int i = 0; i < 10000; i++) {
        assert_true(we_base_bytes_append(&bytes, block, sizeof(block)));
        assert_int_equal(we_base_bytes_take(&bytes, block, sizeof(block)), sizeof(block));
    }
    assert_true(bytes.capacity_bytes <= 1024);
    we_base_bytes_fini(&bytes);
}

static void test_random_appends_and_takes_match_a_counter(void **state)
{
    struct we_base_bytes bytes = { 0 };
    struct we_base_rand rand;
    unsigned char block[512];
    unsigned char next_in = 0;
    unsigned char next_out = 0;
    size_t expected_length = 0;

    (void)state;
    we_base_rand_seed(&rand, 42);
    for (int i = 0; i < 20000; i++) {
        size_t length = we_base_rand_below(&rand, sizeof(block) + 1);

        if (we_base_rand_below(&rand, 2) == 0 && expected_length < 8192) {
            for (size_t j = 0; j < length; j++) {
                block[j] = next_in++;
            }
            assert_true(we_base_bytes_append(&bytes, block, length));
            expected_length += length;
        } else {
            size_t taken = we_base_bytes_take(&bytes, block, length);

            assert_int_equal(taken, length < expected_length ? length : expected_length);
            for (size_t j = 0; j < taken; j++) {
                assert_int_equal(block[j], next_out++);
            }
            expected_length -= taken;
        }
        assert_int_equal(bytes.length_bytes, expected_length);
        assert_true(bytes.head + bytes.length_bytes <= bytes.capacity_bytes);
    }
    assert_true(bytes.capacity_bytes <= 65536);
    we_base_bytes_fini(&bytes);
}

static void test_fini_leaves_an_empty_usable_queue(void **state)
{
    struct we_base_bytes bytes = { 0 };

    (void)state;
    assert_true(we_base_bytes_append(&bytes, "abc", 3));
    we_base_bytes_fini(&bytes);
    assert_null(bytes.data);
    assert_int_equal(bytes.length_bytes, 0);
    assert_true(we_base_bytes_append(&bytes, "d", 1));
    we_base_bytes_fini(&bytes);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_append_then_take_keeps_order),
    cmocka_unit_test(test_take_from_empty_gives_nothing),
    cmocka_unit_test(test_append_nothing_to_empty_allocates_nothing),
    cmocka_unit_test(test_take_without_buffer_discards),
    cmocka_unit_test(test_append_of_impossible_size_fails_and_changes_nothing),
    cmocka_unit_test(test_long_use_with_little_content_stays_small),
    cmocka_unit_test(test_random_appends_and_takes_match_a_counter),
    cmocka_unit_test(test_fini_leaves_an_empty_usable_queue),
};

UNIT_MAIN(tests)
