/* SPDX-License-Identifier: MIT */
/* What is told about keys: each class, in buffers of every size, and the order of the keys below. */
#include <wdm.h>

#include "support/emu_fixture.h"
#include "wsk_emu/driver.h"

#define SAMPLE L"\\Registry\\Machine\\Software\\Sample"

static HANDLE s_key;

static HANDLE make(HANDLE root, const WCHAR *path, const WCHAR *class_name)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;
    UNICODE_STRING class_string;
    HANDLE key;

    RtlInitUnicodeString(&name, path);
    RtlInitUnicodeString(&class_string, class_name);
    InitializeObjectAttributes(&attributes, &name, 0, root, NULL);
    assert_int_equal(ZwCreateKey(&key, KEY_ALL_ACCESS, &attributes, 0, &class_string, 0, NULL), STATUS_SUCCESS);
    return key;
}

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_key = make(NULL, SAMPLE, L"Kind");
    return 0;
}

static int teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(ZwClose(s_key), STATUS_SUCCESS);
    return 0;
}

static void test_ZwQueryKey_tells_name_class_and_time(void **state)
{
    union {
        KEY_BASIC_INFORMATION basic;
        KEY_NODE_INFORMATION node;
        KEY_NAME_INFORMATION name;
        UCHAR bytes[256];
    } buffer;
    LARGE_INTEGER now;
    ULONG needed;

    UNREFERENCED_PARAMETER(state);
    KeQuerySystemTime(&now);
    assert_int_equal(ZwQueryKey(s_key, KeyBasicInformation, &buffer, sizeof(buffer), &needed), STATUS_SUCCESS);
    assert_int_equal(needed, FIELD_OFFSET(KEY_BASIC_INFORMATION, Name) + 12);
    assert_int_equal(buffer.basic.LastWriteTime.QuadPart, now.QuadPart);
    assert_int_equal(buffer.basic.NameLength, 12);
    assert_memory_equal(buffer.basic.Name, L"Sample", 12);
    assert_int_equal(ZwQueryKey(s_key, KeyNodeInformation, &buffer, sizeof(buffer), &needed), STATUS_SUCCESS);
    assert_int_equal(buffer.node.ClassLength, 8);
    assert_int_equal(needed, buffer.node.ClassOffset + 8);
    assert_memory_equal(buffer.bytes + buffer.node.ClassOffset, L"Kind", 8);
    assert_memory_equal(buffer.node.Name, L"Sample", 12);
    assert_int_equal(ZwQueryKey(s_key, KeyNameInformation, &buffer, sizeof(buffer), &needed), STATUS_SUCCESS);
    assert_int_equal(buffer.name.NameLength, sizeof(L"\\REGISTRY\\MACHINE\\SOFTWARE\\Sample") - sizeof(WCHAR));
    assert_memory_equal(buffer.name.Name, L"\\REGISTRY\\MACHINE\\SOFTWARE\\Sample", buffer.name.NameLength);
    assert_int_equal(ZwQueryKey(s_key, KeyCachedInformation, &buffer, sizeof(buffer), &needed),
                     STATUS_INVALID_PARAMETER);
}

static void test_ZwQueryKey_counts_what_is_below(void **state)
{
    union {
        KEY_FULL_INFORMATION full;
        UCHAR bytes[128];
    } buffer;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Number");
    UNICODE_STRING longer = RTL_CONSTANT_STRING(L"Longer name");
    ULONG needed;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(ZwClose(make(s_key, L"ab", NULL)), STATUS_SUCCESS);
    assert_int_equal(ZwClose(make(s_key, L"abcd", L"Other")), STATUS_SUCCESS);
    assert_int_equal(ZwSetValueKey(s_key, &name, 0, REG_BINARY, (PVOID)(ULONG_PTR) "123456789", 9), STATUS_SUCCESS);
    assert_int_equal(ZwSetValueKey(s_key, &longer, 0, REG_NONE, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(ZwQueryKey(s_key, KeyFullInformation, &buffer, sizeof(buffer), &needed), STATUS_SUCCESS);
    assert_int_equal(needed, FIELD_OFFSET(KEY_FULL_INFORMATION, Class) + 8);
    assert_int_equal(buffer.full.SubKeys, 2);
    assert_int_equal(buffer.full.MaxNameLen, 8);
    assert_int_equal(buffer.full.MaxClassLen, 10);
    assert_int_equal(buffer.full.Values, 2);
    assert_int_equal(buffer.full.MaxValueNameLen, longer.Length);
    assert_int_equal(buffer.full.MaxValueDataLen, 9);
    assert_int_equal(buffer.full.ClassOffset, FIELD_OFFSET(KEY_FULL_INFORMATION, Class));
    assert_memory_equal(buffer.full.Class, L"Kind", 8);
}

/* What fits is written, what does not fit is left as it was. */
static void expect_every_size(NTSTATUS (*ask)(PVOID buffer, ULONG length, PULONG needed), ULONG fixed)
{
    UCHAR whole[256];
    UCHAR buffer[256];
    ULONG needed = 0;
    ULONG total;
    ULONG size;

    assert_int_equal(ask(whole, sizeof(whole), &total), STATUS_SUCCESS);
    assert_true(total > fixed);
    for (size = 0; size <= total + 1; size++) {
        NTSTATUS expected = size < fixed   ? STATUS_BUFFER_TOO_SMALL
                            : size < total ? STATUS_BUFFER_OVERFLOW
                                           : STATUS_SUCCESS;
        ULONG written = size < fixed ? 0 : min(size, total);

        memset(buffer, 0xa5, sizeof(buffer));
        needed = 0;
        assert_int_equal(ask(size != 0 ? buffer : NULL, size, &needed), expected);
        assert_int_equal(needed, total);
        assert_memory_equal(buffer, whole, written);
        assert_int_equal(buffer[written], 0xa5);
    }
}

static NTSTATUS ask_basic(PVOID buffer, ULONG length, PULONG needed)
{
    return ZwQueryKey(s_key, KeyBasicInformation, buffer, length, needed);
}

static NTSTATUS ask_node(PVOID buffer, ULONG length, PULONG needed)
{
    return ZwQueryKey(s_key, KeyNodeInformation, buffer, length, needed);
}

static NTSTATUS ask_full(PVOID buffer, ULONG length, PULONG needed)
{
    return ZwQueryKey(s_key, KeyFullInformation, buffer, length, needed);
}

static NTSTATUS ask_name(PVOID buffer, ULONG length, PULONG needed)
{
    return ZwQueryKey(s_key, KeyNameInformation, buffer, length, needed);
}

static NTSTATUS ask_child(PVOID buffer, ULONG length, PULONG needed)
{
    return ZwEnumerateKey(s_key, 0, KeyBasicInformation, buffer, length, needed);
}

static void test_each_class_fills_what_fits_and_tells_what_it_needs(void **state)
{
    UNREFERENCED_PARAMETER(state);
    expect_every_size(ask_basic, FIELD_OFFSET(KEY_BASIC_INFORMATION, Name));
    expect_every_size(ask_node, FIELD_OFFSET(KEY_NODE_INFORMATION, Name));
    expect_every_size(ask_full, FIELD_OFFSET(KEY_FULL_INFORMATION, Class));
    expect_every_size(ask_name, FIELD_OFFSET(KEY_NAME_INFORMATION, Name));
    assert_int_equal(ZwClose(make(s_key, L"child", NULL)), STATUS_SUCCESS);
    expect_every_size(ask_child, FIELD_OFFSET(KEY_BASIC_INFORMATION, Name));
}

static void test_ZwEnumerateKey_goes_by_name(void **state)
{
    static const WCHAR *const names[] = { L"delta", L"Alpha", L"charlie", L"alphabet", L"Bravo" };
    static const WCHAR *const sorted[] = { L"Alpha", L"alphabet", L"Bravo", L"charlie", L"delta" };
    union {
        KEY_NODE_INFORMATION node;
        UCHAR bytes[128];
    } buffer;
    ULONG needed;
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < ARRAYSIZE(names); i++) {
        assert_int_equal(ZwClose(make(s_key, names[i], NULL)), STATUS_SUCCESS);
    }
    for (i = 0; i < ARRAYSIZE(sorted); i++) {
        assert_int_equal(ZwEnumerateKey(s_key, i, KeyNodeInformation, &buffer, sizeof(buffer), &needed),
                         STATUS_SUCCESS);
        assert_int_equal(buffer.node.NameLength, wcslen(sorted[i]) * sizeof(WCHAR));
        assert_memory_equal(buffer.node.Name, sorted[i], buffer.node.NameLength);
        assert_int_equal(buffer.node.ClassOffset, MAXULONG);
        assert_int_equal(buffer.node.ClassLength, 0);
    }
    assert_int_equal(ZwEnumerateKey(s_key, i, KeyNodeInformation, &buffer, sizeof(buffer), &needed),
                     STATUS_NO_MORE_ENTRIES);
    assert_int_equal(ZwEnumerateKey(s_key, 0, KeyNameInformation, &buffer, sizeof(buffer), &needed),
                     STATUS_INVALID_PARAMETER);
}

#define info_test(f) wsk_emu_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        info_test(test_ZwQueryKey_tells_name_class_and_time),
        info_test(test_ZwQueryKey_counts_what_is_below),
        info_test(test_each_class_fills_what_fits_and_tells_what_it_needs),
        info_test(test_ZwEnumerateKey_goes_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
