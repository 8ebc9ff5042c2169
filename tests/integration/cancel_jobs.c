/* SPDX-License-Identifier: MIT */
/* Requests that one thread posts and another one cancels: the threads, and the runs under seeds. */
#include "cancel_jobs.h"

#include <stdlib.h>

#include "host/host_exec.h"
#include "instance.h"

struct jobs_run jobs_run;

/* --- the driver ------------------------------------------------------------------------------------------- */

ULONG jobs_draw(ULONG count)
{
    ULONG64 value =
        jobs_run.seed * 1000003 + (ULONG64)(ULONG)InterlockedIncrement(&jobs_run.draws) * 0x9e3779b97f4a7c15ULL;

    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return (ULONG)((value ^ (value >> 31)) % count);
}

static void pause_for(ULONG milliseconds)
{
    LARGE_INTEGER time;

    time.QuadPart = -(LONGLONG)milliseconds * 10000;
    (void)KeDelayExecutionThread(KernelMode, FALSE, &time);
}

void jobs_pause(void)
{
    ULONG choice = jobs_draw(8);

    if (choice < 2) {
        pause_for(choice);
    }
}

void jobs_thread_end(void)
{
    InterlockedDecrement(&jobs_run.threads);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void job_completed(struct wsk_request *request)
{
    struct job *job = request->context;

    if (NT_SUCCESS(request->result.Status)) {
        InterlockedIncrement(&jobs_run.succeeded);
        InterlockedExchange(&job->is_done, 1);
    }
    (void)KeReleaseSemaphore(&jobs_run.room, IO_NO_INCREMENT, 1, FALSE);
}

VOID NTAPI jobs_posting_thread(PVOID context)
{
    LONG i;

    UNREFERENCED_PARAMETER(context);
    for (i = 0; i < jobs_run.job_count; i++) {
        struct job *job = &jobs_run.jobs[i];

        (void)KeWaitForSingleObject(&jobs_run.room, Executive, KernelMode, FALSE, NULL);
        jobs_pause();
        if (InterlockedCompareExchange(&jobs_run.is_over, 0, 0) != 0) {
            break;
        }
        InterlockedExchange(&jobs_run.posted_count, i + 1); /* it may be cancelled before the call */
        job->request->returned = jobs_run.call(job, job->request->request->irp);
        InterlockedExchange(&job->is_returned, 1);
    }
    jobs_thread_end();
}

static VOID NTAPI cancelling_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct job *job = context;

    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    (void)IoCancelIrp(job->request->request->irp);
}

static void job_cancel(struct job *job)
{
    KIRQL old;

    switch (jobs_draw(3)) {
    case 0:
        (void)IoCancelIrp(job->request->request->irp);
        break;
    case 1:
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        (void)IoCancelIrp(job->request->request->irp);
        KeLowerIrql(old);
        break;
    default:
        (void)KeInsertQueueDpc(&job->dpc, NULL, NULL);
        break;
    }
}

struct job *jobs_pick(void)
{
    LONG posted = InterlockedCompareExchange(&jobs_run.posted_count, 0, 0);

    return posted == 0 ? NULL : &jobs_run.jobs[posted - 1 - (LONG)jobs_draw((ULONG)min(posted, JOBS_AT_ONCE))];
}

VOID NTAPI jobs_cancelling_thread(PVOID context)
{
    ULONG i;

    UNREFERENCED_PARAMETER(context);
    for (i = 0; i < 30; i++) {
        struct job *job = jobs_pick();

        if (job != NULL && jobs_draw(3) == 0) {
            job_cancel(job);
        }
        jobs_pause();
    }
    jobs_thread_end();
}

void jobs_thread_start(PKSTART_ROUTINE routine)
{
    HANDLE handle;

    InterlockedIncrement(&jobs_run.threads);
    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, NULL), STATUS_SUCCESS);
    (void)ZwClose(handle);
}

/* --- a run ------------------------------------------------------------------------------------------------- */

void jobs_create(LONG count, NTSTATUS (*call)(struct job *job, PIRP irp), SIZE_T length_max)
{
    LONG i;

    jobs_run.job_count = count;
    jobs_run.call = call;
    KeInitializeSemaphore(&jobs_run.room, JOBS_AT_ONCE, MAXLONG);
    for (i = 0; i < count; i++) {
        struct job *job = &jobs_run.jobs[i];

        job->request = conn_request_create(NULL, length_max == 0 ? 0 : 1 + jobs_draw((ULONG)length_max));
        job->request->request->completed = job_completed;
        job->request->request->context = job;
        (void)request_irp(job->request->request);
        KeInitializeDpc(&job->dpc, cancelling_dpc, job);
        KeSetTargetProcessorDpc(&job->dpc, (CCHAR)jobs_draw(KeQueryActiveProcessorCount(NULL)));
    }
}

void jobs_wait(void)
{
    LONG i;

    KeFlushQueuedDpcs();
    for (i = 0; i < jobs_run.posted_count; i++) {
        (void)request_wait(jobs_run.jobs[i].request->request, jobs_run.jobs[i].request->returned);
    }
    wsk_kit_run_until_idle();
    for (i = 0; i < jobs_run.job_count; i++) {
        assert_int_equal(jobs_run.jobs[i].request->request->completion_count, i < jobs_run.posted_count);
    }
}

static void request_free(struct conn_request *request)
{
    buffer_fini(&request->buffer);
    request_destroy(request->request);
    free(request->bytes);
    free(request);
}

void jobs_destroy(void)
{
    LONG i;

    for (i = 0; i < jobs_run.job_count; i++) {
        request_free(jobs_run.jobs[i].request);
    }
}

void jobs_post_no_more(void)
{
    InterlockedExchange(&jobs_run.is_over, 1);
    (void)KeReleaseSemaphore(&jobs_run.room, IO_NO_INCREMENT, 1, FALSE);
}

static void step_a_little(void)
{
    ULONG steps = jobs_draw(8);

    while (steps > 0 && wsk_kit_step()) {
        steps--;
    }
    if (steps > 0) {
        wsk_kit_advance_ms(1);
    }
}

void jobs_run_world(void (*act)(void))
{
    ULONG turns = 0;

    while (InterlockedCompareExchange(&jobs_run.threads, 0, 0) > 0) {
        act();
        if (jobs_run.is_stepped) {
            step_a_little();
        } else if (jobs_draw(4) == 0) {
            (void)we_host_exec_wait_progress(we_host_exec_progress_ticket(), 1); /* the others need the processors */
        }
        assert_true(++turns < 100000);
    }
}

static void run(void (*body)(void), enum wsk_emu_execution execution, enum wsk_emu_network network,
                unsigned long long seed)
{
    static const unsigned processors[] = { 2, 1, 4 };
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;

    config.execution = execution;
    config.network = network;
    config.seed = seed;
    config.completion = (enum wsk_emu_completion)(WSK_EMU_COMPLETION_INLINE + seed % 3);
    config.processors = processors[seed / 3 % 3];
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    RtlZeroMemory(&jobs_run, sizeof(jobs_run));
    jobs_run.seed = seed;
    jobs_run.is_stepped = execution == WSK_EMU_EXECUTION_STEPPED;
    jobs_run.is_virtual = network == WSK_EMU_NETWORK_VIRTUAL;
    jobs_run.fixture = fixture_create(NULL);
    fixture_register(jobs_run.fixture);
    fixture_capture(jobs_run.fixture);
    body();
    if (jobs_run.violation != NULL) {
        fail_msg("%s", jobs_run.violation);
    }
    fixture_destroy(jobs_run.fixture);
    assert_int_equal(wsk_emu_stop(), 0);
    jobs_run.seed = 0;
}

void jobs_under_seeds(void (*body)(void))
{
    const char *only = getenv("WSK_EMU_SEED");
    unsigned long long first = only != NULL ? strtoull(only, NULL, 0) : 1;
    unsigned long long last = only != NULL ? first : SEED_COUNT;
    unsigned long long seed;

    for (seed = first; seed <= last; seed++) {
        run(body, WSK_EMU_EXECUTION_STEPPED, WSK_EMU_NETWORK_VIRTUAL, seed);
    }
}

void jobs_in_threads(void (*body)(void))
{
    unsigned long long seed;

    for (seed = 1; seed <= ROUND_COUNT; seed++) {
        run(body, WSK_EMU_EXECUTION_THREADS, WSK_EMU_NETWORK_VIRTUAL, seed);
        run(body, WSK_EMU_EXECUTION_THREADS, WSK_EMU_NETWORK_SOCKETS, seed);
    }
}

int jobs_teardown(void **state)
{
    (void)state;
    if (jobs_run.seed != 0) {
        if (jobs_run.is_stepped) {
            print_error("seed %llu; WSK_EMU_SEED=%llu runs it alone\n", jobs_run.seed, jobs_run.seed);
        }
        jobs_run.seed = 0;
        we_instance_abandon();
    }
    return 0;
}
