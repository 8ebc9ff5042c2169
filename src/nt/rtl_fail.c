/* SPDX-License-Identifier: MIT */
/* RtlFailFast, and what list operations do when they find a corrupt neighbour. */
#include <wdm.h>

#include "nt/nt_irql.h"
#include "vrf/vrf_report.h"

/* Returns true when a test expects the breach. */
static bool list_corruption_report(const LIST_ENTRY *entry)
{
    struct we_vrf_object object = { "list entry", entry, NULL, NULL, NULL };

    return we_vrf_report(WE_RULE_RTL_002, entry != NULL ? &object : NULL,
                         "a list operation found neighbours that do not point at each other: an entry was inserted or "
                         "removed twice, never initialised, or its memory was overwritten");
}

VOID RtlFailFast(ULONG Code)
{
    WE_NT_ENTRY(RtlFailFast);
    if (Code == FAST_FAIL_CORRUPT_LIST_ENTRY) {
        (void)list_corruption_report(NULL);
    }
    KeBugCheckEx(KERNEL_SECURITY_CHECK_FAILURE, Code, 0, 0, 0);
}

VOID wsk_emu_list_corrupt(PLIST_ENTRY Entry)
{
    if (!list_corruption_report(Entry)) {
        KeBugCheckEx(KERNEL_SECURITY_CHECK_FAILURE, FAST_FAIL_CORRUPT_LIST_ENTRY, 0, 0, 0);
    }
}
