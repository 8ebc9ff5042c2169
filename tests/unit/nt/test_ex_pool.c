/* SPDX-License-Identifier: MIT */
/* Pool: kinds, alignment, contents, tags, and the allocators' ways to fail. */
#include <wdm.h>

#include "wsk_emu/cmocka.h"

#define TAG 'tseT'

/* Impossible to satisfy on any host. */
#define TOO_MUCH ((SIZE_T)1 << 60)

static bool is_filled(const UCHAR *bytes, SIZE_T count, UCHAR byte)
{
    SIZE_T i;

    for (i = 0; i < count; i++) {
        if (bytes[i] != byte) {
            return false;
        }
    }
    return true;
}

static void test_ExAllocatePool2_small_block_is_zeroed_and_aligned(void **state)
{
    PUCHAR block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 37, TAG);

    UNREFERENCED_PARAMETER(state);
    assert_non_null(block);
    assert_int_equal((ULONG_PTR)block % 16, 0);
    assert_true(is_filled(block, 37, 0));
    assert_int_equal(wsk_kit_live_count(WSK_KIT_POOL), 1);
    ExFreePoolWithTag(block, TAG);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_POOL), 0);
}

static void test_ExAllocatePool2_uninitialized_block_is_not_zero(void **state)
{
    PUCHAR block = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, 64, TAG);

    UNREFERENCED_PARAMETER(state);
    assert_false(is_filled(block, 64, 0));
    ExFreePool(block);
}

static void test_ExAllocatePool2_page_and_more_is_page_aligned(void **state)
{
    PVOID page = ExAllocatePool2(POOL_FLAG_PAGED, PAGE_SIZE, TAG);
    PVOID more = ExAllocatePool2(POOL_FLAG_NON_PAGED_EXECUTE, 3 * PAGE_SIZE + 1, TAG);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal((ULONG_PTR)page % PAGE_SIZE, 0);
    assert_int_equal((ULONG_PTR)more % PAGE_SIZE, 0);
    ExFreePoolWithTag(more, TAG);
    ExFreePoolWithTag(page, TAG);
}

/* All sizes below a page, many at a time, so that blocks come to lie in many places. */
static void test_ExAllocatePool2_below_a_page_never_crosses_one(void **state)
{
    static PUCHAR s_blocks[PAGE_SIZE];
    SIZE_T size;

    UNREFERENCED_PARAMETER(state);
    for (size = 1; size < PAGE_SIZE; size++) {
        PUCHAR block = ExAllocatePool2(POOL_FLAG_NON_PAGED, size, TAG);

        assert_non_null(block);
        assert_int_equal((ULONG_PTR)block % 16, 0);
        assert_int_equal((ULONG_PTR)block / PAGE_SIZE, (ULONG_PTR)(block + size - 1) / PAGE_SIZE);
        RtlFillMemory(block, size, 0x11);
        s_blocks[size] = block;
    }
    for (size = 1; size < PAGE_SIZE; size++) {
        assert_true(is_filled(s_blocks[size], size, 0x11));
        ExFreePoolWithTag(s_blocks[size], TAG);
    }
}

static void test_ExAllocatePool2_cache_aligned_is_aligned_and_in_one_page(void **state)
{
    SIZE_T size;

    UNREFERENCED_PARAMETER(state);
    for (size = 1; size < PAGE_SIZE; size += 97) {
        PUCHAR block = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED, size, TAG);

        assert_int_equal((ULONG_PTR)block % 64, 0);
        assert_int_equal((ULONG_PTR)block / PAGE_SIZE, (ULONG_PTR)(block + size - 1) / PAGE_SIZE);
        ExFreePoolWithTag(block, TAG);
    }
}

static void test_ExAllocatePool2_unknown_high_flag_is_ignored(void **state)
{
    PVOID block = ExAllocatePool2(POOL_FLAG_NON_PAGED | 0x4000000000000000ull, 8, TAG);

    UNREFERENCED_PARAMETER(state);
    assert_non_null(block);
    ExFreePoolWithTag(block, TAG);
}

static void test_ExAllocatePoolWithTag_types_are_accepted(void **state)
{
    static const int s_types[] = { NonPagedPool,
                                   PagedPool,
                                   NonPagedPoolCacheAligned,
                                   PagedPoolCacheAligned,
                                   NonPagedPoolNx,
                                   NonPagedPoolNxCacheAligned,
                                   NonPagedPoolNx | POOL_COLD_ALLOCATION };
    size_t i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < RTL_NUMBER_OF(s_types); i++) {
        PUCHAR block = ExAllocatePoolWithTag((POOL_TYPE)s_types[i], 48, TAG);

        assert_non_null(block);
        assert_false(is_filled(block, 48, 0));
        ExFreePoolWithTag(block, TAG);
    }
}

static void test_ExAllocatePoolZero_family_zeroes(void **state)
{
    PUCHAR zero = ExAllocatePoolZero(NonPagedPoolNx, 32, TAG);
    PUCHAR quota = ExAllocatePoolQuotaZero(PagedPool, 32, TAG);
    PUCHAR priority = ExAllocatePoolPriorityZero(NonPagedPoolNx, 32, TAG, NormalPoolPriority);
    PUCHAR garbage = ExAllocatePoolUninitialized(NonPagedPoolNx, 32, TAG);

    UNREFERENCED_PARAMETER(state);
    assert_true(is_filled(zero, 32, 0));
    assert_true(is_filled(quota, 32, 0));
    assert_true(is_filled(priority, 32, 0));
    assert_false(is_filled(garbage, 32, 0));
    ExFreePoolWithTag(garbage, TAG);
    ExFreePoolWithTag(priority, TAG);
    ExFreePoolWithTag(quota, TAG);
    ExFreePoolWithTag(zero, TAG);
}

static void test_ExAllocatePool_without_tag_can_be_freed_without(void **state)
{
    PVOID block = ExAllocatePool(NonPagedPoolNx, 16);

    UNREFERENCED_PARAMETER(state);
    assert_non_null(block);
    ExFreePool(block);
}

static void test_ExAllocatePool3_hints_are_accepted_and_unknown_ones_refused(void **state)
{
    POOL_EXTENDED_PARAMETER parameter = { { 0 }, { 0 } };
    PVOID block;

    UNREFERENCED_PARAMETER(state);
    parameter.Type = PoolExtendedParameterPriority;
    parameter.Priority = HighPoolPriority;
    block = ExAllocatePool3(POOL_FLAG_NON_PAGED, 16, TAG, &parameter, 1);
    assert_non_null(block);
    ExFreePool2(block, TAG, NULL, 0);

    parameter.Type = PoolExtendedParameterSecurePool;
    assert_null(ExAllocatePool3(POOL_FLAG_NON_PAGED, 16, TAG, &parameter, 1));
    parameter.Optional = 1;
    block = ExAllocatePool3(POOL_FLAG_NON_PAGED, 16, TAG, &parameter, 1);
    assert_non_null(block);
    ExFreePool2(block, TAG, NULL, 0);
}

static void test_ExAllocatePool2_too_much_returns_null(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_null(ExAllocatePool2(POOL_FLAG_NON_PAGED, TOO_MUCH, TAG));
    assert_null(ExAllocatePool2(POOL_FLAG_NON_PAGED, ~(SIZE_T)0, TAG));
    assert_null(ExAllocatePoolWithTag(NonPagedPoolNx, TOO_MUCH, TAG));
    assert_null(ExAllocatePoolWithQuotaTag((POOL_TYPE)(PagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE), TOO_MUCH, TAG));
}

/* The way of failing that each raising form has. */
static NTSTATUS raised_by(unsigned form)
{
    volatile NTSTATUS status = STATUS_SUCCESS;
    PVOID block;

    __try {
        switch (form) {
        case 0:
            block = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_RAISE_ON_FAILURE, TOO_MUCH, TAG);
            break;
        case 1:
            block =
                ExAllocatePoolWithTag((POOL_TYPE)(NonPagedPoolNx | POOL_RAISE_IF_ALLOCATION_FAILURE), TOO_MUCH, TAG);
            break;
        default:
            block = ExAllocatePoolWithQuotaTag(PagedPool, TOO_MUCH, TAG);
            break;
        }
        UNREFERENCED_PARAMETER(block);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

static void test_ExAllocatePool_raising_forms_raise(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(raised_by(0), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(raised_by(1), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(raised_by(2), STATUS_INSUFFICIENT_RESOURCES);
}

static void test_ExFreePoolWithTag_tag_zero_is_not_compared(void **state)
{
    PVOID block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG);

    UNREFERENCED_PARAMETER(state);
    ExFreePoolWithTag(block, 0);
}

static void test_ExFreePoolWithTag_protected_block_with_its_tag_is_freed(void **state)
{
    PVOID block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG | PROTECTED_POOL);

    UNREFERENCED_PARAMETER(state);
    ExFreePoolWithTag(block, TAG | PROTECTED_POOL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_ExAllocatePool2_small_block_is_zeroed_and_aligned),
        wsk_emu_unit_test(test_ExAllocatePool2_uninitialized_block_is_not_zero),
        wsk_emu_unit_test(test_ExAllocatePool2_page_and_more_is_page_aligned),
        wsk_emu_unit_test(test_ExAllocatePool2_below_a_page_never_crosses_one),
        wsk_emu_unit_test(test_ExAllocatePool2_cache_aligned_is_aligned_and_in_one_page),
        wsk_emu_unit_test(test_ExAllocatePool2_unknown_high_flag_is_ignored),
        wsk_emu_unit_test(test_ExAllocatePoolWithTag_types_are_accepted),
        wsk_emu_unit_test(test_ExAllocatePoolZero_family_zeroes),
        wsk_emu_unit_test(test_ExAllocatePool_without_tag_can_be_freed_without),
        wsk_emu_unit_test(test_ExAllocatePool3_hints_are_accepted_and_unknown_ones_refused),
        wsk_emu_unit_test(test_ExAllocatePool2_too_much_returns_null),
        wsk_emu_unit_test(test_ExAllocatePool_raising_forms_raise),
        wsk_emu_unit_test(test_ExFreePoolWithTag_tag_zero_is_not_compared),
        wsk_emu_unit_test(test_ExFreePoolWithTag_protected_block_with_its_tag_is_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
