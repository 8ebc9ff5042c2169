/* SPDX-License-Identifier: MIT */
/* Shorter ways to the registry: values by path, and tables of values. PASSIVE_LEVEL. */
#ifndef WSK_EMU_WDK_RTL_REGISTRY_H
#define WSK_EMU_WDK_RTL_REGISTRY_H

#include "base.h"
#include "cm.h"
#include "irql.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What Path is relative to; with RTL_REGISTRY_HANDLE it is the handle of an open key.
 */
#define RTL_REGISTRY_ABSOLUTE   0
#define RTL_REGISTRY_SERVICES   1
#define RTL_REGISTRY_CONTROL    2
#define RTL_REGISTRY_WINDOWS_NT 3
#define RTL_REGISTRY_DEVICEMAP  4
#define RTL_REGISTRY_USER       5
#define RTL_REGISTRY_MAXIMUM    6
#define RTL_REGISTRY_HANDLE     0x40000000
#define RTL_REGISTRY_OPTIONAL   0x80000000

/*
 * Flags of a table's entry.
 */
#define RTL_QUERY_REGISTRY_SUBKEY          0x00000001
#define RTL_QUERY_REGISTRY_TOPKEY          0x00000002
#define RTL_QUERY_REGISTRY_REQUIRED        0x00000004
#define RTL_QUERY_REGISTRY_NOVALUE         0x00000008
#define RTL_QUERY_REGISTRY_NOEXPAND        0x00000010
#define RTL_QUERY_REGISTRY_DIRECT          0x00000020
#define RTL_QUERY_REGISTRY_DELETE          0x00000040
#define RTL_QUERY_REGISTRY_TYPECHECK       0x00000100
#define RTL_QUERY_REGISTRY_TYPECHECK_SHIFT 24
#define RTL_QUERY_REGISTRY_TYPECHECK_MASK  (0xffu << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT)

_Function_class_(RTL_QUERY_REGISTRY_ROUTINE) _IRQL_requires_(PASSIVE_LEVEL) typedef NTSTATUS NTAPI RTL_QUERY_REGISTRY_ROUTINE(
    _In_z_ PWSTR ValueName, _In_ ULONG ValueType, _In_reads_bytes_opt_(ValueLength) PVOID ValueData,
    _In_ ULONG ValueLength, _In_opt_ PVOID Context, _In_opt_ PVOID EntryContext);
typedef RTL_QUERY_REGISTRY_ROUTINE *PRTL_QUERY_REGISTRY_ROUTINE;

/* The last entry of a table is all zero. */
typedef struct _RTL_QUERY_REGISTRY_TABLE {
    PRTL_QUERY_REGISTRY_ROUTINE QueryRoutine;
    ULONG Flags;
    PWSTR Name;
    PVOID EntryContext;
    ULONG DefaultType;
    PVOID DefaultData;
    ULONG DefaultLength;
} RTL_QUERY_REGISTRY_TABLE, *PRTL_QUERY_REGISTRY_TABLE;
WSK_EMU_CHECK_SIZE(RTL_QUERY_REGISTRY_TABLE, 0x38);

/* Goes through the entries in order and stops at the first failure, which it returns: of a routine,
 * STATUS_OBJECT_NAME_NOT_FOUND (the key, a subkey, a required value), STATUS_OBJECT_TYPE_MISMATCH (of TYPECHECK),
 * STATUS_BUFFER_TOO_SMALL (of DIRECT), STATUS_INVALID_PARAMETER (an entry that contradicts itself). Strings get a
 * terminator where the registry has none. Environment is a block of "NAME=value" strings for REG_EXPAND_SZ. */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSYSAPI NTSTATUS NTAPI RtlQueryRegistryValues(
    _In_ ULONG RelativeTo, _In_ PCWSTR Path, _Inout_ PRTL_QUERY_REGISTRY_TABLE QueryTable, _In_opt_ PVOID Context,
    _In_opt_ PVOID Environment);

/* Sets a value; makes the last part of the path. ValueName NULL: the default value. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI RtlWriteRegistryValue(_In_ ULONG RelativeTo,
    _In_ PCWSTR Path, _In_opt_z_ PCWSTR ValueName, _In_ ULONG ValueType,
    _In_reads_bytes_opt_(ValueLength) PVOID ValueData, _In_ ULONG ValueLength);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI RtlDeleteRegistryValue(
    _In_ ULONG RelativeTo, _In_ PCWSTR Path, _In_opt_z_ PCWSTR ValueName);

/* Whether there is such a key: STATUS_SUCCESS, STATUS_OBJECT_NAME_NOT_FOUND. */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_ NTSYSAPI NTSTATUS NTAPI RtlCheckRegistryKey(
    _In_ ULONG RelativeTo, _In_ PWSTR Path);

/* Makes the last part of the path; success as well when it is there. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTSYSAPI NTSTATUS NTAPI RtlCreateRegistryKey(_In_ ULONG RelativeTo, _In_ PWSTR Path);

#ifdef __cplusplus
}
#endif

#endif
