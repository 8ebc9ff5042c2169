/* SPDX-License-Identifier: MIT */
/* The rules about callback objects, broken and almost broken. Those about unloading are in test_rules_unload. */
#include <wdm.h>

#include "wsk_emu/cmocka.h"

static PCALLBACK_OBJECT s_object;
static PVOID s_registration;
static ULONG s_call_count;

static int setup(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\Sample");
    OBJECT_ATTRIBUTES attributes;

    UNREFERENCED_PARAMETER(state);
    s_call_count = 0;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    return ExCreateCallback(&s_object, &attributes, TRUE, TRUE) == STATUS_SUCCESS ? 0 : -1;
}

static int teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    ObDereferenceObject(s_object);
    return 0;
}

static VOID counts(PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    s_call_count++;
}

static void test_unl_013_breach_unregistered_twice(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_registration = ExRegisterCallback(s_object, counts, NULL);
    ExUnregisterCallback(s_registration);
    wsk_kit_expect_report("UNL-013");
    ExUnregisterCallback(s_registration);
    wsk_kit_expect_report("UNL-013");
    ExUnregisterCallback(NULL);
}

static void test_unl_013_breach_never_unregistered(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_registration = ExRegisterCallback(s_object, counts, NULL);
    wsk_kit_expect_report("UNL-013"); /* comes when the emulated kernel stops */
}

static VOID unregisters_itself(PVOID context, PVOID argument1, PVOID argument2)
{
    counts(context, argument1, argument2);
    ExUnregisterCallback(s_registration);
}

static void test_unl_014_breach_unregistered_in_its_own_routine(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_registration = ExRegisterCallback(s_object, unregisters_itself, NULL);
    wsk_kit_expect_report("UNL-014");
    ExNotifyCallback(s_object, NULL, NULL);
    ExNotifyCallback(s_object, NULL, NULL);
    assert_int_equal(s_call_count, 1);
}

static VOID worker(PVOID context)
{
    ExUnregisterCallback(s_registration);
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
}

static WORK_QUEUE_ITEM s_item;

static VOID queues_a_work_item(PVOID context, PVOID argument1, PVOID argument2)
{
    counts(context, argument1, argument2);
    ExInitializeWorkItem(&s_item, worker, context);
    ExQueueWorkItem(&s_item, DelayedWorkQueue);
}

static void test_unl_014_near_miss_unregistered_in_a_work_item(void **state)
{
    KEVENT done;

    UNREFERENCED_PARAMETER(state);
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    s_registration = ExRegisterCallback(s_object, queues_a_work_item, &done);
    ExNotifyCallback(s_object, NULL, NULL);
    assert_int_equal(KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    ExNotifyCallback(s_object, NULL, NULL);
    assert_int_equal(s_call_count, 1);
}

static void test_obj_001_breach_notifies_what_is_no_callback_object(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("OBJ-001");
    ExNotifyCallback(NULL, NULL, NULL);
    wsk_kit_expect_report("OBJ-001");
    assert_null(ExRegisterCallback(NULL, counts, NULL));
}

static VOID raises(PVOID context, PVOID argument1, PVOID argument2)
{
    KIRQL irql;

    counts(context, argument1, argument2);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
}

static void test_irql_005_breach_callback_routine_returns_at_another_irql(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_registration = ExRegisterCallback(s_object, raises, NULL);
    wsk_kit_expect_report("IRQL-005");
    ExNotifyCallback(s_object, NULL, NULL);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    ExUnregisterCallback(s_registration);
}

#define callback_test(f) wsk_emu_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        callback_test(test_unl_013_breach_unregistered_twice),
        callback_test(test_unl_013_breach_never_unregistered),
        callback_test(test_unl_014_breach_unregistered_in_its_own_routine),
        callback_test(test_unl_014_near_miss_unregistered_in_a_work_item),
        callback_test(test_obj_001_breach_notifies_what_is_no_callback_object),
        callback_test(test_irql_005_breach_callback_routine_returns_at_another_irql),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
