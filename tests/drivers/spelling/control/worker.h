/* SPDX-License-Identifier: MIT */
/* The part of the driver in the folder control. */
#ifndef SPELLED_CONTROL_H
#define SPELLED_CONTROL_H

ULONG ControlNumber(VOID);

#endif
