/* SPDX-License-Identifier: MIT */
/* Cancel-safe queues: the driver keeps the list and the lock, IoCsq... keeps the race with cancellation. */
#ifndef WSK_EMU_WDK_IO_CSQ_H
#define WSK_EMU_WDK_IO_CSQ_H

#include "base.h"
#include "io_irp.h"
#include "irql.h"

#ifdef __cplusplus
extern "C" {
#endif

#define IO_TYPE_CSQ_IRP_CONTEXT 1
#define IO_TYPE_CSQ             2
#define IO_TYPE_CSQ_EX          3

struct _IO_CSQ;

/* What stands for one IRP in a queue, for drivers that take that very IRP out again. It stays until the IRP has left. */
typedef struct _IO_CSQ_IRP_CONTEXT {
    ULONG Type;
    struct _IRP *Irp;
    struct _IO_CSQ *Csq;
} IO_CSQ_IRP_CONTEXT, *PIO_CSQ_IRP_CONTEXT;
WSK_EMU_CHECK_SIZE(IO_CSQ_IRP_CONTEXT, 0x18);

/* Called with the queue's lock held, all but the last; none may call IoCsq... for its queue, all but the last. */
typedef VOID IO_CSQ_INSERT_IRP(_In_ struct _IO_CSQ *Csq, _In_ PIRP Irp);
typedef IO_CSQ_INSERT_IRP *PIO_CSQ_INSERT_IRP;

typedef NTSTATUS IO_CSQ_INSERT_IRP_EX(_In_ struct _IO_CSQ *Csq, _In_ PIRP Irp, _In_ PVOID InsertContext);
typedef IO_CSQ_INSERT_IRP_EX *PIO_CSQ_INSERT_IRP_EX;

typedef VOID IO_CSQ_REMOVE_IRP(_In_ struct _IO_CSQ *Csq, _In_ PIRP Irp);
typedef IO_CSQ_REMOVE_IRP *PIO_CSQ_REMOVE_IRP;

/* The IRP behind Irp (NULL: the first one) that PeekContext asks for, or NULL. */
typedef PIRP IO_CSQ_PEEK_NEXT_IRP(_In_ struct _IO_CSQ *Csq, _In_ PIRP Irp, _In_ PVOID PeekContext);
typedef IO_CSQ_PEEK_NEXT_IRP *PIO_CSQ_PEEK_NEXT_IRP;

typedef VOID IO_CSQ_ACQUIRE_LOCK(_In_ struct _IO_CSQ *Csq, _Out_ _At_(*Irql, _Post_ _IRQL_saves_) PKIRQL Irql);
typedef IO_CSQ_ACQUIRE_LOCK *PIO_CSQ_ACQUIRE_LOCK;

typedef VOID IO_CSQ_RELEASE_LOCK(_In_ struct _IO_CSQ *Csq, _In_ _IRQL_restores_ KIRQL Irql);
typedef IO_CSQ_RELEASE_LOCK *PIO_CSQ_RELEASE_LOCK;

/* Completes an IRP that was cancelled and has left the queue. */
typedef VOID IO_CSQ_COMPLETE_CANCELED_IRP(_In_ struct _IO_CSQ *Csq, _In_ PIRP Irp);
typedef IO_CSQ_COMPLETE_CANCELED_IRP *PIO_CSQ_COMPLETE_CANCELED_IRP;

typedef struct _IO_CSQ {
    ULONG Type;
    PIO_CSQ_INSERT_IRP CsqInsertIrp;
    PIO_CSQ_REMOVE_IRP CsqRemoveIrp;
    PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp;
    PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock;
    PIO_CSQ_RELEASE_LOCK CsqReleaseLock;
    PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp;
    PVOID ReservePointer;
} IO_CSQ, *PIO_CSQ;
WSK_EMU_CHECK_SIZE(IO_CSQ, 0x40);
WSK_EMU_CHECK_OFFSET(IO_CSQ, CsqCompleteCanceledIrp, 0x30);

/* STATUS_INVALID_PARAMETER: a routine is missing. Memory of the driver's; there is nothing to undo. Any IRQL. */
NTKERNELAPI NTSTATUS IoCsqInitialize(_In_ PIO_CSQ Csq, _In_ PIO_CSQ_INSERT_IRP CsqInsertIrp,
    _In_ PIO_CSQ_REMOVE_IRP CsqRemoveIrp, _In_ PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
    _In_ PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock, _In_ PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
    _In_ PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp);

/* The same for a queue that may refuse an IRP. */
NTKERNELAPI NTSTATUS IoCsqInitializeEx(_In_ PIO_CSQ Csq, _In_ PIO_CSQ_INSERT_IRP_EX CsqInsertIrp,
    _In_ PIO_CSQ_REMOVE_IRP CsqRemoveIrp, _In_ PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
    _In_ PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock, _In_ PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
    _In_ PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp);

/* Marks the IRP pending and queues it. One that is cancelled already is completed by CsqCompleteCanceledIrp. Until the
 * IRP has left the queue, its DriverContext[3] belongs to the queue, and so does *Context (NULL: none). */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID IoCsqInsertIrp(
    _In_ PIO_CSQ Csq, _In_ PIRP Irp, _In_opt_ PIO_CSQ_IRP_CONTEXT Context);

/* The same; returns what CsqInsertIrpEx did. After a failure the IRP is still the caller's and not marked pending. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI NTSTATUS IoCsqInsertIrpEx(
    _In_ PIO_CSQ Csq, _In_ PIRP Irp, _In_opt_ PIO_CSQ_IRP_CONTEXT Context, _In_opt_ PVOID InsertContext);

/* Takes the IRP of this context out; it is the caller's then. NULL: it was taken out or cancelled meanwhile. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI PIRP IoCsqRemoveIrp(
    _Inout_ PIO_CSQ Csq, _Inout_ PIO_CSQ_IRP_CONTEXT Context);

/* Takes out the first IRP that CsqPeekNextIrp names and nobody cancels. NULL: there is none. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI PIRP IoCsqRemoveNextIrp(
    _Inout_ PIO_CSQ Csq, _In_opt_ PVOID PeekContext);

#ifdef __cplusplus
}
#endif

#endif
