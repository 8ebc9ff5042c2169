/* SPDX-License-Identifier: MIT */
/* Levelled log with an installable sink. */
#ifndef WE_HOST_LOG_H
#define WE_HOST_LOG_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/base_assert.h"

enum we_host_log_level { WE_LOG_ERROR, WE_LOG_WARNING, WE_LOG_INFO, WE_LOG_DEBUG };

/* Gets one line without a newline. Called with the log lock held: must not log. */
typedef void (*we_host_log_fn)(void *context, enum we_host_log_level level, const char *line);

/* NULL restores the default sink: "wsk_emu: text" on stderr. */
void we_host_log_set_sink(we_host_log_fn sink, void *context);
void we_host_log_set_level(enum we_host_log_level highest_level_shown);
enum we_host_log_level we_host_log_get_level(void);
void we_host_log(enum we_host_log_level level, const char *format, ...) WE_PRINTF(2, 3);
void we_host_logv(enum we_host_log_level level, const char *format, va_list args) WE_PRINTF(2, 0);

/* Logs the first time this call site is reached in the process. */
#define WE_LOG_ONCE(level, ...)                                        \
    do {                                                               \
        static int s_is_logged;                                        \
        if (!__atomic_exchange_n(&s_is_logged, 1, __ATOMIC_RELAXED)) { \
            we_host_log(level, __VA_ARGS__);                           \
        }                                                              \
    } while (0)

#endif
