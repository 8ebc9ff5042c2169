/* SPDX-License-Identifier: MIT */
/* A device that keeps read requests in a cancel-safe queue, as drivers do, for tests of such queues. */
#ifndef WE_TEST_CSQ_DEVICE_H
#define WE_TEST_CSQ_DEVICE_H

#include <wdm.h>

struct csq_device {
    IO_CSQ csq;
    KSPIN_LOCK lock;
    LIST_ENTRY list;
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT device;
    NTSTATUS insert_result;      /* of CsqInsertIrpEx */
    PIO_CSQ_IRP_CONTEXT context; /* for the next request; NULL: none */
    PVOID insert_context_seen;
    KIRQL insert_irql_seen;
    volatile LONG complete_irql_seen;
    volatile LONG cancelled_count;                         /* calls of CsqCompleteCanceledIrp */
    VOID (*on_remove)(struct csq_device *queue, PIRP irp); /* NULL, or what a test does inside of these routines */
    VOID (*on_complete)(struct csq_device *queue, PIRP irp);
};

/* is_ex: with CsqInsertIrpEx. */
void csq_device_create(struct csq_device *queue, BOOLEAN is_ex);
/* The queue is empty. */
void csq_device_destroy(struct csq_device *queue);

/* What became of a request. */
struct csq_request {
    PIRP irp;
    volatile LONG done_count; /* calls of its completion routine */
    NTSTATUS status;
};
/* Sends a read request whose MinorFunction is key; returns what the device did. */
NTSTATUS csq_request_send(struct csq_device *queue, struct csq_request *request, UCHAR key);
/* The same for a request that is cancelled before it is sent. */
NTSTATUS csq_request_send_cancelled(struct csq_device *queue, struct csq_request *request, UCHAR key);
/* Completes a request that was taken out. */
void csq_finish(PIRP irp, NTSTATUS status);
/* Asserts that it was completed once, with this status, and frees the IRP. */
void csq_request_expect(struct csq_request *request, NTSTATUS status);
/* Whether the IRP is in the list. */
BOOLEAN csq_device_has(struct csq_device *queue, PIRP irp);

#endif
