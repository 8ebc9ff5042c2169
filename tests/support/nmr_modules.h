/* SPDX-License-Identifier: MIT */
/* A client and a provider of the network module registrar with scripted answers, that record what they are called. */
#ifndef WE_TEST_NMR_MODULES_H
#define WE_TEST_NMR_MODULES_H

#include <netioddk.h>
#include <ntddk.h>

#include "wsk_emu/cmocka.h"

#define NMR_BINDING_MAX 16

extern const NPIID nmr_test_interface; /* what modules are made for, unless a test says otherwise */

struct nmr_module;

/* One binding as one module sees it; its address is the binding context. */
struct nmr_link {
    struct nmr_module *module;
    HANDLE handle;
    PNPI_REGISTRATION_INSTANCE other; /* the other module's registration */
    PVOID other_context;              /* its binding context */
    const VOID *other_dispatch;
    BOOLEAN is_attached; /* the attach callback returned STATUS_SUCCESS */
    volatile LONG detach_count;
    volatile LONG cleanup_count;
    /* Places in the order of all calls of all modules, counted from 1; 0: not called. */
    LONG attach_order;
    LONG detach_order;
    LONG cleanup_order;
    KIRQL detach_irql;
    KIRQL cleanup_irql;
};

struct nmr_module {
    /* Filled by ..._make; a test changes what it wants before it registers. */
    NPI_CLIENT_CHARACTERISTICS client;
    NPI_PROVIDER_CHARACTERISTICS provider;
    NPI_MODULEID id;
    ULONG dispatch;         /* its address is the dispatch table */
    NTSTATUS attach_status; /* a client that is not STATUS_SUCCESS does not even ask; a provider answers it */
    NTSTATUS detach_status;
    /* Called first thing in the callback; may be NULL. */
    void (*attaching)(struct nmr_module *module, struct nmr_link *link);
    /* Called last thing in the attach callback, with what it would return; returns what it returns. */
    NTSTATUS (*attached)(struct nmr_module *module, struct nmr_link *link, NTSTATUS status);
    /* Returns what the detach callback returns; NULL: detach_status. */
    NTSTATUS (*detaching)(struct nmr_module *module, struct nmr_link *link);
    void (*cleaned)(struct nmr_module *module, struct nmr_link *link);
    PVOID test; /* for these */

    HANDLE handle;
    volatile LONG attach_count; /* calls of the attach callback */
    KIRQL attach_irql;
    NTSTATUS inner_status;                  /* of the last NmrClientAttachProvider */
    struct nmr_link links[NMR_BINDING_MAX]; /* those that it has asked for or agreed to */
    volatile LONG link_count;
};

void nmr_client_make(struct nmr_module *module, ULONG number);
void nmr_provider_make(struct nmr_module *module, ULONG number);
/* These fail the test when the registrar does not answer what it should. */
void nmr_client_register(struct nmr_module *module);
void nmr_provider_register(struct nmr_module *module);
/* Deregister and wait. */
void nmr_client_end(struct nmr_module *module);
void nmr_provider_end(struct nmr_module *module);
/* How many bindings the module has that are not cleaned up. */
ULONG nmr_live_count(const struct nmr_module *module);

/* A thread that waits for the end of a deregistration. */
struct nmr_waiter {
    HANDLE handle;
    BOOLEAN is_provider;
    struct wsk_kit_witness *witness; /* the status */
    PKTHREAD thread;
};
void nmr_waiter_start(struct nmr_waiter *waiter, const struct nmr_module *module, BOOLEAN is_provider);
BOOLEAN nmr_waiter_is_done(const struct nmr_waiter *waiter);
/* Waits for it, and returns what the wait answered. */
NTSTATUS nmr_waiter_join(struct nmr_waiter *waiter);

#endif
