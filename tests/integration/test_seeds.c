/* SPDX-License-Identifier: MIT */
/* Many orders of events: a driver that does everything, under hundreds of seeds, keeps what it was promised. */
#include <stdlib.h>

#include "instance.h"
#include "race_driver.h"
#include "race_peers.h"

/* Each scenario runs once a seed, in an emulated kernel of its own. The seed decides the order of events in the library,
 * the choices of the driver and of its peers, how many processors there are and when IRPs complete. A failure prints the
 * seed; WSK_EMU_SEED=<seed> then runs that one alone. */

#ifndef SEED_COUNT
#define SEED_COUNT 300
#endif

struct scenario {
    const char *name;
    struct race_config race;
    struct race_peers_config peers;
    unsigned indication_max_bytes;
};

static struct {
    const struct scenario *scenario;
    unsigned long long seed;
    bool is_inside;
    struct race *race;
    struct race_peers peers;
} s_run;

static void run_fail(const char *reason)
{
    print_error("%s\n", reason);
    _fail(__FILE__, __LINE__);
}

static void run_start(unsigned long long seed, unsigned indication_max_bytes)
{
    static const unsigned processors[] = { 2, 1, 4 };
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;

    config.execution = WSK_EMU_EXECUTION_STEPPED;
    config.network = WSK_EMU_NETWORK_VIRTUAL;
    config.seed = seed;
    config.completion = (enum wsk_emu_completion)(WSK_EMU_COMPLETION_INLINE + seed % 3);
    config.processors = processors[seed / 3 % 3];
    config.indication_max_bytes = indication_max_bytes;
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    wsk_kit_set_failure_handler(run_fail);
}

/* Peers and world in turns. */
static void run_world(struct race_peers *peers)
{
    bool is_going_on = true;

    while (is_going_on) {
        unsigned steps = race_peers_random(peers, 8);

        is_going_on = race_peers_act(peers);
        while (steps > 0 && wsk_kit_step()) {
            steps--;
        }
        if (steps > 0) { /* nothing moves any more without the clock, or without the peers */
            if (race_peers_random(peers, 4) == 0) {
                break;
            }
            wsk_kit_advance_ms(1);
        }
    }
}

static void run_seed(const struct scenario *scenario, unsigned long long seed)
{
    struct race_config race_config = scenario->race;
    struct race_peers_config peers_config = scenario->peers;
    struct wsk_fixture *fixture;
    struct race *race;

    run_start(seed, scenario->indication_max_bytes);
    fixture = fixture_create(NULL);
    fixture_register(fixture);
    fixture_capture(fixture);
    race_config.seed = seed;
    peers_config.seed = seed;
    race = race_start(fixture, &race_config);
    s_run.race = race;
    race_peers_init(&s_run.peers, race_port(race), &peers_config);
    run_world(&s_run.peers);
    race_peers_finish(&s_run.peers);
    race_close_listener(race);
    race_peers_expect_over(&s_run.peers);
    wsk_kit_advance_ms(10); /* connections that are about to end do so by themselves */
    race_stop(race);
    race_peers_judge(&s_run.peers, race);
    race_destroy(race);
    s_run.race = NULL;
    race_peers_close(&s_run.peers);
    fixture_destroy(fixture);
    assert_int_equal(wsk_emu_stop(), 0);
}

static void run(const struct scenario *scenario)
{
    const char *only = getenv("WSK_EMU_SEED");
    unsigned long long first = only != NULL ? strtoull(only, NULL, 0) : 1;
    unsigned long long last = only != NULL ? first : SEED_COUNT;

    s_run.scenario = scenario;
    s_run.is_inside = true;
    for (s_run.seed = first; s_run.seed <= last; s_run.seed++) {
        run_seed(scenario, s_run.seed);
    }
    s_run.is_inside = false;
}

/* Says how to do it again, and ends what the failed run left. */
static int run_teardown(void **state)
{
    (void)state;
    if (s_run.is_inside) {
        s_run.is_inside = false;
        print_error("%s: seed %llu; WSK_EMU_SEED=%llu runs it alone\n", s_run.scenario->name, s_run.seed, s_run.seed);
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

/* --- conditional accept --------------------------------------------------------------------------------- */

static void test_inspect_event_every_order_decides_each_request_once(void **state)
{
    static const struct scenario scenario = {
        .name = "conditional accept, WskAcceptEvent",
        .race = { .thread_count = 2,
                  .inspect_accept = 20,
                  .inspect_reject = 15,
                  .verdict_reject = 25,
                  .verdict_never = 10,
                  .offer_refuse = 10,
                  .take = 1 },
        .peers = { .peer_count = 10, .at_once = 5, .bytes_max = 300, .reset = 25 },
    };

    (void)state;
    run(&scenario);
}

static void test_inspect_irp_every_order_decides_each_request_once(void **state)
{
    static const struct scenario scenario = {
        .name = "conditional accept, WskAccept",
        .race = { .thread_count = 2,
                  .accept_irps = 3,
                  .inspect_accept = 20,
                  .inspect_reject = 15,
                  .verdict_reject = 25,
                  .verdict_never = 10,
                  .take = 1 },
        .peers = { .peer_count = 10, .at_once = 5, .bytes_max = 300, .reset = 25 },
    };

    (void)state;
    run(&scenario);
}

static void test_inspect_event_listener_closes_at_every_point(void **state)
{
    static const struct scenario scenario = {
        .name = "conditional accept, listener closed meanwhile",
        .race = { .thread_count = 2,
                  .inspect_accept = 20,
                  .inspect_reject = 10,
                  .verdict_reject = 20,
                  .verdict_never = 10,
                  .offer_refuse = 10,
                  .close_after = 6,
                  .take = 1 },
        .peers = { .peer_count = 10, .at_once = 6, .bytes_max = 300, .reset = 20 },
    };

    (void)state;
    run(&scenario);
}

static void test_inspect_irp_listener_closes_at_every_point(void **state)
{
    static const struct scenario scenario = {
        .name = "conditional accept by IRP, listener closed meanwhile",
        .race = { .thread_count = 2,
                  .accept_irps = 2,
                  .inspect_accept = 20,
                  .inspect_reject = 10,
                  .verdict_reject = 20,
                  .verdict_never = 10,
                  .close_after = 6,
                  .take = 1 },
        .peers = { .peer_count = 10, .at_once = 6, .bytes_max = 300, .reset = 20 },
    };

    (void)state;
    run(&scenario);
}

/* --- bytes ---------------------------------------------------------------------------------------------- */

static void test_echo_every_answer_returns_every_byte(void **state)
{
    static const struct scenario scenario = {
        .name = "echo",
        .race = { .thread_count = 3, .is_plain = TRUE, .take = 2, .keep = 2, .part = 2, .refuse = 1, .toggle = 1 },
        .peers = { .peer_count = 5, .at_once = 3, .bytes_max = 20000 },
        .indication_max_bytes = 700,
    };

    (void)state;
    run(&scenario);
}

static void test_echo_by_irp_accept_returns_every_byte(void **state)
{
    static const struct scenario scenario = {
        .name = "echo on sockets from WskAccept",
        .race = { .thread_count = 2, .is_plain = TRUE, .accept_irps = 2, .take = 1, .keep = 2, .part = 2, .refuse = 2 },
        .peers = { .peer_count = 5, .at_once = 3, .bytes_max = 20000, .reset = 20 },
    };

    (void)state;
    run(&scenario);
}

static void test_close_racing_with_data_comes_last(void **state)
{
    static const struct scenario scenario = {
        .name = "close racing with data",
        .race = { .thread_count = 3,
                  .is_plain = TRUE,
                  .break_off = 12,
                  .take = 2,
                  .keep = 3,
                  .part = 2,
                  .refuse = 2,
                  .toggle = 1 },
        .peers = { .peer_count = 12, .at_once = 4, .bytes_max = 30000, .reset = 20, .is_breaking_off = true },
        .indication_max_bytes = 1000,
    };

    (void)state;
    run(&scenario);
}

#define SEED_TEST(f) cmocka_unit_test_setup_teardown(f, NULL, run_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SEED_TEST(test_inspect_event_every_order_decides_each_request_once),
        SEED_TEST(test_inspect_irp_every_order_decides_each_request_once),
        SEED_TEST(test_inspect_event_listener_closes_at_every_point),
        SEED_TEST(test_inspect_irp_listener_closes_at_every_point),
        SEED_TEST(test_echo_every_answer_returns_every_byte),
        SEED_TEST(test_echo_by_irp_accept_returns_every_byte),
        SEED_TEST(test_close_racing_with_data_comes_last),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
