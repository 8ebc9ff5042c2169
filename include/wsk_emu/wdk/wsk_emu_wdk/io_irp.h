/* SPDX-License-Identifier: MIT */
/* I/O request packets: layout, stack locations, completion, cancellation. */
#ifndef WSK_EMU_WDK_IO_IRP_H
#define WSK_EMU_WDK_IO_IRP_H

#include "base.h"
#include "interlocked.h"
#include "irql.h"
#include "ke.h"
#include "mm.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Major function codes.
 */
#define IRP_MJ_CREATE                   0x00
#define IRP_MJ_CREATE_NAMED_PIPE        0x01
#define IRP_MJ_CLOSE                    0x02
#define IRP_MJ_READ                     0x03
#define IRP_MJ_WRITE                    0x04
#define IRP_MJ_QUERY_INFORMATION        0x05
#define IRP_MJ_SET_INFORMATION          0x06
#define IRP_MJ_QUERY_EA                 0x07
#define IRP_MJ_SET_EA                   0x08
#define IRP_MJ_FLUSH_BUFFERS            0x09
#define IRP_MJ_QUERY_VOLUME_INFORMATION 0x0a
#define IRP_MJ_SET_VOLUME_INFORMATION   0x0b
#define IRP_MJ_DIRECTORY_CONTROL        0x0c
#define IRP_MJ_FILE_SYSTEM_CONTROL      0x0d
#define IRP_MJ_DEVICE_CONTROL           0x0e
#define IRP_MJ_INTERNAL_DEVICE_CONTROL  0x0f
#define IRP_MJ_SCSI                     0x0f
#define IRP_MJ_SHUTDOWN                 0x10
#define IRP_MJ_LOCK_CONTROL             0x11
#define IRP_MJ_CLEANUP                  0x12
#define IRP_MJ_CREATE_MAILSLOT          0x13
#define IRP_MJ_QUERY_SECURITY           0x14
#define IRP_MJ_SET_SECURITY             0x15
#define IRP_MJ_POWER                    0x16
#define IRP_MJ_SYSTEM_CONTROL           0x17
#define IRP_MJ_DEVICE_CHANGE            0x18
#define IRP_MJ_QUERY_QUOTA              0x19
#define IRP_MJ_SET_QUOTA                0x1a
#define IRP_MJ_PNP                      0x1b
#define IRP_MJ_MAXIMUM_FUNCTION         0x1b

/*
 * Type codes in the first member of I/O objects.
 */
#define IO_TYPE_ADAPTER    1
#define IO_TYPE_CONTROLLER 2
#define IO_TYPE_DEVICE     3
#define IO_TYPE_DRIVER     4
#define IO_TYPE_FILE       5
#define IO_TYPE_IRP        6
#define IO_TYPE_DEVICE_OBJECT_EXTENSION 0x0d

/*
 * IRP flags.
 */
#define IRP_NOCACHE                0x00000001
#define IRP_PAGING_IO              0x00000002
#define IRP_SYNCHRONOUS_API        0x00000004
#define IRP_ASSOCIATED_IRP         0x00000008
#define IRP_BUFFERED_IO            0x00000010
#define IRP_DEALLOCATE_BUFFER      0x00000020
#define IRP_INPUT_OPERATION        0x00000040
#define IRP_SYNCHRONOUS_PAGING_IO  0x00000040
#define IRP_CREATE_OPERATION       0x00000080
#define IRP_READ_OPERATION         0x00000100
#define IRP_WRITE_OPERATION        0x00000200
#define IRP_CLOSE_OPERATION        0x00000400
#define IRP_DEFER_IO_COMPLETION    0x00000800

/*
 * Bits of Flags in the stack location of a control request.
 */
#define SL_READ_ACCESS_GRANTED  0x01
#define SL_WRITE_ACCESS_GRANTED 0x04

/*
 * Bits of Control in a stack location.
 */
#define SL_PENDING_RETURNED  0x01
#define SL_ERROR_RETURNED    0x02
#define SL_INVOKE_ON_CANCEL  0x20
#define SL_INVOKE_ON_SUCCESS 0x40
#define SL_INVOKE_ON_ERROR   0x80

_Function_class_(IO_COMPLETION_ROUTINE) _IRQL_requires_same_ typedef NTSTATUS IO_COMPLETION_ROUTINE(
    _In_ PDEVICE_OBJECT DeviceObject, _In_ struct _IRP *Irp, _In_reads_opt_(_Inexpressible_("varies")) PVOID Context);
typedef IO_COMPLETION_ROUTINE *PIO_COMPLETION_ROUTINE;

/* Other names for two of its results. */
typedef enum _IO_COMPLETION_ROUTINE_RESULT {
    ContinueCompletion = STATUS_CONTINUE_COMPLETION,
    StopCompletion = STATUS_MORE_PROCESSING_REQUIRED
} IO_COMPLETION_ROUTINE_RESULT, *PIO_COMPLETION_ROUTINE_RESULT;

_Function_class_(DRIVER_CANCEL) _IRQL_requires_(DISPATCH_LEVEL) typedef VOID DRIVER_CANCEL(
    _Inout_ struct _DEVICE_OBJECT *DeviceObject, _Inout_ _IRQL_uses_cancel_ struct _IRP *Irp);
typedef DRIVER_CANCEL *PDRIVER_CANCEL;

typedef VOID IO_APC_ROUTINE(_In_ PVOID ApcContext, _In_ PIO_STATUS_BLOCK IoStatusBlock, _In_ ULONG Reserved);
typedef IO_APC_ROUTINE *PIO_APC_ROUTINE;

typedef struct _KDEVICE_QUEUE_ENTRY {
    LIST_ENTRY DeviceListEntry;
    ULONG SortKey;
    BOOLEAN Inserted;
} KDEVICE_QUEUE_ENTRY, *PKDEVICE_QUEUE_ENTRY, *RESTRICTED_POINTER PRKDEVICE_QUEUE_ENTRY;

typedef struct _KDEVICE_QUEUE {
    CSHORT Type;
    CSHORT Size;
    LIST_ENTRY DeviceListHead;
    KSPIN_LOCK Lock;
    __extension__ union {
        BOOLEAN Busy;
        LONG64 Hint;
    };
} KDEVICE_QUEUE, *PKDEVICE_QUEUE, *RESTRICTED_POINTER PRKDEVICE_QUEUE;
WSK_EMU_CHECK_SIZE(KDEVICE_QUEUE_ENTRY, 0x18);
WSK_EMU_CHECK_SIZE(KDEVICE_QUEUE, 0x28);

/* Exists for the layout of the IRP; APCs are not delivered. */
typedef struct _KAPC {
    UCHAR Type;
    UCHAR SpareByte0;
    UCHAR Size;
    UCHAR SpareByte1;
    ULONG SpareLong0;
    struct _KTHREAD *Thread;
    LIST_ENTRY ApcListEntry;
    PVOID Reserved[3];
    PVOID NormalContext;
    PVOID SystemArgument1;
    PVOID SystemArgument2;
    CCHAR ApcStateIndex;
    KPROCESSOR_MODE ApcMode;
    BOOLEAN Inserted;
} KAPC, *PKAPC, *RESTRICTED_POINTER PRKAPC;
WSK_EMU_CHECK_SIZE(KAPC, 0x58);

typedef struct _IO_SECURITY_CONTEXT {
    struct _SECURITY_QUALITY_OF_SERVICE *SecurityQos;
    PACCESS_STATE AccessState;
    ACCESS_MASK DesiredAccess;
    ULONG FullCreateOptions;
} IO_SECURITY_CONTEXT, *PIO_SECURITY_CONTEXT;

/*
 * One driver's part of a request.
 */
typedef struct _IO_STACK_LOCATION {
    UCHAR MajorFunction;
    UCHAR MinorFunction;
    UCHAR Flags;
    UCHAR Control;
    union {
        struct {
            PIO_SECURITY_CONTEXT SecurityContext;
            ULONG Options;
            USHORT POINTER_ALIGNMENT FileAttributes;
            USHORT ShareAccess;
            ULONG POINTER_ALIGNMENT EaLength;
        } Create;
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT Key;
            ULONG Flags;
            LARGE_INTEGER ByteOffset;
        } Read;
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT Key;
            ULONG Flags;
            LARGE_INTEGER ByteOffset;
        } Write;
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT FileInformationClass;
        } QueryFile;
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT FileInformationClass;
            PFILE_OBJECT FileObject;
            ULONG DeleteHandle;
        } SetFile;
        struct {
            ULONG OutputBufferLength;
            ULONG POINTER_ALIGNMENT InputBufferLength;
            ULONG POINTER_ALIGNMENT IoControlCode;
            PVOID Type3InputBuffer;
        } DeviceIoControl;
        struct {
            PVOID Argument1;
            PVOID Argument2;
            PVOID Argument3;
            PVOID Argument4;
        } Others;
    } Parameters;
    PDEVICE_OBJECT DeviceObject;
    PFILE_OBJECT FileObject;
    PIO_COMPLETION_ROUTINE CompletionRoutine;
    PVOID Context;
} IO_STACK_LOCATION, *PIO_STACK_LOCATION;
WSK_EMU_CHECK_SIZE(IO_STACK_LOCATION, 0x48);
WSK_EMU_CHECK_OFFSET(IO_STACK_LOCATION, Parameters, 0x08);
WSK_EMU_CHECK_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.IoControlCode, 0x18);
WSK_EMU_CHECK_OFFSET(IO_STACK_LOCATION, DeviceObject, 0x28);
WSK_EMU_CHECK_OFFSET(IO_STACK_LOCATION, CompletionRoutine, 0x38);

/*
 * The request. StackCount stack locations follow it in memory.
 */
struct DECLSPEC_ALIGN(MEMORY_ALLOCATION_ALIGNMENT) _IRP {
    CSHORT Type;
    USHORT Size;
    USHORT AllocationProcessorNumber;
    USHORT Reserved;
    PMDL MdlAddress;
    ULONG Flags;
    union {
        struct _IRP *MasterIrp;
        LONG IrpCount;
        PVOID SystemBuffer;
    } AssociatedIrp;
    LIST_ENTRY ThreadListEntry;
    IO_STATUS_BLOCK IoStatus;
    KPROCESSOR_MODE RequestorMode;
    BOOLEAN PendingReturned;
    CHAR StackCount;
    CHAR CurrentLocation;
    BOOLEAN Cancel;
    KIRQL CancelIrql;
    CCHAR ApcEnvironment;
    UCHAR AllocationFlags;
    __extension__ union {
        PIO_STATUS_BLOCK UserIosb;
        PVOID IoRingContext;
    };
    PKEVENT UserEvent;
    union {
        struct {
            __extension__ union {
                PIO_APC_ROUTINE UserApcRoutine;
                PVOID IssuingProcess;
            };
            PVOID UserApcContext;
        } AsynchronousParameters;
        LARGE_INTEGER AllocationSize;
    } Overlay;
    PDRIVER_CANCEL volatile CancelRoutine;
    PVOID UserBuffer;
    union {
        struct {
            __extension__ union {
                KDEVICE_QUEUE_ENTRY DeviceQueueEntry;
                PVOID DriverContext[4];
            };
            PETHREAD Thread;
            PCHAR AuxiliaryBuffer;
            LIST_ENTRY ListEntry;
            __extension__ union {
                struct _IO_STACK_LOCATION *CurrentStackLocation;
                ULONG PacketType;
            };
            PFILE_OBJECT OriginalFileObject;
            PVOID IrpExtension;
        } Overlay;
        KAPC Apc;
        PVOID CompletionKey;
    } Tail;
};
WSK_EMU_CHECK_SIZE(IRP, 0xD0);
WSK_EMU_CHECK_OFFSET(IRP, MdlAddress, 0x08);
WSK_EMU_CHECK_OFFSET(IRP, AssociatedIrp, 0x18);
WSK_EMU_CHECK_OFFSET(IRP, IoStatus, 0x30);
WSK_EMU_CHECK_OFFSET(IRP, PendingReturned, 0x41);
WSK_EMU_CHECK_OFFSET(IRP, AllocationFlags, 0x47);
WSK_EMU_CHECK_OFFSET(IRP, UserIosb, 0x48);
WSK_EMU_CHECK_OFFSET(IRP, Overlay, 0x58);
WSK_EMU_CHECK_OFFSET(IRP, CancelRoutine, 0x68);
WSK_EMU_CHECK_OFFSET(IRP, Tail, 0x78);
WSK_EMU_CHECK_OFFSET(IRP, Tail.Overlay.Thread, 0x98);
WSK_EMU_CHECK_OFFSET(IRP, Tail.Overlay.ListEntry, 0xA8);
WSK_EMU_CHECK_OFFSET(IRP, Tail.Overlay.CurrentStackLocation, 0xB8);
WSK_EMU_CHECK_OFFSET(IRP, Tail.Overlay.IrpExtension, 0xC8);

/*
 * Creation and release.
 */
#define IoSizeOfIrp(StackSize) ((USHORT)(sizeof(IRP) + ((StackSize) * (sizeof(IO_STACK_LOCATION)))))

_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTKERNELAPI PIRP
IoAllocateIrp(_In_ CCHAR StackSize, _In_ BOOLEAN ChargeQuota);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID IoInitializeIrp(
    _Inout_ PIRP Irp, _In_ USHORT PacketSize, _In_ CCHAR StackSize);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID IoReuseIrp(_Inout_ PIRP Irp, _In_ NTSTATUS Iostatus);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID IoFreeIrp(_In_ PIRP Irp);

/* Ends the life of an IRP that IoInitializeIrp made in the driver's own memory. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID IoCleanupIrp(_Inout_ PIRP Irp);

/*
 * Stack locations.
 */
static FORCEINLINE PIO_STACK_LOCATION IoGetCurrentIrpStackLocation(_In_ PIRP Irp)
{
    return Irp->Tail.Overlay.CurrentStackLocation;
}

static FORCEINLINE PIO_STACK_LOCATION IoGetNextIrpStackLocation(_In_ PIRP Irp)
{
    return Irp->Tail.Overlay.CurrentStackLocation - 1;
}

static FORCEINLINE VOID IoSetNextIrpStackLocation(_Inout_ PIRP Irp)
{
    Irp->CurrentLocation--;
    Irp->Tail.Overlay.CurrentStackLocation--;
}

static FORCEINLINE VOID IoSkipCurrentIrpStackLocation(_Inout_ PIRP Irp)
{
    Irp->CurrentLocation++;
    Irp->Tail.Overlay.CurrentStackLocation++;
}

/* The next location gets everything but the completion routine and its context. */
static FORCEINLINE VOID IoCopyCurrentIrpStackLocationToNext(_Inout_ PIRP Irp)
{
    PIO_STACK_LOCATION current = IoGetCurrentIrpStackLocation(Irp);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(Irp);

    next->MajorFunction = current->MajorFunction;
    next->MinorFunction = current->MinorFunction;
    next->Flags = current->Flags;
    next->Control = 0;
    memcpy(&next->Parameters, &current->Parameters, sizeof(next->Parameters));
    next->DeviceObject = current->DeviceObject;
    next->FileObject = current->FileObject;
}

static FORCEINLINE VOID IoMarkIrpPending(_Inout_ PIRP Irp)
{
    IoGetCurrentIrpStackLocation(Irp)->Control |= SL_PENDING_RETURNED;
}

static FORCEINLINE VOID IoSetCompletionRoutine(_In_ PIRP Irp, _In_opt_ PIO_COMPLETION_ROUTINE CompletionRoutine,
    _In_opt_ __drv_aliasesMem PVOID Context, _In_ BOOLEAN InvokeOnSuccess, _In_ BOOLEAN InvokeOnError,
    _In_ BOOLEAN InvokeOnCancel)
{
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(Irp);

    next->CompletionRoutine = CompletionRoutine;
    next->Context = Context;
    next->Control = 0;
    if (InvokeOnSuccess) {
        next->Control = SL_INVOKE_ON_SUCCESS;
    }
    if (InvokeOnError) {
        next->Control |= SL_INVOKE_ON_ERROR;
    }
    if (InvokeOnCancel) {
        next->Control |= SL_INVOKE_ON_CANCEL;
    }
}

#if !defined(__cplusplus) && !defined(WSK_EMU_NO_CAST_MACROS)
/* Drivers hand in completion routines of slightly other types. */
#define IoSetCompletionRoutine(Irp, CompletionRoutine, Context, InvokeOnSuccess, InvokeOnError, InvokeOnCancel)        \
    IoSetCompletionRoutine(Irp, (PIO_COMPLETION_ROUTINE)(PVOID)(CompletionRoutine), Context, InvokeOnSuccess,          \
        InvokeOnError, InvokeOnCancel)
#endif

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI NTSTATUS IoSetCompletionRoutineEx(_In_ PDEVICE_OBJECT DeviceObject,
    _In_ PIRP Irp, _In_ PIO_COMPLETION_ROUTINE CompletionRoutine, _In_opt_ PVOID Context, _In_ BOOLEAN InvokeOnSuccess,
    _In_ BOOLEAN InvokeOnError, _In_ BOOLEAN InvokeOnCancel);

/*
 * Sending and completing. The names with Io are macros, as in the WDK.
 */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI NTSTATUS FASTCALL IofCallDriver(
    _In_ PDEVICE_OBJECT DeviceObject, _Inout_ __drv_aliasesMem PIRP Irp);

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID FASTCALL IofCompleteRequest(
    _In_ PIRP Irp, _In_ CCHAR PriorityBoost);

#define IoCallDriver(DeviceObject, Irp) IofCallDriver(DeviceObject, Irp)
#define IoCompleteRequest(Irp, PriorityBoost) IofCompleteRequest(Irp, PriorityBoost)

/*
 * Cancellation.
 */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI BOOLEAN IoCancelIrp(_In_ PIRP Irp);

_IRQL_requires_max_(DISPATCH_LEVEL) _IRQL_raises_(DISPATCH_LEVEL) NTKERNELAPI VOID IoAcquireCancelSpinLock(
    _Out_ _At_(*Irql, _IRQL_saves_) PKIRQL Irql);

_IRQL_requires_(DISPATCH_LEVEL) NTKERNELAPI VOID IoReleaseCancelSpinLock(
    _In_ _IRQL_restores_ _IRQL_uses_cancel_ KIRQL Irql);

/* Returns the routine that was set. NULL: there was none, or IoCancelIrp has it. Inline in the WDK; a function here,
 * because the routine of an IRP that WSK has is not the sender's to exchange (IRP-051): then nothing changes. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI PDRIVER_CANCEL IoSetCancelRoutine(
    _Inout_ PIRP Irp, _In_opt_ PDRIVER_CANCEL CancelRoutine);

#ifdef __cplusplus
}
#endif

#endif
