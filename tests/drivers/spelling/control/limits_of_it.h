/* SPDX-License-Identifier: MIT */
/* A header of whose name each folder has its own. */
#define LIMIT_OF_IT 10
