/* SPDX-License-Identifier: MIT */
/* Headers of the C++ library before those of the WDK. */
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <ntifs.h>
#include <ntintsafe.h>
#include <wsk.h>

#include "constructs.h"

extern "C" ULONG CxxLibraryFirstCheck(VOID)
{
    std::vector<ULONG> numbers = { 3, 1, 2 };
    std::string text = "narrow strings work";

    std::sort(numbers.begin(), numbers.end());
    EXPECT(numbers[0] == 1 && std::max(numbers[1], numbers[2]) == 3 && max(numbers[1], numbers[2]) == 3);
    EXPECT(text.size() == 19 && std::abs(-1) == 1 && *std::make_shared<ULONG>(4) == 4);
    EXPECT(wcslen(L"abcd") == 4);
    return 0;
}
