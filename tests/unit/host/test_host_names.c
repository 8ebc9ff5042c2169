/* SPDX-License-Identifier: MIT */
/* Tests of host_names.c: the hosts table. */
#include "host/host_names.h"

#include "support/unit.h"

#include <string.h>

static struct we_host_found s_found;
static enum we_host_answer s_answer;

static int names_teardown(void **state)
{
    (void)state;
    we_host_names_reset();
    return 0;
}

static void test_add_gives_addresses_in_order(void **state)
{
    (void)state;
    assert_int_equal(we_host_names_add("Server.Example", "192.0.2.1"), WE_OK);
    assert_int_equal(we_host_names_add("server.example.", "2001:db8::1"), WE_OK);
    assert_true(we_host_names_find("SERVER.example", WE_FAMILY_NONE, &s_answer, &s_found));
    assert_int_equal(s_answer, WE_ANSWER_FOUND);
    assert_int_equal(s_found.addr_count, 2);
    assert_int_equal(s_found.addrs[0].family, WE_FAMILY_IPV4);
    assert_int_equal(s_found.addrs[1].family, WE_FAMILY_IPV6);
    assert_string_equal(s_found.canonical, "Server.Example");
}

static void test_find_of_a_family_that_is_not_there_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(we_host_names_add("server.example", "192.0.2.1"), WE_OK);
    assert_true(we_host_names_find("server.example", WE_FAMILY_IPV6, &s_answer, &s_found));
    assert_int_equal(s_answer, WE_ANSWER_UNKNOWN);
    assert_int_equal(s_found.addr_count, 0);
}

static void test_find_of_another_name_knows_nothing(void **state)
{
    (void)state;
    assert_false(we_host_names_find("server.example", WE_FAMILY_NONE, &s_answer, &s_found));
    assert_false(we_host_names_find("localhost.example", WE_FAMILY_NONE, &s_answer, &s_found));
    assert_true(we_host_names_find("localhost", WE_FAMILY_NONE, &s_answer, &s_found));
}

static void test_alias_leads_to_one_name_only(void **state)
{
    (void)state;
    assert_int_equal(we_host_names_alias("a.example", "b.example"), WE_OK);
    assert_int_equal(we_host_names_alias("b.example", "a.example"), WE_OK);
    assert_true(we_host_names_find("a.example", WE_FAMILY_NONE, &s_answer, &s_found));
    assert_int_equal(s_answer, WE_ANSWER_UNKNOWN);
}

static void test_alias_of_localhost_finds_it(void **state)
{
    (void)state;
    assert_int_equal(we_host_names_alias("me.example", "localhost"), WE_OK);
    assert_true(we_host_names_find("me.example", WE_FAMILY_NONE, &s_answer, &s_found));
    assert_int_equal(s_answer, WE_ANSWER_FOUND);
    assert_string_equal(s_found.canonical, "localhost");
}

static void test_second_meaning_of_a_name_is_refused(void **state)
{
    (void)state;
    assert_int_equal(we_host_names_add("server.example", "192.0.2.1"), WE_OK);
    assert_int_equal(we_host_names_alias("server.example", "b.example"), WE_ERR_IN_USE);
    assert_int_equal(we_host_names_fail("server.example", WE_ANSWER_TRY_AGAIN), WE_ERR_IN_USE);
    assert_int_equal(we_host_names_fail("bad.example", WE_ANSWER_TRY_AGAIN), WE_OK);
    assert_int_equal(we_host_names_fail("bad.example", WE_ANSWER_UNKNOWN), WE_OK);
    assert_int_equal(we_host_names_add("bad.example", "192.0.2.1"), WE_ERR_IN_USE);
}

static void test_what_cannot_be_a_name_or_an_address_is_refused(void **state)
{
    char name[WE_HOST_NAME_SIZE + 1];

    (void)state;
    memset(name, 'a', WE_HOST_NAME_SIZE);
    name[WE_HOST_NAME_SIZE] = '\0';
    assert_int_equal(we_host_names_add("", "192.0.2.1"), WE_ERR_INVALID);
    assert_int_equal(we_host_names_add(name, "192.0.2.1"), WE_ERR_INVALID);
    assert_int_equal(we_host_names_alias("a.example", name), WE_ERR_INVALID);
    assert_int_equal(we_host_names_add("a.example", "192.0.2"), WE_ERR_ADDRESS);
    name[WE_HOST_NAME_SIZE - 1] = '\0';
    assert_int_equal(we_host_names_add(name, "192.0.2.1"), WE_OK);
}

static void test_one_name_has_a_limited_number_of_addresses(void **state)
{
    unsigned i;

    (void)state;
    for (i = 0; i < WE_HOST_ADDRS_MAX; i++) {
        assert_int_equal(we_host_names_add("server.example", "192.0.2.1"), WE_OK);
    }
    assert_int_equal(we_host_names_add("server.example", "192.0.2.1"), WE_ERR_IN_USE);
    assert_true(we_host_names_find("server.example", WE_FAMILY_NONE, &s_answer, &s_found));
    assert_int_equal(s_found.addr_count, WE_HOST_ADDRS_MAX);
}

static void test_first_name_of_an_address_is_found(void **state)
{
    struct we_base_addr loopback = we_base_addr_loopback(WE_FAMILY_IPV6, 80);

    (void)state;
    assert_true(we_host_names_find_addr(&loopback, &s_found));
    assert_string_equal(s_found.canonical, "localhost");
    assert_int_equal(we_host_names_add("first.example", "::1"), WE_OK);
    assert_int_equal(we_host_names_add("second.example", "::1"), WE_OK);
    assert_true(we_host_names_find_addr(&loopback, &s_found));
    assert_string_equal(s_found.canonical, "first.example");
    loopback.bytes[0] = 1;
    assert_false(we_host_names_find_addr(&loopback, &s_found));
}

#define T(f) cmocka_unit_test_teardown(f, names_teardown)

static const struct CMUnitTest s_tests[] = {
    T(test_add_gives_addresses_in_order),
    T(test_find_of_a_family_that_is_not_there_is_unknown),
    T(test_find_of_another_name_knows_nothing),
    T(test_alias_leads_to_one_name_only),
    T(test_alias_of_localhost_finds_it),
    T(test_second_meaning_of_a_name_is_refused),
    T(test_what_cannot_be_a_name_or_an_address_is_refused),
    T(test_one_name_has_a_limited_number_of_addresses),
    T(test_first_name_of_an_address_is_found),
};

UNIT_MAIN(s_tests)
