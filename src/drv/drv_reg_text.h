/* SPDX-License-Identifier: MIT */
/* The text format of registry files, "Windows Registry Editor Version 5.00": from text to a list of changes. */
#ifndef WE_DRV_REG_TEXT_H
#define WE_DRV_REG_TEXT_H

#include <stddef.h>

#include <wdm.h>

#include "nt/cm_registry.h"

/* What a text asks for, in its order; ended by we_drv_reg_free in any case. */
struct we_drv_reg {
    struct we_cm_change *changes;
    size_t count;
    size_t room;
    void **blocks; /* memory to which the changes lead */
    size_t block_count;
    size_t block_room;
    size_t *lines;     /* of each change, counted from 1 */
    size_t error_line; /* after a failure */
    const char *error; /* after STATUS_INVALID_PARAMETER: what is wrong; constant text */
};

/* text: UTF-8 without a byte order mark, size bytes. STATUS_INVALID_PARAMETER, STATUS_INSUFFICIENT_RESOURCES. */
NTSTATUS we_drv_reg_parse(struct we_drv_reg *reg, const char *text, size_t size);
/* UTF-8 as units, behind a prefix, with a terminator, in memory of reg, which may be all zeros. NULL: no memory. */
WCHAR *we_drv_reg_wide(struct we_drv_reg *reg, const char *prefix, const char *text, size_t length, size_t *count);
void we_drv_reg_free(struct we_drv_reg *reg);

#endif
