/* SPDX-License-Identifier: MIT */
/* Real clients for the demonstration, made of BSD sockets. No Windows type is known here. */
#ifndef DEMO_CLIENT_H
#define DEMO_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct demo_client;

/* Lets the process have as many descriptors as a crowd needs. */
void demo_clients_start(void);

/* A client that will connect from a port of its own. Ends the program when there are no sockets left. */
struct demo_client *demo_client_create(void);
void demo_client_destroy(struct demo_client *client);
/* The client's own port. */
uint16_t demo_client_port(const struct demo_client *client);
/* Starts to connect to the loopback address. */
void demo_client_connect(struct demo_client *client, uint16_t port);

/* Every client sends as many bytes, compares what comes back, finishes, and waits for the other side to finish as well.
 * Returns how many succeeded; what went wrong first is in problem. */
size_t demo_clients_echo(struct demo_client **clients, size_t count, size_t bytes_each, unsigned timeout_ms,
                         char problem[128]);
/* Sends and does not read until nothing more fits. Returns how many bytes went out. */
size_t demo_client_fill(struct demo_client *client, unsigned timeout_ms);
/* Waits for the other side to end the connection without a byte. */
bool demo_client_is_turned_away(struct demo_client *client, unsigned timeout_ms);
/* Waits for the other side to reset the connection; bytes that come first are thrown away. */
bool demo_client_is_reset(struct demo_client *client, unsigned timeout_ms);
/* Goes away without a good-bye. */
void demo_client_give_up(struct demo_client *client);

#endif
