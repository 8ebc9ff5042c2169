/* SPDX-License-Identifier: MIT */
/* Proxy, what others may see of the driver: its configuration and its status.
 *
 * Proxy listens on a TCP port. For every client that comes it connects to one configured target and passes bytes on
 * in both directions, until both sides have finished or one of them has reset its connection. */
#ifndef PROXY_H
#define PROXY_H

#include <ntddk.h>
#include <wsk.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How the driver runs. It reads ProxyConfig once, in DriverEntry. */
typedef struct _PROXY_CONFIG {
    SOCKADDR_STORAGE ListenAddress; /* family 0 = a port chosen by the system on the IPv4 loopback address */
    SOCKADDR_STORAGE TargetAddress;
    SIZE_T MaxBytesInFlight; /* that one direction of a session holds at most; 0 = 256 KiB. A single indication that
                                is larger passes alone. */
    ULONG MaxSessions;       /* clients beyond are turned away; 0 = 1024 */
} PROXY_CONFIG, *PPROXY_CONFIG;

extern PROXY_CONFIG ProxyConfig;

/* Counters start at zero when the driver is loaded and can still be read after it was unloaded. */
typedef struct _PROXY_STATUS {
    BOOLEAN IsRunning;
    USHORT Port; /* in host byte order */

    ULONG Sessions; /* all that ever were; each of them ended in one of these ways: */
    ULONG Finished; /* both sides have finished and have got everything */
    ULONG Failed;   /* the target could not be reached */
    ULONG Aborted;  /* one side has reset its connection, or the driver was unloaded */
    ULONG SessionsNow;
    ULONG TurnedAway; /* clients without a session: too many, or no memory */

    ULONG Refusals; /* indications that were refused: too much in flight, no memory, or no target yet */
    ULONG64 MostBytesInFlight;
    ULONG64 BytesToTarget;
    ULONG64 BytesToClient;
} PROXY_STATUS, *PPROXY_STATUS;

/* Not while the driver is being loaded or unloaded. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID ProxyQueryStatus(_Out_ PPROXY_STATUS Status);

#ifdef __cplusplus
}
#endif

#endif
