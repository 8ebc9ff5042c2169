/* SPDX-License-Identifier: MIT */
/* What the tests of Gate share: loading it, and clients that know what to expect. */
#include "gate_fixture.h"

static PDRIVER_OBJECT driver;

const GATE_CONFIG open_gate = { .Admission = { .Default = GateAccept } };
const GATE_CONFIG asking_gate = { .AuthorityDelayMs = 500, .Authority = { .Default = GateAccept } };

USHORT load_gate(const GATE_CONFIG *config)
{
    GATE_STATUS status;

    GateConfig = *config;
    assert_int_equal(wsk_emu_driver_load(gate_DriverEntry, "gate", &driver), STATUS_SUCCESS);
    GateQueryStatus(&status);
    assert_int_not_equal(status.Port, 0);
    return status.Port;
}

void unload_gate(void)
{
    wsk_emu_driver_unload(driver);
    driver = NULL;
}

GATE_STATUS gate_status(void)
{
    GATE_STATUS status;

    GateQueryStatus(&status);
    return status;
}

int unload_if_loaded(void **state)
{
    (void)state;
    unload_gate();
    return 0;
}

struct wsk_kit_peer *connected_client(USHORT port)
{
    struct wsk_kit_peer *client = wsk_kit_connect(WSK_KIT_IPV4, port);

    wsk_kit_peer_expect_connected(client);
    return client;
}

/* A byte of a stream in which nothing repeats soon: lost, doubled and swapped bytes are all seen. */
static unsigned char pattern(size_t position)
{
    return (unsigned char)(position * 31 + position / 251);
}

/* Sends what fits. Returns the new number of bytes sent, which is at most total. */
static size_t send_pattern(struct wsk_kit_peer *client, size_t sent, size_t total)
{
    unsigned char bytes[16384];
    size_t count = total - sent < sizeof(bytes) ? total - sent : sizeof(bytes);

    for (size_t i = 0; i < count; i++) {
        bytes[i] = pattern(sent + i);
    }
    return sent + wsk_kit_peer_send_some(client, bytes, count);
}

/* Waits for at least one byte. Returns the new number of bytes received. */
static size_t receive_pattern(struct wsk_kit_peer *client, size_t received, size_t total)
{
    unsigned char bytes[16384];
    size_t wanted = total - received < sizeof(bytes) ? total - received : sizeof(bytes);
    size_t count = wsk_kit_peer_receive(client, bytes, wanted);

    assert_int_not_equal(count, 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(bytes[i], pattern(received + i));
    }
    return received + count;
}

void expect_echo(struct wsk_kit_peer *client, size_t total)
{
    size_t sent = 0;
    size_t received = 0;

    while (received < total) {
        if (sent < total) {
            sent = send_pattern(client, sent, total);
        }
        received = receive_pattern(client, received, sent);
    }
}

size_t send_until_full(struct wsk_kit_peer *client)
{
    size_t sent = 0;
    size_t round_start;
    size_t before;

    do {
        round_start = sent;
        do {
            before = sent;
            sent = send_pattern(client, sent, SIZE_MAX);
        } while (sent != before);
        wsk_kit_run_until_idle();
    } while (sent != round_start);
    return sent;
}

void expect_pattern(struct wsk_kit_peer *client, size_t total)
{
    size_t received = 0;

    while (received < total) {
        received = receive_pattern(client, received, total);
    }
}
