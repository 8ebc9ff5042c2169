/* SPDX-License-Identifier: MIT */
/* A driver with one device, whose dispatch routines a test chooses. */
#ifndef WE_TEST_DEVICE_DRIVER_H
#define WE_TEST_DEVICE_DRIVER_H

#include <ntddk.h>

#include "wsk_emu/cmocka.h"
#include "wsk_emu/device.h"
#include "wsk_emu/driver.h"

#define GATE_NAME "\\\\.\\Gate"
#define GATE_ACCESS (GENERIC_READ | GENERIC_WRITE)
#define GATE_CODE(method) CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, method, FILE_ANY_ACCESS)

#define GATE_REQUESTS_MAX 32

/* One request as its dispatch routine found it. */
struct gate_request {
    UCHAR major;
    UCHAR minor;
    KPROCESSOR_MODE mode;
    KIRQL irql;
    ULONG irp_flags;
    PDEVICE_OBJECT device;
    PFILE_OBJECT file;
    PETHREAD thread;
};

/* What the driver is to do, and what happened to it. Zeroed by gate_reset. */
struct gate {
    ULONG device_flags; /* DO_BUFFERED_IO ... */
    BOOLEAN is_exclusive;
    BOOLEAN is_created_late;                                /* after DriverEntry, with DO_DEVICE_INITIALIZING */
    PDRIVER_DISPATCH routines[IRP_MJ_MAXIMUM_FUNCTION + 1]; /* instead of "complete with success" */
    BOOLEAN has_no_routine[IRP_MJ_MAXIMUM_FUNCTION + 1];    /* the entry of DriverEntry stays as it is */

    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT device;
    volatile LONG unload_count; /* maybe on another thread */
    struct gate_request requests[GATE_REQUESTS_MAX];
    volatile LONG request_count; /* all; the first ones are kept */
};
extern struct gate g_gate;

void gate_reset(void);
/* Loads it: device \Device\Gate, link \DosDevices\Gate. */
void gate_load(void);
void gate_unload(void);
/* The two as fixtures of a test; setup resets. */
int gate_setup(void **state);
int gate_teardown(void **state);

/* Opens the gate for reading and writing. */
struct wsk_emu_device *gate_open(void);
/* Compares the majors of all requests so far, from the first on. */
void gate_expect_majors(const UCHAR *majors, unsigned count);
#define GATE_EXPECT_MAJORS(...)                              \
    do {                                                     \
        static const UCHAR majors_[] = { __VA_ARGS__ };      \
                                                             \
        gate_expect_majors(majors_, RTL_NUMBER_OF(majors_)); \
    } while (0)

/* Completes an IRP and returns its status: the end of a dispatch routine. */
NTSTATUS gate_complete(PIRP irp, NTSTATUS status, ULONG_PTR information);

#endif
