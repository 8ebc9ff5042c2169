/* SPDX-License-Identifier: MIT */
/* Ids made of slot and generation: a table of slots with a free list through the unused ones. */
#include "base/base_idmap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_COUNT_MIN 16u
/* Far beyond what one process can hold open; keeps index + 1 and the size in bytes clear of overflow. */
#define CAPACITY_COUNT_MAX (UINT32_C(1) << 26)

struct we_base_idmap_slot {
    void *object;        /* NULL: the slot is free */
    uint32_t generation; /* of the present or the next use; never 0, so that no id is 0 */
    uint32_t next_free;  /* index + 1, 0 = none */
};

static we_base_id id_make(uint32_t index, uint32_t generation)
{
    return ((we_base_id)generation << 32) | index;
}

static bool idmap_grow(struct we_base_idmap *map)
{
    struct we_base_idmap_slot *slots;
    uint32_t capacity_count = map->capacity_count == 0 ? CAPACITY_COUNT_MIN : map->capacity_count * 2;

    if (capacity_count > CAPACITY_COUNT_MAX) {
        return false;
    }
    slots = realloc(map->slots, capacity_count * sizeof(*slots));
    if (slots == NULL) {
        return false;
    }
    map->slots = slots;
    map->capacity_count = capacity_count;
    return true;
}

/* Returns the slot that id names, or NULL when the id is stale or was never given out. */
static struct we_base_idmap_slot *slot_find(const struct we_base_idmap *map, we_base_id id)
{
    uint32_t index = (uint32_t)id;
    struct we_base_idmap_slot *slot;

    if (index >= map->used_count) {
        return NULL;
    }
    slot = &map->slots[index];
    if (slot->object == NULL || slot->generation != (uint32_t)(id >> 32)) {
        return NULL;
    }
    return slot;
}

we_base_id we_base_idmap_add(struct we_base_idmap *map, void *object)
{
    struct we_base_idmap_slot *slot;
    uint32_t index;

    WE_ASSERT(object != NULL);
    if (map->free_head != 0) {
        index = map->free_head - 1;
        slot = &map->slots[index];
        map->free_head = slot->next_free;
    } else {
        if (map->used_count == map->capacity_count && !idmap_grow(map)) {
            return 0;
        }
        index = map->used_count;
        slot = &map->slots[index];
        slot->generation = 1;
        map->used_count++;
    }
    slot->object = object;
    slot->next_free = 0;
    return id_make(index, slot->generation);
}

void *we_base_idmap_find(const struct we_base_idmap *map, we_base_id id)
{
    const struct we_base_idmap_slot *slot = slot_find(map, id);

    return slot == NULL ? NULL : slot->object;
}

void *we_base_idmap_remove(struct we_base_idmap *map, we_base_id id)
{
    struct we_base_idmap_slot *slot = slot_find(map, id);
    void *object;

    if (slot == NULL) {
        return NULL;
    }
    object = slot->object;
    slot->object = NULL;
    slot->generation++;
    if (slot->generation == 0) {
        slot->generation = 1;
    }
    slot->next_free = map->free_head;
    map->free_head = (uint32_t)id + 1;
    return object;
}

void we_base_idmap_each(const struct we_base_idmap *map, void (*fn)(we_base_id id, void *object, void *context),
                        void *context)
{
    for (uint32_t i = 0; i < map->used_count; i++) {
        const struct we_base_idmap_slot *slot = &map->slots[i];

        if (slot->object != NULL) {
            fn(id_make(i, slot->generation), slot->object, context);
        }
    }
}

void we_base_idmap_fini(struct we_base_idmap *map)
{
    free(map->slots);
    memset(map, 0, sizeof(*map));
}
