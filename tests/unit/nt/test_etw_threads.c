/* SPDX-License-Identifier: MIT */
/* Event providers on several threads at once: they register, write and go while the test changes who is enabled. */
#include <ntddk.h>

#include "nt/etw_event.h"
#include "support/emu_fixture.h"
#include "support/system_thread.h"
#include "wsk_emu/cmocka.h"
#include "wsk_emu/trace.h"

#define THREAD_COUNT 4
#define ROUND_COUNT 200

static const GUID provider_guid = { 7, 7, 7, { 7 } };

static struct {
    LONG callback_count; /* of all enable callbacks */
    LONG failed_count;
} s_shared;

struct worker {
    PETHREAD thread;
    LONG registered; /* 0: a callback now would come too late */
};

static VOID NTAPI enabled(LPCGUID source, ULONG code, UCHAR level, ULONGLONG any, ULONGLONG all,
                          PEVENT_FILTER_DESCRIPTOR filter, PVOID context)
{
    struct worker *worker = context;

    UNREFERENCED_PARAMETER(source);
    UNREFERENCED_PARAMETER(code);
    UNREFERENCED_PARAMETER(level);
    UNREFERENCED_PARAMETER(any);
    UNREFERENCED_PARAMETER(all);
    UNREFERENCED_PARAMETER(filter);
    InterlockedIncrement(&s_shared.callback_count);
    if (InterlockedCompareExchange(&worker->registered, 1, 1) == 0) {
        InterlockedIncrement(&s_shared.failed_count);
    }
}

static VOID work(PVOID context)
{
    struct worker *worker = context;
    EVENT_DESCRIPTOR descriptor;
    EVENT_DATA_DESCRIPTOR piece;
    REGHANDLE handle;

    EventDescCreate(&descriptor, 1, 0, 0, 2, 0, 0, 0);
    EventDataDescCreate(&piece, "data", 4);
    for (int i = 0; i < ROUND_COUNT; i++) {
        InterlockedExchange(&worker->registered, 1);
        if (EtwRegister(&provider_guid, enabled, worker, &handle) != STATUS_SUCCESS ||
            EtwWrite(handle, &descriptor, NULL, 1, &piece) != STATUS_SUCCESS ||
            EtwUnregister(handle) != STATUS_SUCCESS) {
            InterlockedIncrement(&s_shared.failed_count);
        }
        /* Whatever callback was running has returned. */
        InterlockedExchange(&worker->registered, 0);
    }
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_etw_providers_come_and_go_on_several_threads(void **state)
{
    static struct worker workers[THREAD_COUNT];

    (void)state;
    for (int i = 0; i < THREAD_COUNT; i++) {
        workers[i].thread = system_thread_start(work, &workers[i]);
    }
    for (int i = 0; i < ROUND_COUNT; i++) {
        if (i % 2 == 0) {
            wsk_kit_trace_disable(NULL);
        } else {
            wsk_kit_trace_enable(NULL, 5, ~0ull);
        }
        (void)wsk_kit_trace_count(NULL);
    }
    for (int i = 0; i < THREAD_COUNT; i++) {
        system_thread_join(workers[i].thread);
    }
    assert_int_equal(s_shared.failed_count, 0);
    assert_true(wsk_kit_trace_count(NULL) <= WE_ETW_EVENTS_MAX);
}

int main(void)
{
    static const struct wsk_emu_config threads = {
        .size = sizeof(struct wsk_emu_config),
        .execution = WSK_EMU_EXECUTION_THREADS,
        .network = WSK_EMU_NETWORK_VIRTUAL,
        .log = emu_log_drop,
    };
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test_config(test_etw_providers_come_and_go_on_several_threads, NULL, NULL, &threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
