/* SPDX-License-Identifier: MIT */
/* Tests of vrf_ledger: live objects, tombstones, walks, and use by many threads. */
#include "vrf/vrf_ledger.h"

#include "support/unit.h"

#include <pthread.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))
#define KEEP_FRAME() __asm__ volatile("" ::: "memory")

static int ledger_setup(void **state)
{
    (void)state;
    we_vrf_ledger_reset();
    we_vrf_ledger_set_tracing(true);
    return 0;
}

static void test_add_then_find_gives_entry_with_its_data(void **state)
{
    struct we_vrf_entry entry;
    int object = 0;

    (void)state;
    assert_null(we_vrf_ledger_find(WE_KIND_POOL, &object));
    we_vrf_ledger_add(&entry, WE_KIND_POOL, &object, 123, 0x31676154, "block");
    assert_ptr_equal(we_vrf_ledger_find(WE_KIND_POOL, &object), &entry);
    assert_ptr_equal(entry.address, &object);
    assert_int_equal(entry.kind, WE_KIND_POOL);
    assert_int_equal(entry.size_bytes, 123);
    assert_int_equal(entry.tag, 0x31676154);
    assert_string_equal(entry.note, "block");
    assert_int_equal(we_vrf_ledger_count(WE_KIND_POOL), 1);
    we_vrf_ledger_remove(&entry);
    assert_null(we_vrf_ledger_find(WE_KIND_POOL, &object));
    assert_int_equal(we_vrf_ledger_count(WE_KIND_POOL), 0);
}

static void test_find_with_other_kind_or_address_finds_nothing(void **state)
{
    struct we_vrf_entry entry;
    char object[2];

    (void)state;
    we_vrf_ledger_add(&entry, WE_KIND_IRP, object, 0, 0, NULL);
    assert_null(we_vrf_ledger_find(WE_KIND_MDL, object));
    assert_null(we_vrf_ledger_find(WE_KIND_IRP, object + 1));
    assert_int_equal(we_vrf_ledger_count(WE_KIND_MDL), 0);
    we_vrf_ledger_remove(&entry);
}

static void test_two_kinds_at_one_address_are_two_objects(void **state)
{
    struct we_vrf_entry pool;
    struct we_vrf_entry irp;
    struct we_vrf_tombstone tombstone;
    int object = 0;

    (void)state;
    we_vrf_ledger_add(&pool, WE_KIND_POOL, &object, 0, 0, NULL);
    we_vrf_ledger_add(&irp, WE_KIND_IRP, &object, 0, 0, NULL);
    we_vrf_ledger_remove(&pool);
    assert_ptr_equal(we_vrf_ledger_find(WE_KIND_IRP, &object), &irp);
    assert_true(we_vrf_ledger_find_dead(WE_KIND_POOL, &object, &tombstone));
    assert_false(we_vrf_ledger_find_dead(WE_KIND_IRP, &object, &tombstone));
    we_vrf_ledger_remove(&irp);
    assert_true(we_vrf_ledger_find_dead(WE_KIND_IRP, &object, &tombstone));
    assert_true(we_vrf_ledger_find_dead(WE_KIND_POOL, &object, &tombstone));
}

static NOINLINE void *object_add(struct we_vrf_entry *entry, const void *address, uint32_t tag)
{
    we_vrf_ledger_add(entry, WE_KIND_SOCKET, address, 0, tag, "listening socket");
    KEEP_FRAME();
    return __builtin_return_address(0);
}

static NOINLINE void *object_remove(struct we_vrf_entry *entry)
{
    we_vrf_ledger_remove(entry);
    KEEP_FRAME();
    return __builtin_return_address(0);
}

static void test_remove_leaves_tombstone_with_both_stacks(void **state)
{
    struct we_vrf_entry entry;
    struct we_vrf_tombstone tombstone;
    int object = 0;
    void *added_from;
    void *removed_from;

    (void)state;
    assert_false(we_vrf_ledger_find_dead(WE_KIND_SOCKET, &object, &tombstone));
    added_from = object_add(&entry, &object, 7);
    /* The first frame is in object_add, the second where it was called. */
    assert_ptr_equal(entry.made.frames[1], added_from);
    removed_from = object_remove(&entry);
    memset(&entry, 0xff, sizeof(entry));
    assert_true(we_vrf_ledger_find_dead(WE_KIND_SOCKET, &object, &tombstone));
    assert_ptr_equal(tombstone.address, &object);
    assert_int_equal(tombstone.kind, WE_KIND_SOCKET);
    assert_int_equal(tombstone.tag, 7);
    assert_string_equal(tombstone.note, "listening socket");
    assert_ptr_equal(tombstone.made.frames[1], added_from);
    assert_ptr_equal(tombstone.ended.frames[1], removed_from);
}

static void test_find_dead_gives_the_youngest(void **state)
{
    struct we_vrf_entry entry;
    struct we_vrf_tombstone tombstone;
    int object = 0;

    (void)state;
    for (uint32_t tag = 1; tag <= 100; tag++) {
        (void)object_add(&entry, &object, tag);
        (void)object_remove(&entry);
        assert_true(we_vrf_ledger_find_dead(WE_KIND_SOCKET, &object, &tombstone));
        assert_int_equal(tombstone.tag, tag);
    }
}

static void test_loop_over_one_address_keeps_other_tombstones(void **state)
{
    static int objects[2];
    struct we_vrf_entry entry;
    struct we_vrf_tombstone tombstone;

    (void)state;
    (void)object_add(&entry, &objects[0], 1);
    (void)object_remove(&entry);
    for (int i = 0; i < 10000; i++) {
        (void)object_add(&entry, &objects[1], 2);
        (void)object_remove(&entry);
    }
    assert_true(we_vrf_ledger_find_dead(WE_KIND_SOCKET, &objects[0], &tombstone));
    assert_int_equal(tombstone.tag, 1);
}

static void test_tombstones_are_bounded_and_old_ones_go_first(void **state)
{
    enum { object_count = 20000 };
    static char objects[object_count];
    struct we_vrf_entry entry;
    struct we_vrf_tombstone tombstone;
    unsigned kept_count = 0;

    (void)state;
    for (int i = 0; i < object_count; i++) {
        we_vrf_ledger_add(&entry, WE_KIND_POOL, &objects[i], 0, 0, NULL);
        we_vrf_ledger_remove(&entry);
    }
    for (int i = 0; i < object_count; i++) {
        kept_count += we_vrf_ledger_find_dead(WE_KIND_POOL, &objects[i], &tombstone);
    }
    assert_int_equal(kept_count, 1024);
    /* Addresses spread evenly, so the last hundred are certainly there and the first hundred are not. */
    for (int i = 0; i < 100; i++) {
        assert_true(we_vrf_ledger_find_dead(WE_KIND_POOL, &objects[object_count - 1 - i], &tombstone));
        assert_false(we_vrf_ledger_find_dead(WE_KIND_POOL, &objects[i], &tombstone));
    }
}

static void test_tracing_off_captures_no_stacks(void **state)
{
    struct we_vrf_entry entry;
    struct we_vrf_tombstone tombstone;
    int object = 0;

    (void)state;
    we_vrf_ledger_set_tracing(false);
    (void)object_add(&entry, &object, 1);
    assert_null(entry.made.frames[0]);
    (void)object_remove(&entry);
    assert_true(we_vrf_ledger_find_dead(WE_KIND_SOCKET, &object, &tombstone));
    assert_null(tombstone.made.frames[0]);
    assert_null(tombstone.ended.frames[0]);
}

static void test_many_objects_are_all_found(void **state)
{
    enum { object_count = 50000 };
    static struct we_vrf_entry entries[object_count];

    (void)state;
    for (int i = 0; i < object_count; i++) {
        we_vrf_ledger_add(&entries[i], WE_KIND_POOL, &entries[i], 0, (uint32_t)i, NULL);
    }
    assert_int_equal(we_vrf_ledger_count(WE_KIND_POOL), object_count);
    for (int i = 0; i < object_count; i++) {
        assert_ptr_equal(we_vrf_ledger_find(WE_KIND_POOL, &entries[i]), &entries[i]);
    }
    for (int i = 0; i < object_count; i++) {
        we_vrf_ledger_remove(&entries[i]);
    }
    assert_int_equal(we_vrf_ledger_count(WE_KIND_POOL), 0);
}

struct walk {
    unsigned count;
    uint64_t mask;
    bool removes;
};

static void walk_visit(struct we_vrf_entry *entry, void *context)
{
    struct walk *walk = context;

    walk->count++;
    walk->mask |= UINT64_C(1) << entry->tag;
    if (walk->removes) {
        we_vrf_ledger_remove(entry);
        /* As if the object were freed: the walk must not look at it again. */
        memset(entry, 0xff, sizeof(*entry));
    }
}

static void test_each_visits_the_kind_and_may_remove(void **state)
{
    struct we_vrf_entry entries[40];
    struct we_vrf_entry other;
    struct walk walk = { 0, 0, false };

    (void)state;
    /* Many at one address share a bucket, which is the hard case for a walk that removes. */
    for (uint32_t i = 0; i < 40; i++) {
        we_vrf_ledger_add(&entries[i], WE_KIND_MDL, i < 20 ? &other : (const void *)&entries[i], 0, i, NULL);
    }
    we_vrf_ledger_add(&other, WE_KIND_IRP, &other, 0, 63, NULL);
    we_vrf_ledger_each(WE_KIND_MDL, walk_visit, &walk);
    assert_int_equal(walk.count, 40);
    assert_true(walk.mask == (UINT64_C(1) << 40) - 1);

    walk = (struct walk){ 0, 0, true };
    we_vrf_ledger_each(WE_KIND_MDL, walk_visit, &walk);
    assert_int_equal(walk.count, 40);
    assert_int_equal(we_vrf_ledger_count(WE_KIND_MDL), 0);
    assert_ptr_equal(we_vrf_ledger_find(WE_KIND_IRP, &other), &other);
    we_vrf_ledger_remove(&other);
}

struct order {
    uint32_t last_tag;
    bool is_rising;
};

static void order_visit(struct we_vrf_entry *entry, void *context)
{
    struct order *order = context;

    if (entry->tag <= order->last_tag) {
        order->is_rising = false;
    }
    order->last_tag = entry->tag;
}

static void test_each_visits_oldest_first_within_an_address(void **state)
{
    struct we_vrf_entry entries[10];
    struct order order = { 0, true };
    int object = 0;

    (void)state;
    for (uint32_t i = 0; i < 10; i++) {
        we_vrf_ledger_add(&entries[i], WE_KIND_TIMER, &object, 0, i + 1, NULL);
    }
    we_vrf_ledger_each(WE_KIND_TIMER, order_visit, &order);
    assert_true(order.is_rising);
    assert_int_equal(order.last_tag, 10);
}

static void test_reset_forgets_live_and_dead(void **state)
{
    static struct we_vrf_entry live;
    static struct we_vrf_entry dead;
    struct we_vrf_tombstone tombstone;

    (void)state;
    we_vrf_ledger_add(&live, WE_KIND_IRP, &live, 0, 0, NULL);
    we_vrf_ledger_add(&dead, WE_KIND_IRP, &dead, 0, 0, NULL);
    we_vrf_ledger_remove(&dead);
    we_vrf_ledger_reset();
    assert_int_equal(we_vrf_ledger_count(WE_KIND_IRP), 0);
    assert_null(we_vrf_ledger_find(WE_KIND_IRP, &live));
    assert_false(we_vrf_ledger_find_dead(WE_KIND_IRP, &dead, &tombstone));
    /* The same memory may be used again. */
    we_vrf_ledger_add(&live, WE_KIND_IRP, &live, 0, 0, NULL);
    assert_ptr_equal(we_vrf_ledger_find(WE_KIND_IRP, &live), &live);
    we_vrf_ledger_remove(&live);
}

static void test_kind_names_are_all_different(void **state)
{
    (void)state;
    for (int i = 0; i < WE_KIND_COUNT; i++) {
        assert_non_null(we_vrf_kind_name((enum we_vrf_kind)i));
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(we_vrf_kind_name((enum we_vrf_kind)i), we_vrf_kind_name((enum we_vrf_kind)j));
        }
    }
}

enum { thread_count = 4, thread_turn_count = 300, thread_object_count = 30 };

static int s_failure_mark;

/* Returns NULL when everything was as expected: assertions belong to the test's thread. */
static void *objects_churn(void *context)
{
    struct we_vrf_entry entries[thread_object_count];
    struct we_vrf_tombstone tombstone;

    (void)context;
    for (int i = 0; i < thread_turn_count; i++) {
        for (int j = 0; j < thread_object_count; j++) {
            we_vrf_ledger_add(&entries[j], WE_KIND_POOL, &entries[j], 0, 0, NULL);
        }
        for (int j = 0; j < thread_object_count; j++) {
            if (we_vrf_ledger_find(WE_KIND_POOL, &entries[j]) != &entries[j]) {
                return &s_failure_mark;
            }
            we_vrf_ledger_remove(&entries[j]);
            (void)we_vrf_ledger_find_dead(WE_KIND_POOL, &entries[j], &tombstone);
        }
    }
    return NULL;
}

static void test_use_by_several_threads_loses_nothing(void **state)
{
    pthread_t threads[thread_count];

    (void)state;
    for (int i = 0; i < thread_count; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, objects_churn, NULL), 0);
    }
    for (int i = 0; i < thread_count; i++) {
        void *result = &s_failure_mark;

        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
    assert_int_equal(we_vrf_ledger_count(WE_KIND_POOL), 0);
}

#define TEST(f) cmocka_unit_test_setup(f, ledger_setup)

static const struct CMUnitTest tests[] = {
    TEST(test_add_then_find_gives_entry_with_its_data),
    TEST(test_find_with_other_kind_or_address_finds_nothing),
    TEST(test_two_kinds_at_one_address_are_two_objects),
    TEST(test_remove_leaves_tombstone_with_both_stacks),
    TEST(test_find_dead_gives_the_youngest),
    TEST(test_loop_over_one_address_keeps_other_tombstones),
    TEST(test_tombstones_are_bounded_and_old_ones_go_first),
    TEST(test_tracing_off_captures_no_stacks),
    TEST(test_many_objects_are_all_found),
    TEST(test_each_visits_the_kind_and_may_remove),
    TEST(test_each_visits_oldest_first_within_an_address),
    TEST(test_reset_forgets_live_and_dead),
    TEST(test_kind_names_are_all_different),
    TEST(test_use_by_several_threads_loses_nothing),
};

UNIT_MAIN(tests)
