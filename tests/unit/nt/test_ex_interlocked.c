/* SPDX-License-Identifier: MIT */
/* Tests interlocked lists and counters and SLISTs: results on empty, one and many, misuse, and several threads. */
#include <wdm.h>

#include "support/emu_fixture.h"
#include "support/system_thread.h"
#include "vrf/vrf_report.h"

/* --- lists under a spin lock ------------------------------------------------------------- */

static void test_insert_and_remove_return_neighbours_or_null(void **state)
{
    LIST_ENTRY head;
    LIST_ENTRY a;
    LIST_ENTRY b;
    LIST_ENTRY c;
    KSPIN_LOCK lock;

    (void)state;
    KeInitializeSpinLock(&lock);
    InitializeListHead(&head);
    assert_null(ExInterlockedRemoveHeadList(&head, &lock));
    assert_null(ExInterlockedInsertTailList(&head, &b, &lock));
    assert_ptr_equal(ExInterlockedInsertTailList(&head, &c, &lock), &b);
    assert_ptr_equal(ExInterlockedInsertHeadList(&head, &a, &lock), &b);
    assert_ptr_equal(ExInterlockedRemoveHeadList(&head, &lock), &a);
    assert_ptr_equal(ExInterlockedRemoveHeadList(&head, &lock), &b);
    assert_ptr_equal(ExInterlockedRemoveHeadList(&head, &lock), &c);
    assert_null(ExInterlockedRemoveHeadList(&head, &lock));
    assert_null(ExInterlockedInsertHeadList(&head, &a, &lock));
    assert_true(KeTestSpinLock(&lock));
}

static void test_push_and_pop_return_the_previous_first(void **state)
{
    SINGLE_LIST_ENTRY head = { NULL };
    SINGLE_LIST_ENTRY a;
    SINGLE_LIST_ENTRY b;
    KSPIN_LOCK lock;

    (void)state;
    KeInitializeSpinLock(&lock);
    assert_null(ExInterlockedPopEntryList(&head, &lock));
    assert_null(ExInterlockedPushEntryList(&head, &a, &lock));
    assert_ptr_equal(ExInterlockedPushEntryList(&head, &b, &lock), &a);
    assert_ptr_equal(ExInterlockedPopEntryList(&head, &lock), &b);
    assert_ptr_equal(ExInterlockedPopEntryList(&head, &lock), &a);
    assert_null(ExInterlockedPopEntryList(&head, &lock));
}

static void test_add_returns_the_old_value_and_wraps(void **state)
{
    LARGE_INTEGER large = { .QuadPart = MAXLONGLONG };
    LARGE_INTEGER one = { .QuadPart = 1 };
    ULONG small = 0xFFFFFFFF;
    KSPIN_LOCK lock;

    (void)state;
    KeInitializeSpinLock(&lock);
    assert_true(ExInterlockedAddLargeInteger(&large, one, &lock).QuadPart == MAXLONGLONG);
    assert_true(large.QuadPart == (LONGLONG)0x8000000000000000ull);
    assert_int_equal(ExInterlockedAddUlong(&small, 3, &lock), 0xFFFFFFFF);
    assert_int_equal(small, 2);
}

static void test_interlocked_list_at_high_level_is_fine(void **state)
{
    LIST_ENTRY head;
    LIST_ENTRY a;
    KSPIN_LOCK lock;
    KIRQL old_irql;

    (void)state;
    KeInitializeSpinLock(&lock);
    InitializeListHead(&head);
    KeRaiseIrql(HIGH_LEVEL, &old_irql);
    assert_null(ExInterlockedInsertTailList(&head, &a, &lock));
    assert_ptr_equal(ExInterlockedRemoveHeadList(&head, &lock), &a);
    KeLowerIrql(old_irql);
}

/* On Windows the caller would wait for itself for ever. */
static void test_interlocked_list_under_its_own_lock_is_reported(void **state)
{
    LIST_ENTRY head;
    LIST_ENTRY a;
    KSPIN_LOCK lock;
    KIRQL old_irql;

    (void)state;
    KeInitializeSpinLock(&lock);
    InitializeListHead(&head);
    KeAcquireSpinLock(&lock, &old_irql);
    we_vrf_expect(WE_RULE_LOCK_001);
    assert_null(ExInterlockedInsertTailList(&head, &a, &lock));
    assert_int_equal(we_vrf_expected_seen_count(WE_RULE_LOCK_001), 1);
    KeReleaseSpinLock(&lock, old_irql);
    assert_false(IsListEmpty(&head));
    assert_true(KeTestSpinLock(&lock));
}

static void test_interlocked_double_insert_is_reported(void **state)
{
    LIST_ENTRY head;
    LIST_ENTRY a;
    LIST_ENTRY b;
    KSPIN_LOCK lock;

    (void)state;
    KeInitializeSpinLock(&lock);
    InitializeListHead(&head);
    ExInterlockedInsertTailList(&head, &a, &lock);
    ExInterlockedInsertTailList(&head, &b, &lock);
    ExInterlockedInsertTailList(&head, &a, &lock);
    we_vrf_expect(WE_RULE_RTL_002);
    (void)ExInterlockedRemoveHeadList(&head, &lock);
    assert_int_equal(we_vrf_expected_seen_count(WE_RULE_RTL_002), 1);
    assert_true(KeTestSpinLock(&lock));
}

/* --- SLISTs ------------------------------------------------------------------------------ */

static void test_slist_is_a_stack_with_a_depth(void **state)
{
    SLIST_HEADER header;
    SLIST_ENTRY entries[3];

    (void)state;
    InitializeSListHead(&header);
    assert_int_equal(ExQueryDepthSList(&header), 0);
    assert_null(InterlockedPopEntrySList(&header));
    assert_null(InterlockedPushEntrySList(&header, &entries[0]));
    assert_ptr_equal(InterlockedPushEntrySList(&header, &entries[1]), &entries[0]);
    assert_ptr_equal(InterlockedPushEntrySList(&header, &entries[2]), &entries[1]);
    assert_int_equal(ExQueryDepthSList(&header), 3);
    assert_ptr_equal(InterlockedPopEntrySList(&header), &entries[2]);
    assert_int_equal(ExQueryDepthSList(&header), 2);
    assert_ptr_equal(InterlockedPopEntrySList(&header), &entries[1]);
    assert_ptr_equal(InterlockedPopEntrySList(&header), &entries[0]);
    assert_null(InterlockedPopEntrySList(&header));
    assert_int_equal(ExQueryDepthSList(&header), 0);
}

static void test_slist_flush_returns_the_chain(void **state)
{
    SLIST_HEADER header;
    SLIST_ENTRY a;
    SLIST_ENTRY b;

    (void)state;
    InitializeSListHead(&header);
    assert_null(InterlockedFlushSList(&header));
    InterlockedPushEntrySList(&header, &a);
    InterlockedPushEntrySList(&header, &b);
    assert_ptr_equal(InterlockedFlushSList(&header), &b);
    assert_ptr_equal(b.Next, &a);
    assert_null(a.Next);
    assert_int_equal(ExQueryDepthSList(&header), 0);
    assert_null(InterlockedPushEntrySList(&header, &a));
}

static void test_slist_ex_names_work_with_a_lock_that_is_not_used(void **state)
{
    SLIST_HEADER header;
    SLIST_ENTRY a;
    KSPIN_LOCK lock;

    (void)state;
    KeInitializeSpinLock(&lock);
    ExInitializeSListHead(&header);
    assert_null(ExInterlockedPushEntrySList(&header, &a, &lock));
    assert_ptr_equal(ExInterlockedPopEntrySList(&header, &lock), &a);
    assert_null(ExInterlockedFlushSList(&header));
}

static void test_slist_misaligned_entry_is_reported_and_left_out(void **state)
{
    DECLSPEC_ALIGN(16) UCHAR memory[48];
    SLIST_HEADER header;

    (void)state;
    InitializeSListHead(&header);
    we_vrf_expect(WE_RULE_RTL_006);
    assert_null(InterlockedPushEntrySList(&header, (PSLIST_ENTRY)(void *)(memory + 8)));
    assert_int_equal(we_vrf_expected_seen_count(WE_RULE_RTL_006), 1);
    assert_int_equal(ExQueryDepthSList(&header), 0);
}

static void test_slist_header_never_initialised_is_reported_once(void **state)
{
    SLIST_HEADER header;
    SLIST_ENTRY a;
    size_t seen_count = we_vrf_expected_seen_count(WE_RULE_RTL_006);

    (void)state;
    memset(&header, 0, sizeof(header));
    we_vrf_expect(WE_RULE_RTL_006);
    assert_null(InterlockedPushEntrySList(&header, &a));
    assert_int_equal(we_vrf_expected_seen_count(WE_RULE_RTL_006), seen_count + 1);
    assert_ptr_equal(InterlockedPopEntrySList(&header), &a);
}

/* --- several threads ---------------------------------------------------------------------- */

#define THREAD_COUNT 4
#define ROUND_COUNT 5000

struct shared {
    SLIST_HEADER slist;
    LIST_ENTRY list;
    KSPIN_LOCK lock;
    LARGE_INTEGER sum;
    ULONG small_sum;
    struct node {
        SLIST_ENTRY slist_entry;
        LIST_ENTRY list_entry;
        ULONG visit_count;
    } nodes[2 * THREAD_COUNT];
};

static struct shared s_shared;

/* Takes a node off the stack, puts it through the list, and gives it back: whatever another thread does meanwhile,
 * each node is always in one place. */
static VOID thread_routine(PVOID context)
{
    LARGE_INTEGER one = { .QuadPart = 1 };

    (void)context;
    for (unsigned i = 0; i < ROUND_COUNT; i++) {
        PSLIST_ENTRY entry = InterlockedPopEntrySList(&s_shared.slist);
        PLIST_ENTRY link;

        if (entry != NULL) {
            struct node *node = CONTAINING_RECORD(entry, struct node, slist_entry);

            node->visit_count++;
            ExInterlockedInsertTailList(&s_shared.list, &node->list_entry, &s_shared.lock);
        }
        link = ExInterlockedRemoveHeadList(&s_shared.list, &s_shared.lock);
        if (link != NULL) {
            InterlockedPushEntrySList(&s_shared.slist, &CONTAINING_RECORD(link, struct node, list_entry)->slist_entry);
        }
        (void)ExInterlockedAddLargeInteger(&s_shared.sum, one, &s_shared.lock);
        (void)ExInterlockedAddUlong(&s_shared.small_sum, 1, &s_shared.lock);
    }
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static int threads_setup(void **state)
{
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;

    (void)state;
    config.execution = WSK_EMU_EXECUTION_THREADS;
    config.network = WSK_EMU_NETWORK_VIRTUAL;
    return wsk_emu_start(&config) == STATUS_SUCCESS ? 0 : -1;
}

static void shared_init(void)
{
    memset(&s_shared, 0, sizeof(s_shared));
    InitializeSListHead(&s_shared.slist);
    InitializeListHead(&s_shared.list);
    KeInitializeSpinLock(&s_shared.lock);
    for (unsigned i = 0; i < RTL_NUMBER_OF(s_shared.nodes); i++) {
        InterlockedPushEntrySList(&s_shared.slist, &s_shared.nodes[i].slist_entry);
    }
}

static void threads_run(void)
{
    PVOID threads[THREAD_COUNT];

    for (unsigned i = 0; i < THREAD_COUNT; i++) {
        threads[i] = system_thread_start(thread_routine, NULL);
    }
    for (unsigned i = 0; i < THREAD_COUNT; i++) {
        system_thread_join(threads[i]);
    }
}

static void test_several_threads_lose_nothing(void **state)
{
    ULONG node_count = 0;
    PSLIST_ENTRY entry;

    (void)state;
    shared_init();
    threads_run();
    while (ExInterlockedRemoveHeadList(&s_shared.list, &s_shared.lock) != NULL) {
        node_count++;
    }
    assert_int_equal(ExQueryDepthSList(&s_shared.slist) + node_count, RTL_NUMBER_OF(s_shared.nodes));
    for (entry = InterlockedFlushSList(&s_shared.slist); entry != NULL; entry = entry->Next) {
        node_count++;
    }
    assert_int_equal(node_count, RTL_NUMBER_OF(s_shared.nodes));
    assert_true(s_shared.sum.QuadPart == THREAD_COUNT * ROUND_COUNT);
    assert_int_equal(s_shared.small_sum, THREAD_COUNT * ROUND_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_insert_and_remove_return_neighbours_or_null),
        cmocka_unit_test(test_push_and_pop_return_the_previous_first),
        cmocka_unit_test(test_add_returns_the_old_value_and_wraps),
        cmocka_unit_test(test_interlocked_list_at_high_level_is_fine),
        cmocka_unit_test(test_interlocked_list_under_its_own_lock_is_reported),
        cmocka_unit_test(test_interlocked_double_insert_is_reported),
        cmocka_unit_test(test_slist_is_a_stack_with_a_depth),
        cmocka_unit_test(test_slist_flush_returns_the_chain),
        cmocka_unit_test(test_slist_ex_names_work_with_a_lock_that_is_not_used),
        cmocka_unit_test(test_slist_misaligned_entry_is_reported_and_left_out),
        cmocka_unit_test(test_slist_header_never_initialised_is_reported_once),
    };
    const struct CMUnitTest threaded[] = {
        cmocka_unit_test_setup_teardown(test_several_threads_lose_nothing, threads_setup, emu_teardown),
    };

    return cmocka_run_group_tests(tests, emu_setup, emu_teardown) + cmocka_run_group_tests(threaded, NULL, NULL);
}
