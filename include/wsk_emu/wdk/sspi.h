/* SPDX-License-Identifier: MIT */
/* The security support provider interface of the kernel, with which drivers speak TLS: its types, and a system that has no
 * provider. */
#ifndef WSK_EMU_WDK_SSPI_H
#define WSK_EMU_WDK_SSPI_H

#include "wdm.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef LONG SECURITY_STATUS;
typedef WCHAR SEC_WCHAR;
typedef LARGE_INTEGER SECURITY_INTEGER, *PSECURITY_INTEGER;
typedef SECURITY_INTEGER TimeStamp, *PTimeStamp;
typedef UNICODE_STRING SECURITY_STRING, *PSECURITY_STRING;
#define SEC_ENTRY

typedef struct _SecHandle {
    ULONG_PTR dwLower;
    ULONG_PTR dwUpper;
} SecHandle, *PSecHandle;
typedef SecHandle CredHandle, CtxtHandle;
typedef PSecHandle PCredHandle, PCtxtHandle;

#define SecInvalidateHandle(_handle) \
    (((PSecHandle)(_handle))->dwLower = ((PSecHandle)(_handle))->dwUpper = (ULONG_PTR)(LONG_PTR)-1)
#define SecIsValidHandle(_handle)                                     \
    (((PSecHandle)(_handle))->dwLower != (ULONG_PTR)(LONG_PTR)-1 &&   \
        ((PSecHandle)(_handle))->dwUpper != (ULONG_PTR)(LONG_PTR)-1)

typedef struct _SecBuffer {
    ULONG cbBuffer;
    ULONG BufferType;
    PVOID pvBuffer;
} SecBuffer, *PSecBuffer;

typedef struct _SecBufferDesc {
    ULONG ulVersion;
    ULONG cBuffers;
    PSecBuffer pBuffers;
} SecBufferDesc, *PSecBufferDesc;

#define SECBUFFER_VERSION          0
#define SECBUFFER_EMPTY            0
#define SECBUFFER_DATA             1
#define SECBUFFER_TOKEN            2
#define SECBUFFER_PKG_PARAMS       3
#define SECBUFFER_MISSING          4
#define SECBUFFER_EXTRA            5
#define SECBUFFER_STREAM_TRAILER   6
#define SECBUFFER_STREAM_HEADER    7
#define SECBUFFER_PADDING          9
#define SECBUFFER_STREAM           10
#define SECBUFFER_CHANNEL_BINDINGS 14
#define SECBUFFER_ALERT            17
#define SECBUFFER_APPLICATION_PROTOCOLS 18

#define SECURITY_NATIVE_DREP  0x00000010
#define SECURITY_NETWORK_DREP 0x00000000

#define SECPKG_CRED_INBOUND  0x00000001
#define SECPKG_CRED_OUTBOUND 0x00000002
#define SECPKG_CRED_BOTH     0x00000003

#define ISC_REQ_DELEGATE               0x00000001
#define ISC_REQ_MUTUAL_AUTH            0x00000002
#define ISC_REQ_REPLAY_DETECT          0x00000004
#define ISC_REQ_SEQUENCE_DETECT        0x00000008
#define ISC_REQ_CONFIDENTIALITY        0x00000010
#define ISC_REQ_USE_SESSION_KEY        0x00000020
#define ISC_REQ_PROMPT_FOR_CREDS       0x00000040
#define ISC_REQ_USE_SUPPLIED_CREDS     0x00000080
#define ISC_REQ_ALLOCATE_MEMORY        0x00000100
#define ISC_REQ_CONNECTION             0x00000800
#define ISC_REQ_EXTENDED_ERROR         0x00004000
#define ISC_REQ_STREAM                 0x00008000
#define ISC_REQ_INTEGRITY              0x00010000
#define ISC_REQ_MANUAL_CRED_VALIDATION 0x00080000

#define SECPKG_ATTR_SIZES        0
#define SECPKG_ATTR_STREAM_SIZES 4

typedef struct _SecPkgContext_StreamSizes {
    ULONG cbHeader;
    ULONG cbTrailer;
    ULONG cbMaximumMessage;
    ULONG cBuffers;
    ULONG cbBlockSize;
} SecPkgContext_StreamSizes, *PSecPkgContext_StreamSizes;

/* ContextAttr and Qop receive a ULONG. Microsoft's header writes unsigned long there, and drivers do, which has 64 bits
 * here: so either is taken. */
typedef VOID (*SEC_GET_KEY_FN)(PVOID Arg, PVOID Principal, ULONG KeyVer, PVOID *Key, SECURITY_STATUS *Status);

typedef SECURITY_STATUS (*ACQUIRE_CREDENTIALS_HANDLE_FN_W)(PSECURITY_STRING Principal, PSECURITY_STRING Package,
    ULONG CredentialUse, PVOID LogonId, PVOID AuthData, SEC_GET_KEY_FN GetKeyFn, PVOID GetKeyArgument,
    PCredHandle Credential, PTimeStamp Expiry);
typedef SECURITY_STATUS (*FREE_CREDENTIALS_HANDLE_FN)(PCredHandle Credential);
typedef SECURITY_STATUS (*INITIALIZE_SECURITY_CONTEXT_FN_W)(PCredHandle Credential, PCtxtHandle Context,
    PSECURITY_STRING TargetName, ULONG ContextReq, ULONG Reserved1, ULONG TargetDataRep, PSecBufferDesc Input,
    ULONG Reserved2, PCtxtHandle NewContext, PSecBufferDesc Output, PVOID ContextAttr, PTimeStamp Expiry);
typedef SECURITY_STATUS (*ACCEPT_SECURITY_CONTEXT_FN)(PCredHandle Credential, PCtxtHandle Context, PSecBufferDesc Input,
    ULONG ContextReq, ULONG TargetDataRep, PCtxtHandle NewContext, PSecBufferDesc Output, PVOID ContextAttr,
    PTimeStamp Expiry);
typedef SECURITY_STATUS (*COMPLETE_AUTH_TOKEN_FN)(PCtxtHandle Context, PSecBufferDesc Token);
typedef SECURITY_STATUS (*DELETE_SECURITY_CONTEXT_FN)(PCtxtHandle Context);
typedef SECURITY_STATUS (*APPLY_CONTROL_TOKEN_FN)(PCtxtHandle Context, PSecBufferDesc Input);
typedef SECURITY_STATUS (*QUERY_CONTEXT_ATTRIBUTES_FN_W)(PCtxtHandle Context, ULONG Attribute, PVOID Buffer);
typedef SECURITY_STATUS (*MAKE_SIGNATURE_FN)(PCtxtHandle Context, ULONG Qop, PSecBufferDesc Message, ULONG SequenceNo);
typedef SECURITY_STATUS (*VERIFY_SIGNATURE_FN)(PCtxtHandle Context, PSecBufferDesc Message, ULONG SequenceNo, PVOID Qop);
typedef SECURITY_STATUS (*FREE_CONTEXT_BUFFER_FN)(PVOID ContextBuffer);
typedef SECURITY_STATUS (*ENCRYPT_MESSAGE_FN)(PCtxtHandle Context, ULONG Qop, PSecBufferDesc Message, ULONG SequenceNo);
typedef SECURITY_STATUS (*DECRYPT_MESSAGE_FN)(PCtxtHandle Context, PSecBufferDesc Message, ULONG SequenceNo, PVOID Qop);

/* Members that are PVOID: functions whose types are not declared here. */
typedef struct _SECURITY_FUNCTION_TABLE_W {
    ULONG dwVersion;
    PVOID EnumerateSecurityPackagesW;
    PVOID QueryCredentialsAttributesW;
    ACQUIRE_CREDENTIALS_HANDLE_FN_W AcquireCredentialsHandleW;
    FREE_CREDENTIALS_HANDLE_FN FreeCredentialsHandle;
    PVOID Reserved2;
    INITIALIZE_SECURITY_CONTEXT_FN_W InitializeSecurityContextW;
    ACCEPT_SECURITY_CONTEXT_FN AcceptSecurityContext;
    COMPLETE_AUTH_TOKEN_FN CompleteAuthToken;
    DELETE_SECURITY_CONTEXT_FN DeleteSecurityContext;
    APPLY_CONTROL_TOKEN_FN ApplyControlToken;
    QUERY_CONTEXT_ATTRIBUTES_FN_W QueryContextAttributesW;
    PVOID ImpersonateSecurityContext;
    PVOID RevertSecurityContext;
    MAKE_SIGNATURE_FN MakeSignature;
    VERIFY_SIGNATURE_FN VerifySignature;
    FREE_CONTEXT_BUFFER_FN FreeContextBuffer;
    PVOID QuerySecurityPackageInfoW;
    PVOID Reserved3;
    PVOID Reserved4;
    PVOID ExportSecurityContext;
    PVOID ImportSecurityContextW;
    PVOID AddCredentialsW;
    PVOID Reserved8;
    PVOID QuerySecurityContextToken;
    ENCRYPT_MESSAGE_FN EncryptMessage;
    DECRYPT_MESSAGE_FN DecryptMessage;
    PVOID SetContextAttributesW;
    PVOID SetCredentialsAttributesW;
} SecurityFunctionTableW, *PSecurityFunctionTableW;

/* NULL: there is no provider; the log says so once. */
_IRQL_requires_max_(PASSIVE_LEVEL) PSecurityFunctionTableW SEC_ENTRY InitSecurityInterfaceW(VOID);

#ifdef __cplusplus
}
#endif

#endif
