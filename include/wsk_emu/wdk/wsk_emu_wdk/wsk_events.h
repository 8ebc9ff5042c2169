/* SPDX-License-Identifier: MIT */
/* The event callbacks of Winsock Kernel and the tables in which a client hands them over. */
#ifndef WSK_EMU_WDK_WSK_EVENTS_H
#define WSK_EMU_WDK_WSK_EVENTS_H

#include "wsk_types.h"

#ifdef __cplusplus
extern "C" {
#endif

struct _WSK_CLIENT_CONNECTION_DISPATCH;

/*
 * Every callback comes at or below DISPATCH_LEVEL. FN_WSK_... is the type of the function, PFN_WSK_... of a pointer
 * to it.
 */
/* There are no events of this kind yet, so it is never called. */
typedef _IRQL_requires_max_(DISPATCH_LEVEL) NTSTATUS WSKAPI FN_WSK_CLIENT_EVENT(
    _In_opt_ PVOID ClientContext, _In_ ULONG EventType, _In_reads_bytes_opt_(InformationLength) PVOID Information,
    _In_ SIZE_T InformationLength);
typedef FN_WSK_CLIENT_EVENT *PFN_WSK_CLIENT_EVENT;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_ACCEPT_EVENT(
    _In_opt_ PVOID SocketContext, _In_ ULONG Flags, _In_ PSOCKADDR LocalAddress, _In_ PSOCKADDR RemoteAddress,
    _In_opt_ PWSK_SOCKET AcceptSocket, _Outptr_result_maybenull_ PVOID *AcceptSocketContext,
    _Outptr_result_maybenull_ CONST struct _WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch);
typedef FN_WSK_ACCEPT_EVENT *PFN_WSK_ACCEPT_EVENT;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) WSK_INSPECT_ACTION WSKAPI FN_WSK_INSPECT_EVENT(
    _In_opt_ PVOID SocketContext, _In_ PSOCKADDR LocalAddress, _In_ PSOCKADDR RemoteAddress,
    _In_opt_ PWSK_INSPECT_ID InspectID);
typedef FN_WSK_INSPECT_EVENT *PFN_WSK_INSPECT_EVENT;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) NTSTATUS WSKAPI FN_WSK_ABORT_EVENT(
    _In_opt_ PVOID SocketContext, _In_ PWSK_INSPECT_ID InspectID);
typedef FN_WSK_ABORT_EVENT *PFN_WSK_ABORT_EVENT;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_RECEIVE_EVENT(
    _In_opt_ PVOID SocketContext, _In_ ULONG Flags, _In_opt_ PWSK_DATA_INDICATION DataIndication,
    _In_ SIZE_T BytesIndicated, _Inout_ SIZE_T *BytesAccepted);
typedef FN_WSK_RECEIVE_EVENT *PFN_WSK_RECEIVE_EVENT;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) NTSTATUS WSKAPI FN_WSK_DISCONNECT_EVENT(
    _In_opt_ PVOID SocketContext, _In_ ULONG Flags);
typedef FN_WSK_DISCONNECT_EVENT *PFN_WSK_DISCONNECT_EVENT;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) NTSTATUS WSKAPI FN_WSK_SEND_BACKLOG_EVENT(
    _In_opt_ PVOID SocketContext, _In_ SIZE_T IdealBacklogSize);
typedef FN_WSK_SEND_BACKLOG_EVENT *PFN_WSK_SEND_BACKLOG_EVENT;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WSKAPI FN_WSK_RECEIVE_FROM_EVENT(
    _In_opt_ PVOID SocketContext, _In_ ULONG Flags, _In_opt_ PWSK_DATAGRAM_INDICATION DataIndication);
typedef FN_WSK_RECEIVE_FROM_EVENT *PFN_WSK_RECEIVE_FROM_EVENT;

/*
 * Tables. A member may be NULL if its event is never enabled.
 */
typedef struct _WSK_CLIENT_DISPATCH {
    USHORT Version;
    USHORT Reserved;
    PFN_WSK_CLIENT_EVENT WskClientEvent;
} WSK_CLIENT_DISPATCH, *PWSK_CLIENT_DISPATCH;

typedef struct _WSK_CLIENT_LISTEN_DISPATCH {
    PFN_WSK_ACCEPT_EVENT WskAcceptEvent;
    PFN_WSK_INSPECT_EVENT WskInspectEvent;
    PFN_WSK_ABORT_EVENT WskAbortEvent;
} WSK_CLIENT_LISTEN_DISPATCH, *PWSK_CLIENT_LISTEN_DISPATCH;

typedef struct _WSK_CLIENT_DATAGRAM_DISPATCH {
    PFN_WSK_RECEIVE_FROM_EVENT WskReceiveFromEvent;
} WSK_CLIENT_DATAGRAM_DISPATCH, *PWSK_CLIENT_DATAGRAM_DISPATCH;

typedef struct _WSK_CLIENT_CONNECTION_DISPATCH {
    PFN_WSK_RECEIVE_EVENT WskReceiveEvent;
    PFN_WSK_DISCONNECT_EVENT WskDisconnectEvent;
    PFN_WSK_SEND_BACKLOG_EVENT WskSendBacklogEvent;
} WSK_CLIENT_CONNECTION_DISPATCH, *PWSK_CLIENT_CONNECTION_DISPATCH;

typedef struct _WSK_CLIENT_STREAM_DISPATCH {
    CONST WSK_CLIENT_LISTEN_DISPATCH *Listen;
    CONST WSK_CLIENT_CONNECTION_DISPATCH *Connect;
} WSK_CLIENT_STREAM_DISPATCH, *PWSK_CLIENT_STREAM_DISPATCH;

typedef struct _WSK_CLIENT_NPI {
    PVOID ClientContext;
    CONST WSK_CLIENT_DISPATCH *Dispatch;
} WSK_CLIENT_NPI, *PWSK_CLIENT_NPI;

WSK_EMU_CHECK_SIZE(WSK_CLIENT_DISPATCH, 16);
WSK_EMU_CHECK_SIZE(WSK_CLIENT_LISTEN_DISPATCH, 24);
WSK_EMU_CHECK_SIZE(WSK_CLIENT_DATAGRAM_DISPATCH, 8);
WSK_EMU_CHECK_SIZE(WSK_CLIENT_CONNECTION_DISPATCH, 24);
WSK_EMU_CHECK_SIZE(WSK_CLIENT_STREAM_DISPATCH, 16);
WSK_EMU_CHECK_SIZE(WSK_CLIENT_NPI, 16);

#ifdef __cplusplus
}
#endif

#endif
