/* SPDX-License-Identifier: MIT */
/* The same in C++: templates, virtual functions and inline variables of two drivers have the same names. */
#include <ntddk.h>

#include "twin.h"

extern "C" DRIVER_INITIALIZE DriverEntry;
extern "C" VOID TWIN_QUERY(PTWIN_STATE State);

namespace {

struct Base {
    virtual ~Base() = default;
    virtual ULONG Step() = 0;
};

} // namespace

template <typename Number> struct Count : Base {
    static Number Total;
    ULONG Step() override
    {
        return ++Total;
    }
};
template <typename Number> Number Count<Number>::Total = 100;

inline ULONG NextLocal()
{
    static ULONG local = 40;

    return local++;
}

struct Constructed {
    ULONG Value;
    Constructed() : Value(3)
    {
    }
};

Constructed Global;
static TWIN_STATE State;

VOID operator delete(PVOID) noexcept
{
}
VOID operator delete(PVOID, decltype(sizeof(0))) noexcept
{
}

extern "C" VOID TWIN_QUERY(PTWIN_STATE Result)
{
    *Result = State;
}

static VOID Unload(PDRIVER_OBJECT)
{
}

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING)
{
    Count<ULONG> count;
    Base &base = count;

    State.Counter = base.Step();
    State.Local = NextLocal();
    State.Started = Global.Value++;
    State.IsFresh = State.Counter == 101 && State.Local == 40 && State.Started == 3;
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
