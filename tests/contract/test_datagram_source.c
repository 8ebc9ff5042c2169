/* SPDX-License-Identifier: MIT */
/* Multicast groups by their senders: who is heard, and what may follow what. */
#include "support/group_scene.h"

#include <string.h>

#include <mstcpip.h>

/* Each test runs in each form; the body sees scene. */
#define FOR_EACH_SCENE(scene, state)                                                     \
    for (unsigned form_ = 0; form_ < GROUP_FORM_COUNT; form_++)                          \
        for (struct group_scene room_, *scene = &room_;                                  \
             scene != NULL && group_scene_open(scene, *(state), (enum group_form)form_); \
             group_scene_close(scene), (scene) = NULL)

/* --- who is heard ----------------------------------------------------------------------------------- */

static void test_source_joined_alone_is_the_only_one_heard(void **state)
{
    FOR_EACH_SCENE(scene, state)
    {
        group_expect_unheard(scene);
        group_expect(scene, GROUP_JOIN_SOURCE, &scene->stranger, STATUS_SUCCESS);
        group_expect_unheard(scene);
        group_expect(scene, GROUP_JOIN_SOURCE, &scene->source, STATUS_SUCCESS);
        group_expect_heard(scene);
        group_expect(scene, GROUP_LEAVE_SOURCE, &scene->source, STATUS_SUCCESS);
        group_expect_unheard(scene);
        group_expect(scene, GROUP_JOIN_SOURCE, &scene->source, STATUS_SUCCESS);
        group_expect(scene, GROUP_LEAVE_SOURCE, &scene->stranger, STATUS_SUCCESS);
        group_expect_heard(scene);
    }
}

static void test_source_blocked_is_unheard_until_it_is_unblocked(void **state)
{
    FOR_EACH_SCENE(scene, state)
    {
        group_expect(scene, GROUP_JOIN, NULL, STATUS_SUCCESS);
        group_expect_heard(scene);
        group_expect(scene, GROUP_BLOCK, &scene->stranger, STATUS_SUCCESS);
        group_expect_heard(scene);
        group_expect(scene, GROUP_BLOCK, &scene->source, STATUS_SUCCESS);
        group_expect_unheard(scene);
        group_expect(scene, GROUP_UNBLOCK, &scene->stranger, STATUS_SUCCESS);
        group_expect_unheard(scene);
        group_expect(scene, GROUP_UNBLOCK, &scene->source, STATUS_SUCCESS);
        group_expect_heard(scene);
    }
}

/* NULL: the machine has one loopback address only. */
static PWSK_SOCKET stranger_open(const struct group_scene *scene, struct wsk_fixture *fixture)
{
    PWSK_SOCKET socket = dgram_open(fixture, scene->family, NULL, NULL);
    SOCKADDR_STORAGE address = scene->stranger;

    INETADDR_SET_PORT((SOCKADDR *)&address, 0);
    if (NT_SUCCESS(socket_bind_try(socket, &address))) {
        return socket;
    }
    assert_false(fixture->way->is_virtual);
    socket_close(socket);
    return NULL;
}

/* The stranger sends, then the sender: what the client hears is the sender alone. */
static void expect_sender_only(struct group_scene *scene, PWSK_SOCKET stranger)
{
    group_send(scene, stranger, scene->client->port, "to others");
    group_expect_heard(scene);
}

static void test_source_filter_tells_two_senders_apart(void **state)
{
    FOR_EACH_SCENE(scene, state)
    {
        PWSK_SOCKET stranger = stranger_open(scene, *state);

        if (stranger == NULL) {
            continue;
        }
        group_expect(scene, GROUP_JOIN_SOURCE, &scene->source, STATUS_SUCCESS);
        expect_sender_only(scene, stranger);
        group_expect(scene, GROUP_LEAVE, NULL, STATUS_SUCCESS);
        group_expect(scene, GROUP_JOIN, NULL, STATUS_SUCCESS);
        group_send(scene, stranger, scene->client->port, "from the stranger");
        dgram_client_expect(scene->client, scene->seen_count++, "from the stranger");
        group_expect(scene, GROUP_BLOCK, &scene->stranger, STATUS_SUCCESS);
        expect_sender_only(scene, stranger);
        socket_close(stranger);
    }
}

/* On Linux a socket that is in no group at all heard whatever others on the machine had joined: the kernel's default. */
static void test_group_is_unheard_by_whoever_has_not_joined(void **state)
{
    FOR_EACH_SCENE(scene, state)
    {
        struct group_scene other = *scene;
        SOCKADDR_STORAGE any = address_any(scene->family, scene->client->port);
        PWSK_SOCKET socket = dgram_open(*state, scene->family, NULL, NULL);

        other.group = group_address_beside(&scene->group, 1);
        socket_close(scene->client->socket);
        scene->client->socket = dgram_open(*state, scene->family, scene->client, &dgram_client_dispatch);
        assert_int_equal(socket_set_ulong(scene->client->socket, SOL_SOCKET, SO_REUSEADDR, 1), STATUS_SUCCESS);
        assert_int_equal(socket_set_ulong(socket, SOL_SOCKET, SO_REUSEADDR, 1), STATUS_SUCCESS);
        assert_int_equal(socket_bind_try(scene->client->socket, &any), STATUS_SUCCESS);
        assert_int_equal(socket_bind_try(socket, &any), STATUS_SUCCESS);
        socket_events(scene->client->socket, WSK_EVENT_RECEIVE_FROM);
        group_expect(scene, GROUP_JOIN, NULL, STATUS_SUCCESS);
        assert_int_equal(group_order(&other, socket, GROUP_JOIN_SOURCE, &scene->source), STATUS_SUCCESS);
        group_expect_heard(scene);
        group_send(&other, scene->sender, scene->client->port, "to the other");
        dgram_receive_expect(dgram_receive_post(socket, 16, 0), STATUS_SUCCESS, "to the other");
        group_expect_heard(scene);
        socket_close(socket);
    }
}

/* A socket of both protocols enters groups of IPv4 with IPv4's options. */
static void test_source_of_ipv4_is_joined_by_a_dual_stack_socket(void **state)
{
    struct group_scene scene;
    SOCKADDR_STORAGE any = address_any(AF_INET6, 0);

    assert_true(group_scene_open(&scene, *state, GROUP_BY_MREQ));
    socket_close(scene.client->socket);
    scene.client->socket = dgram_open(*state, AF_INET6, scene.client, &dgram_client_dispatch);
    assert_int_equal(socket_set_ulong(scene.client->socket, IPPROTO_IPV6, IPV6_V6ONLY, 0), STATUS_SUCCESS);
    assert_int_equal(socket_bind_try(scene.client->socket, &any), STATUS_SUCCESS);
    scene.client->port = dgram_port(scene.client->socket);
    socket_events(scene.client->socket, WSK_EVENT_RECEIVE_FROM);
    group_expect(&scene, GROUP_JOIN_SOURCE, &scene.stranger, STATUS_SUCCESS);
    group_expect_unheard(&scene);
    group_expect(&scene, GROUP_JOIN_SOURCE, &scene.source, STATUS_SUCCESS);
    group_expect_heard(&scene);
    group_scene_close(&scene);
}

/* --- what may follow what --------------------------------------------------------------------------- */

static void test_source_changes_without_a_membership_fail(void **state)
{
    FOR_EACH_SCENE(scene, state)
    {
        group_expect(scene, GROUP_LEAVE, NULL, STATUS_INVALID_PARAMETER);
        group_expect(scene, GROUP_BLOCK, &scene->source, STATUS_INVALID_PARAMETER);
        group_expect(scene, GROUP_UNBLOCK, &scene->source, STATUS_INVALID_PARAMETER);
        group_expect(scene, GROUP_LEAVE_SOURCE, &scene->source, STATUS_INVALID_PARAMETER);
        group_expect_unheard(scene);
    }
}

static void test_source_changes_of_a_membership_for_all_senders(void **state)
{
    FOR_EACH_SCENE(scene, state)
    {
        group_expect(scene, GROUP_JOIN, NULL, STATUS_SUCCESS);
        group_expect(scene, GROUP_JOIN, NULL, STATUS_INVALID_ADDRESS_COMPONENT);
        group_expect(scene, GROUP_JOIN_SOURCE, &scene->stranger, STATUS_INVALID_ADDRESS_COMPONENT);
        group_expect(scene, GROUP_LEAVE_SOURCE, &scene->source, STATUS_INVALID_PARAMETER);
        group_expect(scene, GROUP_UNBLOCK, &scene->source, STATUS_INVALID_PARAMETER);
        group_expect_heard(scene); /* none of this has made it one for single senders */
        group_expect(scene, GROUP_BLOCK, &scene->stranger, STATUS_SUCCESS);
        group_expect(scene, GROUP_BLOCK, &scene->stranger, STATUS_INVALID_ADDRESS_COMPONENT);
        group_expect(scene, GROUP_UNBLOCK, &scene->source, STATUS_INVALID_ADDRESS_COMPONENT);
        group_expect(scene, GROUP_JOIN, NULL, STATUS_INVALID_PARAMETER);
        group_expect(scene, GROUP_JOIN_SOURCE, &scene->source, STATUS_INVALID_PARAMETER);
        group_expect(scene, GROUP_LEAVE_SOURCE, &scene->stranger, STATUS_INVALID_PARAMETER);
        group_expect(scene, GROUP_UNBLOCK, &scene->stranger, STATUS_SUCCESS);
        group_expect(scene, GROUP_UNBLOCK, &scene->stranger, STATUS_INVALID_ADDRESS_COMPONENT);
        group_expect_heard(scene);
    }
}

static void test_source_changes_of_a_membership_for_single_senders(void **state)
{
    FOR_EACH_SCENE(scene, state)
    {
        group_expect(scene, GROUP_JOIN_SOURCE, &scene->source, STATUS_SUCCESS);
        group_expect(scene, GROUP_JOIN_SOURCE, &scene->source, STATUS_INVALID_ADDRESS_COMPONENT);
        group_expect(scene, GROUP_JOIN, NULL, STATUS_INVALID_ADDRESS_COMPONENT);
        group_expect(scene, GROUP_BLOCK, &scene->source, STATUS_INVALID_PARAMETER);
        group_expect(scene, GROUP_UNBLOCK, &scene->source, STATUS_INVALID_PARAMETER);
        group_expect(scene, GROUP_LEAVE_SOURCE, &scene->stranger, STATUS_INVALID_ADDRESS_COMPONENT);
        group_expect_heard(scene);
    }
}

static void test_source_left_last_ends_the_membership(void **state)
{
    FOR_EACH_SCENE(scene, state)
    {
        group_expect(scene, GROUP_JOIN_SOURCE, &scene->source, STATUS_SUCCESS);
        group_expect(scene, GROUP_LEAVE_SOURCE, &scene->source, STATUS_SUCCESS);
        group_expect(scene, GROUP_LEAVE_SOURCE, &scene->source, STATUS_INVALID_PARAMETER);
        group_expect(scene, GROUP_LEAVE, NULL, STATUS_INVALID_PARAMETER);
        group_expect(scene, GROUP_JOIN, NULL, STATUS_SUCCESS);
        group_expect_heard(scene);
    }
}

static void test_source_memberships_are_left_as_a_whole(void **state)
{
    FOR_EACH_SCENE(scene, state)
    {
        group_expect(scene, GROUP_JOIN_SOURCE, &scene->source, STATUS_SUCCESS);
        group_expect(scene, GROUP_JOIN_SOURCE, &scene->stranger, STATUS_SUCCESS);
        group_expect(scene, GROUP_LEAVE, NULL, STATUS_SUCCESS);
        group_expect_unheard(scene);
        group_expect(scene, GROUP_JOIN, NULL, STATUS_SUCCESS);
        group_expect(scene, GROUP_BLOCK, &scene->source, STATUS_SUCCESS);
        group_expect(scene, GROUP_LEAVE, NULL, STATUS_SUCCESS);
        group_expect(scene, GROUP_JOIN, NULL, STATUS_SUCCESS);
        group_expect_heard(scene); /* who was blocked is so no more */
    }
}

static void test_source_membership_entered_by_one_option_is_left_by_another(void **state)
{
    struct group_scene scene;

    assert_true(group_scene_open(&scene, *state, GROUP_BY_MREQ));
    group_expect(&scene, GROUP_JOIN_SOURCE, &scene.source, STATUS_SUCCESS);
    scene.form = GROUP_BY_REQ;
    group_expect(&scene, GROUP_JOIN_SOURCE, &scene.source, STATUS_INVALID_ADDRESS_COMPONENT);
    group_expect(&scene, GROUP_LEAVE_SOURCE, &scene.source, STATUS_SUCCESS);
    group_expect_unheard(&scene);
    group_scene_close(&scene);
}

/* --- wrong arguments -------------------------------------------------------------------------------- */

static void test_source_addresses_that_are_nobodys_fail(void **state)
{
    FOR_EACH_SCENE(scene, state)
    {
        SOCKADDR_STORAGE any = address_any(scene->family, 0);
        SOCKADDR_STORAGE group = scene->group;

        group_expect(scene, GROUP_JOIN_SOURCE, &any, STATUS_INVALID_ADDRESS_COMPONENT);
        group_expect(scene, GROUP_JOIN_SOURCE, &group, STATUS_INVALID_ADDRESS_COMPONENT);
        scene->group = scene->source; /* no group */
        group_expect(scene, GROUP_JOIN_SOURCE, &scene->source, STATUS_INVALID_ADDRESS_COMPONENT);
        group_expect(scene, GROUP_BLOCK, &scene->source, STATUS_INVALID_ADDRESS_COMPONENT);
        scene->group = group;
        group_expect_unheard(scene);
    }
}

static void test_source_of_another_family_fails(void **state)
{
    FOR_EACH_SCENE(scene, state)
    {
        SOCKADDR_STORAGE own = scene->group;
        SOCKADDR_STORAGE other = address_loopback(scene->family == AF_INET6 ? AF_INET : AF_INET6, 0);

        if (scene->form == GROUP_BY_MREQ) {
            continue; /* its addresses have no family */
        }
        group_expect(scene, GROUP_JOIN_SOURCE, &other, STATUS_INVALID_PARAMETER);
        scene->group = other;
        group_expect(scene, GROUP_JOIN_SOURCE, &scene->source, STATUS_INVALID_PARAMETER);
        scene->group = own;
        if (scene->family == AF_INET6) { /* IPv4 in IPv6's clothes is IPv4 */
            SOCKADDR_STORAGE mapped = address_any(AF_INET6, 0);

            memset(&((SOCKADDR_IN6 *)&mapped)->sin6_addr.u.Byte[10], 0xff, 2);
            ((SOCKADDR_IN6 *)&mapped)->sin6_addr.u.Byte[12] = 127;
            group_expect(scene, GROUP_JOIN_SOURCE, &mapped, STATUS_INVALID_PARAMETER);
        }
        group_expect(scene, GROUP_LEAVE, NULL, STATUS_INVALID_PARAMETER); /* nothing was entered */
    }
}

static void test_source_options_before_bind_fail(void **state)
{
    FOR_EACH_SCENE(scene, state)
    {
        PWSK_SOCKET unbound = dgram_open(*state, scene->family, NULL, NULL);

        for (unsigned change = GROUP_BLOCK; change < GROUP_CHANGE_COUNT; change++) {
            wsk_kit_expect_report("SOCK-030");
            assert_int_equal(group_order(scene, unbound, (enum group_change)change, &scene->source),
                             STATUS_INVALID_DEVICE_STATE);
        }
        socket_close(unbound);
    }
}

static void test_source_on_an_interface_that_is_not_there_fails(void **state)
{
    FOR_EACH_SCENE(scene, state)
    {
        ULONG interface_index = scene->interface_index;

        scene->interface_index = 250;
        group_expect(scene, GROUP_JOIN_SOURCE, &scene->source, STATUS_INVALID_ADDRESS_COMPONENT);
        scene->interface_index = interface_index;
        group_expect(scene, GROUP_LEAVE_SOURCE, &scene->source, STATUS_INVALID_PARAMETER);
    }
}

/* --- bounds ----------------------------------------------------------------------------------------- */

#define SOURCES_MAX 64u
#define GROUPS_MAX 20u

/* How many senders a system takes is its own matter. */
static void test_source_list_is_bounded_and_goes_on_after_that(void **state)
{
    const struct wsk_fixture *fixture = *state;

    FOR_EACH_SCENE(scene, state)
    {
        NTSTATUS status = STATUS_SUCCESS;
        unsigned count = 0;

        group_expect(scene, GROUP_JOIN, NULL, STATUS_SUCCESS);
        while (NT_SUCCESS(status) && count < 2 * SOURCES_MAX) {
            SOCKADDR_STORAGE source = group_address_beside(&scene->source, (UCHAR)(count + 2));

            status = group_order(scene, scene->client->socket, GROUP_BLOCK, &source);
            count += NT_SUCCESS(status) ? 1 : 0;
        }
        assert_int_equal(status, STATUS_INSUFFICIENT_RESOURCES);
        assert_true(fixture->way->is_virtual ? count == SOURCES_MAX : count > 0 && count <= SOURCES_MAX);
        group_expect_heard(scene);
        group_expect(scene, GROUP_UNBLOCK, &scene->stranger, STATUS_SUCCESS); /* it was one of them */
        group_expect(scene, GROUP_BLOCK, &scene->source, STATUS_SUCCESS);
        group_expect_unheard(scene);
    }
}

static void test_source_memberships_are_bounded(void **state)
{
    FOR_EACH_SCENE(scene, state)
    {
        SOCKADDR_STORAGE first = scene->group;

        for (unsigned i = 1; i <= GROUPS_MAX; i++) {
            scene->group = group_address_beside(&first, (UCHAR)i);
            group_expect(scene, GROUP_JOIN_SOURCE, &scene->source, STATUS_SUCCESS);
        }
        scene->group = first;
        group_expect(scene, GROUP_JOIN_SOURCE, &scene->source, STATUS_INSUFFICIENT_RESOURCES);
        group_expect(scene, GROUP_JOIN, NULL, STATUS_INSUFFICIENT_RESOURCES);
        scene->group = group_address_beside(&first, 1);
        group_expect(scene, GROUP_LEAVE_SOURCE, &scene->source, STATUS_SUCCESS);
        scene->group = first;
        group_expect(scene, GROUP_JOIN_SOURCE, &scene->source, STATUS_SUCCESS);
        group_expect_heard(scene);
    }
}

#define TESTS(X)                                                       \
    X(test_source_joined_alone_is_the_only_one_heard)                  \
    X(test_source_blocked_is_unheard_until_it_is_unblocked)            \
    X(test_source_filter_tells_two_senders_apart)                      \
    X(test_group_is_unheard_by_whoever_has_not_joined)                 \
    X(test_source_of_ipv4_is_joined_by_a_dual_stack_socket)            \
    X(test_source_changes_without_a_membership_fail)                   \
    X(test_source_changes_of_a_membership_for_all_senders)             \
    X(test_source_changes_of_a_membership_for_single_senders)          \
    X(test_source_left_last_ends_the_membership)                       \
    X(test_source_memberships_are_left_as_a_whole)                     \
    X(test_source_membership_entered_by_one_option_is_left_by_another) \
    X(test_source_addresses_that_are_nobodys_fail)                     \
    X(test_source_of_another_family_fails)                             \
    X(test_source_options_before_bind_fail)                            \
    X(test_source_on_an_interface_that_is_not_there_fails)             \
    X(test_source_list_is_bounded_and_goes_on_after_that)              \
    X(test_source_memberships_are_bounded)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
