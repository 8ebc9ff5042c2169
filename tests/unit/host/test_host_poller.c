/* SPDX-License-Identifier: MIT */
/* Tests of the poller contract: one list of checks, run over every back end of this system. */
#include "host/host_poller.h"

#include "support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENT_COUNT_MAX 64u
#define SECOND_NS UINT64_C(1000000000)
#define KEY 0x1234567890u

/* For a machine that is very busy. */
#define PATIENCE_NS (20u * SECOND_NS)
#define FRUITLESS_WAIT_COUNT_MAX 8u

struct fixture {
    const struct we_host_poller_ops *ops;
    struct we_host_poller_set *set;
    int fds[2]; /* a TCP connection; [0] is the end that is polled */
};

/* --- sockets --------------------------------------------------------------------------- */

static int listener_make(struct sockaddr_in *addr)
{
    socklen_t length_bytes = sizeof(*addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    memset(addr, 0, sizeof(*addr));
    addr->sin_family = AF_INET;
    addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)addr, sizeof(*addr)), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)addr, &length_bytes), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static void pair_make(int fds[2])
{
    struct sockaddr_in addr;
    int listener = listener_make(&addr);

    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fds[0] >= 0);
    assert_int_equal(connect(fds[0], (struct sockaddr *)&addr, sizeof(addr)), 0);
    fds[1] = accept(listener, NULL, NULL);
    assert_true(fds[1] >= 0);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
    close(listener);
}

/* Returns when the byte has arrived at the other end: on some systems loopback delivers later than send() returns. */
static void byte_send(int fd, int peer_fd)
{
    struct pollfd set = { .fd = peer_fd, .events = POLLIN };

    assert_int_equal(send(fd, "x", 1, 0), 1);
    assert_int_equal(poll(&set, 1, we_host_poller_timeout_ms(PATIENCE_NS)), 1);
}

static void drain(struct fixture *fixture, int fd)
{
    char scratch[4096];

    while (recv(fd, scratch, sizeof(scratch), 0) > 0) {
    }
    assert_int_equal(errno, EAGAIN);
    fixture->ops->rearm(fixture->set, fd, WE_POLL_READABLE);
}

static void close_with_reset(int fd)
{
    const struct linger at_once = { 1, 0 };

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
    close(fd);
}

/* --- the poller ------------------------------------------------------------------------ */

static void add(struct fixture *fixture, int fd, uint64_t key, unsigned interest)
{
    assert_int_equal(fixture->ops->add(fixture->set, fd, key, interest), WE_OK);
}

static void modify(struct fixture *fixture, int fd, uint64_t key, unsigned interest)
{
    assert_int_equal(fixture->ops->modify(fixture->set, fd, key, interest), WE_OK);
}

/* Waits for the one event that must come now. A wait() may be ended by what is of no interest, a few times. */
static unsigned bits_of_next(struct fixture *fixture, uint64_t key)
{
    struct we_host_poller_event events[EVENT_COUNT_MAX];
    unsigned count = 0;

    for (unsigned i = 0; i < FRUITLESS_WAIT_COUNT_MAX && count == 0; i++) {
        count = fixture->ops->wait(fixture->set, PATIENCE_NS, events, EVENT_COUNT_MAX);
    }
    assert_int_equal(count, 1);
    assert_true(events[0].key == key);
    return events[0].bits;
}

static void nothing_comes(struct fixture *fixture)
{
    struct we_host_poller_event events[EVENT_COUNT_MAX];

    assert_int_equal(fixture->ops->wait(fixture->set, 0, events, EVENT_COUNT_MAX), 0);
}

static int setup(void **state)
{
    static struct fixture fixture;

    fixture.ops = (const struct we_host_poller_ops *)*state;
    assert_int_equal(fixture.ops->create(&fixture.set), WE_OK);
    pair_make(fixture.fds);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = (struct fixture *)*state;

    fixture->ops->destroy(fixture->set);
    close(fixture->fds[0]);
    close(fixture->fds[1]);
    return 0;
}

/* --- checks ---------------------------------------------------------------------------- */

static void test_add_bytes_wait_already_reports_readable(void **state)
{
    struct fixture *fixture = *state;

    byte_send(fixture->fds[1], fixture->fds[0]);
    add(fixture, fixture->fds[0], KEY, WE_POLL_READABLE | WE_POLL_ENDED);
    assert_int_equal(bits_of_next(fixture, KEY), WE_POLL_READABLE);
}

static void test_wait_nothing_is_ready_returns_none(void **state)
{
    struct fixture *fixture = *state;

    add(fixture, fixture->fds[0], KEY, WE_POLL_READABLE | WE_POLL_ENDED);
    nothing_comes(fixture);
}

static void test_wait_short_time_is_over_returns_none(void **state)
{
    struct fixture *fixture = *state;
    struct we_host_poller_event events[EVENT_COUNT_MAX];

    add(fixture, fixture->fds[0], KEY, WE_POLL_READABLE);
    assert_int_equal(fixture->ops->wait(fixture->set, 1, events, EVENT_COUNT_MAX), 0);
}

static void test_wait_unread_bytes_are_reported_once(void **state)
{
    struct fixture *fixture = *state;

    add(fixture, fixture->fds[0], KEY, WE_POLL_READABLE | WE_POLL_ENDED);
    byte_send(fixture->fds[1], fixture->fds[0]);
    assert_int_equal(bits_of_next(fixture, KEY), WE_POLL_READABLE);
    nothing_comes(fixture);
    drain(fixture, fixture->fds[0]);
    nothing_comes(fixture);
    byte_send(fixture->fds[1], fixture->fds[0]);
    assert_int_equal(bits_of_next(fixture, KEY), WE_POLL_READABLE);
}

static void test_modify_same_interest_reports_again(void **state)
{
    struct fixture *fixture = *state;

    byte_send(fixture->fds[1], fixture->fds[0]);
    add(fixture, fixture->fds[0], KEY, WE_POLL_READABLE);
    (void)bits_of_next(fixture, KEY);
    modify(fixture, fixture->fds[0], KEY, WE_POLL_READABLE);
    assert_int_equal(bits_of_next(fixture, KEY), WE_POLL_READABLE);
}

static void test_modify_other_key_comes_with_the_event(void **state)
{
    struct fixture *fixture = *state;

    add(fixture, fixture->fds[0], KEY, WE_POLL_READABLE);
    modify(fixture, fixture->fds[0], KEY + 1, WE_POLL_READABLE);
    byte_send(fixture->fds[1], fixture->fds[0]);
    assert_int_equal(bits_of_next(fixture, KEY + 1), WE_POLL_READABLE);
}

static void test_wait_level_repeats_until_interest_is_gone(void **state)
{
    struct fixture *fixture = *state;

    add(fixture, fixture->fds[0], KEY, WE_POLL_READABLE | WE_POLL_LEVEL);
    byte_send(fixture->fds[1], fixture->fds[0]);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(bits_of_next(fixture, KEY), WE_POLL_READABLE);
    }
    modify(fixture, fixture->fds[0], KEY, WE_POLL_LEVEL);
    nothing_comes(fixture);
    modify(fixture, fixture->fds[0], KEY, WE_POLL_READABLE | WE_POLL_LEVEL);
    assert_int_equal(bits_of_next(fixture, KEY), WE_POLL_READABLE);
}

static void fill(struct fixture *fixture, int fd)
{
    static char block[65536];

    while (send(fd, block, sizeof(block), 0) > 0) {
    }
    assert_int_equal(errno, EAGAIN);
    fixture->ops->rearm(fixture->set, fd, WE_POLL_WRITABLE);
}

static void test_wait_writable_comes_when_the_peer_reads(void **state)
{
    struct fixture *fixture = *state;
    struct we_host_poller_event events[EVENT_COUNT_MAX];
    char scratch[65536];
    unsigned count = 0;

    add(fixture, fixture->fds[0], KEY, WE_POLL_WRITABLE);
    assert_int_equal(bits_of_next(fixture, KEY), WE_POLL_WRITABLE);
    fill(fixture, fixture->fds[0]);
    nothing_comes(fixture);
    for (unsigned i = 0; i < 100000 && count == 0; i++) {
        (void)recv(fixture->fds[1], scratch, sizeof(scratch), 0);
        count = fixture->ops->wait(fixture->set, 0, events, EVENT_COUNT_MAX);
    }
    assert_int_equal(count, 1);
    assert_int_equal(events[0].bits, WE_POLL_WRITABLE);
}

static void test_wait_peer_finishes_reports_ended(void **state)
{
    struct fixture *fixture = *state;
    unsigned bits;

    add(fixture, fixture->fds[0], KEY, WE_POLL_READABLE | WE_POLL_ENDED);
    assert_int_equal(shutdown(fixture->fds[1], SHUT_WR), 0);
    bits = bits_of_next(fixture, KEY);
    assert_int_equal(bits & WE_POLL_RESET, 0);
    /* A system whose poll() cannot tell says readable, and reading finds the end. */
    assert_true(bits == (WE_POLL_READABLE | WE_POLL_ENDED) || bits == WE_POLL_READABLE);
    nothing_comes(fixture);
}

static void test_wait_end_behind_unread_bytes_is_reported(void **state)
{
    struct fixture *fixture = *state;

    add(fixture, fixture->fds[0], KEY, WE_POLL_READABLE | WE_POLL_ENDED);
    byte_send(fixture->fds[1], fixture->fds[0]);
    (void)bits_of_next(fixture, KEY);
    assert_int_equal(shutdown(fixture->fds[1], SHUT_WR), 0);
    assert_true(bits_of_next(fixture, KEY) & WE_POLL_ENDED);
}

/* What a request is registered with while its verdict is pending. */
static void test_wait_ended_alone_is_silent_about_bytes(void **state)
{
    struct fixture *fixture = *state;

    add(fixture, fixture->fds[0], KEY, WE_POLL_ENDED);
    byte_send(fixture->fds[1], fixture->fds[0]);
    nothing_comes(fixture);
    assert_int_equal(shutdown(fixture->fds[1], SHUT_WR), 0);
    assert_int_equal(bits_of_next(fixture, KEY), WE_POLL_ENDED);
    modify(fixture, fixture->fds[0], KEY, WE_POLL_READABLE | WE_POLL_ENDED);
    assert_true(bits_of_next(fixture, KEY) & WE_POLL_READABLE);
}

static void test_wait_reset_is_reported_without_interest(void **state)
{
    struct fixture *fixture = *state;
    int others[2];

    pair_make(others);
    add(fixture, others[0], KEY + 1, WE_POLL_READABLE);
    add(fixture, fixture->fds[0], KEY, WE_POLL_ENDED);
    add(fixture, others[1], KEY + 2, WE_POLL_READABLE);
    close_with_reset(fixture->fds[1]);
    fixture->fds[1] = -1;
    assert_true(bits_of_next(fixture, KEY) & WE_POLL_RESET);
    nothing_comes(fixture);
    /* Who wants to read now is told again. */
    modify(fixture, fixture->fds[0], KEY, WE_POLL_READABLE | WE_POLL_ENDED);
    assert_true(bits_of_next(fixture, KEY) & (WE_POLL_RESET | WE_POLL_ENDED));
    fixture->ops->remove(fixture->set, others[0], true);
    fixture->ops->remove(fixture->set, others[1], true);
    close(others[0]);
    close(others[1]);
}

static void test_wait_connect_to_nobody_reports_reset(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_in addr;
    int listener = listener_make(&addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    close(listener);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), -1);
    add(fixture, fd, KEY, WE_POLL_READABLE | WE_POLL_WRITABLE | WE_POLL_ENDED);
    assert_true(bits_of_next(fixture, KEY) & WE_POLL_RESET);
    fixture->ops->remove(fixture->set, fd, true);
    close(fd);
}

static void test_wait_listener_has_a_connection_is_readable(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_in addr;
    int listener = listener_make(&addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    add(fixture, listener, KEY, WE_POLL_READABLE | WE_POLL_LEVEL);
    nothing_comes(fixture);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(bits_of_next(fixture, KEY), WE_POLL_READABLE);
    fixture->ops->remove(fixture->set, listener, true);
    close(listener);
    close(fd);
}

static void test_remove_ready_descriptor_is_silent(void **state)
{
    struct fixture *fixture = *state;

    add(fixture, fixture->fds[0], KEY, WE_POLL_READABLE);
    byte_send(fixture->fds[1], fixture->fds[0]);
    fixture->ops->remove(fixture->set, fixture->fds[0], false);
    nothing_comes(fixture);
    add(fixture, fixture->fds[0], KEY + 1, WE_POLL_READABLE);
    assert_int_equal(bits_of_next(fixture, KEY + 1), WE_POLL_READABLE);
}

static void test_remove_number_is_used_again_old_key_never_comes(void **state)
{
    struct fixture *fixture = *state;
    int old_fd = fixture->fds[0];

    add(fixture, old_fd, KEY, WE_POLL_READABLE | WE_POLL_ENDED);
    byte_send(fixture->fds[1], fixture->fds[0]);
    fixture->ops->remove(fixture->set, old_fd, true);
    close(fixture->fds[0]);
    close(fixture->fds[1]);
    pair_make(fixture->fds);
    /* The lowest number is taken, by one of the new sockets; that one is polled. */
    assert_true(fixture->fds[0] == old_fd || fixture->fds[1] == old_fd);
    add(fixture, old_fd, KEY + 1, WE_POLL_READABLE | WE_POLL_ENDED);
    nothing_comes(fixture);
    byte_send(fixture->fds[fixture->fds[0] == old_fd ? 1 : 0], old_fd);
    assert_int_equal(bits_of_next(fixture, KEY + 1), WE_POLL_READABLE);
}

static void test_has_events_takes_nothing(void **state)
{
    struct fixture *fixture = *state;

    add(fixture, fixture->fds[0], KEY, WE_POLL_READABLE);
    assert_false(fixture->ops->has_events(fixture->set));
    byte_send(fixture->fds[1], fixture->fds[0]);
    assert_true(fixture->ops->has_events(fixture->set));
    assert_true(fixture->ops->has_events(fixture->set));
    assert_int_equal(bits_of_next(fixture, KEY), WE_POLL_READABLE);
    assert_false(fixture->ops->has_events(fixture->set));
}

#define PAIR_COUNT 200u

static void test_wait_many_ready_descriptors_come_once_each(void **state)
{
    struct fixture *fixture = *state;
    struct we_host_poller_event events[EVENT_COUNT_MAX];
    static int fds[PAIR_COUNT][2];
    static unsigned seen[PAIR_COUNT];
    unsigned count;
    unsigned total = 0;

    memset(seen, 0, sizeof(seen));
    for (unsigned i = 0; i < PAIR_COUNT; i++) {
        pair_make(fds[i]);
        add(fixture, fds[i][0], KEY + i, WE_POLL_READABLE | WE_POLL_ENDED);
        byte_send(fds[i][1], fds[i][0]);
    }
    while ((count = fixture->ops->wait(fixture->set, 0, events, 7)) > 0) {
        assert_true(count <= 7);
        for (unsigned i = 0; i < count; i++) {
            assert_int_equal(events[i].bits, WE_POLL_READABLE);
            seen[events[i].key - KEY]++;
        }
        total += count;
    }
    assert_int_equal(total, PAIR_COUNT);
    for (unsigned i = 0; i < PAIR_COUNT; i++) {
        assert_int_equal(seen[i], 1);
        fixture->ops->remove(fixture->set, fds[i][0], true);
        close(fds[i][0]);
        close(fds[i][1]);
    }
}

/* With room for one event at a time, a descriptor that is always ready does not hide the others. */
static void test_wait_level_descriptor_does_not_starve_others(void **state)
{
    struct fixture *fixture = *state;
    struct we_host_poller_event event;
    int other[2];
    bool is_seen = false;

    pair_make(other);
    add(fixture, fixture->fds[0], KEY, WE_POLL_READABLE | WE_POLL_LEVEL);
    add(fixture, other[0], KEY + 1, WE_POLL_READABLE);
    byte_send(fixture->fds[1], fixture->fds[0]);
    byte_send(other[1], other[0]);
    for (unsigned i = 0; i < 4 && !is_seen; i++) {
        assert_int_equal(fixture->ops->wait(fixture->set, PATIENCE_NS, &event, 1), 1);
        is_seen = event.key == KEY + 1;
    }
    assert_true(is_seen);
    fixture->ops->remove(fixture->set, other[0], true);
    close(other[0]);
    close(other[1]);
}

/* --- two threads ----------------------------------------------------------------------- */

struct waiter {
    struct fixture *fixture;
    pthread_t thread;
    unsigned count;
    struct we_host_poller_event events[EVENT_COUNT_MAX];
};

/* Runs until something comes out of wait(), or, with no_event_ends, until it returns at all. */
static void *wait_until_event(void *context)
{
    struct waiter *waiter = context;

    do {
        waiter->count = waiter->fixture->ops->wait(waiter->fixture->set, UINT64_MAX, waiter->events, EVENT_COUNT_MAX);
    } while (waiter->count == 0);
    return NULL;
}

static void *wait_once(void *context)
{
    struct waiter *waiter = context;

    waiter->count = waiter->fixture->ops->wait(waiter->fixture->set, UINT64_MAX, waiter->events, EVENT_COUNT_MAX);
    return NULL;
}

static void waiter_start(struct waiter *waiter, struct fixture *fixture, void *(*run)(void *context))
{
    memset(waiter, 0, sizeof(*waiter));
    waiter->fixture = fixture;
    assert_int_equal(pthread_create(&waiter->thread, NULL, run, waiter), 0);
}

static void test_wake_before_wait_is_not_lost(void **state)
{
    struct fixture *fixture = *state;
    struct we_host_poller_event events[EVENT_COUNT_MAX];

    fixture->ops->wake(fixture->set);
    fixture->ops->wake(fixture->set);
    assert_int_equal(fixture->ops->wait(fixture->set, UINT64_MAX, events, EVENT_COUNT_MAX), 0);
    assert_false(fixture->ops->has_events(fixture->set));
}

static void test_wake_other_thread_waits_returns(void **state)
{
    struct fixture *fixture = *state;
    struct waiter waiter;

    waiter_start(&waiter, fixture, wait_once);
    fixture->ops->wake(fixture->set);
    pthread_join(waiter.thread, NULL);
    assert_int_equal(waiter.count, 0);
}

static void test_add_other_thread_waits_takes_effect(void **state)
{
    struct fixture *fixture = *state;
    struct waiter waiter;

    byte_send(fixture->fds[1], fixture->fds[0]);
    waiter_start(&waiter, fixture, wait_until_event);
    add(fixture, fixture->fds[0], KEY, WE_POLL_READABLE);
    pthread_join(waiter.thread, NULL);
    assert_true(waiter.events[0].key == KEY);
}

static void test_modify_other_thread_waits_takes_effect(void **state)
{
    struct fixture *fixture = *state;
    struct waiter waiter;

    byte_send(fixture->fds[1], fixture->fds[0]);
    add(fixture, fixture->fds[0], KEY, WE_POLL_LEVEL);
    waiter_start(&waiter, fixture, wait_until_event);
    modify(fixture, fixture->fds[0], KEY, WE_POLL_READABLE | WE_POLL_LEVEL);
    pthread_join(waiter.thread, NULL);
    assert_int_equal(waiter.events[0].bits, WE_POLL_READABLE);
}

static void test_timeout_ms_is_rounded_up(void **state)
{
    (void)state;
    assert_int_equal(we_host_poller_timeout_ms(0), 0);
    assert_int_equal(we_host_poller_timeout_ms(1), 1);
    assert_int_equal(we_host_poller_timeout_ms(1000000), 1);
    assert_int_equal(we_host_poller_timeout_ms(1000001), 2);
    assert_int_equal(we_host_poller_timeout_ms(UINT64_MAX), -1);
    assert_int_equal(we_host_poller_timeout_ms(UINT64_MAX - 1), INT32_MAX);
}

/* --- the list -------------------------------------------------------------------------- */

/* clang-format off */
#define CHECK(name, ops) { #name "/" #ops, name, setup, teardown, (void *)(uintptr_t)&we_host_poller_##ops }

#define CHECKS(ops)                                                   \
    CHECK(test_add_bytes_wait_already_reports_readable, ops),         \
    CHECK(test_wait_nothing_is_ready_returns_none, ops),              \
    CHECK(test_wait_short_time_is_over_returns_none, ops),            \
    CHECK(test_wait_unread_bytes_are_reported_once, ops),             \
    CHECK(test_modify_same_interest_reports_again, ops),              \
    CHECK(test_modify_other_key_comes_with_the_event, ops),           \
    CHECK(test_wait_level_repeats_until_interest_is_gone, ops),       \
    CHECK(test_wait_writable_comes_when_the_peer_reads, ops),         \
    CHECK(test_wait_peer_finishes_reports_ended, ops),                \
    CHECK(test_wait_end_behind_unread_bytes_is_reported, ops),        \
    CHECK(test_wait_ended_alone_is_silent_about_bytes, ops),          \
    CHECK(test_wait_reset_is_reported_without_interest, ops),         \
    CHECK(test_wait_connect_to_nobody_reports_reset, ops),            \
    CHECK(test_wait_listener_has_a_connection_is_readable, ops),      \
    CHECK(test_remove_ready_descriptor_is_silent, ops),               \
    CHECK(test_remove_number_is_used_again_old_key_never_comes, ops), \
    CHECK(test_has_events_takes_nothing, ops),                        \
    CHECK(test_wait_many_ready_descriptors_come_once_each, ops),      \
    CHECK(test_wait_level_descriptor_does_not_starve_others, ops),    \
    CHECK(test_wake_before_wait_is_not_lost, ops),                    \
    CHECK(test_wake_other_thread_waits_returns, ops),                 \
    CHECK(test_add_other_thread_waits_takes_effect, ops),             \
    CHECK(test_modify_other_thread_waits_takes_effect, ops)
/* clang-format on */

/* The build says what this system has beside poll(): epoll or kqueue. */
static const struct CMUnitTest s_tests[] = {
    CHECKS(WE_TEST_NATIVE_POLLER),
    CHECKS(poll),
    cmocka_unit_test(test_timeout_ms_is_rounded_up),
};

UNIT_MAIN(s_tests)
