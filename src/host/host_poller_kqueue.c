/* SPDX-License-Identifier: MIT */
/* Poller over kqueue. */
#include "host/host_poller.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/event.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/base_assert.h"
#include "host/host_err.h"
#include "host/host_lock.h"
#include "host/host_mem.h"

/* Design
 *
 * A registered descriptor has the read filter always, because the end and the reset of a connection come through it,
 * and the write filter while WRITABLE is of interest. The key travels in udata. An event does not say what was asked
 * for, so interests[] remembers it by descriptor: bytes for one who only wants to hear of the end are dropped in wait().
 *
 * The two filters of one descriptor are two events. wait() makes one of them, since the kernel tells both when a
 * connection breaks and a caller should hear that once.
 *
 * EV_EOF of the read filter is the peer's end, with the socket's error in fflags when the connection broke; bytes may
 * still wait. The kernel does not say whether our own direction is finished too, so ENDED is reported whether it is of
 * interest or not. EV_EOF of the write filter is the end of our own direction: nothing can be written, which is what
 * one who waits for the outcome of a connect needs to know, and no news to one who shut it down.
 *
 * EV_CLEAR makes edges: the kernel marks the filter again when something new arrives. A filter that exists keeps its
 * flags when it is added once more, so modify() deletes and adds; what is ready is then found and reported again.
 *
 * EV_RECEIPT has the kernel answer each change by itself and take no event. A descriptor that is closed leaves the
 * queue by itself.
 */

#define BATCH_COUNT_MAX 64u
#define CHANGE_COUNT_MAX 4
#define WAKE_KEY 0u
#define WAKE_IDENT 0u
#define INTEREST_COUNT_MIN 64u

struct we_host_poller_set {
    int kqueue_fd;

    struct we_host_mutex lock;
    unsigned *interests; /* by descriptor; 0: not registered */
    unsigned interest_capacity;
};

/* An interest of none is an interest all the same: in the reset. */
#define INTEREST_REGISTERED (1u << 31)

/* --- interests ------------------------------------------------------------------------- */

static bool interests_reserve_locked(struct we_host_poller_set *poller, unsigned count)
{
    unsigned capacity = poller->interest_capacity == 0 ? INTEREST_COUNT_MIN : poller->interest_capacity;
    unsigned *interests;

    if (count <= poller->interest_capacity) {
        return true;
    }
    while (capacity < count) {
        capacity *= 2;
    }
    interests = (unsigned *)we_host_zalloc(capacity * sizeof(*interests));
    if (interests == NULL) {
        return false;
    }
    if (poller->interest_capacity > 0) {
        memcpy(interests, poller->interests, poller->interest_capacity * sizeof(*interests));
    }
    we_host_free(poller->interests);
    poller->interests = interests;
    poller->interest_capacity = capacity;
    return true;
}

static unsigned interest_get_locked(const struct we_host_poller_set *poller, uintptr_t fd)
{
    return fd < poller->interest_capacity ? poller->interests[fd] : 0;
}

/* --- changes --------------------------------------------------------------------------- */

struct changes {
    struct kevent list[CHANGE_COUNT_MAX];
    int count;
};

static void change_add(struct changes *changes, int fd, int filter, unsigned flags, uint64_t key)
{
    struct kevent *change = &changes->list[changes->count++];

    memset(change, 0, sizeof(*change));
    change->ident = (uintptr_t)fd;
    change->filter = (int16_t)filter;
    change->flags = (uint16_t)(flags | EV_RECEIPT);
    change->udata = (void *)(uintptr_t)key;
}

static void deletions_add(struct changes *changes, int fd)
{
    change_add(changes, fd, EVFILT_READ, EV_DELETE, WAKE_KEY);
    change_add(changes, fd, EVFILT_WRITE, EV_DELETE, WAKE_KEY);
}

static void filters_add(struct changes *changes, int fd, uint64_t key, unsigned interest)
{
    const unsigned edge = interest & WE_POLL_LEVEL ? 0 : EV_CLEAR;

    /* Bytes that nobody asked for must not be reported for ever. */
    change_add(changes, fd, EVFILT_READ, EV_ADD | (interest & WE_POLL_READABLE ? edge : EV_CLEAR), key);
    if (interest & WE_POLL_WRITABLE) {
        change_add(changes, fd, EVFILT_WRITE, EV_ADD | edge, key);
    }
}

/* A filter that was not there need not be deleted. */
static enum we_err changes_apply(struct we_host_poller_set *poller, const struct changes *changes)
{
    struct kevent receipts[CHANGE_COUNT_MAX];
    enum we_err err = WE_OK;
    int count = kevent(poller->kqueue_fd, changes->list, changes->count, receipts, changes->count, NULL);

    if (count < 0) {
        return we_host_err_from_errno(errno);
    }
    for (int i = 0; i < count; i++) {
        int number = (int)receipts[i].data;

        if (number != 0 && !(number == ENOENT && (changes->list[i].flags & EV_DELETE) != 0) && err == WE_OK) {
            err = we_host_err_from_errno(number);
        }
    }
    return err;
}

static void filters_delete(struct we_host_poller_set *poller, int fd)
{
    struct changes changes = { .count = 0 };

    deletions_add(&changes, fd);
    (void)changes_apply(poller, &changes);
}

static bool interest_remember(struct we_host_poller_set *poller, int fd, unsigned interest)
{
    bool is_remembered;

    we_host_mutex_lock(&poller->lock);
    is_remembered = interests_reserve_locked(poller, (unsigned)fd + 1);
    if (is_remembered) {
        poller->interests[fd] = interest | INTEREST_REGISTERED;
    }
    we_host_mutex_unlock(&poller->lock);
    return is_remembered;
}

static void interest_forget(struct we_host_poller_set *poller, int fd)
{
    we_host_mutex_lock(&poller->lock);
    WE_ASSERT(interest_get_locked(poller, (uintptr_t)fd) != 0);
    poller->interests[fd] = 0;
    we_host_mutex_unlock(&poller->lock);
}

static enum we_err poller_add(struct we_host_poller_set *poller, int fd, uint64_t key, unsigned interest)
{
    struct changes changes = { .count = 0 };
    enum we_err err;

    WE_ASSERT(fd >= 0);
    WE_ASSERT(key != WAKE_KEY);
    if (!interest_remember(poller, fd, interest)) {
        return WE_ERR_NO_MEMORY;
    }
    filters_add(&changes, fd, key, interest);
    err = changes_apply(poller, &changes);
    if (err != WE_OK) {
        filters_delete(poller, fd);
        interest_forget(poller, fd);
    }
    return err;
}

static enum we_err poller_modify(struct we_host_poller_set *poller, int fd, uint64_t key, unsigned interest)
{
    struct changes changes = { .count = 0 };

    WE_ASSERT(key != WAKE_KEY);
    /* The place is there since add(): this needs no memory. */
    if (!interest_remember(poller, fd, interest)) {
        return WE_ERR_NO_MEMORY;
    }
    deletions_add(&changes, fd);
    filters_add(&changes, fd, key, interest);
    return changes_apply(poller, &changes);
}

static void poller_remove(struct we_host_poller_set *poller, int fd, bool is_closing)
{
    interest_forget(poller, fd);
    if (!is_closing) {
        filters_delete(poller, fd);
    }
}

static void poller_rearm(struct we_host_poller_set *poller, int fd, unsigned bits)
{
    (void)poller;
    (void)fd;
    (void)bits;
}

/* --- waiting --------------------------------------------------------------------------- */

/* 0 when nothing of it is of interest. */
static unsigned bits_from_native(const struct kevent *native, unsigned interest)
{
    const bool is_ended = (native->flags & EV_EOF) != 0;
    unsigned bits;

    if ((native->flags & EV_ERROR) != 0 || interest == 0) {
        return 0;
    }
    if (native->filter == EVFILT_WRITE) {
        bits = interest & WE_POLL_WRITABLE;
    } else {
        bits = interest & WE_POLL_READABLE;
        if (is_ended) {
            bits |= WE_POLL_ENDED;
        }
    }
    if (is_ended && native->fflags != 0) {
        bits |= WE_POLL_RESET;
    }
    return bits;
}

/* Adds bits to the event of this key, which may be one of those that are there. */
static unsigned event_merge(struct we_host_poller_event *events, unsigned count, uint64_t key, unsigned bits)
{
    for (unsigned i = count; i > 0; i--) {
        if (events[i - 1].key == key) {
            events[i - 1].bits |= bits;
            return count;
        }
    }
    events[count].key = key;
    events[count].bits = bits;
    return count + 1;
}

static unsigned collect(struct we_host_poller_set *poller, const struct kevent *native, int native_count,
                        struct we_host_poller_event *events)
{
    unsigned count = 0;

    we_host_mutex_lock(&poller->lock);
    for (int i = 0; i < native_count; i++) {
        uint64_t key = (uintptr_t)native[i].udata;
        unsigned bits;

        if (native[i].filter == EVFILT_USER) {
            continue;
        }
        bits = bits_from_native(&native[i], interest_get_locked(poller, native[i].ident));
        if (bits != 0) {
            count = event_merge(events, count, key, bits);
        }
    }
    we_host_mutex_unlock(&poller->lock);
    return count;
}

static unsigned poller_wait(struct we_host_poller_set *poller, uint64_t timeout_ns, struct we_host_poller_event *events,
                            unsigned events_max)
{
    struct kevent native[BATCH_COUNT_MAX];
    /* A longer one returns early, as it may. */
    const int timeout_ms = we_host_poller_timeout_ms(timeout_ns);
    struct timespec timeout;
    int found;

    if (events_max > BATCH_COUNT_MAX) {
        events_max = BATCH_COUNT_MAX;
    }
    if (timeout_ms == INT32_MAX) {
        timeout_ns = (uint64_t)INT32_MAX * 1000000u;
    }
    timeout.tv_sec = (time_t)(timeout_ns / 1000000000u);
    timeout.tv_nsec = (long)(timeout_ns % 1000000000u);
    found = kevent(poller->kqueue_fd, NULL, 0, native, (int)events_max, timeout_ms < 0 ? NULL : &timeout);
    if (found < 0) {
        WE_ASSERT(errno == EINTR);
        return 0;
    }
    return collect(poller, native, found, events);
}

static void poller_wake(struct we_host_poller_set *poller)
{
    struct kevent trigger;
    int result;

    EV_SET(&trigger, WAKE_IDENT, EVFILT_USER, 0, NOTE_TRIGGER, 0, NULL);
    result = kevent(poller->kqueue_fd, &trigger, 1, NULL, 0, NULL);
    WE_ASSERT(result == 0 || errno == EINTR);
}

static bool poller_has_events(struct we_host_poller_set *poller)
{
    struct pollfd set = { .fd = poller->kqueue_fd, .events = POLLIN };

    return poll(&set, 1, 0) > 0;
}

/* --- the poller itself ----------------------------------------------------------------- */

static enum we_err queue_open(struct we_host_poller_set *poller)
{
    struct kevent wake;
    enum we_err err;

    poller->kqueue_fd = kqueue();
    if (poller->kqueue_fd < 0) {
        return we_host_err_from_errno(errno);
    }
    EV_SET(&wake, WAKE_IDENT, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0, NULL);
    /* A forked process does not get the queue, but a program that takes our place would. */
    if (fcntl(poller->kqueue_fd, F_SETFD, FD_CLOEXEC) != 0 || kevent(poller->kqueue_fd, &wake, 1, NULL, 0, NULL) != 0) {
        err = we_host_err_from_errno(errno);
        close(poller->kqueue_fd);
        return err;
    }
    return WE_OK;
}

static void poller_free(struct we_host_poller_set *poller)
{
    we_host_mutex_fini(&poller->lock);
    we_host_free(poller->interests);
    we_host_free(poller);
}

static enum we_err poller_create(struct we_host_poller_set **result)
{
    struct we_host_poller_set *poller = (struct we_host_poller_set *)we_host_zalloc(sizeof(*poller));
    enum we_err err;

    if (poller == NULL) {
        return WE_ERR_NO_MEMORY;
    }
    we_host_mutex_init(&poller->lock, WE_RANK_POLLER_SET);
    err = queue_open(poller);
    if (err != WE_OK) {
        poller_free(poller);
        return err;
    }
    *result = poller;
    return WE_OK;
}

static void poller_destroy(struct we_host_poller_set *poller)
{
    close(poller->kqueue_fd);
    poller_free(poller);
}

const struct we_host_poller_ops we_host_poller_kqueue = {
    .kind = WE_POLLER_KQUEUE,
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
