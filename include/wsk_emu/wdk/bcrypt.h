/* SPDX-License-Identifier: MIT */
/* Cryptography: random numbers from the host. Hashes are declared, so that drivers build; no provider has them. */
#ifndef WSK_EMU_WDK_BCRYPT_H
#define WSK_EMU_WDK_BCRYPT_H

#include "wdm.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef PVOID BCRYPT_HANDLE;
typedef PVOID BCRYPT_ALG_HANDLE;
typedef PVOID BCRYPT_KEY_HANDLE;
typedef PVOID BCRYPT_HASH_HANDLE;

#define BCRYPT_SUCCESS(Status) (((NTSTATUS)(Status)) >= 0)

#define BCRYPT_RNG_ALGORITHM    L"RNG"
#define BCRYPT_SHA1_ALGORITHM   L"SHA1"
#define BCRYPT_SHA256_ALGORITHM L"SHA256"
#define BCRYPT_SHA384_ALGORITHM L"SHA384"
#define BCRYPT_SHA512_ALGORITHM L"SHA512"
#define MS_PRIMITIVE_PROVIDER   L"Microsoft Primitive Provider"

#define BCRYPT_OBJECT_LENGTH  L"ObjectLength"
#define BCRYPT_HASH_LENGTH    L"HashDigestLength"
#define BCRYPT_ALGORITHM_NAME L"AlgorithmName"

#define BCRYPT_PROV_DISPATCH             0x00000001
#define BCRYPT_ALG_HANDLE_HMAC_FLAG      0x00000008
#define BCRYPT_HASH_REUSABLE_FLAG        0x00000020
#define BCRYPT_USE_SYSTEM_PREFERRED_RNG  0x00000002
#define BCRYPT_RNG_USE_ENTROPY_IN_BUFFER 0x00000001
#define BCRYPT_RNG_ALG_HANDLE            ((BCRYPT_ALG_HANDLE)0x00000081)

/* All functions: PASSIVE_LEVEL, or up to DISPATCH_LEVEL with a provider that was opened with BCRYPT_PROV_DISPATCH. */

/* STATUS_NOT_FOUND: any algorithm but BCRYPT_RNG_ALGORITHM. */
_Must_inspect_result_ NTSTATUS WINAPI BCryptOpenAlgorithmProvider(_Out_ BCRYPT_ALG_HANDLE *phAlgorithm,
    _In_z_ LPCWSTR pszAlgId, _In_opt_z_ LPCWSTR pszImplementation, _In_ ULONG dwFlags);

NTSTATUS WINAPI BCryptCloseAlgorithmProvider(_Inout_ BCRYPT_ALG_HANDLE hAlgorithm, _In_ ULONG dwFlags);

/* Without a handle dwFlags must be BCRYPT_USE_SYSTEM_PREFERRED_RNG. The bytes do not follow a run's seed. */
NTSTATUS WINAPI BCryptGenRandom(_In_opt_ BCRYPT_ALG_HANDLE hAlgorithm,
    _Out_writes_bytes_(cbBuffer) PUCHAR pbBuffer, _In_ ULONG cbBuffer, _In_ ULONG dwFlags);

/* STATUS_NOT_SUPPORTED: random numbers have no properties here. */
_Must_inspect_result_ NTSTATUS WINAPI BCryptGetProperty(_In_ BCRYPT_HANDLE hObject, _In_z_ LPCWSTR pszProperty,
    _Out_writes_bytes_to_opt_(cbOutput, *pcbResult) PUCHAR pbOutput, _In_ ULONG cbOutput, _Out_ ULONG *pcbResult,
    _In_ ULONG dwFlags);

/* STATUS_NOT_SUPPORTED: a provider of random numbers makes no hash. The others know no handle (STATUS_INVALID_HANDLE). */
_Must_inspect_result_ NTSTATUS WINAPI BCryptCreateHash(_Inout_ BCRYPT_ALG_HANDLE hAlgorithm,
    _Out_ BCRYPT_HASH_HANDLE *phHash, _Out_writes_bytes_all_opt_(cbHashObject) PUCHAR pbHashObject,
    _In_ ULONG cbHashObject, _In_reads_bytes_opt_(cbSecret) PUCHAR pbSecret, _In_ ULONG cbSecret, _In_ ULONG dwFlags);

_Must_inspect_result_ NTSTATUS WINAPI BCryptHashData(_Inout_ BCRYPT_HASH_HANDLE hHash,
    _In_reads_bytes_(cbInput) PUCHAR pbInput, _In_ ULONG cbInput, _In_ ULONG dwFlags);

_Must_inspect_result_ NTSTATUS WINAPI BCryptFinishHash(_Inout_ BCRYPT_HASH_HANDLE hHash,
    _Out_writes_bytes_all_(cbOutput) PUCHAR pbOutput, _In_ ULONG cbOutput, _In_ ULONG dwFlags);

NTSTATUS WINAPI BCryptDestroyHash(_Inout_ BCRYPT_HASH_HANDLE hHash);

#ifdef __cplusplus
}
#endif

#endif
