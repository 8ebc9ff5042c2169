/* SPDX-License-Identifier: MIT */
/* Datagram sockets: their life, their endpoint's events, and their options. */
#include "wsk/wsk_dgram.h"

#include "wsk/wsk_status.h"

#include "base/base_assert.h"
#include "host/host_mem.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A datagram socket belongs to one processor for life, as a connection does: the network's events arrive there, its
 * callbacks are that processor's work, and requests meet the rest under the socket's lock. It has no protocol to speak
 * of: bound or not, that is all. What is going on in its receiving half is told in wsk_dgram_rx.c.
 *
 * The endpoint is never connected. SIO_WSK_SET_REMOTE_ADDRESS is a default destination and a filter here, because
 * systems disagree about sends of a connected socket to somebody else.
 */

/* --- events of the endpoint ------------------------------------------------------------------- */

static void dgram_event(void *context, unsigned events)
{
    struct we_wsk_socket *socket = context;
    struct we_nt_completions completions;
    bool is_open;

    we_nt_completions_init(&completions);
    we_host_mutex_lock(&socket->lock);
    is_open = we_wsk_rundown_acquire_locked(socket);
    if (is_open && (events & WE_NET_WRITABLE) != 0) {
        we_wsk_dgram_tx_writable_locked(socket, &completions);
    }
    if (is_open && (events & WE_NET_READABLE) != 0) {
        socket->dgram->may_read = true;
        socket->dgram->has_missed = socket->dgram->was_refused;
        we_wsk_dgram_rx_run_locked(socket, &completions);
    }
    we_host_mutex_unlock(&socket->lock);
    we_nt_completions_run(&completions);
    if (is_open) {
        we_wsk_rundown_release(socket);
    }
}

static const struct we_host_ep_client s_dgram_client = {
    .ref = we_wsk_ep_ref,
    .unref = we_wsk_ep_unref,
    .event = dgram_event,
};

/* --- bind ------------------------------------------------------------------------------------- */

NTSTATUS we_wsk_dgram_apply_locked(struct we_wsk_socket *socket)
{
    const struct we_wsk_dgram_options *options = &socket->dgram_options;
    enum we_err err;

    if (socket->ep == NULL) {
        return STATUS_SUCCESS; /* the bind does it */
    }
    /* Where the system cannot tell of unreachable ports, there are simply no such reports. */
    err = we_host_dgram_set(socket->ep, WE_DGRAM_WANTS_UNREACHABLE, options->report_unreachable != 0);
    if (err == WE_OK || err == WE_ERR_NOT_SUPPORTED) {
        err = we_host_dgram_set(socket->ep, WE_DGRAM_MAY_BROADCAST, options->broadcast != 0);
    }
    if (err == WE_OK) {
        err = we_host_dgram_set(socket->ep, WE_DGRAM_WANTS_DETAILS, we_wsk_cmsg_wants_details(options));
    }
    return we_wsk_status(err, WE_WSK_OP_CONTROL);
}

static enum we_err start_locked(struct we_wsk_socket *socket, struct we_host_ep *ep)
{
    enum we_err err;

    socket->ep = ep;
    err = we_host_ep_local(ep, &socket->local);
    if (err == WE_OK && !NT_SUCCESS(we_wsk_dgram_apply_locked(socket))) {
        err = WE_ERR_UNEXPECTED;
    }
    if (err == WE_OK) {
        we_wsk_option_apply_locked(socket);
        err = we_host_ep_watch(ep, WE_WATCH_ALL, socket->cpu, &s_dgram_client, socket);
    }
    if (err != WE_OK) {
        socket->ep = NULL;
    }
    return err;
}

enum we_err we_wsk_dgram_start(struct we_wsk_socket *socket, const struct we_base_addr *local)
{
    const struct we_host_dgram_options options = { .is_v6_only = socket->v6only != 0,
                                                   .is_shared = socket->reuse_address != 0 };
    struct we_host_ep *ep;
    enum we_err err = we_host_dgram_open(local, &options, &ep);

    if (err != WE_OK) {
        return err;
    }
    we_host_mutex_lock(&socket->lock);
    err = start_locked(socket, ep);
    we_host_mutex_unlock(&socket->lock);
    if (err != WE_OK) {
        we_host_close(ep, WE_CLOSE_GRACEFUL);
    }
    return err;
}

bool we_wsk_dgram_check_bound_locked(struct we_wsk_socket *socket, const char *function)
{
    if (socket->ep != NULL) {
        return true;
    }
    (void)we_vrf_report_entry(WE_RULE_SOCK_015, &socket->entry, "%s was called for socket %p before WskBind", function,
                              (void *)socket);
    return false;
}

/* --- the category's part of every socket ------------------------------------------------------ */

static bool dgram_create(struct we_wsk_socket *socket)
{
    struct we_wsk_dgram *dgram = we_host_zalloc(sizeof(*dgram));

    if (dgram == NULL) {
        return false;
    }
    dgram->socket = socket;
    we_wsk_dgram_rx_init(dgram);
    we_wsk_irp_queue_init(&dgram->sends);
    socket->dgram = dgram;
    return true;
}

static void dgram_close_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    we_wsk_irp_queue_flush_locked(&socket->dgram->sends, completions, STATUS_CANCELLED);
    we_wsk_dgram_rx_close_locked(socket, completions);
}

static void dgram_close_unlocked(struct we_wsk_socket *socket)
{
    (void)socket;
}

static void dgram_finish(struct we_wsk_socket *socket)
{
    struct we_host_ep *ep;

    we_host_mutex_lock(&socket->lock);
    we_wsk_dgram_rx_report_lent_locked(socket); /* kept by the very callback that closed the socket */
    ep = socket->ep;
    socket->ep = NULL;
    we_host_mutex_unlock(&socket->lock);
    if (ep != NULL) {
        we_host_close(ep, WE_CLOSE_GRACEFUL);
    }
}

static void dgram_destroy(struct we_wsk_socket *socket)
{
    we_wsk_dgram_rx_fini(socket->dgram, socket->cpu);
    we_host_free(socket->dgram);
    socket->dgram = NULL;
}

static void dgram_events_enabled(struct we_wsk_socket *socket, ULONG events)
{
    (void)events;
    we_host_mutex_lock(&socket->lock);
    socket->dgram->was_refused = false;
    socket->dgram->has_missed = false;
    we_wsk_dgram_rx_kick_locked(socket);
    we_host_mutex_unlock(&socket->lock);
}

const struct we_wsk_category_ops we_wsk_dgram_ops = {
    .create = dgram_create,
    .close_locked = dgram_close_locked,
    .close_unlocked = dgram_close_unlocked,
    .finish = dgram_finish,
    .destroy = dgram_destroy,
    .events_enabled = dgram_events_enabled,
};
