/* SPDX-License-Identifier: MIT */
/* Responder, what others may see of the driver: its configuration and its status.
 *
 * Responder waits for datagrams on a UDP port and sends each of them back to where it came from, from the very address to
 * which it was sent. */
#ifndef RESPONDER_H
#define RESPONDER_H

#include <ntddk.h>
#include <wsk.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How the driver runs. It reads ResponderConfig once, in DriverEntry. */
typedef struct _RESPONDER_CONFIG {
    SOCKADDR_STORAGE Address; /* family 0 = a port chosen by the system, on all IPv4 addresses */
    ULONG MaxAnswers;         /* under way at the same time; more datagrams are dropped; 0 = 64 */
} RESPONDER_CONFIG, *PRESPONDER_CONFIG;

extern RESPONDER_CONFIG ResponderConfig;

/* Counters start at zero when the driver is loaded and can still be read after it was unloaded. */
typedef struct _RESPONDER_STATUS {
    BOOLEAN IsRunning;
    USHORT Port; /* in host byte order */

    ULONG Received;   /* datagrams; each of them was */
    ULONG Answered;   /* sent back, */
    ULONG Failed;     /* not sent back, because WskSendTo has failed, */
    ULONG Dropped;    /* or dropped: too many, no memory, or from a port like ours */
    ULONG AnswersNow; /* under way */
} RESPONDER_STATUS, *PRESPONDER_STATUS;

/* Not while the driver is being loaded or unloaded. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID ResponderQueryStatus(_Out_ PRESPONDER_STATUS Status);

#ifdef __cplusplus
}
#endif

#endif
