/* SPDX-License-Identifier: MIT */
/* I/O controls of sockets as a table of rows. */
#include "wsk/wsk_option.h"

#include <mstcpip.h>
#include <mswsockdef.h>
#include <string.h>

#include "wsk/wsk_backlog.h"
#include "wsk/wsk_conn.h"
#include "wsk/wsk_dgram.h"
#include "wsk/wsk_unsupported.h"

#include "base/base_assert.h"
#include "vrf/vrf_report.h"

enum irp_need { IRP_REQUIRED, IRP_FORBIDDEN, IRP_OPTIONAL };

struct ioctl_row {
    const char *name;
    ULONG code;
    enum irp_need irp;
    bool is_passive_only;
    /* *information: bytes of output. NULL: not emulated. */
    NTSTATUS (*run)(struct we_wsk_call *call, const struct we_wsk_control *control, ULONG_PTR *information);
};

static NTSTATUS query_inspect_id(struct we_wsk_call *call, const struct we_wsk_control *control, ULONG_PTR *information)
{
    WSK_INSPECT_ID *request_id = control->output;

    if (control->output_size_returned == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (call->socket->category != WE_WSK_CONNECTION) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (request_id == NULL || control->output_size < sizeof(*request_id)) {
        *control->output_size_returned = sizeof(*request_id);
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (!we_wsk_conn_inspect_id(call->socket, request_id)) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    *control->output_size_returned = sizeof(*request_id);
    *information = sizeof(*request_id);
    return STATUS_SUCCESS;
}

/* One SIZE_T that the connection knows. */
static NTSTATUS query_backlog(struct we_wsk_call *call, const struct we_wsk_control *control, ULONG_PTR *information,
                              NTSTATUS (*query)(struct we_wsk_socket *socket, SIZE_T *bytes))
{
    SIZE_T bytes;
    NTSTATUS status;

    if (control->output == NULL || control->output_size < sizeof(bytes)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    status = query(call->socket, &bytes);
    if (NT_SUCCESS(status)) {
        memcpy(control->output, &bytes, sizeof(bytes));
        *information = sizeof(bytes);
    }
    return status;
}

static NTSTATUS query_ideal_send_backlog(struct we_wsk_call *call, const struct we_wsk_control *control,
                                         ULONG_PTR *information)
{
    return query_backlog(call, control, information, we_wsk_backlog_query_ideal);
}

static NTSTATUS query_receive_backlog(struct we_wsk_call *call, const struct we_wsk_control *control,
                                      ULONG_PTR *information)
{
    return query_backlog(call, control, information, we_wsk_backlog_query_receive);
}

/* The controls that are documented for WSK or that real drivers send. */
static const struct ioctl_row s_ioctls[] = {
    { "SIO_WSK_QUERY_INSPECT_ID", SIO_WSK_QUERY_INSPECT_ID, IRP_FORBIDDEN, false, query_inspect_id },
    { "SIO_WSK_QUERY_IDEAL_SEND_BACKLOG", SIO_WSK_QUERY_IDEAL_SEND_BACKLOG, IRP_REQUIRED, false,
      query_ideal_send_backlog },
    { "SIO_WSK_QUERY_RECEIVE_BACKLOG", SIO_WSK_QUERY_RECEIVE_BACKLOG, IRP_REQUIRED, false, query_receive_backlog },
    { "SIO_WSK_SET_REMOTE_ADDRESS", SIO_WSK_SET_REMOTE_ADDRESS, IRP_REQUIRED, false, we_wsk_dgram_set_remote },
    { "SIO_WSK_SET_SENDTO_ADDRESS", SIO_WSK_SET_SENDTO_ADDRESS, IRP_REQUIRED, false, we_wsk_dgram_set_sendto },
    { "SIO_WSK_SET_TCP_SILENT_MODE", SIO_WSK_SET_TCP_SILENT_MODE, IRP_REQUIRED, false, NULL },
    { "SIO_WSK_REGISTER_EXTENSION", SIO_WSK_REGISTER_EXTENSION, IRP_FORBIDDEN, false, NULL },
    { "SIO_ADDRESS_LIST_QUERY", SIO_ADDRESS_LIST_QUERY, IRP_FORBIDDEN, true, NULL },
    { "SIO_ADDRESS_LIST_CHANGE", SIO_ADDRESS_LIST_CHANGE, IRP_REQUIRED, true, NULL },
    { "SIO_ADDRESS_LIST_SORT", SIO_ADDRESS_LIST_SORT, IRP_OPTIONAL, true, NULL },
    { "SIO_KEEPALIVE_VALS", SIO_KEEPALIVE_VALS, IRP_REQUIRED, false, NULL },
    { "SIO_UDP_CONNRESET", SIO_UDP_CONNRESET, IRP_REQUIRED, false, we_wsk_dgram_set_connreset },
    { "SIO_LOOPBACK_FAST_PATH", SIO_LOOPBACK_FAST_PATH, IRP_REQUIRED, true, NULL },
    { "SIO_TCP_INFO", SIO_TCP_INFO, IRP_REQUIRED, false, NULL },
};

static const struct ioctl_row *ioctl_find(ULONG code)
{
    size_t i;

    for (i = 0; i < WE_ARRAY_COUNT(s_ioctls); i++) {
        if (s_ioctls[i].code == code) {
            return &s_ioctls[i];
        }
    }
    return NULL;
}

/* False: the call has an IRP where it must not, or none where it must. */
static bool ioctl_check(struct we_wsk_call *call, const struct ioctl_row *row)
{
    KIRQL irql = call->section.old_irql;

    if (row->is_passive_only && irql > PASSIVE_LEVEL) {
        we_vrf_report(WE_RULE_SOCK_059, NULL, "WskControlSocket(%s) was called at %s", row->name,
                      we_nt_irql_name(irql));
    }
    if ((row->irp == IRP_REQUIRED && call->irp == NULL) || (row->irp == IRP_FORBIDDEN && call->irp != NULL)) {
        we_vrf_report_entry(WE_RULE_SOCK_003, &call->socket->entry, "%s of socket %p was called with%s an IRP",
                            row->name, (void *)call->socket, call->irp != NULL ? "" : "out");
        return false;
    }
    return true;
}

NTSTATUS we_wsk_ioctl(struct we_wsk_call *call, ULONG code, const struct we_wsk_control *control,
                      ULONG_PTR *information)
{
    const struct ioctl_row *row = ioctl_find(code);

    if (row == NULL) {
        we_wsk_unsupported("I/O control 0x%08x", (unsigned)code);
        return STATUS_NOT_SUPPORTED;
    }
    if (!ioctl_check(call, row)) {
        return call->irp != NULL ? STATUS_INVALID_PARAMETER : STATUS_REQUEST_NOT_ACCEPTED;
    }
    if (row->run == NULL) {
        we_wsk_unsupported("I/O control %s", row->name);
        return STATUS_NOT_SUPPORTED;
    }
    return row->run(call, control, information);
}
