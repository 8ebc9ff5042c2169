/* SPDX-License-Identifier: MIT */
/* What the demonstration prints: steps, the timeline of callbacks, and expectations. Plain C; any thread may add. */
#ifndef DEMO_TIMELINE_H
#define DEMO_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct demo_event {
    uint64_t time_us;
    int processor; /* -1: none, below DISPATCH_LEVEL */
    unsigned irql;
    const char *callback; /* constant */
    const char *result;   /* constant */
    uint64_t id_key;      /* key and serial 0: no id */
    uint32_t id_serial;
    uint16_t port; /* 0: not known */
    uint64_t bytes;
};

/* Live: every event is printed at once. Otherwise a step's events are printed at its end, and of events that repeat
 * only the first few. */
void demo_timeline_start(bool is_live);
void demo_timeline_add(const struct demo_event *event);
/* Waits until an event is added, at most this long. */
void demo_timeline_wait(unsigned timeout_ms);

void demo_step_begin(const char *title);
void demo_step_end(void);

/* A line of good or bad news; bad news is counted. */
void demo_expect(bool is_true, const char *format, ...);
/* A row of the table: expected and seen must be equal. */
void demo_expect_count(const char *what, uint64_t expected, uint64_t seen);
unsigned demo_surprise_count(void);

#endif
