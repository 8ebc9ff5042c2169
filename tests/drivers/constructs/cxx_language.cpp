/* SPDX-License-Identifier: MIT */
/* C++ as drivers write it: the WDK within extern "C", __declspec on classes, strings, min and max, references to
 * annotated parameters. */
extern "C" {
#include <ntifs.h>
#include <wsk.h>
}

#include <intrin.h>

#include "constructs.h"

namespace {

class __declspec(novtable) Shape {
  public:
    virtual ULONG __stdcall Corners() = 0;
};

class Square final : public Shape {
  public:
    __forceinline Square() noexcept : corners_(4)
    {
    }
    ULONG __stdcall Corners() override
    {
        return corners_;
    }

  private:
    ULONG corners_;
};

struct Derived : WSK_PROVIDER_BASIC_DISPATCH {
    PVOID Own;
};

enum Flags : ULONG { FlagNone = 0, FlagOne = 1, FlagTwo = 2 };
DEFINE_ENUM_FLAG_OPERATORS(Flags)

template <typename Type> ULONG SizeOf(_In_ const Type &)
{
    return sizeof(Type);
}

_IRQL_requires_max_(PASSIVE_LEVEL)
_Must_inspect_result_
NTSTATUS Lock(_In_opt_ PMDL mdl)
{
    __try {
        MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
    } __except (GetExceptionCode() == STATUS_ACCESS_VIOLATION ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

volatile long counter;

} // namespace

extern "C" ULONG CxxLanguageCheck(VOID)
{
    DECLARE_CONST_UNICODE_STRING(name, L"\\Device\\Constructs");
    UNICODE_STRING same = RTL_CONSTANT_STRING(L"\\DEVICE\\constructs");
    unsigned __int64 wide = 0xFFFFFFFFFFFFFFFF;
    auto irp = IoAllocateIrp(1, FALSE);
    auto mdl = IoAllocateMdl(nullptr, 16, FALSE, FALSE, nullptr);
    Derived derived = {};
    Square square;

    EXPECT(square.Corners() == 4 && derived.WskCloseSocket == nullptr && derived.Own == nullptr);
    EXPECT((FlagOne | FlagTwo) == 3 && SizeOf(L"ab") == 6 && SizeOf('1gaT') == 4 && sizeof(wide) == 8);
    EXPECT(min(1, 2) == 1 && max(1u, 2u) == 2 && min(name.Length, static_cast<USHORT>(1)) == 1 && max(1L, 2) == 2);
    EXPECT(RtlEqualUnicodeString(&name, &same, TRUE) && wcslen(L"abcd") == 4);
    EXPECT(InterlockedIncrement(&counter) == 1 && _InterlockedExchangeAdd(&counter, 1) == 1);
    EXPECT(IsEqualGUID(NPI_WSK_INTERFACE_ID, NPI_WSK_INTERFACE_ID) && NPI_WSK_INTERFACE_ID == NPI_WSK_INTERFACE_ID);
    EXPECT(mdl != nullptr && Lock(mdl) == STATUS_ACCESS_VIOLATION);
    IoFreeMdl(mdl);
    DbgPrint("constructs in C++\n");
    KdPrint(("constructs in C++ %u\n", 1));
    EXPECT(irp != nullptr);
    IoFreeIrp(irp);
    (void)__noop;
    __noop(1);
    C_ASSERT(sizeof(WCHAR) == sizeof(wchar_t));
    return 0;
}
