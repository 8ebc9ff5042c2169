/* SPDX-License-Identifier: MIT */
/* Winsock Kernel: types, dispatch tables, event callbacks and registration. */
#ifndef WSK_EMU_WDK_WSK_H
#define WSK_EMU_WDK_WSK_H

#include "wsk_emu_wdk/socket_guard.h"

#include "netioddk.h"

#include "mswsockdef.h"
#include "ws2def.h"
#include "ws2ipdef.h"

#include "wsk_emu_wdk/wsk_types.h"

#include "wsk_emu_wdk/wsk_events.h"
#include "wsk_emu_wdk/wsk_functions.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Registration. Versions 1.0 and up are served as 1.0.
 */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSTATUS WskRegister(
    _In_ PWSK_CLIENT_NPI WskClientNpi, _Out_ PWSK_REGISTRATION WskRegistration);

/* At DISPATCH_LEVEL only with WSK_NO_WAIT. */
_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WskCaptureProviderNPI(
    _In_ PWSK_REGISTRATION WskRegistration, _In_ ULONG WaitTimeout, _Out_ PWSK_PROVIDER_NPI WskProviderNpi);

_IRQL_requires_max_(DISPATCH_LEVEL) VOID WskReleaseProviderNPI(_In_ PWSK_REGISTRATION WskRegistration);

_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSTATUS WskQueryProviderCharacteristics(
    _In_ PWSK_REGISTRATION WskRegistration, _Out_ PWSK_PROVIDER_CHARACTERISTICS WskProviderCharacteristics);

_IRQL_requires_max_(PASSIVE_LEVEL) VOID WskDeregister(_In_ PWSK_REGISTRATION WskRegistration);

#ifdef __cplusplus
}
#endif

#endif
