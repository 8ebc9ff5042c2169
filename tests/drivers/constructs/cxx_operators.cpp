/* SPDX-License-Identifier: MIT */
/* A driver whose objects live in the pool: operators new and delete of its own, with and without a tag. */
#include <ntddk.h>

#include "constructs.h"

namespace {

ULONG allocated;
ULONG freed;

PVOID Allocate(size_t size, POOL_FLAGS flags, ULONG tag)
{
    allocated++;
    return ExAllocatePool2(flags, size, tag);
}

VOID Free(PVOID block)
{
    if (block != nullptr) {
        freed++;
        ExFreePool(block);
    }
}

} // namespace

struct Pooled {
    explicit Pooled(ULONG value) : Value(value)
    {
    }
    ~Pooled()
    {
        Value = 0;
    }

    static void *operator new(size_t size, POOL_FLAGS flags) noexcept
    {
        return Allocate(size, flags, 'looP');
    }
    static void *operator new(size_t size) noexcept
    {
        return Allocate(size, POOL_FLAG_NON_PAGED, 'looP');
    }
    static void operator delete(void *block)
    {
        Free(block);
    }
    static void operator delete(void *block, POOL_FLAGS)
    {
        Free(block);
    }

    ULONG Value;
};

void *__cdecl operator new(size_t size, POOL_FLAGS flags, ULONG tag) noexcept
{
    return Allocate(size, flags, tag);
}

void *__cdecl operator new[](size_t size, POOL_FLAGS flags, ULONG tag) noexcept
{
    return Allocate(size, flags, tag);
}

void __cdecl operator delete(void *block, POOL_FLAGS, ULONG) noexcept
{
    Free(block);
}

extern "C" ULONG CxxOperatorsCheck(VOID)
{
    Pooled *first = new Pooled(1);
    Pooled *second = new (POOL_FLAG_PAGED) Pooled(2);
    ULONG *third = new (POOL_FLAG_NON_PAGED, 'looP') ULONG(3);
    ULONG *fourth = new (POOL_FLAG_NON_PAGED, 'looP') ULONG[4];

    EXPECT(first != nullptr && second != nullptr && third != nullptr && fourth != nullptr);
    EXPECT(first->Value == 1 && second->Value == 2 && *third == 3 && fourth[3] == 0);
    delete first;
    delete second;
    Free(third);
    Free(fourth);
    EXPECT(allocated == 4 && freed == 4);
    return 0;
}
