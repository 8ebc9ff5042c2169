/* SPDX-License-Identifier: MIT */
/* System threads: how they begin, how they end, and who can wait for that. */
#include <wdm.h>

#include "nt/nt_thread.h"
#include "wsk_emu/cmocka.h"

static struct {
    KIRQL irql;
    BOOLEAN are_apcs_disabled;
    BOOLEAN is_system;
    PVOID context;
    PKTHREAD thread;
    HANDLE id;
    LONG step;
} s_seen;

static KEVENT s_go;

/* Creates a thread and exchanges its handle for a referenced pointer, as drivers do. */
static PVOID start(PKSTART_ROUTINE routine, PVOID context, PCLIENT_ID id)
{
    PVOID thread = NULL;
    HANDLE handle;

    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, id, routine, context),
                     STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode, &thread, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    return thread;
}

static void finish(PVOID thread)
{
    assert_int_equal(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    ObDereferenceObject(thread);
}

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(&s_seen, sizeof(s_seen));
    KeInitializeEvent(&s_go, NotificationEvent, FALSE);
    return 0;
}

static VOID noting_routine(PVOID Context)
{
    s_seen.irql = KeGetCurrentIrql();
    s_seen.are_apcs_disabled = KeAreApcsDisabled();
    s_seen.thread = KeGetCurrentThread();
    s_seen.id = PsGetCurrentThreadId();
    s_seen.is_system = ((struct we_nt_thread *)(void *)s_seen.thread)->is_system;
    s_seen.context = Context;
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_PsCreateSystemThread_starts_at_passive_in_a_critical_region(void **state)
{
    CLIENT_ID id;
    int context;
    PVOID thread;

    UNREFERENCED_PARAMETER(state);
    thread = start(noting_routine, &context, &id);
    assert_int_equal(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    assert_int_equal(s_seen.irql, PASSIVE_LEVEL);
    assert_true(s_seen.are_apcs_disabled);
    assert_true(s_seen.is_system);
    assert_ptr_equal(s_seen.context, &context);
    assert_ptr_equal(s_seen.thread, thread);
    assert_ptr_equal(s_seen.id, id.UniqueThread);
    assert_ptr_equal(id.UniqueProcess, PsGetCurrentProcessId());
    finish(thread); /* signalled for ever */
}

static void test_PsCreateSystemThread_bad_arguments_are_refused(void **state)
{
    HANDLE handle;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(PsCreateSystemThread(&handle, 0, NULL, (HANDLE)4, NULL, noting_routine, NULL),
                     STATUS_INVALID_PARAMETER);
}

static VOID waiting_routine(PVOID Context)
{
    KeWaitForSingleObject(&s_go, Executive, KernelMode, FALSE, NULL);
    InterlockedIncrement((LONG *)Context);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_wait_for_thread_that_runs_times_out(void **state)
{
    LARGE_INTEGER poll = { .QuadPart = 0 };
    PVOID thread = start(waiting_routine, &s_seen.step, NULL);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, &poll), STATUS_TIMEOUT);
    assert_int_equal(s_seen.step, 0);
    KeSetEvent(&s_go, 0, FALSE);
    finish(thread);
    assert_int_equal(s_seen.step, 1);
}

static VOID nested_end(unsigned depth)
{
    if (depth > 0) {
        nested_end(depth - 1);
        s_seen.step = -1; /* never reached */
    }
    PsTerminateSystemThread(STATUS_UNSUCCESSFUL);
}

static VOID ending_deep_routine(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    nested_end(5);
}

static void test_PsTerminateSystemThread_does_not_return(void **state)
{
    UNREFERENCED_PARAMETER(state);
    finish(start(ending_deep_routine, NULL, NULL));
    assert_int_equal(s_seen.step, 0);
}

static void test_many_threads_all_end_and_leave_nothing(void **state)
{
    PVOID threads[20];
    LONG count = 0;
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < RTL_NUMBER_OF(threads); i++) {
        threads[i] = start(waiting_routine, &count, NULL);
    }
    KeSetEvent(&s_go, 0, FALSE);
    for (i = 0; i < RTL_NUMBER_OF(threads); i++) {
        finish(threads[i]);
    }
    assert_int_equal(count, RTL_NUMBER_OF(threads));
}

static void test_thread_ended_before_its_handle_is_used_can_be_waited_for(void **state)
{
    PVOID thread;
    HANDLE handle;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(PsCreateSystemThread(&handle, 0, NULL, NULL, NULL, noting_routine, NULL), STATUS_SUCCESS);
    wsk_kit_run_until_idle();
    assert_int_equal(ObReferenceObjectByHandle(handle, 0, *PsThreadType, KernelMode, &thread, NULL), STATUS_SUCCESS);
    ZwClose(handle);
    finish(thread);
}

static void test_KeSetPriorityThread_is_kept_and_given_back(void **state)
{
    PKTHREAD thread = KeGetCurrentThread();
    KPRIORITY old = KeQueryPriorityThread(thread);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(KeSetPriorityThread(thread, LOW_REALTIME_PRIORITY), old);
    assert_int_equal(KeQueryPriorityThread(thread), LOW_REALTIME_PRIORITY);
    assert_int_equal(KeSetPriorityThread(thread, 0), LOW_REALTIME_PRIORITY);  /* not a priority */
    assert_int_equal(KeSetPriorityThread(thread, 32), LOW_REALTIME_PRIORITY); /* nor is this */
    assert_int_equal(KeQueryPriorityThread(thread), LOW_REALTIME_PRIORITY);
    assert_int_equal(KeSetBasePriorityThread(thread, 2), 8);
    assert_int_equal(KeSetBasePriorityThread(thread, 0), 2);
    assert_int_equal(KeQueryPriorityThread(thread), old);
}

static void test_current_thread_and_process_have_identities(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_ptr_equal(PsGetCurrentThread(), KeGetCurrentThread());
    assert_non_null(PsGetCurrentThreadId());
    assert_int_equal((ULONG_PTR)PsGetCurrentProcessId(), 4);
    assert_non_null(PsGetCurrentProcess());
}

NTSTATUS ZwQuerySystemInformation(ULONG SystemInformationClass, PVOID SystemInformation, ULONG SystemInformationLength,
                                  PULONG ReturnLength);

static void test_system_has_pages_and_processors(void **state)
{
    struct {
        ULONG numbers[7];
        ULONG_PTR addresses[3];
        CCHAR processors;
    } basic; /* SYSTEM_BASIC_INFORMATION, which no header declares */
    ULONG length = 0;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(ZwQuerySystemInformation(0, &basic, sizeof(basic), &length), STATUS_SUCCESS);
    assert_int_equal(length, sizeof(basic));
    assert_int_equal(basic.numbers[2], PAGE_SIZE);
    assert_int_equal((ULONG64)basic.numbers[3] * PAGE_SIZE, 4ull << 30);
    assert_int_equal(basic.processors, KeQueryActiveProcessorCount(NULL));
    assert_int_equal(ZwQuerySystemInformation(0, &basic, sizeof(basic) - 1, &length), STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(length, sizeof(basic));
    assert_int_equal(ZwQuerySystemInformation(4711, &basic, sizeof(basic), &length), STATUS_INVALID_INFO_CLASS);
    assert_int_equal(length, 0);
    assert_int_equal(ZwQuerySystemInformation(4711, &basic, sizeof(basic), NULL), STATUS_INVALID_INFO_CLASS);
}

static const struct wsk_emu_config s_threads = { .size = sizeof(s_threads),
                                                 .execution = WSK_EMU_EXECUTION_THREADS,
                                                 .network = WSK_EMU_NETWORK_VIRTUAL };

#define both(f) wsk_emu_unit_test_setup_teardown(f, setup, NULL), wsk_emu_unit_test_config(f, setup, NULL, &s_threads)

int main(void)
{
    const struct CMUnitTest tests[] = {
        both(test_PsCreateSystemThread_starts_at_passive_in_a_critical_region),
        both(test_PsCreateSystemThread_bad_arguments_are_refused),
        both(test_wait_for_thread_that_runs_times_out),
        both(test_PsTerminateSystemThread_does_not_return),
        both(test_many_threads_all_end_and_leave_nothing),
        both(test_thread_ended_before_its_handle_is_used_can_be_waited_for),
        both(test_KeSetPriorityThread_is_kept_and_given_back),
        both(test_current_thread_and_process_have_identities),
        both(test_system_has_pages_and_processors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
