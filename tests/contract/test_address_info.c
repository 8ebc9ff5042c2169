/* SPDX-License-Identifier: MIT */
/* WskGetAddressInfo and WskFreeAddressInfo. */
#include "support/name_client.h"

#include <string.h>

#include "nt/nt_asan.h"

/* --- numbers -------------------------------------------------------------------------------------- */

static void test_get_address_info_of_a_number_without_hints_finds_it(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list = address_info(fixture, "127.0.0.1", "12345", NULL);

    assert_int_equal(list_count(list), 1);
    assert_true(entry_is(list, "127.0.0.1", 12345));
    assert_int_equal(list->ai_addrlen, 16);
    assert_int_equal(list->ai_socktype, 0);
    assert_int_equal(list->ai_protocol, 0);
    assert_null(list->ai_canonname);
    assert_null(list->ai_blob);
    assert_int_equal(list->ai_bloblen, 0);
    assert_null(list->ai_provider);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_ADDRESS_INFO), 1);
    address_info_free(fixture, list);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_ADDRESS_INFO), 0);
}

static void test_get_address_info_of_an_ipv6_number_finds_it(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list = address_info(fixture, "2001:db8::7", "80", NULL);

    assert_int_equal(list_count(list), 1);
    assert_true(entry_is(list, "2001:db8::7", 80));
    address_info_free(fixture, list);

    list = address_info(fixture, "fe80::1%3", NULL, NULL);
    assert_int_equal(((SOCKADDR_IN6 *)(void *)list->ai_addr)->sin6_scope_id, 3);
    address_info_free(fixture, list);
}

/* What inet_addr took is taken still. */
static void test_get_address_info_of_a_short_ipv4_number_finds_it(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list = address_info(fixture, "127.1", NULL, NULL);

    assert_true(entry_is(list, "127.0.0.1", 0));
    address_info_free(fixture, list);
}

static void test_get_address_info_of_a_number_of_another_family_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    ADDRINFOEXW v6 = hints_make(0, AF_INET6, 0, 0);
    ADDRINFOEXW v4 = hints_make(0, AF_INET, 0, 0);
    PADDRINFOEXW list;

    assert_int_equal(address_info_try(fixture, "127.0.0.1", NULL, &v6, &list), STATUS_NOT_FOUND);
    assert_int_equal(address_info_try(fixture, "::1", NULL, &v4, &list), STATUS_NOT_FOUND);
}

static void test_get_address_info_numerichost_takes_numbers_only(void **state)
{
    struct wsk_fixture *fixture = *state;
    ADDRINFOEXW hints = hints_make(AI_NUMERICHOST, 0, 0, 0);
    PADDRINFOEXW list;

    assert_int_equal(address_info_try(fixture, "localhost", NULL, &hints, &list), STATUS_NOT_FOUND);
    list = address_info(fixture, "127.0.0.1", NULL, &hints);
    address_info_free(fixture, list);
}

static void test_get_address_info_always_returns_pending(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct wsk_request *request = request_create();
    struct text node;
    PADDRINFOEXW list;
    NTSTATUS returned;

    text_set(&node, "127.0.0.1");
    returned = fixture->npi.Dispatch->WskGetAddressInfo(fixture->npi.Client, &node.string, NULL, 0, NULL, NULL, &list,
                                                        NULL, NULL, request_irp(request));
    assert_int_equal(returned, STATUS_PENDING);
    assert_int_equal(request_wait(request, returned), STATUS_SUCCESS);
    address_info_free(fixture, list);

    /* Errors too, whenever they are found. */
    wsk_kit_expect_report("SOCK-057");
    returned = fixture->npi.Dispatch->WskGetAddressInfo(fixture->npi.Client, NULL, NULL, 0, NULL, NULL, &list, NULL,
                                                        NULL, request_irp(request));
    assert_int_equal(returned, STATUS_PENDING);
    assert_int_equal(request_wait(request, returned), STATUS_INVALID_PARAMETER);
    request_destroy(request);
}

/* --- services ------------------------------------------------------------------------------------- */

static void test_get_address_info_of_a_service_alone_is_the_loopback(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list = address_info(fixture, NULL, "80", NULL);

    assert_int_equal(list_count(list), 2);
    assert_true(entry_is(list, "::1", 80));
    assert_true(entry_is(list->ai_next, "127.0.0.1", 80));
    address_info_free(fixture, list);
}

static void test_get_address_info_passive_is_the_wildcard(void **state)
{
    struct wsk_fixture *fixture = *state;
    ADDRINFOEXW both = hints_make(AI_PASSIVE, 0, 0, 0);
    ADDRINFOEXW v4 = hints_make(AI_PASSIVE, AF_INET, SOCK_STREAM, IPPROTO_TCP);
    PADDRINFOEXW list = address_info(fixture, NULL, "80", &both);

    assert_int_equal(list_count(list), 2);
    assert_true(entry_is(list, "::", 80));
    assert_true(entry_is(list->ai_next, "0.0.0.0", 80));
    address_info_free(fixture, list);

    list = address_info(fixture, NULL, "80", &v4);
    assert_int_equal(list_count(list), 1);
    assert_true(entry_is(list, "0.0.0.0", 80));
    assert_int_equal(list->ai_socktype, SOCK_STREAM);
    assert_int_equal(list->ai_protocol, IPPROTO_TCP);
    address_info_free(fixture, list);

    /* With a node the flag says nothing. */
    list = address_info(fixture, "192.0.2.1", "80", &v4);
    assert_true(entry_is(list, "192.0.2.1", 80));
    address_info_free(fixture, list);
}

static void test_get_address_info_knows_services_by_name(void **state)
{
    struct wsk_fixture *fixture = *state;
    ADDRINFOEXW tcp = hints_make(0, AF_INET, SOCK_STREAM, 0);
    ADDRINFOEXW udp = hints_make(0, AF_INET, SOCK_DGRAM, 0);
    PADDRINFOEXW list = address_info(fixture, "127.0.0.1", "HTTP", &tcp);

    assert_true(entry_is(list, "127.0.0.1", 80));
    address_info_free(fixture, list);
    list = address_info(fixture, "127.0.0.1", "ntp", &udp);
    assert_true(entry_is(list, "127.0.0.1", 123));
    address_info_free(fixture, list);
    list = address_info(fixture, "127.0.0.1", "domain", NULL);
    assert_true(entry_is(list, "127.0.0.1", 53));
    address_info_free(fixture, list);
}

static void test_get_address_info_of_an_unknown_service_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    ADDRINFOEXW udp = hints_make(0, 0, SOCK_DGRAM, 0);
    ADDRINFOEXW raw = hints_make(0, 0, SOCK_RAW, 0);
    PADDRINFOEXW list;

    assert_int_equal(address_info_try(fixture, "127.0.0.1", "no-such-service", NULL, &list), STATUS_NO_MATCH);
    assert_int_equal(address_info_try(fixture, "127.0.0.1", "ftp", &udp, &list), STATUS_NO_MATCH);
    assert_int_equal(address_info_try(fixture, "127.0.0.1", "http", &raw, &list), STATUS_NO_MATCH);
    assert_int_equal(address_info_try(fixture, "127.0.0.1", "65536", NULL, &list), STATUS_NO_MATCH);
    assert_int_equal(address_info_try(fixture, "127.0.0.1", "-1", NULL, &list), STATUS_NO_MATCH);
}

static void test_get_address_info_numericserv_takes_numbers_only(void **state)
{
    struct wsk_fixture *fixture = *state;
    ADDRINFOEXW hints = hints_make(AI_NUMERICSERV, 0, 0, 0);
    PADDRINFOEXW list;

    assert_int_equal(address_info_try(fixture, "127.0.0.1", "http", &hints, &list), STATUS_NOT_FOUND);
    list = address_info(fixture, "127.0.0.1", "65535", &hints);
    assert_true(entry_is(list, "127.0.0.1", 65535));
    address_info_free(fixture, list);
}

/* --- names ---------------------------------------------------------------------------------------- */

static void test_get_address_info_finds_what_the_hosts_table_has(void **state)
{
    struct wsk_fixture *fixture = *state;
    ADDRINFOEXW v6 = hints_make(0, AF_INET6, 0, 0);
    PADDRINFOEXW list;

    wsk_kit_host_add("server.example", "192.0.2.1");
    wsk_kit_host_add("server.example", "2001:db8::1");
    wsk_kit_host_add("server.example", "192.0.2.2");
    list = address_info(fixture, "Server.Example.", "443", NULL);
    assert_int_equal(list_count(list), 3);
    assert_true(entry_is(list, "192.0.2.1", 443));
    assert_true(entry_is(list->ai_next, "2001:db8::1", 443));
    assert_true(entry_is(list->ai_next->ai_next, "192.0.2.2", 443));
    address_info_free(fixture, list);

    list = address_info(fixture, "server.example", NULL, &v6);
    assert_int_equal(list_count(list), 1);
    assert_true(entry_is(list, "2001:db8::1", 0));
    address_info_free(fixture, list);
}

static void test_get_address_info_knows_localhost(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list = address_info(fixture, "localhost", "1", NULL);

    assert_int_equal(list_count(list), 2);
    assert_true(entry_is(list, "::1", 1));
    assert_true(entry_is(list->ai_next, "127.0.0.1", 1));
    address_info_free(fixture, list);
}

static void test_get_address_info_canonname_is_on_the_first_entry(void **state)
{
    struct wsk_fixture *fixture = *state;
    ADDRINFOEXW hints = hints_make(AI_CANONNAME, 0, 0, 0);
    PADDRINFOEXW list;

    wsk_kit_host_alias("www.example", "server.example");
    wsk_kit_host_add("server.example", "192.0.2.1");
    wsk_kit_host_add("server.example", "192.0.2.2");
    list = address_info(fixture, "www.example", NULL, &hints);
    assert_int_equal(list_count(list), 2);
    assert_true(wide_is(list->ai_canonname, "server.example"));
    assert_null(list->ai_next->ai_canonname);
    address_info_free(fixture, list);

    list = address_info(fixture, "192.0.2.9", NULL, &hints);
    assert_true(wide_is(list->ai_canonname, "192.0.2.9"));
    address_info_free(fixture, list);
}

static void test_get_address_info_fqdn_is_the_name_that_was_found(void **state)
{
    struct wsk_fixture *fixture = *state;
    ADDRINFOEXW hints = hints_make(AI_FQDN, 0, 0, 0);
    PADDRINFOEXW list;

    wsk_kit_host_alias("www.example", "server.example");
    wsk_kit_host_add("server.example", "192.0.2.1");
    list = address_info(fixture, "www.example", NULL, &hints);
    assert_true(wide_is(list->ai_canonname, "www.example"));
    address_info_free(fixture, list);
}

static void test_get_address_info_v4mapped_stands_in_for_missing_ipv6(void **state)
{
    struct wsk_fixture *fixture = *state;
    ADDRINFOEXW mapped = hints_make(AI_V4MAPPED, AF_INET6, 0, 0);
    ADDRINFOEXW all = hints_make(AI_V4MAPPED | AI_ALL, AF_INET6, 0, 0);
    ADDRINFOEXW without = hints_make(AI_ALL, AF_INET6, 0, 0);
    PADDRINFOEXW list;

    wsk_kit_host_add("old.example", "192.0.2.1");
    wsk_kit_host_add("new.example", "192.0.2.1");
    wsk_kit_host_add("new.example", "2001:db8::1");

    list = address_info(fixture, "old.example", NULL, &mapped);
    assert_int_equal(list_count(list), 1);
    assert_true(entry_is(list, "::ffff:192.0.2.1", 0));
    address_info_free(fixture, list);

    list = address_info(fixture, "new.example", NULL, &mapped);
    assert_int_equal(list_count(list), 1);
    assert_true(entry_is(list, "2001:db8::1", 0));
    address_info_free(fixture, list);

    list = address_info(fixture, "new.example", NULL, &all);
    assert_int_equal(list_count(list), 2);
    assert_true(entry_is(list, "2001:db8::1", 0));
    assert_true(entry_is(list->ai_next, "::ffff:192.0.2.1", 0));
    address_info_free(fixture, list);

    list = address_info(fixture, "192.0.2.5", NULL, &mapped);
    assert_true(entry_is(list, "::ffff:192.0.2.5", 0));
    address_info_free(fixture, list);

    assert_int_equal(address_info_try(fixture, "old.example", NULL, &without, &list), STATUS_NOT_FOUND);
}

static void test_get_address_info_takes_flags_of_other_name_spaces(void **state)
{
    struct wsk_fixture *fixture = *state;
    ADDRINFOEXW hints = hints_make(AI_ADDRCONFIG | AI_NON_AUTHORITATIVE | AI_SECURE | AI_RETURN_PREFERRED_NAMES |
                                       AI_FILESERVER | AI_DNS_ONLY,
                                   0, 0, 0);
    PADDRINFOEXW list;

    wsk_kit_host_add("server.example", "192.0.2.1");
    list = address_info(fixture, "server.example", NULL, &hints);
    assert_true(entry_is(list, "192.0.2.1", 0));
    address_info_free(fixture, list);
}

/* --- failures ------------------------------------------------------------------------------------- */

static void test_get_address_info_of_an_unknown_name_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list;

    wsk_kit_host_fail("nowhere.example", WSK_KIT_HOST_UNKNOWN);
    wsk_kit_host_alias("lost.example", "nowhere.example");
    assert_int_equal(address_info_try(fixture, "nowhere.example", NULL, NULL, &list), STATUS_NOT_FOUND);
    assert_int_equal(address_info_try(fixture, "lost.example", NULL, NULL, &list), STATUS_NOT_FOUND);
    if (fixture->way->is_virtual) {
        /* Nobody else is there to be asked. */
        assert_int_equal(address_info_try(fixture, "never.added.example", NULL, NULL, &list), STATUS_NOT_FOUND);
    }
}

static void test_get_address_info_fails_as_its_resolver_does(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list;

    wsk_kit_host_fail("slow.example", WSK_KIT_HOST_TRY_AGAIN);
    wsk_kit_host_fail("big.example", WSK_KIT_HOST_NO_MEMORY);
    wsk_kit_host_fail("early.example", WSK_KIT_HOST_NOT_READY);
    assert_int_equal(address_info_try(fixture, "slow.example", NULL, NULL, &list), STATUS_IO_TIMEOUT);
    assert_int_equal(address_info_try(fixture, "big.example", NULL, NULL, &list), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(address_info_try(fixture, "early.example", NULL, NULL, &list), STATUS_INTERNAL_ERROR);
}

static void test_get_address_info_with_wrong_hints_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    const ADDRINFOEXW wrong[] = {
        hints_make(0x40000000, 0, 0, 0),
        hints_make((int)AI_EXTENDED, 0, 0, 0),
        hints_make(AI_CANONNAME | AI_FQDN, 0, 0, 0),
        hints_make(0, AF_BTH, 0, 0),
        hints_make(0, -1, 0, 0),
        hints_make(0, 0, SOCK_SEQPACKET, 0),
        hints_make(0, 0, 77, 0),
        hints_make(0, 0, SOCK_STREAM, IPPROTO_UDP),
        hints_make(0, 0, SOCK_DGRAM, IPPROTO_TCP),
        hints_make(0, 0, 0, -1),
    };
    ADDRINFOEXW canonname = hints_make(AI_CANONNAME, 0, 0, 0);
    PADDRINFOEXW list;
    size_t i;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(address_info_try(fixture, "127.0.0.1", NULL, &wrong[i], &list), STATUS_INVALID_PARAMETER);
    }
    assert_int_equal(address_info_try(fixture, NULL, "80", &canonname, &list), STATUS_INVALID_PARAMETER);
}

static NTSTATUS call(struct wsk_fixture *fixture, UNICODE_STRING *node, ULONG name_space, GUID *provider,
                     PADDRINFOEXW *list, PEPROCESS process, PETHREAD thread)
{
    NTSTATUS status;

    REQUEST_CALL(status, NULL, irp,
                 fixture->npi.Dispatch->WskGetAddressInfo(fixture->npi.Client, node, NULL, name_space, provider, NULL,
                                                          list, process, thread, irp));
    return status;
}

static void test_get_address_info_with_wrong_arguments_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list;
    struct text node;

    text_set(&node, "127.0.0.1");
    assert_int_equal(call(fixture, &node.string, 0, NULL, NULL, NULL, NULL), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-057");
    assert_int_equal(call(fixture, &node.string, 0, NULL, &list, NULL, PsGetCurrentThread()), STATUS_INVALID_PARAMETER);
    assert_null(list);
    wsk_kit_expect_report("SOCK-057");
    assert_int_equal(call(fixture, NULL, 0, NULL, &list, NULL, NULL), STATUS_INVALID_PARAMETER);
    node.string.Length = 0;
    wsk_kit_expect_report("SOCK-057");
    assert_int_equal(call(fixture, &node.string, 0, NULL, &list, NULL, NULL), STATUS_INVALID_PARAMETER);
    node.string.Length = 3;
    wsk_kit_expect_report("SOCK-057");
    assert_int_equal(call(fixture, &node.string, 0, NULL, &list, NULL, NULL), STATUS_INVALID_PARAMETER);
}

static void test_get_address_info_with_an_owner_works(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list;
    struct text node;

    text_set(&node, "127.0.0.1");
    assert_int_equal(call(fixture, &node.string, NS_DNS, NULL, &list, PsGetCurrentProcess(), PsGetCurrentThread()),
                     STATUS_SUCCESS);
    address_info_free(fixture, list);
}

static void test_get_address_info_of_another_name_space_is_not_supported(void **state)
{
    struct wsk_fixture *fixture = *state;
    GUID provider = { 1, 2, 3, { 4 } };
    PADDRINFOEXW list;
    struct text node;

    text_set(&node, "127.0.0.1");
    assert_int_equal(call(fixture, &node.string, 37, NULL, &list, NULL, NULL), STATUS_NOT_SUPPORTED);
    assert_int_equal(call(fixture, &node.string, NS_DNS, &provider, &list, NULL, NULL), STATUS_NOT_SUPPORTED);
}

/* A string may be longer than a name can be. */
static void test_get_address_info_of_an_endless_name_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    static WCHAR units[NI_MAXHOST + 2];
    UNICODE_STRING node = { .Length = NI_MAXHOST * sizeof(WCHAR), .MaximumLength = sizeof(units), .Buffer = units };
    PADDRINFOEXW list;
    size_t i;

    for (i = 0; i < NI_MAXHOST; i++) {
        units[i] = 'a';
    }
    assert_int_equal(call(fixture, &node, 0, NULL, &list, NULL, NULL), STATUS_NOT_FOUND);
}

static void test_get_address_info_of_an_endless_service_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    static WCHAR units[NI_MAXHOST + 2];
    UNICODE_STRING service = { .Length = NI_MAXHOST * sizeof(WCHAR), .MaximumLength = sizeof(units), .Buffer = units };
    PADDRINFOEXW list;
    NTSTATUS status;
    size_t i;

    for (i = 0; i < NI_MAXHOST; i++) {
        units[i] = 'a';
    }
    REQUEST_CALL(status, NULL, irp,
                 fixture->npi.Dispatch->WskGetAddressInfo(fixture->npi.Client, NULL, &service, 0, NULL, NULL, &list,
                                                          NULL, NULL, irp));
    assert_int_equal(status, STATUS_NO_MATCH);
    assert_null(list);
}

/* A name with addresses of both families, asked for one. */
static void test_get_address_info_gives_the_family_of_the_hints(void **state)
{
    struct wsk_fixture *fixture = *state;
    ADDRINFOEXW hints = hints_make(0, AF_INET, 0, 0);
    PADDRINFOEXW list;

    wsk_kit_host_add("both.example", "192.0.2.1");
    wsk_kit_host_add("both.example", "2001:db8::1");
    list = address_info(fixture, "both.example", NULL, &hints);
    assert_int_equal(list_count(list), 1);
    assert_true(entry_is(list, "192.0.2.1", 0));
    address_info_free(fixture, list);
    hints = hints_make(0, AF_INET6, 0, 0);
    list = address_info(fixture, "both.example", NULL, &hints);
    assert_int_equal(list_count(list), 1);
    assert_true(entry_is(list, "2001:db8::1", 0));
    address_info_free(fixture, list);
}

static void test_free_address_info_without_a_client_frees_nothing(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list = address_info(fixture, "127.0.0.1", NULL, NULL);

    fixture->npi.Dispatch->WskFreeAddressInfo(NULL, list);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_ADDRESS_INFO), 1);
    address_info_free(fixture, list);
}

/* The story of a public socket library: its getaddrinfo keeps ai_addr, and frees the list that it points into. */
static void test_free_address_info_leaves_no_address_to_be_used(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list = address_info(fixture, "127.0.0.1", "80", NULL);
    const SOCKADDR *kept = list->ai_addr;

    assert_int_equal(kept->sa_family, AF_INET);
    address_info_free(fixture, list);
#ifdef WE_NT_ASAN
    skip(); /* the address sanitizer itself stops at the read */
#else
    assert_int_equal(kept->sa_family, 0xDDDD);
#endif
}

static void test_get_address_info_without_a_client_fails(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list;
    struct text node;
    NTSTATUS status;

    text_set(&node, "127.0.0.1");
    REQUEST_CALL(
        status, NULL, irp,
        fixture->npi.Dispatch->WskGetAddressInfo(NULL, &node.string, NULL, 0, NULL, NULL, &list, NULL, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_HANDLE);
    assert_null(list);
}

#define TESTS(X)                                                    \
    X(test_get_address_info_of_a_number_without_hints_finds_it)     \
    X(test_get_address_info_of_an_ipv6_number_finds_it)             \
    X(test_get_address_info_of_a_short_ipv4_number_finds_it)        \
    X(test_get_address_info_of_a_number_of_another_family_fails)    \
    X(test_get_address_info_numerichost_takes_numbers_only)         \
    X(test_get_address_info_always_returns_pending)                 \
    X(test_get_address_info_of_a_service_alone_is_the_loopback)     \
    X(test_get_address_info_passive_is_the_wildcard)                \
    X(test_get_address_info_knows_services_by_name)                 \
    X(test_get_address_info_of_an_unknown_service_fails)            \
    X(test_get_address_info_numericserv_takes_numbers_only)         \
    X(test_get_address_info_finds_what_the_hosts_table_has)         \
    X(test_get_address_info_knows_localhost)                        \
    X(test_get_address_info_canonname_is_on_the_first_entry)        \
    X(test_get_address_info_fqdn_is_the_name_that_was_found)        \
    X(test_get_address_info_v4mapped_stands_in_for_missing_ipv6)    \
    X(test_get_address_info_takes_flags_of_other_name_spaces)       \
    X(test_get_address_info_of_an_unknown_name_fails)               \
    X(test_get_address_info_fails_as_its_resolver_does)             \
    X(test_get_address_info_with_wrong_hints_fails)                 \
    X(test_get_address_info_with_wrong_arguments_fails)             \
    X(test_get_address_info_with_an_owner_works)                    \
    X(test_get_address_info_of_another_name_space_is_not_supported) \
    X(test_get_address_info_of_an_endless_name_fails)               \
    X(test_get_address_info_of_an_endless_service_fails)            \
    X(test_get_address_info_gives_the_family_of_the_hints)          \
    X(test_free_address_info_without_a_client_frees_nothing)        \
    X(test_free_address_info_leaves_no_address_to_be_used)          \
    X(test_get_address_info_without_a_client_fails)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
