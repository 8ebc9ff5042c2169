/* SPDX-License-Identifier: MIT */
/* The few types of NDIS that drivers mention beside Winsock Kernel. NDIS itself is not emulated: packets come only from a
 * test that makes them. */
#ifndef WSK_EMU_WDK_NDIS_H
#define WSK_EMU_WDK_NDIS_H

#include "wdm.h"

#include "ntddndis.h"
#include "ws2ipdef.h"

#include "ndis/nbl.h"
#include "ndis/nblaccessors.h"
#include "ndis/nblapi.h"
#include "ndis/nblinfo.h"

typedef int NDIS_STATUS, *PNDIS_STATUS;
#define NDIS_STATUS_SUCCESS   ((NDIS_STATUS)STATUS_SUCCESS)
#define NDIS_STATUS_PENDING   ((NDIS_STATUS)STATUS_PENDING)
#define NDIS_STATUS_FAILURE   ((NDIS_STATUS)STATUS_UNSUCCESSFUL)
#define NDIS_STATUS_RESOURCES ((NDIS_STATUS)STATUS_INSUFFICIENT_RESOURCES)

typedef VOID(MINIPORT_RETURN_NET_BUFFER_LISTS)(_In_ NDIS_HANDLE MiniportAdapterContext, _In_ PNET_BUFFER_LIST NetBufferLists,
                                               _In_ ULONG ReturnFlags);
typedef VOID(MINIPORT_SEND_NET_BUFFER_LISTS)(_In_ NDIS_HANDLE MiniportAdapterContext, _In_ PNET_BUFFER_LIST NetBufferList,
                                             _In_ ULONG PortNumber, _In_ ULONG SendFlags);

#endif
