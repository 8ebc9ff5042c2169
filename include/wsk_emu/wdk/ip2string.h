/* SPDX-License-Identifier: MIT */
/* IP addresses to text and back. */
#ifndef WSK_EMU_WDK_IP2STRING_H
#define WSK_EMU_WDK_IP2STRING_H

#include "wsk_emu_wdk/socket_guard.h"

#include "in6addr.h"
#include "inaddr.h"
#include "ntdef.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * To text. The plain forms return a pointer to the terminating zero; the Ex forms take and return a length in
 * characters. Ports are in network byte order.
 */
NTSYSAPI PSTR NTAPI RtlIpv4AddressToStringA(_In_ CONST struct in_addr *Addr, _Out_writes_(16) PSTR S);

NTSYSAPI PWSTR NTAPI RtlIpv4AddressToStringW(_In_ CONST struct in_addr *Addr, _Out_writes_(16) PWSTR S);

NTSYSAPI LONG NTAPI RtlIpv4AddressToStringExA(_In_ CONST struct in_addr *Address, _In_ USHORT Port,
    _Out_writes_to_(*AddressStringLength, *AddressStringLength) PSTR AddressString,
    _Inout_ PULONG AddressStringLength);

NTSYSAPI LONG NTAPI RtlIpv4AddressToStringExW(_In_ CONST struct in_addr *Address, _In_ USHORT Port,
    _Out_writes_to_(*AddressStringLength, *AddressStringLength) PWSTR AddressString,
    _Inout_ PULONG AddressStringLength);

NTSYSAPI PSTR NTAPI RtlIpv6AddressToStringA(_In_ CONST struct in6_addr *Addr, _Out_writes_(46) PSTR S);

NTSYSAPI PWSTR NTAPI RtlIpv6AddressToStringW(_In_ CONST struct in6_addr *Addr, _Out_writes_(46) PWSTR S);

NTSYSAPI LONG NTAPI RtlIpv6AddressToStringExA(_In_ CONST struct in6_addr *Address, _In_ ULONG ScopeId, _In_ USHORT Port,
    _Out_writes_to_(*AddressStringLength, *AddressStringLength) PSTR AddressString,
    _Inout_ PULONG AddressStringLength);

NTSYSAPI LONG NTAPI RtlIpv6AddressToStringExW(_In_ CONST struct in6_addr *Address, _In_ ULONG ScopeId, _In_ USHORT Port,
    _Out_writes_to_(*AddressStringLength, *AddressStringLength) PWSTR AddressString,
    _Inout_ PULONG AddressStringLength);

/*
 * From text. The plain forms stop at the first character that cannot belong to an address and return where that is.
 */
NTSYSAPI LONG NTAPI RtlIpv4StringToAddressA(
    _In_ PCSTR S, _In_ BOOLEAN Strict, _Out_ PCSTR *Terminator, _Out_ struct in_addr *Addr);

NTSYSAPI LONG NTAPI RtlIpv4StringToAddressW(
    _In_ PCWSTR S, _In_ BOOLEAN Strict, _Out_ LPCWSTR *Terminator, _Out_ struct in_addr *Addr);

NTSYSAPI LONG NTAPI RtlIpv4StringToAddressExA(
    _In_ PCSTR AddressString, _In_ BOOLEAN Strict, _Out_ struct in_addr *Address, _Out_ PUSHORT Port);

NTSYSAPI LONG NTAPI RtlIpv4StringToAddressExW(
    _In_ PCWSTR AddressString, _In_ BOOLEAN Strict, _Out_ struct in_addr *Address, _Out_ PUSHORT Port);

NTSYSAPI LONG NTAPI RtlIpv6StringToAddressA(_In_ PCSTR S, _Out_ PCSTR *Terminator, _Out_ struct in6_addr *Addr);

NTSYSAPI LONG NTAPI RtlIpv6StringToAddressW(_In_ PCWSTR S, _Out_ PCWSTR *Terminator, _Out_ struct in6_addr *Addr);

NTSYSAPI LONG NTAPI RtlIpv6StringToAddressExA(
    _In_ PCSTR AddressString, _Out_ struct in6_addr *Address, _Out_ PULONG ScopeId, _Out_ PUSHORT Port);

NTSYSAPI LONG NTAPI RtlIpv6StringToAddressExW(
    _In_ PCWSTR AddressString, _Out_ struct in6_addr *Address, _Out_ PULONG ScopeId, _Out_ PUSHORT Port);

#if defined(UNICODE)
#define RtlIpv4AddressToString RtlIpv4AddressToStringW
#define RtlIpv4AddressToStringEx RtlIpv4AddressToStringExW
#define RtlIpv4StringToAddress RtlIpv4StringToAddressW
#define RtlIpv4StringToAddressEx RtlIpv4StringToAddressExW
#define RtlIpv6AddressToString RtlIpv6AddressToStringW
#define RtlIpv6AddressToStringEx RtlIpv6AddressToStringExW
#define RtlIpv6StringToAddress RtlIpv6StringToAddressW
#define RtlIpv6StringToAddressEx RtlIpv6StringToAddressExW
#else
#define RtlIpv4AddressToString RtlIpv4AddressToStringA
#define RtlIpv4AddressToStringEx RtlIpv4AddressToStringExA
#define RtlIpv4StringToAddress RtlIpv4StringToAddressA
#define RtlIpv4StringToAddressEx RtlIpv4StringToAddressExA
#define RtlIpv6AddressToString RtlIpv6AddressToStringA
#define RtlIpv6AddressToStringEx RtlIpv6AddressToStringExA
#define RtlIpv6StringToAddress RtlIpv6StringToAddressA
#define RtlIpv6StringToAddressEx RtlIpv6StringToAddressExA
#endif

#ifdef __cplusplus
}
#endif

#endif
