/* SPDX-License-Identifier: MIT */
/* The table of socket options and I/O controls: what its columns mean, and how to find a row. */
#ifndef WE_WSK_OPTION_TABLE_H
#define WE_WSK_OPTION_TABLE_H

#include "wsk/wsk_option.h"
#include "wsk/wsk_socket.h"

/* The rows are in wsk_options.def. The code of WskControlSocket asks a row, in this order:
 *
 *   doer REFUSED     STATUS_NOT_SUPPORTED, and once a line in the log
 *   categories       others: STATUS_NOT_SUPPORTED (SOCK-030); so is an option of a level that the socket's family or
 *                    protocol does not have
 *   irql             a call above it is reported (SOCK-059) and goes on
 *   irp              required and missing: STATUS_REQUEST_NOT_ACCEPTED; forbidden: STATUS_INVALID_PARAMETER (SOCK-003)
 *   access, sizes    what cannot be set or got, or an input that is too short: STATUS_INVALID_PARAMETER; an output that
 *                    is too short: STATUS_BUFFER_TOO_SMALL; longer ones will do
 *   kind             a value out of range: STATUS_INVALID_PARAMETER
 *   time             STATUS_INVALID_DEVICE_STATE (SOCK-030); asked for setting, or for getting what cannot be set
 *
 * and then the row's doer. */

enum we_wsk_row_access { WE_WSK_CAN_SET = 1, WE_WSK_CAN_GET = 2, WE_WSK_CAN_CONTROL = 4 };

enum we_wsk_row_kind {
    WE_WSK_KIND_FLAG,   /* a ULONG; any value but 0 means 1 */
    WE_WSK_KIND_NUMBER, /* a ULONG between lowest and highest */
    WE_WSK_KIND_DATA    /* a structure; always of a control */
};

enum we_wsk_row_time {
    WE_WSK_ANY_TIME,
    WE_WSK_BEFORE_BIND,
    WE_WSK_AFTER_BIND,
    WE_WSK_BEFORE_CONNECT,
    WE_WSK_WHILE_CONNECTED
};

enum we_wsk_row_irp { WE_WSK_IRP_REQUIRED, WE_WSK_IRP_FORBIDDEN, WE_WSK_IRP_OPTIONAL };

enum we_wsk_row_doer {
    WE_WSK_BY_NETWORK,  /* an option of the host's endpoint, where the network has such a thing; kept besides */
    WE_WSK_BY_LIBRARY,  /* kept, and it means something to the library */
    WE_WSK_BY_FUNCTION, /* run */
    WE_WSK_KEPT,        /* kept without effect, which is said once */
    WE_WSK_REFUSED
};

struct we_wsk_row;

/* What a row is done by. No lock; the row's checks have passed. Returns the status that the call ends with;
 * STATUS_PENDING: call->irp was queued. *information, 0 at first: bytes of output, or of the output that is needed. */
typedef NTSTATUS we_wsk_row_fn(struct we_wsk_call *call, const struct we_wsk_row *row,
                               const struct we_wsk_control *control, ULONG_PTR *information);

/* Where a value is kept that has no member of the socket. */
#define WE_WSK_KEPT_EXTRA ((size_t)0)

struct we_wsk_row {
    const char *name;
    const char *level_name; /* NULL: an I/O control */
    ULONG level;
    ULONG code;
    unsigned access; /* bits of enum we_wsk_row_access */
    enum we_wsk_row_kind kind;
    SIZE_T input_size; /* the least that will do */
    SIZE_T output_size;
    ULONG lowest;
    ULONG highest;
    unsigned categories; /* bits of those that have it */
    enum we_wsk_row_time time;
    enum we_wsk_row_irp irp;
    bool is_passive_only;
    enum we_wsk_row_doer doer;
    enum we_host_ep_option host; /* BY_NETWORK */
    size_t kept_offset;          /* of a ULONG in the socket, or WE_WSK_KEPT_EXTRA */
    ULONG initial;
    const char *text;
    /* BY_NETWORK, BY_LIBRARY; NULL: nothing but what the doer says. Socket lock held, row checked. */
    NTSTATUS (*set_locked)(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value);
    NTSTATUS (*get_locked)(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG *value);
    /* BY_FUNCTION. */
    we_wsk_row_fn *run;
};

/* Rows by name: WE_WSK_ROW_SOL_SOCKET_SO_KEEPALIVE, WE_WSK_ROW_IOCTL_SIO_KEEPALIVE_VALS. */
#define WE_WSK_OPTION(level, name, value, access, kind, categories, time, irp, doer, initial, text) \
    WE_WSK_ROW_##level##_##name,
#define WE_WSK_IOCTL(name, value, input, output, categories, time, irp, irql, doer, text) WE_WSK_ROW_IOCTL_##name,
enum we_wsk_row_id {
#include "wsk/wsk_options.def"
    WE_WSK_ROW_COUNT
};
#undef WE_WSK_OPTION
#undef WE_WSK_IOCTL

const struct we_wsk_row *we_wsk_row(enum we_wsk_row_id id);
/* NULL: not in the table. */
const struct we_wsk_row *we_wsk_row_find_option(ULONG level, ULONG code);
const struct we_wsk_row *we_wsk_row_find_ioctl(ULONG code);
/* Whether sockets of this kind have the row: category, and family and protocol by the level. */
bool we_wsk_row_fits(const struct we_wsk_row *row, const struct we_wsk_socket *socket);

/* --- wsk_option_value.c: values --------------------------------------------------------------------- */

/* Sets a value as the row says: the network, the library's own meaning, then keeps it. Socket lock held, row checked. */
NTSTATUS we_wsk_option_set_locked(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value);
/* What was set; else what the network says, if there is one to ask; else the initial value. Socket lock held. */
NTSTATUS we_wsk_option_get_locked(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG *value);
/* Tells the endpoint, if there is one; else only whether the network has such an option. Socket lock held. */
NTSTATUS we_wsk_option_network_set_locked(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value);

/* --- wsk_option_meaning.c: what single options mean --------------------------------------------------- */

NTSTATUS we_wsk_option_set_conditional(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value);
NTSTATUS we_wsk_option_set_exclusive(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value);
NTSTATUS we_wsk_option_set_reuse(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value);
NTSTATUS we_wsk_option_set_nodelay(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value);
NTSTATUS we_wsk_option_get_nodelay(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG *value);
NTSTATUS we_wsk_option_set_unicast_if(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value);
NTSTATUS we_wsk_option_set_heard(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value);
NTSTATUS we_wsk_option_set_datagram(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG value);
NTSTATUS we_wsk_option_get_max_message(struct we_wsk_socket *socket, const struct we_wsk_row *row, ULONG *value);

/* --- functions of rows --------------------------------------------------------------------------------- */

/* wsk_option.c */
we_wsk_row_fn we_wsk_option_event_callback;
/* wsk_ioctl.c */
we_wsk_row_fn we_wsk_ioctl_register_extension;
we_wsk_row_fn we_wsk_ioctl_inspect_id;
we_wsk_row_fn we_wsk_ioctl_ideal_send_backlog;
we_wsk_row_fn we_wsk_ioctl_receive_backlog;
we_wsk_row_fn we_wsk_ioctl_keepalive_values;
we_wsk_row_fn we_wsk_ioctl_tcp_info;
we_wsk_row_fn we_wsk_ioctl_multipoint_loopback;
we_wsk_row_fn we_wsk_ioctl_loopback_fast_path;
we_wsk_row_fn we_wsk_ioctl_rss;
we_wsk_row_fn we_wsk_ioctl_not_redirected;
/* wsk_ioctl_address.c */
we_wsk_row_fn we_wsk_ioctl_address_list_query;
we_wsk_row_fn we_wsk_ioctl_address_list_sort;
we_wsk_row_fn we_wsk_ioctl_broadcast_address;
we_wsk_row_fn we_wsk_ioctl_routing_query;
we_wsk_row_fn we_wsk_ioctl_wait_for_change;
/* wsk_security.c */
we_wsk_row_fn we_wsk_option_security;
/* wsk_ioctl_datagram.c */
we_wsk_row_fn we_wsk_option_group;
we_wsk_row_fn we_wsk_ioctl_set_remote_address;
we_wsk_row_fn we_wsk_ioctl_set_sendto_address;
we_wsk_row_fn we_wsk_ioctl_udp_connreset;
/* wsk_reserve.c */
we_wsk_row_fn we_wsk_ioctl_acquire_ports;
we_wsk_row_fn we_wsk_ioctl_release_ports;
we_wsk_row_fn we_wsk_ioctl_associate_ports;
/* wsk_silent.c */
we_wsk_row_fn we_wsk_ioctl_silent_mode;

#endif
