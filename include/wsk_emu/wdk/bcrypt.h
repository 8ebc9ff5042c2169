/* SPDX-License-Identifier: MIT */
/* Cryptography: random numbers of the host, and hashes, plain and keyed, where the library was built with them. There are no
 * keys, because no provider makes them. */
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
typedef PVOID BCRYPT_SECRET_HANDLE;

#define BCRYPT_SUCCESS(Status) (((NTSTATUS)(Status)) >= 0)

#define BCRYPT_RNG_ALGORITHM    L"RNG"
#define BCRYPT_MD5_ALGORITHM    L"MD5"
#define BCRYPT_SHA1_ALGORITHM   L"SHA1"
#define BCRYPT_SHA256_ALGORITHM L"SHA256"
#define BCRYPT_SHA384_ALGORITHM L"SHA384"
#define BCRYPT_SHA512_ALGORITHM L"SHA512"
#define BCRYPT_AES_ALGORITHM        L"AES"
#define BCRYPT_RSA_ALGORITHM        L"RSA"
#define BCRYPT_ECDSA_P256_ALGORITHM L"ECDSA_P256"
#define BCRYPT_ECDSA_P384_ALGORITHM L"ECDSA_P384"
#define BCRYPT_ECDSA_P521_ALGORITHM L"ECDSA_P521"
#define BCRYPT_ECDH_P256_ALGORITHM  L"ECDH_P256"
#define BCRYPT_ECDH_P384_ALGORITHM  L"ECDH_P384"
#define BCRYPT_ECDH_P521_ALGORITHM  L"ECDH_P521"
#define MS_PRIMITIVE_PROVIDER   L"Microsoft Primitive Provider"

#define BCRYPT_OBJECT_LENGTH  L"ObjectLength"
#define BCRYPT_HASH_LENGTH    L"HashDigestLength"
#define BCRYPT_ALGORITHM_NAME L"AlgorithmName"
#define BCRYPT_HASH_BLOCK_LENGTH L"HashBlockLength"
#define BCRYPT_BLOCK_LENGTH   L"BlockLength"
#define BCRYPT_CHAINING_MODE  L"ChainingMode"
#define BCRYPT_KEY_LENGTH     L"KeyLength"
#define BCRYPT_AUTH_TAG_LENGTH L"AuthTagLength"
#define BCRYPT_CHAIN_MODE_NA  L"ChainingModeN/A"
#define BCRYPT_CHAIN_MODE_CBC L"ChainingModeCBC"
#define BCRYPT_CHAIN_MODE_ECB L"ChainingModeECB"
#define BCRYPT_CHAIN_MODE_CCM L"ChainingModeCCM"
#define BCRYPT_CHAIN_MODE_GCM L"ChainingModeGCM"
#define BCRYPT_KDF_RAW_SECRET L"TRUNCATE"
#define BCRYPT_KEY_DATA_BLOB  L"KeyDataBlob"
#define BCRYPT_RSAPUBLIC_BLOB L"RSAPUBLICBLOB"
#define BCRYPT_ECCPUBLIC_BLOB L"ECCPUBLICBLOB"

#define BCRYPT_PROV_DISPATCH             0x00000001
#define BCRYPT_ALG_HANDLE_HMAC_FLAG      0x00000008
#define BCRYPT_HASH_REUSABLE_FLAG        0x00000020
#define BCRYPT_USE_SYSTEM_PREFERRED_RNG  0x00000002
#define BCRYPT_RNG_USE_ENTROPY_IN_BUFFER 0x00000001

#define BCRYPT_BLOCK_PADDING 0x00000001
#define BCRYPT_PAD_NONE      0x00000001
#define BCRYPT_PAD_PKCS1     0x00000002
#define BCRYPT_PAD_OAEP      0x00000004
#define BCRYPT_PAD_PSS       0x00000008

typedef struct _BCRYPT_PKCS1_PADDING_INFO {
    LPCWSTR pszAlgId;
} BCRYPT_PKCS1_PADDING_INFO;

typedef struct _BCRYPT_PSS_PADDING_INFO {
    LPCWSTR pszAlgId;
    ULONG cbSalt;
} BCRYPT_PSS_PADDING_INFO;

#define BCRYPT_AUTH_MODE_CHAIN_CALLS_FLAG 0x00000001
#define BCRYPT_AUTH_MODE_IN_PROGRESS_FLAG 0x00000002

typedef struct _BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO {
    ULONG cbSize;
    ULONG dwInfoVersion;
    PUCHAR pbNonce;
    ULONG cbNonce;
    PUCHAR pbAuthData;
    ULONG cbAuthData;
    PUCHAR pbTag;
    ULONG cbTag;
    PUCHAR pbMacContext;
    ULONG cbMacContext;
    ULONG cbAAD;
    ULONGLONG cbData;
    ULONG dwFlags;
} BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO, *PBCRYPT_AUTHENTICATED_CIPHER_MODE_INFO;
WSK_EMU_CHECK_SIZE(BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO, 88);

#define BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO_VERSION 1
#define BCRYPT_INIT_AUTH_MODE_INFO(_info)                                            \
    RtlZeroMemory(&(_info), sizeof(BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO));          \
    (_info).cbSize = sizeof(BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO);                  \
    (_info).dwInfoVersion = BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO_VERSION

#define BCRYPT_RSAPUBLIC_MAGIC         0x31415352
#define BCRYPT_ECDH_PUBLIC_P256_MAGIC  0x314B4345
#define BCRYPT_ECDH_PUBLIC_P384_MAGIC  0x334B4345
#define BCRYPT_ECDH_PUBLIC_P521_MAGIC  0x354B4345
#define BCRYPT_ECDSA_PUBLIC_P256_MAGIC 0x31534345
#define BCRYPT_ECDSA_PUBLIC_P384_MAGIC 0x33534345
#define BCRYPT_ECDSA_PUBLIC_P521_MAGIC 0x35534345

typedef struct _BCRYPT_KEY_BLOB {
    ULONG Magic;
} BCRYPT_KEY_BLOB;

typedef struct _BCRYPT_RSAKEY_BLOB {
    ULONG Magic;
    ULONG BitLength;
    ULONG cbPublicExp;
    ULONG cbModulus;
    ULONG cbPrime1;
    ULONG cbPrime2;
} BCRYPT_RSAKEY_BLOB;

typedef struct _BCRYPT_ECCKEY_BLOB {
    ULONG dwMagic;
    ULONG cbKey;
} BCRYPT_ECCKEY_BLOB, *PBCRYPT_ECCKEY_BLOB;

typedef struct _BCryptBuffer {
    ULONG cbBuffer;
    ULONG BufferType;
    PVOID pvBuffer;
} BCryptBuffer, *PBCryptBuffer;

typedef struct _BCryptBufferDesc {
    ULONG ulVersion;
    ULONG cBuffers;
    PBCryptBuffer pBuffers;
} BCryptBufferDesc, *PBCryptBufferDesc;

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

/*
 * Keys. BCryptOpenAlgorithmProvider refuses the algorithms that have any, so a handle of a key or of a secret cannot be
 * had: STATUS_INVALID_HANDLE. With a provider of hashes or of random numbers: STATUS_NOT_SUPPORTED.
 */

_Must_inspect_result_ NTSTATUS WINAPI BCryptSetProperty(_Inout_ BCRYPT_HANDLE hObject, _In_z_ LPCWSTR pszProperty,
    _In_reads_bytes_(cbInput) PUCHAR pbInput, _In_ ULONG cbInput, _In_ ULONG dwFlags);

_Must_inspect_result_ NTSTATUS WINAPI BCryptGenerateSymmetricKey(_Inout_ BCRYPT_ALG_HANDLE hAlgorithm,
    _Out_ BCRYPT_KEY_HANDLE *phKey, _Out_writes_bytes_all_opt_(cbKeyObject) PUCHAR pbKeyObject, _In_ ULONG cbKeyObject,
    _In_reads_bytes_(cbSecret) PUCHAR pbSecret, _In_ ULONG cbSecret, _In_ ULONG dwFlags);

_Must_inspect_result_ NTSTATUS WINAPI BCryptGenerateKeyPair(_Inout_ BCRYPT_ALG_HANDLE hAlgorithm,
    _Out_ BCRYPT_KEY_HANDLE *phKey, _In_ ULONG dwLength, _In_ ULONG dwFlags);

_Must_inspect_result_ NTSTATUS WINAPI BCryptImportKeyPair(_In_ BCRYPT_ALG_HANDLE hAlgorithm,
    _In_opt_ BCRYPT_KEY_HANDLE hImportKey, _In_z_ LPCWSTR pszBlobType, _Out_ BCRYPT_KEY_HANDLE *phKey,
    _In_reads_bytes_(cbInput) PUCHAR pbInput, _In_ ULONG cbInput, _In_ ULONG dwFlags);

_Must_inspect_result_ NTSTATUS WINAPI BCryptFinalizeKeyPair(_Inout_ BCRYPT_KEY_HANDLE hKey, _In_ ULONG dwFlags);

_Must_inspect_result_ NTSTATUS WINAPI BCryptExportKey(_In_ BCRYPT_KEY_HANDLE hKey,
    _In_opt_ BCRYPT_KEY_HANDLE hExportKey, _In_z_ LPCWSTR pszBlobType,
    _Out_writes_bytes_to_opt_(cbOutput, *pcbResult) PUCHAR pbOutput, _In_ ULONG cbOutput, _Out_ ULONG *pcbResult,
    _In_ ULONG dwFlags);

_Must_inspect_result_ NTSTATUS WINAPI BCryptEncrypt(_Inout_ BCRYPT_KEY_HANDLE hKey,
    _In_reads_bytes_opt_(cbInput) PUCHAR pbInput, _In_ ULONG cbInput, _In_opt_ VOID *pPaddingInfo,
    _Inout_updates_bytes_opt_(cbIV) PUCHAR pbIV, _In_ ULONG cbIV,
    _Out_writes_bytes_to_opt_(cbOutput, *pcbResult) PUCHAR pbOutput, _In_ ULONG cbOutput, _Out_ ULONG *pcbResult,
    _In_ ULONG dwFlags);

_Must_inspect_result_ NTSTATUS WINAPI BCryptDecrypt(_Inout_ BCRYPT_KEY_HANDLE hKey,
    _In_reads_bytes_opt_(cbInput) PUCHAR pbInput, _In_ ULONG cbInput, _In_opt_ VOID *pPaddingInfo,
    _Inout_updates_bytes_opt_(cbIV) PUCHAR pbIV, _In_ ULONG cbIV,
    _Out_writes_bytes_to_opt_(cbOutput, *pcbResult) PUCHAR pbOutput, _In_ ULONG cbOutput, _Out_ ULONG *pcbResult,
    _In_ ULONG dwFlags);

_Must_inspect_result_ NTSTATUS WINAPI BCryptVerifySignature(_In_ BCRYPT_KEY_HANDLE hKey, _In_opt_ VOID *pPaddingInfo,
    _In_reads_bytes_(cbHash) PUCHAR pbHash, _In_ ULONG cbHash, _In_reads_bytes_(cbSignature) PUCHAR pbSignature,
    _In_ ULONG cbSignature, _In_ ULONG dwFlags);

_Must_inspect_result_ NTSTATUS WINAPI BCryptSecretAgreement(_In_ BCRYPT_KEY_HANDLE hPrivKey,
    _In_ BCRYPT_KEY_HANDLE hPubKey, _Out_ BCRYPT_SECRET_HANDLE *phAgreedSecret, _In_ ULONG dwFlags);

_Must_inspect_result_ NTSTATUS WINAPI BCryptDeriveKey(_In_ BCRYPT_SECRET_HANDLE hSharedSecret, _In_z_ LPCWSTR pwszKDF,
    _In_opt_ BCryptBufferDesc *pParameterList, _Out_writes_bytes_to_opt_(cbDerivedKey, *pcbResult) PUCHAR pbDerivedKey,
    _In_ ULONG cbDerivedKey, _Out_ ULONG *pcbResult, _In_ ULONG dwFlags);

NTSTATUS WINAPI BCryptDestroyKey(_Inout_ BCRYPT_KEY_HANDLE hKey);

NTSTATUS WINAPI BCryptDestroySecret(_Inout_ BCRYPT_SECRET_HANDLE hSecret);

#ifdef __cplusplus
}
#endif

#endif
