/* SPDX-License-Identifier: MIT */
/* Tests LIST_ENTRY and SINGLE_LIST_ENTRY: results on empty, one and many, and every way to corrupt a list. */
#include <wdm.h>

#include "support/emu_fixture.h"
#include "vrf/vrf_report.h"

struct item {
    int number;
    LIST_ENTRY link;
    SINGLE_LIST_ENTRY single;
};

static int number_of(PLIST_ENTRY entry)
{
    return CONTAINING_RECORD(entry, struct item, link)->number;
}

/* Compares the list with the digits of expected, in both directions. */
static void assert_list(PLIST_ENTRY head, PCSTR expected)
{
    PLIST_ENTRY entry = head->Flink;
    size_t count = strlen(expected);

    for (size_t i = 0; i < count; i++, entry = entry->Flink) {
        assert_int_equal(number_of(entry), expected[i] - '0');
    }
    assert_ptr_equal(entry, head);
    entry = head->Blink;
    for (size_t i = count; i > 0; i--, entry = entry->Blink) {
        assert_int_equal(number_of(entry), expected[i - 1] - '0');
    }
    assert_ptr_equal(entry, head);
}

static void test_list_insert_and_remove_at_both_ends(void **state)
{
    struct item one = { .number = 1 };
    struct item two = { .number = 2 };
    struct item three = { .number = 3 };
    LIST_ENTRY head;

    (void)state;
    InitializeListHead(&head);
    assert_true(IsListEmpty(&head));
    InsertTailList(&head, &two.link);
    assert_false(IsListEmpty(&head));
    InsertTailList(&head, &three.link);
    InsertHeadList(&head, &one.link);
    assert_list(&head, "123");
    assert_ptr_equal(RemoveHeadList(&head), &one.link);
    assert_ptr_equal(RemoveTailList(&head), &three.link);
    assert_list(&head, "2");
    assert_ptr_equal(RemoveHeadList(&head), &two.link);
    assert_true(IsListEmpty(&head));
}

static void test_list_remove_from_empty_returns_the_head(void **state)
{
    LIST_ENTRY head;

    (void)state;
    InitializeListHead(&head);
    assert_ptr_equal(RemoveHeadList(&head), &head);
    assert_ptr_equal(RemoveTailList(&head), &head);
    assert_true(IsListEmpty(&head));
}

static void test_list_remove_entry_says_whether_the_list_is_empty(void **state)
{
    struct item one = { .number = 1 };
    struct item two = { .number = 2 };
    LIST_ENTRY head;

    (void)state;
    InitializeListHead(&head);
    InsertTailList(&head, &one.link);
    InsertTailList(&head, &two.link);
    assert_false(RemoveEntryList(&one.link));
    assert_ptr_equal(one.link.Flink, &two.link); /* the links keep their values */
    assert_ptr_equal(one.link.Blink, &head);
    assert_true(RemoveEntryList(&two.link));
}

static void test_list_append_joins_a_headless_ring(void **state)
{
    struct item items[4] = { { .number = 1 }, { .number = 2 }, { .number = 3 }, { .number = 4 } };
    LIST_ENTRY head;
    LIST_ENTRY other;

    (void)state;
    InitializeListHead(&head);
    InitializeListHead(&other);
    InsertTailList(&head, &items[0].link);
    InsertTailList(&other, &items[1].link);
    InsertTailList(&other, &items[2].link);
    InsertTailList(&other, &items[3].link);
    RemoveEntryList(&other); /* takes the head out of the ring */
    AppendTailList(&head, &items[1].link);
    assert_list(&head, "1234");
}

static void test_single_list_is_a_stack(void **state)
{
    struct item one = { .number = 1 };
    struct item two = { .number = 2 };
    SINGLE_LIST_ENTRY head = { NULL };

    (void)state;
    assert_null(PopEntryList(&head));
    PushEntryList(&head, &one.single);
    PushEntryList(&head, &two.single);
    assert_ptr_equal(PopEntryList(&head), &two.single);
    assert_ptr_equal(PopEntryList(&head), &one.single);
    assert_null(PopEntryList(&head));
}

/* --- corruption ------------------------------------------------------------------------- */

static size_t s_seen_count;

static void expect_corruption(void)
{
    s_seen_count = we_vrf_expected_seen_count(WE_RULE_RTL_002);
    we_vrf_expect(WE_RULE_RTL_002);
}

static void assert_corruption_seen(void)
{
    assert_int_equal(we_vrf_expected_seen_count(WE_RULE_RTL_002), s_seen_count + 1);
}

static void test_list_double_remove_is_reported(void **state)
{
    struct item one = { .number = 1 };
    struct item two = { .number = 2 };
    LIST_ENTRY head;

    (void)state;
    InitializeListHead(&head);
    InsertTailList(&head, &one.link);
    InsertTailList(&head, &two.link);
    RemoveEntryList(&one.link);
    expect_corruption();
    assert_false(RemoveEntryList(&one.link));
    assert_corruption_seen();
    assert_list(&head, "2");
}

static void test_list_double_insert_is_reported(void **state)
{
    struct item one = { .number = 1 };
    struct item two = { .number = 2 };
    LIST_ENTRY head;

    (void)state;
    InitializeListHead(&head);
    InsertTailList(&head, &one.link);
    InsertTailList(&head, &two.link);
    InsertTailList(&head, &one.link); /* Windows cannot see it here either */
    expect_corruption();
    (void)RemoveHeadList(&head);
    assert_corruption_seen();
}

static void test_list_insert_into_an_uninitialised_head_is_reported(void **state)
{
    struct item one = { .number = 1 };
    LIST_ENTRY head = { NULL, NULL };

    (void)state;
    expect_corruption();
    InsertTailList(&head, &one.link);
    assert_corruption_seen();
    expect_corruption();
    InsertHeadList(&head, &one.link);
    assert_corruption_seen();
    expect_corruption();
    assert_ptr_equal(RemoveHeadList(&head), &head);
    assert_corruption_seen();
    expect_corruption();
    assert_ptr_equal(RemoveTailList(&head), &head);
    assert_corruption_seen();
    assert_null(head.Flink);
}

static void test_list_remove_of_an_entry_never_inserted_is_reported(void **state)
{
    struct item one = { .number = 1 };

    (void)state;
    expect_corruption();
    assert_false(RemoveEntryList(&one.link));
    assert_corruption_seen();
}

static void test_list_overwritten_links_are_reported_at_every_operation(void **state)
{
    struct item one = { .number = 1 };
    struct item two = { .number = 2 };
    struct item three = { .number = 3 };
    LIST_ENTRY head;

    (void)state;
    InitializeListHead(&head);
    InsertTailList(&head, &one.link);
    InsertTailList(&head, &two.link);
    one.link.Blink = &two.link;
    expect_corruption();
    InsertHeadList(&head, &three.link);
    assert_corruption_seen();
    expect_corruption();
    assert_ptr_equal(RemoveHeadList(&head), &head);
    assert_corruption_seen();
    two.link.Flink = &one.link;
    expect_corruption();
    InsertTailList(&head, &three.link);
    assert_corruption_seen();
    expect_corruption();
    assert_ptr_equal(RemoveTailList(&head), &head);
    assert_corruption_seen();
    expect_corruption();
    AppendTailList(&head, &three.link);
    assert_corruption_seen();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list_insert_and_remove_at_both_ends),
        cmocka_unit_test(test_list_remove_from_empty_returns_the_head),
        cmocka_unit_test(test_list_remove_entry_says_whether_the_list_is_empty),
        cmocka_unit_test(test_list_append_joins_a_headless_ring),
        cmocka_unit_test(test_single_list_is_a_stack),
        cmocka_unit_test(test_list_double_remove_is_reported),
        cmocka_unit_test(test_list_double_insert_is_reported),
        cmocka_unit_test(test_list_insert_into_an_uninitialised_head_is_reported),
        cmocka_unit_test(test_list_remove_of_an_entry_never_inserted_is_reported),
        cmocka_unit_test(test_list_overwritten_links_are_reported_at_every_operation),
    };

    return cmocka_run_group_tests(tests, emu_setup, emu_teardown);
}
