/* SPDX-License-Identifier: MIT */
/* Declarations: anonymous members of tagged types, __declspec, integer and inline keywords, arrays and enumerations that
 * ISO C does not know, SAL of both generations, pragmas. */
#include <ntddk.h>
#include <wsk.h>

#include "constructs.h"

#pragma warning(push)
#pragma warning(disable : 4200 4201 4214)
#pragma region declarations

/* Inheritance without a name. */
typedef struct _BASE {
    ULONG Size;
} BASE;

typedef struct _DERIVED {
    BASE;
    struct _BASE2 {
        ULONG Second;
    };
    union {
        ULONG Whole;
        struct {
            USHORT Low;
            USHORT High;
        };
    };
} DERIVED, *PDERIVED;

typedef struct _OWN_DISPATCH {
    WSK_PROVIDER_BASIC_DISPATCH;
    PVOID Own;
} OWN_DISPATCH;

/* Arrays and structures. */
struct empty {};

typedef struct _ZERO_ARRAY {
    ULONG Count;
    UCHAR Data[0];
} ZERO_ARRAY;

typedef struct _FLEXIBLE {
    ULONG Count;
    ZERO_ARRAY Inner;
    UCHAR Data[];
} FLEXIBLE;

typedef enum _LATER LATER;
enum _LATER { LaterOne = 1 };

typedef struct _BITS {
    ULONG64 Low : 40;
    ULONG64 : 0;
    unsigned __int64 High : 24;
} BITS;

#pragma pack(push, 1)
typedef struct _PACKED {
    UCHAR First;
    ULONG Second;
} PACKED;
#pragma pack(pop)

/* Attributes. */
typedef struct __declspec(align(32)) _ALIGNED {
    ULONG Value;
} ALIGNED;

typedef struct DECLSPEC_ALIGN(64) _ALIGNED_WDK {
    ULONG Value;
} ALIGNED_WDK;

DECLSPEC_CACHEALIGN static ULONG s_Aligned;
__declspec(align(128)) static ULONG s_MoreAligned;
__declspec(selectany) ULONG g_ConstructsAny = 4;
__declspec(thread) static ULONG s_OfThread;
__declspec(allocate("INIT")) static ULONG s_Allocated = 3;
__declspec(deprecated) VOID OldOne(VOID);
__declspec(deprecated("use the new one")) VOID OldTwo(VOID);
__declspec(noreturn) VOID Never(VOID);
__declspec(dllimport) VOID Imported(VOID);
DECLSPEC_NORETURN VOID NeverWdk(VOID);

__declspec(dllexport) __declspec(noinline) ULONG ConstructsExported(VOID);
__declspec(dllexport) __declspec(noinline) ULONG ConstructsExported(VOID)
{
    return 7;
}

__declspec(code_seg("PAGE")) __declspec(safebuffers) static ULONG Paged(VOID)
{
    return 8;
}

#ifndef __APPLE__ /* whose sections have names of two parts */
#pragma code_seg("PAGE")
#pragma data_seg("PAGEDATA")
#pragma data_seg()
#pragma code_seg()
#endif
#pragma section("INIT", read)
#pragma prefast(suppress : 28197, "freed elsewhere")
#pragma intrinsic(memcpy)
#pragma function(memset)

/* Integer keywords. */
static unsigned __int64 s_Unsigned = 0xFFFFFFFFFFFFFFFF;
static signed __int32 s_Signed = -1;
static __int8 s_Small = -1;
static volatile unsigned __int16 s_Volatile = 0xFFFF;

C_ASSERT(sizeof(__int8) == 1 && sizeof(unsigned __int16) == 2 && sizeof(__int32) == 4 && sizeof(unsigned __int64) == 8);
C_ASSERT(sizeof(LONG) == 4 && sizeof(ULONG) == 4 && sizeof(DWORD) == 4 && sizeof(BOOL) == 4 && sizeof(NTSTATUS) == 4);
C_ASSERT(sizeof(L'a') == 2 && sizeof(L"ab") == 6 && sizeof(WCHAR) == 2);
C_ASSERT('1gaT' == 0x31676154);
static_assert(sizeof(PVOID) == sizeof(ULONG_PTR), "static_assert is C here too");

/* Functions in every spelling of inline, with static on either side. */
static FORCEINLINE ULONG InlineOne(VOID)
{
    return 1;
}

FORCEINLINE static ULONG InlineTwo(VOID)
{
    return 2;
}

static __forceinline ULONG InlineThree(VOID)
{
    return 3;
}

__inline static ULONG __stdcall InlineFour(VOID)
{
    return 4;
}

static _inline ULONG __cdecl InlineFive(VOID)
{
    return 5;
}

/* SAL, old and new, and annotations. */
_Must_inspect_result_
_IRQL_requires_max_(DISPATCH_LEVEL)
_Success_(return != 0)
static ULONG Annotated(__in ULONG A, __out_opt PULONG B, IN ULONG C, OUT PULONG D OPTIONAL,
                       _Inout_updates_bytes_opt_(A) PVOID E)
{
    UNREFERENCED_PARAMETER(E);
    DBG_UNREFERENCED_PARAMETER(C);
    __analysis_assume(A != 0);
    _Analysis_assume_(A != 0);
    __analysis_assert(A != 0);
    __annotation(L"note");
    if (B != NULL) {
        *B = A;
    }
    if (ARGUMENT_PRESENT(D)) {
        *D = A;
    }
    return A;
}

static VOID NTAPI Unaligned(ULONG UNALIGNED *Value, PVOID POINTER_64 Pointer, ULONG *RESTRICTED_POINTER Other)
{
    *Value = *Other;
    UNREFERENCED_PARAMETER(Pointer);
}

ULONG DeclarationsCheck(VOID)
{
    DERIVED derived;
    OWN_DISPATCH dispatch;
    struct _KEVENT event;
    struct _WSK_SOCKET *socket = NULL;
    ULONG unaligned = 0;
    ULONG other = 9;
    ULONG unused = 0;

    DBG_UNREFERENCED_LOCAL_VARIABLE(unused);
    UNREFERENCED_PARAMETER(event);
    derived.Size = 1;
    derived.Second = 2;
    derived.Whole = 0x00040003;
    EXPECT(derived.Low == 3 && derived.High == 4 && FIELD_OFFSET(DERIVED, Second) == 4);
    dispatch.WskCloseSocket = NULL;
    dispatch.Own = socket;
    EXPECT(dispatch.Own == NULL && FIELD_OFFSET(OWN_DISPATCH, Own) == sizeof(WSK_PROVIDER_BASIC_DISPATCH));
    EXPECT(sizeof(ZERO_ARRAY) == 4 && sizeof(BITS) == 16 && sizeof(PACKED) == 5);
    EXPECT(FIELD_OFFSET(FLEXIBLE, Data) == 8 && LaterOne == 1);
    EXPECT(sizeof(ALIGNED) == 32 && sizeof(ALIGNED_WDK) == 64);
    EXPECT(((ULONG_PTR)&s_Aligned & (SYSTEM_CACHE_ALIGNMENT_SIZE - 1)) == 0);
    EXPECT(((ULONG_PTR)&s_MoreAligned & 127) == 0);
    EXPECT(g_ConstructsAny == 4 && s_OfThread == 0 && s_Allocated == 3);
    EXPECT(ConstructsExported() == 7 && Paged() == 8);
    EXPECT(s_Unsigned > 0 && s_Signed < 0 && s_Small < 0 && s_Volatile == 0xFFFF);
    EXPECT(InlineOne() + InlineTwo() + InlineThree() + InlineFour() + InlineFive() == 15);
    EXPECT(Annotated(6, NULL, 1, &unaligned, NULL) == 6 && unaligned == 6);
    Unaligned(&unaligned, NULL, &other);
    EXPECT(unaligned == 9);
    PAGED_CODE();
#ifdef ALLOC_PRAGMA
#error "no driver can place its functions in sections here"
#pragma alloc_text(PAGE, DeclarationsCheck)
#endif
    return 0;
}

#pragma endregion
#pragma warning(pop)
