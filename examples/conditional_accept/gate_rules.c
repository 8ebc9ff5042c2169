/* SPDX-License-Identifier: MIT */
/* Gate, who may come in: rules over addresses and ports, and the rate limit. Pure functions, any IRQL. */
#include "gate_private.h"

USHORT GateAddressPort(CONST SOCKADDR *Address)
{
    /* The port lies at the same place in both families. */
    return RtlUshortByteSwap(((CONST SOCKADDR_IN *)Address)->sin_port);
}

static CONST UCHAR *AddressBytes(_In_ CONST SOCKADDR *Address, _Out_ UCHAR *BitCount)
{
    if (Address->sa_family == AF_INET6) {
        *BitCount = 128;
        return ((CONST SOCKADDR_IN6 *)Address)->sin6_addr.s6_addr;
    }
    *BitCount = 32;
    return (CONST UCHAR *)&((CONST SOCKADDR_IN *)Address)->sin_addr;
}

static BOOLEAN RuleFits(_In_ CONST GATE_RULE *Rule, _In_ CONST SOCKADDR *Remote)
{
    USHORT port = GateAddressPort(Remote);
    UCHAR bitCount;
    CONST UCHAR *address = AddressBytes(Remote, &bitCount);
    UCHAR length = Rule->PrefixLength < bitCount ? Rule->PrefixLength : bitCount;
    UCHAR wholeBytes = length / 8;
    UCHAR restMask = (UCHAR)(0xff00 >> (length % 8));

    if (Rule->Family != Remote->sa_family) {
        return FALSE;
    }
    if (RtlCompareMemory(Rule->Address, address, wholeBytes) != wholeBytes) {
        return FALSE;
    }
    if (restMask != 0 && ((Rule->Address[wholeBytes] ^ address[wholeBytes]) & restMask) != 0) {
        return FALSE;
    }
    return Rule->LastPort == 0 || (port >= Rule->FirstPort && port <= Rule->LastPort);
}

GATE_ACTION GatePolicyDecide(CONST GATE_POLICY *Policy, CONST SOCKADDR *Remote)
{
    for (ULONG i = 0; i < Policy->RuleCount && i < GATE_MAX_RULES; i++) {
        if (RuleFits(&Policy->Rules[i], Remote)) {
            return Policy->Rules[i].Action;
        }
    }
    return Policy->Default;
}

VOID GateBucketInitialize(PGATE_BUCKET Bucket, ULONG Burst, ULONGLONG Now)
{
    Bucket->Credit = Burst * GATE_SECOND_100NS;
    Bucket->UpdatedAt = Now;
}

BOOLEAN GateBucketTake(PGATE_BUCKET Bucket, ULONG RatePerSecond, ULONG Burst, ULONGLONG Now)
{
    ULONGLONG full = Burst * GATE_SECOND_100NS;
    ULONGLONG missing = full - Bucket->Credit;
    ULONGLONG elapsed = Now - Bucket->UpdatedAt;

    /* Compared by division, because after a long silence the product would not fit. */
    if (elapsed >= missing / RatePerSecond + 1) {
        Bucket->Credit = full;
    } else {
        Bucket->Credit += elapsed * RatePerSecond;
    }
    Bucket->UpdatedAt = Now;
    if (Bucket->Credit < GATE_SECOND_100NS) {
        return FALSE;
    }
    Bucket->Credit -= GATE_SECOND_100NS;
    return TRUE;
}
