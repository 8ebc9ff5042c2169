/* SPDX-License-Identifier: MIT */
/* The knobs of WskGetAddressInfo and WskGetNameInfo, each at the value that is not its default. */
#define CONTRACT_CONFIG                                                                                        \
    .fail_names_inline = 1, .name_not_found = (NTSTATUS)0xC0000272 /* STATUS_NO_MATCH, as Windows 7 has it */, \
    .name_try_again = (NTSTATUS)0xC0000225 /* STATUS_NOT_FOUND */

#include "support/name_client.h"

static NTSTATUS returned_for(struct wsk_fixture *fixture, const char *node)
{
    struct wsk_request *request = request_create();
    struct text text;
    PADDRINFOEXW list;
    NTSTATUS returned;

    text_set(&text, node);
    returned = fixture->npi.Dispatch->WskGetAddressInfo(fixture->npi.Client, &text.string, NULL, 0, NULL, NULL, &list,
                                                        NULL, NULL, request_irp(request));
    if (NT_SUCCESS(request_wait(request, returned))) {
        address_info_free(fixture, list);
    }
    request_destroy(request);
    return returned;
}

static void test_names_that_nobody_knows_fail_as_configured(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list;

    wsk_kit_host_fail("nowhere.example", WSK_KIT_HOST_UNKNOWN);
    assert_int_equal(address_info_try(fixture, "nowhere.example", NULL, NULL, &list), STATUS_NO_MATCH);
}

static void test_names_that_nobody_answers_for_fail_as_configured(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list;

    wsk_kit_host_fail("slow.example", WSK_KIT_HOST_TRY_AGAIN);
    assert_int_equal(address_info_try(fixture, "slow.example", NULL, NULL, &list), STATUS_NOT_FOUND);
}

static void test_name_errors_that_are_known_at_once_are_returned_at_once(void **state)
{
    struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE address = address_from("192.0.2.1", 0);
    struct text node;

    wsk_kit_host_fail("nowhere.example", WSK_KIT_HOST_UNKNOWN);
    assert_int_equal(returned_for(fixture, "nowhere.example"), STATUS_NO_MATCH);
    wsk_kit_expect_report("SOCK-057");
    assert_int_equal(returned_for(fixture, ""), STATUS_INVALID_PARAMETER);
    assert_int_equal(returned_for(fixture, "127.0.0.1"), STATUS_PENDING);

    text_room(&node, 2);
    assert_int_equal(name_info_try(fixture, &address, &node.string, NULL, NI_NUMERICHOST), STATUS_BUFFER_TOO_SMALL);
}

#define TESTS(X)                                             \
    X(test_names_that_nobody_knows_fail_as_configured)       \
    X(test_names_that_nobody_answers_for_fail_as_configured) \
    X(test_name_errors_that_are_known_at_once_are_returned_at_once)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
