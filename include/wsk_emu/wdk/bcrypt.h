/* SPDX-License-Identifier: MIT */
/* Cryptography: random numbers of the host, and hashes, plain and keyed, where the library was built with them. */
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
#define BCRYPT_MD5_ALGORITHM    L"MD5"
#define BCRYPT_SHA1_ALGORITHM   L"SHA1"
#define BCRYPT_SHA256_ALGORITHM L"SHA256"
#define BCRYPT_SHA384_ALGORITHM L"SHA384"
#define BCRYPT_SHA512_ALGORITHM L"SHA512"
#define MS_PRIMITIVE_PROVIDER   L"Microsoft Primitive Provider"

#define BCRYPT_OBJECT_LENGTH  L"ObjectLength"
#define BCRYPT_HASH_LENGTH    L"HashDigestLength"
#define BCRYPT_ALGORITHM_NAME L"AlgorithmName"
#define BCRYPT_HASH_BLOCK_LENGTH L"HashBlockLength"

#define BCRYPT_PROV_DISPATCH             0x00000001
#define BCRYPT_ALG_HANDLE_HMAC_FLAG      0x00000008
#define BCRYPT_HASH_REUSABLE_FLAG        0x00000020
#define BCRYPT_USE_SYSTEM_PREFERRED_RNG  0x00000002
#define BCRYPT_RNG_USE_ENTROPY_IN_BUFFER 0x00000001

/* Providers that are always open. */
#define BCRYPT_MD5_ALG_HANDLE         ((BCRYPT_ALG_HANDLE)0x00000021)
#define BCRYPT_SHA1_ALG_HANDLE        ((BCRYPT_ALG_HANDLE)0x00000031)
#define BCRYPT_SHA256_ALG_HANDLE      ((BCRYPT_ALG_HANDLE)0x00000041)
#define BCRYPT_SHA384_ALG_HANDLE      ((BCRYPT_ALG_HANDLE)0x00000051)
#define BCRYPT_SHA512_ALG_HANDLE      ((BCRYPT_ALG_HANDLE)0x00000061)
#define BCRYPT_RNG_ALG_HANDLE         ((BCRYPT_ALG_HANDLE)0x00000081)
#define BCRYPT_HMAC_MD5_ALG_HANDLE    ((BCRYPT_ALG_HANDLE)0x00000091)
#define BCRYPT_HMAC_SHA1_ALG_HANDLE   ((BCRYPT_ALG_HANDLE)0x000000a1)
#define BCRYPT_HMAC_SHA256_ALG_HANDLE ((BCRYPT_ALG_HANDLE)0x000000b1)
#define BCRYPT_HMAC_SHA384_ALG_HANDLE ((BCRYPT_ALG_HANDLE)0x000000c1)
#define BCRYPT_HMAC_SHA512_ALG_HANDLE ((BCRYPT_ALG_HANDLE)0x000000d1)

/* All functions: PASSIVE_LEVEL, or up to DISPATCH_LEVEL with a provider that was opened with BCRYPT_PROV_DISPATCH and what
 * was made with it; that is checked for hashes. Flags that are not named must be 0: STATUS_INVALID_PARAMETER. */

/* dwFlags: BCRYPT_PROV_DISPATCH, BCRYPT_ALG_HANDLE_HMAC_FLAG (hashes get a key), BCRYPT_HASH_REUSABLE_FLAG (hashes begin
 * anew after BCryptFinishHash). STATUS_NOT_FOUND: another algorithm, or a hash where the library was built without. */
_Must_inspect_result_ NTSTATUS WINAPI BCryptOpenAlgorithmProvider(_Out_ BCRYPT_ALG_HANDLE *phAlgorithm,
    _In_z_ LPCWSTR pszAlgId, _In_opt_z_ LPCWSTR pszImplementation, _In_ ULONG dwFlags);

NTSTATUS WINAPI BCryptCloseAlgorithmProvider(_Inout_ BCRYPT_ALG_HANDLE hAlgorithm, _In_ ULONG dwFlags);

/* Without a handle dwFlags must be BCRYPT_USE_SYSTEM_PREFERRED_RNG. The bytes do not follow a run's seed. */
NTSTATUS WINAPI BCryptGenRandom(_In_opt_ BCRYPT_ALG_HANDLE hAlgorithm,
    _Out_writes_bytes_(cbBuffer) PUCHAR pbBuffer, _In_ ULONG cbBuffer, _In_ ULONG dwFlags);

/* Of a provider or a hash: BCRYPT_OBJECT_LENGTH, BCRYPT_HASH_LENGTH, BCRYPT_HASH_BLOCK_LENGTH (a ULONG each) and
 * BCRYPT_ALGORITHM_NAME. *pcbResult is the size, also without pbOutput and on STATUS_BUFFER_TOO_SMALL.
 * STATUS_NOT_SUPPORTED: another property; random numbers have none. */
_Must_inspect_result_ NTSTATUS WINAPI BCryptGetProperty(_In_ BCRYPT_HANDLE hObject, _In_z_ LPCWSTR pszProperty,
    _Out_writes_bytes_to_opt_(cbOutput, *pcbResult) PUCHAR pbOutput, _In_ ULONG cbOutput, _Out_ ULONG *pcbResult,
    _In_ ULONG dwFlags);

/* pbHashObject may be NULL; else it has BCRYPT_OBJECT_LENGTH bytes (STATUS_BUFFER_TOO_SMALL). pbSecret: the key of a keyed
 * hash. dwFlags: BCRYPT_HASH_REUSABLE_FLAG. STATUS_NOT_SUPPORTED: a provider of random numbers, or a pseudo-handle where
 * the library was built without hashes. Ended by BCryptDestroyHash. */
_Must_inspect_result_ NTSTATUS WINAPI BCryptCreateHash(_Inout_ BCRYPT_ALG_HANDLE hAlgorithm,
    _Out_ BCRYPT_HASH_HANDLE *phHash, _Out_writes_bytes_all_opt_(cbHashObject) PUCHAR pbHashObject,
    _In_ ULONG cbHashObject, _In_reads_bytes_opt_(cbSecret) PUCHAR pbSecret, _In_ ULONG cbSecret, _In_ ULONG dwFlags);

/* STATUS_INVALID_HANDLE also after BCryptFinishHash, unless the hash is reusable; so do the next two. */
_Must_inspect_result_ NTSTATUS WINAPI BCryptHashData(_Inout_ BCRYPT_HASH_HANDLE hHash,
    _In_reads_bytes_(cbInput) PUCHAR pbInput, _In_ ULONG cbInput, _In_ ULONG dwFlags);

/* cbOutput is exactly BCRYPT_HASH_LENGTH. */
_Must_inspect_result_ NTSTATUS WINAPI BCryptFinishHash(_Inout_ BCRYPT_HASH_HANDLE hHash,
    _Out_writes_bytes_all_(cbOutput) PUCHAR pbOutput, _In_ ULONG cbOutput, _In_ ULONG dwFlags);

/* A second hash of the same data so far. */
_Must_inspect_result_ NTSTATUS WINAPI BCryptDuplicateHash(_In_ BCRYPT_HASH_HANDLE hHash,
    _Out_ BCRYPT_HASH_HANDLE *phNewHash, _Out_writes_bytes_all_opt_(cbHashObject) PUCHAR pbHashObject,
    _In_ ULONG cbHashObject, _In_ ULONG dwFlags);

NTSTATUS WINAPI BCryptDestroyHash(_Inout_ BCRYPT_HASH_HANDLE hHash);

/* All of it at once. */
_Must_inspect_result_ NTSTATUS WINAPI BCryptHash(_Inout_ BCRYPT_ALG_HANDLE hAlgorithm,
    _In_reads_bytes_opt_(cbSecret) PUCHAR pbSecret, _In_ ULONG cbSecret, _In_reads_bytes_(cbInput) PUCHAR pbInput,
    _In_ ULONG cbInput, _Out_writes_bytes_all_(cbOutput) PUCHAR pbOutput, _In_ ULONG cbOutput);

#ifdef __cplusplus
}
#endif

#endif
