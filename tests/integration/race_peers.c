/* SPDX-License-Identifier: MIT */
/* Many peers on the test's thread that talk to the racing driver. */
#include "race_peers.h"

#include <string.h>

#define CHUNK_BYTES 4096

void race_peers_init(struct race_peers *peers, uint16_t port, const struct race_peers_config *config)
{
    memset(peers, 0, sizeof(*peers));
    peers->config = *config;
    peers->port = port;
    peers->random = config->seed * 2 + 1;
    assert_true(config->at_once <= RACE_PEERS_MAX);
}

unsigned race_peers_random(struct race_peers *peers, unsigned count)
{
    peers->random = peers->random * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)((peers->random >> 33) % count);
}

/* Each peer has a stream of its own, so that a byte that went astray is noticed. */
static unsigned char stream_byte(const struct race_peer *peer, size_t index)
{
    return (unsigned char)(peer->number * 37 + index * 7 + index / 253);
}

static void peer_open(struct race_peers *peers, struct race_peer *peer)
{
    memset(peer, 0, sizeof(*peer));
    peer->number = peers->opened++;
    peer->wanted = race_peers_random(peers, (unsigned)peers->config.bytes_max + 1);
    peer->will_reset = race_peers_random(peers, 100) < peers->config.reset;
    peer->peer = wsk_kit_connect(WSK_KIT_IPV4, peers->port);
}

static void peer_free(struct race_peer *peer)
{
    wsk_kit_peer_close(peer->peer);
    peer->peer = NULL;
}

static void peer_send(struct race_peers *peers, struct race_peer *peer)
{
    unsigned char bytes[CHUNK_BYTES];
    size_t left = peer->wanted - peer->sent;
    size_t length = 1 + race_peers_random(peers, CHUNK_BYTES);

    length = length < left ? length : left;
    for (size_t index = 0; index < length; index++) {
        bytes[index] = stream_byte(peer, peer->sent + index);
    }
    peer->sent += wsk_kit_peer_send_some(peer->peer, bytes, length);
}

/* Returns whether a byte came. */
static bool peer_read(struct race_peers *peers, struct race_peer *peer)
{
    unsigned char bytes[CHUNK_BYTES];
    size_t length = wsk_kit_peer_receive_some(peer->peer, bytes, 1 + race_peers_random(peers, CHUNK_BYTES));

    for (size_t index = 0; index < length; index++) {
        if (bytes[index] != stream_byte(peer, peer->received + index)) {
            fail_msg("peer %u: byte %zu came back as 0x%02x instead of 0x%02x", peer->number, peer->received + index,
                     bytes[index], stream_byte(peer, peer->received + index));
        }
    }
    peer->received += length;
    assert_true(peer->received <= peer->sent);
    return length > 0;
}

/* The driver ended the connection, in whatever way. Returns true when the peer is over. */
static bool peer_note_end(struct race_peers *peers, struct race_peer *peer)
{
    switch (wsk_kit_peer_state(peer->peer)) {
    case WSK_KIT_PEER_ENDED:
        while (peer_read(peers, peer)) {
        }
        assert_true(peer->has_finished);
        assert_int_equal(peer->received, peer->sent);
        peers->ended++;
        return true;
    case WSK_KIT_PEER_REFUSED:
        peers->turned_away++;
        return true;
    case WSK_KIT_PEER_RESET:
        peers->reset_by_driver++;
        return true;
    default:
        return false;
    }
}

static void peer_finish(struct race_peers *peers, struct race_peer *peer)
{
    if (peer->will_reset) {
        wsk_kit_peer_reset(peer->peer);
        peers->reset_by_us++;
        peer_free(peer);
        return;
    }
    if (!peer->has_finished) {
        peer->has_finished = true;
        wsk_kit_peer_end(peer->peer);
    }
}

/* A peer that is not connected gives up, or waits. */
static void peer_act_connecting(struct race_peers *peers, struct race_peer *peer)
{
    /* The others give up in the end, too: nobody may ever decide about them. */
    if (race_peers_random(peers, peer->will_reset ? 4 : 50) == 0) {
        peer->will_reset = true;
        peer_finish(peers, peer);
    }
}

static void peer_act(struct race_peers *peers, struct race_peer *peer)
{
    enum wsk_kit_peer_state state = wsk_kit_peer_state(peer->peer);

    if (state == WSK_KIT_PEER_CONNECTING) {
        peer_act_connecting(peers, peer);
        return;
    }
    if (peer_note_end(peers, peer)) {
        peer_free(peer);
        return;
    }
    if (state != WSK_KIT_PEER_CONNECTED) {
        return;
    }
    if (peer->will_reset && race_peers_random(peers, 10) == 0) {
        peer_finish(peers, peer);
    } else if (peer->sent < peer->wanted && race_peers_random(peers, 2) == 0) {
        peer_send(peers, peer);
    } else if (peer->sent == peer->wanted && race_peers_random(peers, 3) == 0) {
        peer_finish(peers, peer);
    } else {
        (void)peer_read(peers, peer);
    }
}

static struct race_peer *place_choose(struct race_peers *peers)
{
    return &peers->peers[race_peers_random(peers, peers->config.at_once)];
}

static bool are_all_over(const struct race_peers *peers)
{
    for (unsigned i = 0; i < peers->config.at_once; i++) {
        if (peers->peers[i].peer != NULL) {
            return false;
        }
    }
    return peers->opened == peers->config.peer_count;
}

bool race_peers_act(struct race_peers *peers)
{
    struct race_peer *peer = place_choose(peers);

    if (peer->peer != NULL) {
        peer_act(peers, peer);
    } else if (peers->opened < peers->config.peer_count) {
        peer_open(peers, peer);
    }
    return !are_all_over(peers);
}

/* --- the end ------------------------------------------------------------------------------------------ */

static bool peer_move_on(struct race_peers *peers, struct race_peer *peer, bool waits_for_answer)
{
    enum wsk_kit_peer_state state = wsk_kit_peer_state(peer->peer);

    if (state == WSK_KIT_PEER_CONNECTING) {
        return !waits_for_answer;
    }
    if (peer_note_end(peers, peer)) {
        peer_free(peer);
        return true;
    }
    if (state == WSK_KIT_PEER_CONNECTED && peer->sent < peer->wanted) {
        peer_send(peers, peer);
    } else if (state == WSK_KIT_PEER_CONNECTED) {
        peer_finish(peers, peer);
    }
    while (peer->peer != NULL && peer_read(peers, peer)) {
    }
    return peer->peer == NULL;
}

static bool is_everybody_at_rest(struct race_peers *peers, bool waits_for_answer)
{
    bool is_at_rest = true;

    for (unsigned i = 0; i < peers->config.at_once; i++) {
        if (peers->peers[i].peer != NULL && !peer_move_on(peers, &peers->peers[i], waits_for_answer)) {
            is_at_rest = false;
        }
    }
    return is_at_rest;
}

static bool is_finished(void *context)
{
    return is_everybody_at_rest(context, false);
}

static bool is_over(void *context)
{
    return is_everybody_at_rest(context, true);
}

void race_peers_finish(struct race_peers *peers)
{
    wsk_kit_run_until_idle(); /* whoever will get an answer has it now */
    wsk_kit_wait_for(is_finished, peers, "the connected peers to come to their end");
}

void race_peers_expect_over(struct race_peers *peers)
{
    wsk_kit_wait_for(is_over, peers, "all peers to come to their end");
}

void race_peers_judge(const struct race_peers *peers, const struct race *race)
{
    const struct race_counters *counters = race_counters(race);
    const struct race_config *config = race_config(race);

    if (race_violation(race) != NULL) {
        fail_msg("%s", race_violation(race));
    }
    if (!config->is_plain) {
        assert_true(counters->delivered + counters->aborted <= counters->inspected);
    }
    assert_int_equal(counters->connections + counters->refused, counters->delivered);
    assert_int_equal(counters->finished + counters->broken, counters->connections);
    if (!peers->config.is_breaking_off && config->close_after == 0) {
        /* Nobody was lost: every connection that both sides finished in order was seen so by both. */
        assert_int_equal(counters->finished, peers->ended);
    }
}

void race_peers_print(struct race_peers *peers)
{
    for (unsigned i = 0; i < RACE_PEERS_MAX; i++) {
        struct race_peer *peer = &peers->peers[i];

        if (peer->peer != NULL) {
            print_error("peer %u: state %d, %zu of %zu bytes sent, %zu received%s\n", peer->number,
                        (int)wsk_kit_peer_state(peer->peer), peer->sent, peer->wanted, peer->received,
                        peer->has_finished ? ", finished" : "");
        }
    }
}

void race_peers_close(struct race_peers *peers)
{
    for (unsigned i = 0; i < RACE_PEERS_MAX; i++) {
        if (peers->peers[i].peer != NULL) {
            peer_free(&peers->peers[i]);
        }
    }
}
