/* SPDX-License-Identifier: MIT */
/* Cryptography: hashes, plain and keyed. */
#include <string.h>

#include "nt/bcrypt_provider.h"
#include "nt/nt_block.h"
#include "nt/nt_irql.h"

/* Design
 *
 * The hash itself is the host library's. A keyed one (HMAC, RFC 2104) is two of them: the inner one begins with the key
 * and gets the data, the outer one begins with the key and gets the inner one's result. A reusable hash keeps copies of
 * how it began. What a driver brings as a hash object is checked for its size and stays unused.
 */

struct hash {
    struct we_bcrypt_algorithm algorithm;
    struct we_host_hash *inner; /* NULL: finished */
    struct we_host_hash *outer; /* keyed: after the key, before the inner result */
    struct we_host_hash *begin; /* reusable: the inner one before any data */
};

/* --- the hash -------------------------------------------------------------------------------------------------- */

/* The key as a block: hashed when it is longer. */
static bool key_block(enum we_host_hash_kind kind, const UCHAR *key, ULONG key_bytes, UCHAR block[128])
{
    struct we_host_hash *hash;
    bool is_done;

    memset(block, 0, 128);
    if (key_bytes <= we_bcrypt_block_bytes(kind)) {
        if (key_bytes != 0) {
            memcpy(block, key, key_bytes);
        }
        return true;
    }
    hash = we_host_hash_create(kind);
    is_done = hash != NULL && we_host_hash_add(hash, key, key_bytes) && we_host_hash_finish(hash, block);
    we_host_hash_free(hash);
    return is_done;
}

/* A hash that has got the block, each byte of it combined with pad. */
static struct we_host_hash *padded_hash(enum we_host_hash_kind kind, const UCHAR block[128], UCHAR pad)
{
    struct we_host_hash *hash = we_host_hash_create(kind);
    ULONG count = we_bcrypt_block_bytes(kind);
    UCHAR padded[128];

    for (ULONG i = 0; i < count; i++) {
        padded[i] = block[i] ^ pad;
    }
    if (hash != NULL && !we_host_hash_add(hash, padded, count)) {
        we_host_hash_free(hash);
        return NULL;
    }
    return hash;
}

static bool hash_begin(struct hash *hash, const UCHAR *key, ULONG key_bytes)
{
    enum we_host_hash_kind kind = hash->algorithm.kind;
    UCHAR block[128];

    if (!hash->algorithm.is_keyed) {
        hash->inner = we_host_hash_create(kind);
    } else if (key_block(kind, key, key_bytes, block)) {
        hash->inner = padded_hash(kind, block, 0x36);
        hash->outer = padded_hash(kind, block, 0x5c);
    }
    if (hash->inner == NULL || (hash->algorithm.is_keyed && hash->outer == NULL)) {
        return false;
    }
    if (hash->algorithm.is_reusable) {
        hash->begin = we_host_hash_copy(hash->inner);
        return hash->begin != NULL;
    }
    return true;
}

/* The outer hash stays as it is, for the next time. */
static bool finish_outer(const struct hash *hash, UCHAR *result)
{
    struct we_host_hash *outer = we_host_hash_copy(hash->outer);
    bool is_done = outer != NULL && we_host_hash_add(outer, result, we_bcrypt_hash_bytes(hash->algorithm.kind)) &&
                   we_host_hash_finish(outer, result);

    we_host_hash_free(outer);
    return is_done;
}

static NTSTATUS hash_finish(struct hash *hash, PUCHAR output)
{
    struct we_host_hash *next = NULL;
    UCHAR result[WE_HOST_HASH_MAX];

    if (hash->algorithm.is_reusable) {
        next = we_host_hash_copy(hash->begin);
        if (next == NULL) {
            return STATUS_NO_MEMORY;
        }
    }
    if (!we_host_hash_finish(hash->inner, result) || (hash->algorithm.is_keyed && !finish_outer(hash, result))) {
        we_host_hash_free(next);
        return STATUS_NO_MEMORY;
    }
    we_host_hash_free(hash->inner);
    hash->inner = next;
    memcpy(output, result, we_bcrypt_hash_bytes(hash->algorithm.kind));
    return STATUS_SUCCESS;
}

/* --- handles ---------------------------------------------------------------------------------------------------- */

static struct hash *hash_of(BCRYPT_HASH_HANDLE handle)
{
    return we_vrf_ledger_find(WE_KIND_CRYPTO_HASH, handle) != NULL ? handle : NULL;
}

/* The hash when it takes data, and its IRQL checked; else NULL. */
static struct hash *hash_to_use(BCRYPT_HASH_HANDLE handle, const char *function)
{
    struct hash *hash = hash_of(handle);

    if (hash == NULL || hash->inner == NULL) {
        return NULL;
    }
    we_bcrypt_check_irql(&hash->algorithm, function);
    return hash;
}

bool we_bcrypt_algorithm_of_hash(BCRYPT_HANDLE handle, struct we_bcrypt_algorithm *algorithm)
{
    const struct hash *hash = hash_of(handle);

    if (hash != NULL) {
        *algorithm = hash->algorithm;
    }
    return hash != NULL;
}

static void hash_free(struct hash *hash)
{
    we_host_hash_free(hash->inner);
    we_host_hash_free(hash->outer);
    we_host_hash_free(hash->begin);
    we_nt_block_free(we_nt_block_find(WE_KIND_CRYPTO_HASH, hash));
}

static NTSTATUS check_object(const UCHAR *object, ULONG bytes)
{
    if (object == NULL) {
        return bytes == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
    return bytes >= we_bcrypt_object_bytes() ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL;
}

/* A hash without a state yet. */
static struct hash *hash_alloc(const struct we_bcrypt_algorithm *algorithm)
{
    struct hash *hash = we_nt_block_alloc(WE_KIND_CRYPTO_HASH, sizeof(*hash), NULL);

    if (hash != NULL) {
        hash->algorithm = *algorithm;
    }
    return hash;
}

static NTSTATUS create(const struct we_bcrypt_algorithm *algorithm, const UCHAR *key, ULONG key_bytes,
                       struct hash **created)
{
    struct hash *hash;

    if (algorithm->is_random || !we_host_hash_is_there()) {
        return STATUS_NOT_SUPPORTED;
    }
    if (key == NULL ? key_bytes != 0 : !algorithm->is_keyed) {
        return STATUS_INVALID_PARAMETER;
    }
    hash = hash_alloc(algorithm);
    if (hash == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (!hash_begin(hash, key, key_bytes)) {
        hash_free(hash);
        return STATUS_NO_MEMORY;
    }
    *created = hash;
    return STATUS_SUCCESS;
}

NTSTATUS BCryptCreateHash(BCRYPT_ALG_HANDLE hAlgorithm, BCRYPT_HASH_HANDLE *phHash, PUCHAR pbHashObject,
                          ULONG cbHashObject, PUCHAR pbSecret, ULONG cbSecret, ULONG dwFlags)
{
    struct we_bcrypt_algorithm algorithm;
    struct hash *hash = NULL;
    NTSTATUS status;

    WE_NT_ENTRY(BCryptCreateHash);
    if (phHash == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    *phHash = NULL;
    if (!we_bcrypt_algorithm_of(hAlgorithm, &algorithm)) {
        return STATUS_INVALID_HANDLE;
    }
    we_bcrypt_check_irql(&algorithm, "BCryptCreateHash");
    if ((dwFlags & ~(ULONG)BCRYPT_HASH_REUSABLE_FLAG) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    status = check_object(pbHashObject, cbHashObject);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    algorithm.is_reusable = algorithm.is_reusable || dwFlags != 0;
    status = create(&algorithm, pbSecret, cbSecret, &hash);
    *phHash = hash;
    return status;
}

NTSTATUS BCryptHashData(BCRYPT_HASH_HANDLE hHash, PUCHAR pbInput, ULONG cbInput, ULONG dwFlags)
{
    struct hash *hash;

    WE_NT_ENTRY(BCryptHashData);
    hash = hash_to_use(hHash, "BCryptHashData");
    if (hash == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    if (dwFlags != 0 || (pbInput == NULL && cbInput != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    return we_host_hash_add(hash->inner, pbInput, cbInput) ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

NTSTATUS BCryptFinishHash(BCRYPT_HASH_HANDLE hHash, PUCHAR pbOutput, ULONG cbOutput, ULONG dwFlags)
{
    struct hash *hash;

    WE_NT_ENTRY(BCryptFinishHash);
    hash = hash_to_use(hHash, "BCryptFinishHash");
    if (hash == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    if (dwFlags != 0 || pbOutput == NULL || cbOutput != we_bcrypt_hash_bytes(hash->algorithm.kind)) {
        return STATUS_INVALID_PARAMETER;
    }
    return hash_finish(hash, pbOutput);
}

static bool copy_state(struct hash *to, const struct hash *from)
{
    to->inner = we_host_hash_copy(from->inner);
    to->outer = from->outer != NULL ? we_host_hash_copy(from->outer) : NULL;
    to->begin = from->begin != NULL ? we_host_hash_copy(from->begin) : NULL;
    return to->inner != NULL && (to->outer != NULL) == (from->outer != NULL) &&
           (to->begin != NULL) == (from->begin != NULL);
}

NTSTATUS BCryptDuplicateHash(BCRYPT_HASH_HANDLE hHash, BCRYPT_HASH_HANDLE *phNewHash, PUCHAR pbHashObject,
                             ULONG cbHashObject, ULONG dwFlags)
{
    struct hash *hash;
    struct hash *copy;
    NTSTATUS status;

    WE_NT_ENTRY(BCryptDuplicateHash);
    if (phNewHash == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    *phNewHash = NULL;
    hash = hash_to_use(hHash, "BCryptDuplicateHash");
    if (hash == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    status = dwFlags != 0 ? STATUS_INVALID_PARAMETER : check_object(pbHashObject, cbHashObject);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    copy = hash_alloc(&hash->algorithm);
    if (copy == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (!copy_state(copy, hash)) {
        hash_free(copy);
        return STATUS_NO_MEMORY;
    }
    *phNewHash = copy;
    return STATUS_SUCCESS;
}

NTSTATUS BCryptDestroyHash(BCRYPT_HASH_HANDLE hHash)
{
    struct hash *hash = hash_of(hHash);

    WE_NT_ENTRY(BCryptDestroyHash);
    if (hash == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    we_bcrypt_check_irql(&hash->algorithm, "BCryptDestroyHash");
    hash_free(hash);
    return STATUS_SUCCESS;
}

NTSTATUS BCryptHash(BCRYPT_ALG_HANDLE hAlgorithm, PUCHAR pbSecret, ULONG cbSecret, PUCHAR pbInput, ULONG cbInput,
                    PUCHAR pbOutput, ULONG cbOutput)
{
    struct we_bcrypt_algorithm algorithm;
    struct hash *hash = NULL;
    NTSTATUS status;

    WE_NT_ENTRY(BCryptHash);
    if (!we_bcrypt_algorithm_of(hAlgorithm, &algorithm)) {
        return STATUS_INVALID_HANDLE;
    }
    we_bcrypt_check_irql(&algorithm, "BCryptHash");
    if (pbOutput == NULL || (!algorithm.is_random && cbOutput != we_bcrypt_hash_bytes(algorithm.kind)) ||
        (pbInput == NULL && cbInput != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    status = create(&algorithm, pbSecret, cbSecret, &hash);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = we_host_hash_add(hash->inner, pbInput, cbInput) ? hash_finish(hash, pbOutput) : STATUS_NO_MEMORY;
    hash_free(hash);
    return status;
}

/* --- the end of the kernel ---------------------------------------------------------------------------------------- */

static void hash_stop(struct we_vrf_entry *entry, void *context)
{
    UNREFERENCED_PARAMETER(context);
    (void)we_vrf_report_entry(WE_RULE_UNL_015, entry, "the hash %p was never destroyed", entry->address);
    hash_free((struct hash *)(ULONG_PTR)entry->address);
}

static void provider_stop(struct we_vrf_entry *entry, void *context)
{
    UNREFERENCED_PARAMETER(context);
    (void)we_vrf_report_entry(WE_RULE_UNL_015, entry, "the algorithm provider %p was never closed", entry->address);
    we_nt_block_free(WE_CONTAINER(entry, struct we_nt_block, entry));
}

void we_bcrypt_stop(void)
{
    we_vrf_ledger_each(WE_KIND_CRYPTO_HASH, hash_stop, NULL);
    we_vrf_ledger_each(WE_KIND_CRYPTO_PROVIDER, provider_stop, NULL);
}
