/* SPDX-License-Identifier: MIT */
/* Connecting where Windows is silent: the named knobs, and what they change. */
#define CONTRACT_CONFIG .connect_ex_hides_bytes = 1
#include "support/conn_client.h"

/* What Information says after WskConnectEx is not published. */
static void test_connect_ex_knob_hides_the_bytes(void **state)
{
    struct wsk_kit_server *server = wsk_kit_listen(WSK_KIT_IPV4);
    PWSK_SOCKET socket = connection_open_bound(*state, AF_INET, NULL, NULL);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_server_port(server));
    struct conn_request *request = conn_request_create("counted by nobody", 17);
    struct wsk_kit_peer *peer;

    request->returned = conn_table(socket)->WskConnectEx(socket, (PSOCKADDR)&remote, &request->buffer, 0,
                                                         request_irp(request->request));
    conn_request_expect(request, STATUS_SUCCESS, 0);
    peer = wsk_kit_server_accept(server);
    wsk_kit_peer_expect_text(peer, "counted by nobody");
    socket_close(socket);
    wsk_kit_peer_close(peer);
    wsk_kit_server_close(server);
}

#define TESTS(X) X(test_connect_ex_knob_hides_the_bytes)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
