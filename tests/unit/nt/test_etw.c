/* SPDX-License-Identifier: MIT */
/* Event providers: registration, enabling, events with their data, activities, and what fails. */
#include <evntrace.h>
#include <ntddk.h>

#include <string.h>

#include "host/host_mem.h"
#include "nt/etw_event.h"
#include "support/emu_fixture.h"
#include "wsk_emu/cmocka.h"
#include "wsk_emu/trace.h"

static const GUID provider_guid = { 0x11111111, 0x2222, 0x3333, { 0x44, 0x44, 5, 5, 5, 5, 5, 5 } };
#define PROVIDER "11111111-2222-3333-4444-050505050505"

static struct {
    ULONG count;
    ULONG code;
    UCHAR level;
    ULONGLONG any;
    PVOID context;
    KIRQL irql;
    NTSTATUS written; /* by the callback itself */
} s_called;
static REGHANDLE s_handle;

static VOID NTAPI enabled(LPCGUID source, ULONG code, UCHAR level, ULONGLONG any, ULONGLONG all,
                          PEVENT_FILTER_DESCRIPTOR filter, PVOID context)
{
    EVENT_DESCRIPTOR descriptor;

    UNREFERENCED_PARAMETER(all);
    assert_non_null(source);
    assert_null(filter);
    EventDescCreate(&descriptor, 99, 0, 0, TRACE_LEVEL_ERROR, 0, 0, 0);
    s_called.count++;
    s_called.code = code;
    s_called.level = level;
    s_called.any = any;
    s_called.context = context;
    s_called.irql = KeGetCurrentIrql();
    s_called.written = EtwWrite(s_handle, &descriptor, NULL, 0, NULL);
}

static int make(void **state)
{
    (void)state;
    memset(&s_called, 0, sizeof(s_called));
    s_handle = 0;
    return EtwRegister(&provider_guid, NULL, NULL, &s_handle) == STATUS_SUCCESS ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    return EtwUnregister(s_handle) == STATUS_SUCCESS ? 0 : -1;
}

static int clear(void **state)
{
    (void)state;
    memset(&s_called, 0, sizeof(s_called));
    s_handle = 0;
    return 0;
}

static NTSTATUS write_event(USHORT id, UCHAR level, ULONGLONG keyword)
{
    EVENT_DESCRIPTOR descriptor;

    EventDescCreate(&descriptor, id, 2, 3, level, 5, 4, keyword);
    return EtwWrite(s_handle, &descriptor, NULL, 0, NULL);
}

/* --- events ---------------------------------------------------------------------------------- */

static void test_EtwWrite_records_descriptor_and_data(void **state)
{
    const struct wsk_kit_trace_filter filter = { .provider = PROVIDER, .has_id = 1, .id = 7 };
    ULONG number = 0x04030201;
    EVENT_DATA_DESCRIPTOR pieces[3];
    EVENT_DESCRIPTOR descriptor;
    struct wsk_kit_trace_event event;

    (void)state;
    EventDescCreate(&descriptor, 7, 2, 3, TRACE_LEVEL_WARNING, 5, 4, 0x80);
    EventDataDescCreate(&pieces[0], &number, sizeof(number));
    EventDataDescCreate(&pieces[1], NULL, 0);
    EventDataDescCreate(&pieces[2], "ab", 3);
    assert_int_equal(EtwWrite(s_handle, &descriptor, NULL, 3, pieces), STATUS_SUCCESS);
    assert_int_equal(wsk_kit_trace_count(&filter), 1);
    event = wsk_kit_trace_get(&filter, 0);
    assert_int_equal(event.version, 2);
    assert_int_equal(event.channel, 3);
    assert_int_equal(event.level, TRACE_LEVEL_WARNING);
    assert_int_equal(event.opcode, 4);
    assert_int_equal(event.task, 5);
    assert_int_equal(event.keyword, 0x80);
    assert_int_equal(event.data_bytes, 7);
    assert_memory_equal(event.data,
                        "\x01\x02\x03\x04"
                        "ab",
                        7);
    assert_string_equal(event.text, "01 02 03 04 61 62 00");
    assert_string_equal(event.provider, PROVIDER);
    assert_memory_equal(&event.guid, &provider_guid, sizeof(GUID));
}

static void test_EtwWrite_at_high_level_is_fine(void **state)
{
    KIRQL irql;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_int_equal(write_event(1, TRACE_LEVEL_ERROR, 0), STATUS_SUCCESS);
    KeLowerIrql(irql);
    assert_int_equal(wsk_kit_trace_get(NULL, 0).irql, DISPATCH_LEVEL);
    assert_int_not_equal(wsk_kit_trace_get(NULL, 0).processor, UINT_MAX);
}

static void test_EtwWrite_takes_128_descriptors_and_not_129(void **state)
{
    EVENT_DATA_DESCRIPTOR pieces[MAX_EVENT_DATA_DESCRIPTORS + 1];
    EVENT_DESCRIPTOR descriptor;
    UCHAR byte = 0x5A;

    (void)state;
    EventDescZero(&descriptor);
    for (ULONG i = 0; i < MAX_EVENT_DATA_DESCRIPTORS + 1; i++) {
        EventDataDescCreate(&pieces[i], &byte, 1);
    }
    assert_int_equal(EtwWrite(s_handle, &descriptor, NULL, 128, pieces), STATUS_SUCCESS);
    assert_int_equal(EtwWrite(s_handle, &descriptor, NULL, 129, pieces), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_kit_trace_count(NULL), 1);
    assert_int_equal(wsk_kit_trace_get(NULL, 0).data_bytes, 128);
    assert_non_null(strstr(wsk_kit_trace_get(NULL, 0).text, "5a ... (128 bytes)"));
}

static void test_EtwWrite_refuses_what_cannot_be_written(void **state)
{
    static UCHAR large[65537];
    EVENT_DATA_DESCRIPTOR piece;
    EVENT_DESCRIPTOR descriptor;

    (void)state;
    EventDescZero(&descriptor);
    assert_int_equal(EtwWrite(s_handle, NULL, NULL, 0, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(EtwWrite(s_handle, &descriptor, NULL, 1, NULL), STATUS_INVALID_PARAMETER);
    EventDataDescCreate(&piece, NULL, 1);
    assert_int_equal(EtwWrite(s_handle, &descriptor, NULL, 1, &piece), STATUS_INVALID_PARAMETER);
    EventDataDescCreate(&piece, large, sizeof(large));
    assert_int_equal(EtwWrite(s_handle, &descriptor, NULL, 1, &piece), STATUS_BUFFER_OVERFLOW);
    EventDataDescCreate(&piece, large, sizeof(large) - 1);
    assert_int_equal(EtwWrite(s_handle, &descriptor, NULL, 1, &piece), STATUS_SUCCESS);
    assert_int_equal(EtwWriteEx(s_handle, &descriptor, 0, 4, NULL, NULL, 0, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(EtwWriteString(s_handle, 1, 0, NULL, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_kit_trace_count(NULL), 1);
}

static void test_EtwWrite_without_memory_fails_and_counts_the_loss(void **state)
{
    (void)state;
    we_host_mem_fail(1);
    assert_int_equal(write_event(1, TRACE_LEVEL_ERROR, 0), STATUS_NO_MEMORY);
    we_host_mem_fail(2);
    assert_int_equal(write_event(1, TRACE_LEVEL_ERROR, 0), STATUS_NO_MEMORY);
    we_host_mem_fail(0);
    assert_int_equal(wsk_kit_trace_lost(), 1);
    assert_int_equal(wsk_kit_trace_count(NULL), 0);
}

static void test_EtwWriteString_and_kin_are_recorded(void **state)
{
    GUID activity = { 1, 2, 3, { 4 } };
    GUID related = { 5, 6, 7, { 8 } };
    EVENT_DESCRIPTOR descriptor;
    struct wsk_kit_trace_event event;

    (void)state;
    EventDescZero(&descriptor);
    assert_int_equal(EtwWriteString(s_handle, TRACE_LEVEL_ERROR, 1, &activity, L"gr\u00FC\u00DFe"), STATUS_SUCCESS);
    event = wsk_kit_trace_get(NULL, 0);
    assert_string_equal(event.text, "gr\xC3\xBC\xC3\x9F"
                                    "e");
    assert_int_equal(event.data_bytes, 12);
    assert_memory_equal(&event.activity, &activity, sizeof(GUID));
    assert_int_equal(EtwWriteTransfer(s_handle, &descriptor, &activity, &related, 0, NULL), STATUS_SUCCESS);
    event = wsk_kit_trace_get(NULL, 1);
    assert_memory_equal(&event.related_activity, &related, sizeof(GUID));
    assert_int_equal(EtwWriteEx(s_handle, &descriptor, 5, EVENT_WRITE_FLAG_NO_FAULTING, &activity, &related, 0, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(wsk_kit_trace_count(NULL), 3);
}

static void test_etw_list_keeps_the_last_events_and_counts_the_others(void **state)
{
    (void)state;
    for (USHORT i = 0; i < WE_ETW_EVENTS_MAX + 10; i++) {
        assert_int_equal(write_event(i, TRACE_LEVEL_ERROR, 0), STATUS_SUCCESS);
    }
    assert_int_equal(wsk_kit_trace_count(NULL), WE_ETW_EVENTS_MAX);
    assert_int_equal(wsk_kit_trace_lost(), 10);
    assert_int_equal(wsk_kit_trace_get(NULL, 0).id, 10);
    wsk_kit_trace_clear();
    assert_int_equal(wsk_kit_trace_count(NULL), 0);
    assert_int_equal(wsk_kit_trace_lost(), 0);
}

/* --- enabling -------------------------------------------------------------------------------- */

static void test_etw_levels_and_keywords_select_events(void **state)
{
    EVENT_DESCRIPTOR descriptor;

    (void)state;
    assert_true(EtwProviderEnabled(s_handle, TRACE_LEVEL_WARNING, 1));
    assert_false(EtwProviderEnabled(s_handle, TRACE_LEVEL_INFORMATION, 1));
    assert_int_equal(write_event(1, TRACE_LEVEL_INFORMATION, 0), STATUS_SUCCESS);
    assert_int_equal(wsk_kit_trace_count(NULL), 0);

    wsk_kit_trace_enable("{" PROVIDER "}", TRACE_LEVEL_VERBOSE, 0x6);
    EventDescCreate(&descriptor, 1, 0, 0, TRACE_LEVEL_VERBOSE, 0, 0, 0x4);
    assert_true(EtwEventEnabled(s_handle, &descriptor));
    EventDescSetKeyword(&descriptor, 0x8);
    assert_false(EtwEventEnabled(s_handle, &descriptor));
    EventDescOrKeyword(&descriptor, 0x2);
    assert_true(EtwEventEnabled(s_handle, &descriptor));
    assert_int_equal(EventDescGetKeyword(&descriptor), 0xA);
    assert_int_equal(write_event(1, TRACE_LEVEL_VERBOSE, 0x8), STATUS_SUCCESS);
    assert_int_equal(write_event(2, TRACE_LEVEL_VERBOSE, 0), STATUS_SUCCESS);
    assert_int_equal(wsk_kit_trace_count(NULL), 1);

    wsk_kit_trace_disable(PROVIDER);
    assert_false(EtwEventEnabled(s_handle, &descriptor));
    assert_false(EtwEventEnabled(s_handle, NULL));
    assert_int_equal(write_event(3, 0, 0), STATUS_SUCCESS);
    assert_int_equal(wsk_kit_trace_count(NULL), 1);
}

static void test_EtwRegister_calls_back_at_once_and_on_each_change(void **state)
{
    int context;

    (void)state;
    assert_int_equal(EtwRegister(&provider_guid, enabled, &context, &s_handle), STATUS_SUCCESS);
    assert_int_equal(s_called.count, 1);
    assert_int_equal(s_called.code, EVENT_CONTROL_CODE_ENABLE_PROVIDER);
    assert_int_equal(s_called.level, TRACE_LEVEL_WARNING);
    assert_int_equal(s_called.irql, PASSIVE_LEVEL);
    assert_ptr_equal(s_called.context, &context);
    assert_int_equal(s_called.written, STATUS_SUCCESS); /* the handle is there already */

    wsk_kit_trace_enable(PROVIDER, 5, 0x10);
    assert_int_equal(s_called.count, 2);
    assert_int_equal(s_called.level, 5);
    assert_int_equal(s_called.any, 0x10);
    wsk_kit_trace_disable(NULL);
    assert_int_equal(s_called.count, 3);
    assert_int_equal(s_called.code, EVENT_CONTROL_CODE_DISABLE_PROVIDER);
    assert_int_equal(EtwUnregister(s_handle), STATUS_SUCCESS);
    wsk_kit_trace_enable(PROVIDER, 5, 0x10);
    assert_int_equal(s_called.count, 3);
}

static void test_EtwRegister_does_not_call_back_while_disabled(void **state)
{
    (void)state;
    wsk_kit_trace_disable(PROVIDER);
    assert_int_equal(EtwRegister(&provider_guid, enabled, NULL, &s_handle), STATUS_SUCCESS);
    assert_int_equal(s_called.count, 0);
    assert_int_equal(EtwUnregister(s_handle), STATUS_SUCCESS);
}

static void test_EtwRegister_fails_cleanly(void **state)
{
    (void)state;
    assert_int_equal(EtwRegister(NULL, NULL, NULL, &s_handle), STATUS_INVALID_PARAMETER);
    assert_int_equal(EtwRegister(&provider_guid, NULL, NULL, NULL), STATUS_INVALID_PARAMETER);
    we_host_mem_fail(1);
    assert_int_equal(EtwRegister(&provider_guid, NULL, NULL, &s_handle), STATUS_NO_MEMORY);
    we_host_mem_fail(0);
    assert_int_equal(s_handle, 0);
}

static void test_etw_handle_of_zero_is_refused_quietly(void **state)
{
    EVENT_DESCRIPTOR descriptor;

    (void)state;
    EventDescZero(&descriptor);
    assert_int_equal(EtwWrite(0, &descriptor, NULL, 0, NULL), STATUS_INVALID_HANDLE);
    assert_int_equal(EtwWriteString(0, 0, 0, NULL, L""), STATUS_INVALID_HANDLE);
    assert_int_equal(EtwUnregister(0), STATUS_INVALID_HANDLE);
    assert_int_equal(EtwSetInformation(0, EventProviderUseDescriptorType, NULL, 0), STATUS_INVALID_HANDLE);
    assert_false(EtwProviderEnabled(0, 1, 1));
}

static void test_EtwSetInformation_traits_name_the_provider(void **state)
{
    static UCHAR traits[] = { 9, 0, 'M', 'y', 'N', 'a', 'm', 'e', 0 };
    UCHAR switched_on = 1;

    (void)state;
    wsk_kit_trace_enable("MyName", 5, ~0ull);
    assert_int_equal(EtwSetInformation(s_handle, EventProviderSetTraits, traits, 8), STATUS_INVALID_PARAMETER);
    assert_int_equal(EtwSetInformation(s_handle, EventProviderSetTraits, NULL, 9), STATUS_INVALID_PARAMETER);
    assert_int_equal(EtwSetInformation(s_handle, MaxEventInfo, traits, 9), STATUS_INVALID_PARAMETER);
    assert_int_equal(EtwSetInformation(s_handle, EventProviderUseDescriptorType, &switched_on, 1), STATUS_SUCCESS);
    assert_int_equal(EtwSetInformation(s_handle, EventProviderSetTraits, traits, 9), STATUS_SUCCESS);
    assert_int_equal(write_event(1, TRACE_LEVEL_VERBOSE, 0), STATUS_SUCCESS);
    assert_string_equal(wsk_kit_trace_get(NULL, 0).provider, "MyName");
}

/* --- activities ------------------------------------------------------------------------------ */

static void test_EtwActivityIdControl_keeps_an_id_for_the_thread(void **state)
{
    GUID zero = { 0 };
    GUID first = { 1, 2, 3, { 4 } };
    GUID id = first;
    GUID other;
    struct wsk_kit_trace_event event;

    (void)state;
    assert_int_equal(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_GET_SET_ID, &id), STATUS_SUCCESS);
    assert_memory_equal(&id, &zero, sizeof(GUID));
    assert_int_equal(write_event(1, TRACE_LEVEL_ERROR, 0), STATUS_SUCCESS);
    event = wsk_kit_trace_get(NULL, 0);
    assert_memory_equal(&event.activity, &first, sizeof(GUID));
    assert_int_equal(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_CREATE_ID, &id), STATUS_SUCCESS);
    assert_int_equal(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_CREATE_ID, &other), STATUS_SUCCESS);
    assert_memory_not_equal(&id, &other, sizeof(GUID));
    assert_int_equal(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_CREATE_SET_ID, &id), STATUS_SUCCESS);
    assert_memory_equal(&id, &first, sizeof(GUID));
    assert_int_equal(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_GET_ID, &id), STATUS_SUCCESS);
    assert_memory_not_equal(&id, &first, sizeof(GUID));
    assert_int_equal(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_SET_ID, &zero), STATUS_SUCCESS);
    assert_int_equal(EtwActivityIdControl(0, &id), STATUS_INVALID_PARAMETER);
    assert_int_equal(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_GET_ID, NULL), STATUS_INVALID_PARAMETER);
}

static void test_EtwActivityIdControl_at_dispatch_may_only_create(void **state)
{
    KIRQL irql;
    GUID id;

    (void)state;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    assert_int_equal(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_CREATE_ID, &id), STATUS_SUCCESS);
    wsk_kit_expect_report("IRQL-001");
    assert_int_equal(EtwActivityIdControl(EVENT_ACTIVITY_CTRL_GET_ID, &id), STATUS_SUCCESS);
    KeLowerIrql(irql);
    assert_int_equal(wsk_kit_report_count("IRQL-001"), 1);
}

static const struct wsk_emu_config quiet = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_STEPPED,
    .network = WSK_EMU_NETWORK_VIRTUAL,
    .log = emu_log_drop,
};

#define WITH_PROVIDER(name) wsk_emu_unit_test_config(name, make, drop, &quiet)
#define ALONE(name) wsk_emu_unit_test_config(name, clear, NULL, &quiet)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PROVIDER(test_EtwWrite_records_descriptor_and_data),
        WITH_PROVIDER(test_EtwWrite_at_high_level_is_fine),
        WITH_PROVIDER(test_EtwWrite_takes_128_descriptors_and_not_129),
        WITH_PROVIDER(test_EtwWrite_refuses_what_cannot_be_written),
        WITH_PROVIDER(test_EtwWrite_without_memory_fails_and_counts_the_loss),
        WITH_PROVIDER(test_EtwWriteString_and_kin_are_recorded),
        WITH_PROVIDER(test_etw_list_keeps_the_last_events_and_counts_the_others),
        WITH_PROVIDER(test_etw_levels_and_keywords_select_events),
        ALONE(test_EtwRegister_calls_back_at_once_and_on_each_change),
        ALONE(test_EtwRegister_does_not_call_back_while_disabled),
        ALONE(test_EtwRegister_fails_cleanly),
        ALONE(test_etw_handle_of_zero_is_refused_quietly),
        WITH_PROVIDER(test_EtwSetInformation_traits_name_the_provider),
        WITH_PROVIDER(test_EtwActivityIdControl_keeps_an_id_for_the_thread),
        ALONE(test_EtwActivityIdControl_at_dispatch_may_only_create),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
