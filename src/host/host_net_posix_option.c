/* SPDX-License-Identifier: MIT */
/* Options of endpoints of the sockets network, and what the kernel tells about a connection. */
#include "host/host_net_posix.h"
#include "host/host_option.h"

bool we_host_posix_has_option(enum we_host_ep_option option)
{
    return we_host_option_row(option) != NULL;
}

enum we_err we_host_posix_set(struct we_host_ep *base, enum we_host_ep_option option, int value)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);
    const struct we_host_option_row *row = we_host_option_row(option);

    if (row == NULL) {
        return WE_ERR_NOT_SUPPORTED;
    }
    return ep->fd < 0 ? we_host_posix_gone_err(ep) : we_host_option_set(ep->fd, row, value);
}

enum we_err we_host_posix_get(struct we_host_ep *base, enum we_host_ep_option option, int *value)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);
    const struct we_host_option_row *row = we_host_option_row(option);

    if (row == NULL) {
        return WE_ERR_NOT_SUPPORTED;
    }
    return ep->fd < 0 ? we_host_posix_gone_err(ep) : we_host_option_get(ep->fd, row, value);
}

enum we_err we_host_posix_tcp_info(struct we_host_ep *base, struct we_host_tcp_info *info)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);

    return ep->fd < 0 ? we_host_posix_gone_err(ep) : we_host_option_tcp_info(ep->fd, info);
}
