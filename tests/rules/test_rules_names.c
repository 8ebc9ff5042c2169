/* SPDX-License-Identifier: MIT */
/* Verifier rules of the name functions: each with a breach and a near miss. */
#include "support/name_client.h"

#include <string.h>

/* --- SOCK-057 addrinfo ---------------------------------------------------------------------------- */

static void test_sock_057_breach_list_is_never_freed(void **state)
{
    struct wsk_fixture *fixture = *state;

    (void)address_info(fixture, "127.0.0.1", NULL, NULL);
    fixture_release(fixture);
    wsk_kit_expect_report("SOCK-057");
    fixture_deregister(fixture);
    assert_int_equal(wsk_kit_report_count("SOCK-057"), 1);
    assert_non_null(strstr(wsk_kit_last_report(), "never freed"));
}

/* Nor is it when the registration is not ended: both are reported by the stop. */
static void test_sock_057_breach_list_and_registration_are_left(void **state)
{
    struct wsk_fixture *fixture = *state;

    (void)address_info(fixture, "127.0.0.1", NULL, NULL);
    fixture_release(fixture);
    fixture->is_registered = false;
    wsk_kit_expect_report("SOCK-057");
    wsk_kit_expect_report("NPI-001");
}

static void test_sock_057_near_miss_list_freed_before_deregister(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list = address_info(fixture, "127.0.0.1", NULL, NULL);

    /* A driver may do with its list what it likes: the pointers in it are not what is freed. */
    list->ai_addr = NULL;
    list->ai_next = list;
    address_info_free(fixture, list);
    fixture_release(fixture);
    fixture_deregister(fixture);
}

static void test_sock_057_breach_freed_twice(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list = address_info(fixture, "127.0.0.1", NULL, NULL);

    address_info_free(fixture, list);
    wsk_kit_expect_report("SOCK-057");
    address_info_free(fixture, list);
    assert_non_null(strstr(wsk_kit_last_report(), "freed already"));
}

static void test_sock_057_breach_inner_entry_freed(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list = address_info(fixture, "localhost", NULL, NULL);

    wsk_kit_expect_report("SOCK-057");
    address_info_free(fixture, list->ai_next);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_ADDRESS_INFO), 1);
    address_info_free(fixture, list);
}

static void test_sock_057_breach_something_else_freed(void **state)
{
    struct wsk_fixture *fixture = *state;
    ADDRINFOEXW own = { 0 };

    wsk_kit_expect_report("SOCK-057");
    wsk_kit_expect_report("SOCK-057");
    address_info_free(fixture, &own);
    address_info_free(fixture, NULL);
}

static void test_sock_057_breach_freed_by_another_client(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_fixture *other = fixture_create(NULL);
    PADDRINFOEXW list = address_info(fixture, "127.0.0.1", NULL, NULL);

    fixture_register(other);
    fixture_capture(other);
    wsk_kit_expect_report("SOCK-057");
    address_info_free(other, list);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_ADDRESS_INFO), 0);
    fixture_destroy(other);
}

static void test_sock_057_breach_name_without_a_terminator(void **state)
{
    struct wsk_fixture *fixture = *state;
    WCHAR units[] = { '1', '2', '7', '.', '1', '9' };
    UNICODE_STRING node = { .Length = 5 * sizeof(WCHAR), .MaximumLength = sizeof(units), .Buffer = units };
    PADDRINFOEXW list;
    NTSTATUS status;

    wsk_kit_expect_report("SOCK-057");
    REQUEST_CALL(status, NULL, irp,
                 fixture->npi.Dispatch->WskGetAddressInfo(fixture->npi.Client, &node, NULL, 0, NULL, NULL, &list, NULL,
                                                          NULL, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    assert_true(entry_is(list, "127.0.0.1", 0)); /* Length counts */
    address_info_free(fixture, list);
}

static void test_sock_057_near_miss_terminator_is_the_last_unit(void **state)
{
    struct wsk_fixture *fixture = *state;
    UNICODE_STRING node = RTL_CONSTANT_STRING(L"127.1");
    PADDRINFOEXW list;
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp,
                 fixture->npi.Dispatch->WskGetAddressInfo(fixture->npi.Client, &node, NULL, 0, NULL, NULL, &list, NULL,
                                                          NULL, irp));
    assert_int_equal(status, STATUS_SUCCESS);
    address_info_free(fixture, list);
}

static void test_sock_057_breach_hints_with_more_than_hints(void **state)
{
    struct wsk_fixture *fixture = *state;
    ADDRINFOEXW hints = hints_make(0, AF_INET, 0, 0);

    hints.ai_addrlen = 16;
    wsk_kit_expect_report("SOCK-057");
    address_info_free(fixture, address_info(fixture, "127.0.0.1", NULL, &hints));
}

static void test_sock_059_breach_list_freed_at_dispatch(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list = address_info(fixture, "127.0.0.1", NULL, NULL);
    KIRQL irql;

    wsk_kit_expect_report("SOCK-059");
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    address_info_free(fixture, list);
    KeLowerIrql(irql);
}

/* --- what is left at the stop --------------------------------------------------------------------- */

/* A request that nobody answers keeps its registration, and both are there when the emulated kernel stops. */
static void test_npi_001_breach_a_lookup_is_left_waiting(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list;
    struct text node;
    PIRP irp = IoAllocateIrp(1, FALSE);

    wsk_kit_host_hold("slow.example");
    text_set(&node, "slow.example");
    IoSetCompletionRoutine(irp, NULL, NULL, FALSE, FALSE, FALSE);
    wsk_kit_expect_report("SOCK-004");
    assert_int_equal(fixture->npi.Dispatch->WskGetAddressInfo(fixture->npi.Client, &node.string, NULL, 0, NULL, NULL,
                                                              &list, NULL, NULL, irp),
                     STATUS_PENDING);
    fixture_release(fixture);
    fixture->is_registered = false;
    wsk_kit_expect_report("NPI-001");
    wsk_kit_expect_report("IRP-018");
}

#define T(f) wsk_emu_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        T(test_sock_057_breach_list_is_never_freed),
        T(test_sock_057_breach_list_and_registration_are_left),
        T(test_sock_057_near_miss_list_freed_before_deregister),
        T(test_sock_057_breach_freed_twice),
        T(test_sock_057_breach_inner_entry_freed),
        T(test_sock_057_breach_something_else_freed),
        T(test_sock_057_breach_freed_by_another_client),
        T(test_sock_057_breach_name_without_a_terminator),
        T(test_sock_057_near_miss_terminator_is_the_last_unit),
        T(test_sock_057_breach_hints_with_more_than_hints),
        T(test_sock_059_breach_list_freed_at_dispatch),
        T(test_npi_001_breach_a_lookup_is_left_waiting),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
