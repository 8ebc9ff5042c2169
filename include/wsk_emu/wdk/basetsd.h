/* SPDX-License-Identifier: MIT */
/* Integer types of fixed size and of pointer size. */
#ifndef WSK_EMU_WDK_BASETSD_H
#define WSK_EMU_WDK_BASETSD_H

#include "wsk_emu_wdk/compiler.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Every 64-bit name is the compiler's own 64-bit type, so that pointers to them convert into each other and into
 * pointers to int64_t without a cast. A Windows "long" has 32 bits on every host.
 */
typedef __INT8_TYPE__ INT8, *PINT8;
typedef __INT16_TYPE__ INT16, *PINT16;
typedef __INT32_TYPE__ INT32, *PINT32;
typedef __INT64_TYPE__ INT64, *PINT64;
typedef __UINT8_TYPE__ UINT8, *PUINT8;
typedef __UINT16_TYPE__ UINT16, *PUINT16;
typedef __UINT32_TYPE__ UINT32, *PUINT32;
typedef __UINT64_TYPE__ UINT64, *PUINT64;

typedef __INT32_TYPE__ LONG32, *PLONG32;
typedef __UINT32_TYPE__ ULONG32, *PULONG32;
typedef __UINT32_TYPE__ DWORD32, *PDWORD32;
typedef __INT64_TYPE__ LONG64, *PLONG64;
typedef __UINT64_TYPE__ ULONG64, *PULONG64;
typedef __UINT64_TYPE__ DWORD64, *PDWORD64;

typedef __INTPTR_TYPE__ INT_PTR, *PINT_PTR;
typedef __UINTPTR_TYPE__ UINT_PTR, *PUINT_PTR;
typedef __INTPTR_TYPE__ LONG_PTR, *PLONG_PTR;
typedef __UINTPTR_TYPE__ ULONG_PTR, *PULONG_PTR;
typedef __UINTPTR_TYPE__ DWORD_PTR, *PDWORD_PTR;
typedef __INTPTR_TYPE__ SSIZE_T, *PSSIZE_T;
typedef __SIZE_TYPE__ SIZE_T, *PSIZE_T;
typedef ULONG_PTR KAFFINITY, *PKAFFINITY;

typedef __INTPTR_TYPE__ intptr_t;
typedef __UINTPTR_TYPE__ uintptr_t;

#define MAXUINT8  ((UINT8)~((UINT8)0))
#define MAXINT8   ((INT8)(MAXUINT8 >> 1))
#define MININT8   ((INT8)~MAXINT8)
#define MAXUINT16 ((UINT16)~((UINT16)0))
#define MAXINT16  ((INT16)(MAXUINT16 >> 1))
#define MININT16  ((INT16)~MAXINT16)
#define MAXUINT32 ((UINT32)~((UINT32)0))
#define MAXINT32  ((INT32)(MAXUINT32 >> 1))
#define MININT32  ((INT32)~MAXINT32)
#define MAXUINT64 ((UINT64)~((UINT64)0))
#define MAXINT64  ((INT64)(MAXUINT64 >> 1))
#define MININT64  ((INT64)~MAXINT64)
#define MAXULONG32 ((ULONG32)~((ULONG32)0))
#define MAXLONG32  ((LONG32)(MAXULONG32 >> 1))
#define MINLONG32  ((LONG32)~MAXLONG32)
#define MAXULONG64 ((ULONG64)~((ULONG64)0))
#define MAXLONG64  ((LONG64)(MAXULONG64 >> 1))
#define MINLONG64  ((LONG64)~MAXLONG64)
#define MAXULONG_PTR ((ULONG_PTR)~((ULONG_PTR)0))
#define MAXLONG_PTR  ((LONG_PTR)(MAXULONG_PTR >> 1))
#define MINLONG_PTR  ((LONG_PTR)~MAXLONG_PTR)
#define MAXSIZE_T    ((SIZE_T)~((SIZE_T)0))

/*
 * The conversions of pointers to integers of another width, spelled as functions on Windows.
 */
#define HandleToULong(_handle)   ((__UINT32_TYPE__)(ULONG_PTR)(_handle))
#define HandleToUlong(_handle)   HandleToULong(_handle)
#define HandleToLong(_handle)    ((__INT32_TYPE__)(LONG_PTR)(_handle))
#define ULongToHandle(_value)    ((void *)(ULONG_PTR)(__UINT32_TYPE__)(_value))
#define UlongToHandle(_value)    ULongToHandle(_value)
#define LongToHandle(_value)     ((void *)(LONG_PTR)(__INT32_TYPE__)(_value))
#define PtrToUlong(_pointer)     ((__UINT32_TYPE__)(ULONG_PTR)(_pointer))
#define PtrToLong(_pointer)      ((__INT32_TYPE__)(LONG_PTR)(_pointer))
#define PtrToUint(_pointer)      ((__UINT32_TYPE__)(UINT_PTR)(_pointer))
#define PtrToInt(_pointer)       ((__INT32_TYPE__)(INT_PTR)(_pointer))
#define UlongToPtr(_value)       ((void *)(ULONG_PTR)(__UINT32_TYPE__)(_value))
#define LongToPtr(_value)        ((void *)(LONG_PTR)(__INT32_TYPE__)(_value))
#define UintToPtr(_value)        ((void *)(UINT_PTR)(__UINT32_TYPE__)(_value))
#define IntToPtr(_value)         ((void *)(INT_PTR)(__INT32_TYPE__)(_value))

#ifdef __cplusplus
}
#endif

#endif
