/* SPDX-License-Identifier: MIT */
/* The test program's side of the drivers that trace. */
#include "trace_drivers.h"

#include "wsk_emu/cmocka.h"
#include "wsk_emu/driver.h"

BOOLEAN trace_forgets_cleanup;
BOOLEAN trace_before_init;
BOOLEAN trace_after_cleanup;
BOOLEAN trace_init_again;
NTSTATUS trace_entry_status;

int trace_drivers_reset(void **state)
{
    (void)state;
    trace_forgets_cleanup = FALSE;
    trace_before_init = FALSE;
    trace_after_cleanup = FALSE;
    trace_init_again = FALSE;
    trace_entry_status = STATUS_SUCCESS;
    return 0;
}

PDRIVER_OBJECT trace_driver_load(PDRIVER_INITIALIZE entry, const char *name)
{
    PDRIVER_OBJECT driver;

    assert_int_equal(wsk_emu_driver_load(entry, name, &driver), STATUS_SUCCESS);
    return driver;
}
