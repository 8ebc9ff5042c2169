/* SPDX-License-Identifier: MIT */
/* Files, devices by name, Plug and Play: what is not emulated says so once and fails. */
#include <wdm.h>

#include <initguid.h>
#include <wdmguid.h>

#include "host/host_log.h"
#include "nt/nt_irql.h"
#include "nt/ob_types.h"

static struct _OBJECT_TYPE s_file_type = { WE_OB_FILE };
static POBJECT_TYPE s_file_type_pointer = &s_file_type;
POBJECT_TYPE *IoFileObjectType = &s_file_type_pointer;

PGENERIC_MAPPING IoGetFileObjectGenericMapping(VOID)
{
    static GENERIC_MAPPING s_mapping = { FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS };

    WE_NT_ENTRY(IoGetFileObjectGenericMapping);
    return &s_mapping;
}

NTSTATUS ZwCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                      PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER AllocationSize, ULONG FileAttributes,
                      ULONG ShareAccess, ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength)
{
    (void)DesiredAccess;
    (void)ObjectAttributes;
    (void)AllocationSize;
    (void)FileAttributes;
    (void)ShareAccess;
    (void)CreateDisposition;
    (void)CreateOptions;
    (void)EaBuffer;
    (void)EaLength;
    WE_NT_ENTRY(ZwCreateFile);
    WE_LOG_ONCE(WE_LOG_WARNING, "ZwCreateFile: there are no files, and devices cannot be opened by name");
    *FileHandle = NULL;
    IoStatusBlock->Status = STATUS_OBJECT_NAME_NOT_FOUND;
    IoStatusBlock->Information = 0;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS IoGetDeviceObjectPointer(PUNICODE_STRING ObjectName, ACCESS_MASK DesiredAccess, PFILE_OBJECT *FileObject,
                                  PDEVICE_OBJECT *DeviceObject)
{
    (void)ObjectName;
    (void)DesiredAccess;
    WE_NT_ENTRY(IoGetDeviceObjectPointer);
    WE_LOG_ONCE(WE_LOG_WARNING, "IoGetDeviceObjectPointer: devices cannot be opened by name");
    *FileObject = NULL;
    *DeviceObject = NULL;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS IoRegisterPlugPlayNotification(IO_NOTIFICATION_EVENT_CATEGORY EventCategory, ULONG EventCategoryFlags,
                                        PVOID EventCategoryData, PDRIVER_OBJECT DriverObject,
                                        PDRIVER_NOTIFICATION_CALLBACK_ROUTINE CallbackRoutine, PVOID Context,
                                        PVOID *NotificationEntry)
{
    (void)EventCategory;
    (void)EventCategoryFlags;
    (void)EventCategoryData;
    (void)DriverObject;
    (void)CallbackRoutine;
    (void)Context;
    WE_NT_ENTRY(IoRegisterPlugPlayNotification);
    WE_LOG_ONCE(WE_LOG_WARNING, "IoRegisterPlugPlayNotification: Plug and Play is not emulated");
    *NotificationEntry = NULL;
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS IoUnregisterPlugPlayNotificationEx(PVOID NotificationEntry)
{
    (void)NotificationEntry;
    WE_NT_ENTRY(IoUnregisterPlugPlayNotificationEx);
    return STATUS_INVALID_PARAMETER;
}
