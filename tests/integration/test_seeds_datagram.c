/* SPDX-License-Identifier: MIT */
/* Requests of datagram sockets that are cancelled in many orders: none completes twice, none waits for ever, and no
 * datagram is given to two of them. */
#include "cancel_jobs.h"

#include "support/dgram_client.h"

#define JOB_COUNT 25
#define SENT_MAX 200u /* while requests are posted; then one for each request follows */

static struct wsk_kit_datagram_peer *s_peer;
static USHORT s_port;
static unsigned s_sent;

static void socket_begin(void)
{
    jobs_run.socket = dgram_open_bound(jobs_run.fixture, AF_INET, NULL, NULL, &s_port);
    s_peer = wsk_kit_datagram_open(WSK_KIT_IPV4);
    s_sent = 0;
}

static void socket_end(void)
{
    jobs_destroy();
    socket_close(jobs_run.socket);
    wsk_kit_datagram_close(s_peer);
}

/* --- receives ---------------------------------------------------------------------------------------- */

static NTSTATUS receive_call(struct job *job, PIRP irp)
{
    return dgram_table(jobs_run.socket)
        ->WskReceiveFrom(jobs_run.socket, &job->request->buffer, 0, NULL, NULL, NULL, NULL, irp);
}

/* Each datagram is its number, in the one byte for which every request has room. */
static void send_one(void)
{
    unsigned char number = (unsigned char)++s_sent;

    wsk_kit_datagram_send(s_peer, s_port, &number, sizeof(number));
}

static void sending_act(void)
{
    if (s_sent < SENT_MAX && jobs_draw(3) == 0) {
        send_one();
    }
}

/* A later request that succeeded has a later datagram. One that was cancelled with a datagram in its hands has lost it,
 * as networks do. */
static void receives_check(void)
{
    unsigned last = 0;
    LONG i;

    for (i = 0; i < jobs_run.posted_count; i++) {
        const struct conn_request *request = jobs_run.jobs[i].request;
        const IO_STATUS_BLOCK *result = &request->request->result;
        unsigned char number;

        assert_true(result->Status == STATUS_SUCCESS || result->Status == STATUS_CANCELLED);
        assert_true(result->Information == sizeof(number) ||
                    (result->Information == 0 && result->Status == STATUS_CANCELLED));
        if (result->Information != 0) {
            number = request->bytes[0];
            assert_true(number > last);
            assert_true(number <= s_sent);
            last = number;
        }
    }
}

static void receives_under_cancellation(void)
{
    LONG i;

    socket_begin();
    jobs_create(JOB_COUNT, receive_call, 64);
    jobs_thread_start(jobs_posting_thread);
    jobs_thread_start(jobs_cancelling_thread);
    jobs_run_world(sending_act);
    for (i = 0; i < JOB_COUNT; i++) {
        send_one();
    }
    jobs_wait();
    receives_check();
    socket_end();
}

static void test_cancelled_receive_froms_share_no_datagram(void **state)
{
    (void)state;
    jobs_under_seeds(receives_under_cancellation);
}

static void test_cancelled_receive_froms_share_no_datagram_in_threads(void **state)
{
    (void)state;
    jobs_in_threads(receives_under_cancellation);
}

/* --- sends ------------------------------------------------------------------------------------------- */

/* Each request sends its buffer so often that the network is full. */
#define NODE_COUNT 8

static WSK_BUF_LIST s_nodes[JOB_COUNT][NODE_COUNT];

static NTSTATUS send_call(struct job *job, PIRP irp)
{
    SOCKADDR_STORAGE remote = address_loopback(AF_INET, wsk_kit_datagram_port(s_peer));
    WSK_BUF_LIST *nodes = s_nodes[job - jobs_run.jobs];

    for (unsigned i = 0; i < NODE_COUNT; i++) {
        nodes[i].Buffer = job->request->buffer;
        nodes[i].Next = i + 1 < NODE_COUNT ? &nodes[i + 1] : NULL;
    }
    return dgram_table(jobs_run.socket)->WskSendMessages(jobs_run.socket, nodes, 0, (PSOCKADDR)&remote, 0, NULL, irp);
}

static void idle_act(void)
{
}

/* Whatever is cancelled, what stands behind it goes on: a send that nobody calls for would hang the run. */
static void sends_under_cancellation(void)
{
    LONG i;

    socket_begin();
    jobs_create(JOB_COUNT, send_call, 60000);
    jobs_thread_start(jobs_posting_thread);
    jobs_thread_start(jobs_cancelling_thread);
    jobs_run_world(idle_act);
    jobs_wait();
    for (i = 0; i < jobs_run.posted_count; i++) {
        const struct conn_request *request = jobs_run.jobs[i].request;
        const IO_STATUS_BLOCK *result = &request->request->result;

        assert_true(result->Status == STATUS_SUCCESS || result->Status == STATUS_CANCELLED);
        assert_int_equal(result->Information % request->buffer.Length, 0);
        assert_true(result->Information / request->buffer.Length <= NODE_COUNT);
        assert_true(result->Status == STATUS_CANCELLED || result->Information == NODE_COUNT * request->buffer.Length);
    }
    socket_end();
}

static void test_cancelled_send_tos_leave_the_others(void **state)
{
    (void)state;
    jobs_under_seeds(sends_under_cancellation);
}

static void test_cancelled_send_tos_leave_the_others_in_threads(void **state)
{
    (void)state;
    jobs_in_threads(sends_under_cancellation);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        JOBS_TEST(test_cancelled_receive_froms_share_no_datagram),
        JOBS_TEST(test_cancelled_receive_froms_share_no_datagram_in_threads),
        JOBS_TEST(test_cancelled_send_tos_leave_the_others),
        JOBS_TEST(test_cancelled_send_tos_leave_the_others_in_threads),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
