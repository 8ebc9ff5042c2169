/* SPDX-License-Identifier: MIT */
/* Event masks, and every call of a client's event callbacks. */
#include "wsk/wsk_event.h"

#include <string.h>

#include "wsk/wsk_addr.h"
#include "wsk/wsk_client.h"

#include "base/base_assert.h"
#include "nt/nt_door.h"
#include "vrf/vrf_report.h"

#define CONNECTION_EVENTS (WSK_EVENT_SEND_BACKLOG | WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT)
#define FIRST_EVENT_BIT 4 /* WSK_EVENT_SEND_BACKLOG */

WE_STATIC_ASSERT(WSK_EVENT_SEND_BACKLOG == 1 << FIRST_EVENT_BIT, "running_counts begins with the lowest event");
WE_STATIC_ASSERT(WSK_EVENT_ACCEPT >> FIRST_EVENT_BIT < 1 << WE_ARRAY_COUNT(((struct we_wsk_socket *)0)->running_counts),
                 "running_counts ends with the highest event");

/* --- masks ---------------------------------------------------------------------------------------- */

ULONG we_wsk_event_valid_mask(enum we_wsk_category category)
{
    switch (category) {
    case WE_WSK_LISTEN:
    case WE_WSK_STREAM:
        return WSK_EVENT_ACCEPT | CONNECTION_EVENTS;
    case WE_WSK_DATAGRAM:
        return WSK_EVENT_RECEIVE_FROM;
    case WE_WSK_CONNECTION:
        return CONNECTION_EVENTS;
    default:
        return 0;
    }
}

static ULONG connection_offered(const WSK_CLIENT_CONNECTION_DISPATCH *table)
{
    return (table->WskReceiveEvent != NULL ? WSK_EVENT_RECEIVE : 0) |
           (table->WskDisconnectEvent != NULL ? WSK_EVENT_DISCONNECT : 0) |
           (table->WskSendBacklogEvent != NULL ? WSK_EVENT_SEND_BACKLOG : 0);
}

ULONG we_wsk_event_offered_mask(enum we_wsk_category category, const VOID *dispatch)
{
    if (category == WE_WSK_LISTEN) {
        const WSK_CLIENT_LISTEN_DISPATCH *table = dispatch;

        return CONNECTION_EVENTS | (table != NULL && table->WskAcceptEvent != NULL ? WSK_EVENT_ACCEPT : 0);
    }
    if (category == WE_WSK_CONNECTION && dispatch != NULL) {
        return connection_offered(dispatch);
    }
    if (category == WE_WSK_DATAGRAM && dispatch != NULL) {
        return ((const WSK_CLIENT_DATAGRAM_DISPATCH *)dispatch)->WskReceiveFromEvent != NULL ? WSK_EVENT_RECEIVE_FROM
                                                                                             : 0;
    }
    return 0; /* a stream socket has events of its role only */
}

bool we_wsk_event_is_wsk_npi(PNPIID npi_id)
{
    return npi_id != NULL && memcmp(npi_id, &NPI_WSK_INTERFACE_ID, sizeof(NPIID)) == 0;
}

static const char *event_name(ULONG event)
{
    switch (event) {
    case WSK_EVENT_ACCEPT:
        return "WSK_EVENT_ACCEPT";
    case WSK_EVENT_RECEIVE:
        return "WSK_EVENT_RECEIVE";
    case WSK_EVENT_DISCONNECT:
        return "WSK_EVENT_DISCONNECT";
    case WSK_EVENT_SEND_BACKLOG:
        return "WSK_EVENT_SEND_BACKLOG";
    case WSK_EVENT_RECEIVE_FROM:
        return "WSK_EVENT_RECEIVE_FROM";
    default:
        WE_UNREACHABLE("an event that no category has");
    }
}

static bool is_one_bit(ULONG mask)
{
    return mask != 0 && (mask & (mask - 1)) == 0;
}

/* --- running callbacks ---------------------------------------------------------------------------- */

static USHORT *running_count(struct we_wsk_socket *socket, ULONG event)
{
    WE_ASSERT(is_one_bit(event));
    return &socket->running_counts[__builtin_ctz(event) - FIRST_EVENT_BIT];
}

void we_wsk_event_begin_locked(struct we_wsk_socket *socket, ULONG event)
{
    ++*running_count(socket, event);
    socket->running_events |= event;
}

/* Which event a queued disable IRP waits for is its extra pointer. */
static ULONG disable_event(PIRP irp)
{
    return (ULONG)(uintptr_t)we_wsk_irp_extra(irp);
}

void we_wsk_event_end_locked(struct we_wsk_socket *socket, ULONG event, struct we_nt_completions *completions)
{
    USHORT *count = running_count(socket, event);
    LIST_ENTRY *link;

    WE_ASSERT(*count > 0);
    --*count;
    if (*count > 0) {
        return;
    }
    socket->running_events &= ~event;
    link = socket->disable_irps.irps.Flink;
    while (link != &socket->disable_irps.irps) {
        PIRP irp = CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry);

        link = link->Flink;
        if (disable_event(irp) == event && we_wsk_irp_queue_remove_locked(&socket->disable_irps, irp)) {
            we_nt_completions_add(completions, irp, STATUS_SUCCESS, 0);
        }
    }
}

/* --- enable and disable --------------------------------------------------------------------------- */

/* The callbacks that an enable would switch on must be there. Inside WskAcceptEvent they are what the callback has
 * stored so far. Socket lock held. */
static ULONG offered_locked(const struct we_wsk_socket *socket)
{
    const VOID *dispatch = socket->accept_dispatch != NULL ? *socket->accept_dispatch : socket->dispatch;

    return we_wsk_event_offered_mask(we_wsk_socket_role(socket), dispatch);
}

/* What the socket has yet to become before its events may be enabled, or NULL. */
static const char *early_locked(const struct we_wsk_socket *socket)
{
    switch (we_wsk_socket_role(socket)) {
    case WE_WSK_STREAM:
        return "listening or connected";
    case WE_WSK_CONNECTION:
        return socket->state != WE_WSK_CONNECTED ? "connected" : NULL;
    default:
        return socket->state == WE_WSK_CREATED ? "bound" : NULL;
    }
}

static NTSTATUS enable_locked(struct we_wsk_socket *socket, ULONG events, ULONG *gained)
{
    ULONG missing = events & ~offered_locked(socket);
    const char *wanted = early_locked(socket);

    if (wanted != NULL) {
        we_vrf_report_entry(WE_RULE_SOCK_031, &socket->entry,
                            "events 0x%08x of socket %p were enabled before it was %s", (unsigned)events,
                            (void *)socket, wanted);
        return STATUS_INVALID_DEVICE_STATE;
    }
    if (missing != 0 && socket->accept_dispatch != NULL && *socket->accept_dispatch == NULL) {
        we_vrf_report_entry(WE_RULE_CB_016, &socket->entry,
                            "%s of socket %p was enabled inside WskAcceptEvent before *AcceptSocketDispatch was set",
                            event_name(missing & (0u - missing)), (void *)socket);
        return STATUS_INVALID_PARAMETER;
    }
    if (missing != 0) {
        we_vrf_report_entry(WE_RULE_SOCK_031, &socket->entry,
                            "%s of socket %p was enabled, but the client's table has no callback for it",
                            event_name(missing & (0u - missing)), (void *)socket);
        return STATUS_INVALID_PARAMETER;
    }
    *gained = events & ~socket->events;
    socket->events |= events;
    /* Nothing of an offered socket is delivered before WskAcceptEvent has returned: arming looks at the mask then. */
    if (socket->accept_dispatch != NULL) {
        *gained = 0;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS enable(struct we_wsk_call *call, ULONG events)
{
    struct we_wsk_socket *socket = call->socket;
    ULONG gained = 0;
    NTSTATUS status;

    if (call->irp != NULL) {
        /* Works, and real drivers do it; the documentation asks for none. */
        we_vrf_report_entry(WE_RULE_SOCK_031, &socket->entry, "events 0x%08x of socket %p were enabled with an IRP",
                            (unsigned)events, (void *)socket);
    }
    we_host_mutex_lock(&socket->lock);
    status = enable_locked(socket, events, &gained);
    we_host_mutex_unlock(&socket->lock);
    if (gained != 0) {
        we_wsk_category_ops(socket->category)->events_enabled(socket, gained);
    }
    return status;
}

/* Why an event cannot be disabled, or NULL. Socket lock held. */
static const char *disable_obstacle_locked(const struct we_wsk_socket *socket, ULONG event)
{
    if (!is_one_bit(event)) {
        return "together with others";
    }
    if ((socket->static_events & event) != 0) {
        return "although it is a static event";
    }
    if (we_wsk_socket_role(socket) == WE_WSK_LISTEN && (event & CONNECTION_EVENTS) != 0) {
        return "on a listening socket, where connection events stay enabled";
    }
    return NULL;
}

static NTSTATUS disable_locked(struct we_wsk_call *call, ULONG event)
{
    struct we_wsk_socket *socket = call->socket;
    const char *obstacle = disable_obstacle_locked(socket, event);

    if (obstacle != NULL) {
        we_vrf_report_entry(WE_RULE_SOCK_032, &socket->entry, "event 0x%08x of socket %p was disabled %s",
                            (unsigned)event, (void *)socket, obstacle);
        return STATUS_INVALID_PARAMETER;
    }
    socket->events &= ~event;
    if ((socket->running_events & event) == 0) {
        return STATUS_SUCCESS;
    }
    if (call->irp == NULL) {
        return STATUS_EVENT_PENDING;
    }
    we_wsk_irp_set_extra(call->irp, (void *)(uintptr_t)event);
    return we_wsk_irp_queue_insert_locked(&socket->disable_irps, socket, call->irp) ? STATUS_PENDING : STATUS_CANCELLED;
}

NTSTATUS we_wsk_event_control(struct we_wsk_call *call, const WSK_EVENT_CALLBACK_CONTROL *control)
{
    struct we_wsk_socket *socket = call->socket;
    ULONG events = control->EventMask & ~WSK_EVENT_DISABLE;
    bool is_disable = (control->EventMask & WSK_EVENT_DISABLE) != 0;
    enum we_vrf_rule rule = is_disable ? WE_RULE_SOCK_032 : WE_RULE_SOCK_031;
    NTSTATUS status;

    if (!we_wsk_event_is_wsk_npi(control->NpiId)) {
        we_vrf_report_entry(rule, &socket->entry, "SO_WSK_EVENT_CALLBACK of socket %p has an NpiId that is %s",
                            (void *)socket, control->NpiId == NULL ? "NULL" : "not NPI_WSK_INTERFACE_ID");
        return control->NpiId == NULL ? STATUS_INVALID_PARAMETER : STATUS_NOT_SUPPORTED;
    }
    if (events == 0 || (events & ~we_wsk_event_valid_mask(we_wsk_socket_role(socket))) != 0) {
        we_vrf_report_entry(rule, &socket->entry, "SO_WSK_EVENT_CALLBACK has mask 0x%08x, which does not fit a %s",
                            (unsigned)control->EventMask, we_wsk_category_name(socket->category));
        return STATUS_INVALID_PARAMETER;
    }
    if (!is_disable) {
        return enable(call, events);
    }
    we_host_mutex_lock(&socket->lock);
    status = disable_locked(call, events);
    we_host_mutex_unlock(&socket->lock);
    return status;
}

/* --- callbacks of listeners ----------------------------------------------------------------------- */

static ULONG dispatch_flag(void)
{
    return we_nt_irql_current() >= DISPATCH_LEVEL ? WSK_FLAG_AT_DISPATCH_LEVEL : 0;
}

static const void *routine_address(void (*routine)(void))
{
    return (const void *)(uintptr_t)routine;
}

#define ROUTINE(function) routine_address((void (*)(void))(function))

WSK_INSPECT_ACTION we_wsk_event_inspect(struct we_wsk_socket *listener, const struct we_base_addr *local,
                                        const struct we_base_addr *remote, WSK_INSPECT_ID *shown)
{
    const WSK_CLIENT_LISTEN_DISPATCH *table = listener->dispatch;
    SOCKADDR_STORAGE local_storage;
    SOCKADDR_STORAGE remote_storage;
    struct we_nt_frame frame;
    WSK_INSPECT_ACTION action;

    if (table == NULL || table->WskInspectEvent == NULL) {
        we_vrf_report_entry(
            WE_RULE_SOCK_033, &listener->entry,
            "a connection request was rejected, because the conditional listener %p has no WskInspectEvent",
            (void *)listener);
        return WskInspectReject;
    }
    if (we_nt_door_is_shut()) {
        return WskInspectReject;
    }
    we_wsk_addr_to_sockaddr(local, listener->family, (PSOCKADDR)&local_storage);
    we_wsk_addr_to_sockaddr(remote, listener->family, (PSOCKADDR)&remote_storage);
    we_nt_door_enter(&frame, WE_DOOR_WSK_INSPECT, ROUTINE(table->WskInspectEvent), listener);
    action = table->WskInspectEvent(listener->context, (PSOCKADDR)&local_storage, (PSOCKADDR)&remote_storage, shown);
    we_nt_door_leave(&frame);
    if (action != WskInspectReject && action != WskInspectAccept && action != WskInspectPend) {
        we_vrf_report_entry(WE_RULE_CB_007, &listener->entry, "WskInspectEvent of socket %p returned %d",
                            (void *)listener, (int)action);
        return WskInspectReject;
    }
    return action;
}

/* Callbacks that may return only one thing. */
static void check_success(const struct we_wsk_socket *socket, NTSTATUS status, const char *event)
{
    if (status != STATUS_SUCCESS) {
        we_vrf_report_entry(WE_RULE_CB_004, &socket->entry, "%s of socket %p returned 0x%08x", event,
                            (const void *)socket, (unsigned)status);
    }
}

void we_wsk_event_abort(struct we_wsk_socket *listener, WSK_INSPECT_ID *shown)
{
    const WSK_CLIENT_LISTEN_DISPATCH *table = listener->dispatch;
    struct we_nt_frame frame;
    NTSTATUS status;

    /* A missing callback was reported when conditional accept was switched on. */
    if (table == NULL || table->WskAbortEvent == NULL || we_nt_door_is_shut()) {
        return;
    }
    we_nt_door_enter(&frame, WE_DOOR_WSK_ABORT, ROUTINE(table->WskAbortEvent), listener);
    status = table->WskAbortEvent(listener->context, shown);
    we_nt_door_leave(&frame);
    check_success(listener, status, "WskAbortEvent");
}

/* The client has taken the socket: what it answered becomes the socket's, and the listener's connection events are
 * on. */
static void accept_bind(struct we_wsk_socket *listener, struct we_wsk_socket *accepted, PVOID context,
                        const WSK_CLIENT_CONNECTION_DISPATCH *dispatch)
{
    ULONG offered = we_wsk_event_offered_mask(WE_WSK_CONNECTION, dispatch);
    ULONG inherited;

    we_host_mutex_lock(&listener->lock);
    inherited = listener->events & CONNECTION_EVENTS;
    we_host_mutex_unlock(&listener->lock);
    if ((inherited & ~offered) != 0) {
        we_vrf_report_entry(
            WE_RULE_CB_016, &accepted->entry,
            "WskAcceptEvent of socket %p accepted a connection without a callback for %s, which the listener "
            "passes on",
            (void *)listener, event_name((inherited & ~offered) & (0u - (inherited & ~offered))));
    }

    we_host_mutex_lock(&accepted->lock);
    accepted->context = context;
    accepted->dispatch = dispatch;
    accepted->static_events = we_wsk_client_static_events(accepted->client) & offered;
    accepted->events = (accepted->events | inherited | accepted->static_events) & offered;
    we_host_mutex_unlock(&accepted->lock);
}

static void accept_offer(struct we_wsk_socket *accepted, PVOID *context,
                         const WSK_CLIENT_CONNECTION_DISPATCH **dispatch)
{
    we_host_mutex_lock(&accepted->lock);
    accepted->accept_context = context;
    accepted->accept_dispatch = dispatch;
    we_host_mutex_unlock(&accepted->lock);
}

static NTSTATUS accept_verdict(const struct we_wsk_socket *listener, NTSTATUS status)
{
    if (status != STATUS_SUCCESS && status != STATUS_REQUEST_NOT_ACCEPTED) {
        we_vrf_report_entry(WE_RULE_CB_005, &listener->entry, "WskAcceptEvent of socket %p returned 0x%08x",
                            (const void *)listener, (unsigned)status);
        return STATUS_REQUEST_NOT_ACCEPTED;
    }
    return status;
}

NTSTATUS we_wsk_event_accept(struct we_wsk_socket *listener, struct we_wsk_socket *accepted)
{
    const WSK_CLIENT_LISTEN_DISPATCH *table = listener->dispatch;
    const WSK_CLIENT_CONNECTION_DISPATCH *dispatch = NULL;
    PVOID context = NULL;
    SOCKADDR_STORAGE local_storage;
    SOCKADDR_STORAGE remote_storage;
    struct we_nt_frame frame;
    NTSTATUS status;

    if (table == NULL || table->WskAcceptEvent == NULL || we_nt_door_is_shut()) {
        return STATUS_REQUEST_NOT_ACCEPTED;
    }
    we_wsk_addr_to_sockaddr(&accepted->local, accepted->family, (PSOCKADDR)&local_storage);
    we_wsk_addr_to_sockaddr(&accepted->remote, accepted->family, (PSOCKADDR)&remote_storage);
    accept_offer(accepted, &context, &dispatch);
    we_nt_door_enter(&frame, WE_DOOR_WSK_ACCEPT, ROUTINE(table->WskAcceptEvent), listener);
    status = table->WskAcceptEvent(listener->context, dispatch_flag(), (PSOCKADDR)&local_storage,
                                   (PSOCKADDR)&remote_storage, &accepted->head, &context, &dispatch);
    we_nt_door_leave(&frame);
    accept_offer(accepted, NULL, NULL);
    status = accept_verdict(listener, status);
    if (status == STATUS_SUCCESS) {
        accept_bind(listener, accepted, context, dispatch);
    }
    return status;
}

/* --- callbacks of connections --------------------------------------------------------------------- */

static NTSTATUS receive_verdict(const struct we_wsk_socket *socket, NTSTATUS status, SIZE_T bytes_indicated,
                                SIZE_T *bytes_accepted)
{
    if (status != STATUS_SUCCESS && status != STATUS_PENDING && status != STATUS_DATA_NOT_ACCEPTED) {
        we_vrf_report_entry(WE_RULE_CB_006, &socket->entry, "WskReceiveEvent of socket %p returned 0x%08x",
                            (const void *)socket, (unsigned)status);
        return STATUS_DATA_NOT_ACCEPTED;
    }
    if (status == STATUS_SUCCESS && *bytes_accepted > bytes_indicated) {
        we_vrf_report_entry(WE_RULE_CB_011, &socket->entry,
                            "WskReceiveEvent of socket %p accepted %zu bytes, of %zu indicated", (const void *)socket,
                            (size_t)*bytes_accepted, (size_t)bytes_indicated);
        *bytes_accepted = bytes_indicated;
    }
    if (status != STATUS_SUCCESS && *bytes_accepted != bytes_indicated) {
        we_vrf_report_entry(WE_RULE_CB_012, &socket->entry,
                            "WskReceiveEvent of socket %p set *BytesAccepted to %zu and returned 0x%08x",
                            (const void *)socket, (size_t)*bytes_accepted, (unsigned)status);
    }
    return status;
}

NTSTATUS we_wsk_event_receive(struct we_wsk_socket *socket, ULONG flags, PWSK_DATA_INDICATION indication,
                              SIZE_T bytes_indicated, SIZE_T *bytes_accepted)
{
    const WSK_CLIENT_CONNECTION_DISPATCH *table = socket->dispatch;
    struct we_nt_frame frame;
    NTSTATUS status;

    *bytes_accepted = bytes_indicated; /* a callback that takes everything may leave it alone */
    if (table == NULL || table->WskReceiveEvent == NULL || we_nt_door_is_shut()) {
        return STATUS_DATA_NOT_ACCEPTED;
    }
    we_nt_door_enter(&frame, WE_DOOR_WSK_RECEIVE, ROUTINE(table->WskReceiveEvent), socket);
    status =
        table->WskReceiveEvent(socket->context, flags | dispatch_flag(), indication, bytes_indicated, bytes_accepted);
    we_nt_door_leave(&frame);
    return receive_verdict(socket, status, bytes_indicated, bytes_accepted);
}

void we_wsk_event_disconnect(struct we_wsk_socket *socket, ULONG flags)
{
    const WSK_CLIENT_CONNECTION_DISPATCH *table = socket->dispatch;
    struct we_nt_frame frame;
    NTSTATUS status;

    if (table == NULL || table->WskDisconnectEvent == NULL || we_nt_door_is_shut()) {
        return;
    }
    we_nt_door_enter(&frame, WE_DOOR_WSK_DISCONNECT, ROUTINE(table->WskDisconnectEvent), socket);
    status = table->WskDisconnectEvent(socket->context, flags | dispatch_flag());
    we_nt_door_leave(&frame);
    check_success(socket, status, "WskDisconnectEvent");
}

void we_wsk_event_send_backlog(struct we_wsk_socket *socket, SIZE_T ideal_bytes)
{
    const WSK_CLIENT_CONNECTION_DISPATCH *table = socket->dispatch;
    struct we_nt_frame frame;
    NTSTATUS status;

    if (table == NULL || table->WskSendBacklogEvent == NULL || we_nt_door_is_shut()) {
        return;
    }
    we_nt_door_enter(&frame, WE_DOOR_WSK_SEND_BACKLOG, ROUTINE(table->WskSendBacklogEvent), socket);
    status = table->WskSendBacklogEvent(socket->context, ideal_bytes);
    we_nt_door_leave(&frame);
    check_success(socket, status, "WskSendBacklogEvent");
}

/* --- callbacks of datagram sockets ---------------------------------------------------------------- */

NTSTATUS we_wsk_event_receive_from(struct we_wsk_socket *socket, ULONG flags, PWSK_DATAGRAM_INDICATION indication)
{
    const WSK_CLIENT_DATAGRAM_DISPATCH *table = socket->dispatch;
    struct we_nt_frame frame;
    NTSTATUS status;

    if (table == NULL || table->WskReceiveFromEvent == NULL || we_nt_door_is_shut()) {
        return STATUS_UNSUCCESSFUL;
    }
    we_nt_door_enter(&frame, WE_DOOR_WSK_RECEIVE_FROM, ROUTINE(table->WskReceiveFromEvent), socket);
    status = table->WskReceiveFromEvent(socket->context, flags | dispatch_flag(), indication);
    we_nt_door_leave(&frame);
    if (status != STATUS_SUCCESS && status != STATUS_PENDING && status != STATUS_DATA_NOT_ACCEPTED) {
        we_vrf_report_entry(WE_RULE_CB_006, &socket->entry, "WskReceiveFromEvent of socket %p returned 0x%08x",
                            (const void *)socket, (unsigned)status);
        return STATUS_UNSUCCESSFUL;
    }
    return status;
}
