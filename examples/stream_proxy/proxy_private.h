/* SPDX-License-Identifier: MIT */
/* Proxy, what its own source files share.
 *
 * Files: driver.c (load, unload, the listener, status), proxy_session.c (a client and its target: how a session
 * begins and ends), proxy_relay.c (how bytes, ends and resets go from one side to the other).
 *
 * Locks: PROXY_DEVICE.Lock guards the list of sessions, PROXY_SESSION.Lock one session and is taken inside. None is held
 * when WSK is called.
 *
 * Memory: a session brings along every IRP that it will ever need but those of its sends, so it can always be ended. */
#ifndef PROXY_PRIVATE_H
#define PROXY_PRIVATE_H

#include "proxy.h"

/* Pool tags, as pool tools show them: Prxs, a session; Prxb, bytes on their way. */
#define PROXY_TAG_SESSION 'sxrP'
#define PROXY_TAG_SEND 'bxrP'

/* An IRP and its stack location in one piece. WSK needs one location. */
typedef struct _PROXY_REQUEST {
    IRP Irp;
    IO_STACK_LOCATION StackLocation;
} PROXY_REQUEST, *PPROXY_REQUEST;

typedef struct _PROXY_SESSION PROXY_SESSION, *PPROXY_SESSION;

/*
 * One of the two connections of a session, and the direction that begins there: what is received on Socket is sent on the
 * socket of Other.
 */
typedef struct _PROXY_SIDE {
    PPROXY_SESSION Session;
    struct _PROXY_SIDE *Other;
    PWSK_SOCKET Socket; /* NULL: none yet */
    CONST WSK_PROVIDER_CONNECTION_DISPATCH *Dispatch;
    volatile LONG64 *BytesPassedOn; /* counter of this direction */

    /* Guarded by the session's lock. */
    SIZE_T BytesInFlight;   /* received here, and not yet sent by Other */
    SIZE_T BytesRefused;    /* of the last indication if that was refused, else 0: WSK holds them */
    BOOLEAN IsResumed;      /* the receive that makes WSK show them again was posted */
    BOOLEAN IsResumePosted; /* the Resume request is WSK's */
    BOOLEAN HasEnded;       /* the peer has finished: nothing more comes */
    BOOLEAN IsFinishPosted; /* its end was passed on to Other, */
    BOOLEAN IsFinished;     /* and Other has sent it */

    PROXY_REQUEST Resume; /* WskReceive on Socket */
    PROXY_REQUEST Finish; /* WskDisconnect on the socket of Other */
    PROXY_REQUEST Abort;  /* WskDisconnect on Socket */
    PROXY_REQUEST Close;  /* WskCloseSocket on Socket */
} PROXY_SIDE, *PPROXY_SIDE;

typedef enum _PROXY_STATE {
    ProxyConnecting, /* the client is here, the target is not: what the client sends is refused until both are */
    ProxyRelaying,   /* both are here */
    ProxyEnding      /* nothing new begins; when the last use has ended, both sockets are closed */
} PROXY_STATE;

/*
 * A session is used by: itself, as long as it is not ending; every callback that is running; every request that WSK has
 * not completed, sends included. The sockets are closed when the last use ends, so WskCloseSocket never meets another call on
 * the same socket, nor an element of an indication that was not given back.
 */
struct _PROXY_SESSION {
    LIST_ENTRY Entry; /* guarded by the device's lock */
    struct _PROXY_DEVICE *Device;
    volatile LONG Uses;
    volatile LONG SocketsToClose;
    PROXY_SIDE Client;
    PROXY_SIDE Target;
    PROXY_REQUEST Connect; /* WskSocketConnect of the target */

    KSPIN_LOCK Lock;
    /* Guarded by Lock. */
    PROXY_STATE State;
    ULONG Senders;       /* callbacks that are handing bytes to WskSend */
    BOOLEAN IsResetOwed; /* by the last of them: the session was aborted meanwhile */
};

/* Everything that lives as long as the driver does. */
typedef struct _PROXY_DEVICE {
    PROXY_CONFIG Config; /* as it was in DriverEntry, zeros replaced; does not change */
    WSK_REGISTRATION Registration;
    WSK_PROVIDER_NPI Provider;
    NPAGED_LOOKASIDE_LIST Sends;

    PWSK_SOCKET Listener;
    CONST WSK_PROVIDER_LISTEN_DISPATCH *ListenerDispatch;
    USHORT Port;
    volatile LONG IsListenerClosing;
    PROXY_REQUEST ListenerClose;
    KEVENT ListenerClosed;

    KSPIN_LOCK Lock;
    /* Guarded by Lock. */
    BOOLEAN IsStopping;
    LIST_ENTRY Sessions;
    ULONG SessionCount;
    KEVENT NoSessions; /* set when stopping and the last session has gone */
} PROXY_DEVICE, *PPROXY_DEVICE;

/* The counters of PROXY_STATUS, written with Interlocked functions. */
typedef struct _PROXY_COUNTERS {
    volatile LONG Sessions;
    volatile LONG Finished;
    volatile LONG Failed;
    volatile LONG Aborted;
    volatile LONG TurnedAway;
    volatile LONG Refusals;
    volatile LONG64 MostBytesInFlight;
    volatile LONG64 BytesToTarget;
    volatile LONG64 BytesToClient;
} PROXY_COUNTERS;

extern PROXY_COUNTERS ProxyCounters;

/* --- driver.c --- */

/* Before the first use of a request. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID ProxyRequestInitialize(_Out_ PPROXY_REQUEST Request);

/* The request's IRP, ready for a call. Routine returns STATUS_MORE_PROCESSING_REQUIRED. */
_IRQL_requires_max_(DISPATCH_LEVEL)
PIRP ProxyRequestPrepare(_Inout_ PPROXY_REQUEST Request, _In_ PIO_COMPLETION_ROUTINE Routine, _In_ PVOID Context);

/* --- proxy_session.c --- */

_IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS WSKAPI ProxyAcceptEvent(_In_opt_ PVOID SocketContext, _In_ ULONG Flags, _In_ PSOCKADDR LocalAddress,
                                 _In_ PSOCKADDR RemoteAddress, _In_opt_ PWSK_SOCKET AcceptSocket,
                                 _Outptr_result_maybenull_ PVOID *AcceptSocketContext,
                                 _Outptr_result_maybenull_ CONST WSK_CLIENT_CONNECTION_DISPATCH **AcceptSocketDispatch);

/* FALSE: the session is ending, and no new use may begin. */
_IRQL_requires_max_(DISPATCH_LEVEL)
BOOLEAN ProxySessionAcquire(_Inout_ PPROXY_SESSION Session);

/* The session may be gone when this returns. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID ProxySessionRelease(_Inout_ PPROXY_SESSION Session);

/* Both sides have finished. The caller has a use. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID ProxySessionFinish(_Inout_ PPROXY_SESSION Session);

/* Resets both connections, once, and gives up a connect that is under way. While there are senders the last of them does
 * it. The caller has a use. Reason is the counter of ProxyCounters that grows. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID ProxySessionAbort(_Inout_ PPROXY_SESSION Session, _Inout_ volatile LONG *Reason);

/* A callback that was counted among the senders has made its last call of WskSend. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID ProxySessionSent(_Inout_ PPROXY_SESSION Session);

/* Aborts all sessions and waits until the last of them is closed. Nobody listens any more. */
_IRQL_requires_(PASSIVE_LEVEL)
VOID ProxySessionsStop(_Inout_ PPROXY_DEVICE Device);

/* --- driver.c --- */

/* WSK has told through a callback that the listening socket is dead. Also how it is closed otherwise: once. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID ProxyListenerClose(_Inout_ PPROXY_DEVICE Device);

/* --- proxy_relay.c --- */

/* How large the blocks of PROXY_DEVICE.Sends are. */
extern CONST SIZE_T ProxySendSize;

/* The callbacks of both connections of a session; their context is the PROXY_SIDE. */
extern CONST WSK_CLIENT_CONNECTION_DISPATCH ProxySideDispatch;

/* Goes on with the direction that begins at Side, if it is time: asks for bytes that were refused, or passes on the end.
 * Called with a use after everything that can be the reason for either. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID ProxyRelayAdvance(_Inout_ PPROXY_SIDE Side);

#endif
