/* SPDX-License-Identifier: MIT */
/* Tests of base_list: order, removal and moving of whole lists. */
#include "base/base_list.h"

#include "support/unit.h"

struct item {
    int number;
    struct we_base_list link;
};

static void check_numbers(const struct we_base_list *list, const int *numbers, int count)
{
    int index = 0;

    WE_BASE_LIST_FOR_EACH (link, list) {
        if (index < count) {
            assert_int_equal(WE_BASE_LIST_ITEM(link, struct item, link)->number, numbers[index]);
        }
        assert_ptr_equal(link->next->prev, link);
        index++;
    }
    assert_int_equal(index, count);
}

static void test_append_and_prepend_keep_their_ends(void **state)
{
    struct we_base_list list = WE_BASE_LIST_INIT(list);
    struct item items[3] = { { .number = 0 }, { .number = 1 }, { .number = 2 } };

    (void)state;
    assert_true(we_base_list_is_empty(&list));
    we_base_list_append(&list, &items[1].link);
    we_base_list_append(&list, &items[2].link);
    we_base_list_prepend(&list, &items[0].link);
    assert_false(we_base_list_is_empty(&list));
    check_numbers(&list, (const int[]){ 0, 1, 2 }, 3);
}

static void test_remove_twice_is_harmless(void **state)
{
    struct we_base_list list = WE_BASE_LIST_INIT(list);
    struct item items[2] = { { .number = 0 }, { .number = 1 } };

    (void)state;
    we_base_list_append(&list, &items[0].link);
    we_base_list_append(&list, &items[1].link);
    assert_true(we_base_list_is_linked(&items[0].link));
    we_base_list_remove(&items[0].link);
    assert_false(we_base_list_is_linked(&items[0].link));
    we_base_list_remove(&items[0].link);
    check_numbers(&list, (const int[]){ 1 }, 1);
}

static void test_pop_takes_from_the_front_until_empty(void **state)
{
    struct we_base_list list = WE_BASE_LIST_INIT(list);
    struct item items[2] = { { .number = 0 }, { .number = 1 } };

    (void)state;
    we_base_list_append(&list, &items[0].link);
    we_base_list_append(&list, &items[1].link);
    assert_ptr_equal(we_base_list_pop(&list), &items[0].link);
    assert_ptr_equal(we_base_list_pop(&list), &items[1].link);
    assert_null(we_base_list_pop(&list));
    assert_true(we_base_list_is_empty(&list));
}

static void test_splice_moves_all_behind_what_is_there(void **state)
{
    struct we_base_list to = WE_BASE_LIST_INIT(to);
    struct we_base_list from = WE_BASE_LIST_INIT(from);
    struct item items[3] = { { .number = 0 }, { .number = 1 }, { .number = 2 } };

    (void)state;
    we_base_list_append(&to, &items[0].link);
    we_base_list_append(&from, &items[1].link);
    we_base_list_append(&from, &items[2].link);
    we_base_list_splice(&to, &from);
    assert_true(we_base_list_is_empty(&from));
    check_numbers(&to, (const int[]){ 0, 1, 2 }, 3);
    we_base_list_splice(&to, &from);
    check_numbers(&to, (const int[]){ 0, 1, 2 }, 3);
    we_base_list_splice(&from, &to);
    assert_true(we_base_list_is_empty(&to));
    check_numbers(&from, (const int[]){ 0, 1, 2 }, 3);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_append_and_prepend_keep_their_ends),
    cmocka_unit_test(test_remove_twice_is_harmless),
    cmocka_unit_test(test_pop_takes_from_the_front_until_empty),
    cmocka_unit_test(test_splice_moves_all_behind_what_is_there),
};

UNIT_MAIN(tests)
