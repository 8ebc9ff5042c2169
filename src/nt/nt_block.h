/* SPDX-License-Identifier: MIT */
/* Small objects that drivers get from us by pointer (IRPs, MDLs, work items), with a ledger entry in front of each. */
#ifndef WE_NT_BLOCK_H
#define WE_NT_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vrf/vrf_ledger.h"
#include "vrf/vrf_report.h"

struct we_nt_block {
    _Alignas(16) struct we_vrf_entry entry; /* address = the body, which follows this header */
    uint64_t magic;                         /* right only while the body is alive */
    uint32_t serial;                        /* tells one life of an address from the next */
    struct we_host_trace site;              /* where the object was completed or queued last; empty: never */
};

/* Returns a zeroed, 16-byte aligned body of size_bytes, or NULL when memory is short. note is constant text. */
WE_MUST_USE void *we_nt_block_alloc(enum we_vrf_kind kind, size_t size_bytes, const char *note);
/* The header of a live body of this kind, or NULL. body must be NULL or point into readable memory with room for a
 * header in front of it; a body that was freed lately is recognised. */
struct we_nt_block *we_nt_block_find(enum we_vrf_kind kind, const void *body);
/* Ends the object. Its memory is kept back for a while, so that late calls with the old pointer are recognised. */
void we_nt_block_free(struct we_nt_block *block);

/* Keeps memory from we_host_alloc back for a while, then frees it. In address sanitizer builds it is freed at once: the
 * sanitizer keeps it back itself and sees every access. */
void we_nt_retire(void *memory);
/* Frees what is kept back (stop). */
void we_nt_retire_stop(void);

/* An object for a report about something that may be alive or dead; it lives as long as the report call. */
struct we_nt_view {
    struct we_vrf_object object;
    struct we_host_trace made;
    struct we_host_trace ended;
};
/* Fills view from the live block, or from the tombstone of body, or with nothing but the address. Returns view->object's
 * address for the report. */
const struct we_vrf_object *we_nt_view_make(struct we_nt_view *view, enum we_vrf_kind kind, const void *body);

#endif
