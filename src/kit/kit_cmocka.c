/* SPDX-License-Identifier: MIT */
/* CMocka glue: each wrapped test gets a fresh emulated kernel and answers for what it leaves. */
#include "wsk_emu/cmocka.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Design
 *
 * CMocka leaves a failed test by longjmp, perhaps out of a driver callback on this very thread. The run function
 * therefore notes that it is inside the test; if the teardown finds that note, the test did not come back: driver
 * code is shut out for good, nothing it left is reported (the failure was), and everything is freed. The test's own
 * teardown is skipped then: it would talk to a driver whose stack frames are gone.
 */

static struct {
    const struct wsk_kit_test *test;
    void *user_state;
    bool is_inside; /* between the setup and the regular end of the test */
} s_run;

static void fail_test(const char *reason)
{
    print_error("%s\n", reason);
    _fail("wsk_emu", 0);
}

/* How to see a failure again. Without a seed the order is the natural one, and every run is a replay. */
static void print_seed(uint64_t seed)
{
    if (seed != 0) {
        print_error("seed %llu: set WSK_EMU_SEED=%llu to replay this order of events\n", (unsigned long long)seed,
                    (unsigned long long)seed);
    }
}

static const struct wsk_emu_config *default_config(void)
{
    static struct wsk_emu_config config;

    memset(&config, 0, sizeof(config));
    config.size = sizeof(config);
    config.execution = WSK_EMU_EXECUTION_STEPPED;
    config.network = WSK_EMU_NETWORK_VIRTUAL;
    return &config;
}

int wsk_kit_cmocka_setup(void **state)
{
    const struct wsk_kit_test *test = (const struct wsk_kit_test *)*state;
    NTSTATUS status = wsk_emu_start(test->config != NULL ? test->config : default_config());

    if (!NT_SUCCESS(status)) {
        print_error("wsk_emu_start failed with status 0x%08x\n", (unsigned)status);
        return -1;
    }
    wsk_kit_set_failure_handler(fail_test);
    s_run.test = test;
    s_run.user_state = test->initial_state;
    s_run.is_inside = true;
    if (test->setup != NULL && test->setup(&s_run.user_state) != 0) {
        print_error("the setup function of the test failed\n");
        (void)wsk_kit_cmocka_teardown(state);
        return -1;
    }
    return 0;
}

void wsk_kit_cmocka_run(void **state)
{
    uint64_t seed = wsk_kit_seed();
    size_t report_count;

    (void)state;
    s_run.test->test(&s_run.user_state);
    if (s_run.test->teardown != NULL && s_run.test->teardown(&s_run.user_state) != 0) {
        fail_test("the teardown function of the test failed");
    }
    s_run.is_inside = false;
    report_count = wsk_kit_stop();
    if (report_count > 0) {
        char reason[128];

        snprintf(reason, sizeof(reason), "the driver broke rules: %zu unexpected verifier report%s, see above",
                 report_count, report_count == 1 ? "" : "s");
        print_seed(seed);
        fail_test(reason);
    }
}

int wsk_kit_cmocka_teardown(void **state)
{
    (void)state;
    if (wsk_kit_run_number() != 0) {
        print_seed(wsk_kit_seed());
        wsk_kit_abandon();
    }
    s_run.is_inside = false;
    wsk_kit_set_failure_handler(NULL);
    return 0;
}
