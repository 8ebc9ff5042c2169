/* SPDX-License-Identifier: MIT */
/* The registry's contents: keys by path, and their values. */
#include "nt/cm_registry.h"

#include <string.h>

#include "base/base_assert.h"
#include "base/base_list.h"
#include "host/host_lock.h"
#include "host/host_mem.h"
#include "nt/rtl_utf.h"

/* Design
 *
 * A key is its whole path, in capitals, so looking one up is one comparison after another: a test has a handful of keys.
 * A key that is made brings the keys above it. One lock guards everything.
 */

struct we_cm_key {
    struct we_base_list link;   /* guarded by s_lock */
    struct we_base_list values; /* guarded by s_lock */
    size_t count;
    WCHAR path[];
};

struct value {
    struct we_base_list link;
    struct we_cm_value value; /* its name and data lie behind */
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_OBJECT);
static struct we_base_list s_keys = WE_BASE_LIST_INIT(s_keys); /* guarded by s_lock */

static bool is_same_text(const WCHAR *a, const WCHAR *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (we_rtl_upcase(a[i]) != we_rtl_upcase(b[i])) {
            return false;
        }
    }
    return true;
}

/* --- keys --------------------------------------------------------------------------------- */

static struct we_cm_key *key_find_locked(const WCHAR *path, size_t count)
{
    WE_BASE_LIST_FOR_EACH (link, &s_keys) {
        struct we_cm_key *key = WE_BASE_LIST_ITEM(link, struct we_cm_key, link);

        if (key->count == count && is_same_text(key->path, path, count)) {
            return key;
        }
    }
    return NULL;
}

static struct we_cm_key *key_make_locked(const WCHAR *path, size_t count)
{
    struct we_cm_key *key = key_find_locked(path, count);

    if (key != NULL) {
        return key;
    }
    key = we_host_zalloc(sizeof(*key) + count * sizeof(WCHAR));
    if (key == NULL) {
        return NULL;
    }
    we_base_list_init(&key->link);
    we_base_list_init(&key->values);
    key->count = count;
    for (size_t i = 0; i < count; i++) {
        key->path[i] = we_rtl_upcase(path[i]);
    }
    we_base_list_append(&s_keys, &key->link);
    return key;
}

struct we_cm_key *we_cm_key_find(const WCHAR *path, size_t count)
{
    struct we_cm_key *key;

    we_host_mutex_lock(&s_lock);
    key = key_find_locked(path, count);
    we_host_mutex_unlock(&s_lock);
    return key;
}

struct we_cm_key *we_cm_key_make(const WCHAR *path, size_t count)
{
    struct we_cm_key *key = NULL;
    size_t end;

    we_host_mutex_lock(&s_lock);
    for (end = 1; end <= count; end++) {
        if (end == count || path[end] == '\\') {
            key = key_make_locked(path, end);
            if (key == NULL) {
                break;
            }
        }
    }
    we_host_mutex_unlock(&s_lock);
    return key;
}

const WCHAR *we_cm_key_path(const struct we_cm_key *key, size_t *count)
{
    *count = key->count;
    return key->path;
}

/* --- values ------------------------------------------------------------------------------- */

static struct value *value_find_locked(struct we_cm_key *key, const WCHAR *name, size_t count)
{
    WE_BASE_LIST_FOR_EACH (link, &key->values) {
        struct value *value = WE_BASE_LIST_ITEM(link, struct value, link);

        if (value->value.name_bytes == count * sizeof(WCHAR) && is_same_text(value->value.name, name, count)) {
            return value;
        }
    }
    return NULL;
}

/* A copy with its name and data; the data is aligned for any type. */
static struct value *value_make(const struct we_cm_value *from)
{
    size_t name_bytes = ALIGN_UP_BY(from->name_bytes, sizeof(ULONGLONG));
    struct value *value = we_host_zalloc(sizeof(*value) + name_bytes + from->data_bytes);
    UCHAR *behind;

    if (value == NULL) {
        return NULL;
    }
    behind = (UCHAR *)(value + 1);
    we_base_list_init(&value->link);
    value->value = *from;
    value->value.name = (const WCHAR *)(PVOID)behind;
    value->value.data = behind + name_bytes;
    if (from->name_bytes != 0) {
        memcpy(behind, from->name, from->name_bytes);
    }
    if (from->data_bytes != 0) {
        memcpy(behind + name_bytes, from->data, from->data_bytes);
    }
    return value;
}

bool we_cm_value_set(struct we_cm_key *key, const struct we_cm_value *value)
{
    struct value *made = value_make(value);
    struct value *old;

    if (made == NULL) {
        return false;
    }
    we_host_mutex_lock(&s_lock);
    old = value_find_locked(key, value->name, value->name_bytes / sizeof(WCHAR));
    if (old != NULL) {
        we_base_list_remove(&old->link);
    }
    we_base_list_append(&key->values, &made->link);
    we_host_mutex_unlock(&s_lock);
    we_host_free(old);
    return true;
}

bool we_cm_value_remove(struct we_cm_key *key, const WCHAR *name, size_t count)
{
    struct value *value;

    we_host_mutex_lock(&s_lock);
    value = value_find_locked(key, name, count);
    if (value != NULL) {
        we_base_list_remove(&value->link);
    }
    we_host_mutex_unlock(&s_lock);
    we_host_free(value);
    return value != NULL;
}

NTSTATUS we_cm_value_use(struct we_cm_key *key, const WCHAR *name, size_t count,
                         NTSTATUS (*use)(const struct we_cm_value *value, void *context), void *context)
{
    NTSTATUS status = STATUS_OBJECT_NAME_NOT_FOUND;
    struct value *value;

    we_host_mutex_lock(&s_lock);
    value = value_find_locked(key, name, count);
    if (value != NULL) {
        status = use(&value->value, context);
    }
    we_host_mutex_unlock(&s_lock);
    return status;
}

void we_cm_registry_stop(void)
{
    we_host_mutex_lock(&s_lock);
    while (s_keys.next != &s_keys) {
        struct we_cm_key *key = WE_BASE_LIST_ITEM(s_keys.next, struct we_cm_key, link);

        while (key->values.next != &key->values) {
            struct value *value = WE_BASE_LIST_ITEM(key->values.next, struct value, link);

            we_base_list_remove(&value->link);
            we_host_free(value);
        }
        we_base_list_remove(&key->link);
        we_host_free(key);
    }
    we_host_mutex_unlock(&s_lock);
}
