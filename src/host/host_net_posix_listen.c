/* SPDX-License-Identifier: MIT */
/* Listening sockets and incoming connections of the sockets network. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/base_assert.h"
#include "host/host_addr.h"
#include "host/host_err.h"
#include "host/host_mem.h"
#include "host/host_net_posix.h"
#include "host/host_socket.h"

void we_host_posix_share_port(int fd, bool is_datagram)
{
    const int on = 1;

    /* Listeners have the milder option anyway, and it does not do for them. */
    (void)setsockopt(fd, SOL_SOCKET, is_datagram ? SO_REUSEADDR : SO_REUSEPORT, &on, (socklen_t)sizeof(on));
}

enum we_err we_host_posix_v6_only_set(int fd, enum we_base_family family, bool is_v6_only)
{
    const int value = is_v6_only;

    if (family != WE_FAMILY_IPV6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, (socklen_t)sizeof(value)) == 0) {
        return WE_OK;
    }
    return we_host_err_from_errno(errno);
}

static enum we_err listener_configure(int fd, const struct we_base_addr *local, bool is_v6_only)
{
    const int on = 1;

    /* Connections of an earlier run that linger do not keep the port. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, (socklen_t)sizeof(on)) != 0) {
        return we_host_err_from_errno(errno);
    }
    if (we_host_port_is_shared(false, local->port)) {
        we_host_posix_share_port(fd, false);
    }
    return we_host_posix_v6_only_set(fd, local->family, is_v6_only);
}

static enum we_err listener_bind(int fd, const struct we_base_addr *local, bool is_v6_only)
{
    struct sockaddr_storage native;
    socklen_t length_bytes = we_host_addr_to_native(local, &native);
    enum we_err err = listener_configure(fd, local, is_v6_only);

    if (err != WE_OK) {
        return err;
    }
    return bind(fd, (struct sockaddr *)&native, length_bytes) == 0 ? WE_OK : we_host_err_from_errno(errno);
}

/* What the kernel made of the wanted address: a port, if that was 0. */
static enum we_err listener_local(int fd, struct we_base_addr *local)
{
    struct sockaddr_storage native;
    socklen_t length_bytes = (socklen_t)sizeof(native);

    if (getsockname(fd, (struct sockaddr *)&native, &length_bytes) != 0) {
        return we_host_err_from_errno(errno);
    }
    return we_host_addr_from_native(&native, length_bytes, local) ? WE_OK : WE_ERR_UNEXPECTED;
}

/* A bound descriptor in *fd. */
static enum we_err bound_socket_open(const struct we_base_addr *local, bool is_v6_only, int *fd)
{
    enum we_err err;

    *fd = we_host_socket_open(we_host_addr_family(local->family));
    if (*fd < 0) {
        return we_host_err_from_errno(errno);
    }
    err = listener_bind(*fd, local, is_v6_only);
    if (err != WE_OK) {
        we_host_posix_descriptor_close(*fd, false);
    }
    return err;
}

/* Listens on a bound descriptor, which is the endpoint's from now on. */
static enum we_err listener_begin(struct we_host_posix_ep *ep, int fd, const struct we_host_listen_options *options)
{
    int backlog_count =
        options->backlog_count == 0 || options->backlog_count > SOMAXCONN ? SOMAXCONN : (int)options->backlog_count;
    enum we_err err = listen(fd, backlog_count) == 0 ? WE_OK : we_host_err_from_errno(errno);

    if (err == WE_OK) {
        err = listener_local(fd, &ep->local);
    }
    if (err != WE_OK) {
        we_host_posix_descriptor_close(fd, false);
        return err;
    }
    ep->fd = fd;
    ep->is_local_concrete = true;
    ep->holds_handshake = options->hold_handshake;
    return WE_OK;
}

enum we_err we_host_posix_listen(const struct we_base_addr *local, const struct we_host_listen_options *options,
                                 struct we_host_ep **listener)
{
    struct we_host_posix_ep *ep;
    enum we_err err;
    int fd;

    if (local->family == WE_FAMILY_NONE) {
        return WE_ERR_FAMILY;
    }
    ep = we_host_posix_ep_create(WE_POSIX_LISTENING);
    if (ep == NULL) {
        return WE_ERR_NO_MEMORY;
    }
    err = bound_socket_open(local, options->is_v6_only, &fd);
    if (err == WE_OK) {
        err = listener_begin(ep, fd, options);
    }
    if (err != WE_OK) {
        we_host_free(ep);
        return err;
    }
    *listener = &ep->base;
    return WE_OK;
}

enum we_err we_host_posix_bound_open(const struct we_base_addr *local, bool is_v6_only, struct we_host_ep **stream)
{
    struct we_host_posix_ep *ep;
    enum we_err err;

    if (local->family == WE_FAMILY_NONE) {
        return WE_ERR_FAMILY;
    }
    ep = we_host_posix_ep_create(WE_POSIX_BOUND);
    if (ep == NULL) {
        return WE_ERR_NO_MEMORY;
    }
    err = bound_socket_open(local, is_v6_only, &ep->fd);
    if (err != WE_OK) {
        we_host_free(ep);
        return err;
    }
    ep->is_dual = local->family == WE_FAMILY_IPV6 && !is_v6_only;
    *stream = &ep->base;
    return WE_OK;
}

enum we_err we_host_posix_bound_listen(struct we_host_ep *base, const struct we_host_listen_options *options,
                                       struct we_host_ep **listener)
{
    struct we_host_posix_ep *stream = we_host_posix_ep_of(base);
    struct we_host_posix_ep *ep;
    enum we_err err;
    int fd = stream->fd;

    WE_ASSERT(we_host_posix_phase_get(stream) == WE_POSIX_BOUND);
    ep = we_host_posix_ep_create(WE_POSIX_LISTENING);
    if (ep == NULL) {
        return WE_ERR_NO_MEMORY;
    }
    stream->fd = -1;
    err = listener_begin(ep, fd, options);
    if (err != WE_OK) {
        we_host_free(ep);
        return err;
    }
    *listener = &ep->base;
    return WE_OK;
}

/* --- requests -------------------------------------------------------------------------- */

static void request_init(struct we_host_posix_ep *request, const struct we_host_posix_ep *listener, int fd,
                         const struct sockaddr_storage *native, socklen_t length_bytes)
{
    request->fd = fd;
    request->holds_handshake = listener->holds_handshake;
    (void)we_host_addr_from_native(native, length_bytes, &request->remote);
    if (!we_base_addr_is_any(&listener->local)) {
        request->local = listener->local;
        request->is_local_concrete = true;
    }
}

/* accept() also hands out what happened to a connection that it will not give: the next one may be well. What is out
 * of order with ourselves would repeat for ever on a level-triggered listener, so that waits a little. */
static enum we_err accept_failed(struct we_host_posix_ep *listener, int number)
{
    enum we_err err = we_host_err_from_errno(number);

    switch (err) {
    case WE_ERR_NO_DESCRIPTORS:
    case WE_ERR_NO_MEMORY:
    case WE_ERR_UNEXPECTED:
        we_host_posix_starve(listener);
        return err;
    default:
        return WE_ERR_AGAIN;
    }
}

enum we_err we_host_posix_accept(struct we_host_ep *base, struct we_host_ep **request)
{
    struct we_host_posix_ep *listener = we_host_posix_ep_of(base);
    struct we_host_posix_ep *ep;
    struct sockaddr_storage native;
    socklen_t length_bytes;
    int fd;

    WE_ASSERT(we_host_posix_phase_get(listener) == WE_POSIX_LISTENING);
    /* First the memory: without it the connection had better stay where it is. */
    ep = we_host_posix_ep_create(WE_POSIX_CONNECTED);
    if (ep == NULL) {
        return WE_ERR_NO_MEMORY;
    }
    do {
        length_bytes = (socklen_t)sizeof(native);
        fd = we_host_socket_accept(listener->fd, &native, &length_bytes);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        int number = errno;

        we_host_free(ep);
        return accept_failed(listener, number);
    }
    request_init(ep, listener, fd, &native, length_bytes);
    *request = &ep->base;
    return WE_OK;
}

/* Looks at what waits without taking it. WE_OK: a byte. WE_ERR_RESET: the end, or an error. WE_ERR_AGAIN: nothing. */
static enum we_err request_peek(struct we_host_posix_ep *request)
{
    char byte;
    ssize_t count;
    enum we_err err;

    do {
        count = recv(request->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    if (count > 0) {
        return WE_OK;
    }
    err = count == 0 ? WE_ERR_RESET : we_host_err_from_errno(errno);
    return err == WE_ERR_AGAIN ? WE_ERR_AGAIN : WE_ERR_RESET;
}

/* The look may have taken the error from the kernel, so it is remembered. An orderly end is remembered as a reset too:
 * nobody reads from a request whose peer gave up. */
static void request_give_up(struct we_host_posix_ep *request)
{
    we_host_posix_error_note(request, WE_ERR_RESET);
}

unsigned we_host_posix_refine_hangup(struct we_host_posix_ep *request, unsigned events)
{
    if ((events & WE_NET_RESET) || request_peek(request) == WE_ERR_RESET) {
        request_give_up(request);
        return WE_NET_RESET;
    }
    return 0;
}

enum we_err we_host_posix_confirm(struct we_host_ep *base)
{
    struct we_host_posix_ep *request = we_host_posix_ep_of(base);

    if (!request->holds_handshake) {
        return WE_OK;
    }
    if (we_host_posix_phase_get(request) == WE_POSIX_CONNECTED && we_host_posix_error_get(request) == WE_OK &&
        request_peek(request) != WE_ERR_RESET) {
        return WE_OK;
    }
    request_give_up(request);
    return WE_ERR_RESET;
}
