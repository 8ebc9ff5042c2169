/* SPDX-License-Identifier: MIT */
/* The debug macros as a release build of a driver sees them. */
#undef DBG
#define DBG 0

#include <wdm.h>

#include "rtl_dbg_release.h"

int rtl_dbg_release_use_macros(void)
{
    int count = 0;

    KdPrint(("never seen %d\n", ++count == 0));
    KdPrintEx((DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "never seen %d\n", ++count == 0));
    NT_ASSERT(++count == 0);
    ASSERT(++count == 0);
    NT_ASSERTMSG("never seen", ++count == 0);
    ASSERTMSG("never seen", ++count == 0);
    KdBreakPoint();
    return count;
}

int rtl_dbg_release_verify(int condition)
{
    return NT_VERIFY(condition);
}
