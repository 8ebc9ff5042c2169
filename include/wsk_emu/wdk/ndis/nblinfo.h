/* SPDX-License-Identifier: MIT */
/* What travels with a list of packets: slots of NET_BUFFER_LIST.NetBufferListInfo. */
#ifndef WSK_EMU_WDK_NDIS_NBLINFO_H
#define WSK_EMU_WDK_NDIS_NBLINFO_H

typedef enum _NDIS_NET_BUFFER_LIST_INFO {
    TcpIpChecksumNetBufferListInfo = 0,
    IPsecOffloadV1NetBufferListInfo = 1,
    TcpLargeSendNetBufferListInfo = 2,
    ClassificationHandleNetBufferListInfo = 3,
    Ieee8021QNetBufferListInfo = 4,
    NetBufferListCancelId = 5,
    MediaSpecificInformation = 6,
    NetBufferListFrameType = 7,
    NetBufferListProtocolId = NetBufferListFrameType,
    NetBufferListHashValue = 8,
    NetBufferListHashInfo = 9,
    MaxNetBufferListInfo = 29
} NDIS_NET_BUFFER_LIST_INFO, *PNDIS_NET_BUFFER_LIST_INFO;

#endif
