/* SPDX-License-Identifier: MIT */
/* Events that providers write. */
#include <wdm.h>

#include <stdio.h>
#include <string.h>

#include "host/host_mem.h"
#include "nt/etw_provider.h"
#include "nt/nt_irql.h"
#include "nt/rtl_utf.h"

#define DATA_MAX_BYTES 65536
#define SHOWN_BYTES_MAX 64
#define TEXT_BYTES 1024

/* Whether the provider is there and wants the event, which then knows its provider. STATUS_INVALID_HANDLE: it is not
 * there. */
static NTSTATUS provider_ask(const char *function, REGHANDLE handle, struct we_etw_event *event,
                             char name[WE_ETW_NAME_BYTES], bool *is_wanted)
{
    struct we_etw_setting setting;

    *is_wanted = false;
    if (!we_etw_provider_setting(handle, &setting)) {
        return we_etw_bad_handle(function, handle);
    }
    if (!we_etw_setting_wants(&setting, event->level, event->keyword)) {
        return STATUS_SUCCESS;
    }
    *is_wanted = we_etw_provider_look(handle, event, name); /* false: unregistered meanwhile */
    return STATUS_SUCCESS;
}

static void event_fill(struct we_etw_event *event, PCEVENT_DESCRIPTOR descriptor)
{
    memset(event, 0, sizeof(*event));
    event->id = descriptor->Id;
    event->version = descriptor->Version;
    event->channel = descriptor->Channel;
    event->level = descriptor->Level;
    event->opcode = descriptor->Opcode;
    event->task = descriptor->Task;
    event->keyword = descriptor->Keyword;
}

void we_etw_event_set_activity(struct we_etw_event *event, LPCGUID activity, LPCGUID related)
{
    event->activity = activity != NULL ? *activity : we_nt_thread_current()->activity_id;
    if (related != NULL) {
        event->related = *related;
    }
}

BOOLEAN EtwEventEnabled(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor)
{
    WE_NT_ENTRY(EtwEventEnabled);
    return EventDescriptor != NULL && EtwProviderEnabled(RegHandle, EventDescriptor->Level, EventDescriptor->Keyword);
}

BOOLEAN EtwProviderEnabled(REGHANDLE RegHandle, UCHAR Level, ULONGLONG Keyword)
{
    struct we_etw_setting setting;

    WE_NT_ENTRY(EtwProviderEnabled);
    return we_etw_provider_setting(RegHandle, &setting) && we_etw_setting_wants(&setting, Level, Keyword);
}

/* --- data ------------------------------------------------------------------------------------ */

/* The bytes of all pieces; STATUS_INVALID_PARAMETER for a piece that leads nowhere. */
static NTSTATUS data_measure(const EVENT_DATA_DESCRIPTOR *pieces, ULONG count, size_t *bytes)
{
    *bytes = 0;
    for (ULONG i = 0; i < count; i++) {
        if (pieces[i].Ptr == 0 && pieces[i].Size != 0) {
            return STATUS_INVALID_PARAMETER;
        }
        *bytes += pieces[i].Size;
    }
    return *bytes > DATA_MAX_BYTES ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static void data_gather(UCHAR *data, const EVENT_DATA_DESCRIPTOR *pieces, ULONG count)
{
    for (ULONG i = 0; i < count; i++) {
        if (pieces[i].Size != 0) {
            memcpy(data, (const void *)(ULONG_PTR)pieces[i].Ptr, pieces[i].Size);
            data += pieces[i].Size;
        }
    }
}

static void data_show(char text[TEXT_BYTES], const UCHAR *data, size_t bytes)
{
    size_t length = 0;

    text[0] = 0;
    for (size_t i = 0; i < bytes && i < SHOWN_BYTES_MAX; i++) {
        length += (size_t)snprintf(text + length, TEXT_BYTES - length, i == 0 ? "%02x" : " %02x", data[i]);
    }
    if (bytes > SHOWN_BYTES_MAX) {
        (void)snprintf(text + length, TEXT_BYTES - length, " ... (%zu bytes)", bytes);
    }
}

/* What all forms of EtwWrite do. */
static NTSTATUS event_write(const char *function, REGHANDLE handle, PCEVENT_DESCRIPTOR descriptor, LPCGUID activity,
                            LPCGUID related, ULONG count, const EVENT_DATA_DESCRIPTOR *pieces)
{
    struct we_etw_event event;
    char name[WE_ETW_NAME_BYTES];
    char text[TEXT_BYTES];
    bool is_wanted;
    NTSTATUS status;
    UCHAR *data;

    if (descriptor == NULL || count > MAX_EVENT_DATA_DESCRIPTORS || (count > 0 && pieces == NULL)) {
        return STATUS_INVALID_PARAMETER;
    }
    event_fill(&event, descriptor);
    status = provider_ask(function, handle, &event, name, &is_wanted);
    if (!NT_SUCCESS(status) || !is_wanted) {
        return status;
    }
    status = data_measure(pieces, count, &event.data_bytes);
    if (status != STATUS_SUCCESS) {
        return status;
    }
    data = we_host_alloc(event.data_bytes + 1);
    if (data == NULL) {
        return STATUS_NO_MEMORY;
    }
    data_gather(data, pieces, count);
    data_show(text, data, event.data_bytes);
    event.data = data;
    event.text = text;
    we_etw_event_set_activity(&event, activity, related);
    status = we_etw_write(&event, NULL) ? STATUS_SUCCESS : STATUS_NO_MEMORY;
    we_host_free(data);
    return status;
}

NTSTATUS EtwWrite(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor, LPCGUID ActivityId, ULONG UserDataCount,
                  PEVENT_DATA_DESCRIPTOR UserData)
{
    WE_NT_ENTRY(EtwWrite);
    return event_write("EtwWrite", RegHandle, EventDescriptor, ActivityId, NULL, UserDataCount, UserData);
}

NTSTATUS EtwWriteTransfer(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor, LPCGUID ActivityId,
                          LPCGUID RelatedActivityId, ULONG UserDataCount, PEVENT_DATA_DESCRIPTOR UserData)
{
    WE_NT_ENTRY(EtwWriteTransfer);
    return event_write("EtwWriteTransfer", RegHandle, EventDescriptor, ActivityId, RelatedActivityId, UserDataCount,
                       UserData);
}

NTSTATUS EtwWriteEx(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor, ULONG64 Filter, ULONG Flags,
                    LPCGUID ActivityId, LPCGUID RelatedActivityId, ULONG UserDataCount, PEVENT_DATA_DESCRIPTOR UserData)
{
    WE_NT_ENTRY(EtwWriteEx);
    UNREFERENCED_PARAMETER(Filter);
    if ((Flags & ~(ULONG)(EVENT_WRITE_FLAG_NO_FAULTING | EVENT_WRITE_FLAG_INPRIVATE)) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    return event_write("EtwWriteEx", RegHandle, EventDescriptor, ActivityId, RelatedActivityId, UserDataCount,
                       UserData);
}

NTSTATUS EtwWriteString(REGHANDLE RegHandle, UCHAR Level, ULONGLONG Keyword, LPCGUID ActivityId, PCWSTR String)
{
    struct we_etw_event event = { 0 };
    char name[WE_ETW_NAME_BYTES];
    char text[TEXT_BYTES];
    bool is_wanted;
    NTSTATUS status;
    size_t count = 0;

    WE_NT_ENTRY(EtwWriteString);
    if (String == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    event.level = Level;
    event.keyword = Keyword;
    status = provider_ask("EtwWriteString", RegHandle, &event, name, &is_wanted);
    if (!NT_SUCCESS(status) || !is_wanted) {
        return status;
    }
    while (count * sizeof(WCHAR) < DATA_MAX_BYTES && String[count] != 0) {
        count++;
    }
    if ((count + 1) * sizeof(WCHAR) > DATA_MAX_BYTES) {
        return STATUS_BUFFER_OVERFLOW;
    }
    text[we_rtl_utf16_to_utf8(text, sizeof(text) - 1, String, count).written] = 0;
    event.text = text;
    event.data = String;
    event.data_bytes = (count + 1) * sizeof(WCHAR);
    we_etw_event_set_activity(&event, ActivityId, NULL);
    return we_etw_write(&event, NULL) ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}
