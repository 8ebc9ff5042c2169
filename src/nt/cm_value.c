/* SPDX-License-Identifier: MIT */
/* Values of keys, through handles: read, set, deleted. */
#include <stddef.h>

#include "nt/cm_handle.h"
#include "nt/nt_irql.h"

/* Design
 *
 * A value is copied to the driver while the registry is locked, because a test or another driver may replace it
 * meanwhile.
 */

struct query {
    struct we_cm_answer answer;
    KEY_VALUE_INFORMATION_CLASS information_class;
};

static NTSTATUS put_basic(struct we_cm_answer *answer, const struct we_cm_value *value)
{
    enum { FIXED = offsetof(KEY_VALUE_BASIC_INFORMATION, Name) };
    ULONG fixed[3] = { 0, value->type, value->name_bytes };

    return we_cm_answer_give(answer, fixed, FIXED, value->name, value->name_bytes);
}

static NTSTATUS put_full(struct we_cm_answer *answer, const struct we_cm_value *value)
{
    enum { FIXED = offsetof(KEY_VALUE_FULL_INFORMATION, Name) };
    size_t data_offset = ALIGN_UP_BY(FIXED + (size_t)value->name_bytes, sizeof(ULONGLONG));
    ULONG fixed[5] = { 0, value->type, (ULONG)data_offset, value->data_bytes, value->name_bytes };

    answer->needed_bytes = data_offset + value->data_bytes;
    if (!we_cm_answer_has_room(answer, FIXED)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    we_cm_answer_put(answer, 0, fixed, FIXED);
    we_cm_answer_put(answer, FIXED, value->name, value->name_bytes);
    we_cm_answer_put(answer, data_offset, value->data, value->data_bytes);
    return we_cm_answer_finish(answer);
}

static NTSTATUS put_partial(struct we_cm_answer *answer, const struct we_cm_value *value)
{
    enum { FIXED = offsetof(KEY_VALUE_PARTIAL_INFORMATION, Data) };
    ULONG fixed[3] = { 0, value->type, value->data_bytes };

    return we_cm_answer_give(answer, fixed, FIXED, value->data, value->data_bytes);
}

static NTSTATUS put_partial_aligned(struct we_cm_answer *answer, const struct we_cm_value *value)
{
    enum { FIXED = offsetof(KEY_VALUE_PARTIAL_INFORMATION_ALIGN64, Data) };
    ULONG fixed[2] = { value->type, value->data_bytes };

    return we_cm_answer_give(answer, fixed, FIXED, value->data, value->data_bytes);
}

static NTSTATUS put_value(const struct we_cm_value *value, void *context)
{
    struct query *query = context;

    switch (query->information_class) {
    case KeyValueBasicInformation:
        return put_basic(&query->answer, value);
    case KeyValueFullInformation:
        return put_full(&query->answer, value);
    case KeyValuePartialInformation:
        return put_partial(&query->answer, value);
    case KeyValuePartialInformationAlign64:
        return put_partial_aligned(&query->answer, value);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName,
                         KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass, PVOID KeyValueInformation, ULONG Length,
                         PULONG ResultLength)
{
    struct query query = { { KeyValueInformation, Length, 0 }, KeyValueInformationClass };
    struct we_cm_open_key *open;
    NTSTATUS status;

    WE_NT_ENTRY(ZwQueryValueKey);
    status = we_cm_handle_open("ZwQueryValueKey", KeyHandle, KEY_QUERY_VALUE, &open);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = we_cm_value_use(open->key, ValueName->Buffer, ValueName->Length / sizeof(WCHAR), put_value, &query);
    we_ob_dereference(open);
    if (query.answer.needed_bytes != 0) {
        *ResultLength = (ULONG)query.answer.needed_bytes;
    }
    return status;
}

NTSTATUS ZwEnumerateValueKey(HANDLE KeyHandle, ULONG Index, KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                             PVOID KeyValueInformation, ULONG Length, PULONG ResultLength)
{
    struct query query = { { KeyValueInformation, Length, 0 }, KeyValueInformationClass };
    struct we_cm_open_key *open;
    NTSTATUS status;

    WE_NT_ENTRY(ZwEnumerateValueKey);
    status = we_cm_handle_open("ZwEnumerateValueKey", KeyHandle, KEY_QUERY_VALUE, &open);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = we_cm_value_use_nth(open->key, Index, put_value, &query);
    we_ob_dereference(open);
    if (query.answer.needed_bytes != 0) {
        *ResultLength = (ULONG)query.answer.needed_bytes;
    }
    return status;
}

NTSTATUS ZwSetValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG TitleIndex, ULONG Type, PVOID Data,
                       ULONG DataSize)
{
    struct we_cm_value value = { Type, DataSize, ValueName->Length, ValueName->Buffer, Data };
    struct we_cm_open_key *open;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(TitleIndex); /* documented as ignored */
    WE_NT_ENTRY(ZwSetValueKey);
    status = we_cm_handle_open("ZwSetValueKey", KeyHandle, KEY_SET_VALUE, &open);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (value.name_bytes % sizeof(WCHAR) != 0 || value.name_bytes / sizeof(WCHAR) > WE_CM_VALUE_NAME_MAX ||
        (Data == NULL && DataSize != 0)) {
        status = STATUS_INVALID_PARAMETER;
    } else if (DataSize > WE_CM_DATA_MAX) {
        status = STATUS_INSUFFICIENT_RESOURCES;
    } else {
        status = we_cm_value_set(open->key, &value);
    }
    we_ob_dereference(open);
    return status;
}

NTSTATUS ZwDeleteValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName)
{
    struct we_cm_open_key *open;
    NTSTATUS status;

    WE_NT_ENTRY(ZwDeleteValueKey);
    status = we_cm_handle_open("ZwDeleteValueKey", KeyHandle, KEY_SET_VALUE, &open);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = we_cm_value_remove(open->key, ValueName->Buffer, ValueName->Length / sizeof(WCHAR));
    we_ob_dereference(open);
    return status;
}
