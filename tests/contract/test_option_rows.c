/* SPDX-License-Identifier: MIT */
/* Every row of the table of options and controls, called rightly and in each wrong way that the table knows. */

/* Where Windows refuses an option that the library can do, the tests want to see it done. */
#define CONTRACT_CONFIG .allow_tcp_nodelay = 1

#include "support/option_row.h"

#include <string.h>

/* Walks the rows; the body sees row. */
#define FOR_EACH_ROW(row)                                          \
    for (unsigned index_ = 0; index_ < WE_WSK_ROW_COUNT; index_++) \
        for (const struct we_wsk_row *row = we_wsk_row((enum we_wsk_row_id)index_); row != NULL; row = NULL)

#define FOR_EACH_CATEGORY(category) for (unsigned category = WE_WSK_BASIC; category <= WE_WSK_STREAM; category++)

static bool is_for(const struct we_wsk_row *row, unsigned category)
{
    return (row->categories & WE_WSK_CATEGORY_BIT(category)) != 0;
}

/* --- right calls ------------------------------------------------------------------------------------ */

static void check_value(PWSK_SOCKET socket, const struct we_wsk_row *row)
{
    ULONG value = 0;

    if (row->code != SO_MAX_MSG_SIZE) {
        assert_int_equal(row_get(socket, row, &value), STATUS_SUCCESS);
        assert_int_equal(value, row->initial);
    }
    if ((row->access & WE_WSK_CAN_SET) == 0) {
        return;
    }
    assert_int_equal(row_set(socket, row, row_sample(row)), STATUS_SUCCESS);
    assert_int_equal(row_get(socket, row, &value), STATUS_SUCCESS);
    assert_int_equal(value, row_sample(row));
}

static void test_option_rows_are_initial_until_they_are_set(void **state)
{
    FOR_EACH_ROW(row)
    {
        if (!row_is_scalar(row) || row->doer == WE_WSK_REFUSED || row->time == WE_WSK_WHILE_CONNECTED) {
            continue;
        }
        FOR_EACH_CATEGORY(category)
        {
            PWSK_SOCKET socket = is_for(row, category) ? row_socket_open(*state, category, row) : NULL;

            if (socket != NULL) {
                check_value(socket, row);
                socket_close(socket);
            }
        }
    }
}

static void test_option_rows_of_connections_are_in_range(void **state)
{
    FOR_EACH_ROW(row)
    {
        struct wsk_kit_peer *peer;
        PWSK_SOCKET socket;
        ULONG value = 0;

        if (!row_is_scalar(row) || row->doer == WE_WSK_REFUSED || row->time != WE_WSK_WHILE_CONNECTED) {
            continue;
        }
        socket = row_socket_open_connected(*state, row, &peer);
        assert_int_equal(row_get(socket, row, &value), STATUS_SUCCESS);
        assert_true(value > 0 && value >= row->lowest && value <= row->highest);
        wsk_kit_peer_close(peer);
        socket_close(socket);
    }
}

static void test_option_rows_flags_are_one_for_any_value(void **state)
{
    FOR_EACH_ROW(row)
    {
        PWSK_SOCKET socket;
        ULONG value = 0;

        if (!row_is_scalar(row) || row->kind != WE_WSK_KIND_FLAG || row->doer == WE_WSK_REFUSED ||
            (row->access & WE_WSK_CAN_SET) == 0) {
            continue;
        }
        socket = row_socket_open_any(*state, row);
        if (socket == NULL) {
            continue;
        }
        assert_int_equal(row_set(socket, row, 0x80000080), STATUS_SUCCESS);
        assert_int_equal(row_get(socket, row, &value), STATUS_SUCCESS);
        assert_int_equal(value, 1);
        socket_close(socket);
    }
}

/* What is only kept, controls included, succeeds. */
static void test_option_rows_without_effect_are_accepted(void **state)
{
    FOR_EACH_ROW(row)
    {
        unsigned char buffer[ROW_BYTES_MAX];
        struct row_call call;
        PWSK_SOCKET socket;

        if (row->doer != WE_WSK_KEPT) {
            continue;
        }
        socket = row_socket_open_any(*state, row);
        if (socket == NULL) {
            continue;
        }
        row_call_init(&call, socket, row, buffer);
        assert_int_equal(row_call(&call), STATUS_SUCCESS);
        assert_int_equal(call.information, 0);
        socket_close(socket);
    }
}

static void test_option_rows_that_are_refused_are_not_supported(void **state)
{
    PWSK_SOCKET sockets[2];
    unsigned char buffer[ROW_BYTES_MAX];
    struct row_call call;
    unsigned i;

    sockets[0] = socket_open(*state, WSK_FLAG_BASIC_SOCKET, AF_INET6, NULL, NULL);
    sockets[1] = connection_open_bound(*state, AF_INET, NULL, NULL);
    FOR_EACH_ROW(row)
    {
        if (row->doer != WE_WSK_REFUSED) {
            continue;
        }
        for (i = 0; i < 2; i++) {
            row_call_init(&call, sockets[i], row, buffer);
            assert_int_equal(row_call(&call), STATUS_NOT_SUPPORTED);
            call.is_without_irp = !call.is_without_irp;
            assert_int_equal(row_call(&call), STATUS_NOT_SUPPORTED);
            call.input_size = 0;
            call.input = NULL;
            assert_int_equal(row_call(&call), STATUS_NOT_SUPPORTED);
        }
    }
    socket_close(sockets[1]);
    socket_close(sockets[0]);
}

/* --- wrong buffers ---------------------------------------------------------------------------------- */

/* Calls whose state and category do not matter: buffers are looked at before the time. */
static bool can_check_buffers(const struct we_wsk_row *row)
{
    return row->doer != WE_WSK_REFUSED;
}

static void check_short(PWSK_SOCKET socket, const struct we_wsk_row *row)
{
    unsigned char buffer[ROW_BYTES_MAX];
    struct row_call call;

    row_call_init(&call, socket, row, buffer);
    if (call.input_size > 0) {
        call.input_size--;
        assert_int_equal(row_call(&call), STATUS_INVALID_PARAMETER);
        assert_int_equal(call.information, 0);
        call.input_size++;
    }
    if (row->level_name != NULL && (row->access & WE_WSK_CAN_GET) != 0) {
        call.type = WskGetOption;
        call.output = buffer;
        call.output_size = row->output_size;
    }
    if (call.output_size > 0) {
        memset(buffer, 0x5a, sizeof(buffer));
        call.output_size--;
        assert_int_equal(row_call(&call), STATUS_BUFFER_TOO_SMALL);
        assert_int_equal(call.information, row->level_name == NULL && call.is_without_irp ? row->output_size : 0);
        assert_int_equal(buffer[0], 0x5a);
    }
}

static void test_option_rows_with_short_buffers_fail(void **state)
{
    FOR_EACH_ROW(row)
    {
        PWSK_SOCKET socket = can_check_buffers(row) ? row_socket_open_any(*state, row) : NULL;

        if (socket != NULL) {
            check_short(socket, row);
            socket_close(socket);
        }
    }
}

static void check_null(PWSK_SOCKET socket, const struct we_wsk_row *row)
{
    unsigned char buffer[ROW_BYTES_MAX];
    struct row_call call;

    row_call_init(&call, socket, row, buffer);
    if (call.input_size > 0) {
        call.input = NULL;
        assert_int_equal(row_call(&call), STATUS_INVALID_PARAMETER);
        call.input_size = 0;
        assert_int_equal(row_call(&call), STATUS_INVALID_PARAMETER);
        call.input = buffer;
        call.input_size = row->input_size;
    }
    if (row->level_name != NULL && (row->access & WE_WSK_CAN_GET) != 0) {
        call.type = WskGetOption;
        call.output_size = row->output_size;
    }
    if (call.output_size > 0) {
        call.output = NULL;
        assert_int_equal(row_call(&call), STATUS_INVALID_PARAMETER);
        call.output_size = 0;
        assert_int_equal(row_call(&call), STATUS_BUFFER_TOO_SMALL);
    }
}

static void test_option_rows_without_buffers_fail(void **state)
{
    FOR_EACH_ROW(row)
    {
        PWSK_SOCKET socket = can_check_buffers(row) ? row_socket_open_any(*state, row) : NULL;

        if (socket != NULL) {
            check_null(socket, row);
            socket_close(socket);
        }
    }
}

static void test_option_rows_out_of_range_fail_and_change_nothing(void **state)
{
    FOR_EACH_ROW(row)
    {
        PWSK_SOCKET socket;
        ULONG value = 0;

        if (!row_is_scalar(row) || row->kind != WE_WSK_KIND_NUMBER || row->doer == WE_WSK_REFUSED ||
            (row->access & WE_WSK_CAN_SET) == 0) {
            continue;
        }
        socket = row_socket_open_any(*state, row);
        if (socket == NULL) {
            continue;
        }
        if (row->lowest > 0) {
            assert_int_equal(row_set(socket, row, row->lowest - 1), STATUS_INVALID_PARAMETER);
        }
        if (row->highest < 0xffffffff) {
            assert_int_equal(row_set(socket, row, row->highest + 1), STATUS_INVALID_PARAMETER);
        }
        assert_int_equal(row_get(socket, row, &value), STATUS_SUCCESS);
        assert_int_equal(value, row->initial);
        socket_close(socket);
    }
}

static void test_option_rows_cannot_be_set_or_got_against_their_access(void **state)
{
    FOR_EACH_ROW(row)
    {
        unsigned char buffer[ROW_BYTES_MAX];
        struct row_call call;
        PWSK_SOCKET socket;

        if (row->level_name == NULL || row->doer == WE_WSK_REFUSED ||
            row->access == (WE_WSK_CAN_SET | WE_WSK_CAN_GET)) {
            continue;
        }
        socket = row_socket_open_any(*state, row);
        if (socket == NULL) {
            continue;
        }
        row_call_init(&call, socket, row, buffer);
        call.type = call.type == WskSetOption ? WskGetOption : WskSetOption;
        call.input = buffer;
        call.input_size = sizeof(buffer);
        call.output = buffer;
        call.output_size = sizeof(buffer);
        assert_int_equal(row_call(&call), STATUS_INVALID_PARAMETER);
        socket_close(socket);
    }
}

/* --- wrong sockets, times, IRPs --------------------------------------------------------------------- */

static void check_unfit(PWSK_SOCKET socket, const struct we_wsk_row *row)
{
    unsigned char buffer[ROW_BYTES_MAX];
    struct row_call call;

    wsk_kit_expect_report("SOCK-030");
    row_call_init(&call, socket, row, buffer);
    assert_int_equal(row_call(&call), STATUS_NOT_SUPPORTED);
    assert_int_equal(call.information, 0);
    socket_close(socket);
}

static void test_option_rows_on_other_categories_are_not_supported(void **state)
{
    FOR_EACH_ROW(row)
    {
        FOR_EACH_CATEGORY(category)
        {
            PWSK_SOCKET socket = NULL;

            if (row->doer != WE_WSK_REFUSED && !is_for(row, category) &&
                !(row->level_name != NULL && row->level == IPPROTO_UDP)) {
                socket = row_socket_open(*state, category, row);
            }
            if (socket != NULL) {
                check_unfit(socket, row);
            }
        }
    }
}

/* An IPv6 option on an IPv4 socket, options of one transport on the other. */
static void test_option_rows_of_another_family_or_protocol_are_not_supported(void **state)
{
    FOR_EACH_ROW(row)
    {
        bool is_tcp = row->level_name != NULL && row->level == IPPROTO_TCP;
        bool is_udp = row->level_name != NULL && row->level == IPPROTO_UDP;
        PWSK_SOCKET socket;

        if (row->doer == WE_WSK_REFUSED || !is_for(row, WE_WSK_BASIC) ||
            !(is_tcp || is_udp || row_family(row) == AF_INET6)) {
            continue;
        }
        assert_int_equal(socket_open_try(*state, WSK_FLAG_BASIC_SOCKET, AF_INET, is_tcp ? SOCK_DGRAM : SOCK_STREAM,
                                         is_tcp ? IPPROTO_UDP : IPPROTO_TCP, NULL, NULL, &socket),
                         STATUS_SUCCESS);
        check_unfit(socket, row);
    }
}

static void check_untimely(PWSK_SOCKET socket, const struct we_wsk_row *row)
{
    unsigned char buffer[ROW_BYTES_MAX];
    struct row_call call;

    wsk_kit_expect_report("SOCK-030");
    row_call_init(&call, socket, row, buffer);
    assert_int_equal(row_call(&call), STATUS_INVALID_DEVICE_STATE);
    assert_int_equal(call.information, 0);
}

static void test_option_rows_too_late_for_bind_fail(void **state)
{
    FOR_EACH_ROW(row)
    {
        ULONG value = 0;

        if (row->doer == WE_WSK_REFUSED || row->time != WE_WSK_BEFORE_BIND) {
            continue;
        }
        FOR_EACH_CATEGORY(category)
        {
            PWSK_SOCKET socket =
                is_for(row, category) && category != WE_WSK_BASIC ? row_socket_open(*state, category, row) : NULL;

            if (socket == NULL) {
                continue;
            }
            socket_bind_loopback(socket, row_family(row));
            check_untimely(socket, row);
            if (row_is_scalar(row)) {
                assert_int_equal(row_get(socket, row, &value), STATUS_SUCCESS);
                assert_int_equal(value, row->initial);
            }
            socket_close(socket);
        }
    }
}

static void test_option_rows_too_late_for_connect_fail(void **state)
{
    FOR_EACH_ROW(row)
    {
        struct wsk_kit_peer *peer;
        PWSK_SOCKET socket;

        if (row->doer == WE_WSK_REFUSED || row->time != WE_WSK_BEFORE_CONNECT || !is_for(row, WE_WSK_CONNECTION)) {
            continue;
        }
        socket = row_socket_open_connected(*state, row, &peer);
        check_untimely(socket, row);
        wsk_kit_peer_close(peer);
        socket_close(socket);
    }
}

static void test_option_rows_too_early_fail(void **state)
{
    FOR_EACH_ROW(row)
    {
        if (row->doer == WE_WSK_REFUSED || (row->time != WE_WSK_AFTER_BIND && row->time != WE_WSK_WHILE_CONNECTED)) {
            continue;
        }
        FOR_EACH_CATEGORY(category)
        {
            PWSK_SOCKET socket = is_for(row, category) ? row_socket_open(*state, category, row) : NULL;

            if (socket == NULL) {
                continue;
            }
            check_untimely(socket, row);
            if (row->time == WE_WSK_WHILE_CONNECTED && category != WE_WSK_BASIC) {
                socket_bind_loopback(socket, row_family(row));
                check_untimely(socket, row);
            }
            socket_close(socket);
        }
    }
}

static void test_option_rows_without_the_irp_they_need_fail(void **state)
{
    FOR_EACH_ROW(row)
    {
        unsigned char buffer[ROW_BYTES_MAX];
        struct row_call call;
        PWSK_SOCKET socket;

        if (row->doer == WE_WSK_REFUSED || row->irp == WE_WSK_IRP_OPTIONAL) {
            continue;
        }
        socket = row_socket_open_any(*state, row);
        if (socket == NULL) {
            continue;
        }
        row_call_init(&call, socket, row, buffer);
        call.is_without_irp = !call.is_without_irp;
        wsk_kit_expect_report("SOCK-003");
        assert_int_equal(row_call(&call), call.is_without_irp ? STATUS_REQUEST_NOT_ACCEPTED : STATUS_INVALID_PARAMETER);
        assert_int_equal(call.information, 0);
        socket_close(socket);
    }
}

static void test_option_rows_for_passive_level_are_reported_above_it(void **state)
{
    FOR_EACH_ROW(row)
    {
        struct row_call call;
        PWSK_SOCKET socket;
        KIRQL irql;

        /* Too little data ends the calls at once, so that none has to be waited for at a raised level. */
        if (!row->is_passive_only || row->irp != WE_WSK_IRP_FORBIDDEN) {
            continue;
        }
        socket = row_socket_open_any(*state, row);
        call = (struct row_call){ .socket = socket, .row = row, .type = WskIoctl, .is_without_irp = true };
        wsk_kit_expect_report("SOCK-059");
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        (void)row_call(&call);
        KeLowerIrql(irql);
        socket_close(socket);
    }
}

#define TESTS(X)                                                        \
    X(test_option_rows_are_initial_until_they_are_set)                  \
    X(test_option_rows_of_connections_are_in_range)                     \
    X(test_option_rows_flags_are_one_for_any_value)                     \
    X(test_option_rows_without_effect_are_accepted)                     \
    X(test_option_rows_that_are_refused_are_not_supported)              \
    X(test_option_rows_with_short_buffers_fail)                         \
    X(test_option_rows_without_buffers_fail)                            \
    X(test_option_rows_out_of_range_fail_and_change_nothing)            \
    X(test_option_rows_cannot_be_set_or_got_against_their_access)       \
    X(test_option_rows_on_other_categories_are_not_supported)           \
    X(test_option_rows_of_another_family_or_protocol_are_not_supported) \
    X(test_option_rows_too_late_for_bind_fail)                          \
    X(test_option_rows_too_late_for_connect_fail)                       \
    X(test_option_rows_too_early_fail)                                  \
    X(test_option_rows_without_the_irp_they_need_fail)                  \
    X(test_option_rows_for_passive_level_are_reported_above_it)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
