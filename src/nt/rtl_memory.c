/* SPDX-License-Identifier: MIT */
/* Memory functions that are no macros over the C library. */
#include <wdm.h>

#include "nt/nt_irql.h"

SIZE_T RtlCompareMemory(const VOID *Source1, const VOID *Source2, SIZE_T Length)
{
    const UCHAR *a = Source1;
    const UCHAR *b = Source2;
    SIZE_T equal_count = 0;

    WE_NT_ENTRY(RtlCompareMemory);
    while (equal_count < Length && a[equal_count] == b[equal_count]) {
        equal_count++;
    }
    return equal_count;
}
