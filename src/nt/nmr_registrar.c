/* SPDX-License-Identifier: MIT */
/* The network module registrar: the functions that drivers call, and their waits. */
#include "nt/nmr_registrar.h"

#include "base/base_assert.h"
#include "host/host_exec.h"
#include "nt/ke_dispatcher.h"
#include "nt/nmr_binding.h"
#include "nt/nt_door.h"
#include "nt/nt_irql.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * A pair of modules is offered to each other once, by the thread that registers the younger of the two: so it does not
 * matter which comes first, two that register at the same time find each other once, and what was refused needs no
 * memory.
 *
 * A deregistration is over when nothing holds the module any more: no binding, and no call that registers or
 * deregisters it. The module itself stays until somebody has waited for that, because the wait may come much later;
 * the last waiter frees it. A wait that ends because the emulated kernel stops must not touch the module.
 */

static const char *deregister_name(enum we_nmr_side side)
{
    return side == WE_NMR_CLIENT ? "NmrDeregisterClient" : "NmrDeregisterProvider";
}

static const char *wait_name(enum we_nmr_side side)
{
    return side == WE_NMR_CLIENT ? "NmrWaitForClientDeregisterComplete" : "NmrWaitForProviderDeregisterComplete";
}

/* --- register ------------------------------------------------------------------------------------- */

/* Drops the hold of a call. */
static void module_release(struct we_nmr_module *module)
{
    bool is_over;

    we_nmr_lock();
    is_over = we_nmr_module_unhold(module);
    we_nmr_unlock();
    if (is_over) {
        KeSetEvent(&module->done, IO_NO_INCREMENT, FALSE);
    }
}

static bool instance_is_valid(const NPI_REGISTRATION_INSTANCE *instance)
{
    return instance->Version == 0 && instance->Size == sizeof(*instance) && instance->NpiId != NULL &&
           instance->ModuleId != NULL && instance->ModuleId->Length == sizeof(NPI_MODULEID) &&
           (instance->ModuleId->Type == MIT_GUID || instance->ModuleId->Type == MIT_IF_LUID);
}

static NTSTATUS module_register(enum we_nmr_side side, const void *characteristics, PVOID context, PHANDLE handle)
{
    struct we_nmr_module *module = we_nmr_module_create(side, characteristics, context);
    struct we_nmr_binding *binding;
    uint64_t serial = 0;

    if (module == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *handle = we_nmr_handle(module->id); /* a callback may want it already */
    while ((binding = we_nmr_binding_next(module, &serial)) != NULL) {
        we_nmr_binding_offer(binding);
    }
    module_release(module);
    return STATUS_SUCCESS;
}

NTSTATUS NmrRegisterClient(PNPI_CLIENT_CHARACTERISTICS ClientCharacteristics, PVOID ClientContext,
                           PHANDLE NmrClientHandle)
{
    WE_NT_ENTRY(NmrRegisterClient);
    if (NmrClientHandle == NULL || ClientCharacteristics == NULL || ClientCharacteristics->Version != 0 ||
        ClientCharacteristics->Length != sizeof(*ClientCharacteristics) ||
        ClientCharacteristics->ClientAttachProvider == NULL || ClientCharacteristics->ClientDetachProvider == NULL ||
        !instance_is_valid(&ClientCharacteristics->ClientRegistrationInstance)) {
        return STATUS_INVALID_PARAMETER;
    }
    return module_register(WE_NMR_CLIENT, ClientCharacteristics, ClientContext, NmrClientHandle);
}

NTSTATUS NmrRegisterProvider(PNPI_PROVIDER_CHARACTERISTICS ProviderCharacteristics, PVOID ProviderContext,
                             PHANDLE NmrProviderHandle)
{
    WE_NT_ENTRY(NmrRegisterProvider);
    if (NmrProviderHandle == NULL || ProviderCharacteristics == NULL || ProviderCharacteristics->Version != 0 ||
        ProviderCharacteristics->Length != sizeof(*ProviderCharacteristics) ||
        ProviderCharacteristics->ProviderAttachClient == NULL ||
        ProviderCharacteristics->ProviderDetachClient == NULL ||
        !instance_is_valid(&ProviderCharacteristics->ProviderRegistrationInstance)) {
        return STATUS_INVALID_PARAMETER;
    }
    return module_register(WE_NMR_PROVIDER, ProviderCharacteristics, ProviderContext, NmrProviderHandle);
}

/* --- deregister ----------------------------------------------------------------------------------- */

static void report_handle(enum we_nmr_side side, HANDLE handle, const char *function, const char *what)
{
    struct we_vrf_tombstone tombstone;
    bool is_dead = we_vrf_ledger_find_dead(WE_KIND_NMR_MODULE, handle, &tombstone);

    (void)we_vrf_report_tombstone(WE_RULE_NPI_019, is_dead ? &tombstone : NULL, "%s was called for handle %p, which %s",
                                  function, handle,
                                  what != NULL ? what
                                  : is_dead    ? "is deregistered and waited for already"
                                               : (side == WE_NMR_CLIENT ? "is no client" : "is no provider"));
}

/* The module, with a hold; NULL with a report. */
static struct we_nmr_module *deregister_begin(HANDLE handle, enum we_nmr_side side)
{
    struct we_nmr_module *module;
    bool is_first;

    we_nmr_lock();
    module = we_nmr_module_find(handle, side);
    is_first = module != NULL && !module->is_deregistering;
    if (is_first) {
        module->is_deregistering = true;
        module->hold_count++;
    }
    we_nmr_unlock();
    if (!is_first) {
        report_handle(side, handle, deregister_name(side), module != NULL ? "is deregistered already" : NULL);
    }
    return is_first ? module : NULL;
}

static NTSTATUS module_deregister(HANDLE handle, enum we_nmr_side side)
{
    struct we_nmr_module *module = deregister_begin(handle, side);

    if (module == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    we_nmr_binding_detach_all(module);
    module_release(module);
    return STATUS_PENDING; /* also when all is done */
}

NTSTATUS NmrDeregisterClient(HANDLE NmrClientHandle)
{
    WE_NT_ENTRY(NmrDeregisterClient);
    return module_deregister(NmrClientHandle, WE_NMR_CLIENT);
}

NTSTATUS NmrDeregisterProvider(HANDLE NmrProviderHandle)
{
    WE_NT_ENTRY(NmrDeregisterProvider);
    return module_deregister(NmrProviderHandle, WE_NMR_PROVIDER);
}

/* --- wait ----------------------------------------------------------------------------------------- */

/* Counts a waiter, so that another one does not free the module; NULL with a report. */
static struct we_nmr_module *wait_begin(HANDLE handle, enum we_nmr_side side)
{
    struct we_nmr_module *module;
    bool is_deregistering;

    we_nmr_lock();
    module = we_nmr_module_find(handle, side);
    is_deregistering = module != NULL && module->is_deregistering;
    if (is_deregistering) {
        module->waiter_count++;
    }
    we_nmr_unlock();
    if (!is_deregistering) {
        report_handle(side, handle, wait_name(side), module != NULL ? "is not deregistered" : NULL);
    }
    return is_deregistering ? module : NULL;
}

/* has_waited: the deregistration is over, and the last waiter frees the module. */
static void wait_end(struct we_nmr_module *module, bool has_waited)
{
    bool is_last;

    we_nmr_lock();
    module->waiter_count--;
    module->is_waited_for = module->is_waited_for || has_waited;
    is_last = has_waited && module->waiter_count == 0;
    if (is_last) {
        we_nmr_module_withdraw(module);
    }
    we_nmr_unlock();
    if (is_last) {
        we_nmr_module_destroy(module);
    }
}

/* Why the caller must not wait is reported; above APC_LEVEL it is already. */
static bool may_wait(const struct we_nmr_module *module)
{
    const struct we_nt_frame *callback = we_nt_door_find_callback();

    if (callback != NULL) {
        (void)we_vrf_report(WE_RULE_CB_001, NULL, "%s waits inside a %s", wait_name(module->side),
                            we_nt_door_name(callback->kind));
        return false;
    }
    callback = we_nmr_binding_find_callback(module);
    if (callback != NULL) {
        (void)we_vrf_report_entry(WE_RULE_NPI_019, &module->entry, "%s waits for handle %p inside a %s of its own",
                                  wait_name(module->side), we_nmr_handle(module->id), we_nt_door_name(callback->kind));
        return false;
    }
    return we_nt_irql_current() <= APC_LEVEL;
}

static NTSTATUS module_wait(HANDLE handle, enum we_nmr_side side)
{
    struct we_nmr_module *module = wait_begin(handle, side);

    if (module == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (KeReadStateEvent(&module->done) == 0) {
        if (!may_wait(module)) {
            wait_end(module, false);
            return STATUS_INVALID_DEVICE_STATE;
        }
        if (we_ke_wait_internal(&module->done.Header, WE_HOST_FOREVER) != STATUS_SUCCESS) {
            return STATUS_UNSUCCESSFUL; /* the emulated kernel stops: the module may be gone */
        }
    }
    wait_end(module, true);
    return STATUS_SUCCESS;
}

NTSTATUS NmrWaitForClientDeregisterComplete(HANDLE NmrClientHandle)
{
    WE_NT_ENTRY(NmrWaitForClientDeregisterComplete);
    return module_wait(NmrClientHandle, WE_NMR_CLIENT);
}

NTSTATUS NmrWaitForProviderDeregisterComplete(HANDLE NmrProviderHandle)
{
    WE_NT_ENTRY(NmrWaitForProviderDeregisterComplete);
    return module_wait(NmrProviderHandle, WE_NMR_PROVIDER);
}

/* --- bindings ------------------------------------------------------------------------------------- */

NTSTATUS NmrClientAttachProvider(HANDLE NmrBindingHandle, PVOID ClientBindingContext, CONST VOID *ClientDispatch,
                                 PVOID *ProviderBindingContext, CONST VOID **ProviderDispatch)
{
    WE_NT_ENTRY(NmrClientAttachProvider);
    if (ProviderBindingContext == NULL || ProviderDispatch == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    /* A driver that ignores the status must not find another binding's table here. */
    *ProviderBindingContext = NULL;
    *ProviderDispatch = NULL;
    return we_nmr_binding_attach(NmrBindingHandle, ClientBindingContext, ClientDispatch, ProviderBindingContext,
                                 ProviderDispatch);
}

VOID NmrClientDetachProviderComplete(HANDLE NmrBindingHandle)
{
    WE_NT_ENTRY(NmrClientDetachProviderComplete);
    we_nmr_binding_complete(NmrBindingHandle, WE_NMR_CLIENT);
}

VOID NmrProviderDetachClientComplete(HANDLE NmrBindingHandle)
{
    WE_NT_ENTRY(NmrProviderDetachClientComplete);
    we_nmr_binding_complete(NmrBindingHandle, WE_NMR_PROVIDER);
}

/* --- for the library ------------------------------------------------------------------------------ */

void we_nmr_provider_add_builtin(struct we_nmr_module *module, const NPI_PROVIDER_CHARACTERISTICS *characteristics)
{
    we_nmr_module_add_builtin(module, characteristics);
}

bool we_nmr_is_client_detached(HANDLE binding)
{
    return we_nmr_binding_is_client_detached(binding);
}

static const char *missing_call(const struct we_nmr_module *module)
{
    return module->is_deregistering ? wait_name(module->side) : deregister_name(module->side);
}

struct entries {
    void (*fn)(struct we_vrf_entry *entry, const char *missing, void *context);
    void *context;
};

static void entry_show(struct we_nmr_module *module, void *context)
{
    const struct entries *entries = context;

    if (module->id != 0) {
        entries->fn(&module->entry, missing_call(module), entries->context);
    }
}

void we_nmr_each(void (*fn)(struct we_vrf_entry *entry, const char *missing, void *context), void *context)
{
    struct entries entries = { fn, context };

    we_nmr_lock();
    we_nmr_module_each(entry_show, &entries);
    we_nmr_unlock();
}

static void report_stalled(struct we_nmr_module *module, void *context)
{
    UNREFERENCED_PARAMETER(context);
    if (module->waiter_count > 0 && module->hold_count > 0) {
        we_nmr_binding_report_owing(module);
    }
}

void we_nmr_report_stalled(void)
{
    we_nmr_lock();
    we_nmr_module_each(report_stalled, NULL);
    we_nmr_unlock();
}

static void drop_bindings(struct we_nmr_module *module, void *context)
{
    UNREFERENCED_PARAMETER(context);
    if (module->side == WE_NMR_CLIENT) {
        we_nmr_binding_drop_all(module);
    }
}

static void module_drop(struct we_nmr_module *module, void *context)
{
    UNREFERENCED_PARAMETER(context);
    if (module->id == 0) {
        module->hold_count = 0;
        return;
    }
    /* Whoever waits still has done his part. */
    if (!module->is_waited_for && module->waiter_count == 0 && !module->entry.is_reported) {
        (void)we_vrf_report_entry(WE_RULE_NPI_019, &module->entry, "%s was never called for %s %p",
                                  missing_call(module), module->entry.note, we_nmr_handle(module->id));
    }
    we_nmr_module_withdraw(module);
    we_nmr_module_destroy(module);
}

/* Nobody else is left, so the lock is not needed, and the providers' cleanup may run. */
void we_nmr_stop(void)
{
    we_nmr_module_each(drop_bindings, NULL);
    we_nmr_module_each(module_drop, NULL);
    we_nmr_module_stop();
}
