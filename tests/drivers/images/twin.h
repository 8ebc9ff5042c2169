/* SPDX-License-Identifier: MIT */
/* What the tests see of the drivers twin_a and twin_b, whose names differ by the macro TWIN. */
#ifndef TWIN_H
#define TWIN_H

#include <wdm.h>

#define TWIN_PASTE_(name, part) name##part
#define TWIN_PASTE(name, part) TWIN_PASTE_(name, part)
#define TWIN_QUERY TWIN_PASTE(TWIN, Query)
#define TWIN_CONFIG TWIN_PASTE(TWIN, Config)

#ifdef __cplusplus
extern "C" {
#endif

/* What a load found in the driver's variables before it changed them, and how often its own send() and recv() ran. */
typedef struct _TWIN_STATE {
    ULONG Counter;
    ULONG Started;
    ULONG Table[3];
    ULONG Local;
    ULONG Sends;
    BOOLEAN IsFresh;
} TWIN_STATE, *PTWIN_STATE;

/* What the test asks the next load to leave behind, or to fail with. */
typedef struct _TWIN_CONFIG {
    BOOLEAN LeavesRegistration;
    BOOLEAN LeavesTimer;
    BOOLEAN LeavesPoolTimer; /* not among its variables; only its DPC is */
    BOOLEAN LeavesThread;
    NTSTATUS EntryStatus;
} TWIN_CONFIG_BLOCK;

#ifdef __cplusplus
}
#endif

#endif
