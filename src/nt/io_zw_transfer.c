/* SPDX-License-Identifier: MIT */
/* What drivers ask of devices that they have opened: ZwReadFile, ZwWriteFile, ZwDeviceIoControlFile, ZwQueryInformationFile. */
#include <wdm.h>

#include "host/host_log.h"
#include "nt/io_file.h"
#include "nt/nt_irql.h"
#include "nt/ob_object.h"

/* Sends it; waits if the file was opened for synchronous I/O. */
static NTSTATUS file_ask(PFILE_OBJECT file, const struct we_io_ask *ask, PIO_STATUS_BLOCK iosb)
{
    bool is_synchronous = (file->Flags & FO_SYNCHRONOUS_IO) != 0;
    const struct we_io_way way = { .mode = KernelMode, .iosb = is_synchronous ? NULL : iosb };
    struct we_io_request *request;
    ULONG_PTR information = 0;
    NTSTATUS status = we_io_file_start(file, &way, ask, &request);

    if (request == NULL) {
        return status;
    }
    if (is_synchronous) {
        status = we_io_request_wait(request, &information);
        iosb->Status = status;
        iosb->Information = information;
    }
    we_io_request_release(request);
    return status;
}

static NTSTATUS handle_ask(const char *function, HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc,
                           const struct we_io_ask *ask, PIO_STATUS_BLOCK iosb)
{
    PFILE_OBJECT file;
    NTSTATUS status = we_io_file_of_handle(function, handle, &file);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (event != NULL || apc != NULL) {
        WE_LOG_ONCE(WE_LOG_WARNING, "%s: neither events with handles nor APCs are emulated", function);
        status = STATUS_NOT_SUPPORTED;
    } else {
        status = file_ask(file, ask, iosb);
    }
    we_ob_dereference(file);
    return status;
}

/* Where to read or write. Only synchronous I/O has a position of its own. */
static NTSTATUS offset_find(const char *function, HANDLE handle, const LARGE_INTEGER *wanted, LONGLONG *offset)
{
    bool is_position = wanted == NULL || (wanted->HighPart == -1 && wanted->LowPart == FILE_USE_FILE_POINTER_POSITION);
    PFILE_OBJECT file;
    NTSTATUS status;

    if (!is_position) {
        *offset = wanted->QuadPart;
        return STATUS_SUCCESS;
    }
    status = we_io_file_of_handle(function, handle, &file);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = (file->Flags & FO_SYNCHRONOUS_IO) != 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    *offset = file->CurrentByteOffset.QuadPart;
    we_ob_dereference(file);
    return status;
}

NTSTATUS ZwReadFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                    PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key)
{
    struct we_io_ask ask = {
        .major = IRP_MJ_READ, .output = Buffer, .output_bytes = Length, .key = Key != NULL ? *Key : 0
    };
    NTSTATUS status;

    UNREFERENCED_PARAMETER(ApcContext);
    WE_NT_ENTRY(ZwReadFile);
    status = offset_find("ZwReadFile", FileHandle, ByteOffset, &ask.offset);
    return NT_SUCCESS(status) ? handle_ask("ZwReadFile", FileHandle, Event, ApcRoutine, &ask, IoStatusBlock) : status;
}

NTSTATUS ZwWriteFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                     PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key)
{
    struct we_io_ask ask = {
        .major = IRP_MJ_WRITE, .input = Buffer, .input_bytes = Length, .key = Key != NULL ? *Key : 0
    };
    NTSTATUS status;

    UNREFERENCED_PARAMETER(ApcContext);
    WE_NT_ENTRY(ZwWriteFile);
    status = offset_find("ZwWriteFile", FileHandle, ByteOffset, &ask.offset);
    return NT_SUCCESS(status) ? handle_ask("ZwWriteFile", FileHandle, Event, ApcRoutine, &ask, IoStatusBlock) : status;
}

NTSTATUS ZwDeviceIoControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                               PIO_STATUS_BLOCK IoStatusBlock, ULONG IoControlCode, PVOID InputBuffer,
                               ULONG InputBufferLength, PVOID OutputBuffer, ULONG OutputBufferLength)
{
    const struct we_io_ask ask = {
        .major = IRP_MJ_DEVICE_CONTROL,
        .code = IoControlCode,
        .input = InputBuffer,
        .input_bytes = InputBufferLength,
        .output = OutputBuffer,
        .output_bytes = OutputBufferLength,
    };

    UNREFERENCED_PARAMETER(ApcContext);
    WE_NT_ENTRY(ZwDeviceIoControlFile);
    return handle_ask("ZwDeviceIoControlFile", FileHandle, Event, ApcRoutine, &ask, IoStatusBlock);
}

NTSTATUS ZwQueryInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation, ULONG Length,
                                FILE_INFORMATION_CLASS FileInformationClass)
{
    PFILE_OBJECT file;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(FileInformation);
    UNREFERENCED_PARAMETER(Length);
    UNREFERENCED_PARAMETER(FileInformationClass);
    WE_NT_ENTRY(ZwQueryInformationFile);
    status = we_io_file_of_handle("ZwQueryInformationFile", FileHandle, &file);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    we_ob_dereference(file);
    WE_LOG_ONCE(WE_LOG_WARNING, "ZwQueryInformationFile: devices are not asked, and there are no files");
    IoStatusBlock->Status = STATUS_INVALID_DEVICE_REQUEST;
    IoStatusBlock->Information = 0;
    return STATUS_INVALID_DEVICE_REQUEST;
}
