/* SPDX-License-Identifier: MIT */
/* Cryptography: keys, which cannot be had, for no provider that is there makes them. */
#include "nt/bcrypt_provider.h"
#include "nt/nt_irql.h"

/* What a provider says that is asked for a key. */
static NTSTATUS refuse_key(BCRYPT_ALG_HANDLE provider, BCRYPT_KEY_HANDLE *key)
{
    struct we_bcrypt_algorithm algorithm;

    if (key == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    *key = NULL;
    return we_bcrypt_algorithm_of(provider, &algorithm) ? STATUS_NOT_SUPPORTED : STATUS_INVALID_HANDLE;
}

/* Whatever handle it is, it is none of a key. */
static NTSTATUS refuse_handle(ULONG *result_bytes)
{
    if (result_bytes != NULL) {
        *result_bytes = 0;
    }
    return STATUS_INVALID_HANDLE;
}

NTSTATUS BCryptSetProperty(BCRYPT_HANDLE hObject, LPCWSTR pszProperty, PUCHAR pbInput, ULONG cbInput, ULONG dwFlags)
{
    struct we_bcrypt_algorithm algorithm;

    WE_NT_ENTRY(BCryptSetProperty);
    if (pszProperty == NULL || (pbInput == NULL && cbInput != 0) || dwFlags != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!we_bcrypt_algorithm_of(hObject, &algorithm) && !we_bcrypt_algorithm_of_hash(hObject, &algorithm)) {
        return STATUS_INVALID_HANDLE;
    }
    return STATUS_NOT_SUPPORTED; /* hashes and random numbers have nothing to set */
}

NTSTATUS BCryptGenerateSymmetricKey(BCRYPT_ALG_HANDLE hAlgorithm, BCRYPT_KEY_HANDLE *phKey, PUCHAR pbKeyObject,
                                    ULONG cbKeyObject, PUCHAR pbSecret, ULONG cbSecret, ULONG dwFlags)
{
    (void)pbKeyObject;
    (void)cbKeyObject;
    (void)pbSecret;
    (void)cbSecret;
    (void)dwFlags;
    WE_NT_ENTRY(BCryptGenerateSymmetricKey);
    return refuse_key(hAlgorithm, phKey);
}

NTSTATUS BCryptGenerateKeyPair(BCRYPT_ALG_HANDLE hAlgorithm, BCRYPT_KEY_HANDLE *phKey, ULONG dwLength, ULONG dwFlags)
{
    (void)dwLength;
    (void)dwFlags;
    WE_NT_ENTRY(BCryptGenerateKeyPair);
    return refuse_key(hAlgorithm, phKey);
}

NTSTATUS BCryptImportKeyPair(BCRYPT_ALG_HANDLE hAlgorithm, BCRYPT_KEY_HANDLE hImportKey, LPCWSTR pszBlobType,
                             BCRYPT_KEY_HANDLE *phKey, PUCHAR pbInput, ULONG cbInput, ULONG dwFlags)
{
    (void)hImportKey;
    (void)pszBlobType;
    (void)pbInput;
    (void)cbInput;
    (void)dwFlags;
    WE_NT_ENTRY(BCryptImportKeyPair);
    return refuse_key(hAlgorithm, phKey);
}

NTSTATUS BCryptFinalizeKeyPair(BCRYPT_KEY_HANDLE hKey, ULONG dwFlags)
{
    (void)hKey;
    (void)dwFlags;
    WE_NT_ENTRY(BCryptFinalizeKeyPair);
    return refuse_handle(NULL);
}

NTSTATUS BCryptExportKey(BCRYPT_KEY_HANDLE hKey, BCRYPT_KEY_HANDLE hExportKey, LPCWSTR pszBlobType, PUCHAR pbOutput,
                         ULONG cbOutput, ULONG *pcbResult, ULONG dwFlags)
{
    (void)hKey;
    (void)hExportKey;
    (void)pszBlobType;
    (void)pbOutput;
    (void)cbOutput;
    (void)dwFlags;
    WE_NT_ENTRY(BCryptExportKey);
    return refuse_handle(pcbResult);
}

NTSTATUS BCryptEncrypt(BCRYPT_KEY_HANDLE hKey, PUCHAR pbInput, ULONG cbInput, VOID *pPaddingInfo, PUCHAR pbIV,
                       ULONG cbIV, PUCHAR pbOutput, ULONG cbOutput, ULONG *pcbResult, ULONG dwFlags)
{
    (void)hKey;
    (void)pbInput;
    (void)cbInput;
    (void)pPaddingInfo;
    (void)pbIV;
    (void)cbIV;
    (void)pbOutput;
    (void)cbOutput;
    (void)dwFlags;
    WE_NT_ENTRY(BCryptEncrypt);
    return refuse_handle(pcbResult);
}

NTSTATUS BCryptDecrypt(BCRYPT_KEY_HANDLE hKey, PUCHAR pbInput, ULONG cbInput, VOID *pPaddingInfo, PUCHAR pbIV,
                       ULONG cbIV, PUCHAR pbOutput, ULONG cbOutput, ULONG *pcbResult, ULONG dwFlags)
{
    (void)hKey;
    (void)pbInput;
    (void)cbInput;
    (void)pPaddingInfo;
    (void)pbIV;
    (void)cbIV;
    (void)pbOutput;
    (void)cbOutput;
    (void)dwFlags;
    WE_NT_ENTRY(BCryptDecrypt);
    return refuse_handle(pcbResult);
}

NTSTATUS BCryptVerifySignature(BCRYPT_KEY_HANDLE hKey, VOID *pPaddingInfo, PUCHAR pbHash, ULONG cbHash,
                               PUCHAR pbSignature, ULONG cbSignature, ULONG dwFlags)
{
    (void)hKey;
    (void)pPaddingInfo;
    (void)pbHash;
    (void)cbHash;
    (void)pbSignature;
    (void)cbSignature;
    (void)dwFlags;
    WE_NT_ENTRY(BCryptVerifySignature);
    return refuse_handle(NULL);
}

NTSTATUS BCryptSecretAgreement(BCRYPT_KEY_HANDLE hPrivKey, BCRYPT_KEY_HANDLE hPubKey,
                               BCRYPT_SECRET_HANDLE *phAgreedSecret, ULONG dwFlags)
{
    (void)hPrivKey;
    (void)hPubKey;
    (void)phAgreedSecret;
    (void)dwFlags;
    WE_NT_ENTRY(BCryptSecretAgreement);
    return refuse_handle(NULL);
}

NTSTATUS BCryptDeriveKey(BCRYPT_SECRET_HANDLE hSharedSecret, LPCWSTR pwszKDF, BCryptBufferDesc *pParameterList,
                         PUCHAR pbDerivedKey, ULONG cbDerivedKey, ULONG *pcbResult, ULONG dwFlags)
{
    (void)hSharedSecret;
    (void)pwszKDF;
    (void)pParameterList;
    (void)pbDerivedKey;
    (void)cbDerivedKey;
    (void)dwFlags;
    WE_NT_ENTRY(BCryptDeriveKey);
    return refuse_handle(pcbResult);
}

NTSTATUS BCryptDestroyKey(BCRYPT_KEY_HANDLE hKey)
{
    (void)hKey;
    WE_NT_ENTRY(BCryptDestroyKey);
    return refuse_handle(NULL);
}

NTSTATUS BCryptDestroySecret(BCRYPT_SECRET_HANDLE hSecret)
{
    (void)hSecret;
    WE_NT_ENTRY(BCryptDestroySecret);
    return refuse_handle(NULL);
}
