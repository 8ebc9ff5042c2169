/* SPDX-License-Identifier: MIT */
/* Cryptographic hashes of a library that the build has found (host_hash_openssl.c), or none (host_hash_none.c). */
#ifndef WE_HOST_HASH_H
#define WE_HOST_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base_assert.h"

enum we_host_hash_kind {
    WE_HASH_MD5,
    WE_HASH_SHA1,
    WE_HASH_SHA256,
    WE_HASH_SHA384,
    WE_HASH_SHA512,
    WE_HASH_KIND_COUNT
};
#define WE_HOST_HASH_MAX 64 /* bytes of the longest result */

struct we_host_hash;

/* Whether this build has hashes at all. */
bool we_host_hash_is_there(void);
/* A hash of no bytes yet. NULL: no memory, or no such hash. */
WE_MUST_USE struct we_host_hash *we_host_hash_create(enum we_host_hash_kind kind);
/* The same state once more. NULL: no memory. */
WE_MUST_USE struct we_host_hash *we_host_hash_copy(const struct we_host_hash *hash);
/* False: the library failed. */
WE_MUST_USE bool we_host_hash_add(struct we_host_hash *hash, const void *bytes, size_t count);
/* Writes the result, all of its bytes; afterwards the hash may only be freed. */
WE_MUST_USE bool we_host_hash_finish(struct we_host_hash *hash, unsigned char *result);
/* NULL is ignored. */
void we_host_hash_free(struct we_host_hash *hash);

#endif
