/* SPDX-License-Identifier: MIT */
/* Verifier rules of datagram sockets: each with a breach and a near miss. */
#include "support/dgram_client.h"

#include <string.h>

struct wired {
    struct dgram_client *client;
    struct wsk_kit_datagram_peer *peer;
};

static struct wired wired_open(void **state, ULONG events)
{
    struct wired wired;

    wired.client = dgram_client_create(*state, AF_INET, events);
    wired.peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    return wired;
}

static void wired_close(struct wired *wired)
{
    dgram_client_destroy(wired->client);
    wsk_kit_datagram_close(wired->peer);
}

static void send_text(struct wired *wired, const char *text)
{
    wsk_kit_datagram_send_text(wired->peer, wired->client->port, text);
}

/* --- SOCK-015, SOCK-019 ------------------------------------------------------------------------------ */

static void test_sock_015_breach_receive_from_before_bind(void **state)
{
    PWSK_SOCKET socket = dgram_open(*state, AF_INET, NULL, NULL);

    wsk_kit_expect_report("SOCK-015");
    dgram_receive_expect(dgram_receive_post(socket, 8, 0), STATUS_INVALID_DEVICE_STATE, "");
    socket_close(socket);
}

static NTSTATUS send_flags(PWSK_SOCKET socket, ULONG flags, ULONG control_length, const void *control)
{
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 9);
    WSK_BUF buffer;
    NTSTATUS status;

    memset(&buffer, 0, sizeof(buffer));
    REQUEST_CALL(status, NULL, irp,
                 dgram_table(socket)->WskSendTo(socket, &buffer, flags, (PSOCKADDR)&remote, control_length,
                                                (PCMSGHDR)control, irp));
    return status;
}

static NTSTATUS receive_with(PWSK_SOCKET socket, ULONG flags, PULONG control_length, void *control)
{
    WSK_BUF buffer;
    NTSTATUS status;

    memset(&buffer, 0, sizeof(buffer));
    REQUEST_CALL(status, NULL, irp,
                 dgram_table(socket)->WskReceiveFrom(socket, &buffer, flags, NULL, control_length, control, NULL, irp));
    return status;
}

static void test_sock_019_breach_flags_of_datagram_functions(void **state)
{
    struct wired wired = wired_open(state, 0);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, 9);
    WSK_BUF_LIST list;
    NTSTATUS status;

    memset(&list, 0, sizeof(list));
    wsk_kit_expect_report("SOCK-019");
    assert_int_equal(send_flags(wired.client->socket, 1, 0, NULL), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-019");
    assert_int_equal(receive_with(wired.client->socket, 1, NULL, NULL), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-019");
    REQUEST_CALL(status, NULL, irp,
                 dgram_table(wired.client->socket)
                     ->WskSendMessages(wired.client->socket, &list, 1, (PSOCKADDR)&remote, 0, NULL, irp));
    assert_int_equal(status, STATUS_INVALID_PARAMETER);
    wired_close(&wired);
}

/* --- SOCK-028 ---------------------------------------------------------------------------------------- */

struct control {
    CMSGHDR header;
    INT value;
    INT padding;
    CMSGHDR second;
    INT second_value;
};

static struct control control_make(void)
{
    struct control control;

    memset(&control, 0, sizeof(control));
    control.header.cmsg_len = WSA_CMSG_LEN(sizeof(INT));
    control.header.cmsg_level = IPPROTO_IP;
    control.header.cmsg_type = IP_TTL;
    control.value = 5;
    return control;
}

#define ONE ((ULONG)WSA_CMSG_SPACE(sizeof(INT)))

static void expect_malformed(struct wired *wired, const struct control *control, ULONG length)
{
    wsk_kit_expect_report("SOCK-028");
    assert_int_equal(send_flags(wired->client->socket, 0, length, control), STATUS_INVALID_PARAMETER);
}

static void test_sock_028_breach_malformed_objects(void **state)
{
    struct wired wired = wired_open(state, 0);
    struct control control = control_make();

    expect_malformed(&wired, NULL, ONE); /* a length without a pointer */
    wsk_kit_expect_report("SOCK-028");   /* a pointer without a length: nothing goes with the datagram */
    assert_int_equal(send_flags(wired.client->socket, 0, 0, &control), STATUS_SUCCESS);
    expect_malformed(&wired, &control, sizeof(CMSGHDR) - 1);
    control.header.cmsg_len = 0;
    expect_malformed(&wired, &control, ONE);
    control.header.cmsg_len = sizeof(CMSGHDR) - 1;
    expect_malformed(&wired, &control, ONE);
    control.header.cmsg_len = ONE + 1;
    expect_malformed(&wired, &control, ONE);
    control.header.cmsg_len = WSA_CMSG_LEN(1); /* not an INT */
    expect_malformed(&wired, &control, ONE);
    wired_close(&wired);
}

static void test_sock_028_breach_second_object_is_cut(void **state)
{
    struct wired wired = wired_open(state, 0);
    struct control control = control_make();

    control.second = control.header;
    expect_malformed(&wired, &control, ONE + sizeof(CMSGHDR));
    wired_close(&wired);
}

static void test_sock_028_breach_values_that_cannot_be(void **state)
{
    static const INT types[] = { IP_TTL, IP_TTL, IP_TOS, IP_ECN };
    static const INT values[] = { 256, 0, -1, 4 };
    struct wired wired = wired_open(state, 0);

    for (unsigned i = 0; i < 4; i++) {
        struct control control = control_make();

        control.header.cmsg_type = types[i];
        control.value = values[i];
        expect_malformed(&wired, &control, ONE);
    }
    wired_close(&wired);
}

static void test_sock_028_breach_source_address_of_another_family(void **state)
{
    struct wired wired = wired_open(state, 0);
    struct {
        CMSGHDR header;
        IN6_PKTINFO info;
    } control;

    memset(&control, 0, sizeof(control));
    control.header.cmsg_len = WSA_CMSG_LEN(sizeof(IN6_PKTINFO));
    control.header.cmsg_level = IPPROTO_IPV6;
    control.header.cmsg_type = IPV6_PKTINFO;
    control.info.ipi6_addr.u.Byte[15] = 1;
    wsk_kit_expect_report("SOCK-028");
    assert_int_equal(send_flags(wired.client->socket, 0, WSA_CMSG_SPACE(sizeof(IN6_PKTINFO)), &control),
                     STATUS_INVALID_PARAMETER);
    wired_close(&wired);
}

static void test_sock_028_breach_receive_with_half_of_the_arguments(void **state)
{
    struct wired wired = wired_open(state, 0);
    ULONG nothing = 0;
    ULONG room = 64;
    char control[64];

    wsk_kit_expect_report("SOCK-028");
    assert_int_equal(receive_with(wired.client->socket, 0, NULL, control), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-028");
    assert_int_equal(receive_with(wired.client->socket, 0, &nothing, control), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-028");
    assert_int_equal(receive_with(wired.client->socket, 0, &room, NULL), STATUS_INVALID_PARAMETER);
    wired_close(&wired);
}

/* What real drivers pass: an empty object behind another, objects that mean nothing to a sender, no padding after the
 * last one. */
static void test_sock_028_near_miss_well_formed_objects(void **state)
{
    struct wired wired = wired_open(state, 0);
    struct control control = control_make();

    assert_int_equal(send_flags(wired.client->socket, 0, (ULONG)WSA_CMSG_LEN(sizeof(INT)), &control), STATUS_SUCCESS);
    control.second.cmsg_len = WSA_CMSG_LEN(0);
    control.second.cmsg_level = IPPROTO_IP;
    control.second.cmsg_type = IP_OPTIONS;
    assert_int_equal(send_flags(wired.client->socket, 0, ONE + WSA_CMSG_LEN(0), &control), STATUS_SUCCESS);
    control.second.cmsg_len = WSA_CMSG_LEN(sizeof(INT));
    control.second.cmsg_level = IPPROTO_TCP;
    control.second.cmsg_type = 77;
    assert_int_equal(send_flags(wired.client->socket, 0, ONE + (ULONG)WSA_CMSG_LEN(sizeof(INT)), &control),
                     STATUS_SUCCESS);
    wired_close(&wired);
}

/* --- SOCK-029 ---------------------------------------------------------------------------------------- */

static void test_sock_029_breach_no_address_at_all(void **state)
{
    struct wired wired = wired_open(state, 0);

    wsk_kit_expect_report("SOCK-029");
    assert_int_equal(dgram_send_try(wired.client->socket, "x", 1, NULL, NULL), STATUS_INVALID_PARAMETER);
    wired_close(&wired);
}

static void test_sock_029_near_miss_fixed_address(void **state)
{
    struct wired wired = wired_open(state, 0);
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_datagram_port(wired.peer));

    assert_int_equal(dgram_ioctl(wired.client->socket, SIO_WSK_SET_SENDTO_ADDRESS, &remote), STATUS_SUCCESS);
    assert_int_equal(dgram_send_try(wired.client->socket, "x", 1, NULL, NULL), STATUS_SUCCESS);
    wsk_kit_datagram_expect_text(wired.peer, "x");
    wired_close(&wired);
}

/* --- SOCK-061 ---------------------------------------------------------------------------------------- */

static NTSTATUS receive_small(struct wired *wired, PULONG control_length, PULONG control_flags)
{
    char bytes[3];
    WSK_BUF buffer;
    NTSTATUS status;

    buffer_init(&buffer, bytes, sizeof(bytes));
    REQUEST_CALL(
        status, NULL, irp,
        dgram_table(wired->client->socket)
            ->WskReceiveFrom(wired->client->socket, &buffer, 0, NULL, control_length, NULL, control_flags, irp));
    buffer_fini(&buffer);
    return status;
}

static void test_sock_061_breach_cut_without_control_flags(void **state)
{
    struct wired wired = wired_open(state, 0);
    ULONG flags = 0;

    send_text(&wired, "abcdef");
    wsk_kit_expect_report("SOCK-061");
    assert_int_equal(receive_small(&wired, NULL, NULL), STATUS_BUFFER_OVERFLOW);
    /* Without ControlLength the flags do not count, and are not written. */
    send_text(&wired, "abcdef");
    wsk_kit_expect_report("SOCK-061");
    assert_int_equal(receive_small(&wired, NULL, &flags), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(flags, 0);
    wired_close(&wired);
}

static void test_sock_061_near_miss_flags_or_room(void **state)
{
    struct wired wired = wired_open(state, 0);
    ULONG flags = 0;
    ULONG length = 0;

    send_text(&wired, "abcdef");
    assert_int_equal(receive_small(&wired, &length, &flags), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(flags, MSG_TRUNC);
    send_text(&wired, "abc");
    assert_int_equal(receive_small(&wired, NULL, NULL), STATUS_SUCCESS);
    wired_close(&wired);
}

/* --- SOCK-039, SOCK-040, SOCK-041 of datagrams ------------------------------------------------------- */

static void keep_one(struct wired *wired)
{
    wired->client->answer = DGRAM_KEEP;
    socket_events(wired->client->socket, WSK_EVENT_RECEIVE_FROM);
    send_text(wired, "abc");
    dgram_client_wait_seen(wired->client, 1);
    wsk_kit_run_until_idle();
}

static void test_sock_039_breach_close_with_a_kept_datagram(void **state)
{
    struct wired wired = wired_open(state, 0);

    keep_one(&wired);
    wsk_kit_expect_report("SOCK-039");
    wired_close(&wired);
}

static void test_sock_040_breach_release_datagram_twice_or_to_another_socket(void **state)
{
    struct wired wired = wired_open(state, 0);
    struct wired other = wired_open(state, 0);
    PWSK_DATAGRAM_INDICATION kept;

    keep_one(&wired);
    kept = wired.client->kept[0];
    wsk_kit_expect_report("SOCK-040");
    assert_int_equal(dgram_release(other.client->socket, kept), STATUS_INVALID_PARAMETER);
    assert_int_equal(dgram_release(wired.client->socket, kept), STATUS_SUCCESS);
    wsk_kit_expect_report("SOCK-040");
    assert_int_equal(dgram_release(wired.client->socket, kept), STATUS_INVALID_PARAMETER);
    wired_close(&other);
    wired_close(&wired);
}

static void release_inside(struct dgram_client *client, PWSK_DATAGRAM_INDICATION list)
{
    (void)dgram_release(client->socket, list);
}

static void test_sock_041_breach_release_datagram_then_success(void **state)
{
    struct wired wired = wired_open(state, 0);

    wired.client->on_event = release_inside;
    socket_events(wired.client->socket, WSK_EVENT_RECEIVE_FROM);
    wsk_kit_expect_report("SOCK-041");
    send_text(&wired, "abc");
    dgram_client_wait_calls(wired.client, 1);
    wsk_kit_run_until_idle();
    wired_close(&wired);
}

static void test_sock_041_breach_release_of_nothing(void **state)
{
    struct wired wired = wired_open(state, 0);
    WSK_DATAGRAM_INDICATION own;

    memset(&own, 0, sizeof(own));
    wsk_kit_expect_report("SOCK-041");
    assert_int_equal(dgram_release(wired.client->socket, NULL), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("SOCK-041");
    assert_int_equal(dgram_release(wired.client->socket, &own), STATUS_INVALID_PARAMETER);
    wired_close(&wired);
}

/* --- CB-006, CB-013 ---------------------------------------------------------------------------------- */

static void test_cb_006_breach_another_status_of_receive_from_event(void **state)
{
    struct wired wired = wired_open(state, 0);

    wired.client->answer = DGRAM_OTHER;
    socket_events(wired.client->socket, WSK_EVENT_RECEIVE_FROM);
    wsk_kit_expect_report("CB-006");
    send_text(&wired, "abc");
    dgram_client_wait_calls(wired.client, 1);
    wsk_kit_run_until_idle();
    wired_close(&wired);
}

static void refuse_one(struct wired *wired)
{
    wired->client->answer = DGRAM_REFUSE;
    socket_events(wired->client->socket, WSK_EVENT_RECEIVE_FROM);
    send_text(wired, "refused");
    dgram_client_wait_calls(wired->client, 1);
    wsk_kit_run_until_idle();
    wired->client->answer = DGRAM_TAKE;
}

static void test_cb_013_breach_event_is_never_enabled_again(void **state)
{
    struct wired wired = wired_open(state, 0);

    refuse_one(&wired);
    send_text(&wired, "missed");
    wsk_kit_run_until_idle();
    wsk_kit_expect_report("CB-013");
    wired_close(&wired);
}

static void test_cb_013_near_miss_enabled_again_or_nothing_came(void **state)
{
    struct wired wired = wired_open(state, 0);

    refuse_one(&wired);
    send_text(&wired, "seen");
    wsk_kit_run_until_idle();
    socket_events(wired.client->socket, WSK_EVENT_RECEIVE_FROM);
    dgram_client_wait_seen(wired.client, 2);
    wired_close(&wired);

    /* A driver that goes down refuses and closes. */
    wired = wired_open(state, 0);
    refuse_one(&wired);
    wired_close(&wired);
}

#define T(f) wsk_emu_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        T(test_sock_015_breach_receive_from_before_bind),
        T(test_sock_019_breach_flags_of_datagram_functions),
        T(test_sock_028_breach_malformed_objects),
        T(test_sock_028_breach_second_object_is_cut),
        T(test_sock_028_breach_values_that_cannot_be),
        T(test_sock_028_breach_source_address_of_another_family),
        T(test_sock_028_breach_receive_with_half_of_the_arguments),
        T(test_sock_028_near_miss_well_formed_objects),
        T(test_sock_029_breach_no_address_at_all),
        T(test_sock_029_near_miss_fixed_address),
        T(test_sock_061_breach_cut_without_control_flags),
        T(test_sock_061_near_miss_flags_or_room),
        T(test_sock_039_breach_close_with_a_kept_datagram),
        T(test_sock_040_breach_release_datagram_twice_or_to_another_socket),
        T(test_sock_041_breach_release_datagram_then_success),
        T(test_sock_041_breach_release_of_nothing),
        T(test_cb_006_breach_another_status_of_receive_from_event),
        T(test_cb_013_breach_event_is_never_enabled_again),
        T(test_cb_013_near_miss_enabled_again_or_nothing_came),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
