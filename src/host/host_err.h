/* SPDX-License-Identifier: MIT */
/* The operating system's error numbers as our own errors: one table. */
#ifndef WE_HOST_ERR_H
#define WE_HOST_ERR_H

#include "base/base_err.h"

/* 0 is WE_OK; a number that the table does not have is WE_ERR_UNEXPECTED. */
enum we_err we_host_err_from_errno(int number);

#endif
