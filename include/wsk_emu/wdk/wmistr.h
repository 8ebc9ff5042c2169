/* SPDX-License-Identifier: MIT */
/* The header of WMI's data blocks. Types alone: no WMI runs here. */
#ifndef WSK_EMU_WDK_WMISTR_H
#define WSK_EMU_WDK_WMISTR_H

#include "ntdef.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _WNODE_HEADER {
    ULONG BufferSize;
    ULONG ProviderId;
    union {
        ULONG64 HistoricalContext;
        struct {
            ULONG Version;
            ULONG Linkage;
        } DUMMYSTRUCTNAME;
    } DUMMYUNIONNAME;
    union {
        ULONG CountLost;
        HANDLE KernelHandle;
        LARGE_INTEGER TimeStamp;
    };
    GUID Guid;
    ULONG ClientContext;
    ULONG Flags;
} WNODE_HEADER, *PWNODE_HEADER;

WSK_EMU_CHECK_SIZE(WNODE_HEADER, 0x30);

#define WNODE_FLAG_ALL_DATA        0x00000001
#define WNODE_FLAG_SINGLE_INSTANCE 0x00000002
#define WNODE_FLAG_SINGLE_ITEM     0x00000004
#define WNODE_FLAG_EVENT_ITEM      0x00000008
#define WNODE_FLAG_TRACED_GUID     0x00020000
#define WNODE_FLAG_USE_GUID_PTR    0x00080000
#define WNODE_FLAG_USE_MOF_PTR     0x00100000

#ifdef __cplusplus
}
#endif

#endif
