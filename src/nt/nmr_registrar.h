/* SPDX-License-Identifier: MIT */
/* The network module registrar as the rest of the library sees it. */
#ifndef WE_NMR_REGISTRAR_H
#define WE_NMR_REGISTRAR_H

#include "nt/nmr_module.h"

/* Registers a provider of the library itself, before any driver runs: clients that register later are offered to it. It
 * allocates nothing, gets no handle, and stays for the life of the process, so that the starts after the first cost
 * nothing. The module is the caller's, zeroed before the first call. */
void we_nmr_provider_add_builtin(struct we_nmr_module *module, const NPI_PROVIDER_CHARACTERISTICS *characteristics);
/* For such a provider: the client of this binding has detached, so it may call the provider no more. */
bool we_nmr_is_client_detached(HANDLE binding);

/* Calls fn for each module of a driver, with the registrar locked (WE_RANK_REGISTRATION). entry: of the kind
 * WE_KIND_NMR_MODULE; missing: the function that has yet to be called for it. */
void we_nmr_each(void (*fn)(struct we_vrf_entry *entry, const char *missing, void *context), void *context);
/* For each wait for a deregistration that nothing can end: reports NPI-018 for the module that owes a completion. */
void we_nmr_report_stalled(void);
/* Reports the modules that drivers have left (NPI-019) and frees everything. Drivers' threads have ended. */
void we_nmr_stop(void);

#endif
