/* SPDX-License-Identifier: MIT */
/* Socket addresses and options of the Internet protocols: in the kernel, what ws2ipdef.h has. */
#ifndef WSK_EMU_WDK_WS2TCPIP_H
#define WSK_EMU_WDK_WS2TCPIP_H

#include "ws2def.h"
#include "ws2ipdef.h"

#endif
