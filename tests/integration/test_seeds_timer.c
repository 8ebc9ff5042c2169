/* SPDX-License-Identifier: MIT */
/* Timers that are set, cancelled and deleted while they expire: after the end of one nothing of it is called. */
#include <wdm.h>

#include "support/seed_run.h"
#include "support/system_thread.h"
#include "wsk_emu/cmocka.h"

#define TIMERS 4
#define ROUNDS 8

struct scene {
    PEX_TIMER timer;
    volatile LONG call_count;
    volatile LONG is_ended;   /* its delete callback was called */
    volatile LONG late_count; /* calls after that */
    PKTHREAD thread;
};

static struct scene s_scenes[TIMERS];

static VOID expired(PEX_TIMER Timer, PVOID Context)
{
    struct scene *scene = Context;

    if (InterlockedCompareExchange(&scene->is_ended, 0, 0) != 0) {
        InterlockedIncrement(&scene->late_count);
    }
    InterlockedIncrement(&scene->call_count);
    if (seed_draw(4) == 0) {
        (void)ExSetTimer(Timer, -10000 * (LONGLONG)(1 + seed_draw(3)), 0, NULL);
    }
}

static VOID ended(PVOID Context)
{
    struct scene *scene = Context;

    InterlockedIncrement(&scene->is_ended);
}

static void one_life(struct scene *scene)
{
    EXT_DELETE_PARAMETERS parameters;
    ULONG steps = seed_draw(6);

    InterlockedExchange(&scene->is_ended, 0);
    scene->timer = ExAllocateTimer(expired, scene, seed_draw(2) == 0 ? EX_TIMER_NOTIFICATION : 0);
    assert_non_null(scene->timer);
    while (steps-- > 0) {
        if (seed_draw(3) == 0) {
            (void)ExCancelTimer(scene->timer, NULL);
        } else {
            (void)ExSetTimer(scene->timer, -10000 * (LONGLONG)seed_draw(3), 10000 * (LONGLONG)seed_draw(2), NULL);
        }
        seed_pause();
    }
    ExInitializeDeleteTimerParameters(&parameters);
    parameters.DeleteCallback = ended;
    parameters.DeleteContext = scene;
    (void)ExDeleteTimer(scene->timer, TRUE, TRUE, &parameters);
    assert_int_equal(InterlockedCompareExchange(&scene->is_ended, 0, 0), 1);
}

static VOID live_and_die(PVOID Context)
{
    ULONG round;

    for (round = 0; round < ROUNDS; round++) {
        one_life(Context);
        seed_pause();
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void timers_come_and_go(void)
{
    ULONG i;

    RtlZeroMemory(s_scenes, sizeof(s_scenes));
    for (i = 0; i < TIMERS; i++) {
        s_scenes[i].thread = system_thread_start(live_and_die, &s_scenes[i]);
    }
    for (i = 0; i < TIMERS; i++) {
        system_thread_join(s_scenes[i].thread);
        assert_int_equal(s_scenes[i].late_count, 0);
    }
}

static void test_timers_end_once_in_every_order(void **state)
{
    UNREFERENCED_PARAMETER(state);
    seed_run_stepped(timers_come_and_go);
}

static void test_timers_end_once_on_real_threads(void **state)
{
    UNREFERENCED_PARAMETER(state);
    seed_run_threads(timers_come_and_go);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_timers_end_once_in_every_order, seed_run_teardown),
        cmocka_unit_test_teardown(test_timers_end_once_on_real_threads, seed_run_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
