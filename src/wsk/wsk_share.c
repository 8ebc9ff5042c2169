/* SPDX-License-Identifier: MIT */
/* Which socket may bind to an address that another one has: one table. */
#include "wsk/wsk_share.h"

#include <string.h>

#include "wsk/wsk_init.h"
#include "wsk/wsk_socket.h"

#include "base/base_assert.h"
#include "host/host_exec.h"
#include "host/host_lock.h"
#include "host/host_net.h"

/* Design
 *
 * Every socket that was bound to a port of its own choice, and every other one but a connection's, is on a list by the
 * low bits of its port. A bind is compared with all claims that want some of the same traffic, oldest first, and the
 * first refusal counts.
 *
 * Windows has been seen to refuse an address for a moment after its last socket was closed. That is done on demand only:
 * the last few addresses that were left are remembered, each with the time until which it is refused.
 *
 * The network below has rules of its own. What the table grants beside somebody else it is told to let pass, for that
 * port, as long as anybody of ours has it (we_host_port_share). What it refuses for reasons of its own is in use.
 */

/* --- the table ------------------------------------------------------------------------------------ */

enum verdict {
    MAY,
    IN_USE, /* STATUS_ADDRESS_ALREADY_EXISTS */
    DENIED, /* STATUS_ACCESS_DENIED */
    ASK     /* the first socket's security descriptor */
};

enum scope { WILDCARD, SPECIFIC, SCOPE_COUNT };

#define ROW(mode, scope) ((mode)*SCOPE_COUNT + (scope))
#define ROW_COUNT ROW(WE_SHARE_EXCLUSIVE + 1, WILDCARD)

/* clang-format off */
static const enum verdict s_verdicts[ROW_COUNT][ROW_COUNT] = {
    /* second                             first: none-W, none-S, reuse-W, reuse-S, exclusive-W, exclusive-S */
    [ROW(WE_SHARE_NONE, WILDCARD)] =      { IN_USE, MAY,    IN_USE, MAY,    IN_USE, MAY },
    [ROW(WE_SHARE_NONE, SPECIFIC)] =      { ASK,    IN_USE, ASK,    DENIED, DENIED, IN_USE },
    [ROW(WE_SHARE_REUSE, WILDCARD)] =     { DENIED, MAY,    MAY,    MAY,    DENIED, MAY },
    [ROW(WE_SHARE_REUSE, SPECIFIC)] =     { ASK,    DENIED, MAY,    MAY,    DENIED, DENIED },
    [ROW(WE_SHARE_EXCLUSIVE, WILDCARD)] = { IN_USE, IN_USE, IN_USE, IN_USE, IN_USE, IN_USE },
    [ROW(WE_SHARE_EXCLUSIVE, SPECIFIC)] = { ASK,    IN_USE, ASK,    IN_USE, DENIED, IN_USE },
};
/* clang-format on */

static unsigned row_of(const struct we_wsk_claim *claim)
{
    return ROW((unsigned)claim->mode, we_base_addr_is_any(&claim->addr) ? WILDCARD : SPECIFIC);
}

/* A descriptor that a client has cached lets others share if the configuration says so; the default never does. */
static bool is_granted(const struct we_wsk_claim *first)
{
    return first->socket->security != NULL && we_wsk_config()->grant_address_sharing;
}

static NTSTATUS verdict_status(const struct we_wsk_claim *second, const struct we_wsk_claim *first)
{
    switch (s_verdicts[row_of(second)][row_of(first)]) {
    case MAY:
        return STATUS_SUCCESS;
    case IN_USE:
        return STATUS_ADDRESS_ALREADY_EXISTS;
    case DENIED:
        return STATUS_ACCESS_DENIED;
    case ASK:
        return is_granted(first) ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
    default:
        WE_UNREACHABLE("no such verdict");
    }
}

/* --- claims --------------------------------------------------------------------------------------- */

#define BUCKET_COUNT 256u

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_SHARE);
/* By the low byte of the port; a zeroed list is made when it is needed first. */
static struct we_base_list s_buckets[BUCKET_COUNT];

static struct we_base_list *bucket_locked(uint16_t port)
{
    struct we_base_list *bucket = &s_buckets[port % BUCKET_COUNT];

    if (bucket->next == NULL) {
        we_base_list_init(bucket);
    }
    return bucket;
}

/* Addresses that were left, if they linger; a zero time is no entry. */
#define LINGER_COUNT 16u

static struct {
    struct we_wsk_claim claim;
    uint64_t until_ns;
} s_lingering[LINGER_COUNT];
static unsigned s_next_lingering;

static bool is_same_port(const struct we_wsk_claim *a, const struct we_wsk_claim *b)
{
    return a->addr.port == b->addr.port && a->is_datagram == b->is_datagram;
}

/* Both want some of the same traffic. Different specific addresses never do. */
static bool overlaps(const struct we_wsk_claim *a, const struct we_wsk_claim *b)
{
    if (a->addr.family != b->addr.family) {
        return a->is_dual || b->is_dual;
    }
    return we_base_addr_is_any(&a->addr) || we_base_addr_is_any(&b->addr) || we_base_addr_same_host(&a->addr, &b->addr);
}

/* Whether anybody has the port; *is_shared: somebody has it whose traffic overlaps. */
static NTSTATUS claim_check_locked(const struct we_wsk_claim *claim, bool *is_shared)
{
    *is_shared = false;
    WE_BASE_LIST_FOR_EACH (link, bucket_locked(claim->addr.port)) {
        const struct we_wsk_claim *other = WE_BASE_LIST_ITEM(link, struct we_wsk_claim, link);

        if (is_same_port(claim, other) && overlaps(claim, other)) {
            NTSTATUS status = verdict_status(claim, other);

            if (!NT_SUCCESS(status)) {
                return status;
            }
            *is_shared = true;
        }
    }
    return STATUS_SUCCESS;
}

static void linger_locked(const struct we_wsk_claim *claim)
{
    ULONG linger_ms = we_wsk_config()->address_linger_ms;

    if (linger_ms > 0) {
        s_lingering[s_next_lingering].claim = *claim;
        s_lingering[s_next_lingering].until_ns = we_host_now_ns() + (uint64_t)linger_ms * UINT64_C(1000000);
        s_next_lingering = (s_next_lingering + 1) % LINGER_COUNT;
    }
}

static bool is_lingering_locked(const struct we_wsk_claim *claim)
{
    unsigned i;

    for (i = 0; i < LINGER_COUNT; i++) {
        if (s_lingering[i].until_ns > we_host_now_ns() && is_same_port(claim, &s_lingering[i].claim) &&
            overlaps(claim, &s_lingering[i].claim)) {
            return true;
        }
    }
    return false;
}

void we_wsk_share_start(void)
{
    we_host_mutex_lock(&s_lock);
    memset(s_lingering, 0, sizeof(s_lingering));
    we_host_mutex_unlock(&s_lock);
}

static enum we_wsk_share_mode mode_of(const struct we_wsk_socket *socket)
{
    if (socket->exclusive_address != 0) {
        return WE_SHARE_EXCLUSIVE;
    }
    return socket->reuse_address != 0 ? WE_SHARE_REUSE : WE_SHARE_NONE;
}

/* A v4-mapped address is an IPv4 address, whichever socket asks for it. */
static void addr_set(struct we_wsk_claim *claim, const struct we_base_addr *local)
{
    static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

    claim->addr = *local;
    if (local->family == WE_FAMILY_IPV6 && memcmp(local->bytes, mapped_prefix, sizeof(mapped_prefix)) == 0) {
        claim->addr.family = WE_FAMILY_IPV4;
        memset(claim->addr.bytes, 0, sizeof(claim->addr.bytes));
        memcpy(claim->addr.bytes, local->bytes + sizeof(mapped_prefix), 4);
    }
}

static void claim_fill(struct we_wsk_claim *claim, const struct we_wsk_socket *socket, const struct we_base_addr *local)
{
    we_base_list_init(&claim->link);
    addr_set(claim, local);
    claim->is_datagram = socket->type == SOCK_DGRAM;
    claim->is_dual = socket->family == AF_INET6 && socket->v6only == 0 && we_base_addr_is_any(local);
    claim->mode = mode_of(socket);
    claim->socket = socket;
}

NTSTATUS we_wsk_share_enter(struct we_wsk_socket *socket, const struct we_base_addr *local)
{
    struct we_wsk_claim *claim = &socket->claim;
    bool is_shared;
    NTSTATUS status;

    if (local->port == 0) {
        return STATUS_SUCCESS;
    }
    we_host_mutex_lock(&s_lock);
    claim_fill(claim, socket, local);
    status = claim_check_locked(claim, &is_shared);
    if (NT_SUCCESS(status) && is_lingering_locked(claim)) {
        status = STATUS_ADDRESS_ALREADY_ASSOCIATED;
    }
    if (NT_SUCCESS(status)) {
        we_base_list_append(bucket_locked(local->port), &claim->link);
        if (is_shared) {
            we_host_port_share(claim->is_datagram, local->port);
        }
    }
    we_host_mutex_unlock(&s_lock);
    return status;
}

void we_wsk_share_chosen(struct we_wsk_socket *socket)
{
    struct we_wsk_claim *claim = &socket->claim;

    /* A connection's port is one of many, and the next socket gets another. */
    if (socket->category == WE_WSK_CONNECTION) {
        return;
    }
    we_host_mutex_lock(&s_lock);
    if (!we_base_list_is_linked(&claim->link) && socket->local.port != 0) {
        claim_fill(claim, socket, &socket->local);
        we_base_list_append(bucket_locked(socket->local.port), &claim->link);
    }
    we_host_mutex_unlock(&s_lock);
}

static bool port_is_claimed_locked(const struct we_wsk_claim *claim)
{
    WE_BASE_LIST_FOR_EACH (link, bucket_locked(claim->addr.port)) {
        if (is_same_port(claim, WE_BASE_LIST_ITEM(link, struct we_wsk_claim, link))) {
            return true;
        }
    }
    return false;
}

bool we_wsk_share_has_port(bool is_datagram, uint16_t port)
{
    const struct we_wsk_claim claim = { .addr.port = port, .is_datagram = is_datagram };
    bool is_claimed;

    we_host_mutex_lock(&s_lock);
    is_claimed = port_is_claimed_locked(&claim);
    we_host_mutex_unlock(&s_lock);
    return is_claimed;
}

void we_wsk_share_leave(struct we_wsk_socket *socket)
{
    struct we_wsk_claim *claim = &socket->claim;

    we_host_mutex_lock(&s_lock);
    if (we_base_list_is_linked(&claim->link)) {
        we_base_list_remove(&claim->link);
        linger_locked(claim);
        if (!port_is_claimed_locked(claim)) {
            we_host_port_unshare(claim->is_datagram, claim->addr.port);
        }
    }
    we_host_mutex_unlock(&s_lock);
}
