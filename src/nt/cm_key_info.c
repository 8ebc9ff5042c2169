/* SPDX-License-Identifier: MIT */
/* What is told about keys, through handles: name, class, how many keys and values are below. */
#include <stddef.h>

#include "nt/cm_handle.h"
#include "nt/nt_irql.h"

struct query {
    struct we_cm_answer answer;
    KEY_INFORMATION_CLASS information_class;
};

#define NO_CLASS 0xffffffffu /* ClassOffset */

static NTSTATUS put_basic(struct we_cm_answer *answer, const struct we_cm_key *key)
{
    enum { FIXED = offsetof(KEY_BASIC_INFORMATION, Name) };
    size_t name_bytes = key->name_count * sizeof(WCHAR);
    KEY_BASIC_INFORMATION fixed = { .LastWriteTime.QuadPart = (LONGLONG)key->written_100ns,
                                    .NameLength = (ULONG)name_bytes };

    return we_cm_answer_give(answer, &fixed, FIXED, key->name, name_bytes);
}

static NTSTATUS put_node(struct we_cm_answer *answer, const struct we_cm_key *key)
{
    enum { FIXED = offsetof(KEY_NODE_INFORMATION, Name) };
    size_t name_bytes = key->name_count * sizeof(WCHAR);
    size_t class_offset = ALIGN_UP_BY(FIXED + name_bytes, sizeof(ULONG));
    KEY_NODE_INFORMATION fixed = { .LastWriteTime.QuadPart = (LONGLONG)key->written_100ns,
                                   .ClassOffset = key->class_bytes != 0 ? (ULONG)class_offset : NO_CLASS,
                                   .ClassLength = (ULONG)key->class_bytes,
                                   .NameLength = (ULONG)name_bytes };

    answer->needed_bytes = key->class_bytes != 0 ? class_offset + key->class_bytes : FIXED + name_bytes;
    if (!we_cm_answer_has_room(answer, FIXED)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    we_cm_answer_put(answer, 0, &fixed, FIXED);
    we_cm_answer_put(answer, FIXED, key->name, name_bytes);
    we_cm_answer_put(answer, class_offset, key->class_name, key->class_bytes);
    return we_cm_answer_finish(answer);
}

static ULONG greater(ULONG a, size_t b)
{
    return (ULONG)b > a ? (ULONG)b : a;
}

static void count_below(KEY_FULL_INFORMATION *full, const struct we_cm_key *key)
{
    WE_BASE_LIST_FOR_EACH (link, &key->children) {
        const struct we_cm_key *child = WE_BASE_LIST_ITEM(link, struct we_cm_key, link);

        full->SubKeys++;
        full->MaxNameLen = greater(full->MaxNameLen, child->name_count * sizeof(WCHAR));
        full->MaxClassLen = greater(full->MaxClassLen, child->class_bytes);
    }
    WE_BASE_LIST_FOR_EACH (link, &key->values) {
        const struct we_cm_value *value = &WE_BASE_LIST_ITEM(link, struct we_cm_value_node, link)->value;

        full->Values++;
        full->MaxValueNameLen = greater(full->MaxValueNameLen, value->name_bytes);
        full->MaxValueDataLen = greater(full->MaxValueDataLen, value->data_bytes);
    }
}

static NTSTATUS put_full(struct we_cm_answer *answer, const struct we_cm_key *key)
{
    enum { FIXED = offsetof(KEY_FULL_INFORMATION, Class) };
    KEY_FULL_INFORMATION fixed = { .LastWriteTime.QuadPart = (LONGLONG)key->written_100ns,
                                   .ClassOffset = key->class_bytes != 0 ? FIXED : NO_CLASS,
                                   .ClassLength = (ULONG)key->class_bytes };

    count_below(&fixed, key);
    return we_cm_answer_give(answer, &fixed, FIXED, key->class_name, key->class_bytes);
}

/* The whole path, written from its end. */
static NTSTATUS put_name(struct we_cm_answer *answer, const struct we_cm_key *key)
{
    enum { FIXED = offsetof(KEY_NAME_INFORMATION, Name) };
    static const WCHAR separator = '\\';
    const struct we_cm_key *place;
    size_t end = 0;
    ULONG length;

    for (place = key; place != NULL; place = place->parent) {
        end += (place->name_count + 1) * sizeof(WCHAR);
    }
    length = (ULONG)end;
    answer->needed_bytes = FIXED + end;
    if (!we_cm_answer_has_room(answer, FIXED)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    we_cm_answer_put(answer, 0, &length, sizeof(length));
    for (place = key; place != NULL; place = place->parent) {
        end -= place->name_count * sizeof(WCHAR);
        we_cm_answer_put(answer, FIXED + end, place->name, place->name_count * sizeof(WCHAR));
        end -= sizeof(WCHAR);
        we_cm_answer_put(answer, FIXED + end, &separator, sizeof(separator));
    }
    return we_cm_answer_finish(answer);
}

static NTSTATUS put_key(const struct we_cm_key *key, void *context)
{
    struct query *query = context;

    switch (query->information_class) {
    case KeyBasicInformation:
        return put_basic(&query->answer, key);
    case KeyNodeInformation:
        return put_node(&query->answer, key);
    case KeyFullInformation:
        return put_full(&query->answer, key);
    case KeyNameInformation:
        return put_name(&query->answer, key);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS ZwQueryKey(HANDLE KeyHandle, KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation, ULONG Length,
                    PULONG ResultLength)
{
    struct query query = { { KeyInformation, Length, 0 }, KeyInformationClass };
    ACCESS_MASK needed = KeyInformationClass == KeyNameInformation ? 0 : KEY_QUERY_VALUE;
    struct we_cm_open_key *open;
    NTSTATUS status;

    WE_NT_ENTRY(ZwQueryKey);
    status = we_cm_handle_open("ZwQueryKey", KeyHandle, needed, &open);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = we_cm_key_use(open->key, put_key, &query);
    we_ob_dereference(open);
    if (query.answer.needed_bytes != 0) {
        *ResultLength = (ULONG)query.answer.needed_bytes;
    }
    return status;
}

NTSTATUS ZwEnumerateKey(HANDLE KeyHandle, ULONG Index, KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation,
                        ULONG Length, PULONG ResultLength)
{
    struct query query = { { KeyInformation, Length, 0 }, KeyInformationClass };
    struct we_cm_open_key *open;
    NTSTATUS status;

    WE_NT_ENTRY(ZwEnumerateKey);
    status = we_cm_handle_open("ZwEnumerateKey", KeyHandle, KEY_ENUMERATE_SUB_KEYS, &open);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (KeyInformationClass == KeyNameInformation) {
        status = STATUS_INVALID_PARAMETER;
    } else {
        status = we_cm_child_use_nth(open->key, Index, put_key, &query);
    }
    we_ob_dereference(open);
    if (query.answer.needed_bytes != 0) {
        *ResultLength = (ULONG)query.answer.needed_bytes;
    }
    return status;
}
