/* SPDX-License-Identifier: MIT */
/* The receiving half of datagram sockets: the pump, which gives datagrams to requests and to the callback. */
#include "wsk/wsk_dgram_rx.h"

#include <string.h>

#include "wsk/wsk_addr.h"
#include "wsk/wsk_event.h"
#include "wsk/wsk_init.h"
#include "wsk/wsk_lend.h"
#include "wsk/wsk_status.h"

#include "base/base_assert.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * Nothing is read before somebody wants it: without a WskReceiveFrom and without the event, datagrams wait in the
 * network's buffer and are lost when that is full. The pump reads one datagram for the oldest WskReceiveFrom, or a list
 * of those that are there for the callback. It runs on the socket's processor: in place when the network reports
 * something, else as queued work; so callbacks are serial without a lock, and no call grows a callback on its stack.
 *
 * WskReceiveFrom goes first: nothing is indicated while one is outstanding, and that includes those whose completion
 * routine is still running (receive_count). They are finished in the order in which they were posted: one only while
 * none that was finished earlier is on its way (completing_count); one run may finish several, they travel as a list.
 *
 * What a callback refuses is held, in front of what was not read yet, and the event is off until the client enables it
 * again: that is the answer's meaning. A static event cannot be off, so what it refuses is gone.
 *
 * That a port was unreachable fails the oldest WskReceiveFrom. A callback cannot be told, so with the event on such
 * answers are passed over; with neither they wait in the network like datagrams.
 */

#define READS_MAX 64u /* of one run: one socket cannot starve the others of its processor */
#define LIST_MAX 16u  /* elements of one indication */
#define IOV_MAX_COUNT 16u

/* --- giving to IRPs --------------------------------------------------------------------------- */

/* The completion routine of a WskReceiveFrom has returned. */
static void receive_ended(struct we_wsk_socket *socket, LONG completing_count)
{
    struct we_wsk_dgram *dgram = socket->dgram;

    we_host_mutex_lock(&socket->lock);
    WE_ASSERT(dgram->receive_count > 0);
    WE_ASSERT(dgram->completing_count >= completing_count);
    dgram->receive_count--;
    dgram->completing_count -= completing_count;
    we_wsk_dgram_rx_kick_locked(socket);
    we_host_mutex_unlock(&socket->lock);
    we_wsk_rundown_release(socket);
}

void we_wsk_dgram_after_cancelled(void *socket)
{
    receive_ended(socket, 0);
}

static void after_finished(void *socket)
{
    receive_ended(socket, 1);
}

void we_wsk_dgram_irp_finish_locked(struct we_wsk_socket *socket, PIRP irp, NTSTATUS status,
                                    struct we_nt_completions *completions)
{
    we_wsk_irp_drop_extra(irp);
    socket->dgram->completing_count++;
    we_nt_completion_set_after(irp, after_finished, socket);
    we_nt_completions_add(completions, irp, status, we_wsk_irp_done_bytes(irp));
}

static void report_truncation(const struct we_wsk_socket *socket, const struct we_host_dgram *about, size_t room_bytes)
{
    (void)we_vrf_report_entry(WE_RULE_SOCK_061, &socket->entry,
                              "a datagram for socket %p was cut to the %zu bytes of a WskReceiveFrom that does not ask "
                              "for ControlFlags",
                              (const void *)socket, room_bytes);
    (void)about;
}

static ULONG delivery_flags(const struct we_host_dgram *about)
{
    switch (about->delivery) {
    case WE_DGRAM_BROADCAST:
        return MSG_BCAST;
    case WE_DGRAM_MULTICAST:
        return MSG_MCAST;
    case WE_DGRAM_UNICAST:
        break;
    }
    return 0;
}

static void wish_remote(const struct we_wsk_dgram_pump *pump, const struct we_wsk_dgram_wishes *wishes,
                        const struct we_host_dgram *about)
{
    if (wishes->remote != NULL) {
        we_wsk_addr_to_sockaddr(&about->remote, pump->socket->family, wishes->remote);
    }
}

/* Tells the IRP's client about a datagram that is in his buffer now. room_bytes: of the buffer. */
static NTSTATUS irp_describe(const struct we_wsk_dgram_pump *pump, PIRP irp, const struct we_host_dgram *about,
                             ULONG segment_bytes, size_t datagram_bytes, size_t room_bytes)
{
    const struct we_wsk_dgram_wishes *wishes = we_wsk_irp_extra(irp);
    bool is_cut = datagram_bytes > room_bytes;
    ULONG flags = delivery_flags(about) | (is_cut ? MSG_TRUNC : 0);

    wish_remote(pump, wishes, about);
    if (wishes->control_length != NULL) {
        bool is_control_cut;

        *wishes->control_length = we_wsk_cmsg_write(&pump->socket->dgram_options, about, segment_bytes, wishes->control,
                                                    *wishes->control_length, &is_control_cut);
        flags |= is_control_cut ? MSG_CTRUNC : 0;
        if (wishes->control_flags != NULL) {
            *wishes->control_flags = flags;
        }
    }
    if (!is_cut) {
        return STATUS_SUCCESS;
    }
    if (wishes->control_length == NULL || wishes->control_flags == NULL) {
        report_truncation(pump->socket, about, room_bytes);
    }
    return we_wsk_config()->datagram_truncation_status;
}

/* Copies a block's datagram to the IRP's memory. */
static void irp_copy(PIRP irp, const struct we_wsk_block *block)
{
    const unsigned char *from = block->bytes + block->head_bytes;
    size_t left_bytes = block->length_bytes;

    while (left_bytes > 0 && we_wsk_irp_request(irp)->remaining_bytes > 0) {
        struct we_host_iov iov[IOV_MAX_COUNT];
        unsigned count = we_wsk_irp_iov(irp, iov, IOV_MAX_COUNT);
        size_t done_bytes = 0;

        for (unsigned i = 0; i < count && done_bytes < left_bytes; i++) {
            size_t part_bytes = iov[i].length_bytes;

            if (part_bytes > left_bytes - done_bytes) {
                part_bytes = left_bytes - done_bytes;
            }
            memcpy(iov[i].base, from + done_bytes, part_bytes);
            done_bytes += part_bytes;
        }
        we_wsk_irp_advance(irp, done_bytes);
        from += done_bytes;
        left_bytes -= done_bytes;
    }
}

/* Fills the IRP from a block, which is given away. */
static NTSTATUS irp_fill_from_block(const struct we_wsk_dgram_pump *pump, PIRP irp, struct we_wsk_block *block)
{
    size_t room_bytes = we_wsk_irp_request(irp)->remaining_bytes;
    NTSTATUS status;

    irp_copy(irp, block);
    status = irp_describe(pump, irp, &block->dgram.about, block->dgram.segment_bytes, block->length_bytes, room_bytes);
    we_wsk_block_give(block);
    return status;
}

/* Whether so many entries describe the whole buffer of the IRP. */
static bool iov_is_whole(PIRP irp, const struct we_host_iov *iov, unsigned count)
{
    size_t bytes = 0;

    for (unsigned i = 0; i < count; i++) {
        bytes += iov[i].length_bytes;
    }
    return bytes == we_wsk_irp_request(irp)->remaining_bytes;
}

/* Reads the next datagram right into the IRP's memory. WE_ERR_AGAIN: there is none. */
static enum we_err irp_fill_directly_locked(struct we_wsk_dgram_pump *pump, PIRP irp, const struct we_host_iov *iov,
                                            unsigned iov_count, NTSTATUS *status)
{
    size_t room_bytes = we_wsk_irp_request(irp)->remaining_bytes;
    struct we_host_dgram about;
    enum we_err err = we_wsk_dgram_read_locked(pump, &about, iov, iov_count);

    if (err == WE_OK) {
        we_wsk_irp_advance(irp, about.length_bytes < room_bytes ? about.length_bytes : room_bytes);
        *status = irp_describe(pump, irp, &about, 0, about.length_bytes, room_bytes);
    } else if (err != WE_ERR_AGAIN) {
        if (err == WE_ERR_REFUSED) {
            wish_remote(pump, we_wsk_irp_extra(irp), &about);
        }
        *status = we_wsk_status(err, WE_WSK_OP_RECEIVE_FROM);
    }
    return err;
}

/* Serves the IRP, which is on its queue. False: there is nothing for it. */
static bool irp_fill_locked(struct we_wsk_dgram_pump *pump, PIRP irp, NTSTATUS *status)
{
    struct we_host_iov iov[IOV_MAX_COUNT];
    size_t room_bytes = we_wsk_irp_request(irp)->remaining_bytes;
    struct we_wsk_block *block;
    unsigned count;

    if (we_base_list_is_empty(&pump->dgram->held) && !we_wsk_dgram_can_read_locked(pump)) {
        return false;
    }
    count = we_wsk_irp_iov(irp, iov, IOV_MAX_COUNT);
    if (we_base_list_is_empty(&pump->dgram->held) && iov_is_whole(irp, iov, count) &&
        pump->socket->dgram_options.coalesced_bytes == 0) {
        return irp_fill_directly_locked(pump, irp, iov, count, status) != WE_ERR_AGAIN;
    }
    block = we_wsk_dgram_next_locked(pump, room_bytes < WE_WSK_BLOCK_BYTES ? room_bytes : WE_WSK_BLOCK_BYTES);
    if (block == NULL) {
        return false;
    }
    *status = irp_fill_from_block(pump, irp, block);
    return true;
}

/* Serves the oldest WskReceiveFrom. Returns false when there is none or nothing for it. */
static bool serve_irp_locked(struct we_wsk_dgram_pump *pump)
{
    NTSTATUS status = STATUS_SUCCESS;
    PIRP irp;

    if (!pump->may_finish || pump->dgram->is_showing ||
        (irp = we_wsk_irp_queue_first_locked(&pump->dgram->receives)) == NULL || !irp_fill_locked(pump, irp, &status)) {
        return false;
    }
    /* A cancel that is faster takes the IRP with the bytes that are in it. */
    if (we_wsk_irp_queue_remove_locked(&pump->dgram->receives, irp)) {
        we_wsk_dgram_irp_finish_locked(pump->socket, irp, status, pump->completions);
    }
    return true;
}

/* --- giving to the callback -------------------------------------------------------------------- */

/* Describes the block's datagram for the callback. */
static void block_describe(const struct we_wsk_socket *socket, struct we_wsk_block *block)
{
    bool is_cut;

    we_wsk_block_describe(block);
    if (we_wsk_config()->indication_max_bytes != 0) {
        we_wsk_block_cut(block, we_wsk_config()->indication_max_bytes);
    }
    we_wsk_addr_to_sockaddr(&block->dgram.about.remote, socket->family, (PSOCKADDR)&block->dgram.remote);
    block->datagram.RemoteAddress = (PSOCKADDR)&block->dgram.remote;
    block->datagram.ControlInfoLength =
        we_wsk_cmsg_write(&socket->dgram_options, &block->dgram.about, block->dgram.segment_bytes, block->dgram.control,
                          sizeof(block->dgram.control), &is_cut);
    WE_ASSERT(!is_cut);
    block->datagram.ControlInfo =
        block->datagram.ControlInfoLength != 0 ? (PCMSGHDR)(void *)block->dgram.control : NULL;
}

/* Gathers on shown what is there; false: nothing. The flags of a callback are those of all its datagrams, so one that
 * was delivered in another way has to wait. */
static bool gather_locked(struct we_wsk_dgram_pump *pump)
{
    struct we_wsk_dgram *dgram = pump->dgram;
    struct we_wsk_block *first = NULL;
    struct we_wsk_block *block;

    for (unsigned count = 0; count < LIST_MAX && (block = we_wsk_dgram_next_locked(pump, WE_WSK_BLOCK_BYTES)) != NULL;
         count++) {
        if (first != NULL && first->dgram.about.delivery != block->dgram.about.delivery) {
            we_base_list_prepend(&dgram->held, &block->link);
            break;
        }
        first = first != NULL ? first : block;
        we_base_list_append(&dgram->shown, &block->link);
    }
    return first != NULL;
}

/* What the callback refused is held again, in front. */
static void hold_shown_locked(struct we_wsk_dgram *dgram)
{
    WE_BASE_LIST_FOR_EACH (link, &dgram->shown) {
        we_wsk_lend_take_back_locked(we_wsk_block_of(link));
    }
    we_base_list_splice(&dgram->shown, &dgram->held);
    we_base_list_splice(&dgram->held, &dgram->shown);
}

static void answer_locked(struct we_wsk_dgram_pump *pump, NTSTATUS status)
{
    struct we_wsk_socket *socket = pump->socket;
    struct we_wsk_dgram *dgram = pump->dgram;
    bool is_static = (socket->static_events & WSK_EVENT_RECEIVE_FROM) != 0;

    if (status == STATUS_PENDING) {
        we_wsk_lend_locked(&dgram->shown, &dgram->lent);
    } else if (status == STATUS_DATA_NOT_ACCEPTED && !is_static) {
        socket->events &= ~(ULONG)WSK_EVENT_RECEIVE_FROM;
        dgram->was_refused = true;
        dgram->has_missed = false;
        hold_shown_locked(dgram);
    } else {
        we_wsk_lend_free_locked(&dgram->shown);
    }
}

/* Shows the blocks on the list "shown" to the client. */
static void indicate_locked(struct we_wsk_dgram_pump *pump)
{
    struct we_wsk_socket *socket = pump->socket;
    struct we_wsk_dgram *dgram = pump->dgram;
    PWSK_DATAGRAM_INDICATION first = &we_wsk_block_of(dgram->shown.next)->datagram;
    ULONG flags = delivery_flags(&we_wsk_block_of(dgram->shown.next)->dgram.about);
    PWSK_DATAGRAM_INDICATION *link_to_next = &first;
    NTSTATUS status;

    WE_BASE_LIST_FOR_EACH (link, &dgram->shown) {
        struct we_wsk_block *block = we_wsk_block_of(link);

        block_describe(socket, block);
        block->state = WE_WSK_BLOCK_SHOWN;
        *link_to_next = &block->datagram;
        link_to_next = &block->datagram.Next;
    }
    dgram->is_showing = true;
    we_wsk_event_begin_locked(socket, WSK_EVENT_RECEIVE_FROM);
    we_host_mutex_unlock(&socket->lock);
    status = we_wsk_event_receive_from(socket, flags, first);
    we_host_mutex_lock(&socket->lock);
    we_wsk_event_end_locked(socket, WSK_EVENT_RECEIVE_FROM, pump->completions);
    dgram->is_showing = false;
    pump->may_finish = dgram->completing_count == 0;
    answer_locked(pump, status);
}

/* Gives what is there to the callback. Returns false when there is no callback or nothing for it. */
static bool serve_callback_locked(struct we_wsk_dgram_pump *pump)
{
    const struct we_wsk_socket *socket = pump->socket;

    if (we_wsk_is_closing(socket) || (socket->events & WSK_EVENT_RECEIVE_FROM) == 0 ||
        pump->dgram->receive_count != 0 || pump->dgram->is_showing || !gather_locked(pump)) {
        return false;
    }
    indicate_locked(pump);
    return true;
}

/* --- the pump --------------------------------------------------------------------------------- */

static struct we_wsk_dgram_pump pump_start_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    struct we_wsk_dgram_pump pump = {
        .socket = socket,
        .dgram = socket->dgram,
        .completions = completions,
        .read_budget = READS_MAX,
        .may_finish = socket->dgram->completing_count == 0,
    };

    return pump;
}

void we_wsk_dgram_rx_run_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    struct we_wsk_dgram_pump pump = pump_start_locked(socket, completions);

    while (serve_irp_locked(&pump) || serve_callback_locked(&pump)) {
    }
    if (pump.read_budget == 0) {
        we_wsk_dgram_rx_kick_locked(socket);
    }
}

void we_wsk_dgram_serve_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    struct we_wsk_dgram_pump pump = pump_start_locked(socket, completions);

    while (serve_irp_locked(&pump)) {
    }
}

static void pump_run_work(struct we_nt_work *work)
{
    struct we_wsk_dgram *dgram = WE_CONTAINER(work, struct we_wsk_dgram, work);
    struct we_wsk_socket *socket = dgram->socket;
    struct we_nt_completions completions;

    we_nt_completions_init(&completions);
    we_host_mutex_lock(&socket->lock);
    dgram->is_work_queued = false;
    we_wsk_dgram_rx_run_locked(socket, &completions);
    we_host_mutex_unlock(&socket->lock);
    we_nt_completions_run(&completions);
    we_wsk_rundown_release(socket);
    we_wsk_socket_unref(socket);
}

void we_wsk_dgram_rx_kick_locked(struct we_wsk_socket *socket)
{
    struct we_wsk_dgram *dgram = socket->dgram;
    bool has_datagrams = (dgram->may_read && socket->ep != NULL) || !we_base_list_is_empty(&dgram->held);
    bool has_taker = (!we_wsk_irp_queue_is_empty_locked(&dgram->receives) && dgram->completing_count == 0) ||
                     ((socket->events & WSK_EVENT_RECEIVE_FROM) != 0 && dgram->receive_count == 0);

    if (dgram->is_work_queued || dgram->is_showing || !has_datagrams || !has_taker ||
        !we_wsk_rundown_acquire_locked(socket)) {
        return;
    }
    dgram->is_work_queued = true;
    we_wsk_socket_ref(socket);
    (void)we_nt_work_queue(&dgram->work, socket->cpu);
}

void we_wsk_dgram_rx_init(struct we_wsk_dgram *dgram)
{
    we_nt_work_init(&dgram->work, pump_run_work);
    we_wsk_irp_queue_init(&dgram->receives);
    we_base_list_init(&dgram->held);
    we_base_list_init(&dgram->shown);
    we_base_list_init(&dgram->lent);
}

void we_wsk_dgram_rx_report_lent_locked(struct we_wsk_socket *socket)
{
    struct we_wsk_dgram *dgram = socket->dgram;

    if (!we_base_list_is_empty(&dgram->lent) && !dgram->is_lent_known) {
        dgram->is_lent_known = true;
        we_wsk_lend_report_locked(socket, &dgram->lent);
    }
}

void we_wsk_dgram_rx_close_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    struct we_wsk_dgram *dgram = socket->dgram;
    PIRP irp;

    we_wsk_dgram_rx_report_lent_locked(socket);
    if (dgram->has_missed) {
        (void)we_vrf_report_entry(WE_RULE_CB_013, &socket->entry,
                                  "socket %p was closed with datagrams that came after its WskReceiveFromEvent had "
                                  "returned STATUS_DATA_NOT_ACCEPTED, and the event was never enabled again",
                                  (void *)socket);
    }
    while ((irp = we_wsk_irp_queue_pop_locked(&dgram->receives)) != NULL) {
        we_wsk_dgram_irp_finish_locked(socket, irp, STATUS_CANCELLED, completions);
    }
    we_wsk_block_give_all(&dgram->held);
    dgram->may_read = false;
}

void we_wsk_dgram_rx_fini(struct we_wsk_dgram *dgram, unsigned cpu)
{
    struct we_nt_section section;

    (void)we_nt_work_cancel(&dgram->work, cpu); /* only a socket that a driver leaked can still have it queued */
    we_nt_section_enter(&section, WE_NT_ANY_CPU);
    we_wsk_block_give_all(&dgram->held);
    we_wsk_block_give_all(&dgram->shown); /* a failed assertion of a test can leave a callback by longjmp */
    we_wsk_lend_forget_locked(&dgram->lent);
    we_nt_section_leave(&section);
}
