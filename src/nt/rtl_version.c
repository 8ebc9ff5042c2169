/* SPDX-License-Identifier: MIT */
/* The version of the system that a driver is told, and random numbers that a run repeats. */
#include <wdm.h>

#include <string.h>

#include "nt/nt_irql.h"

/* The release that our headers declare: Windows 11, version 22H2. */
#define VERSION_DDI NTDDI_WIN10_NI
#define VERSION_BUILD 22621

NTSTATUS RtlGetVersion(PRTL_OSVERSIONINFOW lpVersionInformation)
{
    ULONG size_bytes = lpVersionInformation->dwOSVersionInfoSize;

    WE_NT_ENTRY(RtlGetVersion);
    lpVersionInformation->dwMajorVersion = 10;
    lpVersionInformation->dwMinorVersion = 0;
    lpVersionInformation->dwBuildNumber = VERSION_BUILD;
    lpVersionInformation->dwPlatformId = VER_PLATFORM_WIN32_NT;
    memset(lpVersionInformation->szCSDVersion, 0, sizeof(lpVersionInformation->szCSDVersion));
    if (size_bytes == sizeof(RTL_OSVERSIONINFOEXW)) {
        PRTL_OSVERSIONINFOEXW extended = (PRTL_OSVERSIONINFOEXW)(PVOID)lpVersionInformation;

        extended->wServicePackMajor = 0;
        extended->wServicePackMinor = 0;
        extended->wSuiteMask = 0;
        extended->wProductType = VER_NT_WORKSTATION;
        extended->wReserved = 0;
    }
    return STATUS_SUCCESS;
}

BOOLEAN RtlIsNtDdiVersionAvailable(ULONG Version)
{
    WE_NT_ENTRY(RtlIsNtDdiVersionAvailable);
    return Version <= VERSION_DDI;
}

/* --- random numbers ------------------------------------------------------------------------ */

/* The linear congruence that the documentation of RtlUniform describes, modulo MAXLONG. */
static ULONG seed_move(PULONG seed)
{
    *seed = (ULONG)(((ULONGLONG)*seed * 0x7FFFFFED + 0x7FFFFFC3) % MAXLONG);
    return *seed;
}

ULONG RtlUniform(PULONG Seed)
{
    WE_NT_ENTRY(RtlUniform);
    return seed_move(Seed);
}

ULONG RtlRandom(PULONG Seed)
{
    WE_NT_ENTRY(RtlRandom);
    return seed_move(Seed);
}

ULONG RtlRandomEx(PULONG Seed)
{
    WE_NT_ENTRY(RtlRandomEx);
    return seed_move(Seed);
}
