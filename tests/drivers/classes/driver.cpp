/* SPDX-License-Identifier: MIT */
/* A driver in C++ as libraries of classes are written: a thread that ends in a function which may not throw, functions
 * with names that the WDK has for its own, traits, windef.h, and the types of TLS. */
#include <ntifs.h>
#include <ntintsafe.h>
#include <windef.h>
#include <wsk.h>

#include <bcrypt.h>

extern "C" {
DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD ClassesUnload;
LONG ClassesGuards;
ULONG ClassesCheck(VOID);
NTSTATUS ClassesRunThread(VOID);
}

#define EXPECT(_condition) \
    if (!(_condition)) {   \
        return __LINE__;   \
    }

namespace rotations {

/* The WDK has these names for the compiler's own functions. */
ULONG RotateLeft32(ULONG value, ULONG bits) noexcept
{
    return (value << bits) | (value >> (32 - bits));
}

unsigned long long RotateRight64(unsigned long long value, unsigned int bits) noexcept
{
    return (value >> bits) | (value << (64 - bits));
}

} // namespace rotations

namespace {

struct Plain {
    ULONG Value;
};

class Guard final {
  public:
    Guard() noexcept
    {
        InterlockedIncrement(&ClassesGuards);
    }
    ~Guard() noexcept
    {
        InterlockedDecrement(&ClassesGuards);
    }
};

/* Nothing is unwound: the guard stays, and that no exception may leave does not matter. */
void Thread(PVOID) noexcept
{
    Guard guard;

    PsTerminateSystemThread(STATUS_SUCCESS);
}

ULONG CheckSecurity() noexcept
{
    PSecurityFunctionTableW table = InitSecurityInterfaceW();
    SecPkgContext_StreamSizes sizes = {};
    CredHandle credentials = {};
    SecBuffer buffer = { sizeof(sizes), SECBUFFER_TOKEN, &sizes };
    SecBufferDesc buffers = { SECBUFFER_VERSION, 1, &buffer };
    unsigned long attributes = 0;

    EXPECT(SecIsValidHandle(&credentials));
    SecInvalidateHandle(&credentials);
    EXPECT(!SecIsValidHandle(&credentials));
    if (table != nullptr) {
        /* Drivers write unsigned long where Microsoft's header does. */
        EXPECT(table->InitializeSecurityContextW(&credentials, nullptr, nullptr, ISC_REQ_STREAM, 0,
                                                 SECURITY_NETWORK_DREP, &buffers, 0, nullptr, &buffers, &attributes,
                                                 nullptr) < 0);
    }
    return buffers.pBuffers->cbBuffer == 20 ? 0 : __LINE__;
}

ULONG CheckProcess() noexcept
{
    KAPC_STATE state = {};
    UUID id = {};
    PROCESSINFOCLASS what = ProcessBasicInformation;

    EXPECT(what == 0 && sizeof(id) == sizeof(GUID));
    EXPECT(PsGetCurrentProcess() == PsInitialSystemProcess);
    KeStackAttachProcess(PsInitialSystemProcess, &state); /* both views of a process are one type */
    EXPECT(PsGetCurrentProcess() == PsInitialSystemProcess);
    KeUnstackDetachProcess(&state);
    EXPECT(KeQueryPriorityThread(PsGetCurrentThread()) != 0); /* and so are those of a thread */
    return 0;
}

} // namespace

void *__CLRCALL_OR_CDECL operator new(size_t size, Plain *place) noexcept;

ULONG ClassesCheck()
{
    constexpr LPCWSTR mode = BCRYPT_CHAIN_MODE_GCM;
    RECT area = { 0, 0, 3, 4 };
    POINT corner = { area.right, area.bottom };
    HWND window = nullptr;
    ULONG line = CheckSecurity();

    EXPECT(rotations::RotateLeft32(0x80000001, 1) == 3 && rotations::RotateRight64(3, 1) == 0x8000000000000001);
    EXPECT(_rotl(0x80000001, 1) == 3 && _rotr64(3, 1) == 0x8000000000000001);
    static_assert(__is_trivially_destructible(Plain), "nothing to do");
    static_assert(!__is_trivially_destructible(Guard), "something to do");
    EXPECT(corner.x * corner.y == 12 && window == nullptr && mode[0] == L'C' && sizeof(BCRYPT_CHAIN_MODE_GCM) == 32);
    static_assert(INT16_MIN == -32768 && UINT32_MAX == 0xFFFFFFFF && INT64_MAX == 0x7FFFFFFFFFFFFFFF, "limits");
    EXPECT(LODWORD(0x100000002) == 2 && HIDWORD(0x100000002) == 1);
    return line != 0 ? line : CheckProcess();
}

NTSTATUS ClassesRunThread()
{
    OBJECT_ATTRIBUTES attributes;
    PVOID thread;
    HANDLE handle;
    NTSTATUS status;

    InitializeObjectAttributes(&attributes, nullptr, OBJ_KERNEL_HANDLE, nullptr, nullptr);
    status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, &attributes, nullptr, nullptr, Thread, nullptr);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &thread, nullptr);
    ZwClose(handle);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, nullptr);
    ObDereferenceObject(thread);
    return status;
}

_Use_decl_annotations_
VOID ClassesUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = ClassesUnload;
    return STATUS_SUCCESS;
}
