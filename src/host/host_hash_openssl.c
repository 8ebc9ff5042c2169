/* SPDX-License-Identifier: MIT */
/* Hashes of libcrypto, the library of OpenSSL. */
#include "host/host_hash.h"

#include <openssl/evp.h>

#include "host/host_mem.h"

struct we_host_hash {
    EVP_MD_CTX *context;
};

bool we_host_hash_is_there(void)
{
    return true;
}

static const EVP_MD *algorithm(enum we_host_hash_kind kind)
{
    switch (kind) {
    case WE_HASH_MD5:
        return EVP_md5();
    case WE_HASH_SHA1:
        return EVP_sha1();
    case WE_HASH_SHA256:
        return EVP_sha256();
    case WE_HASH_SHA384:
        return EVP_sha384();
    case WE_HASH_SHA512:
        return EVP_sha512();
    default:
        return NULL;
    }
}

static struct we_host_hash *hash_alloc(void)
{
    struct we_host_hash *hash = we_host_alloc(sizeof(*hash));

    if (hash == NULL) {
        return NULL;
    }
    hash->context = EVP_MD_CTX_new();
    if (hash->context == NULL) {
        we_host_free(hash);
        return NULL;
    }
    return hash;
}

struct we_host_hash *we_host_hash_create(enum we_host_hash_kind kind)
{
    struct we_host_hash *hash = hash_alloc();

    /* Fails where the system's policy forbids the hash (MD5, say). */
    if (hash != NULL && EVP_DigestInit_ex(hash->context, algorithm(kind), NULL) != 1) {
        we_host_hash_free(hash);
        return NULL;
    }
    return hash;
}

struct we_host_hash *we_host_hash_copy(const struct we_host_hash *hash)
{
    struct we_host_hash *copy = hash_alloc();

    if (copy != NULL && EVP_MD_CTX_copy_ex(copy->context, hash->context) != 1) {
        we_host_hash_free(copy);
        return NULL;
    }
    return copy;
}

bool we_host_hash_add(struct we_host_hash *hash, const void *bytes, size_t count)
{
    return count == 0 || EVP_DigestUpdate(hash->context, bytes, count) == 1;
}

bool we_host_hash_finish(struct we_host_hash *hash, unsigned char *result)
{
    return EVP_DigestFinal_ex(hash->context, result, NULL) == 1;
}

void we_host_hash_free(struct we_host_hash *hash)
{
    if (hash != NULL) {
        EVP_MD_CTX_free(hash->context);
        we_host_free(hash);
    }
}
