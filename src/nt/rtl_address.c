/* SPDX-License-Identifier: MIT */
/* RtlIpv4... and RtlIpv6...: addresses to text and back, in both widths, with and without port and scope. */
#include <wdm.h>

#include <ip2string.h>
#include <string.h>

#include "nt/nt_irql.h"
#include "nt/rtl_address_text.h"

/* IN_ADDR and IN6_ADDR hold the bytes in network order, so they are read and written as bytes. */

/* --- address to text ------------------------------------------------------------------- */

/* Copies length characters and the terminator, and returns where the terminator is. */
static PSTR narrow_store(PSTR target, const CHAR *text, size_t length)
{
    memcpy(target, text, length + 1);
    return target + length;
}

static PWSTR wide_store(PWSTR target, const CHAR *text, size_t length)
{
    for (size_t i = 0; i <= length; i++) {
        target[i] = (WCHAR)text[i];
    }
    return target + length;
}

PSTR RtlIpv4AddressToStringA(const IN_ADDR *Addr, PSTR S)
{
    CHAR text[WE_RTL_IPV4_SIZE];

    WE_NT_ENTRY(RtlIpv4AddressToStringA);
    return narrow_store(S, text, we_rtl_ipv4_print((const UCHAR *)Addr, text));
}

PWSTR RtlIpv4AddressToStringW(const IN_ADDR *Addr, PWSTR S)
{
    CHAR text[WE_RTL_IPV4_SIZE];

    WE_NT_ENTRY(RtlIpv4AddressToStringW);
    return wide_store(S, text, we_rtl_ipv4_print((const UCHAR *)Addr, text));
}

PSTR RtlIpv6AddressToStringA(const IN6_ADDR *Addr, PSTR S)
{
    CHAR text[WE_RTL_IPV6_SIZE];

    WE_NT_ENTRY(RtlIpv6AddressToStringA);
    return narrow_store(S, text, we_rtl_ipv6_print((const UCHAR *)Addr, text));
}

PWSTR RtlIpv6AddressToStringW(const IN6_ADDR *Addr, PWSTR S)
{
    CHAR text[WE_RTL_IPV6_SIZE];

    WE_NT_ENTRY(RtlIpv6AddressToStringW);
    return wide_store(S, text, we_rtl_ipv6_print((const UCHAR *)Addr, text));
}

/* The Ex forms say through *size how much is needed, with the terminator, whether it fits or not. */
static NTSTATUS narrow_store_counted(PSTR target, PULONG size, const CHAR *text, size_t length)
{
    ULONG given = *size;

    *size = (ULONG)length + 1;
    if (target == NULL || given < length + 1) {
        return STATUS_INVALID_PARAMETER;
    }
    (void)narrow_store(target, text, length);
    return STATUS_SUCCESS;
}

static NTSTATUS wide_store_counted(PWSTR target, PULONG size, const CHAR *text, size_t length)
{
    ULONG given = *size;

    *size = (ULONG)length + 1;
    if (target == NULL || given < length + 1) {
        return STATUS_INVALID_PARAMETER;
    }
    (void)wide_store(target, text, length);
    return STATUS_SUCCESS;
}

NTSTATUS RtlIpv4AddressToStringExA(const IN_ADDR *Address, USHORT Port, PSTR AddressString, PULONG AddressStringLength)
{
    CHAR text[WE_RTL_IPV4_EX_SIZE];

    WE_NT_ENTRY(RtlIpv4AddressToStringExA);
    if (Address == NULL || AddressStringLength == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return narrow_store_counted(AddressString, AddressStringLength, text,
                                we_rtl_ipv4_print_ex((const UCHAR *)Address, Port, text));
}

NTSTATUS RtlIpv4AddressToStringExW(const IN_ADDR *Address, USHORT Port, PWSTR AddressString, PULONG AddressStringLength)
{
    CHAR text[WE_RTL_IPV4_EX_SIZE];

    WE_NT_ENTRY(RtlIpv4AddressToStringExW);
    if (Address == NULL || AddressStringLength == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return wide_store_counted(AddressString, AddressStringLength, text,
                              we_rtl_ipv4_print_ex((const UCHAR *)Address, Port, text));
}

NTSTATUS RtlIpv6AddressToStringExA(const IN6_ADDR *Address, ULONG ScopeId, USHORT Port, PSTR AddressString,
                                   PULONG AddressStringLength)
{
    CHAR text[WE_RTL_IPV6_EX_SIZE];

    WE_NT_ENTRY(RtlIpv6AddressToStringExA);
    if (Address == NULL || AddressStringLength == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return narrow_store_counted(AddressString, AddressStringLength, text,
                                we_rtl_ipv6_print_ex((const UCHAR *)Address, ScopeId, Port, text));
}

NTSTATUS RtlIpv6AddressToStringExW(const IN6_ADDR *Address, ULONG ScopeId, USHORT Port, PWSTR AddressString,
                                   PULONG AddressStringLength)
{
    CHAR text[WE_RTL_IPV6_EX_SIZE];

    WE_NT_ENTRY(RtlIpv6AddressToStringExW);
    if (Address == NULL || AddressStringLength == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return wide_store_counted(AddressString, AddressStringLength, text,
                              we_rtl_ipv6_print_ex((const UCHAR *)Address, ScopeId, Port, text));
}

/* --- text to address ------------------------------------------------------------------- */

NTSTATUS RtlIpv4StringToAddressA(PCSTR S, BOOLEAN Strict, PCSTR *Terminator, IN_ADDR *Addr)
{
    struct we_rtl_address_text text = { S, NULL, 0 };
    bool is_address;

    WE_NT_ENTRY(RtlIpv4StringToAddressA);
    is_address = we_rtl_ipv4_parse(&text, Strict, (UCHAR *)Addr);
    *Terminator = S + text.at;
    return is_address ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS RtlIpv4StringToAddressW(PCWSTR S, BOOLEAN Strict, PCWSTR *Terminator, IN_ADDR *Addr)
{
    struct we_rtl_address_text text = { NULL, S, 0 };
    bool is_address;

    WE_NT_ENTRY(RtlIpv4StringToAddressW);
    is_address = we_rtl_ipv4_parse(&text, Strict, (UCHAR *)Addr);
    *Terminator = S + text.at;
    return is_address ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS RtlIpv6StringToAddressA(PCSTR S, PCSTR *Terminator, IN6_ADDR *Addr)
{
    struct we_rtl_address_text text = { S, NULL, 0 };
    bool is_address;

    WE_NT_ENTRY(RtlIpv6StringToAddressA);
    is_address = we_rtl_ipv6_parse(&text, (UCHAR *)Addr);
    *Terminator = S + text.at;
    return is_address ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS RtlIpv6StringToAddressW(PCWSTR S, PCWSTR *Terminator, IN6_ADDR *Addr)
{
    struct we_rtl_address_text text = { NULL, S, 0 };
    bool is_address;

    WE_NT_ENTRY(RtlIpv6StringToAddressW);
    is_address = we_rtl_ipv6_parse(&text, (UCHAR *)Addr);
    *Terminator = S + text.at;
    return is_address ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

/* "address" or "address:port", and nothing behind it. */
static NTSTATUS ipv4_parse_ex(struct we_rtl_address_text *text, BOOLEAN is_strict, IN_ADDR *address, PUSHORT port)
{
    UCHAR bytes[4];
    USHORT found_port = 0;

    if (!we_rtl_ipv4_parse(text, is_strict, bytes)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (we_rtl_address_skip(text, ':') && !we_rtl_port_parse(text, &found_port)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!we_rtl_address_is_end(text)) {
        return STATUS_INVALID_PARAMETER;
    }
    memcpy(address, bytes, sizeof(bytes));
    *port = found_port;
    return STATUS_SUCCESS;
}

NTSTATUS RtlIpv4StringToAddressExA(PCSTR AddressString, BOOLEAN Strict, IN_ADDR *Address, PUSHORT Port)
{
    struct we_rtl_address_text text = { AddressString, NULL, 0 };

    WE_NT_ENTRY(RtlIpv4StringToAddressExA);
    if (AddressString == NULL || Address == NULL || Port == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return ipv4_parse_ex(&text, Strict, Address, Port);
}

NTSTATUS RtlIpv4StringToAddressExW(PCWSTR AddressString, BOOLEAN Strict, IN_ADDR *Address, PUSHORT Port)
{
    struct we_rtl_address_text text = { NULL, AddressString, 0 };

    WE_NT_ENTRY(RtlIpv4StringToAddressExW);
    if (AddressString == NULL || Address == NULL || Port == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return ipv4_parse_ex(&text, Strict, Address, Port);
}

/* "address%scope" or "[address%scope]:port", and nothing behind it; scope and port may be missing. */
static NTSTATUS ipv6_parse_ex(struct we_rtl_address_text *text, IN6_ADDR *address, PULONG scope_id, PUSHORT port)
{
    UCHAR bytes[16];
    ULONG found_scope = 0;
    USHORT found_port = 0;
    bool is_bracketed = we_rtl_address_skip(text, '[');

    if (!we_rtl_ipv6_parse(text, bytes)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (we_rtl_address_skip(text, '%') && !we_rtl_scope_parse(text, &found_scope)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (is_bracketed && !we_rtl_address_skip(text, ']')) {
        return STATUS_INVALID_PARAMETER;
    }
    if (is_bracketed && we_rtl_address_skip(text, ':') && !we_rtl_port_parse(text, &found_port)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!we_rtl_address_is_end(text)) {
        return STATUS_INVALID_PARAMETER;
    }
    memcpy(address, bytes, sizeof(bytes));
    *scope_id = found_scope;
    *port = found_port;
    return STATUS_SUCCESS;
}

NTSTATUS RtlIpv6StringToAddressExA(PCSTR AddressString, IN6_ADDR *Address, PULONG ScopeId, PUSHORT Port)
{
    struct we_rtl_address_text text = { AddressString, NULL, 0 };

    WE_NT_ENTRY(RtlIpv6StringToAddressExA);
    if (AddressString == NULL || Address == NULL || ScopeId == NULL || Port == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return ipv6_parse_ex(&text, Address, ScopeId, Port);
}

NTSTATUS RtlIpv6StringToAddressExW(PCWSTR AddressString, IN6_ADDR *Address, PULONG ScopeId, PUSHORT Port)
{
    struct we_rtl_address_text text = { NULL, AddressString, 0 };

    WE_NT_ENTRY(RtlIpv6StringToAddressExW);
    if (AddressString == NULL || Address == NULL || ScopeId == NULL || Port == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return ipv6_parse_ex(&text, Address, ScopeId, Port);
}
