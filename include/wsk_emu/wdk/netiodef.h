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

#ifdef __cplusplus
}
#endif

#endif
