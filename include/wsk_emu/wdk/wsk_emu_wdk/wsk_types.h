/* SPDX-License-Identifier: MIT */
/* Structures and constants of Winsock Kernel. */
#ifndef WSK_EMU_WDK_WSK_TYPES_H
#define WSK_EMU_WDK_WSK_TYPES_H

#include "socket_guard.h"

#include "../netioddk.h"
#include "../ws2def.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WSKAPI NTAPI

/* {2227E803-8D8B-11D4-ABAD-009027719E09} */
extern CONST NPIID NPI_WSK_INTERFACE_ID;

/*
 * Versions: the major number is in the high byte.
 */
#define MAKE_WSK_VERSION(Mj, Mn) ((USHORT)((Mj) << 8) | (USHORT)((Mn)&0xff))
#define WSK_MAJOR_VERSION(V) ((UCHAR)((V) >> 8))
#define WSK_MINOR_VERSION(V) ((UCHAR)(V))

/*
 * How long WskCaptureProviderNPI waits, besides a number of milliseconds.
 */
#define WSK_NO_WAIT       0
#define WSK_INFINITE_WAIT 0xffffffff

/*
 * Categories of sockets, in the flags of WskSocket.
 */
#define WSK_FLAG_BASIC_SOCKET      0x00000000
#define WSK_FLAG_LISTEN_SOCKET     0x00000001
#define WSK_FLAG_CONNECTION_SOCKET 0x00000002
#define WSK_FLAG_DATAGRAM_SOCKET   0x00000004
#define WSK_FLAG_STREAM_SOCKET     0x00000008

/*
 * Flags of requests and of event callbacks. The values overlap on purpose.
 */
#define WSK_FLAG_ABORTIVE          0x00000001
#define WSK_FLAG_OOB               0x00000001
#define WSK_FLAG_NODELAY           0x00000002
#define WSK_FLAG_WAITALL           0x00000002
#define WSK_FLAG_DRAIN             0x00000004
#define WSK_FLAG_RELEASE_ASAP      0x00000002
#define WSK_FLAG_ENTIRE_MESSAGE    0x00000004
#define WSK_FLAG_AT_DISPATCH_LEVEL 0x00000008

/*
 * Events, in masks.
 */
#define WSK_EVENT_SEND_BACKLOG 0x00000010
#define WSK_EVENT_RECEIVE      0x00000040
#define WSK_EVENT_DISCONNECT   0x00000080
#define WSK_EVENT_RECEIVE_FROM 0x00000100
#define WSK_EVENT_ACCEPT       0x00000200
#define WSK_EVENT_DISABLE      0x80000000

/*
 * Codes of WskControlClient.
 */
#define WSK_TRANSPORT_LIST_QUERY       2
#define WSK_TRANSPORT_LIST_CHANGE      3
#define WSK_CACHE_SD                   4
#define WSK_RELEASE_SD                 5
#define WSK_TDI_DEVICENAME_MAPPING     6
#define WSK_SET_STATIC_EVENT_CALLBACKS 7
#define WSK_TDI_BEHAVIOR               8

#define WSK_TDI_BEHAVIOR_BYPASS_TDI 0x00000001

/*
 * Options and control codes of WskControlSocket.
 */
#define SO_WSK_SECURITY       (WSK_SO_BASE + 1)
#define SO_WSK_EVENT_CALLBACK (WSK_SO_BASE + 2)

#define SIO_WSK_SET_REMOTE_ADDRESS       _WSAIOW(IOC_WSK, 0x1)
#define SIO_WSK_REGISTER_EXTENSION       _WSAIORW(IOC_WSK, 0x2)
#define SIO_WSK_QUERY_IDEAL_SEND_BACKLOG _WSAIOR(IOC_WSK, 0x3)
#define SIO_WSK_QUERY_RECEIVE_BACKLOG    _WSAIOR(IOC_WSK, 0x4)
#define SIO_WSK_QUERY_INSPECT_ID         _WSAIOR(IOC_WSK, 0x5)
#define SIO_WSK_SET_SENDTO_ADDRESS       _WSAIOW(IOC_WSK, 0x6)
#define SIO_WSK_SET_TCP_SILENT_MODE      _WSAIO(IOC_WSK, 0x7)

typedef enum {
    WskInspectReject,
    WskInspectAccept,
    WskInspectPend,
    WskInspectMax
} WSK_INSPECT_ACTION, *PWSK_INSPECT_ACTION;

typedef enum {
    WskSetOption,
    WskGetOption,
    WskIoctl,
    WskControlMax
} WSK_CONTROL_SOCKET_TYPE, *PWSK_CONTROL_SOCKET_TYPE;

/*
 * The client's handle, from a captured provider NPI.
 */
typedef PVOID PWSK_CLIENT;

/* The library's own part of a socket lies behind this member. */
typedef struct _WSK_SOCKET {
    CONST VOID *Dispatch;
} WSK_SOCKET, *PWSK_SOCKET;

/*
 * Data.
 */
typedef struct _WSK_BUF {
    PMDL Mdl;
    ULONG Offset;
    SIZE_T Length;
} WSK_BUF, *PWSK_BUF;

typedef struct _WSK_BUF_LIST {
    struct _WSK_BUF_LIST *Next;
    WSK_BUF Buffer;
} WSK_BUF_LIST, *PWSK_BUF_LIST;

typedef struct _WSK_DATA_INDICATION {
    struct _WSK_DATA_INDICATION *Next;
    WSK_BUF Buffer;
} WSK_DATA_INDICATION, *PWSK_DATA_INDICATION;

typedef struct _WSK_DATAGRAM_INDICATION {
    struct _WSK_DATAGRAM_INDICATION *Next;
    WSK_BUF Buffer;
    PCMSGHDR ControlInfo;
    ULONG ControlInfoLength;
    PSOCKADDR RemoteAddress;
} WSK_DATAGRAM_INDICATION, *PWSK_DATAGRAM_INDICATION;

/* Compare the members, not the memory: there may be padding at the end. */
typedef struct _WSK_INSPECT_ID {
    ULONG_PTR Key;
    ULONG SerialNumber;
} WSK_INSPECT_ID, *PWSK_INSPECT_ID;

/*
 * Input and output of control codes.
 */
typedef struct _WSK_PROVIDER_CHARACTERISTICS {
    USHORT HighestVersion;
    USHORT LowestVersion;
} WSK_PROVIDER_CHARACTERISTICS, *PWSK_PROVIDER_CHARACTERISTICS;

typedef struct _WSK_TRANSPORT {
    USHORT Version;
    USHORT SocketType;
    ULONG Protocol;
    ADDRESS_FAMILY AddressFamily;
    GUID ProviderId;
} WSK_TRANSPORT, *PWSK_TRANSPORT;

typedef struct _WSK_TDI_MAP {
    USHORT SocketType;
    ADDRESS_FAMILY AddressFamily;
    ULONG Protocol;
    PCWSTR TdiDeviceName;
} WSK_TDI_MAP, *PWSK_TDI_MAP;

typedef struct _WSK_TDI_MAP_INFO {
    CONST ULONG ElementCount;
    CONST WSK_TDI_MAP *Map;
} WSK_TDI_MAP_INFO, *PWSK_TDI_MAP_INFO;

typedef struct _WSK_EVENT_CALLBACK_CONTROL {
    PNPIID NpiId;
    ULONG EventMask;
} WSK_EVENT_CALLBACK_CONTROL, *PWSK_EVENT_CALLBACK_CONTROL;

typedef struct _WSK_EXTENSION_CONTROL_IN {
    PNPIID NpiId;
    PVOID ClientContext;
    CONST VOID *ClientDispatch;
} WSK_EXTENSION_CONTROL_IN, *PWSK_EXTENSION_CONTROL_IN;

typedef struct _WSK_EXTENSION_CONTROL_OUT {
    PVOID ProviderContext;
    CONST VOID *ProviderDispatch;
} WSK_EXTENSION_CONTROL_OUT, *PWSK_EXTENSION_CONTROL_OUT;

/* Owned by the client, filled and read by the library. */
typedef struct _WSK_REGISTRATION {
    ULONGLONG ReservedRegistrationState;
    PVOID ReservedRegistrationContext;
    KSPIN_LOCK ReservedRegistrationLock;
} WSK_REGISTRATION, *PWSK_REGISTRATION;

WSK_EMU_CHECK_SIZE(WSK_SOCKET, 8);
WSK_EMU_CHECK_SIZE(WSK_BUF, 24);
WSK_EMU_CHECK_OFFSET(WSK_BUF, Offset, 8);
WSK_EMU_CHECK_OFFSET(WSK_BUF, Length, 16);
WSK_EMU_CHECK_SIZE(WSK_BUF_LIST, 32);
WSK_EMU_CHECK_SIZE(WSK_DATA_INDICATION, 32);
WSK_EMU_CHECK_SIZE(WSK_DATAGRAM_INDICATION, 56);
WSK_EMU_CHECK_OFFSET(WSK_DATAGRAM_INDICATION, ControlInfo, 32);
WSK_EMU_CHECK_OFFSET(WSK_DATAGRAM_INDICATION, RemoteAddress, 48);
WSK_EMU_CHECK_SIZE(WSK_INSPECT_ID, 16);
WSK_EMU_CHECK_SIZE(WSK_PROVIDER_CHARACTERISTICS, 4);
WSK_EMU_CHECK_SIZE(WSK_TRANSPORT, 28);
WSK_EMU_CHECK_OFFSET(WSK_TRANSPORT, ProviderId, 12);
WSK_EMU_CHECK_SIZE(WSK_TDI_MAP, 16);
WSK_EMU_CHECK_SIZE(WSK_TDI_MAP_INFO, 16);
WSK_EMU_CHECK_SIZE(WSK_EVENT_CALLBACK_CONTROL, 16);
WSK_EMU_CHECK_SIZE(WSK_EXTENSION_CONTROL_IN, 24);
WSK_EMU_CHECK_SIZE(WSK_EXTENSION_CONTROL_OUT, 16);
WSK_EMU_CHECK_SIZE(WSK_REGISTRATION, 24);

#ifdef __cplusplus
}
#endif

#endif
