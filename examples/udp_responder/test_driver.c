/* SPDX-License-Identifier: MIT */
/* Unit tests of Responder, written to be read: each is a small story of given, when and then. The same tests run in other
 * orders of events, on real threads and on real sockets. */
#include <wsk_emu/cmocka.h>
#include <wsk_emu/driver.h>
#include <wsk_emu/kit.h>

#include <stdio.h>
#include <string.h>

#include "responder.h"

/* The driver's entry: wsk_emu_add_driver(udp_responder_short ...) has given DriverEntry this name. */
DRIVER_INITIALIZE udp_responder_short_DriverEntry;

#define LARGEST_BYTES ((size_t)65507) /* of a datagram over IPv4 */
#define CROWD 50
#define MANY 500

static PDRIVER_OBJECT s_driver;
static bool s_is_memory_short;

/* Steady traffic: each question that the driver takes up brings the next. */
static struct wsk_kit_datagram_peer *s_traffic;
static uint16_t s_traffic_port;
static unsigned s_traffic_left; /* 0: no traffic */

/* What the driver calls instead (DEFINES in CMakeLists.txt). */
PVOID test_ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list);

PVOID test_ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list)
{
    if (s_traffic_left > 0) {
        s_traffic_left--;
        wsk_kit_datagram_send_text(s_traffic, s_traffic_port, "and another one");
    }
    return s_is_memory_short ? NULL : ExAllocateFromNPagedLookasideList(list);
}

static RESPONDER_STATUS responder_status(void)
{
    RESPONDER_STATUS status;

    ResponderQueryStatus(&status);
    return status;
}

static USHORT load_responder(const RESPONDER_CONFIG *config)
{
    ResponderConfig = *config;
    s_is_memory_short = false;
    s_traffic_left = 0;
    assert_int_equal(wsk_emu_driver_load(udp_responder_short_DriverEntry, "udp_responder", &s_driver), STATUS_SUCCESS);
    assert_int_not_equal(responder_status().Port, 0);
    return responder_status().Port;
}

static USHORT load_default(void)
{
    const RESPONDER_CONFIG config = { 0 };

    return load_responder(&config);
}

static void unload_responder(void)
{
    wsk_emu_driver_unload(s_driver);
    s_driver = NULL;
}

static int unload_if_loaded(void **state)
{
    (void)state;
    unload_responder();
    return 0;
}

/* The address 127.0.0.last of the loopback network. */
static struct wsk_kit_address loopback(unsigned char last, uint16_t port)
{
    struct wsk_kit_address address = wsk_kit_loopback(WSK_KIT_IPV4, port);

    address.bytes[3] = last;
    return address;
}

static const unsigned char *big_datagram(void)
{
    static unsigned char bytes[LARGEST_BYTES];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (unsigned char)(i * 31 + i / 251);
    }
    return bytes;
}

/* --- load and unload ------------------------------------------------------------------------------------- */

static void test_responder_loads_and_unloads(void **state)
{
    (void)state;
    load_default();
    assert_true(responder_status().IsRunning);

    unload_responder();
    assert_false(responder_status().IsRunning);
}

/* A port that somebody else has: DriverEntry fails with the reason, and cleans up. */
static void test_responder_port_in_use_fails_to_load(void **state)
{
    struct wsk_kit_datagram_peer *somebody = wsk_kit_datagram_open(WSK_KIT_IPV4);
    PSOCKADDR_IN address = (PSOCKADDR_IN)&ResponderConfig.Address;
    PDRIVER_OBJECT driver = NULL;

    (void)state;
    ResponderConfig = (RESPONDER_CONFIG){ 0 };
    address->sin_family = AF_INET;
    address->sin_port = RtlUshortByteSwap(wsk_kit_datagram_port(somebody));
    address->sin_addr.s_addr = RtlUlongByteSwap(INADDR_LOOPBACK);
    assert_int_equal(wsk_emu_driver_load(udp_responder_short_DriverEntry, "udp_responder", &driver),
                     STATUS_ADDRESS_ALREADY_EXISTS);
    assert_null(driver);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), 0);
}

/* --- answers ------------------------------------------------------------------------------------------------ */

static void test_responder_sends_a_datagram_back(void **state)
{
    struct wsk_kit_datagram_peer *client = wsk_kit_datagram_open(WSK_KIT_IPV4);
    USHORT port = load_default();
    struct wsk_kit_datagram about;

    (void)state;
    wsk_kit_datagram_send_text(client, port, "hello");
    wsk_kit_datagram_expect(client, "hello", 5, &about);
    assert_int_equal(about.remote.port, port);
    wsk_kit_run_until_idle();
    assert_int_equal(responder_status().Answered, 1);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 0);
}

static void test_responder_sends_an_ipv6_datagram_back(void **state)
{
    struct wsk_kit_datagram_peer *client = wsk_kit_datagram_open(WSK_KIT_IPV6);
    RESPONDER_CONFIG config = { .Address = { .ss_family = AF_INET6 } };
    USHORT port = load_responder(&config);

    (void)state;
    wsk_kit_datagram_send_text(client, port, "hello");
    wsk_kit_datagram_expect_text(client, "hello");
}

static void test_responder_sends_nothing_back_for_nothing(void **state)
{
    struct wsk_kit_datagram_peer *client = wsk_kit_datagram_open(WSK_KIT_IPV4);

    (void)state;
    wsk_kit_datagram_send(client, load_default(), "", 0);
    wsk_kit_datagram_expect(client, "", 0, NULL);
}

static void test_responder_sends_the_largest_datagram_back(void **state)
{
    struct wsk_kit_datagram_peer *client = wsk_kit_datagram_open(WSK_KIT_IPV4);

    (void)state;
    wsk_kit_datagram_send(client, load_default(), big_datagram(), LARGEST_BYTES);
    wsk_kit_datagram_expect(client, big_datagram(), LARGEST_BYTES, NULL);
}

/* Each datagram is an answer of its own, to whoever has asked. */
static void test_responder_tells_many_clients_apart(void **state)
{
    struct wsk_kit_datagram_peer *clients[CROWD];
    USHORT port = load_default();
    char text[32];

    (void)state;
    for (size_t i = 0; i < CROWD; i++) {
        clients[i] = wsk_kit_datagram_open(WSK_KIT_IPV4);
        snprintf(text, sizeof(text), "client %zu", i);
        wsk_kit_datagram_send_text(clients[i], port, text);
    }
    for (size_t i = 0; i < CROWD; i++) {
        snprintf(text, sizeof(text), "client %zu", i);
        wsk_kit_datagram_expect_text(clients[i], text);
    }
    wsk_kit_run_until_idle();
    assert_int_equal(responder_status().Answered, CROWD);
}

static void test_responder_keeps_the_order(void **state)
{
    struct wsk_kit_datagram_peer *client = wsk_kit_datagram_open(WSK_KIT_IPV4);
    USHORT port = load_default();

    (void)state;
    for (unsigned i = 0; i < MANY; i += 10) {
        for (unsigned j = i; j < i + 10; j++) {
            wsk_kit_datagram_send(client, port, &j, sizeof(j));
        }
        for (unsigned j = i; j < i + 10; j++) {
            wsk_kit_datagram_expect(client, &j, sizeof(j), NULL);
        }
    }
    assert_int_equal(responder_status().Dropped, 0);
}

/* --- from where ------------------------------------------------------------------------------------------------ */

/* The driver listens on all addresses. The answer comes from the one that was asked. */
static void test_responder_answers_from_the_address_that_was_asked(void **state)
{
    struct wsk_kit_datagram_peer *client = wsk_kit_datagram_open(WSK_KIT_IPV4);
    USHORT port = load_default();

    (void)state;
    for (unsigned char last = 1; last <= 3; last++) {
        struct wsk_kit_datagram question = { .remote = loopback(last, port) };
        struct wsk_kit_datagram answer;

        wsk_kit_datagram_send_as(client, &question, "who?", 4);
        wsk_kit_datagram_expect(client, "who?", 4, &answer);
        assert_memory_equal(answer.remote.bytes, question.remote.bytes, 4);
        assert_int_equal(answer.remote.port, port);
    }
}

/* A responder on a port of the same number, on another machine, would answer the answer, and so on. */
static void test_responder_does_not_answer_a_port_like_its_own(void **state)
{
    struct wsk_kit_datagram_peer *other = wsk_kit_datagram_open(WSK_KIT_IPV4);
    struct wsk_kit_datagram question = { .remote = loopback(2, wsk_kit_datagram_port(other)) };
    RESPONDER_CONFIG config = { 0 };
    PSOCKADDR_IN address = (PSOCKADDR_IN)&config.Address;

    (void)state;
    address->sin_family = AF_INET;
    address->sin_port = RtlUshortByteSwap(question.remote.port);
    memcpy(&address->sin_addr, question.remote.bytes, 4);
    load_responder(&config);

    wsk_kit_datagram_send_as(other, &question, "hello", 5);
    wsk_kit_datagram_expect_none(other);
    assert_int_equal(responder_status().Dropped, 1);
}

/* --- too much ------------------------------------------------------------------------------------------------- */

/* Ten datagrams wait when the driver gets to see them, so they come as one list. It keeps no more than it may, and gives the
 * others back inside of its callback. */
static void test_responder_keeps_no_more_than_it_may(void **state)
{
    struct wsk_kit_datagram_peer *client = wsk_kit_datagram_open(WSK_KIT_IPV4);
    RESPONDER_CONFIG config = { .MaxAnswers = 3 };
    USHORT port = load_responder(&config);

    (void)state;
    for (size_t i = 0; i < 10; i++) {
        wsk_kit_datagram_send(client, port, &"0123456789"[i], 1);
    }
    wsk_kit_datagram_expect_text(client, "0");
    wsk_kit_datagram_expect_text(client, "1");
    wsk_kit_datagram_expect_text(client, "2");
    wsk_kit_datagram_expect_none(client);
    assert_int_equal(responder_status().Dropped, 7);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 0);

    wsk_kit_datagram_send_text(client, port, "again");
    wsk_kit_datagram_expect_text(client, "again");
}

/* Without memory a datagram is dropped, and the next one is answered. */
static void test_responder_without_memory_drops(void **state)
{
    struct wsk_kit_datagram_peer *client = wsk_kit_datagram_open(WSK_KIT_IPV4);
    USHORT port = load_default();

    (void)state;
    s_is_memory_short = true;
    wsk_kit_datagram_send_text(client, port, "too early");
    wsk_kit_datagram_expect_none(client);
    assert_int_equal(responder_status().Dropped, 1);
    assert_int_equal(responder_status().AnswersNow, 0);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 0);

    s_is_memory_short = false;
    wsk_kit_datagram_send_text(client, port, "again");
    wsk_kit_datagram_expect_text(client, "again");
}

/* --- unload ---------------------------------------------------------------------------------------------------- */

/* However far an answer is. Each round stops one step later. */
static void test_responder_unloads_at_every_step_of_an_answer(void **state)
{
    bool is_answered = false;

    (void)state;
    for (unsigned round = 0; !is_answered; round++) {
        struct wsk_kit_datagram_peer *client = wsk_kit_datagram_open(WSK_KIT_IPV4);
        USHORT port = load_default();

        for (unsigned i = 0; i < 3; i++) {
            wsk_kit_datagram_send_text(client, port, "quick");
        }
        for (unsigned step = 0; step < round; step++) {
            is_answered = !wsk_kit_step(); /* nothing is left to do: the last round */
        }
        unload_responder();
        assert_int_equal(responder_status().Answered, responder_status().Received);
        assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), 0);
        assert_int_equal(wsk_kit_live_count(WSK_KIT_INDICATION), 0);
        wsk_kit_datagram_close(client);
        wsk_kit_run_until_idle();
    }
    assert_int_equal(responder_status().Answered, 3);
}

/* Datagrams are on their way to the driver, and answers on theirs. */
static void test_responder_unloads_under_traffic(void **state)
{
    struct wsk_kit_datagram_peer *clients[CROWD];
    USHORT port = load_default();

    (void)state;
    for (size_t i = 0; i < CROWD; i++) {
        clients[i] = wsk_kit_datagram_open(WSK_KIT_IPV4);
        wsk_kit_datagram_send_text(clients[i], port, "nobody may answer this");
    }
    unload_responder();
    assert_int_equal(responder_status().Answered + responder_status().Failed + responder_status().Dropped,
                     responder_status().Received);
}

/* Questions keep coming while the last answers go out. The driver takes none of them up any more: each would be another use of
 * the socket, and under steady traffic the last use might never come. Each round stops a few steps later. */
static void test_responder_takes_no_question_up_once_it_unloads(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 20; round++) {
        USHORT port = load_default();
        unsigned left;

        s_traffic = wsk_kit_datagram_open(WSK_KIT_IPV4);
        s_traffic_port = port;
        s_traffic_left = MANY;
        for (unsigned i = 0; i < CROWD; i++) {
            wsk_kit_datagram_send_text(s_traffic, port, "one of the first");
        }
        for (unsigned step = 0; step < 7 * round; step++) {
            assert_true(wsk_kit_step());
        }
        left = s_traffic_left;
        unload_responder();
        assert_int_equal(s_traffic_left, left);
        assert_int_equal(responder_status().Answered, responder_status().Received);
        s_traffic_left = 0;
        wsk_kit_datagram_close(s_traffic);
        wsk_kit_run_until_idle();
    }
}

/* --- ways to run ------------------------------------------------------------------------------------------------ */

static const struct wsk_emu_config live = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_THREADS,
    .network = WSK_EMU_NETWORK_SOCKETS,
};
static const struct wsk_emu_config stepped_sockets = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_STEPPED,
    .network = WSK_EMU_NETWORK_SOCKETS,
};
static const struct wsk_emu_config threads_virtual = {
    .size = sizeof(struct wsk_emu_config),
    .execution = WSK_EMU_EXECUTION_THREADS,
    .network = WSK_EMU_NETWORK_VIRTUAL,
};

/* Other orders of events, completions that come late, and datagrams that lie in several MDLs. */
#define MIXED(number, bytes)                                                                          \
    {                                                                                                 \
        .size = sizeof(struct wsk_emu_config), .execution = WSK_EMU_EXECUTION_STEPPED,                \
        .network = WSK_EMU_NETWORK_VIRTUAL, .completion = WSK_EMU_COMPLETION_MIXED, .seed = (number), \
        .indication_max_bytes = (bytes)                                                               \
    }
static const struct wsk_emu_config mixed[] = {
    MIXED(1, 0), MIXED(2, 1),    MIXED(3, 7), MIXED(4, 1000), MIXED(5, 30000), MIXED(6, 0),
    MIXED(7, 3), MIXED(8, 9999), MIXED(9, 0), MIXED(10, 2),   MIXED(11, 0),    MIXED(12, 500),
};

#define TEST(function) wsk_emu_unit_test_setup_teardown(function, NULL, unload_if_loaded)
#define TEST_IN(function, config) wsk_emu_unit_test_config(function, NULL, unload_if_loaded, config)
#define TEST_MIXED(function)                                                                      \
    TEST_IN(function, &mixed[0]), TEST_IN(function, &mixed[1]), TEST_IN(function, &mixed[2]),     \
        TEST_IN(function, &mixed[3]), TEST_IN(function, &mixed[4]), TEST_IN(function, &mixed[5]), \
        TEST_IN(function, &mixed[6]), TEST_IN(function, &mixed[7]), TEST_IN(function, &mixed[8]), \
        TEST_IN(function, &mixed[9]), TEST_IN(function, &mixed[10]), TEST_IN(function, &mixed[11])
/* Real threads, real sockets, and both. */
#define TEST_LIVE(function) \
    TEST_IN(function, &live), TEST_IN(function, &stepped_sockets), TEST_IN(function, &threads_virtual)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_responder_loads_and_unloads),
        TEST(test_responder_port_in_use_fails_to_load),
        TEST(test_responder_sends_a_datagram_back),
        TEST(test_responder_sends_an_ipv6_datagram_back),
        TEST(test_responder_sends_nothing_back_for_nothing),
        TEST(test_responder_sends_the_largest_datagram_back),
        TEST(test_responder_tells_many_clients_apart),
        TEST(test_responder_keeps_the_order),
        TEST(test_responder_answers_from_the_address_that_was_asked),
        TEST(test_responder_does_not_answer_a_port_like_its_own),
        TEST(test_responder_without_memory_drops),
        TEST(test_responder_unloads_at_every_step_of_an_answer),
        TEST(test_responder_unloads_under_traffic),
        TEST(test_responder_takes_no_question_up_once_it_unloads),
        TEST_MIXED(test_responder_tells_many_clients_apart),
        TEST_MIXED(test_responder_sends_the_largest_datagram_back),
        TEST_MIXED(test_responder_unloads_at_every_step_of_an_answer),
        TEST_MIXED(test_responder_unloads_under_traffic),
        TEST_MIXED(test_responder_takes_no_question_up_once_it_unloads),
        TEST_IN(test_responder_keeps_no_more_than_it_may, &stepped_sockets),
        TEST_LIVE(test_responder_sends_a_datagram_back),
        TEST_LIVE(test_responder_sends_an_ipv6_datagram_back),
        TEST_LIVE(test_responder_sends_nothing_back_for_nothing),
        TEST_LIVE(test_responder_tells_many_clients_apart),
        TEST_LIVE(test_responder_keeps_the_order),
        TEST_LIVE(test_responder_unloads_under_traffic),
    };

    return cmocka_run_group_tests_name("udp_responder", tests, NULL, NULL);
}
