/* SPDX-License-Identifier: MIT */
/* WskConnect against cancel, close, refusal and reset, in many orders. */
#include "cancel_jobs.h"

#define CONNECTS 8

static struct wsk_kit_server *s_server;
static SOCKADDR_STORAGE s_remotes[2]; /* the server, and a port where nobody listens */

static void event_check(const struct job *job)
{
    if (job->is_done == 0) {
        jobs_run.violation = "an event before the completion of WskConnect";
    } else if (job->is_closed != 0) {
        jobs_run.violation = "an event after the completion of WskCloseSocket";
    }
}

static NTSTATUS WSKAPI connect_receive(PVOID context, ULONG flags, PWSK_DATA_INDICATION list, SIZE_T length,
                                       SIZE_T *accepted)
{
    UNREFERENCED_PARAMETER(flags);
    UNREFERENCED_PARAMETER(list);
    UNREFERENCED_PARAMETER(length);
    UNREFERENCED_PARAMETER(accepted);
    event_check(context);
    return STATUS_SUCCESS;
}

static NTSTATUS WSKAPI connect_disconnect(PVOID context, ULONG flags)
{
    UNREFERENCED_PARAMETER(flags);
    event_check(context);
    return STATUS_SUCCESS;
}

static const WSK_CLIENT_CONNECTION_DISPATCH s_connect_dispatch = { connect_receive, connect_disconnect, NULL };

static NTSTATUS connect_call(struct job *job, PIRP irp)
{
    SOCKADDR_STORAGE remote = s_remotes[jobs_draw(4) == 0];

    return conn_table(job->socket)->WskConnect(job->socket, (PSOCKADDR)&remote, 0, irp);
}

static void close_completed(struct wsk_request *request)
{
    struct job *job = request->context;

    InterlockedExchange(&job->is_closed, 1);
}

static void job_close(struct job *job)
{
    job->close = conn_request_create(NULL, 0);
    job->close->request->completed = close_completed;
    job->close->request->context = job;
    job->close->returned = ((const WSK_PROVIDER_BASIC_DISPATCH *)job->socket->Dispatch)
                               ->WskCloseSocket(job->socket, request_irp(job->close->request));
}

static VOID NTAPI closing_thread(PVOID context)
{
    ULONG i;

    UNREFERENCED_PARAMETER(context);
    for (i = 0; i < 20; i++) {
        struct job *job = jobs_pick();

        if (job != NULL && job->close == NULL && InterlockedCompareExchange(&job->is_returned, 0, 0) != 0 &&
            jobs_draw(2) == 0) {
            job_close(job);
        }
        jobs_pause();
    }
    jobs_thread_end();
}

/* At some time the server closes: what is connected is reset, and what comes later is refused. */
static void serving_act(void)
{
    if (s_server != NULL && jobs_draw(60) == 0) {
        wsk_kit_server_close(s_server);
        s_server = NULL;
    }
}

static void connects_check(void)
{
    LONG i;

    for (i = 0; i < jobs_run.job_count; i++) {
        struct job *job = &jobs_run.jobs[i];
        NTSTATUS status = job->request->request->result.Status;

        if (jobs_run.is_virtual || status != STATUS_CONNECTION_RESET) { /* TCP may be reset before we look */
            assert_true(status == STATUS_SUCCESS || status == STATUS_CANCELLED || status == STATUS_CONNECTION_REFUSED);
        }
        assert_int_equal(job->request->request->result.Information, 0);
        assert_true(job->request->request->order < job->close->request->order);
        conn_request_expect(job->close, STATUS_SUCCESS, 0);
    }
}

static void connects_under_cancellation(void)
{
    WSK_EVENT_CALLBACK_CONTROL control = { &NPI_WSK_INTERFACE_ID, WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT };
    LONG i;

    assert_int_equal(jobs_run.fixture->npi.Dispatch->WskControlClient(jobs_run.fixture->npi.Client,
                                                                      WSK_SET_STATIC_EVENT_CALLBACKS, sizeof(control),
                                                                      &control, 0, NULL, NULL, NULL),
                     STATUS_SUCCESS);
    s_server = wsk_kit_listen(WSK_KIT_IPV4);
    s_remotes[0] = address_loopback(AF_INET, wsk_kit_server_port(s_server));
    s_remotes[1] = address_loopback(AF_INET, wsk_kit_unused_port(WSK_KIT_IPV4));
    jobs_create(CONNECTS, connect_call, 0);
    for (i = 0; i < CONNECTS; i++) {
        jobs_run.jobs[i].socket =
            connection_open_bound(jobs_run.fixture, AF_INET, &jobs_run.jobs[i], &s_connect_dispatch);
    }
    jobs_thread_start(jobs_posting_thread);
    jobs_thread_start(jobs_cancelling_thread);
    jobs_thread_start(closing_thread);
    jobs_run_world(serving_act);
    jobs_wait();
    for (i = 0; i < CONNECTS; i++) {
        if (jobs_run.jobs[i].close == NULL) {
            job_close(&jobs_run.jobs[i]);
        }
    }
    wsk_kit_run_until_idle();
    connects_check();
    jobs_destroy();
    wsk_kit_server_close(s_server);
}

static void test_cancelled_connects_complete_once_and_before_the_close(void **state)
{
    (void)state;
    jobs_under_seeds(connects_under_cancellation);
}

static void test_cancelled_connects_complete_once_and_before_the_close_in_threads(void **state)
{
    (void)state;
    jobs_in_threads(connects_under_cancellation);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        JOBS_TEST(test_cancelled_connects_complete_once_and_before_the_close),
        JOBS_TEST(test_cancelled_connects_complete_once_and_before_the_close_in_threads),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
