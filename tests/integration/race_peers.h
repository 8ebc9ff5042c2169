/* SPDX-License-Identifier: MIT */
/* Many peers on the test's thread that talk to the racing driver, in an order that a seed decides. */
#ifndef WE_TEST_RACE_PEERS_H
#define WE_TEST_RACE_PEERS_H

#include "race_driver.h"

#define RACE_PEERS_MAX 64

struct race_peers_config {
    unsigned long long seed;
    unsigned peer_count;  /* how many will connect, at most RACE_PEERS_MAX */
    unsigned at_once;     /* how many are open at a time */
    size_t bytes_max;     /* each sends up to so many */
    unsigned reset;       /* in percent: peers that reset instead of finishing */
    bool is_breaking_off; /* the driver breaks connections off: bytes may be lost */
};

struct race_peers {
    struct race_peers_config config;
    uint16_t port;
    uint64_t random;
    unsigned opened;
    unsigned ended; /* saw the driver's graceful end with every byte echoed */
    unsigned turned_away;
    unsigned reset_by_driver;
    unsigned reset_by_us;
    struct race_peer {
        struct wsk_kit_peer *peer; /* NULL: not open */
        unsigned number;
        size_t wanted; /* bytes to be sent in all */
        size_t sent;
        size_t received;
        bool has_finished;
        bool will_reset;
    } peers[RACE_PEERS_MAX];
};

void race_peers_init(struct race_peers *peers, uint16_t port, const struct race_peers_config *config);
unsigned race_peers_random(struct race_peers *peers, unsigned count);
/* One small thing that one peer does. False: all have come to their end. Asserts that what comes back is what was
 * sent. */
bool race_peers_act(struct race_peers *peers);
/* Lets all that are left finish and come to their end; those without an answer are left alone. */
void race_peers_finish(struct race_peers *peers);
/* After the listener has closed: all have come to their end. */
void race_peers_expect_over(struct race_peers *peers);
/* After race_stop: asserts that no promise was broken and that both sides saw the same. */
void race_peers_judge(const struct race_peers *peers, const struct race *race);
/* One line for each peer that is open, for whoever reads a failure. */
void race_peers_print(struct race_peers *peers);
/* Frees what is left, also after a failure. */
void race_peers_close(struct race_peers *peers);

#endif
