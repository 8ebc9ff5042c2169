/* SPDX-License-Identifier: MIT */
/* The end of the system: printed, handed to whoever wants to know, then abort. */
#ifndef WE_KE_BUGCHECK_H
#define WE_KE_BUGCHECK_H

#include <wdm.h>

/* Gets a bug check after it was printed, as numbers and as the printed text (several lines). Called on the thread that
 * stopped, at its IRQL, with whatever locks it holds. May leave by longjmp; when it returns the process aborts. */
typedef void (*we_ke_bugcheck_fn)(ULONG code, const ULONG_PTR parameters[4], const char *text);

/* NULL: nobody is told. Set it only while no bug check can happen. */
void we_ke_bugcheck_set_hook(we_ke_bugcheck_fn hook);

/* The documented name of a code, or "unknown bug check". */
const char *we_ke_bugcheck_name(ULONG code);

#endif
