/* SPDX-License-Identifier: MIT */
/* The queue of work items, and what lies behind an opaque IO_WORKITEM. */
#ifndef WE_EX_WORKER_H
#define WE_EX_WORKER_H

#include <wdm.h>

#include <stdbool.h>

struct _IO_WORKITEM {
    WORK_QUEUE_ITEM item; /* first; List.Flink is not NULL while it is queued */
    PVOID io_object;
    PIO_WORKITEM_ROUTINE routine;
    PIO_WORKITEM_ROUTINE_EX routine_ex;
    PVOID context;
    ULONG_PTR check;   /* says that the item was initialised: see io_workitem.c */
    bool is_abandoned; /* freed while queued: reported; the worker frees it */
};

/* Queues an item. values NULL: the item is a driver's own; otherwise the item is the first member of an IO_WORKITEM that
 * gets the routine and context of values at the moment it is queued. False: it is queued already, and nothing was
 * changed. Any IRQL up to DISPATCH_LEVEL, no lock held. */
bool we_ex_worker_queue(PWORK_QUEUE_ITEM item, const IO_WORKITEM *values);
/* Marks an IO_WORKITEM that is queued as abandoned. False: it is not queued. */
bool we_ex_worker_abandon(PIO_WORKITEM item);
/* Takes an IO_WORKITEM off the queue, so that its memory may go. False: it is not queued. */
bool we_ex_worker_withdraw(PIO_WORKITEM item);

/* io_workitem.c: runs a copy of item that was made when it left the queue. On a worker, at PASSIVE_LEVEL. */
void we_io_workitem_run(PIO_WORKITEM item, const IO_WORKITEM *copy);
/* Reports work items that were never freed (WORK-006), and frees them. */
void we_io_workitem_report_leaks(void);

#endif
