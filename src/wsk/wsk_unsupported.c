/* SPDX-License-Identifier: MIT */
/* Says once what is not emulated, whenever a driver asks for it. */
#include "wsk/wsk_unsupported.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "host/host_lock.h"
#include "host/host_log.h"

/* Texts that were logged, as hashes. When it is full nothing more is remembered or logged: a driver that asks for so
 * many different things has been told often enough. */
#define SEEN_MAX 256

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_REPORT);
static uint64_t s_seen[SEEN_MAX];
static unsigned s_seen_count;

static uint64_t text_hash(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    }
    return hash;
}

static bool is_first(uint64_t hash)
{
    bool is_new = true;
    unsigned i;

    we_host_mutex_lock(&s_lock);
    for (i = 0; i < s_seen_count && is_new; i++) {
        is_new = s_seen[i] != hash;
    }
    if (is_new && s_seen_count < SEEN_MAX) {
        s_seen[s_seen_count++] = hash;
    } else {
        is_new = false;
    }
    we_host_mutex_unlock(&s_lock);
    return is_new;
}

void we_wsk_unsupported(const char *format, ...)
{
    char text[160];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (is_first(text_hash(text))) {
        we_host_log(WE_LOG_WARNING, "%s is not emulated", text);
    }
}
