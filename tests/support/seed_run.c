/* SPDX-License-Identifier: MIT */
/* Runs of one scenario under many seeds, and a few with real threads. */
#include "seed_run.h"

#include <stdlib.h>

#include "instance.h"
#include "wsk_emu/cmocka.h"

#define SEED_COUNT 300
#define ROUND_COUNT 10

static struct {
    unsigned long long seed; /* 0: no run is going on */
    BOOLEAN is_stepped;
    volatile LONG draws;
} s_run;

ULONG seed_draw(ULONG count)
{
    ULONG64 x = s_run.seed * 1000003 + (ULONG64)(ULONG)InterlockedIncrement(&s_run.draws) * 0x9e3779b97f4a7c15ULL;

    x = (x ^ (x >> 31)) * 0xbf58476d1ce4e5b9ULL;
    return (ULONG)((x ^ (x >> 29)) >> 16) % count;
}

void seed_pause(void)
{
    LARGE_INTEGER delay;

    if (seed_draw(3) == 0) {
        delay.QuadPart = -10000 * (LONGLONG)seed_draw(2);
        KeDelayExecutionThread(KernelMode, FALSE, &delay);
    }
}

static void fail_run(const char *reason)
{
    print_error("%s\n", reason);
    _fail(__FILE__, __LINE__);
}

static void run(void (*body)(void), enum wsk_emu_execution execution, unsigned long long seed)
{
    static const unsigned processors[] = { 2, 1, 4 };
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;

    config.execution = execution;
    config.network = WSK_EMU_NETWORK_VIRTUAL;
    config.seed = seed;
    config.processors = processors[seed % 3];
    s_run.seed = seed;
    s_run.is_stepped = execution == WSK_EMU_EXECUTION_STEPPED;
    s_run.draws = 0;
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    wsk_kit_set_failure_handler(fail_run);
    body();
    assert_int_equal(wsk_emu_stop(), 0);
    s_run.seed = 0;
}

void seed_run_stepped(void (*body)(void))
{
    const char *only = getenv("WSK_EMU_SEED");
    unsigned long long first = only != NULL ? strtoull(only, NULL, 0) : 1;
    unsigned long long last = only != NULL ? first : SEED_COUNT;
    unsigned long long seed;

    for (seed = first; seed <= last; seed++) {
        run(body, WSK_EMU_EXECUTION_STEPPED, seed);
    }
}

void seed_run_threads(void (*body)(void))
{
    unsigned long long round;

    for (round = 1; round <= ROUND_COUNT; round++) {
        run(body, WSK_EMU_EXECUTION_THREADS, round);
    }
}

int seed_run_teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    if (s_run.seed != 0) {
        if (s_run.is_stepped) {
            print_error("seed %llu; WSK_EMU_SEED=%llu runs it alone\n", s_run.seed, s_run.seed);
        }
        s_run.seed = 0;
        we_instance_abandon();
    }
    return 0;
}
