/* SPDX-License-Identifier: MIT */
/* UDP sockets of the sockets network. */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/base_assert.h"
#include "host/host_addr.h"
#include "host/host_cmsg.h"
#include "host/host_err.h"
#include "host/host_mem.h"
#include "host/host_net_posix.h"
#include "host/host_socket.h"

/* Design
 *
 * The socket is never connected. Which address a datagram was sent to is always asked for, because only that tells a
 * broadcast from others; hop limit and traffic class on demand.
 *
 * Answers of the network (ICMP) wait in a queue of their own beside the datagrams, and the next call of any kind fails
 * with the youngest of them. So an error of a send may belong to an earlier one: then it is remembered that there are
 * answers, and the send is tried again. Receiving looks at the answers first.
 */

/* Answers that one call passes over at most: each costs a packet of the network, so this is never reached in earnest. */
#define ANSWER_COUNT_MAX 64u
#define LONGEST_BYTES 65536
/* What a kernel cuts up is one datagram to begin with. */
#define SEGMENTED_BYTES_MAX 65507u

struct control {
    _Alignas(struct cmsghdr) char bytes[WE_HOST_CMSG_BYTES];
};

/* --- opening --------------------------------------------------------------------------- */

static bool is_dual(const struct we_base_addr *local, const struct we_host_dgram_options *options)
{
    return local->family == WE_FAMILY_IPV6 && !options->is_v6_only;
}

static enum we_err socket_bind(int fd, const struct we_base_addr *local, const struct we_host_dgram_options *options)
{
    const int on = 1;
    const int v6_only = options->is_v6_only;
    struct sockaddr_storage native;
    socklen_t length_bytes = we_host_addr_to_native(local, &native);

    if (local->family == WE_FAMILY_IPV6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, (socklen_t)sizeof(v6_only)) != 0) {
        return we_host_err_from_errno(errno);
    }
    if (options->is_shared && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, (socklen_t)sizeof(on)) != 0) {
        return we_host_err_from_errno(errno);
    }
    if (we_host_port_is_shared(true, local->port)) {
        we_host_posix_share_port(fd, true);
    }
    if (!we_host_cmsg_want_destination(fd, local->family, is_dual(local, options)) ||
        bind(fd, (struct sockaddr *)&native, length_bytes) != 0) {
        return we_host_err_from_errno(errno);
    }
    return WE_OK;
}

/* Some systems refuse a datagram that is longer than the send buffer, which is small as they make it. Where it cannot
 * grow, long datagrams are refused: that is for their senders to hear. */
static void socket_make_room(int fd)
{
    int bytes = 0;
    socklen_t length_bytes = (socklen_t)sizeof(bytes);

    if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, &length_bytes) == 0 && bytes < LONGEST_BYTES) {
        bytes = LONGEST_BYTES;
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, (socklen_t)sizeof(bytes));
    }
}

static enum we_err socket_name(int fd, struct we_base_addr *local)
{
    struct sockaddr_storage native;
    socklen_t length_bytes = (socklen_t)sizeof(native);

    if (getsockname(fd, (struct sockaddr *)&native, &length_bytes) != 0) {
        return we_host_err_from_errno(errno);
    }
    return we_host_addr_from_native(&native, length_bytes, local) ? WE_OK : WE_ERR_UNEXPECTED;
}

static enum we_err dgram_open(struct we_host_posix_ep *ep, const struct we_base_addr *local,
                              const struct we_host_dgram_options *options)
{
    int fd = we_host_socket_open_datagram(we_host_addr_family(local->family));
    enum we_err err;

    if (fd < 0) {
        return we_host_err_from_errno(errno);
    }
    err = socket_bind(fd, local, options);
    if (err == WE_OK) {
        socket_make_room(fd);
        err = socket_name(fd, &ep->local);
    }
    if (err != WE_OK) {
        we_host_posix_descriptor_close(fd, false);
        return err;
    }
    ep->fd = fd;
    ep->is_local_concrete = true;
    ep->is_dual = is_dual(local, options);
    ep->segment_max_bytes = we_host_cmsg_can_segment(fd) ? SEGMENTED_BYTES_MAX : 0;
    return WE_OK;
}

enum we_err we_host_posix_dgram_open(const struct we_base_addr *local, const struct we_host_dgram_options *options,
                                     struct we_host_ep **result)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_create(WE_POSIX_DATAGRAM);
    enum we_err err;

    if (ep == NULL) {
        return WE_ERR_NO_MEMORY;
    }
    err = dgram_open(ep, local, options);
    if (err != WE_OK) {
        we_host_free(ep);
        return err;
    }
    *result = &ep->base;
    return WE_OK;
}

unsigned we_host_posix_refine_dgram(struct we_host_posix_ep *ep, unsigned events)
{
    unsigned refined = events & WE_NET_WRITABLE;

    if (events & WE_NET_RESET) {
        __atomic_store_n(&ep->has_answers, true, __ATOMIC_RELEASE);
    }
    if (events & (WE_NET_READABLE | WE_NET_ENDED | WE_NET_RESET)) {
        refined |= WE_NET_READABLE;
    }
    return refined;
}

/* --- moving datagrams ------------------------------------------------------------------ */

static unsigned native_iov(const struct we_host_iov *iov, unsigned iov_count, struct iovec *native)
{
    unsigned count = 0;

    WE_ASSERT(iov_count <= WE_HOST_DGRAM_IOV_MAX);
    for (unsigned i = 0; i < iov_count; i++) {
        if (iov[i].length_bytes > 0) {
            native[count].iov_base = iov[i].base;
            native[count].iov_len = iov[i].length_bytes;
            count++;
        }
    }
    return count;
}

/* The address as the socket's own family writes it. */
static socklen_t native_remote(const struct we_host_posix_ep *ep, const struct we_base_addr *remote,
                               struct sockaddr_storage *native)
{
    struct we_base_addr addr = ep->local.family == WE_FAMILY_IPV6 ? we_base_addr_mapped(remote) : *remote;

    return addr.family == ep->local.family ? we_host_addr_to_native(&addr, native) : 0;
}

static ssize_t send_once(int fd, const struct msghdr *message)
{
    ssize_t count;

    do {
        count = sendmsg(fd, message, MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    return count;
}

/* What a kernel says about an earlier datagram, or may. */
static bool is_answer(enum we_err err)
{
    return err == WE_ERR_REFUSED || err == WE_ERR_HOST_UNREACHABLE || err == WE_ERR_NET_UNREACHABLE ||
           err == WE_ERR_TOO_LARGE || err == WE_ERR_ABORTED || err == WE_ERR_ACCESS;
}

static enum we_err send_retry(struct we_host_posix_ep *ep, const struct msghdr *message)
{
    enum we_err err = WE_OK;

    for (unsigned i = 0; i < ANSWER_COUNT_MAX; i++) {
        if (send_once(ep->fd, message) >= 0) {
            return WE_OK;
        }
        err = we_host_err_from_errno(errno);
        /* What comes a second time is no answer, except that nobody ever says of his own that a port is unreachable. */
        if (!ep->wants_answers || !is_answer(err) || (i > 0 && err != WE_ERR_REFUSED)) {
            return err;
        }
        __atomic_store_n(&ep->has_answers, true, __ATOMIC_RELEASE);
    }
    return err;
}

/* What sendmsg is given, and where it points to. */
struct message {
    struct iovec iov[WE_HOST_DGRAM_IOV_MAX];
    struct sockaddr_storage remote;
    struct control control;
    struct msghdr header;
};

static enum we_err message_make(const struct we_host_posix_ep *ep, const struct we_host_dgram *dgram,
                                const struct we_host_iov *iov, unsigned iov_count, struct message *message)
{
    memset(&message->header, 0, sizeof(message->header));
    message->header.msg_name = &message->remote;
    message->header.msg_namelen = native_remote(ep, &dgram->remote, &message->remote);
    if (message->header.msg_namelen == 0) {
        return WE_ERR_FAMILY;
    }
    message->header.msg_iov = message->iov;
    message->header.msg_iovlen = native_iov(iov, iov_count, message->iov);
    we_host_cmsg_write(&message->header, message->control.bytes, dgram);
    return WE_OK;
}

static enum we_err message_send(struct we_host_posix_ep *ep, const struct message *message)
{
    enum we_err err = send_retry(ep, &message->header);

    if (err == WE_ERR_AGAIN) {
        we_host_posix_writable_expect(ep);
    }
    return err;
}

enum we_err we_host_posix_dgram_send(struct we_host_ep *base, const struct we_host_dgram *dgram,
                                     const struct we_host_iov *iov, unsigned iov_count)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);
    struct message message;
    enum we_err err = message_make(ep, dgram, iov, iov_count, &message);

    return err == WE_OK ? message_send(ep, &message) : err;
}

/* --- several at once ------------------------------------------------------------------- */

/* Of so many bytes in segments, how many one call may take. */
static size_t batch_bytes(size_t length_bytes, size_t segment_bytes)
{
    size_t count = SEGMENTED_BYTES_MAX / segment_bytes;

    count = count < WE_HOST_CMSG_SEGMENTS_MAX ? count : WE_HOST_CMSG_SEGMENTS_MAX;
    return length_bytes < count * segment_bytes ? length_bytes : count * segment_bytes;
}

/* The kernel cuts nothing that is too long for the way to its destination, as it would otherwise, nor what has no
 * checksum. It may also mean the datagram itself: then sending one says so. */
static bool is_refusal(enum we_err err)
{
    return err == WE_ERR_INVALID || err == WE_ERR_TOO_LARGE || err == WE_ERR_NOT_SUPPORTED || err == WE_ERR_UNEXPECTED;
}

enum we_err we_host_posix_dgram_send_segments(struct we_host_ep *base, const struct we_host_dgram *dgram,
                                              const struct we_host_iov *iov, unsigned iov_count, size_t segment_bytes,
                                              size_t *bytes)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);
    size_t length_bytes = we_host_iov_bytes(iov, iov_count);
    struct we_host_iov part[WE_HOST_DGRAM_IOV_MAX];
    struct message message;
    enum we_err err;

    if (segment_bytes > ep->segment_max_bytes) {
        return WE_ERR_NOT_SUPPORTED;
    }
    length_bytes = batch_bytes(length_bytes, segment_bytes);
    if (length_bytes <= segment_bytes) {
        return WE_ERR_NOT_SUPPORTED; /* one is no reason to ask */
    }
    err = message_make(ep, dgram, part, we_host_iov_head(iov, iov_count, length_bytes, part), &message);
    if (err == WE_OK) {
        we_host_cmsg_write_segment(&message.header, message.control.bytes, segment_bytes);
        err = message_send(ep, &message);
    }
    if (is_refusal(err)) {
        ep->segment_max_bytes = segment_bytes - 1; /* it would be asked in vain each time */
        return WE_ERR_NOT_SUPPORTED;
    }
    *bytes = err == WE_OK ? length_bytes : 0;
    return err;
}

/* --- answers and receiving ------------------------------------------------------------- */

/* One answer of the network. WE_ERR_REFUSED: somebody's port; WE_OK: another one, which nobody wants to know;
 * WE_ERR_AGAIN: there is none. */
static enum we_err answer_take(struct we_host_posix_ep *ep, struct we_host_dgram *dgram)
{
    int number;

    if (!we_host_cmsg_take_error(ep->fd, &number, &dgram->remote)) {
        return WE_ERR_AGAIN;
    }
    return we_host_err_from_errno(number) == WE_ERR_REFUSED && ep->wants_answers ? WE_ERR_REFUSED : WE_OK;
}

/* Looks through what waits beside the datagrams. WE_OK: nothing of interest. */
static enum we_err answers_look(struct we_host_posix_ep *ep, struct we_host_dgram *dgram)
{
    enum we_err err;

    if (!__atomic_load_n(&ep->has_answers, __ATOMIC_ACQUIRE)) {
        return WE_OK;
    }
    do {
        __atomic_store_n(&ep->has_answers, false, __ATOMIC_RELEASE);
        err = answer_take(ep, dgram);
        if (err != WE_ERR_AGAIN) {
            __atomic_store_n(&ep->has_answers, true, __ATOMIC_RELEASE);
        }
    } while (err == WE_OK);
    if (err == WE_ERR_REFUSED) {
        return err;
    }
    /* A poller that knows levels only is silent about a descriptor with an error until it is told that it is well. */
    we_host_posix_rearm_error(ep);
    return WE_OK;
}

/* A system that does not know the length of what it has cut says at least that it did. */
static size_t received_bytes(const struct msghdr *message, ssize_t count)
{
    size_t room_bytes = 0;

    for (size_t i = 0; i < (size_t)message->msg_iovlen; i++) {
        room_bytes += message->msg_iov[i].iov_len;
    }
    return (message->msg_flags & MSG_TRUNC) != 0 && (size_t)count <= room_bytes ? room_bytes + 1 : (size_t)count;
}

static ssize_t receive_once(struct we_host_posix_ep *ep, struct msghdr *message)
{
    ssize_t count;

    do {
        count = recvmsg(ep->fd, message, MSG_DONTWAIT | we_host_cmsg_receive_flags);
    } while (count < 0 && errno == EINTR);
    return count;
}

static enum we_err receive_failed(struct we_host_posix_ep *ep, struct we_host_dgram *dgram, bool *is_again)
{
    enum we_err err = we_host_err_from_errno(errno);

    *is_again = false;
    if (err == WE_ERR_AGAIN) {
        we_host_posix_rearm(ep, WE_POLL_READABLE);
        return err;
    }
    if (!is_answer(err)) {
        return err;
    }
    __atomic_store_n(&ep->has_answers, true, __ATOMIC_RELEASE);
    err = answers_look(ep, dgram);
    *is_again = err == WE_OK;
    return err;
}

enum we_err we_host_posix_dgram_recv(struct we_host_ep *base, struct we_host_dgram *dgram,
                                     const struct we_host_iov *iov, unsigned iov_count)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);
    struct iovec native[WE_HOST_DGRAM_IOV_MAX];
    struct sockaddr_storage remote;
    struct control control;
    struct msghdr message;
    unsigned native_count = native_iov(iov, iov_count, native);
    enum we_err err = answers_look(ep, dgram);

    for (unsigned i = 0; err == WE_OK && i < ANSWER_COUNT_MAX; i++) {
        bool is_again;
        ssize_t count;

        memset(&message, 0, sizeof(message));
        message.msg_name = &remote;
        message.msg_namelen = (socklen_t)sizeof(remote);
        message.msg_iov = native;
        message.msg_iovlen = native_count;
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof(control.bytes);
        count = receive_once(ep, &message);
        if (count >= 0) {
            we_host_cmsg_read(&message, ep->local.family, dgram);
            (void)we_host_addr_from_native(&remote, message.msg_namelen, &dgram->remote);
            dgram->length_bytes = received_bytes(&message, count);
            return WE_OK;
        }
        err = receive_failed(ep, dgram, &is_again);
        if (err != WE_OK && !is_again) {
            break;
        }
    }
    return err == WE_OK ? WE_ERR_AGAIN : err;
}

/* --- options --------------------------------------------------------------------------- */

static bool number_set(const struct we_host_posix_ep *ep, int v4_name, int v6_name, int value)
{
    bool is_v6 = ep->local.family == WE_FAMILY_IPV6;

    if (is_v6 && setsockopt(ep->fd, IPPROTO_IPV6, v6_name, &value, (socklen_t)sizeof(value)) != 0) {
        return false;
    }
    return (is_v6 && !ep->is_dual) || setsockopt(ep->fd, IPPROTO_IP, v4_name, &value, (socklen_t)sizeof(value)) == 0 ||
           is_v6;
}

enum we_err we_host_posix_dgram_set(struct we_host_ep *base, enum we_host_dgram_option option, int value)
{
    struct we_host_posix_ep *ep = we_host_posix_ep_of(base);
    enum we_base_family family = ep->local.family;
    bool is_done = false;

    switch (option) {
    case WE_DGRAM_MAY_BROADCAST:
        is_done = setsockopt(ep->fd, SOL_SOCKET, SO_BROADCAST, &value, (socklen_t)sizeof(value)) == 0;
        break;
    case WE_DGRAM_WANTS_DETAILS:
        is_done = we_host_cmsg_want_details(ep->fd, family, ep->is_dual, value != 0);
        break;
    case WE_DGRAM_WANTS_UNREACHABLE:
        is_done = we_host_cmsg_want_errors(ep->fd, family, ep->is_dual, value != 0);
        ep->wants_answers = is_done && value != 0;
        break;
    case WE_DGRAM_HOP_LIMIT:
        is_done = number_set(ep, IP_TTL, IPV6_UNICAST_HOPS, value);
        break;
    case WE_DGRAM_GROUP_HOP_LIMIT:
        is_done = number_set(ep, IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS, value);
        break;
    case WE_DGRAM_TRAFFIC_CLASS:
        is_done = number_set(ep, IP_TOS, IPV6_TCLASS, value);
        break;
    }
    return is_done ? WE_OK : we_host_err_from_errno(errno);
}
