/* SPDX-License-Identifier: MIT */
/* WskControlClient: control codes of a client as a table of rows. */
#include "wsk/wsk_client.h"

#include <string.h>

#include "wsk/wsk_event.h"
#include "wsk/wsk_pending.h"
#include "wsk/wsk_security.h"
#include "wsk/wsk_unsupported.h"

#include "base/base_assert.h"
#include "host/host_mem.h"
#include "vrf/vrf_report.h"

/* What a client asks for. */
struct control {
    SIZE_T input_size;
    PVOID input;
    SIZE_T output_size;
    PVOID output;
    SIZE_T *output_size_returned; /* or NULL */
};

/* Only what WskSocket accepts: nothing is promised that is not there. */
static const WSK_TRANSPORT s_transports[] = {
    { .Version = WE_WSK_VERSION, .SocketType = SOCK_STREAM, .Protocol = IPPROTO_TCP, .AddressFamily = AF_INET },
    { .Version = WE_WSK_VERSION, .SocketType = SOCK_STREAM, .Protocol = IPPROTO_TCP, .AddressFamily = AF_INET6 },
    { .Version = WE_WSK_VERSION, .SocketType = SOCK_DGRAM, .Protocol = IPPROTO_UDP, .AddressFamily = AF_INET },
    { .Version = WE_WSK_VERSION, .SocketType = SOCK_DGRAM, .Protocol = IPPROTO_UDP, .AddressFamily = AF_INET6 },
};

#define HAS_IPV4 1u
#define HAS_IPV6 2u

static unsigned s_stacks; /* atomic: HAS_... bits */

bool we_wsk_transport_is_there(ADDRESS_FAMILY family)
{
    unsigned stacks = __atomic_load_n(&s_stacks, __ATOMIC_SEQ_CST);

    return (family == AF_INET && (stacks & HAS_IPV4) != 0) || (family == AF_INET6 && (stacks & HAS_IPV6) != 0);
}

void we_wsk_transports_set(bool has_ipv4, bool has_ipv6)
{
    unsigned stacks = (has_ipv4 ? HAS_IPV4 : 0) | (has_ipv6 ? HAS_IPV6 : 0);

    if (__atomic_exchange_n(&s_stacks, stacks, __ATOMIC_SEQ_CST) != stacks) {
        we_wsk_pending_finish_all(NULL, WE_PENDING_TRANSPORT_CHANGE, STATUS_SUCCESS);
    }
}

static NTSTATUS control_transport_list(struct we_wsk_client_call *call, const struct control *control)
{
    WSK_TRANSPORT transports[WE_ARRAY_COUNT(s_transports)];
    size_t size = 0;
    size_t i;

    for (i = 0; i < WE_ARRAY_COUNT(s_transports); i++) {
        if (we_wsk_transport_is_there(s_transports[i].AddressFamily)) {
            transports[size / sizeof(WSK_TRANSPORT)] = s_transports[i];
            size += sizeof(WSK_TRANSPORT);
        }
    }
    if (control->output_size_returned == NULL) {
        we_vrf_report_entry(WE_RULE_NPI_014, &call->client->entry,
                            "WskControlClient(WSK_TRANSPORT_LIST_QUERY) was called without OutputSizeReturned");
        return STATUS_INVALID_PARAMETER;
    }
    *control->output_size_returned = size;
    if (control->output_size < size) {
        return STATUS_BUFFER_OVERFLOW;
    }
    if (size > 0) {
        memcpy(control->output, transports, size);
    }
    return STATUS_SUCCESS;
}

static void change_destroy(struct we_wsk_pending *pending)
{
    we_host_free(pending);
}

/* Waits until a stack comes or goes. */
static NTSTATUS control_transport_change(struct we_wsk_client_call *call, const struct control *control)
{
    struct we_wsk_pending *pending = we_host_alloc(sizeof(*pending));
    bool is_waiting;

    (void)control;
    if (pending == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    we_wsk_pending_init(pending, WE_PENDING_TRANSPORT_CHANGE, change_destroy);
    is_waiting = we_wsk_pending_add(pending, call);
    we_wsk_pending_unref(pending); /* only the IRP knows of it */
    if (is_waiting && __atomic_load_n(&call->client->is_deregistering, __ATOMIC_SEQ_CST)) {
        /* WskDeregister has looked for this one already. */
        we_wsk_pending_finish_all(call->client, WE_PENDING_TRANSPORT_CHANGE, STATUS_CANCELLED);
    }
    return is_waiting ? STATUS_PENDING : STATUS_CANCELLED;
}

static NTSTATUS control_cache_sd(struct we_wsk_client_call *call, const struct control *control)
{
    const PSECURITY_DESCRIPTOR *uncached = control->input;
    PSECURITY_DESCRIPTOR cached;

    if (control->input_size < sizeof(*uncached) || *uncached == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (control->output_size_returned != NULL) {
        *control->output_size_returned = sizeof(cached);
    }
    if (control->output_size < sizeof(cached)) {
        return STATUS_BUFFER_OVERFLOW;
    }
    cached = we_wsk_security_cache(call->client);
    if (cached == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    memcpy(control->output, &cached, sizeof(cached));
    return STATUS_SUCCESS;
}

static NTSTATUS control_release_sd(struct we_wsk_client_call *call, const struct control *control)
{
    const PSECURITY_DESCRIPTOR *cached = control->input;

    return control->input_size < sizeof(*cached) ? STATUS_INVALID_PARAMETER
                                                 : we_wsk_security_release(call->client, *cached);
}

/* Operations that must come before the first socket. */
static bool is_early(struct we_wsk_client_call *call, const char *operation)
{
    if (!__atomic_load_n(&call->client->had_socket, __ATOMIC_SEQ_CST)) {
        return true;
    }
    we_vrf_report_entry(WE_RULE_NPI_015, &call->client->entry,
                        "WskControlClient(%s) was called after the client had made a socket", operation);
    return false;
}

static NTSTATUS control_static_events(struct we_wsk_client_call *call, const struct control *control)
{
    const ULONG valid = we_wsk_event_valid_mask(WE_WSK_LISTEN) | we_wsk_event_valid_mask(WE_WSK_DATAGRAM) |
                        we_wsk_event_valid_mask(WE_WSK_CONNECTION);
    const WSK_EVENT_CALLBACK_CONTROL *events = control->input;
    ULONG nothing = 0;

    if (events == NULL || control->input_size < sizeof(*events)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (events->NpiId != NULL && !we_wsk_event_is_wsk_npi(events->NpiId)) {
        we_wsk_unsupported("a static event of an extension interface");
        return STATUS_NOT_SUPPORTED;
    }
    if (!we_wsk_event_is_wsk_npi(events->NpiId) || events->EventMask == 0 || (events->EventMask & ~valid) != 0) {
        we_vrf_report_entry(
            WE_RULE_NPI_015, &call->client->entry,
            "WskControlClient(WSK_SET_STATIC_EVENT_CALLBACKS) was given mask 0x%08x%s", (unsigned)events->EventMask,
            we_wsk_event_is_wsk_npi(events->NpiId) ? "" : " and an NpiId that is not NPI_WSK_INTERFACE_ID");
        return STATUS_INVALID_PARAMETER;
    }
    if (!is_early(call, "WSK_SET_STATIC_EVENT_CALLBACKS")) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    if (!__atomic_compare_exchange_n(&call->client->static_events, &nothing, events->EventMask, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST)) {
        we_vrf_report_entry(WE_RULE_NPI_015, &call->client->entry,
                            "WskControlClient(WSK_SET_STATIC_EVENT_CALLBACKS) was called a second time");
        return STATUS_INVALID_DEVICE_STATE;
    }
    return STATUS_SUCCESS;
}

/* Two obsolete hints about an interface that is not there: accepted, without any effect. */
static NTSTATUS control_tdi_mapping(struct we_wsk_client_call *call, const struct control *control)
{
    const WSK_TDI_MAP_INFO *info = control->input;

    if (control->input_size < sizeof(*info) || (info->ElementCount > 0 && info->Map == NULL)) {
        return STATUS_INVALID_PARAMETER;
    }
    return is_early(call, "WSK_TDI_DEVICENAME_MAPPING") ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_STATE;
}

static NTSTATUS control_tdi_behavior(struct we_wsk_client_call *call, const struct control *control)
{
    const ULONG *flags = control->input;

    if (control->input_size < sizeof(*flags) || (*flags & ~(ULONG)WSK_TDI_BEHAVIOR_BYPASS_TDI) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    return is_early(call, "WSK_TDI_BEHAVIOR") ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_STATE;
}

struct control_row {
    const char *name;
    ULONG code;
    bool is_irp_required; /* else it must be NULL */
    /* STATUS_PENDING: the IRP waits. */
    NTSTATUS (*run)(struct we_wsk_client_call *call, const struct control *control);
};

static const struct control_row s_controls[] = {
    { "WSK_TRANSPORT_LIST_QUERY", WSK_TRANSPORT_LIST_QUERY, false, control_transport_list },
    { "WSK_TRANSPORT_LIST_CHANGE", WSK_TRANSPORT_LIST_CHANGE, true, control_transport_change },
    { "WSK_CACHE_SD", WSK_CACHE_SD, false, control_cache_sd },
    { "WSK_RELEASE_SD", WSK_RELEASE_SD, false, control_release_sd },
    { "WSK_TDI_DEVICENAME_MAPPING", WSK_TDI_DEVICENAME_MAPPING, false, control_tdi_mapping },
    { "WSK_SET_STATIC_EVENT_CALLBACKS", WSK_SET_STATIC_EVENT_CALLBACKS, false, control_static_events },
    { "WSK_TDI_BEHAVIOR", WSK_TDI_BEHAVIOR, false, control_tdi_behavior },
};

static const struct control_row *control_find(ULONG code)
{
    size_t i;

    for (i = 0; i < WE_ARRAY_COUNT(s_controls); i++) {
        if (s_controls[i].code == code) {
            return &s_controls[i];
        }
    }
    return NULL;
}

static NTSTATUS control_run(struct we_wsk_client_call *call, ULONG code, const struct control *control)
{
    const struct control_row *row = control_find(code);

    if (row == NULL) {
        we_wsk_unsupported("client control code %u", (unsigned)code);
        return STATUS_INVALID_PARAMETER;
    }
    if (row->is_irp_required != (call->irp != NULL)) {
        we_vrf_report_entry(WE_RULE_NPI_014, &call->client->entry, "WskControlClient(%s) was called with%s an IRP",
                            row->name, call->irp != NULL ? "" : "out");
        return STATUS_INVALID_PARAMETER;
    }
    if ((control->input == NULL && control->input_size != 0) ||
        (control->output == NULL && control->output_size != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    return row->run(call, control);
}

NTSTATUS WSKAPI we_wsk_control_client(PWSK_CLIENT Client, ULONG ControlCode, SIZE_T InputSize, PVOID InputBuffer,
                                      SIZE_T OutputSize, PVOID OutputBuffer, SIZE_T *OutputSizeReturned, PIRP Irp)
{
    const struct control control = { InputSize, InputBuffer, OutputSize, OutputBuffer, OutputSizeReturned };
    struct we_wsk_client_call call;
    NTSTATUS status;

    status = we_wsk_client_call_begin(&call, Client, Irp, true, DISPATCH_LEVEL, "WskControlClient");
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = control_run(&call, ControlCode, &control);
    if (status == STATUS_PENDING) {
        return we_wsk_client_call_end_pending(&call);
    }
    return we_wsk_client_call_end_inline(&call, status, 0);
}
