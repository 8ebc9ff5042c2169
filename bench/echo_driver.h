/* SPDX-License-Identifier: MIT */
/* What a program may know of the echo driver. */
#ifndef ECHO_DRIVER_H
#define ECHO_DRIVER_H

#include <ntddk.h>

/* The port of the loopback address on which the loaded driver listens, in host byte order. */
extern USHORT EchoPort;

#endif
