/* SPDX-License-Identifier: MIT */
/* Witnesses: what was called, recorded on any thread, asserted on the test's thread. */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <wdm.h>

#include "host/host_exec.h"
#include "kit/kit_internal.h"

#define CALL_MAX 64u

struct wsk_kit_witness {
    pthread_mutex_t lock;
    const char *name;
    size_t count;
    struct wsk_kit_call calls[CALL_MAX];
};

static uint64_t s_order; /* atomic */

struct wsk_kit_witness *wsk_kit_witness_create(const char *name)
{
    struct wsk_kit_witness *witness = (struct wsk_kit_witness *)calloc(1, sizeof(*witness));

    if (witness == NULL) {
        wsk_kit_fail("no memory for the witness %s", name);
        return NULL;
    }
    pthread_mutex_init(&witness->lock, NULL);
    witness->name = name;
    return witness;
}

void wsk_kit_witness_destroy(struct wsk_kit_witness *witness)
{
    if (witness != NULL) {
        pthread_mutex_destroy(&witness->lock);
        free(witness);
    }
}

void wsk_kit_witness_call(struct wsk_kit_witness *witness, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d)
{
    struct wsk_kit_call call;

    call.order = __atomic_add_fetch(&s_order, 1, __ATOMIC_SEQ_CST);
    call.now_ms = wsk_kit_now_ms();
    call.irql = KeGetCurrentIrql();
    call.processor = call.irql >= DISPATCH_LEVEL ? KeGetCurrentProcessorNumberEx(NULL) : UINT_MAX;
    call.values[0] = a;
    call.values[1] = b;
    call.values[2] = c;
    call.values[3] = d;
    pthread_mutex_lock(&witness->lock);
    if (witness->count < CALL_MAX) {
        witness->calls[witness->count] = call;
    }
    witness->count++;
    pthread_mutex_unlock(&witness->lock);
    we_host_progress();
}

size_t wsk_kit_witness_count(struct wsk_kit_witness *witness)
{
    size_t count;

    pthread_mutex_lock(&witness->lock);
    count = witness->count;
    pthread_mutex_unlock(&witness->lock);
    return count;
}

struct wsk_kit_call wsk_kit_witness_get(struct wsk_kit_witness *witness, size_t index)
{
    struct wsk_kit_call call = { 0, 0, 0, 0, { 0, 0, 0, 0 } };
    size_t count;

    pthread_mutex_lock(&witness->lock);
    count = witness->count;
    if (index < count && index < CALL_MAX) {
        call = witness->calls[index];
    }
    pthread_mutex_unlock(&witness->lock);
    if (index >= count) {
        wsk_kit_fail("%s was called %zu times; call number %zu was asked for", witness->name, count, index + 1);
    } else if (index >= CALL_MAX) {
        wsk_kit_fail("%s keeps its first %u calls; call number %zu was asked for", witness->name, CALL_MAX, index + 1);
    }
    return call;
}

struct wish {
    struct wsk_kit_witness *witness;
    size_t count;
};

static bool was_called_enough(void *context)
{
    struct wish *wish = (struct wish *)context;

    return wsk_kit_witness_count(wish->witness) >= wish->count;
}

void wsk_kit_witness_wait(struct wsk_kit_witness *witness, size_t count)
{
    struct wish wish = { witness, count };

    if (wsk_kit_check_running("wsk_kit_witness_wait") && !wsk_kit_wait(was_called_enough, &wish)) {
        char what[160];

        snprintf(what, sizeof(what), "%s to be called %zu times (it was called %zu times)", witness->name, count,
                 wsk_kit_witness_count(witness));
        wsk_kit_fail_wait(what);
    }
}
