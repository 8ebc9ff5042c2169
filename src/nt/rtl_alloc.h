/* SPDX-License-Identifier: MIT */
/* Memory of strings that the Rtl functions allocate for a driver: pool, as on Windows. */
#ifndef WE_RTL_ALLOC_H
#define WE_RTL_ALLOC_H

#include <wdm.h>

#define WE_RTL_TAG 'grtS'

/* Returns NULL when memory is short; 0 bytes are a block of their own as well. */
static inline PVOID we_rtl_alloc(SIZE_T size_bytes)
{
    return ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_UNINITIALIZED, size_bytes != 0 ? size_bytes : 1, WE_RTL_TAG);
}

/* NULL is allowed. A driver may have replaced the buffer by one of its own with another tag. */
static inline void we_rtl_free(PVOID memory)
{
    if (memory != NULL) {
        ExFreePool(memory);
    }
}

#endif
