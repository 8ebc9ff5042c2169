/* SPDX-License-Identifier: MIT */
/* The receive side of a connection: events for the table, and what the table asks for. */
#include "wsk/wsk_rx.h"

#include "wsk/wsk_block.h"
#include "wsk/wsk_conn.h"
#include "wsk/wsk_lend.h"
#include "wsk/wsk_rx_blocks.h"
#include "wsk/wsk_rx_pump.h"
#include "wsk/wsk_socket.h"
#include "wsk/wsk_status.h"

#include "base/base_assert.h"

/* Design
 *
 * Everything that happens is an event for the table (wsk_rx_fsm.h); nothing here looks at the state itself. Events are
 * fed under the socket's lock, from any processor. The pump alone calls the client, and the pump runs only on the
 * socket's processor: in place when the network reports bytes, else as queued work. So callbacks of a connection are
 * serial without a lock, and an API call never grows a callback on its own stack.
 *
 * Order. An indication, or the news of the end, waits until no WskReceive is outstanding, and that includes those
 * whose completion routine is still running (receive_count). That is what "posted and completed" means in the
 * documentation, and it keeps bytes in order between the two ways of receiving. Likewise a receive is finished only
 * while none that was finished earlier is still on its way (completing_count), because two processors, or the mixed
 * completion policy, could let the later one arrive first. One run may finish several: they travel as one list.
 *
 * Memory. Bytes land in the memory of the oldest IRP if there is one. Otherwise they land in a block of the processor,
 * which is used again at once when the callback took everything. Blocks move between four places: the pool, held
 * (bytes nobody took), shown (a callback is looking), lent (the client retains them; each stands in the ledger by the
 * address of its indication). Clients write to Next of what they retain, so our lists have links of their own and
 * Next is followed in one place only: WskRelease, whose argument it is.
 *
 * Edges. The network announces bytes once, so may_read stays true until a read came back short. A short read proves
 * nothing when the peer's end was announced: the end itself has still to be read (has_end_hint). */

/* --- IRPs ------------------------------------------------------------------------------------- */

static bool irp_is_zero(PIRP irp)
{
    const struct we_wsk_request *request = we_wsk_irp_request(irp);

    return request->remaining_bytes == 0 && (request->flags & WSK_FLAG_DRAIN) == 0;
}

/* The completion routine of a WskReceive has returned. */
static void receive_ended(struct we_wsk_socket *socket, LONG completing_count)
{
    struct we_wsk_rx *rx = &socket->conn->rx;

    we_host_mutex_lock(&socket->lock);
    WE_ASSERT(rx->receive_count > 0);
    WE_ASSERT(rx->completing_count >= completing_count);
    rx->receive_count--;
    rx->completing_count -= completing_count;
    we_wsk_rx_kick_locked(socket);
    we_host_mutex_unlock(&socket->lock);
    we_wsk_rundown_release(socket);
}

static void after_cancelled(void *socket)
{
    receive_ended(socket, 0);
}

static void after_finished(void *socket)
{
    receive_ended(socket, 1);
}

void we_wsk_rx_irp_finish_locked(struct we_wsk_socket *socket, PIRP irp, NTSTATUS status,
                                 struct we_nt_completions *completions)
{
    socket->conn->rx.completing_count++;
    we_nt_completion_set_after(irp, after_finished, socket);
    we_nt_completions_add(completions, irp, status, we_wsk_irp_done_bytes(irp));
}

static void queue_finish_locked(struct we_wsk_socket *socket, struct we_wsk_irp_queue *queue, NTSTATUS status,
                                struct we_nt_completions *completions)
{
    PIRP irp;

    while ((irp = we_wsk_irp_queue_pop_locked(queue)) != NULL) {
        we_wsk_rx_irp_finish_locked(socket, irp, status, completions);
    }
}

static void receives_finish_locked(struct we_wsk_socket *socket, NTSTATUS status, struct we_nt_completions *completions)
{
    queue_finish_locked(socket, &socket->conn->rx.receives, status, completions);
    queue_finish_locked(socket, &socket->conn->rx.zero_receives, status, completions);
}

static void irp_queue_locked(struct we_wsk_socket *socket, PIRP irp, struct we_nt_completions *completions)
{
    struct we_wsk_rx *rx = &socket->conn->rx;

    if (!we_wsk_irp_queue_insert_locked(irp_is_zero(irp) ? &rx->zero_receives : &rx->receives, socket, irp)) {
        we_wsk_rx_irp_finish_locked(socket, irp, STATUS_CANCELLED, completions);
    }
}

/* --- the table's actions ---------------------------------------------------------------------- */

/* Performs everything that can be done under the lock; CALL and PUMP are the pump's own business. */
static void act_locked(struct we_wsk_socket *socket, unsigned actions, PIRP irp, size_t accepted_bytes,
                       struct we_nt_completions *completions)
{
    struct we_wsk_rx *rx = &socket->conn->rx;

    if ((actions & WE_WSK_RX_DO_QUEUE) != 0 && irp != NULL) {
        irp_queue_locked(socket, irp, completions);
    }
    if ((actions & WE_WSK_RX_DO_FINISH) != 0) {
        queue_finish_locked(socket, &rx->zero_receives, STATUS_SUCCESS, completions);
        if (irp != NULL) {
            we_wsk_rx_irp_finish_locked(socket, irp, STATUS_SUCCESS, completions);
        }
    }
    if ((actions & WE_WSK_RX_DO_FAIL_IT) != 0) {
        we_wsk_rx_irp_finish_locked(socket, irp, rx->dead_status, completions);
    }
    if ((actions & WE_WSK_RX_DO_FREE) != 0) {
        we_wsk_rx_free_shown_locked(rx);
    }
    if ((actions & WE_WSK_RX_DO_LEND) != 0) {
        we_wsk_rx_lend_shown_locked(rx);
    }
    if ((actions & WE_WSK_RX_DO_TRIM) != 0) {
        we_wsk_rx_trim_shown_locked(rx, accepted_bytes);
    }
    if ((actions & WE_WSK_RX_DO_END_IRPS) != 0) {
        receives_finish_locked(socket, STATUS_SUCCESS, completions);
    }
    if ((actions & WE_WSK_RX_DO_FAIL_IRPS) != 0) {
        receives_finish_locked(socket, rx->dead_status, completions);
    }
    if ((actions & WE_WSK_RX_DO_CANCEL_IRPS) != 0) {
        receives_finish_locked(socket, STATUS_CANCELLED, completions);
    }
    if ((actions & WE_WSK_RX_DO_DROP) != 0) {
        we_wsk_block_give_all(&rx->held);
    }
    if ((actions & WE_WSK_RX_DO_TELL_END) != 0) {
        rx->must_tell_end = true;
    }
    if ((actions & WE_WSK_RX_DO_TELL_RESET) != 0) {
        rx->must_tell_end = false;
        rx->must_tell_reset = true;
    }
    if ((actions & WE_WSK_RX_DO_HUSH) != 0) {
        rx->must_tell_end = false;
        rx->must_tell_reset = false;
    }
}

struct we_wsk_rx_cell we_wsk_rx_feed_locked(struct we_wsk_socket *socket, enum we_wsk_rx_event event, PIRP irp,
                                            size_t accepted_bytes, struct we_nt_completions *completions)
{
    struct we_wsk_rx *rx = &socket->conn->rx;
    struct we_wsk_rx_cell cell = we_wsk_rx_step((enum we_wsk_rx_state)rx->state, event);

    WE_ASSERT(cell.kind != WE_WSK_RX_MISSING);
    WE_ASSERT(cell.kind != WE_WSK_RX_NEVER);
    rx->state = cell.next;
    if (cell.kind == WE_WSK_RX_PARK) {
        rx->parked |= (unsigned short)(1u << event);
    }
    if ((cell.actions & ~(unsigned)(WE_WSK_RX_DO_CALL | WE_WSK_RX_DO_PUMP)) != 0) {
        act_locked(socket, cell.actions, irp, accepted_bytes, completions);
    }
    return cell;
}

void we_wsk_rx_replay_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    static const enum we_wsk_rx_event order[] = { WE_WSK_RX_ON_RECEIVE, WE_WSK_RX_ON_RECEIVE_ZERO, WE_WSK_RX_ON_ABORT,
                                                  WE_WSK_RX_ON_RESET, WE_WSK_RX_ON_CLOSE };
    struct we_wsk_rx *rx = &socket->conn->rx;
    unsigned parked = rx->parked;

    rx->parked = 0;
    for (size_t index = 0; index < WE_ARRAY_COUNT(order); index++) {
        if ((parked & (1u << order[index])) != 0) {
            (void)we_wsk_rx_feed_locked(socket, order[index], NULL, 0, completions);
        }
    }
}

/* --- what others tell the pump ---------------------------------------------------------------- */

void we_wsk_rx_init(struct we_wsk_rx *rx)
{
    we_nt_work_init(&rx->work, we_wsk_rx_run_work);
    we_base_list_init(&rx->held);
    we_base_list_init(&rx->shown);
    we_base_list_init(&rx->lent);
    we_wsk_irp_queue_init(&rx->receives);
    we_wsk_irp_queue_init(&rx->zero_receives);
    rx->state = WE_WSK_RX_WAITING;
    rx->dead_status = STATUS_SUCCESS;
}

void we_wsk_rx_fini(struct we_wsk_rx *rx, unsigned cpu)
{
    struct we_nt_section section;

    (void)we_nt_work_cancel(&rx->work, cpu); /* only a socket that a driver leaked can still have it queued */
    we_nt_section_enter(&section, WE_NT_ANY_CPU);
    we_wsk_block_give_all(&rx->held);
    we_wsk_block_give_all(&rx->shown); /* a failed assertion of a test can leave a callback by longjmp */
    we_wsk_lend_forget_locked(&rx->lent);
    we_nt_section_leave(&section);
}

void we_wsk_rx_arm_locked(struct we_wsk_socket *socket, bool must_watch, struct we_nt_completions *completions)
{
    struct we_wsk_rx *rx = &socket->conn->rx;

    if (we_wsk_rx_feed_locked(socket, WE_WSK_RX_ON_ARM, NULL, 0, completions).kind == WE_WSK_RX_GO) {
        rx->may_read = true; /* bytes may have come before anybody looked */
        rx->must_watch = must_watch;
    }
    rx->is_armed = true;
    we_wsk_rx_kick_locked(socket);
}

void we_wsk_rx_readable_locked(struct we_wsk_socket *socket, bool has_ended)
{
    struct we_wsk_rx *rx = &socket->conn->rx;

    rx->may_read = !rx->has_end;
    rx->has_end_hint = rx->has_end_hint || has_ended;
}

void we_wsk_rx_receive_locked(struct we_wsk_socket *socket, PIRP irp, struct we_nt_completions *completions)
{
    struct we_wsk_rx_cell cell;

    socket->conn->rx.receive_count++;
    we_nt_completion_set_after(irp, after_cancelled, socket);
    cell = we_wsk_rx_feed_locked(socket, irp_is_zero(irp) ? WE_WSK_RX_ON_RECEIVE_ZERO : WE_WSK_RX_ON_RECEIVE, irp, 0,
                                 completions);
    if ((cell.actions & WE_WSK_RX_DO_PUMP) != 0) {
        we_wsk_rx_serve_locked(socket, completions);
    }
    we_wsk_rx_kick_locked(socket);
}

void we_wsk_rx_reset_locked(struct we_wsk_socket *socket, enum we_err err, struct we_nt_completions *completions)
{
    struct we_wsk_rx *rx = &socket->conn->rx;

    if (rx->dead_status == STATUS_SUCCESS) {
        rx->dead_status = we_wsk_status(err, WE_WSK_OP_RECEIVE);
    }
    rx->may_read = false;
    (void)we_wsk_rx_feed_locked(socket, WE_WSK_RX_ON_RESET, NULL, 0, completions);
    we_wsk_rx_kick_locked(socket);
}

void we_wsk_rx_abort_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    struct we_wsk_rx *rx = &socket->conn->rx;

    if (rx->dead_status == STATUS_SUCCESS) {
        rx->dead_status = STATUS_INVALID_DEVICE_STATE;
    }
    rx->may_read = false;
    (void)we_wsk_rx_feed_locked(socket, WE_WSK_RX_ON_ABORT, NULL, 0, completions);
}

void we_wsk_rx_report_lent_locked(struct we_wsk_socket *socket)
{
    struct we_wsk_rx *rx = &socket->conn->rx;

    if (!we_base_list_is_empty(&rx->lent) && !rx->has_reported_lent) {
        rx->has_reported_lent = true;
        we_wsk_lend_report_locked(socket, &rx->lent);
    }
}

void we_wsk_rx_close_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    struct we_wsk_rx *rx = &socket->conn->rx;

    we_wsk_rx_report_lent_locked(socket);
    rx->must_watch = false;
    (void)we_wsk_rx_feed_locked(socket, WE_WSK_RX_ON_CLOSE, NULL, 0, completions);
}

bool we_wsk_rx_is_finished_locked(struct we_wsk_socket *socket)
{
    struct we_wsk_rx *rx = &socket->conn->rx;
    char byte;
    const struct we_host_iov iov = { &byte, sizeof(byte) };
    size_t bytes = 0;

    if (!rx->has_end && socket->ep != NULL && rx->dead_status == STATUS_SUCCESS) {
        rx->has_end = we_host_recv(socket->ep, &iov, 1, &bytes) == WE_OK && bytes == 0;
    }
    return rx->has_end;
}
