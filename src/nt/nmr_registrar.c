/* SPDX-License-Identifier: MIT */
/* The network module registrar is not emulated yet: every function says so once and fails as documented. */
#include <netioddk.h>

#include "host/host_log.h"
#include "nt/nt_irql.h"

#define SAY_ONCE(function) \
    WE_LOG_ONCE(WE_LOG_WARNING, function " is not emulated: reach the WSK provider through WskRegister")

NTSTATUS NmrRegisterClient(PNPI_CLIENT_CHARACTERISTICS ClientCharacteristics, PVOID ClientContext,
                           PHANDLE NmrClientHandle)
{
    (void)ClientCharacteristics;
    (void)ClientContext;
    WE_NT_ENTRY(NmrRegisterClient);
    SAY_ONCE("NmrRegisterClient");
    *NmrClientHandle = NULL;
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS NmrDeregisterClient(HANDLE NmrClientHandle)
{
    (void)NmrClientHandle;
    WE_NT_ENTRY(NmrDeregisterClient);
    return STATUS_INVALID_PARAMETER; /* no handle was ever given out */
}

NTSTATUS NmrWaitForClientDeregisterComplete(HANDLE NmrClientHandle)
{
    (void)NmrClientHandle;
    WE_NT_ENTRY(NmrWaitForClientDeregisterComplete);
    return STATUS_INVALID_PARAMETER;
}

NTSTATUS NmrClientAttachProvider(HANDLE NmrBindingHandle, PVOID ClientBindingContext, CONST VOID *ClientDispatch,
                                 PVOID *ProviderBindingContext, CONST VOID **ProviderDispatch)
{
    (void)NmrBindingHandle;
    (void)ClientBindingContext;
    (void)ClientDispatch;
    WE_NT_ENTRY(NmrClientAttachProvider);
    *ProviderBindingContext = NULL;
    *ProviderDispatch = NULL;
    return STATUS_NOINTERFACE;
}

VOID NmrClientDetachProviderComplete(HANDLE NmrBindingHandle)
{
    (void)NmrBindingHandle;
    WE_NT_ENTRY(NmrClientDetachProviderComplete);
}

NTSTATUS NmrRegisterProvider(PNPI_PROVIDER_CHARACTERISTICS ProviderCharacteristics, PVOID ProviderContext,
                             PHANDLE NmrProviderHandle)
{
    (void)ProviderCharacteristics;
    (void)ProviderContext;
    WE_NT_ENTRY(NmrRegisterProvider);
    SAY_ONCE("NmrRegisterProvider");
    *NmrProviderHandle = NULL;
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS NmrDeregisterProvider(HANDLE NmrProviderHandle)
{
    (void)NmrProviderHandle;
    WE_NT_ENTRY(NmrDeregisterProvider);
    return STATUS_INVALID_PARAMETER;
}

NTSTATUS NmrWaitForProviderDeregisterComplete(HANDLE NmrProviderHandle)
{
    (void)NmrProviderHandle;
    WE_NT_ENTRY(NmrWaitForProviderDeregisterComplete);
    return STATUS_INVALID_PARAMETER;
}

VOID NmrProviderDetachClientComplete(HANDLE NmrBindingHandle)
{
    (void)NmrBindingHandle;
    WE_NT_ENTRY(NmrProviderDetachClientComplete);
}
