/* SPDX-License-Identifier: MIT */
/* Load generator: one thread on epoll that always has the same number of operations under way, for a bounded time.
 *
 * --mode conn: connect, one byte there and back, close; by a reset, or with --close fin by an orderly end.
 * --mode rr: round trips of --size bytes on connections that stay.
 * Every byte that comes back is compared. The result is one line of JSON; times of the server's processor are in it when
 * --server-pid is given. With --count the run ends after so many operations, for counting instructions and calls. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench_host.h"

#define BATCH_COUNT 256
#define SIZE_MAX_BYTES 16384
#define CONNECTIONS_MAX 10000
#define SILENCE_MS 5000
/* Latencies are counted in steps of 1/64 of their power of two. */
#define STEPS 64u
#define HISTOGRAM_COUNT (40u * STEPS)

enum mode { MODE_CONN, MODE_RR };

static struct {
    enum mode mode;
    unsigned connections;
    size_t size_bytes;
    bool ends_by_reset;
    uint64_t count; /* 0: by time */
    uint64_t run_ns;
    uint64_t warmup_ns;
    clockid_t server_clock;
    bool has_server_clock;
    struct sockaddr_in server;
} s_options = { .mode = MODE_RR,
                .connections = 1,
                .size_bytes = 64,
                .ends_by_reset = true,
                .run_ns = 500000000u,
                .warmup_ns = 120000000u };

struct connection {
    int fd;
    bool is_connecting;
    size_t received_bytes;
    uint64_t begin_ns;
    unsigned char first_byte; /* of what was sent; the others follow in order */
};

static int s_epoll;
static struct connection *s_connections;
static unsigned char s_bytes[SIZE_MAX_BYTES + 256]; /* 0, 1, 2 ... 255, 0, ... */
static uint64_t s_operation_count;
static uint64_t s_started_count;
static uint64_t s_histogram[HISTOGRAM_COUNT];

/* --- measuring -------------------------------------------------------------------------------- */

struct sample {
    uint64_t now_ns;
    uint64_t server_ns;
    uint64_t own_ns;
};

static uint64_t clock_ns(clockid_t id)
{
    struct timespec value;

    return clock_gettime(id, &value) == 0 ? (uint64_t)value.tv_sec * 1000000000u + (uint64_t)value.tv_nsec : 0;
}

static struct sample sample_take(void)
{
    struct sample sample = { bench_now_ns(), s_options.has_server_clock ? clock_ns(s_options.server_clock) : 0,
                             clock_ns(CLOCK_PROCESS_CPUTIME_ID) };

    return sample;
}

static void latency_add(uint64_t ns)
{
    unsigned power = ns < STEPS ? 0 : 63u - (unsigned)__builtin_clzll(ns) - 5u;
    uint64_t index = power == 0 ? ns : (uint64_t)power * STEPS + ((ns >> (power - 1)) - STEPS);

    s_histogram[index < HISTOGRAM_COUNT ? index : HISTOGRAM_COUNT - 1]++;
}

static double latency_us(double quantile)
{
    uint64_t wanted = (uint64_t)(quantile * (double)s_operation_count);
    uint64_t seen = 0;

    for (uint64_t i = 0; i < HISTOGRAM_COUNT; i++) {
        seen += s_histogram[i];
        if (seen > wanted) {
            return (double)(i < STEPS ? i : (i % STEPS + STEPS) << (i / STEPS - 1)) / 1e3;
        }
    }
    return 0;
}

static void report(const struct sample *begin, const struct sample *end)
{
    double seconds = (double)(end->now_ns - begin->now_ns) / 1e9;
    double operations = s_operation_count != 0 ? (double)s_operation_count : 1;

    printf("{\"mode\": \"%s\", \"connections\": %u, \"bytes\": %zu, \"operations\": %llu, \"seconds\": %.6f, "
           "\"per_second\": %.1f, \"mean_us\": %.3f, \"p50_us\": %.2f, \"p99_us\": %.2f, \"server_us\": %.3f, "
           "\"client_us\": %.3f}\n",
           s_options.mode == MODE_CONN ? "conn" : "rr", s_options.connections,
           s_options.mode == MODE_CONN ? (size_t)1 : s_options.size_bytes, (unsigned long long)s_operation_count,
           seconds, (double)s_operation_count / seconds, seconds * 1e6 / operations * s_options.connections,
           latency_us(0.5), latency_us(0.99), (double)(end->server_ns - begin->server_ns) / operations / 1e3,
           (double)(end->own_ns - begin->own_ns) / operations / 1e3);
}

/* --- connections -------------------------------------------------------------------------------- */

static void interest(int operation, struct connection *connection, uint32_t events)
{
    struct epoll_event event;

    memset(&event, 0, sizeof(event));
    event.events = events;
    event.data.ptr = connection;
    if (epoll_ctl(s_epoll, operation, connection->fd, &event) != 0) {
        bench_fail("epoll_ctl");
    }
}

static void connection_open(struct connection *connection)
{
    static const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

    /* Connections that stay are opened one after another, before the clock runs. */
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (s_options.mode == MODE_CONN ? SOCK_NONBLOCK : 0), 0);
    if (connection->fd < 0) {
        bench_fail("socket");
    }
    if (s_options.ends_by_reset && setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) != 0) {
        bench_fail("SO_LINGER");
    }
    if (connect(connection->fd, (struct sockaddr *)&s_options.server, sizeof(s_options.server)) != 0 &&
        errno != EINPROGRESS) {
        bench_fail("connect");
    }
}

/* Sends the operation's bytes. False: the connection is not established yet. */
static bool connection_send(struct connection *connection)
{
    ssize_t sent;

    connection->first_byte++;
    connection->received_bytes = 0;
    sent = send(connection->fd, s_bytes + connection->first_byte, s_options.size_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EAGAIN) {
        return false;
    }
    if (sent != (ssize_t)s_options.size_bytes) {
        bench_fail("send");
    }
    return true;
}

/* Starts an operation, unless enough were started. */
static void operation_begin(struct connection *connection)
{
    if (s_options.count != 0 && s_started_count == s_options.count) {
        return;
    }
    s_started_count++;
    connection->begin_ns = bench_now_ns();
    if (s_options.mode == MODE_RR) {
        if (!connection_send(connection)) {
            bench_fail("the server does not read");
        }
        return;
    }
    connection_open(connection);
    connection->is_connecting = !connection_send(connection);
    interest(EPOLL_CTL_ADD, connection, connection->is_connecting ? EPOLLOUT : EPOLLIN);
}

/* True: the operation is complete. */
static bool operation_continue(struct connection *connection)
{
    static unsigned char bytes[SIZE_MAX_BYTES];
    ssize_t count;

    if (connection->is_connecting) {
        if (!connection_send(connection)) {
            bench_fail("connect");
        }
        connection->is_connecting = false;
        interest(EPOLL_CTL_MOD, connection, EPOLLIN);
        return false;
    }
    count = recv(connection->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) {
        return false;
    }
    if (count <= 0) {
        bench_fail("the server ended a connection");
    }
    if (connection->received_bytes + (size_t)count > s_options.size_bytes ||
        memcmp(bytes, s_bytes + connection->first_byte + connection->received_bytes, (size_t)count) != 0) {
        errno = 0;
        bench_fail("other bytes came back than were sent");
    }
    connection->received_bytes += (size_t)count;
    return connection->received_bytes == s_options.size_bytes;
}

/* --- the run ---------------------------------------------------------------------------------------- */

static void connections_prepare(void)
{
    s_connections = calloc(s_options.connections, sizeof(*s_connections));
    if (s_connections == NULL) {
        bench_fail("calloc");
    }
    for (unsigned i = 0; i < s_options.connections && s_options.mode == MODE_RR; i++) {
        connection_open(&s_connections[i]);
        interest(EPOLL_CTL_ADD, &s_connections[i], EPOLLIN);
    }
}

/* With --count, what is measured begins with the first operation: nothing is warmed up. Connections that are open at the
 * end are closed with the program. */
static void run(void)
{
    struct epoll_event events[BATCH_COUNT];
    struct sample begin = sample_take();
    uint64_t limit_ns = begin.now_ns + s_options.warmup_ns;
    bool is_measuring = s_options.count != 0;
    struct sample end;

    for (unsigned i = 0; i < s_options.connections; i++) {
        operation_begin(&s_connections[i]);
    }
    for (;;) {
        int count = epoll_wait(s_epoll, events, BATCH_COUNT, SILENCE_MS);
        uint64_t now_ns = bench_now_ns();

        if (count <= 0) {
            errno = 0;
            bench_fail("the server does not answer");
        }
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;

            if (operation_continue(connection)) {
                s_operation_count++;
                latency_add(now_ns - connection->begin_ns);
                if (s_options.mode == MODE_CONN) {
                    close(connection->fd);
                }
                operation_begin(connection);
            }
        }
        if (s_options.count != 0 ? s_operation_count >= s_options.count : now_ns >= limit_ns) {
            end = sample_take();
            if (is_measuring) {
                break;
            }
            is_measuring = true;
            begin = end;
            limit_ns = begin.now_ns + s_options.run_ns;
            s_operation_count = 0;
            memset(s_histogram, 0, sizeof(s_histogram));
        }
    }
    report(&begin, &end);
}

static void options_read(int argc, char **argv)
{
    struct bench_args args = { argc, argv, 1 };
    const char *value;
    const char *name;

    s_options.server.sin_family = AF_INET;
    s_options.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    while ((name = bench_args_next(&args, &value)) != NULL) {
        if (strcmp(name, "--port") == 0) {
            s_options.server.sin_port = htons((uint16_t)bench_args_number(name, value, 1, 65535));
        } else if (strcmp(name, "--mode") == 0 && (strcmp(value, "conn") == 0 || strcmp(value, "rr") == 0)) {
            s_options.mode = strcmp(value, "conn") == 0 ? MODE_CONN : MODE_RR;
        } else if (strcmp(name, "--connections") == 0) {
            s_options.connections = (unsigned)bench_args_number(name, value, 1, CONNECTIONS_MAX);
        } else if (strcmp(name, "--size") == 0) {
            s_options.size_bytes = (size_t)bench_args_number(name, value, 1, SIZE_MAX_BYTES);
        } else if (strcmp(name, "--close") == 0 && (strcmp(value, "reset") == 0 || strcmp(value, "fin") == 0)) {
            s_options.ends_by_reset = strcmp(value, "reset") == 0;
        } else if (strcmp(name, "--count") == 0) {
            s_options.count = (uint64_t)bench_args_number(name, value, 1, 1000000000);
        } else if (strcmp(name, "--milliseconds") == 0) {
            s_options.run_ns = (uint64_t)bench_args_number(name, value, 1, 60000) * 1000000u;
        } else if (strcmp(name, "--warmup-ms") == 0) {
            s_options.warmup_ns = (uint64_t)bench_args_number(name, value, 0, 60000) * 1000000u;
        } else if (strcmp(name, "--cpu") == 0) {
            bench_pin(bench_args_number(name, value, -1, 1023));
        } else if (strcmp(name, "--server-pid") == 0) {
            pid_t pid = (pid_t)bench_args_number(name, value, 1, 0x7fffffff);

            s_options.has_server_clock = clock_getcpuclockid(pid, &s_options.server_clock) == 0;
        } else {
            fprintf(stderr, "loadgen: %s %s is not known; see the head of bench/loadgen.c\n", name, value);
            exit(2);
        }
    }
    if (s_options.mode == MODE_CONN) {
        s_options.size_bytes = 1;
    }
    if (s_options.server.sin_port == 0) {
        fprintf(stderr, "loadgen: --port is needed\n");
        exit(2);
    }
}

static void descriptors_allow(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    options_read(argc, argv);
    bench_watchdog(120);
    descriptors_allow();
    for (size_t i = 0; i < sizeof(s_bytes); i++) {
        s_bytes[i] = (unsigned char)i;
    }
    s_epoll = epoll_create1(EPOLL_CLOEXEC);
    if (s_epoll < 0) {
        bench_fail("epoll_create1");
    }
    connections_prepare();
    run();
    return 0;
}
