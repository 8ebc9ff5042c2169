/* SPDX-License-Identifier: MIT */
/* Replaces the global operators, as drivers do that have no C++ library. Every allocation of the program goes through
 * them, those of a test in C++ too, so they have to bear a kernel that does not run: this one counts and uses malloc. */
#include <ntddk.h>

#include <cstdlib>

extern "C" ULONG CxxGlobalCalls;
ULONG CxxGlobalCalls;

void *__cdecl operator new(size_t size)
{
    CxxGlobalCalls++;
    return std::malloc(size);
}

void *__cdecl operator new[](size_t size)
{
    CxxGlobalCalls++;
    return std::malloc(size);
}

void __cdecl operator delete(void *block) noexcept
{
    std::free(block);
}

void __cdecl operator delete[](void *block) noexcept
{
    std::free(block);
}

void __cdecl operator delete(void *block, size_t) noexcept
{
    std::free(block);
}

void __cdecl operator delete[](void *block, size_t) noexcept
{
    std::free(block);
}
