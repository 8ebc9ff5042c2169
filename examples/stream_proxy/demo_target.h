/* SPDX-License-Identifier: MIT */
/* The target of the demonstration: an echo server made of BSD sockets. No Windows type is known here. */
#ifndef DEMO_TARGET_H
#define DEMO_TARGET_H

#include <stdbool.h>
#include <stdint.h>

/* Listens on a port of the loopback address, which it returns. Every connection gets back what it sends; when it finishes, the
 * server finishes as well. Ends the program when that does not work. */
uint16_t demo_target_start(void);
/* While it is stuck it takes connections, but does not read from them. */
void demo_target_set_stuck(bool is_stuck);
/* Closes the port and waits until the last connection has ended. */
void demo_target_stop(void);

#endif
