/* SPDX-License-Identifier: MIT */
/* A binding of a client and a provider: who calls which callback when, by the tables of nmr_fsm.h. */
#include "nt/nmr_binding.h"

#include <string.h>

#include "base/base_assert.h"
#include "host/host_exec.h"
#include "host/host_log.h"
#include "host/host_mem.h"
#include "nt/nt_door.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * Events are fed under the lock, callbacks run without it. A thread may touch a binding after the unlock only while
 * the table owes it something: it is inside a callback that the machine knows of, or it was given DETACH, CLEAN or
 * FORGET. Each of these is given to one thread alone, and nobody else frees the binding meanwhile. Whoever feeds the
 * event that makes the second side detached is the one who cleans up.
 *
 * All callbacks run on the thread whose call made them due, at its IRQL: detaching on the one that deregisters, cleanup
 * on the one that completes the last detaching.
 */

/* Between two steps another thread may come in: in stepped execution as the seed wills. */
static void unlock_and_yield(void)
{
    we_nmr_unlock();
    if (we_nt_irql_current() < DISPATCH_LEVEL) {
        we_host_preempt();
    }
}

static const char *side_complete_name(enum we_nmr_side side)
{
    return side == WE_NMR_CLIENT ? "NmrClientDetachProviderComplete" : "NmrProviderDetachClientComplete";
}

static const char *side_detach_name(enum we_nmr_side side)
{
    return side == WE_NMR_CLIENT ? "ClientDetachProvider" : "ProviderDetachClient";
}

/* --- objects -------------------------------------------------------------------------------------- */

static struct we_nmr_binding *binding_find_locked(HANDLE handle)
{
    enum we_nmr_object *object = we_nmr_handle_find(handle, WE_NMR_OBJECT_BINDING);

    return object == NULL ? NULL : (struct we_nmr_binding *)(void *)object;
}

/* From a module's list of bindings. */
static struct we_nmr_binding *binding_of_link(struct we_base_list *link, enum we_nmr_side side)
{
    return side == WE_NMR_CLIENT ? WE_BASE_LIST_ITEM(link, struct we_nmr_binding, links[WE_NMR_CLIENT])
                                 : WE_BASE_LIST_ITEM(link, struct we_nmr_binding, links[WE_NMR_PROVIDER]);
}

static void binding_link_locked(struct we_nmr_binding *binding, struct we_nmr_module *one, struct we_nmr_module *other)
{
    binding->modules[one->side] = one;
    binding->modules[other->side] = other;
    for (int side = 0; side < WE_NMR_SIDE_COUNT; side++) {
        binding->modules[side]->hold_count++;
        we_base_list_append(&binding->modules[side]->bindings, &binding->links[side]);
    }
}

struct we_nmr_binding *we_nmr_binding_next(struct we_nmr_module *module, uint64_t *serial)
{
    struct we_nmr_binding *binding = we_host_zalloc(sizeof(*binding));
    struct we_nmr_module *other = NULL;
    bool is_short = binding == NULL;

    we_nmr_lock();
    if (!module->is_deregistering) {
        other = we_nmr_module_next_match(module, serial);
    }
    if (other != NULL && !is_short) {
        binding->object = WE_NMR_OBJECT_BINDING;
        is_short = !we_nmr_handle_add(&binding->id, &binding->object);
    }
    if (other != NULL && !is_short) {
        binding_link_locked(binding, module, other);
    }
    unlock_and_yield();
    if (other != NULL && !is_short) {
        return binding;
    }
    if (other != NULL) {
        we_host_log(WE_LOG_ERROR, "no memory for a binding: %p is not offered to its provider",
                    we_nmr_handle(module->id));
    }
    we_host_free(binding);
    return NULL;
}

/* The modules' holds that the binding had; whose deregistration they ended is told outside the lock. */
static void binding_forget(struct we_nmr_binding *binding)
{
    bool is_over[WE_NMR_SIDE_COUNT];

    we_nmr_lock();
    we_nmr_handle_remove(binding->id);
    for (int side = 0; side < WE_NMR_SIDE_COUNT; side++) {
        we_base_list_remove(&binding->links[side]);
        is_over[side] = we_nmr_module_unhold(binding->modules[side]);
    }
    unlock_and_yield();
    for (int side = 0; side < WE_NMR_SIDE_COUNT; side++) {
        if (is_over[side]) {
            KeSetEvent(&binding->modules[side]->done, IO_NO_INCREMENT, FALSE);
        }
    }
    we_host_free(binding);
}

/* --- callbacks ------------------------------------------------------------------------------------ */

static NTSTATUS call_client_attach(struct we_nmr_binding *binding)
{
    struct we_nmr_module *client = binding->modules[WE_NMR_CLIENT];
    PNPI_CLIENT_ATTACH_PROVIDER_FN routine = client->copy.client.ClientAttachProvider;
    PNPI_REGISTRATION_INSTANCE instance;
    struct we_nt_frame frame;
    NTSTATUS status;

    if (we_nt_door_is_shut()) {
        return STATUS_NOINTERFACE;
    }
    instance = we_nmr_module_instance(binding->modules[WE_NMR_PROVIDER]);
    we_nt_door_enter(&frame, WE_DOOR_NMR_CLIENT_ATTACH, (const void *)(ULONG_PTR)routine, binding);
    status = routine(we_nmr_handle(binding->id), client->context, instance);
    we_nt_door_leave(&frame);
    return status;
}

static NTSTATUS call_provider_attach(struct we_nmr_binding *binding, const VOID *client_dispatch,
                                     const VOID **provider_dispatch)
{
    struct we_nmr_module *provider = binding->modules[WE_NMR_PROVIDER];
    PNPI_PROVIDER_ATTACH_CLIENT_FN routine = provider->copy.provider.ProviderAttachClient;
    PNPI_REGISTRATION_INSTANCE instance;
    struct we_nt_frame frame;
    NTSTATUS status;

    if (we_nt_door_is_shut()) {
        return STATUS_NOINTERFACE;
    }
    instance = we_nmr_module_instance(binding->modules[WE_NMR_CLIENT]);
    we_nt_door_enter(&frame, WE_DOOR_NMR_PROVIDER_ATTACH, (const void *)(ULONG_PTR)routine, binding);
    status = routine(we_nmr_handle(binding->id), provider->context, instance, binding->contexts[WE_NMR_CLIENT],
                     client_dispatch, &binding->contexts[WE_NMR_PROVIDER], provider_dispatch);
    we_nt_door_leave(&frame);
    return status;
}

static NTSTATUS call_client_detach(struct we_nmr_binding *binding)
{
    PNPI_CLIENT_DETACH_PROVIDER_FN routine = binding->modules[WE_NMR_CLIENT]->copy.client.ClientDetachProvider;
    struct we_nt_frame frame;
    NTSTATUS status;

    if (we_nt_door_is_shut()) {
        return STATUS_SUCCESS;
    }
    we_nt_door_enter(&frame, WE_DOOR_NMR_CLIENT_DETACH, (const void *)(ULONG_PTR)routine, binding);
    status = routine(binding->contexts[WE_NMR_CLIENT]);
    we_nt_door_leave(&frame);
    return status;
}

static NTSTATUS call_provider_detach(struct we_nmr_binding *binding)
{
    PNPI_PROVIDER_DETACH_CLIENT_FN routine = binding->modules[WE_NMR_PROVIDER]->copy.provider.ProviderDetachClient;
    struct we_nt_frame frame;
    NTSTATUS status;

    if (we_nt_door_is_shut()) {
        return STATUS_SUCCESS;
    }
    we_nt_door_enter(&frame, WE_DOOR_NMR_PROVIDER_DETACH, (const void *)(ULONG_PTR)routine, binding);
    status = routine(binding->contexts[WE_NMR_PROVIDER]);
    we_nt_door_leave(&frame);
    return status;
}

static void call_client_cleanup(struct we_nmr_binding *binding)
{
    PNPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN routine =
        binding->modules[WE_NMR_CLIENT]->copy.client.ClientCleanupBindingContext;
    struct we_nt_frame frame;

    if (!binding->has_context[WE_NMR_CLIENT] || routine == NULL || we_nt_door_is_shut()) {
        return;
    }
    we_nt_door_enter(&frame, WE_DOOR_NMR_CLIENT_CLEANUP, (const void *)(ULONG_PTR)routine, binding);
    routine(binding->contexts[WE_NMR_CLIENT]);
    we_nt_door_leave(&frame);
}

/* A built-in provider's is no driver code: it runs with the door shut as well, or memory would be lost. */
static void call_provider_cleanup(struct we_nmr_binding *binding)
{
    struct we_nmr_module *provider = binding->modules[WE_NMR_PROVIDER];
    PNPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN routine = provider->copy.provider.ProviderCleanupBindingContext;
    struct we_nt_frame frame;

    if (!binding->has_context[WE_NMR_PROVIDER] || routine == NULL || (we_nt_door_is_shut() && provider->id != 0)) {
        return;
    }
    we_nt_door_enter(&frame, WE_DOOR_NMR_PROVIDER_CLEANUP, (const void *)(ULONG_PTR)routine, binding);
    routine(binding->contexts[WE_NMR_PROVIDER]);
    we_nt_door_leave(&frame);
}

/* --- detaching ------------------------------------------------------------------------------------ */

static void binding_clean(struct we_nmr_binding *binding)
{
    struct we_nmr_cell cell;

    call_client_cleanup(binding);
    call_provider_cleanup(binding);
    we_nmr_lock();
    cell = we_nmr_feed(&binding->machine, WE_NMR_ON_CLEANED);
    unlock_and_yield();
    WE_ASSERT(cell.actions == WE_NMR_DO_FORGET);
    binding_forget(binding);
}

/* A side has detached: true when it was the last, so that the caller cleans up. Lock held. */
static bool side_finished_locked(struct we_nmr_binding *binding)
{
    struct we_nmr_cell cell;

    if (!we_nmr_is_detached(&binding->machine, WE_NMR_CLIENT) ||
        !we_nmr_is_detached(&binding->machine, WE_NMR_PROVIDER)) {
        return false;
    }
    cell = we_nmr_feed(&binding->machine, WE_NMR_ON_DETACHED);
    return (cell.actions & WE_NMR_DO_CLEAN) != 0;
}

static enum we_nmr_side_event side_event_of(NTSTATUS status)
{
    switch (status) {
    case STATUS_SUCCESS:
        return WE_NMR_SIDE_ON_RETURNED_SUCCESS;
    case STATUS_PENDING:
        return WE_NMR_SIDE_ON_RETURNED_PENDING;
    default:
        return WE_NMR_SIDE_ON_RETURNED_OTHER;
    }
}

static void report_detach_status(const struct we_nmr_binding *binding, enum we_nmr_side side, NTSTATUS status)
{
    if (status == STATUS_SUCCESS) {
        (void)we_vrf_report_entry(WE_RULE_NPI_018, &binding->modules[side]->entry,
                                  "%s returned STATUS_SUCCESS for binding %p, but %s had been called already",
                                  side_detach_name(side), we_nmr_handle(binding->id), side_complete_name(side));
    } else {
        (void)we_vrf_report_entry(WE_RULE_NPI_018, &binding->modules[side]->entry,
                                  "%s returned 0x%08X for binding %p; it may return STATUS_SUCCESS or STATUS_PENDING",
                                  side_detach_name(side), (unsigned)status, we_nmr_handle(binding->id));
    }
}

/* True when the caller is to clean up. When the last side is told, the binding may be gone afterwards. */
static bool side_detach(struct we_nmr_binding *binding, enum we_nmr_side side)
{
    struct we_nmr_cell cell;
    NTSTATUS status;
    bool is_last;

    we_nmr_lock();
    cell = we_nmr_feed_side(&binding->machine, side, WE_NMR_SIDE_ON_TELL);
    unlock_and_yield();
    WE_ASSERT((cell.actions & WE_NMR_SIDE_DO_CALL) != 0);
    status = side == WE_NMR_CLIENT ? call_client_detach(binding) : call_provider_detach(binding);
    we_nmr_lock();
    cell = we_nmr_feed_side(&binding->machine, side, side_event_of(status));
    if (cell.kind == WE_NMR_RULE) {
        report_detach_status(binding, side, status);
    }
    is_last = (cell.actions & WE_NMR_SIDE_DO_FINISH) != 0 && side_finished_locked(binding);
    unlock_and_yield();
    return is_last;
}

/* first: the side that deregisters. */
static void binding_detach(struct we_nmr_binding *binding, enum we_nmr_side first)
{
    enum we_nmr_side second = first == WE_NMR_CLIENT ? WE_NMR_PROVIDER : WE_NMR_CLIENT;

    /* The second side has not been told, so the first cannot be the last to detach. */
    (void)side_detach(binding, first);
    if (side_detach(binding, second)) {
        binding_clean(binding);
    }
}

/* The client has returned a failure although the provider has attached. */
static void binding_disown(struct we_nmr_binding *binding)
{
    we_nmr_lock();
    binding->has_context[WE_NMR_CLIENT] = false;
    (void)we_nmr_feed_side(&binding->machine, WE_NMR_CLIENT, WE_NMR_SIDE_ON_DISOWNED);
    we_nmr_unlock();
    if (side_detach(binding, WE_NMR_PROVIDER)) {
        binding_clean(binding);
    }
}

/* A binding that this event made the caller's to detach, or NULL. Lock held. */
static struct we_nmr_binding *next_to_detach_locked(struct we_nmr_module *module)
{
    WE_BASE_LIST_FOR_EACH (link, &module->bindings) {
        struct we_nmr_binding *binding = binding_of_link(link, module->side);

        if ((we_nmr_feed(&binding->machine, WE_NMR_ON_DEREGISTER).actions & WE_NMR_DO_DETACH) != 0) {
            return binding;
        }
    }
    return NULL;
}

void we_nmr_binding_detach_all(struct we_nmr_module *module)
{
    struct we_nmr_binding *binding;

    for (;;) {
        we_nmr_lock();
        binding = next_to_detach_locked(module);
        unlock_and_yield();
        if (binding == NULL) {
            return;
        }
        binding_detach(binding, module->side);
    }
}

void we_nmr_binding_complete(HANDLE handle, enum we_nmr_side side)
{
    struct we_nmr_binding *binding;
    struct we_nmr_cell cell = { WE_NMR_RULE, 0, 0 };
    bool is_last = false;

    we_nmr_lock();
    binding = binding_find_locked(handle);
    if (binding != NULL) {
        cell = we_nmr_feed_side(&binding->machine, side, WE_NMR_SIDE_ON_COMPLETE);
        is_last = (cell.actions & WE_NMR_SIDE_DO_FINISH) != 0 && side_finished_locked(binding);
    }
    if (cell.kind == WE_NMR_RULE) {
        (void)we_vrf_report_entry(WE_RULE_NPI_018, binding == NULL ? NULL : &binding->modules[side]->entry,
                                  "%s was called for binding %p, %s", side_complete_name(side), handle,
                                  binding == NULL ? "which is unknown or over"
                                                  : "whose detaching is not pending on this side");
    }
    unlock_and_yield();
    if (is_last) {
        binding_clean(binding);
    }
}

/* --- attaching ------------------------------------------------------------------------------------ */

/* The calling thread is inside ClientAttachProvider for this binding. */
static bool is_offered_here(const struct we_nmr_binding *binding)
{
    return we_nt_door_is_inside(WE_DOOR_NMR_CLIENT_ATTACH, binding);
}

/* The binding, which is then the caller's to ask the provider for; NULL with a report when it may not attach. */
static struct we_nmr_binding *attach_begin(HANDLE handle, PVOID client_context)
{
    struct we_nmr_binding *binding;
    bool is_allowed = false;

    we_nmr_lock();
    binding = binding_find_locked(handle);
    if (binding != NULL && is_offered_here(binding)) {
        is_allowed = (we_nmr_feed(&binding->machine, WE_NMR_ON_ATTACH).actions & WE_NMR_DO_ASK) != 0;
    }
    if (is_allowed) {
        binding->contexts[WE_NMR_CLIENT] = client_context;
    } else {
        (void)we_vrf_report_entry(WE_RULE_NPI_017, binding == NULL ? NULL : &binding->modules[WE_NMR_CLIENT]->entry,
                                  "NmrClientAttachProvider was called for binding %p, which %s", handle,
                                  binding == NULL            ? "is unknown or over"
                                  : is_offered_here(binding) ? "is attached or being attached"
                                                             : "is not offered to this thread");
    }
    we_nmr_unlock();
    return is_allowed ? binding : NULL;
}

NTSTATUS we_nmr_binding_attach(HANDLE handle, PVOID client_context, const VOID *client_dispatch,
                               PVOID *provider_context, const VOID **provider_dispatch)
{
    struct we_nmr_binding *binding = attach_begin(handle, client_context);
    const VOID *dispatch = NULL;
    NTSTATUS status;

    if (binding == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    status = call_provider_attach(binding, client_dispatch, &dispatch);
    we_nmr_lock();
    (void)we_nmr_feed(&binding->machine,
                      status == STATUS_SUCCESS ? WE_NMR_ON_PROVIDER_TOOK : WE_NMR_ON_PROVIDER_REFUSED);
    binding->has_context[WE_NMR_CLIENT] = status == STATUS_SUCCESS;
    binding->has_context[WE_NMR_PROVIDER] = status == STATUS_SUCCESS;
    unlock_and_yield();
    if (status == STATUS_SUCCESS) {
        *provider_context = binding->contexts[WE_NMR_PROVIDER];
        *provider_dispatch = dispatch;
    }
    return status;
}

static void report_attach_status(const struct we_nmr_binding *binding, NTSTATUS status)
{
    (void)we_vrf_report_entry(WE_RULE_NPI_017, &binding->modules[WE_NMR_CLIENT]->entry,
                              "ClientAttachProvider returned 0x%08X for binding %p, %s", (unsigned)status,
                              we_nmr_handle(binding->id),
                              status == STATUS_SUCCESS ? "which NmrClientAttachProvider has not attached"
                                                       : "which NmrClientAttachProvider has attached");
}

/* What the client's answer means: the actions, which then are the caller's, of its own event or of one that was
 * parked. *first: the side that deregisters. */
static unsigned offer_answered(struct we_nmr_binding *binding, NTSTATUS status, enum we_nmr_side *first)
{
    struct we_nmr_cell cell;
    unsigned actions;

    we_nmr_lock();
    cell = we_nmr_feed(&binding->machine, status == STATUS_SUCCESS ? WE_NMR_ON_CLIENT_TOOK : WE_NMR_ON_CLIENT_REFUSED);
    if (cell.kind == WE_NMR_RULE) {
        report_attach_status(binding, status);
    }
    actions = cell.actions;
    if (we_nmr_unpark(&binding->machine)) {
        actions |= we_nmr_feed(&binding->machine, WE_NMR_ON_DEREGISTER).actions;
    }
    *first = binding->modules[WE_NMR_CLIENT]->is_deregistering ? WE_NMR_CLIENT : WE_NMR_PROVIDER;
    unlock_and_yield();
    return actions;
}

void we_nmr_binding_offer(struct we_nmr_binding *binding)
{
    enum we_nmr_side first;
    unsigned actions = offer_answered(binding, call_client_attach(binding), &first);

    if ((actions & WE_NMR_DO_DISOWN) != 0) {
        binding_disown(binding);
    } else if ((actions & WE_NMR_DO_DETACH) != 0) {
        binding_detach(binding, first);
    } else if ((actions & WE_NMR_DO_FORGET) != 0) {
        binding_forget(binding);
    }
}

/* --- questions, stall, stop ----------------------------------------------------------------------- */

bool we_nmr_binding_is_client_detached(HANDLE handle)
{
    const struct we_nmr_binding *binding;
    bool is_detached;

    we_nmr_lock();
    binding = binding_find_locked(handle);
    is_detached = binding == NULL || we_nmr_is_detached(&binding->machine, WE_NMR_CLIENT);
    we_nmr_unlock();
    return is_detached;
}

const struct we_nt_frame *we_nmr_binding_find_callback(const struct we_nmr_module *module)
{
    const struct we_nt_frame *frame;

    for (frame = we_nt_thread_current()->frames; frame != NULL; frame = frame->outer) {
        if (frame->kind >= WE_DOOR_NMR_CLIENT_ATTACH && frame->kind <= WE_DOOR_NMR_PROVIDER_CLEANUP &&
            ((const struct we_nmr_binding *)frame->object)->modules[module->side] == module) {
            return frame;
        }
    }
    return NULL;
}

void we_nmr_binding_report_owing(const struct we_nmr_module *module)
{
    WE_BASE_LIST_FOR_EACH (link, &module->bindings) {
        const struct we_nmr_binding *binding = binding_of_link(link, module->side);

        for (int side = 0; side < WE_NMR_SIDE_COUNT; side++) {
            const struct we_nmr_module *owing = binding->modules[side];

            if (owing->id != 0 && we_nmr_is_owing(&binding->machine, (enum we_nmr_side)side)) {
                (void)we_vrf_report_entry(WE_RULE_NPI_018, &owing->entry,
                                          "%s returned STATUS_PENDING for binding %p, and nobody calls %s",
                                          side_detach_name((enum we_nmr_side)side), we_nmr_handle(binding->id),
                                          side_complete_name((enum we_nmr_side)side));
            }
        }
    }
}

void we_nmr_binding_drop_all(struct we_nmr_module *client)
{
    struct we_base_list *link;

    while ((link = we_base_list_pop(&client->bindings)) != NULL) {
        struct we_nmr_binding *binding = binding_of_link(link, WE_NMR_CLIENT);

        we_base_list_remove(&binding->links[WE_NMR_PROVIDER]);
        if (binding->modules[WE_NMR_PROVIDER]->id == 0) {
            call_provider_cleanup(binding);
        }
        we_host_free(binding);
    }
}
