/* SPDX-License-Identifier: MIT */
/* IoCancelIrp against whatever else completes a request, in many orders: nothing completes twice, nothing is lost. */
#include "cancel_jobs.h"

static void connection_begin(void)
{
    USHORT port;
    PWSK_SOCKET listener = listener_open(jobs_run.fixture, AF_INET, NULL, NULL, false, &port);

    jobs_run.socket = listener_accept_peer(listener, AF_INET, port, NULL, NULL, &jobs_run.peer);
    socket_close(listener);
}

/* --- receives ---------------------------------------------------------------------------------------------- */

static SIZE_T s_stream_sent;

static NTSTATUS receive_call(struct job *job, PIRP irp)
{
    job->flags = jobs_draw(2) == 0 ? WSK_FLAG_WAITALL : 0;
    return conn_table(jobs_run.socket)->WskReceive(jobs_run.socket, &job->request->buffer, job->flags, irp);
}

static void stream_act(void)
{
    unsigned char bytes[600];
    SIZE_T length = 1 + jobs_draw(sizeof(bytes));

    if (jobs_draw(2) == 0) {
        conn_stream_fill(bytes, s_stream_sent, length);
        s_stream_sent += wsk_kit_peer_send_some(jobs_run.peer, bytes, length);
    }
}

/* What the receives brought, one after the other in the order of posting, is what the peer sent: a receive that was
 * cancelled has given back what it does not report. */
static void receives_check(void)
{
    SIZE_T position = 0;
    LONG i;

    for (i = 0; i < jobs_run.posted_count; i++) {
        const struct conn_request *request = jobs_run.jobs[i].request;
        const IO_STATUS_BLOCK *result = &request->request->result;

        assert_true(result->Status == STATUS_SUCCESS || result->Status == STATUS_CANCELLED);
        assert_true(result->Information <= request->buffer.Length);
        conn_stream_check(request->bytes, position, result->Information);
        position += result->Information;
        if (result->Status == STATUS_SUCCESS && position < s_stream_sent) {
            assert_true(result->Information > 0);
            if (jobs_run.jobs[i].flags == WSK_FLAG_WAITALL) {
                assert_int_equal(result->Information, request->buffer.Length);
            }
        }
    }
    assert_true(position <= s_stream_sent);
}

static void receives_under_cancellation(void)
{
    s_stream_sent = 0;
    connection_begin();
    jobs_create(25, receive_call, 400);
    jobs_thread_start(jobs_posting_thread);
    jobs_thread_start(jobs_cancelling_thread);
    jobs_run_world(stream_act);
    wsk_kit_peer_end(jobs_run.peer);
    jobs_wait();
    receives_check();
    jobs_destroy();
    socket_close(jobs_run.socket);
    wsk_kit_peer_close(jobs_run.peer);
}

static void test_cancelled_receives_lose_no_bytes(void **state)
{
    (void)state;
    jobs_under_seeds(receives_under_cancellation);
}

static void test_cancelled_receives_lose_no_bytes_in_threads(void **state)
{
    (void)state;
    jobs_in_threads(receives_under_cancellation);
}

/* --- sends ------------------------------------------------------------------------------------------------- */

static unsigned char s_arrived[1 << 20];
static SIZE_T s_arrived_length;

static NTSTATUS send_call(struct job *job, PIRP irp)
{
    return conn_table(jobs_run.socket)->WskSend(jobs_run.socket, &job->request->buffer, 0, irp);
}

static void reading_act(void)
{
    SIZE_T room = sizeof(s_arrived) - s_arrived_length;

    if (jobs_draw(4) == 0) {
        s_arrived_length +=
            wsk_kit_peer_receive_some(jobs_run.peer, s_arrived + s_arrived_length, min(room, 1 + jobs_draw(20000)));
    }
}

/* The peer got what the sends say has gone, in the order of posting. */
static void sends_check(void)
{
    SIZE_T position = 0;
    LONG i;

    for (i = 0; i < jobs_run.posted_count; i++) {
        const struct conn_request *request = jobs_run.jobs[i].request;
        const IO_STATUS_BLOCK *result = &request->request->result;

        assert_true(result->Status == STATUS_SUCCESS || result->Status == STATUS_CANCELLED);
        assert_true(result->Information <= request->buffer.Length);
        if (result->Status == STATUS_SUCCESS) {
            assert_int_equal(result->Information, request->buffer.Length);
        }
        assert_true(position + result->Information <= s_arrived_length);
        assert_memory_equal(s_arrived + position, request->bytes, result->Information);
        position += result->Information;
    }
    assert_int_equal(position, s_arrived_length);
}

static void sends_under_cancellation(void)
{
    struct conn_request *end;
    SIZE_T part;
    LONG i;

    s_arrived_length = 0;
    connection_begin();
    if (jobs_run.is_virtual) { /* TCP becomes very slow with less than what a segment holds */
        wsk_kit_peer_set_receive_buffer(jobs_run.peer, 4096);
    }
    jobs_create(12, send_call, 40000);
    for (i = 0; i < jobs_run.job_count; i++) {
        conn_stream_fill(jobs_run.jobs[i].request->bytes, (SIZE_T)i * 71, jobs_run.jobs[i].request->buffer.Length);
    }
    jobs_thread_start(jobs_posting_thread);
    jobs_thread_start(jobs_cancelling_thread);
    jobs_run_world(reading_act);
    end = conn_disconnect_post(jobs_run.socket, NULL, 0, 0);
    while ((part = wsk_kit_peer_receive(jobs_run.peer, s_arrived + s_arrived_length,
                                        sizeof(s_arrived) - s_arrived_length)) > 0) {
        s_arrived_length += part;
    }
    jobs_wait();
    conn_request_expect(end, STATUS_SUCCESS, 0);
    sends_check();
    jobs_destroy();
    socket_close(jobs_run.socket);
    wsk_kit_peer_close(jobs_run.peer);
}

static void test_cancelled_sends_say_what_has_gone(void **state)
{
    (void)state;
    jobs_under_seeds(sends_under_cancellation);
}

static void test_cancelled_sends_say_what_has_gone_in_threads(void **state)
{
    (void)state;
    jobs_in_threads(sends_under_cancellation);
}

/* --- accepts ----------------------------------------------------------------------------------------------- */

#define CALLERS 8

static struct wsk_kit_peer *s_callers[CALLERS];
static LONG s_caller_count;
static PWSK_SOCKET s_listener;

static NTSTATUS accept_call(struct job *job, PIRP irp)
{
    UNREFERENCED_PARAMETER(job);
    return ((const WSK_PROVIDER_LISTEN_DISPATCH *)s_listener->Dispatch)
        ->WskAccept(s_listener, 0, NULL, NULL, NULL, NULL, irp);
}

static USHORT s_port;

static void calling_act(void)
{
    if (s_caller_count < CALLERS) {
        if (jobs_draw(4) == 0) {
            s_callers[s_caller_count++] = wsk_kit_connect(WSK_KIT_IPV4, s_port);
        }
    } else if (InterlockedCompareExchange(&jobs_run.succeeded, 0, 0) == CALLERS ||
               InterlockedCompareExchange(&jobs_run.posted_count, 0, 0) == jobs_run.job_count) {
        jobs_post_no_more();
    }
}

static void accepts_under_cancellation(void)
{
    struct wsk_request *close_request = request_create();
    NTSTATUS close_returned;
    LONG taken = 0;
    LONG i;

    s_caller_count = 0;
    s_listener = listener_open(jobs_run.fixture, AF_INET, NULL, NULL, false, &s_port);
    jobs_create(JOBS_MAX, accept_call, 0);
    jobs_thread_start(jobs_posting_thread);
    jobs_thread_start(jobs_cancelling_thread);
    jobs_run_world(calling_act);
    assert_int_equal(jobs_run.succeeded, CALLERS); /* no connection went with a request that was cancelled */
    close_returned = ((const WSK_PROVIDER_BASIC_DISPATCH *)s_listener->Dispatch)
                         ->WskCloseSocket(s_listener, request_irp(close_request));
    assert_int_equal(request_wait(close_request, close_returned), STATUS_SUCCESS);
    jobs_wait();
    for (i = 0; i < jobs_run.posted_count; i++) {
        const struct wsk_request *request = jobs_run.jobs[i].request->request;

        assert_true(request->order < close_request->order);
        if (NT_SUCCESS(request->result.Status)) {
            socket_close((PWSK_SOCKET)request->result.Information);
            taken++;
        } else {
            assert_int_equal(request->result.Status, STATUS_CANCELLED);
            assert_int_equal(request->result.Information, 0);
        }
    }
    assert_int_equal(taken, CALLERS);
    for (i = 0; i < CALLERS; i++) {
        wsk_kit_peer_expect_reset(s_callers[i]);
        wsk_kit_peer_close(s_callers[i]);
    }
    request_destroy(close_request);
    jobs_destroy();
}

static void test_cancelled_accepts_lose_no_connection(void **state)
{
    (void)state;
    jobs_under_seeds(accepts_under_cancellation);
}

static void test_cancelled_accepts_lose_no_connection_in_threads(void **state)
{
    (void)state;
    jobs_in_threads(accepts_under_cancellation);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        JOBS_TEST(test_cancelled_receives_lose_no_bytes),
        JOBS_TEST(test_cancelled_receives_lose_no_bytes_in_threads),
        JOBS_TEST(test_cancelled_sends_say_what_has_gone),
        JOBS_TEST(test_cancelled_sends_say_what_has_gone_in_threads),
        JOBS_TEST(test_cancelled_accepts_lose_no_connection),
        JOBS_TEST(test_cancelled_accepts_lose_no_connection_in_threads),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
