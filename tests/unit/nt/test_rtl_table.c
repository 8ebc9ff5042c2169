/* SPDX-License-Identifier: MIT */
/* Generic tables: the shape of the trees, order, duplicates, memory, and enumerations that are disturbed. */
#include <wdm.h>

#include "nt/rtl_avl.h"
#include "support/emu_fixture.h"

#define KEYS 300

struct item {
    ULONG key;
    ULONG value;
};

/* Both kinds of tables have the same tests: the calls are behind one table of functions. */
struct memory {
    unsigned live_count;
    unsigned allowed_count; /* allocations until one fails */
    CLONG last_bytes;
};

static struct memory s_memory;

static PVOID item_allocate(CLONG bytes)
{
    s_memory.last_bytes = bytes;
    if (s_memory.allowed_count == 0) {
        return NULL;
    }
    s_memory.allowed_count--;
    s_memory.live_count++;
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, 'lbaT');
}

static void item_free(PVOID memory)
{
    s_memory.live_count--;
    ExFreePoolWithTag(memory, 'lbaT');
}

static RTL_GENERIC_COMPARE_RESULTS item_compare(const struct item *a, const struct item *b)
{
    return a->key < b->key ? GenericLessThan : a->key > b->key ? GenericGreaterThan : GenericEqual;
}

static RTL_GENERIC_COMPARE_RESULTS avl_compare(PRTL_AVL_TABLE table, PVOID first, PVOID second)
{
    assert_ptr_equal(table->TableContext, &s_memory);
    return item_compare(first, second);
}

static PVOID avl_allocate(PRTL_AVL_TABLE table, CLONG bytes)
{
    (void)table;
    return item_allocate(bytes);
}

static VOID avl_free(PRTL_AVL_TABLE table, PVOID memory)
{
    (void)table;
    item_free(memory);
}

static RTL_GENERIC_COMPARE_RESULTS splay_compare(PRTL_GENERIC_TABLE table, PVOID first, PVOID second)
{
    assert_ptr_equal(table->TableContext, &s_memory);
    return item_compare(first, second);
}

static PVOID splay_allocate(PRTL_GENERIC_TABLE table, CLONG bytes)
{
    (void)table;
    return item_allocate(bytes);
}

static VOID splay_free(PRTL_GENERIC_TABLE table, PVOID memory)
{
    (void)table;
    item_free(memory);
}

static void memory_reset(void)
{
    s_memory.live_count = 0;
    s_memory.allowed_count = 1000000;
}

static void avl_make(PRTL_AVL_TABLE table)
{
    memory_reset();
    RtlInitializeGenericTableAvl(table, avl_compare, avl_allocate, avl_free, &s_memory);
}

static void splay_make(PRTL_GENERIC_TABLE table)
{
    memory_reset();
    RtlInitializeGenericTable(table, splay_compare, splay_allocate, splay_free, &s_memory);
}

static struct item *avl_add(PRTL_AVL_TABLE table, ULONG key)
{
    struct item item = { key, key * 3 };

    return RtlInsertElementGenericTableAvl(table, &item, sizeof(item), NULL);
}

static struct item *splay_add(PRTL_GENERIC_TABLE table, ULONG key)
{
    struct item item = { key, key * 3 };

    return RtlInsertElementGenericTable(table, &item, sizeof(item), NULL);
}

static BOOLEAN avl_remove(PRTL_AVL_TABLE table, ULONG key)
{
    struct item item = { key, 0 };

    return RtlDeleteElementGenericTableAvl(table, &item);
}

static BOOLEAN splay_remove(PRTL_GENERIC_TABLE table, ULONG key)
{
    struct item item = { key, 0 };

    return RtlDeleteElementGenericTable(table, &item);
}

/* Height of the subtree; fails unless all links and balances in it are right. */
static int avl_height(PRTL_BALANCED_LINKS node, PRTL_BALANCED_LINKS parent)
{
    int left;
    int right;

    if (node == NULL) {
        return 0;
    }
    assert_ptr_equal(node->Parent, parent);
    left = avl_height(node->LeftChild, node);
    right = avl_height(node->RightChild, node);
    assert_int_equal(node->Balance, right - left);
    assert_in_range(node->Balance + 1, 0, 2);
    return 1 + (left > right ? left : right);
}

static void avl_check(PRTL_AVL_TABLE table)
{
    assert_null(table->BalancedRoot.LeftChild);
    assert_int_equal(avl_height(table->BalancedRoot.RightChild, &table->BalancedRoot), table->DepthOfTree);
}

/* Every number from 0 to KEYS - 1 once, in an order that the seed decides. */
static void shuffle(ULONG keys[KEYS], ULONG seed)
{
    ULONG i;

    for (i = 0; i < KEYS; i++) {
        keys[i] = i;
    }
    for (i = KEYS - 1; i > 0; i--) {
        ULONG j = RtlRandomEx(&seed) % (i + 1);
        ULONG key = keys[i];

        keys[i] = keys[j];
        keys[j] = key;
    }
}

/* --- balanced trees -------------------------------------------------------------------------- */

static void test_avl_stays_balanced_whatever_comes_and_goes(void **state)
{
    ULONG keys[KEYS];
    RTL_AVL_TABLE table;
    ULONG seed;
    ULONG i;

    (void)state;
    for (seed = 1; seed < 6; seed++) {
        avl_make(&table);
        shuffle(keys, seed);
        for (i = 0; i < KEYS; i++) {
            assert_non_null(avl_add(&table, keys[i]));
            avl_check(&table);
        }
        assert_int_equal(RtlNumberGenericTableElementsAvl(&table), KEYS);
        assert_in_range(table.DepthOfTree, 9, 11); /* 1.44 log2(300) at the most */
        shuffle(keys, seed + 100);
        for (i = 0; i < KEYS; i++) {
            assert_true(avl_remove(&table, keys[i]));
            assert_false(avl_remove(&table, keys[i]));
            avl_check(&table);
        }
        assert_true(RtlIsGenericTableEmptyAvl(&table));
        assert_int_equal(table.DepthOfTree, 0);
        assert_int_equal(s_memory.live_count, 0);
    }
}

static void test_avl_ascending_and_descending_keys_make_no_list(void **state)
{
    RTL_AVL_TABLE table;
    ULONG i;

    (void)state;
    avl_make(&table);
    for (i = 0; i < KEYS; i++) {
        (void)avl_add(&table, 1000 + i);
        (void)avl_add(&table, 999 - i);
    }
    avl_check(&table);
    assert_in_range(table.DepthOfTree, 10, 13);
    for (i = 0; i < KEYS; i++) {
        assert_true(avl_remove(&table, 999 - i));
        avl_check(&table);
        assert_true(avl_remove(&table, 1000 + i));
    }
}

static void test_avl_element_is_copied_aligned_and_found_again(void **state)
{
    struct item item = { 7, 70 };
    struct item *stored;
    RTL_AVL_TABLE table;
    BOOLEAN is_new = FALSE;

    (void)state;
    avl_make(&table);
    stored = RtlInsertElementGenericTableAvl(&table, &item, sizeof(item), &is_new);
    assert_true(is_new);
    assert_ptr_not_equal(stored, &item);
    assert_int_equal((ULONG_PTR)stored % 8, 0);
    assert_int_equal(s_memory.last_bytes, sizeof(item) + sizeof(RTL_BALANCED_LINKS));
    item.value = 71;
    assert_ptr_equal(RtlInsertElementGenericTableAvl(&table, &item, sizeof(item), &is_new), stored);
    assert_false(is_new);
    assert_int_equal(stored->value, 70);
    assert_ptr_equal(RtlLookupElementGenericTableAvl(&table, &item), stored);
    item.key = 8;
    assert_null(RtlLookupElementGenericTableAvl(&table, &item));
    assert_true(avl_remove(&table, 7));
}

static void test_avl_without_memory_nothing_changes(void **state)
{
    RTL_AVL_TABLE table;
    BOOLEAN is_new = TRUE;
    struct item item = { 2, 0 };

    (void)state;
    avl_make(&table);
    (void)avl_add(&table, 1);
    s_memory.allowed_count = 0;
    assert_null(RtlInsertElementGenericTableAvl(&table, &item, sizeof(item), &is_new));
    assert_false(is_new);
    assert_null(RtlInsertElementGenericTableAvl(&table, &item, MAXULONG, &is_new));
    assert_int_equal(RtlNumberGenericTableElementsAvl(&table), 1);
    avl_check(&table);
    assert_true(avl_remove(&table, 1));
}

static void test_avl_search_and_insertion_can_be_two_steps(void **state)
{
    TABLE_SEARCH_RESULT result;
    RTL_AVL_TABLE table;
    struct item item;
    struct item *stored;
    PVOID place;
    ULONG i;

    (void)state;
    avl_make(&table);
    for (i = 0; i < KEYS; i++) {
        item.key = i * 7 % KEYS;
        item.value = i;
        assert_null(RtlLookupElementGenericTableFullAvl(&table, &item, &place, &result));
        assert_int_not_equal(result, TableFoundNode);
        stored = RtlInsertElementGenericTableFullAvl(&table, &item, sizeof(item), NULL, place, result);
        assert_ptr_equal(RtlLookupElementGenericTableFullAvl(&table, &item, &place, &result), stored);
        assert_int_equal(result, TableFoundNode);
        avl_check(&table);
    }
    for (i = 0; i < KEYS; i++) {
        assert_true(avl_remove(&table, i));
    }
}

static void test_avl_enumeration_is_in_order_and_may_delete(void **state)
{
    ULONG keys[KEYS];
    RTL_AVL_TABLE table;
    struct item *item;
    PVOID key = NULL;
    ULONG next = 0;

    (void)state;
    avl_make(&table);
    assert_null(RtlEnumerateGenericTableAvl(&table, TRUE));
    shuffle(keys, 5);
    for (ULONG i = 0; i < KEYS; i++) {
        (void)avl_add(&table, keys[i]);
    }
    while ((item = RtlEnumerateGenericTableWithoutSplayingAvl(&table, &key)) != NULL) {
        assert_int_equal(item->key, next++);
    }
    assert_int_equal(next, KEYS);
    next = 0;
    for (item = RtlEnumerateGenericTableAvl(&table, TRUE); item != NULL;
         item = RtlEnumerateGenericTableAvl(&table, FALSE)) {
        assert_int_equal(item->key, next);
        assert_true(avl_remove(&table, next++));
    }
    assert_int_equal(next, KEYS);
    assert_int_equal(s_memory.live_count, 0);
}

static void test_avl_element_number_follows_every_change(void **state)
{
    RTL_AVL_TABLE table;
    ULONG i;

    (void)state;
    avl_make(&table);
    for (i = 0; i < KEYS; i++) {
        (void)avl_add(&table, i * 2);
    }
    for (i = 0; i < KEYS; i++) {
        assert_int_equal(((struct item *)RtlGetElementGenericTableAvl(&table, i))->key, i * 2);
    }
    assert_null(RtlGetElementGenericTableAvl(&table, KEYS));
    assert_int_equal(((struct item *)RtlGetElementGenericTableAvl(&table, 10))->key, 20);
    (void)avl_add(&table, 1);
    assert_int_equal(((struct item *)RtlGetElementGenericTableAvl(&table, 10))->key, 18);
    assert_true(avl_remove(&table, 0));
    assert_int_equal(((struct item *)RtlGetElementGenericTableAvl(&table, 0))->key, 1);
    while (!RtlIsGenericTableEmptyAvl(&table)) {
        assert_true(RtlDeleteElementGenericTableAvl(&table, RtlGetElementGenericTableAvl(&table, 0)));
    }
}

static RTL_GENERIC_COMPARE_RESULTS compare_tens(PRTL_AVL_TABLE table, PVOID first, PVOID second)
{
    ULONG a = ((struct item *)first)->key / 10;
    ULONG b = ((struct item *)second)->key / 10;

    (void)table;
    return a < b ? GenericLessThan : a > b ? GenericGreaterThan : GenericEqual;
}

static void test_avl_first_of_several_matches_is_found(void **state)
{
    struct item wanted = { 55, 0 };
    struct item *item;
    RTL_AVL_TABLE table;
    PVOID key;
    ULONG i;

    (void)state;
    avl_make(&table);
    for (i = 0; i < 100; i++) {
        (void)avl_add(&table, i);
    }
    table.CompareRoutine = compare_tens;
    item = RtlLookupFirstMatchingElementGenericTableAvl(&table, &wanted, &key);
    assert_int_equal(item->key, 50);
    item = RtlEnumerateGenericTableWithoutSplayingAvl(&table, &key);
    assert_int_equal(item->key, 51);
    wanted.key = 1000;
    assert_null(RtlLookupFirstMatchingElementGenericTableAvl(&table, &wanted, &key));
    table.CompareRoutine = avl_compare;
    for (i = 0; i < 100; i++) {
        assert_true(avl_remove(&table, i));
    }
}

/* --- splay trees ----------------------------------------------------------------------------- */

/* Fails unless all links are right; returns the number of elements. */
static ULONG splay_check(PRTL_SPLAY_LINKS links, PRTL_SPLAY_LINKS parent)
{
    if (links == NULL) {
        return 0;
    }
    assert_ptr_equal(links->Parent, parent);
    return 1 + splay_check(links->LeftChild, links) + splay_check(links->RightChild, links);
}

static void test_splay_links_stay_right_whatever_comes_and_goes(void **state)
{
    ULONG keys[KEYS];
    RTL_GENERIC_TABLE table;
    ULONG seed;
    ULONG i;

    (void)state;
    for (seed = 1; seed < 6; seed++) {
        splay_make(&table);
        shuffle(keys, seed);
        for (i = 0; i < KEYS; i++) {
            assert_int_equal(splay_add(&table, keys[i])->value, keys[i] * 3);
            assert_int_equal(splay_check(table.TableRoot, table.TableRoot), i + 1);
        }
        shuffle(keys, seed + 100);
        for (i = 0; i < KEYS; i++) {
            struct item wanted = { keys[i], 0 };
            struct item *found = RtlLookupElementGenericTable(&table, &wanted);

            assert_int_equal(found->value, keys[i] * 3);
            assert_true(splay_remove(&table, keys[i]));
            assert_null(RtlLookupElementGenericTable(&table, &wanted));
            assert_int_equal(splay_check(table.TableRoot, table.TableRoot), KEYS - i - 1);
        }
        assert_true(RtlIsGenericTableEmpty(&table));
        assert_int_equal(s_memory.live_count, 0);
    }
}

static void test_splay_search_moves_the_element_to_the_root(void **state)
{
    RTL_GENERIC_TABLE table;
    struct item wanted = { 3, 0 };
    PVOID found;
    ULONG i;

    (void)state;
    splay_make(&table);
    for (i = 0; i < 10; i++) {
        (void)splay_add(&table, i);
    }
    found = RtlLookupElementGenericTable(&table, &wanted);
    assert_ptr_equal(found, (UCHAR *)table.TableRoot + sizeof(RTL_SPLAY_LINKS) + sizeof(LIST_ENTRY));
    for (i = 0; i < 10; i++) {
        assert_true(splay_remove(&table, i));
    }
}

static void test_splay_enumerations_are_in_order_and_may_delete(void **state)
{
    ULONG keys[KEYS];
    RTL_GENERIC_TABLE table;
    struct item *item;
    PVOID key = NULL;
    ULONG next = 0;

    (void)state;
    splay_make(&table);
    assert_null(RtlEnumerateGenericTable(&table, TRUE));
    assert_null(RtlEnumerateGenericTableWithoutSplaying(&table, &key));
    shuffle(keys, 9);
    for (ULONG i = 0; i < KEYS; i++) {
        (void)splay_add(&table, keys[i]);
    }
    while ((item = RtlEnumerateGenericTableWithoutSplaying(&table, &key)) != NULL) {
        assert_int_equal(item->key, next++);
    }
    assert_int_equal(next, KEYS);
    next = 0;
    for (item = RtlEnumerateGenericTable(&table, TRUE); item != NULL; item = RtlEnumerateGenericTable(&table, FALSE)) {
        assert_int_equal(item->key, next++);
        if (next == 1) {
            continue; /* the first stays: an enumeration that deletes goes on behind its predecessor */
        }
        assert_true(splay_remove(&table, next - 1));
    }
    assert_int_equal(next, KEYS);
    assert_true(splay_remove(&table, 0));
}

static void test_splay_element_number_is_the_order_of_insertion(void **state)
{
    RTL_GENERIC_TABLE table;
    ULONG keys[KEYS];
    ULONG i;

    (void)state;
    splay_make(&table);
    shuffle(keys, 3);
    for (i = 0; i < KEYS; i++) {
        (void)splay_add(&table, keys[i]);
    }
    for (i = 0; i < KEYS; i++) {
        assert_int_equal(((struct item *)RtlGetElementGenericTable(&table, i))->key, keys[i]);
    }
    assert_int_equal(((struct item *)RtlGetElementGenericTable(&table, 4))->key, keys[4]);
    assert_null(RtlGetElementGenericTable(&table, KEYS));
    assert_true(splay_remove(&table, keys[2]));
    assert_int_equal(((struct item *)RtlGetElementGenericTable(&table, 4))->key, keys[5]);
    assert_int_equal(RtlNumberGenericTableElements(&table), KEYS - 1);
    while (!RtlIsGenericTableEmpty(&table)) {
        assert_true(RtlDeleteElementGenericTable(&table, RtlGetElementGenericTable(&table, 0)));
    }
}

static void test_splay_without_memory_nothing_changes_and_an_equal_one_stays(void **state)
{
    RTL_GENERIC_TABLE table;
    struct item item = { 1, 99 };
    BOOLEAN is_new = TRUE;

    (void)state;
    splay_make(&table);
    (void)splay_add(&table, 1);
    assert_int_equal(((struct item *)RtlInsertElementGenericTable(&table, &item, sizeof(item), &is_new))->value, 3);
    assert_false(is_new);
    s_memory.allowed_count = 0;
    item.key = 2;
    assert_null(RtlInsertElementGenericTable(&table, &item, sizeof(item), &is_new));
    assert_int_equal(RtlNumberGenericTableElements(&table), 1);
    assert_true(splay_remove(&table, 1));
    assert_false(splay_remove(&table, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_avl_stays_balanced_whatever_comes_and_goes),
        cmocka_unit_test(test_avl_ascending_and_descending_keys_make_no_list),
        cmocka_unit_test(test_avl_element_is_copied_aligned_and_found_again),
        cmocka_unit_test(test_avl_without_memory_nothing_changes),
        cmocka_unit_test(test_avl_search_and_insertion_can_be_two_steps),
        cmocka_unit_test(test_avl_enumeration_is_in_order_and_may_delete),
        cmocka_unit_test(test_avl_element_number_follows_every_change),
        cmocka_unit_test(test_avl_first_of_several_matches_is_found),
        cmocka_unit_test(test_splay_links_stay_right_whatever_comes_and_goes),
        cmocka_unit_test(test_splay_search_moves_the_element_to_the_root),
        cmocka_unit_test(test_splay_enumerations_are_in_order_and_may_delete),
        cmocka_unit_test(test_splay_element_number_is_the_order_of_insertion),
        cmocka_unit_test(test_splay_without_memory_nothing_changes_and_an_equal_one_stays),
    };

    return cmocka_run_group_tests_name("nt/rtl_table", tests, emu_setup, emu_teardown);
}
