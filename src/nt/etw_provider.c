/* SPDX-License-Identifier: MIT */
/* Providers of trace events: those that EtwRegister makes, and the control GUIDs of drivers that trace by WPP. */
#include "nt/etw_provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host_lock.h"
#include "host/host_log.h"
#include "host/host_mem.h"
#include "nt/etw_register.h"
#include "nt/wpp_trace.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A provider has an id, which the driver holds as REGHANDLE or finds as Logger in its control block: an id that leads
 * nowhere is an answer. Its setting is that of the configuration, unless the test asked for another by the provider's name
 * or GUID, before or after it registered. A WPP driver looks at its control blocks itself, so a change is written there;
 * as on Windows it does so without a lock.
 *
 * What drivers write is meant to be seen, and the level decides what is written: so what is enabled is logged as an error
 * or a warning, as DbgPrint's output is.
 */

#define WISHES_MAX 16
#define CALLED_MAX 64 /* more callbacks than that are not told of a change */
#define GUID_TEXT_BYTES 37

struct wish {
    char provider[WE_ETW_NAME_BYTES]; /* "": all */
    struct we_etw_setting setting;
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_TRACE_PROVIDER);
static struct we_base_idmap s_ids;                                       /* guarded by s_lock */
static struct we_base_list s_providers = WE_BASE_LIST_INIT(s_providers); /* guarded by s_lock */
static struct wish s_wishes[WISHES_MAX];                                 /* guarded by s_lock */
static unsigned s_wish_count;                                            /* guarded by s_lock */
static struct we_etw_config s_config;                                    /* constant from start to stop */
static bool s_is_running;                                                /* atomic, relaxed */

/* --- configuration ------------------------------------------------------------------------ */

static bool level_parse(const char *text, size_t length, struct we_etw_setting *setting)
{
    static const struct {
        const char *name;
        UCHAR level;
    } levels[] = { { "off", 0 },         { "critical", 1 }, { "error", 2 }, { "warning", 3 },
                   { "information", 4 }, { "verbose", 5 },  { "all", 255 } };
    char *end;
    unsigned long number;

    for (unsigned i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (strlen(levels[i].name) == length && strncmp(levels[i].name, text, length) == 0) {
            setting->level = levels[i].level;
            setting->is_on = levels[i].level != 0;
            return true;
        }
    }
    number = strtoul(text, &end, 0);
    if (length == 0 || end != text + length || number > 255 || *text == '-') {
        return false;
    }
    setting->level = (UCHAR)number;
    setting->is_on = number != 0;
    return true;
}

bool we_etw_config_parse(const char *text, struct we_etw_config *config)
{
    struct we_etw_config parsed = *config;
    size_t length = strcspn(text, ":");
    const char *flags = text[length] == ':' ? text + length + 1 : NULL;
    char *end;

    if (!level_parse(text, length, &parsed.setting)) {
        return false;
    }
    if (flags != NULL) {
        if (*flags == 0 || *flags == '-' || strlen(flags) >= sizeof(parsed.flag_names)) {
            return false;
        }
        parsed.setting.keyword = strtoull(flags, &end, 0);
        parsed.flag_names[0] = 0;
        if (*end != 0) {
            parsed.setting.keyword = ~0ull;
            memcpy(parsed.flag_names, flags, strlen(flags) + 1);
        }
    }
    *config = parsed;
    return true;
}

/* Number of a word in a list whose words are separated by one of separators; -1: it is not there. */
static int word_index(const char *list, const char *separators, const char *word, size_t length)
{
    const char *at = list;
    int index = 0;

    for (;;) {
        size_t at_length;

        at += strspn(at, separators);
        at_length = strcspn(at, separators);
        if (at_length == 0) {
            return -1;
        }
        if (at_length == length && strncmp(at, word, length) == 0) {
            return index;
        }
        at += at_length;
        index++;
    }
}

/* The flags of the configuration that this provider has by name; 0: none. */
static ULONGLONG flags_by_name(const char *bits)
{
    ULONGLONG flags = 0;
    const char *at = s_config.flag_names;

    while (*(at += strspn(at, ",")) != 0) {
        size_t length = strcspn(at, ",");
        int index = word_index(bits, " ", at, length);

        if (index >= 0 && index < 64) {
            flags |= 1ull << index;
        }
        at += length;
    }
    return flags;
}

/* --- settings ------------------------------------------------------------------------------- */

static void guid_text(char text[GUID_TEXT_BYTES], const GUID *guid)
{
    (void)snprintf(text, GUID_TEXT_BYTES, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", guid->Data1, guid->Data2,
                   guid->Data3, guid->Data4[0], guid->Data4[1], guid->Data4[2], guid->Data4[3], guid->Data4[4],
                   guid->Data4[5], guid->Data4[6], guid->Data4[7]);
}

bool we_etw_is_name(const char *wanted, const char *name, const GUID *guid)
{
    char text[GUID_TEXT_BYTES];

    if (strcmp(name, wanted) == 0) {
        return true;
    }
    guid_text(text, guid);
    return _strnicmp(text, wanted + (wanted[0] == '{' ? 1 : 0), GUID_TEXT_BYTES - 1) == 0;
}

/* "": every provider. */
static bool provider_has_name(const struct we_etw_provider *provider, const char *name)
{
    return name[0] == 0 || we_etw_is_name(name, provider->name, &provider->guid);
}

static void control_fill(WPP_TRACE_CONTROL_BLOCK *control, const struct we_etw_setting *setting)
{
    control->Level = setting->is_on ? setting->level : 0;
    control->Flags[0] = setting->is_on ? (ULONG)setting->keyword : 0;
    control->Flags[1] = setting->is_on ? (ULONG)(setting->keyword >> 32) : 0;
    for (unsigned i = 2; i < WSK_EMU_WPP_FLAG_WORDS; i++) {
        control->Flags[i] = setting->is_on && setting->keyword == ~0ull ? MAXULONG : 0;
    }
}

static void setting_apply_locked(struct we_etw_provider *provider, const struct we_etw_setting *setting)
{
    provider->setting = *setting;
    if (provider->control != NULL) {
        control_fill(provider->control, setting);
    }
}

/* The configuration, then the test's wishes in order. */
static void setting_choose_locked(struct we_etw_provider *provider)
{
    struct we_etw_setting setting = s_config.setting;

    if (provider->bits != NULL && s_config.flag_names[0] != 0) {
        ULONGLONG flags = flags_by_name(provider->bits);

        setting.keyword = flags != 0 ? flags : setting.keyword;
    }
    for (unsigned i = 0; i < s_wish_count; i++) {
        if (provider_has_name(provider, s_wishes[i].provider)) {
            setting = s_wishes[i].setting;
        }
    }
    setting_apply_locked(provider, &setting);
}

/* A later wish for the same provider takes the place of an earlier one, at the end. */
static bool wish_add_locked(const char *provider, const struct we_etw_setting *setting)
{
    struct wish wish;

    memset(&wish, 0, sizeof(wish));
    (void)snprintf(wish.provider, sizeof(wish.provider), "%s", provider);
    wish.setting = *setting;
    for (unsigned i = 0; i < s_wish_count; i++) {
        if (strcmp(s_wishes[i].provider, wish.provider) == 0) {
            memmove(&s_wishes[i], &s_wishes[i + 1], (s_wish_count - i - 1) * sizeof(s_wishes[0]));
            s_wish_count--;
            break;
        }
    }
    if (s_wish_count == WISHES_MAX) {
        return false;
    }
    s_wishes[s_wish_count++] = wish;
    return true;
}

bool we_etw_set(const char *provider, const struct we_etw_setting *setting)
{
    const char *name = provider != NULL ? provider : "";
    we_base_id called[CALLED_MAX];
    unsigned called_count = 0;
    bool is_added;

    we_host_mutex_lock(&s_lock);
    is_added = wish_add_locked(name, setting);
    WE_BASE_LIST_FOR_EACH (link, &s_providers) {
        struct we_etw_provider *found = WE_BASE_LIST_ITEM(link, struct we_etw_provider, link);

        if (is_added && provider_has_name(found, name)) {
            setting_apply_locked(found, setting);
            if (found->callback != NULL && called_count < CALLED_MAX) {
                called[called_count++] = found->id;
            }
        }
    }
    we_host_mutex_unlock(&s_lock);
    for (unsigned i = 0; i < called_count; i++) {
        we_etw_enable_call(called[i], false);
    }
    return is_added;
}

/* --- providers ------------------------------------------------------------------------------- */

bool we_etw_provider_add(struct we_etw_provider *provider)
{
    if (provider->name[0] == 0) {
        guid_text(provider->name, &provider->guid);
    }
    we_base_list_init(&provider->link);
    KeInitializeEvent(&provider->idle, NotificationEvent, FALSE);
    we_host_mutex_lock(&s_lock);
    provider->id = we_base_idmap_add(&s_ids, provider);
    if (provider->id != 0) {
        we_base_list_append(&s_providers, &provider->link);
        setting_choose_locked(provider);
    }
    we_host_mutex_unlock(&s_lock);
    return provider->id != 0;
}

struct we_etw_provider *we_etw_provider_remove(we_base_id id, bool is_wpp)
{
    struct we_etw_provider *provider;
    bool is_called = false;

    we_host_mutex_lock(&s_lock);
    provider = we_base_idmap_find(&s_ids, id);
    if (provider != NULL && (provider->control != NULL) == is_wpp) {
        (void)we_base_idmap_remove(&s_ids, id);
        we_base_list_remove(&provider->link);
        is_called = provider->calls > 0;
    } else {
        provider = NULL;
    }
    we_host_mutex_unlock(&s_lock);
    if (is_called) {
        (void)KeWaitForSingleObject(&provider->idle, Executive, KernelMode, FALSE, NULL);
    }
    return provider;
}

bool we_etw_provider_end(we_base_id id)
{
    struct we_etw_provider *provider = we_etw_provider_remove(id, false);

    if (provider == NULL) {
        return false;
    }
    we_vrf_ledger_remove(&provider->entry);
    we_host_free(provider);
    return true;
}

struct we_etw_provider *we_etw_provider_take(we_base_id id, struct we_etw_setting *setting)
{
    struct we_etw_provider *provider;

    we_host_mutex_lock(&s_lock);
    provider = we_base_idmap_find(&s_ids, id);
    if (provider != NULL) {
        provider->calls++;
        *setting = provider->setting;
    }
    we_host_mutex_unlock(&s_lock);
    return provider;
}

void we_etw_provider_give(struct we_etw_provider *provider)
{
    bool is_last;

    we_host_mutex_lock(&s_lock);
    provider->calls--;
    is_last = provider->calls == 0 && !we_base_list_is_linked(&provider->link);
    we_host_mutex_unlock(&s_lock);
    if (is_last) {
        (void)KeSetEvent(&provider->idle, IO_NO_INCREMENT, FALSE);
    }
}

bool we_etw_provider_rename(we_base_id id, const char *name)
{
    struct we_etw_provider *provider;

    we_host_mutex_lock(&s_lock);
    provider = we_base_idmap_find(&s_ids, id);
    if (provider != NULL) {
        (void)snprintf(provider->name, sizeof(provider->name), "%s", name);
        setting_choose_locked(provider);
    }
    we_host_mutex_unlock(&s_lock);
    return provider != NULL;
}

bool we_etw_provider_setting(we_base_id id, struct we_etw_setting *setting)
{
    const struct we_etw_provider *provider;

    we_host_mutex_lock(&s_lock);
    provider = we_base_idmap_find(&s_ids, id);
    if (provider != NULL) {
        *setting = provider->setting;
    }
    we_host_mutex_unlock(&s_lock);
    return provider != NULL;
}

bool we_etw_provider_look(we_base_id id, struct we_etw_event *event, char name[WE_ETW_NAME_BYTES])
{
    const struct we_etw_provider *provider;

    we_host_mutex_lock(&s_lock);
    provider = we_base_idmap_find(&s_ids, id);
    if (provider != NULL) {
        memcpy(name, provider->name, WE_ETW_NAME_BYTES);
        event->provider = name;
        event->guid = provider->guid;
        if (provider->bits != NULL && event->name != NULL) {
            int index = word_index(provider->bits, " ", event->name, strlen(event->name));

            event->keyword = index >= 0 && index < 64 ? 1ull << index : 0;
        }
    }
    we_host_mutex_unlock(&s_lock);
    return provider != NULL;
}

/* --- events ----------------------------------------------------------------------------------- */

static const char *level_text(UCHAR level)
{
    static const char *const names[] = { "", "CRITICAL", "ERROR", "WARNING", "INFORMATION", "VERBOSE" };

    return level < sizeof(names) / sizeof(names[0]) ? names[level] : "";
}

bool we_etw_setting_wants(const struct we_etw_setting *setting, UCHAR level, ULONGLONG keyword)
{
    return setting->is_on && level <= setting->level && (keyword == 0 || (keyword & setting->keyword) != 0);
}

NTSTATUS we_etw_bad_handle(const char *function, REGHANDLE handle)
{
    if (handle != 0) {
        (void)we_vrf_report(
            WE_RULE_UNL_010, NULL,
            "%s was called with handle 0x%llx, which EtwRegister has not given or EtwUnregister has taken "
            "back",
            function, (unsigned long long)handle);
    } else {
        WE_LOG_ONCE(WE_LOG_INFO, "%s was called with handle 0: the provider is not registered", function);
    }
    return STATUS_INVALID_HANDLE;
}

bool we_etw_write(const struct we_etw_event *event, const char *text)
{
    bool is_error = event->level == 1 || event->level == 2;
    const char *level = text != NULL ? text : level_text(event->level);
    const char *name = event->name != NULL ? event->name : "";
    const char *function = event->function != NULL ? event->function : "";
    char number[16];

    if (name[0] == 0 && function[0] == 0) {
        (void)snprintf(number, sizeof(number), "event %u", event->id);
        name = number;
    }
    we_host_log(is_error ? WE_LOG_ERROR : WE_LOG_WARNING, "%s%s%s%s%s%s%s: %s", event->provider,
                level[0] != 0 ? " " : "", level, name[0] != 0 ? " " : "", name, function[0] != 0 ? " " : "", function,
                event->text);
    return we_etw_event_record(event);
}

/* --- start, stop and leaks ---------------------------------------------------------------------- */

bool we_etw_is_running(void)
{
    return __atomic_load_n(&s_is_running, __ATOMIC_RELAXED);
}

void we_etw_start(const struct we_etw_config *config)
{
    s_config = *config;
    s_wish_count = 0;
    we_wpp_forget_cleanups();
    __atomic_store_n(&s_is_running, true, __ATOMIC_RELAXED);
}

bool we_etw_entry_is_wpp(const struct we_vrf_entry *entry)
{
    return WE_CONTAINER(entry, const struct we_etw_provider, entry)->control != NULL;
}

void we_etw_drop(struct we_vrf_entry *entry)
{
    struct we_etw_provider *provider = WE_CONTAINER(entry, struct we_etw_provider, entry);

    if (provider->control != NULL) {
        wsk_emu_wpp_cleanup(provider->control_pointer);
    } else {
        (void)we_etw_provider_end(provider->id);
    }
}

static void leak_report(struct we_vrf_entry *entry, void *context)
{
    (void)context;
    if (we_etw_entry_is_wpp(entry)) {
        (void)we_vrf_report_entry(WE_RULE_UNL_012, entry,
                                  "the kernel stops, but WPP_CLEANUP was not called for control block %p",
                                  entry->address);
    } else {
        (void)we_vrf_report_entry(WE_RULE_UNL_010, entry,
                                  "the kernel stops, but EtwUnregister was not called for handle %p", entry->address);
    }
    we_etw_drop(entry);
}

void we_etw_stop(void)
{
    if (we_vrf_ledger_count(WE_KIND_TRACE) > 0) {
        we_vrf_ledger_each(WE_KIND_TRACE, leak_report, NULL);
    }
    __atomic_store_n(&s_is_running, false, __ATOMIC_RELAXED);
    we_etw_event_clear();
    we_host_mutex_lock(&s_lock);
    we_base_idmap_fini(&s_ids);
    we_host_mutex_unlock(&s_lock);
}
