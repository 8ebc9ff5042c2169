/* SPDX-License-Identifier: MIT */
/* A small echo driver for tests of races: it does everything a driver may do, in an order that a seed decides. */
#ifndef WE_TEST_RACE_DRIVER_H
#define WE_TEST_RACE_DRIVER_H

#include "support/wsk_fixture.h"

/* Design
 *
 * One listener, any number of accepted connections that echo, and a few system threads. Whatever can be done in more than
 * one way (a verdict, who takes a connection, what becomes of an indication, when something is closed, and on what it
 * runs: callback, DPC, timer, work item, thread) is drawn from a generator of the driver's own.
 *
 * The driver keeps to every rule of WSK and watches that the provider keeps its promises. A promise that is broken is
 * noted (race_violation) and the driver goes on; nothing in here asserts, because it runs on any thread.
 *
 * Rules for reading: a connection's "uses" are calls of its socket that are executing, tasks that will make one, and
 * indications that are retained. The socket is closed by whoever ends the last use after the end was decided. IRPs may
 * be pending then: WskCloseSocket has to complete them, and itself last. */

struct race_config {
    unsigned long long seed;
    ULONG thread_count;   /* system threads that run tasks */
    ULONG accept_irps;    /* WskAccept IRPs that are kept pending; 0: WskAcceptEvent takes connections */
    ULONG inspect_accept; /* in percent: the answer of WskInspectEvent; what is left of 100 pends */
    ULONG inspect_reject;
    ULONG verdict_reject; /* in percent of the verdicts that are given later */
    ULONG verdict_never;  /* in percent of pended requests: nobody ever decides */
    ULONG offer_refuse;   /* in percent of WskAcceptEvents */
    ULONG break_off;      /* in percent of receive callbacks and completions: the connection is ended at once */
    ULONG close_after;    /* the listener is closed after so many inspections or deliveries; 0: by race_stop only */
    ULONG take;           /* relative weights of the answers of WskReceiveEvent */
    ULONG keep;
    ULONG part;
    ULONG refuse;
    ULONG toggle;        /* takes all, disables the event, and enables it again later */
    BOOLEAN is_plain;    /* no conditional accept */
    BOOLEAN stays_quiet; /* tasks run at PASSIVE_LEVEL on threads only: for soak runs */
};

struct race_counters {
    volatile LONG inspected;
    volatile LONG rejected; /* by WskInspectEvent */
    volatile LONG pended;
    volatile LONG verdicts;
    volatile LONG aborted;
    volatile LONG delivered;
    volatile LONG refused;     /* of these, by WskAcceptEvent */
    volatile LONG connections; /* of these, taken */
    volatile LONG finished;    /* connections that ended gracefully on both sides */
    volatile LONG broken;      /* connections that ended otherwise */
    volatile LONG indications;
    volatile LONG64 bytes_received;
    volatile LONG64 bytes_sent;
};

struct race;

/* Opens the listener and starts the threads. Fails the test when that does not work. */
struct race *race_start(struct wsk_fixture *fixture, const struct race_config *config);
USHORT race_port(const struct race *race);
/* Closes the listener if nobody did yet, and waits until it is closed. */
void race_close_listener(struct race *race);
/* Ends everything and waits until nothing is left but the records; then judges these. */
void race_stop(struct race *race);
void race_destroy(struct race *race);
const struct race_counters *race_counters(const struct race *race);
const struct race_config *race_config(const struct race *race);
/* What is left, for whoever reads a failure. */
void race_print(struct race *race);
/* The first broken promise, or NULL. */
const char *race_violation(const struct race *race);

#endif
