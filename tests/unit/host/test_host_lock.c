/* SPDX-License-Identifier: MIT */
/* Tests of host_lock, built with WE_CHECK_LOCK_RANKS: exclusion, and the check of the order. */
#include "host/host_lock.h"

#include "support/child.h"
#include "support/unit.h"

#include <signal.h>
#include <string.h>

static struct we_host_mutex s_client = WE_HOST_MUTEX_INIT(WE_RANK_CLIENT);
static struct we_host_mutex s_socket = WE_HOST_MUTEX_INIT(WE_RANK_SOCKET);
static struct we_host_mutex s_other_socket = WE_HOST_MUTEX_INIT(WE_RANK_SOCKET);
static struct we_host_mutex s_log = WE_HOST_MUTEX_INIT(WE_RANK_LOG);

static void part_falling_rank(void)
{
    we_host_mutex_lock(&s_socket);
    we_host_mutex_lock(&s_client);
}

static void part_same_rank(void)
{
    we_host_mutex_lock(&s_socket);
    we_host_mutex_lock(&s_other_socket);
}

static void part_unlock_not_held(void)
{
    we_host_mutex_lock(&s_socket);
    we_host_mutex_unlock(&s_client);
}

/* The lock in the middle was released: the highest one still counts. */
static void part_falling_rank_after_unlock_in_between(void)
{
    we_host_mutex_lock(&s_client);
    we_host_mutex_lock(&s_socket);
    we_host_mutex_lock(&s_log);
    we_host_mutex_unlock(&s_socket);
    we_host_mutex_lock(&s_other_socket);
}

static void check_panic(const char *part, const char *message)
{
    struct child_result result;

    child_run(part, &result);
    assert_int_equal(result.signal, SIGABRT);
    if (strstr(result.errors, message) == NULL) {
        fail_msg("expected \"%s\" in: %s", message, result.errors);
    }
}

static void test_lock_in_rank_order_passes(void **state)
{
    (void)state;
    assert_true(we_host_holds_no_lock());
    we_host_mutex_lock(&s_client);
    we_host_mutex_lock(&s_socket);
    assert_false(we_host_holds_no_lock());
    we_host_mutex_unlock(&s_socket);
    assert_false(we_host_holds_no_lock());
    we_host_mutex_unlock(&s_client);
    assert_true(we_host_holds_no_lock());
}

static void test_unlock_in_any_order_passes(void **state)
{
    (void)state;
    we_host_mutex_lock(&s_client);
    we_host_mutex_lock(&s_socket);
    we_host_mutex_unlock(&s_client);
    /* Only the socket's rank is held now: a higher one is still fine. */
    we_host_mutex_lock(&s_log);
    we_host_mutex_unlock(&s_socket);
    we_host_mutex_unlock(&s_log);
    assert_true(we_host_holds_no_lock());
}

static void test_lock_of_falling_rank_panics_naming_both(void **state)
{
    (void)state;
    check_panic("falling_rank", "lock of rank CLIENT (30) taken while one of rank SOCKET (50) is held");
    check_panic("falling_rank_after_unlock", "lock of rank SOCKET (50) taken while one of rank LOG (130) is held");
}

static void test_lock_of_same_rank_panics(void **state)
{
    (void)state;
    check_panic("same_rank", "lock of rank SOCKET (50) taken while one of rank SOCKET (50) is held");
}

static void test_unlock_of_lock_not_held_panics(void **state)
{
    (void)state;
    check_panic("unlock_not_held", "lock of rank CLIENT (30) released by a thread that does not hold it");
}

static void test_ranks_reset_forgets_what_is_held(void **state)
{
    struct we_host_mutex abandoned;

    (void)state;
    we_host_mutex_init(&abandoned, WE_RANK_LOG);
    we_host_mutex_lock(&abandoned);
    assert_false(we_host_holds_no_lock());
    we_host_lock_ranks_reset();
    assert_true(we_host_holds_no_lock());
    we_host_mutex_lock(&s_client);
    we_host_mutex_unlock(&s_client);
    assert_int_equal(pthread_mutex_unlock(&abandoned.mutex), 0);
    we_host_mutex_fini(&abandoned);
}

enum { turn_count = 20000 };

struct counter {
    struct we_host_mutex mutex;
    unsigned count; /* guarded by mutex */
};

static void *counter_run(void *context)
{
    struct counter *counter = context;

    for (int i = 0; i < turn_count; i++) {
        we_host_mutex_lock(&counter->mutex);
        counter->count++;
        we_host_mutex_unlock(&counter->mutex);
    }
    return we_host_holds_no_lock() ? NULL : counter;
}

static void test_lock_from_several_threads_excludes(void **state)
{
    enum { thread_count = 4 };
    pthread_t threads[thread_count];
    struct counter counter = { .count = 0 };

    (void)state;
    we_host_mutex_init(&counter.mutex, WE_RANK_QUEUE);
    /* What this thread holds is not held by the others. */
    we_host_mutex_lock(&s_log);
    for (int i = 0; i < thread_count; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, counter_run, &counter), 0);
    }
    for (int i = 0; i < thread_count; i++) {
        void *result = &counter;

        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
    we_host_mutex_unlock(&s_log);
    assert_int_equal(counter.count, thread_count * turn_count);
    we_host_mutex_fini(&counter.mutex);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_lock_in_rank_order_passes),
    cmocka_unit_test(test_unlock_in_any_order_passes),
    cmocka_unit_test(test_lock_of_falling_rank_panics_naming_both),
    cmocka_unit_test(test_lock_of_same_rank_panics),
    cmocka_unit_test(test_unlock_of_lock_not_held_panics),
    cmocka_unit_test(test_ranks_reset_forgets_what_is_held),
    cmocka_unit_test(test_lock_from_several_threads_excludes),
};

int main(int argc, char **argv)
{
    static const struct child_part parts[] = {
        { "falling_rank", part_falling_rank },
        { "falling_rank_after_unlock", part_falling_rank_after_unlock_in_between },
        { "same_rank", part_same_rank },
        { "unlock_not_held", part_unlock_not_held },
        { NULL, NULL },
    };

    child_run_part_if_asked(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
