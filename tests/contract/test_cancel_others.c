/* SPDX-License-Identifier: MIT */
/* IoCancelIrp of what does not move bytes of a connection: datagrams that are awaited, connects that wait for their
 * handshake, lookups of names, and changes of the network that are waited for. In every place, at every stage.
 * Also built with WE_TEST_NMR, for a client of the network module registrar. */
#include "support/cancel_kind.h"
#include "support/dgram_client.h"
#include "support/inspect_gate.h"
#include "support/name_client.h"
#include "support/nmr_wsk.h"
#include "support/stream_socket.h"

#include <string.h>

/* --- WskReceiveFrom ----------------------------------------------------------------------------- */

static void open_datagram(struct cancel_scene *scene)
{
    scene->socket = dgram_open_bound(scene->fixture, AF_INET, NULL, NULL, &scene->port);
    scene->data = wsk_kit_datagram_open(WSK_KIT_IPV4);
}

static SOCKADDR_STORAGE s_remote;

static NTSTATUS post_receive_from(struct cancel_scene *scene, struct conn_request *request, PIRP irp)
{
    return dgram_table(scene->socket)
        ->WskReceiveFrom(scene->socket, &request->buffer, 0, (PSOCKADDR)&s_remote, NULL, NULL, NULL, irp);
}

static void satisfy_receive_from(struct cancel_scene *scene)
{
    wsk_kit_datagram_send_text(scene->data, scene->port, "for it");
}

/* The cancelled request has taken nothing with it. */
static void prove_receive_from(struct cancel_scene *scene, SIZE_T moved)
{
    assert_int_equal(moved, 0);
    wsk_kit_datagram_send_text(scene->data, scene->port, "the next");
    dgram_receive_expect(dgram_receive_post(scene->socket, 16, 0), STATUS_SUCCESS, "the next");
}

static void clean_datagram(struct cancel_scene *scene)
{
    wsk_kit_datagram_close(scene->data);
}

/* --- changes of the network ---------------------------------------------------------------------- */

static NTSTATUS post_address_change(struct cancel_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return dgram_table(scene->socket)
        ->WskControlSocket(scene->socket, WskIoctl, SIO_ADDRESS_LIST_CHANGE, 0, 0, NULL, 0, NULL, NULL, irp);
}

static void open_nothing(struct cancel_scene *scene)
{
    UNREFERENCED_PARAMETER(scene);
}

static NTSTATUS post_transport_change(struct cancel_scene *scene, struct conn_request *request, PIRP irp)
{
    struct wsk_fixture *fixture = scene->fixture;

    UNREFERENCED_PARAMETER(request);
    return fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, WSK_TRANSPORT_LIST_CHANGE, 0, NULL, 0, NULL,
                                                   NULL, irp);
}

static void satisfy_transport_change(struct cancel_scene *scene)
{
    UNREFERENCED_PARAMETER(scene);
    wsk_kit_set_transports(true, false);
}

/* Nobody waits any more. */
static void prove_transport_change(struct cancel_scene *scene, SIZE_T moved)
{
    assert_int_equal(moved, 0);
    satisfy_transport_change(scene);
}

static void clean_transport_change(struct cancel_scene *scene)
{
    UNREFERENCED_PARAMETER(scene);
    wsk_kit_set_transports(true, true);
}

static const struct cancel_kind s_kinds[] = {
    { "WskReceiveFrom", 16, false, open_datagram, post_receive_from, NULL, satisfy_receive_from, prove_receive_from, 0,
      0, clean_datagram },
    { "SIO_ADDRESS_LIST_CHANGE", 0, false, open_datagram, post_address_change, NULL, NULL, prove_receive_from, 0, 0,
      clean_datagram },
    { "WSK_TRANSPORT_LIST_CHANGE", 0, false, open_nothing, post_transport_change, NULL, satisfy_transport_change,
      prove_transport_change, 0, 0, clean_transport_change },
};

/* --- names ------------------------------------------------------------------------------------------ */

#define SLOW "slow.example"

struct lookup {
    struct text node;
    PADDRINFOEXW list;
};

static void open_lookup(struct cancel_scene *scene)
{
    static struct lookup lookup;

    memset(&lookup, 0, sizeof(lookup));
    scene->data = &lookup;
    wsk_kit_host_add(SLOW, "192.0.2.1");
    wsk_kit_host_hold(SLOW);
}

static NTSTATUS post_get_address_info(struct cancel_scene *scene, struct conn_request *request, PIRP irp)
{
    struct wsk_fixture *fixture = scene->fixture;
    struct lookup *lookup = scene->data;

    UNREFERENCED_PARAMETER(request);
    text_set(&lookup->node, SLOW);
    return fixture->npi.Dispatch->WskGetAddressInfo(fixture->npi.Client, &lookup->node.string, NULL, 0, NULL, NULL,
                                                    &lookup->list, NULL, NULL, irp);
}

static void satisfy_lookup(struct cancel_scene *scene)
{
    UNREFERENCED_PARAMETER(scene);
    wsk_kit_host_let_go(SLOW);
}

/* The answer comes too late and goes nowhere; the next lookup is answered. */
static void prove_lookup(struct cancel_scene *scene, SIZE_T moved)
{
    struct lookup *lookup = scene->data;

    assert_int_equal(moved, 0);
    assert_null(lookup->list);
    wsk_kit_host_let_go(SLOW);
    wsk_kit_run_until_idle();
    assert_null(lookup->list);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_ADDRESS_INFO), 0);
    assert_int_equal(address_info_try(scene->fixture, SLOW, NULL, NULL, &lookup->list), STATUS_SUCCESS);
}

static void clean_lookup(struct cancel_scene *scene)
{
    struct lookup *lookup = scene->data;

    address_info_free(scene->fixture, lookup->list);
}

static const struct cancel_kind s_lookups[] = {
    { "WskGetAddressInfo", 0, false, open_lookup, post_get_address_info, NULL, satisfy_lookup, prove_lookup, 0, 0,
      clean_lookup },
};

/* --- connects ------------------------------------------------------------------------------------- */

/* On the virtual network a listener holds the handshake until its verdict; on real sockets it may be over before anybody
 * looks, so these are tested there by the suites of their functions. */
static void open_gate(struct cancel_scene *scene)
{
    struct gate *gate = gate_open((void **)&scene->fixture, WskInspectPend);

    scene->data = gate;
    s_remote = address_loopback(AF_INET, gate->port);
}

static void open_connecting(struct cancel_scene *scene)
{
    open_gate(scene);
    scene->socket = connection_open_bound(scene->fixture, AF_INET, NULL, NULL);
}

static void open_connecting_stream(struct cancel_scene *scene)
{
    open_gate(scene);
    scene->socket = stream_open_bound(scene->fixture, AF_INET, NULL, NULL);
}

static NTSTATUS post_connect(struct cancel_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return conn_table(scene->socket)->WskConnect(scene->socket, (PSOCKADDR)&s_remote, 0, irp);
}

static NTSTATUS post_connect_ex(struct cancel_scene *scene, struct conn_request *request, PIRP irp)
{
    return conn_table(scene->socket)->WskConnectEx(scene->socket, (PSOCKADDR)&s_remote, &request->buffer, 0, irp);
}

static NTSTATUS post_stream_connect(struct cancel_scene *scene, struct conn_request *request, PIRP irp)
{
    UNREFERENCED_PARAMETER(request);
    return stream_table(scene->socket)->WskConnect(scene->socket, (PSOCKADDR)&s_remote, 0, irp);
}

static NTSTATUS post_stream_connect_ex(struct cancel_scene *scene, struct conn_request *request, PIRP irp)
{
    return stream_table(scene->socket)->WskConnectEx(scene->socket, (PSOCKADDR)&s_remote, &request->buffer, 0, irp);
}

static NTSTATUS post_socket_connect(struct cancel_scene *scene, struct conn_request *request, PIRP irp)
{
    static SOCKADDR_STORAGE local;
    struct wsk_fixture *fixture = scene->fixture;

    UNREFERENCED_PARAMETER(request);
    local = address_any(AF_INET, 0);
    return fixture->npi.Dispatch->WskSocketConnect(fixture->npi.Client, SOCK_STREAM, IPPROTO_TCP, (PSOCKADDR)&local,
                                                   (PSOCKADDR)&s_remote, 0, NULL, NULL, NULL, NULL, NULL, irp);
}

static void satisfy_connect(struct cancel_scene *scene)
{
    struct gate *gate = scene->data;

    wsk_kit_witness_wait(gate->inspects, 1);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectAccept), STATUS_SUCCESS);
}

/* A socket whose connect was cancelled is good for its close only; one whose connect never left is as good as before. */
static void prove_dead(struct cancel_scene *scene,
                       NTSTATUS (*connect)(PWSK_SOCKET socket, const SOCKADDR_STORAGE *remote))
{
    const struct gate *gate = scene->data;
    SOCKADDR_STORAGE nobody = address_loopback(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));
    bool has_left = wsk_kit_witness_count(gate->inspects) > 0;

    assert_int_equal(connect(scene->socket, &nobody), has_left ? STATUS_FILE_FORCED_CLOSED : STATUS_CONNECTION_REFUSED);
}

static void prove_connect(struct cancel_scene *scene, SIZE_T moved)
{
    assert_int_equal(moved, 0);
    prove_dead(scene, connection_connect_try);
}

static void prove_stream_connect(struct cancel_scene *scene, SIZE_T moved)
{
    assert_int_equal(moved, 0);
    prove_dead(scene, stream_connect_try);
}

static void prove_nothing_left(struct cancel_scene *scene, SIZE_T moved)
{
    UNREFERENCED_PARAMETER(scene);
    assert_int_equal(moved, 0);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), 1); /* the gate's */
}

static void clean_gate(struct cancel_scene *scene)
{
    gate_close(scene->data);
}

static const struct cancel_kind s_connects[] = {
    { "WskConnect", 0, false, open_connecting, post_connect, NULL, satisfy_connect, prove_connect, 0, 0, clean_gate },
    { "WskConnectEx", 6, false, open_connecting, post_connect_ex, NULL, satisfy_connect, prove_connect, 0, 0,
      clean_gate },
    { "WskConnect of a stream", 0, false, open_connecting_stream, post_stream_connect, NULL, satisfy_connect,
      prove_stream_connect, 0, 0, clean_gate },
    { "WskConnectEx of a stream", 6, false, open_connecting_stream, post_stream_connect_ex, NULL, satisfy_connect,
      prove_stream_connect, 0, 0, clean_gate },
    { "WskSocketConnect", 0, true, open_gate, post_socket_connect, NULL, satisfy_connect, prove_nothing_left, 0, 0,
      clean_gate },
};

/* --- tests ---------------------------------------------------------------------------------------- */

static bool has_connects(const struct wsk_fixture *fixture)
{
    return fixture->way->is_virtual;
}

static void test_cancel_of_datagrams_and_changes_in_every_place(void **state)
{
    for (unsigned context = 0; context < CONTEXT_COUNT; context++) {
        cancel_while_pending(*state, s_kinds, ARRAYSIZE(s_kinds), (enum driver_context)context);
    }
}

static void test_cancel_of_lookups_in_every_place(void **state)
{
    for (unsigned context = 0; context < CONTEXT_COUNT; context++) {
        cancel_while_pending(*state, s_lookups, ARRAYSIZE(s_lookups), (enum driver_context)context);
    }
}

static void test_cancel_of_connects_in_every_place(void **state)
{
    for (unsigned context = 0; context < CONTEXT_COUNT && has_connects(*state); context++) {
        cancel_while_pending(*state, s_connects, ARRAYSIZE(s_connects), (enum driver_context)context);
    }
}

static void test_cancel_of_datagrams_lookups_and_changes_before_the_call(void **state)
{
    cancel_before_the_call(*state, s_kinds, ARRAYSIZE(s_kinds));
    cancel_before_the_call(*state, s_lookups, ARRAYSIZE(s_lookups));
}

static void test_cancel_of_connects_before_the_call(void **state)
{
    cancel_before_the_call(*state, s_connects, ARRAYSIZE(s_connects));
}

static void test_cancel_of_datagrams_lookups_and_changes_twice(void **state)
{
    cancel_twice(*state, s_kinds, ARRAYSIZE(s_kinds));
    cancel_twice(*state, s_lookups, ARRAYSIZE(s_lookups));
}

static void test_cancel_of_connects_twice(void **state)
{
    if (has_connects(*state)) {
        cancel_twice(*state, s_connects, ARRAYSIZE(s_connects));
    }
}

static void test_cancel_of_datagrams_lookups_and_changes_after_success(void **state)
{
    cancel_after_success(*state, s_kinds, ARRAYSIZE(s_kinds));
    cancel_after_success(*state, s_lookups, ARRAYSIZE(s_lookups));
}

static void test_cancel_of_connects_after_success(void **state)
{
    cancel_after_success(*state, s_connects, ARRAYSIZE(s_connects));
}

#define TESTS(X)                                                    \
    X(test_cancel_of_datagrams_and_changes_in_every_place)          \
    X(test_cancel_of_lookups_in_every_place)                        \
    X(test_cancel_of_connects_in_every_place)                       \
    X(test_cancel_of_datagrams_lookups_and_changes_before_the_call) \
    X(test_cancel_of_connects_before_the_call)                      \
    X(test_cancel_of_datagrams_lookups_and_changes_twice)           \
    X(test_cancel_of_connects_twice)                                \
    X(test_cancel_of_datagrams_lookups_and_changes_after_success)   \
    X(test_cancel_of_connects_after_success)

CONTRACT_MAIN(TESTS, CLIENT_SETUP, CLIENT_TEARDOWN)
