/* SPDX-License-Identifier: MIT */
/* The rules about MDLs, each broken once and almost broken once. */
#include <wdm.h>

#include "wsk_emu/cmocka.h"

#define TAG 'tldM'

static UCHAR s_bytes[256];

static PMDL new_mdl(PVOID address, ULONG length)
{
    PMDL mdl = IoAllocateMdl(address, length, FALSE, FALSE, NULL);

    assert_non_null(mdl);
    return mdl;
}

static PMDL locked_mdl(void)
{
    PMDL mdl = new_mdl(s_bytes, sizeof(s_bytes));

    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    return mdl;
}

static PMDL nonpaged_mdl(void)
{
    PMDL mdl = new_mdl(s_bytes, sizeof(s_bytes));

    MmBuildMdlForNonPagedPool(mdl);
    return mdl;
}

static void unlock_and_free(PMDL mdl)
{
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
}

static void test_mdl_004_breach_nonpaged_mdl_is_locked(void **state)
{
    PMDL mdl = nonpaged_mdl();

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("MDL-004");
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    IoFreeMdl(mdl);
}

static void test_mdl_004_breach_locked_twice(void **state)
{
    PMDL mdl = locked_mdl();

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("MDL-004");
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    unlock_and_free(mdl);
}

static void test_mdl_004_near_miss_locked_again_after_unlock(void **state)
{
    PMDL mdl = locked_mdl();

    UNREFERENCED_PARAMETER(state);
    MmUnlockPages(mdl);
    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    unlock_and_free(mdl);
}

static void test_mdl_007_breach_unlocked_without_a_lock(void **state)
{
    PMDL mdl = new_mdl(s_bytes, sizeof(s_bytes));

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("MDL-007");
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
}

static void test_mdl_007_near_miss_unlocked_on_the_success_path_only(void **state)
{
    PMDL mdl = new_mdl(NULL, 16);
    volatile BOOLEAN is_locked = FALSE;

    UNREFERENCED_PARAMETER(state);
    __try {
        MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
        is_locked = TRUE;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        assert_int_equal(GetExceptionCode(), STATUS_ACCESS_VIOLATION);
    }
    if (is_locked) {
        MmUnlockPages(mdl);
    }
    IoFreeMdl(mdl);
}

static void test_mdl_008_breach_nonpaged_mdl_is_unlocked(void **state)
{
    PMDL mdl = nonpaged_mdl();

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("MDL-008");
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
}

static void test_mdl_008_near_miss_nonpaged_mdl_is_freed(void **state)
{
    UNREFERENCED_PARAMETER(state);
    IoFreeMdl(nonpaged_mdl());
}

static void test_mdl_010_breach_freed_while_locked(void **state)
{
    PMDL mdl = locked_mdl();

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("MDL-010");
    IoFreeMdl(mdl);
}

static void test_mdl_010_breach_left_locked(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("MDL-010");
    (void)locked_mdl();
}

static void test_mdl_010_near_miss_unlocked_first(void **state)
{
    UNREFERENCED_PARAMETER(state);
    unlock_and_free(locked_mdl());
}

static void test_mdl_011_breach_raw_mdl_is_mapped(void **state)
{
    PMDL mdl = new_mdl(s_bytes, sizeof(s_bytes));

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("MDL-011");
    assert_null(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority));
    IoFreeMdl(mdl);
}

static void test_mdl_011_near_miss_partial_of_a_locked_mdl_is_mapped(void **state)
{
    PMDL source = locked_mdl();
    PMDL part = new_mdl(s_bytes + 8, 8);

    UNREFERENCED_PARAMETER(state);
    IoBuildPartialMdl(source, part, s_bytes + 8, 8);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(part, NormalPagePriority), s_bytes + 8);
    IoFreeMdl(part);
    unlock_and_free(source);
}

static PVOID map(PMDL mdl)
{
    return MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
}

static void test_mdl_012_breach_mapped_twice(void **state)
{
    PMDL mdl = locked_mdl();

    UNREFERENCED_PARAMETER(state);
    assert_ptr_equal(map(mdl), s_bytes);
    wsk_kit_expect_report("MDL-012");
    assert_ptr_equal(map(mdl), s_bytes);
    unlock_and_free(mdl);
}

static void test_mdl_012_near_miss_safe_form_called_twice(void **state)
{
    PMDL mdl = locked_mdl();

    UNREFERENCED_PARAMETER(state);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), s_bytes);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), s_bytes);
    MmUnmapLockedPages(s_bytes, mdl);
    assert_ptr_equal(map(mdl), s_bytes);
    unlock_and_free(mdl);
}

static void test_mdl_018_breach_freed_while_mapped(void **state)
{
    PMDL mdl = locked_mdl();

    UNREFERENCED_PARAMETER(state);
    (void)map(mdl);
    wsk_kit_expect_report("MDL-018");
    IoFreeMdl(mdl);
}

static void test_mdl_018_near_miss_unlocking_takes_the_mapping_away(void **state)
{
    PMDL mdl = locked_mdl();

    UNREFERENCED_PARAMETER(state);
    (void)map(mdl);
    unlock_and_free(mdl);
}

static void test_mdl_019_breach_freed_twice(void **state)
{
    PMDL mdl = nonpaged_mdl();

    UNREFERENCED_PARAMETER(state);
    IoFreeMdl(mdl);
    wsk_kit_expect_report("MDL-019");
    IoFreeMdl(mdl);
}

static void test_mdl_019_near_miss_every_element_of_a_chain_is_freed_once(void **state)
{
    PMDL mdl = nonpaged_mdl();

    UNREFERENCED_PARAMETER(state);
    mdl->Next = nonpaged_mdl();
    while (mdl != NULL) {
        PMDL next = mdl->Next;

        IoFreeMdl(mdl);
        mdl = next;
    }
}

static void test_mdl_021_breach_never_freed(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("MDL-021");
    (void)nonpaged_mdl();
}

static const PHYSICAL_ADDRESS s_zero;

static void test_mdl_021_breach_pages_never_freed(void **state)
{
    PMDL mdl = MmAllocatePagesForMdlEx(s_zero, s_zero, s_zero, PAGE_SIZE, MmCached, 0);

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("MDL-021");
    ExFreePool(mdl);
}

static void test_mdl_021_near_miss_pages_and_mdl_are_freed(void **state)
{
    PMDL mdl = MmAllocatePagesForMdlEx(s_zero, s_zero, s_zero, PAGE_SIZE, MmCached, 0);

    UNREFERENCED_PARAMETER(state);
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
}

static void test_mdl_024_breach_range_outside_the_source(void **state)
{
    PMDL source = nonpaged_mdl();
    PMDL part = new_mdl(s_bytes, sizeof(s_bytes));

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("MDL-024");
    IoBuildPartialMdl(source, part, s_bytes + 1, sizeof(s_bytes));
    IoFreeMdl(part);
    IoFreeMdl(source);
}

static void test_mdl_024_breach_target_too_small(void **state)
{
    PUCHAR buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, 3 * PAGE_SIZE, TAG);
    PMDL source = new_mdl(buffer, 3 * PAGE_SIZE);
    PMDL part = new_mdl(NULL, 100);

    UNREFERENCED_PARAMETER(state);
    MmBuildMdlForNonPagedPool(source);
    wsk_kit_expect_report("MDL-024");
    IoBuildPartialMdl(source, part, buffer, PAGE_SIZE + 1);
    IoFreeMdl(part);
    IoFreeMdl(source);
    ExFreePoolWithTag(buffer, TAG);
}

static void test_mdl_024_near_miss_last_byte_of_the_source(void **state)
{
    PMDL source = nonpaged_mdl();
    PMDL part = new_mdl(s_bytes, sizeof(s_bytes));

    UNREFERENCED_PARAMETER(state);
    IoBuildPartialMdl(source, part, s_bytes + sizeof(s_bytes) - 1, 1);
    assert_int_equal(MmGetMdlByteCount(part), 1);
    IoFreeMdl(part);
    IoFreeMdl(source);
}

#define rule_test(f) wsk_emu_unit_test(f)

int main(void)
{
    const struct CMUnitTest tests[] = {
        rule_test(test_mdl_004_breach_nonpaged_mdl_is_locked),
        rule_test(test_mdl_004_breach_locked_twice),
        rule_test(test_mdl_004_near_miss_locked_again_after_unlock),
        rule_test(test_mdl_007_breach_unlocked_without_a_lock),
        rule_test(test_mdl_007_near_miss_unlocked_on_the_success_path_only),
        rule_test(test_mdl_008_breach_nonpaged_mdl_is_unlocked),
        rule_test(test_mdl_008_near_miss_nonpaged_mdl_is_freed),
        rule_test(test_mdl_010_breach_freed_while_locked),
        rule_test(test_mdl_010_breach_left_locked),
        rule_test(test_mdl_010_near_miss_unlocked_first),
        rule_test(test_mdl_011_breach_raw_mdl_is_mapped),
        rule_test(test_mdl_011_near_miss_partial_of_a_locked_mdl_is_mapped),
        rule_test(test_mdl_012_breach_mapped_twice),
        rule_test(test_mdl_012_near_miss_safe_form_called_twice),
        rule_test(test_mdl_018_breach_freed_while_mapped),
        rule_test(test_mdl_018_near_miss_unlocking_takes_the_mapping_away),
        rule_test(test_mdl_019_breach_freed_twice),
        rule_test(test_mdl_019_near_miss_every_element_of_a_chain_is_freed_once),
        rule_test(test_mdl_021_breach_never_freed),
        rule_test(test_mdl_021_breach_pages_never_freed),
        rule_test(test_mdl_021_near_miss_pages_and_mdl_are_freed),
        rule_test(test_mdl_024_breach_range_outside_the_source),
        rule_test(test_mdl_024_breach_target_too_small),
        rule_test(test_mdl_024_near_miss_last_byte_of_the_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
