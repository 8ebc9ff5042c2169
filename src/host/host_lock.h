/* SPDX-License-Identifier: MIT */
/* The library's internal locks and their order: the enum is the documentation of the order. */
#ifndef WE_HOST_LOCK_H
#define WE_HOST_LOCK_H

#include <pthread.h>
#include <stdbool.h>

#include "base/base_assert.h"

/* A thread may take a lock only if its rank is above every lock that it holds. */
/* name, rank, where and what it guards */
#define WE_HOST_RANKS(X)                                                           \
    X(INSTANCE, 10, "wsk_emu.c, drv_object.c: started or stopped, loaded drivers") \
    X(REGISTRATION, 20, "wsk_client.c, nmr_module.c: registered clients, modules") \
    X(CLIENT, 30, "wsk_client.c: static events of one client")                     \
    X(LISTENER, 40, "wsk_listen.c: requests, accept IRPs, request states")         \
    X(SOCKET, 50, "wsk_socket.h: state, IRP queues, event mask of one socket")     \
    X(SOCKET_LIST, 55, "wsk_socket.c: all open sockets, tombstones")               \
    X(RESERVE, 56, "wsk_reserve.c: reserved ports")                                \
    X(SHARE, 57, "wsk_security.c, wsk_share.c: cached descriptors, addresses")     \
    X(DISPATCHER, 70, "ke_dispatcher.c: signal states, wait lists, timers")        \
    X(OBJECT, 75, "ob_object.c, nt_thread.c: handles, names, threads")             \
    X(QUEUE, 80, "ke_cpu.c, ex_worker.c: queued work")                             \
    X(RESOLVER, 85, "host_names.c, host_resolve.c: names, queries")                \
    X(POLLER, 90, "host_net.c: registrations of one processor")                    \
    X(POLLER_SET, 95, "host_poller_poll.c, host_poller_kqueue.c: descriptors")     \
    X(NET, 100, "host_net_virtual_names.c: addresses in use, backlogs")            \
    X(NET_LINK, 102, "host_net_virtual_link.c: both ends of one connection")       \
    X(NET_QUEUE, 104, "host_net_virtual.c: events of one processor")               \
    X(POOL, 110, "wsk_block.c: receive blocks")                                    \
    X(TRACE_PROVIDER, 112, "etw_provider.c: providers, their settings")            \
    X(TRACE, 115, "etw_event.c: recorded events")                                  \
    X(LEDGER, 120, "vrf_ledger.c, ex_paged.c: live objects")                       \
    X(REPORT, 125, "vrf_report.c: collected reports")                              \
    X(IMAGE, 127, "drv_image.c: drivers in memory")                                \
    X(LOG, 130, "host_log.c: the sink")

enum we_host_rank {
#define X(name, rank, text) WE_RANK_##name = rank,
    WE_HOST_RANKS(X)
#undef X
};

struct we_host_mutex {
    pthread_mutex_t mutex;
    enum we_host_rank rank;
};

#define WE_HOST_MUTEX_INIT(rank_value)        \
    {                                         \
        PTHREAD_MUTEX_INITIALIZER, rank_value \
    }

/* Not recursive. Ranks are checked when the library is built with WE_CHECK_LOCK_RANKS. */
void we_host_mutex_init(struct we_host_mutex *mutex, enum we_host_rank rank);
void we_host_mutex_fini(struct we_host_mutex *mutex);
#ifdef WE_CHECK_LOCK_RANKS
void we_host_mutex_lock(struct we_host_mutex *mutex);
void we_host_mutex_unlock(struct we_host_mutex *mutex);
#else
static inline void we_host_mutex_lock(struct we_host_mutex *mutex)
{
    int error = pthread_mutex_lock(&mutex->mutex);

    WE_ASSERT(error == 0);
}

static inline void we_host_mutex_unlock(struct we_host_mutex *mutex)
{
    int error = pthread_mutex_unlock(&mutex->mutex);

    WE_ASSERT(error == 0);
}
#endif
/* True when the calling thread holds no ranked lock; always true without WE_CHECK_LOCK_RANKS.
 * The door asserts it. */
bool we_host_holds_no_lock(void);
/* Forgets the ranks a thread holds: for a thread that left a callback by longjmp. */
void we_host_lock_ranks_reset(void);

#endif
