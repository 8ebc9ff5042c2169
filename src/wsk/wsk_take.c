/* SPDX-License-Identifier: MIT */
/* Who takes an established connection: WskAccept IRPs and WskAcceptEvent; and callbacks that wait for a call to end. */
#include "wsk/wsk_listen.h"

#include "base/base_assert.h"
#include "host/host_log.h"
#include "nt/io_irp.h"
#include "wsk/wsk_addr.h"
#include "wsk/wsk_conn.h"
#include "wsk/wsk_event.h"
#include "wsk/wsk_option.h"

/* Design
 *
 * Takers: a request in READY goes to the oldest WskAccept IRP, else to WskAcceptEvent if that is enabled, else it
 * stays. we_wsk_listen_match() looks for such pairs; it runs after a request became ready, an IRP was queued, the
 * completion routine of one has returned, or the event was enabled. IRPs complete in the order in which they were
 * posted, whatever the completion policy and on however many processors: one is given a connection only when the
 * routine of the one before has returned. Only then, too, is its socket armed: no callback of a socket comes before
 * the client knows it.
 *
 * Whose stack: a client may hold a lock while it calls us, and take the same lock in its callbacks. So no callback is
 * made on the stack of a call. What a call has caused (WskAbortEvents of a closing listener, WskAcceptEvents after a
 * verdict or an enable) is work of the caller's processor: it runs when the IRQL drops, as completion routines do. For
 * a caller at PASSIVE_LEVEL that is before the call returns.
 */

static struct we_wsk_request_record *first_ready_locked(struct we_wsk_listener *listener)
{
    WE_BASE_LIST_FOR_EACH (link, &listener->requests) {
        struct we_wsk_request_record *request = WE_BASE_LIST_ITEM(link, struct we_wsk_request_record, link);

        if (we_wsk_accept_cell(request->machine.state, WE_ACCEPT_ON_TAKE_IRP)->kind == WE_ACCEPT_CELL_GO) {
            return request;
        }
    }
    return NULL;
}

static bool request_make_socket_locked(struct we_wsk_request_record *request, PVOID context, const VOID *dispatch)
{
    struct we_wsk_socket *socket = request->listener;
    struct we_wsk_socket *accepted = we_wsk_socket_create(socket->client, WE_WSK_CONNECTION, socket->family,
                                                          socket->type, socket->protocol, context, dispatch);
    WSK_INSPECT_ID id = we_wsk_request_id(request);

    if (accepted == NULL) {
        return false;
    }
    accepted->cpu = socket->cpu;
    we_wsk_option_inherit_locked(socket, accepted);
    we_wsk_socket_ref(accepted); /* the request's, until it is freed: the client may close the socket at once */
    if (request->is_watched && we_host_ep_watch(request->ep, WE_WATCH_HANGUP, accepted->cpu,
                                                &we_wsk_request_given_client, accepted) != WE_OK) {
        WE_LOG_ONCE(WE_LOG_WARNING, "an accepted connection could not be watched");
    }
    we_wsk_conn_adopt(accepted, request->ep, &request->local, &request->remote);
    if (socket->conditional_accept != 0) {
        we_wsk_conn_set_inspect_id(accepted, &id);
    }
    request->ep = NULL;
    request->accepted = accepted;
    return true;
}

/* The completion routine of a WskAccept that got this request has returned: the next one may, and events of the socket
 * may come. */
static void after_given(void *context)
{
    struct we_wsk_request_record *request = context;
    struct we_wsk_socket *socket = request->listener;

    we_host_mutex_lock(&socket->lock);
    WE_ASSERT(socket->listener->completing_count > 0);
    socket->listener->completing_count--;
    we_host_mutex_unlock(&socket->lock);
    we_wsk_conn_arm(request->accepted);
    we_wsk_listen_match(socket, WE_WSK_OURS);
    we_wsk_rundown_release(socket);
    we_wsk_request_unref(request);
}

/* Gives the request to an accept IRP. */
static bool take_by_irp_locked(struct we_wsk_request_record *request, PIRP irp, struct we_nt_completions *completions)
{
    const struct we_wsk_request *arguments = we_wsk_irp_request(irp);
    SOCKADDR *local = arguments->accept.local;
    SOCKADDR *remote = we_wsk_irp_extra(irp);
    ADDRESS_FAMILY family = request->listener->family;

    if (!request_make_socket_locked(request, arguments->accept.context, arguments->accept.dispatch)) {
        we_nt_completions_add(completions, irp, STATUS_INSUFFICIENT_RESOURCES, 0);
        return false;
    }
    if (local != NULL) {
        we_wsk_addr_to_sockaddr(&request->local, family, local);
    }
    if (remote != NULL) {
        we_wsk_addr_to_sockaddr(&request->remote, family, remote);
    }
    request->listener->listener->completing_count++;
    we_wsk_request_ref(request);
    we_nt_completion_set_after(irp, after_given, request);
    we_nt_completions_add(completions, irp, STATUS_SUCCESS, (ULONG_PTR)request->accepted);
    return true;
}

/* Makes the socket that WskAcceptEvent will be offered; it inherits the listener's connection events. */
static bool take_by_event_locked(struct we_wsk_request_record *request)
{
    struct we_wsk_socket *socket = request->listener;

    if (!request_make_socket_locked(request, NULL, NULL)) {
        return false;
    }
    request->accepted->events |= socket->events & we_wsk_event_valid_mask(WE_WSK_CONNECTION);
    we_wsk_event_begin_locked(socket, WSK_EVENT_ACCEPT);
    return true;
}

/* Queues the work that calls the client; the caller holds a rundown count. */
static void call_later_locked(struct we_wsk_socket *socket)
{
    struct we_wsk_listener *listener = socket->listener;

    if (!listener->is_work_queued) {
        listener->is_work_queued = true;
        listener->work_cpu = we_nt_cpu_current()->index;
        we_wsk_rundown_ref(socket);
        we_wsk_socket_ref(socket);
        (void)we_nt_work_queue(&listener->work, listener->work_cpu);
    }
}

void we_wsk_listen_abort_later(struct we_wsk_request_record *request)
{
    struct we_wsk_socket *socket = request->listener;

    we_wsk_request_ref(request);
    we_host_mutex_lock(&socket->lock);
    we_base_list_append(&socket->listener->aborts, &request->abort_link);
    call_later_locked(socket);
    we_host_mutex_unlock(&socket->lock);
}

static struct we_wsk_request_record *abort_pop(struct we_wsk_socket *socket)
{
    struct we_base_list *link;

    we_host_mutex_lock(&socket->lock);
    link = we_base_list_pop(&socket->listener->aborts);
    we_host_mutex_unlock(&socket->lock);
    return link == NULL ? NULL : WE_BASE_LIST_ITEM(link, struct we_wsk_request_record, abort_link);
}

static void listener_work(struct we_nt_work *work)
{
    struct we_wsk_socket *socket = WE_CONTAINER(work, struct we_wsk_listener, work)->socket;
    struct we_wsk_request_record *request;

    we_host_mutex_lock(&socket->lock);
    socket->listener->is_work_queued = false;
    we_host_mutex_unlock(&socket->lock);
    while ((request = abort_pop(socket)) != NULL) {
        we_wsk_request_call_abort(request);
        we_wsk_request_unref(request);
    }
    we_wsk_listen_match(socket, WE_WSK_OURS);
    we_wsk_rundown_release(socket);
    we_wsk_socket_unref(socket);
}

/* The next WskAccept that may have a connection now. */
static PIRP accept_irp_pop_locked(struct we_wsk_listener *listener)
{
    return listener->completing_count > 0 ? NULL : we_wsk_irp_queue_pop_locked(&listener->accept_irps);
}

/* WskAccepts that wait for the one before go first. */
static bool may_offer_locked(const struct we_wsk_socket *socket)
{
    const struct we_wsk_listener *listener = socket->listener;

    return (socket->events & WSK_EVENT_ACCEPT) != 0 &&
           (listener->completing_count == 0 || we_wsk_irp_queue_is_empty_locked(&listener->accept_irps));
}

/* Finds one pair of request and taker. Returns the event for the request (reference taken), or NOTHING. */
static enum we_wsk_accept_event pair_locked(struct we_wsk_socket *socket, struct we_wsk_request_record **paired,
                                            struct we_nt_completions *completions, enum we_wsk_stack stack)
{
    struct we_wsk_listener *listener = socket->listener;
    struct we_wsk_request_record *request = first_ready_locked(listener);
    enum we_wsk_accept_event event = WE_ACCEPT_ON_NOTHING;
    PIRP irp;

    if (request == NULL || we_wsk_is_closing(socket)) {
        return WE_ACCEPT_ON_NOTHING;
    }
    irp = accept_irp_pop_locked(listener);
    if (irp != NULL) {
        if (take_by_irp_locked(request, irp, completions)) {
            event = WE_ACCEPT_ON_TAKE_IRP;
        }
    } else if (may_offer_locked(socket) && stack == WE_WSK_CALLERS) {
        call_later_locked(socket);
    } else if (may_offer_locked(socket) && take_by_event_locked(request)) {
        event = WE_ACCEPT_ON_TAKE_EVENT;
    }
    if (event != WE_ACCEPT_ON_NOTHING) {
        we_wsk_request_ref(request);
        *paired = request;
    }
    return event;
}

void we_wsk_listen_match(struct we_wsk_socket *socket, enum we_wsk_stack stack)
{
    for (;;) {
        struct we_nt_completions completions;
        struct we_wsk_request_record *request = NULL;
        enum we_wsk_accept_event event;
        unsigned actions = 0;

        we_nt_completions_init(&completions);
        we_host_mutex_lock(&socket->lock);
        event = pair_locked(socket, &request, &completions, stack);
        if (request != NULL) {
            actions = we_wsk_request_step_locked(request, &event, NULL, &completions);
            if (we_wsk_request_is_over(request)) {
                we_wsk_request_retire_locked(request);
                we_wsk_request_unref(request); /* the table's; ours keeps it */
            }
        }
        we_host_mutex_unlock(&socket->lock);
        we_nt_completions_run(&completions);
        if (request == NULL) {
            return;
        }
        event = we_wsk_request_call_client(request, actions, stack);
        we_wsk_request_run(request, event, NULL, stack);
        we_wsk_request_unref(request);
    }
}

void we_wsk_take_init(struct we_wsk_listener *listener, struct we_wsk_socket *socket)
{
    listener->socket = socket;
    we_base_list_init(&listener->aborts);
    we_nt_work_init(&listener->work, listener_work);
}

void we_wsk_take_fini(struct we_wsk_listener *listener)
{
    (void)we_nt_work_cancel(&listener->work,
                            listener->work_cpu); /* only a listener that was leaked still has it queued */
}
