/* SPDX-License-Identifier: MIT */
/* The rule about RtlQueryRegistryValues, broken and almost broken. */
#include <wdm.h>

#include "wsk_emu/cmocka.h"
#include "wsk_emu/driver.h"

static NTSTATUS query(ULONG flags, const WCHAR *name, PVOID target, ULONG default_type)
{
    RTL_QUERY_REGISTRY_TABLE table[2];

    RtlZeroMemory(table, sizeof(table));
    table[0].Flags = flags;
    table[0].Name = (PWSTR)(ULONG_PTR)name;
    table[0].EntryContext = target;
    table[0].DefaultType = default_type;
    return RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"gate", table, NULL, NULL);
}

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(wsk_emu_registry_set("gate", "Path", REG_EXPAND_SZ, L"%x%", 8), STATUS_SUCCESS);
    return wsk_emu_registry_set_dword("gate", "Port", 80) == STATUS_SUCCESS ? 0 : -1;
}

static void test_obj_008_breach_direct_without_typecheck(void **state)
{
    ULONG port = 0;

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("OBJ-008");
    assert_int_equal(query(RTL_QUERY_REGISTRY_DIRECT, L"Port", &port, REG_NONE), STATUS_SUCCESS);
    assert_int_equal(port, 80);
    assert_non_null(strstr(wsk_kit_last_report(), "\"Port\""));
}

static void test_obj_008_breach_lets_variables_be_replaced(void **state)
{
    UNICODE_STRING path = { 0, 0, NULL };

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("OBJ-008");
    assert_int_equal(query(RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK, L"Path", &path,
                           REG_EXPAND_SZ << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT),
                     STATUS_SUCCESS);
    RtlFreeUnicodeString(&path);
}

static void test_obj_008_near_miss_checked_and_not_expanded(void **state)
{
    UNICODE_STRING path = { 0, 0, NULL };
    ULONG port = 0;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(query(RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK, L"Port", &port,
                           REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT),
                     STATUS_SUCCESS);
    assert_int_equal(port, 80);
    assert_int_equal(query(RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK | RTL_QUERY_REGISTRY_NOEXPAND,
                           L"Path", &path, REG_EXPAND_SZ << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT),
                     STATUS_SUCCESS);
    assert_memory_equal(path.Buffer, L"%x%", 8);
    RtlFreeUnicodeString(&path);
}

#define registry_test(f) wsk_emu_unit_test_setup_teardown(f, setup, NULL)

int main(void)
{
    const struct CMUnitTest tests[] = {
        registry_test(test_obj_008_breach_direct_without_typecheck),
        registry_test(test_obj_008_breach_lets_variables_be_replaced),
        registry_test(test_obj_008_near_miss_checked_and_not_expanded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
