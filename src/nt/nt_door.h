/* SPDX-License-Identifier: MIT */
/* The only way into driver code: sets the IRQL, and checks on the way out that all is as before. */
#ifndef WE_NT_DOOR_H
#define WE_NT_DOOR_H

#include "nt/nt_thread.h"

/* A call site reads: enter; call; leave. No ranked lock may be held (WE_DOOR_CANCEL excepted, whose
 * lock is the driver-visible cancel lock and counts as a hold of the driver).
 * The IRQL must already be right: the door notes it. frame lives on the caller's stack.
 * leave reports and repairs: IRQL-007 / CB-003 / WORK-010 / DPC-007 (IRQL), LOCK-016 (spin lock kept),
 * IRQL-008 (critical region kept). Nothing of ours may be touched between enter and leave. */
void we_nt_door_enter(struct we_nt_frame *frame, enum we_nt_door_kind kind, const void *routine, const void *object);
void we_nt_door_leave(struct we_nt_frame *frame);

/* Shuts driver code out: after a test left driver code by longjmp, nothing of the driver may run any more, its stack
 * frames are gone. Whoever would enter a door asks first and goes on as if the routine had nothing to say:
 * completion walks stop, callbacks answer their harmless value, DPCs and work items are dropped. */
void we_nt_door_shut(bool is_shut);
bool we_nt_door_is_shut(void);

/* True when the calling thread is in a routine of this kind for this object, or in what that called. */
bool we_nt_door_is_inside(enum we_nt_door_kind kind, const void *object);

/* The innermost frame of the calling thread that is of a WSK callback or completion routine, or NULL. */
const struct we_nt_frame *we_nt_door_find_callback(void);

#endif
