/* SPDX-License-Identifier: MIT */
/* What happens when the main thread waits for something that cannot come. */
#ifndef WE_NT_STALL_H
#define WE_NT_STALL_H

/* The handler gets the text "who waits for what". It may leave by longjmp: the main thread's wait has been taken
 * off its objects by then, and driver code is shut out (we_nt_door_shut). NULL restores the default: print the text;
 * in stepped execution abort, in threads execution go on waiting. Kept from one instance to the next. */
void we_nt_stall_set_handler(void (*handler)(const char *text));
/* For we_host_exec_hooks.stalled. */
void we_nt_stall(void);

#endif
