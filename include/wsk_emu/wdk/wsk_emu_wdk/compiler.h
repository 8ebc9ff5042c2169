/* SPDX-License-Identifier: MIT */
/* Makes gcc and clang accept the keywords and attributes of Microsoft's compiler. */
#ifndef WSK_EMU_WDK_COMPILER_H
#define WSK_EMU_WDK_COMPILER_H

#include <stddef.h>

/*
 * Integer keywords. A macro and not a typedef, because "unsigned __int64" is legal Windows code.
 */
#undef __int8
#undef __int16
#undef __int32
#undef __int64
#define __int8  char
#define __int16 short
#define __int32 int
#define __int64 __INT64_TYPE__

/*
 * Calling conventions and pointer qualifiers: one of each kind exists here, so the words vanish.
 */
#undef __cdecl
#undef __stdcall
#undef __fastcall
#undef __thiscall
#undef __vectorcall
#undef __unaligned
#undef __ptr32
#undef __ptr64
#undef __w64
#define __cdecl
#define __stdcall
#define __fastcall
#define __thiscall
#define __vectorcall
#define __unaligned
#define __ptr32
#define __ptr64
#define __w64
#define _cdecl
#define _stdcall
#define _fastcall

#undef __forceinline
#define __forceinline __inline__ __attribute__((__always_inline__))
#ifndef _inline
#define _inline __inline__
#endif

/*
 * __declspec(word): each word becomes a gcc attribute, or none. clang aligns a structure whose __declspec(align()) stands
 * before the word struct only by its own __declspec, which the macro does not expand a second time; gcc does not at all.
 */
#undef __declspec
#define __declspec(_word) __attribute__((WSK_EMU_DECLSPEC_##_word))
#define WSK_EMU_DECLSPEC_align(_bytes)       __aligned__(_bytes)
#ifdef __clang__
#if !__is_identifier(__declspec)
#undef WSK_EMU_DECLSPEC_align
#define WSK_EMU_DECLSPEC_align(_bytes)       )) __declspec(align(_bytes)) __attribute__((
#endif
#endif
#define WSK_EMU_DECLSPEC_noinline            __noinline__
#define WSK_EMU_DECLSPEC_noreturn            __noreturn__
#define WSK_EMU_DECLSPEC_nothrow
#define WSK_EMU_DECLSPEC_selectany           __weak__
#define WSK_EMU_DECLSPEC_dllexport
#define WSK_EMU_DECLSPEC_dllimport
#define WSK_EMU_DECLSPEC_deprecated          __deprecated__
#define WSK_EMU_DECLSPEC_code_seg(...)
#define WSK_EMU_DECLSPEC_allocate(...)
#define WSK_EMU_DECLSPEC_allocator
#define WSK_EMU_DECLSPEC_guard(...)
#define WSK_EMU_DECLSPEC_spectre(...)
#define WSK_EMU_DECLSPEC_no_sanitize_address
#define WSK_EMU_DECLSPEC_safebuffers
#define WSK_EMU_DECLSPEC_naked
#ifdef __cplusplus
#define WSK_EMU_DECLSPEC_thread              )) thread_local __attribute__((
#else
#define WSK_EMU_DECLSPEC_thread              )) _Thread_local __attribute__((
#endif
#define WSK_EMU_DECLSPEC_novtable
#define WSK_EMU_DECLSPEC_empty_bases
#define WSK_EMU_DECLSPEC_restrict
#define WSK_EMU_DECLSPEC_noalias
#define WSK_EMU_DECLSPEC_uuid(...)

/*
 * Intrinsics. Under -fms-extensions clang has some of them itself; the macros below win, so that both compilers agree.
 */
#ifndef __pragma
#define __pragma(_text) _Pragma(#_text)
#endif
#undef __assume
#define __assume(_expression) ((_expression) ? (void)0 : __builtin_unreachable())
#undef __annotation
#define __annotation(...) ((void)0)
#undef __noop
#define __noop(...) ((void)0)
#ifndef __clang__
enum { __noop }; /* without its parentheses; clang knows it */
#endif
#undef __debugbreak
#define __debugbreak() DbgBreakPoint()
#undef __fastfail
#define __fastfail(_code) RtlFailFast(_code)
#undef _ReadWriteBarrier
#define _ReadWriteBarrier() __asm__ __volatile__("" ::: "memory")
#undef _ReadBarrier
#define _ReadBarrier() _ReadWriteBarrier()
#undef _WriteBarrier
#define _WriteBarrier() _ReadWriteBarrier()
/* Barriers of arm64; every kind is a full one here. */
#undef __dmb
#define __dmb(_type) __sync_synchronize()
#undef __dsb
#define __dsb(_type) __sync_synchronize()
#undef __isb
#define __isb(_type) __sync_synchronize()
#define _ARM64_BARRIER_SY    0xF
#define _ARM64_BARRIER_ST    0xE
#define _ARM64_BARRIER_LD    0xD
#define _ARM64_BARRIER_ISH   0xB
#define _ARM64_BARRIER_ISHST 0xA
#define _ARM64_BARRIER_ISHLD 0x9
#define _ARM_BARRIER_SY      0xF
#define _ARM_BARRIER_ISH     0xB
#undef _ReturnAddress
#define _ReturnAddress() __builtin_return_address(0)
/* A trait that classes of drivers ask the compiler for; older gcc has it under another name. */
#if defined(__cplusplus) && defined(__has_builtin)
#if !__has_builtin(__is_trivially_destructible)
#define __is_trivially_destructible(_type) __has_trivial_destructor(_type)
#endif
#endif
#define _byteswap_ushort(_value) __builtin_bswap16((unsigned short)(_value))
#define _byteswap_ulong(_value)  __builtin_bswap32((unsigned int)(_value))
#define _byteswap_uint64(_value) __builtin_bswap64((unsigned __INT64_TYPE__)(_value))

/*
 * Declaration helpers of the WDK.
 */
#define DECLSPEC_ALIGN(_bytes) __attribute__((__aligned__(_bytes)))
#define SYSTEM_CACHE_ALIGNMENT_SIZE 64
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(SYSTEM_CACHE_ALIGNMENT_SIZE)
#define DECLSPEC_NORETURN __attribute__((__noreturn__))
#define DECLSPEC_NOINLINE __attribute__((__noinline__))
#define DECLSPEC_SELECTANY __attribute__((__weak__))
#define DECLSPEC_NOTHROW
#define DECLSPEC_IMPORT
#define DECLSPEC_EXPORT
#define DECLSPEC_ADDRSAFE
#define DECLSPEC_GUARDNOCF
#define DECLSPEC_GUARD_SUPPRESS
#define DECLSPEC_DEPRECATED_DDK
#define DECLSPEC_DEPRECATED_DDK_WIN8

/*
 * Without "static", because drivers write it in front themselves.
 */
#ifndef FORCEINLINE
#define FORCEINLINE __inline__ __attribute__((__always_inline__))
#endif
#define CFORCEINLINE FORCEINLINE
#define NOINLINE __attribute__((__noinline__))
#define INLINE __inline__

#define NTAPI
#define __CLRCALL_OR_CDECL
#define NTAPI_INLINE
#define FASTCALL
#define CALLBACK
#define WINAPI
#define NTSYSAPI
#define NTSYSCALLAPI
#define NTKERNELAPI
#define NTHALAPI
#define NTBUGCODESAPI
#define UNALIGNED
#define RESTRICTED_POINTER
#define POINTER_32
#define POINTER_64
#ifndef FAR
#define FAR
#endif
#ifndef NEAR
#define NEAR
#endif

#ifdef __cplusplus
#define EXTERN_C extern "C"
#define EXTERN_C_START extern "C" {
#define EXTERN_C_END }
#else
#define EXTERN_C extern
#define EXTERN_C_START
#define EXTERN_C_END
#endif

/*
 * A condition that the compiler checks. Legal wherever a declaration is.
 */
#ifdef __cplusplus
#define C_ASSERT(_expression) static_assert(_expression, #_expression)
#else
#define C_ASSERT(_expression) _Static_assert(_expression, #_expression)
#if !defined(static_assert) && (!defined(__STDC_VERSION__) || __STDC_VERSION__ < 202311L)
#define static_assert _Static_assert
#endif
#endif

/*
 * The layouts documented for 64-bit Windows, checked where the host has pointers of the same width.
 */
#if defined(__LP64__)
#define WSK_EMU_CHECK_SIZE(_type, _size) C_ASSERT(sizeof(_type) == (_size))
#define WSK_EMU_CHECK_OFFSET(_type, _field, _offset) C_ASSERT(__builtin_offsetof(_type, _field) == (_offset))
#define WSK_EMU_POINTER_ALIGNMENT DECLSPEC_ALIGN(8)
#else
#define WSK_EMU_CHECK_SIZE(_type, _size) C_ASSERT(1)
#define WSK_EMU_CHECK_OFFSET(_type, _field, _offset) C_ASSERT(1)
#define WSK_EMU_POINTER_ALIGNMENT
#endif
#define POINTER_ALIGNMENT WSK_EMU_POINTER_ALIGNMENT

#if defined(__LP64__)
#define MAX_NATURAL_ALIGNMENT 8
#define MEMORY_ALLOCATION_ALIGNMENT 16
#else
#define MAX_NATURAL_ALIGNMENT 4
#define MEMORY_ALLOCATION_ALIGNMENT 8
#endif

#endif
