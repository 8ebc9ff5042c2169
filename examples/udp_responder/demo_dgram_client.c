/* SPDX-License-Identifier: MIT */
/* Real clients for the demonstration: a question has a serial number, from which its length and its bytes follow. */
#include "demo_dgram_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "demo_dgram_client_private.h"

void demo_dgram_die(const char *what)
{
    fprintf(stderr, "demo: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* --- addresses ------------------------------------------------------------------------------------ */

static bool address_parse(const char *host, uint16_t port, bool is_ipv6, struct demo_address *address)
{
    struct sockaddr_in *ipv4 = (struct sockaddr_in *)&address->name;
    struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&address->name;

    memset(address, 0, sizeof(*address));
    if (is_ipv6) {
        ipv6->sin6_family = AF_INET6;
        ipv6->sin6_port = htons(port);
        address->length = sizeof(*ipv6);
        return inet_pton(AF_INET6, host, &ipv6->sin6_addr) == 1;
    }
    ipv4->sin_family = AF_INET;
    ipv4->sin_port = htons(port);
    address->length = sizeof(*ipv4);
    return inet_pton(AF_INET, host, &ipv4->sin_addr) == 1;
}

static bool address_is_same(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)a;
    const struct sockaddr_in6 *b6 = (const struct sockaddr_in6 *)b;
    const struct sockaddr_in *a4 = (const struct sockaddr_in *)a;
    const struct sockaddr_in *b4 = (const struct sockaddr_in *)b;

    if (a->ss_family != b->ss_family) {
        return false;
    }
    if (a->ss_family == AF_INET6) {
        return a6->sin6_port == b6->sin6_port && memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) == 0;
    }
    return a4->sin_port == b4->sin_port && a4->sin_addr.s_addr == b4->sin_addr.s_addr;
}

/* -1: the machine does not have the address. */
static int socket_open(const char *host, bool is_ipv6)
{
    struct demo_address address;
    const int on = 1;
    int fd;

    if (!address_parse(host, 0, is_ipv6, &address)) {
        return -1;
    }
    fd = socket(address.name.ss_family, SOCK_DGRAM, 0);
    if (fd >= 0 && ((is_ipv6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0) ||
                    bind(fd, (struct sockaddr *)&address.name, address.length) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static size_t host_add(char hosts[DEMO_HOSTS_MAX][DEMO_HOST_SIZE], size_t count, const char *host, bool is_ipv6)
{
    int fd;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(hosts[i], host) == 0) {
            return count;
        }
    }
    if (count == DEMO_HOSTS_MAX || (fd = socket_open(host, is_ipv6)) < 0) {
        return count;
    }
    close(fd);
    snprintf(hosts[count], DEMO_HOST_SIZE, "%s", host);
    return count + 1;
}

/* Link-local addresses are left out: they mean nothing without their interface. */
static bool interface_text(const struct ifaddrs *interface, bool is_ipv6, char text[DEMO_HOST_SIZE])
{
    const struct sockaddr *name = interface->ifa_addr;
    const void *bytes;

    if (name == NULL || name->sa_family != (is_ipv6 ? AF_INET6 : AF_INET) || (interface->ifa_flags & IFF_UP) == 0) {
        return false;
    }
    bytes = is_ipv6 ? (const void *)&((const struct sockaddr_in6 *)(const void *)name)->sin6_addr
                    : (const void *)&((const struct sockaddr_in *)(const void *)name)->sin_addr;
    return !(is_ipv6 && IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)bytes)) &&
           inet_ntop(name->sa_family, bytes, text, DEMO_HOST_SIZE) != NULL;
}

size_t demo_dgram_hosts(bool is_ipv6, char hosts[DEMO_HOSTS_MAX][DEMO_HOST_SIZE])
{
    size_t count = host_add(hosts, 0, is_ipv6 ? "::1" : "127.0.0.1", is_ipv6);
    struct ifaddrs *interfaces = NULL;
    char text[DEMO_HOST_SIZE];

    if (count == 0) {
        return 0;
    }
    if (!is_ipv6) {
        count = host_add(hosts, count, "127.0.0.2", false);
        count = host_add(hosts, count, "127.0.0.3", false);
    }
    if (getifaddrs(&interfaces) != 0) {
        demo_dgram_die("this machine does not tell its addresses");
    }
    for (const struct ifaddrs *interface = interfaces; interface != NULL; interface = interface->ifa_next) {
        if (interface_text(interface, is_ipv6, text)) {
            count = host_add(hosts, count, text, is_ipv6);
        }
    }
    freeifaddrs(interfaces);
    return count;
}

/* --- clients -------------------------------------------------------------------------------------- */

struct demo_dgram *demo_dgram_create(bool is_ipv6)
{
    struct demo_dgram *client = (struct demo_dgram *)calloc(1, sizeof(*client));
    const int room = DEMO_LONGEST_BYTES;

    if (client == NULL) {
        demo_dgram_die("no memory for a client");
    }
    client->is_ipv6 = is_ipv6;
    client->fd = socket_open(is_ipv6 ? "::" : "0.0.0.0", is_ipv6);
    if (client->fd < 0 || fcntl(client->fd, F_SETFL, O_NONBLOCK) != 0) {
        demo_dgram_die("no socket for a client");
    }
    /* Some systems refuse a datagram that is longer than the send buffer. */
    if (setsockopt(client->fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)) != 0) {
        demo_dgram_die("no room for the longest datagram");
    }
    return client;
}

void demo_dgram_destroy(struct demo_dgram *client)
{
    close(client->fd);
    free(client);
}

void demo_dgram_aim(struct demo_dgram *client, const char *host, uint16_t port)
{
    if (!address_parse(host, port, client->is_ipv6, &client->asked)) {
        errno = EINVAL;
        demo_dgram_die(host);
    }
}

/* --- questions and answers ------------------------------------------------------------------------- */

/* Lost, doubled and swapped bytes are all seen, and bytes of another question as well. */
static unsigned char pattern(uint32_t serial, size_t position)
{
    return (unsigned char)(position * 31 + position / 251 + (size_t)serial * 131);
}

bool demo_question_send(struct demo_dgram *client, uint32_t serial, size_t length_bytes)
{
    static _Thread_local unsigned char bytes[DEMO_LONGEST_BYTES];
    ssize_t sent;

    for (size_t i = 0; i < length_bytes; i++) {
        bytes[i] = pattern(serial, i);
    }
    if (length_bytes >= sizeof(serial)) {
        memcpy(bytes, &serial, sizeof(serial));
    }
    sent = sendto(client->fd, bytes, length_bytes, 0, (struct sockaddr *)&client->asked.name, client->asked.length);
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS) {
        client->problem = "a question cannot be sent";
    }
    return sent >= 0;
}

bool demo_answer_receive(struct demo_dgram *client, size_t room_bytes, struct demo_answer *answer)
{
    static _Thread_local unsigned char bytes[DEMO_LONGEST_BYTES];
    struct sockaddr_storage from;
    struct iovec vector = { bytes, room_bytes };
    struct msghdr message;
    ssize_t count;

    memset(&message, 0, sizeof(message));
    memset(&from, 0, sizeof(from));
    message.msg_name = &from;
    message.msg_namelen = sizeof(from);
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    count = recvmsg(client->fd, &message, 0);
    if (count < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            client->problem = "an answer cannot be received";
        }
        return false;
    }
    answer->serial = 0;
    answer->length_bytes = (size_t)count;
    answer->is_cut = (message.msg_flags & MSG_TRUNC) != 0;
    if (answer->length_bytes >= sizeof(answer->serial)) {
        memcpy(&answer->serial, bytes, sizeof(answer->serial));
    }
    if (!address_is_same(&from, &client->asked.name)) {
        client->problem = "an answer came from another address than was asked";
    }
    for (size_t i = sizeof(answer->serial); i < answer->length_bytes; i++) {
        if (bytes[i] != pattern(answer->serial, i)) {
            client->problem = "an answer has other bytes than its question";
            break;
        }
    }
    return true;
}

uint64_t demo_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int left_ms(uint64_t deadline_ms)
{
    uint64_t now = demo_now_ms();

    return now < deadline_ms ? (int)(deadline_ms - now) : 0;
}

/* Waits for what poll waits for; false: too late. */
static bool wait_for(struct pollfd *fds, nfds_t count, uint64_t deadline_ms)
{
    int ready;

    do {
        ready = poll(fds, count, left_ms(deadline_ms));
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

static bool nothing_waits(struct demo_dgram *client)
{
    struct demo_answer answer;

    return !demo_answer_receive(client, DEMO_LONGEST_BYTES, &answer);
}

const char *demo_dgram_ask(struct demo_dgram *client, size_t length_bytes, size_t room_bytes, unsigned timeout_ms)
{
    uint64_t deadline_ms = demo_now_ms() + timeout_ms;
    struct pollfd ready = { client->fd, POLLIN, 0 };
    uint32_t serial = client->next++;
    struct demo_answer answer;

    client->problem = NULL;
    if (!demo_question_send(client, serial, length_bytes)) {
        return "the question was not sent";
    }
    do {
        if (!wait_for(&ready, 1, deadline_ms)) {
            return "no answer has come";
        }
    } while (!demo_answer_receive(client, room_bytes, &answer) && client->problem == NULL);
    if (client->problem != NULL) {
        return client->problem;
    }
    if (answer.length_bytes != (length_bytes < room_bytes ? length_bytes : room_bytes)) {
        return "the answer has another length";
    }
    if (answer.is_cut != (length_bytes > room_bytes)) {
        return answer.is_cut ? "the answer was cut off" : "nobody says that the answer was cut off";
    }
    if (answer.length_bytes >= sizeof(serial) && answer.serial != serial) {
        return "the answer is that to another question";
    }
    return nothing_waits(client) ? NULL : "more than one answer has come";
}

/* --- many at a time ---------------------------------------------------------------------------------- */

#define LENGTHS 1397u

static size_t question_length_bytes(uint32_t serial)
{
    return sizeof(serial) + (size_t)serial * 37 % LENGTHS;
}

static void exchange_answer(struct demo_dgram *client, const struct demo_answer *answer)
{
    uint32_t place = answer->serial % DEMO_OUTSTANDING;

    if (answer->length_bytes < sizeof(answer->serial) ||
        answer->serial - client->first >= client->next - client->first || client->is_answered[place]) {
        client->problem = "an answer to no question, or a second one";
    } else if (answer->is_cut || answer->length_bytes != question_length_bytes(answer->serial)) {
        client->problem = "an answer has another length than its question";
    }
    client->is_answered[place] = true;
    while (client->first != client->next && client->is_answered[client->first % DEMO_OUTSTANDING]) {
        client->first++;
    }
}

/* As far as it goes without waiting. Returns how many answers came. */
static size_t exchange_step(struct demo_dgram *client)
{
    struct demo_answer answer;
    size_t answers = 0;

    while (client->problem == NULL && demo_answer_receive(client, DEMO_LONGEST_BYTES, &answer)) {
        exchange_answer(client, &answer);
        answers++;
    }
    while (client->problem == NULL && client->next != client->end && client->next - client->first < DEMO_OUTSTANDING) {
        client->is_answered[client->next % DEMO_OUTSTANDING] = false;
        if (!demo_question_send(client, client->next, question_length_bytes(client->next))) {
            break;
        }
        client->next++;
    }
    return answers;
}

const char *demo_dgrams_exchange(struct demo_dgram **clients, size_t count, unsigned questions_each,
                                 unsigned timeout_ms, size_t *answers)
{
    uint64_t deadline_ms = demo_now_ms() + timeout_ms;
    struct pollfd fds[DEMO_CLIENTS_MAX];
    size_t expected = count * questions_each;

    *answers = 0;
    for (size_t i = 0; i < count; i++) {
        clients[i]->problem = NULL;
        clients[i]->first = clients[i]->next;
        clients[i]->end = clients[i]->next + questions_each;
        fds[i] = (struct pollfd){ clients[i]->fd, POLLIN, 0 };
    }
    for (;;) {
        for (size_t i = 0; i < count; i++) {
            *answers += exchange_step(clients[i]);
            if (clients[i]->problem != NULL) {
                return clients[i]->problem;
            }
            /* A question that found no room waits for some; everything else waits for answers. */
            fds[i].events =
                clients[i]->next != clients[i]->end && clients[i]->next - clients[i]->first < DEMO_OUTSTANDING
                    ? POLLIN | POLLOUT
                    : POLLIN;
        }
        if (*answers >= expected) {
            break;
        }
        if (!wait_for(fds, count, deadline_ms)) {
            return "answers are missing";
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (!nothing_waits(clients[i])) {
            return "more answers have come than questions were asked";
        }
    }
    return NULL;
}
