/* SPDX-License-Identifier: MIT */
/* What connections of the virtual network carry: segments, windows, ends, options. */
#include <string.h>

#include "base/base_assert.h"
#include "host/host_mem.h"
#include "host/host_net_virtual.h"

/* Functions that end in _locked have the link's lock. */

static size_t iov_length_bytes(const struct we_host_iov *iov, unsigned iov_count)
{
    size_t length_bytes = 0;

    for (unsigned i = 0; i < iov_count; i++) {
        length_bytes += iov[i].length_bytes;
    }
    return length_bytes;
}

/* --- segments -------------------------------------------------------------------------- */

static void segments_free(struct we_base_list *segments)
{
    struct we_base_list *link;

    while ((link = we_base_list_pop(segments)) != NULL) {
        we_host_free(WE_BASE_LIST_ITEM(link, struct we_host_virtual_segment, link));
    }
}

void we_host_virtual_segments_drop_locked(struct we_host_virtual_end *end)
{
    segments_free(&end->flying);
    segments_free(&end->arrived);
    end->flying_bytes = 0;
    end->arrived_bytes = 0;
}

void we_host_virtual_segment_arrive_locked(struct we_host_virtual_end *end)
{
    struct we_base_list *link = we_base_list_pop(&end->flying);
    struct we_host_virtual_segment *segment = WE_BASE_LIST_ITEM(link, struct we_host_virtual_segment, link);

    we_base_list_append(&end->arrived, link);
    end->flying_bytes -= segment->length_bytes;
    end->arrived_bytes += segment->length_bytes;
    end->has_had_bytes = true;
    /* What has arrived does not count for the sender's buffer. */
    we_host_virtual_end_room_made_locked(we_host_virtual_peer_of(end));
}

/* Copies the first length_bytes of a vector. */
static struct we_host_virtual_segment *segment_create(const struct we_host_iov *iov, size_t length_bytes)
{
    struct we_host_virtual_segment *segment =
        (struct we_host_virtual_segment *)we_host_alloc(sizeof(*segment) + length_bytes);
    size_t filled_bytes = 0;

    if (segment == NULL) {
        return NULL;
    }
    segment->length_bytes = length_bytes;
    segment->taken_bytes = 0;
    for (; filled_bytes < length_bytes; iov++) {
        size_t left_bytes = length_bytes - filled_bytes;
        size_t part_bytes = iov->length_bytes < left_bytes ? iov->length_bytes : left_bytes;

        if (part_bytes > 0) {
            memcpy(segment->data + filled_bytes, iov->base, part_bytes);
        }
        filled_bytes += part_bytes;
    }
    return segment;
}

/* --- sending --------------------------------------------------------------------------- */

size_t we_host_virtual_end_room_bytes_locked(struct we_host_virtual_end *end)
{
    const struct we_host_virtual_end *peer = we_host_virtual_peer_of(end);
    size_t waiting_bytes = peer->flying_bytes + peer->arrived_bytes;
    size_t window_bytes = waiting_bytes < peer->receive_buffer_bytes ? peer->receive_buffer_bytes - waiting_bytes : 0;
    size_t buffer_bytes = peer->flying_bytes < end->send_buffer_bytes ? end->send_buffer_bytes - peer->flying_bytes : 0;

    return window_bytes < buffer_bytes ? window_bytes : buffer_bytes;
}

/* Whether bytes can move at all; if not, what the caller gets. */
static enum we_err end_usable_locked(const struct we_host_virtual_end *end)
{
    switch (end->state) {
    case WE_VIRTUAL_CONNECTED:
        return WE_OK;
    case WE_VIRTUAL_CONNECTING:
    case WE_VIRTUAL_HELD:
    case WE_VIRTUAL_ANSWERED:
        return WE_ERR_AGAIN;
    case WE_VIRTUAL_DEAD:
        return end->error;
    default:
        return WE_ERR_NOT_CONNECTED;
    }
}

/* The other end is closed: it takes nothing more, and says so. */
static void send_into_void_locked(struct we_host_virtual_end *end)
{
    end->has_reset_in_flight = true;
    we_host_virtual_end_sent_to_locked(end);
}

static enum we_err send_segment_locked(struct we_host_virtual_end *end, const struct we_host_iov *iov,
                                       size_t wanted_bytes, size_t *bytes)
{
    struct we_host_virtual_end *peer = we_host_virtual_peer_of(end);
    size_t room_bytes = we_host_virtual_end_room_bytes_locked(end);
    size_t length_bytes = wanted_bytes < room_bytes ? wanted_bytes : room_bytes;
    struct we_host_virtual_segment *segment;

    if (length_bytes < wanted_bytes) {
        end->wants_writable = true;
    }
    if (length_bytes == 0) {
        return WE_ERR_AGAIN;
    }
    segment = segment_create(iov, length_bytes);
    if (segment == NULL) {
        return WE_ERR_NO_MEMORY;
    }
    we_base_list_append(&peer->flying, &segment->link);
    peer->flying_bytes += length_bytes;
    *bytes = length_bytes;
    we_host_virtual_end_sent_to_locked(peer);
    return WE_OK;
}

static enum we_err send_locked(struct we_host_virtual_end *end, const struct we_host_iov *iov, unsigned iov_count,
                               size_t *bytes)
{
    size_t wanted_bytes = iov_length_bytes(iov, iov_count);
    enum we_err err = end_usable_locked(end);

    if (err != WE_OK) {
        return err;
    }
    if (end->is_send_finished) {
        return WE_ERR_FINISHED;
    }
    if (wanted_bytes == 0) {
        return WE_OK;
    }
    if (we_host_virtual_peer_of(end)->is_closed) {
        *bytes = wanted_bytes;
        send_into_void_locked(end);
        return WE_OK;
    }
    return send_segment_locked(end, iov, wanted_bytes, bytes);
}

enum we_err we_host_virtual_send(struct we_host_ep *base, const struct we_host_iov *iov, unsigned iov_count,
                                 size_t *bytes)
{
    struct we_host_virtual_end *end = we_host_virtual_end_of(base);
    struct we_host_virtual_link *link = we_host_virtual_link_of(end);
    enum we_err err;

    *bytes = 0;
    we_host_mutex_lock(&link->lock);
    err = send_locked(end, iov, iov_count, bytes);
    we_host_mutex_unlock(&link->lock);
    return err;
}

void we_host_virtual_end_finish_locked(struct we_host_virtual_end *end)
{
    struct we_host_virtual_end *peer = we_host_virtual_peer_of(end);

    end->is_send_finished = true;
    if (!peer->is_closed) {
        peer->has_end_in_flight = true;
        we_host_virtual_end_sent_to_locked(peer);
    }
}

enum we_err we_host_virtual_shutdown_send(struct we_host_ep *base)
{
    struct we_host_virtual_end *end = we_host_virtual_end_of(base);
    struct we_host_virtual_link *link = we_host_virtual_link_of(end);
    enum we_err err;

    we_host_mutex_lock(&link->lock);
    err = end_usable_locked(end);
    if (err == WE_ERR_AGAIN) {
        err = WE_ERR_NOT_CONNECTED;
    } else if (err == WE_OK && end->is_send_finished) {
        err = WE_ERR_FINISHED;
    } else if (err == WE_OK) {
        we_host_virtual_end_finish_locked(end);
    }
    we_host_mutex_unlock(&link->lock);
    return err;
}

/* --- receiving ------------------------------------------------------------------------- */

/* Moves arrived bytes to one piece of memory; returns how many. */
static size_t piece_fill_locked(struct we_host_virtual_end *end, unsigned char *data, size_t length_bytes)
{
    size_t filled_bytes = 0;

    while (filled_bytes < length_bytes && !we_base_list_is_empty(&end->arrived)) {
        struct we_host_virtual_segment *segment =
            WE_BASE_LIST_ITEM(end->arrived.next, struct we_host_virtual_segment, link);
        size_t left_bytes = segment->length_bytes - segment->taken_bytes;
        size_t part_bytes = left_bytes < length_bytes - filled_bytes ? left_bytes : length_bytes - filled_bytes;

        memcpy(data + filled_bytes, segment->data + segment->taken_bytes, part_bytes);
        segment->taken_bytes += part_bytes;
        filled_bytes += part_bytes;
        if (segment->taken_bytes == segment->length_bytes) {
            we_base_list_remove(&segment->link);
            we_host_free(segment);
        }
    }
    return filled_bytes;
}

static enum we_err recv_locked(struct we_host_virtual_end *end, const struct we_host_iov *iov, unsigned iov_count,
                               size_t *bytes)
{
    enum we_err err = end_usable_locked(end);

    if (err != WE_OK) {
        return err;
    }
    for (unsigned i = 0; i < iov_count && end->arrived_bytes > 0; i++) {
        size_t part_bytes = piece_fill_locked(end, (unsigned char *)iov[i].base, iov[i].length_bytes);

        end->arrived_bytes -= part_bytes;
        *bytes += part_bytes;
    }
    if (*bytes > 0) {
        we_host_virtual_end_room_made_locked(we_host_virtual_peer_of(end));
        return WE_OK;
    }
    return end->has_end || iov_length_bytes(iov, iov_count) == 0 ? WE_OK : WE_ERR_AGAIN;
}

enum we_err we_host_virtual_recv(struct we_host_ep *base, const struct we_host_iov *iov, unsigned iov_count,
                                 size_t *bytes)
{
    struct we_host_virtual_end *end = we_host_virtual_end_of(base);
    struct we_host_virtual_link *link = we_host_virtual_link_of(end);
    enum we_err err;

    *bytes = 0;
    we_host_mutex_lock(&link->lock);
    err = recv_locked(end, iov, iov_count, bytes);
    we_host_mutex_unlock(&link->lock);
    return err;
}

static size_t ideal_backlog_bytes_locked(struct we_host_virtual_end *end)
{
    size_t window_bytes = we_host_virtual_peer_of(end)->receive_buffer_bytes;

    return window_bytes < end->send_buffer_bytes ? window_bytes : end->send_buffer_bytes;
}

size_t we_host_virtual_ideal_backlog_bytes(struct we_host_ep *base)
{
    struct we_host_virtual_end *end;
    struct we_host_virtual_link *link;
    size_t bytes = 0;

    if (we_host_virtual_ep_of(base)->kind != WE_VIRTUAL_END) {
        return 0;
    }
    end = we_host_virtual_end_of(base);
    link = we_host_virtual_link_of(end);
    we_host_mutex_lock(&link->lock);
    if (end->state == WE_VIRTUAL_CONNECTED) {
        bytes = ideal_backlog_bytes_locked(end);
    }
    we_host_mutex_unlock(&link->lock);
    return bytes;
}

size_t we_host_virtual_unread_bytes(struct we_host_ep *base)
{
    struct we_host_virtual_end *end;
    struct we_host_virtual_link *link;
    size_t bytes;

    if (we_host_virtual_ep_of(base)->kind != WE_VIRTUAL_END) {
        return 0;
    }
    end = we_host_virtual_end_of(base);
    link = we_host_virtual_link_of(end);
    we_host_mutex_lock(&link->lock);
    bytes = end->arrived_bytes;
    we_host_mutex_unlock(&link->lock);
    return bytes;
}

/* --- options --------------------------------------------------------------------------- */

/* More room may have been made for either end, and for either another backlog may be ideal. */
static void buffer_set_locked(struct we_host_virtual_end *end, unsigned *buffer_bytes, unsigned value)
{
    struct we_host_virtual_end *peer = we_host_virtual_peer_of(end);
    size_t end_ideal_bytes = ideal_backlog_bytes_locked(end);
    size_t peer_ideal_bytes = ideal_backlog_bytes_locked(peer);

    *buffer_bytes = value;
    we_host_virtual_end_room_made_locked(end);
    we_host_virtual_end_room_made_locked(peer);
    if (ideal_backlog_bytes_locked(end) != end_ideal_bytes) {
        we_host_virtual_end_backlog_changed_locked(end);
    }
    if (ideal_backlog_bytes_locked(peer) != peer_ideal_bytes) {
        we_host_virtual_end_backlog_changed_locked(peer);
    }
}

/* Keepalive has nothing to keep alive here, and no segment is ever delayed: both are only remembered. */
static enum we_err end_option_locked(struct we_host_virtual_end *end, enum we_host_ep_option option, int *value,
                                     bool is_set)
{
    unsigned *buffer_bytes =
        option == WE_EP_RECEIVE_BUFFER_BYTES ? &end->receive_buffer_bytes : &end->send_buffer_bytes;
    bool *flag = option == WE_EP_KEEPALIVE ? &end->is_keepalive : &end->is_nodelay;

    switch (option) {
    case WE_EP_RECEIVE_BUFFER_BYTES:
    case WE_EP_SEND_BUFFER_BYTES:
        if (is_set && *value <= 0) {
            return WE_ERR_INVALID;
        }
        if (is_set) {
            buffer_set_locked(end, buffer_bytes, (unsigned)*value);
        }
        *value = (int)*buffer_bytes;
        return WE_OK;
    case WE_EP_KEEPALIVE:
    case WE_EP_NODELAY:
        *flag = is_set ? *value != 0 : *flag;
        *value = *flag;
        return WE_OK;
    default:
        return WE_ERR_NOT_SUPPORTED;
    }
}

enum we_err we_host_virtual_end_option(struct we_host_virtual_end *end, enum we_host_ep_option option, int *value,
                                       bool is_set)
{
    struct we_host_virtual_link *link = we_host_virtual_link_of(end);
    enum we_err err;

    we_host_mutex_lock(&link->lock);
    err = end_option_locked(end, option, value, is_set);
    we_host_mutex_unlock(&link->lock);
    return err;
}

enum we_err we_host_virtual_end_tcp_info(struct we_host_virtual_end *end, struct we_host_tcp_info *info)
{
    struct we_host_virtual_link *link = we_host_virtual_link_of(end);
    enum we_err err;

    memset(info, 0, sizeof(*info));
    we_host_mutex_lock(&link->lock);
    err = end_usable_locked(end);
    if (err == WE_OK) {
        const struct we_host_virtual_end *peer = we_host_virtual_peer_of(end);

        info->unacked_bytes = (uint32_t)peer->flying_bytes;
        info->send_window_bytes = (uint32_t)we_host_virtual_end_room_bytes_locked(end);
        info->congestion_window_bytes = info->send_window_bytes;
        info->receive_buffer_bytes = end->receive_buffer_bytes;
        info->receive_window_bytes = end->arrived_bytes < end->receive_buffer_bytes
                                         ? end->receive_buffer_bytes - (uint32_t)end->arrived_bytes
                                         : 0;
    }
    we_host_mutex_unlock(&link->lock);
    return err;
}
