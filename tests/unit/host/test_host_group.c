/* SPDX-License-Identifier: MIT */
/* Tests of host_group: what may follow what, and who is heard, without a network. */
#include "host/host_group.h"

#include "support/unit.h"

#include <stdbool.h>
#include <string.h>

#include "host/host_mem.h"

#define INTERFACE 3u
#define OTHER_INTERFACE 4u

static struct we_base_addr v4(unsigned a, unsigned b)
{
    struct we_base_addr addr = we_base_addr_any(WE_FAMILY_IPV4, 0);

    addr.bytes[0] = (uint8_t)a;
    addr.bytes[3] = (uint8_t)b;
    return addr;
}

/* What a network was told, and what it says. */
struct network {
    unsigned count;
    struct we_host_group_order last;
    enum we_err answer;
};

static enum we_err tell(void *context, const struct we_host_group_order *order)
{
    struct network *network = context;

    network->count++;
    network->last = *order;
    return network->answer;
}

static struct we_host_group_order order_of(enum we_host_group_change change, unsigned group, unsigned source,
                                           uint32_t interface_index)
{
    struct we_host_group_order order = { .change = change,
                                         .interface_index = interface_index,
                                         .group = v4(239, group) };

    if (change != WE_GROUP_JOIN && change != WE_GROUP_LEAVE) {
        order.source = v4(10, source);
    }
    return order;
}

static enum we_err change_on(struct we_host_groups *groups, enum we_host_group_change change, unsigned group,
                             unsigned source, uint32_t interface_index)
{
    struct we_host_group_order order = order_of(change, group, source, interface_index);

    return we_host_groups_change(groups, &order, NULL, NULL);
}

static enum we_err change(struct we_host_groups *groups, enum we_host_group_change kind, unsigned source)
{
    return change_on(groups, kind, 1, source, INTERFACE);
}

static bool hears(const struct we_host_groups *groups, unsigned group, unsigned source)
{
    struct we_base_addr to = v4(239, group);
    struct we_base_addr from = v4(10, source);

    return we_host_groups_hear(groups, &to, &from);
}

/* --- what may follow what --------------------------------------------------------------- */

/* The ways to come to each kind of membership; in those that name senders, it is sender 1. */
enum beginning { NOTHING, JOINED, BLOCKED, UNBLOCKED, JOINED_SOURCE, LEFT, LEFT_SOURCE, BEGINNING_COUNT };

static void begin(struct we_host_groups *groups, enum beginning beginning)
{
    memset(groups, 0, sizeof(*groups));
    if (beginning == NOTHING) {
        return;
    }
    if (beginning == JOINED_SOURCE || beginning == LEFT_SOURCE) {
        assert_int_equal(change(groups, WE_GROUP_JOIN_SOURCE, 1), WE_OK);
    } else {
        assert_int_equal(change(groups, WE_GROUP_JOIN, 0), WE_OK);
    }
    if (beginning == BLOCKED || beginning == UNBLOCKED) {
        assert_int_equal(change(groups, WE_GROUP_BLOCK, 1), WE_OK);
    }
    if (beginning == UNBLOCKED) {
        assert_int_equal(change(groups, WE_GROUP_UNBLOCK, 1), WE_OK);
    } else if (beginning == LEFT) {
        assert_int_equal(change(groups, WE_GROUP_LEAVE, 0), WE_OK);
    } else if (beginning == LEFT_SOURCE) {
        assert_int_equal(change(groups, WE_GROUP_LEAVE_SOURCE, 1), WE_OK);
    }
}

#define OK WE_OK
#define GONE WE_ERR_INVALID
#define TWICE WE_ERR_ADDRESS

/* Of sender 1, who may be named, and of sender 2, who is not. */
static const enum we_err s_expected[BEGINNING_COUNT][WE_GROUP_LEAVE_SOURCE + 1][2] = {
    /*                  join              leave             block             unblock           join source       leave source */
    [NOTHING] = { { OK, OK }, { GONE, GONE }, { GONE, GONE }, { GONE, GONE }, { OK, OK }, { GONE, GONE } },
    [JOINED] = { { TWICE, TWICE }, { OK, OK }, { OK, OK }, { GONE, GONE }, { TWICE, TWICE }, { GONE, GONE } },
    [BLOCKED] = { { GONE, GONE }, { OK, OK }, { TWICE, OK }, { OK, TWICE }, { GONE, GONE }, { GONE, GONE } },
    [UNBLOCKED] = { { GONE, GONE }, { OK, OK }, { OK, OK }, { TWICE, TWICE }, { GONE, GONE }, { GONE, GONE } },
    [JOINED_SOURCE] = { { TWICE, TWICE }, { OK, OK }, { GONE, GONE }, { GONE, GONE }, { TWICE, OK }, { OK, TWICE } },
    [LEFT] = { { OK, OK }, { GONE, GONE }, { GONE, GONE }, { GONE, GONE }, { OK, OK }, { GONE, GONE } },
    [LEFT_SOURCE] = { { OK, OK }, { GONE, GONE }, { GONE, GONE }, { GONE, GONE }, { OK, OK }, { GONE, GONE } },
};

static void test_changes_after_each_beginning_are_as_documented(void **state)
{
    size_t live_count = we_host_mem_live_count();

    (void)state;
    for (unsigned beginning = NOTHING; beginning < BEGINNING_COUNT; beginning++) {
        for (unsigned kind = WE_GROUP_JOIN; kind <= WE_GROUP_LEAVE_SOURCE; kind++) {
            for (unsigned source = 1; source <= 2; source++) {
                struct we_host_groups groups;

                begin(&groups, (enum beginning)beginning);
                assert_int_equal(change(&groups, (enum we_host_group_change)kind, source),
                                 s_expected[beginning][kind][source - 1]);
                we_host_groups_free(&groups);
                assert_int_equal(we_host_mem_live_count(), live_count);
            }
        }
    }
}

static void test_senders_are_heard_as_the_membership_says(void **state)
{
    static const bool expected[BEGINNING_COUNT][2] = {
        [JOINED] = { true, true },
        [BLOCKED] = { false, true },
        [UNBLOCKED] = { true, true },
        [JOINED_SOURCE] = { true, false },
    };

    (void)state;
    for (unsigned beginning = NOTHING; beginning < BEGINNING_COUNT; beginning++) {
        struct we_host_groups groups;

        begin(&groups, (enum beginning)beginning);
        assert_int_equal(hears(&groups, 1, 1), expected[beginning][0]);
        assert_int_equal(hears(&groups, 1, 2), expected[beginning][1]);
        assert_false(hears(&groups, 2, 1));
        we_host_groups_free(&groups);
    }
}

/* --- interfaces --------------------------------------------------------------------------- */

static void test_interfaces_have_memberships_of_their_own(void **state)
{
    struct we_host_groups groups = { NULL };

    (void)state;
    assert_int_equal(change_on(&groups, WE_GROUP_JOIN_SOURCE, 1, 1, INTERFACE), WE_OK);
    assert_int_equal(change_on(&groups, WE_GROUP_JOIN_SOURCE, 1, 2, OTHER_INTERFACE), WE_OK);
    assert_true(hears(&groups, 1, 1));
    assert_true(hears(&groups, 1, 2));
    assert_int_equal(change_on(&groups, WE_GROUP_LEAVE_SOURCE, 1, 1, OTHER_INTERFACE), WE_ERR_ADDRESS);
    assert_int_equal(change_on(&groups, WE_GROUP_LEAVE, 1, 0, INTERFACE), WE_OK);
    assert_false(hears(&groups, 1, 1));
    assert_true(hears(&groups, 1, 2));
    we_host_groups_free(&groups);
}

/* The network is told the interface that it was told first. */
static void test_interface_of_the_routes_is_any_for_whoever_is_a_member(void **state)
{
    struct we_host_group_order leave = order_of(WE_GROUP_LEAVE, 1, 0, 0);
    struct network network = { .answer = WE_OK };
    struct we_host_groups groups = { NULL };

    (void)state;
    assert_int_equal(change_on(&groups, WE_GROUP_JOIN, 1, 0, INTERFACE), WE_OK);
    assert_int_equal(we_host_groups_change(&groups, &leave, tell, &network), WE_OK);
    assert_int_equal(network.last.interface_index, INTERFACE);
    assert_int_equal(change_on(&groups, WE_GROUP_JOIN, 1, 0, 0), WE_OK);
    leave.interface_index = INTERFACE;
    assert_int_equal(we_host_groups_change(&groups, &leave, tell, &network), WE_OK);
    assert_int_equal(network.last.interface_index, 0);
    /* Where one was named each time, it has to be the right one. */
    assert_int_equal(change_on(&groups, WE_GROUP_JOIN, 1, 0, INTERFACE), WE_OK);
    assert_int_equal(change_on(&groups, WE_GROUP_LEAVE, 1, 0, OTHER_INTERFACE), WE_ERR_INVALID);
    we_host_groups_free(&groups);
}

/* --- refusals ------------------------------------------------------------------------------ */

static void test_network_is_told_of_what_passed_and_its_refusal_changes_nothing(void **state)
{
    size_t live_count = we_host_mem_live_count();
    struct we_host_group_order join = order_of(WE_GROUP_JOIN_SOURCE, 1, 1, INTERFACE);
    struct network network = { .answer = WE_ERR_ACCESS };
    struct we_host_groups groups = { NULL };

    (void)state;
    assert_int_equal(we_host_groups_change(&groups, &join, tell, &network), WE_ERR_ACCESS);
    assert_int_equal(network.count, 1);
    assert_false(hears(&groups, 1, 1));
    assert_int_equal(we_host_mem_live_count(), live_count);
    network.answer = WE_OK;
    assert_int_equal(we_host_groups_change(&groups, &join, tell, &network), WE_OK);
    assert_int_equal(we_host_groups_change(&groups, &join, tell, &network), WE_ERR_ADDRESS);
    assert_int_equal(network.count, 2);
    assert_int_equal(network.last.change, WE_GROUP_JOIN_SOURCE);
    assert_true(we_base_addr_same_host(&network.last.source, &join.source));
    network.answer = WE_ERR_ACCESS;
    join.change = WE_GROUP_LEAVE_SOURCE;
    assert_int_equal(we_host_groups_change(&groups, &join, tell, &network), WE_ERR_ACCESS);
    assert_true(hears(&groups, 1, 1));
    we_host_groups_free(&groups);
    assert_int_equal(we_host_mem_live_count(), live_count);
}

static void test_addresses_that_cannot_be_are_refused(void **state)
{
    struct we_host_group_order order = order_of(WE_GROUP_JOIN_SOURCE, 1, 1, INTERFACE);
    struct we_host_groups groups = { NULL };

    (void)state;
    order.source = we_base_addr_loopback(WE_FAMILY_IPV6, 0);
    assert_int_equal(we_host_groups_change(&groups, &order, NULL, NULL), WE_ERR_INVALID);
    order.source = we_base_addr_any(WE_FAMILY_IPV4, 0);
    assert_int_equal(we_host_groups_change(&groups, &order, NULL, NULL), WE_ERR_ADDRESS);
    order.source = order.group;
    assert_int_equal(we_host_groups_change(&groups, &order, NULL, NULL), WE_ERR_ADDRESS);
    order = order_of(WE_GROUP_JOIN, 1, 0, INTERFACE);
    order.group = v4(10, 1);
    assert_int_equal(we_host_groups_change(&groups, &order, NULL, NULL), WE_ERR_ADDRESS);
    assert_null(groups.first);
}

static void test_memory_short_for_a_change_changes_nothing(void **state)
{
    size_t live_count = we_host_mem_live_count();
    struct we_host_groups groups = { NULL };

    (void)state;
    for (unsigned long i = 1; i <= 2; i++) { /* the sender, the membership */
        (void)we_host_mem_fail(i);
        assert_int_equal(change(&groups, WE_GROUP_JOIN_SOURCE, 1), WE_ERR_NO_MEMORY);
        assert_null(groups.first);
        assert_int_equal(we_host_mem_live_count(), live_count);
    }
    assert_true(we_host_mem_fail(0));
    assert_int_equal(change(&groups, WE_GROUP_JOIN, 0), WE_OK);
    (void)we_host_mem_fail(1);
    assert_int_equal(change(&groups, WE_GROUP_BLOCK, 1), WE_ERR_NO_MEMORY);
    (void)we_host_mem_fail(0);
    assert_true(hears(&groups, 1, 1));
    assert_int_equal(change(&groups, WE_GROUP_UNBLOCK, 1), WE_ERR_INVALID); /* it is none that has ever blocked */
    we_host_groups_free(&groups);
    assert_int_equal(we_host_mem_live_count(), live_count);
}

static void test_memberships_and_senders_are_bounded(void **state)
{
    struct we_host_groups groups = { NULL };

    (void)state;
    for (unsigned group = 1; group <= WE_HOST_GROUP_COUNT_MAX; group++) {
        assert_int_equal(change_on(&groups, WE_GROUP_JOIN, group, 0, INTERFACE), WE_OK);
    }
    assert_int_equal(change_on(&groups, WE_GROUP_JOIN, 99, 0, INTERFACE), WE_ERR_NO_MEMORY);
    assert_int_equal(change_on(&groups, WE_GROUP_JOIN_SOURCE, 99, 1, INTERFACE), WE_ERR_NO_MEMORY);
    for (unsigned source = 1; source <= WE_HOST_GROUP_SOURCE_COUNT_MAX; source++) {
        assert_int_equal(change(&groups, WE_GROUP_BLOCK, source), WE_OK);
    }
    assert_int_equal(change(&groups, WE_GROUP_BLOCK, 99), WE_ERR_NO_MEMORY);
    assert_int_equal(change(&groups, WE_GROUP_UNBLOCK, 7), WE_OK);
    assert_int_equal(change(&groups, WE_GROUP_BLOCK, 99), WE_OK);
    assert_true(hears(&groups, 1, 7));
    assert_false(hears(&groups, 1, 99));
    we_host_groups_free(&groups);
}

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test(test_changes_after_each_beginning_are_as_documented),
    cmocka_unit_test(test_senders_are_heard_as_the_membership_says),
    cmocka_unit_test(test_interfaces_have_memberships_of_their_own),
    cmocka_unit_test(test_interface_of_the_routes_is_any_for_whoever_is_a_member),
    cmocka_unit_test(test_network_is_told_of_what_passed_and_its_refusal_changes_nothing),
    cmocka_unit_test(test_addresses_that_cannot_be_are_refused),
    cmocka_unit_test(test_memory_short_for_a_change_changes_nothing),
    cmocka_unit_test(test_memberships_and_senders_are_bounded),
};

UNIT_MAIN(s_tests)
