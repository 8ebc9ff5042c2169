/* SPDX-License-Identifier: MIT */
/* An echo server written by hand on epoll, without any library: what run.py compares with.
 *
 * One thread, level-triggered, one read for each event into one shared buffer, and one accept for each event of the
 * listening socket (asking again, only to hear that nobody waits, costs more than the event). */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench_host.h"

#define BUFFER_BYTES 65536u
#define BATCH_COUNT 256
#define DESCRIPTORS_MAX 65536

/* What a connection has to send yet; the peer does not read fast enough. */
struct rest {
    char *bytes; /* NULL: nothing */
    size_t offset;
    size_t length;
};

static struct rest s_rests[DESCRIPTORS_MAX]; /* by descriptor */
static char s_buffer[BUFFER_BYTES];
static int s_epoll;
static int s_listener;

static void interest(int operation, int fd, uint32_t events)
{
    struct epoll_event event;

    memset(&event, 0, sizeof(event));
    event.events = events;
    event.data.fd = fd;
    if (epoll_ctl(s_epoll, operation, fd, &event) != 0) {
        bench_fail("epoll_ctl");
    }
}

static void drop(int fd)
{
    free(s_rests[fd].bytes);
    memset(&s_rests[fd], 0, sizeof(s_rests[fd]));
    close(fd);
}

static void keep_rest(int fd, const char *bytes, size_t length)
{
    struct rest *rest = &s_rests[fd];

    rest->bytes = malloc(length);
    if (rest->bytes == NULL) {
        bench_fail("malloc");
    }
    memcpy(rest->bytes, bytes, length);
    rest->offset = 0;
    rest->length = length;
    interest(EPOLL_CTL_MOD, fd, EPOLLOUT);
}

static void echo(int fd)
{
    ssize_t received = recv(fd, s_buffer, sizeof(s_buffer), 0);
    ssize_t sent;

    if (received <= 0) {
        if (received == 0 || errno != EAGAIN) {
            drop(fd);
        }
        return;
    }
    sent = send(fd, s_buffer, (size_t)received, MSG_NOSIGNAL);
    if (sent == received) {
        return;
    }
    if (sent < 0 && errno != EAGAIN) {
        drop(fd);
        return;
    }
    sent = sent < 0 ? 0 : sent;
    keep_rest(fd, s_buffer + sent, (size_t)(received - sent));
}

static void send_rest(int fd)
{
    struct rest *rest = &s_rests[fd];
    ssize_t sent = send(fd, rest->bytes + rest->offset, rest->length, MSG_NOSIGNAL);

    if (sent < 0) {
        if (errno != EAGAIN) {
            drop(fd);
        }
        return;
    }
    rest->offset += (size_t)sent;
    rest->length -= (size_t)sent;
    if (rest->length == 0) {
        free(rest->bytes);
        rest->bytes = NULL;
        interest(EPOLL_CTL_MOD, fd, EPOLLIN);
    }
}

static void accept_one(void)
{
    int fd = accept4(s_listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= DESCRIPTORS_MAX) {
        close(fd);
        return;
    }
    if (fd >= 0) {
        interest(EPOLL_CTL_ADD, fd, EPOLLIN);
    }
}

static unsigned listener_open(void)
{
    struct sockaddr_in address;
    socklen_t length = sizeof(address);

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s_listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s_listener < 0 || bind(s_listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(s_listener, SOMAXCONN) != 0 || getsockname(s_listener, (struct sockaddr *)&address, &length) != 0) {
        bench_fail("the listening socket");
    }
    return ntohs(address.sin_port);
}

static void serve(void)
{
    struct epoll_event events[BATCH_COUNT];

    for (;;) {
        int count = epoll_wait(s_epoll, events, BATCH_COUNT, -1);

        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;

            if (fd == s_listener) {
                accept_one();
            } else if (s_rests[fd].bytes != NULL) {
                send_rest(fd);
            } else {
                echo(fd);
            }
        }
    }
}

int main(int argc, char **argv)
{
    struct bench_args args = { argc, argv, 1 };
    long max_seconds = 60;
    unsigned port;
    const char *value;
    const char *name;

    while ((name = bench_args_next(&args, &value)) != NULL) {
        if (strcmp(name, "--cpu") == 0) {
            bench_pin(bench_args_number(name, value, -1, 1023));
        } else if (strcmp(name, "--max-seconds") == 0) {
            max_seconds = bench_args_number(name, value, 1, 3600);
        } else {
            fprintf(stderr, "usage: raw_epoll [--cpu K] [--max-seconds S]\n");
            return 2;
        }
    }
    bench_watchdog((unsigned)max_seconds);
    s_epoll = epoll_create1(EPOLL_CLOEXEC);
    if (s_epoll < 0) {
        bench_fail("epoll_create1");
    }
    port = listener_open();
    interest(EPOLL_CTL_ADD, s_listener, EPOLLIN);
    printf("READY %u\n", port);
    fflush(stdout);
    serve(); /* until a signal ends the program */
    return 0;
}
