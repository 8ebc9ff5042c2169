/* SPDX-License-Identifier: MIT */
/* WskControlSocket: asks the table, then sets, gets, or runs what the row says. */
#include "wsk/wsk_option.h"

#include <string.h>

#include "wsk/wsk_event.h"
#include "wsk/wsk_init.h"
#include "wsk/wsk_option_table.h"
#include "wsk/wsk_unsupported.h"

#include "base/base_assert.h"
#include "nt/ke_cpu.h"
#include "vrf/vrf_report.h"

/* --- checks, in the order of wsk_option_table.h ----------------------------------------------------- */

static NTSTATUS check_fit(const struct we_wsk_call *call, const struct we_wsk_row *row)
{
    const struct we_wsk_socket *socket = call->socket;

    if (row->doer == WE_WSK_REFUSED) {
        we_wsk_unsupported("%s %s", row->level_name != NULL ? "socket option" : "I/O control", row->name);
        return STATUS_NOT_SUPPORTED;
    }
    if (!we_wsk_row_fits(row, socket)) {
        we_vrf_report_entry(WE_RULE_SOCK_030, &socket->entry, "%s was used on socket %p, which is a %s of family %u",
                            row->name, (const void *)socket, we_wsk_category_name(socket->category), socket->family);
        return STATUS_NOT_SUPPORTED;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS check_irp(const struct we_wsk_call *call, const struct we_wsk_row *row)
{
    KIRQL irql = call->section.old_irql;

    if (row->is_passive_only && irql > PASSIVE_LEVEL) {
        we_vrf_report(WE_RULE_SOCK_059, NULL, "WskControlSocket(%s) was called at %s", row->name,
                      we_nt_irql_name(irql));
    }
    if ((row->irp == WE_WSK_IRP_REQUIRED && call->irp == NULL) ||
        (row->irp == WE_WSK_IRP_FORBIDDEN && call->irp != NULL)) {
        we_vrf_report_entry(WE_RULE_SOCK_003, &call->socket->entry, "%s of socket %p was used with%s an IRP", row->name,
                            (const void *)call->socket, call->irp != NULL ? "" : "out");
        return call->irp != NULL ? STATUS_INVALID_PARAMETER : STATUS_REQUEST_NOT_ACCEPTED;
    }
    return STATUS_SUCCESS;
}

static unsigned access_of(WSK_CONTROL_SOCKET_TYPE type)
{
    switch (type) {
    case WskSetOption:
        return WE_WSK_CAN_SET;
    case WskGetOption:
        return WE_WSK_CAN_GET;
    default:
        return WE_WSK_CAN_CONTROL;
    }
}

static bool has_input(const struct we_wsk_control *control, SIZE_T size)
{
    return size == 0 || (control->input != NULL && control->input_size >= size);
}

static bool has_output(const struct we_wsk_control *control, SIZE_T size)
{
    return size == 0 || (control->output != NULL && control->output_size >= size);
}

static NTSTATUS check_buffers(const struct we_wsk_call *call, const struct we_wsk_row *row,
                              const struct we_wsk_control *control, ULONG_PTR *information)
{
    unsigned access = access_of(control->type);

    if ((row->access & access) == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (access != WE_WSK_CAN_GET && !has_input(control, row->input_size)) {
        return STATUS_INVALID_PARAMETER;
    }
    /* Where no IRP can tell how much was written, there must be another place. */
    if (access == WE_WSK_CAN_CONTROL && row->irp == WE_WSK_IRP_FORBIDDEN && call->irp == NULL &&
        control->output_size_returned == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (access != WE_WSK_CAN_SET && !has_output(control, row->output_size)) {
        *information = access == WE_WSK_CAN_CONTROL ? row->output_size : 0;
        return STATUS_BUFFER_TOO_SMALL;
    }
    return STATUS_SUCCESS;
}

static bool is_time(enum we_wsk_row_time time, enum we_wsk_state state)
{
    switch (time) {
    case WE_WSK_BEFORE_BIND:
        return state == WE_WSK_CREATED;
    case WE_WSK_AFTER_BIND:
        return state != WE_WSK_CREATED;
    case WE_WSK_BEFORE_CONNECT:
        return state == WE_WSK_CREATED || state == WE_WSK_BOUND;
    case WE_WSK_WHILE_CONNECTED:
        return state == WE_WSK_CONNECTED;
    case WE_WSK_ANY_TIME:
    default:
        return true;
    }
}

static const char *time_text(enum we_wsk_row_time time)
{
    static const char *const texts[] = { "at any time", "before WskBind", "after WskBind", "before the connection",
                                         "while it is connected" };

    WE_ASSERT((unsigned)time < WE_ARRAY_COUNT(texts));
    return texts[time];
}

/* What can be set has its time for setting; it can be got at any time. */
static NTSTATUS check_time_locked(const struct we_wsk_socket *socket, const struct we_wsk_row *row,
                                  WSK_CONTROL_SOCKET_TYPE type)
{
    if ((type == WskGetOption && (row->access & WE_WSK_CAN_SET) != 0) || is_time(row->time, socket->state)) {
        return STATUS_SUCCESS;
    }
    we_vrf_report_entry(WE_RULE_SOCK_030, &socket->entry, "%s of socket %p was %s at a wrong time: it is for use %s",
                        row->name, (const void *)socket,
                        type == WskSetOption   ? "set"
                        : type == WskGetOption ? "got"
                                               : "used",
                        time_text(row->time));
    return STATUS_INVALID_DEVICE_STATE;
}

/* --- what rows do ----------------------------------------------------------------------------------- */

static NTSTATUS value_set(struct we_wsk_call *call, const struct we_wsk_row *row, const struct we_wsk_control *control)
{
    struct we_wsk_socket *socket = call->socket;
    SIZE_T size = control->input_size < sizeof(ULONG) ? row->input_size : sizeof(ULONG);
    ULONG value = 0;
    NTSTATUS status;

    WE_ASSERT(control->input != NULL); /* no row without input is set */
    /* The values are little-endian on every machine that runs this, so a byte is the ULONG's beginning. Controls that
     * are only kept may have more to say: nobody will ask for the rest. */
    memcpy(&value, control->input, size < sizeof(value) ? size : sizeof(value));
    if (row->kind == WE_WSK_KIND_FLAG) {
        value = value != 0;
    } else if (row->kind == WE_WSK_KIND_NUMBER && (value < row->lowest || value > row->highest)) {
        return STATUS_INVALID_PARAMETER;
    }
    we_host_mutex_lock(&socket->lock);
    status = check_time_locked(socket, row, control->type);
    if (NT_SUCCESS(status)) {
        status = we_wsk_option_set_locked(socket, row, value);
    }
    we_host_mutex_unlock(&socket->lock);
    return status;
}

static NTSTATUS value_get(struct we_wsk_call *call, const struct we_wsk_row *row, const struct we_wsk_control *control,
                          ULONG_PTR *information)
{
    struct we_wsk_socket *socket = call->socket;
    SIZE_T size = control->output_size < sizeof(ULONG) ? row->output_size : sizeof(ULONG);
    ULONG value;
    NTSTATUS status;

    WE_ASSERT(control->output != NULL);
    we_host_mutex_lock(&socket->lock);
    status = check_time_locked(socket, row, control->type);
    if (NT_SUCCESS(status)) {
        status = we_wsk_option_get_locked(socket, row, &value);
    }
    we_host_mutex_unlock(&socket->lock);
    if (NT_SUCCESS(status)) {
        memcpy(control->output, &value, size);
        *information = size;
    }
    return status;
}

static NTSTATUS function_run(struct we_wsk_call *call, const struct we_wsk_row *row,
                             const struct we_wsk_control *control, ULONG_PTR *information)
{
    NTSTATUS status;

    we_host_mutex_lock(&call->socket->lock);
    status = check_time_locked(call->socket, row, control->type);
    we_host_mutex_unlock(&call->socket->lock);
    return NT_SUCCESS(status) ? row->run(call, row, control, information) : status;
}

static NTSTATUS row_run(struct we_wsk_call *call, const struct we_wsk_row *row, const struct we_wsk_control *control,
                        ULONG_PTR *information)
{
    NTSTATUS status = check_fit(call, row);

    if (NT_SUCCESS(status)) {
        status = check_irp(call, row);
    }
    if (NT_SUCCESS(status)) {
        status = check_buffers(call, row, control, information);
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (row->run != NULL) {
        return function_run(call, row, control, information);
    }
    return control->type == WskGetOption ? value_get(call, row, control, information) : value_set(call, row, control);
}

NTSTATUS we_wsk_option_event_callback(struct we_wsk_call *call, const struct we_wsk_row *row,
                                      const struct we_wsk_control *control, ULONG_PTR *information)
{
    (void)row;
    (void)information;
    return we_wsk_event_control(call, control->input);
}

/* --- WskControlSocket ------------------------------------------------------------------------------- */

static NTSTATUS unknown(WSK_CONTROL_SOCKET_TYPE type, ULONG code, ULONG level)
{
    if (type == WskIoctl) {
        we_wsk_unsupported("I/O control 0x%08x", (unsigned)code);
    } else {
        we_wsk_unsupported("socket option 0x%x of level 0x%x", (unsigned)code, (unsigned)level);
    }
    return we_wsk_config()->unknown_option_status;
}

/* Events are enabled and disabled at once. Everything else that was accepted is pending, however fast it was done. */
static bool is_ended_inline(const struct we_wsk_row *row, NTSTATUS status)
{
    return !NT_SUCCESS(status) || (row != NULL && row->run == we_wsk_option_event_callback);
}

static NTSTATUS control_socket(struct we_wsk_call *call, ULONG code, ULONG level, const struct we_wsk_control *control)
{
    const struct we_wsk_row *row =
        control->type == WskIoctl ? we_wsk_row_find_ioctl(code) : we_wsk_row_find_option(level, code);
    ULONG_PTR information = 0;
    NTSTATUS status = row != NULL ? row_run(call, row, control, &information) : unknown(control->type, code, level);

    if (status == STATUS_PENDING) {
        return we_wsk_call_end_pending(call);
    }
    if (call->irp == NULL && control->output_size_returned != NULL && (NT_SUCCESS(status) || information != 0)) {
        *control->output_size_returned = information;
    }
    /* An IRP that failed has no bytes to tell of, but for lists, whose size nobody can know. */
    if (!NT_SUCCESS(status) && status != STATUS_BUFFER_OVERFLOW) {
        information = 0;
    }
    return is_ended_inline(row, status) ? we_wsk_call_end_inline(call, status, information)
                                        : we_wsk_call_end_done(call, status, information);
}

NTSTATUS WSKAPI we_wsk_control_socket(PWSK_SOCKET Socket, WSK_CONTROL_SOCKET_TYPE RequestType, ULONG ControlCode,
                                      ULONG Level, SIZE_T InputSize, PVOID InputBuffer, SIZE_T OutputSize,
                                      PVOID OutputBuffer, SIZE_T *OutputSizeReturned, PIRP Irp)
{
    const struct we_wsk_control control = { RequestType, InputSize,    InputBuffer,
                                            OutputSize,  OutputBuffer, OutputSizeReturned };
    struct we_wsk_call call;
    NTSTATUS status = we_wsk_call_begin(&call, Socket, WE_WSK_ANY_CATEGORY, Irp, true, "WskControlSocket");

    if (!NT_SUCCESS(status)) {
        return status;
    }
    if ((InputBuffer == NULL && InputSize != 0) || (OutputBuffer == NULL && OutputSize != 0) ||
        (unsigned)RequestType > WskIoctl) {
        return we_wsk_call_end_inline(&call, STATUS_INVALID_PARAMETER, 0);
    }
    return control_socket(&call, ControlCode, Level, &control);
}
