/* SPDX-License-Identifier: MIT */
/* What DriverEntry answers, so that nothing stays loaded. */
#define SPELLED_RESULT STATUS_NO_SUCH_DEVICE
