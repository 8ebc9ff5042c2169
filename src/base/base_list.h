/* SPDX-License-Identifier: MIT */
/* Intrusive doubly linked list; an item that is on no list points to itself. */
#ifndef WE_BASE_LIST_H
#define WE_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct we_base_list {
    struct we_base_list *next;
    struct we_base_list *prev;
};

#define WE_BASE_LIST_INIT(name) \
    {                           \
        &(name), &(name)        \
    }
#define WE_BASE_LIST_ITEM(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void we_base_list_init(struct we_base_list *list)
{
    list->next = list;
    list->prev = list;
}

static inline bool we_base_list_is_empty(const struct we_base_list *list)
{
    return list->next == list;
}

/* Also the test "is this item on a list", for items removed with we_base_list_remove. */
static inline bool we_base_list_is_linked(const struct we_base_list *item)
{
    return item->next != item;
}

static inline void we_base_list_append(struct we_base_list *list, struct we_base_list *item)
{
    item->next = list;
    item->prev = list->prev;
    list->prev->next = item;
    list->prev = item;
}

static inline void we_base_list_prepend(struct we_base_list *list, struct we_base_list *item)
{
    item->prev = list;
    item->next = list->next;
    list->next->prev = item;
    list->next = item;
}

/* Leaves the item pointing to itself; harmless for an item that is on no list. */
static inline void we_base_list_remove(struct we_base_list *item)
{
    item->prev->next = item->next;
    item->next->prev = item->prev;
    we_base_list_init(item);
}

/* Returns the removed first item, or NULL. */
static inline struct we_base_list *we_base_list_pop(struct we_base_list *list)
{
    struct we_base_list *item = list->next;

    if (item == list) {
        return NULL;
    }
    we_base_list_remove(item);
    return item;
}

/* Moves all items of from to the end of to. */
static inline void we_base_list_splice(struct we_base_list *to, struct we_base_list *from)
{
    if (we_base_list_is_empty(from)) {
        return;
    }
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    we_base_list_init(from);
}

#define WE_BASE_LIST_FOR_EACH(link, list) \
    for (struct we_base_list *link = (list)->next; link != (list); link = link->next)

#endif
