/* SPDX-License-Identifier: MIT */
/* A client and a provider of the network module registrar with scripted answers, that record what they are called. */
#include "nmr_modules.h"
#include "system_thread.h"

#include <string.h>

const NPIID nmr_test_interface = { 0x5A4C0E31, 0x77B2, 0x4F19, { 0x8E, 0x03, 0x61, 0xD4, 0x2A, 0x9F, 0x50, 0xC8 } };

static volatile LONG s_order;

static struct nmr_link *link_make(struct nmr_module *module, HANDLE handle, PNPI_REGISTRATION_INSTANCE other)
{
    LONG index = InterlockedIncrement(&module->link_count) - 1;
    struct nmr_link *link = &module->links[index];

    assert_true(index < NMR_BINDING_MAX);
    link->module = module;
    link->handle = handle;
    link->other = other;
    link->attach_order = InterlockedIncrement(&s_order);
    return link;
}

/* --- client --------------------------------------------------------------------------------------- */

static NTSTATUS client_attach(HANDLE NmrBindingHandle, PVOID ClientContext,
                              PNPI_REGISTRATION_INSTANCE ProviderRegistrationInstance)
{
    struct nmr_module *module = ClientContext;
    struct nmr_link *link;
    NTSTATUS status = module->attach_status;

    InterlockedIncrement(&module->attach_count);
    __atomic_store_n(&module->attach_irql, KeGetCurrentIrql(), __ATOMIC_RELAXED);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    link = link_make(module, NmrBindingHandle, ProviderRegistrationInstance);
    if (module->attaching != NULL) {
        module->attaching(module, link);
    }
    status =
        NmrClientAttachProvider(NmrBindingHandle, link, &module->dispatch, &link->other_context, &link->other_dispatch);
    __atomic_store_n(&module->inner_status, status, __ATOMIC_RELAXED);
    if (module->attached != NULL) {
        status = module->attached(module, link, status);
    }
    link->is_attached = status == STATUS_SUCCESS;
    return status;
}

static NTSTATUS link_detach(struct nmr_link *link)
{
    link->detach_order = InterlockedIncrement(&s_order);
    link->detach_irql = KeGetCurrentIrql();
    InterlockedIncrement(&link->detach_count);
    if (link->module->detaching != NULL) {
        return link->module->detaching(link->module, link);
    }
    return link->module->detach_status;
}

static VOID link_cleanup(struct nmr_link *link)
{
    link->cleanup_order = InterlockedIncrement(&s_order);
    link->cleanup_irql = KeGetCurrentIrql();
    if (link->module->cleaned != NULL) {
        link->module->cleaned(link->module, link);
    }
    InterlockedIncrement(&link->cleanup_count);
}

static NTSTATUS client_detach(PVOID ClientBindingContext)
{
    return link_detach(ClientBindingContext);
}

static VOID client_cleanup(PVOID ClientBindingContext)
{
    link_cleanup(ClientBindingContext);
}

/* --- provider ------------------------------------------------------------------------------------- */

static NTSTATUS provider_attach(HANDLE NmrBindingHandle, PVOID ProviderContext,
                                PNPI_REGISTRATION_INSTANCE ClientRegistrationInstance, PVOID ClientBindingContext,
                                CONST VOID *ClientDispatch, PVOID *ProviderBindingContext,
                                CONST VOID **ProviderDispatch)
{
    struct nmr_module *module = ProviderContext;
    struct nmr_link *link;
    NTSTATUS status = module->attach_status;

    InterlockedIncrement(&module->attach_count);
    __atomic_store_n(&module->attach_irql, KeGetCurrentIrql(), __ATOMIC_RELAXED);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    link = link_make(module, NmrBindingHandle, ClientRegistrationInstance);
    link->other_context = ClientBindingContext;
    link->other_dispatch = ClientDispatch;
    if (module->attaching != NULL) {
        module->attaching(module, link);
    }
    *ProviderBindingContext = link;
    *ProviderDispatch = &module->dispatch;
    if (module->attached != NULL) {
        status = module->attached(module, link, status);
    }
    link->is_attached = status == STATUS_SUCCESS;
    return status;
}

static NTSTATUS provider_detach(PVOID ProviderBindingContext)
{
    return link_detach(ProviderBindingContext);
}

static VOID provider_cleanup(PVOID ProviderBindingContext)
{
    link_cleanup(ProviderBindingContext);
}

/* --- for tests ------------------------------------------------------------------------------------ */

static void module_make(struct nmr_module *module, ULONG number)
{
    memset(module, 0, sizeof(*module));
    module->id.Length = sizeof(module->id);
    module->id.Type = MIT_GUID;
    module->id.Guid.Data1 = number;
    module->attach_status = STATUS_SUCCESS;
    module->detach_status = STATUS_SUCCESS;
}

static void instance_make(NPI_REGISTRATION_INSTANCE *instance, struct nmr_module *module, ULONG number)
{
    instance->Size = sizeof(*instance);
    instance->NpiId = &nmr_test_interface;
    instance->ModuleId = &module->id;
    instance->Number = number;
    instance->NpiSpecificCharacteristics = module;
}

void nmr_client_make(struct nmr_module *module, ULONG number)
{
    module_make(module, number);
    module->client.Length = sizeof(module->client);
    module->client.ClientAttachProvider = client_attach;
    module->client.ClientDetachProvider = client_detach;
    module->client.ClientCleanupBindingContext = client_cleanup;
    instance_make(&module->client.ClientRegistrationInstance, module, number);
}

void nmr_provider_make(struct nmr_module *module, ULONG number)
{
    module_make(module, number);
    module->provider.Length = sizeof(module->provider);
    module->provider.ProviderAttachClient = provider_attach;
    module->provider.ProviderDetachClient = provider_detach;
    module->provider.ProviderCleanupBindingContext = provider_cleanup;
    instance_make(&module->provider.ProviderRegistrationInstance, module, number);
}

void nmr_client_register(struct nmr_module *module)
{
    assert_int_equal(NmrRegisterClient(&module->client, module, &module->handle), STATUS_SUCCESS);
    assert_non_null(module->handle);
}

void nmr_provider_register(struct nmr_module *module)
{
    assert_int_equal(NmrRegisterProvider(&module->provider, module, &module->handle), STATUS_SUCCESS);
    assert_non_null(module->handle);
}

void nmr_client_end(struct nmr_module *module)
{
    assert_int_equal(NmrDeregisterClient(module->handle), STATUS_PENDING);
    assert_int_equal(NmrWaitForClientDeregisterComplete(module->handle), STATUS_SUCCESS);
}

void nmr_provider_end(struct nmr_module *module)
{
    assert_int_equal(NmrDeregisterProvider(module->handle), STATUS_PENDING);
    assert_int_equal(NmrWaitForProviderDeregisterComplete(module->handle), STATUS_SUCCESS);
}

ULONG nmr_live_count(const struct nmr_module *module)
{
    ULONG count = 0;

    for (LONG i = 0; i < module->link_count; i++) {
        count += module->links[i].is_attached && module->links[i].cleanup_count == 0;
    }
    return count;
}

static VOID NTAPI waiter_main(PVOID Context)
{
    struct nmr_waiter *waiter = Context;
    NTSTATUS status = waiter->is_provider ? NmrWaitForProviderDeregisterComplete(waiter->handle)
                                          : NmrWaitForClientDeregisterComplete(waiter->handle);

    wsk_kit_witness_call(waiter->witness, (uintptr_t)(ULONG)status, 0, 0, 0);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

void nmr_waiter_start(struct nmr_waiter *waiter, const struct nmr_module *module, BOOLEAN is_provider)
{
    waiter->handle = module->handle;
    waiter->is_provider = is_provider;
    waiter->witness = wsk_kit_witness_create("the wait for the deregistration returned");
    waiter->thread = system_thread_start(waiter_main, waiter);
    wsk_kit_run_until_idle();
}

BOOLEAN nmr_waiter_is_done(const struct nmr_waiter *waiter)
{
    return wsk_kit_witness_count(waiter->witness) != 0;
}

NTSTATUS nmr_waiter_join(struct nmr_waiter *waiter)
{
    NTSTATUS status;

    wsk_kit_witness_wait(waiter->witness, 1);
    status = (NTSTATUS)(ULONG)wsk_kit_witness_get(waiter->witness, 0).values[0];
    system_thread_join(waiter->thread);
    wsk_kit_witness_destroy(waiter->witness);
    return status;
}
