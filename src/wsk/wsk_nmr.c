/* SPDX-License-Identifier: MIT */
/* The WSK provider as a module of the network module registrar. */
#include "wsk/wsk_nmr.h"

#include "host/host_trace.h"
#include "nt/nmr_registrar.h"
#include "nt/nt_door.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A client that attaches through the registrar is a struct we_wsk_client like one of WskRegister, on the same list, with
 * the binding in the place of the registration block. The binding has the reference that a registration would have,
 * and gives it back when the registrar cleans up.
 *
 * Detaching begins when ProviderDetachClient is called, and pends until the client has no socket, no call and no IRP
 * left. The last of them queues the completion as work of a processor: it calls the driver's cleanup callback, which
 * must not run on the stack of another call of the driver. detach_is_owed is taken back by exactly one thread, the
 * callback itself or whoever kicks, so the registrar hears once.
 */

static NTSTATUS attach_check(const WSK_CLIENT_DISPATCH *dispatch)
{
    NTSTATUS status;

    if (dispatch == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    status = we_wsk_client_dispatch_check(dispatch);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    return we_wsk_is_version_served(dispatch->Version) ? STATUS_SUCCESS : STATUS_NOINTERFACE;
}

static void detach_complete(struct we_nt_work *work)
{
    struct we_wsk_client *client = WE_BASE_LIST_ITEM(work, struct we_wsk_client, nmr_work);

    NmrProviderDetachClientComplete(client->nmr_binding);
}

static NTSTATUS provider_attach_client(HANDLE NmrBindingHandle, PVOID ProviderContext,
                                       PNPI_REGISTRATION_INSTANCE ClientRegistrationInstance,
                                       PVOID ClientBindingContext, CONST VOID *ClientDispatch,
                                       PVOID *ProviderBindingContext, CONST VOID **ProviderDispatch)
{
    WSK_CLIENT_NPI npi = { ClientBindingContext, ClientDispatch };
    struct we_wsk_client *client;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(ProviderContext);
    UNREFERENCED_PARAMETER(ClientRegistrationInstance);
    status = attach_check(ClientDispatch);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    client = we_wsk_client_create(&npi, NULL);
    if (client == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    client->nmr_binding = NmrBindingHandle;
    we_nt_work_init(&client->nmr_work, detach_complete);
    we_wsk_client_publish_nmr(client);
    *ProviderBindingContext = client;
    *ProviderDispatch = &we_wsk_provider_dispatch;
    return STATUS_SUCCESS;
}

/* True for one caller only, when nothing is left to wait for. */
static bool take_owed(struct we_wsk_client *client)
{
    return we_wsk_client_is_idle(client) && __atomic_exchange_n(&client->detach_is_owed, 0, __ATOMIC_SEQ_CST) != 0;
}

static NTSTATUS provider_detach_client(PVOID ProviderBindingContext)
{
    struct we_wsk_client *client = ProviderBindingContext;

    we_wsk_client_check_dispatch(client, "the detaching of the WSK provider");
    __atomic_store_n(&client->is_deregistering, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&client->detach_is_owed, 1, __ATOMIC_SEQ_CST);
    return take_owed(client) ? STATUS_SUCCESS : STATUS_PENDING;
}

static VOID provider_cleanup_binding_context(PVOID ProviderBindingContext)
{
    we_wsk_client_withdraw_nmr(ProviderBindingContext);
}

void we_wsk_nmr_kick(struct we_wsk_client *client)
{
    if (take_owed(client)) {
        (void)we_nt_work_queue(&client->nmr_work, we_nt_thread_current()->last_cpu->index);
    }
}

NTSTATUS we_wsk_nmr_admit(struct we_wsk_client *client, bool makes_something, const char *function)
{
    if (!__atomic_load_n(&client->is_deregistering, __ATOMIC_SEQ_CST)) {
        return STATUS_SUCCESS;
    }
    if (we_nmr_is_client_detached(client->nmr_binding)) {
        (void)we_vrf_report_entry(WE_RULE_NPI_018, &client->entry,
                                  "%s was called for client %p after it had detached from the provider", function,
                                  (void *)client);
        return STATUS_INVALID_HANDLE;
    }
    return makes_something ? STATUS_DEVICE_NOT_READY : STATUS_SUCCESS;
}

/* --- the module ----------------------------------------------------------------------------------- */

static const WSK_PROVIDER_CHARACTERISTICS s_wsk_characteristics = { WE_WSK_VERSION, WE_WSK_VERSION };

static const NPI_MODULEID s_module_id = {
    sizeof(NPI_MODULEID),
    MIT_GUID,
    { { 0x9D5E6B21, 0x3F40, 0x4C8A, { 0xA1, 0x57, 0x2E, 0x90, 0x64, 0xD3, 0x1B, 0x7C } } }
};

static const NPI_PROVIDER_CHARACTERISTICS s_characteristics = {
    0,
    sizeof(NPI_PROVIDER_CHARACTERISTICS),
    provider_attach_client,
    provider_detach_client,
    provider_cleanup_binding_context,
    { 0, sizeof(NPI_REGISTRATION_INSTANCE), &NPI_WSK_INTERFACE_ID, &s_module_id, 0, &s_wsk_characteristics },
};

static struct we_nmr_module s_module; /* the registrar's */

void we_wsk_nmr_start(void)
{
    we_nmr_provider_add_builtin(&s_module, &s_characteristics);
}
