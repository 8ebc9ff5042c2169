/* SPDX-License-Identifier: MIT */
/* Registry files: what they put in and take out, what is wrong with them and where, and that they are taken whole. */
#include <wdm.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host_mem.h"
#include "support/emu_fixture.h"
#include "wsk_emu/driver.h"

#define HEAD "Windows Registry Editor Version 5.00\n"
#define GATE "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\gate]\n"
#define PATH L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\gate"

static char s_line[512]; /* of the log: the last one of wsk_emu_registry_load */

static void note_line(void *context, const char *line)
{
    (void)context;
    if (strstr(line, "wsk_emu_registry_load") != NULL) {
        snprintf(s_line, sizeof(s_line), "%s", line);
    }
}

/* The data of a value, with its type; fails the test when there is none. */
static ULONG read_value(const WCHAR *path, const WCHAR *name, ULONG *type, void *data, ULONG size)
{
    union {
        KEY_VALUE_PARTIAL_INFORMATION info;
        UCHAR bytes[256];
    } buffer;
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING string;
    ULONG needed;
    HANDLE key;

    RtlInitUnicodeString(&string, path);
    InitializeObjectAttributes(&attributes, &string, OBJ_CASE_INSENSITIVE, NULL, NULL);
    assert_int_equal(ZwOpenKey(&key, KEY_READ, &attributes), STATUS_SUCCESS);
    RtlInitUnicodeString(&string, name);
    assert_int_equal(ZwQueryValueKey(key, &string, KeyValuePartialInformation, &buffer, sizeof(buffer), &needed),
                     STATUS_SUCCESS);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    assert_true(buffer.info.DataLength <= size);
    memcpy(data, buffer.bytes + FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data), buffer.info.DataLength);
    *type = buffer.info.Type;
    return buffer.info.DataLength;
}

static void expect_data(const WCHAR *path, const WCHAR *name, ULONG type, const void *data, ULONG length)
{
    UCHAR read[128];
    ULONG read_type;

    assert_int_equal(read_value(path, name, &read_type, read, sizeof(read)), length);
    assert_int_equal(read_type, type);
    assert_memory_equal(read, data, length);
}

static bool has_key(const WCHAR *path)
{
    return NT_SUCCESS(RtlCheckRegistryKey(RTL_REGISTRY_ABSOLUTE, (PWSTR)(ULONG_PTR)path));
}

/* Of a file, which is gone before anything can fail the test. */
static NTSTATUS load_bytes(const void *bytes, size_t size)
{
    char name[] = "test_drv_reg_XXXXXX";
    int descriptor = mkstemp(name);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
    bool is_written = file != NULL && fwrite(bytes, 1, size, file) == size;
    bool is_closed = file != NULL && fclose(file) == 0;
    NTSTATUS status = wsk_emu_registry_load(name);
    int removed = remove(name);

    assert_true(descriptor >= 0);
    assert_true(is_written);
    assert_true(is_closed);
    assert_int_equal(removed, 0);
    return status;
}

/* --- what is put in --------------------------------------------------------------------------------------- */

static void test_each_form_of_a_value_is_understood(void **state)
{
    static const char text[] = "\n; comment\n" GATE "@=\"default\"\n"
                               "\"String\"=\"a \\\"b\\\" c:\\\\d\"   ; after it\n"
                               "  \"Number\" = dword:1f\n"
                               "\"Bytes\"=hex:01,2,\\\n  ff, 00 ,\n"
                               "\"Wide\"=hex(2):41,00,00,00\n"
                               "\"Big\"=hex(b):01,00,00,00,00,00,00,00\n"
                               "\"Odd type\"=hex(ffff0001):\n"
                               "\"Two\nlines\"=\"x\ny\"\n";
    char whole[sizeof(HEAD) + sizeof(text)];

    UNREFERENCED_PARAMETER(state);
    snprintf(whole, sizeof(whole), "%s%s", HEAD, text);
    assert_int_equal(wsk_emu_registry_load(whole), STATUS_SUCCESS);
    expect_data(PATH, L"", REG_SZ, L"default", 16);
    expect_data(PATH, L"String", REG_SZ, L"a \"b\" c:\\d", 22);
    expect_data(PATH, L"Number", REG_DWORD, "\x1f\0\0\0", 4);
    expect_data(PATH, L"Bytes", REG_BINARY, "\x01\x02\xff\x00", 4);
    expect_data(PATH, L"Wide", REG_EXPAND_SZ, L"A", 4);
    expect_data(PATH, L"Big", REG_QWORD, "\1\0\0\0\0\0\0\0", 8);
    expect_data(PATH, L"Odd type", 0xffff0001, "", 0);
    expect_data(PATH, L"Two\nlines", REG_SZ, L"x\ny", 8);
}

static void test_roots_lead_to_their_keys(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_registry_load(HEAD "[hkey_local_machine\\Software\\[a]]\n"
                                                "[HKEY_USERS\\u]\n"
                                                "[HKEY_CURRENT_USER\\Software\\c]\n"
                                                "[HKEY_CLASSES_ROOT\\.x]\n"
                                                "[HKLM\\Software\\Short]\n"
                                                "[HKU]\n"),
                     STATUS_SUCCESS);
    assert_true(has_key(L"\\Registry\\Machine\\Software\\[a]"));
    assert_true(has_key(L"\\Registry\\User\\u"));
    assert_true(has_key(L"\\Registry\\User\\.Default\\Software\\c"));
    assert_true(has_key(L"\\Registry\\Machine\\Software\\Classes\\.x"));
    assert_true(has_key(L"\\Registry\\Machine\\Software\\Short"));
}

static void test_minus_signs_remove(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_registry_load(HEAD GATE "\"a\"=\"1\"\n\"b\"=\"2\"\n"
                                                     "[HKLM\\System\\CurrentControlSet\\Services\\gate\\x\\y]\n"),
                     STATUS_SUCCESS);
    assert_int_equal(wsk_emu_registry_load(HEAD GATE "\"a\"=-\n\"none\"=-\n"
                                                     "[-HKLM\\System\\CurrentControlSet\\Services\\gate\\x]\n"
                                                     "[-HKLM\\System\\Nothing\\here]\n"),
                     STATUS_SUCCESS);
    assert_int_equal(wsk_emu_registry_remove("gate", "a"), STATUS_OBJECT_NAME_NOT_FOUND);
    expect_data(PATH, L"b", REG_SZ, L"2", 4);
    assert_false(has_key(PATH L"\\x"));
    /* Removed, then made anew: what was in it is gone. */
    assert_int_equal(
        wsk_emu_registry_load(HEAD "[-HKLM\\System\\CurrentControlSet\\Services\\gate]\n" GATE "\"c\"=\"3\"\n"),
        STATUS_SUCCESS);
    assert_int_equal(wsk_emu_registry_remove("gate", "b"), STATUS_OBJECT_NAME_NOT_FOUND);
    expect_data(PATH, L"c", REG_SZ, L"3", 4);
}

static void test_a_removed_key_that_is_open_is_deleted_for_its_handle(void **state)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(PATH L"\\x");
    OBJECT_ATTRIBUTES attributes;
    UCHAR buffer[64];
    ULONG needed;
    HANDLE key;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_registry_set_dword("gate\\x", "a", 1), STATUS_SUCCESS);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    assert_int_equal(ZwOpenKey(&key, KEY_ALL_ACCESS, &attributes), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_registry_load(HEAD "[-HKLM\\System\\CurrentControlSet\\Services\\gate]\n"),
                     STATUS_SUCCESS);
    assert_int_equal(ZwQueryKey(key, KeyBasicInformation, buffer, sizeof(buffer), &needed), STATUS_KEY_DELETED);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
}

/* --- files --------------------------------------------------------------------------------------------------- */

static void test_files_are_utf_8_or_utf_16(void **state)
{
    static const char text[] = "Windows Registry Editor Version 5.00\r\n\r\n"
                               "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\gate]\r\n"
                               "\"Name\"=\"caf\xc3\xa9\"\r\n";
    char marked[sizeof(text) + 3] = "\xef\xbb\xbf";
    UCHAR wide[2 * sizeof(text) + 2] = { 0xff, 0xfe };
    WCHAR units[sizeof(text)];
    ULONG units_bytes = 0;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(load_bytes(text, sizeof(text) - 1), STATUS_SUCCESS);
    expect_data(PATH, L"Name", REG_SZ, L"caf\xe9", 10);
    assert_int_equal(wsk_emu_registry_remove("gate", "Name"), STATUS_SUCCESS);
    memcpy(marked + 3, text, sizeof(text));
    assert_int_equal(load_bytes(marked, sizeof(text) + 2), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_registry_remove("gate", "Name"), STATUS_SUCCESS);
    assert_int_equal(RtlUTF8ToUnicodeN(units, sizeof(units), &units_bytes, text, sizeof(text) - 1), STATUS_SUCCESS);
    memcpy(wide + 2, units, units_bytes);
    assert_int_equal(load_bytes(wide, units_bytes + 2), STATUS_SUCCESS);
    expect_data(PATH, L"Name", REG_SZ, L"caf\xe9", 10);
}

static void test_a_file_that_is_not_there_is_named(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_registry_load("no/such.reg"), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_non_null(strstr(s_line, "no/such.reg"));
    assert_int_equal(wsk_emu_registry_load(NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_registry_load(""), STATUS_INVALID_PARAMETER);
    assert_int_equal(load_bytes("", 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(load_bytes(HEAD, sizeof(HEAD) - 2), STATUS_SUCCESS); /* no newline at its end */
}

/* --- mistakes ---------------------------------------------------------------------------------------------------- */

static void test_each_mistake_is_told_with_its_line(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *words;
    } rows[] = {
        { "REGEDIT4\n", 1, "first line" },
        { "Windows Registry Editor Version 5.000\n", 1, "something follows" },
        { HEAD "junk\n", 2, "neither a key" },
        { HEAD "\"a\"=\"b\"\n", 2, "before the first key" },
        { HEAD "[HKEY_LOCAL_MACHINE\\a\n", 2, "bracket" },
        { HEAD "[]\n", 2, "bracket" },
        { HEAD "[HKEY_LOCAL_MACHINES\\a]\n", 2, "root" },
        { HEAD "[-HKEY_LOCAL_MACHINE]\n", 2, "removed" },
        { HEAD "[HKLM\\a] b\n", 2, "something follows" },
        { HEAD "[-HKLM\\a]\n\"b\"=\"c\"\n", 3, "is removed" },
        { HEAD GATE "\"a\n\n=\"b\n", 5, "followed by an equals sign" },
        { HEAD GATE "\n\"a\"\n", 4, "equals sign" },
        { HEAD GATE "\"a\"=\n", 3, "neither a string" },
        { HEAD GATE "\"a\"=\"b\n\n\n", 3, "no end" },
        { HEAD GATE "\"a\"=\"b\\c\"\n", 3, "backslash" },
        { HEAD GATE "\"a\"=\"b\" c\n", 3, "something follows" },
        { HEAD GATE "\"a\"=dword:\n", 3, "dword" },
        { HEAD GATE "\"a\"=dword:123456789\n", 3, "dword" },
        { HEAD GATE "\"a\"=hex:100\n", 3, "byte" },
        { HEAD GATE "\"a\"=hex:1,\\ 2\n", 3, "last of its line" },
        { HEAD GATE "\"a\"=hex:1,\\\n2,\\\nx\n", 5, "something follows" },
        { HEAD GATE "\"a\"=hex 1\n", 3, "colon" },
        { HEAD GATE "\"a\"=hex(:1\n", 3, "type" },
        { HEAD GATE "\"a\"=word:1\n", 3, "neither a string" },
    };
    char expected[32];
    size_t i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < ARRAYSIZE(rows); i++) {
        s_line[0] = '\0';
        assert_int_equal(wsk_emu_registry_load(rows[i].text), STATUS_INVALID_PARAMETER);
        snprintf(expected, sizeof(expected), "line %u: ", rows[i].line);
        if (strstr(s_line, expected) == NULL || strstr(s_line, rows[i].words) == NULL) {
            fail_msg("row %zu: %s", i, s_line);
        }
    }
}

static void test_a_name_that_is_too_long_is_told_with_its_line(void **state)
{
    char text[600];
    char name[300];

    UNREFERENCED_PARAMETER(state);
    memset(name, 'n', sizeof(name));
    snprintf(text, sizeof(text), "%s[HKLM\\Software\\ok]\n[HKLM\\Software\\%.256s]\n", HEAD, name);
    assert_int_equal(wsk_emu_registry_load(text), STATUS_INVALID_PARAMETER);
    assert_non_null(strstr(s_line, "line 3: "));
    assert_false(has_key(L"\\Registry\\Machine\\Software\\ok"));
    snprintf(text, sizeof(text), "%s[HKLM\\Software\\%.255s]\n", HEAD, name);
    assert_int_equal(wsk_emu_registry_load(text), STATUS_SUCCESS);
}

static void test_nothing_is_put_in_when_the_end_is_wrong(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_registry_set_dword("gate", "kept", 1), STATUS_SUCCESS);
    assert_int_equal(wsk_emu_registry_load(HEAD GATE "\"kept\"=-\n\"a\"=\"b\"\n[HKLM\\Software\\New]\njunk\n"),
                     STATUS_INVALID_PARAMETER);
    expect_data(PATH, L"kept", REG_DWORD, "\1\0\0\0", 4);
    assert_int_equal(wsk_emu_registry_remove("gate", "a"), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_false(has_key(L"\\Registry\\Machine\\Software\\New"));
}

/* Each allocation fails once: the registry is as it was, to the last value and its place. */
static void test_nothing_is_put_in_when_memory_ends_in_between(void **state)
{
    static const char before[] = HEAD GATE "\"first\"=\"1\"\n\"second\"=\"2\"\n\"third\"=\"3\"\n"
                                           "[HKLM\\Software\\Old\\Deep]\n\"x\"=\"y\"\n";
    static const char change[] = HEAD GATE "\"second\"=\"22\"\n\"first\"=-\n\"fourth\"=\"4\"\n\"fourth\"=\"5\"\n"
                                           "[-HKLM\\Software\\Old\\Deep]\n[-HKLM\\Software\\Old]\n"
                                           "[HKLM\\Software\\Old\\Other]\n\"z\"=dword:1\n";
    unsigned long index;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_registry_load(before), STATUS_SUCCESS);
    for (index = 1;; index++) {
        union {
            KEY_VALUE_BASIC_INFORMATION info;
            UCHAR bytes[64];
        } buffer;
        OBJECT_ATTRIBUTES attributes;
        UNICODE_STRING name = RTL_CONSTANT_STRING(PATH);
        HANDLE key;
        ULONG needed;

        (void)we_host_mem_fail(index);
        status = wsk_emu_registry_load(change);
        if (!we_host_mem_fail(0)) {
            break;
        }
        assert_int_equal(status, STATUS_INSUFFICIENT_RESOURCES);
        expect_data(L"\\Registry\\Machine\\Software\\Old\\Deep", L"x", REG_SZ, L"y", 4);
        assert_false(has_key(L"\\Registry\\Machine\\Software\\Old\\Other"));
        expect_data(PATH, L"second", REG_SZ, L"2", 4);
        InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
        assert_int_equal(ZwOpenKey(&key, KEY_READ, &attributes), STATUS_SUCCESS);
        assert_int_equal(ZwEnumerateValueKey(key, 0, KeyValueBasicInformation, &buffer, sizeof(buffer), &needed),
                         STATUS_SUCCESS);
        assert_memory_equal(buffer.info.Name, L"first", 10);
        assert_int_equal(ZwEnumerateValueKey(key, 3, KeyValueBasicInformation, &buffer, sizeof(buffer), &needed),
                         STATUS_NO_MORE_ENTRIES);
        assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    }
    assert_int_equal(status, STATUS_SUCCESS);
    assert_true(index > 25);
    expect_data(PATH, L"second", REG_SZ, L"22", 6);
    expect_data(PATH, L"fourth", REG_SZ, L"5", 4);
    expect_data(L"\\Registry\\Machine\\Software\\Old\\Other", L"z", REG_DWORD, "\1\0\0\0", 4);
    assert_false(has_key(L"\\Registry\\Machine\\Software\\Old\\Deep"));
}

static void test_without_a_kernel_nothing_is_loaded(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_registry_load(HEAD), STATUS_INVALID_DEVICE_STATE);
}

static const struct wsk_emu_config s_config = { .size = sizeof(s_config),
                                                .execution = WSK_EMU_EXECUTION_STEPPED,
                                                .network = WSK_EMU_NETWORK_VIRTUAL,
                                                .log = note_line };

#define reg_test(f) wsk_emu_unit_test_config(f, NULL, NULL, &s_config)

int main(void)
{
    const struct CMUnitTest tests[] = {
        reg_test(test_each_form_of_a_value_is_understood),
        reg_test(test_roots_lead_to_their_keys),
        reg_test(test_minus_signs_remove),
        reg_test(test_a_removed_key_that_is_open_is_deleted_for_its_handle),
        reg_test(test_files_are_utf_8_or_utf_16),
        reg_test(test_a_file_that_is_not_there_is_named),
        reg_test(test_each_mistake_is_told_with_its_line),
        reg_test(test_a_name_that_is_too_long_is_told_with_its_line),
        reg_test(test_nothing_is_put_in_when_the_end_is_wrong),
        reg_test(test_nothing_is_put_in_when_memory_ends_in_between),
        cmocka_unit_test(test_without_a_kernel_nothing_is_loaded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
