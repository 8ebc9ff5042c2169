/* SPDX-License-Identifier: MIT */
/* Remove locks, for the stop. */
#ifndef WE_IO_REMOVE_LOCK_H
#define WE_IO_REMOVE_LOCK_H

/* Forgets which tags are out. */
void we_io_remove_locks_stop(void);

#endif
