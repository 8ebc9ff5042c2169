/* SPDX-License-Identifier: MIT */
/* Routines of a callback object that come and go while others notify: after ExUnregisterCallback none is called. */
#include <wdm.h>

#include "support/seed_run.h"
#include "support/system_thread.h"
#include "wsk_emu/cmocka.h"

#define GUESTS 3
#define NOTIFIERS 2
#define ROUNDS 8

static struct {
    PCALLBACK_OBJECT object;
    volatile LONG guests_left;
} s_run;

struct guest {
    volatile LONG is_welcome;
    volatile LONG late_count;
    volatile LONG call_count;
};

static VOID visit(PVOID context, PVOID argument1, PVOID argument2)
{
    struct guest *guest = context;

    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    seed_pause();
    if (InterlockedCompareExchange(&guest->is_welcome, 0, 0) == 0) {
        InterlockedIncrement(&guest->late_count);
    }
    InterlockedIncrement(&guest->call_count);
}

static VOID come_and_go(PVOID context)
{
    struct guest *guest = context;
    PVOID registration;
    ULONG round;

    for (round = 0; round < ROUNDS; round++) {
        InterlockedExchange(&guest->is_welcome, 1);
        registration = ExRegisterCallback(s_run.object, visit, guest);
        assert_non_null(registration);
        seed_pause();
        ExUnregisterCallback(registration);
        InterlockedExchange(&guest->is_welcome, 0);
    }
    InterlockedDecrement(&s_run.guests_left);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID notify(PVOID context)
{
    while (InterlockedCompareExchange(&s_run.guests_left, 0, 0) != 0) {
        ExNotifyCallback(s_run.object, context, NULL);
        seed_pause();
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void guests_come_and_go(void)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\Inn");
    OBJECT_ATTRIBUTES attributes;
    struct guest guests[GUESTS];
    PKTHREAD threads[GUESTS + NOTIFIERS];
    ULONG i;

    RtlZeroMemory(guests, sizeof(guests));
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    assert_int_equal(ExCreateCallback(&s_run.object, &attributes, TRUE, TRUE), STATUS_SUCCESS);
    InterlockedExchange(&s_run.guests_left, GUESTS);
    for (i = 0; i < GUESTS; i++) {
        threads[i] = system_thread_start(come_and_go, &guests[i]);
    }
    for (; i < GUESTS + NOTIFIERS; i++) {
        threads[i] = system_thread_start(notify, NULL);
    }
    for (i = 0; i < GUESTS + NOTIFIERS; i++) {
        system_thread_join(threads[i]);
    }
    for (i = 0; i < GUESTS; i++) {
        assert_int_equal(guests[i].late_count, 0);
    }
    ObDereferenceObject(s_run.object);
}

static void test_callback_routines_end_in_every_order(void **state)
{
    UNREFERENCED_PARAMETER(state);
    seed_run_stepped(guests_come_and_go);
}

static void test_callback_routines_end_on_real_threads(void **state)
{
    UNREFERENCED_PARAMETER(state);
    seed_run_threads(guests_come_and_go);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_callback_routines_end_in_every_order, seed_run_teardown),
        cmocka_unit_test_teardown(test_callback_routines_end_on_real_threads, seed_run_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
