/* SPDX-License-Identifier: MIT */
/* Hashes in a build without a library for them: there are none. */
#include "host/host_hash.h"

bool we_host_hash_is_there(void)
{
    return false;
}

struct we_host_hash *we_host_hash_create(enum we_host_hash_kind kind)
{
    (void)kind;
    return NULL;
}

struct we_host_hash *we_host_hash_copy(const struct we_host_hash *hash)
{
    (void)hash;
    return NULL;
}

bool we_host_hash_add(struct we_host_hash *hash, const void *bytes, size_t count)
{
    (void)hash;
    (void)bytes;
    (void)count;
    return false;
}

bool we_host_hash_finish(struct we_host_hash *hash, unsigned char *result)
{
    (void)hash;
    (void)result;
    return false;
}

void we_host_hash_free(struct we_host_hash *hash)
{
    (void)hash;
}
