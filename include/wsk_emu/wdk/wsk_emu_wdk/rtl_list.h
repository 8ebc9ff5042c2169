/* SPDX-License-Identifier: MIT */
/* Doubly and singly linked lists, with the check that stops on corrupt neighbours. */
#ifndef WSK_EMU_WDK_RTL_LIST_H
#define WSK_EMU_WDK_RTL_LIST_H

#include "../ntdef.h"
#include "dbg.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Reports RTL-002 for an entry whose neighbours do not point back at it, then stops with bug check 0x139 (3). Returns only
 * if a test expects the report; the list is then left as it was found.
 */
VOID wsk_emu_list_corrupt(_In_ PLIST_ENTRY Entry);

/* An entry that was never linked or initialised may be all zero. */
static FORCEINLINE BOOLEAN wsk_emu_list_is_sound(_In_ const LIST_ENTRY *Entry)
{
    return (BOOLEAN)(Entry->Flink != NULL && Entry->Blink != NULL && Entry->Flink->Blink == Entry &&
                     Entry->Blink->Flink == Entry);
}

static FORCEINLINE VOID InitializeListHead(_Out_ PLIST_ENTRY ListHead)
{
    ListHead->Flink = ListHead;
    ListHead->Blink = ListHead;
}

static FORCEINLINE BOOLEAN IsListEmpty(_In_ const LIST_ENTRY *ListHead)
{
    return (BOOLEAN)(ListHead->Flink == ListHead);
}

static FORCEINLINE VOID RtlpCheckListEntry(_In_ PLIST_ENTRY Entry)
{
    if (!wsk_emu_list_is_sound(Entry)) {
        wsk_emu_list_corrupt(Entry);
    }
}

static FORCEINLINE BOOLEAN RemoveEntryList(_In_ PLIST_ENTRY Entry)
{
    if (!wsk_emu_list_is_sound(Entry)) {
        wsk_emu_list_corrupt(Entry);
        return FALSE;
    }
    Entry->Blink->Flink = Entry->Flink;
    Entry->Flink->Blink = Entry->Blink;
    return (BOOLEAN)(Entry->Flink == Entry->Blink);
}

static FORCEINLINE PLIST_ENTRY RemoveHeadList(_Inout_ PLIST_ENTRY ListHead)
{
    PLIST_ENTRY entry = ListHead->Flink;

    if (entry == NULL || entry->Blink != ListHead || !wsk_emu_list_is_sound(entry)) {
        wsk_emu_list_corrupt(entry != NULL ? entry : ListHead);
        return ListHead;
    }
    ListHead->Flink = entry->Flink;
    entry->Flink->Blink = ListHead;
    return entry;
}

static FORCEINLINE PLIST_ENTRY RemoveTailList(_Inout_ PLIST_ENTRY ListHead)
{
    PLIST_ENTRY entry = ListHead->Blink;

    if (entry == NULL || entry->Flink != ListHead || !wsk_emu_list_is_sound(entry)) {
        wsk_emu_list_corrupt(entry != NULL ? entry : ListHead);
        return ListHead;
    }
    ListHead->Blink = entry->Blink;
    entry->Blink->Flink = ListHead;
    return entry;
}

static FORCEINLINE VOID InsertHeadList(_Inout_ PLIST_ENTRY ListHead, _Out_ __drv_aliasesMem PLIST_ENTRY Entry)
{
    PLIST_ENTRY next = ListHead->Flink;

    if (next == NULL || next->Blink != ListHead) {
        wsk_emu_list_corrupt(ListHead);
        return;
    }
    Entry->Flink = next;
    Entry->Blink = ListHead;
    next->Blink = Entry;
    ListHead->Flink = Entry;
}

static FORCEINLINE VOID InsertTailList(_Inout_ PLIST_ENTRY ListHead, _Out_ __drv_aliasesMem PLIST_ENTRY Entry)
{
    PLIST_ENTRY previous = ListHead->Blink;

    if (previous == NULL || previous->Flink != ListHead) {
        wsk_emu_list_corrupt(ListHead);
        return;
    }
    Entry->Flink = ListHead;
    Entry->Blink = previous;
    previous->Flink = Entry;
    ListHead->Blink = Entry;
}

/* ListToAppend is the first entry of a ring without a head. */
static FORCEINLINE VOID AppendTailList(_Inout_ PLIST_ENTRY ListHead, _Inout_ PLIST_ENTRY ListToAppend)
{
    PLIST_ENTRY last = ListHead->Blink;

    if (!wsk_emu_list_is_sound(ListHead) || !wsk_emu_list_is_sound(ListToAppend)) {
        wsk_emu_list_corrupt(!wsk_emu_list_is_sound(ListHead) ? ListHead : ListToAppend);
        return;
    }
    last->Flink = ListToAppend;
    ListHead->Blink = ListToAppend->Blink;
    ListToAppend->Blink->Flink = ListHead;
    ListToAppend->Blink = last;
}

static FORCEINLINE VOID PushEntryList(
    _Inout_ PSINGLE_LIST_ENTRY ListHead, _Inout_ __drv_aliasesMem PSINGLE_LIST_ENTRY Entry)
{
    Entry->Next = ListHead->Next;
    ListHead->Next = Entry;
}

static FORCEINLINE PSINGLE_LIST_ENTRY PopEntryList(_Inout_ PSINGLE_LIST_ENTRY ListHead)
{
    PSINGLE_LIST_ENTRY first = ListHead->Next;

    if (first != NULL) {
        ListHead->Next = first->Next;
    }
    return first;
}

#ifdef __cplusplus
}
#endif

#endif
