/* SPDX-License-Identifier: MIT */
/* Contract suites: a list of tests that is declared once and runs in all four ways. */
#ifndef WE_TEST_CONTRACT_H
#define WE_TEST_CONTRACT_H

#include "wsk_emu/cmocka.h"

/* A suite reads:
 *
 *     #define TESTS(X)                               \
 *         X(test_bind_wildcard_chooses_a_port)       \
 *         X(test_bind_twice_fails)
 *
 *     CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
 *
 * Each test function runs four times: "test_x (stepped, virtual)" and so on. One argument on the command line is a
 * CMocka filter for those names: "*stepped*", "test_bind*(threads, sockets)".
 *
 * Bodies must work in threads execution too: callbacks and completion routines record (a witness, fields guarded by a
 * wait), and the test's own thread asserts. */

/* One of the four ways; set-up functions find it in *state. */
struct contract_way {
    struct wsk_emu_config config;
    bool is_stepped;
    bool is_virtual;
};

/* More members of the configuration (".indication_max_bytes = 5"), defined before this file is included. */
#ifndef CONTRACT_CONFIG
#define CONTRACT_CONFIG
#endif

#define CONTRACT_WAY(execution_, network_)                                         \
    {                                                                              \
        .config = { .size = sizeof(struct wsk_emu_config),                         \
                    .execution = WSK_EMU_EXECUTION_##execution_,                   \
                    .network = WSK_EMU_NETWORK_##network_,                         \
                    CONTRACT_CONFIG },                                             \
        .is_stepped = WSK_EMU_EXECUTION_##execution_ == WSK_EMU_EXECUTION_STEPPED, \
        .is_virtual = WSK_EMU_NETWORK_##network_ == WSK_EMU_NETWORK_VIRTUAL        \
    }

#define CONTRACT_ENTRY(function, setup, teardown, way, text)                                        \
    {                                                                                               \
#function " (" text ")", wsk_kit_cmocka_run, wsk_kit_cmocka_setup, wsk_kit_cmocka_teardown, \
            WSK_KIT_TEST(function, setup, teardown, (void *)&(way), &(way).config)                  \
    }

/* The X of a list takes one argument, so the set-up and tear-down functions travel as these two names. */
#define CONTRACT_STEPPED_VIRTUAL(f) \
    CONTRACT_ENTRY(f, contract_setup, contract_teardown, s_contract_stepped_virtual, "stepped, virtual"),
#define CONTRACT_STEPPED_SOCKETS(f) \
    CONTRACT_ENTRY(f, contract_setup, contract_teardown, s_contract_stepped_sockets, "stepped, sockets"),
#define CONTRACT_THREADS_VIRTUAL(f) \
    CONTRACT_ENTRY(f, contract_setup, contract_teardown, s_contract_threads_virtual, "threads, virtual"),
#define CONTRACT_THREADS_SOCKETS(f) \
    CONTRACT_ENTRY(f, contract_setup, contract_teardown, s_contract_threads_sockets, "threads, sockets"),

/* TESTS: the list; setup_function, teardown_function: CMocka fixture functions, or NULL. */
#define CONTRACT_MAIN(TESTS, setup_function, teardown_function)                                                    \
    static struct contract_way s_contract_stepped_virtual = CONTRACT_WAY(STEPPED, VIRTUAL);                        \
    static struct contract_way s_contract_stepped_sockets = CONTRACT_WAY(STEPPED, SOCKETS);                        \
    static struct contract_way s_contract_threads_virtual = CONTRACT_WAY(THREADS, VIRTUAL);                        \
    static struct contract_way s_contract_threads_sockets = CONTRACT_WAY(THREADS, SOCKETS);                        \
    int main(int argc, char **argv)                                                                                \
    {                                                                                                              \
        const CMFixtureFunction contract_setup = setup_function;                                                   \
        const CMFixtureFunction contract_teardown = teardown_function;                                             \
        const struct CMUnitTest tests[] = { TESTS(CONTRACT_STEPPED_VIRTUAL) TESTS(CONTRACT_STEPPED_SOCKETS)        \
                                                TESTS(CONTRACT_THREADS_VIRTUAL) TESTS(CONTRACT_THREADS_SOCKETS) }; \
                                                                                                                   \
        if (argc > 1) {                                                                                            \
            cmocka_set_test_filter(argv[1]);                                                                       \
        }                                                                                                          \
        return cmocka_run_group_tests(tests, NULL, NULL);                                                          \
    }

#endif
