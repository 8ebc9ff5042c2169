/* SPDX-License-Identifier: MIT */
/* Registered network modules: clients and providers, their handles, and what keeps them. */
#include "nt/nmr_module.h"

#include <string.h>

#include "base/base_assert.h"
#include "host/host_lock.h"
#include "host/host_mem.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_asan.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * Handles are ids of slot and generation, so a stale one is an answer and not a crash. Modules and bindings share one
 * map, and an object's first member says what it is: a handle of one kind is never taken for another.
 *
 * A module's characteristics stay with the driver, and the other side is shown the driver's own registration instance,
 * as on Windows. What the registrar itself calls is a copy.
 */

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_REGISTRATION);
static struct we_base_list s_modules = WE_BASE_LIST_INIT(s_modules);
static struct we_base_idmap s_handles;
static uint64_t s_last_serial;

void we_nmr_lock(void)
{
    we_host_mutex_lock(&s_lock);
}

void we_nmr_unlock(void)
{
    we_host_mutex_unlock(&s_lock);
}

/* --- handles -------------------------------------------------------------------------------------- */

bool we_nmr_handle_add(we_base_id *id, enum we_nmr_object *object)
{
    *id = we_base_idmap_add(&s_handles, object);
    return *id != 0;
}

void we_nmr_handle_remove(we_base_id id)
{
    (void)we_base_idmap_remove(&s_handles, id);
}

enum we_nmr_object *we_nmr_handle_find(HANDLE handle, enum we_nmr_object object)
{
    enum we_nmr_object *found = we_base_idmap_find(&s_handles, (we_base_id)(ULONG_PTR)handle);

    return found != NULL && *found == object ? found : NULL;
}

/* --- modules -------------------------------------------------------------------------------------- */

/* The registration instance in the characteristics of a client or a provider. */
static const NPI_REGISTRATION_INSTANCE *instance_in(enum we_nmr_side side, const void *characteristics)
{
    return side == WE_NMR_CLIENT
               ? &((const NPI_CLIENT_CHARACTERISTICS *)characteristics)->ClientRegistrationInstance
               : &((const NPI_PROVIDER_CHARACTERISTICS *)characteristics)->ProviderRegistrationInstance;
}

static size_t characteristics_size(enum we_nmr_side side)
{
    return side == WE_NMR_CLIENT ? sizeof(NPI_CLIENT_CHARACTERISTICS) : sizeof(NPI_PROVIDER_CHARACTERISTICS);
}

static void module_init(struct we_nmr_module *module, enum we_nmr_side side, const void *characteristics, PVOID context)
{
    const NPI_REGISTRATION_INSTANCE *instance = instance_in(side, characteristics);

    module->object = side == WE_NMR_CLIENT ? WE_NMR_OBJECT_CLIENT : WE_NMR_OBJECT_PROVIDER;
    module->side = side;
    module->context = context;
    module->characteristics = characteristics;
    memcpy(&module->copy, characteristics, characteristics_size(side));
    module->npi_id = *instance->NpiId;
    module->module_id = *instance->ModuleId;
    we_base_list_init(&module->link);
    we_base_list_init(&module->bindings);
}

static void module_list_locked(struct we_nmr_module *module)
{
    module->serial = ++s_last_serial;
    we_base_list_append(&s_modules, &module->link);
}

struct we_nmr_module *we_nmr_module_create(enum we_nmr_side side, const void *characteristics, PVOID context)
{
    struct we_nmr_module *module = we_host_zalloc(sizeof(*module));
    bool is_added;

    if (module == NULL) {
        return NULL;
    }
    module_init(module, side, characteristics, context);
    module->hold_count = 1;
    KeInitializeEvent(&module->done, NotificationEvent, FALSE);
    we_nmr_lock();
    is_added = we_nmr_handle_add(&module->id, &module->object);
    if (is_added) {
        module_list_locked(module);
        we_vrf_ledger_add(&module->entry, WE_KIND_NMR_MODULE, we_nmr_handle(module->id), 0, 0,
                          side == WE_NMR_CLIENT ? "NMR client" : "NMR provider");
    }
    we_nmr_unlock();
    if (!is_added) {
        we_host_free(module);
        return NULL;
    }
    return module;
}

void we_nmr_module_add_builtin(struct we_nmr_module *module, const NPI_PROVIDER_CHARACTERISTICS *characteristics)
{
    if (module->serial == 0) { /* only the start of an instance comes here, one at a time */
        module_init(module, WE_NMR_PROVIDER, characteristics, NULL);
        we_nmr_lock();
        module_list_locked(module);
        we_nmr_unlock();
    }
}

struct we_nmr_module *we_nmr_module_find(HANDLE handle, enum we_nmr_side side)
{
    enum we_nmr_object *object =
        we_nmr_handle_find(handle, side == WE_NMR_CLIENT ? WE_NMR_OBJECT_CLIENT : WE_NMR_OBJECT_PROVIDER);

    return object == NULL ? NULL : (struct we_nmr_module *)(void *)object;
}

static bool is_same_instance(const NPI_REGISTRATION_INSTANCE *now, const NPI_REGISTRATION_INSTANCE *then)
{
    return now->Version == then->Version && now->Size == then->Size && now->NpiId == then->NpiId &&
           now->ModuleId == then->ModuleId && now->Number == then->Number &&
           now->NpiSpecificCharacteristics == then->NpiSpecificCharacteristics;
}

static bool is_same_client(const NPI_CLIENT_CHARACTERISTICS *now, const NPI_CLIENT_CHARACTERISTICS *then)
{
    return now->Version == then->Version && now->Length == then->Length &&
           now->ClientAttachProvider == then->ClientAttachProvider &&
           now->ClientDetachProvider == then->ClientDetachProvider &&
           now->ClientCleanupBindingContext == then->ClientCleanupBindingContext &&
           is_same_instance(&now->ClientRegistrationInstance, &then->ClientRegistrationInstance);
}

static bool is_same_provider(const NPI_PROVIDER_CHARACTERISTICS *now, const NPI_PROVIDER_CHARACTERISTICS *then)
{
    return now->Version == then->Version && now->Length == then->Length &&
           now->ProviderAttachClient == then->ProviderAttachClient &&
           now->ProviderDetachClient == then->ProviderDetachClient &&
           now->ProviderCleanupBindingContext == then->ProviderCleanupBindingContext &&
           is_same_instance(&now->ProviderRegistrationInstance, &then->ProviderRegistrationInstance);
}

/* The identifiers that the instance points to. */
static bool is_same_identity(const struct we_nmr_module *module)
{
    const NPI_REGISTRATION_INSTANCE *instance = instance_in(module->side, &module->copy);

    return !we_nt_asan_is_poisoned(instance->NpiId, sizeof(*instance->NpiId)) &&
           memcmp(instance->NpiId, &module->npi_id, sizeof(module->npi_id)) == 0 &&
           !we_nt_asan_is_poisoned(instance->ModuleId, sizeof(*instance->ModuleId)) &&
           NmrIsEqualNpiModuleId(instance->ModuleId, &module->module_id);
}

static bool is_unchanged(const struct we_nmr_module *module)
{
    const void *now = module->characteristics;

    if (we_nt_asan_is_poisoned(now, characteristics_size(module->side))) {
        return false;
    }
    return (module->side == WE_NMR_CLIENT ? is_same_client(now, &module->copy.client)
                                          : is_same_provider(now, &module->copy.provider)) &&
           is_same_identity(module);
}

/* From now on the other side is shown what the registrar has kept. */
static void module_fall_back(struct we_nmr_module *module)
{
    NPI_REGISTRATION_INSTANCE *instance = module->side == WE_NMR_CLIENT
                                              ? &module->copy.client.ClientRegistrationInstance
                                              : &module->copy.provider.ProviderRegistrationInstance;

    instance->NpiId = &module->npi_id;
    instance->ModuleId = &module->module_id;
    module->characteristics = &module->copy;
}

PNPI_REGISTRATION_INSTANCE we_nmr_module_instance(struct we_nmr_module *module)
{
    const void *characteristics;

    we_nmr_lock();
    if (module->characteristics != &module->copy && !is_unchanged(module)) {
        (void)we_vrf_report_entry(WE_RULE_NPI_019, &module->entry,
                                  "the characteristics %p, the NPI id or the module id of %s %p were changed since %s",
                                  module->characteristics, module->entry.note, we_nmr_handle(module->id),
                                  module->side == WE_NMR_CLIENT ? "NmrRegisterClient" : "NmrRegisterProvider");
        module_fall_back(module);
    }
    characteristics = module->characteristics;
    we_nmr_unlock();
    return instance_in(module->side, characteristics);
}

struct we_nmr_module *we_nmr_module_next_match(const struct we_nmr_module *module, uint64_t *serial)
{
    WE_BASE_LIST_FOR_EACH (link, &s_modules) {
        struct we_nmr_module *other = WE_BASE_LIST_ITEM(link, struct we_nmr_module, link);

        if (other->serial > *serial && other->serial < module->serial && other->side != module->side &&
            !other->is_deregistering && memcmp(&other->npi_id, &module->npi_id, sizeof(NPIID)) == 0) {
            *serial = other->serial;
            return other;
        }
    }
    return NULL;
}

bool we_nmr_module_unhold(struct we_nmr_module *module)
{
    WE_ASSERT(module->hold_count > 0);
    module->hold_count--;
    return module->hold_count == 0 && module->is_deregistering;
}

void we_nmr_module_withdraw(struct we_nmr_module *module)
{
    WE_ASSERT(module->id != 0);
    we_base_list_remove(&module->link);
    we_nmr_handle_remove(module->id);
    we_vrf_ledger_remove(&module->entry);
}

void we_nmr_module_destroy(struct we_nmr_module *module)
{
    we_host_free(module);
}

void we_nmr_module_each(void (*fn)(struct we_nmr_module *module, void *context), void *context)
{
    struct we_base_list *link = s_modules.next;

    while (link != &s_modules) {
        struct we_base_list *next = link->next;

        fn(WE_BASE_LIST_ITEM(link, struct we_nmr_module, link), context);
        link = next;
    }
}

void we_nmr_module_stop(void)
{
    we_base_idmap_fini(&s_handles);
}
