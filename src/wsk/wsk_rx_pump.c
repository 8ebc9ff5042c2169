/* SPDX-License-Identifier: MIT */
/* The receive pump of a connection: IRPs first, then indications, then hold. */
#include "wsk/wsk_rx_pump.h"

#include "wsk/wsk_block.h"
#include "wsk/wsk_conn.h"
#include "wsk/wsk_event.h"
#include "wsk/wsk_init.h"
#include "wsk/wsk_rx_blocks.h"
#include "wsk/wsk_socket.h"

#include "base/base_assert.h"
#include "host/host_log.h"

/* The design is told in wsk_rx.c. */

#define READS_MAX 64u /* of one run: one connection cannot starve the others of its processor */
#define LIST_MAX 8u   /* elements of a list when indications are cut */
#define IOV_MAX_COUNT 16u
#define STARVED_MAX 16u /* tries without memory before the connection is given up */

/* One run of the pump. */
struct pump {
    struct we_wsk_socket *socket;
    struct we_wsk_rx *rx;
    struct we_nt_completions *completions;
    unsigned read_budget;
    bool may_finish; /* no earlier receive is on its way to its completion routine */
};

/* --- reading ---------------------------------------------------------------------------------- */

/* One read into iov. Returns how many bytes came; with 0 the flags say why. */
static size_t read_locked(struct pump *pump, const struct we_host_iov *iov, unsigned iov_count)
{
    struct we_wsk_rx *rx = pump->rx;
    size_t asked_bytes = 0;
    size_t bytes = 0;
    enum we_err err;

    WE_ASSERT(pump->read_budget > 0);
    pump->read_budget--;
    for (unsigned index = 0; index < iov_count; index++) {
        asked_bytes += iov[index].length_bytes;
    }
    err = we_host_recv(pump->socket->ep, iov, iov_count, &bytes);
    if (err == WE_OK && bytes > 0) {
        /* An endpoint that is not watched yet tells of what came meanwhile when the watch begins. */
        rx->may_read = bytes == asked_bytes || rx->has_end_hint;
        return bytes;
    }
    rx->may_read = false;
    if (err == WE_OK) {
        rx->has_end = true;
    } else if (err != WE_ERR_AGAIN) {
        we_wsk_conn_lost_locked(pump->socket, err, pump->completions);
    }
    return 0;
}

static bool can_read_locked(const struct pump *pump)
{
    return pump->rx->may_read && pump->socket->ep != NULL && pump->read_budget > 0;
}

/* Takes a block to read into. When memory is short the pump tries again a few times as new work, and then gives the
 * connection up: bytes that nobody can be given are not a state to stay in. */
static struct we_wsk_block *block_take_locked(struct pump *pump)
{
    struct we_wsk_block *block = we_wsk_block_take(pump->socket);

    if (block != NULL) {
        pump->rx->starved_count = 0;
        return block;
    }
    pump->read_budget = 0;
    if (++pump->rx->starved_count >= STARVED_MAX) {
        we_host_log(WE_LOG_ERROR, "no memory for a receive block: connection %p is given up", (void *)pump->socket);
        we_wsk_conn_lost_locked(pump->socket, WE_ERR_NO_MEMORY, pump->completions);
    }
    return NULL;
}

/* Reads into fresh blocks, which are appended to list. Returns false when no byte came. */
static bool read_blocks_locked(struct pump *pump, struct we_base_list *list)
{
    ULONG cut_bytes = we_wsk_config()->indication_max_bytes;
    unsigned block_max = cut_bytes == 0 || cut_bytes >= WE_WSK_BLOCK_BYTES ? 1 : LIST_MAX;
    ULONG part_bytes = block_max == 1 ? WE_WSK_BLOCK_BYTES : cut_bytes;
    struct we_wsk_block *blocks[LIST_MAX];
    struct we_host_iov iov[LIST_MAX];
    unsigned count = 0;
    size_t left_bytes;

    while (count < block_max && (blocks[count] = block_take_locked(pump)) != NULL) {
        iov[count].base = blocks[count]->bytes;
        iov[count].length_bytes = part_bytes;
        count++;
    }
    if (count == 0) {
        return false;
    }
    if (pump->read_budget == 0) {
        pump->read_budget = 1; /* fewer blocks than wanted will do */
    }
    left_bytes = read_locked(pump, iov, count);
    for (unsigned index = 0; index < count; index++) {
        size_t bytes = left_bytes < part_bytes ? left_bytes : part_bytes;

        if (bytes == 0) {
            we_wsk_block_give(blocks[index]);
            continue;
        }
        blocks[index]->length_bytes = (ULONG)bytes;
        we_base_list_append(list, &blocks[index]->link);
        left_bytes -= bytes;
    }
    return !we_base_list_is_empty(list);
}

/* --- giving to IRPs --------------------------------------------------------------------------- */

/* WSK_FLAG_DRAIN: bytes go nowhere until the end. */
static bool drain_locked(struct pump *pump)
{
    struct we_base_list list;
    bool has_moved = !we_base_list_is_empty(&pump->rx->held);

    we_wsk_block_give_all(&pump->rx->held);
    if (can_read_locked(pump)) {
        we_base_list_init(&list);
        (void)read_blocks_locked(pump, &list);
        we_wsk_block_give_all(&list);
        has_moved = true;
    }
    return has_moved;
}

/* Moves bytes to the IRP, those that are held first. Returns false when none can be had. */
static bool fill_irp_locked(struct pump *pump, PIRP irp, const struct we_host_iov *iov, unsigned iov_count)
{
    size_t bytes;

    if (!we_base_list_is_empty(&pump->rx->held)) {
        we_wsk_irp_advance(irp, we_wsk_rx_give_held_locked(pump->rx, iov, iov_count));
        return true;
    }
    if (!can_read_locked(pump)) {
        return false;
    }
    bytes = read_locked(pump, iov, iov_count);
    we_wsk_irp_advance(irp, bytes);
    return bytes > 0;
}

/* Serves the oldest WskReceive. Returns false when there is none or nothing for it. */
static bool serve_irp_locked(struct pump *pump)
{
    struct we_wsk_rx *rx = pump->rx;
    struct we_host_iov iov[IOV_MAX_COUNT];
    const struct we_wsk_request *request;
    unsigned iov_count;
    PIRP irp;

    if (!pump->may_finish || (irp = we_wsk_irp_queue_first_locked(&rx->receives)) == NULL) {
        return false;
    }
    request = we_wsk_irp_request(irp);
    if ((request->flags & WSK_FLAG_DRAIN) != 0) {
        return drain_locked(pump);
    }
    iov_count = we_wsk_irp_iov(irp, iov, IOV_MAX_COUNT);
    if (!fill_irp_locked(pump, irp, iov, iov_count)) {
        return false;
    }
    if ((request->flags & WSK_FLAG_WAITALL) != 0 && request->remaining_bytes > 0) {
        return true;
    }
    if (we_wsk_irp_queue_remove_locked(&rx->receives, irp)) {
        we_wsk_rx_irp_finish_locked(pump->socket, irp, STATUS_SUCCESS, pump->completions);
    }
    return true;
}

/* --- giving to callbacks ---------------------------------------------------------------------- */

/* Begins and ends around a callback: the lock is not held inside, and the world may be another one afterwards. */
static void client_enter_locked(struct pump *pump, ULONG event)
{
    we_wsk_event_begin_locked(pump->socket, event);
    we_host_mutex_unlock(&pump->socket->lock);
}

static void client_leave_locked(struct pump *pump, ULONG event)
{
    we_host_mutex_lock(&pump->socket->lock);
    we_wsk_event_end_locked(pump->socket, event, pump->completions);
    pump->may_finish = pump->rx->completing_count == 0;
}

static enum we_wsk_rx_event answer_event(NTSTATUS status, SIZE_T bytes_accepted, SIZE_T bytes_indicated)
{
    if (status == STATUS_PENDING) {
        return WE_WSK_RX_ON_KEPT;
    }
    if (status != STATUS_SUCCESS) {
        return WE_WSK_RX_ON_REFUSED;
    }
    return bytes_accepted == bytes_indicated ? WE_WSK_RX_ON_TOOK_ALL : WE_WSK_RX_ON_TOOK_PART;
}

/* Shows the blocks on the list "shown" to the client. */
static void indicate_locked(struct pump *pump)
{
    struct we_wsk_rx *rx = pump->rx;
    PWSK_DATA_INDICATION first = &we_wsk_block_of(rx->shown.next)->indication;
    ULONG flags = WSK_FLAG_AT_DISPATCH_LEVEL | (rx->may_read ? 0 : WSK_FLAG_ENTIRE_MESSAGE);
    PWSK_DATA_INDICATION *link_to_next = &first;
    SIZE_T bytes_indicated = 0;
    SIZE_T bytes_accepted = 0;
    enum we_wsk_rx_event answer;
    NTSTATUS status;

    WE_BASE_LIST_FOR_EACH (link, &rx->shown) {
        struct we_wsk_block *block = we_wsk_block_of(link);

        we_wsk_block_describe(block);
        block->state = WE_WSK_BLOCK_SHOWN;
        bytes_indicated += block->length_bytes;
        *link_to_next = &block->indication;
        link_to_next = &block->indication.Next;
    }
    (void)we_wsk_rx_feed_locked(pump->socket, WE_WSK_RX_ON_INDICATE, NULL, 0, pump->completions);

    client_enter_locked(pump, WSK_EVENT_RECEIVE);
    status = we_wsk_event_receive(pump->socket, flags, first, bytes_indicated, &bytes_accepted);
    client_leave_locked(pump, WSK_EVENT_RECEIVE);

    answer = answer_event(status, bytes_accepted, bytes_indicated);
    (void)we_wsk_rx_feed_locked(pump->socket, answer, NULL, answer == WE_WSK_RX_ON_TOOK_PART ? bytes_accepted : 0,
                                pump->completions);
    we_wsk_rx_replay_locked(pump->socket, pump->completions);
}

/* Gives what is held, or what can be read, to the callback. Returns false when there is no callback or nothing for
 * it. */
static bool serve_callback_locked(struct pump *pump)
{
    struct we_wsk_rx *rx = pump->rx;

    if ((pump->socket->events & WSK_EVENT_RECEIVE) == 0 || rx->receive_count != 0) {
        return false;
    }
    if (!we_base_list_is_empty(&rx->held)) {
        we_base_list_splice(&rx->shown, &rx->held);
    } else if (!can_read_locked(pump)) {
        return false;
    } else if (!read_blocks_locked(pump, &rx->shown)) {
        return true; /* the flags changed: look again */
    }
    indicate_locked(pump);
    return true;
}

static bool must_tell_locked(const struct we_wsk_socket *socket)
{
    const struct we_wsk_rx *rx = &socket->conn->rx;

    return rx->is_armed && (rx->must_tell_end || rx->must_tell_reset) && (socket->events & WSK_EVENT_DISCONNECT) != 0 &&
           rx->receive_count == 0;
}

static bool tell_locked(struct pump *pump)
{
    struct we_wsk_rx *rx = pump->rx;
    ULONG flags = WSK_FLAG_AT_DISPATCH_LEVEL;

    if (!must_tell_locked(pump->socket)) {
        return false;
    }
    if (rx->must_tell_reset) {
        flags |= WSK_FLAG_ABORTIVE;
    }
    rx->must_tell_end = false;
    rx->must_tell_reset = false;
    client_enter_locked(pump, WSK_EVENT_DISCONNECT);
    we_wsk_event_disconnect(pump->socket, flags);
    client_leave_locked(pump, WSK_EVENT_DISCONNECT);
    return true;
}

/* WskSendBacklogEvent is no matter of receiving, but the pump is what calls the client of a connection. */
static bool tell_backlog_locked(struct pump *pump)
{
    size_t ideal_bytes = we_wsk_backlog_take_locked(pump->socket);

    if (ideal_bytes == 0) {
        return false;
    }
    client_enter_locked(pump, WSK_EVENT_SEND_BACKLOG);
    we_wsk_event_send_backlog(pump->socket, ideal_bytes);
    client_leave_locked(pump, WSK_EVENT_SEND_BACKLOG);
    return true;
}

/* --- the pump --------------------------------------------------------------------------------- */

/* The client wants to hear of the peer's end, and nobody reads: whether the end is the next thing can only be found
 * out by reading. Bytes that come instead are held. */
static bool wants_probe_locked(const struct we_wsk_socket *socket)
{
    const struct we_wsk_rx *rx = &socket->conn->rx;

    return rx->has_end_hint && !rx->has_end && (socket->events & WSK_EVENT_DISCONNECT) != 0 && rx->receive_count == 0 &&
           we_base_list_is_empty(&rx->held);
}

static bool probe_locked(struct pump *pump)
{
    if (!wants_probe_locked(pump->socket) || !can_read_locked(pump)) {
        return false;
    }
    (void)read_blocks_locked(pump, &pump->rx->held);
    return true;
}

static bool end_locked(struct pump *pump)
{
    if (!pump->rx->has_end) {
        return false;
    }
    WE_ASSERT(we_base_list_is_empty(&pump->rx->held)); /* nothing is read while something is held */
    (void)we_wsk_rx_feed_locked(pump->socket, WE_WSK_RX_ON_END, NULL, 0, pump->completions);
    return true;
}

static bool watch_locked(struct pump *pump)
{
    struct we_wsk_socket *socket = pump->socket;
    enum we_err err;

    if (!pump->rx->must_watch || socket->ep == NULL) {
        return false;
    }
    pump->rx->must_watch = false;
    if (pump->rx->dead_status != STATUS_SUCCESS) {
        return false; /* nothing will happen there any more */
    }
    err = we_host_ep_watch(socket->ep, WE_WATCH_ALL, socket->cpu, &we_wsk_conn_ep_client, socket);
    if (err != WE_OK) {
        we_wsk_conn_lost_locked(socket, err, pump->completions);
        return true;
    }
    we_wsk_tx_watched_locked(socket, pump->completions);
    return false;
}

static bool is_pumping_locked(const struct we_wsk_rx *rx)
{
    return (we_wsk_rx_step((enum we_wsk_rx_state)rx->state, WE_WSK_RX_ON_BYTES).actions & WE_WSK_RX_DO_PUMP) != 0;
}

/* One move. Returns false when there is nothing left to do now. */
static bool move_locked(struct pump *pump)
{
    struct we_wsk_rx_cell cell = we_wsk_rx_feed_locked(pump->socket, WE_WSK_RX_ON_BYTES, NULL, 0, pump->completions);

    if ((cell.actions & WE_WSK_RX_DO_PUMP) != 0 &&
        (serve_irp_locked(pump) || end_locked(pump) || serve_callback_locked(pump) || probe_locked(pump))) {
        return true;
    }
    return tell_locked(pump) || tell_backlog_locked(pump) || watch_locked(pump);
}

/* A run starts with a full budget, and may finish receives if none is under way. */
static struct pump pump_start_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    struct pump pump = {
        .socket = socket,
        .rx = &socket->conn->rx,
        .completions = completions,
        .read_budget = READS_MAX,
        .may_finish = socket->conn->rx.completing_count == 0,
    };

    return pump;
}

void we_wsk_rx_serve_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    struct pump pump = pump_start_locked(socket, completions);

    while (is_pumping_locked(pump.rx) && (serve_irp_locked(&pump) || end_locked(&pump))) {
    }
}

void we_wsk_rx_run_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    struct pump pump = pump_start_locked(socket, completions);

    while (move_locked(&pump)) {
    }
    if (pump.read_budget == 0) {
        we_wsk_rx_kick_locked(socket);
    }
}

void we_wsk_rx_run_work(struct we_nt_work *work)
{
    struct we_wsk_conn *conn = WE_CONTAINER(work, struct we_wsk_conn, rx.work);
    struct we_wsk_socket *socket = conn->socket;
    struct we_nt_completions completions;

    we_nt_completions_init(&completions);
    we_host_mutex_lock(&socket->lock);
    conn->rx.is_work_queued = false;
    we_wsk_rx_run_locked(socket, &completions);
    we_host_mutex_unlock(&socket->lock);
    we_nt_completions_run(&completions);
    we_wsk_rundown_release(socket);
    we_wsk_socket_unref(socket);
}

/* What the pump would do if it ran; may err on the side of running it. */
static bool has_work_locked(const struct we_wsk_socket *socket)
{
    const struct we_wsk_rx *rx = &socket->conn->rx;
    bool has_bytes = rx->may_read || rx->has_end || !we_base_list_is_empty(&rx->held);
    bool has_taker = (!we_wsk_irp_queue_is_empty_locked(&rx->receives) && rx->completing_count == 0) ||
                     ((socket->events & WSK_EVENT_RECEIVE) != 0 && rx->receive_count == 0) ||
                     wants_probe_locked(socket);

    return (has_bytes && has_taker && is_pumping_locked(rx)) || must_tell_locked(socket) ||
           we_wsk_backlog_has_news_locked(socket) || rx->must_watch;
}

void we_wsk_rx_kick_locked(struct we_wsk_socket *socket)
{
    struct we_wsk_rx *rx = &socket->conn->rx;

    if (rx->is_work_queued || !has_work_locked(socket) || !we_wsk_rundown_acquire_locked(socket)) {
        return;
    }
    rx->is_work_queued = true;
    we_wsk_socket_ref(socket);
    (void)we_nt_work_queue(&rx->work, socket->cpu);
}
