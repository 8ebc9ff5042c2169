/* SPDX-License-Identifier: MIT */
/* A driver that brings the types of stdint.h and of POSIX itself, built from those of the WDK, and what is only in
 * winsock2.h. */
#include <wdm.h>

#include <ws2def.h>

typedef INT8 int8_t;
typedef UINT8 uint8_t;
typedef INT16 int16_t;
typedef UINT16 uint16_t;
typedef INT32 int32_t;
typedef UINT32 uint32_t;
typedef INT64 int64_t;
typedef UINT64 uint64_t;
typedef ULONG_PTR uintptr_t;
typedef LONG_PTR intptr_t;
typedef LONG_PTR ssize_t;
typedef ULONG dev_t;
typedef USHORT mode_t;
typedef LONGLONG loff_t;
typedef ULONG gfp_t;
typedef struct _FILE {
    ULONG Own;
} FILE;

#define UINT8_MAX 0xff
#define UINT16_MAX 0xffff
#define UINT32_MAX 0xffffffffU

#define FIONREAD _IOR('f', 127, ULONG)
#define FIONBIO _IOW('f', 126, ULONG)

#include "constructs.h"

static ULONG Sum(int64_t First, uint64_t *Second, INT64 *Third, LONGLONG *Fourth)
{
    *Second = (uint64_t)First;
    *Third = *Fourth;
    return (ULONG)(*Second + (uint64_t)*Third);
}

ULONG OwnTypesCheck(VOID)
{
    ULONG64 second;
    LONG64 third;
    int64_t fourth = 3;
    FILE file = { 1 };
    ssize_t size = -1;
    size_t length = strlen("four");

    EXPECT(Sum(4, &second, &third, &fourth) == 7);
    EXPECT(file.Own == 1 && size < 0 && length == 4 && sizeof(dev_t) == 4 && sizeof(mode_t) == 2);
    EXPECT(FIONREAD == 0x4004667F && (ULONG)FIONBIO == 0x8004667E);
    EXPECT(sizeof(uintptr_t) == sizeof(PVOID) && UINT32_MAX == MAXULONG);
    return 0;
}
