/* SPDX-License-Identifier: MIT */
/* What a driver does to the registry: keys made and deleted, values set, counted and deleted. */
#include <wdm.h>

#include "host/host_mem.h"
#include "support/emu_fixture.h"
#include "support/registry_key.h"
#include "wsk_emu/driver.h"

#define ROOT L"\\Registry\\Machine\\Software"

static HANDLE s_root;

static NTSTATUS create_as(HANDLE root, const WCHAR *path, ACCESS_MASK access, ULONG options, const WCHAR *class_name,
                          HANDLE *handle, ULONG *disposition)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;
    UNICODE_STRING class_string;

    RtlInitUnicodeString(&name, path);
    RtlInitUnicodeString(&class_string, class_name);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, root, NULL);
    return ZwCreateKey(handle, access, &attributes, 0, class_name != NULL ? &class_string : NULL, options, disposition);
}

static NTSTATUS create(HANDLE root, const WCHAR *path, HANDLE *handle)
{
    return create_as(root, path, KEY_ALL_ACCESS, 0, NULL, handle, NULL);
}

static NTSTATUS set(HANDLE key, const WCHAR *name, ULONG type, const void *data, ULONG bytes)
{
    UNICODE_STRING string;

    RtlInitUnicodeString(&string, name);
    return ZwSetValueKey(key, &string, 0, type, (PVOID)(ULONG_PTR)data, bytes);
}

static NTSTATUS delete_value(HANDLE key, const WCHAR *name)
{
    UNICODE_STRING string;

    RtlInitUnicodeString(&string, name);
    return ZwDeleteValueKey(key, &string);
}

/* The type of a value, or all ones. */
static ULONG type_of(HANDLE key, const WCHAR *name)
{
    UCHAR buffer[64];
    UNICODE_STRING string;
    ULONG needed;

    RtlInitUnicodeString(&string, name);
    if (!NT_SUCCESS(ZwQueryValueKey(key, &string, KeyValuePartialInformation, buffer, sizeof(buffer), &needed))) {
        return MAXULONG;
    }
    return ((PKEY_VALUE_PARTIAL_INFORMATION)(PVOID)buffer)->Type;
}

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    return registry_key_open(NULL, ROOT, KEY_ALL_ACCESS, &s_root) == STATUS_SUCCESS ? 0 : -1;
}

static int teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(ZwClose(s_root), STATUS_SUCCESS);
    return 0;
}

/* --- keys ------------------------------------------------------------------------------------------- */

static void test_ZwCreateKey_tells_what_it_made_from_what_it_found(void **state)
{
    ULONG disposition = 0;
    HANDLE key;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create_as(s_root, L"Vendor", KEY_READ, 0, NULL, &key, &disposition), STATUS_SUCCESS);
    assert_int_equal(disposition, REG_CREATED_NEW_KEY);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    assert_int_equal(create_as(NULL, ROOT L"\\VENDOR\\", KEY_READ, 0, NULL, &key, &disposition), STATUS_SUCCESS);
    assert_int_equal(disposition, REG_OPENED_EXISTING_KEY);
    assert_int_equal(ZwFlushKey(key), STATUS_SUCCESS);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
}

static void test_ZwCreateKey_makes_one_level_only(void **state)
{
    HANDLE key;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(s_root, L"a\\b", &key), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_null(key);
    assert_int_equal(registry_key_open(s_root, L"a", KEY_READ, &key), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(create(s_root, L"a", &key), STATUS_SUCCESS);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    assert_int_equal(create(s_root, L"a\\b", &key), STATUS_SUCCESS);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
}

static void test_ZwCreateKey_below_a_volatile_key_must_be_volatile(void **state)
{
    HANDLE key;
    HANDLE child;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create_as(s_root, L"v", KEY_ALL_ACCESS, REG_OPTION_VOLATILE, NULL, &key, NULL), STATUS_SUCCESS);
    assert_int_equal(create(key, L"w", &child), STATUS_CHILD_MUST_BE_VOLATILE);
    assert_int_equal(create_as(key, L"w", KEY_READ, REG_OPTION_VOLATILE, NULL, &child, NULL), STATUS_SUCCESS);
    assert_int_equal(ZwClose(child), STATUS_SUCCESS);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
}

static void test_ZwCreateKey_refuses_bad_arguments(void **state)
{
    static WCHAR name[256];
    UNICODE_STRING long_name = { 256 * sizeof(WCHAR), sizeof(name), name };
    OBJECT_ATTRIBUTES attributes;
    HANDLE key = s_root;
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create_as(s_root, L"x", KEY_READ, 0x100, NULL, &key, NULL), STATUS_INVALID_PARAMETER);
    assert_null(key);
    assert_int_equal(create_as(s_root, L"x", KEY_READ, REG_OPTION_CREATE_LINK, NULL, &key, NULL), STATUS_NOT_SUPPORTED);
    assert_int_equal(create(NULL, L"Registry\\x", &key), STATUS_OBJECT_PATH_SYNTAX_BAD);
    assert_int_equal(create(s_root, L"\\x", &key), STATUS_OBJECT_PATH_SYNTAX_BAD);
    assert_int_equal(create(NULL, L"\\Device\\x", &key), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(ZwCreateKey(&key, KEY_READ, NULL, 0, NULL, 0, NULL), STATUS_INVALID_PARAMETER);
    for (i = 0; i < 256; i++) {
        name[i] = 'n';
    }
    InitializeObjectAttributes(&attributes, &long_name, 0, s_root, NULL);
    assert_int_equal(ZwCreateKey(&key, KEY_READ, &attributes, 0, NULL, 0, NULL), STATUS_OBJECT_NAME_INVALID);
    long_name.Length = 255 * sizeof(WCHAR);
    assert_int_equal(ZwCreateKey(&key, KEY_READ, &attributes, 0, NULL, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    wsk_kit_expect_report("OBJ-002");
    assert_int_equal(create((HANDLE)0x7ffc, L"x", &key), STATUS_INVALID_HANDLE);
}

static void test_ZwOpenKeyEx_is_ZwOpenKey_with_options(void **state)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name = RTL_CONSTANT_STRING(ROOT);
    HANDLE key;

    UNREFERENCED_PARAMETER(state);
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    assert_int_equal(ZwOpenKeyEx(&key, KEY_READ, &attributes, REG_OPTION_OPEN_LINK), STATUS_SUCCESS);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    assert_int_equal(ZwOpenKeyEx(&key, KEY_READ, &attributes, 0x1000), STATUS_INVALID_PARAMETER);
    assert_null(key);
}

static void test_ZwDeleteKey_leaves_a_handle_that_only_closes(void **state)
{
    UCHAR buffer[64];
    ULONG needed;
    HANDLE key;
    HANDLE other;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(s_root, L"gone", &key), STATUS_SUCCESS);
    assert_int_equal(registry_key_open(s_root, L"gone", KEY_ALL_ACCESS, &other), STATUS_SUCCESS);
    assert_int_equal(set(key, L"a", REG_BINARY, "x", 1), STATUS_SUCCESS);
    assert_int_equal(ZwDeleteKey(key), STATUS_SUCCESS);
    assert_int_equal(ZwDeleteKey(key), STATUS_KEY_DELETED);
    assert_int_equal(set(other, L"a", REG_BINARY, "x", 1), STATUS_KEY_DELETED);
    assert_int_equal(delete_value(other, L"a"), STATUS_KEY_DELETED);
    assert_int_equal(type_of(other, L"a"), MAXULONG);
    assert_int_equal(ZwQueryKey(other, KeyBasicInformation, buffer, sizeof(buffer), &needed), STATUS_KEY_DELETED);
    assert_int_equal(ZwEnumerateKey(other, 0, KeyBasicInformation, buffer, sizeof(buffer), &needed),
                     STATUS_KEY_DELETED);
    assert_int_equal(ZwEnumerateValueKey(other, 0, KeyValueBasicInformation, buffer, sizeof(buffer), &needed),
                     STATUS_KEY_DELETED);
    assert_int_equal(ZwFlushKey(other), STATUS_KEY_DELETED);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    assert_int_equal(create(other, L"below", &key), STATUS_KEY_DELETED);
    assert_int_equal(ZwClose(other), STATUS_SUCCESS);
    assert_int_equal(registry_key_open(s_root, L"gone", KEY_READ, &key), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void test_ZwDeleteKey_keeps_what_has_keys_below(void **state)
{
    HANDLE key;
    HANDLE below;
    HANDLE registry;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(s_root, L"p", &key), STATUS_SUCCESS);
    assert_int_equal(create(key, L"q", &below), STATUS_SUCCESS);
    assert_int_equal(ZwDeleteKey(key), STATUS_CANNOT_DELETE);
    assert_int_equal(ZwDeleteKey(below), STATUS_SUCCESS);
    assert_int_equal(ZwDeleteKey(key), STATUS_SUCCESS);
    assert_int_equal(ZwClose(below), STATUS_SUCCESS);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    assert_int_equal(registry_key_open(NULL, L"\\Registry", KEY_ALL_ACCESS, &registry), STATUS_SUCCESS);
    assert_int_equal(ZwDeleteKey(registry), STATUS_CANNOT_DELETE);
    assert_int_equal(ZwClose(registry), STATUS_SUCCESS);
}

/* --- access ------------------------------------------------------------------------------------------- */

static void test_each_call_needs_its_right(void **state)
{
    UCHAR buffer[64];
    ULONG needed;
    HANDLE key;
    HANDLE weak;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(s_root, L"rights", &key), STATUS_SUCCESS);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    assert_int_equal(registry_key_open(s_root, L"rights", KEY_READ, &weak), STATUS_SUCCESS);
    assert_int_equal(set(weak, L"a", REG_NONE, NULL, 0), STATUS_ACCESS_DENIED);
    assert_int_equal(delete_value(weak, L"a"), STATUS_ACCESS_DENIED);
    assert_int_equal(ZwDeleteKey(weak), STATUS_ACCESS_DENIED);
    assert_int_equal(ZwQueryKey(weak, KeyBasicInformation, buffer, sizeof(buffer), &needed), STATUS_SUCCESS);
    assert_int_equal(ZwClose(weak), STATUS_SUCCESS);
    assert_int_equal(registry_key_open(s_root, L"rights", GENERIC_WRITE, &weak), STATUS_SUCCESS);
    assert_int_equal(set(weak, L"a", REG_NONE, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(ZwQueryKey(weak, KeyBasicInformation, buffer, sizeof(buffer), &needed), STATUS_ACCESS_DENIED);
    assert_int_equal(ZwQueryKey(weak, KeyNameInformation, buffer, 4, &needed), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(ZwEnumerateKey(weak, 0, KeyBasicInformation, buffer, sizeof(buffer), &needed),
                     STATUS_ACCESS_DENIED);
    assert_int_equal(ZwEnumerateValueKey(weak, 0, KeyValueBasicInformation, buffer, sizeof(buffer), &needed),
                     STATUS_ACCESS_DENIED);
    assert_int_equal(ZwClose(weak), STATUS_SUCCESS);
    assert_int_equal(registry_key_open(s_root, L"rights", MAXIMUM_ALLOWED, &weak), STATUS_SUCCESS);
    assert_int_equal(ZwDeleteKey(weak), STATUS_SUCCESS);
    assert_int_equal(ZwClose(weak), STATUS_SUCCESS);
}

static void test_handles_that_are_none_are_refused_by_all(void **state)
{
    HANDLE bad = (HANDLE)0x7ffc;
    UCHAR buffer[64];
    ULONG needed;

    UNREFERENCED_PARAMETER(state);
    for (needed = 0; needed < 7; needed++) {
        wsk_kit_expect_report("OBJ-002");
    }
    assert_int_equal(set(bad, L"a", REG_NONE, NULL, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(delete_value(bad, L"a"), STATUS_INVALID_HANDLE);
    assert_int_equal(ZwDeleteKey(bad), STATUS_INVALID_HANDLE);
    assert_int_equal(ZwFlushKey(bad), STATUS_INVALID_HANDLE);
    assert_int_equal(ZwQueryKey(bad, KeyBasicInformation, buffer, sizeof(buffer), &needed), STATUS_INVALID_HANDLE);
    assert_int_equal(ZwEnumerateKey(bad, 0, KeyBasicInformation, buffer, sizeof(buffer), &needed),
                     STATUS_INVALID_HANDLE);
    assert_int_equal(ZwEnumerateValueKey(bad, 0, KeyValueBasicInformation, buffer, sizeof(buffer), &needed),
                     STATUS_INVALID_HANDLE);
}

/* --- values --------------------------------------------------------------------------------------------- */

static void test_ZwSetValueKey_replaces_and_keeps_the_place(void **state)
{
    struct {
        KEY_VALUE_BASIC_INFORMATION info;
        WCHAR more[8];
    } buffer;
    HANDLE key;
    ULONG needed;
    ULONG number = 7;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(s_root, L"values", &key), STATUS_SUCCESS);
    assert_int_equal(set(key, L"", REG_SZ, L"x", 4), STATUS_SUCCESS); /* the default value */
    assert_int_equal(set(key, L"Second", REG_NONE, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(set(key, L"", REG_DWORD, &number, sizeof(number)), STATUS_SUCCESS);
    assert_int_equal(type_of(key, L""), REG_DWORD);
    assert_int_equal(type_of(key, L"SECOND"), REG_NONE);
    assert_int_equal(ZwEnumerateValueKey(key, 0, KeyValueBasicInformation, &buffer, sizeof(buffer), &needed),
                     STATUS_SUCCESS);
    assert_int_equal(buffer.info.NameLength, 0);
    assert_int_equal(ZwEnumerateValueKey(key, 1, KeyValueBasicInformation, &buffer, sizeof(buffer), &needed),
                     STATUS_SUCCESS);
    assert_memory_equal(buffer.info.Name, L"Second", 12);
    assert_int_equal(ZwEnumerateValueKey(key, 2, KeyValueBasicInformation, &buffer, sizeof(buffer), &needed),
                     STATUS_NO_MORE_ENTRIES);
    assert_int_equal(delete_value(key, L"second"), STATUS_SUCCESS);
    assert_int_equal(delete_value(key, L"second"), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(ZwEnumerateValueKey(key, 1, KeyValueBasicInformation, &buffer, sizeof(buffer), &needed),
                     STATUS_NO_MORE_ENTRIES);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
}

static void test_ZwSetValueKey_refuses_bad_arguments(void **state)
{
    static UCHAR much[(1 << 20) + 1];
    UNICODE_STRING odd = { 3, 4, (PWSTR)(ULONG_PTR)L"ab" };

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(set(s_root, L"a", REG_BINARY, NULL, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(ZwSetValueKey(s_root, &odd, 0, REG_NONE, NULL, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(set(s_root, L"a", REG_BINARY, much, sizeof(much)), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(set(s_root, L"a", REG_BINARY, much, sizeof(much) - 1), STATUS_SUCCESS);
    assert_int_equal(delete_value(s_root, L"a"), STATUS_SUCCESS);
}

/* --- memory ------------------------------------------------------------------------------------------------ */

static NTSTATUS attempt(void)
{
    HANDLE key;
    NTSTATUS status = create_as(NULL, ROOT L"\\short", KEY_ALL_ACCESS, 0, L"class", &key, NULL);

    if (NT_SUCCESS(status)) {
        status = set(key, L"a", REG_SZ, L"b", 4);
        assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    }
    return status;
}

static void test_without_memory_nothing_is_changed(void **state)
{
    unsigned long index;
    NTSTATUS status;
    HANDLE key;

    UNREFERENCED_PARAMETER(state);
    for (index = 1;; index++) {
        (void)we_host_mem_fail(index);
        status = attempt();
        if (!we_host_mem_fail(0)) {
            break;
        }
        assert_int_equal(status, STATUS_INSUFFICIENT_RESOURCES);
        if (NT_SUCCESS(registry_key_open(s_root, L"short", KEY_ALL_ACCESS, &key))) {
            assert_int_equal(type_of(key, L"a"), MAXULONG);
            assert_int_equal(ZwDeleteKey(key), STATUS_SUCCESS);
            assert_int_equal(ZwClose(key), STATUS_SUCCESS);
        }
    }
    assert_int_equal(status, STATUS_SUCCESS);
    assert_true(index > 4);
}

/* The keys that every system has are made at the first look, which may find no memory for one of them. */
static void test_the_first_look_without_memory_fails_and_the_next_one_does_not(void **state)
{
    unsigned long index;
    HANDLE key;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(state);
    for (index = 1; index <= 20; index++) {
        (void)we_host_mem_fail(index);
        status = registry_key_open(NULL, ROOT, KEY_READ, &key);
        if (!we_host_mem_fail(0)) {
            break;
        }
        assert_int_equal(status, STATUS_INSUFFICIENT_RESOURCES);
    }
    assert_int_equal(status, STATUS_SUCCESS);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
}

#define write_test(f) wsk_emu_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        write_test(test_ZwCreateKey_tells_what_it_made_from_what_it_found),
        write_test(test_ZwCreateKey_makes_one_level_only),
        write_test(test_ZwCreateKey_below_a_volatile_key_must_be_volatile),
        write_test(test_ZwCreateKey_refuses_bad_arguments),
        write_test(test_ZwOpenKeyEx_is_ZwOpenKey_with_options),
        write_test(test_ZwDeleteKey_leaves_a_handle_that_only_closes),
        write_test(test_ZwDeleteKey_keeps_what_has_keys_below),
        write_test(test_each_call_needs_its_right),
        write_test(test_handles_that_are_none_are_refused_by_all),
        write_test(test_ZwSetValueKey_replaces_and_keeps_the_place),
        write_test(test_ZwSetValueKey_refuses_bad_arguments),
        write_test(test_without_memory_nothing_is_changed),
        wsk_emu_unit_test(test_the_first_look_without_memory_fails_and_the_next_one_does_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
