/* SPDX-License-Identifier: MIT */
/* EX_SPIN_LOCK, for recovery. */
#ifndef WE_EX_SPINLOCK_H
#define WE_EX_SPINLOCK_H

#include "nt/nt_thread.h"

/* Lets go of a lock without checks; the IRQL stays. */
void we_ex_spinlock_force_release(const struct we_nt_hold *hold);

#endif
