/* SPDX-License-Identifier: MIT */
/* Responder, what its own source files share.
 *
 * Files: driver.c (load, unload, the socket, status), responder_answer.c (WskReceiveFromEvent and the answers).
 *
 * The socket is used by: the driver, as long as it is not stopping; every callback that is running; every answer that is
 * under way. It is closed when the last use ends, so WskCloseSocket never meets another call on the socket, nor a datagram that
 * was not given back. Nobody can hold an answer up for long, because a datagram does not wait for its receiver: so answers
 * are waited for, not cancelled. */
#ifndef RESPONDER_PRIVATE_H
#define RESPONDER_PRIVATE_H

#include "responder.h"

/* Pool tag, as pool tools show it: Rspa, an answer. */
#define RESPONDER_TAG_ANSWER 'apsR'

/* An IRP and its stack location in one piece. WSK needs one location. */
typedef struct _RESPONDER_REQUEST {
    IRP Irp;
    IO_STACK_LOCATION StackLocation;
} RESPONDER_REQUEST, *PRESPONDER_REQUEST;

/* Everything that lives as long as the driver does. */
typedef struct _RESPONDER_DEVICE {
    RESPONDER_CONFIG Config; /* as it was in DriverEntry, zeros replaced; does not change */
    WSK_REGISTRATION Registration;
    WSK_PROVIDER_NPI Provider;
    NPAGED_LOOKASIDE_LIST Answers;

    PWSK_SOCKET Socket; /* does not change once it is bound; NULL: none */
    CONST WSK_PROVIDER_DATAGRAM_DISPATCH *Dispatch;
    USHORT Port;
    RESPONDER_REQUEST Close;
    KEVENT Closed;
    volatile LONG Uses;
    volatile LONG AnswerCount; /* under way */

    KSPIN_LOCK Lock;
    BOOLEAN IsStopping; /* guarded by Lock: no new use begins */
} RESPONDER_DEVICE, *PRESPONDER_DEVICE;

/* The counters of RESPONDER_STATUS, written with Interlocked functions. */
typedef struct _RESPONDER_COUNTERS {
    volatile LONG Received;
    volatile LONG Answered;
    volatile LONG Failed;
    volatile LONG Dropped;
} RESPONDER_COUNTERS;

extern RESPONDER_COUNTERS ResponderCounters;

/* --- driver.c --- */

/* Before the first use of a request. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID ResponderRequestInitialize(_Out_ PRESPONDER_REQUEST Request);

/* The request's IRP, ready for a call. Routine returns STATUS_MORE_PROCESSING_REQUIRED. */
_IRQL_requires_max_(DISPATCH_LEVEL)
PIRP ResponderRequestPrepare(_Inout_ PRESPONDER_REQUEST Request, _In_ PIO_COMPLETION_ROUTINE Routine,
                             _In_ PVOID Context);

/* FALSE: the driver is stopping, and no new use may begin. */
_IRQL_requires_max_(DISPATCH_LEVEL)
BOOLEAN ResponderAcquire(_Inout_ PRESPONDER_DEVICE Device);

/* The socket may be closed when this returns. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID ResponderRelease(_Inout_ PRESPONDER_DEVICE Device);

/* Ends the driver's own use, once: at unload, or when WSK has told that the socket is dead. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID ResponderStop(_Inout_ PRESPONDER_DEVICE Device);

/* --- responder_answer.c --- */

/* How large the blocks of RESPONDER_DEVICE.Answers are. */
extern CONST SIZE_T ResponderAnswerSize;

_IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS WSKAPI ResponderReceiveFromEvent(_In_opt_ PVOID SocketContext, _In_ ULONG Flags,
                                          _In_opt_ PWSK_DATAGRAM_INDICATION DataIndication);

#endif
