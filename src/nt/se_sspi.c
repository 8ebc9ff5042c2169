/* SPDX-License-Identifier: MIT */
/* The security support provider interface: there is no provider. */
#include <sspi.h>

#include "host/host_log.h"
#include "nt/nt_irql.h"

PSecurityFunctionTableW InitSecurityInterfaceW(VOID)
{
    WE_NT_ENTRY(InitSecurityInterfaceW);
    WE_LOG_ONCE(WE_LOG_WARNING,
                "InitSecurityInterfaceW: there is no security support provider, so no TLS of the system");
    return NULL;
}
