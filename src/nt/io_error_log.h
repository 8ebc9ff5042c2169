/* SPDX-License-Identifier: MIT */
/* Entries of the error log that nobody wrote. */
#ifndef WE_IO_ERROR_LOG_H
#define WE_IO_ERROR_LOG_H

/* Reports entries that were neither written nor freed (POOL-011), and frees them. */
void we_io_error_log_report_leaks(void);

#endif
