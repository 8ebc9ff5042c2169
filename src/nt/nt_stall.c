/* SPDX-License-Identifier: MIT */
/* What happens when the main thread waits for something that cannot come. */
#include "nt/nt_stall.h"

#include <stdio.h>
#include <stdlib.h>

#include "host/host_exec.h"
#include "host/host_log.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_door.h"
#include "vrf/vrf_report.h"

#define TEXT_BYTES 8192

static void (*s_handler)(const char *text);

void we_nt_stall_set_handler(void (*handler)(const char *text))
{
    s_handler = handler;
}

static void print_lines(const char *text)
{
    while (*text != '\0') {
        const char *end = text;

        while (*end != '\0' && *end != '\n') {
            end++;
        }
        we_host_log(WE_LOG_ERROR, "%.*s", (int)(end - text), text);
        text = *end == '\n' ? end + 1 : end;
    }
}

void we_nt_stall(void)
{
    static char text[TEXT_BYTES]; /* the main thread's only */
    bool is_stepped = we_host_exec_kind() == WE_EXEC_STEPPED;
    int length;

    length = snprintf(text, sizeof(text), "%s\n",
                      is_stepped ? "deadlock: nothing can move any more and the main thread waits"
                                 : "stall: nothing has moved for a long time and the main thread waits");
    we_ke_describe_waits(text + length, sizeof(text) - (size_t)length);
    (void)we_vrf_report(WE_RULE_WAIT_021, NULL, "%s",
                        is_stepped ? "nothing can move any more and the main thread waits"
                                   : "nothing has moved for a long time and the main thread waits");
    if (s_handler != NULL) {
        we_ke_wait_abandon();
        we_nt_door_shut(true);
        s_handler(text);
        we_nt_door_shut(false);
    } else {
        print_lines(text);
        if (is_stepped) {
            abort();
        }
    }
}
