/* SPDX-License-Identifier: MIT */
/* Tests of base_idmap: ids find their objects, and stale ids find nothing. */
#include "base/base_idmap.h"

#include "support/unit.h"

static void test_add_then_find_gives_the_object(void **state)
{
    struct we_base_idmap map = { 0 };
    int a;
    int b;
    we_base_id id_a = we_base_idmap_add(&map, &a);
    we_base_id id_b = we_base_idmap_add(&map, &b);

    (void)state;
    assert_true(id_a != 0);
    assert_true(id_b != 0);
    assert_true(id_a != id_b);
    assert_ptr_equal(we_base_idmap_find(&map, id_a), &a);
    assert_ptr_equal(we_base_idmap_find(&map, id_b), &b);
    we_base_idmap_fini(&map);
}

static void test_find_in_empty_map_finds_nothing(void **state)
{
    struct we_base_idmap map = { 0 };

    (void)state;
    assert_null(we_base_idmap_find(&map, 0));
    assert_null(we_base_idmap_find(&map, UINT64_C(1) << 32));
    assert_null(we_base_idmap_remove(&map, UINT64_MAX));
}

static void test_find_of_removed_id_finds_nothing_even_when_slot_is_used_again(void **state)
{
    struct we_base_idmap map = { 0 };
    int a;
    int b;
    we_base_id old_id = we_base_idmap_add(&map, &a);
    we_base_id new_id;

    (void)state;
    assert_ptr_equal(we_base_idmap_remove(&map, old_id), &a);
    assert_null(we_base_idmap_find(&map, old_id));
    assert_null(we_base_idmap_remove(&map, old_id));
    new_id = we_base_idmap_add(&map, &b);
    /* The point of the test: the slot is the same, the id is not. */
    assert_true((uint32_t)new_id == (uint32_t)old_id);
    assert_true(new_id != old_id);
    assert_null(we_base_idmap_find(&map, old_id));
    assert_null(we_base_idmap_remove(&map, old_id));
    assert_ptr_equal(we_base_idmap_find(&map, new_id), &b);
    we_base_idmap_fini(&map);
}

static void test_find_of_made_up_ids_finds_nothing(void **state)
{
    struct we_base_idmap map = { 0 };
    int a;
    we_base_id id = we_base_idmap_add(&map, &a);

    (void)state;
    assert_null(we_base_idmap_find(&map, 0));
    assert_null(we_base_idmap_find(&map, id + 1));
    assert_null(we_base_idmap_find(&map, id + (UINT64_C(1) << 32)));
    assert_null(we_base_idmap_find(&map, (uint32_t)id));
    we_base_idmap_fini(&map);
}

static void test_many_adds_and_removes_keep_every_mapping(void **state)
{
    enum { object_count = 1000 };
    static int objects[object_count];
    static we_base_id ids[object_count];
    struct we_base_idmap map = { 0 };

    (void)state;
    for (int i = 0; i < object_count; i++) {
        ids[i] = we_base_idmap_add(&map, &objects[i]);
        assert_true(ids[i] != 0);
    }
    for (int i = 0; i < object_count; i += 3) {
        assert_ptr_equal(we_base_idmap_remove(&map, ids[i]), &objects[i]);
    }
    for (int i = 0; i < object_count; i += 3) {
        ids[i] = we_base_idmap_add(&map, &objects[i]);
    }
    for (int i = 0; i < object_count; i++) {
        assert_ptr_equal(we_base_idmap_find(&map, ids[i]), &objects[i]);
    }
    /* Free slots are used again, so the table did not grow beyond what was live at once. */
    assert_int_equal(map.used_count, object_count);
    we_base_idmap_fini(&map);
}

struct visit {
    unsigned count;
    unsigned mask;
};

static void visit_count(we_base_id id, void *object, void *context)
{
    struct visit *visit = context;

    assert_true(id != 0);
    visit->count++;
    visit->mask |= *(unsigned *)object;
}

static void test_each_visits_live_entries_only(void **state)
{
    unsigned objects[3] = { 1, 2, 4 };
    struct we_base_idmap map = { 0 };
    struct visit visit = { 0, 0 };
    we_base_id ids[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        ids[i] = we_base_idmap_add(&map, &objects[i]);
    }
    assert_ptr_equal(we_base_idmap_remove(&map, ids[1]), &objects[1]);
    we_base_idmap_each(&map, visit_count, &visit);
    assert_int_equal(visit.count, 2);
    assert_int_equal(visit.mask, 5);
    we_base_idmap_fini(&map);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_add_then_find_gives_the_object),
    cmocka_unit_test(test_find_in_empty_map_finds_nothing),
    cmocka_unit_test(test_find_of_removed_id_finds_nothing_even_when_slot_is_used_again),
    cmocka_unit_test(test_find_of_made_up_ids_finds_nothing),
    cmocka_unit_test(test_many_adds_and_removes_keep_every_mapping),
    cmocka_unit_test(test_each_visits_live_entries_only),
};

UNIT_MAIN(tests)
