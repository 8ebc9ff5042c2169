/* SPDX-License-Identifier: MIT */
/* Requests that the I/O manager itself makes, watches and ends: those of open files, and those that drivers have built. */
#ifndef WE_IO_REQUEST_H
#define WE_IO_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <wdm.h>

/* Counted: one reference is the maker's, one the IRP's as long as it is on its way. */
struct we_io_request;

/* What a file or a device is asked to do. */
struct we_io_ask {
    UCHAR major;
    ULONG code;        /* of a control request */
    const void *input; /* control: any length; IRP_MJ_WRITE: what to write */
    ULONG input_bytes;
    void *output; /* control: any length; IRP_MJ_READ: where to */
    ULONG output_bytes;
    LONGLONG offset; /* IRP_MJ_READ and IRP_MJ_WRITE */
    ULONG key;
};

/* An IRP to device, from the calling thread; file may be NULL. Device and file get a reference until it is over. NULL:
 * memory is short. */
struct we_io_request *we_io_request_create(PDEVICE_OBJECT device, PFILE_OBJECT file, KPROCESSOR_MODE mode);
/* True for one that a driver was given. */
bool we_io_request_is_handed_out(const struct we_io_request *request);
/* The IRP, to be filled in before it is sent. */
PIRP we_io_request_irp(const struct we_io_request *request);
/* Fills the next stack location, and provides the buffers as the device (read, write) or the code (control) wants them.
 * STATUS_ACCESS_VIOLATION: there is no memory where a buffer is said to be; STATUS_INSUFFICIENT_RESOURCES. */
NTSTATUS we_io_request_fill(struct we_io_request *request, const struct we_io_ask *ask);
/* Gives the IRP to a driver that has asked for it and will send it: when it is over, *iosb and event (NULL: nobody) are
 * told, and everything is freed. The request must not be used any more. */
PIRP we_io_request_hand_out(struct we_io_request *request, PIO_STATUS_BLOCK iosb, PKEVENT event);
/* The driver sends what it was given: IRP-044, IRQL-016. */
void we_io_request_check_sent(PIRP irp);
/* Sends it. Returns what the dispatch routine returned. */
NTSTATUS we_io_request_send(struct we_io_request *request);
/* Waits until it is over and returns its status. STATUS_CANCELLED as well when the kernel stops meanwhile. Below
 * DISPATCH_LEVEL, no lock held. */
NTSTATUS we_io_request_wait(struct we_io_request *request, ULONG_PTR *information);
/* The same for so long at most. False: it is still pending. */
bool we_io_request_wait_for(struct we_io_request *request, uint64_t patience_ns);
/* STATUS_PENDING, or what it ended with. */
NTSTATUS we_io_request_status(const struct we_io_request *request, ULONG_PTR *information);
/* IoCancelIrp, unless it is over. */
void we_io_request_cancel(struct we_io_request *request);
/* Drops the maker's reference. A request that was never sent is destroyed. */
void we_io_request_release(struct we_io_request *request);

/* The walk has brought the IRP of a request to its end: copies what was read, frees the buffers and the IRP, tells whoever
 * waits. Any IRQL up to DISPATCH_LEVEL, no lock held. */
void we_io_request_finish(PIRP irp);

/* Cancels those of the file that are on their way. PASSIVE_LEVEL, no lock held. */
void we_io_requests_cancel(PFILE_OBJECT file);
/* Requests whose file was closed have to end: waits a little for those of a driver (NULL: all), and reports UNL-018 for each
 * that does not. PASSIVE_LEVEL, no lock held. */
void we_io_requests_end(PDRIVER_OBJECT driver);
/* One line of the log for each that is on its way: nothing moves any more. */
void we_io_report_stalled(void);
/* Ends those that were never completed, without the drivers, which are gone (stop). */
void we_io_requests_stop(void);

#endif
