/* SPDX-License-Identifier: MIT */
/* Copies of no bytes, from and to pointers that are null: optional buffers and their lengths, handed on without a look. */
#include <ntddk.h>

#include "constructs.h"

typedef struct {
    PVOID Buffer;
    SIZE_T Length;
} OPTIONAL_BUFFER;

static VOID HandOn(OPTIONAL_BUFFER *To, const OPTIONAL_BUFFER *From)
{
    RtlCopyMemory(To->Buffer, From->Buffer, From->Length);
    RtlMoveMemory(To->Buffer, From->Buffer, From->Length);
    memcpy(To->Buffer, From->Buffer, From->Length);
    memmove(To->Buffer, From->Buffer, From->Length);
    RtlZeroMemory(To->Buffer, From->Length);
    memset(To->Buffer, 1, From->Length);
}

ULONG CopiesCheck(VOID)
{
    ULONG value = 7;
    OPTIONAL_BUFFER none = { 0 };
    OPTIONAL_BUFFER some = { &value, 0 };

    HandOn(&none, &none);
    HandOn(&some, &none);
    HandOn(&none, &some);
    EXPECT(RtlCompareMemory(none.Buffer, some.Buffer, none.Length) == 0);
    EXPECT(memcmp(none.Buffer, some.Buffer, none.Length) == 0);
    EXPECT(value == 7);
    return 0;
}
