/* SPDX-License-Identifier: MIT */
/* For tests of what happens when memory is short. */
#include "memory_sweep.h"

#include "host/host_mem.h"

/* Of one step. More would mean that the sweep does not end. */
#define ALLOCATIONS_MAX 100

static unsigned long s_index;
static bool s_has_failed;

void sweep_begin(void)
{
    (void)we_host_mem_fail(s_index);
}

void sweep_end(void)
{
    s_has_failed = we_host_mem_fail(0) || s_has_failed;
}

void sweep(struct scene *scene, attempt_fn *attempt)
{
    for (s_index = 1; s_index < ALLOCATIONS_MAX; s_index++) {
        size_t sockets = wsk_kit_live_count(WSK_KIT_SOCKET);
        NTSTATUS status;

        s_has_failed = false;
        status = attempt(scene);
        if (!s_has_failed) {
            assert_int_equal(status, STATUS_SUCCESS);
            assert_true(s_index > 1); /* else nothing was shown */
            return;
        }
        if (status != STATUS_SUCCESS && status != STATUS_INSUFFICIENT_RESOURCES) {
            fail_msg("allocation number %lu failed, and the call with 0x%08x", s_index, (unsigned)status);
        }
        assert_int_equal(wsk_kit_live_count(WSK_KIT_SOCKET), sockets);
    }
    fail_msg("more than %d allocations in one step", ALLOCATIONS_MAX);
}
