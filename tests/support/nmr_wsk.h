/* SPDX-License-Identifier: MIT */
/* A WSK client that registers with the network module registrar instead of WskRegister. */
#ifndef WE_TEST_NMR_WSK_H
#define WE_TEST_NMR_WSK_H

#include "support/wsk_fixture.h"

#include <netioddk.h>

struct nmr_wsk_client {
    NPI_CLIENT_CHARACTERISTICS characteristics;
    NPI_MODULEID module_id;
    WSK_CLIENT_DISPATCH dispatch;
    HANDLE handle;
    HANDLE binding;
    WSK_PROVIDER_CHARACTERISTICS versions; /* what the provider's registration says */
    PNPI_REGISTRATION_INSTANCE provider;
    NTSTATUS inner_status; /* of the last NmrClientAttachProvider */
    NTSTATUS detach_status;
    BOOLEAN has_no_dispatch;
    BOOLEAN asks_again; /* refused, it tries version 1.0 */
    BOOLEAN is_attached;
    volatile LONG attach_count;
    volatile LONG detach_count;
    volatile LONG cleanup_count;
    KIRQL cleanup_irql;
    /* Its Client and Dispatch are those of the attachment; it has no registration of its own. */
    struct wsk_fixture *fixture;
};

/* Not registered yet: a test may change what it wants before. */
void nmr_wsk_make(struct nmr_wsk_client *client, struct wsk_fixture *fixture);
void nmr_wsk_register(struct nmr_wsk_client *client);
void nmr_wsk_end(struct nmr_wsk_client *client);

/* As fixture_setup and fixture_teardown, for suites that are built a second time with WE_TEST_NMR. */
int nmr_fixture_setup(void **state);
int nmr_fixture_teardown(void **state);

#ifdef WE_TEST_NMR
#define CLIENT_SETUP nmr_fixture_setup
#define CLIENT_TEARDOWN nmr_fixture_teardown
#else
#define CLIENT_SETUP fixture_setup
#define CLIENT_TEARDOWN fixture_teardown
#endif

#endif
