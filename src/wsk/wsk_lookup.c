/* SPDX-License-Identifier: MIT */
/* What WskGetAddressInfo and WskGetNameInfo share. */
#include "wsk/wsk_lookup.h"

#include <string.h>

#include "wsk/wsk_init.h"

#include "base/base_assert.h"
#include "host/host_mem.h"
#include "nt/rtl_address_text.h"
#include "nt/rtl_utf.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * The IRP waits in wsk_pending.c before the question is asked, so an answer may come at any moment, on any thread. An
 * answer that comes later becomes work of a processor, where it is turned into what the driver sees: the thread that
 * brings it knows nothing of IRPs. An answer to a request that was cancelled is dropped.
 */

static void lookup_destroy(struct we_wsk_pending *pending)
{
    we_host_free(pending); /* the first member of the first member */
}

/* The answer is there: takes the IRP and writes the result. NULL: it was cancelled; *status stays as it was. */
static PIRP lookup_finish(struct we_wsk_lookup *lookup, NTSTATUS *status)
{
    PIRP irp = we_wsk_pending_take(&lookup->pending);

    if (irp != NULL) {
        *status = lookup->finish(lookup);
    }
    return irp;
}

static void lookup_work(struct we_nt_work *work)
{
    struct we_wsk_lookup *lookup = CONTAINING_RECORD(work, struct we_wsk_lookup, work);
    struct we_nt_completions completions;
    NTSTATUS status;
    PIRP irp = lookup_finish(lookup, &status);

    we_nt_completions_init(&completions);
    if (irp != NULL) {
        we_nt_completions_add(&completions, irp, status, 0);
    }
    we_nt_completions_run(&completions);
    we_wsk_pending_unref(&lookup->pending);
}

static void lookup_done(struct we_host_query *query)
{
    struct we_wsk_lookup *lookup = CONTAINING_RECORD(query, struct we_wsk_lookup, query);

    (void)we_nt_work_queue(&lookup->work, lookup->cpu);
}

void *we_wsk_lookup_create(size_t size_bytes, NTSTATUS (*finish)(struct we_wsk_lookup *lookup))
{
    struct we_wsk_lookup *lookup = we_host_zalloc(size_bytes);

    if (lookup != NULL) {
        we_wsk_pending_init(&lookup->pending, WE_PENDING_LOOKUP, lookup_destroy);
        we_nt_work_init(&lookup->work, lookup_work);
        lookup->cpu = we_nt_cpu_current()->index;
        lookup->query.done = lookup_done;
        lookup->finish = finish;
    }
    return lookup;
}

void we_wsk_lookup_drop(struct we_wsk_lookup *lookup)
{
    if (lookup != NULL) {
        we_wsk_pending_unref(&lookup->pending);
    }
}

NTSTATUS we_wsk_lookup_end(struct we_wsk_client_call *call, NTSTATUS status)
{
    return !NT_SUCCESS(status) && we_wsk_config()->fail_names_inline ? we_wsk_client_call_end_inline(call, status, 0)
                                                                     : we_wsk_client_call_end_done(call, status, 0);
}

NTSTATUS we_wsk_lookup_run(struct we_wsk_client_call *call, struct we_wsk_lookup *lookup)
{
    NTSTATUS status = STATUS_PENDING;

    if (!we_wsk_pending_add(&lookup->pending, call)) {
        status = STATUS_CANCELLED;
    } else if (!we_host_resolve(&lookup->query)) {
        return we_wsk_client_call_end_pending(call); /* lookup_done has the reference */
    } else {
        (void)lookup_finish(lookup, &status); /* pending as well when it was cancelled in between */
    }
    we_wsk_pending_unref(&lookup->pending);
    return status == STATUS_PENDING ? we_wsk_client_call_end_pending(call) : we_wsk_lookup_end(call, status);
}

NTSTATUS we_wsk_answer_status(enum we_host_answer answer, NTSTATUS unknown)
{
    const struct we_wsk_config *config = we_wsk_config();

    switch (answer) {
    case WE_ANSWER_FOUND:
        return STATUS_SUCCESS;
    case WE_ANSWER_UNKNOWN:
        return config->name_not_found_status != 0 ? config->name_not_found_status : unknown;
    case WE_ANSWER_TRY_AGAIN:
        return config->name_try_again_status != 0 ? config->name_try_again_status : STATUS_IO_TIMEOUT;
    case WE_ANSWER_NO_MEMORY:
        return STATUS_INSUFFICIENT_RESOURCES;
    case WE_ANSWER_NOT_READY:
        return STATUS_INTERNAL_ERROR;
    case WE_ANSWER_CANCELLED:
        return STATUS_CANCELLED;
    default:
        WE_UNREACHABLE("an answer without a status");
    }
}

/* --- arguments ------------------------------------------------------------------------------------ */

/* Windows reads up to the terminator, so one inside the string ends the name. */
static size_t text_units(const UNICODE_STRING *string)
{
    size_t count = string->Length / sizeof(WCHAR);
    size_t i;

    for (i = 0; i < count && string->Buffer[i] != 0; i++) {
    }
    return i;
}

static bool is_terminated(const UNICODE_STRING *string)
{
    return string->MaximumLength >= string->Length + sizeof(WCHAR) &&
           string->Buffer[string->Length / sizeof(WCHAR)] == 0;
}

NTSTATUS we_wsk_lookup_text(const struct we_wsk_client_call *call, const UNICODE_STRING *string, const char *what,
                            char text[WE_HOST_NAME_SIZE])
{
    struct we_rtl_converted converted;

    text[0] = '\0';
    if (string == NULL || string->Length == 0) {
        return STATUS_SUCCESS;
    }
    if (string->Buffer == NULL || string->Length % sizeof(WCHAR) != 0 || string->Length > string->MaximumLength) {
        we_vrf_report_entry(WE_RULE_SOCK_057, &call->client->entry,
                            "%s was given a %s whose Buffer, Length %u and MaximumLength %u do not fit together",
                            call->function, what, string->Length, string->MaximumLength);
        return STATUS_INVALID_PARAMETER;
    }
    if (!is_terminated(string)) {
        we_vrf_report_entry(WE_RULE_SOCK_057, &call->client->entry,
                            "%s was given a %s without a terminator behind its %u bytes", call->function, what,
                            string->Length);
    }
    converted = we_rtl_utf16_to_utf8(text, WE_HOST_NAME_SIZE - 1, string->Buffer, text_units(string));
    text[converted.written] = '\0';
    return converted.is_exact && converted.written == converted.needed ? STATUS_SUCCESS : STATUS_NAME_TOO_LONG;
}

NTSTATUS we_wsk_lookup_check_owner(const struct we_wsk_client_call *call, PEPROCESS process, PETHREAD thread)
{
    if (thread == NULL || process != NULL) {
        return STATUS_SUCCESS;
    }
    we_vrf_report_entry(WE_RULE_SOCK_057, &call->client->entry,
                        "%s was called with an OwningThread but without its OwningProcess", call->function);
    return STATUS_INVALID_PARAMETER;
}

bool we_wsk_lookup_numeric(const char *text, struct we_base_addr *addr)
{
    struct we_rtl_address_text v4 = { .narrow = text };
    struct we_rtl_address_text v6 = { .narrow = text };
    ULONG scope_id = 0;

    memset(addr, 0, sizeof(*addr));
    if (we_rtl_ipv4_parse(&v4, false, addr->bytes) && we_rtl_address_is_end(&v4)) {
        addr->family = WE_FAMILY_IPV4;
        return true;
    }
    memset(addr, 0, sizeof(*addr));
    if (!we_rtl_ipv6_parse(&v6, addr->bytes) ||
        (we_rtl_address_skip(&v6, '%') && !we_rtl_scope_parse(&v6, &scope_id)) || !we_rtl_address_is_end(&v6)) {
        return false;
    }
    addr->family = WE_FAMILY_IPV6;
    addr->scope_id = scope_id;
    return true;
}
