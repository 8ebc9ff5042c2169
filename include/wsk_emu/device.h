/* SPDX-License-Identifier: MIT */
/** @file
 * What an application does with a driver's device: opens it by name, sends it control codes, reads, writes, cancels and
 * closes it, so that a test reaches IRP_MJ_* dispatch routines the way they are reached on Windows.
 *
 * Callable on any thread at PASSIVE_LEVEL without a spin lock. A function that has to wait does so like a thread of an
 * application: in stepped execution the main thread moves the world meanwhile, and a request that can never be completed
 * is reported as a deadlock. */
#ifndef WSK_EMU_DEVICE_H
#define WSK_EMU_DEVICE_H

#include <stddef.h>

#include "wsk_emu/export.h"
#include "wsk_emu/wdk/wdm.h"

WSK_EMU_BEGIN

/** An open handle of a device. */
struct wsk_emu_device;

/** Opens a device: sends IRP_MJ_CREATE with a new file object, and waits for the answer.
 * @param name   in C's spelling "\\\\.\\Gate", "\\??\\Gate", "\\DosDevices\\Gate" or "\\Device\\Gate", in upper or lower
 *               case, UTF-8. What stands behind the name of the device becomes FILE_OBJECT.FileName, with its
 *               backslash.
 * @param access what the handle is for: GENERIC_READ, GENERIC_WRITE, FILE_READ_DATA, ... It decides whether reads, writes
 *               and control codes with FILE_READ_ACCESS or FILE_WRITE_ACCESS are let through.
 * @param device receives the handle, NULL on failure; to be closed with wsk_emu_device_close.
 * @return what the driver completed IRP_MJ_CREATE with (STATUS_INVALID_DEVICE_REQUEST from a driver that has no routine
 * for it); STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND (no such device);
 * STATUS_OBJECT_PATH_SYNTAX_BAD (the name does not begin with a backslash); STATUS_NO_SUCH_DEVICE (still
 * DO_DEVICE_INITIALIZING, or about to be unloaded); STATUS_ACCESS_DENIED (exclusive, and open already);
 * STATUS_INVALID_PARAMETER; STATUS_INVALID_DEVICE_STATE (no emulated kernel is running, or the IRQL is above
 * PASSIVE_LEVEL); STATUS_INSUFFICIENT_RESOURCES. */
WSK_EMU_API NTSTATUS wsk_emu_device_open(PCSTR name, ACCESS_MASK access, struct wsk_emu_device **device);

/** Closes it: IRP_MJ_CLEANUP, and IRP_MJ_CLOSE as soon as no request of the file is pending any more. NULL is ignored. */
WSK_EMU_API void wsk_emu_device_close(struct wsk_emu_device *device);

/** The file object behind the handle, as the driver sees it in its stack locations. Valid until the handle is closed. */
WSK_EMU_API PFILE_OBJECT wsk_emu_device_file(const struct wsk_emu_device *device);

/** Sends IRP_MJ_DEVICE_CONTROL and waits until it is completed. The buffers arrive as the method of the code says.
 * @param code         from CTL_CODE.
 * @param input        input_size bytes; may be NULL when that is 0.
 * @param output       room for output_size bytes; may be NULL when that is 0. With METHOD_BUFFERED it gets
 *                     IoStatus.Information bytes, unless the driver completes with an error.
 * @param information  receives IoStatus.Information, 0 when the request was not sent; may be NULL.
 * @return what DeviceIoControl would make its result of: the status of the IRP, or what the dispatch routine returned if
 * that was not STATUS_PENDING; STATUS_ACCESS_DENIED (the handle lacks what the code demands); STATUS_ACCESS_VIOLATION (a
 * buffer that is NULL but not empty); STATUS_INVALID_PARAMETER; STATUS_INVALID_DEVICE_STATE;
 * STATUS_INSUFFICIENT_RESOURCES. */
WSK_EMU_API NTSTATUS wsk_emu_device_control(struct wsk_emu_device *device, ULONG code, const void *input,
                                            ULONG input_size, void *output, ULONG output_size, SIZE_T *information);

/** The same with IRP_MJ_INTERNAL_DEVICE_CONTROL and KernelMode: what another driver sends. Access is not checked. */
WSK_EMU_API NTSTATUS wsk_emu_device_internal_control(struct wsk_emu_device *device, ULONG code, const void *input,
                                                     ULONG input_size, void *output, ULONG output_size,
                                                     SIZE_T *information);

/** Sends IRP_MJ_READ and waits. Needs FILE_READ_DATA; buffered, direct or neither as the device's flags say.
 * @param offset becomes Parameters.Read.ByteOffset.
 * Else as wsk_emu_device_control. */
WSK_EMU_API NTSTATUS wsk_emu_device_read(struct wsk_emu_device *device, void *buffer, ULONG size, LONGLONG offset,
                                         SIZE_T *information);
/** Sends IRP_MJ_WRITE and waits. Needs FILE_WRITE_DATA or FILE_APPEND_DATA. */
WSK_EMU_API NTSTATUS wsk_emu_device_write(struct wsk_emu_device *device, const void *buffer, ULONG size,
                                          LONGLONG offset, SIZE_T *information);
/** Sends IRP_MJ_FLUSH_BUFFERS and waits. Needs FILE_WRITE_DATA or FILE_APPEND_DATA. */
WSK_EMU_API NTSTATUS wsk_emu_device_flush(struct wsk_emu_device *device);

/* --- requests that are not waited for ---------------------------------------------------------- */

/** A request that was sent and may be pending, as with overlapped I/O. Its buffers must live until it is over. */
struct wsk_emu_request;

/** Sends the request and returns at once.
 * @param request receives the request whenever it was sent, whatever it came to; to be ended with
 *                wsk_emu_request_finish. NULL when it was not sent.
 * @return STATUS_PENDING, or a status as the function that waits returns it. */
WSK_EMU_API NTSTATUS wsk_emu_device_control_start(struct wsk_emu_device *device, ULONG code, const void *input,
                                                  ULONG input_size, void *output, ULONG output_size,
                                                  struct wsk_emu_request **request);
WSK_EMU_API NTSTATUS wsk_emu_device_read_start(struct wsk_emu_device *device, void *buffer, ULONG size, LONGLONG offset,
                                               struct wsk_emu_request **request);
WSK_EMU_API NTSTATUS wsk_emu_device_write_start(struct wsk_emu_device *device, const void *buffer, ULONG size,
                                                LONGLONG offset, struct wsk_emu_request **request);

/** STATUS_PENDING, or what the request came to. information as above, 0 while it is pending; may be NULL. */
WSK_EMU_API NTSTATUS wsk_emu_request_status(const struct wsk_emu_request *request, SIZE_T *information);
/** Cancels it (IoCancelIrp). The driver's cancel routine, if one is set, has run when this returns; the request is over when
 * the driver has completed it. Does nothing to a request that is over. */
WSK_EMU_API void wsk_emu_request_cancel(struct wsk_emu_request *request);
/** Waits until the request is over, and frees it. Returns what it came to. The device may have been closed before. */
WSK_EMU_API NTSTATUS wsk_emu_request_finish(struct wsk_emu_request *request, SIZE_T *information);

WSK_EMU_END

#endif
