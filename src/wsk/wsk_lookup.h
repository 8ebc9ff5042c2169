/* SPDX-License-Identifier: MIT */
/* What WskGetAddressInfo and WskGetNameInfo share: their arguments, and a question that may take its time. */
#ifndef WE_WSK_LOOKUP_H
#define WE_WSK_LOOKUP_H

#include "host/host_resolve.h"
#include "wsk/wsk_pending.h"

/* One request of either function; the first member of its own structure, from we_wsk_lookup_create. */
struct we_wsk_lookup {
    struct we_wsk_pending pending;
    struct we_nt_work work; /* finishes it when the answer came later */
    unsigned cpu;
    struct we_host_query query;
    /* With the answer in query, says how the request ends, and writes what it is for. The IRP is still pending for the
     * driver and cannot be cancelled any more. No lock. */
    NTSTATUS (*finish)(struct we_wsk_lookup *lookup);
};

/* size_bytes: of the structure that it begins. NULL when memory is short. */
void *we_wsk_lookup_create(size_t size_bytes, NTSTATUS (*finish)(struct we_wsk_lookup *lookup));
/* Never asked: the opposite of create. */
void we_wsk_lookup_drop(struct we_wsk_lookup *lookup);
/* Asks, and ends the call: returns its result. The lookup is not the caller's any more. */
NTSTATUS we_wsk_lookup_run(struct we_wsk_client_call *call, struct we_wsk_lookup *lookup);
/* Ends a call that knows its status already, by the way that errors are told (fail_names_inline). */
NTSTATUS we_wsk_lookup_end(struct we_wsk_client_call *call, NTSTATUS status);

/* wsk.md 9.3; unknown is what the function says for a name that nobody knows. */
NTSTATUS we_wsk_answer_status(enum we_host_answer answer, NTSTATUS unknown);

/* A counted string as UTF-8. Absent (NULL or empty): STATUS_SUCCESS and "". Reports a string that does not fit
 * together, or has no terminator, by what (SOCK-057). STATUS_NAME_TOO_LONG: it cannot be a name. */
NTSTATUS we_wsk_lookup_text(const struct we_wsk_client_call *call, const UNICODE_STRING *string, const char *what,
                            char text[WE_HOST_NAME_SIZE]);
/* OwningThread needs OwningProcess. Reports; STATUS_INVALID_PARAMETER. */
NTSTATUS we_wsk_lookup_check_owner(const struct we_wsk_client_call *call, PEPROCESS process, PETHREAD thread);
/* "1.2.3.4" and its kin, "fe80::1%3": the whole text. */
bool we_wsk_lookup_numeric(const char *text, struct we_base_addr *addr);

/* --- wsk_services.c: the names of well-known ports ------------------------------------------------ */

enum we_wsk_service_protocol { WE_SERVICE_TCP = 1 << 0, WE_SERVICE_UDP = 1 << 1 };
/* protocols: any of these will do. */
bool we_wsk_service_find(const char *name, unsigned protocols, uint16_t *port);
/* NULL: the port has no name. */
const char *we_wsk_service_name(uint16_t port, enum we_wsk_service_protocol protocol);

/* --- dispatch functions: wsk_get_address_info.c, wsk_get_name_info.c ------------------------------ */

NTSTATUS WSKAPI we_wsk_get_address_info(PWSK_CLIENT Client, PUNICODE_STRING NodeName, PUNICODE_STRING ServiceName,
                                        ULONG NameSpace, GUID *Provider, PADDRINFOEXW Hints, PADDRINFOEXW *Result,
                                        PEPROCESS OwningProcess, PETHREAD OwningThread, PIRP Irp);
NTSTATUS WSKAPI we_wsk_get_name_info(PWSK_CLIENT Client, PSOCKADDR SockAddr, ULONG SockAddrLength,
                                     PUNICODE_STRING NodeName, PUNICODE_STRING ServiceName, ULONG Flags,
                                     PEPROCESS OwningProcess, PETHREAD OwningThread, PIRP Irp);

#endif
