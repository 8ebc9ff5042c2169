/* SPDX-License-Identifier: MIT */
/* Rules about lists, SLISTs, debug output and assertions. */
#include <ntddk.h>

#include "wsk_emu/cmocka.h"

/* --- IRQL-013 ----------------------------------------------------------------------------------- */

static void test_irql_013_breach_wide_string_at_dispatch(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"peer");
    KIRQL old;

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRQL-013");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    DbgPrint("peer %wZ\n", &name);
    KeLowerIrql(old);
    assert_int_equal(wsk_kit_report_count("IRQL-013"), 1);
}

static void test_irql_013_near_miss_pointer_at_dispatch_and_wide_string_at_passive(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"peer");
    KIRQL old;

    UNREFERENCED_PARAMETER(state);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    DbgPrint("peer %p %s\n", &name, "peer");
    KeLowerIrql(old);
    DbgPrint("peer %wZ\n", &name);
}

/* --- RTL-002 ------------------------------------------------------------------------------------ */

static void test_rtl_002_breach_entry_removed_twice(void **state)
{
    LIST_ENTRY head;
    LIST_ENTRY entry;
    LIST_ENTRY other;

    UNREFERENCED_PARAMETER(state);
    InitializeListHead(&head);
    InsertTailList(&head, &entry);
    InsertTailList(&head, &other);
    RemoveEntryList(&entry);
    wsk_kit_expect_report("RTL-002");
    RemoveEntryList(&entry);
    assert_int_equal(wsk_kit_report_count("RTL-002"), 1);
    assert_ptr_equal(head.Flink, &other);
}

static void test_rtl_002_near_miss_entry_initialised_after_removal(void **state)
{
    LIST_ENTRY head;
    LIST_ENTRY entry;

    UNREFERENCED_PARAMETER(state);
    InitializeListHead(&head);
    InsertTailList(&head, &entry);
    RemoveEntryList(&entry);
    InitializeListHead(&entry);
    RemoveEntryList(&entry);
    assert_true(IsListEmpty(&head));
}

/* --- RTL-006 ------------------------------------------------------------------------------------ */

static void test_rtl_006_breach_header_of_zeros(void **state)
{
    SLIST_HEADER header;
    SLIST_ENTRY entry;

    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(&header, sizeof(header));
    wsk_kit_expect_report("RTL-006");
    InterlockedPushEntrySList(&header, &entry);
    assert_int_equal(wsk_kit_report_count("RTL-006"), 1);
}

static void test_rtl_006_breach_misaligned_entry(void **state)
{
    DECLSPEC_ALIGN(16) UCHAR memory[48];
    SLIST_HEADER header;

    UNREFERENCED_PARAMETER(state);
    InitializeSListHead(&header);
    wsk_kit_expect_report("RTL-006");
    InterlockedPushEntrySList(&header, (PSLIST_ENTRY)(PVOID)(memory + 8));
    assert_int_equal(wsk_kit_report_count("RTL-006"), 1);
}

static void test_rtl_006_near_miss_initialised_and_aligned(void **state)
{
    SLIST_HEADER header;
    SLIST_ENTRY entry;

    UNREFERENCED_PARAMETER(state);
    InitializeSListHead(&header);
    InterlockedPushEntrySList(&header, &entry);
    assert_ptr_equal(InterlockedPopEntrySList(&header), &entry);
}

/* --- RTL-021 ------------------------------------------------------------------------------------ */

static void test_rtl_021_breach_assertion_does_not_hold(void **state)
{
    volatile int count = 1;

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("RTL-021");
    NT_FRE_ASSERT(count == 2);
    assert_int_equal(wsk_kit_report_count("RTL-021"), 1);
}

static void test_rtl_021_near_miss_assertion_holds(void **state)
{
    volatile int count = 1;

    UNREFERENCED_PARAMETER(state);
    NT_FRE_ASSERT(count == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_irql_013_breach_wide_string_at_dispatch),
        wsk_emu_unit_test(test_irql_013_near_miss_pointer_at_dispatch_and_wide_string_at_passive),
        wsk_emu_unit_test(test_rtl_002_breach_entry_removed_twice),
        wsk_emu_unit_test(test_rtl_002_near_miss_entry_initialised_after_removal),
        wsk_emu_unit_test(test_rtl_006_breach_header_of_zeros),
        wsk_emu_unit_test(test_rtl_006_breach_misaligned_entry),
        wsk_emu_unit_test(test_rtl_006_near_miss_initialised_and_aligned),
        wsk_emu_unit_test(test_rtl_021_breach_assertion_does_not_hold),
        wsk_emu_unit_test(test_rtl_021_near_miss_assertion_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
