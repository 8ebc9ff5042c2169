/* SPDX-License-Identifier: MIT */
/* Providers of algorithms, as hashes see them. */
#ifndef WE_BCRYPT_PROVIDER_H
#define WE_BCRYPT_PROVIDER_H

#include <stdbool.h>

#include <bcrypt.h>

#include "host/host_hash.h"

/* What a hash of a provider is like; a copy, for a provider may be closed before its hashes are destroyed. */
struct we_bcrypt_algorithm {
    enum we_host_hash_kind kind;
    bool is_random; /* no hash: random numbers */
    bool is_keyed;
    bool is_reusable;
    bool is_dispatch; /* may be used up to DISPATCH_LEVEL */
};

/* The algorithm of a provider's handle, pseudo-handles included; false: it is none. */
bool we_bcrypt_algorithm_of(BCRYPT_HANDLE handle, struct we_bcrypt_algorithm *algorithm);
/* The algorithm of a hash; false: it is none. */
bool we_bcrypt_algorithm_of_hash(BCRYPT_HANDLE handle, struct we_bcrypt_algorithm *algorithm);
ULONG we_bcrypt_hash_bytes(enum we_host_hash_kind kind);
ULONG we_bcrypt_block_bytes(enum we_host_hash_kind kind);
/* Bytes that a driver has to bring along for a hash. */
ULONG we_bcrypt_object_bytes(void);
/* IRQL-001 for what was not made for DISPATCH_LEVEL. */
void we_bcrypt_check_irql(const struct we_bcrypt_algorithm *algorithm, const char *function);
/* Reports handles that were never closed (UNL-015) and frees what they lead to (stop). */
void we_bcrypt_stop(void);

#endif
