/* SPDX-License-Identifier: MIT */
/* Live objects by kind and address, with the stack that made each, and tombstones of dead ones. */
#ifndef WE_VRF_LEDGER_H
#define WE_VRF_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base_assert.h"
#include "base/base_list.h"
#include "host/host_trace.h"

enum we_vrf_kind {
    WE_KIND_POOL,
    WE_KIND_LOOKASIDE,
    WE_KIND_IRP,
    WE_KIND_MDL,
    WE_KIND_WORK_ITEM,
    WE_KIND_OBJECT, /* threads, devices, drivers: bodies that drivers hold by pointer */
    WE_KIND_HANDLE,
    WE_KIND_TIMER,    /* from ExAllocateTimer */
    WE_KIND_CALLBACK, /* registered with a callback object */
    WE_KIND_CRYPTO_PROVIDER,
    WE_KIND_CRYPTO_HASH,
    WE_KIND_REGISTRATION,
    WE_KIND_CAPTURE,
    WE_KIND_SOCKET,
    WE_KIND_INDICATION,   /* retained by the driver */
    WE_KIND_INSPECT,      /* a pended request */
    WE_KIND_NMR_MODULE,   /* a client or provider of the network module registrar, by handle */
    WE_KIND_ADDRESS_INFO, /* a list from WskGetAddressInfo */
    WE_KIND_SECURITY,     /* a cached security descriptor */
    WE_KIND_TRACE,        /* a registration with event tracing */
    WE_KIND_ERROR_LOG,    /* an entry of the error log that is being filled */
    WE_KIND_COUNT
};

/* Embedded in the object it describes: the ledger allocates nothing. */
struct we_vrf_entry {
    struct we_base_list link;
    const void *address;
    enum we_vrf_kind kind;
    uint32_t tag;      /* pool tag or 0 */
    size_t size_bytes; /* or 0 */
    const char *note;  /* constant text for reports ("listening socket"), or NULL */
    struct we_host_trace made;
    bool is_reported; /* its leak was reported when its driver was unloaded: the stop does not repeat it */
};

/* Adds a live object; captures the calling stack when tracing is on. About 30 ns. Sharded by address. */
void we_vrf_ledger_add(struct we_vrf_entry *entry, enum we_vrf_kind kind, const void *address, size_t size_bytes,
                       uint32_t tag, const char *note) WE_ADDRESS_ONLY(3);
/* Removes it and leaves a tombstone (address, kind, tag, both stacks) in a ring. */
void we_vrf_ledger_remove(struct we_vrf_entry *entry);
/* The same for an object whose end began earlier, where we_vrf_ledger_trace was called. */
void we_vrf_ledger_remove_traced(struct we_vrf_entry *entry, const struct we_host_trace *ended);
/* The calling stack when tracing is on, else an empty one. */
void we_vrf_ledger_trace(struct we_host_trace *trace);
/* The live object of this kind at exactly this address, or NULL. The entry stays valid only as long
 * as the caller knows that the object does. */
struct we_vrf_entry *we_vrf_ledger_find(enum we_vrf_kind kind, const void *address) WE_ADDRESS_ONLY(2);

struct we_vrf_tombstone {
    const void *address;
    enum we_vrf_kind kind;
    uint32_t tag;
    const char *note;
    struct we_host_trace made;
    struct we_host_trace ended;
};
/* Copies the youngest tombstone of this kind at this address; false when there is none. */
bool we_vrf_ledger_find_dead(enum we_vrf_kind kind, const void *address, struct we_vrf_tombstone *tombstone)
    WE_ADDRESS_ONLY(2);

size_t we_vrf_ledger_count(enum we_vrf_kind kind);
/* Calls fn for every live object of the kind, oldest first within a shard; fn may remove the entry
 * it is given (the shard lock is not held). */
void we_vrf_ledger_each(enum we_vrf_kind kind, void (*fn)(struct we_vrf_entry *entry, void *context), void *context);
const char *we_vrf_kind_name(enum we_vrf_kind kind);
void we_vrf_ledger_reset(void);
/* Capturing creation stacks can be switched off (they are on by default). */
void we_vrf_ledger_set_tracing(bool is_on);

#endif
