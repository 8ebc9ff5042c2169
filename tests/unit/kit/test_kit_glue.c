/* SPDX-License-Identifier: MIT */
/* What the glue of a test framework is made of: runs and their numbers, the end of a test, names of statuses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntddk.h>

#include "wsk_emu/cmocka.h"
#include "wsk_emu/kit.h"

static void quiet(void *context, const char *line)
{
    (void)context;
    (void)line;
}

static void start(unsigned long long seed)
{
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;

    config.execution = WSK_EMU_EXECUTION_STEPPED;
    config.network = WSK_EMU_NETWORK_VIRTUAL;
    config.seed = seed;
    config.log = quiet;
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
}

static void test_run_number_tells_kernels_apart(void **state)
{
    unsigned long long first;

    (void)state;
    assert_int_equal(wsk_kit_run_number(), 0);
    start(0);
    first = wsk_kit_run_number();
    assert_int_not_equal(first, 0);
    assert_int_equal(wsk_kit_stop(), 0);
    assert_int_equal(wsk_kit_run_number(), 0);
    start(0);
    assert_int_equal(wsk_kit_run_number(), first + 1);
    wsk_kit_abandon();
    assert_int_equal(wsk_kit_run_number(), 0);
}

static void test_seed_is_that_of_the_running_kernel(void **state)
{
    (void)state;
    assert_int_equal(wsk_kit_seed(), 0);
    start(77);
    assert_int_equal(wsk_kit_seed(), 77);
    assert_int_equal(wsk_kit_stop(), 0);
    assert_int_equal(wsk_kit_seed(), 0);
}

static bool s_was_in_callback;

static VOID NTAPI look(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    s_was_in_callback = wsk_kit_is_in_callback();
}

static void test_is_in_callback_inside_a_dpc_and_not_beside_it(void **state)
{
    KDPC dpc;

    (void)state;
    assert_false(wsk_kit_is_in_callback());
    start(0);
    assert_false(wsk_kit_is_in_callback());
    KeInitializeDpc(&dpc, look, NULL);
    assert_true(KeInsertQueueDpc(&dpc, NULL, NULL));
    wsk_kit_run_until_idle();
    assert_true(s_was_in_callback);
    assert_false(wsk_kit_is_in_callback());
    assert_int_equal(wsk_kit_stop(), 0);
}

static void test_stop_counts_leaks_and_closes_peers(void **state)
{
    (void)state;
    start(0);
    (void)wsk_kit_listen(WSK_KIT_IPV4);
    assert_non_null(ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'tset'));
    assert_int_equal(wsk_kit_stop(), 1);
    assert_int_equal(wsk_kit_stop(), 0);
}

static void test_abandon_reports_nothing(void **state)
{
    (void)state;
    wsk_kit_abandon();
    start(0);
    (void)wsk_kit_listen(WSK_KIT_IPV4);
    assert_non_null(ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'tset'));
    wsk_kit_abandon();
    start(0);
    assert_int_equal(wsk_kit_stop(), 0);
}

static char s_reason[64];

static void keep_reason(const char *reason)
{
    (void)snprintf(s_reason, sizeof(s_reason), "%s", reason);
}

static void test_fail_hands_its_words_to_the_handler(void **state)
{
    (void)state;
    wsk_kit_set_failure_handler(keep_reason);
    wsk_kit_fail("%s, %d", "words", 2);
    wsk_kit_set_failure_handler(NULL);
    assert_string_equal(s_reason, "words, 2");
}

/* Every line "#define STATUS_NAME ((NTSTATUS)0x...)" of ntstatus.h; the first name of a value is the one. */
static void test_status_name_knows_all_of_ntstatus(void **state)
{
    FILE *file = fopen(STATUS_HEADER, "r");
    char line[256];
    size_t count = 0;

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        char name[128];
        unsigned value;

        if (sscanf(line, "#define %127s ((NTSTATUS)%x)", name, &value) == 2) {
            const char *found = wsk_kit_status_name((NTSTATUS)value);

            if (found == NULL) {
                fail_msg("nobody knows %s", name);
            }
            if (strcmp(found, name) != 0 && strcmp(name, "STATUS_WAIT_0") != 0 &&
                strcmp(name, "STATUS_ABANDONED_WAIT_0") != 0) {
                fail_msg("%s is called %s", name, found);
            }
            count++;
        }
    }
    (void)fclose(file);
    assert_true(count > 100);
    assert_null(wsk_kit_status_name((NTSTATUS)0xE0001234));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_number_tells_kernels_apart),
        cmocka_unit_test(test_seed_is_that_of_the_running_kernel),
        cmocka_unit_test(test_is_in_callback_inside_a_dpc_and_not_beside_it),
        cmocka_unit_test(test_stop_counts_leaks_and_closes_peers),
        cmocka_unit_test(test_abandon_reports_nothing),
        cmocka_unit_test(test_fail_hands_its_words_to_the_handler),
        cmocka_unit_test(test_status_name_knows_all_of_ntstatus),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
