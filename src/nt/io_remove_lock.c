/* SPDX-License-Identifier: MIT */
/* IO_REMOVE_LOCK: who still uses a device that is to go, by tags. */
#include "nt/io_remove_lock.h"

#include <wdm.h>

#include "base/base_list.h"
#include "host/host_lock.h"
#include "host/host_mem.h"
#include "nt/ex_block.h"
#include "nt/ex_paged.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_irql.h"

/* Design
 *
 * IoCount begins at one, which is the device's own use. An acquire counts one more and takes it back when it then finds
 * Removed set; the last use of a removed device sets the event.
 *
 * Which tags are out is kept in a list of all locks, newest first: a release looks for its tag there (LOCK-035), and the
 * wait, when it hangs, can be told what it waits for.
 */

struct tag { /* one acquire that was not released yet */
    struct we_base_list link;
    const void *lock;
    const void *tag;
    void *site;
};

static const char s_kind[] = "remove lock";
static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_QUEUE);
static struct we_base_list s_tags = WE_BASE_LIST_INIT(s_tags);

static void tag_add(const void *lock, const void *tag, void *site)
{
    struct tag *record = (struct tag *)we_host_alloc(sizeof(*record));

    if (record == NULL) {
        return; /* its release will be reported; without memory nothing better can be done */
    }
    record->lock = lock;
    record->tag = tag;
    record->site = site;
    we_host_mutex_lock(&s_lock);
    we_base_list_append(&s_tags, &record->link);
    we_host_mutex_unlock(&s_lock);
}

/* False: no such tag is out. */
static bool tag_remove(const void *lock, const void *tag)
{
    struct tag *found = NULL;

    we_host_mutex_lock(&s_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_tags) {
        struct tag *record = WE_BASE_LIST_ITEM(link, struct tag, link);

        if (record->lock == lock && record->tag == tag) {
            found = record;
            break;
        }
    }
    if (found != NULL) {
        we_base_list_remove(&found->link);
    }
    we_host_mutex_unlock(&s_lock);
    we_host_free(found);
    return found != NULL;
}

static void tags_forget(const void *lock)
{
    struct we_base_list *link;
    struct we_base_list *next;

    we_host_mutex_lock(&s_lock);
    for (link = s_tags.next; link != &s_tags; link = next) {
        struct tag *record = WE_BASE_LIST_ITEM(link, struct tag, link);

        next = link->next;
        if (lock == NULL || record->lock == lock) {
            we_base_list_remove(link);
            we_host_free(record);
        }
    }
    we_host_mutex_unlock(&s_lock);
}

void we_io_remove_locks_stop(void)
{
    tags_forget(NULL);
}

/* One use less; the last one of a removed device lets the remover go on. */
static void count_down(PIO_REMOVE_LOCK lock, LONG uses)
{
    if (__atomic_sub_fetch(&lock->Common.IoCount, uses, __ATOMIC_SEQ_CST) == 0) {
        KeSetEvent(&lock->Common.RemoveEvent, IO_NO_INCREMENT, FALSE);
    }
}

static bool is_removed(const IO_REMOVE_LOCK *lock)
{
    return __atomic_load_n(&lock->Common.Removed, __ATOMIC_SEQ_CST) != FALSE;
}

VOID NTAPI IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG AllocateTag, ULONG MaxLockedMinutes,
                                    ULONG HighWatermark, ULONG RemlockSize)
{
    WE_NT_ENTRY(IoInitializeRemoveLockEx);
    we_ex_paged_check(Lock, "remove lock", "IoInitializeRemoveLockEx");
    UNREFERENCED_PARAMETER(AllocateTag);
    UNREFERENCED_PARAMETER(MaxLockedMinutes);
    UNREFERENCED_PARAMETER(HighWatermark);
    UNREFERENCED_PARAMETER(RemlockSize);
    tags_forget(Lock); /* of what lay here before */
    Lock->Common.Removed = FALSE;
    Lock->Common.IoCount = 1;
    we_ke_header_init(&Lock->Common.RemoveEvent.Header, WE_KE_SYNCHRONIZATION_EVENT, 0);
}

NTSTATUS NTAPI IoAcquireRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, PCSTR File, ULONG Line, ULONG RemlockSize)
{
    WE_NT_ENTRY(IoAcquireRemoveLockEx);
    UNREFERENCED_PARAMETER(File);
    UNREFERENCED_PARAMETER(Line);
    UNREFERENCED_PARAMETER(RemlockSize);
    (void)__atomic_add_fetch(&RemoveLock->Common.IoCount, 1, __ATOMIC_SEQ_CST);
    if (is_removed(RemoveLock)) {
        count_down(RemoveLock, 1);
        return STATUS_DELETE_PENDING;
    }
    tag_add(RemoveLock, Tag, __builtin_return_address(0));
    return STATUS_SUCCESS;
}

/* LOCK-035. True: the tag was out and is not any more. */
static bool tag_check(PIO_REMOVE_LOCK lock, PVOID tag, const char *function)
{
    if (tag_remove(lock, tag)) {
        return true;
    }
    we_ex_report(WE_RULE_LOCK_035, s_kind, lock, NULL, "%s(%p) with the tag %p, with which it is not acquired",
                 function, (void *)lock, tag);
    return false;
}

VOID NTAPI IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    WE_NT_ENTRY(IoReleaseRemoveLockEx);
    UNREFERENCED_PARAMETER(RemlockSize);
    if (tag_check(RemoveLock, Tag, "IoReleaseRemoveLock")) {
        count_down(RemoveLock, 1);
    }
}

VOID NTAPI IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    bool was_acquired;

    WE_NT_ENTRY(IoReleaseRemoveLockAndWaitEx);
    UNREFERENCED_PARAMETER(RemlockSize);
    if (is_removed(RemoveLock)) {
        we_ex_report(WE_RULE_LOCK_037, s_kind, RemoveLock, NULL, "IoReleaseRemoveLockAndWait(%p) a second time",
                     (void *)RemoveLock);
        return;
    }
    was_acquired = tag_check(RemoveLock, Tag, "IoReleaseRemoveLockAndWait");
    __atomic_store_n(&RemoveLock->Common.Removed, TRUE, __ATOMIC_SEQ_CST);
    count_down(RemoveLock, was_acquired ? 2 : 1);
    (void)we_ke_wait_internal(&RemoveLock->Common.RemoveEvent.Header, WE_HOST_FOREVER);
}
