/* SPDX-License-Identifier: MIT */
/* The buffers of requests. */
#ifndef WE_IO_BUFFERS_H
#define WE_IO_BUFFERS_H

#include <wdm.h>

#include "nt/io_request.h"

/* What an IRP got. */
struct we_io_buffers {
    PVOID system_buffer; /* from the pool */
    ULONG copy_bytes;    /* how much may be copied back */
    PMDL mdl;            /* locked */
};

/* Fills the next stack location of an IRP for the device, and provides its buffers. On failure (see we_io_request_fill) what
 * is there already is for we_io_buffers_free. */
NTSTATUS we_io_buffers_make(struct we_io_buffers *buffers, PIRP irp, PDEVICE_OBJECT device,
                            const struct we_io_ask *ask);
/* The request is over: what was read or answered goes to whoever asked, unless it has failed. A warning is no failure: "more
 * data" comes with the data that fitted. Reports IRP-055. */
void we_io_buffers_copy_back(const struct we_io_buffers *buffers, PIRP irp);
/* Frees them; mdl: the chain of the IRP, to which drivers may have added. */
void we_io_buffers_free(struct we_io_buffers *buffers, PMDL mdl);

#endif
