/* SPDX-License-Identifier: MIT */
/* Owners of WSK clients, sockets and the kit's peers: all categories, moved from, left early, misused, failed. */
#include "cxx_hanging.hpp" /* the WDK before cpp.hpp, as where a driver's header is the first */
#include "cxx_run.hpp"

#include <type_traits>

using namespace wsk_emu;

static_assert(std::is_move_constructible<wsk_client>::value && !std::is_copy_constructible<wsk_client>::value, "");
static_assert(std::is_move_constructible<wsk_socket>::value && !std::is_copy_constructible<wsk_socket>::value, "");
static_assert(std::is_move_constructible<peer>::value && !std::is_copy_constructible<peer>::value, "");
static_assert(std::is_move_constructible<witness>::value && !std::is_copy_constructible<witness>::value, "");
static_assert(sizeof(peer) == 16 && sizeof(witness) == 16, "");

#define OK(call) assert_int_equal((call), STATUS_SUCCESS)

/* --- clients ------------------------------------------------------------------------------------------------------- */

static void test_wsk_client_registers_and_deregisters(void **)
{
    expect_pass([] {
        wsk_client first;

        assert_false(first.is_open());
        OK(first.open());
        assert_non_null(first.provider().Dispatch);
        assert_int_equal(wsk_kit_live_count(WSK_KIT_REGISTRATION), 1);
        wsk_client second(std::move(first));
        assert_false(first.is_open());
        assert_true(second.is_open());
        OK(first.open());
        first = std::move(second);
        assert_int_equal(wsk_kit_live_count(WSK_KIT_REGISTRATION), 1);
        first.close();
        first.close();
        assert_int_equal(wsk_kit_live_count(WSK_KIT_REGISTRATION), 0);
    });
}

static void test_wsk_client_misuse_is_refused(void **)
{
    expect_failure(
        [] {
            wsk_client client;
            OK(client.open());
            (void)client.open();
        },
        "wsk_client::open: it is open already");
    expect_failure(
        [] {
            wsk_client client;
            (void)client.provider();
        },
        "wsk_client::provider: it is not open");
}

static void test_wsk_client_of_a_version_that_nobody_has(void **)
{
    expect_pass([] {
        wsk_client client;
        expected_report report("NPI-004");

        assert_false(client.open(MAKE_WSK_VERSION(0, 9)).ok());
        assert_false(client.is_open());
        assert_int_equal(wsk_kit_live_count(WSK_KIT_REGISTRATION), 0);
    });
}

/* --- sockets ----------------------------------------------------------------------------------------------------------- */

static void listener_and_connection()
{
    wsk_client client;
    OK(client.open());
    wsk_socket listener;
    OK(listener.open(client, socket_category::listen));
    OK(listener.bind());
    assert_int_not_equal(listener.port(), 0);
    assert_int_equal(listener.local().family(), AF_INET);

    peer peer = peer::connect(listener.port());
    wsk_socket accepted;
    OK(listener.accept(accepted));
    peer.expect_connected();
    peer.send("question");
    assert_string_equal(accepted.receive_text(8).c_str(), "question");
    OK(accepted.send_text("answer"));
    peer.expect("answer");

    wsk_socket moved(std::move(accepted));
    assert_null(accepted.get());
    char bytes[4] = { 'a', 'b', 'c', 'd' };
    mdl_chain chain(bytes, sizeof(bytes));
    std::size_t count = 0;
    OK(moved.send(chain.buffer(1, 2), 0, &count));
    assert_int_equal(count, 2);
    peer.expect("bc");
    peer.send("xy");
    OK(moved.receive(chain.buffer(), 0, &count));
    assert_int_equal(count, 2);
    assert_memory_equal(bytes, "xycd", 4);
    OK(moved.disconnect());
    peer.expect_end();
    peer.end();
    OK(moved.close());
    OK(moved.close());
}

static void test_wsk_socket_listens_and_exchanges(void **)
{
    expect_pass(listener_and_connection);
    expect_pass(listener_and_connection, config().threads().sockets());
    expect_pass(listener_and_connection, config().completion(WSK_EMU_COMPLETION_DEFERRED));
}

static void test_wsk_socket_connects(void **)
{
    expect_pass([] {
        wsk_client client;
        OK(client.open());
        server server = server::listen();
        wsk_socket socket;
        OK(socket.open(client, socket_category::connection));
        OK(socket.bind(address::any()));
        OK(socket.connect(address::loopback(server.port())));
        peer peer = server.accept();
        OK(socket.send_text("hello"));
        peer.expect("hello");
        OK(socket.disconnect(WSK_FLAG_ABORTIVE));
        peer.expect_reset();
    });
}

static void test_wsk_socket_of_a_stream_listens_or_connects(void **)
{
    expect_pass([] {
        wsk_client client;
        OK(client.open());
        wsk_socket listener;
        OK(listener.open(client, socket_category::stream));
        OK(listener.bind());
        OK(listener.listen());
        wsk_socket connecting;
        OK(connecting.open(client, socket_category::stream));
        OK(connecting.bind());
        OK(connecting.connect(listener.local()));
        wsk_socket accepted;
        OK(listener.accept(accepted));
        OK(connecting.send_text("self"));
        assert_string_equal(accepted.receive_text(4).c_str(), "self");
    });
}

static void test_wsk_socket_exchanges_datagrams(void **)
{
    expect_pass([] {
        wsk_client client;
        OK(client.open());
        wsk_socket socket;
        OK(socket.open(client, socket_category::datagram, nullptr, nullptr, AF_INET6));
        OK(socket.bind(address::loopback(0, AF_INET6)));
        datagram_peer peer = datagram_peer::open(WSK_KIT_IPV6);
        char bytes[16] = "ping";
        mdl_chain chain(bytes, sizeof(bytes));
        OK(socket.send_to(chain.buffer(0, 4), address::loopback(peer.port(), AF_INET6)));
        peer.expect("ping");
        peer.send(socket.port(), "pong");
        std::size_t received = 0;
        address sender;
        OK(socket.receive_from(chain.buffer(), &received, &sender));
        assert_int_equal(received, 4);
        assert_memory_equal(bytes, "pong", 4);
        assert_int_equal(sender.port(), peer.port());
        assert_int_equal(sender.family(), AF_INET6);
        peer.expect_none();
    });
}

static WSK_INSPECT_ID s_inspect_id;
static witness s_inspections;

static WSK_INSPECT_ACTION WSKAPI on_inspect(PVOID, PSOCKADDR, PSOCKADDR, PWSK_INSPECT_ID id)
{
    s_inspect_id = *id;
    s_inspections.call(id->SerialNumber);
    return WskInspectPend;
}

static NTSTATUS WSKAPI on_abort(PVOID, PWSK_INSPECT_ID)
{
    return STATUS_SUCCESS;
}

static void test_wsk_socket_inspects(void **)
{
    static const WSK_CLIENT_LISTEN_DISPATCH events = { nullptr, on_inspect, on_abort };

    expect_pass([] {
        wsk_client client;
        OK(client.open());
        wsk_socket listener;
        s_inspections = witness("inspections");
        OK(listener.open(client, socket_category::listen, &events));
        OK(listener.set_option(SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1));
        OK(listener.bind());
        peer first = peer::connect(listener.port());
        s_inspections.wait(1);
        assert_int_equal(s_inspections.at(0).values[0], s_inspect_id.SerialNumber);
        OK(listener.inspect_complete(s_inspect_id, WskInspectReject));
        first.expect_rejected();
        peer second = peer::connect(listener.port());
        s_inspections.wait(2);
        OK(listener.inspect_complete(s_inspect_id, WskInspectAccept));
        second.expect_connected();
        assert_int_equal(s_inspections.count(), 2);
        wsk_socket accepted;
        OK(listener.accept(accepted));
        s_inspections.close();
    });
}

static void test_wsk_socket_events_can_be_set(void **)
{
    static const WSK_CLIENT_CONNECTION_DISPATCH events = { nullptr,
                                                           [](PVOID context, ULONG) {
                                                               *static_cast<bool *>(context) = true;
                                                               return STATUS_SUCCESS;
                                                           },
                                                           nullptr };

    expect_pass([] {
        bool has_ended = false;
        wsk_client client;
        OK(client.open());
        wsk_socket listener;
        OK(listener.open(client, socket_category::listen));
        OK(listener.bind());
        peer peer = peer::connect(listener.port());
        wsk_socket accepted;
        OK(listener.accept(accepted, &events, &has_ended));
        OK(accepted.set_events(WSK_EVENT_DISCONNECT));
        peer.expect_connected();
        peer.end();
        wait_for([&] { return has_ended; }, "the end");
        assert_true(accepted.set_events(WSK_EVENT_DISCONNECT | WSK_EVENT_DISABLE).ok());
    });
}

static void test_wsk_socket_can_be_given_away_and_taken(void **)
{
    expect_pass([] {
        wsk_client client;
        OK(client.open());
        wsk_socket socket;
        OK(socket.open(client, socket_category::datagram));
        PWSK_SOCKET bare = socket.release();

        assert_false(socket.is_open());
        assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), 1);
        wsk_socket taken(bare, socket_category::datagram);
        OK(taken.bind());
        socket = std::move(taken);
        OK(taken.open(client, socket_category::basic));
        socket = std::move(taken);
        assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), 1);
    });
}

/* A use of an open socket that fails the test with these words. */
template <class Use> static void expect_refusal(socket_category category, Use use, const char *words)
{
    expect_failure(
        [=] {
            wsk_client client;
            OK(client.open());
            wsk_socket socket;
            OK(socket.open(client, category));
            use(client, socket);
        },
        words);
}

static void test_wsk_socket_misuse_is_refused(void **)
{
    expect_failure(
        [] {
            wsk_socket socket;
            (void)socket.send_text("nobody hears");
        },
        "wsk_socket::send: the socket is not open");
    expect_failure(
        [] {
            wsk_client client;
            wsk_socket socket;
            (void)socket.open(client, socket_category::basic);
        },
        "wsk_client::provider: it is not open");
    expect_refusal(
        socket_category::listen,
        [](wsk_client &client, wsk_socket &socket) { (void)socket.open(client, socket_category::listen); },
        "wsk_socket::open: it is open already");
    expect_refusal(
        socket_category::listen, [](wsk_client &, wsk_socket &socket) { (void)socket.connect(address::loopback(1)); },
        "wsk_socket::connect: a socket of this category has no such function");
    expect_refusal(
        socket_category::basic, [](wsk_client &, wsk_socket &socket) { (void)socket.bind(); },
        "wsk_socket::bind: a socket of this category has no such function");
    expect_refusal(
        socket_category::listen, [](wsk_client &, wsk_socket &socket) { (void)socket.listen(); },
        "wsk_socket::listen: a socket of this category has no such function");
    expect_refusal(
        socket_category::connection,
        [](wsk_client &, wsk_socket &socket) {
            wsk_socket accepted;
            (void)socket.accept(accepted);
        },
        "wsk_socket::accept: a socket of this category has no such function");
    expect_refusal(
        socket_category::stream,
        [](wsk_client &, wsk_socket &socket) { (void)socket.inspect_complete(WSK_INSPECT_ID(), WskInspectAccept); },
        "wsk_socket::inspect_complete: a socket of this category has no such function");
    expect_refusal(
        socket_category::connection,
        [](wsk_client &, wsk_socket &socket) { (void)socket.send_to(WSK_BUF(), address::loopback(1)); },
        "wsk_socket::send_to: a socket of this category has no such function");
    expect_refusal(
        socket_category::basic, [](wsk_client &, wsk_socket &socket) { (void)socket.receive_from(WSK_BUF()); },
        "wsk_socket::receive_from: a socket of this category has no such function");
}

/* --- peers ------------------------------------------------------------------------------------------------------------- */

static void test_peer_misuse_is_refused(void **)
{
    expect_failure(
        [] {
            peer nobody;
            nobody.send("a");
        },
        "peer::send: there is nothing");
    expect_failure(
        [] {
            server first = server::listen();
            server second(std::move(first));
            (void)first.port();
        },
        "server::port: there is nothing");
}

static void test_peer_that_is_not_accepted_fails_with_the_kits_words(void **)
{
    expect_failure(
        [] {
            peer peer = peer::connect(wsk_kit_unused_port(WSK_KIT_IPV4));
            peer.expect_connected();
        },
        "refused");
}

static void test_peer_is_closed_before_its_name_is_taken_again(void **)
{
    expect_pass([] {
        server server = server::listen();
        wsk_client client;
        OK(client.open());
        wsk_socket first;
        OK(first.open(client, socket_category::connection));
        OK(first.bind());
        OK(first.connect(address::loopback(server.port())));
        peer one = server.accept();
        assert_int_equal(one.state(), WSK_KIT_PEER_CONNECTED);
        one = peer();
        char byte = 0;
        mdl_chain chain(&byte, 1);
        std::size_t received = 1;
        OK(first.receive(chain.buffer(), 0, &received));
        assert_int_equal(received, 0);
    });
}

/* --- failures ---------------------------------------------------------------------------------------------------------- */

static int s_destroyed;
struct destroyed {
    std::string text = "on the heap, and not lost";

    ~destroyed()
    {
        s_destroyed++;
    }
};

#if defined(__cpp_exceptions)
#define DESTROYED_AFTER_FAILURE 1
#else
#define DESTROYED_AFTER_FAILURE 0
#endif

static void test_failure_in_an_owner_destroys_what_the_test_has(void **)
{
    s_destroyed = 0;
    expect_failure(
        [] {
            wsk_client client;
            OK(client.open());
            wsk_socket listener;
            OK(listener.open(client, socket_category::listen));
            OK(listener.bind());
            peer peer = peer::connect(listener.port());
            irp accept;
            (void)accept.send([&](PIRP irp) {
                return listener.table<WSK_PROVIDER_LISTEN_DISPATCH>()->WskAccept(listener.get(), 0, nullptr, nullptr,
                                                                                 nullptr, nullptr, irp);
            });
            (void)accept.wait();
            destroyed object;
            peer.expect("what nobody sends");
            fail_msg("went on");
        },
        "nothing can move any more");
    assert_int_equal(s_destroyed, DESTROYED_AFTER_FAILURE);
}

/* The next test in the same process finds nothing of it. */
static void test_failure_inside_a_callback_ends_the_test_and_harms_nobody(void **)
{
    static const WSK_CLIENT_LISTEN_DISPATCH events = {
        nullptr,
        [](PVOID, PSOCKADDR, PSOCKADDR, PWSK_INSPECT_ID) {
            peer nobody;
            nobody.send("inside"); /* an owner's method: C frames lie between it and the test */
            return WskInspectAccept;
        },
        on_abort
    };

    for (int i = 0; i < 2; i++) {
        s_destroyed = 0;
        expect_failure(
            [] {
                wsk_client client;
                OK(client.open());
                wsk_socket listener;
                OK(listener.open(client, socket_category::listen, &events));
                OK(listener.set_option(SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1));
                OK(listener.bind());
                destroyed object;
                peer peer = peer::connect(listener.port());
                peer.expect_connected();
                fail_msg("went on");
            },
            "peer::send: there is nothing");
        assert_int_equal(s_destroyed, DESTROYED_AFTER_FAILURE);
    }
    expect_pass(listener_and_connection);
}

/* A destructor may not throw: it returns, and the next owner's method ends the test. */
static void test_failure_in_a_destructor_ends_the_test(void **)
{
    expect_failure(
        [] {
            destroyed object;
            {
                driver driver;
                OK(driver.load(hanging_entry, "hangs"));
            }
            peer peer = peer::connect(1);
            fail_msg("went on");
        },
        "deadlock");
    expect_pass(listener_and_connection);
}

#if defined(__cpp_exceptions)
static void test_exception_of_the_test_abandons_the_kernel_silently(void **)
{
    bool is_caught = false;

    try {
        (void)run_reason([] {
            (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'tset'); /* not reported */
            throw 5;
        });
    } catch (int) {
        is_caught = true;
    }
    assert_true(is_caught);
    assert_int_equal(wsk_kit_run_number(), 0);
    expect_pass(listener_and_connection);
}
#endif

static void test_leak_fails_the_test(void **)
{
    std::string reason = "";
    emulated_test test;

    reason = test.run(
        config().log([](void *, const char *) {}, nullptr),
        [] { (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'tset'); }, [] { return false; });
    assert_string_equal(reason.c_str(), "the driver broke rules: 1 unexpected verifier report, see above");
}

static void test_kernel_that_cannot_start_fails_the_test(void **)
{
    emulated_test test;

    assert_string_equal(test.run(
                            config().processors(99).log([](void *, const char *) {}, nullptr), [] { fail_msg("ran"); },
                            [] { return false; }),
                        "wsk_emu_start failed with status STATUS_INVALID_PARAMETER (0xC000000D)");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wsk_client_registers_and_deregisters),
        cmocka_unit_test(test_wsk_client_misuse_is_refused),
        cmocka_unit_test(test_wsk_client_of_a_version_that_nobody_has),
        cmocka_unit_test(test_wsk_socket_listens_and_exchanges),
        cmocka_unit_test(test_wsk_socket_connects),
        cmocka_unit_test(test_wsk_socket_of_a_stream_listens_or_connects),
        cmocka_unit_test(test_wsk_socket_exchanges_datagrams),
        cmocka_unit_test(test_wsk_socket_inspects),
        cmocka_unit_test(test_wsk_socket_events_can_be_set),
        cmocka_unit_test(test_wsk_socket_can_be_given_away_and_taken),
        cmocka_unit_test(test_wsk_socket_misuse_is_refused),
        cmocka_unit_test(test_peer_misuse_is_refused),
        cmocka_unit_test(test_peer_that_is_not_accepted_fails_with_the_kits_words),
        cmocka_unit_test(test_peer_is_closed_before_its_name_is_taken_again),
        cmocka_unit_test(test_failure_in_an_owner_destroys_what_the_test_has),
        cmocka_unit_test(test_failure_inside_a_callback_ends_the_test_and_harms_nobody),
        cmocka_unit_test(test_failure_in_a_destructor_ends_the_test),
#if defined(__cpp_exceptions)
        cmocka_unit_test(test_exception_of_the_test_abandons_the_kernel_silently),
#endif
        cmocka_unit_test(test_leak_fails_the_test),
        cmocka_unit_test(test_kernel_that_cannot_start_fails_the_test),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
