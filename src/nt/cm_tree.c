/* SPDX-License-Identifier: MIT */
/* The registry's contents: a tree of keys with their values, under one lock. */
#include "nt/cm_tree.h"

#include <string.h>

#include "host/host_exec.h"
#include "host/host_lock.h"
#include "host/host_mem.h"
#include "nt/rtl_utf.h"

/* Design
 *
 * A test has a handful of keys with a handful of children each, so lists do. Names keep the spelling in which they came
 * first and are compared in capitals. The keys that every system has are made at the first look.
 */

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_OBJECT);
static struct we_cm_key *s_root; /* guarded by s_lock */

void we_cm_lock(void)
{
    we_host_mutex_lock(&s_lock);
}

void we_cm_unlock(void)
{
    we_host_mutex_unlock(&s_lock);
}

/* --- keys ------------------------------------------------------------------------------------------- */

static struct we_cm_key *key_make(const WCHAR *name, size_t count, bool is_volatile)
{
    struct we_cm_key *key = we_host_zalloc(sizeof(*key) + count * sizeof(WCHAR));

    if (key == NULL) {
        return NULL;
    }
    we_base_list_init(&key->link);
    we_base_list_init(&key->children);
    we_base_list_init(&key->values);
    key->is_volatile = is_volatile;
    key->name_count = count;
    memcpy(key->name, name, count * sizeof(WCHAR));
    we_cm_touch_locked(key);
    return key;
}

void we_cm_touch_locked(struct we_cm_key *key)
{
    key->written_100ns = we_host_system_time_100ns();
}

static int name_compare(const struct we_cm_key *a, const struct we_cm_key *b)
{
    for (size_t i = 0; i < a->name_count && i < b->name_count; i++) {
        int difference = (int)we_rtl_upcase(a->name[i]) - (int)we_rtl_upcase(b->name[i]);

        if (difference != 0) {
            return difference;
        }
    }
    return a->name_count < b->name_count ? -1 : a->name_count > b->name_count;
}

void we_cm_relink_locked(struct we_cm_key *key, struct we_cm_key *parent)
{
    struct we_base_list *before = &parent->children;

    WE_BASE_LIST_FOR_EACH (link, &parent->children) {
        if (name_compare(WE_BASE_LIST_ITEM(link, struct we_cm_key, link), key) > 0) {
            before = link;
            break;
        }
    }
    we_base_list_append(before, &key->link); /* in front of it, or at the end */
    key->parent = parent;
    we_cm_touch_locked(parent);
}

void we_cm_unlink_locked(struct we_cm_key *key)
{
    we_base_list_remove(&key->link);
    we_cm_touch_locked(key->parent);
    key->parent = NULL;
}

static void values_free(struct we_cm_key *key)
{
    struct we_base_list *link;

    while ((link = we_base_list_pop(&key->values)) != NULL) {
        we_host_free(WE_BASE_LIST_ITEM(link, struct we_cm_value_node, link));
    }
}

void we_cm_free_closed_locked(struct we_cm_key *key)
{
    if (key->is_deleted && key->open_count == 0) {
        we_host_free(key->class_name);
        we_host_free(key);
    }
}

void we_cm_destroy_locked(struct we_cm_key *key)
{
    struct we_cm_key *place = key;

    /* From the leaves up, without a stack that grows with the depth. */
    for (;;) {
        struct we_cm_key *parent = place->parent;
        struct we_base_list *link = we_base_list_pop(&place->children);

        if (link != NULL) {
            place = WE_BASE_LIST_ITEM(link, struct we_cm_key, link);
            continue;
        }
        values_free(place);
        place->parent = NULL;
        place->is_deleted = true;
        we_cm_free_closed_locked(place);
        if (parent == NULL) {
            break;
        }
        place = parent;
    }
}

static struct we_cm_key *child_find(struct we_cm_key *parent, const WCHAR *name, size_t count)
{
    WE_BASE_LIST_FOR_EACH (link, &parent->children) {
        struct we_cm_key *key = WE_BASE_LIST_ITEM(link, struct we_cm_key, link);

        if (key->name_count == count && we_rtl_is_same_text(key->name, name, count)) {
            return key;
        }
    }
    return NULL;
}

/* --- paths -------------------------------------------------------------------------------------------- */

/* The next part of a path, and how many follow it; false at the end. */
struct part {
    const WCHAR *name;
    size_t count;
    size_t followers;
};

static size_t parts_count(const WCHAR *path, size_t count)
{
    size_t parts = 0;

    for (size_t i = 0; i < count; i++) {
        parts += path[i] != '\\' && (i == 0 || path[i - 1] == '\\') ? 1 : 0;
    }
    return parts;
}

static bool part_next(struct part *part, const WCHAR **path, size_t *count)
{
    while (*count != 0 && **path == '\\') {
        (*path)++;
        (*count)--;
    }
    part->name = *path;
    part->count = 0;
    while (*count != 0 && **path != '\\') {
        part->count++;
        (*path)++;
        (*count)--;
    }
    part->followers = parts_count(*path, *count);
    return part->count != 0;
}

/* Goes on to a part that is missing. */
static NTSTATUS part_make(struct we_cm_walk *walk, const struct part *part)
{
    struct we_cm_key *key;

    if (walk->levels <= part->followers) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if (walk->key->is_volatile && !walk->is_volatile) {
        return STATUS_CHILD_MUST_BE_VOLATILE;
    }
    key = key_make(part->name, part->count, walk->is_volatile);
    if (key == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    we_cm_relink_locked(key, walk->key);
    walk->made = walk->made == NULL ? key : walk->made;
    walk->key = key;
    return STATUS_SUCCESS;
}

NTSTATUS we_cm_walk_locked(struct we_cm_walk *walk, struct we_cm_key *from, const WCHAR *path, size_t count)
{
    NTSTATUS status = STATUS_SUCCESS;
    struct part part;

    walk->key = from;
    walk->made = NULL;
    while (NT_SUCCESS(status) && part_next(&part, &path, &count)) {
        struct we_cm_key *child = child_find(walk->key, part.name, part.count);

        if (part.count > WE_CM_KEY_NAME_MAX) {
            status = STATUS_OBJECT_NAME_INVALID;
        } else if (child != NULL) {
            walk->key = child;
        } else {
            status = part_make(walk, &part);
        }
    }
    if (!NT_SUCCESS(status) && walk->made != NULL) {
        we_cm_unlink_locked(walk->made);
        we_cm_destroy_locked(walk->made);
        walk->made = NULL;
    }
    return status;
}

NTSTATUS we_cm_walk_path_locked(struct we_cm_walk *walk, const WCHAR *path, size_t count)
{
    struct we_cm_key *root = we_cm_root_locked();
    struct part part;

    if (root == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!part_next(&part, &path, &count) || part.count != root->name_count ||
        !we_rtl_is_same_text(part.name, root->name, part.count)) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    return we_cm_walk_locked(walk, root, path, count);
}

/* --- what every system has ------------------------------------------------------------------------------ */

static struct we_cm_key *root_make(void)
{
    static const char *const paths[] = {
        "MACHINE\\HARDWARE\\DEVICEMAP",
        "MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion",
        "MACHINE\\SYSTEM\\CurrentControlSet\\Control",
        "MACHINE\\SYSTEM\\CurrentControlSet\\Services",
        "USER\\.DEFAULT",
    };
    static const WCHAR name[] = { 'R', 'E', 'G', 'I', 'S', 'T', 'R', 'Y' };
    struct we_cm_key *root = key_make(name, WE_ARRAY_COUNT(name), false);

    for (size_t i = 0; root != NULL && i < WE_ARRAY_COUNT(paths); i++) {
        struct we_cm_walk walk = { WE_CM_ALL_LEVELS, false, NULL, NULL };
        WCHAR path[64];
        size_t count = we_rtl_utf8_to_utf16(path, WE_ARRAY_COUNT(path), paths[i], strlen(paths[i])).written;

        if (!NT_SUCCESS(we_cm_walk_locked(&walk, root, path, count))) {
            we_cm_destroy_locked(root);
            root = NULL;
        }
    }
    return root;
}

struct we_cm_key *we_cm_root_locked(void)
{
    if (s_root == NULL) {
        s_root = root_make();
    }
    return s_root;
}

void we_cm_tree_free(void)
{
    we_cm_lock();
    if (s_root != NULL) {
        we_cm_destroy_locked(s_root);
        s_root = NULL;
    }
    we_cm_unlock();
}

/* --- values ----------------------------------------------------------------------------------------------- */

struct we_cm_value_node *we_cm_value_find_locked(struct we_cm_key *key, const WCHAR *name, size_t count)
{
    WE_BASE_LIST_FOR_EACH (link, &key->values) {
        struct we_cm_value_node *node = WE_BASE_LIST_ITEM(link, struct we_cm_value_node, link);

        if (node->value.name_bytes == count * sizeof(WCHAR) && we_rtl_is_same_text(node->value.name, name, count)) {
            return node;
        }
    }
    return NULL;
}

struct we_cm_value_node *we_cm_value_put_locked(struct we_cm_key *key, struct we_cm_value_node *made)
{
    struct we_cm_value_node *old =
        we_cm_value_find_locked(key, made->value.name, made->value.name_bytes / sizeof(WCHAR));

    we_base_list_append(old != NULL ? &old->link : &key->values, &made->link);
    if (old != NULL) {
        we_base_list_remove(&old->link);
    }
    we_cm_touch_locked(key);
    return old;
}

struct we_cm_value_node *we_cm_value_make(const struct we_cm_value *from)
{
    size_t name_bytes = ALIGN_UP_BY(from->name_bytes, sizeof(ULONGLONG)); /* the data is aligned for any type */
    struct we_cm_value_node *node = we_host_zalloc(sizeof(*node) + name_bytes + from->data_bytes);
    UCHAR *behind;

    if (node == NULL) {
        return NULL;
    }
    behind = (UCHAR *)(node + 1);
    we_base_list_init(&node->link);
    node->value = *from;
    node->value.name = (const WCHAR *)(PVOID)behind;
    node->value.data = behind + name_bytes;
    if (from->name_bytes != 0) {
        memcpy(behind, from->name, from->name_bytes);
    }
    if (from->data_bytes != 0) {
        memcpy(behind + name_bytes, from->data, from->data_bytes);
    }
    return node;
}
