/* SPDX-License-Identifier: MIT */
/* The WSK provider as a module of the network module registrar. */
#ifndef WE_WSK_NMR_H
#define WE_WSK_NMR_H

#include "wsk/wsk_client.h"

/* Registers the provider, for the life of the process. */
void we_wsk_nmr_start(void);
/* To be called with a client of the registrar, no lock held, when something that its detaching waits for has ended. */
void we_wsk_nmr_kick(struct we_wsk_client *client);
/* Whether a provider-level call may begin: STATUS_SUCCESS, or what it fails with, reported if it is a breach
 * (NPI-018). The call counts already. makes_something: it would give the client more to end. */
NTSTATUS we_wsk_nmr_admit(struct we_wsk_client *client, bool makes_something, const char *function);

#endif
