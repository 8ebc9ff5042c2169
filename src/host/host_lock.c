/* SPDX-License-Identifier: MIT */
/* The library's internal locks, and the check that every thread takes them in rank order. */
#include "host/host_lock.h"

#include "base/base_assert.h"

#include <stddef.h>
#include <stdio.h>

#ifdef WE_CHECK_LOCK_RANKS

/* More ranks than this exist only if somebody holds a lock of each. */
#define HELD_COUNT_MAX 16u

/* Each thread lists the ranks it holds; since they were taken in order the last one is the highest.
 * Locks may be released in any order. */
static _Thread_local enum we_host_rank s_held[HELD_COUNT_MAX];
static _Thread_local unsigned s_held_count;

static const char *rank_name(enum we_host_rank rank)
{
    switch (rank) {
#define X(name, value, text) \
    case WE_RANK_##name:     \
        return #name;
        WE_HOST_RANKS(X)
#undef X
    default:
        return "unknown";
    }
}

static void rank_check(enum we_host_rank rank)
{
    enum we_host_rank highest;
    char text[160];

    if (s_held_count == 0) {
        return;
    }
    highest = s_held[s_held_count - 1];
    if (rank <= highest) {
        (void)snprintf(text, sizeof(text), "lock of rank %s (%d) taken while one of rank %s (%d) is held",
                       rank_name(rank), (int)rank, rank_name(highest), (int)highest);
        WE_UNREACHABLE(text);
    }
    WE_ASSERT(s_held_count < HELD_COUNT_MAX);
}

static void rank_push(enum we_host_rank rank)
{
    s_held[s_held_count] = rank;
    s_held_count++;
}

static void rank_pop(enum we_host_rank rank)
{
    char text[96];

    for (unsigned i = s_held_count; i > 0; i--) {
        if (s_held[i - 1] == rank) {
            for (; i < s_held_count; i++) {
                s_held[i - 1] = s_held[i];
            }
            s_held_count--;
            return;
        }
    }
    (void)snprintf(text, sizeof(text), "lock of rank %s (%d) released by a thread that does not hold it",
                   rank_name(rank), (int)rank);
    WE_UNREACHABLE(text);
}

bool we_host_holds_no_lock(void)
{
    return s_held_count == 0;
}

void we_host_lock_ranks_reset(void)
{
    s_held_count = 0;
}

void we_host_mutex_lock(struct we_host_mutex *mutex)
{
    int error;

    /* Before the call, because a breach may be the deadlock itself. */
    rank_check(mutex->rank);
    error = pthread_mutex_lock(&mutex->mutex);
    WE_ASSERT(error == 0);
    rank_push(mutex->rank);
}

void we_host_mutex_unlock(struct we_host_mutex *mutex)
{
    int error;

    rank_pop(mutex->rank);
    error = pthread_mutex_unlock(&mutex->mutex);
    WE_ASSERT(error == 0);
}

#else

bool we_host_holds_no_lock(void)
{
    return true;
}

void we_host_lock_ranks_reset(void)
{
}

#endif

void we_host_mutex_init(struct we_host_mutex *mutex, enum we_host_rank rank)
{
    int error = pthread_mutex_init(&mutex->mutex, NULL);

    WE_ASSERT(error == 0);
    mutex->rank = rank;
}

void we_host_mutex_fini(struct we_host_mutex *mutex)
{
    int error = pthread_mutex_destroy(&mutex->mutex);

    /* EBUSY: destroyed while somebody holds it. */
    WE_ASSERT(error == 0);
}
