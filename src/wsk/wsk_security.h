/* SPDX-License-Identifier: MIT */
/* Security descriptors that a client has cached: handles without meaning but one, who may share an address. */
#ifndef WE_WSK_SECURITY_H
#define WE_WSK_SECURITY_H

#include "wsk/wsk_client.h"

struct we_wsk_call;
struct we_wsk_security;

/* WSK_CACHE_SD: a handle that the client releases once. NULL when memory is short. */
PSECURITY_DESCRIPTOR we_wsk_security_cache(const struct we_wsk_client *client);
/* WSK_RELEASE_SD. Reports what is no handle, and a handle that a pending request still uses (NPI-016). */
NTSTATUS we_wsk_security_release(const struct we_wsk_client *client, PSECURITY_DESCRIPTOR descriptor);

/* What a request was given: a reference for the socket, or NULL with a report (NPI-016). */
struct we_wsk_security *we_wsk_security_acquire(const struct we_wsk_client *client, PSECURITY_DESCRIPTOR descriptor,
                                                const char *function);
void we_wsk_security_ref(struct we_wsk_security *security);
void we_wsk_security_unref(struct we_wsk_security *security); /* NULL is allowed */
/* The IRP's request uses the descriptor until its completion routine has returned. After whoever else wanted to hear of
 * that has said so (we_nt_completion_set_after). */
void we_wsk_security_guard(struct we_wsk_security *security, PIRP irp);

/* Reports the handles that a client whose registration ends has not released. */
void we_wsk_security_report_leaks(const struct we_wsk_client *client);
/* Reports and frees what is left (stop). No socket is left. */
void we_wsk_security_stop(void);

#endif
