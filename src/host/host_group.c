/* SPDX-License-Identifier: MIT */
/* Multicast groups of a datagram endpoint: one table of what may follow what. */
#include "host/host_group.h"

#include <stddef.h>

#include "host/host_mem.h"

/* The design note is in host_group.h. */

/* --- the table ------------------------------------------------------------------------- */

enum membership {
    NONE,
    ALL,     /* every sender */
    ALL_BUT, /* the same, and a sender was blocked once; none may be left now */
    ONLY,    /* the senders that were named, one at least */
    MEMBERSHIP_COUNT
};

#define CHANGE_COUNT (WE_GROUP_LEAVE_SOURCE + 1)
#define OK WE_OK
#define TWICE WE_ERR_ADDRESS /* WSAEADDRNOTAVAIL: it is there, or has gone, already */
#define WRONG WE_ERR_INVALID /* WSAEINVAL: there is nothing of the kind to be changed */

/* Each cell: when the sender is not named yet, when it is. Without a sender the first one counts. */
/* clang-format off */
static const enum we_err s_verdicts[CHANGE_COUNT][MEMBERSHIP_COUNT][2] = {
    /*                         NONE              ALL               ALL_BUT           ONLY */
    [WE_GROUP_JOIN]         = { { OK, OK },       { TWICE, TWICE }, { WRONG, WRONG }, { TWICE, TWICE } },
    [WE_GROUP_LEAVE]        = { { WRONG, WRONG }, { OK, OK },       { OK, OK },       { OK, OK } },
    [WE_GROUP_BLOCK]        = { { WRONG, WRONG }, { OK, OK },       { OK, TWICE },    { WRONG, WRONG } },
    [WE_GROUP_UNBLOCK]      = { { WRONG, WRONG }, { WRONG, WRONG }, { TWICE, OK },    { WRONG, WRONG } },
    [WE_GROUP_JOIN_SOURCE]  = { { OK, OK },       { TWICE, TWICE }, { WRONG, WRONG }, { OK, TWICE } },
    [WE_GROUP_LEAVE_SOURCE] = { { WRONG, WRONG }, { WRONG, WRONG }, { WRONG, WRONG }, { TWICE, OK } },
};
/* clang-format on */

/* --- memory ---------------------------------------------------------------------------- */

struct source {
    struct source *next;
    struct we_base_addr addr;
};

struct we_host_group {
    struct we_host_group *next;
    enum membership membership;
    uint32_t interface_index;
    struct we_base_addr addr;
    struct source *sources; /* of ALL_BUT those that are not heard, of ONLY those that are */
    unsigned source_count;
};

static void group_free(struct we_host_group *group)
{
    while (group->sources != NULL) {
        struct source *source = group->sources;

        group->sources = source->next;
        we_host_free(source);
    }
    we_host_free(group);
}

void we_host_groups_free(struct we_host_groups *groups)
{
    while (groups->first != NULL) {
        struct we_host_group *group = groups->first;

        groups->first = group->next;
        group_free(group);
    }
}

/* --- finding --------------------------------------------------------------------------- */

/* The link to the membership, or to the end of the list. */
static struct we_host_group **group_find(struct we_host_groups *groups, const struct we_host_group_order *order)
{
    struct we_host_group **link = &groups->first;

    while (*link != NULL && ((*link)->interface_index != order->interface_index ||
                             !we_base_addr_same_host(&(*link)->addr, &order->group))) {
        link = &(*link)->next;
    }
    return link;
}

/* The same, but an interface that the routes chose, now or when the group was entered, may be any: whoever leaves a group
 * need not say where he is in it. */
static struct we_host_group **group_find_any(struct we_host_groups *groups, const struct we_host_group_order *order)
{
    struct we_host_group **link = group_find(groups, order);

    if (*link != NULL) {
        return link;
    }
    for (link = &groups->first; *link != NULL; link = &(*link)->next) {
        if (((*link)->interface_index == 0 || order->interface_index == 0) &&
            we_base_addr_same_host(&(*link)->addr, &order->group)) {
            return link;
        }
    }
    return link;
}

static struct source **source_find(struct we_host_group *group, const struct we_base_addr *addr)
{
    struct source **link = &group->sources;

    while (*link != NULL && !we_base_addr_same_host(&(*link)->addr, addr)) {
        link = &(*link)->next;
    }
    return link;
}

static bool has_source(const struct we_host_group *group, const struct we_base_addr *addr)
{
    const struct source *source = group->sources;

    while (source != NULL && !we_base_addr_same_host(&source->addr, addr)) {
        source = source->next;
    }
    return source != NULL;
}

bool we_host_groups_hear(const struct we_host_groups *groups, const struct we_base_addr *group,
                         const struct we_base_addr *source)
{
    for (const struct we_host_group *entry = groups->first; entry != NULL; entry = entry->next) {
        if (we_base_addr_same_host(&entry->addr, group) && has_source(entry, source) == (entry->membership == ONLY)) {
            return true;
        }
    }
    return false;
}

/* --- changing -------------------------------------------------------------------------- */

static bool is_of_source(enum we_host_group_change change)
{
    return change != WE_GROUP_JOIN && change != WE_GROUP_LEAVE;
}

static bool is_join(enum we_host_group_change change)
{
    return change == WE_GROUP_JOIN || change == WE_GROUP_JOIN_SOURCE;
}

/* It names one sender more. */
static bool is_naming(enum we_host_group_change change)
{
    return change == WE_GROUP_BLOCK || change == WE_GROUP_JOIN_SOURCE;
}

static enum we_err order_check(const struct we_host_group_order *order)
{
    if (!we_base_addr_is_multicast(&order->group)) {
        return WE_ERR_ADDRESS;
    }
    if (!is_of_source(order->change)) {
        return WE_OK;
    }
    if (order->source.family != order->group.family) {
        return WE_ERR_INVALID;
    }
    return we_base_addr_is_any(&order->source) || we_base_addr_is_multicast(&order->source) ? WE_ERR_ADDRESS : WE_OK;
}

static unsigned group_count(const struct we_host_groups *groups)
{
    unsigned count = 0;

    for (const struct we_host_group *group = groups->first; group != NULL; group = group->next) {
        count++;
    }
    return count;
}

/* What a change needs before it is told. */
struct spare {
    struct we_host_group *group;
    struct source *source;
};

static void spare_free(struct spare *spare)
{
    we_host_free(spare->source);
    we_host_free(spare->group);
}

static enum we_err spare_make(const struct we_host_groups *groups, const struct we_host_group *group,
                              const struct we_host_group_order *order, struct spare *spare)
{
    *spare = (struct spare){ NULL, NULL };
    if ((group == NULL && group_count(groups) == WE_HOST_GROUP_COUNT_MAX) ||
        (group != NULL && is_naming(order->change) && group->source_count == WE_HOST_GROUP_SOURCE_COUNT_MAX)) {
        return WE_ERR_NO_MEMORY;
    }
    if (is_naming(order->change)) {
        spare->source = we_host_zalloc(sizeof(*spare->source));
        if (spare->source == NULL) {
            return WE_ERR_NO_MEMORY;
        }
        spare->source->addr = order->source;
    }
    if (group == NULL) {
        spare->group = we_host_zalloc(sizeof(*spare->group));
        if (spare->group == NULL) {
            spare_free(spare);
            return WE_ERR_NO_MEMORY;
        }
        spare->group->addr = order->group;
        spare->group->interface_index = order->interface_index;
        spare->group->membership = order->change == WE_GROUP_JOIN ? ALL : ONLY;
    }
    return WE_OK;
}

static void source_name(struct we_host_group *group, struct source *source)
{
    source->next = group->sources;
    group->sources = source;
    group->source_count++;
}

static void source_forget(struct we_host_group *group, const struct we_base_addr *addr)
{
    struct source **link = source_find(group, addr);
    struct source *source = *link;

    WE_ASSERT(source != NULL); /* the table has looked */
    *link = source->next;
    group->source_count--;
    we_host_free(source);
}

/* The table has passed the change, and the network knows. */
static void change_make(struct we_host_group **link, const struct we_host_group_order *order, const struct spare *spare)
{
    struct we_host_group *group = *link;

    if (group == NULL) {
        group = spare->group;
        *link = group;
    }
    switch (order->change) {
    case WE_GROUP_JOIN:
    case WE_GROUP_LEAVE:
        break;
    case WE_GROUP_BLOCK:
        group->membership = ALL_BUT;
        source_name(group, spare->source);
        break;
    case WE_GROUP_JOIN_SOURCE:
        source_name(group, spare->source);
        break;
    case WE_GROUP_UNBLOCK:
    case WE_GROUP_LEAVE_SOURCE:
        source_forget(group, &order->source);
        break;
    }
    if (order->change == WE_GROUP_LEAVE || (group->membership == ONLY && group->source_count == 0)) {
        *link = group->next;
        group_free(group);
    }
}

enum we_err we_host_groups_change(struct we_host_groups *groups, const struct we_host_group_order *order,
                                  we_host_group_tell_fn *tell, void *context)
{
    struct we_host_group_order told = *order;
    struct we_host_group **link = is_join(order->change) ? group_find(groups, order) : group_find_any(groups, order);
    bool is_named = *link != NULL && is_of_source(order->change) && has_source(*link, &order->source);
    enum membership membership = *link != NULL ? (*link)->membership : NONE;
    enum we_err err = order_check(order);
    struct spare spare;

    if (err == WE_OK) {
        err = s_verdicts[order->change][membership][is_named];
    }
    if (err == WE_OK) {
        err = spare_make(groups, *link, order, &spare);
    }
    if (err != WE_OK) {
        return err;
    }
    if (*link != NULL) {
        told.interface_index = (*link)->interface_index;
    }
    err = tell != NULL ? tell(context, &told) : WE_OK;
    if (err != WE_OK) {
        spare_free(&spare);
        return err;
    }
    change_make(link, order, &spare);
    return WE_OK;
}
