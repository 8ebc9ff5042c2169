/* SPDX-License-Identifier: MIT */
/* The I/O manager's error log; src/nt/io_error_log.c. */
#ifndef WSK_EMU_WDK_IO_ERROR_LOG_H
#define WSK_EMU_WDK_IO_ERROR_LOG_H

#include "../ntiologc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Behind it, in one entry: DumpDataSize bytes from DumpData on, and NumberOfStrings strings from StringOffset on. */
typedef struct _IO_ERROR_LOG_PACKET {
    UCHAR MajorFunctionCode;
    UCHAR RetryCount;
    USHORT DumpDataSize;
    USHORT NumberOfStrings;
    USHORT StringOffset;
    USHORT EventCategory;
    NTSTATUS ErrorCode;
    ULONG UniqueErrorValue;
    NTSTATUS FinalStatus;
    ULONG SequenceNumber;
    ULONG IoControlCode;
    LARGE_INTEGER DeviceOffset;
    ULONG DumpData[1];
} IO_ERROR_LOG_PACKET, *PIO_ERROR_LOG_PACKET;

WSK_EMU_CHECK_SIZE(IO_ERROR_LOG_PACKET, 0x30);

#define ERROR_LOG_LIMIT_SIZE   240
#define ERROR_LOG_MAXIMUM_SIZE ERROR_LOG_LIMIT_SIZE

/* NULL: EntrySize is above ERROR_LOG_MAXIMUM_SIZE or below a packet, IoObject is no driver or device, or memory is short.
 * The entry is zeroed, and the caller's until one of the other two. */
_IRQL_requires_max_(DISPATCH_LEVEL)
PVOID NTAPI IoAllocateErrorLogEntry(_In_ PVOID IoObject, _In_ UCHAR EntrySize);

/* Logs and records the entry, and frees it. */
_IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI IoWriteErrorLogEntry(_In_ PVOID ElEntry);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI IoFreeErrorLogEntry(_In_ PVOID ElEntry);

#ifdef __cplusplus
}
#endif

#endif
