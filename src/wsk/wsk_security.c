/* SPDX-License-Identifier: MIT */
/* Security descriptors that a client has cached. */
#include "wsk/wsk_security.h"

#include <string.h>

#include "wsk/wsk_option_table.h"
#include "wsk/wsk_socket.h"

#include "base/base_assert.h"
#include "host/host_mem.h"
#include "nt/nt_block.h"
#include "nt/nt_completion.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * What is in a descriptor means nothing here, so the driver's own is not even read. A cached one is an address that the
 * driver gives back: it is on the list, and in the ledger, while the driver has handles of it. Sockets hold references,
 * so that a handle may be released while a socket still goes by it.
 */

struct we_wsk_security {
    struct we_vrf_entry entry; /* while there are handles */
    struct we_base_list link;  /* the same */
    const struct we_wsk_client *client;
    LONG references;    /* atomic: one for all handles, one for each socket and request */
    LONG request_count; /* atomic: requests whose completion routine has not returned */
    ULONG handle_count; /* guarded by s_lock */
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_SHARE);
static struct we_base_list s_descriptors = WE_BASE_LIST_INIT(s_descriptors);

/* --- references ----------------------------------------------------------------------------------- */

void we_wsk_security_ref(struct we_wsk_security *security)
{
    __atomic_add_fetch(&security->references, 1, __ATOMIC_SEQ_CST);
}

void we_wsk_security_unref(struct we_wsk_security *security)
{
    if (security != NULL && __atomic_sub_fetch(&security->references, 1, __ATOMIC_SEQ_CST) == 0) {
        we_nt_retire(security); /* so that its address is not soon another one's */
    }
}

/* --- handles -------------------------------------------------------------------------------------- */

static struct we_wsk_security *security_create(const struct we_wsk_client *client)
{
    struct we_wsk_security *security = we_host_zalloc(sizeof(*security));

    if (security != NULL) {
        security->client = client;
        security->references = 1;
        security->handle_count = 1;
        we_vrf_ledger_add(&security->entry, WE_KIND_SECURITY, security, 0, 0, "cached security descriptor");
        we_host_mutex_lock(&s_lock);
        we_base_list_append(&s_descriptors, &security->link);
        we_host_mutex_unlock(&s_lock);
    }
    return security;
}

PSECURITY_DESCRIPTOR we_wsk_security_cache(const struct we_wsk_client *client)
{
    return (PSECURITY_DESCRIPTOR)security_create(client);
}

static struct we_wsk_security *find_locked(PSECURITY_DESCRIPTOR descriptor)
{
    WE_BASE_LIST_FOR_EACH (link, &s_descriptors) {
        struct we_wsk_security *security = WE_BASE_LIST_ITEM(link, struct we_wsk_security, link);

        if ((PSECURITY_DESCRIPTOR)security == descriptor) {
            return security;
        }
    }
    return NULL;
}

static void report_unknown(PSECURITY_DESCRIPTOR descriptor, const char *function)
{
    struct we_nt_view view;
    const struct we_vrf_object *object = we_nt_view_make(&view, WE_KIND_SECURITY, descriptor);

    we_vrf_report(WE_RULE_NPI_016, object, "%s was given security descriptor %p, which is %s", function,
                  (void *)descriptor, object->ended != NULL ? "released already" : "not from WSK_CACHE_SD");
}

NTSTATUS we_wsk_security_release(const struct we_wsk_client *client, PSECURITY_DESCRIPTOR descriptor)
{
    struct we_wsk_security *security;
    bool is_last = false;

    (void)client; /* any client may: what counts is that each handle is released once */
    we_host_mutex_lock(&s_lock);
    security = find_locked(descriptor);
    if (security != NULL) {
        is_last = --security->handle_count == 0;
        if (is_last) {
            we_base_list_remove(&security->link);
        }
    }
    we_host_mutex_unlock(&s_lock);
    if (security == NULL) {
        report_unknown(descriptor, "WskControlClient(WSK_RELEASE_SD)");
        return STATUS_INVALID_PARAMETER;
    }
    if (is_last && __atomic_load_n(&security->request_count, __ATOMIC_SEQ_CST) > 0) {
        we_vrf_report_entry(WE_RULE_NPI_016, &security->entry,
                            "security descriptor %p was released while a request that uses it is pending",
                            (void *)descriptor);
    }
    if (is_last) {
        we_vrf_ledger_remove(&security->entry);
        we_wsk_security_unref(security);
    }
    return STATUS_SUCCESS;
}

struct we_wsk_security *we_wsk_security_acquire(const struct we_wsk_client *client, PSECURITY_DESCRIPTOR descriptor,
                                                const char *function)
{
    struct we_wsk_security *security;

    (void)client;
    we_host_mutex_lock(&s_lock);
    security = find_locked(descriptor);
    if (security != NULL) {
        we_wsk_security_ref(security);
    }
    we_host_mutex_unlock(&s_lock);
    if (security == NULL) {
        report_unknown(descriptor, function);
    }
    return security;
}

/* One more handle of a descriptor that the caller holds a reference of; false when the driver has none of it any more:
 * then there has to be a new one. */
static bool handle_add(struct we_wsk_security *security)
{
    bool is_listed;

    we_host_mutex_lock(&s_lock);
    is_listed = security->handle_count > 0;
    if (is_listed) {
        security->handle_count++;
    }
    we_host_mutex_unlock(&s_lock);
    return is_listed;
}

/* --- requests that use one ------------------------------------------------------------------------ */

struct use {
    struct we_wsk_security *security;
    we_nt_after_fn after; /* who wanted to hear of the IRP's end before */
    void *context;
};

static void use_ended(void *context)
{
    struct use *use = context;
    we_nt_after_fn after = use->after;
    void *after_context = use->context;

    __atomic_sub_fetch(&use->security->request_count, 1, __ATOMIC_SEQ_CST);
    we_wsk_security_unref(use->security);
    we_host_free(use);
    after(after_context);
}

void we_wsk_security_guard(struct we_wsk_security *security, PIRP irp)
{
    struct use *use = we_host_alloc(sizeof(*use));

    if (use == NULL) {
        return; /* the request goes on; only a mistake would not be noticed */
    }
    use->security = security;
    we_nt_completion_get_after(irp, &use->after, &use->context);
    WE_ASSERT(use->after != NULL);
    we_wsk_security_ref(security);
    __atomic_add_fetch(&security->request_count, 1, __ATOMIC_SEQ_CST);
    we_nt_completion_set_after(irp, use_ended, use);
}

/* The row has seen to the sizes. */
static NTSTATUS option_set(struct we_wsk_call *call, const void *input)
{
    struct we_wsk_socket *socket = call->socket;
    PSECURITY_DESCRIPTOR descriptor;
    struct we_wsk_security *security;
    struct we_wsk_security *before;

    memcpy(&descriptor, input, sizeof(descriptor));
    security = we_wsk_security_acquire(socket->client, descriptor, "SO_WSK_SECURITY");
    if (security == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    we_wsk_security_guard(security, call->irp);
    we_host_mutex_lock(&socket->lock);
    before = socket->security;
    socket->security = security;
    we_host_mutex_unlock(&socket->lock);
    we_wsk_security_unref(before);
    return STATUS_SUCCESS;
}

/* A socket that was given none has the default one, which the driver gets a handle of like any other. */
static NTSTATUS option_get(struct we_wsk_call *call, void *output, ULONG_PTR *information)
{
    struct we_wsk_socket *socket = call->socket;
    struct we_wsk_security *security;

    we_host_mutex_lock(&socket->lock);
    security = socket->security;
    if (security != NULL) {
        we_wsk_security_ref(security);
    }
    we_host_mutex_unlock(&socket->lock);
    if (security == NULL || !handle_add(security)) {
        we_wsk_security_unref(security);
        security = security_create(socket->client);
        if (security == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    } else {
        we_wsk_security_unref(security);
    }
    memcpy(output, &security, sizeof(security));
    *information = sizeof(security);
    return STATUS_SUCCESS;
}

NTSTATUS we_wsk_option_security(struct we_wsk_call *call, const struct we_wsk_row *row,
                                const struct we_wsk_control *control, ULONG_PTR *information)
{
    (void)row;
    return control->type == WskSetOption ? option_set(call, control->input)
                                         : option_get(call, control->output, information);
}

/* --- leaks ---------------------------------------------------------------------------------------- */

static void report_leak(struct we_wsk_security *security)
{
    if (!security->entry.is_reported) {
        security->entry.is_reported = true;
        we_vrf_report_entry(WE_RULE_NPI_016, &security->entry,
                            "security descriptor %p was not released with WSK_RELEASE_SD: %u handle(s) are left",
                            (void *)security, (unsigned)security->handle_count);
    }
}

void we_wsk_security_report_leaks(const struct we_wsk_client *client)
{
    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_descriptors) {
        struct we_wsk_security *security = WE_BASE_LIST_ITEM(link, struct we_wsk_security, link);

        if (security->client == client) {
            report_leak(security);
            security->client = NULL;
        }
    }
    we_host_mutex_unlock(&s_lock);
}

void we_wsk_security_stop(void)
{
    struct we_base_list *link;

    while ((link = we_base_list_pop(&s_descriptors)) != NULL) {
        struct we_wsk_security *security = WE_BASE_LIST_ITEM(link, struct we_wsk_security, link);

        report_leak(security);
        we_vrf_ledger_remove(&security->entry);
        we_wsk_security_unref(security);
    }
}
