/* SPDX-License-Identifier: MIT */
/* Connections of the sockets network: connect, bytes, addresses. */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/base_assert.h"
#include "host/host_addr.h"
#include "host/host_err.h"
#include "host/host_mem.h"
#include "host/host_net_posix.h"
#include "host/host_option.h"
#include "host/host_socket.h"

/* --- connecting ------------------------------------------------------------------------ */

enum we_err we_host_posix_stream_open(const struct we_base_addr *local, bool is_v6_only, struct we_host_ep **stream)
{
    struct we_host_posix_ep *ep;
    struct sockaddr_storage native;
    socklen_t length_bytes = we_host_addr_to_native(local, &native);
    enum we_err err;

    if (length_bytes == 0) {
        return WE_ERR_FAMILY;
    }
    ep = we_host_posix_ep_create(WE_POSIX_BOUND);
    if (ep == NULL) {
        return WE_ERR_NO_MEMORY;
    }
    ep->fd = we_host_socket_open(we_host_addr_family(local->family));
    if (ep->fd < 0) {
        err = we_host_err_from_errno(errno);
        goto fail;
    }
    if (we_host_port_is_shared(false, local->port)) {
        we_host_posix_share_port(ep->fd, false);
    }
    err = we_host_posix_v6_only_set(ep->fd, local->family, is_v6_only);
    if (err == WE_OK && bind(ep->fd, (struct sockaddr *)&native, length_bytes) != 0) {
        err = we_host_err_from_errno(errno);
    }
    if (err != WE_OK) {
        we_host_posix_descriptor_close(ep->fd, false);
        goto fail;
    }
    ep->is_dual = local->family == WE_FAMILY_IPV6 && !is_v6_only;
    *stream = &ep->base;
    return WE_OK;

fail:
    we_host_free(ep);
    return err;
}

enum we_err we_host_posix_connect(struct we_host_ep *base, const struct we_base_addr *remote)
{
    struct we_host_posix_ep *stream = we_host_posix_ep_of(base);
    struct sockaddr_storage native;
    socklen_t length_bytes = we_host_addr_to_native(remote, &native);
    enum we_err err = WE_OK;

    if (we_host_posix_phase_get(stream) != WE_POSIX_BOUND) {
        err = we_host_posix_error_get(stream);
        return err != WE_OK ? err : WE_ERR_CONNECTED;
    }
    if (length_bytes == 0) {
        return WE_ERR_FAMILY;
    }
    if (we_base_addr_is_mapped(remote) && !stream->is_dual) {
        err = WE_ERR_NET_UNREACHABLE; /* systems differ in how they say so */
    } else if (connect(stream->fd, (struct sockaddr *)&native, length_bytes) != 0) {
        /* Interrupted: the attempt goes on by itself. */
        err = errno == EINTR ? WE_ERR_AGAIN : we_host_err_from_errno(errno);
    }
    if (err != WE_OK && err != WE_ERR_AGAIN) {
        we_host_posix_error_note(stream, err);
        we_host_posix_phase_set(stream, WE_POSIX_GONE);
        return err;
    }
    stream->remote = *remote;
    we_host_posix_phase_set(stream, err == WE_OK ? WE_POSIX_CONNECTED : WE_POSIX_CONNECTING);
    stream->wants_writable = true;
    if (we_host_posix_interest_set(stream, WE_POLL_READABLE | WE_POLL_ENDED | WE_POLL_WRITABLE) != WE_OK) {
        we_host_posix_error_note(stream, WE_ERR_NO_MEMORY);
        we_host_posix_phase_set(stream, WE_POSIX_GONE);
        return WE_ERR_NO_MEMORY;
    }
    return err;
}

unsigned we_host_posix_refine_connect(struct we_host_posix_ep *stream, unsigned events)
{
    int number = 0;
    socklen_t length_bytes = (socklen_t)sizeof(number);

    if ((events & (WE_NET_WRITABLE | WE_NET_RESET)) == 0) {
        return 0;
    }
    if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &number, &length_bytes) != 0) {
        number = errno;
    }
    if (number != 0) {
        we_host_posix_error_note(stream, we_host_err_from_errno(number));
        we_host_posix_phase_set(stream, WE_POSIX_GONE);
        return WE_NET_CONNECT_FAILED;
    }
    we_host_posix_phase_set(stream, WE_POSIX_CONNECTED);
    return WE_NET_CONNECTED | (events & ~(unsigned)WE_NET_WRITABLE);
}

/* What a call gets on an endpoint without a connection. */
static enum we_err unconnected_err(struct we_host_posix_ep *ep)
{
    enum we_err err = we_host_posix_error_get(ep);

    if (we_host_posix_phase_get(ep) == WE_POSIX_CONNECTING) {
        return WE_ERR_AGAIN;
    }
    return err != WE_OK ? err : WE_ERR_NOT_CONNECTED;
}

static bool ep_is_connected(const struct we_host_posix_ep *ep)
{
    return WE_LIKELY(we_host_posix_phase_get(ep) == WE_POSIX_CONNECTED);
}

/* --- bytes ----------------------------------------------------------------------------- */

/* The kernel's vector has the same layout, so it reads ours in place. */
WE_STATIC_ASSERT(sizeof(struct we_host_iov) == sizeof(struct iovec) &&
                     offsetof(struct we_host_iov, base) == offsetof(struct iovec, iov_base) &&
                     offsetof(struct we_host_iov, length_bytes) == offsetof(struct iovec, iov_len),
                 "we_host_iov is laid out like iovec");

static size_t iov_length_bytes(const struct we_host_iov *iov, unsigned iov_count)
{
    size_t length_bytes = 0;

    for (unsigned i = 0; i < iov_count; i++) {
        length_bytes += iov[i].length_bytes;
    }
    return length_bytes;
}

static void message_init(struct msghdr *message, const struct we_host_iov *iov, unsigned iov_count)
{
    memset(message, 0, sizeof(*message));
    message->msg_iov = (struct iovec *)(void *)(uintptr_t)iov;
    message->msg_iovlen = iov_count;
}

/* One system call; -1 and errno as usual. A single piece takes the shorter way into the kernel. */
static ssize_t recv_once(int fd, const struct we_host_iov *iov, unsigned iov_count)
{
    struct msghdr message;
    ssize_t count;

    do {
        if (iov_count == 1) {
            count = recv(fd, iov->base, iov->length_bytes, MSG_DONTWAIT);
        } else {
            message_init(&message, iov, iov_count);
            count = recvmsg(fd, &message, MSG_DONTWAIT);
        }
    } while (count < 0 && errno == EINTR);
    return count;
}

static ssize_t send_once(int fd, const struct we_host_iov *iov, unsigned iov_count)
{
    const int flags = MSG_DONTWAIT | we_host_socket_send_flags;
    struct msghdr message;
    ssize_t count;

    do {
        if (iov_count == 1) {
            count = send(fd, iov->base, iov->length_bytes, flags);
        } else {
            message_init(&message, iov, iov_count);
            count = sendmsg(fd, &message, flags);
        }
    } while (count < 0 && errno == EINTR);
    return count;
}

/* Nothing was read, and this is why. */
static enum we_err recv_ended(struct we_host_posix_ep *ep, ssize_t count)
{
    enum we_err err;

    if (count == 0) {
        /* After the kernel has handed out its error, reading looks like an orderly end. */
        err = we_host_posix_error_get(ep);
        ep->has_read_end = true;
        return err;
    }
    err = we_host_err_from_errno(errno);
    if (err == WE_ERR_AGAIN) {
        we_host_posix_rearm(ep, WE_POLL_READABLE);
    } else {
        we_host_posix_error_note(ep, err);
    }
    return err;
}

enum we_err we_host_posix_recv(struct we_host_ep *base, const struct we_host_iov *iov, unsigned iov_count,
                               size_t *bytes)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);
    unsigned part_count;
    size_t part_bytes;
    ssize_t count;

    *bytes = 0;
    if (!ep_is_connected(ep)) {
        return unconnected_err(ep);
    }
    /* More than one turn only for vectors that are longer than the kernel takes: whoever gets less than he asked for
     * may take it that no more is there. */
    for (; iov_count > 0; iov += part_count, iov_count -= part_count) {
        part_count = iov_count < IOV_MAX ? iov_count : IOV_MAX;
        part_bytes = iov_length_bytes(iov, part_count);
        if (part_bytes == 0) {
            continue;
        }
        count = recv_once(ep->fd, iov, part_count);
        if (count <= 0) {
            return *bytes > 0 ? WE_OK : recv_ended(ep, count);
        }
        *bytes += (size_t)count;
        if ((size_t)count < part_bytes) {
            we_host_posix_rearm(ep, WE_POLL_READABLE);
            break;
        }
    }
    return WE_OK;
}

void we_host_posix_writable_expect(struct we_host_posix_ep *ep)
{
    enum we_err err;

    ep->wants_writable = true;
    if (!ep->is_in_poller) {
        return;
    }
    if (ep->interest & WE_POLL_WRITABLE) {
        we_host_posix_rearm(ep, WE_POLL_WRITABLE);
        return;
    }
    /* Interest added now reports room that was made in between. */
    err = we_host_posix_interest_set(ep, ep->interest | WE_POLL_WRITABLE);
    WE_ASSERT(err == WE_OK); /* a change of a registration needs no memory */
}

static enum we_err send_failed(struct we_host_posix_ep *ep)
{
    enum we_err err = we_host_err_from_errno(errno);

    if (err == WE_ERR_AGAIN) {
        we_host_posix_writable_expect(ep);
    } else {
        we_host_posix_error_note(ep, err);
    }
    return err;
}

enum we_err we_host_posix_send(struct we_host_ep *base, const struct we_host_iov *iov, unsigned iov_count,
                               size_t *bytes)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);
    unsigned part_count;
    size_t part_bytes;
    ssize_t count;

    *bytes = 0;
    if (!ep_is_connected(ep)) {
        return unconnected_err(ep);
    }
    if (ep->is_send_finished) {
        return WE_ERR_FINISHED;
    }
    for (; iov_count > 0; iov += part_count, iov_count -= part_count) {
        part_count = iov_count < IOV_MAX ? iov_count : IOV_MAX;
        part_bytes = iov_length_bytes(iov, part_count);
        if (part_bytes == 0) {
            continue;
        }
        count = send_once(ep->fd, iov, part_count);
        if (count < 0) {
            enum we_err err = send_failed(ep);

            return *bytes > 0 ? WE_OK : err;
        }
        *bytes += (size_t)count;
        if ((size_t)count < part_bytes) {
            we_host_posix_writable_expect(ep);
            break;
        }
    }
    return WE_OK;
}

enum we_err we_host_posix_shutdown_send(struct we_host_ep *base)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);
    enum we_err err;

    if (!ep_is_connected(ep)) {
        err = unconnected_err(ep);
        return err == WE_ERR_AGAIN ? WE_ERR_NOT_CONNECTED : err;
    }
    if (ep->is_send_finished) {
        return WE_ERR_FINISHED;
    }
    if (shutdown(ep->fd, SHUT_WR) != 0) {
        /* Not connected any more: a reset that nobody has read yet. */
        err = errno == ENOTCONN ? WE_ERR_RESET : we_host_err_from_errno(errno);
        we_host_posix_error_note(ep, err);
        return err;
    }
    ep->is_send_finished = true;
    return WE_OK;
}

size_t we_host_posix_ideal_backlog_bytes(struct we_host_ep *base)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);
    struct we_host_tcp_info info;
    size_t step_bytes = WE_HOST_BACKLOG_MIN_BYTES;

    if (!ep_is_connected(ep) || we_host_option_tcp_info(ep->fd, &info) != WE_OK || info.congestion_window_bytes == 0) {
        return 0;
    }
    while (step_bytes < info.congestion_window_bytes && step_bytes <= SIZE_MAX / 2) {
        step_bytes *= 2;
    }
    return step_bytes;
}

size_t we_host_posix_unread_bytes(struct we_host_ep *base)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);
    int bytes = 0;

    return ep->fd >= 0 && ioctl(ep->fd, FIONREAD, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

/* A kernel answers close() with a reset when bytes wait unread, and what we sent last may be lost with it. So the end
 * goes out first and the bytes are thrown away; those that come later make a reset all the same, as they do for anybody
 * who closes a TCP connection that the peer still writes to. */
#define DISCARD_BYTES 16384
#define DISCARD_COUNT_MAX 512u

void we_host_posix_linger(struct we_host_posix_ep *ep)
{
    char scratch[DISCARD_BYTES];
    const struct we_host_iov iov = { scratch, sizeof(scratch) };

    if (!ep_is_connected(ep) || ep->has_read_end || we_host_posix_unread_bytes(&ep->base) == 0) {
        return;
    }
    (void)shutdown(ep->fd, SHUT_WR);
    for (unsigned i = 0; i < DISCARD_COUNT_MAX; i++) {
        if (recv_once(ep->fd, &iov, 1) <= 0) {
            break;
        }
    }
}

/* --- addresses ------------------------------------------------------------------------- */

enum we_err we_host_posix_local(struct we_host_ep *base, struct we_base_addr *addr)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);
    struct sockaddr_storage native;
    socklen_t length_bytes = (socklen_t)sizeof(native);

    if (ep->is_local_concrete) {
        *addr = ep->local;
        return WE_OK;
    }
    if (ep->fd < 0) {
        return we_host_posix_gone_err(ep);
    }
    if (getsockname(ep->fd, (struct sockaddr *)&native, &length_bytes) != 0) {
        return we_host_err_from_errno(errno);
    }
    if (!we_host_addr_from_native(&native, length_bytes, addr)) {
        return WE_ERR_UNEXPECTED;
    }
    if (!we_base_addr_is_any(addr) && addr->port != 0) {
        ep->local = *addr;
        ep->is_local_concrete = true;
    }
    return WE_OK;
}

enum we_err we_host_posix_remote(struct we_host_ep *base, struct we_base_addr *addr)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);

    if (ep->remote.family == WE_FAMILY_NONE) {
        return WE_ERR_NOT_CONNECTED;
    }
    *addr = ep->remote;
    return WE_OK;
}
