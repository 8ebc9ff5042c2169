/* SPDX-License-Identifier: MIT */
/* A model of kqueue on epoll, which lets the kqueue poller run on Linux. It is no proof of what macOS does. */
#include <sys/event.h>

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Design
 *
 * What is modelled:
 * - the two filters of a descriptor are two events, which come in one batch if both are marked;
 * - EV_CLEAR: marked again only by something new; without it, marked as long as it is true;
 * - a filter that is added while it exists keeps its flags: here that is refused, so a poller that relies on a change
 *   of flags fails;
 * - EV_EOF of the read filter is the peer's end, with the socket's error in fflags; bytes may wait in front of it;
 * - EV_RECEIPT answers each change by an event with EV_ERROR, and then no other event is taken;
 * - closing a descriptor removes its filters; the queue's own descriptor can be polled.
 *
 * A queue is an epoll set, whose descriptor it has, with three descriptors in it: a set for each filter, and an event
 * descriptor for the user filter. These are levels, so polling the queue tells whether something is marked. The poller
 * is compiled to close a queue with kqueue_model_close.
 */

#define QUEUE_COUNT_MAX 64
#define BATCH_COUNT_MAX 64
#define DESCRIPTOR_COUNT_MAX 65536

enum filter { FILTER_READ, FILTER_WRITE, FILTER_COUNT };

struct queue {
    int fd; /* 0: the place is free */
    int sets[FILTER_COUNT];
    int user_fd;
    struct kevent user;
    unsigned turn; /* which filter comes first, so that neither starves the other */
    void *udata[FILTER_COUNT][DESCRIPTOR_COUNT_MAX];
};

static pthread_mutex_t s_lock = PTHREAD_MUTEX_INITIALIZER;
static struct queue *s_queues[QUEUE_COUNT_MAX];

static struct queue **queue_find_locked(int fd)
{
    for (unsigned i = 0; i < QUEUE_COUNT_MAX; i++) {
        if (s_queues[i] != NULL && s_queues[i]->fd == fd) {
            return &s_queues[i];
        }
    }
    return NULL;
}

static int set_add(int set, int fd, uint32_t events)
{
    struct epoll_event event;

    memset(&event, 0, sizeof(event));
    event.events = events;
    event.data.fd = fd;
    return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

static struct queue *queue_open(void)
{
    struct queue *queue = calloc(1, sizeof(*queue));

    assert(queue != NULL);
    queue->fd = epoll_create1(0);
    queue->sets[FILTER_READ] = epoll_create1(EPOLL_CLOEXEC);
    queue->sets[FILTER_WRITE] = epoll_create1(EPOLL_CLOEXEC);
    queue->user_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (set_add(queue->fd, queue->sets[FILTER_READ], EPOLLIN) != 0 ||
        set_add(queue->fd, queue->sets[FILTER_WRITE], EPOLLIN) != 0 ||
        set_add(queue->fd, queue->user_fd, EPOLLIN) != 0) {
        abort();
    }
    return queue;
}

int kqueue(void)
{
    struct queue *queue = queue_open();
    unsigned place = 0;

    pthread_mutex_lock(&s_lock);
    while (place < QUEUE_COUNT_MAX && s_queues[place] != NULL) {
        place++;
    }
    assert(place < QUEUE_COUNT_MAX);
    s_queues[place] = queue;
    pthread_mutex_unlock(&s_lock);
    return queue->fd;
}

int kqueue_model_close(int fd);
int kqueue_model_close(int fd)
{
    struct queue **place;

    pthread_mutex_lock(&s_lock);
    place = queue_find_locked(fd);
    if (place != NULL) {
        close((*place)->sets[FILTER_READ]);
        close((*place)->sets[FILTER_WRITE]);
        close((*place)->user_fd);
        free(*place);
        *place = NULL;
    }
    pthread_mutex_unlock(&s_lock);
    return close(fd);
}

/* --- changes --------------------------------------------------------------------------- */

static int user_change_locked(struct queue *queue, const struct kevent *change)
{
    static const uint64_t one = 1;

    if (change->flags & EV_ADD) {
        queue->user = *change;
    }
    if (queue->user.filter != EVFILT_USER || change->ident != queue->user.ident) {
        return ENOENT;
    }
    if ((change->fflags & NOTE_TRIGGER) != 0 && write(queue->user_fd, &one, sizeof(one)) != sizeof(one)) {
        return errno;
    }
    return 0;
}

static int change_apply_locked(struct queue *queue, const struct kevent *change)
{
    const enum filter filter = change->filter == EVFILT_READ ? FILTER_READ : FILTER_WRITE;
    const int fd = (int)change->ident;
    uint32_t events = filter == FILTER_READ ? EPOLLIN | EPOLLRDHUP : EPOLLOUT;

    if (change->filter == EVFILT_USER) {
        return user_change_locked(queue, change);
    }
    if ((change->filter != EVFILT_READ && change->filter != EVFILT_WRITE) || change->ident >= DESCRIPTOR_COUNT_MAX) {
        return EINVAL;
    }
    if (change->flags & EV_DELETE) {
        return epoll_ctl(queue->sets[filter], EPOLL_CTL_DEL, fd, NULL) == 0 ? 0 : errno;
    }
    if (change->flags & EV_CLEAR) {
        events |= EPOLLET;
    }
    queue->udata[filter][fd] = change->udata;
    return set_add(queue->sets[filter], fd, events);
}

/* Returns how many events the changes made, or -1 and errno. */
static int changes_apply_locked(struct queue *queue, const struct kevent *changes, int change_count,
                                struct kevent *events, int event_count)
{
    int count = 0;

    for (int i = 0; i < change_count; i++) {
        int number = change_apply_locked(queue, &changes[i]);

        if (number != 0 && count == event_count) {
            errno = number;
            return -1;
        }
        if (number != 0 || ((changes[i].flags & EV_RECEIPT) != 0 && count < event_count)) {
            events[count] = changes[i];
            events[count].flags |= EV_ERROR;
            events[count].data = number;
            count++;
        }
    }
    return count;
}

/* --- events ---------------------------------------------------------------------------- */

static void event_fill(struct kevent *event, enum filter filter, const struct epoll_event *native, void *udata)
{
    const uint32_t end = filter == FILTER_READ ? EPOLLRDHUP | EPOLLHUP | EPOLLERR : EPOLLHUP | EPOLLERR;

    memset(event, 0, sizeof(*event));
    event->ident = (uintptr_t)native->data.fd;
    event->filter = filter == FILTER_READ ? EVFILT_READ : EVFILT_WRITE;
    event->udata = udata;
    if (native->events & end) {
        event->flags = EV_EOF;
        event->fflags = native->events & EPOLLERR ? ECONNRESET : 0;
    }
}

static int filter_collect_locked(struct queue *queue, enum filter filter, struct kevent *events, int event_count)
{
    struct epoll_event native[BATCH_COUNT_MAX];
    int count;

    if (event_count == 0) {
        return 0;
    }
    count = epoll_wait(queue->sets[filter], native, event_count < BATCH_COUNT_MAX ? event_count : BATCH_COUNT_MAX, 0);
    for (int i = 0; i < count; i++) {
        event_fill(&events[i], filter, &native[i], queue->udata[filter][native[i].data.fd]);
    }
    return count < 0 ? 0 : count;
}

static int collect_locked(struct queue *queue, struct kevent *events, int event_count)
{
    const enum filter first = queue->turn++ % 2 == 0 ? FILTER_READ : FILTER_WRITE;
    const enum filter second = first == FILTER_READ ? FILTER_WRITE : FILTER_READ;
    uint64_t triggers;
    int count = 0;

    if (event_count > 0 && read(queue->user_fd, &triggers, sizeof(triggers)) == sizeof(triggers)) {
        events[count] = queue->user;
        count++;
    }
    count += filter_collect_locked(queue, first, events + count, event_count - count);
    count += filter_collect_locked(queue, second, events + count, event_count - count);
    return count;
}

int kevent(int queue_fd, const struct kevent *changes, int change_count, struct kevent *events, int event_count,
           const struct timespec *timeout)
{
    struct pollfd set = { .fd = queue_fd, .events = POLLIN };
    struct queue **place;
    int count;

    pthread_mutex_lock(&s_lock);
    place = queue_find_locked(queue_fd);
    assert(place != NULL);
    count = changes_apply_locked(*place, changes, change_count, events, event_count);
    pthread_mutex_unlock(&s_lock);
    if (count != 0 || event_count == 0) {
        return count;
    }
    if (ppoll(&set, 1, timeout, NULL) < 0) {
        return -1;
    }
    pthread_mutex_lock(&s_lock);
    count = collect_locked(*place, events, event_count);
    pthread_mutex_unlock(&s_lock);
    return count;
}
