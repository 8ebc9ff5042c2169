/* SPDX-License-Identifier: MIT */
/* What threads are asked and told through handles, waits for handles, and silos. */
#include <wdm.h>

#include <string.h>

#include "host/host_log.h"
#include "nt/ke_cpu.h"
#include "nt/nt_irql.h"
#include "nt/nt_thread.h"
#include "nt/ob_object.h"

/* --- threads ------------------------------------------------------------------------------ */

/* The thread of a handle; *body is what must be dereferenced afterwards, NULL for the calling thread. */
static NTSTATUS thread_open(const char *function, HANDLE handle, struct we_nt_thread **thread, void **body)
{
    NTSTATUS status = STATUS_SUCCESS;

    *body = NULL;
    if (handle == NtCurrentThread()) {
        *thread = we_nt_thread_current();
    } else {
        status = we_ob_handle_open(function, handle, WE_OB_THREAD, body);
        *thread = *body;
    }
    return status;
}

static void thread_close(void *body)
{
    if (body != NULL) {
        we_ob_dereference(body);
    }
}

static KAFFINITY all_processors(void)
{
    return ((KAFFINITY)1 << we_nt_cpu_count()) - 1;
}

static NTSTATUS affinity_set(struct we_nt_thread *thread, const GROUP_AFFINITY *affinity)
{
    if (affinity->Group != 0 || affinity->Mask == 0 || (affinity->Mask & ~all_processors()) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    __atomic_store_n(&thread->affinity, affinity->Mask, __ATOMIC_RELAXED);
    return STATUS_SUCCESS;
}

static NTSTATUS ideal_processor_set(struct we_nt_thread *thread, PROCESSOR_NUMBER *processor)
{
    ULONG index = KeGetProcessorIndexFromNumber(processor);

    if (index == INVALID_PROCESSOR_INDEX) {
        return STATUS_INVALID_PARAMETER;
    }
    processor->Number = __atomic_exchange_n(&thread->ideal_processor, (UCHAR)index, __ATOMIC_RELAXED);
    return STATUS_SUCCESS;
}

static NTSTATUS information_set(struct we_nt_thread *thread, THREADINFOCLASS information_class, PVOID information,
                                ULONG length)
{
    LONG increment;

    switch (information_class) {
    case ThreadGroupInformation:
        return length == sizeof(GROUP_AFFINITY) ? affinity_set(thread, information) : STATUS_INFO_LENGTH_MISMATCH;
    case ThreadIdealProcessorEx:
        return length == sizeof(PROCESSOR_NUMBER) ? ideal_processor_set(thread, information)
                                                  : STATUS_INFO_LENGTH_MISMATCH;
    case ThreadBasePriority:
        if (length != sizeof(increment)) {
            return STATUS_INFO_LENGTH_MISMATCH;
        }
        memcpy(&increment, information, sizeof(increment));
        (void)KeSetBasePriorityThread((PKTHREAD)(PVOID)thread, increment);
        return STATUS_SUCCESS;
    default:
        WE_LOG_ONCE(WE_LOG_WARNING, "ZwSetInformationThread does not know class %d", (int)information_class);
        return STATUS_INVALID_INFO_CLASS;
    }
}

NTSTATUS ZwSetInformationThread(HANDLE ThreadHandle, THREADINFOCLASS ThreadInformationClass, PVOID ThreadInformation,
                                ULONG ThreadInformationLength)
{
    struct we_nt_thread *thread;
    NTSTATUS status;
    void *body;

    WE_NT_ENTRY(ZwSetInformationThread);
    status = thread_open("ZwSetInformationThread", ThreadHandle, &thread, &body);
    if (NT_SUCCESS(status)) {
        status = information_set(thread, ThreadInformationClass, ThreadInformation, ThreadInformationLength);
        thread_close(body);
    }
    return status;
}

static NTSTATUS answer(PVOID to, ULONG length, PULONG returned, const void *from, ULONG from_bytes)
{
    if (returned != NULL) {
        *returned = from_bytes;
    }
    if (length != from_bytes) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    memcpy(to, from, from_bytes);
    return STATUS_SUCCESS;
}

static NTSTATUS information_query(struct we_nt_thread *thread, THREADINFOCLASS information_class, PVOID information,
                                  ULONG length, PULONG returned)
{
    GROUP_AFFINITY affinity = { 0 };
    PROCESSOR_NUMBER processor = { 0 };

    switch (information_class) {
    case ThreadGroupInformation:
        affinity.Mask = __atomic_load_n(&thread->affinity, __ATOMIC_RELAXED);
        if (affinity.Mask == 0) {
            affinity.Mask = all_processors(); /* never set */
        }
        return answer(information, length, returned, &affinity, sizeof(affinity));
    case ThreadIdealProcessorEx:
        processor.Number = __atomic_load_n(&thread->ideal_processor, __ATOMIC_RELAXED);
        return answer(information, length, returned, &processor, sizeof(processor));
    default:
        WE_LOG_ONCE(WE_LOG_WARNING, "ZwQueryInformationThread does not know class %d", (int)information_class);
        return STATUS_INVALID_INFO_CLASS;
    }
}

NTSTATUS ZwQueryInformationThread(HANDLE ThreadHandle, THREADINFOCLASS ThreadInformationClass, PVOID ThreadInformation,
                                  ULONG ThreadInformationLength, PULONG ReturnLength)
{
    struct we_nt_thread *thread;
    NTSTATUS status;
    void *body;

    WE_NT_ENTRY(ZwQueryInformationThread);
    status = thread_open("ZwQueryInformationThread", ThreadHandle, &thread, &body);
    if (NT_SUCCESS(status)) {
        status =
            information_query(thread, ThreadInformationClass, ThreadInformation, ThreadInformationLength, ReturnLength);
        thread_close(body);
    }
    return status;
}

NTSTATUS ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    struct we_nt_thread *thread;
    NTSTATUS status;
    void *body;

    WE_NT_ENTRY(ZwWaitForSingleObject);
    status = thread_open("ZwWaitForSingleObject", Handle, &thread, &body);
    if (NT_SUCCESS(status)) {
        status = KeWaitForSingleObject(thread, UserRequest, KernelMode, Alertable, Timeout);
        thread_close(body);
    }
    return status;
}

/* --- system ------------------------------------------------------------------------------- */

/* No header declares it: drivers bring a prototype of their own. */
NTSTATUS ZwQuerySystemInformation(ULONG SystemInformationClass, PVOID SystemInformation, ULONG SystemInformationLength,
                                  PULONG ReturnLength);

/* SYSTEM_BASIC_INFORMATION, which drivers declare themselves: class 0. */
struct system_basic_information {
    ULONG reserved;
    ULONG timer_resolution; /* units of 100 ns */
    ULONG page_bytes;
    ULONG physical_pages;
    ULONG lowest_physical_page;
    ULONG highest_physical_page;
    ULONG allocation_granularity;
    ULONG_PTR lowest_user_address;
    ULONG_PTR highest_user_address;
    ULONG_PTR active_processors;
    CCHAR processor_count;
};
_Static_assert(sizeof(struct system_basic_information) == 64, "as on Windows");

NTSTATUS ZwQuerySystemInformation(ULONG SystemInformationClass, PVOID SystemInformation, ULONG SystemInformationLength,
                                  PULONG ReturnLength)
{
    /* A machine with 4 GiB of memory, always, so that what a driver scales by it is the same everywhere. */
    struct system_basic_information basic = { .timer_resolution = 156250,
                                              .page_bytes = PAGE_SIZE,
                                              .physical_pages = 0x100000,
                                              .lowest_physical_page = 1,
                                              .highest_physical_page = 0x100000,
                                              .allocation_granularity = 0x10000,
                                              .lowest_user_address = 0x10000,
                                              .highest_user_address = 0x7ffffffeffff };

    WE_NT_ENTRY(ZwQuerySystemInformation);
    if (SystemInformationClass != 0) {
        WE_LOG_ONCE(WE_LOG_WARNING, "ZwQuerySystemInformation does not know class %u",
                    (unsigned)SystemInformationClass);
        if (ReturnLength != NULL) {
            *ReturnLength = 0;
        }
        return STATUS_INVALID_INFO_CLASS;
    }
    basic.active_processors = all_processors();
    basic.processor_count = (CCHAR)we_nt_cpu_count();
    return answer(SystemInformation, SystemInformationLength, ReturnLength, &basic, sizeof(basic));
}

/* --- silos ---------------------------------------------------------------------------------- */

PESILO PsGetHostSilo(VOID)
{
    WE_NT_ENTRY(PsGetHostSilo);
    return NULL;
}

PESILO PsGetCurrentServerSilo(VOID)
{
    WE_NT_ENTRY(PsGetCurrentServerSilo);
    return NULL;
}

PESILO PsGetCurrentSilo(VOID)
{
    WE_NT_ENTRY(PsGetCurrentSilo);
    return NULL;
}

BOOLEAN PsIsCurrentThreadInServerSilo(VOID)
{
    WE_NT_ENTRY(PsIsCurrentThreadInServerSilo);
    return FALSE;
}

BOOLEAN PsIsHostSilo(PESILO Silo)
{
    WE_NT_ENTRY(PsIsHostSilo);
    return Silo == NULL;
}

PESILO PsAttachSiloToCurrentThread(PESILO Silo)
{
    (void)Silo;
    WE_NT_ENTRY(PsAttachSiloToCurrentThread);
    return NULL;
}

VOID PsDetachSiloFromCurrentThread(PESILO PreviousSilo)
{
    (void)PreviousSilo;
    WE_NT_ENTRY(PsDetachSiloFromCurrentThread);
}
