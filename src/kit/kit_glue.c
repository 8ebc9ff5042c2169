/* SPDX-License-Identifier: MIT */
/* What the glue of a test framework needs: the end of a test, with and without its coming back. */
#include "host/host_exec.h"
#include "instance.h"
#include "kit/kit_internal.h"
#include "nt/nt_status_name.h"
#include "nt/nt_thread.h"

unsigned long long wsk_kit_run_number(void)
{
    return we_instance_number();
}

unsigned long long wsk_kit_seed(void)
{
    return we_instance_is_running() ? we_host_exec_seed() : 0;
}

bool wsk_kit_is_in_callback(void)
{
    const struct we_nt_thread *thread = we_nt_thread_peek();

    return thread != NULL && thread->frames != NULL;
}

size_t wsk_kit_stop(void)
{
    wsk_kit_peers_reset();
    return wsk_emu_stop();
}

void wsk_kit_abandon(void)
{
    if (we_instance_is_running()) {
        wsk_kit_peers_reset();
        we_instance_abandon();
    }
}

const char *wsk_kit_status_name(NTSTATUS status)
{
    return we_nt_status_name(status);
}
