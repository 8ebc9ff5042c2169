/* SPDX-License-Identifier: MIT */
/* Name lookup: the hosts table first, then the system's resolver on threads of its own. */
#include "host/host_resolve.h"

#include <string.h>

#include "base/base_assert.h"
#include "host/host_exec.h"
#include "host/host_lock.h"
#include "host/host_mem.h"
#include "host/host_net.h"

/* Design
 *
 * Workers are made when a query waits and none is idle, up to WORKERS_MAX, and stay until the stop. A worker that finds
 * nothing marks itself idle under the lock and parks; whoever adds a query takes that mark away and unparks it, so each
 * query wakes one.
 *
 * Held names are a short list beside the table; their queries wait on a list of their own, however often a name is
 * held.
 */

#define WORKERS_MAX 4u

struct worker {
    struct we_host_thread thread;
    bool is_idle;
};

struct held_name {
    struct we_base_list link;
    char text[WE_HOST_NAME_SIZE];
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_RESOLVER);
static struct we_base_list s_waiting = WE_BASE_LIST_INIT(s_waiting); /* for a worker */
static struct we_base_list s_held = WE_BASE_LIST_INIT(s_held);       /* for their name to be let go */
static struct we_base_list s_held_names = WE_BASE_LIST_INIT(s_held_names);
static struct worker s_workers[WORKERS_MAX];
static unsigned s_worker_count;
static bool s_is_ending;
static unsigned s_asking_count;                                                /* atomic */
static void (*s_system)(struct we_host_query *query) = we_host_resolve_system; /* tests change it between runs */

void we_host_resolve_set_system(void (*fn)(struct we_host_query *query))
{
    s_system = fn != NULL ? fn : we_host_resolve_system;
}

bool we_host_resolve_is_asking(void)
{
    return __atomic_load_n(&s_asking_count, __ATOMIC_SEQ_CST) > 0;
}

/* --- workers --------------------------------------------------------------------------- */

/* The next query for this worker, or NULL: then it is marked idle. *is_ending: it should leave. */
static struct we_host_query *worker_next(struct worker *worker, bool *is_ending)
{
    struct we_base_list *link;

    we_host_mutex_lock(&s_lock);
    link = we_base_list_pop(&s_waiting);
    *is_ending = s_is_ending;
    worker->is_idle = link == NULL;
    we_host_mutex_unlock(&s_lock);
    return link == NULL ? NULL : WE_BASE_LIST_ITEM(link, struct we_host_query, link);
}

static void worker_main(void *context)
{
    struct worker *worker = (struct worker *)context;
    bool is_ending;

    for (;;) {
        struct we_host_query *query = worker_next(worker, &is_ending);

        if (query != NULL) {
            __atomic_add_fetch(&s_asking_count, 1, __ATOMIC_SEQ_CST);
            s_system(query);
            __atomic_sub_fetch(&s_asking_count, 1, __ATOMIC_SEQ_CST);
            query->done(query);
            we_host_progress();
        } else if (is_ending || we_host_park(&worker->thread, WE_HOST_FOREVER) == WE_PARK_STOPPING) {
            return;
        }
    }
}

/* A worker for what waits: an idle one, which the caller unparks, or a new one. False: there is none at all. */
static bool worker_find_locked(struct worker **idle)
{
    struct worker *worker;
    unsigned i;

    *idle = NULL;
    for (i = 0; i < s_worker_count; i++) {
        if (s_workers[i].is_idle) {
            s_workers[i].is_idle = false;
            *idle = &s_workers[i];
            return true;
        }
    }
    if (s_worker_count == WORKERS_MAX) {
        return true; /* the first that is done takes it */
    }
    worker = &s_workers[s_worker_count];
    memset(worker, 0, sizeof(*worker));
    if (we_host_thread_create(&worker->thread, "resolver", worker_main, worker) != WE_OK) {
        return s_worker_count > 0;
    }
    s_worker_count++;
    return true;
}

/* --- held names ------------------------------------------------------------------------ */

static struct held_name *held_name_find_locked(const char *name)
{
    WE_BASE_LIST_FOR_EACH (link, &s_held_names) {
        struct held_name *held = WE_BASE_LIST_ITEM(link, struct held_name, link);

        if (we_host_names_equal(held->text, name)) {
            return held;
        }
    }
    return NULL;
}

enum we_err we_host_resolve_hold(const char *name)
{
    struct held_name *held;

    if (strlen(name) >= WE_HOST_NAME_SIZE) {
        return WE_ERR_INVALID;
    }
    held = (struct held_name *)we_host_zalloc(sizeof(*held));
    if (held == NULL) {
        return WE_ERR_NO_MEMORY;
    }
    we_host_names_copy(held->text, name);
    we_host_mutex_lock(&s_lock);
    we_base_list_append(&s_held_names, &held->link);
    we_host_mutex_unlock(&s_lock);
    return WE_OK;
}

/* Moves the queries that wait for this name to be let go. */
static void held_take_locked(const char *name, struct we_base_list *queries)
{
    struct we_base_list *link = s_held.next;

    while (link != &s_held) {
        struct we_host_query *query = WE_BASE_LIST_ITEM(link, struct we_host_query, link);

        link = link->next;
        if (we_host_names_equal(query->name, name)) {
            we_base_list_remove(&query->link);
            we_base_list_append(queries, &query->link);
        }
    }
}

bool we_host_resolve_let_go(const char *name)
{
    struct we_base_list free_now;
    struct we_base_list *link;
    struct held_name *held;

    we_base_list_init(&free_now);
    we_host_mutex_lock(&s_lock);
    held = held_name_find_locked(name);
    if (held != NULL) {
        we_base_list_remove(&held->link);
        held_take_locked(name, &free_now);
    }
    we_host_mutex_unlock(&s_lock);
    we_host_free(held);
    while ((link = we_base_list_pop(&free_now)) != NULL) {
        struct we_host_query *query = WE_BASE_LIST_ITEM(link, struct we_host_query, link);

        if (we_host_resolve(query)) {
            query->done(query);
        }
    }
    return held != NULL;
}

/* --- queries --------------------------------------------------------------------------- */

/* What needs no other machine. */
static bool answer_from_table(struct we_host_query *query)
{
    if (!query->is_reverse) {
        return we_host_names_find(query->name, query->family, &query->answer, &query->found);
    }
    if (!we_host_names_find_addr(&query->addr, &query->found)) {
        return false;
    }
    query->answer = WE_ANSWER_FOUND;
    return true;
}

static bool hold(struct we_host_query *query)
{
    bool is_held;

    we_host_mutex_lock(&s_lock);
    is_held = !s_is_ending && held_name_find_locked(query->name) != NULL;
    if (is_held) {
        we_base_list_append(&s_held, &query->link);
    }
    we_host_mutex_unlock(&s_lock);
    return is_held;
}

/* False: there is nobody to ask. */
static bool ask_system(struct we_host_query *query)
{
    struct worker *idle = NULL;
    bool is_asked;

    we_host_mutex_lock(&s_lock);
    is_asked = !s_is_ending && worker_find_locked(&idle);
    if (is_asked) {
        we_base_list_append(&s_waiting, &query->link);
    }
    we_host_mutex_unlock(&s_lock);
    if (idle != NULL) {
        we_host_unpark(&idle->thread);
    }
    return is_asked;
}

bool we_host_resolve(struct we_host_query *query)
{
    we_base_list_init(&query->link);
    if (!query->is_reverse && hold(query)) {
        return false;
    }
    if (answer_from_table(query)) {
        return true;
    }
    if (we_host_net_kind() != WE_NET_SOCKETS) {
        query->answer = WE_ANSWER_UNKNOWN; /* nobody else is on the virtual network */
        return true;
    }
    if (ask_system(query)) {
        return false;
    }
    query->answer = WE_ANSWER_NO_MEMORY;
    return true;
}

/* --- start and stop -------------------------------------------------------------------- */

void we_host_resolve_start(void)
{
    we_host_mutex_lock(&s_lock);
    s_is_ending = false;
    we_host_mutex_unlock(&s_lock);
}

static void cancel_all(struct we_base_list *queries)
{
    struct we_base_list *link;

    while ((link = we_base_list_pop(queries)) != NULL) {
        struct we_host_query *query = WE_BASE_LIST_ITEM(link, struct we_host_query, link);

        query->answer = WE_ANSWER_CANCELLED;
        query->done(query);
    }
}

void we_host_resolve_stop(void)
{
    struct we_base_list left;
    struct we_base_list *link;
    unsigned i;

    we_base_list_init(&left);
    we_host_mutex_lock(&s_lock);
    s_is_ending = true;
    we_base_list_splice(&left, &s_waiting);
    we_base_list_splice(&left, &s_held);
    we_host_mutex_unlock(&s_lock);
    cancel_all(&left);
    for (i = 0; i < s_worker_count; i++) {
        we_host_unpark(&s_workers[i].thread);
        we_host_thread_join(&s_workers[i].thread);
    }
    s_worker_count = 0;
    while ((link = we_base_list_pop(&s_held_names)) != NULL) {
        we_host_free(WE_BASE_LIST_ITEM(link, struct held_name, link));
    }
    we_host_names_reset();
}
