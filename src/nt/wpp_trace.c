/* SPDX-License-Identifier: MIT */
/* What the trace macros of WPP call: registration of a driver's control GUIDs, and each message. */
#include "nt/wpp_trace.h"

#include <stdio.h>
#include <string.h>

#include <wsk_emu_wdk/wpp.h>

#include "host/host_lock.h"
#include "host/host_log.h"
#include "host/host_mem.h"
#include "nt/etw_provider.h"
#include "nt/nt_irql.h"
#include "nt/wpp_format.h"
#include "vrf/vrf_ledger.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A driver's WPP_CB points to itself while tracing is off, and to its array of control blocks from WPP_INIT_TRACING to
 * WPP_CLEANUP; its macros look at it before they look at anything else. Each control block is a provider; the first of a
 * driver carries the ledger's entry, whose address is that of WPP_CB. A trace outside that time is dropped, as on Windows.
 * After WPP_CLEANUP it is a mistake that is worth a report: what runs then was to have ended.
 */

#define TEXT_BYTES 1024
#define CLEANED_MAX 16

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_TRACE_PROVIDER);
static PVOID *s_cleaned[CLEANED_MAX]; /* guarded by s_lock: the last ones that were switched off */
static unsigned s_cleaned_count;      /* guarded by s_lock: all of them */

void we_wpp_forget_cleanups(void)
{
    we_host_mutex_lock(&s_lock);
    s_cleaned_count = 0;
    memset(s_cleaned, 0, sizeof(s_cleaned));
    we_host_mutex_unlock(&s_lock);
}

static void cleanup_note(PVOID *control_pointer)
{
    we_host_mutex_lock(&s_lock);
    s_cleaned[s_cleaned_count++ % CLEANED_MAX] = control_pointer;
    we_host_mutex_unlock(&s_lock);
}

static bool was_cleaned(PVOID *control_pointer)
{
    bool is_found = false;

    we_host_mutex_lock(&s_lock);
    for (unsigned i = 0; i < CLEANED_MAX; i++) {
        is_found = is_found || s_cleaned[i] == control_pointer;
    }
    we_host_mutex_unlock(&s_lock);
    return is_found;
}

static VOID control_off(PVOID *control_pointer)
{
    *control_pointer = (PVOID)control_pointer;
}

static bool control_is_on(PVOID *control_pointer)
{
    return *control_pointer != (PVOID)control_pointer;
}

/* Takes off the first count providers. */
static void providers_remove(WPP_PROJECT_CONTROL_BLOCK *blocks, ULONG count)
{
    for (ULONG i = 0; i < count; i++) {
        we_host_free(we_etw_provider_remove(blocks[i].Control.Logger, true));
        blocks[i].Control.Logger = 0;
    }
}

static struct we_etw_provider *provider_create(PVOID *control_pointer, WPP_TRACE_CONTROL_BLOCK *control,
                                               const struct wsk_emu_wpp_guid *guid)
{
    struct we_etw_provider *provider = we_host_zalloc(sizeof(*provider));

    if (provider == NULL) {
        return NULL;
    }
    (void)snprintf(provider->name, sizeof(provider->name), "%s", guid->Name);
    provider->guid = guid->Guid;
    provider->control = control;
    provider->control_pointer = control_pointer;
    provider->bits = guid->Bits;
    memset(control, 0, sizeof(*control));
    control->ControlGuid = &guid->Guid;
    control->FlagsLen = WSK_EMU_WPP_FLAG_WORDS;
    if (!we_etw_provider_add(provider)) {
        we_host_free(provider);
        return NULL;
    }
    control->Logger = provider->id;
    return provider;
}

VOID wsk_emu_wpp_init(PVOID *ControlBlock, WPP_PROJECT_CONTROL_BLOCK *Blocks, const struct wsk_emu_wpp_guid *Guids,
                      ULONG Count)
{
    struct we_etw_provider *first = NULL;

    if (!we_etw_is_running()) {
        return;
    }
    if (control_is_on(ControlBlock)) {
        (void)we_vrf_report_entry(WE_RULE_UNL_012, we_vrf_ledger_find(WE_KIND_TRACE, ControlBlock),
                                  "WPP_INIT_TRACING was called again without WPP_CLEANUP");
        return;
    }
    for (ULONG i = 0; i < Count; i++) {
        struct we_etw_provider *provider = provider_create(ControlBlock, &Blocks[i].Control, &Guids[i]);

        if (provider == NULL) {
            /* As on Windows the driver does not hear of it, and runs without tracing. */
            we_host_log(WE_LOG_WARNING, "WPP_INIT_TRACING: out of memory, %s does not trace", Guids[i].Name);
            providers_remove(Blocks, i);
            return;
        }
        Blocks[i].Control.Next = i + 1 < Count ? &Blocks[i + 1].Control : NULL;
        first = first != NULL ? first : provider;
    }
    if (first != NULL) {
        we_vrf_ledger_add(&first->entry, WE_KIND_TRACE, (const void *)ControlBlock, 0, 0, "WPP registration");
        *ControlBlock = Blocks;
    }
}

VOID wsk_emu_wpp_cleanup(PVOID *ControlBlock)
{
    WPP_PROJECT_CONTROL_BLOCK *blocks = *ControlBlock;
    struct we_vrf_entry *entry;
    ULONG count = 0;

    if (!control_is_on(ControlBlock)) {
        return; /* also after a WPP_INIT_TRACING that did not work: drivers call it in any case */
    }
    control_off(ControlBlock);
    entry = we_vrf_ledger_find(WE_KIND_TRACE, (const void *)ControlBlock);
    if (entry == NULL) {
        return;
    }
    we_vrf_ledger_remove(entry);
    cleanup_note(ControlBlock);
    for (const WPP_TRACE_CONTROL_BLOCK *control = &blocks->Control; control != NULL; control = control->Next) {
        count++;
    }
    providers_remove(blocks, count);
}

BOOLEAN wsk_emu_wpp_is_lost(PVOID *ControlBlock, PCSTR Function, PCSTR File, ULONG Line)
{
    struct we_vrf_tombstone tombstone;

    if (!we_etw_is_running()) {
        return FALSE;
    }
    if (was_cleaned(ControlBlock)) {
        bool is_known = we_vrf_ledger_find_dead(WE_KIND_TRACE, (const void *)ControlBlock, &tombstone);

        (void)we_vrf_report_tombstone(WE_RULE_UNL_012, is_known ? &tombstone : NULL,
                                      "%s traces after WPP_CLEANUP, at %s:%u", Function, File, Line);
    } else {
        WE_LOG_ONCE(WE_LOG_WARNING, "%s traces before WPP_INIT_TRACING, at %s:%u: such messages are lost", Function,
                    File, Line);
    }
    return FALSE;
}

VOID wsk_emu_wpp_write(const struct wsk_emu_wpp_site *Site, const struct wsk_emu_trace_arg *Args, ULONG Count)
{
    static const char prefix[] = "TRACE_LEVEL_";
    const char *level = Site->LevelText;
    struct we_etw_event event = { 0 };
    char name[WE_ETW_NAME_BYTES];
    CHAR text[TEXT_BYTES];

    event.name = Site->FlagText;
    if (!we_etw_provider_look(Site->Logger, &event, name)) {
        return; /* switched off while the macro was being evaluated */
    }
    if (strncmp(level, prefix, sizeof(prefix) - 1) == 0) {
        level += sizeof(prefix) - 1;
    }
    (void)we_wpp_format(text, sizeof(text), Site, Args, Count);
    event.level = Site->Level;
    event.function = Site->Function;
    event.text = text + strspn(text, " "); /* what stood behind %!STDPREFIX! */
    (void)we_etw_write(&event, level);
}
