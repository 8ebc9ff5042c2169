/* SPDX-License-Identifier: MIT */
/* WskGetNameInfo: addresses and ports to names. */
#include "wsk/wsk_lookup.h"

#include <stdio.h>
#include <string.h>

#include "wsk/wsk_addr.h"

#include "base/base_assert.h"
#include "nt/rtl_address_text.h"
#include "nt/rtl_utf.h"
#include "vrf/vrf_report.h"

#define KNOWN_FLAGS (NI_NOFQDN | NI_NUMERICHOST | NI_NAMEREQD | NI_NUMERICSERV | NI_DGRAM)

struct name_lookup {
    struct we_wsk_lookup lookup; /* first */
    struct we_base_addr addr;
    ULONG flags;
    UNICODE_STRING *node; /* the driver's, until the IRP completes; or NULL */
    UNICODE_STRING *service;
};

/* --- the answer ----------------------------------------------------------------------------------- */

/* Stores text with its terminator; it fits. */
static void text_store(UNICODE_STRING *string, const char *text)
{
    size_t count = string->MaximumLength / sizeof(WCHAR);
    struct we_rtl_converted converted = we_rtl_utf8_to_utf16(string->Buffer, count - 1, text, strlen(text));

    string->Buffer[converted.written] = 0;
    string->Length = (USHORT)(converted.written * sizeof(WCHAR));
}

static bool fits(const UNICODE_STRING *string, const char *text)
{
    return string == NULL || (string->Buffer != NULL && we_rtl_utf8_to_utf16(NULL, 0, text, strlen(text)).needed + 1 <=
                                                            string->MaximumLength / sizeof(WCHAR));
}

static void address_print(const struct we_base_addr *addr, char text[WE_HOST_NAME_SIZE])
{
    CHAR v6[WE_RTL_IPV6_SIZE];

    if (addr->family == WE_FAMILY_IPV4) {
        (void)we_rtl_ipv4_print(addr->bytes, text);
        return;
    }
    (void)we_rtl_ipv6_print(addr->bytes, v6);
    if (addr->scope_id != 0) {
        (void)snprintf(text, WE_HOST_NAME_SIZE, "%s%%%u", v6, (unsigned)addr->scope_id);
    } else {
        (void)snprintf(text, WE_HOST_NAME_SIZE, "%s", v6);
    }
}

static void service_print(const struct name_lookup *lookup, char *text, size_t size_bytes)
{
    const char *name = NULL;

    if ((lookup->flags & NI_NUMERICSERV) == 0) {
        name =
            we_wsk_service_name(lookup->addr.port, (lookup->flags & NI_DGRAM) != 0 ? WE_SERVICE_UDP : WE_SERVICE_TCP);
    }
    if (name != NULL) {
        (void)snprintf(text, size_bytes, "%s", name);
    } else {
        (void)snprintf(text, size_bytes, "%u", (unsigned)lookup->addr.port);
    }
}

/* Both or none: a request that fails writes nothing. */
static NTSTATUS strings_store(const struct name_lookup *lookup, const char *node)
{
    char service[NI_MAXSERV];

    service_print(lookup, service, sizeof(service));
    if (!fits(lookup->node, node) || !fits(lookup->service, service)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (lookup->node != NULL) {
        text_store(lookup->node, node);
    }
    if (lookup->service != NULL) {
        text_store(lookup->service, service);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS lookup_finish(struct we_wsk_lookup *base)
{
    struct name_lookup *lookup = (struct name_lookup *)(void *)base;
    char *name = base->query.found.canonical;

    if (base->query.answer == WE_ANSWER_FOUND) {
        char *dot = (lookup->flags & NI_NOFQDN) != 0 ? strchr(name, '.') : NULL;

        if (dot != NULL) {
            *dot = '\0';
        }
        return strings_store(lookup, name);
    }
    if (base->query.answer != WE_ANSWER_UNKNOWN || (lookup->flags & NI_NAMEREQD) != 0) {
        return we_wsk_answer_status(base->query.answer, STATUS_NO_MATCH);
    }
    address_print(&lookup->addr, name);
    return strings_store(lookup, name);
}

/* --- the call ------------------------------------------------------------------------------------- */

static NTSTATUS address_read(const SOCKADDR *sockaddr, ULONG length, struct name_lookup *lookup)
{
    static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
    struct we_base_addr *asked = &lookup->lookup.query.addr;
    ULONG least = sizeof(SOCKADDR_IN);

    if (sockaddr == NULL || length > sizeof(SOCKADDR_STORAGE) || length < least) {
        return STATUS_INVALID_PARAMETER;
    }
    if (sockaddr->sa_family == AF_INET6) {
        least = sizeof(SOCKADDR_IN6);
    }
    if (length < least || !we_wsk_addr_from_sockaddr(sockaddr, sockaddr->sa_family, &lookup->addr)) {
        return STATUS_INVALID_PARAMETER;
    }
    *asked = lookup->addr;
    asked->port = 0;
    if (asked->family == WE_FAMILY_IPV6 && memcmp(asked->bytes, mapped_prefix, sizeof(mapped_prefix)) == 0) {
        asked->family = WE_FAMILY_IPV4; /* its name is the IPv4 host's */
        memmove(asked->bytes, asked->bytes + sizeof(mapped_prefix), 4);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS arguments_check(const struct we_wsk_client_call *call, const struct name_lookup *lookup)
{
    if (lookup->node == NULL && lookup->service == NULL) {
        we_vrf_report_entry(WE_RULE_SOCK_057, &call->client->entry,
                            "WskGetNameInfo was called without a NodeName and a ServiceName");
        return STATUS_INVALID_PARAMETER;
    }
    return (lookup->flags & ~(ULONG)KNOWN_FLAGS) != 0 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

/* Answers that need no search: without a node, or with a number that was asked for. */
static NTSTATUS answer_without_search(struct name_lookup *lookup)
{
    lookup->lookup.query.answer = WE_ANSWER_UNKNOWN;
    return lookup->node == NULL ? strings_store(lookup, "") : lookup_finish(&lookup->lookup);
}

NTSTATUS WSKAPI we_wsk_get_name_info(PWSK_CLIENT Client, PSOCKADDR SockAddr, ULONG SockAddrLength,
                                     PUNICODE_STRING NodeName, PUNICODE_STRING ServiceName, ULONG Flags,
                                     PEPROCESS OwningProcess, PETHREAD OwningThread, PIRP Irp)
{
    struct name_lookup *lookup;
    struct we_wsk_client_call call;
    NTSTATUS status = we_wsk_client_call_begin(&call, Client, Irp, false, PASSIVE_LEVEL, "WskGetNameInfo");

    if (!NT_SUCCESS(status)) {
        return status;
    }
    lookup = we_wsk_lookup_create(sizeof(*lookup), lookup_finish);
    if (lookup == NULL) {
        return we_wsk_lookup_end(&call, STATUS_INSUFFICIENT_RESOURCES);
    }
    lookup->flags = Flags;
    lookup->node = NodeName;
    lookup->service = ServiceName;
    lookup->lookup.query.is_reverse = true;
    lookup->lookup.query.is_no_dot = (Flags & NI_NOFQDN) != 0;
    status = we_wsk_lookup_check_owner(&call, OwningProcess, OwningThread);
    if (NT_SUCCESS(status)) {
        status = arguments_check(&call, lookup);
    }
    if (NT_SUCCESS(status)) {
        status = address_read(SockAddr, SockAddrLength, lookup);
    }
    if (NT_SUCCESS(status) && NodeName != NULL && (Flags & NI_NUMERICHOST) == 0) {
        return we_wsk_lookup_run(&call, &lookup->lookup);
    }
    if (NT_SUCCESS(status)) {
        status = answer_without_search(lookup);
    }
    we_wsk_lookup_drop(&lookup->lookup);
    return we_wsk_lookup_end(&call, status);
}
