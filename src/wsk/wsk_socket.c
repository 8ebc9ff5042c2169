/* SPDX-License-Identifier: MIT */
/* What all sockets share: creation, the frame of every call, rundown, close. */
#include "wsk/wsk_socket.h"

#include "wsk/wsk_client.h"
#include "wsk/wsk_conn.h"
#include "wsk/wsk_event.h"
#include "wsk/wsk_option.h"
#include "wsk/wsk_reserve.h"
#include "wsk/wsk_security.h"
#include "wsk/wsk_socket_list.h"

#include "base/base_assert.h"
#include "host/host_mem.h"
#include "nt/io_irp.h"
#include "nt/nt_door.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A socket ends in three steps, each of which happens once:
 *
 *   close     ends its being open (under its lock), cancels what is queued, and drops the open socket's rundown count.
 *             It never blocks: callbacks and completion routines that are running hold counts of their own.
 *   finish    whoever drops the last rundown count ends the host endpoint, takes the socket off the list and the
 *             ledger, and completes the close IRP. Nothing can be acquired any more by then, because it is not open.
 *   destroy   the last reference (an endpoint event or queued work may still hold one) frees the category's part. The
 *             socket's own memory becomes a tombstone; the 65th youngest is freed.
 *
 * Which of them comes when is one table (wsk_life_fsm.c): life_feed is its only caller, life_perform does what it says.
 *
 * A call looks at the socket's memory before it can know whether it is one. For a tombstone that is safe and gives a
 * good report; for older ones and wild pointers it is as safe as on Windows.
 */

/* --- life ----------------------------------------------------------------------------------------- */

/* Socket lock held, or the last reference. What the answer says is done without the lock. */
static struct we_wsk_life_cell life_feed_locked(struct we_wsk_socket *socket, enum we_wsk_life_event event)
{
    struct we_wsk_life_cell cell = we_wsk_life_feed(&socket->life, event);

    if ((cell.actions & WE_WSK_LIFE_DO_END) != 0) {
        __atomic_store_n(&socket->magic, WE_WSK_SOCKET_MAGIC_CLOSED, __ATOMIC_RELAXED);
    }
    return cell;
}

/* The actions that need nothing but the socket. No lock. */
static void life_perform(struct we_wsk_socket *socket, unsigned actions)
{
    const struct we_wsk_category_ops *ops = we_wsk_category_ops(socket->category);

    if ((actions & WE_WSK_LIFE_DO_END) != 0) {
        we_wsk_reserve_leave(socket);
        we_wsk_share_leave(socket); /* not every socket that ends was closed */
        ops->finish(socket);
    }
    if ((actions & WE_WSK_LIFE_DO_UNLIST) != 0) {
        we_wsk_socket_list_remove(socket);
    }
    if ((actions & WE_WSK_LIFE_DO_DESTROY) != 0) {
        ops->destroy(socket);
        we_wsk_option_values_free(socket);
        we_wsk_security_unref(socket->security);
        socket->security = NULL;
    }
    if ((actions & WE_WSK_LIFE_DO_BURY) != 0) {
        we_wsk_socket_list_bury(socket);
    }
    if ((actions & WE_WSK_LIFE_DO_RELEASE) != 0) {
        we_wsk_socket_unref(socket);
    }
}

/* --- creation and the end of memory --------------------------------------------------------------- */

static void socket_init(struct we_wsk_socket *socket, struct we_wsk_client *client, enum we_wsk_category category)
{
    socket->head.Dispatch = we_wsk_dispatch_table((int)category);
    socket->magic = WE_WSK_SOCKET_MAGIC;
    socket->references = 1;
    socket->counts = 1;
    socket->category = category;
    socket->role = category;
    socket->cpu = we_nt_cpu_assign();
    socket->client = client;
    we_base_list_init(&socket->client_link);
    we_base_list_init(&socket->claim.link);
    we_host_mutex_init(&socket->lock,
                       (WE_WSK_CATEGORY_BIT(category) & WE_WSK_LISTENERS) != 0 ? WE_RANK_LISTENER : WE_RANK_SOCKET);
    we_wsk_irp_queue_init(&socket->disable_irps);
    we_wsk_irp_queue_init(&socket->change_irps);
    socket->v6only = 1;
    socket->dgram_options.report_unreachable = 1;
}

struct we_wsk_socket *we_wsk_socket_create(struct we_wsk_client *client, enum we_wsk_category category,
                                           ADDRESS_FAMILY family, USHORT type, ULONG protocol, PVOID context,
                                           const VOID *dispatch)
{
    struct we_wsk_socket *socket = we_host_zalloc(sizeof(*socket));

    if (socket == NULL) {
        return NULL;
    }
    socket_init(socket, client, category);
    socket->family = family;
    socket->type = type;
    socket->protocol = protocol;
    socket->context = context;
    socket->dispatch = dispatch;
    socket->static_events = we_wsk_client_static_events(client) & we_wsk_event_offered_mask(category, dispatch);
    socket->events = socket->static_events;
    if (!we_wsk_category_ops(category)->create(socket)) {
        we_host_mutex_fini(&socket->lock);
        we_host_free(socket);
        return NULL;
    }
    we_wsk_client_socket_made(socket->client);
    we_wsk_socket_list_add(socket);
    return socket;
}

void we_wsk_socket_ref(struct we_wsk_socket *socket)
{
    __atomic_add_fetch(&socket->references, 1, __ATOMIC_SEQ_CST);
}

void we_wsk_socket_unref(struct we_wsk_socket *socket)
{
    LONG left = __atomic_sub_fetch(&socket->references, 1, __ATOMIC_SEQ_CST);

    WE_ASSERT(left >= 0);
    if (left == 0) {
        /* Whoever drops the last reference may hold locks, and nobody else can have any business with the socket. */
        life_perform(socket, life_feed_locked(socket, WE_WSK_LIFE_ON_UNREF).actions);
    }
}

void we_wsk_ep_ref(void *context)
{
    we_wsk_socket_ref(context);
}

void we_wsk_ep_unref(void *context)
{
    we_wsk_socket_unref(context);
}

/* --- rundown -------------------------------------------------------------------------------------- */

/* One executing call, in struct we_wsk_socket.counts. */
#define COUNTS_CALL ((uint64_t)1 << 32)

static void counts_add(struct we_wsk_socket *socket, uint64_t counts)
{
    __atomic_add_fetch(&socket->counts, counts, __ATOMIC_SEQ_CST);
}

bool we_wsk_rundown_acquire_locked(struct we_wsk_socket *socket)
{
    if (life_feed_locked(socket, WE_WSK_LIFE_ON_START).kind != WE_WSK_LIFE_GO) {
        return false;
    }
    counts_add(socket, 1);
    return true;
}

void we_wsk_rundown_ref(struct we_wsk_socket *socket)
{
    counts_add(socket, 1);
}

/* After the close IRP's completion routine: from here on WskDeregister need not wait for the socket. */
static void close_completed(void *context)
{
    we_wsk_client_socket_gone(context);
}

static void socket_finish(struct we_wsk_socket *socket)
{
    struct we_wsk_client *client = socket->client;
    struct we_nt_completions completions;
    struct we_wsk_life_cell cell;
    NTSTATUS close_status;
    PIRP close_irp;

    we_host_mutex_lock(&socket->lock);
    cell = life_feed_locked(socket, WE_WSK_LIFE_ON_RUNDOWN);
    close_irp = socket->close_irp;
    close_status = socket->close_status;
    socket->close_irp = NULL;
    we_host_mutex_unlock(&socket->lock);
    life_perform(socket, cell.actions);

    if ((cell.actions & WE_WSK_LIFE_DO_COMPLETE) == 0) {
        return;
    }
    if (close_irp == NULL) {
        we_wsk_client_socket_gone(client);
        return;
    }
    we_nt_completion_set_after(close_irp, close_completed, client);
    we_nt_completions_init(&completions);
    we_nt_completions_add(&completions, close_irp, close_status, 0);
    we_nt_completions_run(&completions);
}

/* counts contains one rundown count. */
static void counts_release(struct we_wsk_socket *socket, uint64_t counts)
{
    uint64_t before = __atomic_fetch_sub(&socket->counts, counts, __ATOMIC_SEQ_CST);

    WE_ASSERT((uint32_t)before > 0);
    if ((uint32_t)before == 1) {
        WE_ASSERT(before == counts); /* each executing call has a rundown count of its own */
        socket_finish(socket);
    }
}

void we_wsk_rundown_release(struct we_wsk_socket *socket)
{
    counts_release(socket, 1);
}

/* After the completion routine of any other IRP of the socket. */
static void irp_completed(void *context)
{
    we_wsk_rundown_release(context);
}

/* --- the frame of every call ---------------------------------------------------------------------- */

static void irql_check(const char *function)
{
    KIRQL irql = we_nt_irql_current();

    if (WE_UNLIKELY(irql > DISPATCH_LEVEL)) {
        we_vrf_report(WE_RULE_SOCK_059, NULL, "%s was called at %s", function, we_nt_irql_name(irql));
    }
}

/* The socket behind the pointer, open or closed; NULL with a report when it is neither. */
static struct we_wsk_socket *socket_check(PWSK_SOCKET handle, const char *function)
{
    struct we_wsk_socket *socket = (struct we_wsk_socket *)(void *)handle;
    struct we_vrf_object object = { .kind = "socket", .address = handle };
    struct we_vrf_tombstone tombstone;

    if (handle != NULL) {
        ULONG magic = __atomic_load_n(&socket->magic, __ATOMIC_RELAXED);

        if (magic == WE_WSK_SOCKET_MAGIC || magic == WE_WSK_SOCKET_MAGIC_CLOSED) {
            return socket;
        }
        if (we_vrf_ledger_find_dead(WE_KIND_SOCKET, handle, &tombstone)) {
            object.made = &tombstone.made;
            object.ended = &tombstone.ended;
            object.ended_verb = "closed";
        }
    }
    we_vrf_report(WE_RULE_SOCK_037, &object, "%s was called with %p, which is not an open socket", function,
                  (void *)handle);
    return NULL;
}

/* A report about a socket that may be open or a tombstone. */
static void report_closed(enum we_vrf_rule rule, const struct we_wsk_socket *socket, const char *function)
{
    struct we_vrf_object object = { .kind = we_wsk_category_name(socket->category), .address = socket };

    object.made = &socket->entry.made;
    object.ended = &socket->closed;
    object.ended_verb = "closed";
    we_vrf_report(rule, &object, "%s was called for socket %p after WskCloseSocket", function, (const void *)socket);
}

static NTSTATUS call_admit_locked(struct we_wsk_socket *socket, unsigned allowed_categories, const char *function)
{
    if (life_feed_locked(socket, WE_WSK_LIFE_ON_CALL).kind == WE_WSK_LIFE_RULE) {
        report_closed(WE_RULE_SOCK_037, socket, function);
        return STATUS_FILE_FORCED_CLOSED;
    }
    if ((allowed_categories & WE_WSK_CATEGORY_BIT(socket->category)) == 0) {
        we_vrf_report_entry(WE_RULE_SOCK_012, &socket->entry, "%s was called for socket %p, which is a %s", function,
                            (const void *)socket, we_wsk_category_name(socket->category));
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (socket->state == WE_WSK_DEAD) {
        /* The first answer is how the client learns of it. */
        if (socket->is_known_dead) {
            we_vrf_report_entry(WE_RULE_SOCK_044, &socket->entry,
                                "%s was called for socket %p after a call had returned STATUS_FILE_FORCED_CLOSED",
                                function, (const void *)socket);
        }
        socket->is_known_dead = true;
        return STATUS_FILE_FORCED_CLOSED;
    }
    return STATUS_SUCCESS;
}

/* Completes an IRP that was taken but whose socket never counted it. */
static NTSTATUS refuse(PIRP irp, NTSTATUS status)
{
    return irp == NULL ? status : we_io_irp_finish_inline(irp, status, 0);
}

NTSTATUS we_wsk_call_begin_locked(struct we_wsk_call *call, PWSK_SOCKET socket, unsigned allowed_categories, PIRP irp,
                                  bool is_irp_optional, const char *function)
{
    NTSTATUS status;

    irql_check(function);
    if (irp != NULL || !is_irp_optional) {
        status = we_io_irp_take(irp, function);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        we_wsk_irp_reset(irp);
    }
    call->socket = socket_check(socket, function);
    if (call->socket == NULL) {
        return refuse(irp, STATUS_INVALID_HANDLE);
    }
    call->irp = irp;
    call->function = function;
    we_nt_completions_init(&call->completions);

    we_nt_section_enter(&call->section, call->socket->cpu);
    we_host_mutex_lock(&call->socket->lock);
    status = call_admit_locked(call->socket, allowed_categories, function);
    if (!NT_SUCCESS(status)) {
        we_host_mutex_unlock(&call->socket->lock);
        we_nt_section_leave(&call->section);
        return refuse(irp, status);
    }
    counts_add(call->socket, COUNTS_CALL + (irp != NULL ? 2 : 1));
    if (irp != NULL) {
        we_nt_completion_set_after(irp, irp_completed, call->socket);
    }
    return STATUS_SUCCESS;
}

NTSTATUS we_wsk_call_begin(struct we_wsk_call *call, PWSK_SOCKET socket, unsigned allowed_categories, PIRP irp,
                           bool is_irp_optional, const char *function)
{
    NTSTATUS status = we_wsk_call_begin_locked(call, socket, allowed_categories, irp, is_irp_optional, function);

    if (NT_SUCCESS(status)) {
        we_host_mutex_unlock(&call->socket->lock);
    }
    return status;
}

/* The socket must not be touched afterwards: completion routines run here, and the client may close it in them. So the
 * call stops counting before the section is left. */
static void call_leave(struct we_wsk_call *call)
{
    counts_release(call->socket, COUNTS_CALL + 1);
    /* From here on a completion routine may run on another processor, and whoever learns from it that the request is done
     * may close the socket: the call is not executing for them any more. */
    we_nt_completions_run(&call->completions);
    we_nt_section_leave(&call->section);
}

NTSTATUS we_wsk_call_end_pending(struct we_wsk_call *call)
{
    call_leave(call);
    return STATUS_PENDING;
}

NTSTATUS we_wsk_call_end_inline(struct we_wsk_call *call, NTSTATUS status, ULONG_PTR information)
{
    struct we_wsk_socket *socket = call->socket;
    PIRP irp = call->irp;
    struct we_nt_section section;

    call_leave(call);
    if (irp == NULL) {
        return status;
    }
    WE_ASSERT(status != STATUS_PENDING);
    we_io_irp_finish_inline(irp, status, information);
    /* The IRP's own count has kept the socket until here. */
    we_nt_section_enter(&section, WE_NT_ANY_CPU);
    we_wsk_rundown_release(socket);
    we_nt_section_leave(&section);
    return status;
}

NTSTATUS we_wsk_call_end_done(struct we_wsk_call *call, NTSTATUS status, ULONG_PTR information)
{
    if (call->irp == NULL) {
        return we_wsk_call_end_inline(call, status, information);
    }
    we_nt_completions_add(&call->completions, call->irp, status, information);
    return we_wsk_call_end_pending(call);
}

/* --- close ---------------------------------------------------------------------------------------- */

/* What is to complete with status when nothing is left, and what is cancelled now. */
static void close_mark_locked(struct we_wsk_socket *socket, PIRP irp, NTSTATUS status,
                              struct we_nt_completions *completions)
{
    we_vrf_ledger_trace(&socket->closed);
    socket->close_irp = irp;
    socket->close_status = status;
    we_wsk_irp_queue_flush_locked(&socket->change_irps, completions, STATUS_CANCELLED);
    we_wsk_category_ops(socket->category)->close_locked(socket, completions);
}

/* Marks the socket and gathers what is cancelled; false when it was closing already. */
static bool close_begin(struct we_wsk_socket *socket, enum we_wsk_life_event event, PIRP irp,
                        struct we_nt_completions *completions)
{
    bool is_first;

    we_host_mutex_lock(&socket->lock);
    is_first = (life_feed_locked(socket, event).actions & WE_WSK_LIFE_DO_CANCEL) != 0;
    if (is_first) {
        close_mark_locked(socket, irp, STATUS_SUCCESS, completions);
    }
    we_host_mutex_unlock(&socket->lock);
    return is_first;
}

/* Cancelled IRPs complete before the open socket's count is dropped, so that the close IRP comes last. */
static void close_end(struct we_wsk_socket *socket, struct we_nt_completions *completions)
{
    we_wsk_category_ops(socket->category)->close_unlocked(socket);
    we_wsk_share_leave(socket);
    we_nt_completions_run(completions);
    we_wsk_rundown_release(socket);
}

/* A driver that closes in answer to a completion or an event cannot know whether the call that led to it has returned
 * on its other thread; whoever closes for any other reason must know. */
static void close_check_calls(const struct we_wsk_socket *socket)
{
    uint64_t call_count = __atomic_load_n(&socket->counts, __ATOMIC_SEQ_CST) / COUNTS_CALL;

    if (call_count > 0 && we_nt_door_find_callback() == NULL) {
        we_vrf_report_entry(WE_RULE_SOCK_037, &socket->entry,
                            "WskCloseSocket was called for socket %p while %d other call(s) of it are executing",
                            (const void *)socket, (int)call_count);
    }
}

NTSTATUS WSKAPI we_wsk_close_socket(PWSK_SOCKET Socket, PIRP Irp)
{
    struct we_nt_completions completions;
    struct we_nt_section section;
    struct we_wsk_socket *socket;
    NTSTATUS status;

    irql_check("WskCloseSocket");
    status = we_io_irp_take(Irp, "WskCloseSocket");
    if (!NT_SUCCESS(status)) {
        return status;
    }
    socket = socket_check(Socket, "WskCloseSocket");
    if (socket == NULL) {
        return refuse(Irp, STATUS_INVALID_HANDLE);
    }

    we_nt_completions_init(&completions);
    we_nt_section_enter(&section, socket->cpu);
    if (!close_begin(socket, WE_WSK_LIFE_ON_CLOSE, Irp, &completions)) {
        report_closed(WE_RULE_SOCK_036, socket, "WskCloseSocket");
        we_nt_section_leave(&section);
        return refuse(Irp, STATUS_FILE_FORCED_CLOSED);
    }
    close_check_calls(socket);
    close_end(socket, &completions);
    we_nt_section_leave(&section);
    return STATUS_PENDING;
}

void we_wsk_socket_abandon(struct we_wsk_socket *socket)
{
    struct we_nt_completions completions;
    struct we_nt_section section;

    we_nt_completions_init(&completions);
    we_nt_section_enter(&section, socket->cpu);
    if (close_begin(socket, WE_WSK_LIFE_ON_ABANDON, NULL, &completions)) {
        close_end(socket, &completions);
    }
    we_nt_section_leave(&section);
}

void we_wsk_socket_fail_locked(struct we_wsk_socket *socket, PIRP irp, NTSTATUS status,
                               struct we_nt_completions *completions)
{
    uint64_t before;

    (void)life_feed_locked(socket, WE_WSK_LIFE_ON_FAIL);
    close_mark_locked(socket, irp, status, completions);
    /* The open socket's, and the one that irp has had as a request. */
    before = __atomic_fetch_sub(&socket->counts, 2, __ATOMIC_SEQ_CST);
    WE_ASSERT((uint32_t)before > 2);
}

/* --- leaks ---------------------------------------------------------------------------------------- */

/* Lets everything run that is under way on the processors: it holds counts of sockets. Bounded, because a thread of the
 * driver's may be running for ever. */
static void settle(void)
{
    unsigned attempts = 500;
    unsigned i;

    while (we_host_exec_kind() == WE_EXEC_STEPPED && attempts-- > 0) {
        for (i = 0; i < we_nt_cpu_count(); i++) {
            we_nt_cpu_run(i, NULL, 0);
        }
        for (i = 0; i < we_nt_cpu_count() && !we_nt_cpu_has_work(i, 0); i++) {
        }
        if (i == we_nt_cpu_count()) {
            return;
        }
    }
    while (attempts-- > 0 && !we_host_exec_is_quiet()) {
        (void)we_host_exec_wait_progress(we_host_exec_progress_ticket(), 1);
    }
}

/* Whoever held the last counts is gone without a word: a test that left a callback by longjmp. */
static void end_by_force(struct we_wsk_socket *socket)
{
    struct we_wsk_life_cell cell;

    we_host_mutex_lock(&socket->lock);
    cell = life_feed_locked(socket, WE_WSK_LIFE_ON_FORCE);
    we_host_mutex_unlock(&socket->lock);
    if (cell.kind == WE_WSK_LIFE_GO) {
        we_wsk_client_socket_gone(socket->client);
        life_perform(socket, cell.actions);
    }
}

/* Closes what drivers left open. Driver code is shut out meanwhile: the routines and contexts of what is still pending
 * may be gone with the driver that made them. */
static void end_leaked(void)
{
    struct we_wsk_socket *socket;
    bool was_shut = we_nt_door_is_shut();

    we_nt_door_shut(true);
    while ((socket = we_wsk_socket_list_first(false)) != NULL) {
        if (!we_wsk_conn_is_being_made(socket)) { /* else its IRP is what was left */
            we_vrf_report_entry(WE_RULE_SOCK_035, &socket->entry, "socket %p was never closed", (void *)socket);
        }
        we_wsk_socket_abandon(socket);
        we_wsk_socket_unref(socket);
    }
    settle();
    while ((socket = we_wsk_socket_list_first(true)) != NULL) {
        end_by_force(socket);
        we_wsk_socket_unref(socket);
    }
    we_nt_door_shut(was_shut);
}

void we_wsk_socket_stop(void)
{
    we_wsk_socket_list_end();
    if (we_host_exec_kind() != WE_EXEC_STEPPED) {
        settle();
    }
    if (!we_wsk_socket_list_is_empty()) {
        end_leaked();
    }
}
