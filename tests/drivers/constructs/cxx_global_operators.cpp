/* SPDX-License-Identifier: MIT */
/* Replaces the global operators, as drivers do that have no C++ library. Where drivers keep no private symbols, every
 * allocation of the program goes through them, so these bear a kernel that does not run: they count, and use malloc. */
#include <ntddk.h>

#include <cstdlib>

#include "constructs.h"

static ULONG calls;

void *__cdecl operator new(size_t size)
{
    calls++;
    return std::malloc(size);
}

void *__cdecl operator new[](size_t size)
{
    calls++;
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

namespace {

struct Pair {
    explicit Pair(ULONG value) : First(value), Second(value)
    {
    }
    virtual ~Pair()
    {
    }

    ULONG First;
    ULONG Second;
};

} // namespace

extern "C" ULONG CxxGlobalOperatorsCheck(VOID)
{
    ULONG before = calls;
    Pair *volatile pair = new Pair(3);
    ULONG *volatile numbers = new ULONG[4];

    EXPECT(calls == before + 2 && pair->Second == 3);
    numbers[3] = 1;
    delete pair;
    delete[] numbers;
    return 0;
}
