/* SPDX-License-Identifier: MIT */
/* Types of event providers: descriptors of events and of their data. The functions of the kernel are in wdm.h. */
#ifndef WSK_EMU_WDK_EVNTPROV_H
#define WSK_EMU_WDK_EVNTPROV_H

#include "ntdef.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef ULONGLONG REGHANDLE, *PREGHANDLE;

#define MAX_EVENT_DATA_DESCRIPTORS 128
#define MAX_EVENT_FILTER_DATA_SIZE 1024
#define EVENT_MIN_LEVEL            0
#define EVENT_MAX_LEVEL            0xff

#define EVENT_ACTIVITY_CTRL_GET_ID        1
#define EVENT_ACTIVITY_CTRL_SET_ID        2
#define EVENT_ACTIVITY_CTRL_CREATE_ID     3
#define EVENT_ACTIVITY_CTRL_GET_SET_ID    4
#define EVENT_ACTIVITY_CTRL_CREATE_SET_ID 5

#define EVENT_CONTROL_CODE_DISABLE_PROVIDER 0
#define EVENT_CONTROL_CODE_ENABLE_PROVIDER  1
#define EVENT_CONTROL_CODE_CAPTURE_STATE    2

#define EVENT_WRITE_FLAG_NO_FAULTING 0x00000001
#define EVENT_WRITE_FLAG_INPRIVATE   0x00000002

#define EVENT_DATA_DESCRIPTOR_TYPE_NONE               0
#define EVENT_DATA_DESCRIPTOR_TYPE_EVENT_METADATA     1
#define EVENT_DATA_DESCRIPTOR_TYPE_PROVIDER_METADATA  2
#define EVENT_DATA_DESCRIPTOR_TYPE_TIMESTAMP_OVERRIDE 3

/* A piece of an event's data. */
typedef struct _EVENT_DATA_DESCRIPTOR {
    ULONGLONG Ptr;
    ULONG Size;
    union {
        ULONG Reserved;
        struct {
            UCHAR Type;
            UCHAR Reserved1;
            USHORT Reserved2;
        } DUMMYSTRUCTNAME;
    } DUMMYUNIONNAME;
} EVENT_DATA_DESCRIPTOR, *PEVENT_DATA_DESCRIPTOR;

WSK_EMU_CHECK_SIZE(EVENT_DATA_DESCRIPTOR, 0x10);

typedef struct _EVENT_DESCRIPTOR {
    USHORT Id;
    UCHAR Version;
    UCHAR Channel;
    UCHAR Level;
    UCHAR Opcode;
    USHORT Task;
    ULONGLONG Keyword;
} EVENT_DESCRIPTOR, *PEVENT_DESCRIPTOR;
typedef const EVENT_DESCRIPTOR *PCEVENT_DESCRIPTOR;

WSK_EMU_CHECK_SIZE(EVENT_DESCRIPTOR, 0x10);

typedef struct _EVENT_FILTER_DESCRIPTOR {
    ULONGLONG Ptr;
    ULONG Size;
    ULONG Type;
} EVENT_FILTER_DESCRIPTOR, *PEVENT_FILTER_DESCRIPTOR;

typedef enum _EVENT_INFO_CLASS {
    EventProviderBinaryTrackInfo,
    EventProviderSetReserved1,
    EventProviderSetTraits,
    EventProviderUseDescriptorType,
    MaxEventInfo
} EVENT_INFO_CLASS;

static FORCEINLINE VOID EventDataDescCreate(
    _Out_ PEVENT_DATA_DESCRIPTOR EventDataDescriptor, _In_ const VOID *DataPtr, _In_ ULONG DataSize)
{
    EventDataDescriptor->Ptr = (ULONGLONG)(ULONG_PTR)DataPtr;
    EventDataDescriptor->Size = DataSize;
    EventDataDescriptor->Reserved = 0;
}

static FORCEINLINE VOID EventDescCreate(_Out_ PEVENT_DESCRIPTOR EventDescriptor, _In_ USHORT Id, _In_ UCHAR Version,
    _In_ UCHAR Channel, _In_ UCHAR Level, _In_ USHORT Task, _In_ UCHAR Opcode, _In_ ULONGLONG Keyword)
{
    EventDescriptor->Id = Id;
    EventDescriptor->Version = Version;
    EventDescriptor->Channel = Channel;
    EventDescriptor->Level = Level;
    EventDescriptor->Task = Task;
    EventDescriptor->Opcode = Opcode;
    EventDescriptor->Keyword = Keyword;
}

static FORCEINLINE VOID EventDescZero(_Out_ PEVENT_DESCRIPTOR EventDescriptor)
{
    memset(EventDescriptor, 0, sizeof(*EventDescriptor));
}

/* One function to ask and one to set each member; the second returns the descriptor. */
#define WSK_EMU_EVENT_DESC_MEMBER(_type, _member)                                                                      \
    static FORCEINLINE _type EventDescGet##_member(_In_ PCEVENT_DESCRIPTOR EventDescriptor)                            \
    {                                                                                                                  \
        return EventDescriptor->_member;                                                                               \
    }                                                                                                                  \
    static FORCEINLINE PEVENT_DESCRIPTOR EventDescSet##_member(                                                        \
        _Inout_ PEVENT_DESCRIPTOR EventDescriptor, _In_ _type Value)                                                   \
    {                                                                                                                  \
        EventDescriptor->_member = Value;                                                                              \
        return EventDescriptor;                                                                                        \
    }
WSK_EMU_EVENT_DESC_MEMBER(USHORT, Id)
WSK_EMU_EVENT_DESC_MEMBER(UCHAR, Version)
WSK_EMU_EVENT_DESC_MEMBER(UCHAR, Channel)
WSK_EMU_EVENT_DESC_MEMBER(UCHAR, Level)
WSK_EMU_EVENT_DESC_MEMBER(UCHAR, Opcode)
WSK_EMU_EVENT_DESC_MEMBER(USHORT, Task)
WSK_EMU_EVENT_DESC_MEMBER(ULONGLONG, Keyword)
#undef WSK_EMU_EVENT_DESC_MEMBER

static FORCEINLINE PEVENT_DESCRIPTOR EventDescOrKeyword(_Inout_ PEVENT_DESCRIPTOR EventDescriptor, _In_ ULONGLONG Keyword)
{
    EventDescriptor->Keyword |= Keyword;
    return EventDescriptor;
}

#ifdef __cplusplus
}
#endif

#endif
