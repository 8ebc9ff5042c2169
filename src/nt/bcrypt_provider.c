/* SPDX-License-Identifier: MIT */
/* Cryptography: the provider of random numbers, and the refusal of every other one. */
#include <bcrypt.h>

#include "host/host_log.h"
#include "host/host_random.h"
#include "nt/nt_irql.h"

/* Its address is the handle of the only provider; it has no state. */
static UCHAR s_random_provider;

static bool is_random_provider(BCRYPT_HANDLE handle)
{
    return handle == &s_random_provider || handle == BCRYPT_RNG_ALG_HANDLE;
}

NTSTATUS BCryptOpenAlgorithmProvider(BCRYPT_ALG_HANDLE *phAlgorithm, LPCWSTR pszAlgId, LPCWSTR pszImplementation,
                                     ULONG dwFlags)
{
    static const WCHAR random_name[] = { 'R', 'N', 'G', 0 };

    (void)pszImplementation;
    (void)dwFlags;
    WE_NT_ENTRY(BCryptOpenAlgorithmProvider);
    if (phAlgorithm == NULL || pszAlgId == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    *phAlgorithm = NULL;
    if (wsk_emu_wcscmp(pszAlgId, random_name) != 0) {
        WE_LOG_ONCE(WE_LOG_WARNING, "BCryptOpenAlgorithmProvider: there are random numbers, and no other algorithm");
        return STATUS_NOT_FOUND;
    }
    *phAlgorithm = &s_random_provider;
    return STATUS_SUCCESS;
}

NTSTATUS BCryptCloseAlgorithmProvider(BCRYPT_ALG_HANDLE hAlgorithm, ULONG dwFlags)
{
    (void)dwFlags;
    WE_NT_ENTRY(BCryptCloseAlgorithmProvider);
    return is_random_provider(hAlgorithm) ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

NTSTATUS BCryptGenRandom(BCRYPT_ALG_HANDLE hAlgorithm, PUCHAR pbBuffer, ULONG cbBuffer, ULONG dwFlags)
{
    WE_NT_ENTRY(BCryptGenRandom);
    if (hAlgorithm == NULL ? (dwFlags & BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0 : !is_random_provider(hAlgorithm)) {
        return STATUS_INVALID_HANDLE;
    }
    if (pbBuffer == NULL && cbBuffer != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    return we_host_random(pbBuffer, cbBuffer) ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

NTSTATUS BCryptGetProperty(BCRYPT_HANDLE hObject, LPCWSTR pszProperty, PUCHAR pbOutput, ULONG cbOutput,
                           ULONG *pcbResult, ULONG dwFlags)
{
    (void)pszProperty;
    (void)pbOutput;
    (void)cbOutput;
    (void)dwFlags;
    WE_NT_ENTRY(BCryptGetProperty);
    *pcbResult = 0;
    return is_random_provider(hObject) ? STATUS_NOT_SUPPORTED : STATUS_INVALID_HANDLE;
}

NTSTATUS BCryptCreateHash(BCRYPT_ALG_HANDLE hAlgorithm, BCRYPT_HASH_HANDLE *phHash, PUCHAR pbHashObject,
                          ULONG cbHashObject, PUCHAR pbSecret, ULONG cbSecret, ULONG dwFlags)
{
    (void)pbHashObject;
    (void)cbHashObject;
    (void)pbSecret;
    (void)cbSecret;
    (void)dwFlags;
    WE_NT_ENTRY(BCryptCreateHash);
    *phHash = NULL;
    return is_random_provider(hAlgorithm) ? STATUS_NOT_SUPPORTED : STATUS_INVALID_HANDLE;
}

NTSTATUS BCryptHashData(BCRYPT_HASH_HANDLE hHash, PUCHAR pbInput, ULONG cbInput, ULONG dwFlags)
{
    (void)hHash;
    (void)pbInput;
    (void)cbInput;
    (void)dwFlags;
    WE_NT_ENTRY(BCryptHashData);
    return STATUS_INVALID_HANDLE;
}

NTSTATUS BCryptFinishHash(BCRYPT_HASH_HANDLE hHash, PUCHAR pbOutput, ULONG cbOutput, ULONG dwFlags)
{
    (void)hHash;
    (void)pbOutput;
    (void)cbOutput;
    (void)dwFlags;
    WE_NT_ENTRY(BCryptFinishHash);
    return STATUS_INVALID_HANDLE;
}

NTSTATUS BCryptDestroyHash(BCRYPT_HASH_HANDLE hHash)
{
    (void)hHash;
    WE_NT_ENTRY(BCryptDestroyHash);
    return STATUS_INVALID_HANDLE;
}
