/* SPDX-License-Identifier: MIT */
/* Registration of event providers, and the callback that tells them whether somebody listens. */
#include "nt/etw_register.h"

#include <stdio.h>
#include <string.h>

#include <wdm.h>

#include "host/host_mem.h"
#include "nt/etw_provider.h"
#include "nt/nt_door.h"
#include "nt/nt_irql.h"
#include "vrf/vrf_report.h"

void we_etw_enable_call(we_base_id id, bool is_new)
{
    struct we_etw_setting setting;
    struct we_nt_frame frame;
    struct we_etw_provider *provider = we_etw_provider_take(id, &setting);

    if (provider == NULL) {
        return;
    }
    if (provider->callback != NULL && (setting.is_on || !is_new) && !we_nt_door_is_shut()) {
        GUID source = { 0 };

        we_nt_door_enter(&frame, WE_DOOR_ETW, (const void *)(ULONG_PTR)provider->callback, provider->context);
        provider->callback(&source,
                           setting.is_on ? EVENT_CONTROL_CODE_ENABLE_PROVIDER : EVENT_CONTROL_CODE_DISABLE_PROVIDER,
                           setting.level, setting.keyword, 0, NULL, provider->context);
        we_nt_door_leave(&frame);
    }
    we_etw_provider_give(provider);
}

NTSTATUS we_etw_register(LPCGUID guid, const char *name, PETWENABLECALLBACK callback, PVOID context, PREGHANDLE handle)
{
    struct we_etw_provider *provider;

    WE_NT_ENTRY(EtwRegister);
    if (guid == NULL || handle == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    provider = we_host_zalloc(sizeof(*provider));
    if (provider == NULL) {
        return STATUS_NO_MEMORY;
    }
    (void)snprintf(provider->name, sizeof(provider->name), "%s", name);
    provider->guid = *guid;
    provider->callback = callback;
    provider->context = context;
    if (!we_etw_provider_add(provider)) {
        we_host_free(provider);
        return STATUS_NO_MEMORY;
    }
    we_vrf_ledger_add(&provider->entry, WE_KIND_TRACE, (const void *)(ULONG_PTR)provider->id, 0, 0, "ETW registration");
    /* The callback may write events with the handle already. */
    *handle = provider->id;
    we_etw_enable_call(provider->id, true);
    return STATUS_SUCCESS;
}

NTSTATUS EtwRegister(LPCGUID ProviderId, PETWENABLECALLBACK EnableCallback, PVOID CallbackContext, PREGHANDLE RegHandle)
{
    return we_etw_register(ProviderId, "", EnableCallback, CallbackContext, RegHandle);
}

NTSTATUS EtwUnregister(REGHANDLE RegHandle)
{
    WE_NT_ENTRY(EtwUnregister);
    return we_etw_provider_end(RegHandle) ? STATUS_SUCCESS : we_etw_bad_handle("EtwUnregister", RegHandle);
}

/* Traits begin with their size, then the name of the provider, which ends with a NUL. */
static NTSTATUS traits_set(REGHANDLE handle, const void *traits, ULONG length)
{
    USHORT size;

    if (traits == NULL || length < sizeof(size) + 1) {
        return STATUS_INVALID_PARAMETER;
    }
    memcpy(&size, traits, sizeof(size));
    if (size != length || memchr((const char *)traits + sizeof(size), 0, length - sizeof(size)) == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return we_etw_provider_rename(handle, (const char *)traits + sizeof(size)) ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

NTSTATUS EtwSetInformation(REGHANDLE RegHandle, EVENT_INFO_CLASS InformationClass, PVOID EventInformation,
                           ULONG InformationLength)
{
    struct we_etw_setting setting;

    WE_NT_ENTRY(EtwSetInformation);
    if (!we_etw_provider_setting(RegHandle, &setting)) {
        return we_etw_bad_handle("EtwSetInformation", RegHandle);
    }
    switch (InformationClass) {
    case EventProviderSetTraits:
        return traits_set(RegHandle, EventInformation, InformationLength);
    case EventProviderBinaryTrackInfo:
    case EventProviderUseDescriptorType:
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

/* --- activities ---------------------------------------------------------------------------- */

/* Unique in this process, and the same in every run. */
static void activity_create(GUID *id)
{
    static ULONG s_count; /* atomic, relaxed */

    memset(id, 0, sizeof(*id));
    id->Data1 = __atomic_add_fetch(&s_count, 1, __ATOMIC_RELAXED);
    memcpy(id->Data4, "activity", sizeof(id->Data4));
}

NTSTATUS EtwActivityIdControl(ULONG ControlCode, LPGUID ActivityId)
{
    struct we_nt_thread *thread = we_nt_thread_current();
    GUID before = thread->activity_id;

    WE_NT_ENTRY(EtwActivityIdControl);
    if (ActivityId == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (ControlCode != EVENT_ACTIVITY_CTRL_CREATE_ID && thread->irql >= DISPATCH_LEVEL) {
        (void)we_vrf_report(WE_RULE_IRQL_001, NULL,
                            "EtwActivityIdControl was called at %s with control code %u; only "
                            "EVENT_ACTIVITY_CTRL_CREATE_ID may be used there",
                            we_nt_irql_name(thread->irql), ControlCode);
    }
    switch (ControlCode) {
    case EVENT_ACTIVITY_CTRL_GET_ID:
        *ActivityId = before;
        return STATUS_SUCCESS;
    case EVENT_ACTIVITY_CTRL_SET_ID:
        thread->activity_id = *ActivityId;
        return STATUS_SUCCESS;
    case EVENT_ACTIVITY_CTRL_CREATE_ID:
        activity_create(ActivityId);
        return STATUS_SUCCESS;
    case EVENT_ACTIVITY_CTRL_GET_SET_ID:
        thread->activity_id = *ActivityId;
        *ActivityId = before;
        return STATUS_SUCCESS;
    case EVENT_ACTIVITY_CTRL_CREATE_SET_ID:
        activity_create(&thread->activity_id);
        *ActivityId = before;
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}
