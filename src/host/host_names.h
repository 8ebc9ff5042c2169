/* SPDX-License-Identifier: MIT */
/* Names that the emulated machine knows by itself: a hosts table, filled by tests. */
#ifndef WE_HOST_NAMES_H
#define WE_HOST_NAMES_H

#include <stdbool.h>

#include "base/base_addr.h"
#include "base/base_assert.h"
#include "base/base_err.h"

/* Contract
 *
 * A name has addresses, or is another name for a name that has them, or stands for a failure. Names are UTF-8; upper
 * and lower case of ASCII letters are the same, and so is a name with a dot at its end. "localhost" is there from the
 * start. Any thread, no lock of rank RESOLVER or above held.
 */

#define WE_HOST_NAME_SIZE 1025 /* bytes with the terminator; what NI_MAXHOST allows */
#define WE_HOST_ADDRS_MAX 32   /* of one name; more are not kept */

enum we_host_answer {
    WE_ANSWER_FOUND,
    WE_ANSWER_UNKNOWN,   /* no such name, or none of the wanted family */
    WE_ANSWER_TRY_AGAIN, /* nobody answered */
    WE_ANSWER_NO_MEMORY,
    WE_ANSWER_NOT_READY, /* the resolver itself is not there yet */
    WE_ANSWER_CANCELLED, /* the emulated kernel stops */
    WE_ANSWER_COUNT
};

struct we_host_found {
    unsigned addr_count;
    struct we_base_addr addrs[WE_HOST_ADDRS_MAX]; /* port 0 */
    char canonical[WE_HOST_NAME_SIZE];            /* the name that has the addresses, as it was added */
};

/* Each of these makes the name if it is new; a name has one meaning: the one that it was given first.
 * WE_ERR_INVALID: the name is empty or too long. WE_ERR_ADDRESS: the text is no address. WE_ERR_IN_USE: it has another meaning, or no room for an address. */
WE_MUST_USE enum we_err we_host_names_add(const char *name, const char *address);
WE_MUST_USE enum we_err we_host_names_alias(const char *alias, const char *name);
WE_MUST_USE enum we_err we_host_names_fail(const char *name, enum we_host_answer answer);

/* What the table says of a name; false when it does not know it. family WE_FAMILY_NONE: all of them. */
WE_MUST_USE bool we_host_names_find(const char *name, enum we_base_family family, enum we_host_answer *answer,
                                    struct we_host_found *found);
/* The first name that this address was given to, in found->canonical. */
WE_MUST_USE bool we_host_names_find_addr(const struct we_base_addr *addr, struct we_host_found *found);
/* Copies a name; what is longer than a name can be is cut off. */
void we_host_names_copy(char to[WE_HOST_NAME_SIZE], const char *from);
/* Whether two texts are the same name. */
bool we_host_names_equal(const char *a, const char *b);

/* Forgets what was added. */
void we_host_names_reset(void);

#endif
