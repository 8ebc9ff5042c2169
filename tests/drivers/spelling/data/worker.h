/* SPDX-License-Identifier: MIT */
/* The part of the driver in the folder data. */
#ifndef SPELLED_DATA_H
#define SPELLED_DATA_H

ULONG DataNumber(VOID);

#endif
