/* SPDX-License-Identifier: MIT */
/* WskControlClient: control codes of a client as a table of rows. */
#include "wsk/wsk_client.h"

#include <string.h>

#include "wsk/wsk_event.h"
#include "wsk/wsk_unsupported.h"

#include "base/base_assert.h"
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

static NTSTATUS control_transport_list(struct we_wsk_client_call *call, const struct control *control)
{
    if (control->output_size_returned == NULL) {
        we_vrf_report_entry(WE_RULE_NPI_014, &call->client->entry,
                            "WskControlClient(WSK_TRANSPORT_LIST_QUERY) was called without OutputSizeReturned");
        return STATUS_INVALID_PARAMETER;
    }
    *control->output_size_returned = sizeof(s_transports);
    if (control->output == NULL || control->output_size < sizeof(s_transports)) {
        return STATUS_BUFFER_OVERFLOW;
    }
    memcpy(control->output, s_transports, sizeof(s_transports));
    return STATUS_SUCCESS;
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

/* Obsolete hints about an interface that is not there: accepted, without any effect. */
static NTSTATUS control_tdi(struct we_wsk_client_call *call, const struct control *control)
{
    if (control->input == NULL || control->input_size == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    return is_early(call, "a TDI setting") ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_STATE;
}

struct control_row {
    const char *name;
    ULONG code;
    bool is_irp_required;                                                            /* else it must be NULL */
    NTSTATUS (*run)(struct we_wsk_client_call *call, const struct control *control); /* NULL: not emulated */
};

static const struct control_row s_controls[] = {
    { "WSK_TRANSPORT_LIST_QUERY", WSK_TRANSPORT_LIST_QUERY, false, control_transport_list },
    { "WSK_TRANSPORT_LIST_CHANGE", WSK_TRANSPORT_LIST_CHANGE, true, NULL },
    { "WSK_CACHE_SD", WSK_CACHE_SD, false, NULL },
    { "WSK_RELEASE_SD", WSK_RELEASE_SD, false, NULL },
    { "WSK_TDI_DEVICENAME_MAPPING", WSK_TDI_DEVICENAME_MAPPING, false, control_tdi },
    { "WSK_SET_STATIC_EVENT_CALLBACKS", WSK_SET_STATIC_EVENT_CALLBACKS, false, control_static_events },
    { "WSK_TDI_BEHAVIOR", WSK_TDI_BEHAVIOR, false, control_tdi },
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
    if (row->run == NULL) {
        we_wsk_unsupported("WskControlClient(%s)", row->name);
        return STATUS_NOT_SUPPORTED;
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
    return we_wsk_client_call_end_inline(&call, status, 0);
}
