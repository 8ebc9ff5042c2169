/* SPDX-License-Identifier: MIT */
/* Lookaside lists of the three forms, with pool behind them or with a driver's own routines. */
#include <wdm.h>

#include "wsk_emu/cmocka.h"

#define TAG 'kooL'

static unsigned s_allocated;
static unsigned s_freed;
static SIZE_T s_size;
static PLOOKASIDE_LIST_EX s_list_seen;

static PVOID own_allocate(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    s_allocated++;
    s_size = NumberOfBytes;
    return ExAllocatePoolWithTag(PoolType, NumberOfBytes, Tag);
}

static VOID own_free(PVOID Buffer)
{
    s_freed++;
    ExFreePoolWithTag(Buffer, TAG);
}

static PVOID own_allocate_ex(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag, PLOOKASIDE_LIST_EX Lookaside)
{
    s_list_seen = Lookaside;
    return own_allocate(PoolType, NumberOfBytes, Tag);
}

static VOID own_free_ex(PVOID Buffer, PLOOKASIDE_LIST_EX Lookaside)
{
    s_list_seen = Lookaside;
    own_free(Buffer);
}

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_allocated = 0;
    s_freed = 0;
    s_size = 0;
    s_list_seen = NULL;
    return 0;
}

static void test_npaged_list_entries_come_from_pool_and_return_to_it(void **state)
{
    NPAGED_LOOKASIDE_LIST list;
    PVOID first;
    PVOID second;

    UNREFERENCED_PARAMETER(state);
    ExInitializeNPagedLookasideList(&list, NULL, NULL, POOL_NX_ALLOCATION, 48, TAG, 0);
    first = ExAllocateFromNPagedLookasideList(&list);
    second = ExAllocateFromNPagedLookasideList(&list);
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_not_equal(first, second);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_POOL), 2);
    ExFreeToNPagedLookasideList(&list, first);
    ExFreeToNPagedLookasideList(&list, second);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_POOL), 0);
    ExDeleteNPagedLookasideList(&list);
}

static void test_npaged_list_works_at_dispatch(void **state)
{
    NPAGED_LOOKASIDE_LIST list;
    PVOID entry;
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 48, TAG, 0);
    entry = ExAllocateFromNPagedLookasideList(&list);
    ExFreeToNPagedLookasideList(&list, entry);
    ExDeleteNPagedLookasideList(&list);
    KeLowerIrql(irql);
}

static void test_npaged_list_own_routines_are_called(void **state)
{
    NPAGED_LOOKASIDE_LIST list;
    PVOID entry;

    UNREFERENCED_PARAMETER(state);
    ExInitializeNPagedLookasideList(&list, own_allocate, own_free, 0, 100, TAG, 0);
    entry = ExAllocateFromNPagedLookasideList(&list);
    assert_int_equal(s_allocated, 1);
    assert_int_equal(s_size, 100);
    ExFreeToNPagedLookasideList(&list, entry);
    assert_int_equal(s_freed, 1);
    ExDeleteNPagedLookasideList(&list);
}

static void test_paged_list_entries_come_and_go(void **state)
{
    PAGED_LOOKASIDE_LIST list;
    PVOID entry;

    UNREFERENCED_PARAMETER(state);
    ExInitializePagedLookasideList(&list, NULL, NULL, 0, 32, TAG, 0);
    entry = ExAllocateFromPagedLookasideList(&list);
    assert_non_null(entry);
    ExFreeToPagedLookasideList(&list, entry);
    ExDeletePagedLookasideList(&list);
}

static void test_list_ex_own_routines_get_the_list(void **state)
{
    LOOKASIDE_LIST_EX list;
    PVOID entry;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(ExInitializeLookasideListEx(&list, own_allocate_ex, own_free_ex, NonPagedPoolNx, 0, 24, TAG, 0),
                     STATUS_SUCCESS);
    entry = ExAllocateFromLookasideListEx(&list);
    assert_ptr_equal(s_list_seen, &list);
    assert_int_equal(s_size, 24);
    s_list_seen = NULL;
    ExFreeToLookasideListEx(&list, entry);
    assert_ptr_equal(s_list_seen, &list);
    ExFlushLookasideListEx(&list);
    ExDeleteLookasideListEx(&list);
}

static void test_list_ex_bad_arguments_are_refused(void **state)
{
    LOOKASIDE_LIST_EX list;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(ExInitializeLookasideListEx(&list, NULL, NULL, NonPagedPoolMustSucceed, 0, 24, TAG, 0),
                     STATUS_INVALID_PARAMETER_4);
    assert_int_equal(ExInitializeLookasideListEx(&list, NULL, NULL, PagedPool, 3, 24, TAG, 0),
                     STATUS_INVALID_PARAMETER_5);
    assert_int_equal(ExInitializeLookasideListEx(&list, NULL, NULL, PagedPool, 4, 24, TAG, 0),
                     STATUS_INVALID_PARAMETER_5);
}

static void test_list_ex_failure_flags_become_pool_bits(void **state)
{
    LOOKASIDE_LIST_EX list;

    UNREFERENCED_PARAMETER(state);
    (void)ExInitializeLookasideListEx(&list, NULL, NULL, NonPagedPoolNx, EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL, 24,
                                      TAG, 0);
    assert_int_equal(list.L.Type, NonPagedPoolNx | POOL_RAISE_IF_ALLOCATION_FAILURE);
    ExDeleteLookasideListEx(&list);
    (void)ExInitializeLookasideListEx(&list, NULL, NULL, PagedPool, EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE, 24, TAG,
                                      0);
    assert_int_equal(list.L.Type, PagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE);
    ExDeleteLookasideListEx(&list);
}

static void test_list_small_size_is_raised_to_the_minimum(void **state)
{
    NPAGED_LOOKASIDE_LIST list;
    PVOID entry;

    UNREFERENCED_PARAMETER(state);
    ExInitializeNPagedLookasideList(&list, own_allocate, own_free, 0, 1, TAG, 0);
    entry = ExAllocateFromNPagedLookasideList(&list);
    assert_int_equal(s_size, LOOKASIDE_MINIMUM_BLOCK_SIZE);
    ExFreeToNPagedLookasideList(&list, entry);
    ExDeleteNPagedLookasideList(&list);
}

#define list_test(f) wsk_emu_unit_test_setup_teardown(f, setup, NULL)

int main(void)
{
    const struct CMUnitTest tests[] = {
        list_test(test_npaged_list_entries_come_from_pool_and_return_to_it),
        list_test(test_npaged_list_works_at_dispatch),
        list_test(test_npaged_list_own_routines_are_called),
        list_test(test_paged_list_entries_come_and_go),
        list_test(test_list_ex_own_routines_get_the_list),
        list_test(test_list_ex_bad_arguments_are_refused),
        list_test(test_list_ex_failure_flags_become_pool_bits),
        list_test(test_list_small_size_is_raised_to_the_minimum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
