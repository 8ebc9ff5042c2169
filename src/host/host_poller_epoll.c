/* SPDX-License-Identifier: MIT */
/* Poller over epoll. */
#include "host/host_poller.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/base_assert.h"
#include "host/host_err.h"
#include "host/host_mem.h"

/* The kernel does it all. Two remarks: a descriptor that is closed leaves the set by itself, which saves a call for
 * each connection (a copy of it in a forked process would keep it in; its key is stale then). And the event descriptor
 * behind wake() is registered edge-triggered, so that nobody has to read it: each write is an edge. */

#define BATCH_COUNT_MAX 64u
#define WAKE_KEY 0u

struct we_host_poller_set {
    int epoll_fd;
    int wake_fd;
};

static uint32_t native_interest(unsigned interest)
{
    uint32_t native = 0;

    if (interest & WE_POLL_READABLE) {
        native |= EPOLLIN;
    }
    if (interest & WE_POLL_WRITABLE) {
        native |= EPOLLOUT;
    }
    if (interest & WE_POLL_ENDED) {
        native |= EPOLLRDHUP;
    }
    if ((interest & WE_POLL_LEVEL) == 0) {
        native |= EPOLLET;
    }
    return native;
}

static unsigned bits_from_native(uint32_t native)
{
    unsigned bits = 0;

    if (native & EPOLLIN) {
        bits |= WE_POLL_READABLE;
    }
    if (native & EPOLLOUT) {
        bits |= WE_POLL_WRITABLE;
    }
    if (native & (EPOLLRDHUP | EPOLLHUP)) {
        bits |= WE_POLL_ENDED;
    }
    if (native & EPOLLERR) {
        bits |= WE_POLL_RESET;
    }
    return bits;
}

static enum we_err epoll_change(struct we_host_poller_set *poller, int operation, int fd, uint64_t key,
                                unsigned interest)
{
    struct epoll_event event;

    memset(&event, 0, sizeof(event));
    event.events = native_interest(interest);
    event.data.u64 = key;
    return epoll_ctl(poller->epoll_fd, operation, fd, &event) == 0 ? WE_OK : we_host_err_from_errno(errno);
}

static enum we_err poller_open(struct we_host_poller_set *poller)
{
    enum we_err err;

    poller->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (poller->epoll_fd < 0) {
        err = we_host_err_from_errno(errno);
        goto fail;
    }
    poller->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (poller->wake_fd < 0) {
        err = we_host_err_from_errno(errno);
        goto fail_close_epoll;
    }
    err = epoll_change(poller, EPOLL_CTL_ADD, poller->wake_fd, WAKE_KEY, WE_POLL_READABLE);
    if (err != WE_OK) {
        goto fail_close_wake;
    }
    return WE_OK;

fail_close_wake:
    close(poller->wake_fd);
fail_close_epoll:
    close(poller->epoll_fd);
fail:
    return err;
}

static enum we_err poller_create(struct we_host_poller_set **result)
{
    struct we_host_poller_set *poller = (struct we_host_poller_set *)we_host_alloc(sizeof(*poller));
    enum we_err err;

    if (poller == NULL) {
        return WE_ERR_NO_MEMORY;
    }
    err = poller_open(poller);
    if (err != WE_OK) {
        we_host_free(poller);
        return err;
    }
    *result = poller;
    return WE_OK;
}

static void poller_destroy(struct we_host_poller_set *poller)
{
    close(poller->wake_fd);
    close(poller->epoll_fd);
    we_host_free(poller);
}

static enum we_err poller_add(struct we_host_poller_set *poller, int fd, uint64_t key, unsigned interest)
{
    WE_ASSERT(key != WAKE_KEY);
    return epoll_change(poller, EPOLL_CTL_ADD, fd, key, interest);
}

static enum we_err poller_modify(struct we_host_poller_set *poller, int fd, uint64_t key, unsigned interest)
{
    WE_ASSERT(key != WAKE_KEY);
    return epoll_change(poller, EPOLL_CTL_MOD, fd, key, interest);
}

static void poller_remove(struct we_host_poller_set *poller, int fd, bool is_closing)
{
    if (!is_closing) {
        (void)epoll_change(poller, EPOLL_CTL_DEL, fd, WAKE_KEY, 0);
    }
}

static void poller_rearm(struct we_host_poller_set *poller, int fd, unsigned bits)
{
    (void)poller;
    (void)fd;
    (void)bits;
}

static unsigned poller_wait(struct we_host_poller_set *poller, uint64_t timeout_ns, struct we_host_poller_event *events,
                            unsigned events_max)
{
    struct epoll_event native[BATCH_COUNT_MAX];
    unsigned count = 0;
    int found;

    if (events_max > BATCH_COUNT_MAX) {
        events_max = BATCH_COUNT_MAX;
    }
    found = epoll_wait(poller->epoll_fd, native, (int)events_max, we_host_poller_timeout_ms(timeout_ns));
    if (found < 0) {
        WE_ASSERT(errno == EINTR);
        return 0;
    }
    for (int i = 0; i < found; i++) {
        if (native[i].data.u64 != WAKE_KEY) {
            events[count].key = native[i].data.u64;
            events[count].bits = bits_from_native(native[i].events);
            count++;
        }
    }
    return count;
}

static void poller_wake(struct we_host_poller_set *poller)
{
    static const uint64_t one = 1;
    ssize_t written = write(poller->wake_fd, &one, sizeof(one));

    /* It fails only when the counter is full, after 2^64 wakes. */
    (void)written;
}

static bool poller_has_events(struct we_host_poller_set *poller)
{
    struct pollfd set = { .fd = poller->epoll_fd, .events = POLLIN };

    return poll(&set, 1, 0) > 0;
}

const struct we_host_poller_ops we_host_poller_epoll = {
    .kind = WE_POLLER_EPOLL,
    .needs_rearm = false,
    .create = poller_create,
    .destroy = poller_destroy,
    .add = poller_add,
    .modify = poller_modify,
    .remove = poller_remove,
    .rearm = poller_rearm,
    .wait = poller_wait,
    .wake = poller_wake,
    .has_events = poller_has_events,
};
