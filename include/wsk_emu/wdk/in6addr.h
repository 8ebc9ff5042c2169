/* SPDX-License-Identifier: MIT */
/* The IPv6 address. */
#ifndef WSK_EMU_WDK_IN6ADDR_H
#define WSK_EMU_WDK_IN6ADDR_H

#include "wsk_emu_wdk/socket_guard.h"

#include "ntdef.h"

#ifdef __cplusplus
extern "C" {
#endif

/* In network byte order. */
typedef struct in6_addr {
    union {
        UCHAR Byte[16];
        USHORT Word[8];
    } u;
} IN6_ADDR, *PIN6_ADDR, *LPIN6_ADDR;
C_ASSERT(sizeof(IN6_ADDR) == 16);

#define in_addr6 in6_addr
#define _S6_un   u
#define _S6_u8   Byte
#define s6_addr  _S6_un._S6_u8
#define s6_bytes u.Byte
#define s6_words u.Word

#ifdef __cplusplus
}
#endif

#endif
