/* SPDX-License-Identifier: MIT */
/* WskControlSocket with codes, sizes, IRPs and times by chance: each call ends once, and writes where it may. */

/* Most of these calls break a rule. */
#define CONTRACT_CONFIG .verifier = WSK_EMU_VERIFIER_OFF, .allow_tcp_nodelay = 1

#include "support/wsk_fixture.h"

#include <string.h>

#include "wsk/wsk_option_table.h"

#define ROUND_COUNT 12u
#define CALL_COUNT 200u /* on the sockets of one round */
#define BUFFER_BYTES 320u
#define CANARY 0x5a

struct chance {
    ULONGLONG state;
};

/* 0 .. limit - 1; always the same numbers. */
static ULONG draw(struct chance *chance, ULONG limit)
{
    chance->state = chance->state * 6364136223846793005u + 1442695040888963407u;
    return (ULONG)(chance->state >> 33) % limit;
}

/* Mostly codes of the table; a size that fits, or any other. */
static SIZE_T draw_size(struct chance *chance, SIZE_T fitting)
{
    return draw(chance, 2) == 0 && fitting <= BUFFER_BYTES ? fitting : draw(chance, BUFFER_BYTES + 1);
}

static NTSTATUS finish(struct wsk_request *request, NTSTATUS returned)
{
    if (!request_is_done(request)) {
        IoCancelIrp(request->irp); /* a wait for a change */
    }
    return request_wait(request, returned);
}

static void call_by_chance(PWSK_SOCKET socket, struct chance *chance)
{
    const struct we_wsk_row *row = we_wsk_row((enum we_wsk_row_id)draw(chance, WE_WSK_ROW_COUNT));
    const WSK_PROVIDER_BASIC_DISPATCH *table = socket->Dispatch;
    WSK_CONTROL_SOCKET_TYPE type = (WSK_CONTROL_SOCKET_TYPE)draw(chance, 3);
    struct wsk_request *request = draw(chance, 3) != 0 ? request_create() : NULL;
    SIZE_T input_size = draw_size(chance, row->input_size);
    SIZE_T output_size = draw_size(chance, row->output_size);
    ULONG code = draw(chance, 16) == 0 ? draw(chance, 0x10000) : row->code;
    _Alignas(ULONGLONG) UCHAR input[BUFFER_BYTES];
    _Alignas(ULONGLONG) UCHAR output[BUFFER_BYTES + 1];
    SIZE_T returned[2] = { 0, 0x5a5a5a5a };
    NTSTATUS status;

    /* Events are another story, and pointers have to be pointers. */
    if (row->run == we_wsk_option_event_callback || row->run == we_wsk_option_security ||
        row->run == we_wsk_ioctl_address_list_sort) {
        code = SO_KEEPALIVE;
    }
    memset(input, (int)draw(chance, 256), sizeof(input));
    memset(output, CANARY, sizeof(output));
    status =
        table->WskControlSocket(socket, type, code, row->level, input_size, input_size > 0 ? input : NULL, output_size,
                                output_size > 0 ? output : NULL, draw(chance, 2) == 0 ? &returned[0] : NULL,
                                request != NULL ? request_irp(request) : NULL);
    if (request != NULL) {
        status = finish(request, status);
        assert_true(!NT_SUCCESS(status) || request->result.Information <= output_size);
        request_destroy(request);
    } else {
        assert_int_not_equal(status, STATUS_PENDING);
        assert_true(!NT_SUCCESS(status) || returned[0] <= output_size);
    }
    assert_int_equal(output[output_size], CANARY);
    assert_int_equal(returned[1], 0x5a5a5a5a);
}

static void test_bad_options_by_chance_end_once_and_write_where_they_may(void **state)
{
    struct chance chance = { 7 };
    unsigned round;
    unsigned call;

    for (round = 0; round < ROUND_COUNT; round++) {
        ADDRESS_FAMILY family = round % 2 == 0 ? AF_INET : AF_INET6;
        struct wsk_kit_peer *peer;
        PWSK_SOCKET sockets[4];

        sockets[0] = socket_open(*state, WSK_FLAG_BASIC_SOCKET, family, NULL, NULL);
        sockets[1] = socket_open(*state, WSK_FLAG_LISTEN_SOCKET, family, NULL, NULL);
        sockets[2] = connection_open_bound(*state, family, NULL, NULL);
        sockets[3] = connection_open_peer(*state, family, NULL, NULL, &peer);
        for (call = 0; call < CALL_COUNT; call++) {
            call_by_chance(sockets[draw(&chance, 4)], &chance);
        }
        socket_close(sockets[3]);
        wsk_kit_peer_reset(peer);
        wsk_kit_peer_close(peer);
        socket_close(sockets[2]);
        socket_close(sockets[1]);
        socket_close(sockets[0]);
    }
}

#define TESTS(X) X(test_bad_options_by_chance_end_once_and_write_where_they_may)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
