/* SPDX-License-Identifier: MIT */
/* The second file that needs the same inline functions. */
#include <ntddk.h>

#include "constructs.h"
#include "inline.h"

ULONG InlineOther(VOID)
{
    return InlinePlain(4);
}
