/* SPDX-License-Identifier: MIT */
/* TraceLogging: what the macros of TraceLoggingProvider.h call. */
#include <TraceLoggingProvider.h>

#include <stdio.h>
#include <string.h>

#include "nt/etw_provider.h"
#include "nt/etw_register.h"
#include "nt/wpp_format.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A provider is registered with its name. An event's settings are looked at before its fields are evaluated; then its
 * fields become text, "name=value name=value", each by a format of one conversion, which the formatter of WPP reads.
 */

#define TEXT_BYTES 1024
#define TLG_CHANNEL 11
#define TLG_LEVEL_DEFAULT 5
#define SHOWN_ELEMENTS_MAX 64

/* The driver holds the provider as constant; its storage is not. */
static struct _tlgProvider_t *provider_of(TraceLoggingHProvider provider)
{
    return (struct _tlgProvider_t *)(ULONG_PTR)provider;
}

NTSTATUS wsk_emu_tlg_register(TraceLoggingHProvider Provider, PETWENABLECALLBACK Callback, PVOID Context)
{
    struct _tlgProvider_t *provider = provider_of(Provider);

    if (we_etw_provider_rename(provider->Handle, provider->Name)) {
        (void)we_vrf_report_entry(
            WE_RULE_UNL_010, we_vrf_ledger_find(WE_KIND_TRACE, (const void *)(ULONG_PTR)provider->Handle),
            "TraceLoggingRegister was called again for the provider %s, which is registered", provider->Name);
        return STATUS_INVALID_DEVICE_STATE;
    }
    return we_etw_register(&provider->Id, provider->Name, Callback, Context, &provider->Handle);
}

VOID wsk_emu_tlg_unregister(TraceLoggingHProvider Provider)
{
    struct _tlgProvider_t *provider = provider_of(Provider);
    REGHANDLE handle = provider->Handle;

    provider->Handle = 0;
    if (handle != 0) {
        (void)EtwUnregister(handle);
    }
}

BOOLEAN wsk_emu_tlg_enabled(TraceLoggingHProvider Provider, UCHAR Level, ULONGLONG Keyword)
{
    return EtwProviderEnabled(Provider->Handle, Level, Keyword);
}

static void settings_read(struct we_etw_event *event, const struct wsk_emu_tlg_field *fields, SIZE_T count)
{
    memset(event, 0, sizeof(*event));
    event->level = TLG_LEVEL_DEFAULT;
    event->channel = TLG_CHANNEL;
    for (SIZE_T i = 0; i < count; i++) {
        switch (fields[i].Setting) {
        case WSK_EMU_TLG_LEVEL:
            event->level = (UCHAR)fields[i].Value;
            break;
        case WSK_EMU_TLG_KEYWORD:
            event->keyword |= fields[i].Value; /* several are joined */
            break;
        case WSK_EMU_TLG_OPCODE:
            event->opcode = (UCHAR)fields[i].Value;
            break;
        case WSK_EMU_TLG_CHANNEL:
            event->channel = (UCHAR)fields[i].Value;
            break;
        default:
            break;
        }
    }
}

BOOLEAN wsk_emu_tlg_wants(TraceLoggingHProvider Provider, const struct wsk_emu_tlg_field *Fields, SIZE_T Count)
{
    struct we_etw_event event;

    if (Provider->Handle == 0) {
        return FALSE; /* not registered (yet, or any more): as on Windows that is silent */
    }
    settings_read(&event, Fields, Count);
    return EtwProviderEnabled(Provider->Handle, event.level, event.keyword);
}

/* --- fields ---------------------------------------------------------------------------------- */

static void text_add(char text[TEXT_BYTES], size_t *length, const char *added)
{
    int written = snprintf(text + *length, TEXT_BYTES - *length, "%s", added);

    *length += (size_t)written < TEXT_BYTES - *length ? (size_t)written : TEXT_BYTES - *length - 1;
}

static void value_add(char text[TEXT_BYTES], size_t *length, const char *format, const struct wsk_emu_trace_arg *args,
                      ULONG count)
{
    const struct wsk_emu_wpp_site site = { 0, 0, "", "", NULL, "", "", 0, "", format, "" };

    *length += we_wpp_format(text + *length, TEXT_BYTES - *length, &site, args, count);
}

static void array_add(char text[TEXT_BYTES], size_t *length, const struct wsk_emu_tlg_field *field)
{
    const UCHAR *elements = field->Args[0].Value.Pointer;

    text_add(text, length, "[");
    for (ULONG i = 0; elements != NULL && i < field->Count && i < SHOWN_ELEMENTS_MAX; i++) {
        struct wsk_emu_trace_arg arg =
            wsk_emu_trace_arg_make(field->ElementKind, elements + (size_t)i * field->ElementBytes, field->ElementBytes);

        text_add(text, length, i == 0 ? "" : " ");
        value_add(text, length, field->Format, &arg, 1);
    }
    text_add(text, length, field->Count > SHOWN_ELEMENTS_MAX ? " ...]" : "]");
}

static void field_add(char text[TEXT_BYTES], size_t *length, const struct wsk_emu_tlg_field *field)
{
    text_add(text, length, *length == 0 || text[*length - 1] == '{' ? "" : " ");
    text_add(text, length, field->Name);
    text_add(text, length, "=");
    if (field->Setting == WSK_EMU_TLG_STRUCT) {
        text_add(text, length, "{");
    } else if (field->ElementBytes != 0) {
        array_add(text, length, field);
    } else {
        value_add(text, length, field->Format, field->Args, field->ArgCount);
    }
}

/* A structure ends behind the number of fields that it has. */
static void fields_show(char text[TEXT_BYTES], const struct wsk_emu_tlg_field *fields, SIZE_T count)
{
    ULONGLONG left = 0;
    size_t length = 0;

    text[0] = 0;
    for (SIZE_T i = 0; i < count; i++) {
        if (fields[i].Setting == WSK_EMU_TLG_STRUCT) {
            field_add(text, &length, &fields[i]);
            left = fields[i].Value;
        } else if (fields[i].Format != NULL) {
            field_add(text, &length, &fields[i]);
            if (left > 0 && --left == 0) {
                text_add(text, &length, "}");
            }
        }
    }
}

VOID wsk_emu_tlg_write(TraceLoggingHProvider Provider, PCSTR Event, LPCGUID ActivityId, LPCGUID RelatedActivityId,
                       const struct wsk_emu_tlg_field *Fields, SIZE_T Count)
{
    struct we_etw_event event;
    char name[WE_ETW_NAME_BYTES];
    char text[TEXT_BYTES];

    settings_read(&event, Fields, Count);
    if (!we_etw_provider_look(Provider->Handle, &event, name)) {
        return; /* unregistered while the fields were evaluated */
    }
    fields_show(text, Fields, Count);
    event.name = Event;
    event.text = text;
    we_etw_event_set_activity(&event, ActivityId, RelatedActivityId);
    (void)we_etw_write(&event, NULL);
}
