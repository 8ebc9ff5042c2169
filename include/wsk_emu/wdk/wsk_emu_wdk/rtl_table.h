/* SPDX-License-Identifier: MIT */
/* Generic tables: elements in the order of the driver's own comparison. The caller locks; the driver's routines are called at
 * the caller's IRQL. */
#ifndef WSK_EMU_WDK_RTL_TABLE_H
#define WSK_EMU_WDK_RTL_TABLE_H

#include "base.h"
#include "irql.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum _TABLE_SEARCH_RESULT { TableEmptyTree, TableFoundNode, TableInsertAsLeft, TableInsertAsRight } TABLE_SEARCH_RESULT;

typedef enum _RTL_GENERIC_COMPARE_RESULTS {
    GenericLessThan,
    GenericGreaterThan,
    GenericEqual
} RTL_GENERIC_COMPARE_RESULTS;

/*
 * Tables that are balanced trees (Avl). An element lies behind the links of its node; drivers that look at a table's
 * members find the ones that Windows has.
 */
struct _RTL_AVL_TABLE;

_IRQL_requires_same_ _Function_class_(RTL_AVL_COMPARE_ROUTINE) typedef RTL_GENERIC_COMPARE_RESULTS NTAPI RTL_AVL_COMPARE_ROUTINE(
    _In_ struct _RTL_AVL_TABLE *Table, _In_ PVOID FirstStruct, _In_ PVOID SecondStruct);
typedef RTL_AVL_COMPARE_ROUTINE *PRTL_AVL_COMPARE_ROUTINE;

/* Gets room for the node as well; NULL makes the insertion fail. */
_IRQL_requires_same_ _Function_class_(RTL_AVL_ALLOCATE_ROUTINE) __drv_allocatesMem(Mem) typedef PVOID NTAPI RTL_AVL_ALLOCATE_ROUTINE(
    _In_ struct _RTL_AVL_TABLE *Table, _In_ CLONG ByteSize);
typedef RTL_AVL_ALLOCATE_ROUTINE *PRTL_AVL_ALLOCATE_ROUTINE;

_IRQL_requires_same_ _Function_class_(RTL_AVL_FREE_ROUTINE) typedef VOID NTAPI RTL_AVL_FREE_ROUTINE(
    _In_ struct _RTL_AVL_TABLE *Table, _In_ __drv_freesMem(Mem) _Post_invalid_ PVOID Buffer);
typedef RTL_AVL_FREE_ROUTINE *PRTL_AVL_FREE_ROUTINE;

typedef struct _RTL_BALANCED_LINKS {
    struct _RTL_BALANCED_LINKS *Parent;
    struct _RTL_BALANCED_LINKS *LeftChild;
    struct _RTL_BALANCED_LINKS *RightChild;
    CHAR Balance;
    UCHAR Reserved[3];
} RTL_BALANCED_LINKS, *PRTL_BALANCED_LINKS;
WSK_EMU_CHECK_SIZE(RTL_BALANCED_LINKS, 0x20);

typedef struct _RTL_AVL_TABLE {
    RTL_BALANCED_LINKS BalancedRoot; /* its right child is the root */
    PVOID OrderedPointer;
    ULONG WhichOrderedElement;
    ULONG NumberGenericTableElements;
    ULONG DepthOfTree;
    PRTL_BALANCED_LINKS RestartKey;
    ULONG DeleteCount;
    PRTL_AVL_COMPARE_ROUTINE CompareRoutine;
    PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine;
    PRTL_AVL_FREE_ROUTINE FreeRoutine;
    PVOID TableContext;
} RTL_AVL_TABLE, *PRTL_AVL_TABLE;
WSK_EMU_CHECK_SIZE(RTL_AVL_TABLE, 0x68);

_IRQL_requires_max_(DISPATCH_LEVEL) NTSYSAPI VOID NTAPI RtlInitializeGenericTableAvl(_Out_ PRTL_AVL_TABLE Table,
    _In_ PRTL_AVL_COMPARE_ROUTINE CompareRoutine, _In_opt_ PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine,
    _In_opt_ PRTL_AVL_FREE_ROUTINE FreeRoutine, _In_opt_ PVOID TableContext);

/* Copies the element into the table. An equal one that is there stays as it is and is returned. NULL: no memory. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTSYSAPI PVOID NTAPI RtlInsertElementGenericTableAvl(_In_ PRTL_AVL_TABLE Table,
    _In_reads_bytes_(BufferSize) PVOID Buffer, _In_ CLONG BufferSize, _Out_opt_ PBOOLEAN NewElement);

/* With the node and the result of RtlLookupElementGenericTableFullAvl, which saves the search. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTSYSAPI PVOID NTAPI RtlInsertElementGenericTableFullAvl(_In_ PRTL_AVL_TABLE Table,
    _In_reads_bytes_(BufferSize) PVOID Buffer, _In_ CLONG BufferSize, _Out_opt_ PBOOLEAN NewElement,
    _In_ PVOID NodeOrParent, _In_ TABLE_SEARCH_RESULT SearchResult);

/* FALSE: there is no such element. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTSYSAPI BOOLEAN NTAPI RtlDeleteElementGenericTableAvl(
    _In_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer);

_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSYSAPI PVOID NTAPI RtlLookupElementGenericTableAvl(
    _In_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer);

_IRQL_requires_max_(DISPATCH_LEVEL) NTSYSAPI PVOID NTAPI RtlLookupElementGenericTableFullAvl(_In_ PRTL_AVL_TABLE Table,
    _In_ PVOID Buffer, _Out_ PVOID *NodeOrParent, _Out_ TABLE_SEARCH_RESULT *SearchResult);

/* The first of the elements that compare equal to Buffer, and where RtlEnumerateGenericTableWithoutSplayingAvl goes on. */
_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSYSAPI PVOID NTAPI RtlLookupFirstMatchingElementGenericTableAvl(
    _In_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer, _Out_ PVOID *RestartKey);

/* One element a call, in order; NULL behind the last. Deleting the element that was returned does not disturb it. */
_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSYSAPI PVOID NTAPI RtlEnumerateGenericTableAvl(
    _In_ PRTL_AVL_TABLE Table, _In_ BOOLEAN Restart);

_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSYSAPI PVOID NTAPI RtlEnumerateGenericTableWithoutSplayingAvl(
    _In_ PRTL_AVL_TABLE Table, _Inout_ PVOID *RestartKey);

/* Element number I in order, from 0; NULL: there are not that many. */
_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSYSAPI PVOID NTAPI RtlGetElementGenericTableAvl(
    _In_ PRTL_AVL_TABLE Table, _In_ ULONG I);

_IRQL_requires_max_(DISPATCH_LEVEL) NTSYSAPI ULONG NTAPI RtlNumberGenericTableElementsAvl(_In_ PRTL_AVL_TABLE Table);

_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSYSAPI BOOLEAN NTAPI RtlIsGenericTableEmptyAvl(
    _In_ PRTL_AVL_TABLE Table);

/*
 * Tables that are splay trees: a search moves what it finds to the root, so even a search needs the lock.
 */
#ifndef RTL_USE_AVL_TABLES
struct _RTL_GENERIC_TABLE;

_IRQL_requires_same_ _Function_class_(RTL_GENERIC_COMPARE_ROUTINE) typedef RTL_GENERIC_COMPARE_RESULTS NTAPI RTL_GENERIC_COMPARE_ROUTINE(
    _In_ struct _RTL_GENERIC_TABLE *Table, _In_ PVOID FirstStruct, _In_ PVOID SecondStruct);
typedef RTL_GENERIC_COMPARE_ROUTINE *PRTL_GENERIC_COMPARE_ROUTINE;

_IRQL_requires_same_ _Function_class_(RTL_GENERIC_ALLOCATE_ROUTINE) __drv_allocatesMem(Mem) typedef PVOID NTAPI RTL_GENERIC_ALLOCATE_ROUTINE(
    _In_ struct _RTL_GENERIC_TABLE *Table, _In_ CLONG ByteSize);
typedef RTL_GENERIC_ALLOCATE_ROUTINE *PRTL_GENERIC_ALLOCATE_ROUTINE;

_IRQL_requires_same_ _Function_class_(RTL_GENERIC_FREE_ROUTINE) typedef VOID NTAPI RTL_GENERIC_FREE_ROUTINE(
    _In_ struct _RTL_GENERIC_TABLE *Table, _In_ __drv_freesMem(Mem) _Post_invalid_ PVOID Buffer);
typedef RTL_GENERIC_FREE_ROUTINE *PRTL_GENERIC_FREE_ROUTINE;

typedef struct _RTL_SPLAY_LINKS {
    struct _RTL_SPLAY_LINKS *Parent; /* of the root: itself */
    struct _RTL_SPLAY_LINKS *LeftChild;
    struct _RTL_SPLAY_LINKS *RightChild;
} RTL_SPLAY_LINKS, *PRTL_SPLAY_LINKS;

typedef struct _RTL_GENERIC_TABLE {
    PRTL_SPLAY_LINKS TableRoot;
    LIST_ENTRY InsertOrderList;
    PLIST_ENTRY OrderedPointer;
    ULONG WhichOrderedElement;
    ULONG NumberGenericTableElements;
    PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine;
    PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine;
    PRTL_GENERIC_FREE_ROUTINE FreeRoutine;
    PVOID TableContext;
} RTL_GENERIC_TABLE, *PRTL_GENERIC_TABLE;
WSK_EMU_CHECK_SIZE(RTL_GENERIC_TABLE, 0x48);

_IRQL_requires_max_(DISPATCH_LEVEL) NTSYSAPI VOID NTAPI RtlInitializeGenericTable(_Out_ PRTL_GENERIC_TABLE Table,
    _In_ PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine, _In_ PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine,
    _In_ PRTL_GENERIC_FREE_ROUTINE FreeRoutine, _In_opt_ PVOID TableContext);

_IRQL_requires_max_(DISPATCH_LEVEL) NTSYSAPI PVOID NTAPI RtlInsertElementGenericTable(_In_ PRTL_GENERIC_TABLE Table,
    _In_reads_bytes_(BufferSize) PVOID Buffer, _In_ CLONG BufferSize, _Out_opt_ PBOOLEAN NewElement);

_IRQL_requires_max_(DISPATCH_LEVEL) NTSYSAPI BOOLEAN NTAPI RtlDeleteElementGenericTable(
    _In_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer);

_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSYSAPI PVOID NTAPI RtlLookupElementGenericTable(
    _In_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer);

_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSYSAPI PVOID NTAPI RtlEnumerateGenericTable(
    _In_ PRTL_GENERIC_TABLE Table, _In_ BOOLEAN Restart);

_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSYSAPI PVOID NTAPI RtlEnumerateGenericTableWithoutSplaying(
    _In_ PRTL_GENERIC_TABLE Table, _Inout_ PVOID *RestartKey);

/* Element number I in the order in which they were inserted, from 0. */
_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSYSAPI PVOID NTAPI RtlGetElementGenericTable(
    _In_ PRTL_GENERIC_TABLE Table, _In_ ULONG I);

_IRQL_requires_max_(DISPATCH_LEVEL) NTSYSAPI ULONG NTAPI RtlNumberGenericTableElements(_In_ PRTL_GENERIC_TABLE Table);

_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ NTSYSAPI BOOLEAN NTAPI RtlIsGenericTableEmpty(
    _In_ PRTL_GENERIC_TABLE Table);

#else

/*
 * A driver that says so gets balanced trees under the names of splay trees.
 */
#define _RTL_GENERIC_TABLE _RTL_AVL_TABLE
#define RTL_GENERIC_TABLE RTL_AVL_TABLE
#define PRTL_GENERIC_TABLE PRTL_AVL_TABLE
#define RTL_GENERIC_COMPARE_ROUTINE RTL_AVL_COMPARE_ROUTINE
#define PRTL_GENERIC_COMPARE_ROUTINE PRTL_AVL_COMPARE_ROUTINE
#define RTL_GENERIC_ALLOCATE_ROUTINE RTL_AVL_ALLOCATE_ROUTINE
#define PRTL_GENERIC_ALLOCATE_ROUTINE PRTL_AVL_ALLOCATE_ROUTINE
#define RTL_GENERIC_FREE_ROUTINE RTL_AVL_FREE_ROUTINE
#define PRTL_GENERIC_FREE_ROUTINE PRTL_AVL_FREE_ROUTINE
#define RtlInitializeGenericTable RtlInitializeGenericTableAvl
#define RtlInsertElementGenericTable RtlInsertElementGenericTableAvl
#define RtlInsertElementGenericTableFull RtlInsertElementGenericTableFullAvl
#define RtlDeleteElementGenericTable RtlDeleteElementGenericTableAvl
#define RtlLookupElementGenericTable RtlLookupElementGenericTableAvl
#define RtlLookupElementGenericTableFull RtlLookupElementGenericTableFullAvl
#define RtlEnumerateGenericTable RtlEnumerateGenericTableAvl
#define RtlEnumerateGenericTableWithoutSplaying RtlEnumerateGenericTableWithoutSplayingAvl
#define RtlGetElementGenericTable RtlGetElementGenericTableAvl
#define RtlNumberGenericTableElements RtlNumberGenericTableElementsAvl
#define RtlIsGenericTableEmpty RtlIsGenericTableEmptyAvl

#endif

#ifdef __cplusplus
}
#endif

#endif
