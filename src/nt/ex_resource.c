/* SPDX-License-Identifier: MIT */
/* ERESOURCE: recursive, shared or exclusive, with a table of owners: who is granted what. */
#include "nt/ex_resource.h"

#include <string.h>

#include "host/host_mem.h"
#include "nt/ex_block.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_irql.h"

/* Design
 *
 * ActiveCount counts the owners, not their acquisitions; FLAG_EXCLUSIVE says that the one owner owns it exclusively. The
 * first owner stands in OwnerEntry, further ones in a table that grows as needed; both are looked through by the
 * owner's id, the address of its thread or what ExSetResourceOwnerPointer said. A table that cannot grow makes the
 * acquire fail.
 */

#define FLAG_EXCLUSIVE 0x80u
#define TABLE_STEP 8u

static const char s_kind[] = "resource";
/* Whose acquire may overtake whom. */
enum shared_manner { SHARED_PLAIN, SHARED_STARVE_EXCLUSIVE, SHARED_WAIT_FOR_EXCLUSIVE };

static ERESOURCE_THREAD own_id(void)
{
    return (ERESOURCE_THREAD)we_nt_thread_current();
}

static bool is_exclusive_locked(const ERESOURCE *resource)
{
    return (resource->Flag & FLAG_EXCLUSIVE) != 0;
}

/* --- the table of owners; dispatcher lock held ----------------------------------------------- */

static ULONG entry_count(const ERESOURCE *resource)
{
    return 1 + we_ex_resource_record(resource)->entry_count;
}

static POWNER_ENTRY entry_at(PERESOURCE resource, ULONG i)
{
    return i == 0 ? &resource->OwnerEntry : &we_ex_resource_record(resource)->table[i - 1];
}

static POWNER_ENTRY entry_find(PERESOURCE resource, ERESOURCE_THREAD id)
{
    ULONG i;

    for (i = 0; i < entry_count(resource); i++) {
        POWNER_ENTRY entry = entry_at(resource, i);

        if (entry->OwnerCount != 0 && entry->OwnerThread == id) {
            return entry;
        }
    }
    return NULL;
}

static POWNER_ENTRY table_grow(struct we_ex_resource_record *record)
{
    ULONG count = record->entry_count;
    POWNER_ENTRY bigger = (POWNER_ENTRY)we_host_alloc((count + TABLE_STEP) * sizeof(*bigger));

    if (bigger == NULL) {
        return NULL;
    }
    memset(bigger, 0, (count + TABLE_STEP) * sizeof(*bigger));
    if (count > 0) {
        memcpy(bigger, record->table, count * sizeof(*bigger));
    }
    we_host_free(record->table);
    record->table = bigger;
    record->entry_count = count + TABLE_STEP;
    return &bigger[count];
}

/* An entry without an owner, or NULL without memory. */
static POWNER_ENTRY entry_free(PERESOURCE resource)
{
    ULONG i;

    for (i = 0; i < entry_count(resource); i++) {
        if (entry_at(resource, i)->OwnerCount == 0) {
            return entry_at(resource, i);
        }
    }
    return table_grow(we_ex_resource_record(resource));
}

/* --- granting; dispatcher lock held -------------------------------------------------------- */

static bool take_locked(PERESOURCE resource, ERESOURCE_THREAD id, enum we_ex_mode mode)
{
    POWNER_ENTRY entry = entry_find(resource, id);

    if (entry != NULL) {
        entry->OwnerCount++;
        return true;
    }
    entry = entry_free(resource);
    if (entry == NULL) {
        return false;
    }
    entry->OwnerThread = id;
    entry->OwnerCount = 1;
    resource->ActiveCount++;
    if (mode == WE_EX_EXCLUSIVE) {
        resource->Flag |= FLAG_EXCLUSIVE;
    }
    return true;
}

static bool has_waiting_writer(const ERESOURCE *resource)
{
    return we_ex_first_waiter_of_mode_locked(resource, WE_EX_EXCLUSIVE) != NULL;
}

static bool is_exclusive_grantable(PERESOURCE resource)
{
    return resource->ActiveCount == 0 || (is_exclusive_locked(resource) && entry_find(resource, own_id()) != NULL);
}

static bool is_shared_grantable(PERESOURCE resource, enum shared_manner manner)
{
    bool is_owner = entry_find(resource, own_id()) != NULL;

    if (is_exclusive_locked(resource)) {
        return is_owner;
    }
    if (manner == SHARED_STARVE_EXCLUSIVE || !has_waiting_writer(resource)) {
        return true;
    }
    return is_owner && manner == SHARED_PLAIN;
}

static void waiters_count(PERESOURCE resource)
{
    resource->NumberOfSharedWaiters = we_ex_waiter_count_locked(resource, WE_EX_SHARED);
    resource->NumberOfExclusiveWaiters = we_ex_waiter_count_locked(resource, WE_EX_EXCLUSIVE);
}

static void grant_shared(PERESOURCE resource)
{
    struct we_nt_thread *thread;

    while ((thread = we_ex_first_waiter_of_mode_locked(resource, WE_EX_SHARED)) != NULL &&
           take_locked(resource, (ERESOURCE_THREAD)thread, WE_EX_SHARED)) {
        we_ex_grant_locked(thread);
    }
}

/* The resource is free, or shared after a conversion: whoever has waited longest goes first; with a reader go all. */
static void pass_on(PERESOURCE resource)
{
    struct we_nt_thread *next = we_ex_first_waiter_locked(resource);

    if (next != NULL && next->block_mode == WE_EX_SHARED) {
        grant_shared(resource);
    } else if (next != NULL && resource->ActiveCount == 0 &&
               take_locked(resource, (ERESOURCE_THREAD)next, WE_EX_EXCLUSIVE)) {
        we_ex_grant_locked(next);
    }
    waiters_count(resource);
}

/* One acquisition of this owner is given up. */
static void drop_locked(PERESOURCE resource, POWNER_ENTRY entry)
{
    entry->OwnerCount--;
    if (entry->OwnerCount > 0) {
        return;
    }
    entry->OwnerThread = 0;
    resource->ActiveCount--;
    if (resource->ActiveCount == 0) {
        resource->Flag &= (USHORT)~FLAG_EXCLUSIVE;
        pass_on(resource);
    }
}

/* --- checks -------------------------------------------------------------------------------- */

/* LOCK-027 */
static void check_region(const void *resource, const char *function)
{
    const struct we_nt_thread *thread = we_nt_thread_current();

    if (thread->irql < APC_LEVEL && thread->kernel_apc_disable == 0 && thread->special_apc_disable == 0) {
        we_ex_report(WE_RULE_LOCK_027, s_kind, resource, NULL, "%s(%p) was called outside a critical region", function,
                     resource);
    }
}

/* --- acquire and release ------------------------------------------------------------------- */

/* LOCK-029: a shared owner that wants it exclusive waits for itself. True: it cannot be. */
static bool refuse_upgrade(PERESOURCE resource, BOOLEAN wait, const char *function)
{
    bool is_upgrade;

    we_ke_dispatcher_lock();
    is_upgrade = !is_exclusive_locked(resource) && entry_find(resource, own_id()) != NULL;
    we_ke_dispatcher_unlock();
    if (is_upgrade && wait) {
        we_ex_report(WE_RULE_LOCK_029, s_kind, resource, we_ex_own_find(resource),
                     "%s(%p) by a thread that owns it shared, which would hang", function, (void *)resource);
    }
    return is_upgrade;
}

static BOOLEAN acquire(PERESOURCE resource, enum we_ex_mode mode, enum shared_manner manner, BOOLEAN wait,
                       const char *function, void *site)
{
    bool may_wait = we_ex_may_block(function, s_kind, resource) && wait;
    bool is_owned = false;

    check_region(resource, function);
    if (!we_ex_resource_check(resource, function) ||
        (mode == WE_EX_EXCLUSIVE && refuse_upgrade(resource, wait, function))) {
        if (wait) {
            we_ex_own_push(resource, WE_OWN_RESOURCE, true, site);
        }
        return FALSE;
    }
    we_ke_dispatcher_lock();
    if (mode == WE_EX_EXCLUSIVE ? is_exclusive_grantable(resource) : is_shared_grantable(resource, manner)) {
        is_owned = take_locked(resource, own_id(), mode);
        we_ke_dispatcher_unlock();
    } else if (may_wait) {
        resource->ContentionCount++;
        resource->NumberOfSharedWaiters += mode == WE_EX_SHARED;
        resource->NumberOfExclusiveWaiters += mode == WE_EX_EXCLUSIVE;
        is_owned = we_ex_wait_locked(resource, mode);
    } else {
        we_ke_dispatcher_unlock();
    }
    if (is_owned || wait) {
        we_ex_own_push(resource, WE_OWN_RESOURCE, !is_owned, site);
    }
    return is_owned ? TRUE : FALSE;
}

/* The release of one acquisition that was reported and not carried out. */
static bool is_void_release(PERESOURCE resource, ERESOURCE_THREAD id)
{
    struct we_nt_own *own = id == own_id() ? we_ex_own_find(resource) : NULL;
    bool is_void = own != NULL && own->is_void;

    if (own != NULL) {
        we_ex_own_drop(own);
    }
    return is_void;
}

static void release(PERESOURCE resource, ERESOURCE_THREAD id, const char *function)
{
    POWNER_ENTRY entry;

    if (is_void_release(resource, id) || !we_ex_resource_check(resource, function)) {
        return;
    }
    we_ke_dispatcher_lock();
    entry = entry_find(resource, id);
    if (entry != NULL) {
        drop_locked(resource, entry);
    }
    we_ke_dispatcher_unlock();
    if (entry == NULL) {
        we_ex_report(WE_RULE_LOCK_028, s_kind, resource, NULL, "%s(%p) for %p, which does not own it", function,
                     (void *)resource, (void *)id);
    }
}

void we_ex_resource_force_release(const void *lock)
{
    PERESOURCE resource = (PERESOURCE)(ULONG_PTR)lock;
    POWNER_ENTRY entry;

    we_ke_dispatcher_lock();
    entry = entry_find(resource, own_id());
    if (entry != NULL) {
        drop_locked(resource, entry);
    }
    we_ke_dispatcher_unlock();
}

/* --- the functions ------------------------------------------------------------------------- */

BOOLEAN NTAPI ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait)
{
    return acquire(Resource, WE_EX_EXCLUSIVE, SHARED_PLAIN, Wait, "ExAcquireResourceExclusiveLite",
                   __builtin_return_address(0));
}

BOOLEAN NTAPI ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait)
{
    return acquire(Resource, WE_EX_SHARED, SHARED_PLAIN, Wait, "ExAcquireResourceSharedLite",
                   __builtin_return_address(0));
}

BOOLEAN NTAPI ExAcquireSharedStarveExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    return acquire(Resource, WE_EX_SHARED, SHARED_STARVE_EXCLUSIVE, Wait, "ExAcquireSharedStarveExclusive",
                   __builtin_return_address(0));
}

BOOLEAN NTAPI ExAcquireSharedWaitForExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    return acquire(Resource, WE_EX_SHARED, SHARED_WAIT_FOR_EXCLUSIVE, Wait, "ExAcquireSharedWaitForExclusive",
                   __builtin_return_address(0));
}

PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource)
{
    KeEnterCriticalRegion();
    (void)acquire(Resource, WE_EX_EXCLUSIVE, SHARED_PLAIN, TRUE, "ExEnterCriticalRegionAndAcquireResourceExclusive",
                  __builtin_return_address(0));
    return NULL; /* a priority, on Windows: to be ignored */
}

PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource)
{
    KeEnterCriticalRegion();
    (void)acquire(Resource, WE_EX_SHARED, SHARED_PLAIN, TRUE, "ExEnterCriticalRegionAndAcquireResourceShared",
                  __builtin_return_address(0));
    return NULL;
}

VOID NTAPI ExReleaseResourceLite(PERESOURCE Resource)
{
    WE_NT_ENTRY(ExReleaseResourceLite);
    check_region(Resource, "ExReleaseResourceLite");
    release(Resource, own_id(), "ExReleaseResourceLite");
}

VOID NTAPI ExReleaseResourceForThreadLite(PERESOURCE Resource, ERESOURCE_THREAD ResourceThreadId)
{
    WE_NT_ENTRY(ExReleaseResourceForThreadLite);
    release(Resource, ResourceThreadId, "ExReleaseResourceForThreadLite");
}

VOID NTAPI ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource)
{
    WE_NT_ENTRY(ExReleaseResourceAndLeaveCriticalRegion);
    release(Resource, own_id(), "ExReleaseResourceAndLeaveCriticalRegion");
    KeLeaveCriticalRegion();
}

VOID NTAPI ExConvertExclusiveToSharedLite(PERESOURCE Resource)
{
    bool is_owner;

    WE_NT_ENTRY(ExConvertExclusiveToSharedLite);
    if (!we_ex_resource_check(Resource, "ExConvertExclusiveToSharedLite")) {
        return;
    }
    we_ke_dispatcher_lock();
    is_owner = is_exclusive_locked(Resource) && entry_find(Resource, own_id()) != NULL;
    if (is_owner) {
        Resource->Flag &= (USHORT)~FLAG_EXCLUSIVE;
        grant_shared(Resource);
        waiters_count(Resource);
    }
    we_ke_dispatcher_unlock();
    if (!is_owner) {
        we_ex_report(WE_RULE_LOCK_028, s_kind, Resource, NULL,
                     "ExConvertExclusiveToSharedLite(%p) by a thread that does not own it exclusively",
                     (void *)Resource);
    }
}

VOID NTAPI ExSetResourceOwnerPointer(PERESOURCE Resource, PVOID OwnerPointer)
{
    struct we_nt_own *own;
    POWNER_ENTRY entry;

    WE_NT_ENTRY(ExSetResourceOwnerPointer);
    if (!we_ex_resource_check(Resource, "ExSetResourceOwnerPointer")) {
        return;
    }
    we_ke_dispatcher_lock();
    entry = entry_find(Resource, own_id());
    if (entry != NULL) {
        entry->OwnerThread = (ERESOURCE_THREAD)OwnerPointer;
    }
    we_ke_dispatcher_unlock();
    while (entry != NULL && (own = we_ex_own_find(Resource)) != NULL) {
        we_ex_own_drop(own); /* it is not this thread's any more */
    }
    if (entry == NULL) {
        we_ex_report(WE_RULE_LOCK_028, s_kind, Resource, NULL,
                     "ExSetResourceOwnerPointer(%p) by a thread that does not own it", (void *)Resource);
    }
}

BOOLEAN NTAPI ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource)
{
    BOOLEAN is_owner;

    WE_NT_ENTRY(ExIsResourceAcquiredExclusiveLite);
    we_ke_dispatcher_lock();
    is_owner = is_exclusive_locked(Resource) && entry_find(Resource, own_id()) != NULL;
    we_ke_dispatcher_unlock();
    return is_owner;
}

ULONG NTAPI ExIsResourceAcquiredSharedLite(PERESOURCE Resource)
{
    POWNER_ENTRY entry;
    ULONG count;

    WE_NT_ENTRY(ExIsResourceAcquiredSharedLite);
    we_ke_dispatcher_lock();
    entry = entry_find(Resource, own_id());
    count = entry != NULL ? entry->OwnerCount : 0;
    we_ke_dispatcher_unlock();
    return count;
}

static ULONG waiter_count(PERESOURCE resource, enum we_ex_mode mode)
{
    ULONG count;

    we_ke_dispatcher_lock();
    count = we_ex_waiter_count_locked(resource, mode);
    we_ke_dispatcher_unlock();
    return count;
}

ULONG NTAPI ExGetSharedWaiterCount(PERESOURCE Resource)
{
    WE_NT_ENTRY(ExGetSharedWaiterCount);
    return waiter_count(Resource, WE_EX_SHARED);
}

ULONG NTAPI ExGetExclusiveWaiterCount(PERESOURCE Resource)
{
    WE_NT_ENTRY(ExGetExclusiveWaiterCount);
    return waiter_count(Resource, WE_EX_EXCLUSIVE);
}

ERESOURCE_THREAD NTAPI wsk_emu_resource_thread(VOID)
{
    return own_id();
}
