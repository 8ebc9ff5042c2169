/* SPDX-License-Identifier: MIT */
/* Tests of the sockets network when the process runs out of descriptors: nothing is lost, nothing spins. */
#include "host/host_net.h"

#include "net_fixture.h"
#include "support/unit.h"

#include <string.h>
#include <sys/resource.h>

static struct rlimit s_limit_before;

/* From here on the process cannot open any descriptor more. */
static void descriptors_exhaust(void)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &s_limit_before), 0);
    limit = s_limit_before;
    limit.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void descriptors_restore(void)
{
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &s_limit_before), 0);
}

struct starving {
    struct net_owner listener_owner;
    struct net_owner client_owner;
    struct we_host_ep *listener;
    struct we_host_ep *client;
};

static void starving_make(struct starving *starving)
{
    struct we_host_ep *request = NULL;

    memset(starving, 0, sizeof(*starving));
    starving->listener = net_listen(&starving->listener_owner, false);
    starving->client = net_connect(starving->listener, &starving->client_owner);
    net_run_until(&starving->client_owner, WE_NET_CONNECTED);
    net_run_until(&starving->listener_owner, WE_NET_ACCEPTABLE);
    descriptors_exhaust();
    assert_int_equal(we_host_accept(starving->listener, &request), WE_ERR_NO_DESCRIPTORS);
    /* And again: the connection is still there. */
    assert_int_equal(we_host_accept(starving->listener, &request), WE_ERR_NO_DESCRIPTORS);
    starving->listener_owner.seen = 0;
}

static void starving_finish(struct starving *starving)
{
    struct we_host_ep *request = net_accept(starving->listener, &starving->listener_owner);

    we_host_close(request, WE_CLOSE_GRACEFUL);
    we_host_close(starving->client, WE_CLOSE_GRACEFUL);
    we_host_close(starving->listener, WE_CLOSE_GRACEFUL);
}

static void test_accept_no_descriptors_waits_for_one_to_be_closed(void **state)
{
    struct we_base_addr any = we_base_addr_any(WE_FAMILY_IPV4, 0);
    struct we_host_ep *spare = NULL;
    struct starving starving;
    struct we_host_ready ready[4];

    (void)state;
    assert_int_equal(we_host_stream_open(&any, true, &spare), WE_OK);
    starving_make(&starving);
    /* Not a busy loop: the listener is silent. The first wait takes the wake. */
    (void)we_host_net_wait(0, 0, ready, 4);
    assert_int_equal(we_host_net_wait(0, 0, ready, 4), 0);
    descriptors_restore();
    we_host_close(spare, WE_CLOSE_GRACEFUL);
    assert_int_equal(we_host_net_wait(0, 0, ready, 4), 1);
    we_host_net_deliver(&ready[0]);
    assert_int_equal(starving.listener_owner.last, WE_NET_ACCEPTABLE);
    starving_finish(&starving);
}

/* Somebody else in the process closed a descriptor: nobody tells us, so wait() tries after a while. */
static void test_accept_no_descriptors_is_tried_again_by_wait(void **state)
{
    struct starving starving;
    struct we_host_ready ready;
    unsigned wait_count = 0;

    (void)state;
    starving_make(&starving);
    descriptors_restore();
    while (we_host_net_wait(0, UINT64_MAX, &ready, 1) == 0) {
        wait_count++;
        assert_true(wait_count < 10);
    }
    we_host_net_deliver(&ready);
    assert_int_equal(starving.listener_owner.last, WE_NET_ACCEPTABLE);
    starving_finish(&starving);
}

static void test_close_starved_listener_is_forgotten(void **state)
{
    struct starving starving;

    (void)state;
    starving_make(&starving);
    descriptors_restore();
    we_host_close(starving.listener, WE_CLOSE_RESET);
    we_host_close(starving.client, WE_CLOSE_RESET);
    net_run_until_quiet();
    assert_int_equal(starving.listener_owner.seen, 0);
}

static void test_stream_open_no_descriptors_fails(void **state)
{
    struct we_base_addr any = we_base_addr_any(WE_FAMILY_IPV4, 0);
    struct we_host_ep *stream = NULL;

    (void)state;
    descriptors_exhaust();
    assert_int_equal(we_host_stream_open(&any, true, &stream), WE_ERR_NO_DESCRIPTORS);
    descriptors_restore();
    assert_null(stream);
}

/* clang-format off */
#define CHECKS(way)                                                               \
    NET_CHECK(test_accept_no_descriptors_waits_for_one_to_be_closed, way),        \
    NET_CHECK(test_accept_no_descriptors_is_tried_again_by_wait, way),            \
    NET_CHECK(test_close_starved_listener_is_forgotten, way),                     \
    NET_CHECK(test_stream_open_no_descriptors_fails, way)
/* clang-format on */

static const struct CMUnitTest s_tests[] = {
    CHECKS(WE_TEST_NATIVE_POLLER),
    CHECKS(poll),
};

UNIT_MAIN(s_tests)
