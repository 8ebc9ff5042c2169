/* SPDX-License-Identifier: MIT */
/* Open files of devices. */
#ifndef WE_IO_FILE_H
#define WE_IO_FILE_H

#include <stdbool.h>

#include <wdm.h>

#include "nt/io_request.h"

/* How a file is opened; what IRP_MJ_CREATE says. */
struct we_io_open {
    const UNICODE_STRING *name;
    ACCESS_MASK access; /* generic rights are mapped */
    ULONG file_attributes;
    ULONG share_access;
    ULONG disposition; /* FILE_OPEN ... */
    ULONG options;
    PVOID ea;
    ULONG ea_bytes;
    KPROCESSOR_MODE mode;
};

/* An access mask with its generic rights, and MAXIMUM_ALLOWED, replaced by those of files. */
ACCESS_MASK we_io_access_map(ACCESS_MASK access);

/* Opens a device: a new file object, IRP_MJ_CREATE to the top of the device's stack, a handle. information: IoStatus of
 * the request, may be NULL. Returns what the driver answered, or STATUS_OBJECT_NAME_NOT_FOUND and its kin
 * (we_io_name_open), STATUS_NO_SUCH_DEVICE, STATUS_ACCESS_DENIED (we_io_device_open), STATUS_INSUFFICIENT_RESOURCES.
 * Closing the last handle sends IRP_MJ_CLEANUP, dropping the last reference IRP_MJ_CLOSE. PASSIVE_LEVEL, no lock held. */
NTSTATUS we_io_file_open(const struct we_io_open *open, HANDLE *handle, ULONG_PTR *information);
/* The file behind a handle with a new reference. Errors as we_ob_handle_open. */
NTSTATUS we_io_file_of_handle(const char *function, HANDLE handle, PFILE_OBJECT *file);
/* True once the last handle was closed and IRP_MJ_CLEANUP has been answered. */
bool we_io_file_is_closed(PFILE_OBJECT file);
/* How many files of the driver's devices have an open handle. */
size_t we_io_files_open(PDRIVER_OBJECT driver);
/* What the file was opened for. */
ACCESS_MASK we_io_file_access(PFILE_OBJECT file);
/* How a request is sent, and who is told when it is over. */
struct we_io_way {
    KPROCESSOR_MODE mode;
    ULONG irp_flags;
    PIO_STATUS_BLOCK iosb; /* NULL: the request's own, for we_io_request_wait; else the file's event is set, too */
};
/* Sends a request to an open file and returns what the dispatch routine returned; *request is the caller's to release.
 * STATUS_ACCESS_DENIED: the file was not opened for this; or as we_io_request_fill. *request is NULL then. */
NTSTATUS we_io_file_start(PFILE_OBJECT file, const struct we_io_way *way, const struct we_io_ask *ask,
                          struct we_io_request **request);
/* From here on nothing is sent to a driver: those are about to be dropped. */
void we_io_files_stop(void);

#endif
