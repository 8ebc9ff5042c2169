/* SPDX-License-Identifier: MIT */
/* The registry's contents: keys by path, and their values. */
#ifndef WE_CM_REGISTRY_H
#define WE_CM_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>

#include <wdm.h>

#include "base/base_assert.h"

/* Keys stay until the registry is emptied; values may go at any time, so they are only seen under the lock. */
struct we_cm_key;

struct we_cm_value {
    ULONG type;
    ULONG data_bytes;
    USHORT name_bytes;
    const WCHAR *name; /* as it was given */
    const UCHAR *data;
};

/* The key of a path "\Registry\..." (units, without a terminator), or NULL. Case does not matter. */
struct we_cm_key *we_cm_key_find(const WCHAR *path, size_t count);
/* The same; makes it and the keys above it first. NULL: no memory. */
struct we_cm_key *we_cm_key_make(const WCHAR *path, size_t count);
/* Path of the key in capitals. */
const WCHAR *we_cm_key_path(const struct we_cm_key *key, size_t *count);

/* Sets or replaces a value. False: no memory, and nothing has changed. */
WE_MUST_USE bool we_cm_value_set(struct we_cm_key *key, const struct we_cm_value *value);
/* False: there was none. */
bool we_cm_value_remove(struct we_cm_key *key, const WCHAR *name, size_t count);
/* Calls use with the value, under the registry's lock. STATUS_OBJECT_NAME_NOT_FOUND, or what use returned. */
NTSTATUS we_cm_value_use(struct we_cm_key *key, const WCHAR *name, size_t count,
                         NTSTATUS (*use)(const struct we_cm_value *value, void *context), void *context);

/* Empties it. Nobody has a key open. */
void we_cm_registry_stop(void);

#endif
