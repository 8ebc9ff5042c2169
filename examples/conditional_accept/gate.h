/* SPDX-License-Identifier: MIT */
/* Gate, what others may see of the driver: its configuration, its status and its trace.
 *
 * Gate listens on a TCP port and decides about every client before the connection is established: it lets known
 * clients in, turns others away, and keeps the rest waiting until an authority has answered. A client that is let in
 * gets back every byte that it sends. */
#ifndef GATE_H
#define GATE_H

#include <ntddk.h>
#include <wsk.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Who may come in.
 */
typedef enum _GATE_ACTION {
    GateAsk = 0, /* wait for the authority; as the authority's own answer: it does not know, which means no */
    GateAccept,
    GateReject
} GATE_ACTION;

typedef struct _GATE_RULE {
    ADDRESS_FAMILY Family; /* AF_INET or AF_INET6 */
    UCHAR PrefixLength;    /* how many bits of Address count; 0 = every address of the family */
    UCHAR Address[16];     /* in network byte order; an IPv4 address takes the first four */
    USHORT FirstPort;      /* the client's own port; 0 and 0 = any */
    USHORT LastPort;
    GATE_ACTION Action;
} GATE_RULE, *PGATE_RULE;

#define GATE_MAX_RULES 8

/* The first rule that fits decides, else Default. */
typedef struct _GATE_POLICY {
    GATE_ACTION Default;
    ULONG RuleCount;
    GATE_RULE Rules[GATE_MAX_RULES];
} GATE_POLICY, *PGATE_POLICY;

/*
 * How the driver runs. It reads GateConfig once, in DriverEntry. All zero means: a port chosen by the system on the IPv4
 * loopback address, ask about everybody, and the authority says no.
 */
typedef struct _GATE_CONFIG {
    USHORT Port;                  /* in host byte order; 0 = chosen by the system */
    BOOLEAN ListenOnIpv6;         /* as well */
    BOOLEAN ListenOnAllAddresses; /* not only on loopback */
    BOOLEAN IsVerbose;            /* DbgPrintEx for each callback, when GateTrace is NULL */

    GATE_POLICY Admission; /* asked in WskInspectEvent */
    ULONG RatePerSecond;   /* more new clients than that are turned away; 0 = no limit */
    ULONG Burst;           /* as many may come at once; 0 = RatePerSecond */

    GATE_POLICY Authority;  /* the answer for clients that were kept waiting */
    ULONG AuthorityDelayMs; /* how long the authority takes to answer; 0 = 1 */

    ULONG MaxRequests;    /* clients that wait at the same time; more are turned away; 0 = 256 */
    ULONG MaxConnections; /* 0 = 1024 */
    ULONG MaxSends;       /* of one connection, in flight at the same time; 0 = 8 */
} GATE_CONFIG, *PGATE_CONFIG;

extern GATE_CONFIG GateConfig;

/* Other rules while the driver runs; NULL = as before. STATUS_DEVICE_NOT_READY: it does not run. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS GateSetPolicies(_In_opt_ CONST GATE_POLICY *Admission, _In_opt_ CONST GATE_POLICY *Authority);

/*
 * What happened. Counters start at zero when the driver is loaded and can still be read after it was unloaded.
 */
typedef struct _GATE_STATUS {
    BOOLEAN IsRunning;
    USHORT Port; /* in host byte order */
    USHORT PortIpv6;

    ULONG Inspected;      /* calls of WskInspectEvent */
    ULONG AcceptedAtOnce; /* of these: the answer was WskInspectAccept, */
    ULONG RejectedAtOnce; /* WskInspectReject, */
    ULONG Pended;         /* WskInspectPend */
    ULONG RateLimited;    /* rejected at once because too many came */
    ULONG AcceptedLater;  /* verdicts of the authority */
    ULONG RejectedLater;
    ULONG Aborted;     /* calls of WskAbortEvent */
    ULONG RequestsNow; /* clients that were kept waiting and are neither in nor gone */

    ULONG Connections; /* all that ever were */
    ULONG ConnectionsNow;
    ULONG EndedByPeer; /* gracefully */
    ULONG ResetByPeer;
    ULONG Refusals; /* indications that were refused because too many sends were in flight */
    ULONG FailedSends;
    ULONG MostSendsInFlight; /* of one connection */
    ULONG64 BytesReceived;
    ULONG64 BytesSent;
} GATE_STATUS, *PGATE_STATUS;

/* Not while the driver is being loaded or unloaded. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID GateQueryStatus(_Out_ PGATE_STATUS Status);

/*
 * The device of the driver, for its administrator: \\.\Gate.
 */
#define GATE_DEVICE_NAME L"\\Device\\Gate"
#define GATE_LINK_NAME L"\\DosDevices\\Gate"

typedef struct _GATE_POLICIES {
    BOOLEAN HasAdmission; /* FALSE: as before */
    BOOLEAN HasAuthority;
    GATE_POLICY Admission;
    GATE_POLICY Authority;
} GATE_POLICIES, *PGATE_POLICIES;

/* Output: GATE_STATUS. STATUS_BUFFER_TOO_SMALL. */
#define IOCTL_GATE_QUERY_STATUS CTL_CODE(FILE_DEVICE_NETWORK, 0x800, METHOD_BUFFERED, FILE_READ_ACCESS)
/* Input: GATE_POLICIES. STATUS_INFO_LENGTH_MISMATCH; STATUS_INVALID_PARAMETER: no policy that the driver could work with. */
#define IOCTL_GATE_SET_POLICIES CTL_CODE(FILE_DEVICE_NETWORK, 0x801, METHOD_BUFFERED, FILE_WRITE_ACCESS)

/*
 * A look at every callback, work item and completion that matters. The routine is called at the callback's own IRQL,
 * without any lock.
 */
typedef struct _GATE_TRACE_RECORD {
    PCSTR Callback;           /* "WskInspectEvent", "authority", ... */
    PCSTR Result;             /* "accept", "pend", ... */
    WSK_INSPECT_ID InspectId; /* all zero when there is none */
    USHORT RemotePort;        /* in host byte order; 0 when not known */
    SIZE_T Bytes;
} GATE_TRACE_RECORD, *PGATE_TRACE_RECORD;

typedef VOID GATE_TRACE_ROUTINE(_In_ CONST GATE_TRACE_RECORD *Record);
typedef GATE_TRACE_ROUTINE *PGATE_TRACE_ROUTINE;

/* NULL, or set before the driver is loaded. */
extern PGATE_TRACE_ROUTINE GateTrace;

#ifdef __cplusplus
}
#endif

#endif
