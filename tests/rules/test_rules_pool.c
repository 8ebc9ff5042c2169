/* SPDX-License-Identifier: MIT */
/* The rules about pool and lookaside lists, each broken once and almost broken once. */
#include <wdm.h>

#include "nt/nt_asan.h"
#include "wsk_emu/cmocka.h"

#define TAG 'tseT'
#define OTHER_TAG 'TesT'

static PUCHAR allocate(SIZE_T size)
{
    PUCHAR block = ExAllocatePool2(POOL_FLAG_NON_PAGED, size, TAG);

    assert_non_null(block);
    return block;
}

static void test_pool_001_breach_zero_bytes(void **state)
{
    PVOID block;

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("POOL-001");
    block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 0, TAG);
    assert_non_null(block);
    ExFreePoolWithTag(block, TAG);
}

static void test_pool_001_near_miss_one_byte(void **state)
{
    UNREFERENCED_PARAMETER(state);
    ExFreePoolWithTag(allocate(1), TAG);
}

static void test_pool_002_breach_paged_at_dispatch(void **state)
{
    PVOID block;
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    wsk_kit_expect_report("POOL-002");
    block = ExAllocatePool2(POOL_FLAG_PAGED, 16, TAG);
    KeLowerIrql(irql);
    ExFreePoolWithTag(block, TAG);
}

static void test_pool_002_breach_nonpaged_above_dispatch(void **state)
{
    PVOID block;
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeRaiseIrql(DISPATCH_LEVEL + 1, &irql);
    wsk_kit_expect_report("POOL-002");
    block = ExAllocatePoolWithTag(NonPagedPoolNx, 16, TAG);
    KeLowerIrql(irql);
    ExFreePoolWithTag(block, TAG);
}

static void test_pool_002_near_miss_paged_at_apc_and_nonpaged_at_dispatch(void **state)
{
    PVOID paged;
    PVOID nonpaged;
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeRaiseIrql(APC_LEVEL, &irql);
    paged = ExAllocatePool2(POOL_FLAG_PAGED, 16, TAG);
    ExFreePoolWithTag(paged, TAG);
    KeLowerIrql(irql);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    nonpaged = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG);
    ExFreePoolWithTag(nonpaged, TAG);
    KeLowerIrql(irql);
}

static void test_pool_003_breach_paged_freed_at_dispatch(void **state)
{
    PVOID block = ExAllocatePool2(POOL_FLAG_PAGED, 16, TAG);
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    wsk_kit_expect_report("POOL-003");
    ExFreePoolWithTag(block, TAG);
    KeLowerIrql(irql);
}

static void test_pool_003_near_miss_nonpaged_freed_at_dispatch(void **state)
{
    PVOID block = allocate(16);
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ExFreePoolWithTag(block, TAG);
    KeLowerIrql(irql);
}

static void test_pool_004_breach_freed_twice(void **state)
{
    PVOID block = allocate(40);

    UNREFERENCED_PARAMETER(state);
    ExFreePoolWithTag(block, TAG);
    wsk_kit_expect_report("POOL-004");
    ExFreePoolWithTag(block, TAG);
}

static void test_pool_004_near_miss_two_blocks_of_one_size(void **state)
{
    PVOID first = allocate(40);
    PVOID second = allocate(40);

    UNREFERENCED_PARAMETER(state);
    ExFreePoolWithTag(first, TAG);
    ExFreePoolWithTag(second, TAG);
}

static void test_pool_005_breach_interior_pointer(void **state)
{
    PUCHAR block = allocate(64);

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("POOL-005");
    ExFreePool(block + 16);
    ExFreePoolWithTag(block, TAG);
}

static void test_pool_005_breach_null(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("POOL-005");
    ExFreePool(NULL);
}

static void test_pool_005_breach_irp_freed_as_pool(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("POOL-005");
    ExFreePool(irp);
    IoFreeIrp(irp);
}

static void test_pool_005_near_miss_exact_pointer_after_arithmetic(void **state)
{
    PUCHAR block = allocate(64);

    UNREFERENCED_PARAMETER(state);
    block += 16;
    ExFreePoolWithTag(block - 16, TAG);
}

static void test_pool_006_breach_other_tag(void **state)
{
    PVOID block = allocate(16);

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("POOL-006");
    ExFreePoolWithTag(block, OTHER_TAG);
}

static void test_pool_006_breach_protected_block_without_tag(void **state)
{
    PVOID block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, TAG | PROTECTED_POOL);

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("POOL-006");
    ExFreePool(block);
}

static void test_pool_006_near_miss_same_tag_or_none(void **state)
{
    UNREFERENCED_PARAMETER(state);
    ExFreePoolWithTag(allocate(16), TAG);
    ExFreePool(allocate(16));
}

static void test_pool_007_breach_tag_zero(void **state)
{
    PVOID block;

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("POOL-007");
    block = ExAllocatePoolWithTag(NonPagedPoolNx, 16, 0);
    if (block != NULL) {
        ExFreePool(block);
    }
}

static void test_pool_007_near_miss_tag_of_one_character(void **state)
{
    PVOID block = ExAllocatePoolWithTag(NonPagedPoolNx, 16, 'x');

    UNREFERENCED_PARAMETER(state);
    ExFreePoolWithTag(block, 'x');
}

/* A driver's stray write, unseen by the address sanitizer, which would stop the test itself. */
static void stray_write(PUCHAR at)
{
    we_nt_asan_unpoison(at, 1);
    *at ^= 0xff;
}

static void test_pool_008_breach_byte_behind_the_block(void **state)
{
    PUCHAR block = allocate(20);

    UNREFERENCED_PARAMETER(state);
    stray_write(block + 20);
    wsk_kit_expect_report("POOL-008");
    ExFreePoolWithTag(block, TAG);
}

static void test_pool_008_breach_found_at_stop(void **state)
{
    PUCHAR block = allocate(20);

    UNREFERENCED_PARAMETER(state);
    stray_write(block + 20);
    wsk_kit_expect_report("POOL-011");
    wsk_kit_expect_report("POOL-008");
}

static void test_pool_008_near_miss_last_byte_of_the_block(void **state)
{
    PUCHAR block = allocate(20);

    UNREFERENCED_PARAMETER(state);
    block[19] = 1;
    ExFreePoolWithTag(block, TAG);
}

static void test_pool_009_breach_byte_in_front_of_the_block(void **state)
{
    PUCHAR block = allocate(20);

    UNREFERENCED_PARAMETER(state);
    stray_write(block - 1);
    wsk_kit_expect_report("POOL-009");
    ExFreePoolWithTag(block, TAG);
}

static void test_pool_009_near_miss_first_byte_of_the_block(void **state)
{
    PUCHAR block = allocate(20);

    UNREFERENCED_PARAMETER(state);
    block[0] = 1;
    ExFreePoolWithTag(block, TAG);
}

static void test_pool_010_breach_written_after_the_free(void **state)
{
    PUCHAR block = allocate(20);

    UNREFERENCED_PARAMETER(state);
#ifdef WE_NT_ASAN
    ExFreePoolWithTag(block, TAG);
    skip(); /* the address sanitizer itself stops at the write */
#else
    ExFreePoolWithTag(block, TAG);
    block[7] = 1;
    wsk_kit_expect_report("POOL-010"); /* at stop, when the block leaves the quarantine */
#endif
}

static void test_pool_010_near_miss_written_before_the_free(void **state)
{
    PUCHAR block = allocate(20);

    UNREFERENCED_PARAMETER(state);
    block[7] = 1;
    ExFreePoolWithTag(block, TAG);
}

static void leak_one(SIZE_T size)
{
    (void)allocate(size);
}

/* Blocks from one place are one leak. The count is volatile, so that an unrolled loop does not make three places of it. */
static void test_pool_011_breach_blocks_never_freed(void **state)
{
    volatile unsigned count = 3;
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("POOL-011");
    for (i = 0; i < count; i++) {
        leak_one(16);
    }
}

static void test_pool_011_near_miss_block_freed_last_thing(void **state)
{
    UNREFERENCED_PARAMETER(state);
    ExFreePoolWithTag(allocate(3 * PAGE_SIZE), TAG);
}

static void test_pool_017_breach_no_kind_and_two_kinds(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("POOL-017");
    assert_null(ExAllocatePool2(0, 16, TAG));
    wsk_kit_expect_report("POOL-017");
    assert_null(ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_NON_PAGED, 16, TAG));
}

static void test_pool_017_breach_undefined_bit(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("POOL-017");
    assert_null(ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_RESERVED2, 16, TAG));
}

static void test_pool_017_near_miss_one_kind_and_options(void **state)
{
    PVOID block = ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_USE_QUOTA | POOL_FLAG_SPECIAL_POOL, 16, TAG);

    UNREFERENCED_PARAMETER(state);
    assert_non_null(block);
    ExFreePoolWithTag(block, TAG);
}

static void test_pool_021_breach_initialised_twice(void **state)
{
    NPAGED_LOOKASIDE_LIST list;

    UNREFERENCED_PARAMETER(state);
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 16, TAG, 0);
    wsk_kit_expect_report("POOL-021");
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 16, TAG, 0);
    ExDeleteNPagedLookasideList(&list);
}

static void test_pool_021_breach_used_after_delete(void **state)
{
    NPAGED_LOOKASIDE_LIST list;

    UNREFERENCED_PARAMETER(state);
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 16, TAG, 0);
    ExDeleteNPagedLookasideList(&list);
    wsk_kit_expect_report("POOL-021");
    assert_null(ExAllocateFromNPagedLookasideList(&list));
}

static void test_pool_021_breach_never_deleted(void **state)
{
    static PAGED_LOOKASIDE_LIST s_list;

    UNREFERENCED_PARAMETER(state);
    ExInitializePagedLookasideList(&s_list, NULL, NULL, 0, 16, TAG, 0);
    wsk_kit_expect_report("POOL-021");
}

/* Its list lies where an earlier kernel left one that was never deleted: that one does not count any more. */
static void test_pool_021_breach_initialised_in_an_earlier_kernel(void **state)
{
    static NPAGED_LOOKASIDE_LIST s_list;

    UNREFERENCED_PARAMETER(state);
    ExInitializeNPagedLookasideList(&s_list, NULL, NULL, 0, 16, TAG, 0);
    wsk_kit_expect_report("POOL-021");
    (void)wsk_emu_stop();
    assert_int_equal(wsk_emu_start(NULL), STATUS_SUCCESS);
    wsk_kit_expect_report("POOL-021");
    assert_null(ExAllocateFromNPagedLookasideList(&s_list));
}

static void test_pool_021_near_miss_initialised_again_after_delete(void **state)
{
    LOOKASIDE_LIST_EX list;
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < 2; i++) {
        assert_int_equal(ExInitializeLookasideListEx(&list, NULL, NULL, NonPagedPoolNx, 0, 16, TAG, 0), STATUS_SUCCESS);
        ExFreeToLookasideListEx(&list, ExAllocateFromLookasideListEx(&list));
        ExDeleteLookasideListEx(&list);
    }
}

#define rule_test(f) wsk_emu_unit_test(f)

int main(void)
{
    const struct CMUnitTest tests[] = {
        rule_test(test_pool_001_breach_zero_bytes),
        rule_test(test_pool_001_near_miss_one_byte),
        rule_test(test_pool_002_breach_paged_at_dispatch),
        rule_test(test_pool_002_breach_nonpaged_above_dispatch),
        rule_test(test_pool_002_near_miss_paged_at_apc_and_nonpaged_at_dispatch),
        rule_test(test_pool_003_breach_paged_freed_at_dispatch),
        rule_test(test_pool_003_near_miss_nonpaged_freed_at_dispatch),
        rule_test(test_pool_004_breach_freed_twice),
        rule_test(test_pool_004_near_miss_two_blocks_of_one_size),
        rule_test(test_pool_005_breach_interior_pointer),
        rule_test(test_pool_005_breach_null),
        rule_test(test_pool_005_breach_irp_freed_as_pool),
        rule_test(test_pool_005_near_miss_exact_pointer_after_arithmetic),
        rule_test(test_pool_006_breach_other_tag),
        rule_test(test_pool_006_breach_protected_block_without_tag),
        rule_test(test_pool_006_near_miss_same_tag_or_none),
        rule_test(test_pool_007_breach_tag_zero),
        rule_test(test_pool_007_near_miss_tag_of_one_character),
        rule_test(test_pool_008_breach_byte_behind_the_block),
        rule_test(test_pool_008_breach_found_at_stop),
        rule_test(test_pool_008_near_miss_last_byte_of_the_block),
        rule_test(test_pool_009_breach_byte_in_front_of_the_block),
        rule_test(test_pool_009_near_miss_first_byte_of_the_block),
        rule_test(test_pool_010_breach_written_after_the_free),
        rule_test(test_pool_010_near_miss_written_before_the_free),
        rule_test(test_pool_011_breach_blocks_never_freed),
        rule_test(test_pool_011_near_miss_block_freed_last_thing),
        rule_test(test_pool_017_breach_no_kind_and_two_kinds),
        rule_test(test_pool_017_breach_undefined_bit),
        rule_test(test_pool_017_near_miss_one_kind_and_options),
        rule_test(test_pool_021_breach_initialised_twice),
        rule_test(test_pool_021_breach_used_after_delete),
        rule_test(test_pool_021_breach_never_deleted),
        rule_test(test_pool_021_breach_initialised_in_an_earlier_kernel),
        rule_test(test_pool_021_near_miss_initialised_again_after_delete),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
