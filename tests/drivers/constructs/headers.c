/* SPDX-License-Identifier: MIT */
/* The headers that stand beside the main ones: each alone, with the names that sources take from it. */
#include <initguid.h>
#include <ndisguid.h>

#include <devioctl.h>
#include <minwindef.h>
#include <ntverp.h>
#include <wdf.h>
#include <wdftypes.h>
#include <ws2tcpip.h>

#include "constructs.h"

#include <pshpack1.h>
typedef struct _PACKED_ONE {
    UCHAR First;
    ULONG Second;
} PACKED_ONE;
#include <pshpack2.h>
typedef struct _PACKED_TWO {
    UCHAR First;
    ULONG Second;
} PACKED_TWO;
#include <poppack.h>
typedef struct _PACKED_ONE_AGAIN {
    UCHAR First;
    ULONG Second;
} PACKED_ONE_AGAIN;
#include <poppack.h>
#include <pshpack4.h>
typedef struct _PACKED_FOUR {
    UCHAR First;
    ULONG64 Second;
} PACKED_FOUR;
#include <poppack.h>
#include <pshpack8.h>
typedef struct _PACKED_EIGHT {
    UCHAR First;
    ULONG64 Second;
} PACKED_EIGHT;
#include <poppack.h>

#define IOCTL_CONSTRUCTS_GET CTL_CODE(FILE_DEVICE_NETWORK, 0x801, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)

ULONG HeadersCheck(VOID)
{
    WDFDEVICE device = NULL;
    SOCKADDR_INET address = { .si_family = AF_INET6 };
    FILETIME time = { 0, 1 };

    EXPECT(sizeof(PACKED_ONE) == 5 && sizeof(PACKED_TWO) == 6 && sizeof(PACKED_ONE_AGAIN) == 5);
    EXPECT(sizeof(PACKED_FOUR) == 12 && sizeof(PACKED_EIGHT) == 16);
    EXPECT(IOCTL_CONSTRUCTS_GET == 0x0012E004);
    EXPECT(VER_PRODUCTMAJORVERSION == 10 && VER_PRODUCTVERSION_W == 0x0A00 && VER_PRODUCTBUILD == 22621);
    EXPECT(MAX_PATH == 260 && MAKEWORD(1, 2) == 0x0201 && MAKELONG(1, 2) == 0x00020001 && HIWORD(0x12345678) == 0x1234);
    EXPECT(GUID_DEVINTERFACE_NET.Data1 == 0xCAC88484 && GUID_NDIS_LAN_CLASS.Data4[7] == 0x8C);
    EXPECT(GUID_DEVINTERFACE_NETUIO.Data2 == 0x0679);
    EXPECT(device == NULL && address.Ipv6.sin6_family == 23 && time.dwHighDateTime == 1);
    return 0;
}
