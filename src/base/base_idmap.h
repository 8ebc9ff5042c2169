/* SPDX-License-Identifier: MIT */
/* Ids made of slot and generation: a stale id is an answer (NULL), never a crash. */
#ifndef WE_BASE_IDMAP_H
#define WE_BASE_IDMAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/base_assert.h"

/* Not locked: the owner brings the lock. A zeroed map is an empty one. */
struct we_base_idmap {
    struct we_base_idmap_slot *slots;
    uint32_t capacity_count;
    uint32_t used_count;
    uint32_t free_head; /* index + 1 of the first free slot, 0 = none */
};

typedef uint64_t we_base_id; /* generation << 32 | slot index; 0 is never a valid id */

/* Returns the id of a new entry that maps to object, or 0 when memory is short. */
WE_MUST_USE we_base_id we_base_idmap_add(struct we_base_idmap *map, void *object);
/* Returns the object, or NULL for an id that is unknown or was removed. */
void *we_base_idmap_find(const struct we_base_idmap *map, we_base_id id);
/* Returns the removed object, or NULL when the id was stale. */
void *we_base_idmap_remove(struct we_base_idmap *map, we_base_id id);
/* Calls fn for every live entry; fn may not change the map. */
void we_base_idmap_each(const struct we_base_idmap *map, void (*fn)(we_base_id id, void *object, void *context),
                        void *context);
/* Frees the slots. Does not touch the objects. */
void we_base_idmap_fini(struct we_base_idmap *map);

#endif
