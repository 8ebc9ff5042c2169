/* SPDX-License-Identifier: MIT */
/* Runs a piece of a driver in each of the places in which drivers run. */
#ifndef WE_TEST_CONTEXTS_H
#define WE_TEST_CONTEXTS_H

#include "conn_client.h"

enum driver_context {
    CONTEXT_PASSIVE,
    CONTEXT_DISPATCH,
    CONTEXT_UNDER_LOCK, /* a spin lock of the driver's own is held */
    CONTEXT_DPC,
    CONTEXT_OTHER_PROCESSORS_DPC,
    CONTEXT_TIMER,
    CONTEXT_THREAD,
    CONTEXT_WORK_ITEM,
    CONTEXT_COMPLETION, /* the completion routine of another socket's request */
    CONTEXT_CALLBACK,   /* WskReceiveEvent of another socket */
    CONTEXT_COUNT
};

const char *context_name(enum driver_context context);
/* Calls run(argument) there and waits until it has returned. run must not wait. */
void context_run(struct wsk_fixture *fixture, enum driver_context context, void (*run)(void *argument), void *argument);

#endif
