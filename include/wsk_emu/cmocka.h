/* SPDX-License-Identifier: MIT */
/** @file
 * CMocka glue: a test wrapped with wsk_emu_unit_test runs in a fresh emulated kernel and fails on any unexpected
 * verifier report, leak or imbalance. Includes CMocka with the headers it wants, in C and C++. */
#ifndef WSK_EMU_CMOCKA_H
#define WSK_EMU_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#include <cmocka.h>
#ifdef __cplusplus
}
#endif

#include "wsk_emu/kit.h"
#include "wsk_emu/wsk_emu.h"

WSK_EMU_BEGIN

/** What a wrapped test consists of. Made by the macros below. */
struct wsk_kit_test {
    CMUnitTestFunction test;
    CMFixtureFunction setup;    /**< may be NULL; runs in the emulated kernel */
    CMFixtureFunction teardown; /**< may be NULL; runs before the emulated kernel stops */
    void *initial_state;
    const struct wsk_emu_config *config; /**< NULL: stepped execution over the virtual network */
};

/** CMocka fixture functions behind the macros. */
WSK_EMU_API int wsk_kit_cmocka_setup(void **state);
WSK_EMU_API void wsk_kit_cmocka_run(void **state);
WSK_EMU_API int wsk_kit_cmocka_teardown(void **state);

WSK_EMU_END

#ifdef __cplusplus
#define WSK_KIT_TEST(f, setup, teardown, state, config)                           \
    [] {                                                                          \
        static struct wsk_kit_test test_ = { f, setup, teardown, state, config }; \
        return static_cast<void *>(&test_);                                       \
    }()
#else
#define WSK_KIT_TEST(f, setup, teardown, state, config) \
    ((void *)&(struct wsk_kit_test){ f, setup, teardown, state, config })
#endif

/** A CMUnitTest entry: f(state) in stepped execution over the virtual network. */
#define wsk_emu_unit_test(f) wsk_emu_unit_test_config(f, NULL, NULL, NULL)
#define wsk_emu_unit_test_setup_teardown(f, setup, teardown) wsk_emu_unit_test_config(f, setup, teardown, NULL)
/** With a configuration of your own (a pointer to a struct wsk_emu_config that outlives the tests). */
#define wsk_emu_unit_test_config(f, setup, teardown, config)                   \
    {                                                                          \
#f, wsk_kit_cmocka_run, wsk_kit_cmocka_setup, wsk_kit_cmocka_teardown, \
            WSK_KIT_TEST(f, setup, teardown, NULL, config)                     \
    }

#endif
