/* SPDX-License-Identifier: MIT */
/* A test that fails leaves everything where it was, on a stack that is gone: the next test must not notice. */
#include <stdlib.h>
#include <string.h>

#include "support/conn_client.h"

#include "host/host_mem.h"
#include "support/child.h"
#include "wsk_emu/driver.h"

/* Each part runs in a child process: its first test fails in the middle of something, its second one is a complete,
 * honest test that must pass. In builds with a leak checker the child must not leak either. */

static void healthy_test(void **state)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(*state, AF_INET, NULL, NULL, false, &port);
    struct wsk_kit_peer *peer;
    PWSK_SOCKET accepted = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &peer);
    LARGE_INTEGER soon;
    KTIMER timer;

    wsk_kit_peer_send_text(peer, "still alive");
    connection_expect_text(accepted, "still alive");
    KeInitializeTimer(&timer);
    soon.QuadPart = -10000;
    (void)KeSetTimer(&timer, soon, NULL);
    assert_int_equal(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    socket_close(accepted);
    socket_close(listener);
}

#define HEALTHY wsk_emu_unit_test_setup_teardown(healthy_test, fixture_setup, fixture_teardown)

static void expect_unharmed(const char *part)
{
    struct child_result result;

    child_run(part, &result);
    if (result.signal != 0 || result.exit_code != 0) {
        print_error("%s: %s\n", part, result.errors);
    }
    assert_int_equal(result.signal, 0);
    assert_int_equal(result.exit_code, 0);
    assert_non_null(strstr(result.errors, "0x1 != 0x2"));
}

#define FAIL_HERE() assert_int_equal(1, 2)

static LARGE_INTEGER relative_ms(LONGLONG milliseconds)
{
    LARGE_INTEGER time;

    time.QuadPart = -milliseconds * 10000;
    return time;
}

/* Stops the kernel while the frames of the failed test are other people's: nobody may write there. */
static __attribute__((noinline)) int guarding_teardown(void **state)
{
    volatile unsigned char bytes[32768];
    int result;

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = 0xa5;
    }
    result = wsk_kit_cmocka_teardown(state);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (bytes[i] != 0xa5) {
            print_error("byte %zu of the stack was overwritten\n", i);
            abort();
        }
    }
    return result;
}

/* --- objects on the stack of the test that failed --------------------------------------------------------------- */

static VOID NTAPI nothing_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
}

static VOID NTAPI nothing_work(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
}

static KTIMER s_timer; /* between two that are gone */

static __attribute__((noinline)) void fails_with_timers_set(void **state)
{
    KTIMER early;
    KTIMER late;
    KDPC dpc;

    (void)state;
    KeInitializeTimer(&early);
    KeInitializeTimer(&late);
    KeInitializeTimer(&s_timer);
    KeInitializeDpc(&dpc, nothing_dpc, NULL);
    (void)KeSetTimer(&early, relative_ms(1), &dpc);
    (void)KeSetTimer(&s_timer, relative_ms(2), NULL);
    (void)KeSetTimerEx(&late, relative_ms(3), 1, &dpc);
    FAIL_HERE();
}

static __attribute__((noinline)) void fails_with_dpc_queued(void **state)
{
    KDPC dpcs[2];
    USHORT port;
    KIRQL old;

    (void)listener_open(*state, AF_INET, NULL, NULL, false, &port); /* its end lets the processors run */
    KeInitializeDpc(&dpcs[0], nothing_dpc, NULL);
    KeInitializeDpc(&dpcs[1], nothing_dpc, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)KeInsertQueueDpc(&dpcs[0], NULL, NULL);
    KeSetTargetProcessorDpc(&dpcs[1], 1);
    (void)KeInsertQueueDpc(&dpcs[1], NULL, NULL);
    FAIL_HERE();
}

static __attribute__((noinline)) void fails_with_work_queued(void **state)
{
    WORK_QUEUE_ITEM items[2];

    (void)state;
    ExInitializeWorkItem(&items[0], nothing_work, NULL);
    ExInitializeWorkItem(&items[1], nothing_work, NULL);
    ExQueueWorkItem(&items[0], DelayedWorkQueue);
    ExQueueWorkItem(&items[1], DelayedWorkQueue);
    FAIL_HERE();
}

static PKEVENT s_event_on_stack;

static VOID NTAPI thread_that_waits(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    (void)KeWaitForSingleObject(s_event_on_stack, Executive, KernelMode, FALSE, NULL);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void thread_start(PKSTART_ROUTINE routine, PVOID context)
{
    HANDLE handle;

    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, context),
                     STATUS_SUCCESS);
    (void)ZwClose(handle);
}

static __attribute__((noinline)) void fails_with_thread_waiting_for_event(void **state)
{
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    s_event_on_stack = &event;
    thread_start(thread_that_waits, NULL);
    thread_start(thread_that_waits, NULL);
    wsk_kit_run_until_idle();
    FAIL_HERE();
}

static VOID NTAPI failing_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    FAIL_HERE();
}

static KEVENT s_event;
static KDPC s_dpc;

/* The test waits for an event of its own and for one that outlives it; the callback that fails runs inside the wait. */
static __attribute__((noinline)) void fails_inside_wait(void **state)
{
    PVOID objects[2];
    KEVENT event;

    (void)state;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeEvent(&s_event, NotificationEvent, FALSE);
    s_event_on_stack = &event;
    thread_start(thread_that_waits, NULL);
    KeInitializeDpc(&s_dpc, failing_dpc, NULL);
    KeInitializeTimer(&s_timer);
    (void)KeSetTimer(&s_timer, relative_ms(5), &s_dpc);
    objects[0] = &event;
    objects[1] = &s_event;
    (void)KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
}

/* WskDeregister waits for a socket that nobody closes. */
static __attribute__((noinline)) void fails_inside_deregister(void **state)
{
    struct wsk_fixture *fixture = *state;

    (void)socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    KeInitializeDpc(&s_dpc, failing_dpc, NULL);
    KeInitializeTimer(&s_timer);
    (void)KeSetTimer(&s_timer, relative_ms(5), &s_dpc);
    fixture_release(fixture);
    fixture_deregister(fixture);
}

static NTSTATUS NTAPI failing_entry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNREFERENCED_PARAMETER(driver);
    UNREFERENCED_PARAMETER(registry_path);
    FAIL_HERE();
    return STATUS_SUCCESS;
}

static __attribute__((noinline)) void fails_inside_driver_entry(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    (void)wsk_emu_driver_load(failing_entry, "failing", &driver);
}

static KSPIN_LOCK s_lock; /* never initialised: zero is free */

static __attribute__((noinline)) void fails_with_queued_lock_held(void **state)
{
    KLOCK_QUEUE_HANDLE handle;

    (void)state;
    KeAcquireInStackQueuedSpinLock(&s_lock, &handle);
    FAIL_HERE();
}

static __attribute__((noinline)) void fails_with_lock_on_stack(void **state)
{
    KSPIN_LOCK locks[64];
    KIRQL old;

    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        KeInitializeSpinLock(&locks[i]);
    }
    KeAcquireSpinLock(&locks[0], &old);
    for (unsigned i = 1; i < 15; i++) {
        KeAcquireSpinLockAtDpcLevel(&locks[i * 4]);
    }
    FAIL_HERE();
}

static void lock_is_free_test(void **state)
{
    (void)state;
    assert_true(KeTestSpinLock(&s_lock));
}

#define STACK_PART(name, execution_)                                                                          \
    static void part_##name(void)                                                                             \
    {                                                                                                         \
        struct CMUnitTest tests[] = { wsk_emu_unit_test_config(fails_##name, fixture_setup, fixture_teardown, \
                                                               execution_),                                   \
                                      HEALTHY, wsk_emu_unit_test(lock_is_free_test) };                        \
        int failed;                                                                                           \
                                                                                                              \
        tests[0].teardown_func = guarding_teardown;                                                           \
        failed = cmocka_run_group_tests(tests, NULL, NULL);                                                   \
        exit(failed == 1 ? 0 : 10 + failed);                                                                  \
    }

STACK_PART(with_timers_set, NULL)
STACK_PART(with_dpc_queued, NULL)
STACK_PART(with_work_queued, NULL)
STACK_PART(with_thread_waiting_for_event, NULL)
STACK_PART(inside_wait, NULL)
STACK_PART(inside_deregister, NULL)
STACK_PART(inside_driver_entry, NULL)
STACK_PART(with_queued_lock_held, NULL)
STACK_PART(with_lock_on_stack, NULL)

static void test_objects_on_the_failed_tests_stack_are_forgotten(void **state)
{
    (void)state;
    expect_unharmed("with_timers_set");
    expect_unharmed("with_dpc_queued");
    expect_unharmed("with_work_queued");
    expect_unharmed("with_thread_waiting_for_event");
}

static void test_failure_inside_a_wait_ends_the_wait(void **state)
{
    (void)state;
    expect_unharmed("inside_wait");
    expect_unharmed("inside_deregister");
}

static void test_failure_inside_driver_entry_loses_nothing(void **state)
{
    (void)state;
    expect_unharmed("inside_driver_entry");
}

static void test_locks_that_a_failed_test_held_are_free(void **state)
{
    (void)state;
    expect_unharmed("with_queued_lock_held");
    expect_unharmed("with_lock_on_stack");
}

/* --- callbacks and completion routines ------------------------------------------------------------------------------ */

/* One connection from beginning to end, both as server and as client, touches every kind of routine; the one whose name
 * the part has fails. */
static const char *s_routine;

static void routine_reached(const char *name)
{
    if (strcmp(s_routine, name) == 0) {
        FAIL_HERE();
    }
}

static WSK_INSPECT_ACTION WSKAPI on_inspect(PVOID context, PSOCKADDR local, PSOCKADDR remote, PWSK_INSPECT_ID id)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(local);
    UNREFERENCED_PARAMETER(remote);
    UNREFERENCED_PARAMETER(id);
    routine_reached("inspect");
    return strcmp(s_routine, "abort") == 0 ? WskInspectPend : WskInspectAccept;
}

static NTSTATUS WSKAPI on_abort(PVOID context, PWSK_INSPECT_ID id)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(id);
    routine_reached("abort");
    return STATUS_SUCCESS;
}

static NTSTATUS WSKAPI on_receive(PVOID context, ULONG flags, PWSK_DATA_INDICATION list, SIZE_T length,
                                  SIZE_T *accepted)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(flags);
    UNREFERENCED_PARAMETER(list);
    UNREFERENCED_PARAMETER(length);
    UNREFERENCED_PARAMETER(accepted);
    routine_reached("receive");
    return STATUS_SUCCESS;
}

static NTSTATUS WSKAPI on_disconnect(PVOID context, ULONG flags)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(flags);
    routine_reached("disconnect");
    return STATUS_SUCCESS;
}

static const WSK_CLIENT_CONNECTION_DISPATCH s_connection = { on_receive, on_disconnect, NULL };

static NTSTATUS WSKAPI on_accept(PVOID context, ULONG flags, PSOCKADDR local, PSOCKADDR remote, PWSK_SOCKET socket,
                                 PVOID *accepted_context, CONST WSK_CLIENT_CONNECTION_DISPATCH **accepted_dispatch)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(flags);
    UNREFERENCED_PARAMETER(local);
    UNREFERENCED_PARAMETER(remote);
    *accepted_context = NULL;
    *accepted_dispatch = &s_connection;
    UNREFERENCED_PARAMETER(socket);
    routine_reached("accept");
    return STATUS_SUCCESS;
}

static const WSK_CLIENT_LISTEN_DISPATCH s_listener = { on_accept, on_inspect, on_abort };

static void completed(struct wsk_request *request)
{
    routine_reached(request->context);
}

/* The requests of failed tests: out of use, but not lost. */
static struct wsk_request *s_requests[64];
static size_t s_request_count;

/* Calls one function with a request whose completion routine may fail, and waits. */
#define REACH(name, irp, call)                           \
    do {                                                 \
        struct wsk_request *request_ = request_create(); \
        PIRP irp = request_irp(request_);                \
        NTSTATUS returned_;                              \
                                                         \
        s_requests[s_request_count++ % 64] = request_;   \
        request_->completed = completed;                 \
        request_->context = (name);                      \
        returned_ = (call);                              \
        (void)request_wait(request_, returned_);         \
        request_destroy(request_);                       \
    } while (0)

static void as_client(struct wsk_fixture *fixture)
{
    PWSK_SOCKET socket = socket_open(fixture, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    const WSK_PROVIDER_CONNECTION_DISPATCH *table = conn_table(socket);
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    SOCKADDR_STORAGE any = address_any(AF_INET, 0);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_server_port(server));
    unsigned char bytes[10];
    WSK_BUF buffer;

    memset(bytes, 0, sizeof(bytes));
    REACH("bind", irp, table->WskBind(socket, (PSOCKADDR)&any, 0, irp));
    REACH("connect", irp, table->WskConnect(socket, (PSOCKADDR)&remote, 0, irp));
    buffer_init(&buffer, bytes, sizeof(bytes));
    REACH("send", irp, table->WskSend(socket, &buffer, 0, irp));
    wsk_kit_peer_send_text(wsk_kit_server_accept(server), "0123456789");
    REACH("receive by IRP", irp, table->WskReceive(socket, &buffer, 0, irp));
    REACH("cancelled receive", irp, (table->WskReceive(socket, &buffer, 0, irp), IoCancelIrp(irp), STATUS_PENDING));
    buffer_fini(&buffer);
    REACH("graceful disconnect", irp, table->WskDisconnect(socket, NULL, 0, irp));
    REACH("close", irp, table->WskCloseSocket(socket, irp));
}

static void as_server(struct wsk_fixture *fixture)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(fixture, AF_INET, NULL, &s_listener, true, &port);
    const WSK_PROVIDER_LISTEN_DISPATCH *table = listener->Dispatch;
    struct wsk_kit_peer *peer;
    bool is_by_irp = strcmp(s_routine, "accept by IRP") == 0;

    socket_events(listener, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
    if (!is_by_irp) {
        socket_events(listener, WSK_EVENT_ACCEPT);
    }
    peer = wsk_kit_connect(WSK_KIT_IPV4, port);
    if (is_by_irp) {
        REACH("accept by IRP", irp, table->WskAccept(listener, 0, NULL, NULL, NULL, NULL, irp));
    }
    wsk_kit_run_until_idle();
    if (strcmp(s_routine, "abort") == 0) {
        wsk_kit_peer_reset(peer);
        wsk_kit_run_until_idle();
    }
    wsk_kit_peer_send_text(peer, "bytes");
    wsk_kit_peer_end(peer);
    wsk_kit_run_until_idle();
}

static void fails_in_routine(void **state)
{
    as_client(*state);
    as_server(*state);
    fail_msg("%s was never reached", s_routine);
}

static const char *const s_routines[] = {
    "bind",    "connect", "send",   "receive by IRP", "cancelled receive", "graceful disconnect", "close",
    "inspect", "abort",   "accept", "accept by IRP",  "receive",           "disconnect"
};

static void part_routines(void)
{
    for (size_t i = 0; i < sizeof(s_routines) / sizeof(s_routines[0]); i++) {
        const struct CMUnitTest tests[] = {
            wsk_emu_unit_test_setup_teardown(fails_in_routine, fixture_setup, fixture_teardown), HEALTHY
        };

        size_t blocks_before = we_host_mem_live_count();

        s_routine = s_routines[i];
        print_error("%s\n", s_routine);
        if (cmocka_run_group_tests(tests, NULL, NULL) != 1) {
            exit(1);
        }
        if (we_host_mem_live_count() != blocks_before) {
            print_error("%zu blocks more than before\n", we_host_mem_live_count() - blocks_before);
            exit(2);
        }
    }
    child_end();
}

static void test_failure_in_any_routine_leaves_the_next_test_unharmed(void **state)
{
    (void)state;
    expect_unharmed("routines");
}

static const struct child_part s_parts[] = {
    { "routines", part_routines },
    { "with_timers_set", part_with_timers_set },
    { "with_dpc_queued", part_with_dpc_queued },
    { "with_work_queued", part_with_work_queued },
    { "with_thread_waiting_for_event", part_with_thread_waiting_for_event },
    { "inside_wait", part_inside_wait },
    { "inside_deregister", part_inside_deregister },
    { "inside_driver_entry", part_inside_driver_entry },
    { "with_queued_lock_held", part_with_queued_lock_held },
    { "with_lock_on_stack", part_with_lock_on_stack },
    { NULL, NULL },
};

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects_on_the_failed_tests_stack_are_forgotten),
        cmocka_unit_test(test_failure_inside_a_wait_ends_the_wait),
        cmocka_unit_test(test_failure_inside_driver_entry_loses_nothing),
        cmocka_unit_test(test_locks_that_a_failed_test_held_are_free),
        cmocka_unit_test(test_failure_in_any_routine_leaves_the_next_test_unharmed),
    };

    child_run_part_if_asked(argc, argv, s_parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
