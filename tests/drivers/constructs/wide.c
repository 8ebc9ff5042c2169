/* SPDX-License-Identifier: MIT */
/* Wide strings are read by our functions also after the system's header has declared its own. */
#ifndef __APPLE__ /* whose header forbids its names to files with 16-bit characters */
#include <wchar.h>
#endif

#include <ntddk.h>

#include "constructs.h"

static const WCHAR *volatile s_Text = L"abcd";

ULONG WideCheck(VOID)
{
    DECLARE_CONST_UNICODE_STRING(name, L"\\Device\\Constructs");
    UNICODE_STRING same = RTL_CONSTANT_STRING(L"\\DEVICE\\constructs");
    WCHAR buffer[16];

    EXPECT(wcslen(s_Text) == 4 && wcslen(L"abcd") == 4 && wcsnlen(s_Text, 2) == 2);
    EXPECT(wcscpy(buffer, s_Text) == buffer && wcscat(buffer, L"ef") == buffer && wcscmp(buffer, L"abcdef") == 0);
    EXPECT(wcscpy_s(buffer, RTL_NUMBER_OF(buffer), s_Text) == 0 && wcschr(buffer, L'c') == buffer + 2);
    EXPECT(wcsstr(buffer, L"cd") == buffer + 2 && _wcsicmp(buffer, L"ABCD") == 0 && wcsncmp(buffer, L"abX", 2) == 0);
    EXPECT(name.Length == 36 && RtlEqualUnicodeString(&name, &same, TRUE));
    return 0;
}
