/* SPDX-License-Identifier: MIT */
/* The knob that keeps an address for a moment after its socket was closed. */
#define CONTRACT_CONFIG .address_linger_ms = 1000

#include "support/wsk_fixture.h"

static void test_address_lingers_after_its_socket_was_closed(void **state)
{
    struct wsk_fixture *fixture = *state;
    USHORT port;
    PWSK_SOCKET first = listener_open(fixture, AF_INET, NULL, NULL, false, &port);
    PWSK_SOCKET second = socket_open(fixture, WSK_FLAG_LISTEN_SOCKET, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE local = socket_local(first, true);
    SOCKADDR_STORAGE any = address_any(AF_INET, 0);

    assert_int_equal(socket_bind_try(second, &local), STATUS_ADDRESS_ALREADY_EXISTS); /* as long as it is open */
    socket_close(first);
    assert_int_equal(socket_bind_try(second, &local), STATUS_ADDRESS_ALREADY_ASSOCIATED);
    if (fixture->way->is_stepped) {
        wsk_kit_advance_ms(999);
        assert_int_equal(socket_bind_try(second, &local), STATUS_ADDRESS_ALREADY_ASSOCIATED);
        wsk_kit_advance_ms(1);
        assert_int_equal(socket_bind_try(second, &local), STATUS_SUCCESS);
    } else {
        assert_int_equal(socket_bind_try(second, &any), STATUS_SUCCESS); /* other addresses are free */
    }
    socket_close(second);
}

#define TESTS(X) X(test_address_lingers_after_its_socket_was_closed)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
