/* SPDX-License-Identifier: MIT */
/* Values by a place and a path, and RtlQueryRegistryValues with each of its flags. */
#include <wdm.h>

#include "host/host_mem.h"
#include "nt/io_device.h"
#include "support/emu_fixture.h"
#include "wsk_emu/driver.h"

#define DIRECT (RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK | RTL_QUERY_REGISTRY_NOEXPAND)
#define TYPE(t) ((ULONG)(t) << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT)

/* What a query routine was called with. */
#define CALLS_MAX 8
static struct {
    ULONG count;
    NTSTATUS result;
    struct {
        WCHAR name[16];
        ULONG type;
        ULONG length;
        UCHAR data[64];
        PVOID context;
        PVOID entry_context;
        KIRQL irql;
    } calls[CALLS_MAX];
} s_seen;

static NTSTATUS NTAPI note(PWSTR ValueName, ULONG ValueType, PVOID ValueData, ULONG ValueLength, PVOID Context,
                           PVOID EntryContext)
{
    ULONG i = s_seen.count++;

    assert_true(i < CALLS_MAX && ValueLength <= sizeof(s_seen.calls[i].data));
    if (ValueName != NULL) {
        memcpy(s_seen.calls[i].name, ValueName, (wcslen(ValueName) + 1) * sizeof(WCHAR));
    }
    s_seen.calls[i].type = ValueType;
    s_seen.calls[i].length = ValueLength;
    if (ValueLength != 0) {
        memcpy(s_seen.calls[i].data, ValueData, ValueLength);
    }
    s_seen.calls[i].context = Context;
    s_seen.calls[i].entry_context = EntryContext;
    s_seen.calls[i].irql = KeGetCurrentIrql();
    return s_seen.result;
}

static void expect_call(ULONG index, const WCHAR *name, ULONG type, const void *data, ULONG length)
{
    assert_true(index < s_seen.count);
    assert_memory_equal(s_seen.calls[index].name, name, (wcslen(name) + 1) * sizeof(WCHAR));
    assert_int_equal(s_seen.calls[index].type, type);
    assert_int_equal(s_seen.calls[index].length, length);
    assert_memory_equal(s_seen.calls[index].data, data, length);
}

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(&s_seen, sizeof(s_seen));
    return wsk_emu_registry_load("Windows Registry Editor Version 5.00\n"
                                 "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\gate\\Parameters]\n"
                                 "\"Port\"=dword:00001267\n"
                                 "\"Name\"=\"gate\"\n"
                                 "\"Blob\"=hex:01,02,03,04,05,06\n"
                                 "\"Path\"=hex(2):25,00,52,00,25,00,5c,00,78,00,00,00\n"
                                 "\"List\"=hex(7):61,00,00,00,62,00,63,00,00,00,00,00\n"
                                 "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\gate\\Parameters\\Sub]\n"
                                 "\"Inner\"=dword:1\n");
}

static NTSTATUS query(PRTL_QUERY_REGISTRY_TABLE table)
{
    return RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"gate\\Parameters", table, &s_seen, NULL);
}

static NTSTATUS query_one(PRTL_QUERY_REGISTRY_ROUTINE routine, ULONG flags, const WCHAR *name, PVOID entry_context,
                          ULONG default_type, const void *default_data, ULONG default_length)
{
    RTL_QUERY_REGISTRY_TABLE table[2];

    RtlZeroMemory(table, sizeof(table));
    table[0].QueryRoutine = routine;
    table[0].Flags = flags;
    table[0].Name = (PWSTR)(ULONG_PTR)name;
    table[0].EntryContext = entry_context;
    table[0].DefaultType = default_type;
    table[0].DefaultData = (PVOID)(ULONG_PTR)default_data;
    table[0].DefaultLength = default_length;
    return query(table);
}

/* --- places ------------------------------------------------------------------------------------------- */

static void test_places_lead_to_their_keys(void **state)
{
    static const struct {
        ULONG place;
        PCWSTR path;
        PCWSTR whole;
    } rows[] = {
        { RTL_REGISTRY_ABSOLUTE, L"\\Registry\\Machine\\Software\\a", L"\\Registry\\Machine\\Software\\a" },
        { RTL_REGISTRY_SERVICES, L"a", L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\a" },
        { RTL_REGISTRY_CONTROL, L"a", L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\a" },
        { RTL_REGISTRY_WINDOWS_NT, L"a", L"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion\\a" },
        { RTL_REGISTRY_DEVICEMAP, L"a", L"\\Registry\\Machine\\Hardware\\DeviceMap\\a" },
        { RTL_REGISTRY_USER, L"a", L"\\Registry\\User\\.Default\\a" },
    };
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < ARRAYSIZE(rows); i++) {
        PWSTR whole = (PWSTR)(ULONG_PTR)rows[i].whole;

        assert_int_equal(RtlCheckRegistryKey(RTL_REGISTRY_ABSOLUTE, whole), STATUS_OBJECT_NAME_NOT_FOUND);
        assert_int_equal(RtlCreateRegistryKey(rows[i].place, (PWSTR)(ULONG_PTR)rows[i].path), STATUS_SUCCESS);
        assert_int_equal(RtlCreateRegistryKey(rows[i].place, (PWSTR)(ULONG_PTR)rows[i].path), STATUS_SUCCESS);
        assert_int_equal(RtlCheckRegistryKey(RTL_REGISTRY_ABSOLUTE, whole), STATUS_SUCCESS);
    }
}

static void test_bad_places_are_refused(void **state)
{
    RTL_QUERY_REGISTRY_TABLE table[1];

    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(table, sizeof(table));
    assert_int_equal(RtlCreateRegistryKey(RTL_REGISTRY_MAXIMUM, (PWSTR)(ULONG_PTR)L"a"), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlCheckRegistryKey(RTL_REGISTRY_ABSOLUTE, (PWSTR)(ULONG_PTR)L"Registry"),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, (PWSTR)(ULONG_PTR)L"no\\body"),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"nobody", L"a"), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"a", L"a", REG_BINARY, NULL, 1),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"a", L"a", REG_BINARY, table, 1 << 21),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"gate", NULL, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"nobody", table, NULL, NULL),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    wsk_kit_expect_report("OBJ-002");
    assert_int_equal(RtlQueryRegistryValues(RTL_REGISTRY_HANDLE, (PCWSTR)(ULONG_PTR)0x7ffc, table, NULL, NULL),
                     STATUS_INVALID_HANDLE);
}

static void test_RtlQueryRegistryValues_optional_key_may_be_missing(void **state)
{
    RTL_QUERY_REGISTRY_TABLE table[2];

    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(table, sizeof(table));
    table[0].QueryRoutine = note;
    table[0].Flags = RTL_QUERY_REGISTRY_REQUIRED;
    table[0].Name = (PWSTR)(ULONG_PTR)L"a";
    assert_int_equal(
        RtlQueryRegistryValues(RTL_REGISTRY_SERVICES | RTL_REGISTRY_OPTIONAL, L"nobody", table, NULL, NULL),
        STATUS_SUCCESS);
    assert_int_equal(s_seen.count, 0);
}

static void test_RtlWriteRegistryValue_makes_the_key_and_delete_takes_the_value(void **state)
{
    ULONG number = 5;
    ULONG read = 0;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"gate\\New", L"N", REG_DWORD, &number, 4),
                     STATUS_SUCCESS);
    assert_int_equal(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"gate\\Parameters", NULL, REG_DWORD, &number, 4),
                     STATUS_SUCCESS);
    assert_int_equal(query_one(NULL, DIRECT | RTL_QUERY_REGISTRY_REQUIRED, L"", &read, TYPE(REG_DWORD), NULL, 0),
                     STATUS_SUCCESS);
    assert_int_equal(read, 5);
    assert_int_equal(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"gate\\Parameters", NULL), STATUS_SUCCESS);
    assert_int_equal(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"gate\\Parameters", NULL),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"gate\\New", L"n"), STATUS_SUCCESS);
}

static void test_RtlQueryRegistryValues_takes_a_handle(void **state)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name =
        RTL_CONSTANT_STRING(L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\gate\\Parameters");
    RTL_QUERY_REGISTRY_TABLE table[2];
    ULONG port = 0;
    HANDLE key;

    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(table, sizeof(table));
    table[0].Flags = DIRECT;
    table[0].Name = (PWSTR)(ULONG_PTR)L"Port";
    table[0].EntryContext = &port;
    table[0].DefaultType = TYPE(REG_DWORD);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    assert_int_equal(ZwOpenKey(&key, KEY_READ, &attributes), STATUS_SUCCESS);
    assert_int_equal(RtlQueryRegistryValues(RTL_REGISTRY_HANDLE, key, table, NULL, NULL), STATUS_SUCCESS);
    assert_int_equal(port, 0x1267);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    assert_int_equal(ZwOpenKey(&key, KEY_SET_VALUE, &attributes), STATUS_SUCCESS);
    assert_int_equal(RtlQueryRegistryValues(RTL_REGISTRY_HANDLE, key, table, NULL, NULL), STATUS_ACCESS_DENIED);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
}

/* --- routines ------------------------------------------------------------------------------------------- */

static void test_routine_gets_the_value_and_both_contexts(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(query_one(note, 0, L"Name", &s_seen.count, REG_NONE, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(s_seen.count, 1);
    expect_call(0, L"Name", REG_SZ, L"gate", 10);
    assert_ptr_equal(s_seen.calls[0].context, &s_seen);
    assert_ptr_equal(s_seen.calls[0].entry_context, &s_seen.count);
    assert_int_equal(s_seen.calls[0].irql, PASSIVE_LEVEL);
}

static void test_routine_failure_ends_the_query(void **state)
{
    RTL_QUERY_REGISTRY_TABLE table[3];

    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(table, sizeof(table));
    table[0].QueryRoutine = note;
    table[0].Name = (PWSTR)(ULONG_PTR)L"Name";
    table[1] = table[0];
    s_seen.result = STATUS_DEVICE_BUSY;
    assert_int_equal(query(table), STATUS_DEVICE_BUSY);
    assert_int_equal(s_seen.count, 1);
}

static void test_multiple_strings_come_one_by_one_or_as_they_are(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(query_one(note, 0, L"List", NULL, REG_NONE, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(s_seen.count, 2);
    expect_call(0, L"List", REG_SZ, L"a", 4);
    expect_call(1, L"List", REG_SZ, L"bc", 6);
    assert_int_equal(query_one(note, RTL_QUERY_REGISTRY_NOEXPAND, L"List", NULL, REG_NONE, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(s_seen.count, 3);
    expect_call(2, L"List", REG_MULTI_SZ, L"a\0bc\0", 12);
}

static void test_variables_are_replaced_from_the_environment(void **state)
{
    static WCHAR environment[] = L"S=no\0r=C:\\R\0";
    RTL_QUERY_REGISTRY_TABLE table[2];

    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(table, sizeof(table));
    table[0].QueryRoutine = note;
    table[0].Name = (PWSTR)(ULONG_PTR)L"Path";
    wsk_kit_expect_report("OBJ-008");
    assert_int_equal(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"gate\\Parameters", table, NULL, environment),
                     STATUS_SUCCESS);
    expect_call(0, L"Path", REG_SZ, L"C:\\R\\x", 14);
    wsk_kit_expect_report("OBJ-008");
    assert_int_equal(query(table), STATUS_SUCCESS); /* nobody knows it */
    expect_call(1, L"Path", REG_SZ, L"%R%\\x", 12);
    table[0].Flags = RTL_QUERY_REGISTRY_NOEXPAND;
    assert_int_equal(query(table), STATUS_SUCCESS);
    expect_call(2, L"Path", REG_EXPAND_SZ, L"%R%\\x", 12);
}

static void test_strings_get_the_terminator_that_they_lack(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_registry_set("gate\\Parameters", "Bare", REG_SZ, L"ab", 4), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_registry_set("gate\\Parameters", "Odd", REG_SZ, L"ab", 3), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_registry_set("gate\\Parameters", "Empty", REG_SZ, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(query_one(note, 0, L"Bare", NULL, REG_NONE, NULL, 0), STATUS_SUCCESS);
    expect_call(0, L"Bare", REG_SZ, L"ab", 6);
    assert_int_equal(query_one(note, 0, L"Odd", NULL, REG_NONE, NULL, 0), STATUS_SUCCESS);
    expect_call(1, L"Odd", REG_SZ, L"a", 4);
    assert_int_equal(query_one(note, 0, L"Empty", NULL, REG_NONE, NULL, 0), STATUS_SUCCESS);
    expect_call(2, L"Empty", REG_SZ, L"", 2);
}

static void test_entry_without_a_name_gets_every_value(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(query_one(note, RTL_QUERY_REGISTRY_NOEXPAND, NULL, NULL, REG_NONE, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(s_seen.count, 5);
    expect_call(0, L"Port", REG_DWORD, "\x67\x12\0\0", 4);
    expect_call(4, L"List", REG_MULTI_SZ, L"a\0bc\0", 12);
}

static void test_novalue_calls_once_without_a_value(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(query_one(note, RTL_QUERY_REGISTRY_NOVALUE, NULL, &s_seen, REG_NONE, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(s_seen.count, 1);
    expect_call(0, L"", REG_NONE, "", 0);
}

/* --- missing values ---------------------------------------------------------------------------------------- */

static void test_missing_value_is_skipped_defaulted_or_required(void **state)
{
    ULONG number = 9;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(query_one(note, 0, L"None", NULL, REG_NONE, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(s_seen.count, 0);
    assert_int_equal(query_one(note, RTL_QUERY_REGISTRY_REQUIRED, L"None", NULL, REG_DWORD, &number, 4),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(s_seen.count, 0);
    assert_int_equal(query_one(note, 0, L"None", NULL, REG_DWORD, &number, 4), STATUS_SUCCESS);
    expect_call(0, L"None", REG_DWORD, &number, 4);
    assert_int_equal(query_one(note, 0, L"None", NULL, REG_SZ, L"abc", 0), STATUS_SUCCESS); /* its length is counted */
    expect_call(1, L"None", REG_SZ, L"abc", 8);
    assert_int_equal(query_one(note, 0, L"None", NULL, REG_BINARY, NULL, 0), STATUS_SUCCESS);
    expect_call(2, L"None", REG_BINARY, "", 0);
}

static void test_required_entry_without_a_name_needs_one_value(void **state)
{
    RTL_QUERY_REGISTRY_TABLE table[2];

    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(table, sizeof(table));
    table[0].QueryRoutine = note;
    table[0].Flags = RTL_QUERY_REGISTRY_REQUIRED;
    assert_int_equal(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"gate", table, NULL, NULL),
                     STATUS_OBJECT_NAME_NOT_FOUND);
}

/* --- subkeys ------------------------------------------------------------------------------------------------- */

static void test_subkey_turns_the_entries_that_follow(void **state)
{
    RTL_QUERY_REGISTRY_TABLE table[5];
    ULONG inner = 0;
    ULONG port = 0;

    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(table, sizeof(table));
    table[0].Flags = RTL_QUERY_REGISTRY_SUBKEY;
    table[0].Name = (PWSTR)(ULONG_PTR)L"Sub";
    table[1].Flags = DIRECT | RTL_QUERY_REGISTRY_REQUIRED;
    table[1].Name = (PWSTR)(ULONG_PTR)L"Inner";
    table[1].EntryContext = &inner;
    table[1].DefaultType = TYPE(REG_DWORD);
    table[2] = table[1];
    table[2].Flags |= RTL_QUERY_REGISTRY_TOPKEY;
    table[2].Name = (PWSTR)(ULONG_PTR)L"Port";
    table[2].EntryContext = &port;
    table[3].QueryRoutine = note;
    table[3].Flags = RTL_QUERY_REGISTRY_SUBKEY; /* with a routine: all values of the subkey */
    table[3].Name = (PWSTR)(ULONG_PTR)L"Sub";
    assert_int_equal(query(table), STATUS_SUCCESS);
    assert_int_equal(inner, 1);
    assert_int_equal(port, 0x1267);
    assert_int_equal(s_seen.count, 1);
    expect_call(0, L"Inner", REG_DWORD, &inner, 4);
    table[3].Name = (PWSTR)(ULONG_PTR)L"Nothing";
    assert_int_equal(query(table), STATUS_OBJECT_NAME_NOT_FOUND);
    table[3].Name = NULL;
    assert_int_equal(query(table), STATUS_INVALID_PARAMETER);
}

/* --- direct ----------------------------------------------------------------------------------------------------- */

static void test_direct_number_is_stored_as_it_is(void **state)
{
    ULONG port[2] = { 0, 0xa5a5a5a5 };

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(query_one(NULL, DIRECT, L"Port", port, TYPE(REG_DWORD), NULL, 0), STATUS_SUCCESS);
    assert_int_equal(port[0], 0x1267);
    assert_int_equal(port[1], 0xa5a5a5a5);
}

static void test_direct_string_is_allocated_or_must_fit(void **state)
{
    WCHAR buffer[5];
    UNICODE_STRING string = { 0, 0, NULL };

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(query_one(NULL, DIRECT, L"Name", &string, TYPE(REG_SZ), NULL, 0), STATUS_SUCCESS);
    assert_int_equal(string.Length, 8);
    assert_int_equal(string.MaximumLength, 10);
    assert_memory_equal(string.Buffer, L"gate", 10);
    RtlFreeUnicodeString(&string);
    string.Buffer = buffer;
    string.MaximumLength = 10;
    assert_int_equal(query_one(NULL, DIRECT, L"Name", &string, TYPE(REG_SZ), NULL, 0), STATUS_SUCCESS);
    assert_memory_equal(buffer, L"gate", 10);
    string.MaximumLength = 8;
    assert_int_equal(query_one(NULL, DIRECT, L"Name", &string, TYPE(REG_SZ), NULL, 0), STATUS_BUFFER_TOO_SMALL);
}

static void test_direct_bytes_say_how_much_room_there_is(void **state)
{
    union {
        LONG room;
        ULONG header[2];
        UCHAR bytes[16];
    } buffer;

    UNREFERENCED_PARAMETER(state);
    buffer.room = -6; /* the data alone */
    assert_int_equal(query_one(NULL, DIRECT, L"Blob", &buffer, TYPE(REG_BINARY), NULL, 0), STATUS_SUCCESS);
    assert_memory_equal(buffer.bytes, "\1\2\3\4\5\6", 6);
    buffer.room = -5;
    assert_int_equal(query_one(NULL, DIRECT, L"Blob", &buffer, TYPE(REG_BINARY), NULL, 0), STATUS_BUFFER_TOO_SMALL);
    buffer.room = 14; /* with length and type in front */
    assert_int_equal(query_one(NULL, DIRECT, L"Blob", &buffer, TYPE(REG_BINARY), NULL, 0), STATUS_SUCCESS);
    assert_int_equal(buffer.header[0], 6);
    assert_int_equal(buffer.header[1], REG_BINARY);
    assert_memory_equal(buffer.bytes + 8, "\1\2\3\4\5\6", 6);
    buffer.room = 13;
    assert_int_equal(query_one(NULL, DIRECT, L"Blob", &buffer, TYPE(REG_BINARY), NULL, 0), STATUS_BUFFER_TOO_SMALL);
}

static void test_direct_strings_fill_an_array(void **state)
{
    UNICODE_STRING strings[3];

    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(strings, sizeof(strings));
    assert_int_equal(
        query_one(NULL, DIRECT & ~RTL_QUERY_REGISTRY_NOEXPAND, L"List", strings, TYPE(REG_MULTI_SZ), NULL, 0),
        STATUS_SUCCESS);
    assert_memory_equal(strings[0].Buffer, L"a", 4);
    assert_memory_equal(strings[1].Buffer, L"bc", 6);
    assert_null(strings[2].Buffer);
    RtlFreeUnicodeString(&strings[0]);
    RtlFreeUnicodeString(&strings[1]);
}

static void test_typecheck_refuses_another_type(void **state)
{
    ULONG number = 3;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(query_one(NULL, DIRECT, L"Name", &number, TYPE(REG_DWORD), NULL, 0), STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(number, 3);
    assert_int_equal(query_one(NULL, DIRECT, L"None", &number, TYPE(REG_DWORD) | REG_DWORD, "\7\0\0\0", 4),
                     STATUS_SUCCESS);
    assert_int_equal(number, 7);
    assert_int_equal(query_one(NULL, DIRECT, L"None", &number, TYPE(REG_DWORD), NULL, 0), STATUS_SUCCESS);
    assert_int_equal(number, 7);
}

static void test_direct_contradicts_routines_subkeys_and_missing_names(void **state)
{
    ULONG number;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(query_one(note, DIRECT, L"Port", &number, TYPE(REG_DWORD), NULL, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(query_one(NULL, DIRECT, NULL, &number, TYPE(REG_DWORD), NULL, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(query_one(NULL, DIRECT | RTL_QUERY_REGISTRY_SUBKEY, L"Sub", &number, TYPE(REG_DWORD), NULL, 0),
                     STATUS_INVALID_PARAMETER);
}

/* --- deleting, memory ------------------------------------------------------------------------------------------------ */

static void test_delete_takes_what_was_given(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_seen.result = STATUS_DEVICE_BUSY;
    assert_int_equal(query_one(note, RTL_QUERY_REGISTRY_DELETE, L"Port", NULL, REG_NONE, NULL, 0), STATUS_DEVICE_BUSY);
    s_seen.result = STATUS_SUCCESS; /* a failure has deleted nothing */
    assert_int_equal(
        query_one(note, RTL_QUERY_REGISTRY_DELETE | RTL_QUERY_REGISTRY_REQUIRED, L"Port", NULL, REG_NONE, NULL, 0),
        STATUS_SUCCESS);
    assert_int_equal(query_one(note, RTL_QUERY_REGISTRY_REQUIRED, L"Port", NULL, REG_NONE, NULL, 0),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    s_seen.count = 0;
    assert_int_equal(
        query_one(note, RTL_QUERY_REGISTRY_DELETE | RTL_QUERY_REGISTRY_NOEXPAND, NULL, NULL, REG_NONE, NULL, 0),
        STATUS_SUCCESS);
    assert_int_equal(s_seen.count, 4);
    assert_int_equal(query_one(note, RTL_QUERY_REGISTRY_REQUIRED, NULL, NULL, REG_NONE, NULL, 0),
                     STATUS_OBJECT_NAME_NOT_FOUND);
}

static void test_queries_without_memory_fail(void **state)
{
    RTL_QUERY_REGISTRY_TABLE table[4];
    UNICODE_STRING string = { 0, 0, NULL };
    unsigned long index;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(state);
    RtlZeroMemory(table, sizeof(table));
    table[0].Flags = DIRECT;
    table[0].Name = (PWSTR)(ULONG_PTR)L"Name";
    table[0].EntryContext = &string;
    table[0].DefaultType = TYPE(REG_SZ);
    table[1].QueryRoutine = note;
    table[1].Flags = RTL_QUERY_REGISTRY_NOEXPAND;
    table[2].QueryRoutine = note;
    table[2].Name = (PWSTR)(ULONG_PTR)L"None";
    table[2].DefaultType = REG_SZ;
    table[2].DefaultData = (PVOID)(ULONG_PTR)L"x";
    for (index = 1;; index++) {
        s_seen.count = 0;
        (void)we_host_mem_fail(index);
        status = query(table);
        if (!we_host_mem_fail(0)) {
            break;
        }
        assert_true(status == STATUS_NO_MEMORY || status == STATUS_INSUFFICIENT_RESOURCES);
        if (string.Buffer != NULL) {
            RtlFreeUnicodeString(&string);
        }
    }
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(s_seen.count, 6);
    RtlFreeUnicodeString(&string);
}

/* --- the keys of a driver ---------------------------------------------------------------------------------------------- */

static void test_IoOpenDriverRegistryKey_opens_the_parameters(void **state)
{
    PDRIVER_OBJECT driver = we_io_driver_create("gate");
    PDRIVER_OBJECT other = we_io_driver_create("other");
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Port");
    UCHAR buffer[64];
    ULONG needed;
    HANDLE key;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(IoOpenDriverRegistryKey(driver, DriverRegKeyParameters, KEY_READ, 0, &key), STATUS_SUCCESS);
    assert_int_equal(ZwQueryValueKey(key, &name, KeyValuePartialInformation, buffer, sizeof(buffer), &needed),
                     STATUS_SUCCESS);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    assert_int_equal(IoOpenDriverRegistryKey(driver, DriverRegKeyParameters, KEY_READ, 1, &key),
                     STATUS_INVALID_PARAMETER);
    assert_null(key);
    assert_int_equal(IoOpenDriverRegistryKey(NULL, DriverRegKeyParameters, KEY_READ, 0, &key),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(IoOpenDriverRegistryKey(driver, (DRIVER_REGKEY_TYPE)3, KEY_READ, 0, &key),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(IoOpenDriverRegistryKey(driver, DriverRegKeyPersistentState, KEY_READ, 0, &key),
                     STATUS_NOT_SUPPORTED);
    assert_int_equal(IoOpenDriverRegistryKey(other, DriverRegKeyParameters, KEY_READ, 0, &key),
                     STATUS_OBJECT_NAME_NOT_FOUND); /* no service of that name */
    assert_int_equal(RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, (PWSTR)(ULONG_PTR)L"other"), STATUS_SUCCESS);
    assert_int_equal(IoOpenDriverRegistryKey(other, DriverRegKeyParameters, KEY_WRITE, 0, &key), STATUS_SUCCESS);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    we_io_driver_destroy(other);
    we_io_driver_destroy(driver);
}

#define registry_test(f) wsk_emu_unit_test_setup_teardown(f, setup, NULL)

int main(void)
{
    const struct CMUnitTest tests[] = {
        registry_test(test_places_lead_to_their_keys),
        registry_test(test_bad_places_are_refused),
        registry_test(test_RtlQueryRegistryValues_optional_key_may_be_missing),
        registry_test(test_RtlWriteRegistryValue_makes_the_key_and_delete_takes_the_value),
        registry_test(test_RtlQueryRegistryValues_takes_a_handle),
        registry_test(test_routine_gets_the_value_and_both_contexts),
        registry_test(test_routine_failure_ends_the_query),
        registry_test(test_multiple_strings_come_one_by_one_or_as_they_are),
        registry_test(test_variables_are_replaced_from_the_environment),
        registry_test(test_strings_get_the_terminator_that_they_lack),
        registry_test(test_entry_without_a_name_gets_every_value),
        registry_test(test_novalue_calls_once_without_a_value),
        registry_test(test_missing_value_is_skipped_defaulted_or_required),
        registry_test(test_required_entry_without_a_name_needs_one_value),
        registry_test(test_subkey_turns_the_entries_that_follow),
        registry_test(test_direct_number_is_stored_as_it_is),
        registry_test(test_direct_string_is_allocated_or_must_fit),
        registry_test(test_direct_bytes_say_how_much_room_there_is),
        registry_test(test_direct_strings_fill_an_array),
        registry_test(test_typecheck_refuses_another_type),
        registry_test(test_direct_contradicts_routines_subkeys_and_missing_names),
        registry_test(test_delete_takes_what_was_given),
        registry_test(test_queries_without_memory_fail),
        registry_test(test_IoOpenDriverRegistryKey_opens_the_parameters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
