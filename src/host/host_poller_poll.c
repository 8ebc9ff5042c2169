/* SPDX-License-Identifier: MIT */
/* Poller over poll(): the portable reference for what the contract means. */
#include "host/host_poller.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/base_assert.h"
#include "host/host_err.h"
#include "host/host_lock.h"
#include "host/host_mem.h"
#include "host/host_poll.h"
#include "host/host_socket.h"

/* Design
 *
 * poll() knows levels only. An edge is made of a level by disarming: a bit that was reported is not asked for again
 * until rearm() or modify(). What cannot be disarmed and is never followed by anything (which that is, differs between
 * systems: host_poll.h) leaves the descriptor out of the set until modify().
 *
 * slots is indexed by descriptor number. set is what the next poll() gets: entry 0 is the wake pipe, the others are
 * the registered descriptors in no order, each slot knows its place. wait() copies set, because it changes while
 * poll() runs; the copy (ready) belongs to the waiting thread alone. A slot that was made after the copy was taken
 * (its serial tells) is left for the next round: so a new registration of a reused descriptor number is never taken
 * for the old one.
 *
 * Changes that a running poll() must see interrupt it through the pipe.
 */

#define SET_COUNT_MIN 64u
/* How long to sleep at most with a set that could not be copied completely for want of memory. */
#define SHORT_OF_MEMORY_TIMEOUT_MS 10

struct slot {
    uint64_t key; /* 0: not registered */
    uint64_t serial;
    unsigned interest;
    unsigned armed;
    unsigned set_index;
};

struct we_host_poller_set {
    int wake_fds[2];
    struct pollfd *ready; /* the waiting thread's */
    unsigned ready_capacity;
    unsigned first; /* where the last report was: the search goes on behind it, so that nobody starves */

    struct we_host_mutex lock;
    struct slot *slots;
    unsigned slot_capacity;
    struct pollfd *set;
    unsigned set_count;
    unsigned set_capacity;
    uint64_t last_serial;
    bool is_waiting;
    bool is_woken; /* a byte is in the pipe */
};

static short native_events(unsigned armed)
{
    short native = 0;

    if (armed & WE_POLL_READABLE) {
        native |= POLLIN;
    }
    if (armed & WE_POLL_WRITABLE) {
        native |= POLLOUT;
    }
    if (armed & WE_POLL_ENDED) {
        native |= we_host_poll_ended;
    }
    return native;
}

/* --- waking ---------------------------------------------------------------------------- */

static void wake_locked(struct we_host_poller_set *poller)
{
    ssize_t written;

    if (!poller->is_woken) {
        poller->is_woken = true;
        written = write(poller->wake_fds[1], "w", 1);
        WE_ASSERT(written == 1);
    }
}

static void wake_taken_locked(struct we_host_poller_set *poller)
{
    char byte;
    ssize_t taken;

    if (poller->is_woken) {
        poller->is_woken = false;
        taken = read(poller->wake_fds[0], &byte, 1);
        WE_ASSERT(taken == 1);
    }
}

static void changed_locked(struct we_host_poller_set *poller)
{
    if (poller->is_waiting) {
        wake_locked(poller);
    }
}

/* --- registrations --------------------------------------------------------------------- */

/* Both arrays grow by doubling; a failure leaves them as they are. */
static bool slots_reserve_locked(struct we_host_poller_set *poller, unsigned count)
{
    unsigned capacity = poller->slot_capacity == 0 ? SET_COUNT_MIN : poller->slot_capacity;
    struct slot *slots;

    if (count <= poller->slot_capacity) {
        return true;
    }
    while (capacity < count) {
        capacity *= 2;
    }
    slots = (struct slot *)we_host_zalloc(capacity * sizeof(*slots));
    if (slots == NULL) {
        return false;
    }
    if (poller->slot_capacity > 0) {
        memcpy(slots, poller->slots, poller->slot_capacity * sizeof(*slots));
    }
    we_host_free(poller->slots);
    poller->slots = slots;
    poller->slot_capacity = capacity;
    return true;
}

static bool set_reserve_locked(struct we_host_poller_set *poller, unsigned count)
{
    unsigned capacity = poller->set_capacity == 0 ? SET_COUNT_MIN : poller->set_capacity * 2;
    struct pollfd *set;

    if (count <= poller->set_capacity) {
        return true;
    }
    set = (struct pollfd *)we_host_alloc(capacity * sizeof(*set));
    if (set == NULL) {
        return false;
    }
    if (poller->set_count > 0) {
        memcpy(set, poller->set, poller->set_count * sizeof(*set));
    }
    we_host_free(poller->set);
    poller->set = set;
    poller->set_capacity = capacity;
    return true;
}

static void slot_arm_locked(struct we_host_poller_set *poller, int fd, unsigned armed)
{
    struct slot *slot = &poller->slots[fd];
    struct pollfd *entry = &poller->set[slot->set_index];

    slot->armed = armed;
    entry->fd = fd;
    entry->events = native_events(armed);
}

static struct slot *slot_find_locked(struct we_host_poller_set *poller, int fd)
{
    struct slot *slot = (unsigned)fd < poller->slot_capacity ? &poller->slots[fd] : NULL;

    return slot != NULL && slot->key != 0 ? slot : NULL;
}

static enum we_err poller_add(struct we_host_poller_set *poller, int fd, uint64_t key, unsigned interest)
{
    enum we_err err = WE_ERR_NO_MEMORY;
    struct slot *slot;

    WE_ASSERT(fd >= 0);
    WE_ASSERT(key != 0);
    we_host_mutex_lock(&poller->lock);
    if (slots_reserve_locked(poller, (unsigned)fd + 1) && set_reserve_locked(poller, poller->set_count + 1)) {
        slot = &poller->slots[fd];
        WE_ASSERT(slot->key == 0);
        slot->key = key;
        slot->serial = ++poller->last_serial;
        slot->interest = interest;
        slot->set_index = poller->set_count++;
        slot_arm_locked(poller, fd, interest);
        changed_locked(poller);
        err = WE_OK;
    }
    we_host_mutex_unlock(&poller->lock);
    return err;
}

static enum we_err poller_modify(struct we_host_poller_set *poller, int fd, uint64_t key, unsigned interest)
{
    struct slot *slot;

    we_host_mutex_lock(&poller->lock);
    slot = slot_find_locked(poller, fd);
    WE_ASSERT(slot != NULL);
    slot->key = key;
    slot->interest = interest;
    slot_arm_locked(poller, fd, interest);
    changed_locked(poller);
    we_host_mutex_unlock(&poller->lock);
    return WE_OK;
}

static void poller_remove(struct we_host_poller_set *poller, int fd, bool is_closing)
{
    struct slot *slot;
    struct pollfd *last;

    (void)is_closing;
    we_host_mutex_lock(&poller->lock);
    slot = slot_find_locked(poller, fd);
    WE_ASSERT(slot != NULL);
    last = &poller->set[--poller->set_count];
    if (slot->set_index != poller->set_count) {
        poller->set[slot->set_index] = *last;
        /* The entry of a descriptor that is left out holds -1 - fd. */
        poller->slots[last->fd >= 0 ? last->fd : -1 - last->fd].set_index = slot->set_index;
    }
    memset(slot, 0, sizeof(*slot));
    changed_locked(poller);
    we_host_mutex_unlock(&poller->lock);
}

static void poller_rearm(struct we_host_poller_set *poller, int fd, unsigned bits)
{
    struct slot *slot;

    we_host_mutex_lock(&poller->lock);
    slot = slot_find_locked(poller, fd);
    /* A descriptor that is left out stays so. */
    if (slot != NULL && poller->set[slot->set_index].fd >= 0) {
        slot_arm_locked(poller, fd, slot->armed | (bits & slot->interest));
        changed_locked(poller);
    }
    we_host_mutex_unlock(&poller->lock);
}

/* --- waiting --------------------------------------------------------------------------- */

/* Copies the set for one poll() and returns how many entries the copy has. */
static unsigned snapshot_locked(struct we_host_poller_set *poller)
{
    struct pollfd *ready;

    if (poller->ready_capacity < poller->set_count) {
        ready = (struct pollfd *)we_host_alloc(poller->set_capacity * sizeof(*ready));
        if (ready != NULL) {
            we_host_free(poller->ready);
            poller->ready = ready;
            poller->ready_capacity = poller->set_capacity;
        }
    }
    if (poller->ready_capacity < poller->set_count) {
        memcpy(poller->ready, poller->set, poller->ready_capacity * sizeof(*poller->ready));
        return poller->ready_capacity;
    }
    memcpy(poller->ready, poller->set, poller->set_count * sizeof(*poller->ready));
    return poller->set_count;
}

/* One entry that poll() marked becomes an event, unless it is stale. */
static bool entry_report_locked(struct we_host_poller_set *poller, const struct pollfd *entry, uint64_t serial,
                                struct we_host_poller_event *event)
{
    struct slot *slot = slot_find_locked(poller, entry->fd);
    unsigned bits;

    if (slot == NULL || slot->serial > serial) {
        return false;
    }
    bits = we_host_poll_bits(entry->fd, entry->revents, slot->armed);
    if (bits == 0) {
        return false;
    }
    event->key = slot->key;
    event->bits = bits;
    if (slot->interest & WE_POLL_LEVEL) {
        return true;
    }
    slot_arm_locked(poller, entry->fd, slot->armed & ~bits);
    if (we_host_poll_is_last(entry->revents)) {
        poller->set[slot->set_index].fd = -1 - entry->fd;
    }
    return true;
}

static unsigned collect_locked(struct we_host_poller_set *poller, unsigned ready_count, uint64_t serial,
                               struct we_host_poller_event *events, unsigned events_max)
{
    const unsigned first = poller->first;
    unsigned count = 0;

    for (unsigned i = 1; i < ready_count && count < events_max; i++) {
        unsigned index = 1 + (first + i) % (ready_count - 1);

        if (poller->ready[index].revents != 0 &&
            entry_report_locked(poller, &poller->ready[index], serial, &events[count])) {
            poller->first = index - 1;
            count++;
        }
    }
    return count;
}

static unsigned poller_wait(struct we_host_poller_set *poller, uint64_t timeout_ns, struct we_host_poller_event *events,
                            unsigned events_max)
{
    int timeout_ms = we_host_poller_timeout_ms(timeout_ns);
    unsigned count = 0;
    unsigned ready_count;
    uint64_t serial;
    int found;

    we_host_mutex_lock(&poller->lock);
    ready_count = snapshot_locked(poller);
    serial = poller->last_serial;
    if (ready_count < poller->set_count && (timeout_ms < 0 || timeout_ms > SHORT_OF_MEMORY_TIMEOUT_MS)) {
        timeout_ms = SHORT_OF_MEMORY_TIMEOUT_MS;
    }
    poller->is_waiting = true;
    we_host_mutex_unlock(&poller->lock);

    found = poll(poller->ready, ready_count, timeout_ms);
    WE_ASSERT(found >= 0 || errno == EINTR || errno == ENOMEM);

    we_host_mutex_lock(&poller->lock);
    poller->is_waiting = false;
    wake_taken_locked(poller);
    if (found > 0) {
        count = collect_locked(poller, ready_count, serial, events, events_max);
    }
    we_host_mutex_unlock(&poller->lock);
    return count;
}

static void poller_wake(struct we_host_poller_set *poller)
{
    we_host_mutex_lock(&poller->lock);
    wake_locked(poller);
    we_host_mutex_unlock(&poller->lock);
}

static bool poller_has_events(struct we_host_poller_set *poller)
{
    bool has_events;

    /* revents of the set itself is nobody's; poll() with timeout 0 does not sleep under the lock. */
    we_host_mutex_lock(&poller->lock);
    has_events = poll(poller->set, poller->set_count, 0) > 0;
    we_host_mutex_unlock(&poller->lock);
    return has_events;
}

/* --- the poller itself ----------------------------------------------------------------- */

static void poller_free(struct we_host_poller_set *poller)
{
    we_host_mutex_fini(&poller->lock);
    we_host_free(poller->ready);
    we_host_free(poller->slots);
    we_host_free(poller->set);
    we_host_free(poller);
}

static void poller_destroy(struct we_host_poller_set *poller)
{
    close(poller->wake_fds[0]);
    close(poller->wake_fds[1]);
    poller_free(poller);
}

static enum we_err poller_create(struct we_host_poller_set **result)
{
    struct we_host_poller_set *poller = (struct we_host_poller_set *)we_host_zalloc(sizeof(*poller));
    enum we_err err = WE_ERR_NO_MEMORY;

    if (poller == NULL) {
        return WE_ERR_NO_MEMORY;
    }
    we_host_mutex_init(&poller->lock, WE_RANK_POLLER_SET);
    poller->ready = (struct pollfd *)we_host_alloc(SET_COUNT_MIN * sizeof(*poller->ready));
    poller->ready_capacity = SET_COUNT_MIN;
    if (poller->ready == NULL || !set_reserve_locked(poller, 1)) {
        goto fail;
    }
    if (!we_host_socket_pipe(poller->wake_fds)) {
        err = we_host_err_from_errno(errno);
        goto fail;
    }
    poller->set[0].fd = poller->wake_fds[0];
    poller->set[0].events = POLLIN;
    poller->set_count = 1;
    *result = poller;
    return WE_OK;

fail:
    poller_free(poller);
    return err;
}

int we_host_poller_timeout_ms(uint64_t timeout_ns)
{
    uint64_t timeout_ms;

    if (timeout_ns == UINT64_MAX) {
        return -1;
    }
    timeout_ms = timeout_ns / 1000000u + (timeout_ns % 1000000u != 0);
    return timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms;
}

const struct we_host_poller_ops we_host_poller_poll = {
    .kind = WE_POLLER_POLL,
    .needs_rearm = true,
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
