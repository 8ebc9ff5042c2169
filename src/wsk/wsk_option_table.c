/* SPDX-License-Identifier: MIT */
/* The table of socket options and I/O controls, and how to find a row. */
#include "wsk/wsk_option_table.h"

#include <mstcpip.h>
#include <mswsockdef.h>

#include "base/base_assert.h"

#define BIT(category) WE_WSK_CATEGORY_BIT(WE_WSK_##category)

/* Columns. A stream socket has what listeners and connections have. */
#define ON_ALL WE_WSK_ANY_CATEGORY
#define ON_TRAFFIC (WE_WSK_ANY_CATEGORY & ~BIT(BASIC))
#define ON_LISTENING (BIT(LISTEN) | BIT(STREAM))
#define ON_CONNECTED (BIT(CONNECTION) | BIT(STREAM))
#define ON_STREAMS (BIT(LISTEN) | BIT(CONNECTION) | BIT(STREAM))
#define ON_STREAMS_OR_BASIC (ON_STREAMS | BIT(BASIC))
#define ON_DATAGRAM BIT(DATAGRAM)
#define ON_DATAGRAM_OR_BASIC (BIT(DATAGRAM) | BIT(BASIC))

#define SET WE_WSK_CAN_SET
#define GET WE_WSK_CAN_GET
#define SET_GET (WE_WSK_CAN_SET | WE_WSK_CAN_GET)

#define FLAG .kind = WE_WSK_KIND_FLAG, .input_size = sizeof(ULONG), .output_size = sizeof(ULONG), .highest = 1
#define BYTE_FLAG .kind = WE_WSK_KIND_FLAG, .input_size = sizeof(UCHAR), .output_size = sizeof(UCHAR), .highest = 1
#define NUMBER(lowest_, highest_)                                                                               \
    .kind = WE_WSK_KIND_NUMBER, .input_size = sizeof(ULONG), .output_size = sizeof(ULONG), .lowest = (lowest_), \
    .highest = (highest_)
#define DATA(size_) .kind = WE_WSK_KIND_DATA, .input_size = (size_), .output_size = (size_)

#define NETWORK(option) .doer = WE_WSK_BY_NETWORK, .host = WE_EP_##option
#define NETWORK_IN(option, member) NETWORK(option), .kept_offset = offsetof(struct we_wsk_socket, member)
#define NETWORK_BY(option, set, get) NETWORK(option), .set_locked = (set), .get_locked = (get)
#define LIBRARY(set, get) .doer = WE_WSK_BY_LIBRARY, .set_locked = (set), .get_locked = (get)
#define LIBRARY_IN(member, set, get) LIBRARY(set, get), .kept_offset = offsetof(struct we_wsk_socket, member)
#define RUN(function) .doer = WE_WSK_BY_FUNCTION, .run = (function)
#define KEPT .doer = WE_WSK_KEPT
#define REFUSED .doer = WE_WSK_REFUSED

#define IS_PASSIVE_ONLY_PASSIVE true
#define IS_PASSIVE_ONLY_DISPATCH false

#define WE_WSK_OPTION(level_, name_, value, access_, kind_, categories_, time_, irp_, doer_, initial_, text_) \
    [WE_WSK_ROW_##level_##_##name_] = { .name = #name_,                                                       \
                                        .level_name = #level_,                                                \
                                        .level = (ULONG)(level_),                                             \
                                        .code = (ULONG)(name_),                                               \
                                        .access = (access_),                                                  \
                                        kind_,                                                                \
                                        .categories = (categories_),                                          \
                                        .time = WE_WSK_##time_,                                               \
                                        .irp = WE_WSK_IRP_##irp_,                                             \
                                        doer_,                                                                \
                                        .initial = (initial_),                                                \
                                        .text = text_ },
#define WE_WSK_IOCTL(name_, value, input_, output_, categories_, time_, irp_, irql_, doer_, text_) \
    [WE_WSK_ROW_IOCTL_##name_] = { .name = #name_,                                                 \
                                   .code = (ULONG)(name_),                                         \
                                   .access = WE_WSK_CAN_CONTROL,                                   \
                                   .kind = WE_WSK_KIND_DATA,                                       \
                                   .input_size = (input_),                                         \
                                   .output_size = (output_),                                       \
                                   .categories = (categories_),                                    \
                                   .time = WE_WSK_##time_,                                         \
                                   .irp = WE_WSK_IRP_##irp_,                                       \
                                   .is_passive_only = IS_PASSIVE_ONLY_##irql_,                     \
                                   doer_,                                                          \
                                   .text = text_ },

/* Of winsock2.h, which no kernel source has. */
#define FIONBIO _IOW('f', 126, ULONG)
#define FIONREAD _IOR('f', 127, ULONG)
#define FIOASYNC _IOW('f', 125, ULONG)
#define SIOCATMARK _IOR('s', 7, ULONG)

static const struct we_wsk_row s_rows[WE_WSK_ROW_COUNT] = {
#include "wsk/wsk_options.def"
};
#undef WE_WSK_OPTION
#undef WE_WSK_IOCTL

/* The headers say what the table says. */
#define WE_WSK_OPTION(level, name, value, access, kind, categories, time, irp, doer, initial, text) \
    WE_STATIC_ASSERT((ULONG)(name) == (value), #name " has another value");
#define WE_WSK_IOCTL(name, value, input, output, categories, time, irp, irql, doer, text) \
    WE_STATIC_ASSERT((ULONG)(name) == (value), #name " has another value");
#include "wsk/wsk_options.def"
#undef WE_WSK_OPTION
#undef WE_WSK_IOCTL

const struct we_wsk_row *we_wsk_row(enum we_wsk_row_id id)
{
    WE_ASSERT((unsigned)id < WE_WSK_ROW_COUNT);
    return &s_rows[id];
}

const struct we_wsk_row *we_wsk_row_find_option(ULONG level, ULONG code)
{
    size_t i;

    for (i = 0; i < WE_WSK_ROW_COUNT; i++) {
        if (s_rows[i].level_name != NULL && s_rows[i].level == level && s_rows[i].code == code) {
            return &s_rows[i];
        }
    }
    return NULL;
}

const struct we_wsk_row *we_wsk_row_find_ioctl(ULONG code)
{
    size_t i;

    for (i = 0; i < WE_WSK_ROW_COUNT; i++) {
        if (s_rows[i].level_name == NULL && s_rows[i].code == code) {
            return &s_rows[i];
        }
    }
    return NULL;
}

/* IPv4 options are for IPv6 sockets too: they count for mapped addresses. */
static bool level_fits(const struct we_wsk_row *row, const struct we_wsk_socket *socket)
{
    if (row->level_name == NULL) {
        return true;
    }
    switch (row->level) {
    case IPPROTO_IPV6:
        return socket->family == AF_INET6;
    case IPPROTO_TCP:
        return socket->type == SOCK_STREAM;
    case IPPROTO_UDP:
        return socket->type == SOCK_DGRAM;
    default:
        return true;
    }
}

bool we_wsk_row_fits(const struct we_wsk_row *row, const struct we_wsk_socket *socket)
{
    return (row->categories & WE_WSK_CATEGORY_BIT(socket->category)) != 0 && level_fits(row, socket);
}
