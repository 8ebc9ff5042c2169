/* SPDX-License-Identifier: MIT */
/* The basic NT types, and the macros that work on them. */
#ifndef WSK_EMU_WDK_NTDEF_H
#define WSK_EMU_WDK_NTDEF_H

#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "sdkddkver.h"
#include "wsk_emu_wdk/compiler.h"

#include "basetsd.h"
#include "driverspecs.h"
#include "guiddef.h"
#include "sal.h"
#include "specstrings.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef VOID
#define VOID void
#endif
#ifndef CONST
#define CONST const
#endif
#define IN
#define OUT
#define OPTIONAL
#ifndef FALSE
#define FALSE 0
#endif
#ifndef TRUE
#define TRUE 1
#endif

/*
 * Scalars. LONG and its kin have 32 bits on every host.
 */
typedef void *PVOID;
typedef void *LPVOID;
typedef const void *LPCVOID;
typedef char CHAR, *PCHAR, *LPCH, *PCH, *PNZCH;
typedef const char *LPCCH, *PCCH, *PCNZCH;
typedef signed char SCHAR, *PSCHAR;
typedef unsigned char UCHAR, *PUCHAR;
typedef const unsigned char *PCUCHAR;
typedef short SHORT, *PSHORT;
typedef unsigned short USHORT, *PUSHORT;
typedef const unsigned short *PCUSHORT;
typedef int INT, *PINT, *LPINT;
typedef unsigned int UINT, *PUINT;
typedef __INT32_TYPE__ LONG, *PLONG, *LPLONG;
typedef __UINT32_TYPE__ ULONG, *PULONG;
typedef const ULONG *PCULONG;
typedef __INT64_TYPE__ LONGLONG, *PLONGLONG;
typedef __UINT64_TYPE__ ULONGLONG, *PULONGLONG;
typedef __UINT64_TYPE__ DWORDLONG, *PDWORDLONG;
typedef LONGLONG USN;

typedef __UINT8_TYPE__ BYTE, *PBYTE, *LPBYTE;
typedef __UINT16_TYPE__ WORD, *PWORD, *LPWORD;
typedef __UINT32_TYPE__ DWORD, *PDWORD, *LPDWORD;
typedef int BOOL, *PBOOL, *LPBOOL;
typedef UCHAR BOOLEAN, *PBOOLEAN;
typedef ULONG LOGICAL, *PLOGICAL;
typedef CHAR CCHAR, *PCCHAR;
typedef SHORT CSHORT, *PCSHORT;
typedef ULONG CLONG, *PCLONG;
typedef LONG HRESULT;
typedef LONG NTSTATUS, *PNTSTATUS;
typedef PVOID HANDLE, *PHANDLE;
#define DECLARE_HANDLE(name)                                                                                           \
    struct name##__ {                                                                                                  \
        int unused;                                                                                                    \
    };                                                                                                                 \
    typedef struct name##__ *name
typedef double DOUBLE;
typedef float FLOAT;

/*
 * A UTF-16 unit. The library is built without -fshort-wchar, so WCHAR is not always wchar_t; with that switch, which
 * driver code needs, L"..." has this type.
 */
#if defined(__cplusplus) && __SIZEOF_WCHAR_T__ == 2
typedef wchar_t WCHAR;
#else
typedef unsigned short WCHAR;
#endif
typedef WCHAR *PWCHAR, *LPWCH, *PWCH, *NWPSTR, *LPWSTR, *PWSTR, *PNZWCH;
typedef const WCHAR *LPCWCH, *PCWCH, *LPCWSTR, *PCWSTR, *PCNZWCH;
typedef PWSTR *PZPWSTR;
typedef PCWSTR *PZPCWSTR;
typedef const WCHAR *LCPWCH;
typedef CHAR *NPSTR, *LPSTR, *PSTR;
typedef const CHAR *LPCSTR, *PCSTR;
typedef PSTR *PZPSTR;
typedef PCSTR *PZPCSTR;
typedef const CHAR *PCSZ;
typedef CHAR *PSZ;
typedef CHAR TCHAR, *PTCHAR, *PTSTR, *LPTSTR;
typedef const CHAR *PCTSTR, *LPCTSTR;

#define UNICODE_NULL ((WCHAR)0)
#define ANSI_NULL ((CHAR)0)
#define UNICODE_STRING_MAX_BYTES ((USHORT)65534)
#define UNICODE_STRING_MAX_CHARS (32767)

#define MINCHAR  0x80
#define MAXCHAR  0x7f
#define MINSHORT 0x8000
#define MAXSHORT 0x7fff
#define MINLONG  ((LONG)0x80000000)
#define MAXLONG  0x7fffffff
#define MAXUCHAR 0xff
#define MAXUSHORT 0xffff
#define MAXULONG 0xffffffff
#define MAXDWORD 0xffffffff
#define MAXLONGLONG ((LONGLONG)0x7fffffffffffffffll)
#define MAXULONGLONG (~(ULONGLONG)0)

/*
 * Status values: the two top bits are the severity.
 */
#define NT_SUCCESS(Status) (((NTSTATUS)(Status)) >= 0)
#define NT_INFORMATION(Status) ((((ULONG)(Status)) >> 30) == 1)
#define NT_WARNING(Status) ((((ULONG)(Status)) >> 30) == 2)
#define NT_ERROR(Status) ((((ULONG)(Status)) >> 30) == 3)
#define STATUS_SEVERITY_SUCCESS 0x0
#define STATUS_SEVERITY_INFORMATIONAL 0x1
#define STATUS_SEVERITY_WARNING 0x2
#define STATUS_SEVERITY_ERROR 0x3

/*
 * Wide integers.
 */
typedef union _LARGE_INTEGER {
    __extension__ struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    __extension__ struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    struct {
        ULONG LowPart;
        ULONG HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

typedef struct _LUID {
    ULONG LowPart;
    LONG HighPart;
} LUID, *PLUID;

#define Int32x32To64(_a, _b) (((LONGLONG)(LONG)(_a)) * ((LONGLONG)(LONG)(_b)))
#define UInt32x32To64(_a, _b) (((ULONGLONG)(ULONG)(_a)) * ((ULONGLONG)(ULONG)(_b)))
#define Int64ShllMod32(_a, _b) ((ULONGLONG)(_a) << (_b))
#define Int64ShraMod32(_a, _b) (((LONGLONG)(_a)) >> (_b))
#define Int64ShrlMod32(_a, _b) (((ULONGLONG)(_a)) >> (_b))

/*
 * Counted strings. Lengths are in bytes.
 */
typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    _Field_size_bytes_part_opt_(MaximumLength, Length) PCHAR Buffer;
} STRING, *PSTRING, ANSI_STRING, *PANSI_STRING, OEM_STRING, *POEM_STRING, UTF8_STRING, *PUTF8_STRING;
typedef const STRING *PCSTRING, *PCANSI_STRING, *PCOEM_STRING, *PCUTF8_STRING;
typedef STRING CANSI_STRING;

typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    _Field_size_bytes_part_opt_(MaximumLength, Length) PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;
WSK_EMU_CHECK_SIZE(STRING, 0x10);
WSK_EMU_CHECK_SIZE(UNICODE_STRING, 0x10);
WSK_EMU_CHECK_OFFSET(UNICODE_STRING, Buffer, 0x08);

/*
 * The literal must have 16-bit characters: compile with -fshort-wchar.
 */
#define RTL_CONSTANT_STRING(s)                                                                                         \
    {                                                                                                                  \
        sizeof(s) - sizeof((s)[0]), sizeof(s), WSK_EMU_CONSTANT_STRING_BUFFER(s)                                       \
    }
#ifdef __cplusplus
extern "C++" {
template <typename wsk_emu_char>
static __inline__ constexpr wsk_emu_char *wsk_emu_constant_string_buffer(const wsk_emu_char *String)
{
    return const_cast<wsk_emu_char *>(String);
}
}
#define WSK_EMU_CONSTANT_STRING_BUFFER(s) wsk_emu_constant_string_buffer(s)
#else
#define WSK_EMU_CONSTANT_STRING_BUFFER(s) ((void *)(s))
#endif

#define DECLARE_CONST_UNICODE_STRING(_var, _string)                                                                    \
    const WCHAR _var##_buffer[] = _string;                                                                             \
    const UNICODE_STRING _var = {sizeof(_string) - sizeof(WCHAR), sizeof(_string), (PWCH)_var##_buffer}
#define DECLARE_GLOBAL_CONST_UNICODE_STRING(_var, _string)                                                             \
    EXTERN_C const UNICODE_STRING _var;                                                                                \
    static const WCHAR _var##_buffer[] = _string;                                                                      \
    const UNICODE_STRING _var = {sizeof(_string) - sizeof(WCHAR), sizeof(_string), (PWCH)_var##_buffer}
#define DECLARE_UNICODE_STRING_SIZE(_var, _size)                                                                       \
    WCHAR _var##_buffer[_size];                                                                                        \
    UNICODE_STRING _var = {0, (_size) * sizeof(WCHAR), _var##_buffer}

/*
 * List links.
 */
typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY, *RESTRICTED_POINTER PRLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

typedef struct _PROCESSOR_NUMBER {
    USHORT Group;
    UCHAR Number;
    UCHAR Reserved;
} PROCESSOR_NUMBER, *PPROCESSOR_NUMBER;

typedef struct _GROUP_AFFINITY {
    KAFFINITY Mask;
    USHORT Group;
    USHORT Reserved[3];
} GROUP_AFFINITY, *PGROUP_AFFINITY;

/*
 * Relations of processors.
 */
typedef enum _LOGICAL_PROCESSOR_RELATIONSHIP {
    RelationProcessorCore,
    RelationNumaNode,
    RelationCache,
    RelationProcessorPackage,
    RelationGroup,
    RelationProcessorDie,
    RelationNumaNodeEx,
    RelationProcessorModule,
    RelationAll = 0xffff
} LOGICAL_PROCESSOR_RELATIONSHIP;

typedef enum _PROCESSOR_CACHE_TYPE { CacheUnified, CacheInstruction, CacheData, CacheTrace } PROCESSOR_CACHE_TYPE;

typedef struct _PROCESSOR_RELATIONSHIP {
    BYTE Flags;
    BYTE EfficiencyClass;
    BYTE Reserved[20];
    WORD GroupCount;
    GROUP_AFFINITY GroupMask[1];
} PROCESSOR_RELATIONSHIP, *PPROCESSOR_RELATIONSHIP;

typedef struct _NUMA_NODE_RELATIONSHIP {
    DWORD NodeNumber;
    BYTE Reserved[18];
    WORD GroupCount;
    __extension__ union {
        GROUP_AFFINITY GroupMask;
        GROUP_AFFINITY GroupMasks[1];
    };
} NUMA_NODE_RELATIONSHIP, *PNUMA_NODE_RELATIONSHIP;

typedef struct _CACHE_RELATIONSHIP {
    BYTE Level;
    BYTE Associativity;
    WORD LineSize;
    DWORD CacheSize;
    PROCESSOR_CACHE_TYPE Type;
    BYTE Reserved[18];
    WORD GroupCount;
    __extension__ union {
        GROUP_AFFINITY GroupMask;
        GROUP_AFFINITY GroupMasks[1];
    };
} CACHE_RELATIONSHIP, *PCACHE_RELATIONSHIP;

typedef struct _PROCESSOR_GROUP_INFO {
    BYTE MaximumProcessorCount;
    BYTE ActiveProcessorCount;
    BYTE Reserved[38];
    KAFFINITY ActiveProcessorMask;
} PROCESSOR_GROUP_INFO, *PPROCESSOR_GROUP_INFO;

typedef struct _GROUP_RELATIONSHIP {
    WORD MaximumGroupCount;
    WORD ActiveGroupCount;
    BYTE Reserved[20];
    PROCESSOR_GROUP_INFO GroupInfo[1];
} GROUP_RELATIONSHIP, *PGROUP_RELATIONSHIP;

typedef struct _SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX {
    LOGICAL_PROCESSOR_RELATIONSHIP Relationship;
    DWORD Size;
    __extension__ union {
        PROCESSOR_RELATIONSHIP Processor;
        NUMA_NODE_RELATIONSHIP NumaNode;
        CACHE_RELATIONSHIP Cache;
        GROUP_RELATIONSHIP Group;
    };
} SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX, *PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX;
WSK_EMU_CHECK_SIZE(PROCESSOR_RELATIONSHIP, 0x28);
WSK_EMU_CHECK_SIZE(NUMA_NODE_RELATIONSHIP, 0x28);
WSK_EMU_CHECK_SIZE(GROUP_RELATIONSHIP, 0x48);
WSK_EMU_CHECK_SIZE(SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX, 0x50);

/*
 * Network compartments. There is one.
 */
typedef enum _COMPARTMENT_ID {
    UNSPECIFIED_COMPARTMENT_ID = 0,
    DEFAULT_COMPARTMENT_ID
} COMPARTMENT_ID, *PCOMPARTMENT_ID;

/*
 * Names of objects.
 */
typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;
typedef CONST OBJECT_ATTRIBUTES *PCOBJECT_ATTRIBUTES;
WSK_EMU_CHECK_SIZE(OBJECT_ATTRIBUTES, 0x30);

#define OBJ_INHERIT            0x00000002L
#define OBJ_PERMANENT          0x00000010L
#define OBJ_EXCLUSIVE          0x00000020L
#define OBJ_CASE_INSENSITIVE   0x00000040L
#define OBJ_OPENIF             0x00000080L
#define OBJ_OPENLINK           0x00000100L
#define OBJ_KERNEL_HANDLE      0x00000200L
#define OBJ_FORCE_ACCESS_CHECK 0x00000400L
#define OBJ_VALID_ATTRIBUTES   0x00001FF2L

#define InitializeObjectAttributes(p, n, a, r, s)                                                                      \
    {                                                                                                                  \
        (p)->Length = sizeof(OBJECT_ATTRIBUTES);                                                                       \
        (p)->RootDirectory = r;                                                                                        \
        (p)->Attributes = a;                                                                                           \
        (p)->ObjectName = n;                                                                                           \
        (p)->SecurityDescriptor = s;                                                                                   \
        (p)->SecurityQualityOfService = NULL;                                                                          \
    }

/*
 * Offsets, sizes, alignment.
 */
#define FIELD_OFFSET(type, field) ((LONG)__builtin_offsetof(type, field))
#define UFIELD_OFFSET(type, field) ((ULONG)__builtin_offsetof(type, field))
#define CONTAINING_RECORD(address, type, field)                                                                        \
    ((type *)(void *)((PCHAR)(address) - __builtin_offsetof(type, field)))
#define RTL_FIELD_SIZE(type, field) (sizeof(((type *)0)->field))
#define FIELD_SIZE(type, field) RTL_FIELD_SIZE(type, field)
#define RTL_SIZEOF_THROUGH_FIELD(type, field) (__builtin_offsetof(type, field) + RTL_FIELD_SIZE(type, field))
#define RTL_CONTAINS_FIELD(Struct, Size, Field)                                                                        \
    ((((PCHAR)(&(Struct)->Field)) + sizeof((Struct)->Field)) <= (((PCHAR)(Struct)) + (Size)))
#define RTL_NUMBER_OF(A) (sizeof(A) / sizeof((A)[0]))
#define RTL_NUMBER_OF_FIELD(type, field) (RTL_NUMBER_OF(((type *)0)->field))
#define ARRAYSIZE(A) RTL_NUMBER_OF(A)
#ifndef _countof
#define _countof(A) RTL_NUMBER_OF(A)
#endif
#define TYPE_ALIGNMENT(t) __alignof__(t)
#define ALIGN_DOWN_BY(length, alignment) ((ULONG_PTR)(length) & ~((ULONG_PTR)(alignment)-1))
#define ALIGN_UP_BY(length, alignment) (ALIGN_DOWN_BY(((ULONG_PTR)(length) + (alignment)-1), alignment))
#define ALIGN_DOWN_POINTER_BY(address, alignment) ((PVOID)ALIGN_DOWN_BY(address, alignment))
#define ALIGN_UP_POINTER_BY(address, alignment) ((PVOID)ALIGN_UP_BY(address, alignment))
#define ALIGN_DOWN(length, type) ALIGN_DOWN_BY(length, sizeof(type))
#define ALIGN_UP(length, type) ALIGN_UP_BY(length, sizeof(type))
#define ALIGN_DOWN_POINTER(address, type) ALIGN_DOWN_POINTER_BY(address, sizeof(type))
#define ALIGN_UP_POINTER(address, type) ALIGN_UP_POINTER_BY(address, sizeof(type))
#define LOWORD(_value) ((USHORT)((ULONG_PTR)(_value)&0xffff))
#define HIWORD(_value) ((USHORT)((((ULONG_PTR)(_value)) >> 16) & 0xffff))
#define LOBYTE(_value) ((UCHAR)((ULONG_PTR)(_value)&0xff))
#define HIBYTE(_value) ((UCHAR)((((ULONG_PTR)(_value)) >> 8) & 0xff))

#define UNREFERENCED_PARAMETER(P) ((void)(P))
#define DBG_UNREFERENCED_PARAMETER(P) ((void)(P))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(V) ((void)(V))
#define NOTHING
#define NOP_FUNCTION ((void)0)
#define DUMMYSTRUCTNAME
#define DUMMYUNIONNAME
#define ARGUMENT_PRESENT(_Argument) ((_Argument) != NULL)
#define FlagOn(_F, _SF) ((_F) & (_SF))
#define BooleanFlagOn(F, SF) ((BOOLEAN)(((F) & (SF)) != 0))
#define SetFlag(_F, _SF) ((_F) |= (_SF))
#define ClearFlag(_F, _SF) ((_F) &= ~(_SF))

/*
 * Functions in C++: as macros they would break the headers of the C++ library. Its own std::min is the better match where a
 * file says "using namespace std".
 */
#if defined(__cplusplus) && !defined(NOMINMAX)
extern "C++" {
template <typename wsk_emu_a, typename wsk_emu_b>
static __inline__ constexpr decltype(true ? wsk_emu_a() : wsk_emu_b()) min(wsk_emu_a a, wsk_emu_b b)
{
    return a < b ? a : b;
}
template <typename wsk_emu_a, typename wsk_emu_b>
static __inline__ constexpr decltype(true ? wsk_emu_a() : wsk_emu_b()) max(wsk_emu_a a, wsk_emu_b b)
{
    return a > b ? a : b;
}
}
#elif !defined(__cplusplus)
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#endif

/*
 * Flag operators for enumerations, in C++.
 */
#ifdef __cplusplus
#define DEFINE_ENUM_FLAG_OPERATORS(_enum)                                                                              \
    extern "C++" {                                                                                                     \
    inline constexpr _enum operator|(_enum a, _enum b) { return (_enum)((int)a | (int)b); }                            \
    inline constexpr _enum operator&(_enum a, _enum b) { return (_enum)((int)a & (int)b); }                            \
    inline constexpr _enum operator^(_enum a, _enum b) { return (_enum)((int)a ^ (int)b); }                            \
    inline constexpr _enum operator~(_enum a) { return (_enum)(~(int)a); }                                             \
    inline _enum &operator|=(_enum &a, _enum b) { return a = a | b; }                                                  \
    inline _enum &operator&=(_enum &a, _enum b) { return a = a & b; }                                                  \
    inline _enum &operator^=(_enum &a, _enum b) { return a = a ^ b; }                                                  \
    }
#else
#define DEFINE_ENUM_FLAG_OPERATORS(_enum)
#endif

#ifdef __cplusplus
}
#endif

#endif
