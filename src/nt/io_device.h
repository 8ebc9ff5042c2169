/* SPDX-License-Identifier: MIT */
/* Driver and device objects as the loader and the rest of the I/O manager see them. */
#ifndef WE_IO_DEVICE_H
#define WE_IO_DEVICE_H

#include <stdbool.h>

#include <wdm.h>

/* What a StartIo routine that may not nest is doing. */
enum we_io_start_state { WE_START_IDLE, WE_START_RUNNING, WE_START_AGAIN /* and has asked for the next request */ };

/* What stands beside a device; DEVICE_OBJECT.DeviceObjectExtension leads to it. */
struct we_io_device_extension {
    DEVOBJ_EXTENSION common;    /* first */
    PDEVICE_OBJECT attached_to; /* the device below; guarded by the lock of io_attach.c */
    bool is_deleted;            /* IoDeleteDevice was called */
    bool is_start_deferred;     /* IoSetStartIoAttributes */
    bool is_start_uncancelable;
    int start_state;                /* enum we_io_start_state; atomic */
    ACCESS_MASK application_access; /* what its security descriptor grants to applications */
};

static inline struct we_io_device_extension *we_io_device_extension(const DEVICE_OBJECT *device)
{
    return (struct we_io_device_extension *)(void *)device->DeviceObjectExtension;
}

/* Makes the driver object \Driver\name. Every MajorFunction completes with STATUS_INVALID_DEVICE_REQUEST. Returns NULL
 * when memory is short. name: 1 to 200 characters of ASCII; copied. */
PDRIVER_OBJECT we_io_driver_create(PCSTR name);
/* DriverEntry has returned with success: its devices may be opened from now on. */
void we_io_driver_started(PDRIVER_OBJECT driver);
/* Reports devices and symbolic links that the driver left behind (UNL-003), deletes them, and drops the object. */
void we_io_driver_destroy(PDRIVER_OBJECT driver);
/* Reports symbolic links that lead nowhere (UNL-003) and forgets every name (stop). */
void we_io_names_stop(void);

/* The routine of a major function that the driver did not set. */
DRIVER_DISPATCH we_io_default_dispatch;

/* A file is about to be opened on the device: counts it. STATUS_NO_SUCH_DEVICE: it is still being initialised, deleted, or
 * its driver waits to be unloaded; STATUS_ACCESS_DENIED: it is exclusive and open. */
NTSTATUS we_io_device_open(PDEVICE_OBJECT device);
/* The file is gone. */
void we_io_device_close(PDEVICE_OBJECT device);

/* Waits a little for files of the driver that are closed already and will be gone in a moment. PASSIVE_LEVEL, no lock. */
void we_io_driver_settle(PDRIVER_OBJECT driver);
/* No further opens. False: none of the driver's devices is open, so it can be unloaded now. True: idle(driver) is called
 * once when the last file is gone, on the thread that closes it, without a lock. */
bool we_io_driver_must_wait(PDRIVER_OBJECT driver, void (*idle)(PDRIVER_OBJECT driver));

#endif
