/* SPDX-License-Identifier: MIT */
/* Start and stop order inside the WSK layer. */
#include "wsk/wsk_init.h"

#include "wsk/wsk_block.h"
#include "wsk/wsk_client.h"
#include "wsk/wsk_nmr.h"
#include "wsk/wsk_socket.h"

static struct we_wsk_config s_config; /* constant while an instance runs */

NTSTATUS we_wsk_start(const struct we_wsk_config *config)
{
    s_config = *config;
    we_wsk_registration_start();
    we_wsk_nmr_start();
    return STATUS_SUCCESS;
}

void we_wsk_stop(void)
{
    we_wsk_socket_stop();
    we_wsk_registration_stop();
}

void we_wsk_free(void)
{
    we_wsk_socket_free_all();
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
