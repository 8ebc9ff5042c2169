/* SPDX-License-Identifier: MIT */
/* Event tracing for Windows: providers and their events; src/nt/etw_register.c and etw_write.c. */
#ifndef WSK_EMU_WDK_ETW_H
#define WSK_EMU_WDK_ETW_H

#include "../evntprov.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Called at PASSIVE_LEVEL when the provider is enabled or disabled: in EtwRegister when it is enabled from the start, later
 * on the thread of the test that asks for it. FilterData is NULL.
 */
typedef VOID NTAPI ETWENABLECALLBACK(_In_ LPCGUID SourceId, _In_ ULONG ControlCode, _In_ UCHAR Level,
    _In_ ULONGLONG MatchAnyKeyword, _In_ ULONGLONG MatchAllKeyword, _In_opt_ PEVENT_FILTER_DESCRIPTOR FilterData,
    _Inout_opt_ PVOID CallbackContext);
typedef ETWENABLECALLBACK *PETWENABLECALLBACK;

/* STATUS_INVALID_PARAMETER, STATUS_NO_MEMORY. The handle is the driver's until EtwUnregister (UNL-010). */
_IRQL_requires_(PASSIVE_LEVEL)
NTSTATUS NTAPI EtwRegister(_In_ LPCGUID ProviderId, _In_opt_ PETWENABLECALLBACK EnableCallback,
    _In_opt_ PVOID CallbackContext, _Out_ PREGHANDLE RegHandle);

/* Waits for an enable callback that is running. STATUS_INVALID_HANDLE: no such handle (any more). */
_IRQL_requires_(PASSIVE_LEVEL)
NTSTATUS NTAPI EtwUnregister(_In_ REGHANDLE RegHandle);

/* EventProviderSetTraits: the provider's name is taken from the traits. The other classes have no effect. */
_IRQL_requires_(PASSIVE_LEVEL)
NTSTATUS NTAPI EtwSetInformation(_In_ REGHANDLE RegHandle, _In_ EVENT_INFO_CLASS InformationClass,
    _In_reads_bytes_opt_(InformationLength) PVOID EventInformation, _In_ ULONG InformationLength);

BOOLEAN NTAPI EtwEventEnabled(_In_ REGHANDLE RegHandle, _In_ PCEVENT_DESCRIPTOR EventDescriptor);

BOOLEAN NTAPI EtwProviderEnabled(_In_ REGHANDLE RegHandle, _In_ UCHAR Level, _In_ ULONGLONG Keyword);

/* The id belongs to the calling thread; EVENT_ACTIVITY_CTRL_CREATE_ID touches none and is allowed at any IRQL. */
NTSTATUS NTAPI EtwActivityIdControl(_In_ ULONG ControlCode, _Inout_ LPGUID ActivityId);

/*
 * STATUS_SUCCESS also when nobody wants the event; STATUS_INVALID_HANDLE; STATUS_INVALID_PARAMETER: no descriptor, more
 * than 128 pieces of data, or none where some are counted; STATUS_BUFFER_OVERFLOW: more than 64 KiB; STATUS_NO_MEMORY.
 * ActivityId NULL: the thread's own.
 */
NTSTATUS NTAPI EtwWrite(_In_ REGHANDLE RegHandle, _In_ PCEVENT_DESCRIPTOR EventDescriptor, _In_opt_ LPCGUID ActivityId,
    _In_range_(0, MAX_EVENT_DATA_DESCRIPTORS) ULONG UserDataCount,
    _In_reads_opt_(UserDataCount) PEVENT_DATA_DESCRIPTOR UserData);

NTSTATUS NTAPI EtwWriteTransfer(_In_ REGHANDLE RegHandle, _In_ PCEVENT_DESCRIPTOR EventDescriptor,
    _In_opt_ LPCGUID ActivityId, _In_opt_ LPCGUID RelatedActivityId,
    _In_range_(0, MAX_EVENT_DATA_DESCRIPTORS) ULONG UserDataCount,
    _In_reads_opt_(UserDataCount) PEVENT_DATA_DESCRIPTOR UserData);

/* Filter has no effect; Flags other than EVENT_WRITE_FLAG_... are refused. */
NTSTATUS NTAPI EtwWriteEx(_In_ REGHANDLE RegHandle, _In_ PCEVENT_DESCRIPTOR EventDescriptor, _In_ ULONG64 Filter,
    _In_ ULONG Flags, _In_opt_ LPCGUID ActivityId, _In_opt_ LPCGUID RelatedActivityId,
    _In_range_(0, MAX_EVENT_DATA_DESCRIPTORS) ULONG UserDataCount,
    _In_reads_opt_(UserDataCount) PEVENT_DATA_DESCRIPTOR UserData);

NTSTATUS NTAPI EtwWriteString(_In_ REGHANDLE RegHandle, _In_ UCHAR Level, _In_ ULONGLONG Keyword,
    _In_opt_ LPCGUID ActivityId, _In_ PCWSTR String);

#ifdef __cplusplus
}
#endif

#endif
