/* SPDX-License-Identifier: MIT */
/* The functions of Winsock Kernel and the dispatch tables in which a client finds them. */
#ifndef WSK_EMU_WDK_WSK_FUNCTIONS_H
#define WSK_EMU_WDK_WSK_FUNCTIONS_H

#include "wsk_events.h"
#include "wsk_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Functions of a client. FN_WSK_... is the type of the function, PFN_WSK_... of a pointer to it.
 */
typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_SOCKET(
    _In_ PWSK_CLIENT Client, _In_ ADDRESS_FAMILY AddressFamily, _In_ USHORT SocketType, _In_ ULONG Protocol,
    _In_ ULONG Flags, _In_opt_ PVOID SocketContext, _In_opt_ CONST VOID *Dispatch, _In_opt_ PEPROCESS OwningProcess,
    _In_opt_ PETHREAD OwningThread, _In_opt_ PSECURITY_DESCRIPTOR SecurityDescriptor, _Inout_ PIRP Irp);
typedef FN_WSK_SOCKET *PFN_WSK_SOCKET;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_SOCKET_CONNECT(
    _In_ PWSK_CLIENT Client, _In_ USHORT SocketType, _In_ ULONG Protocol, _In_ PSOCKADDR LocalAddress,
    _In_ PSOCKADDR RemoteAddress, _Reserved_ ULONG Flags, _In_opt_ PVOID SocketContext,
    _In_opt_ CONST WSK_CLIENT_CONNECTION_DISPATCH *Dispatch, _In_opt_ PEPROCESS OwningProcess,
    _In_opt_ PETHREAD OwningThread, _In_opt_ PSECURITY_DESCRIPTOR SecurityDescriptor, _Inout_ PIRP Irp);
typedef FN_WSK_SOCKET_CONNECT *PFN_WSK_SOCKET_CONNECT;

/* OutputSizeReturned is a SIZE_T, whatever the reference pages say. */
typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_CONTROL_CLIENT(
    _In_ PWSK_CLIENT Client, _In_ ULONG ControlCode, _In_ SIZE_T InputSize,
    _In_reads_bytes_opt_(InputSize) PVOID InputBuffer, _In_ SIZE_T OutputSize,
    _Out_writes_bytes_opt_(OutputSize) PVOID OutputBuffer, _Out_opt_ SIZE_T *OutputSizeReturned,
    _Inout_opt_ PIRP Irp);
typedef FN_WSK_CONTROL_CLIENT *PFN_WSK_CONTROL_CLIENT;

typedef _IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_GET_ADDRESS_INFO(
    _In_ PWSK_CLIENT Client, _In_opt_ PUNICODE_STRING NodeName, _In_opt_ PUNICODE_STRING ServiceName,
    _In_opt_ ULONG NameSpace, _In_opt_ GUID *Provider, _In_opt_ PADDRINFOEXW Hints, _Outptr_ PADDRINFOEXW *Result,
    _In_opt_ PEPROCESS OwningProcess, _In_opt_ PETHREAD OwningThread, _Inout_ PIRP Irp);
typedef FN_WSK_GET_ADDRESS_INFO *PFN_WSK_GET_ADDRESS_INFO;

typedef _IRQL_requires_max_(PASSIVE_LEVEL) VOID WSKAPI FN_WSK_FREE_ADDRESS_INFO(
    _In_ PWSK_CLIENT Client, _In_ PADDRINFOEXW AddrInfo);
typedef FN_WSK_FREE_ADDRESS_INFO *PFN_WSK_FREE_ADDRESS_INFO;

typedef _IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_GET_NAME_INFO(
    _In_ PWSK_CLIENT Client, _In_ PSOCKADDR SockAddr, _In_ ULONG SockAddrLength, _Out_opt_ PUNICODE_STRING NodeName,
    _Out_opt_ PUNICODE_STRING ServiceName, _In_ ULONG Flags, _In_opt_ PEPROCESS OwningProcess,
    _In_opt_ PETHREAD OwningThread, _Inout_ PIRP Irp);
typedef FN_WSK_GET_NAME_INFO *PFN_WSK_GET_NAME_INFO;

/*
 * Functions of sockets.
 */
typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_CONTROL_SOCKET(
    _In_ PWSK_SOCKET Socket, _In_ WSK_CONTROL_SOCKET_TYPE RequestType, _In_ ULONG ControlCode, _In_ ULONG Level,
    _In_ SIZE_T InputSize, _In_reads_bytes_opt_(InputSize) PVOID InputBuffer, _In_ SIZE_T OutputSize,
    _Out_writes_bytes_opt_(OutputSize) PVOID OutputBuffer, _Out_opt_ SIZE_T *OutputSizeReturned,
    _Inout_opt_ PIRP Irp);
typedef FN_WSK_CONTROL_SOCKET *PFN_WSK_CONTROL_SOCKET;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_CLOSE_SOCKET(
    _In_ PWSK_SOCKET Socket, _Inout_ PIRP Irp);
typedef FN_WSK_CLOSE_SOCKET *PFN_WSK_CLOSE_SOCKET;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_BIND(
    _In_ PWSK_SOCKET Socket, _In_ PSOCKADDR LocalAddress, _Reserved_ ULONG Flags, _Inout_ PIRP Irp);
typedef FN_WSK_BIND *PFN_WSK_BIND;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_ACCEPT(
    _In_ PWSK_SOCKET ListenSocket, _Reserved_ ULONG Flags, _In_opt_ PVOID AcceptSocketContext,
    _In_opt_ CONST WSK_CLIENT_CONNECTION_DISPATCH *AcceptSocketDispatch, _Out_opt_ PSOCKADDR LocalAddress,
    _Out_opt_ PSOCKADDR RemoteAddress, _Inout_ PIRP Irp);
typedef FN_WSK_ACCEPT *PFN_WSK_ACCEPT;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_INSPECT_COMPLETE(
    _In_ PWSK_SOCKET ListenSocket, _In_ PWSK_INSPECT_ID InspectID, _In_ WSK_INSPECT_ACTION Action, _Inout_ PIRP Irp);
typedef FN_WSK_INSPECT_COMPLETE *PFN_WSK_INSPECT_COMPLETE;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_LISTEN(
    _In_ PWSK_SOCKET Socket, _Inout_ PIRP Irp);
typedef FN_WSK_LISTEN *PFN_WSK_LISTEN;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_CONNECT(
    _In_ PWSK_SOCKET Socket, _In_ PSOCKADDR RemoteAddress, _Reserved_ ULONG Flags, _Inout_ PIRP Irp);
typedef FN_WSK_CONNECT *PFN_WSK_CONNECT;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_CONNECT_EX(
    _In_ PWSK_SOCKET Socket, _In_ PSOCKADDR RemoteAddress, _In_opt_ PWSK_BUF Buffer, _Reserved_ ULONG Flags,
    _Inout_ PIRP Irp);
typedef FN_WSK_CONNECT_EX *PFN_WSK_CONNECT_EX;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_DISCONNECT(
    _In_ PWSK_SOCKET Socket, _In_opt_ PWSK_BUF Buffer, _In_ ULONG Flags, _Inout_ PIRP Irp);
typedef FN_WSK_DISCONNECT *PFN_WSK_DISCONNECT;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_GET_LOCAL_ADDRESS(
    _In_ PWSK_SOCKET Socket, _Out_ PSOCKADDR LocalAddress, _Inout_ PIRP Irp);
typedef FN_WSK_GET_LOCAL_ADDRESS *PFN_WSK_GET_LOCAL_ADDRESS;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_GET_REMOTE_ADDRESS(
    _In_ PWSK_SOCKET Socket, _Out_ PSOCKADDR RemoteAddress, _Inout_ PIRP Irp);
typedef FN_WSK_GET_REMOTE_ADDRESS *PFN_WSK_GET_REMOTE_ADDRESS;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_SEND(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF Buffer, _In_ ULONG Flags, _Inout_ PIRP Irp);
typedef FN_WSK_SEND *PFN_WSK_SEND;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_RECEIVE(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF Buffer, _In_ ULONG Flags, _Inout_ PIRP Irp);
typedef FN_WSK_RECEIVE *PFN_WSK_RECEIVE;

/* WskSendEx and WskReceiveEx are reserved for the system on Windows; their shape is not published. */
typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_SEND_EX(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF Buffer, _In_ ULONG Flags, _In_ ULONG ControlInfoLength,
    _In_reads_bytes_opt_(ControlInfoLength) PCMSGHDR ControlInfo, _Inout_ PIRP Irp);
typedef FN_WSK_SEND_EX *PFN_WSK_SEND_EX;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_RECEIVE_EX(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF Buffer, _In_ ULONG Flags, _Inout_opt_ PULONG ControlInfoLength,
    _Out_writes_bytes_opt_(*ControlInfoLength) PCMSGHDR ControlInfo, _Reserved_ PULONG ControlFlags,
    _Inout_ PIRP Irp);
typedef FN_WSK_RECEIVE_EX *PFN_WSK_RECEIVE_EX;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) NTSTATUS WSKAPI FN_WSK_RELEASE_DATA_INDICATION_LIST(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_DATA_INDICATION DataIndication);
typedef FN_WSK_RELEASE_DATA_INDICATION_LIST *PFN_WSK_RELEASE_DATA_INDICATION_LIST;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_SEND_TO(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF Buffer, _Reserved_ ULONG Flags, _In_opt_ PSOCKADDR RemoteAddress,
    _In_ ULONG ControlInfoLength, _In_reads_bytes_opt_(ControlInfoLength) PCMSGHDR ControlInfo, _Inout_ PIRP Irp);
typedef FN_WSK_SEND_TO *PFN_WSK_SEND_TO;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_SEND_MESSAGES(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF_LIST BufferList, _Reserved_ ULONG Flags, _In_opt_ PSOCKADDR RemoteAddress,
    _In_ ULONG ControlInfoLength, _In_reads_bytes_opt_(ControlInfoLength) PCMSGHDR ControlInfo, _Inout_ PIRP Irp);
typedef FN_WSK_SEND_MESSAGES *PFN_WSK_SEND_MESSAGES;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_RECEIVE_FROM(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_BUF Buffer, _Reserved_ ULONG Flags, _Out_opt_ PSOCKADDR RemoteAddress,
    _Inout_opt_ PULONG ControlLength, _Out_writes_bytes_opt_(*ControlLength) PCMSGHDR ControlInfo,
    _Out_opt_ PULONG ControlFlags, _Inout_ PIRP Irp);
typedef FN_WSK_RECEIVE_FROM *PFN_WSK_RECEIVE_FROM;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) NTSTATUS WSKAPI FN_WSK_RELEASE_DATAGRAM_INDICATION_LIST(
    _In_ PWSK_SOCKET Socket, _In_ PWSK_DATAGRAM_INDICATION DatagramIndication);
typedef FN_WSK_RELEASE_DATAGRAM_INDICATION_LIST *PFN_WSK_RELEASE_DATAGRAM_INDICATION_LIST;

/*
 * Tables. They always have their full length, whatever NTDDI_VERSION says.
 */
typedef struct _WSK_PROVIDER_DISPATCH {
    USHORT Version;
    USHORT Reserved;
    PFN_WSK_SOCKET WskSocket;
    PFN_WSK_SOCKET_CONNECT WskSocketConnect;
    PFN_WSK_CONTROL_CLIENT WskControlClient;
    PFN_WSK_GET_ADDRESS_INFO WskGetAddressInfo;
    PFN_WSK_FREE_ADDRESS_INFO WskFreeAddressInfo;
    PFN_WSK_GET_NAME_INFO WskGetNameInfo;
} WSK_PROVIDER_DISPATCH, *PWSK_PROVIDER_DISPATCH;

typedef struct _WSK_PROVIDER_NPI {
    PWSK_CLIENT Client;
    CONST WSK_PROVIDER_DISPATCH *Dispatch;
} WSK_PROVIDER_NPI, *PWSK_PROVIDER_NPI;

typedef struct _WSK_PROVIDER_BASIC_DISPATCH {
    PFN_WSK_CONTROL_SOCKET WskControlSocket;
    PFN_WSK_CLOSE_SOCKET WskCloseSocket;
} WSK_PROVIDER_BASIC_DISPATCH, *PWSK_PROVIDER_BASIC_DISPATCH;

/*
 * The basic functions at the head of the other tables, under both spellings: d->WskCloseSocket as in Microsoft's C, and
 * d->Basic.WskCloseSocket as in Microsoft's C++.
 */
#define WSK_EMU_PROVIDER_BASIC_MEMBERS                                                                                 \
    __extension__ union {                                                                                              \
        WSK_PROVIDER_BASIC_DISPATCH Basic;                                                                             \
        __extension__ struct {                                                                                         \
            PFN_WSK_CONTROL_SOCKET WskControlSocket;                                                                   \
            PFN_WSK_CLOSE_SOCKET WskCloseSocket;                                                                       \
        };                                                                                                             \
    }

typedef struct _WSK_PROVIDER_LISTEN_DISPATCH {
    WSK_EMU_PROVIDER_BASIC_MEMBERS;
    PFN_WSK_BIND WskBind;
    PFN_WSK_ACCEPT WskAccept;
    PFN_WSK_INSPECT_COMPLETE WskInspectComplete;
    PFN_WSK_GET_LOCAL_ADDRESS WskGetLocalAddress;
} WSK_PROVIDER_LISTEN_DISPATCH, *PWSK_PROVIDER_LISTEN_DISPATCH;

typedef struct _WSK_PROVIDER_DATAGRAM_DISPATCH {
    WSK_EMU_PROVIDER_BASIC_MEMBERS;
    PFN_WSK_BIND WskBind;
    PFN_WSK_SEND_TO WskSendTo;
    PFN_WSK_RECEIVE_FROM WskReceiveFrom;
    PFN_WSK_RELEASE_DATAGRAM_INDICATION_LIST WskRelease;
    PFN_WSK_GET_LOCAL_ADDRESS WskGetLocalAddress;
    PFN_WSK_SEND_MESSAGES WskSendMessages;
} WSK_PROVIDER_DATAGRAM_DISPATCH, *PWSK_PROVIDER_DATAGRAM_DISPATCH;

typedef struct _WSK_PROVIDER_CONNECTION_DISPATCH {
    WSK_EMU_PROVIDER_BASIC_MEMBERS;
    PFN_WSK_BIND WskBind;
    PFN_WSK_CONNECT WskConnect;
    PFN_WSK_GET_LOCAL_ADDRESS WskGetLocalAddress;
    PFN_WSK_GET_REMOTE_ADDRESS WskGetRemoteAddress;
    PFN_WSK_SEND WskSend;
    PFN_WSK_RECEIVE WskReceive;
    PFN_WSK_DISCONNECT WskDisconnect;
    PFN_WSK_RELEASE_DATA_INDICATION_LIST WskRelease;
    PFN_WSK_CONNECT_EX WskConnectEx;
    PFN_WSK_SEND_EX WskSendEx;
    PFN_WSK_RECEIVE_EX WskReceiveEx;
} WSK_PROVIDER_CONNECTION_DISPATCH, *PWSK_PROVIDER_CONNECTION_DISPATCH;

typedef struct _WSK_PROVIDER_STREAM_DISPATCH {
    WSK_EMU_PROVIDER_BASIC_MEMBERS;
    PFN_WSK_BIND WskBind;
    PFN_WSK_ACCEPT WskAccept;
    PFN_WSK_CONNECT WskConnect;
    PFN_WSK_LISTEN WskListen;
    PFN_WSK_SEND WskSend;
    PFN_WSK_RECEIVE WskReceive;
    PFN_WSK_DISCONNECT WskDisconnect;
    PFN_WSK_RELEASE_DATA_INDICATION_LIST WskRelease;
    PFN_WSK_GET_LOCAL_ADDRESS WskGetLocalAddress;
    PFN_WSK_GET_REMOTE_ADDRESS WskGetRemoteAddress;
    PFN_WSK_CONNECT_EX WskConnectEx;
    PFN_WSK_SEND_EX WskSendEx;
    PFN_WSK_RECEIVE_EX WskReceiveEx;
} WSK_PROVIDER_STREAM_DISPATCH, *PWSK_PROVIDER_STREAM_DISPATCH;

WSK_EMU_CHECK_SIZE(WSK_PROVIDER_DISPATCH, 8 + 6 * 8);
WSK_EMU_CHECK_OFFSET(WSK_PROVIDER_DISPATCH, WskSocket, 8);
WSK_EMU_CHECK_SIZE(WSK_PROVIDER_NPI, 16);
WSK_EMU_CHECK_SIZE(WSK_PROVIDER_BASIC_DISPATCH, 2 * 8);
WSK_EMU_CHECK_SIZE(WSK_PROVIDER_LISTEN_DISPATCH, 6 * 8);
WSK_EMU_CHECK_SIZE(WSK_PROVIDER_DATAGRAM_DISPATCH, 8 * 8);
WSK_EMU_CHECK_SIZE(WSK_PROVIDER_CONNECTION_DISPATCH, 13 * 8);
WSK_EMU_CHECK_SIZE(WSK_PROVIDER_STREAM_DISPATCH, 15 * 8);

#ifdef __cplusplus
}
#endif

#endif
