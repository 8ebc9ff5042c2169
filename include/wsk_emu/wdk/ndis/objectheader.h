/* SPDX-License-Identifier: MIT */
/* The first member of the structures that drivers give to NDIS: what it is, in which revision, and how large. */
#ifndef WSK_EMU_WDK_NDIS_OBJECTHEADER_H
#define WSK_EMU_WDK_NDIS_OBJECTHEADER_H

#include "../ntdef.h"

#define NDIS_OBJECT_TYPE_DEFAULT 0x80

typedef struct _NDIS_OBJECT_HEADER {
    UCHAR Type;
    UCHAR Revision;
    USHORT Size;
} NDIS_OBJECT_HEADER, *PNDIS_OBJECT_HEADER;

#endif
