/* SPDX-License-Identifier: MIT */
/* A binding of a client and a provider: who calls which callback when, by the tables of nmr_fsm.h. */
#ifndef WE_NMR_BINDING_H
#define WE_NMR_BINDING_H

#include "nt/nmr_module.h"
#include "nt/nt_thread.h"

struct we_nmr_binding {
    enum we_nmr_object object;                        /* first: handles lead here */
    we_base_id id;                                    /* its handle */
    struct we_nmr_module *modules[WE_NMR_SIDE_COUNT]; /* each with a hold */
    struct we_base_list links[WE_NMR_SIDE_COUNT];     /* on their lists of bindings */
    struct we_nmr_machine machine;                    /* lock */
    PVOID contexts[WE_NMR_SIDE_COUNT];                /* binding contexts; set before the side can be told */
    bool has_context[WE_NMR_SIDE_COUNT];              /* the side has a part in the binding, and is cleaned up */
};

/* Makes a binding with the next older match of the module and moves *serial there; NULL when there is none any more, or
 * the module is deregistering. No lock. */
struct we_nmr_binding *we_nmr_binding_next(struct we_nmr_module *module, uint64_t *serial);
/* Offers a new binding to its client, and does what follows. The binding may be gone afterwards. PASSIVE_LEVEL, no
 * lock. */
void we_nmr_binding_offer(struct we_nmr_binding *binding);
/* Detaches every binding of a module that is deregistering, except those that are being attached: they follow when
 * their attach callback has returned. No lock; the caller has a hold. */
void we_nmr_binding_detach_all(struct we_nmr_module *module);
/* NmrClientAttachProvider and the completions of detaching, once their IRQL is checked. */
NTSTATUS we_nmr_binding_attach(HANDLE handle, PVOID client_context, const VOID *client_dispatch,
                               PVOID *provider_context, const VOID **provider_dispatch);
void we_nmr_binding_complete(HANDLE handle, enum we_nmr_side side);
/* The client has detached from the binding, or the binding is over. No lock. */
bool we_nmr_binding_is_client_detached(HANDLE handle);
/* The innermost callback for a binding of this module on the calling thread's stack, or NULL. The caller has a hold. */
const struct we_nt_frame *we_nmr_binding_find_callback(const struct we_nmr_module *module);
/* Reports each side of the module's bindings that owes a completion; the library's own providers speak for themselves.
 * Lock held. */
void we_nmr_binding_report_owing(const struct we_nmr_module *module);
/* Frees the client's bindings (stop): nobody calls any more. A built-in provider's cleanup callback is called. No
 * lock. */
void we_nmr_binding_drop_all(struct we_nmr_module *client);

#endif
