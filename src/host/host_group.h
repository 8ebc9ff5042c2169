/* SPDX-License-Identifier: MIT */
/* Multicast groups of a datagram endpoint: which it has entered, and whom it hears in each. */
#ifndef WE_HOST_GROUP_H
#define WE_HOST_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base_addr.h"
#include "base/base_assert.h"
#include "base/base_err.h"

/* Design
 *
 * A membership is a group on an interface. It is for all senders, but for those that are blocked, or for single senders
 * only; it does not change from one to the other without being left. What may follow what, and the error of what may
 * not, is one table, which says what Windows documents; operating systems allow more, and each something else. So a
 * network that has groups of its own is only told of a change that the table has passed.
 *
 * Memberships and senders are bounded, and each is a block of memory of its own: endpoints without any have none.
 *
 * Not locked: the owner sees to that.
 */

#define WE_HOST_GROUP_COUNT_MAX 20u        /* memberships of one endpoint: IP_MAX_MEMBERSHIPS */
#define WE_HOST_GROUP_SOURCE_COUNT_MAX 64u /* senders that one membership names */

enum we_host_group_change {
    WE_GROUP_JOIN,
    WE_GROUP_LEAVE, /* in whatever way it was entered */
    WE_GROUP_BLOCK, /* hears all but one more */
    WE_GROUP_UNBLOCK,
    WE_GROUP_JOIN_SOURCE, /* enters for one sender, or for one more */
    WE_GROUP_LEAVE_SOURCE /* with the last one the membership ends */
};

struct we_host_group_order {
    enum we_host_group_change change;
    uint32_t interface_index;   /* 0: as the routes say */
    struct we_base_addr group;  /* plain: IPv4 is not mapped; no port */
    struct we_base_addr source; /* the same; WE_FAMILY_NONE where the change has none */
};

struct we_host_group;

struct we_host_groups {
    struct we_host_group *first; /* NULL: none, as at the start */
};

/* Does what is told about the network; the change is made when it returns WE_OK. */
typedef enum we_err we_host_group_tell_fn(void *context, const struct we_host_group_order *order);

/* Makes one change. tell may be NULL. WE_ERR_ADDRESS: no group, no sender, or it is there already; WE_ERR_INVALID: it is
 * not there, or the membership is of the other kind; WE_ERR_NO_MEMORY: also for too many; else what tell said. Without
 * WE_OK nothing has changed. */
WE_MUST_USE enum we_err we_host_groups_change(struct we_host_groups *groups, const struct we_host_group_order *order,
                                              we_host_group_tell_fn *tell, void *context);
/* Whether a datagram to the group from the sender is heard. Both plain. */
bool we_host_groups_hear(const struct we_host_groups *groups, const struct we_base_addr *group,
                         const struct we_base_addr *source);
/* Forgets them all. */
void we_host_groups_free(struct we_host_groups *groups);

#endif
