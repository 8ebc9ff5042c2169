/* SPDX-License-Identifier: MIT */
/* Plain inline functions of a header, called without optimization. */
#include <ntddk.h>

#include "constructs.h"
#include "inline.h"

ULONG InlineCheck(VOID)
{
    EXPECT(InlineStatic(1) == 3 && InlineOther() == 5);
    return 0;
}
