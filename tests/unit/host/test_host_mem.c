/* SPDX-License-Identifier: MIT */
/* Tests of host_mem: the count of live blocks is right whoever frees them. */
#include "host/host_mem.h"

#include "support/unit.h"

#include <pthread.h>
#include <string.h>

enum { block_count = 100 };

static void test_alloc_and_free_move_the_live_count(void **state)
{
    size_t before = we_host_mem_live_count();
    void *a = we_host_alloc(10);
    void *b = we_host_zalloc(20);

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal(we_host_mem_live_count(), before + 2);
    we_host_free(a);
    assert_int_equal(we_host_mem_live_count(), before + 1);
    we_host_free(b);
    assert_int_equal(we_host_mem_live_count(), before);
}

static void test_zalloc_gives_zeros_in_memory_used_before(void **state)
{
    static const unsigned char zeros[300];
    void *memory = we_host_alloc(sizeof(zeros));

    (void)state;
    assert_non_null(memory);
    memset(memory, 0xff, sizeof(zeros));
    we_host_free(memory);
    memory = we_host_zalloc(sizeof(zeros));
    assert_non_null(memory);
    assert_memory_equal(memory, zeros, sizeof(zeros));
    we_host_free(memory);
}

static void test_alloc_of_zero_bytes_is_a_block(void **state)
{
    size_t before = we_host_mem_live_count();
    void *a = we_host_alloc(0);
    void *b = we_host_zalloc(0);

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    assert_ptr_not_equal(a, b);
    we_host_free(a);
    we_host_free(b);
    assert_int_equal(we_host_mem_live_count(), before);
}

static void test_alloc_of_impossible_size_fails_and_is_not_counted(void **state)
{
    size_t before = we_host_mem_live_count();
    /* Through a volatile variable, so that the compiler does not judge the constant. */
    volatile size_t size_bytes = SIZE_MAX / 4;

    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip(); /* sanitizers end the process instead of returning NULL */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    skip();
#endif
#endif
    assert_null(we_host_alloc(size_bytes));
    assert_null(we_host_zalloc(size_bytes));
    assert_int_equal(we_host_mem_live_count(), before);
}

static void test_free_of_null_does_nothing(void **state)
{
    size_t before = we_host_mem_live_count();

    (void)state;
    we_host_free(NULL);
    assert_int_equal(we_host_mem_live_count(), before);
}

static void *blocks_make(void *context)
{
    void **blocks = context;

    for (int i = 0; i < block_count; i++) {
        blocks[i] = we_host_alloc(1);
    }
    return NULL;
}

static void test_blocks_made_by_threads_and_freed_here_balance(void **state)
{
    enum { thread_count = 20 }; /* more than have a counter of their own */
    static void *blocks[thread_count][block_count];
    pthread_t threads[thread_count];
    size_t before = we_host_mem_live_count();

    (void)state;
    for (int i = 0; i < thread_count; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, blocks_make, blocks[i]), 0);
    }
    for (int i = 0; i < thread_count; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(we_host_mem_live_count(), before + thread_count * block_count);
    for (int i = 0; i < thread_count; i++) {
        for (int j = 0; j < block_count; j++) {
            we_host_free(blocks[i][j]);
        }
    }
    assert_int_equal(we_host_mem_live_count(), before);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_alloc_and_free_move_the_live_count),
    cmocka_unit_test(test_zalloc_gives_zeros_in_memory_used_before),
    cmocka_unit_test(test_alloc_of_zero_bytes_is_a_block),
    cmocka_unit_test(test_alloc_of_impossible_size_fails_and_is_not_counted),
    cmocka_unit_test(test_free_of_null_does_nothing),
    cmocka_unit_test(test_blocks_made_by_threads_and_freed_here_balance),
};

UNIT_MAIN(tests)
