/* SPDX-License-Identifier: MIT */
/* The lists that WskGetAddressInfo gives to drivers. */
#ifndef WE_WSK_ADDRESS_LIST_H
#define WE_WSK_ADDRESS_LIST_H

#include "host/host_names.h"
#include "wsk/wsk_client.h"

/* What each entry of a list says, besides its address. */
struct we_wsk_address_entry {
    int type;
    int protocol;
    uint16_t port;
    ADDRESS_FAMILY family; /* of the structures: IPv4 addresses in a list of AF_INET6 are v4-mapped; 0 = each its own */
    const char *canonical; /* for the first entry, or NULL */
};

/* A list in memory of its own, which the ledger knows; NULL when memory is short. It belongs to client until it is freed
 * or the registration ends. */
PADDRINFOEXW we_wsk_address_list_create(const struct we_wsk_client *client, const struct we_base_addr *addrs,
                                        unsigned addr_count, const struct we_wsk_address_entry *entry);
/* Frees a list; reports what is none (SOCK-057). */
void we_wsk_address_list_free(const struct we_wsk_client *client, PADDRINFOEXW list);
/* Reports the lists that a client whose registration ends has not freed. Their memory stays until the stop. */
void we_wsk_address_list_report_leaks(const struct we_wsk_client *client);
/* Reports and frees what is left (stop). */
void we_wsk_address_list_stop(void);

VOID WSKAPI we_wsk_free_address_info(PWSK_CLIENT Client, PADDRINFOEXW AddrInfo);

#endif
