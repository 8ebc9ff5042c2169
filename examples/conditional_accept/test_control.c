/* SPDX-License-Identifier: MIT */
/* Unit tests of Gate's device, as its administrator's program uses it: open, control, close. */
#include <string.h>

#include <wsk_emu/device.h>

#include "gate_fixture.h"

static struct wsk_emu_device *open_device(ACCESS_MASK access)
{
    struct wsk_emu_device *device;

    assert_int_equal(wsk_emu_device_open("\\\\.\\Gate", access, &device), STATUS_SUCCESS);
    return device;
}

static NTSTATUS set_policies(struct wsk_emu_device *device, const GATE_POLICIES *policies)
{
    return wsk_emu_device_control(device, IOCTL_GATE_SET_POLICIES, policies, sizeof(*policies), NULL, 0, NULL);
}

/* quote: status */
/* The status tells what has happened to the clients. */
static void test_gate_status_is_asked_through_the_device(void **state)
{
    USHORT port = load_gate(&open_gate);
    struct wsk_emu_device *device = open_device(GENERIC_READ);
    struct wsk_kit_peer *client = connected_client(port);
    GATE_STATUS status;
    SIZE_T size;

    (void)state;
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_emu_device_control(device, IOCTL_GATE_QUERY_STATUS, NULL, 0, &status, sizeof(status), &size),
                     STATUS_SUCCESS);
    assert_int_equal(size, sizeof(status));
    assert_int_equal(status.Port, port);
    assert_int_equal(status.ConnectionsNow, 1);
    wsk_kit_peer_close(client);
    wsk_emu_device_close(device);
}
/* end of quote */

/* An administrator shuts the gate while it runs, and opens it again. */
static void test_gate_policies_are_set_through_the_device(void **state)
{
    USHORT port = load_gate(&open_gate);
    struct wsk_emu_device *device = open_device(GENERIC_WRITE);
    GATE_POLICIES policies = { .HasAdmission = TRUE, .Admission = { .Default = GateReject } };
    struct wsk_kit_peer *client;

    (void)state;
    assert_int_equal(set_policies(device, &policies), STATUS_SUCCESS);
    client = wsk_kit_connect(WSK_KIT_IPV4, port);
    wsk_kit_peer_expect_rejected(client);
    wsk_kit_peer_close(client);

    policies.Admission.Default = GateAccept;
    assert_int_equal(set_policies(device, &policies), STATUS_SUCCESS);
    wsk_kit_peer_close(connected_client(port));
    wsk_emu_device_close(device);
}

/* Whoever may only look cannot set rules: the code's access bits say so, and the driver is not even asked. */
static void test_gate_reader_may_not_set_policies(void **state)
{
    const GATE_POLICIES policies = { .HasAdmission = FALSE };
    struct wsk_emu_device *device;

    (void)state;
    load_gate(&open_gate);
    device = open_device(GENERIC_READ);
    assert_int_equal(set_policies(device, &policies), STATUS_ACCESS_DENIED);
    wsk_emu_device_close(device);
}

/* What an application gets wrong is refused, and changes nothing. */
static void test_gate_wrong_requests_are_refused(void **state)
{
    USHORT port = load_gate(&open_gate);
    struct wsk_emu_device *device = open_device(GENERIC_READ | GENERIC_WRITE);
    GATE_POLICIES policies = { .HasAdmission = TRUE, .Admission = { .Default = GateReject, .RuleCount = 9 } };
    GATE_STATUS status;

    (void)state;
    assert_int_equal(
        wsk_emu_device_control(device, IOCTL_GATE_QUERY_STATUS, NULL, 0, &status, sizeof(status) - 1, NULL),
        STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(wsk_emu_device_control(device, IOCTL_GATE_SET_POLICIES, &policies, 1, NULL, 0, NULL),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(set_policies(device, &policies), STATUS_INVALID_PARAMETER); /* more rules than there are */
    policies.Admission.RuleCount = 1;
    assert_int_equal(set_policies(device, &policies), STATUS_INVALID_PARAMETER); /* a rule without a family */
    policies.Admission.Rules[0].Family = AF_INET;
    policies.Admission.Rules[0].PrefixLength = 33;
    assert_int_equal(set_policies(device, &policies), STATUS_INVALID_PARAMETER);
    assert_int_equal(wsk_emu_device_control(device,
                                            CTL_CODE(FILE_DEVICE_NETWORK, 0x802, METHOD_BUFFERED, FILE_ANY_ACCESS),
                                            NULL, 0, NULL, 0, NULL),
                     STATUS_INVALID_DEVICE_REQUEST);
    wsk_kit_peer_close(connected_client(port));
    wsk_emu_device_close(device);
}

/* A driver whose device is open is not unloaded; it goes as soon as the administrator does. */
static void test_gate_stays_until_the_device_is_closed(void **state)
{
    struct wsk_emu_device *device;

    (void)state;
    load_gate(&open_gate);
    device = open_device(GENERIC_READ);
    unload_gate();
    assert_true(gate_status().IsRunning);

    wsk_emu_device_close(device);
    assert_false(gate_status().IsRunning);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_gate_status_is_asked_through_the_device), TEST(test_gate_policies_are_set_through_the_device),
        TEST(test_gate_reader_may_not_set_policies),        TEST(test_gate_wrong_requests_are_refused),
        TEST(test_gate_stays_until_the_device_is_closed),
    };

    return cmocka_run_group_tests_name("gate control", tests, NULL, NULL);
}
