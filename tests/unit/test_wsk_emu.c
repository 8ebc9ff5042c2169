/* SPDX-License-Identifier: MIT */
/* Tests the instance: configuration, environment, starting and stopping in any order, and what must not be left. */
#include <wsk.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "host/host_exec.h"
#include "host/host_log.h"
#include "host/host_mem.h"
#include "host/host_net.h"
#include "instance.h"
#include "nt/nt_thread.h"
#include "vrf/vrf_ledger.h"
#include "vrf/vrf_report.h"
#include "wsk/wsk_init.h"
#include "wsk_emu/cmocka.h"
#include "wsk_emu/driver.h"
#include "wsk_emu/version.h"

static CHAR s_log[4096];

static void line_keep(void *context, const char *line)
{
    size_t length = strlen(s_log);

    assert_ptr_equal(context, s_log);
    snprintf(s_log + length, sizeof(s_log) - length, "%s\n", line);
}

static struct wsk_emu_config config_stepped(void)
{
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;

    config.execution = WSK_EMU_EXECUTION_STEPPED;
    config.network = WSK_EMU_NETWORK_VIRTUAL;
    config.log = line_keep;
    config.log_context = s_log;
    s_log[0] = 0;
    return config;
}

/* How many descriptors this process has, by asking which number the next one gets. */
static int lowest_free_descriptor(void)
{
    FILE *file = fopen("/dev/null", "r");
    int descriptor;

    assert_non_null(file);
    descriptor = fileno(file);
    fclose(file);
    return descriptor;
}

static void assert_starts_and_stops(const struct wsk_emu_config *config)
{
    assert_int_equal(wsk_emu_start(config), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_stop(), 0);
}

/* --- configuration ------------------------------------------------------------------------- */

static void test_start_refuses_a_config_of_another_size(void **state)
{
    struct wsk_emu_config config = config_stepped();

    (void)state;
    config.size = 0;
    assert_int_equal(wsk_emu_start(&config), STATUS_INVALID_PARAMETER);
    config.size = sizeof(config) - 1;
    assert_int_equal(wsk_emu_start(&config), STATUS_INVALID_PARAMETER);
    config.size = sizeof(config) + 8;
    assert_int_equal(wsk_emu_start(&config), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_stop(), 0);
    assert_string_equal(s_log, ""); /* nothing in it is trusted, its log neither */
}

static void assert_refused(const struct wsk_emu_config *config, const char *member)
{
    s_log[0] = 0;
    assert_int_equal(wsk_emu_start(config), STATUS_INVALID_PARAMETER);
    assert_non_null(strstr(s_log, member));
    assert_int_equal(wsk_emu_stop(), 0);
}

static void test_start_names_the_member_that_is_out_of_range(void **state)
{
    struct wsk_emu_config config = config_stepped();

    (void)state;
    config.execution = (enum wsk_emu_execution)3;
    assert_refused(&config, "config.execution is 3");
    config = config_stepped();
    config.network = (enum wsk_emu_network)3;
    assert_refused(&config, "config.network is 3");
    config = config_stepped();
    config.poller = (enum wsk_emu_poller)4;
    assert_refused(&config, "config.poller is 4");
    config = config_stepped();
    config.processors = 17;
    assert_refused(&config, "config.processors is 17");
    config = config_stepped();
    config.completion = (enum wsk_emu_completion)4;
    assert_refused(&config, "config.completion is 4");
    config = config_stepped();
    config.verifier = (enum wsk_emu_verifier) - 1;
    assert_refused(&config, "config.verifier is 4294967295");
    config = config_stepped();
    config.unknown_option = STATUS_PENDING;
    assert_refused(&config, "config.unknown_option is 0x00000103");
}

static void test_start_names_every_member_that_is_wrong(void **state)
{
    struct wsk_emu_config config = config_stepped();

    (void)state;
    config.processors = 99;
    config.network = (enum wsk_emu_network)7;
    assert_refused(&config, "config.processors is 99");
    assert_non_null(strstr(s_log, "config.network is 7"));
}

static void test_start_with_the_limits_of_each_member_works(void **state)
{
    struct wsk_emu_config config = config_stepped();

    (void)state;
    config.processors = 1;
    assert_starts_and_stops(&config);
    config.processors = WE_HOST_CPU_MAX;
    config.completion = WSK_EMU_COMPLETION_MIXED;
    config.verifier = WSK_EMU_VERIFIER_OFF;
    config.indication_max_bytes = 1;
    config.no_progress_ms = 1;
    assert_starts_and_stops(&config);
}

static void test_start_without_a_config_means_threads_and_sockets(void **state)
{
    (void)state;
    assert_int_equal(wsk_emu_start(NULL), STATUS_SUCCESS);
    assert_int_equal(we_host_exec_kind(), WE_EXEC_THREADS);
    assert_int_equal(we_host_net_kind(), WE_NET_SOCKETS);
    assert_int_equal(KeQueryActiveProcessorCount(NULL), 2);
    assert_int_equal(wsk_emu_stop(), 0);
}

static void test_start_hands_the_values_to_the_parts(void **state)
{
    struct wsk_emu_config config = config_stepped();

    (void)state;
    config.processors = 3;
    config.seed = 12345;
    config.indication_max_bytes = 100;
    config.keep_silent_on_listener_close = 1;
    config.inspect_complete_after_abort = STATUS_CANCELLED;
    config.connect_ex_hides_bytes = 1;
    config.allow_tcp_nodelay = 1;
    config.unknown_option = STATUS_INVALID_PARAMETER;
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    assert_int_equal(we_host_exec_kind(), WE_EXEC_STEPPED);
    assert_int_equal(we_host_net_kind(), WE_NET_VIRTUAL);
    assert_int_equal(KeQueryActiveProcessorCount(NULL), 3);
    assert_true(we_host_exec_seed() == 12345);
    assert_int_equal(we_wsk_config()->indication_max_bytes, 100);
    assert_false(we_wsk_config()->abort_on_listener_close);
    assert_int_equal(we_wsk_config()->inspect_complete_after_abort_status, STATUS_CANCELLED);
    assert_true(we_wsk_config()->connect_ex_hides_bytes);
    assert_true(we_wsk_config()->is_tcp_nodelay_allowed);
    assert_int_equal(we_wsk_config()->unknown_option_status, STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_stop(), 0);
}

static void test_all_four_ways_start_and_stop(void **state)
{
    (void)state;
    for (int execution = WSK_EMU_EXECUTION_THREADS; execution <= WSK_EMU_EXECUTION_STEPPED; execution++) {
        for (int network = WSK_EMU_NETWORK_SOCKETS; network <= WSK_EMU_NETWORK_VIRTUAL; network++) {
            struct wsk_emu_config config = config_stepped();

            config.execution = (enum wsk_emu_execution)execution;
            config.network = (enum wsk_emu_network)network;
            assert_starts_and_stops(&config);
            config.poller = WSK_EMU_POLLER_POLL;
            assert_starts_and_stops(&config);
        }
    }
}

static void test_log_goes_to_the_sink_until_the_stop(void **state)
{
    struct wsk_emu_config config = config_stepped();

    (void)state;
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    DbgPrint("hello from a driver\n");
    assert_string_equal(s_log, "hello from a driver\n");
    assert_int_equal(wsk_emu_stop(), 0);
    assert_int_equal(wsk_emu_start(NULL), STATUS_SUCCESS);
    DbgPrint("to stderr\n");
    assert_int_equal(wsk_emu_stop(), 0);
    assert_string_equal(s_log, "hello from a driver\n");
}

/* --- environment --------------------------------------------------------------------------- */

static void test_environment_overrides_the_seed(void **state)
{
    struct wsk_emu_config config = config_stepped();

    (void)state;
    config.seed = 1;
    assert_int_equal(setenv("WSK_EMU_SEED", "0x1F", 1), 0);
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    assert_true(we_host_exec_seed() == 31);
    assert_int_equal(wsk_emu_stop(), 0);
    assert_int_equal(setenv("WSK_EMU_SEED", "0", 1), 0);
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    assert_true(we_host_exec_seed() == 0);
    assert_int_equal(wsk_emu_stop(), 0);
    assert_int_equal(setenv("WSK_EMU_SEED", "12x", 1), 0);
    assert_refused(&config, "WSK_EMU_SEED is \"12x\"");
    assert_int_equal(setenv("WSK_EMU_SEED", "-1", 1), 0);
    assert_refused(&config, "WSK_EMU_SEED");
    assert_int_equal(unsetenv("WSK_EMU_SEED"), 0);
    assert_starts_and_stops(&config);
}

static void test_environment_sets_the_log_level(void **state)
{
    struct wsk_emu_config config = config_stepped();
    enum we_host_log_level before = we_host_log_get_level();

    (void)state;
    assert_int_equal(setenv("WSK_EMU_LOG", "error", 1), 0);
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL, "hidden");
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "shown");
    assert_string_equal(s_log, "shown\n");
    assert_int_equal(wsk_emu_stop(), 0);
    assert_int_equal(setenv("WSK_EMU_LOG", "loud", 1), 0);
    assert_refused(&config, "WSK_EMU_LOG is \"loud\"");
    assert_int_equal(unsetenv("WSK_EMU_LOG"), 0);
    we_host_log_set_level(before);
}

/* --- order --------------------------------------------------------------------------------- */

static void test_start_twice_is_refused(void **state)
{
    struct wsk_emu_config config = config_stepped();

    (void)state;
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_start(&config), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(wsk_emu_start(NULL), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(we_host_exec_kind(), WE_EXEC_STEPPED);
    assert_int_equal(wsk_emu_stop(), 0);
}

static void test_stop_while_stopped_does_nothing(void **state)
{
    struct wsk_emu_config config = config_stepped();

    (void)state;
    assert_int_equal(wsk_emu_stop(), 0);
    assert_starts_and_stops(&config);
    assert_int_equal(wsk_emu_stop(), 0);
}

static void *stop_elsewhere(void *context)
{
    *(size_t *)context = wsk_emu_stop();
    return NULL;
}

static void test_stop_on_another_thread_is_refused(void **state)
{
    struct wsk_emu_config config = config_stepped();
    size_t count = 77;
    pthread_t thread;

    (void)state;
    config.execution = WSK_EMU_EXECUTION_THREADS;
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    assert_int_equal(pthread_create(&thread, NULL, stop_elsewhere, &count), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(count, 0);
    assert_non_null(strstr(s_log, "only the thread that called wsk_emu_start"));
    assert_int_equal(wsk_emu_start(&config), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(wsk_emu_stop(), 0);
}

static void test_start_without_descriptors_fails_and_leaves_nothing(void **state)
{
    struct wsk_emu_config config = config_stepped();
    size_t blocks_before = we_host_mem_live_count();
    struct rlimit limit_before;
    struct rlimit limit;

    (void)state;
    config.execution = WSK_EMU_EXECUTION_THREADS;
    config.network = WSK_EMU_NETWORK_SOCKETS;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit_before), 0);
    limit = limit_before;
    for (int more = 0;; more++) {
        NTSTATUS status;

        limit.rlim_cur = (rlim_t)lowest_free_descriptor() + (rlim_t)more;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        s_log[0] = 0;
        status = wsk_emu_start(&config);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit_before), 0);
        if (status == STATUS_SUCCESS) {
            assert_true(more > 0);
            break;
        }
        assert_int_equal(status, STATUS_INSUFFICIENT_RESOURCES);
        assert_non_null(strstr(s_log, "wsk_emu_start: "));
        assert_int_equal(we_host_mem_live_count(), blocks_before);
        assert_int_equal(wsk_emu_stop(), 0);
    }
    assert_int_equal(wsk_emu_stop(), 0);
}

static void test_version_is_that_of_the_header(void **state)
{
    CHAR expected[32];

    (void)state;
    snprintf(expected, sizeof(expected), "%d.%d.%d", WSK_EMU_VERSION_MAJOR, WSK_EMU_VERSION_MINOR,
             WSK_EMU_VERSION_PATCH);
    assert_string_equal(wsk_emu_version(), expected);
}

/* --- what drivers leave --------------------------------------------------------------------- */

static const WSK_CLIENT_DISPATCH client_dispatch = { MAKE_WSK_VERSION(1, 0), 0, NULL };
static WSK_CLIENT_NPI s_client = { NULL, &client_dispatch };
static WSK_REGISTRATION s_registration;
static KTIMER s_timer;
static KDPC s_dpc;
static KEVENT s_never;

static VOID never_called(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
}

static VOID endless_thread(PVOID context)
{
    (void)context;
    (void)KeWaitForSingleObject(&s_never, Executive, KernelMode, FALSE, NULL);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

/* Leaves one of everything. */
static NTSTATUS leaking_entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    LARGE_INTEGER far = { .QuadPart = -10000000 };
    WSK_PROVIDER_NPI provider;
    PDEVICE_OBJECT device;
    HANDLE thread;

    (void)path;
    assert_int_equal(IoCreateDevice(object, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device), STATUS_SUCCESS);
    assert_int_equal(WskRegister(&s_client, &s_registration), STATUS_SUCCESS);
    assert_int_equal(WskCaptureProviderNPI(&s_registration, WSK_NO_WAIT, &provider), STATUS_SUCCESS);
    assert_non_null(IoAllocateIrp(1, FALSE));
    assert_non_null(IoAllocateWorkItem(device));
    assert_non_null(ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'kaeL'));
    KeInitializeEvent(&s_never, NotificationEvent, FALSE);
    assert_int_equal(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, endless_thread, NULL),
                     STATUS_SUCCESS);
    KeInitializeTimer(&s_timer);
    KeInitializeDpc(&s_dpc, never_called, NULL);
    KeSetTimer(&s_timer, far, &s_dpc);
    return STATUS_SUCCESS;
}

static void run_leaking_driver(struct wsk_emu_config config)
{
    size_t blocks_before = we_host_mem_live_count();
    int descriptor_before = lowest_free_descriptor();
    PDRIVER_OBJECT driver;

    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_driver_load(leaking_entry, "leak", &driver), STATUS_SUCCESS);
    assert_true(wsk_emu_stop() >= 8); /* device, registration, capture, IRP, work item, pool, thread, handle, timer */
    assert_int_equal(we_host_mem_live_count(), blocks_before);
    assert_int_equal(lowest_free_descriptor(), descriptor_before);
    for (int kind = 0; kind < WE_KIND_COUNT; kind++) {
        assert_int_equal(we_vrf_ledger_count((enum we_vrf_kind)kind), 0);
    }
    assert_starts_and_stops(&config);
}

static void test_driver_that_leaks_everything_leaves_nothing_stepped(void **state)
{
    (void)state;
    run_leaking_driver(config_stepped());
}

static void test_driver_that_leaks_everything_leaves_nothing_threads(void **state)
{
    struct wsk_emu_config config = config_stepped();

    (void)state;
    config.execution = WSK_EMU_EXECUTION_THREADS;
    config.network = WSK_EMU_NETWORK_SOCKETS;
    run_leaking_driver(config);
}

static void test_stop_with_the_verifier_off_counts_nothing(void **state)
{
    struct wsk_emu_config config = config_stepped();
    PDRIVER_OBJECT driver;

    (void)state;
    config.verifier = WSK_EMU_VERIFIER_OFF;
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_driver_load(leaking_entry, "leak", &driver), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_stop(), 0);
}

static jmp_buf s_jump;

static VOID jumping_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)context;
    (void)argument1;
    (void)argument2;
    longjmp(s_jump, 1);
}

/* A failed assertion in a callback leaves it by longjmp, at DISPATCH_LEVEL, with a lock of the driver held; the fixture
 * then stops the kernel. Neither that nor the next start may suffer. */
static void test_stop_after_a_callback_was_left_by_longjmp(void **state)
{
    struct wsk_emu_config config = config_stepped();
    size_t blocks_before = we_host_mem_live_count();
    static KSPIN_LOCK s_lock;

    (void)state;
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    KeInitializeDpc(&s_dpc, jumping_dpc, NULL);
    KeInitializeSpinLock(&s_lock);
    if (setjmp(s_jump) == 0) {
        KeInsertQueueDpc(&s_dpc, NULL, NULL);
        wsk_kit_run_until_idle();
        fail_msg("the DPC did not run");
    }
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeAcquireSpinLockAtDpcLevel(&s_lock);
    (void)wsk_emu_stop();
    assert_int_equal(we_host_mem_live_count(), blocks_before);
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_int_equal(wsk_emu_stop(), 0);
}

/* What the glue does after a failed assertion: the failure was reported, so what the driver left is not. */
static void test_abandon_after_a_callback_was_left_reports_and_leaves_nothing(void **state)
{
    struct wsk_emu_config config = config_stepped();
    size_t blocks_before = we_host_mem_live_count();
    PDRIVER_OBJECT driver;

    (void)state;
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_driver_load(leaking_entry, "leak", &driver), STATUS_SUCCESS);
    KeInitializeDpc(&s_dpc, jumping_dpc, NULL);
    if (setjmp(s_jump) == 0) {
        KeInsertQueueDpc(&s_dpc, NULL, NULL);
        wsk_kit_run_until_idle();
        fail_msg("the DPC did not run");
    }
    we_instance_abandon();
    assert_false(we_instance_is_running());
    assert_int_equal(we_host_mem_live_count(), blocks_before);
    assert_string_equal(we_vrf_last_report(), "");
    we_instance_abandon(); /* while stopped it does nothing */
    assert_starts_and_stops(&config);
}

/* --- many times ------------------------------------------------------------------------------ */

static VOID small_unload(PDRIVER_OBJECT object)
{
    (void)object;
    WskDeregister(&s_registration);
}

static NTSTATUS small_entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    (void)path;
    object->DriverUnload = small_unload;
    return WskRegister(&s_client, &s_registration);
}

static void run_small_driver(const struct wsk_emu_config *config)
{
    PDRIVER_OBJECT driver;

    assert_int_equal(wsk_emu_start(config), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_driver_load(small_entry, "small", &driver), STATUS_SUCCESS);
    wsk_emu_driver_unload(driver);
    assert_int_equal(wsk_emu_stop(), 0);
}

static void test_ten_thousand_starts_and_stops_leave_nothing(void **state)
{
    struct wsk_emu_config config = config_stepped();
    size_t blocks_before;
    int descriptor_before;

    (void)state;
    run_small_driver(&config); /* what is made once a process */
    blocks_before = we_host_mem_live_count();
    descriptor_before = lowest_free_descriptor();
    for (int i = 0; i < 10000; i++) {
        run_small_driver(&config);
    }
    assert_int_equal(we_host_mem_live_count(), blocks_before);
    assert_int_equal(lowest_free_descriptor(), descriptor_before);
}

/* Each of these makes and joins host threads and descriptors. */
static void test_a_hundred_starts_and_stops_with_threads_leave_nothing(void **state)
{
    struct wsk_emu_config config = config_stepped();
    size_t blocks_before;
    int descriptor_before;

    (void)state;
    config.execution = WSK_EMU_EXECUTION_THREADS;
    config.network = WSK_EMU_NETWORK_SOCKETS;
    run_small_driver(&config);
    blocks_before = we_host_mem_live_count();
    descriptor_before = lowest_free_descriptor();
    for (int i = 0; i < 100; i++) {
        run_small_driver(&config);
    }
    assert_int_equal(we_host_mem_live_count(), blocks_before);
    assert_int_equal(lowest_free_descriptor(), descriptor_before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start_refuses_a_config_of_another_size),
        cmocka_unit_test(test_start_names_the_member_that_is_out_of_range),
        cmocka_unit_test(test_start_names_every_member_that_is_wrong),
        cmocka_unit_test(test_start_with_the_limits_of_each_member_works),
        cmocka_unit_test(test_start_without_a_config_means_threads_and_sockets),
        cmocka_unit_test(test_start_hands_the_values_to_the_parts),
        cmocka_unit_test(test_all_four_ways_start_and_stop),
        cmocka_unit_test(test_log_goes_to_the_sink_until_the_stop),
        cmocka_unit_test(test_environment_overrides_the_seed),
        cmocka_unit_test(test_environment_sets_the_log_level),
        cmocka_unit_test(test_start_twice_is_refused),
        cmocka_unit_test(test_stop_while_stopped_does_nothing),
        cmocka_unit_test(test_stop_on_another_thread_is_refused),
        cmocka_unit_test(test_start_without_descriptors_fails_and_leaves_nothing),
        cmocka_unit_test(test_version_is_that_of_the_header),
        cmocka_unit_test(test_driver_that_leaks_everything_leaves_nothing_stepped),
        cmocka_unit_test(test_driver_that_leaks_everything_leaves_nothing_threads),
        cmocka_unit_test(test_stop_with_the_verifier_off_counts_nothing),
        cmocka_unit_test(test_stop_after_a_callback_was_left_by_longjmp),
        cmocka_unit_test(test_abandon_after_a_callback_was_left_reports_and_leaves_nothing),
        cmocka_unit_test(test_ten_thousand_starts_and_stops_leave_nothing),
        cmocka_unit_test(test_a_hundred_starts_and_stops_with_threads_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
