/* SPDX-License-Identifier: MIT */
/* Gate, a connection: how it lives, and how and when it ends.
 *
 * A connection is closed when the last use of it ends. Uses are: being open, every callback that is running, every
 * request that WSK has not completed. So WskCloseSocket never meets another call on the same socket, and never an
 * element of an indication that was not given back.
 *
 *   open ---- the client has finished, all is sent ---> WskDisconnect ------------> open ends
 *     \------ the client has reset the connection ---------------------------------> open ends
 *      \----- a send has failed, or the driver unloads --> WskDisconnect, abortive --> open ends */
#ifndef GATE_CONNECTION_H
#define GATE_CONNECTION_H

#include "gate_private.h"

typedef struct _GATE_CONNECTION {
    LIST_ENTRY Entry; /* guarded by the device's lock */
    PGATE_DEVICE Device;
    PWSK_SOCKET Socket;
    CONST WSK_PROVIDER_CONNECTION_DISPATCH *Dispatch;
    WSK_INSPECT_ID InspectId;
    USHORT RemotePort;
    volatile LONG Uses;
    /* Taken with the connection, so that it can always be ended. */
    PIRP ReceiveIrp;
    PIRP DisconnectIrp;
    PIRP AbortIrp;
    PIRP CloseIrp;

    KSPIN_LOCK Lock;
    /* Guarded by Lock. */
    BOOLEAN IsOpen;          /* new uses may begin */
    BOOLEAN IsRearmed;       /* the receive that lifts the last refusal was posted */
    BOOLEAN IsReceivePosted; /* ReceiveIrp is WSK's */
    BOOLEAN HasPeerEnded;    /* nothing more will be indicated */
    BOOLEAN IsDisconnecting; /* WskDisconnect was called */
    BOOLEAN IsAborted;       /* WskDisconnect with WSK_FLAG_ABORTIVE was called, or is due when nobody is sending */
    BOOLEAN IsSending;       /* the receive callback is handing its list to WskSend */
    ULONG RefusedCount;      /* elements of the last indication if that was refused, else 0 */
    ULONG SendsInFlight;
} GATE_CONNECTION, *PGATE_CONNECTION;

/* --- gate_connection.c; everything at or below DISPATCH_LEVEL --- */

VOID GateConnectionReport(_In_ PGATE_CONNECTION Connection, _In_ PCSTR Callback, _In_ PCSTR Result, _In_ SIZE_T Bytes);

/* FALSE: the connection is ending, and no new use may begin. */
BOOLEAN GateConnectionAcquire(_Inout_ PGATE_CONNECTION Connection);

/* The connection may be gone when this returns. */
VOID GateConnectionRelease(_Inout_ PGATE_CONNECTION Connection);

/* Ends the use that stands for being open, once. */
VOID GateConnectionEnd(_Inout_ PGATE_CONNECTION Connection);

/* Resets the connection. Sends in flight are cancelled, so their buffers come back. While the receive callback is sending,
 * that one does it at its end: nothing may be sent after WskDisconnect. The caller has a use. */
VOID GateConnectionAbort(_Inout_ PGATE_CONNECTION Connection);

/* The receive callback, which has set IsSending, has made its last call of WskSend. */
VOID GateConnectionSent(_Inout_ PGATE_CONNECTION Connection);

/* --- gate_echo.c --- */

/* Finishes the connection, or asks for more, if it is time. Called with a use after everything that can be the reason for
 * either. */
VOID GateConnectionAdvance(_Inout_ PGATE_CONNECTION Connection);

extern CONST WSK_CLIENT_CONNECTION_DISPATCH GateConnectionDispatch;

#endif
