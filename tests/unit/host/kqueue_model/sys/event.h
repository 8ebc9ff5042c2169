/* SPDX-License-Identifier: MIT */
/* Stands for macOS's <sys/event.h> where a test runs the kqueue poller on Linux: what that poller uses, no more. */
#ifndef WE_TEST_KQUEUE_MODEL_SYS_EVENT_H
#define WE_TEST_KQUEUE_MODEL_SYS_EVENT_H

#include <stdint.h>
#include <time.h>

struct kevent {
    uintptr_t ident;
    int16_t filter;
    uint16_t flags;
    uint32_t fflags;
    intptr_t data;
    void *udata;
};

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_USER (-10)

#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_CLEAR 0x0020
#define EV_RECEIPT 0x0040
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

#define NOTE_TRIGGER 0x01000000

#define EV_SET(event, ident_, filter_, flags_, fflags_, data_, udata_) \
    (*(event) =                                                        \
         (struct kevent){ (uintptr_t)(ident_), (int16_t)(filter_), (uint16_t)(flags_), (fflags_), (data_), (udata_) })

int kqueue(void);
int kevent(int queue_fd, const struct kevent *changes, int change_count, struct kevent *events, int event_count,
           const struct timespec *timeout);

#endif
