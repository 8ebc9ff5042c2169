/* SPDX-License-Identifier: MIT */
/* What is done with the registry: keys are opened, made and deleted, values set and read. */
#include "nt/cm_registry.h"

#include <string.h>

#include "host/host_mem.h"

/* --- keys ------------------------------------------------------------------------------------------- */

static NTSTATUS walk_locked(struct we_cm_walk *walk, struct we_cm_key *root, const WCHAR *path, size_t count)
{
    if (root == NULL) {
        return we_cm_walk_path_locked(walk, path, count);
    }
    return root->is_deleted ? STATUS_KEY_DELETED : we_cm_walk_locked(walk, root, path, count);
}

NTSTATUS we_cm_open(struct we_cm_key *root, const WCHAR *path, size_t count, struct we_cm_key **key)
{
    struct we_cm_walk walk = { 0, false, NULL, NULL };
    NTSTATUS status;

    we_cm_lock();
    status = walk_locked(&walk, root, path, count);
    if (NT_SUCCESS(status)) {
        walk.key->open_count++;
        *key = walk.key;
    }
    we_cm_unlock();
    return status;
}

static NTSTATUS create_locked(struct we_cm_key *root, const WCHAR *path, size_t count, struct we_cm_create *how,
                              WCHAR **class_copy, struct we_cm_key **key)
{
    struct we_cm_walk walk = { 1, how->is_volatile, NULL, NULL };
    NTSTATUS status = walk_locked(&walk, root, path, count);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    how->is_new = walk.made != NULL;
    if (how->is_new && *class_copy != NULL) {
        walk.key->class_name = *class_copy;
        walk.key->class_bytes = how->class_name->Length;
        *class_copy = NULL;
    }
    walk.key->open_count++;
    *key = walk.key;
    return STATUS_SUCCESS;
}

NTSTATUS we_cm_create(struct we_cm_key *root, const WCHAR *path, size_t count, struct we_cm_create *how,
                      struct we_cm_key **key)
{
    WCHAR *class_copy = NULL;
    NTSTATUS status;

    if (how->class_name != NULL && how->class_name->Length != 0) {
        class_copy = we_host_alloc(how->class_name->Length);
        if (class_copy == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        memcpy(class_copy, how->class_name->Buffer, how->class_name->Length);
    }
    we_cm_lock();
    status = create_locked(root, path, count, how, &class_copy, key);
    we_cm_unlock();
    we_host_free(class_copy);
    return status;
}

void we_cm_close(struct we_cm_key *key)
{
    we_cm_lock();
    key->open_count--;
    we_cm_free_closed_locked(key);
    we_cm_unlock();
}

NTSTATUS we_cm_delete(struct we_cm_key *key)
{
    NTSTATUS status = STATUS_SUCCESS;

    we_cm_lock();
    if (key->is_deleted) {
        status = STATUS_KEY_DELETED;
    } else if (key->parent == NULL || !we_base_list_is_empty(&key->children)) {
        status = STATUS_CANNOT_DELETE;
    } else {
        we_cm_unlink_locked(key);
        we_cm_destroy_locked(key);
    }
    we_cm_unlock();
    return status;
}

NTSTATUS we_cm_key_use(struct we_cm_key *key, we_cm_key_fn *use, void *context)
{
    NTSTATUS status;

    we_cm_lock();
    status = key->is_deleted ? STATUS_KEY_DELETED : use(key, context);
    we_cm_unlock();
    return status;
}

/* Number index of a list of the key's. */
static NTSTATUS nth_locked(const struct we_cm_key *key, struct we_base_list *list, ULONG index,
                           struct we_base_list **found)
{
    ULONG i = 0;

    if (key->is_deleted) {
        return STATUS_KEY_DELETED;
    }
    WE_BASE_LIST_FOR_EACH (link, list) {
        if (i++ == index) {
            *found = link;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_NO_MORE_ENTRIES;
}

NTSTATUS we_cm_child_use_nth(struct we_cm_key *key, ULONG index, we_cm_key_fn *use, void *context)
{
    struct we_base_list *link;
    NTSTATUS status;

    we_cm_lock();
    status = nth_locked(key, &key->children, index, &link);
    if (NT_SUCCESS(status)) {
        status = use(WE_BASE_LIST_ITEM(link, struct we_cm_key, link), context);
    }
    we_cm_unlock();
    return status;
}

/* --- values ------------------------------------------------------------------------------------------- */

NTSTATUS we_cm_value_set(struct we_cm_key *key, const struct we_cm_value *value)
{
    struct we_cm_value_node *made = we_cm_value_make(value);
    struct we_cm_value_node *old = NULL;
    NTSTATUS status = STATUS_SUCCESS;

    if (made == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    we_cm_lock();
    if (key->is_deleted) {
        status = STATUS_KEY_DELETED;
        old = made;
    } else {
        old = we_cm_value_put_locked(key, made);
    }
    we_cm_unlock();
    we_host_free(old);
    return status;
}

NTSTATUS we_cm_value_remove(struct we_cm_key *key, const WCHAR *name, size_t count)
{
    struct we_cm_value_node *node = NULL;
    NTSTATUS status = STATUS_OBJECT_NAME_NOT_FOUND;

    we_cm_lock();
    if (key->is_deleted) {
        status = STATUS_KEY_DELETED;
    } else {
        node = we_cm_value_find_locked(key, name, count);
    }
    if (node != NULL) {
        status = STATUS_SUCCESS;
        we_base_list_remove(&node->link);
        we_cm_touch_locked(key);
    }
    we_cm_unlock();
    we_host_free(node);
    return status;
}

NTSTATUS we_cm_value_use(struct we_cm_key *key, const WCHAR *name, size_t count, we_cm_value_fn *use, void *context)
{
    NTSTATUS status = STATUS_OBJECT_NAME_NOT_FOUND;
    struct we_cm_value_node *node;

    we_cm_lock();
    node = we_cm_value_find_locked(key, name, count);
    if (key->is_deleted) {
        status = STATUS_KEY_DELETED;
    } else if (node != NULL) {
        status = use(&node->value, context);
    }
    we_cm_unlock();
    return status;
}

NTSTATUS we_cm_value_use_nth(struct we_cm_key *key, ULONG index, we_cm_value_fn *use, void *context)
{
    struct we_base_list *link;
    NTSTATUS status;

    we_cm_lock();
    status = nth_locked(key, &key->values, index, &link);
    if (NT_SUCCESS(status)) {
        status = use(&WE_BASE_LIST_ITEM(link, struct we_cm_value_node, link)->value, context);
    }
    we_cm_unlock();
    return status;
}
