/* SPDX-License-Identifier: MIT */
/* Requests that one thread posts and another one cancels, in an order that a seed decides. */
#ifndef WE_TEST_CANCEL_JOBS_H
#define WE_TEST_CANCEL_JOBS_H

#include "support/conn_client.h"

/* Each scenario runs once a seed, in an emulated kernel of its own. One thread of the driver posts requests, a few at a
 * time; another one cancels whatever it finds, from below and at DISPATCH_LEVEL and from DPCs on any processor; the
 * peer moves on the test's thread. IRPs are freed when all of that has ended, as IoCancelIrp demands. A failure prints
 * the seed; WSK_EMU_SEED=<seed> then runs that one alone. */

#ifndef SEED_COUNT
#define SEED_COUNT 300
#endif

#ifndef ROUND_COUNT
#define ROUND_COUNT 10
#endif

#define JOBS_MAX 60
#define JOBS_AT_ONCE 3

struct job {
    struct conn_request *request;
    struct conn_request *close; /* for those that have a socket of their own */
    PWSK_SOCKET socket;
    KDPC dpc;
    ULONG flags;
    volatile LONG is_returned; /* from the call */
    volatile LONG is_done;     /* with success */
    volatile LONG is_closed;
};

struct jobs_run {
    unsigned long long seed; /* 0: no run is going on */
    bool is_stepped;
    bool is_virtual;
    volatile LONG draws;
    struct wsk_fixture *fixture;
    struct wsk_kit_peer *peer;
    PWSK_SOCKET socket;
    struct job jobs[JOBS_MAX];
    LONG job_count;
    NTSTATUS (*call)(struct job *job, PIRP irp);
    volatile LONG posted_count;
    volatile LONG threads;
    volatile LONG is_over; /* nothing more is posted */
    volatile LONG succeeded;
    KSEMAPHORE room;
    const char *volatile violation; /* found by a callback */
};

extern struct jobs_run jobs_run;

/* A number below count. */
ULONG jobs_draw(ULONG count);
/* On a thread: now and then others run, or a millisecond passes. */
void jobs_pause(void);
void jobs_thread_start(PKSTART_ROUTINE routine);
/* Ends the thread that calls it. */
void jobs_thread_end(void);
VOID NTAPI jobs_posting_thread(PVOID context);
VOID NTAPI jobs_cancelling_thread(PVOID context);
/* One of the jobs that were posted last; NULL when there is none yet. */
struct job *jobs_pick(void);

/* length_max 0: no buffers. */
void jobs_create(LONG count, NTSTATUS (*call)(struct job *job, PIRP irp), SIZE_T length_max);
/* Lets the posting thread come to its end. */
void jobs_post_no_more(void);
/* Lets the world go on, and the peer act now and then, until the threads have ended. */
void jobs_run_world(void (*act)(void));
/* Waits for all that were posted; afterwards nobody touches an IRP any more. */
void jobs_wait(void);
void jobs_destroy(void);

/* Runs body once a seed. */
void jobs_under_seeds(void (*body)(void));
/* Runs body a few times with real threads, on either network: whatever order the machine comes up with. */
void jobs_in_threads(void (*body)(void));
/* CMocka tear-down: says how to do it again, and ends what a failed run left. */
int jobs_teardown(void **state);

#define JOBS_TEST(f) cmocka_unit_test_setup_teardown(f, NULL, jobs_teardown)

#endif
