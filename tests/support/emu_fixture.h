/* SPDX-License-Identifier: MIT */
/* Group fixtures for unit tests that only need a running emulated kernel: stepped, over the virtual network; and a log that
 * is dropped. */
#ifndef WE_TEST_EMU_FIXTURE_H
#define WE_TEST_EMU_FIXTURE_H

#include "wsk_emu/cmocka.h"

static inline int emu_setup(void **state)
{
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;

    (void)state;
    config.execution = WSK_EMU_EXECUTION_STEPPED;
    config.network = WSK_EMU_NETWORK_VIRTUAL;
    return wsk_emu_start(&config) == 0 ? 0 : -1;
}

/* Fails when a report came that no test expected, or something was left behind. */
static inline int emu_teardown(void **state)
{
    (void)state;
    return wsk_emu_stop() == 0 ? 0 : -1;
}

/* For the configuration of tests whose log nobody wants to see. */
static inline void emu_log_drop(void *context, const char *line)
{
    (void)context;
    (void)line;
}

#endif
