/* SPDX-License-Identifier: MIT */
/* Tests of wsk_status.c: base error to NTSTATUS. */
#include "wsk_emu/cmocka.h"

#include "wsk/wsk_status.h"

static const enum we_wsk_operation operations[] = { WE_WSK_OP_SOCKET,  WE_WSK_OP_BIND,    WE_WSK_OP_CONNECT,
                                                    WE_WSK_OP_SEND,    WE_WSK_OP_RECEIVE, WE_WSK_OP_DISCONNECT,
                                                    WE_WSK_OP_CONTROL, WE_WSK_OP_SEND_TO, WE_WSK_OP_RECEIVE_FROM };

/* A forgotten row would be zeroes, and a failure would look like a success. */
static void test_status_of_every_error_is_no_success(void **state)
{
    int err;
    unsigned i;

    (void)state;
    for (err = WE_OK; err < WE_ERR_COUNT; err++) {
        for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
            NTSTATUS status = we_wsk_status((enum we_err)err, operations[i]);
            bool is_success = err == WE_OK || (err == WE_ERR_RESET && operations[i] == WE_WSK_OP_DISCONNECT);

            if (err != WE_ERR_AGAIN) {
                assert_int_equal(NT_SUCCESS(status), is_success);
            }
        }
    }
}

static void test_status_of_again_is_pending(void **state)
{
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        assert_int_equal(we_wsk_status(WE_ERR_AGAIN, operations[i]), STATUS_PENDING);
    }
}

static void test_status_depends_on_the_operation(void **state)
{
    static const struct {
        enum we_err err;
        enum we_wsk_operation operation;
        NTSTATUS status;
    } rows[] = {
        { WE_ERR_FAMILY, WE_WSK_OP_SOCKET, STATUS_NOT_SUPPORTED },
        { WE_ERR_FAMILY, WE_WSK_OP_BIND, STATUS_INVALID_PARAMETER },
        { WE_ERR_NO_DESCRIPTORS, WE_WSK_OP_SOCKET, STATUS_INSUFFICIENT_RESOURCES },
        { WE_ERR_IN_USE, WE_WSK_OP_BIND, STATUS_ADDRESS_ALREADY_EXISTS },
        { WE_ERR_ADDRESS, WE_WSK_OP_BIND, STATUS_INVALID_ADDRESS_COMPONENT },
        { WE_ERR_ACCESS, WE_WSK_OP_BIND, STATUS_ACCESS_DENIED },
        { WE_ERR_NOT_SUPPORTED, WE_WSK_OP_BIND, STATUS_NOT_IMPLEMENTED },
        { WE_ERR_NOT_SUPPORTED, WE_WSK_OP_CONTROL, STATUS_NOT_SUPPORTED },
        { WE_ERR_REFUSED, WE_WSK_OP_CONNECT, STATUS_CONNECTION_REFUSED },
        { WE_ERR_TIMED_OUT, WE_WSK_OP_CONNECT, STATUS_IO_TIMEOUT },
        { WE_ERR_TIMED_OUT, WE_WSK_OP_SEND, STATUS_CONNECTION_ABORTED },
        { WE_ERR_TIMED_OUT, WE_WSK_OP_RECEIVE, STATUS_CONNECTION_ABORTED },
        { WE_ERR_REFUSED, WE_WSK_OP_RECEIVE_FROM, STATUS_PORT_UNREACHABLE },
        { WE_ERR_RESET, WE_WSK_OP_RECEIVE_FROM, STATUS_PORT_UNREACHABLE },
        { WE_ERR_TOO_LARGE, WE_WSK_OP_SEND_TO, STATUS_INVALID_BUFFER_SIZE },
        { WE_ERR_ADDRESS, WE_WSK_OP_SEND_TO, STATUS_INVALID_ADDRESS_COMPONENT },
        { WE_ERR_ACCESS, WE_WSK_OP_SEND_TO, STATUS_ACCESS_DENIED },
        { WE_ERR_NO_MEMORY, WE_WSK_OP_SEND_TO, STATUS_INSUFFICIENT_RESOURCES },
        { WE_ERR_NET_UNREACHABLE, WE_WSK_OP_CONNECT, STATUS_NETWORK_UNREACHABLE },
        { WE_ERR_HOST_UNREACHABLE, WE_WSK_OP_CONNECT, STATUS_HOST_UNREACHABLE },
        { WE_ERR_CONNECTED, WE_WSK_OP_CONNECT, STATUS_CONNECTION_ACTIVE },
        { WE_ERR_RESET, WE_WSK_OP_SEND, STATUS_CONNECTION_RESET },
        { WE_ERR_RESET, WE_WSK_OP_RECEIVE, STATUS_CONNECTION_RESET },
        { WE_ERR_ABORTED, WE_WSK_OP_RECEIVE, STATUS_CONNECTION_ABORTED },
        { WE_ERR_FINISHED, WE_WSK_OP_SEND, STATUS_INVALID_DEVICE_STATE },
        { WE_ERR_NOT_CONNECTED, WE_WSK_OP_RECEIVE, STATUS_INVALID_DEVICE_STATE },
        { WE_ERR_CANCELLED, WE_WSK_OP_RECEIVE, STATUS_CANCELLED },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(we_wsk_status(rows[i].err, rows[i].operation), rows[i].status);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_of_every_error_is_no_success),
        cmocka_unit_test(test_status_of_again_is_pending),
        cmocka_unit_test(test_status_depends_on_the_operation),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
