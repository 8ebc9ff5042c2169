/* SPDX-License-Identifier: MIT */
/* Failing, moving and waiting: the heart of the test kit. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/host_cond.h"
#include "host/host_exec.h"
#include "host/host_net.h"
#include "instance.h"
#include "kit/kit_internal.h"
#include "nt/ke_bugcheck.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_door.h"
#include "nt/nt_stall.h"
#include "nt/nt_thread.h"

#define REASON_BYTES 8192
#define LOOK_AGAIN_MS 2

static wsk_kit_failure_fn *s_handler;

static void print_and_abort(const char *reason)
{
    fprintf(stderr, "wsk_kit: %s\n", reason);
    abort();
}

/* A bug check on the test's own thread fails the test; on any other thread there is no test to leave. */
static void bugcheck_fails_test(ULONG code, const ULONG_PTR parameters[4], const char *text)
{
    (void)code;
    (void)parameters;
    if (s_handler != NULL && we_host_exec_is_main()) {
        we_nt_door_shut(true);
        s_handler(text);
    }
}

void wsk_kit_set_failure_handler(wsk_kit_failure_fn *handler)
{
    s_handler = handler;
    we_nt_stall_set_handler(handler);
    we_ke_bugcheck_set_hook(handler != NULL ? bugcheck_fails_test : NULL);
}

void wsk_kit_fail(const char *format, ...)
{
    static char reason[REASON_BYTES]; /* the test's thread only; the handler may leave by longjmp */
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    if (s_handler != NULL) {
        s_handler(reason);
    } else {
        print_and_abort(reason);
    }
}

bool wsk_kit_check_running(const char *function)
{
    if (!we_instance_is_running()) {
        wsk_kit_fail("%s: no emulated kernel is running; call wsk_emu_start or use wsk_emu_unit_test", function);
        return false;
    }
    if (!we_host_exec_is_main()) {
        wsk_kit_fail("%s: only the thread that called wsk_emu_start may call this", function);
        return false;
    }
    return true;
}

/* A callback, or a test that has raised its IRQL, keeps its processor: whoever waits there waits for itself. */
static bool check_may_move(const char *function)
{
    if (we_nt_irql_current() < DISPATCH_LEVEL) {
        return true;
    }
    wsk_kit_fail("%s was called at DISPATCH_LEVEL, where nothing else can move: record what happens in a callback, and "
                 "wait for it in the test",
                 function);
    return false;
}

bool wsk_kit_step(void)
{
    if (!wsk_kit_check_running("wsk_kit_step") || !check_may_move("wsk_kit_step")) {
        return false;
    }
    if (we_host_exec_kind() != WE_EXEC_STEPPED) {
        wsk_kit_fail("wsk_kit_step: in threads execution everything moves by itself; wait for a condition instead");
        return false;
    }
    return we_host_exec_step(false);
}

/* In threads execution: quiet at two looks with nothing in between. */
static void wait_until_quiet(void)
{
    unsigned quiet_count = 0;
    uint64_t ticket = we_host_exec_progress_ticket();

    while (quiet_count < 2) {
        bool is_quiet = we_host_exec_is_quiet() && !we_host_net_settle();
        bool has_moved = we_host_exec_progress_ticket() != ticket;

        quiet_count = is_quiet && !has_moved ? quiet_count + 1 : 0;
        ticket = we_host_exec_progress_ticket();
        if (!is_quiet) {
            (void)we_host_exec_wait_progress(ticket, 1);
        }
    }
}

void wsk_kit_run_until_idle(void)
{
    if (!wsk_kit_check_running("wsk_kit_run_until_idle") || !check_may_move("wsk_kit_run_until_idle")) {
        return;
    }
    if (we_host_exec_kind() == WE_EXEC_STEPPED) {
        while (we_host_exec_step(false)) {
        }
    } else {
        wait_until_quiet();
    }
}

void wsk_kit_advance_ms(unsigned milliseconds)
{
    if (!wsk_kit_check_running("wsk_kit_advance_ms") || !check_may_move("wsk_kit_advance_ms")) {
        return;
    }
    if (we_host_exec_kind() != WE_EXEC_STEPPED) {
        wsk_kit_fail("wsk_kit_advance_ms: the clock can be moved in stepped execution only");
        return;
    }
    we_host_exec_advance((uint64_t)milliseconds * 1000000u);
}

uint64_t wsk_kit_now_ms(void)
{
    return we_instance_is_running() ? we_host_now_ns() / 1000000u : 0;
}

/* --- waiting -------------------------------------------------------------------------------- */

/* Simulated time may move. Over sockets the operating system, or a peer outside, may need real time as well. */
static bool wait_stepped(wsk_kit_condition_fn *condition, void *context)
{
    uint64_t patience_ns = (uint64_t)we_host_exec_no_progress_ms() * 1000000u;
    uint64_t still_since_ns = 0; /* 0: something moved a moment ago */

    while (!condition(context)) {
        if (we_host_exec_step(true)) {
            still_since_ns = 0;
        } else if (we_host_net_kind() != WE_NET_SOCKETS) {
            return condition(context);
        } else if (still_since_ns == 0) {
            still_since_ns = we_host_real_ns();
        } else if (we_host_real_ns() - still_since_ns > patience_ns) {
            return condition(context);
        }
    }
    return true;
}

/* Not everything a condition may depend on is announced as progress: a variable that a thread of the driver writes is
 * not. So the condition is looked at from time to time, too. */
static bool wait_threads(wsk_kit_condition_fn *condition, void *context)
{
    uint64_t patience_ns = (uint64_t)we_host_exec_no_progress_ms() * 1000000u;
    uint64_t ticket = we_host_exec_progress_ticket();
    uint64_t still_since_ns = we_host_real_ns();

    while (!condition(context)) {
        uint64_t seen = ticket;

        (void)we_host_exec_wait_progress(seen, LOOK_AGAIN_MS);
        ticket = we_host_exec_progress_ticket();
        if (ticket != seen) {
            still_since_ns = we_host_real_ns();
        } else if (we_host_real_ns() - still_since_ns > patience_ns) {
            return condition(context);
        }
    }
    return true;
}

bool wsk_kit_wait(wsk_kit_condition_fn *condition, void *context)
{
    if (condition(context)) {
        return true;
    }
    if (!check_may_move("a function of the kit that has to wait")) {
        return false;
    }
    if (we_host_exec_kind() == WE_EXEC_STEPPED) {
        return wait_stepped(condition, context);
    }
    return wait_threads(condition, context);
}

void wsk_kit_fail_wait(const char *what)
{
    static char waits[REASON_BYTES / 2];

    we_ke_describe_waits(waits, sizeof(waits));
    wsk_kit_fail(
        "waited for %s, but %s\n%s", what,
        we_host_exec_kind() == WE_EXEC_STEPPED ? "nothing can move any more" : "nothing has moved for too long", waits);
}

void wsk_kit_wait_for(wsk_kit_condition_fn *condition, void *context, const char *what)
{
    if (wsk_kit_check_running("wsk_kit_wait_for") && !wsk_kit_wait(condition, context)) {
        wsk_kit_fail_wait(what);
    }
}

bool wsk_kit_wait_for_try(wsk_kit_condition_fn *condition, void *context)
{
    return wsk_kit_check_running("wsk_kit_wait_for_try") && wsk_kit_wait(condition, context);
}
