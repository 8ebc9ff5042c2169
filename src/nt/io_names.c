/* SPDX-License-Identifier: MIT */
/* The table of names: devices, symbolic links, and the way from a path to a device. */
#include "nt/io_names.h"

#include <string.h>

#include "base/base_list.h"
#include "host/host_lock.h"
#include "host/host_mem.h"
#include "nt/io_device.h"
#include "nt/nt_irql.h"
#include "nt/ob_object.h"
#include "nt/rtl_utf.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A name belongs to a device, or it is a symbolic link and carries its target. Names are kept in capitals and compared
 * so. \DosDevices\, \GLOBAL??\ and \??\Global\ are other spellings of \??\.
 *
 * A path is walked from the root: the shortest beginning that is a name decides. A link's target replaces it and the
 * walk begins again; a device takes what is left. Directories are not objects here: those that every system has are
 * known by name, so that a failure says which part of the path is missing.
 */

/* Links that lead to links; more are a circle. */
#define LINKS_MAX 32

struct name {
    struct we_base_list link;
    PDEVICE_OBJECT device; /* NULL: a symbolic link */
    USHORT length_count;
    USHORT target_count;
    WCHAR text[]; /* the name in capitals, then the target as it was given */
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_OBJECT);
static struct we_base_list s_names = WE_BASE_LIST_INIT(s_names); /* guarded by s_lock */

/* --- spelling ------------------------------------------------------------------------------- */

static const WCHAR s_dos_short[] = u"\\??\\";
#define DOS_SHORT_COUNT (WE_ARRAY_COUNT(s_dos_short) - 1)

/* True when text begins with these capitals, in any case. */
static bool has_prefix(const WCHAR *text, size_t count, const WCHAR *capitals, size_t capitals_count)
{
    return count >= capitals_count && we_rtl_is_same_text(text, capitals, capitals_count);
}

/* Gives a path the short form of its first directory, in place. Returns the new length. */
static size_t prefix_shorten(WCHAR *text, size_t count)
{
    static const struct {
        const WCHAR *text;
        size_t count;
    } spellings[] = {
        { u"\\DOSDEVICES\\", 12 },
        { u"\\GLOBAL??\\", 10 },
        { u"\\??\\GLOBAL\\", 11 },
    };
    size_t i;

    /* In this order \DosDevices\Global\ is shortened as well. */
    for (i = 0; i < WE_ARRAY_COUNT(spellings); i++) {
        if (count > spellings[i].count && has_prefix(text, count, spellings[i].text, spellings[i].count)) {
            size_t cut_count = spellings[i].count - DOS_SHORT_COUNT;

            count -= cut_count;
            memmove(text, text + cut_count, count * sizeof(WCHAR));
            memcpy(text, s_dos_short, DOS_SHORT_COUNT * sizeof(WCHAR));
        }
    }
    return count;
}

/* Writes the name in capitals, with the short form of its prefix, and returns its length. to has room for it. */
static USHORT name_fold(const UNICODE_STRING *name, WCHAR *to)
{
    size_t count = name->Length / sizeof(WCHAR);
    size_t i;

    memcpy(to, name->Buffer, count * sizeof(WCHAR));
    count = prefix_shorten(to, count);
    for (i = 0; i < count; i++) {
        to[i] = we_rtl_upcase(to[i]);
    }
    return (USHORT)count;
}

bool we_io_name_is_absolute(const UNICODE_STRING *string)
{
    return string != NULL && string->Buffer != NULL && string->Length >= sizeof(WCHAR) &&
           string->Length % sizeof(WCHAR) == 0 && string->Buffer[0] == '\\';
}

/* --- the table ------------------------------------------------------------------------------ */

static struct name *name_make(const UNICODE_STRING *text, const UNICODE_STRING *target)
{
    size_t target_bytes = target != NULL ? target->Length : 0;
    struct name *name = (struct name *)we_host_zalloc(sizeof(*name) + text->Length + target_bytes);

    if (name == NULL) {
        return NULL;
    }
    name->length_count = name_fold(text, name->text);
    name->target_count = (USHORT)(target_bytes / sizeof(WCHAR));
    if (target_bytes != 0) {
        memcpy(name->text + name->length_count, target->Buffer, target_bytes);
    }
    we_base_list_init(&name->link);
    return name;
}

/* The entry of a folded name, or NULL. */
static struct name *name_find_locked(const WCHAR *text, USHORT count)
{
    WE_BASE_LIST_FOR_EACH (link, &s_names) {
        struct name *name = WE_BASE_LIST_ITEM(link, struct name, link);

        if (name->length_count == count && memcmp(name->text, text, (size_t)count * sizeof(WCHAR)) == 0) {
            return name;
        }
    }
    return NULL;
}

/* Adds a name unless it exists. */
static NTSTATUS name_add(const UNICODE_STRING *text, const UNICODE_STRING *target, PDEVICE_OBJECT device)
{
    struct name *name = name_make(text, target);
    NTSTATUS status = STATUS_SUCCESS;

    if (name == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    name->device = device;
    we_host_mutex_lock(&s_lock);
    if (name_find_locked(name->text, name->length_count) != NULL) {
        status = STATUS_OBJECT_NAME_COLLISION;
    } else {
        we_base_list_append(&s_names, &name->link);
    }
    we_host_mutex_unlock(&s_lock);
    if (!NT_SUCCESS(status)) {
        we_host_free(name);
    }
    return status;
}

NTSTATUS we_io_name_add(const UNICODE_STRING *text, PDEVICE_OBJECT device)
{
    return name_add(text, NULL, device);
}

static struct name *name_of_device_locked(PDEVICE_OBJECT device)
{
    WE_BASE_LIST_FOR_EACH (link, &s_names) {
        struct name *name = WE_BASE_LIST_ITEM(link, struct name, link);

        if (name->device == device) {
            return name;
        }
    }
    return NULL;
}

void we_io_name_remove_of_device(PDEVICE_OBJECT device)
{
    struct name *found;

    we_host_mutex_lock(&s_lock);
    found = name_of_device_locked(device);
    if (found != NULL) {
        we_base_list_remove(&found->link);
    }
    we_host_mutex_unlock(&s_lock);
    we_host_free(found);
}

static const char *ascii_of(const WCHAR *units, size_t count, char text[WE_IO_NAME_TEXT_SIZE])
{
    size_t i;

    for (i = 0; i < count && i < WE_IO_NAME_TEXT_SIZE - 1; i++) {
        text[i] = units[i] >= 0x20 && units[i] < 0x7f ? (char)units[i] : '?';
    }
    text[i] = '\0';
    return text;
}

const char *we_io_name_text(PDEVICE_OBJECT device, char text[WE_IO_NAME_TEXT_SIZE])
{
    const struct name *name;

    we_host_mutex_lock(&s_lock);
    name = name_of_device_locked(device);
    if (name != NULL) {
        (void)ascii_of(name->text, name->length_count, text);
    } else {
        memcpy(text, "an unnamed device", sizeof("an unnamed device"));
    }
    we_host_mutex_unlock(&s_lock);
    return text;
}

/* --- symbolic links -------------------------------------------------------------------------- */

NTSTATUS IoCreateSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName)
{
    WE_NT_ENTRY(IoCreateSymbolicLink);
    if (!we_io_name_is_absolute(SymbolicLinkName) || !we_io_name_is_absolute(DeviceName)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    return name_add(SymbolicLinkName, DeviceName, NULL);
}

NTSTATUS IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName)
{
    struct name *wanted;
    struct name *found;

    WE_NT_ENTRY(IoDeleteSymbolicLink);
    if (!we_io_name_is_absolute(SymbolicLinkName)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    wanted = name_make(SymbolicLinkName, NULL);
    if (wanted == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    we_host_mutex_lock(&s_lock);
    found = name_find_locked(wanted->text, wanted->length_count);
    if (found != NULL && found->device != NULL) {
        found = NULL; /* a device's own name is no link */
    }
    if (found != NULL) {
        we_base_list_remove(&found->link);
    }
    we_host_mutex_unlock(&s_lock);
    we_host_free(wanted);
    we_host_free(found);
    return found != NULL ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

/* Takes a link off the table that leads to no device; is_any: any link. */
static struct name *link_take(bool is_any)
{
    struct name *found = NULL;
    struct name *probe;

    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_names) {
        struct name *name = WE_BASE_LIST_ITEM(link, struct name, link);
        UNICODE_STRING target;

        if (name->device != NULL) {
            continue;
        }
        target.Buffer = name->text + name->length_count;
        target.Length = (USHORT)(name->target_count * sizeof(WCHAR));
        target.MaximumLength = target.Length;
        probe = name_make(&target, NULL);
        if (is_any || (probe != NULL && name_find_locked(probe->text, probe->length_count) == NULL)) {
            found = name;
            we_base_list_remove(link);
        }
        we_host_free(probe);
        if (found != NULL) {
            break;
        }
    }
    we_host_mutex_unlock(&s_lock);
    return found;
}

void we_io_links_report(bool is_any)
{
    char text[WE_IO_NAME_TEXT_SIZE];
    struct name *name;

    while ((name = link_take(is_any)) != NULL) {
        (void)we_vrf_report(WE_RULE_UNL_003, NULL, "the symbolic link %s was never deleted",
                            ascii_of(name->text, name->length_count, text));
        we_host_free(name);
    }
}

void we_io_names_stop(void)
{
    we_io_links_report(true);
}

/* --- from a path to a device ----------------------------------------------------------------- */

/* A path on its way; text is the walk's own. */
struct walk {
    WCHAR *text;
    size_t count;
};

/* The name that the path begins with, or NULL. The shortest: the walk from the root meets it first. */
static const struct name *walk_find_locked(const struct walk *walk)
{
    const struct name *found = NULL;

    WE_BASE_LIST_FOR_EACH (link, &s_names) {
        const struct name *name = WE_BASE_LIST_ITEM(link, struct name, link);

        if (has_prefix(walk->text, walk->count, name->text, name->length_count) &&
            (walk->count == name->length_count || walk->text[name->length_count] == '\\') &&
            (found == NULL || name->length_count < found->length_count)) {
            found = name;
        }
    }
    return found;
}

/* Puts a link's target in the place of its name. False: no memory. */
static bool walk_follow(struct walk *walk, const struct name *link)
{
    size_t rest_count = walk->count - link->length_count;
    WCHAR *text = we_host_alloc((link->target_count + rest_count + 1) * sizeof(WCHAR));

    if (text == NULL) {
        return false;
    }
    memcpy(text, link->text + link->length_count, link->target_count * sizeof(WCHAR));
    memcpy(text + link->target_count, walk->text + link->length_count, rest_count * sizeof(WCHAR));
    we_host_free(walk->text);
    walk->text = text;
    walk->count = prefix_shorten(text, link->target_count + rest_count);
    return true;
}

/* Which part of a path that leads nowhere is missing. */
static NTSTATUS walk_missing(const struct walk *walk)
{
    static const struct {
        const WCHAR *text;
        size_t count;
    } directories[] = { { u"\\DEVICE\\", 8 }, { u"\\??\\", 4 }, { u"\\", 1 } };
    size_t first = 0;
    size_t i;

    for (i = 0; i < WE_ARRAY_COUNT(directories) && first == 0; i++) {
        if (has_prefix(walk->text, walk->count, directories[i].text, directories[i].count)) {
            first = directories[i].count;
        }
    }
    for (i = first; i < walk->count; i++) {
        if (walk->text[i] == '\\') {
            return STATUS_OBJECT_PATH_NOT_FOUND;
        }
    }
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

/* The device at the end of the walk with a reference, and where its rest begins. */
static NTSTATUS walk_run_locked(struct walk *walk, PDEVICE_OBJECT *device, size_t *rest)
{
    unsigned i;

    for (i = 0; i < LINKS_MAX; i++) {
        const struct name *name = walk_find_locked(walk);

        if (name == NULL) {
            return walk_missing(walk);
        }
        if (name->device != NULL) {
            we_ob_reference(name->device);
            *device = name->device;
            *rest = name->length_count;
            return STATUS_SUCCESS;
        }
        if (!walk_follow(walk, name)) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS we_io_name_open(const UNICODE_STRING *path, PDEVICE_OBJECT *device, PUNICODE_STRING rest)
{
    struct walk walk;
    size_t rest_at = 0;
    NTSTATUS status;

    if (!we_io_name_is_absolute(path)) {
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    }
    walk.count = path->Length / sizeof(WCHAR);
    walk.text = we_host_alloc(path->Length);
    if (walk.text == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    memcpy(walk.text, path->Buffer, path->Length);
    walk.count = prefix_shorten(walk.text, walk.count);
    we_host_mutex_lock(&s_lock);
    status = walk_run_locked(&walk, device, &rest_at);
    we_host_mutex_unlock(&s_lock);
    if (!NT_SUCCESS(status)) {
        we_host_free(walk.text);
        return status;
    }
    memmove(walk.text, walk.text + rest_at, (walk.count - rest_at) * sizeof(WCHAR));
    rest->Buffer = walk.text;
    rest->Length = (USHORT)((walk.count - rest_at) * sizeof(WCHAR));
    rest->MaximumLength = rest->Length;
    return STATUS_SUCCESS;
}
