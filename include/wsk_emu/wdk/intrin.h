/* SPDX-License-Identifier: MIT */
/* Intrinsics of Microsoft's compiler: our own, and those of the processor that the host's compiler has under the same
 * names. */
#ifndef WSK_EMU_WDK_INTRIN_H
#define WSK_EMU_WDK_INTRIN_H

#if defined(__x86_64__)
/* _mm_pause, __rdtsc and the like. Their allocator would bring stdlib.h, which some drivers do not bear. */
#ifndef _MM_MALLOC_H_INCLUDED
#define _MM_MALLOC_H_INCLUDED
#endif
#ifndef __MM_MALLOC_H
#define __MM_MALLOC_H
#endif
/* Its rotations of a long have 64 bits. */
#pragma push_macro("_rotl")
#pragma push_macro("_rotr")
#pragma push_macro("_lrotl")
#pragma push_macro("_lrotr")
#undef _rotl
#undef _rotr
#undef _lrotl
#undef _lrotr
#include <immintrin.h>
#pragma pop_macro("_rotl")
#pragma pop_macro("_rotr")
#pragma pop_macro("_lrotl")
#pragma pop_macro("_lrotr")
#endif

#include "ntdef.h"

#include "wsk_emu_wdk/compiler.h"
#include "wsk_emu_wdk/interlocked.h"
#include "wsk_emu_wdk/intrinsics.h"

#endif
