/* SPDX-License-Identifier: MIT */
/* Rules about IRQL: raises, lowers, and what is left over when a callback returns. */
#include <ntddk.h>

#include "wsk_emu/cmocka.h"

/* --- IRQL-001: a function called outside its range ------------------------------------------------ */

static void test_irql_001_breach_zwclose_at_dispatch(void **state)
{
    KIRQL old;

    (void)state;
    wsk_kit_expect_report("IRQL-001");
    wsk_kit_expect_report("OBJ-002"); /* the handle is nothing either */
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)ZwClose((HANDLE)(ULONG_PTR)0x7ffc);
    KeLowerIrql(old);
    assert_int_equal(wsk_kit_report_count("IRQL-001"), 1);
}

static void test_irql_001_near_miss_setevent_at_dispatch(void **state)
{
    KEVENT event;
    KIRQL old;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    KeLowerIrql(old);
    assert_int_equal(KeReadStateEvent(&event), 1);
}

/* --- IRQL-002, IRQL-003 --------------------------------------------------------------------------- */

static void test_irql_002_breach_raise_downwards(void **state)
{
    KIRQL old;
    KIRQL inner;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    wsk_kit_expect_report("IRQL-002");
    KeRaiseIrql(APC_LEVEL, &inner);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(old);
    assert_int_equal(wsk_kit_report_count("IRQL-002"), 1);
}

static void test_irql_002_near_miss_raise_to_same_level(void **state)
{
    KIRQL old;
    KIRQL inner;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeRaiseIrql(DISPATCH_LEVEL, &inner);
    assert_int_equal(inner, DISPATCH_LEVEL);
    KeLowerIrql(inner);
    KeLowerIrql(old);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void test_irql_003_breach_lower_with_unset_value(void **state)
{
    KIRQL never_set = 0xCD;

    (void)state;
    wsk_kit_expect_report("IRQL-003");
    KeLowerIrql(never_set);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_int_equal(wsk_kit_report_count("IRQL-003"), 1);
}

static void test_irql_003_near_miss_lower_to_saved_value(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(APC_LEVEL, &old);
    KeLowerIrql(old);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

/* --- IRQL-004: below the floor of a DPC ------------------------------------------------------------- */

static VOID NTAPI dpc_lowers(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(a);
    UNREFERENCED_PARAMETER(b);
    if (*(BOOLEAN *)context) {
        KeLowerIrql(PASSIVE_LEVEL);
    } else {
        KIRQL old;

        KeRaiseIrql(HIGH_LEVEL, &old);
        KeLowerIrql(old);
    }
}

static void run_dpc(PKDEFERRED_ROUTINE routine, PVOID context)
{
    KDPC dpc;

    KeInitializeDpc(&dpc, routine, context);
    assert_true(KeInsertQueueDpc(&dpc, NULL, NULL));
}

static void test_irql_004_breach_dpc_lowers_to_passive(void **state)
{
    BOOLEAN lowers = TRUE;

    (void)state;
    wsk_kit_expect_report("IRQL-004");
    run_dpc(dpc_lowers, &lowers);
    assert_int_equal(wsk_kit_report_count("IRQL-004"), 1);
}

static void test_irql_004_near_miss_dpc_raises_and_lowers_back(void **state)
{
    BOOLEAN lowers = FALSE;

    (void)state;
    run_dpc(dpc_lowers, &lowers);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

/* --- IRQL-005: raises and lowers form a stack -------------------------------------------------------- */

static void test_irql_005_breach_lower_skips_a_raise(void **state)
{
    KIRQL first;
    KIRQL second;

    (void)state;
    KeRaiseIrql(APC_LEVEL, &first);
    KeRaiseIrql(DISPATCH_LEVEL, &second);
    wsk_kit_expect_report("IRQL-005");
    KeLowerIrql(first);
    assert_int_equal(wsk_kit_report_count("IRQL-005"), 1);
    assert_int_equal(second, APC_LEVEL);
}

static void test_irql_005_breach_lower_without_a_raise(void **state)
{
    KSPIN_LOCK lock;
    KIRQL old;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &old); /* has raised, but is no KeRaiseIrql */
    wsk_kit_expect_report("IRQL-005");
    KeLowerIrql(old);
    wsk_kit_expect_report("LOCK-011");
    KeReleaseSpinLock(&lock, old);
    assert_int_equal(wsk_kit_report_count("IRQL-005"), 1);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void test_irql_005_near_miss_lowers_in_reverse_order(void **state)
{
    KIRQL first;
    KIRQL second;

    (void)state;
    KeRaiseIrql(APC_LEVEL, &first);
    KeRaiseIrql(DISPATCH_LEVEL, &second);
    KeLowerIrql(second);
    assert_int_equal(KeGetCurrentIrql(), APC_LEVEL);
    KeLowerIrql(first);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

/* --- IRQL-008: critical regions in callbacks ----------------------------------------------------------- */

static VOID NTAPI region_work(PDEVICE_OBJECT device, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    KeEnterCriticalRegion();
    if (!*(BOOLEAN *)context) {
        KeLeaveCriticalRegion();
    }
}

static NTSTATUS NTAPI region_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNREFERENCED_PARAMETER(driver);
    UNREFERENCED_PARAMETER(path);
    region_work(NULL, &(BOOLEAN){ TRUE });
    return STATUS_UNSUCCESSFUL;
}

static NTSTATUS NTAPI balanced_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNREFERENCED_PARAMETER(driver);
    UNREFERENCED_PARAMETER(path);
    region_work(NULL, &(BOOLEAN){ FALSE });
    return STATUS_UNSUCCESSFUL;
}

#include "wsk_emu/driver.h"

static void test_irql_008_breach_entry_keeps_region(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    wsk_kit_expect_report("IRQL-008");
    assert_int_equal(wsk_emu_driver_load(region_entry, "region", &driver), STATUS_UNSUCCESSFUL);
    assert_int_equal(wsk_kit_report_count("IRQL-008"), 1);
    assert_false(KeAreApcsDisabled());
}

static void test_irql_008_near_miss_entry_leaves_region(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    assert_int_equal(wsk_emu_driver_load(balanced_entry, "region", &driver), STATUS_UNSUCCESSFUL);
}

/* --- IRQL-009: pageable code ----------------------------------------------------------------------------- */

static void pageable(void)
{
    PAGED_CODE();
}

static void test_irql_009_breach_paged_code_at_dispatch(void **state)
{
    KIRQL old;

    (void)state;
    wsk_kit_expect_report("IRQL-009");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    pageable();
    KeLowerIrql(old);
    assert_int_equal(wsk_kit_report_count("IRQL-009"), 1);
}

static void test_irql_009_near_miss_paged_code_at_apc(void **state)
{
    KIRQL old;

    (void)state;
    KeRaiseIrql(APC_LEVEL, &old);
    pageable();
    KeLowerIrql(old);
}

/* --- DPC-007: what a DPC leaves over (its rule tests stand here because they are the same story) --------- */

static VOID NTAPI dpc_raises(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    KIRQL old;

    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(a);
    UNREFERENCED_PARAMETER(b);
    KeRaiseIrql(HIGH_LEVEL, &old);
    if (!*(BOOLEAN *)context) {
        KeLowerIrql(old);
    }
}

static void test_dpc_007_breach_dpc_returns_raised(void **state)
{
    BOOLEAN stays = TRUE;

    (void)state;
    wsk_kit_expect_report("DPC-007");
    run_dpc(dpc_raises, &stays);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_int_equal(wsk_kit_report_count("DPC-007"), 1);
}

static void test_dpc_007_near_miss_dpc_returns_as_entered(void **state)
{
    BOOLEAN stays = FALSE;

    (void)state;
    run_dpc(dpc_raises, &stays);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_irql_001_breach_zwclose_at_dispatch),
        wsk_emu_unit_test(test_irql_001_near_miss_setevent_at_dispatch),
        wsk_emu_unit_test(test_irql_002_breach_raise_downwards),
        wsk_emu_unit_test(test_irql_002_near_miss_raise_to_same_level),
        wsk_emu_unit_test(test_irql_003_breach_lower_with_unset_value),
        wsk_emu_unit_test(test_irql_003_near_miss_lower_to_saved_value),
        wsk_emu_unit_test(test_irql_004_breach_dpc_lowers_to_passive),
        wsk_emu_unit_test(test_irql_004_near_miss_dpc_raises_and_lowers_back),
        wsk_emu_unit_test(test_irql_005_breach_lower_skips_a_raise),
        wsk_emu_unit_test(test_irql_005_breach_lower_without_a_raise),
        wsk_emu_unit_test(test_irql_005_near_miss_lowers_in_reverse_order),
        wsk_emu_unit_test(test_irql_008_breach_entry_keeps_region),
        wsk_emu_unit_test(test_irql_008_near_miss_entry_leaves_region),
        wsk_emu_unit_test(test_irql_009_breach_paged_code_at_dispatch),
        wsk_emu_unit_test(test_irql_009_near_miss_paged_code_at_apc),
        wsk_emu_unit_test(test_dpc_007_breach_dpc_returns_raised),
        wsk_emu_unit_test(test_dpc_007_near_miss_dpc_returns_as_entered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
