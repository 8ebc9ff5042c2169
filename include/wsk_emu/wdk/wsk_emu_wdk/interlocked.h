/* SPDX-License-Identifier: MIT */
/* Atomic operations and memory barriers. */
#ifndef WSK_EMU_WDK_INTERLOCKED_H
#define WSK_EMU_WDK_INTERLOCKED_H

#include "../ntdef.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The names are macros over compiler builtins and take an object of any integer type: on a host whose long has 64
 * bits, drivers pass pointers to long where Windows has a LONG of 32. Compare-exchange is a full barrier in every form;
 * the other weak forms are as weak as their name says.
 */

#define WSK_EMU_ADD(_p, _v, _o) __atomic_add_fetch((_p), (_v), (_o))
#define WSK_EMU_SUB(_p, _v, _o) __atomic_sub_fetch((_p), (_v), (_o))
#define WSK_EMU_OLD_ADD(_p, _v, _o) __atomic_fetch_add((_p), (_v), (_o))
#define WSK_EMU_OLD_AND(_p, _v, _o) __atomic_fetch_and((_p), (_v), (_o))
#define WSK_EMU_OLD_OR(_p, _v, _o) __atomic_fetch_or((_p), (_v), (_o))
#define WSK_EMU_OLD_XOR(_p, _v, _o) __atomic_fetch_xor((_p), (_v), (_o))
#define WSK_EMU_SWAP(_p, _v, _o) __atomic_exchange_n((_p), (_v), (_o))
#define WSK_EMU_CAS(_p, _x, _c) wsk_emu_cas_value(__sync_val_compare_and_swap((_p), (_c), (_x)))

/* A statement may drop the old value without a warning. */
#define wsk_emu_cas_value(_old) __extension__({ (_old); })

#define InterlockedIncrement(Addend) WSK_EMU_ADD(Addend, 1, __ATOMIC_SEQ_CST)
#define InterlockedIncrementAcquire(Addend) WSK_EMU_ADD(Addend, 1, __ATOMIC_ACQUIRE)
#define InterlockedIncrementRelease(Addend) WSK_EMU_ADD(Addend, 1, __ATOMIC_RELEASE)
#define InterlockedIncrementNoFence(Addend) WSK_EMU_ADD(Addend, 1, __ATOMIC_RELAXED)
#define InterlockedIncrement16(Addend) WSK_EMU_ADD(Addend, 1, __ATOMIC_SEQ_CST)
#define InterlockedIncrementAcquire16(Addend) WSK_EMU_ADD(Addend, 1, __ATOMIC_ACQUIRE)
#define InterlockedIncrement16Acquire(Addend) WSK_EMU_ADD(Addend, 1, __ATOMIC_ACQUIRE)
#define InterlockedIncrementRelease16(Addend) WSK_EMU_ADD(Addend, 1, __ATOMIC_RELEASE)
#define InterlockedIncrement16Release(Addend) WSK_EMU_ADD(Addend, 1, __ATOMIC_RELEASE)
#define InterlockedIncrementNoFence16(Addend) WSK_EMU_ADD(Addend, 1, __ATOMIC_RELAXED)
#define InterlockedIncrement16NoFence(Addend) WSK_EMU_ADD(Addend, 1, __ATOMIC_RELAXED)
#define InterlockedIncrement64(Addend) WSK_EMU_ADD(Addend, 1, __ATOMIC_SEQ_CST)
#define InterlockedIncrementAcquire64(Addend) WSK_EMU_ADD(Addend, 1, __ATOMIC_ACQUIRE)
#define InterlockedIncrementRelease64(Addend) WSK_EMU_ADD(Addend, 1, __ATOMIC_RELEASE)
#define InterlockedIncrementNoFence64(Addend) WSK_EMU_ADD(Addend, 1, __ATOMIC_RELAXED)

#define InterlockedDecrement(Addend) WSK_EMU_SUB(Addend, 1, __ATOMIC_SEQ_CST)
#define InterlockedDecrementAcquire(Addend) WSK_EMU_SUB(Addend, 1, __ATOMIC_ACQUIRE)
#define InterlockedDecrementRelease(Addend) WSK_EMU_SUB(Addend, 1, __ATOMIC_RELEASE)
#define InterlockedDecrementNoFence(Addend) WSK_EMU_SUB(Addend, 1, __ATOMIC_RELAXED)
#define InterlockedDecrement16(Addend) WSK_EMU_SUB(Addend, 1, __ATOMIC_SEQ_CST)
#define InterlockedDecrementAcquire16(Addend) WSK_EMU_SUB(Addend, 1, __ATOMIC_ACQUIRE)
#define InterlockedDecrement16Acquire(Addend) WSK_EMU_SUB(Addend, 1, __ATOMIC_ACQUIRE)
#define InterlockedDecrementRelease16(Addend) WSK_EMU_SUB(Addend, 1, __ATOMIC_RELEASE)
#define InterlockedDecrement16Release(Addend) WSK_EMU_SUB(Addend, 1, __ATOMIC_RELEASE)
#define InterlockedDecrementNoFence16(Addend) WSK_EMU_SUB(Addend, 1, __ATOMIC_RELAXED)
#define InterlockedDecrement16NoFence(Addend) WSK_EMU_SUB(Addend, 1, __ATOMIC_RELAXED)
#define InterlockedDecrement64(Addend) WSK_EMU_SUB(Addend, 1, __ATOMIC_SEQ_CST)
#define InterlockedDecrementAcquire64(Addend) WSK_EMU_SUB(Addend, 1, __ATOMIC_ACQUIRE)
#define InterlockedDecrementRelease64(Addend) WSK_EMU_SUB(Addend, 1, __ATOMIC_RELEASE)
#define InterlockedDecrementNoFence64(Addend) WSK_EMU_SUB(Addend, 1, __ATOMIC_RELAXED)

#define InterlockedAdd(Addend, Value) WSK_EMU_ADD(Addend, Value, __ATOMIC_SEQ_CST)
#define InterlockedAddAcquire(Addend, Value) WSK_EMU_ADD(Addend, Value, __ATOMIC_ACQUIRE)
#define InterlockedAddRelease(Addend, Value) WSK_EMU_ADD(Addend, Value, __ATOMIC_RELEASE)
#define InterlockedAddNoFence(Addend, Value) WSK_EMU_ADD(Addend, Value, __ATOMIC_RELAXED)
#define InterlockedAdd64(Addend, Value) WSK_EMU_ADD(Addend, Value, __ATOMIC_SEQ_CST)
#define InterlockedAddAcquire64(Addend, Value) WSK_EMU_ADD(Addend, Value, __ATOMIC_ACQUIRE)
#define InterlockedAddRelease64(Addend, Value) WSK_EMU_ADD(Addend, Value, __ATOMIC_RELEASE)
#define InterlockedAddNoFence64(Addend, Value) WSK_EMU_ADD(Addend, Value, __ATOMIC_RELAXED)

#define InterlockedExchange(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_SEQ_CST)
#define InterlockedExchangeAcquire(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_ACQUIRE)
#define InterlockedExchangeRelease(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_RELEASE)
#define InterlockedExchangeNoFence(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_RELAXED)
#define InterlockedExchange8(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_SEQ_CST)
#define InterlockedExchangeAcquire8(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_ACQUIRE)
#define InterlockedExchangeRelease8(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_RELEASE)
#define InterlockedExchangeNoFence8(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_RELAXED)
#define InterlockedExchange16(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_SEQ_CST)
#define InterlockedExchangeAcquire16(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_ACQUIRE)
#define InterlockedExchange16Acquire(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_ACQUIRE)
#define InterlockedExchangeRelease16(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_RELEASE)
#define InterlockedExchange16Release(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_RELEASE)
#define InterlockedExchangeNoFence16(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_RELAXED)
#define InterlockedExchange16NoFence(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_RELAXED)
#define InterlockedExchange64(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_SEQ_CST)
#define InterlockedExchangeAcquire64(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_ACQUIRE)
#define InterlockedExchangeRelease64(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_RELEASE)
#define InterlockedExchangeNoFence64(Target, Value) WSK_EMU_SWAP(Target, Value, __ATOMIC_RELAXED)

#define InterlockedExchangeAdd(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_SEQ_CST)
#define InterlockedExchangeAddAcquire(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_ACQUIRE)
#define InterlockedExchangeAddRelease(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_RELEASE)
#define InterlockedExchangeAddNoFence(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_RELAXED)
#define InterlockedExchangeAdd8(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_SEQ_CST)
#define InterlockedExchangeAddAcquire8(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_ACQUIRE)
#define InterlockedExchangeAddRelease8(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_RELEASE)
#define InterlockedExchangeAddNoFence8(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_RELAXED)
#define InterlockedExchangeAdd16(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_SEQ_CST)
#define InterlockedExchangeAddAcquire16(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_ACQUIRE)
#define InterlockedExchangeAdd16Acquire(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_ACQUIRE)
#define InterlockedExchangeAddRelease16(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_RELEASE)
#define InterlockedExchangeAdd16Release(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_RELEASE)
#define InterlockedExchangeAddNoFence16(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_RELAXED)
#define InterlockedExchangeAdd16NoFence(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_RELAXED)
#define InterlockedExchangeAdd64(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_SEQ_CST)
#define InterlockedExchangeAddAcquire64(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_ACQUIRE)
#define InterlockedExchangeAddRelease64(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_RELEASE)
#define InterlockedExchangeAddNoFence64(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_RELAXED)

#define InterlockedAnd(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_SEQ_CST)
#define InterlockedAndAcquire(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_ACQUIRE)
#define InterlockedAndRelease(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_RELEASE)
#define InterlockedAndNoFence(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_RELAXED)
#define InterlockedAnd8(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_SEQ_CST)
#define InterlockedAndAcquire8(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_ACQUIRE)
#define InterlockedAndRelease8(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_RELEASE)
#define InterlockedAndNoFence8(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_RELAXED)
#define InterlockedAnd16(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_SEQ_CST)
#define InterlockedAndAcquire16(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_ACQUIRE)
#define InterlockedAnd16Acquire(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_ACQUIRE)
#define InterlockedAndRelease16(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_RELEASE)
#define InterlockedAnd16Release(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_RELEASE)
#define InterlockedAndNoFence16(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_RELAXED)
#define InterlockedAnd16NoFence(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_RELAXED)
#define InterlockedAnd64(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_SEQ_CST)
#define InterlockedAndAcquire64(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_ACQUIRE)
#define InterlockedAndRelease64(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_RELEASE)
#define InterlockedAndNoFence64(Destination, Value) WSK_EMU_OLD_AND(Destination, Value, __ATOMIC_RELAXED)

#define InterlockedOr(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_SEQ_CST)
#define InterlockedOrAcquire(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_ACQUIRE)
#define InterlockedOrRelease(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_RELEASE)
#define InterlockedOrNoFence(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_RELAXED)
#define InterlockedOr8(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_SEQ_CST)
#define InterlockedOrAcquire8(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_ACQUIRE)
#define InterlockedOrRelease8(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_RELEASE)
#define InterlockedOrNoFence8(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_RELAXED)
#define InterlockedOr16(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_SEQ_CST)
#define InterlockedOrAcquire16(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_ACQUIRE)
#define InterlockedOr16Acquire(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_ACQUIRE)
#define InterlockedOrRelease16(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_RELEASE)
#define InterlockedOr16Release(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_RELEASE)
#define InterlockedOrNoFence16(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_RELAXED)
#define InterlockedOr16NoFence(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_RELAXED)
#define InterlockedOr64(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_SEQ_CST)
#define InterlockedOrAcquire64(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_ACQUIRE)
#define InterlockedOrRelease64(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_RELEASE)
#define InterlockedOrNoFence64(Destination, Value) WSK_EMU_OLD_OR(Destination, Value, __ATOMIC_RELAXED)

#define InterlockedXor(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_SEQ_CST)
#define InterlockedXorAcquire(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_ACQUIRE)
#define InterlockedXorRelease(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_RELEASE)
#define InterlockedXorNoFence(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_RELAXED)
#define InterlockedXor8(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_SEQ_CST)
#define InterlockedXorAcquire8(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_ACQUIRE)
#define InterlockedXorRelease8(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_RELEASE)
#define InterlockedXorNoFence8(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_RELAXED)
#define InterlockedXor16(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_SEQ_CST)
#define InterlockedXorAcquire16(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_ACQUIRE)
#define InterlockedXor16Acquire(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_ACQUIRE)
#define InterlockedXorRelease16(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_RELEASE)
#define InterlockedXor16Release(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_RELEASE)
#define InterlockedXorNoFence16(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_RELAXED)
#define InterlockedXor16NoFence(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_RELAXED)
#define InterlockedXor64(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_SEQ_CST)
#define InterlockedXorAcquire64(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_ACQUIRE)
#define InterlockedXorRelease64(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_RELEASE)
#define InterlockedXorNoFence64(Destination, Value) WSK_EMU_OLD_XOR(Destination, Value, __ATOMIC_RELAXED)

#define InterlockedCompareExchange(Destination, ExChange, Comperand) WSK_EMU_CAS(Destination, ExChange, Comperand)
#define InterlockedCompareExchangeAcquire(Destination, ExChange, Comperand)                                            \
    WSK_EMU_CAS(Destination, ExChange, Comperand)
#define InterlockedCompareExchangeRelease(Destination, ExChange, Comperand)                                            \
    WSK_EMU_CAS(Destination, ExChange, Comperand)
#define InterlockedCompareExchangeNoFence(Destination, ExChange, Comperand)                                            \
    WSK_EMU_CAS(Destination, ExChange, Comperand)
#define InterlockedCompareExchange8(Destination, ExChange, Comperand) WSK_EMU_CAS(Destination, ExChange, Comperand)
#define InterlockedCompareExchangeAcquire8(Destination, ExChange, Comperand)                                           \
    WSK_EMU_CAS(Destination, ExChange, Comperand)
#define InterlockedCompareExchangeRelease8(Destination, ExChange, Comperand)                                           \
    WSK_EMU_CAS(Destination, ExChange, Comperand)
#define InterlockedCompareExchangeNoFence8(Destination, ExChange, Comperand)                                           \
    WSK_EMU_CAS(Destination, ExChange, Comperand)
#define InterlockedCompareExchange16(Destination, ExChange, Comperand) WSK_EMU_CAS(Destination, ExChange, Comperand)
#define InterlockedCompareExchangeAcquire16(Destination, ExChange, Comperand)                                          \
    WSK_EMU_CAS(Destination, ExChange, Comperand)
#define InterlockedCompareExchange16Acquire(Destination, ExChange, Comperand)                                          \
    WSK_EMU_CAS(Destination, ExChange, Comperand)
#define InterlockedCompareExchangeRelease16(Destination, ExChange, Comperand)                                          \
    WSK_EMU_CAS(Destination, ExChange, Comperand)
#define InterlockedCompareExchange16Release(Destination, ExChange, Comperand)                                          \
    WSK_EMU_CAS(Destination, ExChange, Comperand)
#define InterlockedCompareExchangeNoFence16(Destination, ExChange, Comperand)                                          \
    WSK_EMU_CAS(Destination, ExChange, Comperand)
#define InterlockedCompareExchange16NoFence(Destination, ExChange, Comperand)                                          \
    WSK_EMU_CAS(Destination, ExChange, Comperand)
#define InterlockedCompareExchange64(Destination, ExChange, Comperand) WSK_EMU_CAS(Destination, ExChange, Comperand)
#define InterlockedCompareExchangeAcquire64(Destination, ExChange, Comperand)                                          \
    WSK_EMU_CAS(Destination, ExChange, Comperand)
#define InterlockedCompareExchangeRelease64(Destination, ExChange, Comperand)                                          \
    WSK_EMU_CAS(Destination, ExChange, Comperand)
#define InterlockedCompareExchangeNoFence64(Destination, ExChange, Comperand)                                          \
    WSK_EMU_CAS(Destination, ExChange, Comperand)

#define InterlockedExchangeSubtract(Addend, Value) WSK_EMU_OLD_ADD(Addend, 0 - (Value), __ATOMIC_SEQ_CST)
#define InterlockedAddLargeStatistic(Addend, Value)                                                                    \
    ((void)WSK_EMU_ADD(&(Addend)->QuadPart, (LONGLONG)(ULONG)(Value), __ATOMIC_RELAXED))
#define InterlockedIncrementSizeT(Addend) WSK_EMU_ADD(Addend, 1, __ATOMIC_SEQ_CST)
#define InterlockedDecrementSizeT(Addend) WSK_EMU_SUB(Addend, 1, __ATOMIC_SEQ_CST)
#define InterlockedExchangeAddSizeT(Addend, Value) WSK_EMU_OLD_ADD(Addend, Value, __ATOMIC_SEQ_CST)

/*
 * Pointers. The macros take a pointer to a pointer of any type.
 */
static FORCEINLINE PVOID wsk_emu_exchange_pointer(PVOID volatile *target, PVOID value)
{
    return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
}

static FORCEINLINE PVOID wsk_emu_compare_exchange_pointer(PVOID volatile *target, PVOID value, PVOID comperand)
{
    return __sync_val_compare_and_swap(target, comperand, value);
}

#define InterlockedExchangePointer(Target, Value)                                                                      \
    wsk_emu_exchange_pointer((PVOID volatile *)(Target), (PVOID)(Value))
#define InterlockedExchangePointerAcquire(Target, Value)                                                               \
    wsk_emu_exchange_pointer((PVOID volatile *)(Target), (PVOID)(Value))
#define InterlockedExchangePointerRelease(Target, Value)                                                               \
    wsk_emu_exchange_pointer((PVOID volatile *)(Target), (PVOID)(Value))
#define InterlockedExchangePointerNoFence(Target, Value)                                                               \
    wsk_emu_exchange_pointer((PVOID volatile *)(Target), (PVOID)(Value))
#define InterlockedCompareExchangePointer(Destination, ExChange, Comperand)                                            \
    wsk_emu_compare_exchange_pointer((PVOID volatile *)(Destination), (PVOID)(ExChange), (PVOID)(Comperand))
#define InterlockedCompareExchangePointerAcquire(Destination, ExChange, Comperand)                                     \
    wsk_emu_compare_exchange_pointer((PVOID volatile *)(Destination), (PVOID)(ExChange), (PVOID)(Comperand))
#define InterlockedCompareExchangePointerRelease(Destination, ExChange, Comperand)                                     \
    wsk_emu_compare_exchange_pointer((PVOID volatile *)(Destination), (PVOID)(ExChange), (PVOID)(Comperand))
#define InterlockedCompareExchangePointerNoFence(Destination, ExChange, Comperand)                                     \
    wsk_emu_compare_exchange_pointer((PVOID volatile *)(Destination), (PVOID)(ExChange), (PVOID)(Comperand))

/*
 * Bits. The bit number may reach beyond the first word.
 */
static FORCEINLINE BOOLEAN wsk_emu_bit_test_and_set(LONG volatile *base, LONG64 bit)
{
    ULONG mask = (ULONG)1 << (bit & 31);

    return (BOOLEAN)(((ULONG)__atomic_fetch_or(base + (bit >> 5), (LONG)mask, __ATOMIC_SEQ_CST) & mask) != 0);
}

static FORCEINLINE BOOLEAN wsk_emu_bit_test_and_reset(LONG volatile *base, LONG64 bit)
{
    ULONG mask = (ULONG)1 << (bit & 31);

    return (BOOLEAN)(((ULONG)__atomic_fetch_and(base + (bit >> 5), (LONG)~mask, __ATOMIC_SEQ_CST) & mask) != 0);
}

#define InterlockedBitTestAndSet(Base, Bit) wsk_emu_bit_test_and_set((LONG volatile *)(Base), (Bit))
#define InterlockedBitTestAndSet64(Base, Bit) wsk_emu_bit_test_and_set((LONG volatile *)(Base), (Bit))
#define InterlockedBitTestAndReset(Base, Bit) wsk_emu_bit_test_and_reset((LONG volatile *)(Base), (Bit))
#define InterlockedBitTestAndReset64(Base, Bit) wsk_emu_bit_test_and_reset((LONG volatile *)(Base), (Bit))

/*
 * Single loads and stores.
 */
#define ReadAcquire(Source) __atomic_load_n((Source), __ATOMIC_ACQUIRE)
#define ReadNoFence(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define ReadRaw(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define WriteRelease(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELEASE)
#define WriteNoFence(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define WriteRaw(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define ReadAcquire8(Source) __atomic_load_n((Source), __ATOMIC_ACQUIRE)
#define ReadNoFence8(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define ReadRaw8(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define WriteRelease8(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELEASE)
#define WriteNoFence8(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define WriteRaw8(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define ReadAcquire16(Source) __atomic_load_n((Source), __ATOMIC_ACQUIRE)
#define ReadNoFence16(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define ReadRaw16(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define WriteRelease16(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELEASE)
#define WriteNoFence16(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define WriteRaw16(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define ReadAcquire64(Source) __atomic_load_n((Source), __ATOMIC_ACQUIRE)
#define ReadNoFence64(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define ReadRaw64(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define WriteRelease64(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELEASE)
#define WriteNoFence64(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define WriteRaw64(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define ReadBooleanAcquire(Source) __atomic_load_n((Source), __ATOMIC_ACQUIRE)
#define ReadBooleanNoFence(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define ReadBooleanRaw(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define WriteBooleanRelease(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELEASE)
#define WriteBooleanNoFence(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define WriteBooleanRaw(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define ReadPointerAcquire(Source) __atomic_load_n((Source), __ATOMIC_ACQUIRE)
#define ReadPointerNoFence(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define ReadPointerRaw(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define WritePointerRelease(Destination, Value)                                                                        \
    __atomic_store_n((PVOID volatile *)(Destination), (PVOID)(Value), __ATOMIC_RELEASE)
#define WritePointerNoFence(Destination, Value)                                                                        \
    __atomic_store_n((PVOID volatile *)(Destination), (PVOID)(Value), __ATOMIC_RELAXED)
#define WritePointerRaw(Destination, Value)                                                                            \
    __atomic_store_n((PVOID volatile *)(Destination), (PVOID)(Value), __ATOMIC_RELAXED)
#define ReadUCharAcquire(Source) __atomic_load_n((Source), __ATOMIC_ACQUIRE)
#define ReadUCharNoFence(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define ReadUCharRaw(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define WriteUCharRelease(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELEASE)
#define WriteUCharNoFence(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define WriteUCharRaw(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define ReadUShortAcquire(Source) __atomic_load_n((Source), __ATOMIC_ACQUIRE)
#define ReadUShortNoFence(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define ReadUShortRaw(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define WriteUShortRelease(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELEASE)
#define WriteUShortNoFence(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define WriteUShortRaw(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define ReadULongAcquire(Source) __atomic_load_n((Source), __ATOMIC_ACQUIRE)
#define ReadULongNoFence(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define ReadULongRaw(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define WriteULongRelease(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELEASE)
#define WriteULongNoFence(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define WriteULongRaw(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define ReadULong64Acquire(Source) __atomic_load_n((Source), __ATOMIC_ACQUIRE)
#define ReadULong64NoFence(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define ReadULong64Raw(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define WriteULong64Release(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELEASE)
#define WriteULong64NoFence(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define WriteULong64Raw(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define ReadSizeTAcquire(Source) __atomic_load_n((Source), __ATOMIC_ACQUIRE)
#define ReadSizeTNoFence(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define ReadSizeTRaw(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define WriteSizeTRelease(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELEASE)
#define WriteSizeTNoFence(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define WriteSizeTRaw(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define ReadULongPtrAcquire(Source) __atomic_load_n((Source), __ATOMIC_ACQUIRE)
#define ReadULongPtrNoFence(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define ReadULongPtrRaw(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define WriteULongPtrRelease(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELEASE)
#define WriteULongPtrNoFence(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define WriteULongPtrRaw(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define ReadLongPtrAcquire(Source) __atomic_load_n((Source), __ATOMIC_ACQUIRE)
#define ReadLongPtrNoFence(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define ReadLongPtrRaw(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define WriteLongPtrRelease(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELEASE)
#define WriteLongPtrNoFence(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define WriteLongPtrRaw(Destination, Value) __atomic_store_n((Destination), (Value), __ATOMIC_RELAXED)
#define ReadHandleAcquire(Source) __atomic_load_n((Source), __ATOMIC_ACQUIRE)
#define ReadHandleNoFence(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define ReadHandleRaw(Source) __atomic_load_n((Source), __ATOMIC_RELAXED)
#define WriteHandleRelease(Destination, Value)                                                                         \
    __atomic_store_n((PVOID volatile *)(Destination), (PVOID)(Value), __ATOMIC_RELEASE)
#define WriteHandleNoFence(Destination, Value)                                                                         \
    __atomic_store_n((PVOID volatile *)(Destination), (PVOID)(Value), __ATOMIC_RELAXED)
#define WriteHandleRaw(Destination, Value)                                                                             \
    __atomic_store_n((PVOID volatile *)(Destination), (PVOID)(Value), __ATOMIC_RELAXED)

/*
 * Barriers.
 */
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 11
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif
static FORCEINLINE VOID wsk_emu_memory_barrier(VOID)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 11
#pragma GCC diagnostic pop
#endif

#define KeMemoryBarrier() wsk_emu_memory_barrier()
#define KeMemoryBarrierWithoutFence() _ReadWriteBarrier()
#define MemoryBarrier() wsk_emu_memory_barrier()

#if defined(__x86_64__) || defined(__i386__)
#define YieldProcessor() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define YieldProcessor() __asm__ __volatile__("yield" ::: "memory")
#else
#define YieldProcessor() _ReadWriteBarrier()
#endif
#define PrefetchForWrite(_p) __builtin_prefetch((const void *)(_p), 1)
#define PreFetchCacheLine(_l, _a) __builtin_prefetch((const void *)(_a))

/*
 * Bit scans: FALSE, and the index untouched, if no bit is set.
 */
static FORCEINLINE UCHAR BitScanForward64(ULONG *Index, ULONG64 Mask)
{
    if (Mask == 0) {
        return 0;
    }
    *Index = (ULONG)__builtin_ctzll(Mask);
    return 1;
}

static FORCEINLINE UCHAR BitScanReverse64(ULONG *Index, ULONG64 Mask)
{
    if (Mask == 0) {
        return 0;
    }
    *Index = 63u - (ULONG)__builtin_clzll(Mask);
    return 1;
}

static FORCEINLINE UCHAR BitScanForward(ULONG *Index, ULONG Mask)
{
    return BitScanForward64(Index, Mask);
}

static FORCEINLINE UCHAR BitScanReverse(ULONG *Index, ULONG Mask)
{
    return BitScanReverse64(Index, Mask);
}

static FORCEINLINE UCHAR BitTest(LONG const *Base, LONG Offset)
{
    return (UCHAR)(((ULONG)Base[Offset >> 5] >> (Offset & 31)) & 1);
}

#define _BitScanForward BitScanForward
#define _BitScanReverse BitScanReverse
#define _BitScanForward64 BitScanForward64
#define _BitScanReverse64 BitScanReverse64

#ifdef __cplusplus
}
#endif

#endif
