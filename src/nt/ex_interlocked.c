/* SPDX-License-Identifier: MIT */
/* Interlocked lists and counters, and SLISTs. */
#include <wdm.h>

#include "base/base_assert.h"
#include "host/host_exec.h"
#include "nt/nt_irql.h"
#include "nt/nt_thread.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * The ExInterlocked functions take the driver's spin lock by its word (0 free, 1 held: ke_spinlock.c), for a few
 * instructions, without raising the IRQL and without a record in the thread: nothing in between can stop the thread
 * or call back, and on Windows interrupts are masked, which no driver can see either.
 *
 * An SLIST header's Region holds the address of the first entry, whose low four bits are free: one is a lock, held
 * for a few instructions, and one says that the header was initialised, so that a header full of zeros is found.
 * Alignment holds depth and sequence as on Windows. That needs no 16-byte compare-and-swap, and a pop never reads an
 * entry that another thread has popped and freed.
 */

/* --- the driver's spin lock ------------------------------------------------------------ */

/* Returns false when the calling thread holds the lock: it would wait for itself. */
static bool lock_take(PKSPIN_LOCK lock, const char *function)
{
    const struct we_nt_thread *thread = we_nt_thread_current();
    unsigned spin_count = 0;
    KSPIN_LOCK is_free = 0;

    for (unsigned i = 0; i < thread->hold_count; i++) {
        if (thread->holds[i].lock == lock) {
            struct we_host_trace taken = { { thread->holds[i].site } };
            struct we_vrf_object object = { "spin lock", lock, NULL, NULL, NULL };

            object.made = &taken;
            (void)we_vrf_report(WE_RULE_LOCK_001, &object, "%s with a spin lock that the calling thread holds",
                                function);
            return false;
        }
    }
    while (!__atomic_compare_exchange_n(lock, &is_free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        is_free = 0;
        we_host_yield(&spin_count);
    }
    return true;
}

static void lock_drop(PKSPIN_LOCK lock, bool is_taken)
{
    if (is_taken) {
        __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
    }
}

/* --- lists under a spin lock ----------------------------------------------------------- */

PLIST_ENTRY ExInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    PLIST_ENTRY first;
    bool is_taken;

    WE_NT_ENTRY(ExInterlockedInsertHeadList);
    is_taken = lock_take(Lock, "ExInterlockedInsertHeadList");
    first = IsListEmpty(ListHead) ? NULL : ListHead->Flink;
    InsertHeadList(ListHead, ListEntry);
    lock_drop(Lock, is_taken);
    return first;
}

PLIST_ENTRY ExInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    PLIST_ENTRY last;
    bool is_taken;

    WE_NT_ENTRY(ExInterlockedInsertTailList);
    is_taken = lock_take(Lock, "ExInterlockedInsertTailList");
    last = IsListEmpty(ListHead) ? NULL : ListHead->Blink;
    InsertTailList(ListHead, ListEntry);
    lock_drop(Lock, is_taken);
    return last;
}

PLIST_ENTRY ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    PLIST_ENTRY first = NULL;
    bool is_taken;

    WE_NT_ENTRY(ExInterlockedRemoveHeadList);
    is_taken = lock_take(Lock, "ExInterlockedRemoveHeadList");
    if (!IsListEmpty(ListHead)) {
        first = RemoveHeadList(ListHead);
    }
    lock_drop(Lock, is_taken);
    return first;
}

PSINGLE_LIST_ENTRY ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY ListHead, PSINGLE_LIST_ENTRY ListEntry,
                                              PKSPIN_LOCK Lock)
{
    PSINGLE_LIST_ENTRY first;
    bool is_taken;

    WE_NT_ENTRY(ExInterlockedPushEntryList);
    is_taken = lock_take(Lock, "ExInterlockedPushEntryList");
    first = ListHead->Next;
    PushEntryList(ListHead, ListEntry);
    lock_drop(Lock, is_taken);
    return first;
}

PSINGLE_LIST_ENTRY ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    PSINGLE_LIST_ENTRY first;
    bool is_taken;

    WE_NT_ENTRY(ExInterlockedPopEntryList);
    is_taken = lock_take(Lock, "ExInterlockedPopEntryList");
    first = PopEntryList(ListHead);
    lock_drop(Lock, is_taken);
    return first;
}

LARGE_INTEGER ExInterlockedAddLargeInteger(PLARGE_INTEGER Addend, LARGE_INTEGER Increment, PKSPIN_LOCK Lock)
{
    LARGE_INTEGER old;
    bool is_taken;

    WE_NT_ENTRY(ExInterlockedAddLargeInteger);
    is_taken = lock_take(Lock, "ExInterlockedAddLargeInteger");
    old = *Addend;
    Addend->QuadPart = (LONGLONG)((ULONGLONG)old.QuadPart + (ULONGLONG)Increment.QuadPart);
    lock_drop(Lock, is_taken);
    return old;
}

ULONG ExInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock)
{
    ULONG old;
    bool is_taken;

    WE_NT_ENTRY(ExInterlockedAddUlong);
    is_taken = lock_take(Lock, "ExInterlockedAddUlong");
    old = *Addend;
    *Addend = old + Increment;
    lock_drop(Lock, is_taken);
    return old;
}

/* --- SLISTs ---------------------------------------------------------------------------- */

#define REGION_LOCKED ((ULONGLONG)1)
#define REGION_INITIALIZED ((ULONGLONG)2)
#define REGION_FLAGS ((ULONGLONG)0xF)
#define DEPTH_MASK ((ULONGLONG)0xFFFF)
#define SEQUENCE_ONE ((ULONGLONG)0x10000)

static bool is_aligned(const void *address)
{
    return (ULONG_PTR)address % MEMORY_ALLOCATION_ALIGNMENT == 0;
}

static bool alignment_check(const void *address, const char *kind, const char *function)
{
    struct we_vrf_object object = { kind, address, NULL, NULL, NULL };

    if (is_aligned(address)) {
        return true;
    }
    (void)we_vrf_report(WE_RULE_RTL_006, &object, "%s: the %s at %p is not aligned to %d bytes", function, kind,
                        address, MEMORY_ALLOCATION_ALIGNMENT);
    return false;
}

/* Returns the first entry with the header locked. */
static PSLIST_ENTRY header_lock(PSLIST_HEADER header, const char *function)
{
    ULONGLONG region = __atomic_load_n(&header->Region, __ATOMIC_RELAXED);
    unsigned spin_count = 0;

    for (;;) {
        if ((region & REGION_LOCKED) != 0) {
            we_host_yield(&spin_count);
            region = __atomic_load_n(&header->Region, __ATOMIC_RELAXED);
        } else if (__atomic_compare_exchange_n(&header->Region, &region, region | REGION_LOCKED, false,
                                               __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            break;
        }
    }
    if ((region & REGION_INITIALIZED) == 0) {
        struct we_vrf_object object = { "SLIST header", header, NULL, NULL, NULL };

        (void)we_vrf_report(WE_RULE_RTL_006, &object, "%s: the header was never initialised with InitializeSListHead",
                            function);
    }
    return (PSLIST_ENTRY)(ULONG_PTR)(region & ~REGION_FLAGS);
}

static ULONGLONG header_depth(PSLIST_HEADER header)
{
    return __atomic_load_n(&header->Alignment, __ATOMIC_RELAXED) & DEPTH_MASK;
}

static void header_unlock(PSLIST_HEADER header, PSLIST_ENTRY first, ULONGLONG depth)
{
    ULONGLONG alignment = __atomic_load_n(&header->Alignment, __ATOMIC_RELAXED) + SEQUENCE_ONE;

    __atomic_store_n(&header->Alignment, (alignment & ~DEPTH_MASK) | (depth & DEPTH_MASK), __ATOMIC_RELAXED);
    __atomic_store_n(&header->Region, (ULONGLONG)(ULONG_PTR)first | REGION_INITIALIZED, __ATOMIC_RELEASE);
}

VOID InitializeSListHead(PSLIST_HEADER SListHead)
{
    WE_NT_ENTRY(InitializeSListHead);
    (void)alignment_check(SListHead, "SLIST header", "InitializeSListHead");
    SListHead->Alignment = 0;
    SListHead->Region = REGION_INITIALIZED;
}

PSLIST_ENTRY InterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry)
{
    PSLIST_ENTRY first;

    WE_NT_ENTRY(InterlockedPushEntrySList);
    if (!alignment_check(ListEntry, "SLIST entry", "InterlockedPushEntrySList")) {
        return NULL; /* its address has no room for the flags: the entry stays outside */
    }
    first = header_lock(ListHead, "InterlockedPushEntrySList");
    ListEntry->Next = first;
    header_unlock(ListHead, ListEntry, header_depth(ListHead) + 1);
    return first;
}

PSLIST_ENTRY InterlockedPopEntrySList(PSLIST_HEADER ListHead)
{
    PSLIST_ENTRY first;

    WE_NT_ENTRY(InterlockedPopEntrySList);
    first = header_lock(ListHead, "InterlockedPopEntrySList");
    header_unlock(ListHead, first != NULL ? first->Next : NULL, header_depth(ListHead) - (first != NULL ? 1 : 0));
    return first;
}

PSLIST_ENTRY InterlockedFlushSList(PSLIST_HEADER ListHead)
{
    PSLIST_ENTRY first;

    WE_NT_ENTRY(InterlockedFlushSList);
    first = header_lock(ListHead, "InterlockedFlushSList");
    header_unlock(ListHead, NULL, 0);
    return first;
}

USHORT ExQueryDepthSList(PSLIST_HEADER SListHead)
{
    WE_NT_ENTRY(ExQueryDepthSList);
    return (USHORT)header_depth(SListHead);
}
