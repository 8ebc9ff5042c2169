/* SPDX-License-Identifier: MIT */
/* Receive blocks: indication, MDL and bytes in one piece, from a last-in first-out pool of each processor. */
#ifndef WE_WSK_BLOCK_H
#define WE_WSK_BLOCK_H

#include <wsk.h>

#include "base/base_list.h"
#include "host/host_dgram.h"
#include "vrf/vrf_ledger.h"

/* What one read brings at most. */
#define WE_WSK_BLOCK_BYTES 65536u
#define WE_WSK_BLOCK_PAGES (WE_WSK_BLOCK_BYTES / PAGE_SIZE + 1)

/* The control information of one datagram at most. */
#define WE_WSK_CONTROL_BYTES 256u

struct we_wsk_socket;

enum we_wsk_block_state {
    WE_WSK_BLOCK_FREE,     /* in a pool */
    WE_WSK_BLOCK_OURS,     /* being filled, or held for later */
    WE_WSK_BLOCK_SHOWN,    /* shown to a callback that has not returned */
    WE_WSK_BLOCK_RETURNED, /* the same, but WskRelease got it already */
    WE_WSK_BLOCK_LENT      /* retained by the client; in the ledger */
};

/* A datagram is described by one MDL, or, when indications are cut, by up to so many more. */
#define WE_WSK_BLOCK_PIECES 2u

struct we_wsk_block_piece {
    MDL mdl;
    PFN_NUMBER pages[WE_WSK_BLOCK_PAGES]; /* directly behind the MDL */
};

/* What the block of a datagram has beyond others. */
struct we_wsk_block_dgram {
    struct we_host_dgram about;
    ULONG segment_bytes; /* 0, or of how many bytes the datagrams were that are joined here */
    SOCKADDR_STORAGE remote;
    _Alignas(CMSGHDR) unsigned char control[WE_WSK_CONTROL_BYTES];
    struct we_wsk_block_piece pieces[WE_WSK_BLOCK_PIECES];
};

struct we_wsk_block {
    union { /* the client writes to Next: nothing of ours depends on it */
        WSK_DATA_INDICATION indication;
        WSK_DATAGRAM_INDICATION datagram; /* begins in the same way */
    };
    MDL mdl;
    PFN_NUMBER pages[WE_WSK_BLOCK_PAGES]; /* directly behind the MDL */
    struct we_base_list link;             /* free, held, shown or lent blocks of one owner */
    struct we_base_list all_link;         /* every block; guarded by a lock of the pool */
    struct we_vrf_entry entry;            /* WE_KIND_INDICATION while lent, address = the indication */
    struct we_wsk_socket *owner;          /* while not free */
    enum we_wsk_block_state state;        /* guarded by the owner's lock while there is an owner */
    bool was_released;                    /* its last life ended with WskRelease */
    ULONG head_bytes;                     /* bytes in front that were accepted */
    ULONG length_bytes;                   /* bytes left behind them */
    struct we_wsk_block_dgram dgram;
    unsigned char bytes[WE_WSK_BLOCK_BYTES];
};

/* Takes a block (state OURS, no bytes) for owner; NULL when memory is short. At DISPATCH_LEVEL. */
struct we_wsk_block *we_wsk_block_take(struct we_wsk_socket *owner);
/* Gives it back to the pool of the current processor, whichever it came from. At DISPATCH_LEVEL. */
void we_wsk_block_give(struct we_wsk_block *block);
/* The same for all blocks of a list. */
void we_wsk_block_give_all(struct we_base_list *blocks);
static inline struct we_wsk_block *we_wsk_block_of(struct we_base_list *link)
{
    return WE_BASE_LIST_ITEM(link, struct we_wsk_block, link);
}
/* Moves the block's first bytes from the rest to the accepted ones. */
static inline void we_wsk_block_consume(struct we_wsk_block *block, size_t bytes)
{
    block->head_bytes += (ULONG)bytes;
    block->length_bytes -= (ULONG)bytes;
}
/* Describes the block's bytes afresh for a callback: indication (Next NULL) and MDL. */
void we_wsk_block_describe(struct we_wsk_block *block);
/* Then cuts the description: the first MDLs get piece_bytes each, the last one the rest. */
void we_wsk_block_cut(struct we_wsk_block *block, ULONG piece_bytes);

/* What is known about an address that WskRelease got and that is no live indication. */
enum we_wsk_block_past { WE_WSK_BLOCK_UNKNOWN, WE_WSK_BLOCK_WAS_CONSUMED, WE_WSK_BLOCK_WAS_RELEASED };
enum we_wsk_block_past we_wsk_block_past(const void *address);

/* Frees every block. All sockets are gone. */
void we_wsk_block_stop(void);

#endif
