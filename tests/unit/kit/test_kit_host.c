/* SPDX-License-Identifier: MIT */
/* Names and transports for the driver: what the kit says when it is asked for something that cannot be. */
#include "wsk_emu/cmocka.h"

#include <setjmp.h>
#include <string.h>

static char s_reason[256];
static jmp_buf s_failed;

static void note_failure(const char *reason)
{
    (void)strncpy(s_reason, reason, sizeof(s_reason) - 1);
    longjmp(s_failed, 1);
}

/* The statement fails, with this text in the reason. */
#define EXPECT_FAILURE(text, statement)          \
    do {                                         \
        memset(s_reason, 0, sizeof(s_reason));   \
        if (setjmp(s_failed) == 0) {             \
            statement;                           \
        }                                        \
        assert_non_null(strstr(s_reason, text)); \
    } while (0)

static int kit_setup(void **state)
{
    const struct wsk_emu_config config = { .size = sizeof(config),
                                           .execution = WSK_EMU_EXECUTION_STEPPED,
                                           .network = WSK_EMU_NETWORK_VIRTUAL };

    (void)state;
    wsk_kit_set_failure_handler(note_failure);
    return NT_SUCCESS(wsk_emu_start(&config)) ? 0 : -1;
}

static int kit_teardown(void **state)
{
    (void)state;
    wsk_kit_set_failure_handler(NULL);
    return wsk_emu_stop() == 0 ? 0 : -1;
}

static void test_names_that_cannot_be_fail_with_a_clear_message(void **state)
{
    (void)state;
    EXPECT_FAILURE("cannot be a name", wsk_kit_host_add("", "192.0.2.1"));
    EXPECT_FAILURE("is no address", wsk_kit_host_add("a.example", "nonsense"));
    EXPECT_FAILURE("there is no failure 99", wsk_kit_host_fail("a.example", (enum wsk_kit_host_failure)99));
    EXPECT_FAILURE("is not held", wsk_kit_host_let_go("a.example"));
    wsk_kit_host_add("a.example", "192.0.2.1");
    EXPECT_FAILURE("has another meaning already", wsk_kit_host_alias("a.example", "b.example"));
    EXPECT_FAILURE("has another meaning already", wsk_kit_host_fail("a.example", WSK_KIT_HOST_UNKNOWN));
}

static void test_names_without_an_emulated_kernel_fail(void **state)
{
    (void)state;
    wsk_kit_set_failure_handler(note_failure);
    EXPECT_FAILURE("wsk_kit_host_add", wsk_kit_host_add("a.example", "192.0.2.1"));
    EXPECT_FAILURE("wsk_kit_host_hold", wsk_kit_host_hold("a.example"));
    EXPECT_FAILURE("wsk_kit_set_transports", wsk_kit_set_transports(true, true));
    wsk_kit_set_failure_handler(NULL);
}

/* What one test adds is gone for the next. */
static void test_names_are_forgotten_with_the_kernel(void **state)
{
    wsk_kit_host_add("a.example", "192.0.2.1");
    wsk_kit_host_hold("b.example");
    assert_int_equal(kit_teardown(state), 0);
    assert_int_equal(kit_setup(state), 0);
    wsk_kit_host_alias("a.example", "c.example");
    EXPECT_FAILURE("is not held", wsk_kit_host_let_go("b.example"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names_that_cannot_be_fail_with_a_clear_message, kit_setup, kit_teardown),
        cmocka_unit_test(test_names_without_an_emulated_kernel_fail),
        cmocka_unit_test_setup_teardown(test_names_are_forgotten_with_the_kernel, kit_setup, kit_teardown),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
