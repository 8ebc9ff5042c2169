/* SPDX-License-Identifier: MIT */
/* Functions that Microsoft's compiler has built in; and integers whose width is another one here: a long of 64 bits
 * where Windows has a LONG, 64-bit integers of three names. */
#include <ntddk.h>

#include <intrin.h>

#include "constructs.h"

static volatile long s_Long;
static volatile LONG64 s_Long64;
static volatile LONGLONG s_LongLong;
static volatile INT64 s_Int64;
static volatile SHORT s_Short;
static volatile CHAR s_Char;
static PVOID volatile s_Pointer;

static ULONG InterlockedNames(VOID)
{
    EXPECT(_InterlockedIncrement(&s_Long) == 1 && InterlockedIncrement(&s_Long) == 2);
    EXPECT(_InterlockedExchangeAdd(&s_Long, 5) == 2 && _InterlockedAdd(&s_Long, 1) == 8);
    EXPECT(_InterlockedCompareExchange(&s_Long, 1, 8) == 8 && _InterlockedDecrement(&s_Long) == 0);
    EXPECT(_InterlockedOr(&s_Long, 12) == 0 && _InterlockedAnd(&s_Long, 6) == 12 && _InterlockedXor(&s_Long, 5) == 4);
    EXPECT(_InterlockedExchange(&s_Long, -1) == 1 && s_Long == -1);
    EXPECT(_InterlockedIncrement64(&s_Long64) == 1 && InterlockedIncrement64(&s_LongLong) == 1);
    EXPECT(InterlockedExchangeAdd64(&s_Int64, 0x100000000) == 0 && _InterlockedDecrement64(&s_Int64) == 0xFFFFFFFF);
    EXPECT(_InterlockedCompareExchange64(&s_Long64, 3, 1) == 1 && _InterlockedExchange64(&s_Long64, 4) == 3);
    EXPECT(_InterlockedExchangeAdd64(&s_Long64, 1) == 4 && _InterlockedAnd64(&s_Long64, 4) == 5);
    EXPECT(_InterlockedIncrement16(&s_Short) == 1 && _InterlockedExchange8(&s_Char, 3) == 0 &&
           InterlockedOr8(&s_Char, 4) == 3);
    EXPECT(_InterlockedExchangePointer(&s_Pointer, (PVOID)&s_Long) == NULL);
    EXPECT(_InterlockedCompareExchangePointer(&s_Pointer, NULL, (PVOID)&s_Long) == (PVOID)&s_Long);
    return 0;
}

static ULONG Bits(VOID)
{
    volatile LONG word = 0;
    ULONG index = 99;
    ULONG64 high;

    EXPECT(_interlockedbittestandset((LONG *)&word, 3) == 0 && _interlockedbittestandset((LONG *)&word, 3) == 1 &&
           word == 8);
    EXPECT(_interlockedbittestandreset((LONG *)&word, 3) == 1 && word == 0);
    EXPECT(_BitScanForward(&index, 0x50) && index == 4 && _BitScanReverse(&index, 0x50) && index == 6);
    EXPECT(_BitScanReverse64(&index, 0x8000000000) && index == 39 && !_BitScanForward64(&index, 0));
    EXPECT(_rotl(0x80000001, 1) == 3 && _rotr(3, 1) == 0x80000001 && _lrotl(1, 33) == 2 && _rotl(7, 0) == 7);
    EXPECT(_rotl64(1, 63) == 0x8000000000000000 && _rotr64(1, 1) == 0x8000000000000000);
    EXPECT(_rotl8(0x81, 1) == 3 && _rotr16(1, 1) == 0x8000 && RotateLeft32(1, 4) == 16 && RotateRight64(16, 4) == 1);
    EXPECT(__popcnt(0xFF00FF) == 16 && __popcnt64(~0ULL) == 64 && __popcnt16(0x10001) == 1);
    EXPECT(_byteswap_ulong(0x01020304) == 0x04030201 && _byteswap_ushort(0x0102) == 0x0201);
    EXPECT(_byteswap_uint64(0x0102030405060708) == 0x0807060504030201);
    EXPECT(__umulh(1ULL << 63, 4) == 2 && __mulh(-1, 1) == -1);
    EXPECT(_umul128(1ULL << 63, 6, &high) == 0 && high == 3);
    return 0;
}

ULONG IntrinsicsCheck(VOID)
{
    ULONG words[3] = { 0, 0, 0 };
    ULONG copy[3];
    ULONG line;

    line = InterlockedNames();
    if (line == 0) {
        line = Bits();
    }
    if (line != 0) {
        return line;
    }
    __stosd(words, 0x01010101, 3);
    __movsd(copy, words, 3);
    EXPECT(copy[2] == 0x01010101);
    __stosb((PUCHAR)words, 7, sizeof(words));
    EXPECT(words[2] == 0x07070707);
    __nop();
    __assume(words[0] != 0);
    _ReadWriteBarrier();
    __faststorefence();
    YieldProcessor();
    EXPECT(_ReturnAddress() != NULL && ReadTimeStampCounter() != 0);
    return 0;
}
