/* SPDX-License-Identifier: MIT */
/* Found through the folder of a file further out only: inc/Shared/numbers.h includes it and lies elsewhere. */
#define OUTER_NUMBER 40
