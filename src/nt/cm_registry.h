/* SPDX-License-Identifier: MIT */
/* What is done with the registry: keys are opened, made and deleted, values set and read. Each function takes the lock. */
#ifndef WE_CM_REGISTRY_H
#define WE_CM_REGISTRY_H

#include "nt/cm_tree.h"

/* Opens a key: of a whole path ("\Registry\...", root NULL), or below an open one. STATUS_OBJECT_NAME_NOT_FOUND,
 * STATUS_OBJECT_NAME_INVALID, STATUS_KEY_DELETED (root), STATUS_INSUFFICIENT_RESOURCES. */
NTSTATUS we_cm_open(struct we_cm_key *root, const WCHAR *path, size_t count, struct we_cm_key **key);
/* The same; makes the last part when it is missing. class_name may be NULL. */
struct we_cm_create {
    bool is_volatile;
    const UNICODE_STRING *class_name;
    bool is_new; /* result */
};
NTSTATUS we_cm_create(struct we_cm_key *root, const WCHAR *path, size_t count, struct we_cm_create *how,
                      struct we_cm_key **key);
void we_cm_close(struct we_cm_key *key);
/* STATUS_CANNOT_DELETE: it has keys below it, or is the root; STATUS_KEY_DELETED. */
NTSTATUS we_cm_delete(struct we_cm_key *key);

/* Copies. STATUS_KEY_DELETED; STATUS_INSUFFICIENT_RESOURCES. */
NTSTATUS we_cm_value_set(struct we_cm_key *key, const struct we_cm_value *value);
/* STATUS_OBJECT_NAME_NOT_FOUND; STATUS_KEY_DELETED. */
NTSTATUS we_cm_value_remove(struct we_cm_key *key, const WCHAR *name, size_t count);

/* Calls use with the lock held and returns what it returns; so use neither waits nor calls a driver. */
typedef NTSTATUS we_cm_value_fn(const struct we_cm_value *value, void *context);
typedef NTSTATUS we_cm_key_fn(const struct we_cm_key *key, void *context);
/* STATUS_OBJECT_NAME_NOT_FOUND; STATUS_KEY_DELETED. */
NTSTATUS we_cm_value_use(struct we_cm_key *key, const WCHAR *name, size_t count, we_cm_value_fn *use, void *context);
/* The value, or the key below, number index. STATUS_NO_MORE_ENTRIES; STATUS_KEY_DELETED. */
NTSTATUS we_cm_value_use_nth(struct we_cm_key *key, ULONG index, we_cm_value_fn *use, void *context);
NTSTATUS we_cm_child_use_nth(struct we_cm_key *key, ULONG index, we_cm_key_fn *use, void *context);
/* The key itself. STATUS_KEY_DELETED. */
NTSTATUS we_cm_key_use(struct we_cm_key *key, we_cm_key_fn *use, void *context);

/* Several changes, all or none. */
enum we_cm_change_kind { WE_CM_MAKE_KEY, WE_CM_REMOVE_KEY, WE_CM_SET_VALUE, WE_CM_REMOVE_VALUE };
struct we_cm_change {
    enum we_cm_change_kind kind;
    const WCHAR *path; /* whole; keys above are made as needed, except by removals */
    size_t path_count;
    struct we_cm_value value; /* SET_VALUE; its name: REMOVE_VALUE */
};
/* What is to be removed may be missing. STATUS_CANNOT_DELETE: the root; else as we_cm_open. *failed: the number of the
 * change that failed. */
NTSTATUS we_cm_apply(const struct we_cm_change *changes, size_t count, size_t *failed);

#endif
