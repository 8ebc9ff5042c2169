/* SPDX-License-Identifier: MIT */
/* Several changes of the registry, all or none. */
#include "host/host_mem.h"
#include "nt/cm_registry.h"

/* Design
 *
 * Each change that was made leaves a step, which can take it back without memory: what it took out of the tree is kept
 * until all have been made. The lock is held from the first to the last, so nobody sees a part of them.
 */

struct step {
    struct step *before; /* made earlier */
    struct we_cm_key *key;
    struct we_cm_key *made;           /* the topmost key that was made for it, or NULL */
    struct we_cm_key *removed;        /* was below key, or NULL */
    struct we_cm_value_node *set;     /* or NULL */
    struct we_cm_value_node *old;     /* the value that was there before, or NULL */
    struct we_base_list *old_follows; /* what stands behind its place */
};

static NTSTATUS set_value(struct step *step, const struct we_cm_value *value)
{
    step->set = we_cm_value_make(value);
    if (step->set == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    step->old = we_cm_value_put_locked(step->key, step->set);
    step->old_follows = step->set->link.next; /* it has the old one's place */
    return STATUS_SUCCESS;
}

static NTSTATUS remove_value(struct step *step, const struct we_cm_value *value)
{
    struct we_cm_value_node *old = we_cm_value_find_locked(step->key, value->name, value->name_bytes / sizeof(WCHAR));

    if (old != NULL) {
        step->old = old;
        step->old_follows = old->link.next;
        we_base_list_remove(&old->link);
        we_cm_touch_locked(step->key);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS remove_key(struct step *step)
{
    if (step->key->parent == NULL) {
        return STATUS_CANNOT_DELETE;
    }
    step->removed = step->key;
    step->key = step->removed->parent;
    we_cm_unlink_locked(step->removed);
    return STATUS_SUCCESS;
}

static NTSTATUS make(struct step *step, const struct we_cm_change *change)
{
    bool is_removal = change->kind == WE_CM_REMOVE_KEY || change->kind == WE_CM_REMOVE_VALUE;
    struct we_cm_walk walk = { is_removal ? 0 : WE_CM_ALL_LEVELS, false, NULL, NULL };
    NTSTATUS status = we_cm_walk_path_locked(&walk, change->path, change->path_count);

    if (is_removal && status == STATUS_OBJECT_NAME_NOT_FOUND) {
        return STATUS_SUCCESS;
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    step->key = walk.key;
    step->made = walk.made;
    switch (change->kind) {
    case WE_CM_SET_VALUE:
        return set_value(step, &change->value);
    case WE_CM_REMOVE_VALUE:
        return remove_value(step, &change->value);
    case WE_CM_REMOVE_KEY:
        return remove_key(step);
    default:
        return STATUS_SUCCESS;
    }
}

static void take_back(struct step *step)
{
    if (step->set != NULL) {
        we_base_list_remove(&step->set->link);
        we_host_free(step->set);
    }
    if (step->old != NULL) {
        we_base_list_append(step->old_follows, &step->old->link);
    }
    if (step->removed != NULL) {
        we_cm_relink_locked(step->removed, step->key);
    }
    if (step->made != NULL) {
        we_cm_unlink_locked(step->made);
        we_cm_destroy_locked(step->made);
    }
}

static void settle(struct step *step)
{
    we_host_free(step->old);
    if (step->removed != NULL) {
        we_cm_destroy_locked(step->removed);
    }
}

/* Ends the steps, the youngest first: each then finds what it found when it was made. */
static void end(struct step *last, void (*fn)(struct step *step))
{
    while (last != NULL) {
        struct step *before = last->before;

        fn(last);
        we_host_free(last);
        last = before;
    }
}

NTSTATUS we_cm_apply(const struct we_cm_change *changes, size_t count, size_t *failed)
{
    NTSTATUS status = STATUS_SUCCESS;
    struct step *last = NULL;

    we_cm_lock();
    for (size_t i = 0; i < count && NT_SUCCESS(status); i++) {
        struct step *step = we_host_zalloc(sizeof(*step));

        *failed = i;
        if (step == NULL) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            break;
        }
        step->before = last;
        last = step;
        status = make(step, &changes[i]);
    }
    end(last, NT_SUCCESS(status) ? settle : take_back);
    we_cm_unlock();
    return status;
}
