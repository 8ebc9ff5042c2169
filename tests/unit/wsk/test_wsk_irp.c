/* SPDX-License-Identifier: MIT */
/* Tests of wsk_irp.c: requests over MDL chains, and queues of cancellable IRPs. */
#include "support/wsk_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "nt/io_irp.h"
#include "nt/ke_cpu.h"
#include "wsk/wsk_irp.h"
#include "wsk/wsk_socket.h"

/* --- an IRP in the provider's hands --------------------------------------------------------------- */

struct rig {
    struct wsk_fixture *fixture;
    PWSK_SOCKET handle;
    struct we_wsk_socket *socket;
    struct we_wsk_irp_queue queue;
};

static int rig_setup(void **state)
{
    /* Not test_malloc: CMocka counts a block of the fixture that goes before the test is over as the test's. */
    struct rig *rig = malloc(sizeof(*rig));

    assert_non_null(rig);
    rig->fixture = fixture_create(NULL);
    fixture_register(rig->fixture);
    fixture_capture(rig->fixture);
    rig->handle = socket_open(rig->fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    rig->socket = (struct we_wsk_socket *)(void *)rig->handle;
    we_wsk_irp_queue_init(&rig->queue);
    *state = rig;
    return 0;
}

static int rig_teardown(void **state)
{
    struct rig *rig = *state;

    socket_close(rig->handle);
    fixture_destroy(rig->fixture);
    free(rig);
    return 0;
}

/* A call that takes the request's IRP as any socket function does, and leaves it in the queue. cancelled_locked: what its
 * cancel calls, or NULL. */
static NTSTATUS rig_post_with(struct rig *rig, struct wsk_request *request, we_wsk_irp_cancelled_fn cancelled_locked)
{
    struct we_wsk_call call;
    bool is_queued;

    assert_int_equal(
        we_wsk_call_begin(&call, rig->handle, WE_WSK_ANY_CATEGORY, request_irp(request), false, "rig_post"),
        STATUS_SUCCESS);
    we_host_mutex_lock(&rig->socket->lock);
    if (cancelled_locked == NULL) {
        is_queued = we_wsk_irp_queue_insert_locked(&rig->queue, rig->socket, call.irp);
    } else {
        is_queued = we_wsk_irp_queue_insert_with_locked(&rig->queue, rig->socket, call.irp, cancelled_locked);
    }
    we_host_mutex_unlock(&rig->socket->lock);
    if (!is_queued) {
        return we_wsk_call_end_done(&call, STATUS_CANCELLED, 0);
    }
    return we_wsk_call_end_pending(&call);
}

static NTSTATUS rig_post(struct rig *rig, struct wsk_request *request)
{
    return rig_post_with(rig, request, NULL);
}

static PIRP rig_pop(struct rig *rig)
{
    PIRP irp;

    we_host_mutex_lock(&rig->socket->lock);
    irp = we_wsk_irp_queue_pop_locked(&rig->queue);
    we_host_mutex_unlock(&rig->socket->lock);
    return irp;
}

static PIRP rig_first(struct rig *rig)
{
    PIRP irp;

    we_host_mutex_lock(&rig->socket->lock);
    irp = we_wsk_irp_queue_first_locked(&rig->queue);
    we_host_mutex_unlock(&rig->socket->lock);
    return irp;
}

static void rig_finish(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    struct we_nt_completions completions;
    struct we_nt_section section;

    we_nt_completions_init(&completions);
    we_nt_section_enter(&section, WE_NT_ANY_CPU);
    we_nt_completions_add(&completions, irp, status, information);
    we_nt_completions_run(&completions);
    we_nt_section_leave(&section);
}

static bool rig_is_empty(struct rig *rig)
{
    return we_wsk_irp_queue_is_empty_locked(&rig->queue);
}

/* --- queues --------------------------------------------------------------------------------------- */

static void test_queue_pop_takes_irps_in_order(void **state)
{
    struct rig *rig = *state;
    struct wsk_request *first = request_create();
    struct wsk_request *second = request_create();

    assert_null(rig_pop(rig));
    assert_int_equal(rig_post(rig, first), STATUS_PENDING);
    assert_int_equal(rig_post(rig, second), STATUS_PENDING);
    assert_ptr_equal(rig_first(rig), first->irp);
    assert_ptr_equal(rig_pop(rig), first->irp);
    assert_null(first->irp->CancelRoutine);
    assert_ptr_equal(rig_pop(rig), second->irp);
    assert_true(rig_is_empty(rig));
    rig_finish(second->irp, STATUS_SUCCESS, 2);
    rig_finish(first->irp, STATUS_SUCCESS, 1);
    assert_int_equal(request_wait(first, STATUS_PENDING), STATUS_SUCCESS);
    assert_int_equal(first->result.Information, 1);
    assert_int_equal(request_wait(second, STATUS_PENDING), STATUS_SUCCESS);
    request_destroy(first);
    request_destroy(second);
}

static void test_queue_cancel_completes_the_irp_with_its_done_bytes(void **state)
{
    struct rig *rig = *state;
    struct wsk_request *cancelled = request_create();
    struct wsk_request *other = request_create();

    assert_int_equal(rig_post(rig, cancelled), STATUS_PENDING);
    assert_int_equal(rig_post(rig, other), STATUS_PENDING);
    we_wsk_irp_set_done_bytes(cancelled->irp, 7);
    assert_true(IoCancelIrp(cancelled->irp));
    assert_int_equal(request_wait(cancelled, STATUS_PENDING), STATUS_CANCELLED);
    assert_int_equal(cancelled->result.Information, 7);
    assert_true(cancelled->is_cancel_set);
    assert_ptr_equal(rig_pop(rig), other->irp);
    rig_finish(other->irp, STATUS_SUCCESS, 0);
    assert_int_equal(request_wait(other, STATUS_PENDING), STATUS_SUCCESS);
    request_destroy(cancelled);
    request_destroy(other);
}

/* What the cancel's function of the next test saw. */
static struct {
    struct we_wsk_socket *socket;
    PIRP irp;
    bool was_linked;
} s_cancelled;

static void cancelled_with_another_status(struct we_wsk_socket *socket, PIRP irp, struct we_nt_completions *completions)
{
    s_cancelled.socket = socket;
    s_cancelled.irp = irp;
    s_cancelled.was_linked = irp->Tail.Overlay.ListEntry.Flink->Blink == &irp->Tail.Overlay.ListEntry;
    we_nt_completions_add(completions, irp, STATUS_CONNECTION_ABORTED, 3);
}

static void test_queue_cancel_with_a_function_leaves_the_rest_to_it(void **state)
{
    struct rig *rig = *state;
    struct wsk_request *cancelled = request_create();
    struct wsk_request *popped = request_create();

    memset(&s_cancelled, 0, sizeof(s_cancelled));
    assert_int_equal(rig_post_with(rig, cancelled, cancelled_with_another_status), STATUS_PENDING);
    assert_int_equal(rig_post_with(rig, popped, cancelled_with_another_status), STATUS_PENDING);
    assert_true(IoCancelIrp(cancelled->irp));
    assert_ptr_equal(s_cancelled.socket, rig->socket);
    assert_ptr_equal(s_cancelled.irp, cancelled->irp);
    assert_false(s_cancelled.was_linked);
    assert_int_equal(request_wait(cancelled, STATUS_PENDING), STATUS_CONNECTION_ABORTED);
    assert_int_equal(cancelled->result.Information, 3);
    /* For everybody else it is an IRP like any other. */
    assert_ptr_equal(rig_pop(rig), popped->irp);
    assert_false(IoCancelIrp(popped->irp));
    assert_ptr_equal(s_cancelled.irp, cancelled->irp);
    rig_finish(popped->irp, STATUS_SUCCESS, 0);
    assert_int_equal(request_wait(popped, STATUS_PENDING), STATUS_SUCCESS);
    request_destroy(popped);
    request_destroy(cancelled);
}

static void test_queue_insert_of_a_cancelled_irp_fails(void **state)
{
    struct rig *rig = *state;
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    struct we_wsk_call call;

    assert_int_equal(we_wsk_call_begin(&call, rig->handle, WE_WSK_ANY_CATEGORY, irp, false, "test"), STATUS_SUCCESS);
    assert_false(IoCancelIrp(irp)); /* before it is queued: nobody takes it */
    we_host_mutex_lock(&rig->socket->lock);
    assert_false(we_wsk_irp_queue_insert_locked(&rig->queue, rig->socket, irp));
    we_host_mutex_unlock(&rig->socket->lock);
    assert_true(rig_is_empty(rig));
    assert_int_equal(we_wsk_call_end_done(&call, STATUS_CANCELLED, 0), STATUS_PENDING);
    assert_int_equal(request_wait(request, STATUS_PENDING), STATUS_CANCELLED);
    request_destroy(request);
}

/* IoCancelIrp on another processor has taken the cancel routine and waits for the socket's lock: everybody else passes
 * the IRP over, and the cancel routine still finds it linked. */
static void test_queue_passes_over_an_irp_that_cancel_has_taken(void **state)
{
    struct rig *rig = *state;
    struct wsk_request *taken = request_create();
    struct wsk_request *other = request_create();
    struct we_nt_completions completions;
    PDRIVER_CANCEL routine;
    KIRQL irql;

    assert_int_equal(rig_post(rig, taken), STATUS_PENDING);
    assert_int_equal(rig_post(rig, other), STATUS_PENDING);
    routine = we_io_irp_exchange_cancel(taken->irp, NULL);
    assert_non_null(routine);

    assert_ptr_equal(rig_first(rig), other->irp);
    we_host_mutex_lock(&rig->socket->lock);
    assert_false(we_wsk_irp_queue_remove_locked(&rig->queue, taken->irp));
    we_nt_completions_init(&completions);
    we_wsk_irp_queue_flush_locked(&rig->queue, &completions, STATUS_CANCELLED);
    we_host_mutex_unlock(&rig->socket->lock);
    assert_ptr_equal(completions.irps.Flink, &other->irp->Tail.Overlay.ListEntry);
    assert_ptr_equal(completions.irps.Blink, &other->irp->Tail.Overlay.ListEntry);
    RemoveEntryList(&other->irp->Tail.Overlay.ListEntry);
    rig_finish(other->irp, STATUS_CANCELLED, 0);
    assert_false(rig_is_empty(rig));

    IoAcquireCancelSpinLock(&irql);
    taken->irp->CancelIrql = irql;
    routine(NULL, taken->irp);
    assert_true(rig_is_empty(rig));
    assert_int_equal(request_wait(taken, STATUS_PENDING), STATUS_CANCELLED);
    assert_int_equal(request_wait(other, STATUS_PENDING), STATUS_CANCELLED);
    request_destroy(taken);
    request_destroy(other);
}

static void test_queue_flush_ends_every_irp_with_its_done_bytes(void **state)
{
    struct rig *rig = *state;
    struct wsk_request *requests[3];
    struct we_nt_completions completions;
    struct we_nt_section section;
    unsigned i;

    for (i = 0; i < 3; i++) {
        requests[i] = request_create();
        assert_int_equal(rig_post(rig, requests[i]), STATUS_PENDING);
        we_wsk_irp_set_done_bytes(requests[i]->irp, i);
    }
    we_nt_completions_init(&completions);
    we_nt_section_enter(&section, WE_NT_ANY_CPU);
    we_host_mutex_lock(&rig->socket->lock);
    we_wsk_irp_queue_flush_locked(&rig->queue, &completions, STATUS_CONNECTION_RESET);
    we_host_mutex_unlock(&rig->socket->lock);
    we_nt_completions_run(&completions);
    we_nt_section_leave(&section);
    for (i = 0; i < 3; i++) {
        assert_int_equal(request_wait(requests[i], STATUS_PENDING), STATUS_CONNECTION_RESET);
        assert_int_equal(requests[i]->result.Information, i);
        request_destroy(requests[i]);
    }
}

/* --- requests over MDL chains --------------------------------------------------------------------- */

/* Three pieces of memory as one chain. */
struct chain {
    char bytes[3][16];
    PMDL mdls[3];
};

static void chain_init(struct chain *chain, ULONG first, ULONG second, ULONG third)
{
    ULONG lengths[3] = { first, second, third };
    unsigned i;

    memset(chain, 0, sizeof(*chain));
    for (i = 0; i < 3; i++) {
        chain->mdls[i] = IoAllocateMdl(chain->bytes[i], lengths[i], FALSE, FALSE, NULL);
        assert_non_null(chain->mdls[i]);
        MmProbeAndLockPages(chain->mdls[i], KernelMode, IoModifyAccess);
        if (i > 0) {
            chain->mdls[i - 1]->Next = chain->mdls[i];
        }
    }
}

static void chain_fini(struct chain *chain)
{
    unsigned i;

    for (i = 0; i < 3; i++) {
        MmUnlockPages(chain->mdls[i]);
        IoFreeMdl(chain->mdls[i]);
    }
}

static void check_iov(const struct we_host_iov *iov, const char *base, size_t length_bytes)
{
    assert_ptr_equal(iov->base, base);
    assert_int_equal(iov->length_bytes, length_bytes);
}

static void test_request_describes_what_is_left_of_the_chain(void **state)
{
    struct rig *rig = *state;
    struct wsk_request *request = request_create();
    struct we_host_iov iov[4];
    struct we_wsk_call call;
    struct chain chain;
    WSK_BUF buffer;
    PIRP irp = request_irp(request);

    chain_init(&chain, 10, 4, 16);
    buffer.Mdl = chain.mdls[0];
    buffer.Offset = 3;
    buffer.Length = 7 + 4 + 5;
    assert_true(we_wsk_buf_check(&buffer, "test"));
    assert_int_equal(we_wsk_call_begin(&call, rig->handle, WE_WSK_ANY_CATEGORY, irp, false, "test"), STATUS_SUCCESS);
    we_wsk_irp_set_buffer(irp, &buffer, 0x42);
    assert_int_equal(we_wsk_irp_request(irp)->flags, 0x42);

    assert_int_equal(we_wsk_irp_iov(irp, iov, 4), 3);
    check_iov(&iov[0], chain.bytes[0] + 3, 7);
    check_iov(&iov[1], chain.bytes[1], 4);
    check_iov(&iov[2], chain.bytes[2], 5);
    assert_int_equal(we_wsk_irp_iov(irp, iov, 2), 2);

    we_wsk_irp_advance(irp, 2); /* inside the first piece */
    assert_int_equal(we_wsk_irp_iov(irp, iov, 4), 3);
    check_iov(&iov[0], chain.bytes[0] + 5, 5);
    we_wsk_irp_advance(irp, 5); /* to its very end */
    assert_int_equal(we_wsk_irp_iov(irp, iov, 4), 2);
    check_iov(&iov[0], chain.bytes[1], 4);
    we_wsk_irp_advance(irp, 4 + 4); /* over a whole one */
    assert_int_equal(we_wsk_irp_iov(irp, iov, 4), 1);
    check_iov(&iov[0], chain.bytes[2] + 4, 1);
    we_wsk_irp_advance(irp, 1);
    assert_int_equal(we_wsk_irp_iov(irp, iov, 4), 0);
    assert_int_equal(we_wsk_irp_request(irp)->remaining_bytes, 0);
    assert_int_equal(we_wsk_irp_done_bytes(irp), 16);

    assert_int_equal(we_wsk_call_end_done(&call, STATUS_SUCCESS, we_wsk_irp_done_bytes(irp)), STATUS_PENDING);
    assert_int_equal(request_wait(request, STATUS_PENDING), STATUS_SUCCESS);
    request_destroy(request);
    chain_fini(&chain);
}

/* What one use left must not be seen by the next. */
static void test_request_is_empty_in_the_next_call(void **state)
{
    struct rig *rig = *state;
    struct wsk_request *request = request_create();
    struct we_wsk_call call;
    unsigned i;

    for (i = 0; i < 2; i++) {
        PIRP irp = request_irp(request);

        assert_int_equal(we_wsk_call_begin(&call, rig->handle, WE_WSK_ANY_CATEGORY, irp, false, "test"),
                         STATUS_SUCCESS);
        assert_int_equal(we_wsk_irp_done_bytes(irp), 0);
        assert_null(we_wsk_irp_extra(irp));
        assert_null(we_wsk_irp_request(irp)->mdl);
        assert_int_equal(we_wsk_irp_request(irp)->remaining_bytes, 0);
        we_wsk_irp_set_done_bytes(irp, 5);
        we_wsk_irp_set_extra(irp, &call);
        we_wsk_irp_request(irp)->remaining_bytes = 9;
        assert_ptr_equal(we_wsk_irp_extra(irp), &call);
        assert_int_equal(we_wsk_call_end_done(&call, STATUS_SUCCESS, 0), STATUS_PENDING);
        assert_int_equal(request_wait(request, STATUS_PENDING), STATUS_SUCCESS);
    }
    request_destroy(request);
}

static bool check_part(struct chain *chain, ULONG offset, SIZE_T length)
{
    WSK_BUF buffer = { chain->mdls[0], offset, length };

    return we_wsk_buf_check(&buffer, "test");
}

static void test_buf_check_accepts_what_lies_inside(void **state)
{
    WSK_BUF empty = { NULL, 77, 0 };
    struct chain chain;

    (void)state;
    chain_init(&chain, 10, 4, 16);
    assert_true(we_wsk_buf_check(&empty, "test"));
    assert_true(check_part(&chain, 0, 30));
    assert_true(check_part(&chain, 9, 1 + 4 + 16));
    assert_true(check_part(&chain, 9, 0));
    chain_fini(&chain);
}

static void test_buf_check_refuses_what_does_not(void **state)
{
    WSK_BUF without_mdl = { NULL, 0, 1 };
    struct chain chain;
    unsigned i;

    (void)state;
    chain_init(&chain, 10, 4, 16);
    for (i = 0; i < 5; i++) {
        wsk_kit_expect_report("SOCK-022");
    }
    assert_false(we_wsk_buf_check(NULL, "test"));
    assert_false(we_wsk_buf_check(&without_mdl, "test"));
    assert_false(check_part(&chain, 10, 1)); /* the offset is in the second MDL */
    assert_false(check_part(&chain, 0, 31));
    assert_false(check_part(&chain, 9, 1 + 4 + 16 + 1));
    chain_fini(&chain);
}

#define T(f) wsk_emu_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        T(test_queue_pop_takes_irps_in_order),
        T(test_queue_cancel_completes_the_irp_with_its_done_bytes),
        T(test_queue_cancel_with_a_function_leaves_the_rest_to_it),
        T(test_queue_insert_of_a_cancelled_irp_fails),
        T(test_queue_passes_over_an_irp_that_cancel_has_taken),
        T(test_queue_flush_ends_every_irp_with_its_done_bytes),
        T(test_request_describes_what_is_left_of_the_chain),
        T(test_request_is_empty_in_the_next_call),
        T(test_buf_check_accepts_what_lies_inside),
        T(test_buf_check_refuses_what_does_not),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
