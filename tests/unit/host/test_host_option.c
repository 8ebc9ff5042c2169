/* SPDX-License-Identifier: MIT */
/* Tests of host_option: values of ours to the system's and back, option by option, on real sockets. */
#include "host/host_option.h"

#include "support/unit.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/host_socket.h"

static int stream_open(int family)
{
    int fd = we_host_socket_open(family);

    assert_true(fd >= 0);
    return fd;
}

static int datagram_open(int family)
{
    int fd = we_host_socket_open_datagram(family);

    assert_true(fd >= 0);
    return fd;
}

/* Sets and gets back; the option must be one that this system has. */
static int round_trip(int fd, enum we_host_ep_option option, int value)
{
    const struct we_host_option_row *row = we_host_option_row(option);
    int answer = -1;

    assert_non_null(row);
    assert_int_equal(we_host_option_set(fd, row, value), WE_OK);
    assert_int_equal(we_host_option_get(fd, row, &answer), WE_OK);
    return answer;
}

static void test_numbers_come_back_as_they_were_set(void **state)
{
    static const struct {
        enum we_host_ep_option option;
        bool is_ipv6;
        bool is_datagram;
        int value;
    } cases[] = {
        { WE_EP_KEEPALIVE_IDLE_S, false, false, 100 },
        { WE_EP_KEEPALIVE_INTERVAL_S, false, false, 7 },
        { WE_EP_KEEPALIVE_PROBE_COUNT, false, false, 3 },
        { WE_EP_UNANSWERED_MS, false, false, 9000 },
        { WE_EP_IPV4_TOS, false, true, 0x20 },
        { WE_EP_IPV4_TTL, false, true, 17 },
        { WE_EP_IPV4_MULTICAST_TTL, false, true, 9 },
        { WE_EP_IPV6_TCLASS, true, true, 0x20 },
        { WE_EP_IPV6_HOPS, true, true, 17 },
        { WE_EP_IPV6_MULTICAST_HOPS, true, true, 9 },
        { WE_EP_BROADCAST, false, true, 1 },
        { WE_EP_UDP_NO_CHECKSUM, false, true, 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int family = cases[i].is_ipv6 ? AF_INET6 : AF_INET;
        int fd = cases[i].is_datagram ? datagram_open(family) : stream_open(family);

        assert_int_equal(round_trip(fd, cases[i].option, cases[i].value), cases[i].value);
        close(fd);
    }
}

static void test_flags_come_back_as_one(void **state)
{
    int fd = stream_open(AF_INET);

    (void)state;
    assert_int_equal(round_trip(fd, WE_EP_KEEPALIVE, 5), 1);
    assert_int_equal(round_trip(fd, WE_EP_NODELAY, 5), 1);
    assert_int_equal(round_trip(fd, WE_EP_NODELAY, 0), 0);
    close(fd);
}

static void test_buffers_come_back_as_they_were_set(void **state)
{
    int fd = stream_open(AF_INET);
    const struct we_host_option_row *row = we_host_option_row(WE_EP_RECEIVE_BUFFER_BYTES);

    (void)state;
    assert_int_equal(round_trip(fd, WE_EP_RECEIVE_BUFFER_BYTES, 20000), 20000);
    assert_int_equal(round_trip(fd, WE_EP_SEND_BUFFER_BYTES, 30000), 30000);
    assert_int_equal(we_host_option_set(fd, row, -1), WE_ERR_INVALID);
    close(fd);
}

static void test_numbers_beyond_the_systems_limit_become_the_limit(void **state)
{
    int fd = stream_open(AF_INET);

    (void)state;
    assert_int_equal(round_trip(fd, WE_EP_KEEPALIVE_IDLE_S, 1000000), 32767);
    assert_int_equal(round_trip(fd, WE_EP_KEEPALIVE_PROBE_COUNT, 255), 127);
    close(fd);
}

static void test_mtu_discovery_comes_back(void **state)
{
    int fd = datagram_open(AF_INET);

    (void)state;
    assert_int_equal(round_trip(fd, WE_EP_IPV4_MTU_DISCOVERY, WE_MTU_DISCOVERY_DO), WE_MTU_DISCOVERY_DO);
    assert_int_equal(round_trip(fd, WE_EP_IPV4_MTU_DISCOVERY, WE_MTU_DISCOVERY_NOT_SET), WE_MTU_DISCOVERY_NOT_SET);
    close(fd);
}

/* Of systems that have it. */
#ifdef IP_MTU_DISCOVER
static int native_int(int fd, int level, int name)
{
    socklen_t length_bytes = (socklen_t)sizeof(int);
    int value = -1;

    assert_int_equal(getsockopt(fd, level, name, &value, &length_bytes), 0);
    return value;
}

static void test_mtu_discovery_has_the_systems_numbers(void **state)
{
    int fd = datagram_open(AF_INET);

    (void)state;
    assert_int_equal(round_trip(fd, WE_EP_IPV4_MTU_DISCOVERY, WE_MTU_DISCOVERY_DO), WE_MTU_DISCOVERY_DO);
    assert_int_equal(native_int(fd, IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_DO);
    assert_int_equal(round_trip(fd, WE_EP_IPV4_MTU_DISCOVERY, WE_MTU_DISCOVERY_DONT), WE_MTU_DISCOVERY_DONT);
    assert_int_equal(native_int(fd, IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_DONT);
    assert_int_equal(round_trip(fd, WE_EP_IPV4_MTU_DISCOVERY, WE_MTU_DISCOVERY_PROBE), WE_MTU_DISCOVERY_PROBE);
    assert_int_equal(native_int(fd, IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_PROBE);
    close(fd);
}
#endif

static void test_dont_fragment_is_a_flag_everywhere(void **state)
{
    int v4 = datagram_open(AF_INET);
    int v6 = datagram_open(AF_INET6);

    (void)state;
    assert_int_equal(round_trip(v4, WE_EP_IPV4_DONT_FRAGMENT, 1), 1);
    assert_int_equal(round_trip(v4, WE_EP_IPV4_DONT_FRAGMENT, 0), 0);
    assert_int_equal(round_trip(v6, WE_EP_IPV6_DONT_FRAGMENT, 1), 1);
    assert_int_equal(round_trip(v6, WE_EP_IPV6_DONT_FRAGMENT, 0), 0);
    close(v6);
    close(v4);
}

static void test_multicast_interface_is_an_address_or_an_index(void **state)
{
    const struct we_host_option_row *row = we_host_option_row(WE_EP_IPV4_MULTICAST_IF);
    int fd = datagram_open(AF_INET);
    int answer = 0;

    (void)state;
    assert_int_equal(we_host_option_set(fd, row, (int)htonl(INADDR_LOOPBACK)), WE_OK);
    assert_int_equal(we_host_option_get(fd, row, &answer), WE_OK);
    assert_int_equal((uint32_t)answer, htonl(INADDR_LOOPBACK));
    /* Small numbers are indexes, of which this is nobody's. */
    assert_int_not_equal(we_host_option_set(fd, row, (int)htonl(0xfedcba)), WE_OK);
    close(fd);
}

static void test_unicast_interface_is_in_host_order(void **state)
{
    const struct we_host_option_row *row = we_host_option_row(WE_EP_IPV4_UNICAST_IF);
    int fd = datagram_open(AF_INET);

    (void)state;
    /* No interface has this index, whichever way round it is read; none at all is 0. */
    assert_int_not_equal(we_host_option_set(fd, row, 0xfedcba), WE_OK);
    assert_int_equal(round_trip(fd, WE_EP_IPV4_UNICAST_IF, 0), 0);
    close(fd);
}

static void test_options_of_another_family_fail(void **state)
{
    int fd = stream_open(AF_INET);

    (void)state;
    assert_int_not_equal(we_host_option_set(fd, we_host_option_row(WE_EP_IPV6_HOPS), 5), WE_OK);
    close(fd);
}

static void test_tcp_info_of_a_socket_that_is_not_connected_is_empty(void **state)
{
    struct we_host_tcp_info info = { .acked_bytes = 7 };
    int fd = stream_open(AF_INET);
    int datagram = datagram_open(AF_INET);

    (void)state;
    if (we_host_option_tcp_info(fd, &info) == WE_OK) { /* macOS refuses */
        assert_int_equal(info.acked_bytes, 0);
        assert_int_equal(info.received_bytes, 0);
    }
    assert_int_not_equal(we_host_option_tcp_info(datagram, &info), WE_OK);
    close(datagram);
    close(fd);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_come_back_as_they_were_set),
        cmocka_unit_test(test_flags_come_back_as_one),
        cmocka_unit_test(test_buffers_come_back_as_they_were_set),
        cmocka_unit_test(test_numbers_beyond_the_systems_limit_become_the_limit),
        cmocka_unit_test(test_mtu_discovery_comes_back),
        cmocka_unit_test(test_dont_fragment_is_a_flag_everywhere),
        cmocka_unit_test(test_multicast_interface_is_an_address_or_an_index),
        cmocka_unit_test(test_unicast_interface_is_in_host_order),
        cmocka_unit_test(test_options_of_another_family_fail),
        cmocka_unit_test(test_tcp_info_of_a_socket_that_is_not_connected_is_empty),
#ifdef IP_MTU_DISCOVER
        cmocka_unit_test(test_mtu_discovery_has_the_systems_numbers),
#endif
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
