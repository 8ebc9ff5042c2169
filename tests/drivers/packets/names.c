/* SPDX-License-Identifier: MIT */
/* Addresses become text with no header but wsk.h. */
#include <wdm.h>
#include <wsk.h>

NTSTATUS PacketsName(const IN_ADDR *Address, USHORT Port, PSTR Name, PULONG Length);

NTSTATUS PacketsName(const IN_ADDR *Address, USHORT Port, PSTR Name, PULONG Length)
{
    return RtlIpv4AddressToStringExA(Address, Port, Name, Length);
}
