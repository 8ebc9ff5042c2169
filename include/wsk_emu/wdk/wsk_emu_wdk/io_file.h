/* SPDX-License-Identifier: MIT */
/* Devices that are opened by name, and Plug and Play notifications. There are no other files and no device interfaces: what
 * needs them fails and says so once in the log. */
#ifndef WSK_EMU_WDK_IO_FILE_H
#define WSK_EMU_WDK_IO_FILE_H

#include "io.h"
#include "se.h"

#ifdef __cplusplus
extern "C" {
#endif

extern POBJECT_TYPE *IoFileObjectType;

typedef struct _FILE_FULL_EA_INFORMATION {
    ULONG NextEntryOffset;
    UCHAR Flags;
    UCHAR EaNameLength;
    USHORT EaValueLength;
    CHAR EaName[1];
} FILE_FULL_EA_INFORMATION, *PFILE_FULL_EA_INFORMATION;

NTKERNELAPI PGENERIC_MAPPING NTAPI IoGetFileObjectGenericMapping(VOID);

/* Opens the device of a loaded driver: \Device\Name, or a symbolic link that leads to one. The handle is a kernel handle.
 * STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND: there is none (and no files); STATUS_NO_SUCH_DEVICE: it is
 * still being initialised, or about to go; STATUS_ACCESS_DENIED: it is exclusive and open; STATUS_INVALID_PARAMETER; or what
 * the driver completes IRP_MJ_CREATE with. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI ZwCreateFile(_Out_ PHANDLE FileHandle,
    _In_ ACCESS_MASK DesiredAccess, _In_ POBJECT_ATTRIBUTES ObjectAttributes, _Out_ PIO_STATUS_BLOCK IoStatusBlock,
    _In_opt_ PLARGE_INTEGER AllocationSize, _In_ ULONG FileAttributes, _In_ ULONG ShareAccess,
    _In_ ULONG CreateDisposition, _In_ ULONG CreateOptions, _In_reads_bytes_opt_(EaLength) PVOID EaBuffer,
    _In_ ULONG EaLength);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI ZwOpenFile(_Out_ PHANDLE FileHandle,
    _In_ ACCESS_MASK DesiredAccess, _In_ POBJECT_ATTRIBUTES ObjectAttributes, _Out_ PIO_STATUS_BLOCK IoStatusBlock,
    _In_ ULONG ShareAccess, _In_ ULONG OpenOptions);

/* Requests to an open device. With a handle for synchronous I/O (FILE_SYNCHRONOUS_IO_NONALERT) they wait; otherwise they
 * return STATUS_PENDING while the request is on its way, and *IoStatusBlock and the buffers must live until it is over.
 * STATUS_INVALID_HANDLE; STATUS_OBJECT_TYPE_MISMATCH (no file); STATUS_ACCESS_DENIED (not opened for this);
 * STATUS_INVALID_PARAMETER (no ByteOffset, and no synchronous I/O); STATUS_NOT_SUPPORTED (an event or an APC: there are
 * neither events with handles nor APCs); or what the driver completes the request with. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI ZwReadFile(_In_ HANDLE FileHandle, _In_opt_ HANDLE Event,
    _In_opt_ PIO_APC_ROUTINE ApcRoutine, _In_opt_ PVOID ApcContext, _Out_ PIO_STATUS_BLOCK IoStatusBlock,
    _Out_writes_bytes_(Length) PVOID Buffer, _In_ ULONG Length, _In_opt_ PLARGE_INTEGER ByteOffset,
    _In_opt_ PULONG Key);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI ZwWriteFile(_In_ HANDLE FileHandle, _In_opt_ HANDLE Event,
    _In_opt_ PIO_APC_ROUTINE ApcRoutine, _In_opt_ PVOID ApcContext, _Out_ PIO_STATUS_BLOCK IoStatusBlock,
    _In_reads_bytes_(Length) PVOID Buffer, _In_ ULONG Length, _In_opt_ PLARGE_INTEGER ByteOffset, _In_opt_ PULONG Key);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI ZwDeviceIoControlFile(_In_ HANDLE FileHandle,
    _In_opt_ HANDLE Event, _In_opt_ PIO_APC_ROUTINE ApcRoutine, _In_opt_ PVOID ApcContext,
    _Out_ PIO_STATUS_BLOCK IoStatusBlock, _In_ ULONG IoControlCode,
    _In_reads_bytes_opt_(InputBufferLength) PVOID InputBuffer, _In_ ULONG InputBufferLength,
    _Out_writes_bytes_opt_(OutputBufferLength) PVOID OutputBuffer, _In_ ULONG OutputBufferLength);

typedef enum _FILE_INFORMATION_CLASS {
    FileDirectoryInformation = 1,
    FileBasicInformation = 4,
    FileStandardInformation = 5,
    FileNameInformation = 9,
    FilePositionInformation = 14,
    FileEndOfFileInformation = 20
} FILE_INFORMATION_CLASS, *PFILE_INFORMATION_CLASS;

typedef struct _FILE_STANDARD_INFORMATION {
    LARGE_INTEGER AllocationSize;
    LARGE_INTEGER EndOfFile;
    ULONG NumberOfLinks;
    BOOLEAN DeletePending;
    BOOLEAN Directory;
} FILE_STANDARD_INFORMATION, *PFILE_STANDARD_INFORMATION;
WSK_EMU_CHECK_SIZE(FILE_STANDARD_INFORMATION, 24);

/* STATUS_INVALID_DEVICE_REQUEST: a device, and there are no files. STATUS_INVALID_HANDLE; STATUS_OBJECT_TYPE_MISMATCH. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI ZwQueryInformationFile(_In_ HANDLE FileHandle,
    _Out_ PIO_STATUS_BLOCK IoStatusBlock, _Out_writes_bytes_(Length) PVOID FileInformation, _In_ ULONG Length,
    _In_ FILE_INFORMATION_CLASS FileInformationClass);

/* ByteOffset with a HighPart of -1: the end of the file, which the driver gets as it is; and the file's own position, only
 * with synchronous I/O. */
#define FILE_WRITE_TO_END_OF_FILE      0xffffffff
#define FILE_USE_FILE_POINTER_POSITION 0xfffffffe

/* The top of a named device's stack. The caller drops the reference of *FileObject (not of the device). */
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI NTSTATUS IoGetDeviceObjectPointer(_In_ PUNICODE_STRING ObjectName,
    _In_ ACCESS_MASK DesiredAccess, _Out_ PFILE_OBJECT *FileObject, _Out_ PDEVICE_OBJECT *DeviceObject);

/* Attaches SourceDevice to the stack of a named device. STATUS_NO_SUCH_DEVICE: it cannot be attached to; else as
 * IoGetDeviceObjectPointer. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI NTSTATUS IoAttachDevice(_In_ PDEVICE_OBJECT SourceDevice,
    _In_ PUNICODE_STRING TargetDevice, _Out_ PDEVICE_OBJECT *AttachedDevice);

/*
 * Notifications of device interfaces.
 */
typedef enum _IO_NOTIFICATION_EVENT_CATEGORY {
    EventCategoryReserved,
    EventCategoryHardwareProfileChange,
    EventCategoryDeviceInterfaceChange,
    EventCategoryTargetDeviceChange,
    EventCategoryKernelSoftRestart
} IO_NOTIFICATION_EVENT_CATEGORY;

#define PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES 0x00000001

typedef struct _DEVICE_INTERFACE_CHANGE_NOTIFICATION {
    USHORT Version;
    USHORT Size;
    GUID Event;
    GUID InterfaceClassGuid;
    PUNICODE_STRING SymbolicLinkName;
} DEVICE_INTERFACE_CHANGE_NOTIFICATION, *PDEVICE_INTERFACE_CHANGE_NOTIFICATION;

_IRQL_requires_same_ _Function_class_(DRIVER_NOTIFICATION_CALLBACK_ROUTINE) typedef NTSTATUS
    DRIVER_NOTIFICATION_CALLBACK_ROUTINE(_In_ PVOID NotificationStructure, _Inout_opt_ PVOID Context);
typedef DRIVER_NOTIFICATION_CALLBACK_ROUTINE *PDRIVER_NOTIFICATION_CALLBACK_ROUTINE;

/* STATUS_NOT_SUPPORTED: nothing ever arrives. *NotificationEntry is NULL then. */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTKERNELAPI NTSTATUS IoRegisterPlugPlayNotification(
    _In_ IO_NOTIFICATION_EVENT_CATEGORY EventCategory, _In_ ULONG EventCategoryFlags,
    _In_opt_ PVOID EventCategoryData, _In_ PDRIVER_OBJECT DriverObject,
    _In_ PDRIVER_NOTIFICATION_CALLBACK_ROUTINE CallbackRoutine, _Inout_opt_ __drv_aliasesMem PVOID Context,
    _Outptr_result_nullonfailure_ PVOID *NotificationEntry);

/* STATUS_INVALID_PARAMETER: no entry was ever given out. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI NTSTATUS IoUnregisterPlugPlayNotificationEx(_In_ PVOID NotificationEntry);

#ifdef __cplusplus
}
#endif

#endif
