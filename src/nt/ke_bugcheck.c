/* SPDX-License-Identifier: MIT */
/* The end of the system: printed, handed to whoever wants to know, then abort. */
#include "nt/ke_bugcheck.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base_assert.h"
#include "host/host_log.h"
#include "host/host_trace.h"
#include "nt/nt_irql.h"
#include "nt/nt_thread.h"

struct bugcheck_name {
    ULONG code;
    const char *name;
};

/* Those that the verifier's rules name, and a few that drivers raise themselves; in numeric order. */
static const struct bugcheck_name names[] = {
    { 0x00000001, "APC_INDEX_MISMATCH" },
    { 0x00000002, "DEVICE_QUEUE_NOT_BUSY" },
    { 0x00000005, "INVALID_PROCESS_ATTACH_ATTEMPT" },
    { 0x00000006, "INVALID_PROCESS_DETACH_ATTEMPT" },
    { 0x00000009, "IRQL_NOT_GREATER_OR_EQUAL" },
    { 0x0000000A, "IRQL_NOT_LESS_OR_EQUAL" },
    { 0x0000000C, "MAXIMUM_WAIT_OBJECTS_EXCEEDED" },
    { 0x0000000E, "NO_USER_MODE_CONTEXT" },
    { 0x0000000F, "SPIN_LOCK_ALREADY_OWNED" },
    { 0x00000010, "SPIN_LOCK_NOT_OWNED" },
    { 0x00000018, "REFERENCE_BY_POINTER" },
    { 0x00000019, "BAD_POOL_HEADER" },
    { 0x0000001E, "KMODE_EXCEPTION_NOT_HANDLED" },
    { 0x00000020, "KERNEL_APC_PENDING_DURING_EXIT" },
    { 0x00000035, "NO_MORE_IRP_STACK_LOCATIONS" },
    { 0x00000036, "DEVICE_REFERENCE_COUNT_NOT_ZERO" },
    { 0x00000039, "SYSTEM_EXIT_OWNED_MUTEX" },
    { 0x00000040, "TARGET_MDL_TOO_SMALL" },
    { 0x00000044, "MULTIPLE_IRP_COMPLETE_REQUESTS" },
    { 0x00000048, "CANCEL_STATE_IN_COMPLETED_IRP" },
    { 0x0000004E, "PFN_LIST_CORRUPT" },
    { 0x00000050, "PAGE_FAULT_IN_NONPAGED_AREA" },
    { 0x00000076, "PROCESS_HAS_LOCKED_PAGES" },
    { 0x0000007E, "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED" },
    { 0x0000007F, "UNEXPECTED_KERNEL_MODE_TRAP" },
    { 0x00000093, "INVALID_KERNEL_HANDLE" },
    { 0x00000096, "INVALID_WORK_QUEUE_ITEM" },
    { 0x000000B8, "ATTEMPTED_SWITCH_FROM_DPC" },
    { 0x000000C1, "SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION" },
    { 0x000000C2, "BAD_POOL_CALLER" },
    { 0x000000C4, "DRIVER_VERIFIER_DETECTED_VIOLATION" },
    { 0x000000C6, "DRIVER_CAUGHT_MODIFYING_FREED_POOL" },
    { 0x000000C7, "TIMER_OR_DPC_INVALID" },
    { 0x000000C8, "IRQL_UNEXPECTED_VALUE" },
    { 0x000000C9, "DRIVER_VERIFIER_IOMANAGER_VIOLATION" },
    { 0x000000CB, "DRIVER_LEFT_LOCKED_PAGES_IN_PROCESS" },
    { 0x000000CC, "PAGE_FAULT_IN_FREED_SPECIAL_POOL" },
    { 0x000000CD, "PAGE_FAULT_BEYOND_END_OF_ALLOCATION" },
    { 0x000000CE, "DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS" },
    { 0x000000D1, "DRIVER_IRQL_NOT_LESS_OR_EQUAL" },
    { 0x000000D5, "DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL" },
    { 0x000000D6, "DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION" },
    { 0x000000DA, "SYSTEM_PTE_MISUSE" },
    { 0x000000DF, "IMPERSONATING_WORKER_THREAD" },
    { 0x000000E1, "WORKER_THREAD_RETURNED_AT_BAD_IRQL" },
    { 0x000000E2, "MANUALLY_INITIATED_CRASH" },
    { 0x000000E3, "RESOURCE_NOT_OWNED" },
    { 0x000000E4, "WORKER_INVALID" },
    { 0x000000E9, "ACTIVE_EX_WORKER_THREAD_TERMINATION" },
    { 0x000000F7, "DRIVER_OVERRAN_STACK_BUFFER" },
    { 0x00000109, "CRITICAL_STRUCTURE_CORRUPTION" },
    { 0x0000011B, "DRIVER_RETURNED_HOLDING_CANCEL_LOCK" },
    { 0x00000128, "WORKER_THREAD_RETURNED_WITH_BAD_IO_PRIORITY" },
    { 0x00000129, "WORKER_THREAD_RETURNED_WITH_BAD_PAGING_IO_PRIORITY" },
    { 0x00000132, "RESOURCE_OWNER_POINTER_INVALID" },
    { 0x00000133, "DPC_WATCHDOG_VIOLATION" },
    { 0x00000139, "KERNEL_SECURITY_CHECK_FAILURE" },
    { 0x00000153, "KERNEL_LOCK_ENTRY_LEAKED_ON_THREAD_TERMINATION" },
    { 0x00000156, "WINSOCK_DETECTED_HUNG_CLOSESOCKET_LIVEDUMP" },
    { 0x0000015B, "WORKER_THREAD_RETURNED_WITH_SYSTEM_PAGE_PRIORITY_ACTIVE" },
    { 0x00000162, "KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE" },
    { 0x0000016E, "ERESOURCE_INVALID_RELEASE" },
    { 0x00000192, "KERNEL_AUTO_BOOST_LOCK_ACQUISITION_WITH_RAISED_IRQL" },
    { 0x4000008A, "THREAD_TERMINATE_HELD_MUTEX" },
};

#define TEXT_SIZE 4096

static we_ke_bugcheck_fn s_hook;
static int s_is_stopping; /* atomic: a bug check is being printed */

void we_ke_bugcheck_set_hook(we_ke_bugcheck_fn hook)
{
    __atomic_store_n(&s_hook, hook, __ATOMIC_RELEASE);
}

const char *we_ke_bugcheck_name(ULONG code)
{
    for (size_t i = 0; i < WE_ARRAY_COUNT(names); i++) {
        if (names[i].code == code) {
            return names[i].name;
        }
    }
    return "unknown bug check";
}

static void text_fill(char text[TEXT_SIZE], ULONG code, const ULONG_PTR parameters[4],
                      const struct we_host_trace *trace)
{
    char context[512];
    int length;

    we_nt_thread_describe(context, sizeof(context));
    length =
        snprintf(text, TEXT_SIZE,
                 "*** BUGCHECK 0x%08X %s\n"
                 "    (0x%016llX, 0x%016llX, 0x%016llX, 0x%016llX)\n"
                 "    %s\n",
                 code, we_ke_bugcheck_name(code), (unsigned long long)parameters[0], (unsigned long long)parameters[1],
                 (unsigned long long)parameters[2], (unsigned long long)parameters[3], context);
    if (length > 0 && (size_t)length < TEXT_SIZE) {
        (void)we_host_trace_format(trace, text + length, TEXT_SIZE - (size_t)length);
    }
}

/* The log takes shorter messages than this text is, so it gets one line at a time. */
static void text_log(const char *text)
{
    while (*text != 0) {
        int length = (int)strcspn(text, "\n");

        we_host_log(WE_LOG_ERROR, "%.*s", length, text);
        text += length;
        text += *text == '\n' ? 1 : 0;
    }
}

static DECLSPEC_NORETURN void system_stop(ULONG code, const ULONG_PTR parameters[4], const struct we_host_trace *trace)
{
    we_ke_bugcheck_fn hook = __atomic_load_n(&s_hook, __ATOMIC_ACQUIRE);
    char text[TEXT_SIZE];

    /* A second bug check while one is printed, here or on another processor, has nothing to add. */
    if (__atomic_exchange_n(&s_is_stopping, 1, __ATOMIC_ACQ_REL) == 0) {
        text_fill(text, code, parameters, trace);
        text_log(text);
        __atomic_store_n(&s_is_stopping, 0, __ATOMIC_RELEASE);
        if (hook != NULL) {
            hook(code, parameters, text);
        }
    }
    abort();
}

VOID KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR BugCheckParameter1, ULONG_PTR BugCheckParameter2,
                  ULONG_PTR BugCheckParameter3, ULONG_PTR BugCheckParameter4)
{
    const ULONG_PTR parameters[4] = { BugCheckParameter1, BugCheckParameter2, BugCheckParameter3, BugCheckParameter4 };
    struct we_host_trace trace;

    WE_NT_ENTRY(KeBugCheckEx);
    we_host_trace_capture(&trace, 0);
    system_stop(BugCheckCode, parameters, &trace);
}

VOID KeBugCheck(ULONG BugCheckCode)
{
    const ULONG_PTR parameters[4] = { 0, 0, 0, 0 };
    struct we_host_trace trace;

    WE_NT_ENTRY(KeBugCheck);
    we_host_trace_capture(&trace, 0);
    system_stop(BugCheckCode, parameters, &trace);
}
