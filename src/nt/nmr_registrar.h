/* SPDX-License-Identifier: MIT */
/* The network module registrar as the rest of the library sees it. */
#ifndef WE_NMR_REGISTRAR_H
#define WE_NMR_REGISTRAR_H

#include "nt/nmr_module.h"

/* Registers a provider of the library itself, before any driver runs: clients that register later are offered to it. It
 * stays until the stop, allocates nothing and gets no handle. The module is the caller's, uninitialised, and stays
 * with the characteristics and what they point to until the stop. */
void we_nmr_provider_add_builtin(struct we_nmr_module *module, const NPI_PROVIDER_CHARACTERISTICS *characteristics);
/* For such a provider: the client of this binding has detached, so it may call the provider no more. */
bool we_nmr_is_client_detached(HANDLE binding);

/* The end of a module's registration that the driver has left out: the name of the function, for a report. entry: of
 * the kind WE_KIND_NMR_MODULE. */
const char *we_nmr_missing_call(const struct we_vrf_entry *entry);
/* For each wait for a deregistration that nothing can end: reports NPI-018 for the module that owes a completion. */
void we_nmr_report_stalled(void);
/* Reports the modules that drivers have left (NPI-019) and frees everything. Drivers' threads have ended. */
void we_nmr_stop(void);

#endif
