/* SPDX-License-Identifier: MIT */
/* The debug macros as a release build of a driver sees them. */
#undef DBG
#define DBG 0

#include <wdm.h>

#include "rtl_dbg_release.h"

static int count_up(int *count)
{
    (*count)++;
    return 0;
}

int rtl_dbg_release_use_macros(void)
{
    int count = 0;

    KdPrint(("never seen %d\n", count_up(&count)));
    KdPrintEx((DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "never seen %d\n", count_up(&count)));
    NT_ASSERT(count_up(&count));
    ASSERT(count_up(&count));
    NT_ASSERTMSG("never seen", count_up(&count));
    ASSERTMSG("never seen", count_up(&count));
    KdBreakPoint();
    return count;
}

int rtl_dbg_release_verify(int condition)
{
    return NT_VERIFY(condition);
}
