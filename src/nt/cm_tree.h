/* SPDX-License-Identifier: MIT */
/* The registry's contents: a tree of keys with their values, under one lock. */
#ifndef WE_CM_TREE_H
#define WE_CM_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wdm.h>

#include "base/base_assert.h"
#include "base/base_list.h"

#define WE_CM_KEY_NAME_MAX 255     /* units; as on Windows */
#define WE_CM_VALUE_NAME_MAX 16383 /* units */
#define WE_CM_DATA_MAX ((size_t)1 << 20)

/* One guarded name and data; what the driver gets is copied from it under the lock. */
struct we_cm_value {
    ULONG type;
    ULONG data_bytes;
    USHORT name_bytes;
    const WCHAR *name; /* as it was given */
    const UCHAR *data;
};

struct we_cm_value_node {
    struct we_base_list link;
    struct we_cm_value value; /* its name and data lie behind */
};

struct we_cm_key {            /* all of it guarded by the lock */
    struct we_base_list link; /* of its parent's children, which are sorted by name */
    struct we_base_list children;
    struct we_base_list values; /* in the order in which they were set first */
    struct we_cm_key *parent;   /* NULL: the root, or deleted */
    unsigned open_count;        /* keeps the memory of a deleted key */
    bool is_deleted;
    bool is_volatile;
    ULONGLONG written_100ns;
    WCHAR *class_name; /* NULL: none */
    size_t class_bytes;
    size_t name_count;
    WCHAR name[]; /* as it was given */
};

void we_cm_lock(void);
void we_cm_unlock(void);
/* Frees everything (stop): nothing is open any more. */
void we_cm_tree_free(void);

/* All below: lock held. */

/* "\Registry", with the keys below it that every system has. NULL: no memory. */
struct we_cm_key *we_cm_root_locked(void);
/* Follows a path below a key; empty parts are passed over. As many of its last parts as levels says are made when they
 * are missing (*made: the first of them, or NULL). STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_NAME_INVALID,
 * STATUS_CHILD_MUST_BE_VOLATILE, STATUS_INSUFFICIENT_RESOURCES: nothing was made. */
struct we_cm_walk {
    size_t levels; /* how many may be made; WE_CM_ALL_LEVELS */
    bool is_volatile;
    struct we_cm_key *key;
    struct we_cm_key *made;
};
#define WE_CM_ALL_LEVELS ((size_t)-1)
NTSTATUS we_cm_walk_locked(struct we_cm_walk *walk, struct we_cm_key *from, const WCHAR *path, size_t count);
/* The same from the root for a whole path, "\Registry\...". */
NTSTATUS we_cm_walk_path_locked(struct we_cm_walk *walk, const WCHAR *path, size_t count);

/* Takes a key out of its parent, and puts it back. Neither can fail. */
void we_cm_unlink_locked(struct we_cm_key *key);
void we_cm_relink_locked(struct we_cm_key *key, struct we_cm_key *parent);
/* Ends a key that is out of its parent, with all below: frees them, or marks as deleted what is still open. */
void we_cm_destroy_locked(struct we_cm_key *key);
/* After open_count became 0. */
void we_cm_free_closed_locked(struct we_cm_key *key);
void we_cm_touch_locked(struct we_cm_key *key);

struct we_cm_value_node *we_cm_value_find_locked(struct we_cm_key *key, const WCHAR *name, size_t count);
/* Puts a value in the place of the one of its name, which is off the list then and returned, or at the end (NULL). */
struct we_cm_value_node *we_cm_value_put_locked(struct we_cm_key *key, struct we_cm_value_node *made);

/* No lock needed. A copy, for a list of values; NULL: no memory. Freed by we_host_free. */
WE_MUST_USE struct we_cm_value_node *we_cm_value_make(const struct we_cm_value *from);

#endif
