/* SPDX-License-Identifier: MIT */
/* Objects of drivers that vanished with a stack. */
#include "nt/nt_forget.h"

#include "host/host_stack.h"
#include "nt/ex_block.h"

/* Design
 *
 * Drivers and tests keep events, timers, DPCs and work items on their stacks. When such a stack goes without a word (a
 * failed assertion leaves by longjmp, or a thread is ended in the middle of a wait because the kernel stops), our lists
 * lead through memory that is other people's by then: it may be neither read nor written. What such an entry led to is
 * found from the list's other end; what lies between two of them is lost, which does no harm because the kernel is
 * about to stop.
 */

unsigned we_nt_list_forget(LIST_ENTRY *head, const struct we_nt_range *range)
{
    LIST_ENTRY *entry = head->Flink;
    LIST_ENTRY *next;
    LIST_ENTRY front;
    LIST_ENTRY back;
    unsigned count = 0;

    InitializeListHead(&front);
    InitializeListHead(&back);
    for (; entry != head && !we_nt_range_contains(range, entry); entry = next) {
        next = entry->Flink;
        InsertTailList(&front, entry);
    }
    if (entry != head) {
        for (entry = head->Blink; entry != head && !we_nt_range_contains(range, entry); entry = next) {
            next = entry->Blink;
            InsertHeadList(&back, entry);
        }
    }
    InitializeListHead(head);
    while (!IsListEmpty(&front)) {
        InsertTailList(head, RemoveHeadList(&front));
        count++;
    }
    while (!IsListEmpty(&back)) {
        InsertTailList(head, RemoveHeadList(&back));
        count++;
    }
    return count;
}

void we_nt_forget_own_stack(bool is_whole)
{
    const struct we_host_stack *stack = we_host_stack_own();
    struct we_nt_range range = { stack->low, is_whole ? stack->high : (ULONG_PTR)__builtin_frame_address(0) };

    we_ke_waits_forget(&range);
    we_ke_timers_forget(&range);
    we_nt_cpu_dpcs_forget(&range);
    we_ex_worker_forget(&range);
    we_ex_resources_forget(&range);
}
