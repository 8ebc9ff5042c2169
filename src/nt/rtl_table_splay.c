/* SPDX-License-Identifier: MIT */
/* Generic tables that are splay trees (RTL_GENERIC_TABLE): what was looked for stands at the root afterwards. */
#include <wdm.h>

#include <string.h>

#include "nt/nt_door.h"
#include "nt/nt_irql.h"

/* Design
 *
 * The parent of the root is the root itself, as in the trees of RTL_SPLAY_LINKS that drivers build on their own. Behind
 * the links of an element stands its place in the order of insertion, then the driver's data. An enumeration has no
 * state: it goes on behind the root, where the element that was returned last stands.
 */

struct node {
    RTL_SPLAY_LINKS links;
    LIST_ENTRY order;
};
WSK_EMU_CHECK_SIZE(struct node, 0x28);

static PVOID element_of(PRTL_SPLAY_LINKS links)
{
    return links != NULL ? (struct node *)(PVOID)links + 1 : NULL;
}

static RTL_GENERIC_COMPARE_RESULTS call_compare(PRTL_GENERIC_TABLE table, PVOID first, PVOID second)
{
    RTL_GENERIC_COMPARE_RESULTS result;
    struct we_nt_frame frame;

    we_nt_door_enter(&frame, WE_DOOR_TABLE, (const void *)(ULONG_PTR)table->CompareRoutine, table);
    result = table->CompareRoutine(table, first, second);
    we_nt_door_leave(&frame);
    return result;
}

static struct node *call_allocate(PRTL_GENERIC_TABLE table, CLONG size_bytes)
{
    struct we_nt_frame frame;
    PVOID memory;

    we_nt_door_enter(&frame, WE_DOOR_TABLE, (const void *)(ULONG_PTR)table->AllocateRoutine, table);
    memory = table->AllocateRoutine(table, size_bytes);
    we_nt_door_leave(&frame);
    return memory;
}

static void call_free(PRTL_GENERIC_TABLE table, struct node *node)
{
    struct we_nt_frame frame;

    we_nt_door_enter(&frame, WE_DOOR_TABLE, (const void *)(ULONG_PTR)table->FreeRoutine, table);
    table->FreeRoutine(table, node);
    we_nt_door_leave(&frame);
}

/* --- links ------------------------------------------------------------------------------------- */

static bool is_root(PRTL_SPLAY_LINKS links)
{
    return links->Parent == links;
}

static bool is_left(PRTL_SPLAY_LINKS links)
{
    return links->Parent->LeftChild == links;
}

/* Rotates links above its parent. */
static void promote(PRTL_SPLAY_LINKS links)
{
    PRTL_SPLAY_LINKS parent = links->Parent;
    PRTL_SPLAY_LINKS moved;

    if (is_root(parent)) {
        moved = links;
    } else {
        moved = parent->Parent;
        *(is_left(parent) ? &moved->LeftChild : &moved->RightChild) = links;
    }
    if (parent->LeftChild == links) {
        parent->LeftChild = links->RightChild;
        links->RightChild = parent;
        links->Parent = moved;
        moved = parent->LeftChild;
    } else {
        parent->RightChild = links->LeftChild;
        links->LeftChild = parent;
        links->Parent = moved;
        moved = parent->RightChild;
    }
    parent->Parent = links;
    if (moved != NULL) {
        moved->Parent = parent;
    }
}

/* Moves links to the root of its tree. */
static PRTL_SPLAY_LINKS splay(PRTL_SPLAY_LINKS links)
{
    while (!is_root(links)) {
        if (!is_root(links->Parent)) {
            promote(is_left(links) == is_left(links->Parent) ? links->Parent : links);
        }
        promote(links);
    }
    return links;
}

static PRTL_SPLAY_LINKS leftmost(PRTL_SPLAY_LINKS links)
{
    while (links != NULL && links->LeftChild != NULL) {
        links = links->LeftChild;
    }
    return links;
}

static PRTL_SPLAY_LINKS rightmost(PRTL_SPLAY_LINKS links)
{
    while (links->RightChild != NULL) {
        links = links->RightChild;
    }
    return links;
}

static PRTL_SPLAY_LINKS next_of(PRTL_SPLAY_LINKS links)
{
    if (links->RightChild != NULL) {
        return leftmost(links->RightChild);
    }
    while (!is_root(links) && !is_left(links)) {
        links = links->Parent;
    }
    return is_root(links) ? NULL : links->Parent;
}

/* --- tables ------------------------------------------------------------------------------------ */

VOID RtlInitializeGenericTable(PRTL_GENERIC_TABLE Table, PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
                               PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine, PRTL_GENERIC_FREE_ROUTINE FreeRoutine,
                               PVOID TableContext)
{
    WE_NT_ENTRY(RtlInitializeGenericTable);
    memset(Table, 0, sizeof(*Table));
    InitializeListHead(&Table->InsertOrderList);
    Table->OrderedPointer = &Table->InsertOrderList;
    Table->CompareRoutine = CompareRoutine;
    Table->AllocateRoutine = AllocateRoutine;
    Table->FreeRoutine = FreeRoutine;
    Table->TableContext = TableContext;
}

/* Moves the equal element, or the last one that was looked at, to the root. */
static TABLE_SEARCH_RESULT find(PRTL_GENERIC_TABLE table, PVOID buffer)
{
    PRTL_SPLAY_LINKS links = table->TableRoot;
    PRTL_SPLAY_LINKS last = NULL;
    TABLE_SEARCH_RESULT result = TableEmptyTree;

    while (links != NULL && result != TableFoundNode) {
        RTL_GENERIC_COMPARE_RESULTS order = call_compare(table, buffer, element_of(links));

        last = links;
        if (order == GenericEqual) {
            result = TableFoundNode;
        } else {
            result = order == GenericLessThan ? TableInsertAsLeft : TableInsertAsRight;
            links = order == GenericLessThan ? links->LeftChild : links->RightChild;
        }
    }
    if (last != NULL) {
        table->TableRoot = splay(last);
    }
    return result;
}

PVOID RtlLookupElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    WE_NT_ENTRY(RtlLookupElementGenericTable);
    return find(Table, Buffer) == TableFoundNode ? element_of(Table->TableRoot) : NULL;
}

/* Makes links the root and the old root, which is its neighbour on one side, its child. */
static void root_replace(PRTL_GENERIC_TABLE table, PRTL_SPLAY_LINKS links, TABLE_SEARCH_RESULT result)
{
    PRTL_SPLAY_LINKS old = table->TableRoot;

    memset(links, 0, sizeof(*links));
    links->Parent = links;
    table->TableRoot = links;
    if (result == TableInsertAsLeft) {
        links->RightChild = old;
        links->LeftChild = old->LeftChild;
        old->LeftChild = NULL;
    } else if (result == TableInsertAsRight) {
        links->LeftChild = old;
        links->RightChild = old->RightChild;
        old->RightChild = NULL;
    }
    if (links->LeftChild != NULL) {
        links->LeftChild->Parent = links;
    }
    if (links->RightChild != NULL) {
        links->RightChild->Parent = links;
    }
}

PVOID RtlInsertElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize, PBOOLEAN NewElement)
{
    TABLE_SEARCH_RESULT result;
    struct node *node = NULL;

    WE_NT_ENTRY(RtlInsertElementGenericTable);
    result = find(Table, Buffer);
    if (NewElement != NULL) {
        *NewElement = FALSE;
    }
    if (result == TableFoundNode) {
        return element_of(Table->TableRoot);
    }
    if (BufferSize <= MAXULONG - sizeof(*node)) {
        node = call_allocate(Table, (CLONG)(BufferSize + sizeof(*node)));
    }
    if (node == NULL) {
        return NULL;
    }
    root_replace(Table, &node->links, result);
    InsertTailList(&Table->InsertOrderList, &node->order);
    Table->NumberGenericTableElements++;
    memcpy(node + 1, Buffer, BufferSize);
    if (NewElement != NULL) {
        *NewElement = TRUE;
    }
    return node + 1;
}

/* Takes the root out. The one before it in order becomes the root, so that an enumeration goes on behind it. */
static void root_remove(PRTL_GENERIC_TABLE table)
{
    PRTL_SPLAY_LINKS left = table->TableRoot->LeftChild;
    PRTL_SPLAY_LINKS right = table->TableRoot->RightChild;

    if (left == NULL) {
        table->TableRoot = right;
        if (right != NULL) {
            right->Parent = right;
        }
        return;
    }
    left->Parent = left;
    table->TableRoot = splay(rightmost(left));
    table->TableRoot->RightChild = right;
    if (right != NULL) {
        right->Parent = table->TableRoot;
    }
}

BOOLEAN RtlDeleteElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    struct node *node;

    WE_NT_ENTRY(RtlDeleteElementGenericTable);
    if (find(Table, Buffer) != TableFoundNode) {
        return FALSE;
    }
    node = CONTAINING_RECORD(Table->TableRoot, struct node, links);
    root_remove(Table);
    RemoveEntryList(&node->order);
    Table->NumberGenericTableElements--;
    Table->OrderedPointer = &Table->InsertOrderList;
    Table->WhichOrderedElement = 0;
    call_free(Table, node);
    return TRUE;
}

/* --- going through ----------------------------------------------------------------------------- */

PVOID RtlEnumerateGenericTable(PRTL_GENERIC_TABLE Table, BOOLEAN Restart)
{
    PRTL_SPLAY_LINKS links = NULL;

    WE_NT_ENTRY(RtlEnumerateGenericTable);
    if (Table->TableRoot != NULL) {
        links = Restart ? leftmost(Table->TableRoot) : next_of(Table->TableRoot);
    }
    if (links != NULL) {
        Table->TableRoot = splay(links);
    }
    return element_of(links);
}

PVOID RtlEnumerateGenericTableWithoutSplaying(PRTL_GENERIC_TABLE Table, PVOID *RestartKey)
{
    PRTL_SPLAY_LINKS links = *RestartKey;

    WE_NT_ENTRY(RtlEnumerateGenericTableWithoutSplaying);
    links = links == NULL ? leftmost(Table->TableRoot) : next_of(links);
    if (links != NULL) {
        *RestartKey = links;
    }
    return element_of(links);
}

/* OrderedPointer is the list's head, or the place of element number WhichOrderedElement - 1. */
PVOID RtlGetElementGenericTable(PRTL_GENERIC_TABLE Table, ULONG I)
{
    PLIST_ENTRY place = Table->OrderedPointer;
    ULONG count = Table->WhichOrderedElement;

    WE_NT_ENTRY(RtlGetElementGenericTable);
    if (I >= Table->NumberGenericTableElements) {
        return NULL;
    }
    if (I + 1 < count) {
        place = &Table->InsertOrderList;
        count = 0;
    }
    for (; count < I + 1; count++) {
        place = place->Flink;
    }
    Table->OrderedPointer = place;
    Table->WhichOrderedElement = count;
    return element_of(&CONTAINING_RECORD(place, struct node, order)->links);
}

ULONG RtlNumberGenericTableElements(PRTL_GENERIC_TABLE Table)
{
    WE_NT_ENTRY(RtlNumberGenericTableElements);
    return Table->NumberGenericTableElements;
}

BOOLEAN RtlIsGenericTableEmpty(PRTL_GENERIC_TABLE Table)
{
    WE_NT_ENTRY(RtlIsGenericTableEmpty);
    return Table->TableRoot == NULL;
}
