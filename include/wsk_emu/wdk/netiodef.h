/* SPDX-License-Identifier: MIT */
/* Identifiers of network modules and of the interfaces between them. */
#ifndef WSK_EMU_WDK_NETIODEF_H
#define WSK_EMU_WDK_NETIODEF_H

#include "ntdef.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef GUID NPIID;
typedef CONST NPIID *PNPIID;

typedef enum { MIT_GUID = 1, MIT_IF_LUID = 2 } NPI_MODULEID_TYPE;

typedef struct _NPI_MODULEID {
    USHORT Length;
    NPI_MODULEID_TYPE Type;
    __extension__ union {
        GUID Guid;
        LUID IfLuid;
    };
} NPI_MODULEID;
typedef CONST NPI_MODULEID *PNPI_MODULEID;
C_ASSERT(sizeof(NPI_MODULEID) == 24);

/* Any IRQL. Modules of different types of id are never equal, nor are those of an unknown type. */
static __inline__ BOOLEAN NmrIsEqualNpiModuleId(_In_ PNPI_MODULEID ModuleId1, _In_ PNPI_MODULEID ModuleId2)
{
    if (ModuleId1->Type != ModuleId2->Type) {
        return FALSE;
    }
    switch (ModuleId1->Type) {
    case MIT_GUID:
        return memcmp(&ModuleId1->Guid, &ModuleId2->Guid, sizeof(GUID)) == 0 ? TRUE : FALSE;
    case MIT_IF_LUID:
        return memcmp(&ModuleId1->IfLuid, &ModuleId2->IfLuid, sizeof(LUID)) == 0 ? TRUE : FALSE;
    default:
        return FALSE;
    }
}

#ifdef __cplusplus
}
#endif

#endif
