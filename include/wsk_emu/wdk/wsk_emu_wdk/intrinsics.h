/* SPDX-License-Identifier: MIT */
/* Functions that Microsoft's compiler has built in, under the names that drivers use beside those of the WDK. */
#ifndef WSK_EMU_WDK_INTRINSICS_H
#define WSK_EMU_WDK_INTRINSICS_H

#include "../ntdef.h"
#include "interlocked.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Interlocked operations. Under -fms-extensions clang has some of them itself, for objects of 32 bits only; these are the
 * WDK's, which take integers of any width.
 */
#define _InterlockedIncrement InterlockedIncrement
#define _InterlockedIncrement16 InterlockedIncrement16
#define _InterlockedIncrement64 InterlockedIncrement64
#define _InterlockedDecrement InterlockedDecrement
#define _InterlockedDecrement16 InterlockedDecrement16
#define _InterlockedDecrement64 InterlockedDecrement64
#define _InterlockedAdd InterlockedAdd
#define _InterlockedAdd64 InterlockedAdd64
#define _InterlockedExchange InterlockedExchange
#define _InterlockedExchange8 InterlockedExchange8
#define _InterlockedExchange16 InterlockedExchange16
#define _InterlockedExchange64 InterlockedExchange64
#define _InterlockedExchangeAdd InterlockedExchangeAdd
#define _InterlockedExchangeAdd8 InterlockedExchangeAdd8
#define _InterlockedExchangeAdd16 InterlockedExchangeAdd16
#define _InterlockedExchangeAdd64 InterlockedExchangeAdd64
#define _InterlockedCompareExchange InterlockedCompareExchange
#define _InterlockedCompareExchange16 InterlockedCompareExchange16
#define _InterlockedCompareExchange64 InterlockedCompareExchange64
#define _InterlockedAnd InterlockedAnd
#define _InterlockedAnd8 InterlockedAnd8
#define _InterlockedAnd16 InterlockedAnd16
#define _InterlockedAnd64 InterlockedAnd64
#define _InterlockedOr InterlockedOr
#define _InterlockedOr8 InterlockedOr8
#define _InterlockedOr16 InterlockedOr16
#define _InterlockedOr64 InterlockedOr64
#define _InterlockedXor InterlockedXor
#define _InterlockedXor8 InterlockedXor8
#define _InterlockedXor16 InterlockedXor16
#define _InterlockedXor64 InterlockedXor64
#define _InterlockedExchangePointer InterlockedExchangePointer
#define _InterlockedCompareExchangePointer InterlockedCompareExchangePointer
#define _interlockedbittestandset InterlockedBitTestAndSet
#define _interlockedbittestandset64 InterlockedBitTestAndSet64
#define _interlockedbittestandreset InterlockedBitTestAndReset
#define _interlockedbittestandreset64 InterlockedBitTestAndReset64

/*
 * Bits. A rotation takes its distance modulo the width.
 */
static FORCEINLINE UCHAR wsk_emu_rotate8(UCHAR value, unsigned left)
{
    left &= 7;
    return (UCHAR)(value << left | value >> ((8 - left) & 7));
}

static FORCEINLINE USHORT wsk_emu_rotate16(USHORT value, unsigned left)
{
    left &= 15;
    return (USHORT)(value << left | value >> ((16 - left) & 15));
}

static FORCEINLINE ULONG wsk_emu_rotate32(ULONG value, unsigned left)
{
    left &= 31;
    return value << left | value >> ((32 - left) & 31);
}

static FORCEINLINE ULONG64 wsk_emu_rotate64(ULONG64 value, unsigned left)
{
    left &= 63;
    return value << left | value >> ((64 - left) & 63);
}

static FORCEINLINE UCHAR wsk_emu_rotl8(UCHAR value, UCHAR by)
{
    return wsk_emu_rotate8(value, (unsigned)by);
}

static FORCEINLINE UCHAR wsk_emu_rotr8(UCHAR value, UCHAR by)
{
    return wsk_emu_rotate8(value, 0u - (unsigned)by);
}

static FORCEINLINE USHORT wsk_emu_rotl16(USHORT value, UCHAR by)
{
    return wsk_emu_rotate16(value, (unsigned)by);
}

static FORCEINLINE USHORT wsk_emu_rotr16(USHORT value, UCHAR by)
{
    return wsk_emu_rotate16(value, 0u - (unsigned)by);
}

static FORCEINLINE ULONG wsk_emu_rotl32(ULONG value, int by)
{
    return wsk_emu_rotate32(value, (unsigned)by);
}

static FORCEINLINE ULONG wsk_emu_rotr32(ULONG value, int by)
{
    return wsk_emu_rotate32(value, 0u - (unsigned)by);
}

static FORCEINLINE ULONG64 wsk_emu_rotl64(ULONG64 value, int by)
{
    return wsk_emu_rotate64(value, (unsigned)by);
}

static FORCEINLINE ULONG64 wsk_emu_rotr64(ULONG64 value, int by)
{
    return wsk_emu_rotate64(value, 0u - (unsigned)by);
}

#undef _rotl8
#undef _rotr8
#undef _rotl16
#undef _rotr16
#undef _rotl
#undef _rotr
#undef _lrotl
#undef _lrotr
#undef _rotl64
#undef _rotr64
/* Names that stand for names, as in the WDK: a driver may have functions that are called so. */
#define _rotl8 wsk_emu_rotl8
#define _rotr8 wsk_emu_rotr8
#define _rotl16 wsk_emu_rotl16
#define _rotr16 wsk_emu_rotr16
#define _rotl wsk_emu_rotl32
#define _rotr wsk_emu_rotr32
#define _lrotl wsk_emu_rotl32
#define _lrotr wsk_emu_rotr32
#define _rotl64 wsk_emu_rotl64
#define _rotr64 wsk_emu_rotr64
#define RotateLeft8 _rotl8
#define RotateRight8 _rotr8
#define RotateLeft16 _rotl16
#define RotateRight16 _rotr16
#define RotateLeft32 _rotl
#define RotateRight32 _rotr
#define RotateLeft64 _rotl64
#define RotateRight64 _rotr64

#undef __popcnt16
#undef __popcnt
#undef __popcnt64
#define __popcnt16(_value) ((USHORT)__builtin_popcount((USHORT)(_value)))
#define __popcnt(_value) ((ULONG)__builtin_popcount((ULONG)(_value)))
#define __popcnt64(_value) ((ULONG64)__builtin_popcountll((ULONG64)(_value)))
#define PopulationCount64(_value) __popcnt64(_value)

/*
 * Products of twice the width.
 */
__extension__ typedef __int128 wsk_emu_int128;
__extension__ typedef unsigned __int128 wsk_emu_uint128;

static FORCEINLINE LONG64 wsk_emu_mul128(LONG64 first, LONG64 second, LONG64 *high)
{
    wsk_emu_int128 product = (wsk_emu_int128)first * second;

    *high = (LONG64)(product >> 64);
    return (LONG64)product;
}

static FORCEINLINE ULONG64 wsk_emu_umul128(ULONG64 first, ULONG64 second, ULONG64 *high)
{
    wsk_emu_uint128 product = (wsk_emu_uint128)first * second;

    *high = (ULONG64)(product >> 64);
    return (ULONG64)product;
}

#undef __mulh
#undef __umulh
#undef _mul128
#undef _umul128
#define __mulh(_a, _b) ((LONG64)(((wsk_emu_int128)(LONG64)(_a) * (LONG64)(_b)) >> 64))
#define __umulh(_a, _b) ((ULONG64)(((wsk_emu_uint128)(ULONG64)(_a) * (ULONG64)(_b)) >> 64))
#define _mul128(_a, _b, _high) wsk_emu_mul128((_a), (_b), (_high))
#define _umul128(_a, _b, _high) wsk_emu_umul128((_a), (_b), (_high))
#define MultiplyHigh(_a, _b) __mulh(_a, _b)
#define UnsignedMultiplyHigh(_a, _b) __umulh(_a, _b)

/*
 * Strings of bytes and words.
 */
static FORCEINLINE VOID wsk_emu_store_ulong(ULONG *to, ULONG value, SIZE_T count)
{
    while (count-- != 0) {
        *to++ = value;
    }
}

static FORCEINLINE VOID wsk_emu_store_ulong64(ULONG64 *to, ULONG64 value, SIZE_T count)
{
    while (count-- != 0) {
        *to++ = value;
    }
}

#undef __stosb
#undef __stosd
#undef __stosq
#undef __movsb
#undef __movsd
#undef __movsq
#define __stosb(_to, _value, _count) ((void)memset((_to), (_value), (_count)))
#define __stosd(_to, _value, _count) wsk_emu_store_ulong((ULONG *)(_to), (_value), (_count))
#define __stosq(_to, _value, _count) wsk_emu_store_ulong64((ULONG64 *)(_to), (_value), (_count))
#define __movsb(_to, _from, _count) ((void)memmove((_to), (_from), (_count)))
#define __movsd(_to, _from, _count) ((void)memmove((_to), (_from), (_count) * sizeof(ULONG)))
#define __movsq(_to, _from, _count) ((void)memmove((_to), (_from), (_count) * sizeof(ULONG64)))

/*
 * The processor.
 */
#undef __nop
#undef __faststorefence
#undef _AddressOfReturnAddress
#define __nop() __asm__ __volatile__("nop")
#define __faststorefence() MemoryBarrier()
#define _AddressOfReturnAddress() ((void *)((char *)__builtin_frame_address(0) + sizeof(void *)))

#if defined(__x86_64__)
#define ReadTimeStampCounter() ((ULONG64)__builtin_ia32_rdtsc())
#elif defined(__aarch64__)
static FORCEINLINE ULONG64 wsk_emu_read_counter(VOID)
{
    ULONG64 value;

    __asm__ __volatile__("mrs %0, cntvct_el0" : "=r"(value));
    return value;
}
#define ReadTimeStampCounter() wsk_emu_read_counter()
#endif

#ifdef __cplusplus
}
#endif

#endif
