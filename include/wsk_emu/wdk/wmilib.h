/* SPDX-License-Identifier: MIT */
/* Types of the WMI library. Its functions do not exist here, so a driver that calls one does not link. */
#ifndef WSK_EMU_WDK_WMILIB_H
#define WSK_EMU_WDK_WMILIB_H

#include "wdm.h"
#include "wmistr.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _WMIGUIDREGINFO {
    LPCGUID Guid;
    ULONG InstanceCount;
    ULONG Flags;
} WMIGUIDREGINFO, *PWMIGUIDREGINFO;

typedef enum { WmiEventControl, WmiDataBlockControl } WMIENABLEDISABLECONTROL, *PWMIENABLEDISABLECONTROL;

typedef enum { IrpProcessed, IrpNotCompleted, IrpNotWmi, IrpForward } SYSCTL_IRP_DISPOSITION, *PSYSCTL_IRP_DISPOSITION;

#ifdef __cplusplus
}
#endif

#endif
