/* SPDX-License-Identifier: MIT */
/* WskGetAddressInfo: names and services to lists of addresses. */
#include "wsk/wsk_lookup.h"

#include <string.h>

#include "wsk/wsk_address_list.h"
#include "wsk/wsk_unsupported.h"

#include "base/base_assert.h"
#include "vrf/vrf_report.h"

/* What is asked for. */
struct question {
    int flags;
    ADDRESS_FAMILY family; /* AF_UNSPEC: both */
    int type;
    int protocol;
    uint16_t port;
    PADDRINFOEXW *result;
};

struct address_lookup {
    struct we_wsk_lookup lookup; /* first */
    struct question question;
    char node[WE_HOST_NAME_SIZE]; /* "": none */
};

/* Hints that say nothing about a search by DNS or a hosts file; they are for other name spaces. */
#define QUIET_FLAGS (AI_DNS_ONLY | AI_NON_AUTHORITATIVE | AI_SECURE | AI_RETURN_PREFERRED_NAMES | AI_FILESERVER)
#define KNOWN_FLAGS                                                                                                 \
    (AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_NUMERICSERV | AI_ALL | AI_ADDRCONFIG | AI_V4MAPPED | AI_FQDN | \
     QUIET_FLAGS)

/* --- the answer ----------------------------------------------------------------------------------- */

static bool wants_mapped(const struct question *question)
{
    return question->family == AF_INET6 && (question->flags & AI_V4MAPPED) != 0;
}

static unsigned append_family(struct we_base_addr *to, unsigned count, const struct we_host_found *found,
                              enum we_base_family family)
{
    unsigned i;

    for (i = 0; i < found->addr_count; i++) {
        if (found->addrs[i].family == family) {
            to[count++] = found->addrs[i];
        }
    }
    return count;
}

/* The found addresses that were asked for, in order. Mapped ones come when there are no others, or (AI_ALL) after
 * them. */
static unsigned addresses_select(const struct question *question, const struct we_host_found *found,
                                 struct we_base_addr addrs[WE_HOST_ADDRS_MAX])
{
    unsigned count = 0;

    if (question->family == AF_UNSPEC) {
        memcpy(addrs, found->addrs, found->addr_count * sizeof(addrs[0]));
        return found->addr_count;
    }
    if (question->family == AF_INET) {
        return append_family(addrs, count, found, WE_FAMILY_IPV4);
    }
    count = append_family(addrs, count, found, WE_FAMILY_IPV6);
    if (wants_mapped(question) && (count == 0 || (question->flags & AI_ALL) != 0)) {
        count = append_family(addrs, count, found, WE_FAMILY_IPV4);
    }
    return count;
}

static NTSTATUS list_make(struct address_lookup *lookup, const struct we_host_found *found)
{
    const struct question *question = &lookup->question;
    struct we_wsk_address_entry entry = { 0 };
    struct we_base_addr addrs[WE_HOST_ADDRS_MAX];
    unsigned count = addresses_select(question, found, addrs);

    if (count == 0) {
        return we_wsk_answer_status(WE_ANSWER_UNKNOWN, STATUS_NOT_FOUND);
    }
    entry.type = question->type;
    entry.protocol = question->protocol;
    entry.port = question->port;
    entry.family = question->family;
    if ((question->flags & AI_CANONNAME) != 0) {
        entry.canonical = found->canonical;
    } else if ((question->flags & AI_FQDN) != 0) {
        /* There is no search list, so a name is complete as it is. */
        entry.canonical = lookup->node;
    }
    *question->result = we_wsk_address_list_create(lookup->lookup.pending.client, addrs, count, &entry);
    return *question->result != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS lookup_finish(struct we_wsk_lookup *base)
{
    NTSTATUS status = we_wsk_answer_status(base->query.answer, STATUS_NOT_FOUND);

    return NT_SUCCESS(status) ? list_make((struct address_lookup *)(void *)base, &base->query.found) : status;
}

/* --- hints ---------------------------------------------------------------------------------------- */

static bool is_type(int type)
{
    return type == 0 || type == SOCK_STREAM || type == SOCK_DGRAM || type == SOCK_RAW;
}

/* A protocol that contradicts the type. */
static bool is_mismatch(int type, int protocol)
{
    return (type == SOCK_STREAM && protocol != 0 && protocol != IPPROTO_TCP) ||
           (type == SOCK_DGRAM && protocol != 0 && protocol != IPPROTO_UDP);
}

static NTSTATUS flags_check(int flags, bool has_node)
{
    if ((flags & ~KNOWN_FLAGS) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if ((flags & AI_CANONNAME) != 0 && (flags & AI_FQDN) != 0) {
        /* Asks for an ADDRINFOEX2W, which is not what WskGetAddressInfo returns. */
        return STATUS_INVALID_PARAMETER;
    }
    return (flags & (AI_CANONNAME | AI_FQDN)) != 0 && !has_node ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

static NTSTATUS hints_read(const struct we_wsk_client_call *call, const ADDRINFOEXW *hints, bool has_node,
                           struct question *question)
{
    if (hints == NULL) {
        return STATUS_SUCCESS;
    }
    if (hints->ai_addrlen != 0 || hints->ai_canonname != NULL || hints->ai_addr != NULL || hints->ai_next != NULL) {
        we_vrf_report_entry(WE_RULE_SOCK_057, &call->client->entry,
                            "WskGetAddressInfo was given hints with more than flags, family, type and protocol");
    }
    if (hints->ai_family != AF_UNSPEC && hints->ai_family != AF_INET && hints->ai_family != AF_INET6) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!is_type(hints->ai_socktype) || hints->ai_protocol < 0 || is_mismatch(hints->ai_socktype, hints->ai_protocol)) {
        return STATUS_INVALID_PARAMETER;
    }
    question->flags = hints->ai_flags;
    question->family = (ADDRESS_FAMILY)hints->ai_family;
    question->type = hints->ai_socktype;
    question->protocol = hints->ai_protocol;
    return flags_check(hints->ai_flags, has_node);
}

/* --- services ------------------------------------------------------------------------------------- */

static unsigned service_protocols(const struct question *question)
{
    if (question->type == SOCK_STREAM || question->protocol == IPPROTO_TCP) {
        return WE_SERVICE_TCP;
    }
    if (question->type == SOCK_DGRAM || question->protocol == IPPROTO_UDP) {
        return WE_SERVICE_UDP;
    }
    return question->type == 0 && question->protocol == 0 ? WE_SERVICE_TCP | WE_SERVICE_UDP : 0;
}

static bool port_read(const char *text, unsigned *port)
{
    *port = 0;
    for (; *text >= '0' && *text <= '9' && *port <= MAXUSHORT; text++) {
        *port = *port * 10 + (unsigned)(*text - '0');
    }
    return *text == '\0' || *port > MAXUSHORT;
}

static NTSTATUS service_read(const char *text, struct question *question)
{
    unsigned port;

    if (text[0] == '\0') {
        return STATUS_SUCCESS;
    }
    if (port_read(text, &port)) {
        question->port = (uint16_t)port;
        return port <= MAXUSHORT ? STATUS_SUCCESS : STATUS_NO_MATCH;
    }
    if ((question->flags & AI_NUMERICSERV) != 0) {
        return we_wsk_answer_status(WE_ANSWER_UNKNOWN, STATUS_NOT_FOUND);
    }
    return we_wsk_service_find(text, service_protocols(question), &question->port) ? STATUS_SUCCESS : STATUS_NO_MATCH;
}

/* --- the call ------------------------------------------------------------------------------------- */

/* Name spaces other than DNS and hosts files, and providers of their own, are not there. */
static NTSTATUS name_space_check(ULONG name_space, const GUID *provider)
{
    if (name_space != NS_ALL && name_space != NS_DNS) {
        we_wsk_unsupported("name space %u of WskGetAddressInfo", (unsigned)name_space);
        return STATUS_NOT_SUPPORTED;
    }
    if (provider != NULL) {
        we_wsk_unsupported("a name space provider of WskGetAddressInfo");
        return STATUS_NOT_SUPPORTED;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS names_read(const struct we_wsk_client_call *call, const UNICODE_STRING *node,
                           const UNICODE_STRING *service_name, const ADDRINFOEXW *hints, struct address_lookup *lookup)
{
    char service[WE_HOST_NAME_SIZE];
    NTSTATUS status = we_wsk_lookup_text(call, node, "NodeName", lookup->node);

    if (status == STATUS_NAME_TOO_LONG) {
        return we_wsk_answer_status(WE_ANSWER_UNKNOWN, STATUS_NOT_FOUND);
    }
    if (NT_SUCCESS(status)) {
        status = we_wsk_lookup_text(call, service_name, "ServiceName", service);
    }
    if (status == STATUS_NAME_TOO_LONG) {
        return STATUS_NO_MATCH;
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (lookup->node[0] == '\0' && service[0] == '\0') {
        we_vrf_report_entry(WE_RULE_SOCK_057, &call->client->entry,
                            "WskGetAddressInfo was called without a NodeName and a ServiceName");
        return STATUS_INVALID_PARAMETER;
    }
    status = hints_read(call, hints, lookup->node[0] != '\0', &lookup->question);
    return NT_SUCCESS(status) ? service_read(service, &lookup->question) : status;
}

/* Addresses that need no search; false: there is a name to be looked up. */
static bool find_without_search(const struct address_lookup *lookup, struct we_host_found *found)
{
    bool is_passive = (lookup->question.flags & AI_PASSIVE) != 0;

    found->addr_count = 0;
    if (lookup->node[0] == '\0') {
        found->addr_count = 2;
        found->addrs[0] = is_passive ? we_base_addr_any(WE_FAMILY_IPV6, 0) : we_base_addr_loopback(WE_FAMILY_IPV6, 0);
        found->addrs[1] = is_passive ? we_base_addr_any(WE_FAMILY_IPV4, 0) : we_base_addr_loopback(WE_FAMILY_IPV4, 0);
        return true;
    }
    if (we_wsk_lookup_numeric(lookup->node, &found->addrs[0])) {
        found->addr_count = 1;
        we_host_names_copy(found->canonical, lookup->node);
        return true;
    }
    return (lookup->question.flags & AI_NUMERICHOST) != 0;
}

static void query_fill(struct address_lookup *lookup)
{
    struct we_host_query *query = &lookup->lookup.query;

    we_host_names_copy(query->name, lookup->node);
    query->is_only_configured = (lookup->question.flags & AI_ADDRCONFIG) != 0;
    if (lookup->question.family == AF_INET) {
        query->family = WE_FAMILY_IPV4;
    } else if (lookup->question.family == AF_INET6 && !wants_mapped(&lookup->question)) {
        query->family = WE_FAMILY_IPV6;
    }
}

static NTSTATUS answer_without_search(struct we_wsk_client_call *call, struct address_lookup *lookup,
                                      const struct we_host_found *found)
{
    NTSTATUS status;

    lookup->lookup.pending.client = call->client;
    status = list_make(lookup, found);
    we_wsk_lookup_drop(&lookup->lookup);
    return we_wsk_lookup_end(call, status);
}

NTSTATUS WSKAPI we_wsk_get_address_info(PWSK_CLIENT Client, PUNICODE_STRING NodeName, PUNICODE_STRING ServiceName,
                                        ULONG NameSpace, GUID *Provider, PADDRINFOEXW Hints, PADDRINFOEXW *Result,
                                        PEPROCESS OwningProcess, PETHREAD OwningThread, PIRP Irp)
{
    struct address_lookup *lookup;
    struct we_wsk_client_call call;
    NTSTATUS status = we_wsk_client_call_begin(&call, Client, Irp, false, PASSIVE_LEVEL, "WskGetAddressInfo");

    if (Result != NULL) {
        *Result = NULL; /* valid only when the request succeeds */
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    lookup = we_wsk_lookup_create(sizeof(*lookup), lookup_finish);
    if (lookup == NULL) {
        return we_wsk_lookup_end(&call, STATUS_INSUFFICIENT_RESOURCES);
    }
    lookup->question.result = Result;
    status = Result == NULL ? STATUS_INVALID_PARAMETER : we_wsk_lookup_check_owner(&call, OwningProcess, OwningThread);
    if (NT_SUCCESS(status)) {
        status = name_space_check(NameSpace, Provider);
    }
    if (NT_SUCCESS(status)) {
        status = names_read(&call, NodeName, ServiceName, Hints, lookup);
    }
    if (!NT_SUCCESS(status)) {
        we_wsk_lookup_drop(&lookup->lookup);
        return we_wsk_lookup_end(&call, status);
    }
    if (find_without_search(lookup, &lookup->lookup.query.found)) {
        return answer_without_search(&call, lookup, &lookup->lookup.query.found);
    }
    query_fill(lookup);
    return we_wsk_lookup_run(&call, &lookup->lookup);
}
