/* SPDX-License-Identifier: MIT */
/* Real threads, all at once: a driver that does everything and peers that do the same, over both networks. */
#include "host/host_exec.h"
#include "instance.h"
#include "race_driver.h"
#include "race_peers.h"

/* Nothing here is repeatable; what must hold in any order is counted and compared at the end. The thread sanitizer finds
 * in these tests what luck does not. */

/* What the peers do at most before they are asked to come to their end. */
#define ACTS_MAX 100000u

struct scenario {
    enum wsk_emu_network network;
    unsigned processors;
    enum wsk_emu_completion completion;
    enum wsk_emu_poller poller;
    unsigned indication_max_bytes;
    struct race_config race;
    struct race_peers_config peers;
};

static struct {
    bool is_inside;
    struct race *race;
    struct race_peers peers;
} s_run;

static void run_fail(const char *reason)
{
    print_error("%s\n", reason);
    _fail(__FILE__, __LINE__);
}

static void run_start(const struct scenario *scenario)
{
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;

    config.execution = WSK_EMU_EXECUTION_THREADS;
    config.network = scenario->network;
    config.processors = scenario->processors;
    config.completion = scenario->completion;
    config.poller = scenario->poller;
    config.seed = 1; /* for the mixed completion policy */
    config.indication_max_bytes = scenario->indication_max_bytes;
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    s_run.is_inside = true;
    wsk_kit_set_failure_handler(run_fail);
}

static void run(const struct scenario *scenario)
{
    struct wsk_fixture *fixture;
    unsigned acts = 0;

    run_start(scenario);
    fixture = fixture_create(NULL);
    fixture_register(fixture);
    fixture_capture(fixture);
    s_run.race = race_start(fixture, &scenario->race);
    race_peers_init(&s_run.peers, race_port(s_run.race), &scenario->peers);
    while (race_peers_act(&s_run.peers) && acts < ACTS_MAX) {
        if (++acts % 16 == 0) {
            (void)we_host_exec_wait_progress(we_host_exec_progress_ticket(),
                                             1); /* the others need the host's processors */
        }
    }
    race_peers_finish(&s_run.peers);
    race_close_listener(s_run.race);
    race_peers_expect_over(&s_run.peers);
    wsk_kit_run_until_idle(); /* connections that are about to end do so by themselves */
    race_stop(s_run.race);
    race_peers_judge(&s_run.peers, s_run.race);
    assert_int_equal(s_run.peers.opened, scenario->peers.peer_count);
    race_destroy(s_run.race);
    s_run.race = NULL;
    race_peers_close(&s_run.peers);
    fixture_destroy(fixture);
    s_run.is_inside = false;
    assert_int_equal(wsk_emu_stop(), 0);
}

static int run_teardown(void **state)
{
    (void)state;
    if (s_run.is_inside) {
        s_run.is_inside = false;
        if (s_run.race != NULL) {
            race_print(s_run.race);
        }
        race_peers_print(&s_run.peers);
        race_peers_close(&s_run.peers);
        we_instance_abandon();
    }
    wsk_kit_set_failure_handler(NULL);
    return 0;
}

/* Shares of 100 and weights that make everything happen now and then. */
#define CONDITIONAL                                                                                                 \
    .inspect_accept = 20, .inspect_reject = 10, .verdict_reject = 20, .take = 2, .keep = 2, .part = 1, .refuse = 1, \
    .toggle = 1
#define ECHO .is_plain = TRUE, .take = 2, .keep = 3, .part = 2, .refuse = 1, .toggle = 1

/* --- conditional accept --------------------------------------------------------------------------------- */

static void test_inspect_event_virtual(void **state)
{
    static const struct scenario scenario = {
        .network = WSK_EMU_NETWORK_VIRTUAL,
        .processors = 4,
        .race = { .thread_count = 6, CONDITIONAL, .verdict_never = 5, .offer_refuse = 10 },
        .peers = { .seed = 1, .peer_count = 300, .at_once = 24, .bytes_max = 4000, .reset = 20 },
    };

    (void)state;
    run(&scenario);
}

static void test_inspect_irp_virtual(void **state)
{
    static const struct scenario scenario = {
        .network = WSK_EMU_NETWORK_VIRTUAL,
        .processors = 3,
        .completion = WSK_EMU_COMPLETION_MIXED,
        .race = { .thread_count = 6, .accept_irps = 5, CONDITIONAL, .verdict_never = 5 },
        .peers = { .seed = 2, .peer_count = 300, .at_once = 24, .bytes_max = 4000, .reset = 20 },
    };

    (void)state;
    run(&scenario);
}

static void test_inspect_event_sockets(void **state)
{
    static const struct scenario scenario = {
        .network = WSK_EMU_NETWORK_SOCKETS,
        .processors = 4,
        .completion = WSK_EMU_COMPLETION_DEFERRED,
        .race = { .thread_count = 6, CONDITIONAL, .offer_refuse = 10 },
        .peers = { .seed = 3, .peer_count = 150, .at_once = 24, .bytes_max = 4000, .reset = 20 },
    };

    (void)state;
    run(&scenario);
}

static void test_inspect_irp_sockets_poll(void **state)
{
    static const struct scenario scenario = {
        .network = WSK_EMU_NETWORK_SOCKETS,
        .processors = 2,
        .poller = WSK_EMU_POLLER_POLL,
        .race = { .thread_count = 6, .accept_irps = 5, CONDITIONAL },
        .peers = { .seed = 4, .peer_count = 150, .at_once = 24, .bytes_max = 4000, .reset = 20 },
    };

    (void)state;
    run(&scenario);
}

/* The listener closes early, in the middle of it, again and again. */
static void test_listener_closes_meanwhile_virtual(void **state)
{
    struct scenario scenario = {
        .network = WSK_EMU_NETWORK_VIRTUAL,
        .processors = 4,
        .race = { .thread_count = 4, CONDITIONAL, .verdict_never = 10, .offer_refuse = 10, .close_after = 10 },
        .peers = { .peer_count = 16, .at_once = 16, .bytes_max = 2000, .reset = 20 },
    };

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        scenario.race.seed = i;
        scenario.race.accept_irps = i % 2 * 3;
        scenario.completion = (enum wsk_emu_completion)(WSK_EMU_COMPLETION_INLINE + i % 3);
        scenario.peers.seed = i;
        run(&scenario);
    }
}

/* --- bytes ---------------------------------------------------------------------------------------------- */

static void test_echo_virtual(void **state)
{
    static const struct scenario scenario = {
        .network = WSK_EMU_NETWORK_VIRTUAL,
        .processors = 4,
        .completion = WSK_EMU_COMPLETION_DEFERRED,
        .indication_max_bytes = 700,
        .race = { .thread_count = 4, ECHO },
        .peers = { .seed = 5, .peer_count = 60, .at_once = 12, .bytes_max = 60000 },
    };

    (void)state;
    run(&scenario);
}

static void test_echo_sockets(void **state)
{
    static const struct scenario scenario = {
        .network = WSK_EMU_NETWORK_SOCKETS,
        .processors = 3,
        .completion = WSK_EMU_COMPLETION_MIXED,
        .race = { .thread_count = 4, .accept_irps = 3, ECHO },
        .peers = { .seed = 6, .peer_count = 60, .at_once = 12, .bytes_max = 60000, .reset = 10 },
    };

    (void)state;
    run(&scenario);
}

static void test_echo_with_32_threads_on_one_processor(void **state)
{
    static const struct scenario scenario = {
        .network = WSK_EMU_NETWORK_VIRTUAL,
        .processors = 1,
        .race = { .thread_count = 32, ECHO, .stays_quiet = TRUE },
        .peers = { .seed = 7, .peer_count = 40, .at_once = 12, .bytes_max = 20000, .reset = 10 },
    };

    (void)state;
    run(&scenario);
}

static void test_connections_are_broken_off_virtual(void **state)
{
    static const struct scenario scenario = {
        .network = WSK_EMU_NETWORK_VIRTUAL,
        .processors = 4,
        .race = { .thread_count = 6, ECHO, .break_off = 8 },
        .peers = { .seed = 8,
                   .peer_count = 400,
                   .at_once = 24,
                   .bytes_max = 40000,
                   .reset = 20,
                   .is_breaking_off = true },
    };

    (void)state;
    run(&scenario);
}

static void test_connections_are_broken_off_sockets(void **state)
{
    static const struct scenario scenario = {
        .network = WSK_EMU_NETWORK_SOCKETS,
        .processors = 4,
        .completion = WSK_EMU_COMPLETION_MIXED,
        .race = { .thread_count = 6, .accept_irps = 4, ECHO, .break_off = 8 },
        .peers = { .seed = 9,
                   .peer_count = 200,
                   .at_once = 24,
                   .bytes_max = 40000,
                   .reset = 20,
                   .is_breaking_off = true },
    };

    (void)state;
    run(&scenario);
}

#define STRESS_TEST(f) cmocka_unit_test_setup_teardown(f, NULL, run_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        STRESS_TEST(test_inspect_event_virtual),
        STRESS_TEST(test_inspect_irp_virtual),
        STRESS_TEST(test_inspect_event_sockets),
        STRESS_TEST(test_inspect_irp_sockets_poll),
        STRESS_TEST(test_listener_closes_meanwhile_virtual),
        STRESS_TEST(test_echo_virtual),
        STRESS_TEST(test_echo_sockets),
        STRESS_TEST(test_echo_with_32_threads_on_one_processor),
        STRESS_TEST(test_connections_are_broken_off_virtual),
        STRESS_TEST(test_connections_are_broken_off_sockets),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
