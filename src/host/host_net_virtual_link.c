/* SPDX-License-Identifier: MIT */
/* Connections of the virtual network: handshake, arrival of what is in flight, reset and close. */
#include "base/base_assert.h"
#include "host/host_mem.h"
#include "host/host_net_virtual.h"

/* The design note is in host_net_virtual.h. Functions that end in _locked have the link's lock. */

/* Steps of the handshake: they come before anything else, one at a time. */
#define HANDSHAKE_EVENTS ((unsigned)(WE_NET_CONNECTED | WE_NET_CONNECT_FAILED | WE_NET_ESTABLISHED))

static void end_init(struct we_host_virtual_end *end, unsigned char index)
{
    end->index = index;
    we_base_list_init(&end->ep.base.link);
    we_base_list_init(&end->ep.queue_link);
    we_base_list_init(&end->flying);
    we_base_list_init(&end->arrived);
    end->receive_buffer_bytes = WE_HOST_VIRTUAL_BUFFER_BYTES;
    end->send_buffer_bytes = WE_HOST_VIRTUAL_BUFFER_BYTES;
}

struct we_host_virtual_link *we_host_virtual_link_create(const struct we_base_addr *local)
{
    struct we_host_virtual_link *link = (struct we_host_virtual_link *)we_host_zalloc(sizeof(*link));

    if (link == NULL) {
        return NULL;
    }
    we_host_mutex_init(&link->lock, WE_RANK_NET_LINK);
    we_base_list_init(&link->backlog_link);
    link->references = 1;
    end_init(&link->ends[0], 0);
    end_init(&link->ends[1], 1);
    link->ends[0].state = WE_VIRTUAL_BOUND;
    link->ends[0].local = *local;
    link->ends[1].state = WE_VIRTUAL_BOUND;
    return link;
}

void we_host_virtual_link_destroy(struct we_host_virtual_link *link)
{
    for (unsigned i = 0; i < 2; i++) {
        WE_ASSERT(!we_base_list_is_linked(&link->ends[i].ep.queue_link));
        we_host_virtual_segments_drop_locked(&link->ends[i]);
    }
    WE_ASSERT(!we_base_list_is_linked(&link->backlog_link));
    we_host_mutex_fini(&link->lock);
    we_host_free(link);
}

/* --- events ---------------------------------------------------------------------------- */

static bool end_has_more_locked(const struct we_host_virtual_end *end)
{
    return end->pending != 0 || !we_base_list_is_empty(&end->flying) || end->has_end_in_flight ||
           end->has_reset_in_flight;
}

static void end_queue_locked(struct we_host_virtual_end *end)
{
    if (end_has_more_locked(end)) {
        we_host_virtual_queue(&end->ep);
    }
}

static void end_happened_locked(struct we_host_virtual_end *end, unsigned events)
{
    if (!end->is_closed) {
        end->pending |= events;
        we_host_virtual_queue(&end->ep);
    }
}

/* For the watch for hang-up: the peer finished before it said anything. */
static bool end_was_given_up_locked(const struct we_host_virtual_end *end)
{
    return end->has_end && !end->has_had_bytes;
}

/* The connection is over for end, whatever is in flight or unread. */
static void end_die_locked(struct we_host_virtual_end *end, enum we_err err)
{
    we_host_virtual_segments_drop_locked(end);
    end->has_end_in_flight = false;
    end->has_reset_in_flight = false;
    end->error = err;
    end->state = WE_VIRTUAL_DEAD;
}

/* A reset, or the refusal of a SYN, reaches end. Returns the event that tells of it; what was to be told before, but
 * for the handshake, is void. */
static unsigned end_reset_locked(struct we_host_virtual_end *end, enum we_err err)
{
    bool is_connecting = end->state == WE_VIRTUAL_CONNECTING && (end->pending & WE_NET_CONNECTED) == 0;

    end_die_locked(end, err);
    end->pending &= HANDSHAKE_EVENTS;
    return is_connecting ? WE_NET_CONNECT_FAILED : WE_NET_RESET;
}

static void end_reset_arrive_locked(struct we_host_virtual_end *end, enum we_err err)
{
    if (end->state != WE_VIRTUAL_DEAD && !end->is_closed) {
        end_happened_locked(end, end_reset_locked(end, err));
    }
}

/* The first thing in flight to end arrives; returns its event, 0 when nothing is in flight. */
static unsigned end_arrive_locked(struct we_host_virtual_end *end)
{
    if (!we_base_list_is_empty(&end->flying)) {
        we_host_virtual_segment_arrive_locked(end);
        return WE_NET_READABLE;
    }
    if (end->has_end_in_flight) {
        end->has_end_in_flight = false;
        end->has_end = true;
        return WE_NET_READABLE | WE_NET_ENDED;
    }
    if (end->has_reset_in_flight) {
        return end_reset_locked(end, WE_ERR_RESET);
    }
    return 0;
}

/* A step of the handshake was taken by its end, and causes the next one. */
static void handshake_advance_locked(struct we_host_virtual_end *end, unsigned events)
{
    struct we_host_virtual_end *peer = we_host_virtual_peer_of(end);

    if (events & WE_NET_CONNECTED) {
        if (end->state == WE_VIRTUAL_CONNECTING) {
            end->state = WE_VIRTUAL_CONNECTED;
        }
        if (peer->state == WE_VIRTUAL_ANSWERED) {
            end_happened_locked(peer, WE_NET_ESTABLISHED);
        }
    } else if ((events & WE_NET_ESTABLISHED) && end->state == WE_VIRTUAL_ANSWERED) {
        end->state = WE_VIRTUAL_CONNECTED;
    }
}

static unsigned end_take_locked(struct we_host_virtual_end *end)
{
    unsigned events = end->pending & HANDSHAKE_EVENTS;

    if (events != 0) {
        end->pending &= ~events;
        handshake_advance_locked(end, events);
    } else if (end->pending != 0) {
        events = end->pending;
        end->pending = 0;
    } else {
        events = end_arrive_locked(end);
    }
    end_queue_locked(end);
    return events;
}

unsigned we_host_virtual_end_take(struct we_host_virtual_end *end, we_base_id *id)
{
    struct we_host_virtual_link *link = we_host_virtual_link_of(end);
    unsigned events = 0;

    we_host_mutex_lock(&link->lock);
    if (!end->is_closed) {
        events = end_take_locked(end);
        *id = end->ep.queue_id;
    }
    we_host_mutex_unlock(&link->lock);
    return events;
}

/* Nobody waits for each single piece: everything that is in flight arrives now. */
static void end_arrive_all_locked(struct we_host_virtual_end *end)
{
    unsigned events;

    do {
        events = end_arrive_locked(end);
        if (events & WE_NET_RESET) {
            end_happened_locked(end, WE_NET_RESET);
        }
    } while (events != 0);
}

void we_host_virtual_end_sent_to_locked(struct we_host_virtual_end *end)
{
    if (end->is_watched_all) {
        end_queue_locked(end);
        return;
    }
    end_arrive_all_locked(end);
    /* Watched for hang-up, or by nobody yet: then watch() judges anew. */
    if (end_was_given_up_locked(end)) {
        end_happened_locked(end, WE_NET_RESET);
    }
}

void we_host_virtual_end_room_made_locked(struct we_host_virtual_end *end)
{
    if (end->wants_writable && end->is_watched_all && we_host_virtual_end_room_bytes_locked(end) > 0) {
        end->wants_writable = false;
        end_happened_locked(end, WE_NET_WRITABLE);
    }
}

void we_host_virtual_end_backlog_changed_locked(struct we_host_virtual_end *end)
{
    if (end->is_watched_all && end->state == WE_VIRTUAL_CONNECTED) {
        end_happened_locked(end, WE_NET_BACKLOG);
    }
}

/* What somebody who starts to watch now has to be told. */
static unsigned end_news_locked(const struct we_host_virtual_end *end)
{
    unsigned events = 0;

    if (end->state == WE_VIRTUAL_DEAD) {
        return (end->pending & WE_NET_CONNECT_FAILED) ? 0 : WE_NET_RESET;
    }
    if (!end->is_watched_all) {
        return end_was_given_up_locked(end) ? WE_NET_RESET : 0;
    }
    if (end->arrived_bytes > 0) {
        events |= WE_NET_READABLE;
    }
    if (end->has_end) {
        events |= WE_NET_READABLE | WE_NET_ENDED;
    }
    return events;
}

void we_host_virtual_end_watch(struct we_host_virtual_end *end)
{
    struct we_host_virtual_link *link = we_host_virtual_link_of(end);

    we_host_mutex_lock(&link->lock);
    we_host_virtual_queue_here(&end->ep);
    end->is_watched_all = end->ep.base.watch == WE_WATCH_ALL;
    if (!end->is_watched_all) {
        end_arrive_all_locked(end);
    }
    end->pending = (end->pending & HANDSHAKE_EVENTS) | end_news_locked(end);
    if (end_has_more_locked(end)) {
        we_host_virtual_queue(&end->ep);
    } else {
        we_host_virtual_unqueue(&end->ep);
    }
    we_host_virtual_end_room_made_locked(end);
    we_host_mutex_unlock(&link->lock);
}

/* --- handshake ------------------------------------------------------------------------- */

void we_host_virtual_link_refused_locked(struct we_host_virtual_link *link)
{
    link->ends[0].state = WE_VIRTUAL_CONNECTING;
    end_reset_arrive_locked(&link->ends[0], WE_ERR_REFUSED);
}

void we_host_virtual_link_offered_locked(struct we_host_virtual_link *link, bool is_held)
{
    link->ends[0].state = WE_VIRTUAL_CONNECTING;
    if (is_held) {
        link->ends[1].state = WE_VIRTUAL_HELD;
        return;
    }
    link->ends[1].state = WE_VIRTUAL_CONNECTED;
    end_happened_locked(&link->ends[0], WE_NET_CONNECTED);
}

static enum we_err confirm_locked(struct we_host_virtual_end *request)
{
    switch (request->state) {
    case WE_VIRTUAL_HELD:
        request->state = WE_VIRTUAL_ANSWERED;
        end_happened_locked(we_host_virtual_peer_of(request), WE_NET_CONNECTED);
        return WE_ERR_AGAIN;
    case WE_VIRTUAL_ANSWERED:
        return WE_ERR_AGAIN;
    case WE_VIRTUAL_CONNECTED:
        return WE_OK;
    default:
        request->pending = 0;
        we_host_virtual_unqueue(&request->ep);
        return WE_ERR_RESET;
    }
}

enum we_err we_host_virtual_confirm(struct we_host_ep *base)
{
    struct we_host_virtual_end *request = we_host_virtual_end_of(base);
    struct we_host_virtual_link *link = we_host_virtual_link_of(request);
    enum we_err err;

    we_host_mutex_lock(&link->lock);
    err = confirm_locked(request);
    we_host_mutex_unlock(&link->lock);
    return err;
}

/* --- the end --------------------------------------------------------------------------- */

/* The peer learns that end goes. */
static void end_farewell_locked(struct we_host_virtual_end *end, enum we_host_close how)
{
    struct we_host_virtual_end *peer = we_host_virtual_peer_of(end);
    bool is_established = end->state == WE_VIRTUAL_CONNECTED ||
                          (end->state == WE_VIRTUAL_CONNECTING && peer->state == WE_VIRTUAL_CONNECTED);

    if (end->state == WE_VIRTUAL_BOUND || end->state == WE_VIRTUAL_DEAD || end->is_silent) {
        return;
    }
    if (end->state == WE_VIRTUAL_HELD) {
        end_reset_arrive_locked(peer, WE_ERR_REFUSED);
    } else if (is_established && how == WE_CLOSE_GRACEFUL) {
        if (!end->is_send_finished) {
            we_host_virtual_end_finish_locked(end);
        }
    } else {
        end_reset_arrive_locked(peer, WE_ERR_RESET);
    }
}

void we_host_virtual_reset(struct we_host_ep *base)
{
    struct we_host_virtual_end *end = we_host_virtual_end_of(base);
    struct we_host_virtual_link *link = we_host_virtual_link_of(end);

    we_host_mutex_lock(&link->lock);
    end_farewell_locked(end, WE_CLOSE_RESET);
    if (end->state != WE_VIRTUAL_DEAD) {
        end_die_locked(end, WE_ERR_ABORTED);
    }
    end->pending = 0;
    we_host_virtual_unqueue(&end->ep);
    we_host_mutex_unlock(&link->lock);
}

void we_host_virtual_silence(struct we_host_ep *base)
{
    struct we_host_virtual_end *end = we_host_virtual_end_of(base);
    struct we_host_virtual_link *link = we_host_virtual_link_of(end);

    we_host_mutex_lock(&link->lock);
    end->is_silent = true;
    end->pending = 0;
    we_host_virtual_unqueue(&end->ep);
    we_host_mutex_unlock(&link->lock);
}

void we_host_virtual_end_close(struct we_host_virtual_end *end, enum we_host_close how)
{
    struct we_host_virtual_link *link = we_host_virtual_link_of(end);
    struct we_host_virtual_claim *claim = NULL;

    we_host_mutex_lock(&link->lock);
    end_farewell_locked(end, how);
    end->is_closed = true;
    we_host_virtual_segments_drop_locked(end);
    we_host_virtual_unqueue(&end->ep);
    if (end->index == 0) {
        claim = link->claim;
        link->claim = NULL;
    }
    we_host_mutex_unlock(&link->lock);
    we_host_virtual_claim_drop(claim);
    we_host_virtual_unref(&end->ep);
}
