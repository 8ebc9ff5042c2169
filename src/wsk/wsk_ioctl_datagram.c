/* SPDX-License-Identifier: MIT */
/* Functions of rows that datagram sockets serve. */
#include "wsk/wsk_option_table.h"

#include "wsk/wsk_dgram.h"

NTSTATUS we_wsk_option_group(struct we_wsk_call *call, const struct we_wsk_row *row,
                             const struct we_wsk_control *control, ULONG_PTR *information)
{
    (void)information;
    return we_wsk_dgram_group_option(call, row->level, row->code, control);
}

NTSTATUS we_wsk_ioctl_set_remote_address(struct we_wsk_call *call, const struct we_wsk_row *row,
                                         const struct we_wsk_control *control, ULONG_PTR *information)
{
    (void)row;
    return we_wsk_dgram_set_remote(call, control, information);
}

NTSTATUS we_wsk_ioctl_set_sendto_address(struct we_wsk_call *call, const struct we_wsk_row *row,
                                         const struct we_wsk_control *control, ULONG_PTR *information)
{
    (void)row;
    return we_wsk_dgram_set_sendto(call, control, information);
}

NTSTATUS we_wsk_ioctl_udp_connreset(struct we_wsk_call *call, const struct we_wsk_row *row,
                                    const struct we_wsk_control *control, ULONG_PTR *information)
{
    (void)row;
    return we_wsk_dgram_set_connreset(call, control, information);
}
