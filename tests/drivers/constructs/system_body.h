/* SPDX-License-Identifier: MIT */
/* What a file that has the system's headers and the WDK's finds; the including file says in which order they came, and
 * SYSTEM_CHECK. */
#include "constructs.h"

ULONG SYSTEM_CHECK(VOID)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    uint64_t number = UINT64_MAX;
    ULONG64 same = MAXULONG64;
    char text[16];
    bool yes = true;

    EXPECT(snprintf(text, sizeof(text), "%d", 42) == 2 && atoi(text) == 42 && abs(-1) == 1);
    EXPECT(pthread_mutex_destroy(&mutex) == 0 && number == same && yes && fabs(-1.0) > 0.5);
    EXPECT(NT_SUCCESS(RtlStringCbPrintfA(text, sizeof(text), "%lu", (ULONG)7)) && text[0] == '7');
    EXPECT(SIGTERM != 0 && O_RDONLY == 0 && EINVAL != 0 && sizeof(time_t) == 8 && getpid() > 0);
    return 0;
}
