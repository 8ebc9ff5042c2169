/* SPDX-License-Identifier: MIT */
/* Generic tables that are balanced trees (RTL_AVL_TABLE): the driver's comparison, the driver's memory. */
#include <wdm.h>

#include <string.h>

#include "nt/nt_door.h"
#include "nt/nt_irql.h"
#include "nt/rtl_avl.h"

/* Design
 *
 * An element lies behind its links, in memory of the driver's allocate routine. RestartKey is the element that
 * RtlEnumerateGenericTableAvl returned last; whoever deletes it steps back to the one before, so that an enumeration
 * that deletes what it gets goes on where it was. OrderedPointer is element number WhichOrderedElement of the order,
 * which makes a loop over RtlGetElementGenericTableAvl cheap; an insertion or a deletion forgets it.
 */

static PVOID element_of(PRTL_BALANCED_LINKS node)
{
    return node != NULL ? node + 1 : NULL;
}

static RTL_GENERIC_COMPARE_RESULTS call_compare(PRTL_AVL_TABLE table, PVOID first, PVOID second)
{
    RTL_GENERIC_COMPARE_RESULTS result;
    struct we_nt_frame frame;

    we_nt_door_enter(&frame, WE_DOOR_TABLE, (const void *)(ULONG_PTR)table->CompareRoutine, table);
    result = table->CompareRoutine(table, first, second);
    we_nt_door_leave(&frame);
    return result;
}

static PRTL_BALANCED_LINKS call_allocate(PRTL_AVL_TABLE table, CLONG size_bytes)
{
    struct we_nt_frame frame;
    PVOID memory;

    we_nt_door_enter(&frame, WE_DOOR_TABLE, (const void *)(ULONG_PTR)table->AllocateRoutine, table);
    memory = table->AllocateRoutine(table, size_bytes);
    we_nt_door_leave(&frame);
    return memory;
}

static void call_free(PRTL_AVL_TABLE table, PRTL_BALANCED_LINKS node)
{
    struct we_nt_frame frame;

    we_nt_door_enter(&frame, WE_DOOR_TABLE, (const void *)(ULONG_PTR)table->FreeRoutine, table);
    table->FreeRoutine(table, node);
    we_nt_door_leave(&frame);
}

VOID RtlInitializeGenericTableAvl(PRTL_AVL_TABLE Table, PRTL_AVL_COMPARE_ROUTINE CompareRoutine,
                                  PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine, PRTL_AVL_FREE_ROUTINE FreeRoutine,
                                  PVOID TableContext)
{
    WE_NT_ENTRY(RtlInitializeGenericTableAvl);
    memset(Table, 0, sizeof(*Table));
    we_rtl_avl_init(&Table->BalancedRoot);
    Table->CompareRoutine = CompareRoutine;
    Table->AllocateRoutine = AllocateRoutine;
    Table->FreeRoutine = FreeRoutine;
    Table->TableContext = TableContext;
}

/* --- searching ------------------------------------------------------------------------------ */

/* Returns the equal node, or the one under which an equal one would hang, or NULL for an empty table. */
static PRTL_BALANCED_LINKS find(PRTL_AVL_TABLE table, PVOID buffer, TABLE_SEARCH_RESULT *result)
{
    PRTL_BALANCED_LINKS node = table->BalancedRoot.RightChild;
    PRTL_BALANCED_LINKS parent = NULL;

    *result = TableEmptyTree;
    while (node != NULL) {
        RTL_GENERIC_COMPARE_RESULTS order = call_compare(table, buffer, element_of(node));

        if (order == GenericEqual) {
            *result = TableFoundNode;
            return node;
        }
        parent = node;
        *result = order == GenericLessThan ? TableInsertAsLeft : TableInsertAsRight;
        node = order == GenericLessThan ? node->LeftChild : node->RightChild;
    }
    return parent;
}

PVOID RtlLookupElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer, PVOID *NodeOrParent,
                                          TABLE_SEARCH_RESULT *SearchResult)
{
    WE_NT_ENTRY(RtlLookupElementGenericTableFullAvl);
    *NodeOrParent = find(Table, Buffer, SearchResult);
    return *SearchResult == TableFoundNode ? element_of(*NodeOrParent) : NULL;
}

PVOID RtlLookupElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    TABLE_SEARCH_RESULT result;
    PRTL_BALANCED_LINKS node;

    WE_NT_ENTRY(RtlLookupElementGenericTableAvl);
    node = find(Table, Buffer, &result);
    return result == TableFoundNode ? element_of(node) : NULL;
}

PVOID RtlLookupFirstMatchingElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer, PVOID *RestartKey)
{
    TABLE_SEARCH_RESULT result;
    PRTL_BALANCED_LINKS previous;
    PRTL_BALANCED_LINKS node;

    WE_NT_ENTRY(RtlLookupFirstMatchingElementGenericTableAvl);
    node = find(Table, Buffer, &result);
    if (result != TableFoundNode) {
        *RestartKey = NULL;
        return NULL;
    }
    /* A comparison may look at a part of the element only, so that several match. */
    while ((previous = we_rtl_avl_previous(&Table->BalancedRoot, node)) != NULL &&
           call_compare(Table, Buffer, element_of(previous)) == GenericEqual) {
        node = previous;
    }
    *RestartKey = node;
    return element_of(node);
}

/* --- changing -------------------------------------------------------------------------------- */

static void order_forget(PRTL_AVL_TABLE table)
{
    table->OrderedPointer = NULL;
    table->WhichOrderedElement = 0;
}

static PVOID insert(PRTL_AVL_TABLE table, PVOID buffer, CLONG size_bytes, PBOOLEAN is_new, PRTL_BALANCED_LINKS place,
                    TABLE_SEARCH_RESULT result)
{
    PRTL_BALANCED_LINKS node = NULL;

    if (is_new != NULL) {
        *is_new = FALSE;
    }
    if (result == TableFoundNode) {
        return element_of(place);
    }
    if (size_bytes <= MAXULONG - sizeof(*node)) {
        node = call_allocate(table, (CLONG)(size_bytes + sizeof(*node)));
    }
    if (node == NULL) {
        return NULL;
    }
    memset(node, 0, sizeof(*node));
    memcpy(element_of(node), buffer, size_bytes);
    if (place == NULL) {
        place = &table->BalancedRoot;
    }
    if (we_rtl_avl_insert(&table->BalancedRoot, node, place, result == TableInsertAsLeft)) {
        table->DepthOfTree++;
    }
    table->NumberGenericTableElements++;
    order_forget(table);
    if (is_new != NULL) {
        *is_new = TRUE;
    }
    return element_of(node);
}

PVOID RtlInsertElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize, PBOOLEAN NewElement,
                                          PVOID NodeOrParent, TABLE_SEARCH_RESULT SearchResult)
{
    WE_NT_ENTRY(RtlInsertElementGenericTableFullAvl);
    return insert(Table, Buffer, BufferSize, NewElement, NodeOrParent, SearchResult);
}

PVOID RtlInsertElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize, PBOOLEAN NewElement)
{
    TABLE_SEARCH_RESULT result;
    PRTL_BALANCED_LINKS place;

    WE_NT_ENTRY(RtlInsertElementGenericTableAvl);
    place = find(Table, Buffer, &result);
    return insert(Table, Buffer, BufferSize, NewElement, place, result);
}

BOOLEAN RtlDeleteElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    TABLE_SEARCH_RESULT result;
    PRTL_BALANCED_LINKS node;

    WE_NT_ENTRY(RtlDeleteElementGenericTableAvl);
    node = find(Table, Buffer, &result);
    if (result != TableFoundNode) {
        return FALSE;
    }
    if (Table->RestartKey == node) {
        Table->RestartKey = we_rtl_avl_previous(&Table->BalancedRoot, node);
    }
    if (we_rtl_avl_remove(&Table->BalancedRoot, node)) {
        Table->DepthOfTree--;
    }
    Table->NumberGenericTableElements--;
    Table->DeleteCount++;
    order_forget(Table);
    call_free(Table, node);
    return TRUE;
}

/* --- going through ----------------------------------------------------------------------------- */

PVOID RtlEnumerateGenericTableWithoutSplayingAvl(PRTL_AVL_TABLE Table, PVOID *RestartKey)
{
    PRTL_BALANCED_LINKS node = *RestartKey;

    WE_NT_ENTRY(RtlEnumerateGenericTableWithoutSplayingAvl);
    node = node == NULL ? we_rtl_avl_first(&Table->BalancedRoot) : we_rtl_avl_next(&Table->BalancedRoot, node);
    if (node != NULL) {
        *RestartKey = node;
    }
    return element_of(node);
}

PVOID RtlEnumerateGenericTableAvl(PRTL_AVL_TABLE Table, BOOLEAN Restart)
{
    PVOID key = Restart ? NULL : Table->RestartKey;
    PVOID element;

    WE_NT_ENTRY(RtlEnumerateGenericTableAvl);
    element = RtlEnumerateGenericTableWithoutSplayingAvl(Table, &key);
    Table->RestartKey = key;
    return element;
}

PVOID RtlGetElementGenericTableAvl(PRTL_AVL_TABLE Table, ULONG I)
{
    PRTL_BALANCED_LINKS node = Table->OrderedPointer;
    ULONG index = Table->WhichOrderedElement;

    WE_NT_ENTRY(RtlGetElementGenericTableAvl);
    if (I >= Table->NumberGenericTableElements) {
        return NULL;
    }
    if (node == NULL || I < index) {
        node = we_rtl_avl_first(&Table->BalancedRoot);
        index = 0;
    }
    for (; index < I; index++) {
        node = we_rtl_avl_next(&Table->BalancedRoot, node);
    }
    Table->OrderedPointer = node;
    Table->WhichOrderedElement = index;
    return element_of(node);
}

ULONG RtlNumberGenericTableElementsAvl(PRTL_AVL_TABLE Table)
{
    WE_NT_ENTRY(RtlNumberGenericTableElementsAvl);
    return Table->NumberGenericTableElements;
}

BOOLEAN RtlIsGenericTableEmptyAvl(PRTL_AVL_TABLE Table)
{
    WE_NT_ENTRY(RtlIsGenericTableEmptyAvl);
    return Table->NumberGenericTableElements == 0;
}
