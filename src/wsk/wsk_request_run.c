/* SPDX-License-Identifier: MIT */
/* The life of one incoming request: takes events through the accept table and performs what it asks for. */
#include "wsk/wsk_request_run.h"

#include "base/base_assert.h"
#include "host/host_log.h"
#include "vrf/vrf_report.h"
#include "wsk/wsk_conn.h"
#include "wsk/wsk_event.h"
#include "wsk/wsk_init.h"
#include "wsk/wsk_listen.h"

/* --- the request's endpoint, while a verdict or the handshake is awaited ------------------ */

static void request_ep_ref(void *context)
{
    we_wsk_request_ref((struct we_wsk_request_record *)context);
}

static void request_ep_unref(void *context)
{
    we_wsk_request_unref((struct we_wsk_request_record *)context);
}

static void request_ep_event(void *context, unsigned events)
{
    struct we_wsk_request_record *request = (struct we_wsk_request_record *)context;
    struct we_wsk_socket *socket = request->listener;
    bool is_open;

    we_host_mutex_lock(&socket->lock);
    is_open = we_wsk_rundown_acquire_locked(socket);
    we_host_mutex_unlock(&socket->lock);
    if (!is_open) {
        return; /* every request is about to hear that its listener closes */
    }
    if ((events & WE_NET_RESET) != 0) {
        we_wsk_request_run(request, WE_ACCEPT_ON_PEER_RESET, NULL, WE_WSK_OURS);
    } else if ((events & WE_NET_ESTABLISHED) != 0) {
        we_wsk_request_run(request, WE_ACCEPT_ON_ESTABLISHED, NULL, WE_WSK_OURS);
    }
    we_wsk_rundown_release(socket);
}

static const struct we_host_ep_client s_request_client = { request_ep_ref, request_ep_unref, request_ep_event };

/* Between the request's end and the moment its connection socket watches the endpoint, nobody listens: what happens
 * meanwhile the first receive finds out. */
static void given_ep_event(void *context, unsigned events)
{
    (void)context;
    (void)events;
}

const struct we_host_ep_client we_wsk_request_given_client = { we_wsk_ep_ref, we_wsk_ep_unref, given_ep_event };

/* Asks the network for hang-up only. What cannot be watched is treated as gone. */
static enum we_wsk_accept_event request_watch_locked(struct we_wsk_request_record *request)
{
    enum we_err err =
        we_host_ep_watch(request->ep, WE_WATCH_HANGUP, request->listener->cpu, &s_request_client, request);

    request->is_watched = true;
    return err == WE_OK ? WE_ACCEPT_ON_NOTHING : WE_ACCEPT_ON_PEER_RESET;
}

/* Answers the handshake. A network that holds handshakes tells later how it went. */
static enum we_wsk_accept_event request_confirm_locked(struct we_wsk_request_record *request)
{
    enum we_err err;

    if (request->listener->listener->has_hold && !request->is_watched &&
        request_watch_locked(request) != WE_ACCEPT_ON_NOTHING) {
        return WE_ACCEPT_ON_PEER_RESET;
    }
    err = we_host_confirm(request->ep);
    if (err == WE_OK) {
        return WE_ACCEPT_ON_ESTABLISHED;
    }
    return err == WE_ERR_AGAIN ? WE_ACCEPT_ON_NOTHING : WE_ACCEPT_ON_PEER_RESET;
}

/* --- actions under the lock ---------------------------------------------------------------- */

/* The ledger shows requests that the client owes a verdict for. */
static void request_note_pended_locked(struct we_wsk_request_record *request)
{
    bool is_pended = request->machine.state == WE_ACCEPT_PENDED;

    if (is_pended && !request->is_in_ledger) {
        we_vrf_ledger_add(&request->entry, WE_KIND_INSPECT, request, 0, 0, "pended connection request");
    } else if (!is_pended && request->is_in_ledger) {
        we_vrf_ledger_remove(&request->entry);
    }
    request->is_in_ledger = is_pended;
}

static void request_end_host_locked(struct we_wsk_request_record *request, bool is_refusal)
{
    struct we_host_ep *ep = request->ep;

    request->ep = NULL;
    if (ep == NULL) {
        return; /* a connection socket owns it */
    }
    if (is_refusal) {
        we_host_refuse(ep);
    } else {
        we_host_close(ep, WE_CLOSE_RESET);
    }
}

static void request_finish_verdict_locked(struct we_wsk_request_record *request, NTSTATUS status,
                                          struct we_nt_completions *completions)
{
    if (request->verdict_irp != NULL) {
        we_nt_completions_add(completions, request->verdict_irp, status, 0);
        request->verdict_irp = NULL;
    }
}

/* Performs the actions that call nobody back. Returns the event that follows from them. */
static enum we_wsk_accept_event request_act_locked(struct we_wsk_request_record *request, unsigned actions,
                                                   struct we_nt_completions *completions)
{
    enum we_wsk_accept_event next = WE_ACCEPT_ON_NOTHING;

    if ((actions & WE_ACCEPT_DO_CONFIRM) != 0) {
        next = request_confirm_locked(request);
    }
    if ((actions & WE_ACCEPT_DO_REFUSE) != 0) {
        request_end_host_locked(request, true);
    }
    if ((actions & WE_ACCEPT_DO_DROP) != 0) {
        request_end_host_locked(request, false);
    }
    if ((actions & WE_ACCEPT_DO_WATCH) != 0) {
        next = request_watch_locked(request);
    }
    if ((actions & WE_ACCEPT_DO_FINISH_VERDICT) != 0) {
        request_finish_verdict_locked(request, STATUS_SUCCESS, completions);
    }
    request_note_pended_locked(request);
    return next;
}

bool we_wsk_request_is_over(const struct we_wsk_request_record *request)
{
    enum we_wsk_accept_state state = request->machine.state;

    return state == WE_ACCEPT_TAKEN || state == WE_ACCEPT_DROPPED;
}

/* --- actions that call the client ----------------------------------------------------------- */

void we_wsk_request_call_abort(struct we_wsk_request_record *request)
{
    struct we_wsk_socket *socket = request->listener;
    WSK_INSPECT_ID *shown;

    if (request->is_closing && !we_wsk_config()->abort_on_listener_close) {
        return; /* the driver asked for the close: whether Windows calls then is not published */
    }
    we_host_mutex_lock(&socket->lock);
    shown = we_wsk_request_show_locked(request);
    we_host_mutex_unlock(&socket->lock);
    we_wsk_event_abort(socket, shown);
    we_host_mutex_lock(&socket->lock);
    we_wsk_request_poison_locked(shown);
    we_host_mutex_unlock(&socket->lock);
}

/* Calls WskAcceptEvent; the answer is the next event. */
static enum we_wsk_accept_event request_call_offer(struct we_wsk_request_record *request)
{
    struct we_wsk_socket *socket = request->listener;
    struct we_nt_completions completions;
    NTSTATUS status;

    status = we_wsk_event_accept(socket, request->accepted);
    we_nt_completions_init(&completions);
    we_host_mutex_lock(&socket->lock);
    we_wsk_event_end_locked(socket, WSK_EVENT_ACCEPT, &completions);
    we_host_mutex_unlock(&socket->lock);
    we_nt_completions_run(&completions);
    if (status == STATUS_SUCCESS) {
        return WE_ACCEPT_ON_OFFER_ACCEPTED;
    }
    we_wsk_socket_abandon(request->accepted);
    return WE_ACCEPT_ON_OFFER_REFUSED;
}

enum we_wsk_accept_event we_wsk_request_call_client(struct we_wsk_request_record *request, unsigned actions,
                                                    enum we_wsk_stack stack)
{
    enum we_wsk_accept_event next = WE_ACCEPT_ON_NOTHING;

    if ((actions & WE_ACCEPT_DO_ABORT) != 0 && stack == WE_WSK_OURS) {
        we_wsk_request_call_abort(request);
    } else if ((actions & WE_ACCEPT_DO_ABORT) != 0) {
        we_wsk_listen_abort_later(request);
    }
    if ((actions & WE_ACCEPT_DO_OFFER) != 0) {
        WE_ASSERT(stack == WE_WSK_OURS);
        next = request_call_offer(request);
    }
    /* With GIVE the arming waits until the IRP's completion routine has returned. */
    if ((actions & WE_ACCEPT_DO_ARM) != 0 && (actions & WE_ACCEPT_DO_GIVE) == 0) {
        we_wsk_conn_arm(request->accepted);
    }
    if ((actions & WE_ACCEPT_DO_MATCH) != 0) {
        we_wsk_listen_match(request->listener, stack);
    }
    return next;
}

/* --- feeding ---------------------------------------------------------------------------------- */

/* A verdict that the table refuses: reported, its IRP failed. */
static void request_refuse_verdict_locked(struct we_wsk_request_record *request, PIRP irp,
                                          struct we_nt_completions *completions)
{
    (void)we_vrf_report_entry(WE_RULE_SOCK_034, &request->listener->entry,
                              "WskInspectComplete for a request (serial %u) that has its verdict already",
                              (unsigned)request->serial);
    we_nt_completions_add(completions, irp, STATUS_INVALID_PARAMETER, 0);
}

/* Takes one event through the table. Returns the actions for the client; *event becomes what follows. */
unsigned we_wsk_request_step_locked(struct we_wsk_request_record *request, enum we_wsk_accept_event *event,
                                    PIRP verdict_irp, struct we_nt_completions *completions)
{
    struct we_wsk_accept_step step = we_wsk_accept_feed(&request->machine, *event);

    *event = WE_ACCEPT_ON_NOTHING;
    switch (step.kind) {
    case WE_ACCEPT_CELL_GO:
        if (verdict_irp != NULL) {
            request->verdict_irp = verdict_irp;
        }
        *event = request_act_locked(request, step.actions, completions);
        break;
    case WE_ACCEPT_CELL_PARK:
        if (verdict_irp != NULL) {
            request->verdict_irp = verdict_irp;
        }
        break;
    case WE_ACCEPT_CELL_RULE:
        if (verdict_irp != NULL) {
            request_refuse_verdict_locked(request, verdict_irp, completions);
        }
        break;
    case WE_ACCEPT_CELL_GONE:
        if (verdict_irp != NULL) {
            we_nt_completions_add(completions, verdict_irp, we_wsk_config()->inspect_complete_after_abort_status, 0);
        }
        break;
    case WE_ACCEPT_CELL_SKIP:
        break;
    default:
        WE_UNREACHABLE("a cell of the accept table that cannot be reached");
    }
    return step.actions;
}

/* Feeds an event and all that follows from it. Callers hold a reference to the request and are in a section;
 * no lock. verdict_irp goes with a verdict. May call the client before it returns. */
void we_wsk_request_run(struct we_wsk_request_record *request, enum we_wsk_accept_event event, PIRP verdict_irp,
                        enum we_wsk_stack stack)
{
    struct we_wsk_socket *socket = request->listener;
    struct we_nt_completions completions;
    bool was_final;
    bool is_retired = false;
    unsigned actions;

    while (event != WE_ACCEPT_ON_NOTHING) {
        we_nt_completions_init(&completions);
        we_host_mutex_lock(&socket->lock);
        was_final = we_wsk_request_is_over(request);
        actions = we_wsk_request_step_locked(request, &event, verdict_irp, &completions);
        verdict_irp = NULL;
        if (we_wsk_request_is_over(request) && !was_final) {
            we_wsk_request_retire_locked(request);
            is_retired = true;
        }
        we_host_mutex_unlock(&socket->lock);

        we_nt_completions_run(&completions);
        if (event == WE_ACCEPT_ON_NOTHING) {
            event = we_wsk_request_call_client(request, actions, stack);
        } else {
            WE_ASSERT((actions & (WE_ACCEPT_DO_ABORT | WE_ACCEPT_DO_OFFER | WE_ACCEPT_DO_ARM | WE_ACCEPT_DO_MATCH)) ==
                      0);
        }
        if (is_retired) {
            is_retired = false;
            we_wsk_request_unref(request); /* the table's */
        }
    }
}

/* Replays what was parked while a callback was on the stack. A parked verdict brings its IRP along. */
void we_wsk_request_replay(struct we_wsk_request_record *request)
{
    struct we_wsk_socket *socket = request->listener;
    enum we_wsk_accept_event event;
    PIRP irp;

    for (;;) {
        irp = NULL;
        we_host_mutex_lock(&socket->lock);
        event = we_wsk_accept_unpark(&request->machine);
        if (event == WE_ACCEPT_ON_VERDICT_ACCEPT || event == WE_ACCEPT_ON_VERDICT_REJECT) {
            irp = request->verdict_irp;
            request->verdict_irp = NULL;
        }
        we_host_mutex_unlock(&socket->lock);
        if (event == WE_ACCEPT_ON_NOTHING) {
            return;
        }
        we_wsk_request_run(request, event, irp, WE_WSK_OURS);
    }
}
