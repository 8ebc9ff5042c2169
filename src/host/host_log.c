/* SPDX-License-Identifier: MIT */
/* Levelled log: filters, formats, cuts into lines, and hands each line to the sink. */
#include "host/host_log.h"

#include "host/host_lock.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Longer messages are cut; nothing in the library comes near. */
#define MESSAGE_SIZE 1024

static void sink_stderr(void *context, enum we_host_log_level level, const char *line);

static struct we_host_mutex s_mutex = WE_HOST_MUTEX_INIT(WE_RANK_LOG);
static we_host_log_fn s_sink = sink_stderr; /* guarded by s_mutex */
static void *s_sink_context;                /* guarded by s_mutex */
static int s_level = WE_LOG_INFO;           /* atomic, relaxed: read before anything is formatted */

static void sink_stderr(void *context, enum we_host_log_level level, const char *line)
{
    char text[MESSAGE_SIZE + 16];

    (void)context;
    (void)level;
    /* One string and one write, so that lines of several processes stay whole. */
    (void)snprintf(text, sizeof(text), "wsk_emu: %s\n", line);
    (void)fputs(text, stderr);
}

void we_host_log_set_sink(we_host_log_fn sink, void *context)
{
    we_host_mutex_lock(&s_mutex);
    s_sink = sink == NULL ? sink_stderr : sink;
    s_sink_context = sink == NULL ? NULL : context;
    we_host_mutex_unlock(&s_mutex);
}

void we_host_log_set_level(enum we_host_log_level highest_level_shown)
{
    __atomic_store_n(&s_level, (int)highest_level_shown, __ATOMIC_RELAXED);
}

enum we_host_log_level we_host_log_get_level(void)
{
    return (enum we_host_log_level)__atomic_load_n(&s_level, __ATOMIC_RELAXED);
}

/* Messages of drivers may have several lines and usually end in a newline: the sink gets neither. */
static void lines_deliver_locked(enum we_host_log_level level, char *message)
{
    char *line = message;
    char *end;

    while ((end = strchr(line, '\n')) != NULL) {
        *end = '\0';
        s_sink(s_sink_context, level, line);
        line = end + 1;
    }
    if (*line != '\0' || line == message) {
        s_sink(s_sink_context, level, line);
    }
}

void we_host_logv(enum we_host_log_level level, const char *format, va_list args)
{
    static const char cut_mark[] = "...";
    char message[MESSAGE_SIZE];
    int length;

    if ((int)level > (int)we_host_log_get_level()) {
        return;
    }
    length = vsnprintf(message, sizeof(message), format, args);
    if (length < 0) {
        (void)snprintf(message, sizeof(message), "(message could not be formatted: %s)", format);
    } else if ((size_t)length >= sizeof(message)) {
        memcpy(message + sizeof(message) - sizeof(cut_mark), cut_mark, sizeof(cut_mark));
    }
    we_host_mutex_lock(&s_mutex);
    lines_deliver_locked(level, message);
    we_host_mutex_unlock(&s_mutex);
}

void we_host_log(enum we_host_log_level level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    we_host_logv(level, format, args);
    va_end(args);
}
