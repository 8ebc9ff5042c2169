/* SPDX-License-Identifier: MIT */
/* Gate, what its own source files share: the objects and the functions that work on them.
 *
 * Files: driver.c (load, unload, status), gate_control.c (the device), gate_listen.c (sockets that listen), gate_inspect.c (WskInspectEvent,
 * WskAbortEvent and the authority), gate_rules.c (policies and the rate limit), gate_connection.c (WskAcceptEvent; how
 * connections end), gate_echo.c (WskReceiveEvent, WskDisconnectEvent and the sends).
 *
 * Locks: GATE_DEVICE.Lock guards the lists and the policies, GATE_CONNECTION.Lock one connection and is taken inside. None
 * is held when WSK is called. */
#ifndef GATE_PRIVATE_H
#define GATE_PRIVATE_H

#include "gate.h"

#define GATE_TAG 'etaG'
#define GATE_TAG_SEND 'sTaG'
#define GATE_SECOND_100NS 10000000ULL

/*
 * Counts those who still use something, so that DriverUnload can wait for the last one.
 */
typedef struct _GATE_RUNDOWN {
    volatile LONG Count; /* users, and one until somebody waits */
    KEVENT LastGone;
} GATE_RUNDOWN, *PGATE_RUNDOWN;

VOID GateRundownInitialize(_Out_ PGATE_RUNDOWN Rundown);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID GateRundownAcquire(_Inout_ PGATE_RUNDOWN Rundown);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID GateRundownRelease(_Inout_ PGATE_RUNDOWN Rundown);

/* Once, when no new users can come. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID GateRundownWait(_Inout_ PGATE_RUNDOWN Rundown);

/*
 * A token bucket: credit grows with time, each client takes one second's worth divided by the rate.
 */
typedef struct _GATE_BUCKET {
    ULONGLONG Credit; /* clients times GATE_SECOND_100NS */
    ULONGLONG UpdatedAt;
} GATE_BUCKET, *PGATE_BUCKET;

/*
 * A socket that listens.
 */
typedef struct _GATE_LISTENER {
    struct _GATE_DEVICE *Device;
    PWSK_SOCKET Socket; /* NULL: none */
    CONST WSK_PROVIDER_LISTEN_DISPATCH *Dispatch;
    USHORT Port;           /* in host byte order */
    BOOLEAN IsClosing;     /* guarded by the device's lock */
    GATE_RUNDOWN Verdicts; /* calls of WskInspectComplete that have not returned */
    PIRP CloseIrp;
    PIO_WORKITEM CloseWorkItem; /* when WSK says that the socket is dead */
    KEVENT Closed;
} GATE_LISTENER, *PGATE_LISTENER;

#define GATE_LISTENER_COUNT 2 /* IPv4, IPv6 */

/*
 * The device extension: everything that lives as long as the driver does.
 */
typedef struct _GATE_DEVICE {
    PDEVICE_OBJECT DeviceObject;
    GATE_CONFIG Config; /* as it was in DriverEntry, zeros replaced; does not change */
    WSK_REGISTRATION Registration;
    WSK_PROVIDER_NPI Provider;
    GATE_LISTENER Listeners[GATE_LISTENER_COUNT];
    NPAGED_LOOKASIDE_LIST Sends;

    KSPIN_LOCK Lock;
    /* Guarded by Lock. */
    BOOLEAN IsStopping; /* nobody new comes in */
    GATE_POLICY Admission;
    GATE_POLICY Authority;
    GATE_BUCKET Bucket;
    LIST_ENTRY Requests;
    ULONG RequestCount;
    LIST_ENTRY Connections;
    ULONG ConnectionCount;

    GATE_RUNDOWN RequestRundown;
    GATE_RUNDOWN ConnectionRundown;
} GATE_DEVICE, *PGATE_DEVICE;

/* The counters of GATE_STATUS, written with Interlocked functions. */
typedef struct _GATE_COUNTERS {
    volatile LONG Inspected;
    volatile LONG AcceptedAtOnce;
    volatile LONG RejectedAtOnce;
    volatile LONG Pended;
    volatile LONG RateLimited;
    volatile LONG AcceptedLater;
    volatile LONG RejectedLater;
    volatile LONG Aborted;
    volatile LONG Connections;
    volatile LONG EndedByPeer;
    volatile LONG ResetByPeer;
    volatile LONG Refusals;
    volatile LONG FailedSends;
    volatile LONG MostSendsInFlight;
    volatile LONG64 BytesReceived;
    volatile LONG64 BytesSent;
} GATE_COUNTERS;

extern GATE_COUNTERS GateCounters;

/* --- driver.c --- */

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID GateReport(_In_ PCSTR Callback, _In_ PCSTR Result, _In_opt_ CONST WSK_INSPECT_ID *InspectId,
                _In_ USHORT RemotePort, _In_ SIZE_T Bytes);

/* --- gate_control.c --- */

/* The device can be opened from now on. */
_IRQL_requires_(PASSIVE_LEVEL)
NTSTATUS GateControlStart(_In_ PDRIVER_OBJECT DriverObject);

/* Nobody can open it any more. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID GateControlStop(VOID);

/* --- gate_rules.c --- */

/* In host byte order. */
USHORT GateAddressPort(_In_ CONST SOCKADDR *Address);

GATE_ACTION GatePolicyDecide(_In_ CONST GATE_POLICY *Policy, _In_ CONST SOCKADDR *Remote);

VOID GateBucketInitialize(_Out_ PGATE_BUCKET Bucket, _In_ ULONG Burst, _In_ ULONGLONG Now);

/* TRUE: one more client may come. Now is an interrupt time. */
BOOLEAN GateBucketTake(_Inout_ PGATE_BUCKET Bucket, _In_ ULONG RatePerSecond, _In_ ULONG Burst, _In_ ULONGLONG Now);

/* --- gate_listen.c --- */

/* Registers with WSK and captures its provider. After a failure nothing is left behind. */
_IRQL_requires_(PASSIVE_LEVEL)
NTSTATUS GateListenRegister(_Inout_ PGATE_DEVICE Device);

/* Listens. Callbacks can come before it returns, and after a failure the stop functions are still due. */
_IRQL_requires_(PASSIVE_LEVEL)
NTSTATUS GateListenStart(_Inout_ PGATE_DEVICE Device);

/* Closes the listening sockets. No callback of theirs runs or comes after that. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID GateListenStop(_Inout_ PGATE_DEVICE Device);

/* Gives back the provider and the registration. Every socket is closed. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID GateListenDeregister(_Inout_ PGATE_DEVICE Device);

/* WSK has told through a callback that the socket is dead: close it soon. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID GateListenerDied(_Inout_ PGATE_LISTENER Listener);

/* --- gate_inspect.c --- */

_IRQL_requires_max_(DISPATCH_LEVEL)
WSK_INSPECT_ACTION WSKAPI GateInspectEvent(_In_opt_ PVOID SocketContext, _In_ PSOCKADDR LocalAddress,
                                           _In_ PSOCKADDR RemoteAddress, _In_opt_ PWSK_INSPECT_ID InspectID);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS WSKAPI GateAbortEvent(_In_opt_ PVOID SocketContext, _In_ PWSK_INSPECT_ID InspectID);

/* The request has become a connection, if it was kept waiting: its record is no longer needed. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID GateRequestForget(_Inout_ PGATE_DEVICE Device, _In_ CONST WSK_INSPECT_ID *InspectId);

/* Lets nobody new in, drops all records and waits until no verdict is on its way. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID GateInspectStop(_Inout_ PGATE_DEVICE Device);

/* --- gate_connection.c --- */

_IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS WSKAPI GateAcceptEvent(_In_opt_ PVOID SocketContext, _In_ ULONG Flags, _In_ PSOCKADDR LocalAddress,
                                _In_ PSOCKADDR RemoteAddress, _In_opt_ PWSK_SOCKET AcceptSocket,
                                _Outptr_result_maybenull_ PVOID *AcceptSocketContext,
                                _Outptr_result_maybenull_ CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch);

/* Aborts all connections and waits until the last of them is closed. Nothing listens any more. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID GateConnectionsStop(_Inout_ PGATE_DEVICE Device);

/* --- gate_echo.c --- */

/* How large the blocks of GATE_DEVICE.Sends are. */
extern CONST SIZE_T GateSendSize;

#endif
