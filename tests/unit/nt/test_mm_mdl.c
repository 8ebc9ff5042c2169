/* SPDX-License-Identifier: MIT */
/* MDLs: sizes, chains, and the flags that each routine sets and clears. */
#include <wdm.h>

#include "wsk_emu/cmocka.h"

#define TAG 'tldM'

static unsigned flags_of(const MDL *mdl)
{
    return (unsigned)(USHORT)mdl->MdlFlags & ~(unsigned)MDL_ALLOCATED_FIXED_SIZE;
}

/* A page-aligned buffer of pages. */
static PUCHAR make_buffer(SIZE_T size_bytes)
{
    PUCHAR buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, size_bytes, TAG);

    assert_non_null(buffer);
    assert_int_equal((ULONG_PTR)buffer % PAGE_SIZE, 0);
    return buffer;
}

static PMDL make_mdl(PVOID address, ULONG length)
{
    PMDL mdl = IoAllocateMdl(address, length, FALSE, FALSE, NULL);

    assert_non_null(mdl);
    return mdl;
}

static void test_MmSizeOfMdl_offsets_and_lengths_count_spanned_pages(void **state)
{
    static const struct {
        ULONG offset;
        ULONG length;
        ULONG pages;
    } s_rows[] = { { 0, 0, 0 },       { 0, 1, 1 },       { 0, 4096, 1 },   { 0, 4097, 2 }, { 1, 0, 1 },
                   { 1, 1, 1 },       { 1, 4096, 2 },    { 1, 4097, 2 },   { 4095, 0, 1 }, { 4095, 1, 1 },
                   { 4095, 4096, 2 }, { 4095, 4097, 2 }, { 4095, 4098, 3 } };
    size_t i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < RTL_NUMBER_OF(s_rows); i++) {
        PVOID address = (PVOID)(ULONG_PTR)(0x70000000 + s_rows[i].offset);
        PMDL mdl;

        assert_int_equal(ADDRESS_AND_SIZE_TO_SPAN_PAGES(address, s_rows[i].length), s_rows[i].pages);
        assert_int_equal(MmSizeOfMdl(address, s_rows[i].length), sizeof(MDL) + s_rows[i].pages * sizeof(PFN_NUMBER));
        mdl = make_mdl(address, s_rows[i].length);
        assert_ptr_equal(MmGetMdlVirtualAddress(mdl), address);
        assert_int_equal(MmGetMdlByteOffset(mdl), s_rows[i].offset);
        assert_int_equal(MmGetMdlByteCount(mdl), s_rows[i].length);
        assert_int_equal(mdl->Size, MmSizeOfMdl(address, s_rows[i].length));
        assert_int_equal(flags_of(mdl), 0);
        assert_null(mdl->Next);
        IoFreeMdl(mdl);
    }
}

static void test_IoAllocateMdl_too_long_returns_null(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_null(IoAllocateMdl(NULL, 0xffffffff, FALSE, FALSE, NULL));
}

static void test_IoAllocateMdl_with_irp_builds_a_chain(void **state)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    PMDL first = IoAllocateMdl(irp, 10, FALSE, FALSE, irp);
    PMDL second = IoAllocateMdl(irp, 20, TRUE, FALSE, irp);
    PMDL third = IoAllocateMdl(irp, 30, TRUE, FALSE, irp);

    UNREFERENCED_PARAMETER(state);
    assert_ptr_equal(irp->MdlAddress, first);
    assert_ptr_equal(first->Next, second);
    assert_ptr_equal(second->Next, third);
    assert_null(third->Next);
    IoFreeMdl(third);
    IoFreeMdl(second);
    IoFreeMdl(first);
    IoFreeIrp(irp);
}

static void test_MmBuildMdlForNonPagedPool_is_mapped_at_the_address(void **state)
{
    PUCHAR buffer = make_buffer(2 * PAGE_SIZE);
    PMDL mdl = make_mdl(buffer + 100, PAGE_SIZE);

    UNREFERENCED_PARAMETER(state);
    MmBuildMdlForNonPagedPool(mdl);
    assert_int_equal(flags_of(mdl), MDL_SOURCE_IS_NONPAGED_POOL);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), buffer + 100);
    assert_int_equal(MmGetMdlPfnArray(mdl)[0], (ULONG_PTR)buffer >> PAGE_SHIFT);
    assert_int_equal(MmGetMdlPfnArray(mdl)[1], ((ULONG_PTR)buffer >> PAGE_SHIFT) + 1);
    IoFreeMdl(mdl);
    ExFreePoolWithTag(buffer, TAG);
}

static void test_MmProbeAndLockPages_then_map_and_unlock_walks_the_flags(void **state)
{
    UCHAR bytes[64];
    PMDL mdl = make_mdl(bytes, sizeof(bytes));

    UNREFERENCED_PARAMETER(state);
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    assert_int_equal(flags_of(mdl), MDL_PAGES_LOCKED);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority | MdlMappingNoExecute), bytes);
    assert_int_equal(flags_of(mdl), MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), bytes);
    MmUnlockPages(mdl);
    assert_int_equal(flags_of(mdl), 0);

    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    assert_int_equal(flags_of(mdl), MDL_PAGES_LOCKED | MDL_WRITE_OPERATION);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
}

static void test_MmProbeAndLockPages_null_or_wrapping_range_raises(void **state)
{
    PMDL mdl = make_mdl(NULL, 100);
    volatile NTSTATUS status = STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(state);
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    assert_int_equal(status, STATUS_ACCESS_VIOLATION);
    assert_int_equal(flags_of(mdl), 0);

    status = STATUS_SUCCESS;
    MmInitializeMdl(mdl, (PVOID) ~(ULONG_PTR)15, 100);
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    assert_int_equal(status, STATUS_ACCESS_VIOLATION);
    mdl->MdlFlags |= MDL_ALLOCATED_FIXED_SIZE; /* MmInitializeMdl is for raw memory and cleared it */
    IoFreeMdl(mdl);
}

static void test_MmUnmapLockedPages_takes_only_the_mapping_back(void **state)
{
    UCHAR bytes[64];
    PMDL mdl = make_mdl(bytes, sizeof(bytes));
    PVOID mapped;

    UNREFERENCED_PARAMETER(state);
    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    mapped = MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
    assert_ptr_equal(mapped, bytes);
    assert_int_equal(MmProtectMdlSystemAddress(mdl, PAGE_READONLY), STATUS_SUCCESS);
    assert_int_equal(MmProtectMdlSystemAddress(mdl, 0x1234), STATUS_INVALID_PAGE_PROTECTION);
    MmUnmapLockedPages(mapped, mdl);
    assert_int_equal(flags_of(mdl), MDL_PAGES_LOCKED | MDL_WRITE_OPERATION);
    assert_int_equal(MmProtectMdlSystemAddress(mdl, PAGE_READONLY), STATUS_NOT_MAPPED_VIEW);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
}

static void test_IoBuildPartialMdl_from_nonpaged_source_is_mapped(void **state)
{
    PUCHAR buffer = make_buffer(3 * PAGE_SIZE);
    PMDL source = make_mdl(buffer, 3 * PAGE_SIZE);
    PMDL target = make_mdl(buffer + PAGE_SIZE - 10, 20);

    UNREFERENCED_PARAMETER(state);
    MmBuildMdlForNonPagedPool(source);
    IoBuildPartialMdl(source, target, buffer + PAGE_SIZE - 10, 20);
    assert_int_equal(flags_of(target), MDL_PARTIAL | MDL_MAPPED_TO_SYSTEM_VA);
    assert_int_equal(MmGetMdlByteCount(target), 20);
    assert_int_equal(MmGetMdlByteOffset(target), PAGE_SIZE - 10);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(target, NormalPagePriority), buffer + PAGE_SIZE - 10);
    assert_int_equal(MmGetMdlPfnArray(target)[1], ((ULONG_PTR)buffer >> PAGE_SHIFT) + 1);
    MmPrepareMdlForReuse(target);
    IoBuildPartialMdl(source, target, buffer + 5, 1);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(target, NormalPagePriority), buffer + 5);
    IoFreeMdl(target);
    IoFreeMdl(source);
    ExFreePoolWithTag(buffer, TAG);
}

static void test_IoBuildPartialMdl_from_unmapped_source_is_mapped_on_its_own(void **state)
{
    PUCHAR buffer = make_buffer(2 * PAGE_SIZE);
    PMDL source = make_mdl(buffer, 2 * PAGE_SIZE);
    PMDL target = make_mdl(buffer, 2 * PAGE_SIZE);

    UNREFERENCED_PARAMETER(state);
    MmProbeAndLockPages(source, KernelMode, IoWriteAccess);
    IoBuildPartialMdl(source, target, buffer + 100, 0); /* 0: up to the end */
    assert_int_equal(MmGetMdlByteCount(target), 2 * PAGE_SIZE - 100);
    assert_int_equal(flags_of(target), MDL_PARTIAL | MDL_WRITE_OPERATION);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(target, NormalPagePriority), buffer + 100);
    assert_true(flags_of(target) & MDL_PARTIAL_HAS_BEEN_MAPPED);
    assert_int_equal(flags_of(source) & MDL_MAPPED_TO_SYSTEM_VA, 0);
    MmPrepareMdlForReuse(target);
    assert_int_equal(flags_of(target) & (MDL_PARTIAL_HAS_BEEN_MAPPED | MDL_MAPPED_TO_SYSTEM_VA), 0);
    IoBuildPartialMdl(source, target, buffer, 10);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(target, NormalPagePriority), buffer);
    IoFreeMdl(target); /* unmaps it */
    MmUnlockPages(source);
    IoFreeMdl(source);
    ExFreePoolWithTag(buffer, TAG);
}

static void test_MmInitializeMdl_own_storage_needs_no_free(void **state)
{
    struct {
        MDL mdl;
        PFN_NUMBER pages[2];
    } storage;
    UCHAR bytes[32];

    UNREFERENCED_PARAMETER(state);
    RtlFillMemory(&storage, sizeof(storage), 0xEE);
    MmInitializeMdl(&storage.mdl, bytes, sizeof(bytes));
    assert_null(storage.mdl.Next);
    assert_int_equal(storage.mdl.MdlFlags, 0);
    MmBuildMdlForNonPagedPool(&storage.mdl);
    assert_null(storage.mdl.Process);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(&storage.mdl, NormalPagePriority), bytes);
}

static const PHYSICAL_ADDRESS s_zero;
static const PHYSICAL_ADDRESS s_highest = { .QuadPart = MAXLONGLONG };

static void test_MmAllocatePagesForMdlEx_pages_are_zeroed_and_mappable(void **state)
{
    PMDL mdl = MmAllocatePagesForMdlEx(s_zero, s_highest, s_zero, PAGE_SIZE + 1, MmCached, MM_ALLOCATE_FULLY_REQUIRED);
    PUCHAR bytes;
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    assert_non_null(mdl);
    assert_int_equal(MmGetMdlByteCount(mdl), 2 * PAGE_SIZE);
    assert_null(MmGetMdlBaseVa(mdl));
    assert_int_equal(MmGetMdlByteOffset(mdl), 0);
    bytes = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    assert_non_null(bytes);
    assert_int_equal((ULONG_PTR)bytes % PAGE_SIZE, 0);
    for (i = 0; i < 2 * PAGE_SIZE; i++) {
        assert_int_equal(bytes[i], 0);
    }
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
}

static void test_IoBuildPartialMdl_from_pages_leads_to_the_pages(void **state)
{
    PMDL pages = MmAllocatePagesForMdlEx(s_zero, s_highest, s_zero, 2 * PAGE_SIZE, MmCached, 0);
    PMDL part = make_mdl(NULL, 2 * PAGE_SIZE);
    PUCHAR bytes;

    UNREFERENCED_PARAMETER(state);
    assert_non_null(pages);
    IoBuildPartialMdl(pages, part, (PVOID)(ULONG_PTR)(PAGE_SIZE + 7), 9); /* the pages begin at address 0 */
    bytes = MmGetSystemAddressForMdlSafe(part, NormalPagePriority);
    assert_ptr_equal(bytes, (PUCHAR)MmGetSystemAddressForMdlSafe(pages, NormalPagePriority) + PAGE_SIZE + 7);
    IoFreeMdl(part);
    MmFreePagesFromMdl(pages);
    ExFreePool(pages);
}

static void test_MmAllocatePagesForMdlEx_nothing_returns_null(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_null(MmAllocatePagesForMdlEx(s_zero, s_highest, s_zero, 0, MmCached, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_MmSizeOfMdl_offsets_and_lengths_count_spanned_pages),
        wsk_emu_unit_test(test_IoAllocateMdl_too_long_returns_null),
        wsk_emu_unit_test(test_IoAllocateMdl_with_irp_builds_a_chain),
        wsk_emu_unit_test(test_MmBuildMdlForNonPagedPool_is_mapped_at_the_address),
        wsk_emu_unit_test(test_MmProbeAndLockPages_then_map_and_unlock_walks_the_flags),
        wsk_emu_unit_test(test_MmProbeAndLockPages_null_or_wrapping_range_raises),
        wsk_emu_unit_test(test_MmUnmapLockedPages_takes_only_the_mapping_back),
        wsk_emu_unit_test(test_IoBuildPartialMdl_from_nonpaged_source_is_mapped),
        wsk_emu_unit_test(test_IoBuildPartialMdl_from_unmapped_source_is_mapped_on_its_own),
        wsk_emu_unit_test(test_MmInitializeMdl_own_storage_needs_no_free),
        wsk_emu_unit_test(test_MmAllocatePagesForMdlEx_pages_are_zeroed_and_mappable),
        wsk_emu_unit_test(test_IoBuildPartialMdl_from_pages_leads_to_the_pages),
        wsk_emu_unit_test(test_MmAllocatePagesForMdlEx_nothing_returns_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
