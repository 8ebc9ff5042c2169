/* SPDX-License-Identifier: MIT */
/* Callback objects: names, registrations, and the order and IRQL of the calls. */
#include <wdm.h>

#include "host/host_mem.h"
#include "wsk_emu/cmocka.h"

#define ROUTINES 3

static struct wsk_kit_witness *s_calls;
static PCALLBACK_OBJECT s_object;
static PVOID s_registrations[ROUTINES];

static NTSTATUS create(PCWSTR name, ULONG flags, BOOLEAN create, BOOLEAN many, PCALLBACK_OBJECT *object)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING string;

    RtlInitUnicodeString(&string, name);
    InitializeObjectAttributes(&attributes, &string, OBJ_CASE_INSENSITIVE | flags, NULL, NULL);
    return ExCreateCallback(object, &attributes, create, many);
}

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_calls = wsk_kit_witness_create("callback routine");
    return create(L"\\Callback\\Sample", OBJ_PERMANENT, TRUE, TRUE, &s_object) == STATUS_SUCCESS ? 0 : -1;
}

static int teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    ObDereferenceObject(s_object);
    wsk_kit_witness_destroy(s_calls);
    return 0;
}

static VOID notified(PVOID context, PVOID argument1, PVOID argument2)
{
    wsk_kit_witness_call(s_calls, (uintptr_t)context, (uintptr_t)argument1, (uintptr_t)argument2, 0);
}

/* --- names ------------------------------------------------------------------------------------------ */

static void test_ExCreateCallback_opens_by_name_what_is_there(void **state)
{
    PCALLBACK_OBJECT object;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(L"\\callback\\SAMPLE", 0, FALSE, FALSE, &object), STATUS_SUCCESS);
    assert_ptr_equal(object, s_object);
    ObDereferenceObject(object);
    assert_int_equal(create(L"\\Callback\\Sample", 0, TRUE, FALSE, &object), STATUS_SUCCESS);
    assert_ptr_equal(object, s_object);
    ObDereferenceObject(object);
    assert_int_equal(create(L"\\Callback\\Sampl", 0, FALSE, FALSE, &object), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_null(object);
    assert_int_equal(create(L"\\Callback\\Samplf", 0, FALSE, FALSE, &object), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void test_ExCreateCallback_keeps_a_permanent_object(void **state)
{
    PCALLBACK_OBJECT object;
    PVOID registration;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(L"\\Callback\\Other", OBJ_PERMANENT, TRUE, FALSE, &object), STATUS_SUCCESS);
    ObDereferenceObject(object);
    assert_int_equal(create(L"\\Callback\\Other", 0, FALSE, TRUE, &object), STATUS_SUCCESS);
    registration = ExRegisterCallback(object, notified, NULL);
    assert_non_null(registration);
    assert_null(ExRegisterCallback(object, notified, NULL)); /* as it was made, not as it was opened */
    ExUnregisterCallback(registration);
    registration = ExRegisterCallback(object, notified, NULL);
    assert_non_null(registration);
    ExUnregisterCallback(registration);
    ObDereferenceObject(object);
}

static void test_ExCreateCallback_without_permanent_has_no_name(void **state)
{
    PCALLBACK_OBJECT object;
    PCALLBACK_OBJECT other;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(L"\\Callback\\Own", 0, TRUE, FALSE, &object), STATUS_SUCCESS);
    assert_int_equal(create(L"\\Callback\\Own", 0, FALSE, FALSE, &other), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(create(L"\\Callback\\Own", 0, TRUE, FALSE, &other), STATUS_SUCCESS);
    assert_ptr_not_equal(object, other);
    ObDereferenceObject(object);
    ObDereferenceObject(other);
}

static void test_ExCreateCallback_opens_what_the_system_has(void **state)
{
    static const PCWSTR names[] = { L"\\Callback\\SetSystemTime", L"\\Callback\\PowerState",
                                    L"\\Callback\\ProcessorAdd" };
    PCALLBACK_OBJECT object;
    PVOID registrations[2];
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < ARRAYSIZE(names); i++) {
        assert_int_equal(create(names[i], 0, FALSE, FALSE, &object), STATUS_SUCCESS);
        registrations[0] = ExRegisterCallback(object, notified, NULL);
        registrations[1] = ExRegisterCallback(object, notified, NULL);
        assert_non_null(registrations[0]);
        assert_non_null(registrations[1]);
        ExUnregisterCallback(registrations[0]);
        ExUnregisterCallback(registrations[1]);
        ObDereferenceObject(object);
    }
    assert_int_equal(create(L"\\Callback\\PowerStates", 0, FALSE, FALSE, &object), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void test_ExCreateCallback_refuses_bad_names(void **state)
{
    UNICODE_STRING odd = { 3, 4, (PWSTR)(ULONG_PTR)L"\\C" };
    OBJECT_ATTRIBUTES attributes;
    PCALLBACK_OBJECT object = s_object;
    UNICODE_STRING name;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(L"", 0, TRUE, TRUE, &object), STATUS_UNSUCCESSFUL);
    assert_null(object);
    assert_int_equal(create(L"Sample", 0, TRUE, TRUE, &object), STATUS_OBJECT_PATH_SYNTAX_BAD);
    assert_int_equal(create(L"\\Device\\Sample", 0, TRUE, TRUE, &object), STATUS_OBJECT_PATH_NOT_FOUND);
    assert_int_equal(create(L"\\Callback", 0, TRUE, TRUE, &object), STATUS_OBJECT_PATH_NOT_FOUND);
    assert_int_equal(create(L"\\Callback\\", 0, TRUE, TRUE, &object), STATUS_OBJECT_NAME_INVALID);
    assert_int_equal(create(L"\\Callback\\a\\b", 0, TRUE, TRUE, &object), STATUS_OBJECT_PATH_NOT_FOUND);
    assert_int_equal(ExCreateCallback(&object, NULL, TRUE, TRUE), STATUS_UNSUCCESSFUL);
    InitializeObjectAttributes(&attributes, NULL, 0, NULL, NULL);
    assert_int_equal(ExCreateCallback(&object, &attributes, TRUE, TRUE), STATUS_UNSUCCESSFUL);
    InitializeObjectAttributes(&attributes, &odd, 0, NULL, NULL);
    assert_int_equal(ExCreateCallback(&object, &attributes, TRUE, TRUE), STATUS_OBJECT_NAME_INVALID);
    RtlInitUnicodeString(&name, L"\\Callback\\Sample");
    InitializeObjectAttributes(&attributes, &name, 0, (HANDLE)4, NULL);
    assert_int_equal(ExCreateCallback(&object, &attributes, TRUE, TRUE), STATUS_OBJECT_PATH_SYNTAX_BAD);
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    attributes.Length--;
    assert_int_equal(ExCreateCallback(&object, &attributes, TRUE, TRUE), STATUS_INVALID_PARAMETER);
}

static void test_callbacks_without_memory_are_refused(void **state)
{
    PCALLBACK_OBJECT object;

    UNREFERENCED_PARAMETER(state);
    (void)we_host_mem_fail(1);
    assert_int_equal(create(L"\\Callback\\Other", OBJ_PERMANENT, TRUE, TRUE, &object), STATUS_INSUFFICIENT_RESOURCES);
    assert_true(we_host_mem_fail(1));
    assert_null(ExRegisterCallback(s_object, notified, NULL));
    assert_true(we_host_mem_fail(0));
    assert_null(ExRegisterCallback(s_object, NULL, NULL));
}

/* --- calls ------------------------------------------------------------------------------------------- */

static void register_all(PCALLBACK_FUNCTION function)
{
    ULONG i;

    for (i = 0; i < ROUTINES; i++) {
        s_registrations[i] = ExRegisterCallback(s_object, function, (PVOID)(ULONG_PTR)(i + 1));
        assert_non_null(s_registrations[i]);
    }
}

static void unregister_all(void)
{
    ULONG i;

    for (i = 0; i < ROUTINES; i++) {
        if (s_registrations[i] != NULL) {
            ExUnregisterCallback(s_registrations[i]);
        }
    }
}

static void test_ExNotifyCallback_calls_in_order_at_the_callers_irql(void **state)
{
    struct wsk_kit_call call;
    KIRQL irql;
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    register_all(notified);
    ExNotifyCallback(s_object, &s_calls, &s_object);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ExNotifyCallback(s_object, NULL, NULL);
    KeLowerIrql(irql);
    assert_int_equal(wsk_kit_witness_count(s_calls), 2 * ROUTINES);
    for (i = 0; i < 2 * ROUTINES; i++) {
        call = wsk_kit_witness_get(s_calls, i);
        assert_int_equal(call.values[0], i % ROUTINES + 1);
        assert_int_equal(call.values[1], i < ROUTINES ? (uintptr_t)&s_calls : 0);
        assert_int_equal(call.values[2], i < ROUTINES ? (uintptr_t)&s_object : 0);
        assert_int_equal(call.irql, i < ROUTINES ? PASSIVE_LEVEL : DISPATCH_LEVEL);
    }
    unregister_all();
}

static void test_ExNotifyCallback_with_nobody_registered_does_nothing(void **state)
{
    UNREFERENCED_PARAMETER(state);
    ExNotifyCallback(s_object, NULL, NULL);
}

static void test_ExUnregisterCallback_ends_the_calls(void **state)
{
    UNREFERENCED_PARAMETER(state);
    register_all(notified);
    ExUnregisterCallback(s_registrations[1]);
    s_registrations[1] = NULL;
    ExNotifyCallback(s_object, NULL, NULL);
    assert_int_equal(wsk_kit_witness_count(s_calls), 2);
    assert_int_equal(wsk_kit_witness_get(s_calls, 0).values[0], 1);
    assert_int_equal(wsk_kit_witness_get(s_calls, 1).values[0], 3);
    unregister_all();
}

static VOID unregisters_the_next(PVOID context, PVOID argument1, PVOID argument2)
{
    ULONG index = (ULONG)(ULONG_PTR)context;

    notified(context, argument1, argument2);
    if (index < ROUTINES && s_registrations[index] != NULL) {
        ExUnregisterCallback(s_registrations[index]);
        s_registrations[index] = NULL;
    }
}

static void test_ExUnregisterCallback_of_another_routine_in_a_notification(void **state)
{
    UNREFERENCED_PARAMETER(state);
    register_all(unregisters_the_next);
    ExNotifyCallback(s_object, NULL, NULL);
    assert_int_equal(wsk_kit_witness_count(s_calls), 2);
    assert_int_equal(wsk_kit_witness_get(s_calls, 1).values[0], 3);
    unregister_all();
}

static VOID notifies_again(PVOID context, PVOID argument1, PVOID argument2)
{
    notified(context, argument1, argument2);
    if (argument1 == NULL) {
        ExNotifyCallback(s_object, s_object, NULL);
    }
}

static void test_ExNotifyCallback_inside_a_notification(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_registrations[0] = ExRegisterCallback(s_object, notifies_again, NULL);
    ExNotifyCallback(s_object, NULL, NULL);
    assert_int_equal(wsk_kit_witness_count(s_calls), 2);
    ExUnregisterCallback(s_registrations[0]);
}

static void test_a_registration_keeps_its_object(void **state)
{
    PCALLBACK_OBJECT object;
    PVOID registration;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(L"\\Callback\\Own", 0, TRUE, FALSE, &object), STATUS_SUCCESS);
    registration = ExRegisterCallback(object, notified, NULL);
    ObDereferenceObject(object);
    ExNotifyCallback(object, NULL, NULL);
    assert_int_equal(wsk_kit_witness_count(s_calls), 1);
    ExUnregisterCallback(registration);
}

/* --- unregistering while the routine runs --------------------------------------------------------------- */

static KEVENT s_is_inside;
static KEVENT s_may_leave;
static volatile LONG s_has_left;

static VOID stays_inside(PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    KeSetEvent(&s_is_inside, IO_NO_INCREMENT, FALSE);
    (void)KeWaitForSingleObject(&s_may_leave, Executive, KernelMode, FALSE, NULL);
    InterlockedExchange(&s_has_left, 1);
}

static VOID notifying_thread(PVOID context)
{
    ExNotifyCallback(context, NULL, NULL);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID let_it_leave(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Timer);
    UNREFERENCED_PARAMETER(Context);
    KeSetEvent(&s_may_leave, IO_NO_INCREMENT, FALSE);
}

static void test_ExUnregisterCallback_waits_for_a_routine_that_runs(void **state)
{
    PVOID registration = ExRegisterCallback(s_object, stays_inside, NULL);
    PEX_TIMER timer = ExAllocateTimer(let_it_leave, NULL, 0);
    HANDLE thread;

    UNREFERENCED_PARAMETER(state);
    KeInitializeEvent(&s_is_inside, NotificationEvent, FALSE);
    KeInitializeEvent(&s_may_leave, NotificationEvent, FALSE);
    InterlockedExchange(&s_has_left, 0);
    assert_int_equal(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, notifying_thread, s_object),
                     STATUS_SUCCESS);
    assert_int_equal(KeWaitForSingleObject(&s_is_inside, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    (void)ExSetTimer(timer, -50000, 0, NULL);
    ExUnregisterCallback(registration);
    assert_int_equal(InterlockedExchange(&s_has_left, 0), 1);
    (void)ExDeleteTimer(timer, TRUE, TRUE, NULL);
    assert_int_equal(ZwWaitForSingleObject(thread, FALSE, NULL), STATUS_SUCCESS);
    ZwClose(thread);
    ExNotifyCallback(s_object, NULL, NULL);
    assert_int_equal(InterlockedExchange(&s_has_left, 0), 0);
}

static const struct wsk_emu_config s_threads = { .size = sizeof(s_threads),
                                                 .execution = WSK_EMU_EXECUTION_THREADS,
                                                 .network = WSK_EMU_NETWORK_VIRTUAL };

#define callback_test(f) wsk_emu_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        callback_test(test_ExCreateCallback_opens_by_name_what_is_there),
        callback_test(test_ExCreateCallback_keeps_a_permanent_object),
        callback_test(test_ExCreateCallback_without_permanent_has_no_name),
        callback_test(test_ExCreateCallback_opens_what_the_system_has),
        callback_test(test_ExCreateCallback_refuses_bad_names),
        callback_test(test_callbacks_without_memory_are_refused),
        callback_test(test_ExNotifyCallback_calls_in_order_at_the_callers_irql),
        callback_test(test_ExNotifyCallback_with_nobody_registered_does_nothing),
        callback_test(test_ExUnregisterCallback_ends_the_calls),
        callback_test(test_ExUnregisterCallback_of_another_routine_in_a_notification),
        callback_test(test_ExNotifyCallback_inside_a_notification),
        callback_test(test_a_registration_keeps_its_object),
        callback_test(test_ExUnregisterCallback_waits_for_a_routine_that_runs),
        wsk_emu_unit_test_config(test_ExUnregisterCallback_waits_for_a_routine_that_runs, setup, teardown, &s_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
