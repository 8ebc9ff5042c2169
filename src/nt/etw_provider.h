/* SPDX-License-Identifier: MIT */
/* Providers of trace events: those that EtwRegister makes, and the control GUIDs of drivers that trace by WPP. */
#ifndef WE_ETW_PROVIDER_H
#define WE_ETW_PROVIDER_H

#include <stdbool.h>

#include <wsk_emu_wdk/wpp.h>

#include "base/base_assert.h"
#include "base/base_idmap.h"
#include "base/base_list.h"
#include "nt/etw_event.h"
#include "vrf/vrf_ledger.h"

#define WE_ETW_NAME_BYTES 64

/* Which events are recorded and shown: level up to this one (events without a level always), and one bit in common with
 * the keyword (events without a keyword always). The keyword of a WPP provider are its flags. */
struct we_etw_setting {
    bool is_on;
    UCHAR level;
    ULONGLONG keyword;
};

struct we_etw_config {
    struct we_etw_setting setting;
    char flag_names[128]; /* "FLAG_A,FLAG_B": the bits of a WPP provider instead of keyword, where it has one of them */
};

/* "level" or "level:flags". A level is a name (off, critical, error, warning, information, verbose, all) or a number up
 * to 255; flags are a number or names with commas. False: it is neither; config is unchanged. */
WE_MUST_USE bool we_etw_config_parse(const char *text, struct we_etw_config *config);

struct we_etw_provider {
    struct we_base_list link;  /* the rest is guarded by the lock of the providers */
    struct we_vrf_entry entry; /* of a WPP driver: in its first provider */
    we_base_id id;             /* REGHANDLE, and Logger of a control block */
    char name[WE_ETW_NAME_BYTES];
    GUID guid;
    struct we_etw_setting setting;
    PETWENABLECALLBACK callback; /* EtwRegister; may be NULL */
    PVOID context;
    unsigned calls;                   /* of the callback, that are running */
    KEVENT idle;                      /* signalled when the last of them has ended after the provider was removed */
    WPP_TRACE_CONTROL_BLOCK *control; /* NULL: not WPP */
    PVOID *control_pointer;           /* the driver's WPP_CB; of all its providers */
    const char *bits;                 /* names of the flags */
};

void we_etw_start(const struct we_etw_config *config);
/* Reports who is registered still (UNL-010, UNL-012), and forgets everything, the recorded events too. */
void we_etw_stop(void);
bool we_etw_is_running(void);

/* The provider of that name or GUID, now or when it registers; NULL: all. Calls enable callbacks. At most 16 such
 * wishes; false: too many. PASSIVE_LEVEL, no lock. */
WE_MUST_USE bool we_etw_set(const char *provider, const struct we_etw_setting *setting);

/* Whether wanted is the name, or the GUID with or without braces. */
bool we_etw_is_name(const char *wanted, const char *name, const GUID *guid);

/* Lists a provider, whose name, GUID and WPP members are filled, and applies the settings. False: memory is short. */
WE_MUST_USE bool we_etw_provider_add(struct we_etw_provider *provider);
/* Takes it off the list and waits until its callback has returned. The caller frees it. NULL: there is none of that id
 * and kind. PASSIVE_LEVEL when it has a callback. */
struct we_etw_provider *we_etw_provider_remove(we_base_id id, bool is_wpp);
/* The same for one of EtwRegister, and frees it. False: there is none of that id. */
bool we_etw_provider_end(we_base_id id);
/* Keeps a provider from being freed while its callback runs; NULL: there is none of that id. */
struct we_etw_provider *we_etw_provider_take(we_base_id id, struct we_etw_setting *setting);
void we_etw_provider_give(struct we_etw_provider *provider);
/* False: there is none of that id. A name that is too long is cut. */
bool we_etw_provider_rename(we_base_id id, const char *name);
/* Copies what an event needs to know, and for WPP turns its name into its flag; false: the id leads nowhere. */
bool we_etw_provider_look(we_base_id id, struct we_etw_event *event, char name[WE_ETW_NAME_BYTES]);
/* The provider's setting; false: the id leads nowhere. */
bool we_etw_provider_setting(we_base_id id, struct we_etw_setting *setting);

bool we_etw_setting_wants(const struct we_etw_setting *setting, UCHAR level, ULONGLONG keyword);

/* Without an id of its own an event belongs to the thread's activity. */
void we_etw_event_set_activity(struct we_etw_event *event, LPCGUID activity, LPCGUID related);

/* What functions answer to a handle that leads nowhere: STATUS_INVALID_HANDLE. A handle of 0 was never registered, which
 * happens on paths of failure; any other is reported (UNL-010). */
NTSTATUS we_etw_bad_handle(const char *function, REGHANDLE handle);

/* Records the event, whose members but provider, GUID and what record notes are filled, and shows it in the log. level_text
 * NULL: the level's own name. False: memory was short, and the event is lost. */
bool we_etw_write(const struct we_etw_event *event, const char *level_text);

/* Ends what a driver's registration left behind, after its leak was reported: entry is one of kind WE_KIND_TRACE. */
void we_etw_drop(struct we_vrf_entry *entry);
/* True for a WPP registration, false for one of EtwRegister. */
bool we_etw_entry_is_wpp(const struct we_vrf_entry *entry);

#endif
