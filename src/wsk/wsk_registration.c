/* SPDX-License-Identifier: MIT */
/* Registration of WSK clients: register, capture, release, query, deregister. */
#include "wsk/wsk_client.h"

#include <string.h>

#include "wsk/wsk_pending.h"
#include "wsk/wsk_socket.h"
#include "wsk/wsk_socket_list.h"

#include "base/base_assert.h"
#include "host/host_exec.h"
#include "host/host_log.h"
#include "host/host_mem.h"
#include "host/host_net.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_door.h"
#include "nt/nt_irql.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * Every function holds a reference while it works, since deregistration may end beside it. WskDeregister itself lives
 * on the registration's reference, which it ends: a wait of it that a failed test leaves by a long jump then costs
 * nothing. When the emulated kernel stops, the client has been ended by the stop, which is what the wait then finds.
 *
 * WskDeregister waits on an event of the client that whoever counts something down sets. The wait goes through the
 * dispatcher, so a wait that can never end is found like any other; we_wsk_registration_report_stalled then says what
 * is missing.
 */

struct capture {               /* one successful WskCaptureProviderNPI */
    struct we_vrf_entry entry; /* WE_KIND_CAPTURE */
    struct we_base_list link;
};

static LONG s_is_started; /* atomic */
static LONG s_is_ready;   /* atomic */

/* --- register ------------------------------------------------------------------------------------- */

static void report_unknown(enum we_vrf_rule rule, const WSK_REGISTRATION *registration, bool is_dead,
                           const char *function)
{
    struct we_vrf_object object = { .kind = "WSK_REGISTRATION", .address = registration };
    struct we_vrf_tombstone tombstone;

    if (is_dead && we_vrf_ledger_find_dead(WE_KIND_REGISTRATION, registration, &tombstone)) {
        object.made = &tombstone.made;
        object.ended = &tombstone.ended;
        object.ended_verb = "deregistered";
    }
    we_vrf_report(rule, &object, "%s was called for block %p, which is %s", function, (const void *)registration,
                  is_dead ? "deregistered already" : "not registered");
}

static bool irql_is_passive(enum we_vrf_rule rule, const char *function)
{
    KIRQL irql = we_nt_irql_current();

    if (irql == PASSIVE_LEVEL) {
        return true;
    }
    we_vrf_report(rule, NULL, "%s was called at %s", function, we_nt_irql_name(irql));
    return false;
}

NTSTATUS we_wsk_client_dispatch_check(const WSK_CLIENT_DISPATCH *dispatch)
{
    if (!__atomic_load_n(&s_is_started, __ATOMIC_SEQ_CST)) {
        return STATUS_DEVICE_NOT_READY;
    }
    if (dispatch->Reserved != 0) {
        we_vrf_report(WE_RULE_NPI_004, NULL, "WSK_CLIENT_DISPATCH.Reserved is 0x%04x", dispatch->Reserved);
        return STATUS_INVALID_PARAMETER;
    }
    if (WSK_MAJOR_VERSION(dispatch->Version) == 0) {
        /* Not a reason to fail here: a version that is not served shows at the capture. */
        we_vrf_report(WE_RULE_NPI_004, NULL, "WSK_CLIENT_DISPATCH.Version 0x%04x has major version 0",
                      dispatch->Version);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS register_check(const WSK_CLIENT_NPI *npi, const WSK_REGISTRATION *registration)
{
    if (npi == NULL || npi->Dispatch == NULL || registration == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return we_wsk_client_dispatch_check(npi->Dispatch);
}

NTSTATUS WskRegister(PWSK_CLIENT_NPI WskClientNpi, PWSK_REGISTRATION WskRegistration)
{
    struct we_wsk_client *client;
    NTSTATUS status;

    (void)irql_is_passive(WE_RULE_NPI_005, "WskRegister");
    status = register_check(WskClientNpi, WskRegistration);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    client = we_wsk_client_create(WskClientNpi, WskRegistration);
    if (client == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!we_wsk_client_publish(client)) {
        we_wsk_client_unref(client);
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* --- capture and release -------------------------------------------------------------------------- */

bool we_wsk_is_version_served(USHORT version)
{
    return WSK_MAJOR_VERSION(version) == WSK_MAJOR_VERSION(WE_WSK_VERSION) &&
           WSK_MINOR_VERSION(version) <= WSK_MINOR_VERSION(WE_WSK_VERSION);
}

static NTSTATUS capture_add(struct we_wsk_client *client)
{
    struct capture *capture = we_host_zalloc(sizeof(*capture));

    if (capture == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    we_vrf_ledger_add(&capture->entry, WE_KIND_CAPTURE, capture, 0, 0, "captured provider NPI");
    we_host_mutex_lock(&client->lock);
    we_base_list_append(&client->captures, &capture->link);
    we_host_mutex_unlock(&client->lock);
    return STATUS_SUCCESS;
}

/* Counts a capture, unless deregistration has begun: it must not miss the count. */
static bool capture_count_up(struct we_wsk_client *client)
{
    __atomic_add_fetch(&client->capture_count, 1, __ATOMIC_SEQ_CST);
    return !__atomic_load_n(&client->is_deregistering, __ATOMIC_SEQ_CST);
}

static void capture_count_down(struct we_wsk_client *client)
{
    __atomic_sub_fetch(&client->capture_count, 1, __ATOMIC_SEQ_CST);
    we_wsk_client_kick(client);
}

/* *is_final: waiting cannot change the answer. */
static NTSTATUS capture_try(struct we_wsk_client *client, bool *is_final)
{
    NTSTATUS status;

    *is_final = true;
    if (!capture_count_up(client)) {
        status = STATUS_DEVICE_NOT_READY;
    } else if (!__atomic_load_n(&s_is_ready, __ATOMIC_SEQ_CST)) {
        *is_final = false;
        status = STATUS_DEVICE_NOT_READY;
    } else if (!we_wsk_is_version_served(client->dispatch_copy.Version)) {
        status = STATUS_NOINTERFACE;
    } else {
        status = capture_add(client);
    }
    if (!NT_SUCCESS(status)) {
        capture_count_down(client);
    }
    return status;
}

static uint64_t capture_deadline_ns(ULONG wait_timeout_ms)
{
    return wait_timeout_ms == WSK_INFINITE_WAIT ? WE_HOST_FOREVER
                                                : we_host_now_ns() + (uint64_t)wait_timeout_ms * UINT64_C(1000000);
}

static NTSTATUS capture_wait(struct we_wsk_client *client, ULONG wait_timeout_ms)
{
    uint64_t deadline_ns = capture_deadline_ns(wait_timeout_ms);
    NTSTATUS status;
    bool is_final;

    for (;;) {
        status = capture_try(client, &is_final);
        if (is_final || we_ke_wait_internal(&client->changed.Header, deadline_ns) != STATUS_SUCCESS) {
            return status;
        }
    }
}

static bool is_in_driver_entry(void)
{
    const struct we_nt_frame *frame;

    for (frame = we_nt_thread_current()->frames; frame != NULL; frame = frame->outer) {
        if (frame->kind == WE_DOOR_DRIVER_ENTRY) {
            return true;
        }
    }
    return false;
}

/* Returns whether the call may wait. */
static bool capture_check_wait(ULONG wait_timeout_ms)
{
    if (wait_timeout_ms == WSK_NO_WAIT) {
        return false;
    }
    if (wait_timeout_ms == WSK_INFINITE_WAIT && is_in_driver_entry()) {
        we_vrf_report(WE_RULE_NPI_008, NULL, "WskCaptureProviderNPI was called with WSK_INFINITE_WAIT in DriverEntry");
    }
    return irql_is_passive(WE_RULE_NPI_007, "WskCaptureProviderNPI with a wait");
}

NTSTATUS WskCaptureProviderNPI(PWSK_REGISTRATION WskRegistration, ULONG WaitTimeout, PWSK_PROVIDER_NPI WskProviderNpi)
{
    struct we_wsk_client *client;
    NTSTATUS status;
    bool is_final;
    bool is_dead;

    WE_NT_ENTRY(WskCaptureProviderNPI);
    if (WskProviderNpi == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    /* A driver that ignores the status must not find an older capture's table here. */
    memset(WskProviderNpi, 0, sizeof(*WskProviderNpi));
    client = we_wsk_client_lookup(WskRegistration, "WskCaptureProviderNPI", &is_dead);
    if (client == NULL) {
        if (!is_dead) {
            report_unknown(WE_RULE_NPI_001, WskRegistration, is_dead, "WskCaptureProviderNPI");
        }
        return STATUS_DEVICE_NOT_READY;
    }
    status = capture_check_wait(WaitTimeout) ? capture_wait(client, WaitTimeout) : capture_try(client, &is_final);
    we_wsk_client_unref(client);
    if (NT_SUCCESS(status)) {
        WskProviderNpi->Client = (PWSK_CLIENT)client;
        WskProviderNpi->Dispatch = &we_wsk_provider_dispatch;
    }
    return status;
}

VOID WskReleaseProviderNPI(PWSK_REGISTRATION WskRegistration)
{
    struct we_wsk_client *client;
    struct we_base_list *link;
    bool is_dead;

    WE_NT_ENTRY(WskReleaseProviderNPI);
    client = we_wsk_client_lookup(WskRegistration, "WskReleaseProviderNPI", &is_dead);
    if (client == NULL) {
        report_unknown(WE_RULE_NPI_006, WskRegistration, is_dead, "WskReleaseProviderNPI");
        return;
    }
    we_host_mutex_lock(&client->lock);
    link = we_base_list_pop(&client->captures);
    we_host_mutex_unlock(&client->lock);
    if (link == NULL) {
        we_vrf_report_entry(WE_RULE_NPI_006, &client->entry,
                            "WskReleaseProviderNPI was called for block %p more often than captures succeeded",
                            (void *)WskRegistration);
    } else {
        struct capture *capture = WE_BASE_LIST_ITEM(link, struct capture, link);

        we_vrf_ledger_remove(&capture->entry);
        we_host_free(capture);
        capture_count_down(client);
    }
    we_wsk_client_unref(client);
}

NTSTATUS WskQueryProviderCharacteristics(PWSK_REGISTRATION WskRegistration,
                                         PWSK_PROVIDER_CHARACTERISTICS WskProviderCharacteristics)
{
    struct we_wsk_client *client;
    bool is_dead;

    WE_NT_ENTRY(WskQueryProviderCharacteristics);
    if (WskProviderCharacteristics == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    client = we_wsk_client_lookup(WskRegistration, "WskQueryProviderCharacteristics", &is_dead);
    if (client == NULL) {
        report_unknown(WE_RULE_NPI_001, WskRegistration, is_dead, "WskQueryProviderCharacteristics");
        return STATUS_DEVICE_NOT_READY;
    }
    we_wsk_client_unref(client);
    if (!__atomic_load_n(&s_is_ready, __ATOMIC_SEQ_CST)) {
        return STATUS_DEVICE_NOT_READY;
    }
    WskProviderCharacteristics->HighestVersion = WE_WSK_VERSION;
    WskProviderCharacteristics->LowestVersion = WE_WSK_VERSION;
    return STATUS_SUCCESS;
}

/* --- deregister ----------------------------------------------------------------------------------- */

/* False: the wait ended because the emulated kernel stops. */
static bool deregister_wait(struct we_wsk_client *client)
{
    NTSTATUS status = STATUS_SUCCESS;

    while (status == STATUS_SUCCESS && !we_wsk_client_is_idle(client)) {
        status = we_ke_wait_internal(&client->idle.Header, WE_HOST_FOREVER);
    }
    return status == STATUS_SUCCESS;
}

/* How messages call what waits for the client's end. */
static const char *waiting_name(const struct we_wsk_client *client)
{
    return client->registration != NULL ? "WskDeregister of block" : "the detaching of client";
}

static void report_deadlock(struct we_wsk_client *client, const char *why)
{
    we_vrf_report_entry(
        WE_RULE_NPI_011, &client->entry, "%s %p %s; it waits for %d capture(s), %d socket(s), %d call(s) and %d IRP(s)",
        waiting_name(client), client->registration != NULL ? (void *)client->registration : (void *)client, why,
        (int)__atomic_load_n(&client->capture_count, __ATOMIC_SEQ_CST),
        (int)__atomic_load_n(&client->socket_count, __ATOMIC_SEQ_CST),
        (int)__atomic_load_n(&client->call_count, __ATOMIC_SEQ_CST),
        (int)__atomic_load_n(&client->irp_count, __ATOMIC_SEQ_CST));
}

/* The client that is to be deregistered, without a reference of its own; NULL with a report when there is none, or when
 * another call does it already. */
static struct we_wsk_client *deregister_begin(PWSK_REGISTRATION registration)
{
    bool is_dead;
    struct we_wsk_client *client = we_wsk_client_lookup(registration, "WskDeregister", &is_dead);
    bool is_first = client != NULL && !__atomic_exchange_n(&client->is_deregistering, 1, __ATOMIC_SEQ_CST);

    if (!is_first) {
        report_unknown(WE_RULE_NPI_001, registration, is_dead || client != NULL, "WskDeregister");
    }
    if (client != NULL) {
        we_wsk_client_unref(client);
    }
    return is_first ? client : NULL;
}

VOID WskDeregister(PWSK_REGISTRATION WskRegistration)
{
    bool is_passive = irql_is_passive(WE_RULE_NPI_005, "WskDeregister");
    struct we_wsk_client *client = deregister_begin(WskRegistration);

    if (client == NULL) {
        return;
    }
    KeSetEvent(&client->changed, IO_NO_INCREMENT, FALSE);
    we_wsk_pending_finish_all(client, WE_PENDING_TRANSPORT_CHANGE, STATUS_CANCELLED);
    if (!we_wsk_client_is_idle(client) && we_nt_door_find_callback() != NULL) {
        report_deadlock(client, "was called in a callback that the provider waits for");
    }
    /* Above PASSIVE_LEVEL nothing can be waited for: what is left then stays until the emulated kernel stops. */
    if (is_passive ? deregister_wait(client) : we_wsk_client_is_idle(client)) {
        we_wsk_client_withdraw(client);
    }
}

/* --- start, stall, stop --------------------------------------------------------------------------- */

void we_wsk_registration_start(void)
{
    __atomic_store_n(&s_is_ready, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&s_is_started, 1, __ATOMIC_SEQ_CST);
}

static void announce(struct we_wsk_client *client, void *context)
{
    const bool *is_ready = context;

    if (*is_ready) {
        KeSetEvent(&client->changed, IO_NO_INCREMENT, FALSE);
    } else {
        KeClearEvent(&client->changed);
    }
}

void we_wsk_registration_set_ready(bool is_ready)
{
    struct we_nt_section section;

    __atomic_store_n(&s_is_ready, is_ready ? 1 : 0, __ATOMIC_SEQ_CST);
    we_nt_section_enter(&section, WE_NT_ANY_CPU); /* so that setting an event runs nothing while the list is locked */
    we_wsk_client_each(announce, &is_ready);
    we_nt_section_leave(&section);
}

static void report_stalled(struct we_wsk_client *client, void *context)
{
    UNREFERENCED_PARAMETER(context);
    if (!__atomic_load_n(&client->is_deregistering, __ATOMIC_SEQ_CST) || we_wsk_client_is_idle(client)) {
        return;
    }
    /* Over sockets a peer outside this process may still end a request, and the driver then close the socket. */
    if (we_host_net_kind() == WE_NET_SOCKETS && we_wsk_socket_list_awaits_peer(client)) {
        we_host_log(WE_LOG_ERROR, "%s %p waits for %d socket(s) with requests that a peer can end",
                    waiting_name(client), (void *)client->registration,
                    (int)__atomic_load_n(&client->socket_count, __ATOMIC_SEQ_CST));
        return;
    }
    report_deadlock(client, "can never end");
    we_wsk_socket_report_open(client);
}

void we_wsk_registration_report_stalled(void)
{
    we_wsk_client_each(report_stalled, NULL);
}

static void end_leaked(struct we_wsk_client *client)
{
    struct we_base_list *link;

    if (!__atomic_load_n(&client->is_deregistering, __ATOMIC_SEQ_CST) && !client->entry.is_reported) {
        we_vrf_report_entry(WE_RULE_NPI_001, &client->entry,
                            "the registration of block %p was never ended with WskDeregister",
                            (void *)client->registration);
    }
    while ((link = we_base_list_pop(&client->captures)) != NULL) {
        struct capture *capture = WE_BASE_LIST_ITEM(link, struct capture, link);

        we_vrf_report_entry(WE_RULE_NPI_006, &capture->entry, "a capture of block %p was never released",
                            (void *)client->registration);
        we_vrf_ledger_remove(&capture->entry);
        we_host_free(capture);
    }
    we_vrf_ledger_remove(&client->entry);
}

void we_wsk_registration_stop(void)
{
    struct we_wsk_client *client;

    __atomic_store_n(&s_is_started, 0, __ATOMIC_SEQ_CST);
    while ((client = we_wsk_client_take_leaked()) != NULL) {
        /* The registrar reports its clients' modules, and drops the bindings' references. */
        if (client->registration != NULL) {
            end_leaked(client);
        }
    }
}
