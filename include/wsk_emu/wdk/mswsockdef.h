/* SPDX-License-Identifier: MIT */
/* Control codes of Microsoft's own socket extensions. */
#ifndef WSK_EMU_WDK_MSWSOCKDEF_H
#define WSK_EMU_WDK_MSWSOCKDEF_H

#include "wsk_emu_wdk/socket_guard.h"

#include "ws2def.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SIO_UDP_CONNRESET                    _WSAIOW(IOC_VENDOR, 12)
#define SIO_SOCKET_CLOSE_NOTIFY              _WSAIOW(IOC_VENDOR, 13)
#define SIO_UDP_NETRESET                     _WSAIOW(IOC_VENDOR, 15)
#define SIO_CPU_AFFINITY                     _WSAIOW(IOC_VENDOR, 21)
#define SIO_SET_COMPATIBILITY_MODE           _WSAIOW(IOC_VENDOR, 300)
#define SIO_QUERY_RSS_SCALABILITY_INFO       _WSAIOR(IOC_VENDOR, 210)

/* The three numbers below come from secondary sources. */
#define SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS _WSAIOW(IOC_VENDOR, 220)
#define SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT _WSAIOW(IOC_VENDOR, 221)
#define SIO_SET_WFP_CONNECTION_REDIRECT_RECORDS   _WSAIOW(IOC_VENDOR, 222)

typedef struct _RSS_SCALABILITY_INFO {
    BOOLEAN RssEnabled;
} RSS_SCALABILITY_INFO, *PRSS_SCALABILITY_INFO;
C_ASSERT(sizeof(RSS_SCALABILITY_INFO) == 1);

#ifdef __cplusplus
}
#endif

#endif
