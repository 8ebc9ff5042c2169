/* SPDX-License-Identifier: MIT */
/* Start and stop order inside the WSK layer. */
#ifndef WE_WSK_INIT_H
#define WE_WSK_INIT_H

#include <wsk.h>

struct we_wsk_config {
    BOOLEAN abort_on_listener_close; /* T17: WskAbortEvent for pended requests of a closing listener (default TRUE) */
    NTSTATUS inspect_complete_after_abort_status; /* T20 (default STATUS_SUCCESS) */
    BOOLEAN connect_ex_hides_bytes;               /* WskConnectEx completes with Information 0 (default FALSE) */
    BOOLEAN is_tcp_nodelay_allowed;               /* TCP_NODELAY can be set (default FALSE) */
    NTSTATUS unknown_option_status; /* of codes that are not in the table of options (default STATUS_NOT_SUPPORTED) */
    NTSTATUS datagram_truncation_status; /* of a WskReceiveFrom that was too small (default STATUS_BUFFER_OVERFLOW) */
    NTSTATUS name_not_found_status;      /* of a name that nobody knows; 0: as each function documents it */
    NTSTATUS name_try_again_status;      /* when no name server answers; 0: STATUS_IO_TIMEOUT */
    BOOLEAN fail_names_inline;           /* errors of the name functions that are known at once are returned at once */
    BOOLEAN grant_address_sharing;       /* what an access check against a cached security descriptor says */
    ULONG address_linger_ms;             /* a closed socket's address cannot be bound for so long; 0: at once */
    ULONG indication_max_bytes;          /* 0: what one read brings (64 KiB); else lists are cut to this size */
};

NTSTATUS we_wsk_start(const struct we_wsk_config *config);
/* Reports and ends sockets and registrations that drivers left. Drivers' threads may still be running. */
void we_wsk_stop(void);
/* Frees what they might still have touched. No thread of a driver is left; the NT layer has stopped. */
void we_wsk_free(void);
/* To be called when the emulated kernel stalls: reports each WskDeregister that can never return (NPI-011), and the
 * sockets that it waits for (SOCK-062). */
void we_wsk_report_stalled(void);
const struct we_wsk_config *we_wsk_config(void);

#endif
