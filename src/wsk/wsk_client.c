/* SPDX-License-Identifier: MIT */
/* Client objects: their list, their references and counts, and the frame of provider-level calls. */
#include "wsk/wsk_client.h"

#include "wsk/wsk_address_list.h"
#include "wsk/wsk_nmr.h"
#include "wsk/wsk_security.h"

#include "base/base_assert.h"
#include "host/host_mem.h"
#include "nt/io_irp.h"
#include "nt/nt_asan.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A registration block belongs to the driver; what we know about it is in a client, found by the block's address. The
 * block holds a mark and the client's address, only to notice when the driver changes it.
 *
 * A client lives as long as somebody refers to it: the registration, each socket, each call and each IRP of a call. The
 * counts beside the references are what WskDeregister waits for.
 *
 * What is left when the kernel stops is freed last of all, whoever still refers to it: a thread of a driver may wait for it
 * until it is made to end, or whoever held a reference was on a stack that a failed test has left.
 */

#define BLOCK_REGISTERED UINT64_C(0x57534b5245474953)
#define BLOCK_DEREGISTERED UINT64_C(0x57534b4445524547)

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_REGISTRATION);
static struct we_base_list s_clients = WE_BASE_LIST_INIT(s_clients);
static struct we_base_list s_ended = WE_BASE_LIST_INIT(s_ended); /* those that the stop has ended */

/* --- objects and their list ----------------------------------------------------------------------- */

struct we_wsk_client *we_wsk_client_create(const WSK_CLIENT_NPI *npi, PWSK_REGISTRATION registration)
{
    struct we_wsk_client *client = we_host_zalloc(sizeof(*client));

    if (client == NULL) {
        return NULL;
    }
    client->magic = WE_WSK_CLIENT_MAGIC;
    client->references = 1;
    client->registration = registration;
    client->client_context = npi->ClientContext;
    client->client_dispatch = npi->Dispatch;
    client->dispatch_copy = *npi->Dispatch;
    we_base_list_init(&client->link);
    we_base_list_init(&client->captures);
    we_host_mutex_init(&client->lock, WE_RANK_CLIENT);
    KeInitializeEvent(&client->idle, SynchronizationEvent, FALSE);
    KeInitializeEvent(&client->changed, NotificationEvent, FALSE);
    return client;
}

static void client_destroy(struct we_wsk_client *client)
{
    client->magic = 0;
    we_host_mutex_fini(&client->lock);
    we_host_free(client);
}

void we_wsk_client_ref(struct we_wsk_client *client)
{
    __atomic_add_fetch(&client->references, 1, __ATOMIC_SEQ_CST);
}

void we_wsk_client_unref(struct we_wsk_client *client)
{
    LONG left = __atomic_sub_fetch(&client->references, 1, __ATOMIC_SEQ_CST);

    WE_ASSERT(left >= 0);
    if (left == 0) {
        client_destroy(client);
    }
}

/* No reference is taken. Registration lock held. */
static struct we_wsk_client *find_locked(const WSK_REGISTRATION *registration)
{
    WE_BASE_LIST_FOR_EACH (link, &s_clients) {
        struct we_wsk_client *client = WE_BASE_LIST_ITEM(link, struct we_wsk_client, link);

        if (registration != NULL && client->registration == registration) {
            return client;
        }
    }
    return NULL;
}

struct we_wsk_client *we_wsk_client_check(PWSK_CLIENT client)
{
    struct we_wsk_client *found = NULL;

    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_clients) {
        if ((PWSK_CLIENT)WE_BASE_LIST_ITEM(link, struct we_wsk_client, link) == client) {
            found = WE_BASE_LIST_ITEM(link, struct we_wsk_client, link);
            we_wsk_client_ref(found);
        }
    }
    we_host_mutex_unlock(&s_lock);
    return found;
}

/* --- what a driver must not change ---------------------------------------------------------------- */

static void block_fill(struct we_wsk_client *client)
{
    client->registration->ReservedRegistrationState = BLOCK_REGISTERED;
    client->registration->ReservedRegistrationContext = client;
    client->registration->ReservedRegistrationLock = 0;
}

static bool is_unchanged(const struct we_wsk_client *client)
{
    const WSK_CLIENT_DISPATCH *now = client->client_dispatch;
    const WSK_CLIENT_DISPATCH *then = &client->dispatch_copy;

    return !we_nt_asan_is_poisoned(now, sizeof(*now)) && now->Version == then->Version &&
           now->Reserved == then->Reserved && now->WskClientEvent == then->WskClientEvent;
}

void we_wsk_client_check_dispatch(struct we_wsk_client *client, const char *function)
{
    if (!is_unchanged(client)) {
        we_vrf_report_entry(WE_RULE_NPI_003, &client->entry,
                            "%s found that the WSK_CLIENT_DISPATCH %p was changed since %s", function,
                            (const void *)client->client_dispatch,
                            client->registration != NULL ? "WskRegister" : "NmrClientAttachProvider");
        client->client_dispatch = &client->dispatch_copy;
    }
}

/* Registration lock held. Each change is reported once. */
static void client_check_memory_locked(struct we_wsk_client *client, const char *function)
{
    const WSK_REGISTRATION *block = client->registration;

    if (block->ReservedRegistrationState != BLOCK_REGISTERED || block->ReservedRegistrationContext != client ||
        block->ReservedRegistrationLock != 0) {
        we_vrf_report_entry(WE_RULE_NPI_002, &client->entry,
                            "%s found that the WSK_REGISTRATION block %p was changed since WskRegister", function,
                            (const void *)block);
        block_fill(client);
    }
    we_wsk_client_check_dispatch(client, function);
}

struct we_wsk_client *we_wsk_client_lookup(PWSK_REGISTRATION registration, const char *function, bool *is_dead)
{
    struct we_wsk_client *client = NULL;

    *is_dead = false;
    if (registration == NULL) {
        return NULL;
    }
    we_host_mutex_lock(&s_lock);
    client = find_locked(registration);
    if (client != NULL) {
        we_wsk_client_ref(client);
        client_check_memory_locked(client, function);
    } else {
        *is_dead = registration->ReservedRegistrationState == BLOCK_DEREGISTERED;
    }
    we_host_mutex_unlock(&s_lock);
    return client;
}

bool we_wsk_client_publish(struct we_wsk_client *client)
{
    struct we_wsk_client *other;

    we_host_mutex_lock(&s_lock);
    other = find_locked(client->registration);
    if (other != NULL) {
        we_vrf_report_entry(WE_RULE_NPI_001, &other->entry,
                            "WskRegister was called for block %p, which is registered already",
                            (void *)client->registration);
    } else {
        we_base_list_append(&s_clients, &client->link);
        block_fill(client);
        we_vrf_ledger_add(&client->entry, WE_KIND_REGISTRATION, client->registration, sizeof(WSK_REGISTRATION), 0,
                          "WSK registration");
    }
    we_host_mutex_unlock(&s_lock);
    return other == NULL;
}

/* Off the list; false when the stop was faster. */
static bool unlist(struct we_wsk_client *client)
{
    bool is_first;

    we_host_mutex_lock(&s_lock);
    is_first = !client->is_ended;
    if (is_first) {
        we_base_list_remove(&client->link);
    }
    if (is_first && client->registration != NULL) {
        client->registration->ReservedRegistrationState = BLOCK_DEREGISTERED;
        client->registration->ReservedRegistrationContext = NULL;
    }
    we_host_mutex_unlock(&s_lock);
    return is_first;
}

void we_wsk_client_withdraw(struct we_wsk_client *client)
{
    if (unlist(client)) {
        we_wsk_address_list_report_leaks(client);
        we_wsk_security_report_leaks(client);
        we_vrf_ledger_remove(&client->entry);
        we_wsk_client_unref(client);
    }
}

void we_wsk_client_publish_nmr(struct we_wsk_client *client)
{
    client->entry.address = client;
    client->entry.kind = WE_KIND_REGISTRATION;
    client->entry.note = "WSK client of the network module registrar";
    we_host_trace_capture(&client->entry.made, 0);
    we_host_mutex_lock(&s_lock);
    we_base_list_append(&s_clients, &client->link);
    we_host_mutex_unlock(&s_lock);
}

void we_wsk_client_withdraw_nmr(struct we_wsk_client *client)
{
    if (unlist(client)) {
        we_wsk_client_unref(client);
    }
}

struct we_wsk_client *we_wsk_client_take_leaked(void)
{
    struct we_wsk_client *client = NULL;
    struct we_base_list *link;

    we_host_mutex_lock(&s_lock);
    link = we_base_list_pop(&s_clients);
    if (link != NULL) {
        client = WE_BASE_LIST_ITEM(link, struct we_wsk_client, link);
        client->is_ended = true;
        we_base_list_append(&s_ended, link);
    }
    we_host_mutex_unlock(&s_lock);
    return client;
}

void we_wsk_client_free_all(void)
{
    struct we_base_list *link;

    while ((link = we_base_list_pop(&s_ended)) != NULL) {
        client_destroy(WE_BASE_LIST_ITEM(link, struct we_wsk_client, link));
    }
}

void we_wsk_client_each(void (*fn)(struct we_wsk_client *client, void *context), void *context)
{
    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_clients) {
        fn(WE_BASE_LIST_ITEM(link, struct we_wsk_client, link), context);
    }
    we_host_mutex_unlock(&s_lock);
}

/* --- counts --------------------------------------------------------------------------------------- */

bool we_wsk_client_is_idle(const struct we_wsk_client *client)
{
    return __atomic_load_n(&client->capture_count, __ATOMIC_SEQ_CST) == 0 &&
           __atomic_load_n(&client->call_count, __ATOMIC_SEQ_CST) == 0 &&
           __atomic_load_n(&client->irp_count, __ATOMIC_SEQ_CST) == 0 &&
           __atomic_load_n(&client->socket_count, __ATOMIC_SEQ_CST) == 0;
}

void we_wsk_client_kick(struct we_wsk_client *client)
{
    if (__atomic_load_n(&client->is_deregistering, __ATOMIC_SEQ_CST)) {
        if (client->registration != NULL) {
            KeSetEvent(&client->idle, IO_NO_INCREMENT, FALSE);
        } else {
            we_wsk_nmr_kick(client);
        }
    }
}

void we_wsk_client_socket_made(struct we_wsk_client *client)
{
    we_wsk_client_ref(client);
    __atomic_store_n(&client->had_socket, 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&client->socket_count, 1, __ATOMIC_SEQ_CST);
}

void we_wsk_client_socket_gone(struct we_wsk_client *client)
{
    __atomic_sub_fetch(&client->socket_count, 1, __ATOMIC_SEQ_CST);
    we_wsk_client_kick(client);
    we_wsk_client_unref(client);
}

ULONG we_wsk_client_static_events(const struct we_wsk_client *client)
{
    return __atomic_load_n(&client->static_events, __ATOMIC_SEQ_CST);
}

/* --- the frame of provider-level calls ------------------------------------------------------------ */

/* After the completion routine of an IRP that a provider-level function got. */
static void irp_completed(void *context)
{
    struct we_wsk_client *client = context;

    __atomic_sub_fetch(&client->irp_count, 1, __ATOMIC_SEQ_CST);
    we_wsk_client_kick(client);
    we_wsk_client_unref(client);
}

/* The client with a reference, or NULL and the reason as a report. */
static struct we_wsk_client *client_admit(PWSK_CLIENT handle, const char *function)
{
    struct we_vrf_object object = { .kind = "WSK client", .address = handle };
    struct we_wsk_client *client;

    if (handle == NULL) {
        return NULL; /* answered with a status on Windows */
    }
    client = we_wsk_client_check(handle);
    if (client == NULL) {
        we_vrf_report(WE_RULE_NPI_010, &object, "%s was called with client %p, which is not registered", function,
                      (void *)handle);
        return NULL;
    }
    if (client->registration != NULL && __atomic_load_n(&client->capture_count, __ATOMIC_SEQ_CST) == 0) {
        we_vrf_report_entry(WE_RULE_NPI_010, &client->entry,
                            "%s was called for client %p after the last WskReleaseProviderNPI", function,
                            (void *)handle);
        we_wsk_client_unref(client);
        return NULL;
    }
    return client;
}

/* Ends a call that was counted and may not go on. */
static NTSTATUS call_refuse(struct we_wsk_client *client, PIRP irp, NTSTATUS status)
{
    __atomic_sub_fetch(&client->call_count, 1, __ATOMIC_SEQ_CST);
    we_wsk_client_kick(client);
    we_wsk_client_unref(client);
    return irp == NULL ? status : we_io_irp_finish_inline(irp, status, 0);
}

NTSTATUS we_wsk_client_call_begin(struct we_wsk_client_call *call, PWSK_CLIENT client, PIRP irp, bool is_irp_optional,
                                  KIRQL highest_irql, const char *function)
{
    KIRQL irql = we_nt_irql_current();
    NTSTATUS status;

    if (WE_UNLIKELY(irql > highest_irql)) {
        we_vrf_report(WE_RULE_SOCK_059, NULL, "%s was called at %s", function, we_nt_irql_name(irql));
    }
    if (irp != NULL || !is_irp_optional) {
        status = we_io_irp_take(irp, function);
        if (!NT_SUCCESS(status)) {
            return status;
        }
    }
    call->client = client_admit(client, function);
    if (call->client == NULL) {
        return irp == NULL ? STATUS_INVALID_HANDLE : we_io_irp_finish_inline(irp, STATUS_INVALID_HANDLE, 0);
    }
    call->irp = irp;
    call->function = function;
    we_nt_completions_init(&call->completions);
    __atomic_add_fetch(&call->client->call_count, 1, __ATOMIC_SEQ_CST);
    if (call->client->registration == NULL) {
        status = we_wsk_nmr_admit(call->client, irp != NULL, function);
        if (!NT_SUCCESS(status)) {
            return call_refuse(call->client, irp, status);
        }
    }
    if (irp != NULL) {
        we_wsk_client_ref(call->client);
        __atomic_add_fetch(&call->client->irp_count, 1, __ATOMIC_SEQ_CST);
        we_nt_completion_set_after(irp, irp_completed, call->client);
    }
    we_nt_section_enter(&call->section, WE_NT_ANY_CPU);
    return STATUS_SUCCESS;
}

/* The client must not be touched afterwards: completion routines run when the section is left. */
static void call_leave(struct we_wsk_client_call *call)
{
    __atomic_sub_fetch(&call->client->call_count, 1, __ATOMIC_SEQ_CST);
    we_wsk_client_kick(call->client);
    we_wsk_client_unref(call->client);
    we_nt_section_leave(&call->section);
}

NTSTATUS we_wsk_client_call_end_inline(struct we_wsk_client_call *call, NTSTATUS status, ULONG_PTR information)
{
    struct we_wsk_client *client = call->client;
    PIRP irp = call->irp;

    WE_ASSERT(status != STATUS_PENDING);
    call_leave(call);
    if (irp != NULL) {
        we_io_irp_finish_inline(irp, status, information);
        irp_completed(client);
    }
    return status;
}

NTSTATUS we_wsk_client_call_end_pending(struct we_wsk_client_call *call)
{
    call_leave(call);
    return STATUS_PENDING;
}

NTSTATUS we_wsk_client_call_end_done(struct we_wsk_client_call *call, NTSTATUS status, ULONG_PTR information)
{
    WE_ASSERT(call->irp != NULL);
    we_nt_completions_add(&call->completions, call->irp, status, information);
    we_nt_completions_run(&call->completions);
    call_leave(call);
    return STATUS_PENDING;
}

NTSTATUS we_wsk_client_call_end_handed_over(struct we_wsk_client_call *call)
{
    irp_completed(call->client);
    call_leave(call);
    return STATUS_PENDING;
}
