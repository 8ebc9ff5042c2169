/* SPDX-License-Identifier: MIT */
/* Real clients for the demonstration: all of them in one poll loop, each with a little state. */
#include "demo_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTORS_WANTED 2048
#define CLIENTS_MAX 1024

struct demo_client {
    int fd;
    uint16_t port;
    bool is_connected;
    size_t total; /* bytes to be echoed */
    size_t sent;
    size_t received;
    bool has_finished; /* our end was sent */
    bool is_done;
    const char *problem; /* NULL: none */
};

static void die(const char *what)
{
    fprintf(stderr, "demo: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int left_ms(uint64_t deadline_ms)
{
    uint64_t now = now_ms();

    return now < deadline_ms ? (int)(deadline_ms - now) : 0;
}

void demo_clients_start(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < DESCRIPTORS_WANTED) {
        limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in address;

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

struct demo_client *demo_client_create(void)
{
    struct demo_client *client = calloc(1, sizeof(*client));
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof(address);

    if (client == NULL) {
        die("no memory for a client");
    }
    client->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (client->fd < 0 || fcntl(client->fd, F_SETFL, O_NONBLOCK) != 0 ||
        bind(client->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        getsockname(client->fd, (struct sockaddr *)&address, &length) != 0) {
        die("no socket for a client");
    }
    client->port = ntohs(address.sin_port);
    return client;
}

static void client_close(struct demo_client *client)
{
    if (client->fd >= 0) {
        close(client->fd);
        client->fd = -1;
    }
}

void demo_client_destroy(struct demo_client *client)
{
    client_close(client);
    free(client);
}

uint16_t demo_client_port(const struct demo_client *client)
{
    return client->port;
}

void demo_client_connect(struct demo_client *client, uint16_t port)
{
    struct sockaddr_in address = loopback(port);

    if (connect(client->fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
        client->is_connected = true;
    } else if (errno != EINPROGRESS) {
        client->problem = "cannot connect";
    }
}

void demo_client_give_up(struct demo_client *client)
{
    struct linger at_once = { 1, 0 };

    (void)setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    client_close(client);
}

/* --- echo ---------------------------------------------------------------------------------------- */

/* Lost, doubled and swapped bytes are all seen, and bytes of another client as well. */
static unsigned char pattern(const struct demo_client *client, size_t position)
{
    return (unsigned char)(position * 31 + position / 251 + client->port);
}

static void client_fail(struct demo_client *client, const char *problem)
{
    client->problem = problem;
    client->is_done = true;
}

/* Sends one piece. Returns how many bytes went out. */
static size_t client_send(struct demo_client *client, size_t total)
{
    unsigned char bytes[65536];
    size_t count = total - client->sent < sizeof(bytes) ? total - client->sent : sizeof(bytes);
    ssize_t result;

    for (size_t i = 0; i < count; i++) {
        bytes[i] = pattern(client, client->sent + i);
    }
    result = send(client->fd, bytes, count, 0);
    if (result > 0) {
        client->sent += (size_t)result;
        return (size_t)result;
    }
    if (errno != EAGAIN && errno != EWOULDBLOCK) {
        client_fail(client, "cannot send");
    }
    return 0;
}

static void client_receive(struct demo_client *client)
{
    unsigned char bytes[65536];
    ssize_t count = recv(client->fd, bytes, sizeof(bytes), 0);

    if (count < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK) {
            client_fail(client, errno == ECONNRESET ? "reset by the driver" : "cannot receive");
        }
        return;
    }
    if (count == 0) {
        client->is_done = true;
        if (client->received < client->total) {
            client_fail(client, "the driver finished too early");
        }
        return;
    }
    for (size_t i = 0; i < (size_t)count; i++) {
        if (bytes[i] != pattern(client, client->received + i)) {
            client_fail(client, "a byte came back changed");
            return;
        }
    }
    client->received += (size_t)count;
    if (client->received > client->sent) {
        client_fail(client, "more came back than was sent");
    }
}

static void client_connected(struct demo_client *client)
{
    int error = 0;
    socklen_t length = sizeof(error);

    (void)getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) {
        client_fail(client, error == ECONNREFUSED ? "refused" : "cannot connect");
        return;
    }
    client->is_connected = true;
}

static short client_wishes(const struct demo_client *client)
{
    if (!client->is_connected) {
        return POLLOUT;
    }
    return (short)(POLLIN | (client->sent < client->total ? POLLOUT : 0));
}

static void client_move(struct demo_client *client, short events)
{
    if (!client->is_connected) {
        client_connected(client);
        return;
    }
    if ((events & POLLOUT) != 0 && client->sent < client->total) {
        (void)client_send(client, client->total);
    }
    if (!client->is_done && (events & (POLLIN | POLLHUP | POLLERR)) != 0) {
        client_receive(client);
    }
    if (!client->is_done && client->sent == client->total && !client->has_finished) {
        (void)shutdown(client->fd, SHUT_WR);
        client->has_finished = true;
    }
}

size_t demo_clients_echo(struct demo_client **clients, size_t count, size_t bytes_each, unsigned timeout_ms,
                         char problem[128])
{
    static struct pollfd polled[CLIENTS_MAX];
    static size_t indexes[CLIENTS_MAX];
    uint64_t deadline_ms = now_ms() + timeout_ms;
    size_t success_count = 0;
    nfds_t polled_count;

    problem[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        clients[i]->total = bytes_each;
        clients[i]->is_done = clients[i]->problem != NULL;
    }
    do {
        polled_count = 0;
        for (size_t i = 0; i < count && i < CLIENTS_MAX; i++) {
            if (!clients[i]->is_done) {
                polled[polled_count].fd = clients[i]->fd;
                polled[polled_count].events = client_wishes(clients[i]);
                indexes[polled_count++] = i;
            }
        }
        if (polled_count > 0 && poll(polled, polled_count, left_ms(deadline_ms)) > 0) {
            for (nfds_t i = 0; i < polled_count; i++) {
                if (polled[i].revents != 0) {
                    client_move(clients[indexes[i]], polled[i].revents);
                }
            }
        }
    } while (polled_count > 0 && left_ms(deadline_ms) > 0);

    for (size_t i = 0; i < count; i++) {
        if (clients[i]->is_done && clients[i]->problem == NULL) {
            success_count++;
        } else if (problem[0] == '\0') {
            snprintf(problem, 128, "the client on port %u, after %zu of %zu bytes: %s", clients[i]->port,
                     clients[i]->received, clients[i]->total, clients[i]->problem ? clients[i]->problem : "too slow");
        }
        client_close(clients[i]);
    }
    return success_count;
}

/* --- other ends ------------------------------------------------------------------------------------ */

static bool client_wait(struct demo_client *client, short events, uint64_t deadline_ms)
{
    struct pollfd polled = { client->fd, events, 0 };

    return poll(&polled, 1, left_ms(deadline_ms)) > 0;
}

size_t demo_client_fill(struct demo_client *client, unsigned timeout_ms)
{
    uint64_t deadline_ms = now_ms() + timeout_ms;

    if (client_wait(client, POLLOUT, deadline_ms)) {
        client_connected(client);
    }
    /* Nothing fits any more: nothing has for a tenth of a second. */
    while (client->problem == NULL && left_ms(deadline_ms) > 0 && client_wait(client, POLLOUT, now_ms() + 100)) {
        (void)client_send(client, SIZE_MAX);
    }
    return client->sent;
}

/* Reads to the end. Returns how many bytes came; error is 0 after an orderly end. */
static size_t client_drain(struct demo_client *client, unsigned timeout_ms, int *error)
{
    uint64_t deadline_ms = now_ms() + timeout_ms;
    unsigned char bytes[4096];
    size_t received = 0;

    while (client_wait(client, POLLIN, deadline_ms)) {
        ssize_t count = recv(client->fd, bytes, sizeof(bytes), 0);

        if (count <= 0) {
            *error = count == 0 ? 0 : errno;
            return received;
        }
        received += (size_t)count;
    }
    *error = ETIMEDOUT;
    return received;
}

bool demo_client_is_turned_away(struct demo_client *client, unsigned timeout_ms)
{
    int error = 0;
    size_t received = client_drain(client, timeout_ms, &error);

    client_close(client);
    return received == 0 && (error == ECONNRESET || error == ECONNREFUSED);
}

bool demo_client_is_reset(struct demo_client *client, unsigned timeout_ms)
{
    int error = 0;

    (void)client_drain(client, timeout_ms, &error);
    client_close(client);
    return error == ECONNRESET;
}
