/* SPDX-License-Identifier: MIT */
/* Cryptography: providers of random numbers and hashes, and what is told about them. */
#include "nt/bcrypt_provider.h"

#include <string.h>

#include "host/host_log.h"
#include "host/host_random.h"
#include "nt/nt_block.h"
#include "nt/nt_irql.h"

struct provider {
    struct we_bcrypt_algorithm algorithm;
};

#define OBJECT_BYTES 384 /* no more than what Windows asks for, for most of them */

static const struct row {
    LPCWSTR name;
    enum we_host_hash_kind kind;
    ULONG hash_bytes;
    ULONG block_bytes;
    ULONG_PTR plain_handle;
    ULONG_PTR keyed_handle;
} s_rows[] = {
    { (const WCHAR[]){ 'M', 'D', '5', 0 }, WE_HASH_MD5, 16, 64, 0x21, 0x91 },
    { (const WCHAR[]){ 'S', 'H', 'A', '1', 0 }, WE_HASH_SHA1, 20, 64, 0x31, 0xa1 },
    { (const WCHAR[]){ 'S', 'H', 'A', '2', '5', '6', 0 }, WE_HASH_SHA256, 32, 64, 0x41, 0xb1 },
    { (const WCHAR[]){ 'S', 'H', 'A', '3', '8', '4', 0 }, WE_HASH_SHA384, 48, 128, 0x51, 0xc1 },
    { (const WCHAR[]){ 'S', 'H', 'A', '5', '1', '2', 0 }, WE_HASH_SHA512, 64, 128, 0x61, 0xd1 },
};
WE_STATIC_ASSERT(WE_ARRAY_COUNT(s_rows) == WE_HASH_KIND_COUNT, "a row for each hash, in the order of the kinds");

static const WCHAR s_random_name[] = { 'R', 'N', 'G', 0 };

ULONG we_bcrypt_hash_bytes(enum we_host_hash_kind kind)
{
    return s_rows[kind].hash_bytes;
}

ULONG we_bcrypt_block_bytes(enum we_host_hash_kind kind)
{
    return s_rows[kind].block_bytes;
}

ULONG we_bcrypt_object_bytes(void)
{
    return OBJECT_BYTES;
}

void we_bcrypt_check_irql(const struct we_bcrypt_algorithm *algorithm, const char *function)
{
    KIRQL irql = we_nt_irql_current();

    if (!algorithm->is_dispatch && irql > PASSIVE_LEVEL) {
        (void)we_vrf_report(WE_RULE_IRQL_001, NULL,
                            "%s was called at %s with a provider that was opened without BCRYPT_PROV_DISPATCH",
                            function, we_nt_irql_name(irql));
    }
}

/* --- handles ----------------------------------------------------------------------------------------------- */

static bool pseudo_handle(ULONG_PTR handle, struct we_bcrypt_algorithm *algorithm)
{
    memset(algorithm, 0, sizeof(*algorithm));
    algorithm->is_dispatch = true;
    algorithm->is_random = handle == (ULONG_PTR)BCRYPT_RNG_ALG_HANDLE;
    for (size_t i = 0; i < WE_ARRAY_COUNT(s_rows); i++) {
        if (s_rows[i].plain_handle == handle || s_rows[i].keyed_handle == handle) {
            algorithm->kind = s_rows[i].kind;
            algorithm->is_keyed = s_rows[i].keyed_handle == handle;
            return true;
        }
    }
    return algorithm->is_random;
}

bool we_bcrypt_algorithm_of(BCRYPT_HANDLE handle, struct we_bcrypt_algorithm *algorithm)
{
    if ((ULONG_PTR)handle < 0x100) {
        return pseudo_handle((ULONG_PTR)handle, algorithm);
    }
    /* A driver may give anything: the ledger is asked, not the memory. */
    if (we_vrf_ledger_find(WE_KIND_CRYPTO_PROVIDER, handle) == NULL) {
        return false;
    }
    *algorithm = ((const struct provider *)handle)->algorithm;
    return true;
}

static NTSTATUS algorithm_by_name(LPCWSTR name, ULONG flags, struct we_bcrypt_algorithm *algorithm)
{
    memset(algorithm, 0, sizeof(*algorithm));
    algorithm->is_dispatch = (flags & BCRYPT_PROV_DISPATCH) != 0;
    algorithm->is_keyed = (flags & BCRYPT_ALG_HANDLE_HMAC_FLAG) != 0;
    algorithm->is_reusable = (flags & BCRYPT_HASH_REUSABLE_FLAG) != 0;
    if (wsk_emu_wcsicmp(name, s_random_name) == 0) {
        algorithm->is_random = true;
        return algorithm->is_keyed || algorithm->is_reusable ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
    }
    if (!we_host_hash_is_there()) {
        WE_LOG_ONCE(WE_LOG_WARNING, "BCryptOpenAlgorithmProvider: built without hashes (WSK_EMU_HASHES), so there are "
                                    "random numbers and no other algorithm");
        return STATUS_NOT_FOUND;
    }
    for (size_t i = 0; i < WE_ARRAY_COUNT(s_rows); i++) {
        if (wsk_emu_wcsicmp(name, s_rows[i].name) == 0) {
            algorithm->kind = s_rows[i].kind;
            return STATUS_SUCCESS;
        }
    }
    WE_LOG_ONCE(WE_LOG_WARNING, "BCryptOpenAlgorithmProvider: there are random numbers, MD5, SHA-1 and SHA-2, and no "
                                "other algorithm");
    return STATUS_NOT_FOUND;
}

NTSTATUS BCryptOpenAlgorithmProvider(BCRYPT_ALG_HANDLE *phAlgorithm, LPCWSTR pszAlgId, LPCWSTR pszImplementation,
                                     ULONG dwFlags)
{
    struct we_bcrypt_algorithm algorithm;
    struct provider *provider;
    NTSTATUS status;

    (void)pszImplementation; /* there is one */
    WE_NT_ENTRY(BCryptOpenAlgorithmProvider);
    if (phAlgorithm == NULL || pszAlgId == NULL ||
        (dwFlags & ~(ULONG)(BCRYPT_PROV_DISPATCH | BCRYPT_ALG_HANDLE_HMAC_FLAG | BCRYPT_HASH_REUSABLE_FLAG)) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    *phAlgorithm = NULL;
    status = algorithm_by_name(pszAlgId, dwFlags, &algorithm);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    provider = we_nt_block_alloc(WE_KIND_CRYPTO_PROVIDER, sizeof(*provider), NULL);
    if (provider == NULL) {
        return STATUS_NO_MEMORY;
    }
    provider->algorithm = algorithm;
    *phAlgorithm = provider;
    return STATUS_SUCCESS;
}

NTSTATUS BCryptCloseAlgorithmProvider(BCRYPT_ALG_HANDLE hAlgorithm, ULONG dwFlags)
{
    struct we_bcrypt_algorithm algorithm;
    struct we_nt_block *block;

    WE_NT_ENTRY(BCryptCloseAlgorithmProvider);
    if (!we_bcrypt_algorithm_of(hAlgorithm, &algorithm)) {
        return STATUS_INVALID_HANDLE;
    }
    if (dwFlags != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    block = (ULONG_PTR)hAlgorithm < 0x100 ? NULL : we_nt_block_find(WE_KIND_CRYPTO_PROVIDER, hAlgorithm);
    if (block != NULL) {
        we_nt_block_free(block);
    }
    return STATUS_SUCCESS;
}

/* --- random numbers -------------------------------------------------------------------------------------------- */

NTSTATUS BCryptGenRandom(BCRYPT_ALG_HANDLE hAlgorithm, PUCHAR pbBuffer, ULONG cbBuffer, ULONG dwFlags)
{
    struct we_bcrypt_algorithm algorithm;

    WE_NT_ENTRY(BCryptGenRandom);
    if (hAlgorithm == NULL ? (dwFlags & BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0
                           : !we_bcrypt_algorithm_of(hAlgorithm, &algorithm) || !algorithm.is_random) {
        return STATUS_INVALID_HANDLE;
    }
    if (pbBuffer == NULL && cbBuffer != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    return we_host_random(pbBuffer, cbBuffer) ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

/* --- properties ---------------------------------------------------------------------------------------------------- */

static bool is_property(LPCWSTR property, const char *name)
{
    size_t i;

    for (i = 0; name[i] != '\0' && property[i] == (WCHAR)name[i]; i++) {
    }
    return name[i] == '\0' && property[i] == UNICODE_NULL;
}

static NTSTATUS put(PUCHAR output, ULONG size, ULONG *needed, const void *value, ULONG bytes)
{
    *needed = bytes;
    if (output == NULL) {
        return STATUS_SUCCESS;
    }
    if (size < bytes) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    memcpy(output, value, bytes);
    return STATUS_SUCCESS;
}

static NTSTATUS get_property(const struct row *row, LPCWSTR property, PUCHAR output, ULONG size, ULONG *needed)
{
    ULONG number = OBJECT_BYTES;

    if (is_property(property, "AlgorithmName")) {
        return put(output, size, needed, row->name, (ULONG)((wsk_emu_wcslen(row->name) + 1) * sizeof(WCHAR)));
    }
    if (is_property(property, "HashDigestLength")) {
        number = row->hash_bytes;
    } else if (is_property(property, "HashBlockLength")) {
        number = row->block_bytes;
    } else if (!is_property(property, "ObjectLength")) {
        return STATUS_NOT_SUPPORTED;
    }
    return put(output, size, needed, &number, sizeof(number));
}

NTSTATUS BCryptGetProperty(BCRYPT_HANDLE hObject, LPCWSTR pszProperty, PUCHAR pbOutput, ULONG cbOutput,
                           ULONG *pcbResult, ULONG dwFlags)
{
    struct we_bcrypt_algorithm algorithm;

    WE_NT_ENTRY(BCryptGetProperty);
    if (pcbResult == NULL || pszProperty == NULL || dwFlags != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    *pcbResult = 0;
    if (!we_bcrypt_algorithm_of(hObject, &algorithm) && !we_bcrypt_algorithm_of_hash(hObject, &algorithm)) {
        return STATUS_INVALID_HANDLE;
    }
    if (algorithm.is_random) {
        return STATUS_NOT_SUPPORTED;
    }
    return get_property(&s_rows[algorithm.kind], pszProperty, pbOutput, cbOutput, pcbResult);
}
