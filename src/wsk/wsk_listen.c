/* SPDX-License-Identifier: MIT */
/* Listening sockets: what the network and the client tell their requests. */
#include "wsk/wsk_listen.h"

#include <string.h>

#include "base/base_assert.h"
#include "host/host_log.h"
#include "host/host_mem.h"
#include "nt/io_irp.h"
#include "nt/nt_door.h"
#include "vrf/vrf_report.h"
#include "wsk/wsk_addr.h"
#include "wsk/wsk_conn.h"
#include "wsk/wsk_event.h"
#include "wsk/wsk_init.h"
#include "wsk/wsk_request_run.h"

/* Design
 *
 * A request's place is its machine's state; nobody outside wsk_accept_fsm.c looks at it to decide. Whatever happens
 * to a request is an event that request_feed() takes through the table under the listener's lock, together with
 * the actions on the network and on IRPs, which never call anybody back. What does call the client (WskAbortEvent,
 * WskAcceptEvent) follows after the unlock, and its answer is the next event.
 *
 * An event that the table parks (a callback is on the stack) is remembered in the machine and replayed by the
 * thread that comes back from the callback.
 *
 * Takers (wsk_take.c): WskAccept IRPs and WskAcceptEvent, which requests in READY meet.
 *
 * Lifetime: the table holds one reference on each request, an endpoint that is watched holds one while it
 * delivers an event, and each function that works on a request without the lock holds one. A request holds a
 * reference on its listener. Callbacks count in the listener's rundown, so the close IRP waits for them.
 */

/* --- from the network --------------------------------------------------------------------------- */

static enum we_wsk_accept_event inspect_answer_event(WSK_INSPECT_ACTION action)
{
    switch (action) {
    case WskInspectAccept:
        return WE_ACCEPT_ON_INSPECT_ACCEPT;
    case WskInspectPend:
        return WE_ACCEPT_ON_INSPECT_PEND;
    default:
        return WE_ACCEPT_ON_INSPECT_REJECT;
    }
}

/* Shows a new request to the client and carries out its answer. */
static void request_inspect(struct we_wsk_request_record *request)
{
    struct we_wsk_socket *socket = request->listener;
    WSK_INSPECT_ACTION action;
    WSK_INSPECT_ID *shown;

    we_host_mutex_lock(&socket->lock);
    shown = we_wsk_request_show_locked(request);
    we_host_mutex_unlock(&socket->lock);
    action = we_wsk_event_inspect(socket, &request->local, &request->remote, shown);
    we_host_mutex_lock(&socket->lock);
    we_wsk_request_poison_locked(shown);
    we_host_mutex_unlock(&socket->lock);

    if (action == WskInspectPend && socket->category == WE_WSK_STREAM) {
        (void)we_vrf_report_entry(
            WE_RULE_SOCK_034, &socket->entry,
            "WskInspectEvent of socket %p, which is a stream socket, returned WskInspectPend: its "
            "table has no WskInspectComplete",
            (void *)socket);
        action = WskInspectReject;
    }
    we_wsk_request_run(request, inspect_answer_event(action), NULL, WE_WSK_OURS);
    we_wsk_request_replay(request);
}

/* True when one more request may enter the table. Counts the callbacks it may cause in the rundown. */
static bool listener_admit(struct we_wsk_socket *socket)
{
    bool has_room;
    bool is_admitted;

    we_host_mutex_lock(&socket->lock);
    has_room = socket->listener->request_count < WE_WSK_REQUEST_MAX;
    is_admitted = has_room && we_wsk_rundown_acquire_locked(socket);
    we_host_mutex_unlock(&socket->lock);
    if (!has_room) {
        WE_LOG_ONCE(WE_LOG_WARNING, "a listening socket holds %u undelivered connection requests: more are refused",
                    WE_WSK_REQUEST_MAX);
    }
    return is_admitted;
}

static void listener_take(struct we_wsk_socket *socket, struct we_host_ep *ep)
{
    struct we_wsk_request_record *request;
    bool is_conditional = socket->conditional_accept != 0;

    if (!listener_admit(socket)) {
        we_host_refuse(ep);
        return;
    }
    request = we_wsk_request_create(socket, ep, is_conditional);
    if (request != NULL) {
        if (is_conditional) {
            request_inspect(request);
        } else {
            we_wsk_listen_match(socket, WE_WSK_OURS);
        }
        we_wsk_request_unref(request);
    }
    we_wsk_rundown_release(socket);
}

static void listener_event(void *context, unsigned events)
{
    struct we_wsk_socket *socket = (struct we_wsk_socket *)context;
    enum we_err err = WE_ERR_AGAIN;
    struct we_host_ep *ep;

    WE_ASSERT((events & WE_NET_ACCEPTABLE) != 0); /* a listener has nothing else to say */
    /* One at a time: asking until there is none costs more than another event, which comes while some wait. */
    we_host_mutex_lock(&socket->lock);
    if (!we_wsk_is_closing(socket) && socket->ep != NULL) {
        err = we_host_accept(socket->ep, &ep);
    }
    we_host_mutex_unlock(&socket->lock);
    if (err == WE_ERR_NO_DESCRIPTORS) {
        WE_LOG_ONCE(WE_LOG_WARNING, "out of file descriptors while accepting: connections wait until some are closed");
    }
    if (err == WE_OK) {
        listener_take(socket, ep);
    }
}

static const struct we_host_ep_client s_listener_client = { we_wsk_ep_ref, we_wsk_ep_unref, listener_event };

enum we_err we_wsk_listen_start_locked(struct we_wsk_socket *socket)
{
    struct we_host_listen_options options;
    struct we_host_ep *bound = socket->ep;
    struct we_host_ep *ep = NULL;
    enum we_err err;

    memset(&options, 0, sizeof(options));
    options.hold_handshake = socket->conditional_accept != 0;
    options.is_v6_only = socket->v6only != 0;
    socket->listener->has_hold = options.hold_handshake && (we_host_net_abilities() & WE_NET_HOLDS_HANDSHAKE) != 0;
    socket->ep = NULL;
    if (bound != NULL) {
        err = we_host_bound_listen(bound, &options, socket->cpu, &s_listener_client, socket, &ep);
    } else {
        err = we_host_listen(&socket->local, &options, socket->cpu, &s_listener_client, socket, &ep);
    }
    if (err == WE_OK) {
        err = we_host_ep_local(ep, &socket->local);
    }
    if (err != WE_OK && ep != NULL) {
        we_host_close(ep, WE_CLOSE_RESET);
        ep = NULL;
    }
    socket->ep = ep;
    return err;
}

enum we_err we_wsk_listen_start(struct we_wsk_socket *socket)
{
    enum we_err err;

    we_host_mutex_lock(&socket->lock);
    err = we_wsk_listen_start_locked(socket);
    we_host_mutex_unlock(&socket->lock);
    return err;
}

/* --- the category -------------------------------------------------------------------------------- */

static bool listen_create(struct we_wsk_socket *socket)
{
    struct we_wsk_listener *listener = (struct we_wsk_listener *)we_host_zalloc(sizeof(*listener));

    if (listener == NULL) {
        return false;
    }
    we_wsk_irp_queue_init(&listener->accept_irps);
    we_base_list_init(&listener->requests);
    we_base_list_init(&listener->leaving);
    we_wsk_take_init(listener, socket);
    socket->listener = listener;
    return true;
}

static void listen_close_locked(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    we_wsk_irp_queue_flush_locked(&socket->listener->accept_irps, completions, STATUS_CANCELLED);
}

/* The first request that has not heard of the closing yet (reference taken), or NULL. */
static struct we_wsk_request_record *next_to_close(struct we_wsk_socket *socket)
{
    struct we_wsk_request_record *found = NULL;

    we_host_mutex_lock(&socket->lock);
    WE_BASE_LIST_FOR_EACH (link, &socket->listener->requests) {
        struct we_wsk_request_record *request = WE_BASE_LIST_ITEM(link, struct we_wsk_request_record, link);

        if (!request->is_closing) {
            request->is_closing = true;
            we_wsk_request_ref(request);
            found = request;
            break;
        }
    }
    we_host_mutex_unlock(&socket->lock);
    return found;
}

static void listen_stop(struct we_wsk_socket *socket)
{
    struct we_host_ep *ep;

    we_host_mutex_lock(&socket->lock);
    ep = socket->ep;
    socket->ep = NULL;
    we_host_mutex_unlock(&socket->lock);
    if (ep != NULL) {
        we_host_close(ep, WE_CLOSE_RESET);
    }
}

/* Stops listening, then tells each request. WskAbortEvents come from here. */
static void listen_close_unlocked(struct we_wsk_socket *socket)
{
    struct we_wsk_request_record *request;

    listen_stop(socket);
    while ((request = next_to_close(socket)) != NULL) {
        we_wsk_request_run(request, WE_ACCEPT_ON_CLOSING, NULL, WE_WSK_CALLERS);
        we_wsk_request_unref(request);
    }
}

static void listen_finish(struct we_wsk_socket *socket)
{
    /* Everything ended in listen_close_unlocked, but for what a WskBind has opened that the close overtook. */
    listen_stop(socket);
}

/* A test that left a callback by longjmp took the frames with it that would have ended these. */
static void discard_all(struct we_base_list *requests)
{
    while (!we_base_list_is_empty(requests)) {
        WE_ASSERT(we_nt_door_is_shut());
        we_wsk_request_discard(WE_BASE_LIST_ITEM(requests->next, struct we_wsk_request_record, link));
    }
}

static void listen_destroy(struct we_wsk_socket *socket)
{
    we_wsk_take_fini(socket->listener);
    discard_all(&socket->listener->requests);
    discard_all(&socket->listener->leaving);
    we_base_idmap_fini(&socket->listener->ids);
    we_host_free(socket->listener);
    socket->listener = NULL;
}

static void listen_events_enabled(struct we_wsk_socket *socket, ULONG events)
{
    if ((events & WSK_EVENT_ACCEPT) != 0) {
        we_wsk_listen_match(socket, WE_WSK_CALLERS);
    }
}

const struct we_wsk_category_ops we_wsk_listen_ops = {
    .create = listen_create,
    .close_locked = listen_close_locked,
    .close_unlocked = listen_close_unlocked,
    .finish = listen_finish,
    .destroy = listen_destroy,
    .events_enabled = listen_events_enabled,
};

/* --- dispatch functions ---------------------------------------------------------------------------- */

static NTSTATUS accept_check_locked(const struct we_wsk_socket *socket, ULONG flags)
{
    if (flags != 0) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_019, &socket->entry, "WskAccept was given Flags 0x%x; they must be 0",
                                  (unsigned)flags);
        return STATUS_INVALID_PARAMETER;
    }
    if (socket->state == WE_WSK_CREATED) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_015, &socket->entry,
                                  "WskAccept was called for socket %p, which is not bound", (const void *)socket);
        return STATUS_INVALID_DEVICE_STATE;
    }
    return we_wsk_socket_role(socket) == WE_WSK_LISTEN && socket->state == WE_WSK_BOUND ? STATUS_SUCCESS
                                                                                        : STATUS_INVALID_DEVICE_STATE;
}

/* WskAccept. An established connection goes to the oldest IRP; the IRP always pends. */
NTSTATUS WSKAPI we_wsk_accept(PWSK_SOCKET ListenSocket, ULONG Flags, PVOID AcceptSocketContext,
                              CONST WSK_CLIENT_CONNECTION_DISPATCH *AcceptSocketDispatch, PSOCKADDR LocalAddress,
                              PSOCKADDR RemoteAddress, PIRP Irp)
{
    struct we_wsk_call call;
    struct we_wsk_socket *socket;
    struct we_wsk_request *request;
    NTSTATUS status;
    bool is_queued = false;

    status = we_wsk_call_begin_locked(&call, ListenSocket, WE_WSK_LISTENERS, Irp, false, "WskAccept");
    if (!NT_SUCCESS(status)) {
        return status;
    }
    socket = call.socket;
    status = accept_check_locked(socket, Flags);
    if (NT_SUCCESS(status)) {
        request = we_wsk_irp_request(Irp);
        request->accept.context = AcceptSocketContext;
        request->accept.dispatch = AcceptSocketDispatch;
        request->accept.local = LocalAddress;
        we_wsk_irp_set_extra(Irp, RemoteAddress);
        is_queued = we_wsk_irp_queue_insert_locked(&socket->listener->accept_irps, socket, Irp);
    }
    we_host_mutex_unlock(&socket->lock);
    if (!NT_SUCCESS(status)) {
        return we_wsk_call_end_inline(&call, status, 0);
    }
    if (!is_queued) {
        return we_wsk_call_end_done(&call, STATUS_CANCELLED, 0);
    }
    we_wsk_listen_match(socket, WE_WSK_CALLERS);
    return we_wsk_call_end_pending(&call);
}

/* Checks everything about a verdict that does not depend on the request. */
static NTSTATUS verdict_check(const struct we_wsk_socket *socket, const WSK_INSPECT_ID *id, WSK_INSPECT_ACTION action)
{
    if (socket->conditional_accept == 0) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (action != WskInspectAccept && action != WskInspectReject) {
        (void)we_vrf_report_entry(
            WE_RULE_SOCK_034, &socket->entry,
            "WskInspectComplete was given Action %d; only WskInspectAccept and WskInspectReject are verdicts",
            (int)action);
        return STATUS_INVALID_PARAMETER;
    }
    if (id == NULL) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_034, &socket->entry, "WskInspectComplete was given no InspectID");
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* The verdict is for no request that is there: found finished, or never heard of. */
static NTSTATUS verdict_without_request_locked(const struct we_wsk_socket *socket, const WSK_INSPECT_ID *id)
{
    bool was_aborted = false;

    if (we_wsk_request_is_kept_pointer_locked(socket->listener, id)) {
        (void)we_vrf_report_entry(
            WE_RULE_SOCK_034, &socket->entry,
            "WskInspectComplete was given the pointer that a callback was called with: copy the contents");
        return STATUS_INVALID_PARAMETER;
    }
    if (!we_wsk_request_find_finished_locked(socket->listener, id, &was_aborted)) {
        (void)we_vrf_report_entry(WE_RULE_SOCK_034, &socket->entry,
                                  "WskInspectComplete was given an InspectID (serial %u) that no request has",
                                  (unsigned)id->SerialNumber);
        return STATUS_INVALID_PARAMETER;
    }
    if (was_aborted) {
        return we_wsk_config()->inspect_complete_after_abort_status; /* the race that the documentation allows */
    }
    (void)we_vrf_report_entry(WE_RULE_SOCK_034, &socket->entry,
                              "WskInspectComplete for a request (serial %u) that is decided already",
                              (unsigned)id->SerialNumber);
    return STATUS_INVALID_PARAMETER;
}

/* WskInspectComplete. Parked while the request's own inspect callback has not returned; else carried out at once. */
NTSTATUS WSKAPI we_wsk_inspect_complete(PWSK_SOCKET ListenSocket, PWSK_INSPECT_ID InspectID, WSK_INSPECT_ACTION Action,
                                        PIRP Irp)
{
    struct we_wsk_request_record *request;
    struct we_wsk_call call;
    NTSTATUS status;

    status = we_wsk_call_begin(&call, ListenSocket, 1u << WE_WSK_LISTEN, Irp, false, "WskInspectComplete");
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = verdict_check(call.socket, InspectID, Action);
    if (!NT_SUCCESS(status)) {
        return we_wsk_call_end_inline(&call, status, 0);
    }
    we_host_mutex_lock(&call.socket->lock);
    request = we_wsk_request_find_locked(call.socket->listener, InspectID);
    if (request != NULL) {
        we_wsk_request_ref(request);
    } else {
        status = verdict_without_request_locked(call.socket, InspectID);
    }
    we_host_mutex_unlock(&call.socket->lock);
    if (request == NULL) {
        return NT_SUCCESS(status) ? we_wsk_call_end_done(&call, status, 0) : we_wsk_call_end_inline(&call, status, 0);
    }
    we_wsk_request_run(request, Action == WskInspectAccept ? WE_ACCEPT_ON_VERDICT_ACCEPT : WE_ACCEPT_ON_VERDICT_REJECT,
                       Irp, WE_WSK_CALLERS);
    we_wsk_request_unref(request);
    return we_wsk_call_end_pending(&call);
}
