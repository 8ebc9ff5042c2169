/* SPDX-License-Identifier: MIT */
/* Tests of what the answers of macOS's poll() mean. Linked with that system's file on every system: the answers are
 * given here, the sockets behind them are real. */
#include "host/host_poll.h"

#include "support/unit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/host_poller.h"

#define PATIENCE_MS 20000
#define EVERYTHING (WE_POLL_READABLE | WE_POLL_WRITABLE | WE_POLL_ENDED)

static int s_fds[2]; /* a TCP connection; the answers are about [0] */

static int setup(void **state)
{
    struct sockaddr_in addr;
    socklen_t length_bytes = sizeof(addr);
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    memset(&addr, 0, sizeof(addr));
    addr.sin_family = AF_INET;
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &length_bytes), 0);
    s_fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(s_fds[0], (struct sockaddr *)&addr, sizeof(addr)), 0);
    s_fds[1] = accept(listener, NULL, NULL);
    assert_true(s_fds[1] >= 0);
    close(listener);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    close(s_fds[0]);
    close(s_fds[1]);
    return 0;
}

/* Returns when the peer's byte, end or reset has arrived. */
static void something_arrives(void)
{
    struct pollfd set = { .fd = s_fds[0], .events = POLLIN };

    assert_int_equal(poll(&set, 1, PATIENCE_MS), 1);
}

static void peer_resets(void)
{
    const struct linger at_once = { 1, 0 };

    assert_int_equal(setsockopt(s_fds[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
    close(s_fds[1]);
    s_fds[1] = -1;
    something_arrives();
}

static void test_bytes_and_room_are_what_they_are(void **state)
{
    (void)state;
    assert_int_equal(we_host_poll_bits(s_fds[0], POLLIN, EVERYTHING), WE_POLL_READABLE);
    assert_int_equal(we_host_poll_bits(s_fds[0], POLLOUT, EVERYTHING), WE_POLL_WRITABLE);
    assert_int_equal(we_host_poll_bits(s_fds[0], POLLIN | POLLOUT, WE_POLL_ENDED), 0);
}

static void test_hangup_peer_finished_is_the_end(void **state)
{
    (void)state;
    assert_int_equal(shutdown(s_fds[1], SHUT_WR), 0);
    something_arrives();
    assert_int_equal(we_host_poll_bits(s_fds[0], POLLHUP, WE_POLL_ENDED), WE_POLL_ENDED);
    assert_int_equal(we_host_poll_bits(s_fds[0], POLLIN | POLLHUP, WE_POLL_READABLE | WE_POLL_ENDED),
                     WE_POLL_READABLE | WE_POLL_ENDED);
    assert_false(we_host_poll_is_last(POLLIN | POLLHUP));
}

static void test_hangup_end_behind_bytes_is_the_end(void **state)
{
    (void)state;
    assert_int_equal(send(s_fds[1], "x", 1, 0), 1);
    assert_int_equal(shutdown(s_fds[1], SHUT_WR), 0);
    something_arrives();
    assert_int_equal(we_host_poll_bits(s_fds[0], POLLHUP, WE_POLL_ENDED), WE_POLL_ENDED);
}

static void test_hangup_own_direction_is_no_end(void **state)
{
    (void)state;
    assert_int_equal(shutdown(s_fds[0], SHUT_WR), 0);
    assert_int_equal(we_host_poll_bits(s_fds[0], POLLHUP, EVERYTHING), WE_POLL_WRITABLE);
    /* The peer may still send. */
    assert_int_equal(send(s_fds[1], "x", 1, 0), 1);
    something_arrives();
    assert_int_equal(we_host_poll_bits(s_fds[0], POLLHUP, WE_POLL_WRITABLE | WE_POLL_ENDED), WE_POLL_WRITABLE);
}

static void test_hangup_connection_broke_is_a_reset(void **state)
{
    (void)state;
    peer_resets();
    assert_int_equal(we_host_poll_bits(s_fds[0], POLLHUP, 0) & WE_POLL_RESET, WE_POLL_RESET);
}

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test_setup_teardown(test_bytes_and_room_are_what_they_are, setup, teardown),
    cmocka_unit_test_setup_teardown(test_hangup_peer_finished_is_the_end, setup, teardown),
    cmocka_unit_test_setup_teardown(test_hangup_end_behind_bytes_is_the_end, setup, teardown),
    cmocka_unit_test_setup_teardown(test_hangup_own_direction_is_no_end, setup, teardown),
    cmocka_unit_test_setup_teardown(test_hangup_connection_broke_is_a_reset, setup, teardown),
};

UNIT_MAIN(s_tests)
