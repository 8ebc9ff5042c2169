/* SPDX-License-Identifier: MIT */
/* Requests of a cancel-safe queue that are inserted, taken out and cancelled at the same time: each ends once. */
#include <wdm.h>

#include "support/csq_device.h"
#include "support/seed_run.h"
#include "support/system_thread.h"
#include "wsk_emu/cmocka.h"

#define COUNT 24

static struct {
    struct csq_device queue;
    struct csq_request requests[COUNT];
    IO_CSQ_IRP_CONTEXT contexts[COUNT];
    volatile LONG sent_count;  /* requests that are safe to cancel */
    volatile LONG taken_count; /* taken out by the thread that serves */
    volatile LONG is_over;
} s_run;

static VOID send_them(PVOID context)
{
    ULONG i;

    UNREFERENCED_PARAMETER(context);
    for (i = 0; i < COUNT; i++) {
        s_run.queue.context = i % 2 == 0 ? &s_run.contexts[i] : NULL;
        if (seed_draw(6) == 0) {
            (void)csq_request_send_cancelled(&s_run.queue, &s_run.requests[i], (UCHAR)i);
        } else {
            (void)csq_request_send(&s_run.queue, &s_run.requests[i], (UCHAR)i);
        }
        InterlockedIncrement(&s_run.sent_count);
        seed_pause();
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* By its context, by its key, or whichever is next. */
static PIRP take_one(void)
{
    ULONG which = seed_draw(COUNT);
    UCHAR key = (UCHAR)which;

    switch (seed_draw(3)) {
    case 0:
        return IoCsqRemoveIrp(&s_run.queue.csq, &s_run.contexts[which & ~1u]);
    case 1:
        return IoCsqRemoveNextIrp(&s_run.queue.csq, &key);
    default:
        return IoCsqRemoveNextIrp(&s_run.queue.csq, NULL);
    }
}

static VOID serve_them(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    while (InterlockedCompareExchange(&s_run.is_over, 0, 0) == 0) {
        PIRP irp = take_one();

        if (irp != NULL) {
            InterlockedIncrement(&s_run.taken_count);
            csq_finish(irp, STATUS_SUCCESS);
        }
        seed_pause();
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID cancel_them(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    while (InterlockedCompareExchange(&s_run.is_over, 0, 0) == 0) {
        LONG sent = InterlockedCompareExchange(&s_run.sent_count, 0, 0);

        if (sent > 0) {
            (void)IoCancelIrp(s_run.requests[seed_draw((ULONG)sent)].irp);
        }
        seed_pause();
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static bool is_all_done(void *context)
{
    ULONG i;

    (void)context;
    if (InterlockedCompareExchange(&s_run.sent_count, 0, 0) < COUNT) {
        return false;
    }
    for (i = 0; i < COUNT; i++) {
        if (InterlockedCompareExchange(&s_run.requests[i].done_count, 0, 0) == 0) {
            return false;
        }
    }
    return true;
}

static void insert_take_and_cancel(void)
{
    PKTHREAD threads[3];
    LONG cancelled = 0;
    LONG served = 0;
    ULONG i;

    RtlZeroMemory(&s_run, sizeof(s_run));
    csq_device_create(&s_run.queue, FALSE);
    threads[0] = system_thread_start(send_them, NULL);
    threads[1] = system_thread_start(serve_them, NULL);
    threads[2] = system_thread_start(cancel_them, NULL);
    wsk_kit_wait_for(is_all_done, NULL, "the end of every request");
    InterlockedExchange(&s_run.is_over, 1);
    for (i = 0; i < 3; i++) {
        system_thread_join(threads[i]);
    }
    for (i = 0; i < COUNT; i++) {
        if (s_run.requests[i].status == STATUS_CANCELLED) {
            cancelled++;
            csq_request_expect(&s_run.requests[i], STATUS_CANCELLED);
        } else {
            served++;
            csq_request_expect(&s_run.requests[i], STATUS_SUCCESS);
        }
    }
    assert_int_equal(served, s_run.taken_count);
    assert_int_equal(cancelled, s_run.queue.cancelled_count);
    csq_device_destroy(&s_run.queue);
}

static void test_csq_requests_end_once_in_every_order(void **state)
{
    UNREFERENCED_PARAMETER(state);
    seed_run_stepped(insert_take_and_cancel);
}

static void test_csq_requests_end_once_on_real_threads(void **state)
{
    UNREFERENCED_PARAMETER(state);
    seed_run_threads(insert_take_and_cancel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_csq_requests_end_once_in_every_order, seed_run_teardown),
        cmocka_unit_test_teardown(test_csq_requests_end_once_on_real_threads, seed_run_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
