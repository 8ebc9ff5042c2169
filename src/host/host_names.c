/* SPDX-License-Identifier: MIT */
/* Names that the emulated machine knows by itself: a hosts table. */
#include "host/host_names.h"

#include <string.h>

#include "base/base_list.h"
#include "host/host_addr.h"
#include "host/host_lock.h"
#include "host/host_mem.h"

/* Design
 *
 * A list that is searched from its beginning: tests add a handful of names, and the order in which they do it is what
 * decides which name an address has. An alias leads to one name, never to another alias, so nothing can go in circles.
 */

enum meaning { HAS_ADDRESSES, IS_ALIAS, FAILS };

struct name {
    struct we_base_list link;
    enum meaning meaning;
    enum we_host_answer answer; /* FAILS */
    unsigned addr_count;
    struct we_base_addr addrs[WE_HOST_ADDRS_MAX];
    char text[WE_HOST_NAME_SIZE];
    char target[WE_HOST_NAME_SIZE]; /* IS_ALIAS */
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_RESOLVER);
static struct we_base_list s_names = WE_BASE_LIST_INIT(s_names);

/* --- texts ----------------------------------------------------------------------------- */

static char lower(char character)
{
    return character >= 'A' && character <= 'Z' ? (char)(character - 'A' + 'a') : character;
}

/* Without the dot that marks a name as complete. */
static size_t name_length(const char *name)
{
    size_t length = strlen(name);

    return length > 1 && name[length - 1] == '.' ? length - 1 : length;
}

bool we_host_names_equal(const char *a, const char *b)
{
    size_t length = name_length(a);
    size_t i;

    if (name_length(b) != length) {
        return false;
    }
    for (i = 0; i < length && lower(a[i]) == lower(b[i]); i++) {
    }
    return i == length;
}

void we_host_names_copy(char to[WE_HOST_NAME_SIZE], const char *from)
{
    size_t length = strlen(from);

    length = length < WE_HOST_NAME_SIZE ? length : WE_HOST_NAME_SIZE - 1;
    memcpy(to, from, length);
    to[length] = '\0';
}

static bool name_is_usable(const char *name)
{
    return name[0] != '\0' && strlen(name) < WE_HOST_NAME_SIZE;
}

/* --- the table ------------------------------------------------------------------------- */

static struct name *name_find_locked(const char *text)
{
    WE_BASE_LIST_FOR_EACH (link, &s_names) {
        struct name *name = WE_BASE_LIST_ITEM(link, struct name, link);

        if (we_host_names_equal(name->text, text)) {
            return name;
        }
    }
    return NULL;
}

/* The name with this meaning, new if need be. */
static enum we_err name_get_locked(const char *text, enum meaning meaning, struct name **result)
{
    struct name *name = name_find_locked(text);

    if (name != NULL) {
        *result = name;
        return name->meaning == meaning ? WE_OK : WE_ERR_IN_USE;
    }
    name = (struct name *)we_host_zalloc(sizeof(*name));
    if (name == NULL) {
        return WE_ERR_NO_MEMORY;
    }
    name->meaning = meaning;
    we_host_names_copy(name->text, text);
    we_base_list_append(&s_names, &name->link);
    *result = name;
    return WE_OK;
}

enum we_err we_host_names_add(const char *name, const char *address)
{
    struct we_base_addr addr;
    struct name *entry;
    enum we_err err;

    if (!name_is_usable(name)) {
        return WE_ERR_INVALID;
    }
    if (!we_host_addr_from_text(address, &addr)) {
        return WE_ERR_ADDRESS;
    }
    we_host_mutex_lock(&s_lock);
    err = name_get_locked(name, HAS_ADDRESSES, &entry);
    if (err == WE_OK && entry->addr_count == WE_HOST_ADDRS_MAX) {
        err = WE_ERR_IN_USE;
    }
    if (err == WE_OK) {
        entry->addrs[entry->addr_count++] = addr;
    }
    we_host_mutex_unlock(&s_lock);
    return err;
}

enum we_err we_host_names_alias(const char *alias, const char *name)
{
    struct name *entry;
    enum we_err err;

    if (!name_is_usable(alias) || !name_is_usable(name)) {
        return WE_ERR_INVALID;
    }
    we_host_mutex_lock(&s_lock);
    err = name_get_locked(alias, IS_ALIAS, &entry);
    if (err == WE_OK) {
        we_host_names_copy(entry->target, name);
    }
    we_host_mutex_unlock(&s_lock);
    return err;
}

enum we_err we_host_names_fail(const char *name, enum we_host_answer answer)
{
    struct name *entry;
    enum we_err err;

    if (!name_is_usable(name)) {
        return WE_ERR_INVALID;
    }
    we_host_mutex_lock(&s_lock);
    err = name_get_locked(name, FAILS, &entry);
    if (err == WE_OK) {
        entry->answer = answer;
    }
    we_host_mutex_unlock(&s_lock);
    return err;
}

void we_host_names_reset(void)
{
    struct we_base_list *link;

    we_host_mutex_lock(&s_lock);
    while ((link = we_base_list_pop(&s_names)) != NULL) {
        we_host_free(WE_BASE_LIST_ITEM(link, struct name, link));
    }
    we_host_mutex_unlock(&s_lock);
}

/* --- questions ------------------------------------------------------------------------- */

static void found_add(struct we_host_found *found, enum we_base_family family, const struct we_base_addr *addr)
{
    if (family == WE_FAMILY_NONE || family == addr->family) {
        found->addrs[found->addr_count++] = *addr;
    }
}

static void found_copy_locked(const struct name *name, enum we_base_family family, struct we_host_found *found)
{
    unsigned i;

    we_host_names_copy(found->canonical, name->text);
    for (i = 0; i < name->addr_count; i++) {
        found_add(found, family, &name->addrs[i]);
    }
}

/* The machine's own name for itself, as a hosts file has it; a test may give it other addresses. */
static bool find_localhost(const char *name, enum we_base_family family, struct we_host_found *found)
{
    struct we_base_addr v4 = we_base_addr_loopback(WE_FAMILY_IPV4, 0);
    struct we_base_addr v6 = we_base_addr_loopback(WE_FAMILY_IPV6, 0);

    if (!we_host_names_equal(name, "localhost")) {
        return false;
    }
    we_host_names_copy(found->canonical, "localhost");
    found_add(found, family, &v6);
    found_add(found, family, &v4);
    return true;
}

bool we_host_names_find(const char *name, enum we_base_family family, enum we_host_answer *answer,
                        struct we_host_found *found)
{
    const struct name *entry;
    bool is_known;

    found->addr_count = 0;
    found->canonical[0] = '\0';
    *answer = WE_ANSWER_UNKNOWN;
    we_host_mutex_lock(&s_lock);
    entry = name_find_locked(name);
    is_known = entry != NULL;
    if (entry != NULL && entry->meaning == IS_ALIAS) {
        name = entry->target;
        entry = name_find_locked(name);
    }
    if (entry == NULL) {
        is_known |= find_localhost(name, family, found);
    } else if (entry->meaning == HAS_ADDRESSES) {
        found_copy_locked(entry, family, found);
    } else if (entry->meaning == FAILS) {
        *answer = entry->answer;
    }
    we_host_mutex_unlock(&s_lock);
    if (found->addr_count > 0) {
        *answer = WE_ANSWER_FOUND;
    }
    return is_known;
}

bool we_host_names_find_addr(const struct we_base_addr *addr, struct we_host_found *found)
{
    struct we_base_addr loopback = we_base_addr_loopback(addr->family, 0);
    unsigned i;

    found->addr_count = 0;
    found->canonical[0] = '\0';
    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_names) {
        const struct name *name = WE_BASE_LIST_ITEM(link, struct name, link);

        for (i = 0; i < name->addr_count && found->canonical[0] == '\0'; i++) {
            if (we_base_addr_same_host(&name->addrs[i], addr)) {
                we_host_names_copy(found->canonical, name->text);
            }
        }
    }
    we_host_mutex_unlock(&s_lock);
    if (found->canonical[0] == '\0' && we_base_addr_same_host(&loopback, addr)) {
        we_host_names_copy(found->canonical, "localhost");
    }
    return found->canonical[0] != '\0';
}
