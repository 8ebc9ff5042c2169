/* SPDX-License-Identifier: MIT */
/* How drivers open devices by name: ZwCreateFile, ZwOpenFile, IoGetDeviceObjectPointer, IoAttachDevice. There are no other
 * files. */
#include <wdm.h>

#include "host/host_log.h"
#include "nt/io_file.h"
#include "nt/nt_irql.h"
#include "nt/ob_object.h"

#define OPTIONS_SYNCHRONOUS (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)

static NTSTATUS options_check(ULONG options, ACCESS_MASK access)
{
    if ((options & OPTIONS_SYNCHRONOUS) == OPTIONS_SYNCHRONOUS) {
        return STATUS_INVALID_PARAMETER;
    }
    /* Who waits for a file must be allowed to. */
    if ((options & OPTIONS_SYNCHRONOUS) != 0 && (access & (SYNCHRONIZE | GENERIC_READ | GENERIC_WRITE |
                                                           GENERIC_EXECUTE | GENERIC_ALL | MAXIMUM_ALLOWED)) == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS file_open(const char *function, const OBJECT_ATTRIBUTES *attributes, struct we_io_open *open,
                          PHANDLE handle, PIO_STATUS_BLOCK iosb)
{
    ULONG_PTR information = 0;
    NTSTATUS status;

    *handle = NULL;
    if (attributes == NULL || attributes->Length != sizeof(*attributes) || attributes->ObjectName == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (attributes->RootDirectory != NULL) {
        WE_LOG_ONCE(WE_LOG_WARNING, "%s: names that are relative to a handle are not emulated", function);
        return STATUS_NOT_SUPPORTED;
    }
    status = options_check(open->options, open->access);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    open->name = attributes->ObjectName;
    open->mode = KernelMode;
    status = we_io_file_open(open, handle, &information);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND || status == STATUS_OBJECT_PATH_NOT_FOUND) {
        WE_LOG_ONCE(WE_LOG_WARNING, "%s: there are no files; the devices of loaded drivers can be opened", function);
    }
    iosb->Status = status;
    iosb->Information = information;
    return status;
}

NTSTATUS ZwCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                      PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER AllocationSize, ULONG FileAttributes,
                      ULONG ShareAccess, ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength)
{
    struct we_io_open open = {
        .access = DesiredAccess,
        .file_attributes = FileAttributes,
        .share_access = ShareAccess,
        .disposition = CreateDisposition,
        .options = CreateOptions,
        .ea = EaBuffer,
        .ea_bytes = EaLength,
    };

    UNREFERENCED_PARAMETER(AllocationSize);
    WE_NT_ENTRY(ZwCreateFile);
    return file_open("ZwCreateFile", ObjectAttributes, &open, FileHandle, IoStatusBlock);
}

NTSTATUS ZwOpenFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                    PIO_STATUS_BLOCK IoStatusBlock, ULONG ShareAccess, ULONG OpenOptions)
{
    struct we_io_open open = {
        .access = DesiredAccess,
        .share_access = ShareAccess,
        .disposition = FILE_OPEN,
        .options = OpenOptions,
    };

    WE_NT_ENTRY(ZwOpenFile);
    return file_open("ZwOpenFile", ObjectAttributes, &open, FileHandle, IoStatusBlock);
}

/* As on Windows: the file is opened, and its handle closed at once, so the driver sees IRP_MJ_CLEANUP now and IRP_MJ_CLOSE
 * when the reference is dropped. */
NTSTATUS IoGetDeviceObjectPointer(PUNICODE_STRING ObjectName, ACCESS_MASK DesiredAccess, PFILE_OBJECT *FileObject,
                                  PDEVICE_OBJECT *DeviceObject)
{
    struct we_io_open open = {
        .name = ObjectName,
        .access = DesiredAccess,
        .disposition = FILE_OPEN,
        .options = FILE_NON_DIRECTORY_FILE,
        .mode = KernelMode,
    };
    PFILE_OBJECT file;
    HANDLE handle;
    NTSTATUS status;

    WE_NT_ENTRY(IoGetDeviceObjectPointer);
    *FileObject = NULL;
    *DeviceObject = NULL;
    status = we_io_file_open(&open, &handle, NULL);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = we_io_file_of_handle("IoGetDeviceObjectPointer", handle, &file);
    if (NT_SUCCESS(status)) {
        *FileObject = file;
        *DeviceObject = IoGetRelatedDeviceObject(file);
    }
    (void)we_ob_handle_close(handle);
    return status;
}

NTSTATUS IoAttachDevice(PDEVICE_OBJECT SourceDevice, PUNICODE_STRING TargetDevice, PDEVICE_OBJECT *AttachedDevice)
{
    PFILE_OBJECT file;
    PDEVICE_OBJECT target;
    NTSTATUS status;

    WE_NT_ENTRY(IoAttachDevice);
    *AttachedDevice = NULL;
    status = IoGetDeviceObjectPointer(TargetDevice, FILE_READ_ATTRIBUTES, &file, &target);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = IoAttachDeviceToDeviceStackSafe(SourceDevice, target, AttachedDevice);
    we_ob_dereference(file);
    return status;
}
