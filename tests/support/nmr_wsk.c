/* SPDX-License-Identifier: MIT */
/* A WSK client that registers with the network module registrar instead of WskRegister. */
#include "nmr_wsk.h"

#include <string.h>

static NTSTATUS try_attach(struct nmr_wsk_client *client)
{
    PVOID provider_context = client;
    const VOID *provider_dispatch = client;
    NTSTATUS status =
        NmrClientAttachProvider(client->binding, client, client->has_no_dispatch ? NULL : &client->dispatch,
                                &provider_context, &provider_dispatch);

    client->inner_status = status;
    client->fixture->npi.Client = (PWSK_CLIENT)provider_context;
    client->fixture->npi.Dispatch = provider_dispatch;
    client->is_attached = status == STATUS_SUCCESS;
    return status;
}

static NTSTATUS attach_provider(HANDLE NmrBindingHandle, PVOID ClientContext,
                                PNPI_REGISTRATION_INSTANCE ProviderRegistrationInstance)
{
    struct nmr_wsk_client *client = ClientContext;
    const WSK_PROVIDER_CHARACTERISTICS *versions = ProviderRegistrationInstance->NpiSpecificCharacteristics;
    NTSTATUS status;

    InterlockedIncrement(&client->attach_count);
    client->provider = ProviderRegistrationInstance;
    client->versions = *versions;
    client->binding = NmrBindingHandle;
    status = try_attach(client);
    if (status == STATUS_NOINTERFACE && client->asks_again) {
        client->dispatch.Version = MAKE_WSK_VERSION(1, 0);
        status = try_attach(client);
    }
    return status;
}

static NTSTATUS detach_provider(PVOID ClientBindingContext)
{
    struct nmr_wsk_client *client = ClientBindingContext;

    InterlockedIncrement(&client->detach_count);
    return client->detach_status;
}

static VOID cleanup_binding_context(PVOID ClientBindingContext)
{
    struct nmr_wsk_client *client = ClientBindingContext;

    client->is_attached = FALSE;
    client->cleanup_irql = KeGetCurrentIrql();
    InterlockedIncrement(&client->cleanup_count);
}

void nmr_wsk_make(struct nmr_wsk_client *client, struct wsk_fixture *fixture)
{
    NPI_REGISTRATION_INSTANCE *instance = &client->characteristics.ClientRegistrationInstance;

    memset(client, 0, sizeof(*client));
    client->fixture = fixture;
    client->dispatch.Version = MAKE_WSK_VERSION(1, 0);
    client->module_id.Length = sizeof(client->module_id);
    client->module_id.Type = MIT_GUID;
    client->characteristics.Length = sizeof(client->characteristics);
    client->characteristics.ClientAttachProvider = attach_provider;
    client->characteristics.ClientDetachProvider = detach_provider;
    client->characteristics.ClientCleanupBindingContext = cleanup_binding_context;
    instance->Size = sizeof(*instance);
    instance->NpiId = &NPI_WSK_INTERFACE_ID;
    instance->ModuleId = &client->module_id;
}

void nmr_wsk_register(struct nmr_wsk_client *client)
{
    assert_int_equal(NmrRegisterClient(&client->characteristics, client, &client->handle), STATUS_SUCCESS);
    assert_int_equal(client->attach_count, 1);
}

void nmr_wsk_end(struct nmr_wsk_client *client)
{
    assert_int_equal(NmrDeregisterClient(client->handle), STATUS_PENDING);
    assert_int_equal(NmrWaitForClientDeregisterComplete(client->handle), STATUS_SUCCESS);
}

/* --- fixture -------------------------------------------------------------------------------------- */

static struct nmr_wsk_client s_client; /* of the test that runs */

int nmr_fixture_setup(void **state)
{
    nmr_wsk_make(&s_client, fixture_create(*state));
    nmr_wsk_register(&s_client);
    *state = s_client.fixture;
    return 0;
}

int nmr_fixture_teardown(void **state)
{
    nmr_wsk_end(&s_client);
    return fixture_teardown(state);
}
