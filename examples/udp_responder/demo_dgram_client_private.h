/* SPDX-License-Identifier: MIT */
/* What the clients' own source files share: demo_dgram_client.c (questions and answers) and demo_dgram_client_traffic.c
 * (the thread). */
#ifndef DEMO_DGRAM_CLIENT_PRIVATE_H
#define DEMO_DGRAM_CLIENT_PRIVATE_H

#include "demo_dgram_client.h"

#include <sys/socket.h>

#define DEMO_LONGEST_BYTES 65536
#define DEMO_CLIENTS_MAX 16
/* Of one client. All that are under way together fit into every buffer of the way, so none may be lost. */
#define DEMO_OUTSTANDING 8u

struct demo_address {
    struct sockaddr_storage name;
    socklen_t length;
};

struct demo_dgram {
    int fd;
    bool is_ipv6;
    struct demo_address asked;
    uint32_t next;                      /* serial number of the next question */
    uint32_t first;                     /* exchange: the oldest one without an answer */
    uint32_t end;                       /* exchange: where next stops */
    bool is_answered[DEMO_OUTSTANDING]; /* exchange: of first up to next */
    const char *problem;                /* NULL: none */
};

struct demo_answer {
    uint32_t serial; /* 0: too short for one */
    size_t length_bytes;
    bool is_cut;
};

void demo_dgram_die(const char *what);
uint64_t demo_now_ms(void);
/* Neither waits. false: there is no room now, or problem is set. */
bool demo_question_send(struct demo_dgram *client, uint32_t serial, size_t length_bytes);
/* false: there is none now, or problem is set. It is also set when the answer is not as it should be. */
bool demo_answer_receive(struct demo_dgram *client, size_t room_bytes, struct demo_answer *answer);

#endif
