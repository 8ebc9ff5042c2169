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

/* --- IRQL-011 ------------------------------------------------------------------------------------ */

/* What a driver keeps together: one allocation decides for all of it. */
struct kept {
    UCHAR bytes[200];
    KEVENT event;
    KTIMER timer;
    KSEMAPHORE semaphore;
    KMUTEX mutex;
    KDPC dpc;
    KSPIN_LOCK spin_lock;
    FAST_MUTEX fast_mutex;
    KGUARDED_MUTEX guarded_mutex;
    ERESOURCE resource;
    IO_REMOVE_LOCK remove_lock;
    NPAGED_LOOKASIDE_LIST lookaside;
    UCHAR more_bytes[PAGE_SIZE];
};
#define KEPT_OBJECTS 12

static VOID NTAPI kept_routine(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(a);
    UNREFERENCED_PARAMETER(b);
}

static void make_all(struct kept *kept)
{
    KeInitializeEvent(&kept->event, NotificationEvent, FALSE);
    KeInitializeTimer(&kept->timer);
    KeInitializeSemaphore(&kept->semaphore, 0, 1);
    KeInitializeMutex(&kept->mutex, 0);
    KeInitializeDpc(&kept->dpc, kept_routine, NULL);
    KeInitializeThreadedDpc(&kept->dpc, kept_routine, NULL);
    KeInitializeSpinLock(&kept->spin_lock);
    ExInitializeFastMutex(&kept->fast_mutex);
    KeInitializeGuardedMutex(&kept->guarded_mutex);
    assert_int_equal(ExInitializeResourceLite(&kept->resource), STATUS_SUCCESS);
    IoInitializeRemoveLock(&kept->remove_lock, 'tpeK', 0, 0);
    ExInitializeNPagedLookasideList(&kept->lookaside, NULL, NULL, 0, 32, 'tpeK', 0);
    ExDeleteNPagedLookasideList(&kept->lookaside);
    assert_int_equal(ExDeleteResourceLite(&kept->resource), STATUS_SUCCESS);
}

/* The story of a public socket library: the socket, with the event on which it waits, in paged pool. The completion
 * routine sets the event at DISPATCH_LEVEL, which goes well until the page is not there. */
static void test_irql_011_breach_event_in_paged_pool(void **state)
{
    struct kept *kept = (struct kept *)ExAllocatePool2(POOL_FLAG_PAGED, 256, 'tpeK');

    (void)state;
    assert_non_null(kept);
    wsk_kit_expect_report("IRQL-011");
    KeInitializeEvent(&kept->event, SynchronizationEvent, FALSE);
    assert_int_equal(wsk_kit_report_count("IRQL-011"), 1);
    assert_non_null(strstr(wsk_kit_last_report(), "the synchronization event lies in a block of paged pool"));
    assert_non_null(strstr(wsk_kit_last_report(), "'Kept'"));
    ExFreePoolWithTag(kept, 'tpeK');
}

static void test_irql_011_breach_every_kind_in_a_large_block(void **state)
{
    struct kept *kept = (struct kept *)ExAllocatePoolWithTag(PagedPool, sizeof(*kept), 'tpeK');
    int i;

    (void)state;
    assert_non_null(kept);
    for (i = 0; i < KEPT_OBJECTS; i++) {
        wsk_kit_expect_report("IRQL-011");
    }
    make_all(kept);
    assert_int_equal(wsk_kit_report_count("IRQL-011"), KEPT_OBJECTS);
    ExFreePoolWithTag(kept, 'tpeK');
}

static void test_irql_011_near_miss_nonpaged_pool_stack_and_image(void **state)
{
    static struct kept s_kept;
    struct kept on_stack;
    PVOID paged = ExAllocatePool2(POOL_FLAG_PAGED, 64, 'tpeK'); /* others may well be paged */
    struct kept *kept = (struct kept *)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*kept), 'tpeK');

    (void)state;
    assert_true(paged != NULL && kept != NULL);
    make_all(kept);
    make_all(&on_stack);
    make_all(&s_kept);
    ExFreePoolWithTag(kept, 'tpeK');
    ExFreePoolWithTag(paged, 'tpeK');
}

/* The object that points at the event may be paged, and so may be what is gone. */
static void test_irql_011_near_miss_pointer_in_paged_pool(void **state)
{
    PKEVENT *holder = (PKEVENT *)ExAllocatePool2(POOL_FLAG_PAGED, sizeof(*holder), 'tpeK');
    PVOID gone = ExAllocatePool2(POOL_FLAG_PAGED, 64, 'tpeK');

    (void)state;
    assert_true(holder != NULL && gone != NULL);
    ExFreePoolWithTag(gone, 'tpeK');
    *holder = (PKEVENT)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KEVENT), 'tpeK');
    assert_non_null(*holder);
    KeInitializeEvent(*holder, NotificationEvent, FALSE);
    ExFreePoolWithTag(*holder, 'tpeK');
    ExFreePoolWithTag(holder, 'tpeK');
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
        wsk_emu_unit_test(test_irql_011_breach_event_in_paged_pool),
        wsk_emu_unit_test(test_irql_011_breach_every_kind_in_a_large_block),
        wsk_emu_unit_test(test_irql_011_near_miss_nonpaged_pool_stack_and_image),
        wsk_emu_unit_test(test_irql_011_near_miss_pointer_in_paged_pool),
        wsk_emu_unit_test(test_dpc_007_breach_dpc_returns_raised),
        wsk_emu_unit_test(test_dpc_007_near_miss_dpc_returns_as_entered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
