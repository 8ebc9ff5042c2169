/* SPDX-License-Identifier: MIT */
/* WskGetNameInfo. */
#include "support/name_client.h"

#include <string.h>

/* --- numbers -------------------------------------------------------------------------------------- */

static void test_get_name_info_numeric_prints_address_and_port(void **state)
{
    struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE address = address_from("192.0.2.7", 8080);
    struct text node;
    struct text service;

    text_room(&node, 64);
    text_room(&service, 64);
    assert_int_equal(name_info_try(fixture, &address, &node.string, &service.string, NI_NUMERICHOST | NI_NUMERICSERV),
                     STATUS_SUCCESS);
    assert_true(text_is(&node.string, "192.0.2.7"));
    assert_true(text_is(&service.string, "8080"));
    assert_int_equal(node.string.MaximumLength, 64);
}

static void test_get_name_info_numeric_prints_ipv6_with_its_scope(void **state)
{
    struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE address = address_from("fe80::1", 1);
    struct text node;

    text_room(&node, 64);
    ((SOCKADDR_IN6 *)&address)->sin6_scope_id = 7;
    assert_int_equal(name_info_try(fixture, &address, &node.string, NULL, NI_NUMERICHOST), STATUS_SUCCESS);
    assert_true(text_is(&node.string, "fe80::1%7"));
}

static void test_get_name_info_always_returns_pending(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_request *request = request_create();
    SOCKADDR_STORAGE address = address_from("192.0.2.7", 0);
    struct text node;
    NTSTATUS returned;

    text_room(&node, 64);
    returned =
        fixture->npi.Dispatch->WskGetNameInfo(fixture->npi.Client, (PSOCKADDR)&address, sizeof(SOCKADDR_IN),
                                              &node.string, NULL, NI_NUMERICHOST, NULL, NULL, request_irp(request));
    assert_int_equal(returned, STATUS_PENDING);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    request_destroy(request);
}

/* --- names ---------------------------------------------------------------------------------------- */

static void test_get_name_info_finds_what_the_hosts_table_has(void **state)
{
    struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE v4 = address_from("192.0.2.1", 443);
    SOCKADDR_STORAGE v6 = address_from("2001:db8::1", 123);
    struct text node;
    struct text service;

    wsk_kit_host_add("server.example", "192.0.2.1");
    wsk_kit_host_add("other.example", "192.0.2.1");
    wsk_kit_host_add("server.example", "2001:db8::1");
    text_room(&node, 64);
    text_room(&service, 64);
    assert_int_equal(name_info_try(fixture, &v4, &node.string, &service.string, 0), STATUS_SUCCESS);
    assert_true(text_is(&node.string, "server.example"));
    assert_true(text_is(&service.string, "https"));
    assert_int_equal(name_info_try(fixture, &v6, &node.string, &service.string, NI_DGRAM), STATUS_SUCCESS);
    assert_true(text_is(&node.string, "server.example"));
    assert_true(text_is(&service.string, "ntp"));
}

static void test_get_name_info_of_a_mapped_address_is_the_ipv4_hosts_name(void **state)
{
    struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE mapped = address_from("::ffff:192.0.2.1", 0);
    struct text node;

    wsk_kit_host_add("server.example", "192.0.2.1");
    text_room(&node, 64);
    assert_int_equal(name_info_try(fixture, &mapped, &node.string, NULL, NI_NAMEREQD), STATUS_SUCCESS);
    assert_true(text_is(&node.string, "server.example"));
    assert_int_equal(name_info_try(fixture, &mapped, &node.string, NULL, NI_NUMERICHOST), STATUS_SUCCESS);
    assert_true(text_is(&node.string, "::ffff:192.0.2.1"));
}

static void test_get_name_info_nofqdn_gives_the_hosts_part(void **state)
{
    struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE address = address_from("192.0.2.1", 0);
    struct text node;

    wsk_kit_host_add("server.example", "192.0.2.1");
    text_room(&node, 64);
    assert_int_equal(name_info_try(fixture, &address, &node.string, NULL, NI_NOFQDN), STATUS_SUCCESS);
    assert_true(text_is(&node.string, "server"));
}

static void test_get_name_info_knows_localhost(void **state)
{
    struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE v4 = address_loopback(AF_INET, 0);
    SOCKADDR_STORAGE v6 = address_loopback(AF_INET6, 0);
    struct text node;

    text_room(&node, 64);
    assert_int_equal(name_info_try(fixture, &v4, &node.string, NULL, NI_NAMEREQD), STATUS_SUCCESS);
    assert_true(text_is(&node.string, "localhost"));
    assert_int_equal(name_info_try(fixture, &v6, &node.string, NULL, NI_NAMEREQD), STATUS_SUCCESS);
    assert_true(text_is(&node.string, "localhost"));
}

static void test_get_name_info_of_the_service_alone_needs_no_name(void **state)
{
    struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE named = address_from("192.0.2.99", 80);
    SOCKADDR_STORAGE unnamed = address_from("192.0.2.99", 4321);
    struct text service;

    text_room(&service, 64);
    assert_int_equal(name_info_try(fixture, &named, NULL, &service.string, 0), STATUS_SUCCESS);
    assert_true(text_is(&service.string, "http"));
    assert_int_equal(name_info_try(fixture, &named, NULL, &service.string, NI_NUMERICSERV), STATUS_SUCCESS);
    assert_true(text_is(&service.string, "80"));
    assert_int_equal(name_info_try(fixture, &unnamed, NULL, &service.string, 0), STATUS_SUCCESS);
    assert_true(text_is(&service.string, "4321"));
}

/* Over sockets the system's resolver may know any address, so only the virtual network is sure. */
static void test_get_name_info_without_a_name_is_the_number_unless_a_name_is_required(void **state)
{
    struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE address = address_from("192.0.2.99", 0);
    struct text node;

    text_room(&node, 64);
    if (!fixture->way->is_virtual) {
        assert_int_equal(name_info_try(fixture, &address, &node.string, NULL, NI_NUMERICHOST | NI_NAMEREQD),
                         STATUS_NO_MATCH);
        return;
    }
    assert_int_equal(name_info_try(fixture, &address, &node.string, NULL, 0), STATUS_SUCCESS);
    assert_true(text_is(&node.string, "192.0.2.99"));
    assert_int_equal(name_info_try(fixture, &address, &node.string, NULL, NI_NAMEREQD), STATUS_NO_MATCH);
    assert_int_equal(name_info_try(fixture, &address, &node.string, NULL, NI_NUMERICHOST | NI_NAMEREQD),
                     STATUS_NO_MATCH);
    assert_true(text_is(&node.string, "192.0.2.99"));
}

/* --- room ----------------------------------------------------------------------------------------- */

static void test_get_name_info_that_does_not_fit_writes_nothing(void **state)
{
    struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE address = address_from("192.0.2.7", 80);
    struct text node;
    struct text service;
    struct text before;

    /* Nine characters and the terminator. */
    text_room(&node, 10 * sizeof(WCHAR) - 1);
    text_room(&service, 64);
    before = service;
    assert_int_equal(name_info_try(fixture, &address, &node.string, &service.string, NI_NUMERICHOST),
                     STATUS_BUFFER_TOO_SMALL);
    assert_memory_equal(service.units, before.units, sizeof(before.units));
    assert_int_equal(service.string.Length, 0);

    text_room(&node, 10 * sizeof(WCHAR));
    assert_int_equal(name_info_try(fixture, &address, &node.string, &service.string, NI_NUMERICHOST), STATUS_SUCCESS);
    assert_true(text_is(&node.string, "192.0.2.7"));
    assert_int_equal(node.units[10], 0x5a5a);

    text_room(&service, 2 * sizeof(WCHAR));
    assert_int_equal(name_info_try(fixture, &address, NULL, &service.string, NI_NUMERICSERV), STATUS_BUFFER_TOO_SMALL);
    service.string.Buffer = NULL;
    service.string.MaximumLength = 0;
    assert_int_equal(name_info_try(fixture, &address, NULL, &service.string, NI_NUMERICSERV), STATUS_BUFFER_TOO_SMALL);
}

/* --- wrong arguments ------------------------------------------------------------------------------ */

static NTSTATUS call(struct wsk_fixture *fixture, PSOCKADDR address, ULONG length, UNICODE_STRING *node, ULONG flags,
                     PETHREAD thread)
{
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp,
                 fixture->npi.Dispatch->WskGetNameInfo(fixture->npi.Client, address, length, node, NULL, flags, NULL,
                                                       thread, irp));
    return status;
}

static void test_get_name_info_with_wrong_arguments_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE v4 = address_from("192.0.2.7", 80);
    SOCKADDR_STORAGE v6 = address_from("2001:db8::1", 80);
    SOCKADDR_STORAGE other = v4;
    PSOCKADDR address = (PSOCKADDR)&v4;
    struct text node;

    text_room(&node, 64);
    other.ss_family = AF_BTH;
    assert_int_equal(call(fixture, NULL, 16, &node.string, 0, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(call(fixture, address, 15, &node.string, NI_NUMERICHOST, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(call(fixture, address, 129, &node.string, NI_NUMERICHOST, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(call(fixture, (PSOCKADDR)&v6, 27, &node.string, NI_NUMERICHOST, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(call(fixture, (PSOCKADDR)&other, 16, &node.string, NI_NUMERICHOST, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(call(fixture, address, 16, &node.string, 0x20, NULL), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-057");
    assert_int_equal(call(fixture, address, 16, NULL, 0, NULL), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-057");
    assert_int_equal(call(fixture, address, 16, &node.string, 0, PsGetCurrentThread()), STATUS_INVALID_PARAMETER);

    /* A whole SOCKADDR_STORAGE will do. */
    assert_int_equal(call(fixture, address, 128, &node.string, NI_NUMERICHOST, NULL), STATUS_SUCCESS);
}

static void test_get_name_info_without_an_irp_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE address = address_from("192.0.2.7", 80);
    struct text node;

    text_room(&node, 64);
    wsk_kit_expect_report("SOCK-002");
    assert_int_equal(fixture->npi.Dispatch->WskGetNameInfo(fixture->npi.Client, (PSOCKADDR)&address, 16, &node.string,
                                                           NULL, 0, NULL, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
}

#define TESTS(X)                                                                 \
    X(test_get_name_info_numeric_prints_address_and_port)                        \
    X(test_get_name_info_numeric_prints_ipv6_with_its_scope)                     \
    X(test_get_name_info_always_returns_pending)                                 \
    X(test_get_name_info_finds_what_the_hosts_table_has)                         \
    X(test_get_name_info_of_a_mapped_address_is_the_ipv4_hosts_name)             \
    X(test_get_name_info_nofqdn_gives_the_hosts_part)                            \
    X(test_get_name_info_knows_localhost)                                        \
    X(test_get_name_info_of_the_service_alone_needs_no_name)                     \
    X(test_get_name_info_without_a_name_is_the_number_unless_a_name_is_required) \
    X(test_get_name_info_that_does_not_fit_writes_nothing)                       \
    X(test_get_name_info_with_wrong_arguments_fails)                             \
    X(test_get_name_info_without_an_irp_fails)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
