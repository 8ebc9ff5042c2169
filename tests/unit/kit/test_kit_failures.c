/* SPDX-License-Identifier: MIT */
/* How tests fail: in the body, inside a callback, by a deadlock, a report, a leak; and that the next test is unharmed. */
#include <stdlib.h>
#include <string.h>

#include "support/wsk_fixture.h"

#include "support/child.h"

/* Each part below is a small test program of its own that runs in a child process: its first test fails in one way, its
 * second one is a complete, honest test that must pass in the same process. */

static void healthy_test(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &peer);

    wsk_kit_peer_send_text(peer, "still alive");
    connection_expect_text(accepted, "still alive");
    socket_close(accepted);
    socket_close(listener);
}

#define HEALTHY wsk_emu_unit_test_setup_teardown(healthy_test, fixture_setup, fixture_teardown)

/* Exits with 10 * (failed - 1) so that exactly one failure is exit code 0. */
static void run_group(const struct CMUnitTest *tests, size_t count)
{
    int failed = _cmocka_run_group_tests("failures", tests, count, NULL, NULL);

    exit(failed == 1 ? 0 : 10 + failed);
}

static void expect_one_failure(const char *part, const char *text)
{
    struct child_result result;

    child_run(part, &result);
    if (result.exit_code != 0) {
        print_error("%s", result.errors);
    }
    assert_int_equal(result.signal, 0);
    assert_int_equal(result.exit_code, 0);
    if (strstr(result.errors, text) == NULL) {
        print_error("%s", result.errors);
        fail_msg("\"%s\" was not printed", text);
    }
}

/* --- an assertion in the body ---------------------------------------------------------------------------------- */

static void fails_in_body(void **state)
{
    USHORT port;

    (void)listener_open(*state, AF_INET, NULL, NULL, false, &port); /* left open */
    assert_int_equal(1, 2);
}

static void part_body(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test_setup_teardown(fails_in_body, fixture_setup, fixture_teardown), HEALTHY
    };

    run_group(tests, 2);
}

static void test_failure_in_body_leaves_the_next_test_unharmed(void **state)
{
    (void)state;
    expect_one_failure("body", "0x1 != 0x2");
}

/* --- an assertion inside a callback: the story of section 2.1 of the design -------------------------------------- */

static WSK_INSPECT_ACTION WSKAPI failing_inspect(PVOID context, PSOCKADDR local, PSOCKADDR remote, PWSK_INSPECT_ID id)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(local);
    UNREFERENCED_PARAMETER(remote);
    UNREFERENCED_PARAMETER(id);
    assert_int_equal(3, 4); /* leaves by longjmp, at DISPATCH_LEVEL, with the processor owned */
    return WskInspectReject;
}

static NTSTATUS WSKAPI no_abort(PVOID context, PWSK_INSPECT_ID id)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(id);
    return STATUS_SUCCESS;
}

static const WSK_CLIENT_LISTEN_DISPATCH s_failing = { NULL, failing_inspect, no_abort };

static void fails_in_callback(void **state)
{
    USHORT port;

    (void)listener_open(*state, AF_INET, NULL, &s_failing, true, &port);
    (void)wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_run_until_idle();
    fail_msg("the callback did not fail");
}

static void part_callback(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test_setup_teardown(fails_in_callback, fixture_setup, fixture_teardown), HEALTHY
    };

    run_group(tests, 2);
}

static void test_failure_in_callback_leaves_the_next_test_unharmed(void **state)
{
    (void)state;
    expect_one_failure("callback", "0x3 != 0x4");
}

/* --- an assertion while a spin lock is held and a driver thread waits ---------------------------------------------- */

static KEVENT s_never;
static KSPIN_LOCK s_lock;

static VOID NTAPI thread_that_waits_for_ever(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    (void)KeWaitForSingleObject(&s_never, Executive, KernelMode, FALSE, NULL);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void fails_with_lock_held(void **state)
{
    HANDLE handle;
    KIRQL old;

    (void)state;
    KeInitializeEvent(&s_never, NotificationEvent, FALSE);
    KeInitializeSpinLock(&s_lock);
    assert_int_equal(
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, thread_that_waits_for_ever, NULL),
        STATUS_SUCCESS);
    wsk_kit_run_until_idle();
    KeAcquireSpinLock(&s_lock, &old);
    assert_int_equal(5, 6);
}

static void part_lock(void)
{
    const struct CMUnitTest tests[] = { wsk_emu_unit_test(fails_with_lock_held), HEALTHY };

    run_group(tests, 2);
}

static void test_failure_with_lock_and_waiting_thread_is_cleaned_up(void **state)
{
    (void)state;
    expect_one_failure("lock", "0x5 != 0x6");
}

/* --- waits that can never end ------------------------------------------------------------------------------------------ */

static bool never(void *context)
{
    (void)context;
    return false;
}

static void waits_for_nothing(void **state)
{
    (void)state;
    wsk_kit_wait_for(never, NULL, "a miracle");
}

static void part_condition(void)
{
    const struct CMUnitTest tests[] = { wsk_emu_unit_test(waits_for_nothing), HEALTHY };

    run_group(tests, 2);
}

static void test_wait_for_impossible_condition_fails_at_once(void **state)
{
    (void)state;
    expect_one_failure("condition", "waited for a miracle, but nothing can move any more");
}

static void waits_in_the_driver(void **state)
{
    (void)state;
    KeInitializeEvent(&s_never, NotificationEvent, FALSE);
    (void)KeWaitForSingleObject(&s_never, Executive, KernelMode, FALSE, NULL);
}

static void part_deadlock(void)
{
    const struct CMUnitTest tests[] = { wsk_emu_unit_test(waits_in_the_driver), HEALTHY };

    run_group(tests, 2);
}

static void test_wait_in_driver_that_never_ends_says_who_waits(void **state)
{
    (void)state;
    expect_one_failure("deadlock", "waits for notification event");
}

static const struct wsk_emu_config s_impatient = { .size = sizeof(struct wsk_emu_config),
                                                   .execution = WSK_EMU_EXECUTION_THREADS,
                                                   .network = WSK_EMU_NETWORK_VIRTUAL,
                                                   .no_progress_ms = 50 };

static void part_stall(void)
{
    const struct CMUnitTest tests[] = { wsk_emu_unit_test_config(waits_in_the_driver, NULL, NULL, &s_impatient),
                                        HEALTHY };

    run_group(tests, 2);
}

static void test_wait_in_threads_execution_is_reported_after_no_progress(void **state)
{
    (void)state;
    expect_one_failure("stall", "nothing has moved for a long time");
}

/* --- reports, leaks, bug checks ------------------------------------------------------------------------------------------ */

static void breaks_a_rule(void **state)
{
    KSPIN_LOCK lock;

    (void)state;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
}

static void part_report(void)
{
    const struct CMUnitTest tests[] = { wsk_emu_unit_test(breaks_a_rule), HEALTHY };

    run_group(tests, 2);
}

static void test_unexpected_report_fails_the_test_that_caused_it(void **state)
{
    (void)state;
    expect_one_failure("report", "LOCK-010");
}

static const struct wsk_emu_config s_seeded = { .size = sizeof(struct wsk_emu_config),
                                                .execution = WSK_EMU_EXECUTION_STEPPED,
                                                .network = WSK_EMU_NETWORK_VIRTUAL,
                                                .seed = 42 };

static void part_seed(void)
{
    const struct CMUnitTest tests[] = { wsk_emu_unit_test_config(breaks_a_rule, NULL, NULL, &s_seeded), HEALTHY };

    run_group(tests, 2);
}

static void test_unexpected_report_tells_the_seed(void **state)
{
    (void)state;
    expect_one_failure("seed", "WSK_EMU_SEED=42");
}

static void leaks_everything(void **state)
{
    USHORT port;

    (void)listener_open(*state, AF_INET, NULL, NULL, false, &port);
    assert_non_null(ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'kaeL'));
    assert_non_null(IoAllocateIrp(1, FALSE));
}

static void part_leak(void)
{
    const struct CMUnitTest tests[] = { wsk_emu_unit_test_setup_teardown(leaks_everything, fixture_setup, NULL),
                                        HEALTHY };

    run_group(tests, 2);
}

static void test_leaks_fail_the_test_and_are_freed(void **state)
{
    (void)state;
    expect_one_failure("leak", "POOL-011");
}

static void expects_what_does_not_come(void **state)
{
    (void)state;
    wsk_kit_expect_report("IRP-001");
}

static void part_expectation(void)
{
    const struct CMUnitTest tests[] = { wsk_emu_unit_test(expects_what_does_not_come), HEALTHY };

    run_group(tests, 2);
}

static void test_expected_report_that_does_not_come_fails_the_test(void **state)
{
    (void)state;
    expect_one_failure("expectation", "IRP-001 double-completion was expected, but did not come");
}

static void bug_checks(void **state)
{
    (void)state;
    KeBugCheckEx(0xE2, 1, 2, 3, 4);
}

static void part_bugcheck(void)
{
    const struct CMUnitTest tests[] = { wsk_emu_unit_test(bug_checks), HEALTHY };

    run_group(tests, 2);
}

static void test_bug_check_on_the_tests_thread_fails_the_test(void **state)
{
    (void)state;
    expect_one_failure("bugcheck", "0x000000E2");
}

/* --- misuse of the kit ------------------------------------------------------------------------------------------------------ */

static void unknown_rule(void **state)
{
    (void)state;
    wsk_kit_expect_report("IRP-999");
}

static void part_unknown_rule(void)
{
    const struct CMUnitTest tests[] = { wsk_emu_unit_test(unknown_rule), HEALTHY };

    run_group(tests, 2);
}

static void test_expecting_an_unknown_rule_fails_with_a_clear_message(void **state)
{
    (void)state;
    expect_one_failure("unknown_rule", "there is no rule IRP-999");
}

static void part_not_running(void)
{
    (void)wsk_kit_connect(WSK_KIT_IPV4, 1); /* no failure handler: prints and aborts */
}

static void test_kit_without_an_emulated_kernel_says_so(void **state)
{
    struct child_result result;

    (void)state;
    child_run("not_running", &result);
    assert_int_not_equal(result.signal, 0);
    assert_non_null(strstr(result.errors, "no emulated kernel is running"));
}

/* --- waiting where nothing else can move ------------------------------------------------------------------------ */

static VOID NTAPI waits_in_dpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    wsk_kit_run_until_idle();
}

static void waits_in_callback(void **state)
{
    KDPC dpc;

    (void)state;
    KeInitializeDpc(&dpc, waits_in_dpc, NULL);
    (void)KeInsertQueueDpc(&dpc, NULL, NULL);
}

static void part_wait_in_callback(void)
{
    const struct CMUnitTest tests[] = { wsk_emu_unit_test(waits_in_callback), HEALTHY };

    run_group(tests, 2);
}

static void test_waiting_inside_a_callback_fails_the_test(void **state)
{
    (void)state;
    expect_one_failure("wait_in_callback", "wsk_kit_run_until_idle was called at DISPATCH_LEVEL");
}

static const struct child_part s_parts[] = {
    { "body", part_body },
    { "callback", part_callback },
    { "lock", part_lock },
    { "condition", part_condition },
    { "deadlock", part_deadlock },
    { "stall", part_stall },
    { "report", part_report },
    { "seed", part_seed },
    { "leak", part_leak },
    { "expectation", part_expectation },
    { "bugcheck", part_bugcheck },
    { "unknown_rule", part_unknown_rule },
    { "not_running", part_not_running },
    { "wait_in_callback", part_wait_in_callback },
    { NULL, NULL },
};

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failure_in_body_leaves_the_next_test_unharmed),
        cmocka_unit_test(test_failure_in_callback_leaves_the_next_test_unharmed),
        cmocka_unit_test(test_failure_with_lock_and_waiting_thread_is_cleaned_up),
        cmocka_unit_test(test_wait_for_impossible_condition_fails_at_once),
        cmocka_unit_test(test_wait_in_driver_that_never_ends_says_who_waits),
        cmocka_unit_test(test_wait_in_threads_execution_is_reported_after_no_progress),
        cmocka_unit_test(test_unexpected_report_fails_the_test_that_caused_it),
        cmocka_unit_test(test_unexpected_report_tells_the_seed),
        cmocka_unit_test(test_leaks_fail_the_test_and_are_freed),
        cmocka_unit_test(test_expected_report_that_does_not_come_fails_the_test),
        cmocka_unit_test(test_bug_check_on_the_tests_thread_fails_the_test),
        cmocka_unit_test(test_expecting_an_unknown_rule_fails_with_a_clear_message),
        cmocka_unit_test(test_kit_without_an_emulated_kernel_says_so),
        cmocka_unit_test(test_waiting_inside_a_callback_fails_the_test),
    };

    child_run_part_if_asked(argc, argv, s_parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
