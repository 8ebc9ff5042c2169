/* SPDX-License-Identifier: MIT */
/* Poller contract: which descriptors of one processor are ready, said in four bits that all back ends mean alike. */
#ifndef WE_HOST_POLLER_H
#define WE_HOST_POLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base_assert.h"
#include "base/base_err.h"
#include "host/host_net.h"

/* Contract
 *
 * READABLE: a read finds bytes, the end or an error; or a connection can be accepted.
 * WRITABLE: a write finds room; or an own connect has come to an end, good or bad.
 * ENDED: the peer finished sending, or both directions are finished. Bytes may still wait in front of the end.
 * RESET: the connection broke, or an own connect failed.
 *
 * Interest is any of these bits. RESET, and ENDED for both directions, are always of interest; a back end that cannot
 * tell one direction from both may say ENDED unasked. One that cannot tell bytes from the end may say READABLE for the
 * end where both were asked for, and ENDED for bytes where only ENDED was: so whoever asks for ENDED alone looks for
 * himself.
 *
 * Registrations are edge-triggered: after a bit was reported, it is reported again when something new happened. A back
 * end with needs_rearm may keep silent about a reported bit until rearm() is told that the caller found the end of what
 * was announced (a read or write said "would block", or was short). Others see that by themselves and have an empty
 * rearm(). add() and modify() report what is ready already, as if it had just happened; so does modify() with the same
 * interest. With LEVEL, a bit is reported as long as it is true, and rearm() is not needed.
 *
 * key is what comes back in events, for example an id; 0 is not allowed. A descriptor is registered once in a poller.
 * remove() must be called before the descriptor is closed, with is_closing true, or to end the registration. An event
 * that was fetched before, or is being fetched by another thread, may still come out of wait(): the key must be able to
 * be stale. A new registration of the same descriptor number never produces events with the old key.
 *
 * Threads: wait() is called by one thread at a time, everything else by any thread at any time, with locks up to
 * WE_RANK_POLLER held. A change that is made while another thread is in wait() takes effect at once.
 */

enum we_host_poller_bit {
    WE_POLL_READABLE = 1 << 0,
    WE_POLL_WRITABLE = 1 << 1,
    WE_POLL_ENDED = 1 << 2,
    WE_POLL_RESET = 1 << 3,
    WE_POLL_LEVEL = 1 << 8 /* an interest only */
};

struct we_host_poller_event {
    uint64_t key;
    unsigned bits;
};

struct we_host_poller_set; /* each back end has its own */

struct we_host_poller_ops {
    enum we_host_poller kind;
    bool needs_rearm;
    WE_MUST_USE enum we_err (*create)(struct we_host_poller_set **poller);
    void (*destroy)(struct we_host_poller_set *poller);
    WE_MUST_USE enum we_err (*add)(struct we_host_poller_set *poller, int fd, uint64_t key, unsigned interest);
    WE_MUST_USE enum we_err (*modify)(struct we_host_poller_set *poller, int fd, uint64_t key, unsigned interest);
    void (*remove)(struct we_host_poller_set *poller, int fd, bool is_closing);
    void (*rearm)(struct we_host_poller_set *poller, int fd, unsigned bits);
    /* timeout_ns 0 polls, UINT64_MAX waits for ever; rounded up to the back end's resolution. May return 0 early:
     * after wake(), after a signal, or when only stale things happened. At most events_max entries. */
    unsigned (*wait)(struct we_host_poller_set *poller, uint64_t timeout_ns, struct we_host_poller_event *events,
                     unsigned events_max);
    /* Makes a present or the next wait() return at once. */
    void (*wake)(struct we_host_poller_set *poller);
    /* True when wait() would find something now (a pending wake counts). Takes nothing. */
    bool (*has_events)(struct we_host_poller_set *poller);
};

/* Linux only. */
extern const struct we_host_poller_ops we_host_poller_epoll;
/* macOS only. */
extern const struct we_host_poller_ops we_host_poller_kqueue;
/* The portable reference. */
extern const struct we_host_poller_ops we_host_poller_poll;
/* The best one of the system that this was built for. */
extern const struct we_host_poller_ops *const we_host_poller_native;

/* Milliseconds for the calls that take them: rounded up, -1 for ever. */
int we_host_poller_timeout_ms(uint64_t timeout_ns);

#endif
