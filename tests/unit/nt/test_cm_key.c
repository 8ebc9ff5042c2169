/* SPDX-License-Identifier: MIT */
/* What a driver reads from the registry: paths, access, the classes of information, and buffers of every size. */
#include <wdm.h>

#include "support/emu_fixture.h"
#include "support/registry_key.h"
#include "wsk_emu/driver.h"

#define SERVICES L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"

static HANDLE open_key(const WCHAR *path)
{
    HANDLE handle = NULL;

    assert_int_equal(registry_key_open(NULL, path, KEY_READ, &handle), STATUS_SUCCESS);
    assert_non_null(handle);
    return handle;
}

static NTSTATUS query(HANDLE key, const WCHAR *name, KEY_VALUE_INFORMATION_CLASS information_class, void *buffer,
                      ULONG size, ULONG *needed)
{
    UNICODE_STRING string;

    RtlInitUnicodeString(&string, name);
    return ZwQueryValueKey(key, &string, information_class, buffer, size, needed);
}

static void test_value_is_read_through_its_key(void **state)
{
    KEY_VALUE_PARTIAL_INFORMATION info; /* has room for a ULONG, with its padding */
    HANDLE key;
    ULONG needed;
    ULONG value;

    (void)state;
    assert_int_equal(wsk_emu_registry_set_dword("gate\\Parameters", "Port", 4711), STATUS_SUCCESS);
    key = open_key(SERVICES L"gate\\Parameters");
    assert_int_equal(query(key, L"Port", KeyValuePartialInformation, &info, sizeof(info), &needed), STATUS_SUCCESS);
    assert_int_equal(needed, 16);
    assert_int_equal(info.Type, REG_DWORD);
    assert_int_equal(info.DataLength, sizeof(ULONG));
    memcpy(&value, (UCHAR *)&info + FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data), sizeof(value));
    assert_int_equal(value, 4711);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
}

static void test_names_are_compared_without_case_and_values_can_be_replaced(void **state)
{
    UCHAR buffer[64];
    PKEY_VALUE_PARTIAL_INFORMATION info = (PVOID)buffer;
    HANDLE key;
    ULONG needed;

    (void)state;
    assert_int_equal(wsk_emu_registry_set_dword("Case", "Name", 1), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_registry_set_string("\\REGISTRY\\machine\\System\\CurrentControlSet\\Services\\cASE",
                                                 "nAME", "h\xC3\xA9"),
                     STATUS_SUCCESS);
    key = open_key(L"\\registry\\MACHINE\\system\\currentcontrolset\\services\\CASE");
    assert_int_equal(query(key, L"NAME", KeyValuePartialInformation, info, sizeof(buffer), &needed), STATUS_SUCCESS);
    assert_int_equal(info->Type, REG_SZ);
    assert_int_equal(info->DataLength, 6);
    assert_memory_equal(info->Data, L"h\xE9", 6);
    assert_int_equal(wsk_emu_registry_remove("case", "NAME"), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_registry_remove("case", "NAME"), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(query(key, L"Name", KeyValuePartialInformation, info, sizeof(buffer), &needed),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(wsk_emu_registry_set("case", "", REG_NONE, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(query(key, L"", KeyValuePartialInformation, info, sizeof(buffer), &needed), STATUS_SUCCESS);
    assert_int_equal(info->DataLength, 0);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
}

static void test_paths_that_lead_nowhere_are_told_apart(void **state)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE services;
    HANDLE key = (HANDLE)1;

    (void)state;
    assert_int_equal(wsk_emu_registry_set_dword("paths\\below", "a", 1), STATUS_SUCCESS);
    assert_int_equal(registry_key_open(NULL, SERVICES L"nobody", KEY_READ, &key), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_null(key);
    assert_int_equal(registry_key_open(NULL, SERVICES L"path", KEY_READ, &key), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(registry_key_open(NULL, L"Registry\\Machine", KEY_READ, &key), STATUS_OBJECT_PATH_SYNTAX_BAD);
    services = open_key(SERVICES); /* with a backslash at its end */
    assert_int_equal(registry_key_open(services, L"\\paths", KEY_READ, &key), STATUS_OBJECT_PATH_SYNTAX_BAD);
    assert_int_equal(registry_key_open(services, L"Paths\\Below", KEY_READ, &key), STATUS_SUCCESS);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    assert_int_equal(registry_key_open(services, NULL, KEY_READ, &key), STATUS_SUCCESS);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    assert_int_equal(ZwClose(services), STATUS_SUCCESS);
    InitializeObjectAttributes(&attributes, NULL, 0, NULL, NULL);
    attributes.Length = 8;
    assert_int_equal(ZwOpenKey(&key, KEY_READ, &attributes), STATUS_INVALID_PARAMETER);
    assert_int_equal(ZwOpenKey(&key, KEY_READ, NULL), STATUS_INVALID_PARAMETER);
}

static void test_key_that_was_opened_without_the_right_cannot_be_asked(void **state)
{
    KEY_VALUE_PARTIAL_INFORMATION info;
    HANDLE key;
    ULONG needed;

    (void)state;
    assert_int_equal(wsk_emu_registry_set_dword("rights", "a", 1), STATUS_SUCCESS);
    assert_int_equal(registry_key_open(NULL, SERVICES L"rights", KEY_SET_VALUE, &key), STATUS_SUCCESS);
    assert_int_equal(query(key, L"a", KeyValuePartialInformation, &info, sizeof(info), &needed), STATUS_ACCESS_DENIED);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    assert_int_equal(registry_key_open(NULL, SERVICES L"rights", GENERIC_READ, &key), STATUS_SUCCESS);
    assert_int_equal(query(key, L"a", KeyValuePartialInformation, &info, sizeof(info), &needed), STATUS_SUCCESS);
    assert_int_equal(query(key, L"a", MaxKeyValueInfoClass, &info, sizeof(info), &needed), STATUS_INVALID_PARAMETER);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
}

static void test_handles_that_are_none_or_of_another_kind_are_refused(void **state)
{
    KEY_VALUE_PARTIAL_INFORMATION info;
    HANDLE key;
    ULONG needed;

    (void)state;
    wsk_kit_expect_report("OBJ-002");
    assert_int_equal(query((HANDLE)0x7ffc, L"a", KeyValuePartialInformation, &info, sizeof(info), &needed),
                     STATUS_INVALID_HANDLE);
    wsk_kit_expect_report("OBJ-002");
    assert_int_equal(registry_key_open((HANDLE)0x7ffc, L"a", KEY_READ, &key), STATUS_INVALID_HANDLE);
}

/* Every size from nothing to one byte too many, and nothing is written behind the buffer. */
static void check_sizes(HANDLE key, KEY_VALUE_INFORMATION_CLASS information_class, ULONG fixed, ULONG whole)
{
    UCHAR reference[80];
    UCHAR buffer[80];
    ULONG needed;
    ULONG size;

    memset(reference, 0xAA, sizeof(reference));
    assert_int_equal(query(key, L"sizes", information_class, reference, sizeof(reference), &needed), STATUS_SUCCESS);
    assert_int_equal(needed, whole);
    for (size = 0; size <= whole + 1; size++) {
        NTSTATUS expected = size < fixed ? STATUS_BUFFER_TOO_SMALL : size < whole ? STATUS_BUFFER_OVERFLOW : 0;
        ULONG written = expected == STATUS_BUFFER_TOO_SMALL ? 0 : size < whole ? size : whole;
        ULONG i;

        memset(buffer, 0xAA, sizeof(buffer));
        needed = 0;
        assert_int_equal(query(key, L"sizes", information_class, size != 0 ? buffer : NULL, size, &needed), expected);
        assert_int_equal(needed, whole);
        assert_memory_equal(buffer, reference, written);
        for (i = written; i < sizeof(buffer); i++) {
            assert_int_equal(buffer[i], 0xAA);
        }
    }
}

static void test_each_class_fills_what_fits_and_tells_what_it_needs(void **state)
{
    static const char data[] = "0123456789";
    PKEY_VALUE_FULL_INFORMATION full;
    UCHAR buffer[80];
    HANDLE key;
    ULONG needed;

    (void)state;
    assert_int_equal(wsk_emu_registry_set("sizes", "Sizes", REG_BINARY, data, 10), STATUS_SUCCESS);
    key = open_key(SERVICES L"sizes");
    check_sizes(key, KeyValueBasicInformation, 12, 22);
    check_sizes(key, KeyValuePartialInformation, 12, 22);
    check_sizes(key, KeyValuePartialInformationAlign64, 8, 18);
    check_sizes(key, KeyValueFullInformation, 20, 42);
    full = (PVOID)buffer;
    assert_int_equal(query(key, L"sizes", KeyValueFullInformation, full, sizeof(buffer), &needed), STATUS_SUCCESS);
    assert_int_equal(full->Type, REG_BINARY);
    assert_int_equal(full->NameLength, 10);
    assert_memory_equal(full->Name, L"Sizes", 10);
    assert_memory_equal(buffer + full->DataOffset, data, full->DataLength);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
}

static void test_bad_arguments_of_the_registry_functions_are_refused(void **state)
{
    (void)state;
    assert_int_equal(wsk_emu_registry_set(NULL, "a", REG_NONE, NULL, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_registry_set("a", NULL, REG_NONE, NULL, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_registry_set("", "a", REG_NONE, NULL, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_registry_set("a\\", "a", REG_NONE, NULL, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_registry_set("a\\\\b", "a", REG_NONE, NULL, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_registry_set("\\Machine\\a", "a", REG_NONE, NULL, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_registry_set("a", "a", REG_BINARY, NULL, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_registry_set("a", "a", REG_BINARY, "", ((size_t)1 << 20) + 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_registry_set_string("a", "a", NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_registry_remove("nowhere", "a"), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void test_key_that_is_never_closed_is_reported_and_the_next_start_is_empty(void **state)
{
    HANDLE key;

    (void)state;
    assert_int_equal(wsk_emu_registry_set_dword("left", "a", 1), STATUS_SUCCESS);
    (void)open_key(SERVICES L"left");
    wsk_kit_expect_report("UNL-015");
    assert_int_equal(wsk_emu_stop(), 0);
    assert_int_equal(wsk_emu_registry_set_dword("left", "a", 1), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(emu_setup(state), 0);
    assert_int_equal(registry_key_open(NULL, SERVICES L"left", KEY_READ, &key), STATUS_OBJECT_NAME_NOT_FOUND);
}

static NTSTATUS s_entry_status;

static NTSTATUS entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE key;

    (void)object;
    InitializeObjectAttributes(&attributes, path, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    s_entry_status = ZwOpenKey(&key, KEY_READ, &attributes);
    if (NT_SUCCESS(s_entry_status)) {
        (void)ZwClose(key);
    }
    return STATUS_UNSUCCESSFUL;
}

static void test_registry_path_of_a_driver_leads_to_its_key(void **state)
{
    PDRIVER_OBJECT driver;

    (void)state;
    s_entry_status = STATUS_UNSUCCESSFUL;
    assert_int_equal(wsk_emu_driver_load(entry, "lonely", &driver), STATUS_UNSUCCESSFUL);
    assert_int_equal(s_entry_status, STATUS_SUCCESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value_is_read_through_its_key),
        cmocka_unit_test(test_names_are_compared_without_case_and_values_can_be_replaced),
        cmocka_unit_test(test_paths_that_lead_nowhere_are_told_apart),
        cmocka_unit_test(test_key_that_was_opened_without_the_right_cannot_be_asked),
        cmocka_unit_test(test_handles_that_are_none_or_of_another_kind_are_refused),
        cmocka_unit_test(test_each_class_fills_what_fits_and_tells_what_it_needs),
        cmocka_unit_test(test_bad_arguments_of_the_registry_functions_are_refused),
        cmocka_unit_test(test_key_that_is_never_closed_is_reported_and_the_next_start_is_empty),
        cmocka_unit_test(test_registry_path_of_a_driver_leads_to_its_key),
    };

    return cmocka_run_group_tests_name("nt/cm_key", tests, emu_setup, emu_teardown);
}
