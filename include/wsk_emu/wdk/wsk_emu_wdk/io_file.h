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

/* The top of a named device's stack. The caller drops the reference of *FileObject (not of the device). */
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI NTSTATUS IoGetDeviceObjectPointer(_In_ PUNICODE_STRING ObjectName,
    _In_ ACCESS_MASK DesiredAccess, _Out_ PFILE_OBJECT *FileObject, _Out_ PDEVICE_OBJECT *DeviceObject);

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
