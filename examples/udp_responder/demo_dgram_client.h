/* SPDX-License-Identifier: MIT */
/* Real clients for the demonstration, made of BSD sockets over UDP. No Windows type is known here. */
#ifndef DEMO_DGRAM_CLIENT_H
#define DEMO_DGRAM_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEMO_HOSTS_MAX 8
#define DEMO_HOST_SIZE 64

/* Addresses of this machine, as text: those of its interfaces and, where they are there without being told, further ones of
 * the loopback network. The first one is the loopback address. Returns how many; 0: the machine does not have the family. */
size_t demo_dgram_hosts(bool is_ipv6, char hosts[DEMO_HOSTS_MAX][DEMO_HOST_SIZE]);

struct demo_dgram;

/* A client on a port of its own. Ends the program when there are no sockets left. */
struct demo_dgram *demo_dgram_create(bool is_ipv6);
void demo_dgram_destroy(struct demo_dgram *client);
/* Whom the client asks from now on. Ends the program when host is no address. */
void demo_dgram_aim(struct demo_dgram *client, const char *host, uint16_t port);

/* Every answer must be the question and come from the address that was asked, and be the only one. These return NULL, or
 * what went wrong. */

/* Asks one question and waits for the answer. Of that the client takes room_bytes at most; the system must say when something
 * was cut off. */
const char *demo_dgram_ask(struct demo_dgram *client, size_t length_bytes, size_t room_bytes, unsigned timeout_ms);
/* Every client asks so many questions of all lengths, with several of them under way at any time; answers may come in any
 * order. *answers counts them. */
const char *demo_dgrams_exchange(struct demo_dgram **clients, size_t count, unsigned questions_each,
                                 unsigned timeout_ms, size_t *answers);

/* Traffic: a thread lets the clients ask and ask, whether they are answered or not. */

void demo_traffic_start(struct demo_dgram **clients, size_t count);
/* Waits until so many answers have come. */
bool demo_traffic_wait(uint64_t answers, unsigned timeout_ms);
/* Asks nothing more, waits until so many answers have come since the start, and ends the thread. *answers counts them. */
const char *demo_traffic_stop(uint64_t answers_expected, unsigned timeout_ms, uint64_t *answers);

#endif
