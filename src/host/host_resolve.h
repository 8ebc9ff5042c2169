/* SPDX-License-Identifier: MIT */
/* Name lookup: the hosts table first, then the system's resolver on threads of its own. */
#ifndef WE_HOST_RESOLVE_H
#define WE_HOST_RESOLVE_H

#include "base/base_list.h"
#include "host/host_names.h"

/* Contract
 *
 * A query is answered at once, from the table or because there is no other resolver (virtual network), or later: then
 * done is called once, on any thread, without a lock, and never inside we_host_resolve. Until then the query belongs
 * to this layer. Nothing is ever waited for on the caller's thread.
 *
 * Threads: the system's resolver may block for as long as the system lets it, so it runs on at most four threads that
 * are made when they are needed. In stepped execution such a thread keeps the token while it is asked: simulated time
 * stands still, and the order of things is the same each time.
 */
struct we_host_query {
    /* The question. */
    bool is_reverse;            /* a name for addr; else addresses for name */
    bool is_no_dot;             /* reverse: only the host's part of a local name (NI_NOFQDN) */
    bool is_only_configured;    /* only families that the machine has an address of (AI_ADDRCONFIG) */
    enum we_base_family family; /* of the wanted addresses; WE_FAMILY_NONE: all */
    struct we_base_addr addr;
    char name[WE_HOST_NAME_SIZE];
    void (*done)(struct we_host_query *query);
    /* The answer. */
    enum we_host_answer answer;
    struct we_host_found found;

    struct we_base_list link; /* among the waiting or the held */
};

void we_host_resolve_start(void);
/* Answers what is open with WE_ANSWER_CANCELLED, and waits for the threads: as long as the system's resolver takes. */
void we_host_resolve_stop(void);

/* True: answered now. False: done will be called. */
WE_MUST_USE bool we_host_resolve(struct we_host_query *query);

/* The system is being asked: what looks like a stall may be a slow name server. */
bool we_host_resolve_is_asking(void);

/* A held name is not answered before it is let go: a resolver that takes its time. */
WE_MUST_USE enum we_err we_host_resolve_hold(const char *name);
/* Answers what waits for it on the calling thread; false when it is not held. */
WE_MUST_USE bool we_host_resolve_let_go(const char *name);

/* The system's resolver, which may block. For tests: another one; NULL puts it back. */
void we_host_resolve_system(struct we_host_query *query);
void we_host_resolve_set_system(void (*fn)(struct we_host_query *query));

#endif
