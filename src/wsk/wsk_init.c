/* SPDX-License-Identifier: MIT */
/* Start and stop order inside the WSK layer. */
#include "wsk/wsk_init.h"

#include "wsk/wsk_address_list.h"
#include "wsk/wsk_block.h"
#include "wsk/wsk_client.h"
#include "wsk/wsk_nmr.h"
#include "wsk/wsk_pending.h"
#include "wsk/wsk_reserve.h"
#include "wsk/wsk_security.h"
#include "wsk/wsk_socket.h"

#include "host/host_resolve.h"
#include "nt/nt_door.h"

static struct we_wsk_config s_config; /* constant while an instance runs */

NTSTATUS we_wsk_start(const struct we_wsk_config *config)
{
    s_config = *config;
    we_host_resolve_start();
    we_wsk_transports_set(true, true);
    we_wsk_reserve_start();
    we_wsk_share_start();
    we_wsk_registration_start();
    we_wsk_nmr_start();
    return STATUS_SUCCESS;
}

/* Requests that drivers left pending end without a word: their routines may be gone with the driver that made them. */
static void pending_stop(void)
{
    bool was_shut = we_nt_door_is_shut();
    unsigned i;

    we_nt_door_shut(true);
    we_wsk_pending_finish_all(NULL, WE_PENDING_LOOKUP, STATUS_CANCELLED);
    we_wsk_pending_finish_all(NULL, WE_PENDING_TRANSPORT_CHANGE, STATUS_CANCELLED);
    we_host_resolve_stop();
    for (i = 0; i < we_nt_cpu_count(); i++) {
        we_nt_cpu_flush(i); /* the lookups' answers, which nobody wants any more */
    }
    we_nt_door_shut(was_shut);
}

void we_wsk_stop(void)
{
    pending_stop();
    we_wsk_socket_stop();
    we_wsk_registration_stop();
    we_wsk_address_list_stop();
    we_wsk_security_stop();
}

void we_wsk_free(void)
{
    we_wsk_socket_free_all();
    we_wsk_client_free_all();
    we_wsk_block_stop();
}

void we_wsk_report_stalled(void)
{
    we_wsk_registration_report_stalled();
}

const struct we_wsk_config *we_wsk_config(void)
{
    return &s_config;
}
