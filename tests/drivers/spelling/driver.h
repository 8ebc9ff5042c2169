/* SPDX-License-Identifier: MIT */
/* What all files of the driver share, and what the test looks at. */
#ifndef SPELLED_DRIVER_H
#define SPELLED_DRIVER_H

typedef struct _SPELLED_NUMBERS {
    ULONG Control;
    ULONG Data;
    ULONG Shared;
    ULONG Outer;
} SPELLED_NUMBERS;

extern SPELLED_NUMBERS Spelled;

#endif
