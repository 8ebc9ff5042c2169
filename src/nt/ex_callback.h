/* SPDX-License-Identifier: MIT */
/* Callback objects, as the end of the kernel sees them. */
#ifndef WE_EX_CALLBACK_H
#define WE_EX_CALLBACK_H

/* Reports routines that are still registered (UNL-013) and forgets all names. The processors have stopped. */
void we_ex_callbacks_stop(void);

#endif
