/* SPDX-License-Identifier: MIT */
/* Whether a driver is being verified: by our verifier. */
#include <wdm.h>

#include "nt/nt_irql.h"
#include "vrf/vrf_report.h"

NTSTATUS MmIsVerifierEnabled(PULONG VerifierFlags)
{
    bool is_enabled = we_vrf_is_enabled();

    WE_NT_ENTRY(MmIsVerifierEnabled);
    *VerifierFlags = is_enabled ? DRIVER_VERIFIER_FORCE_IRQL_CHECKING | DRIVER_VERIFIER_TRACK_POOL_ALLOCATIONS |
                                      DRIVER_VERIFIER_IO_CHECKING
                                : 0;
    return is_enabled ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}

LOGICAL MmIsDriverVerifyingByAddress(PVOID AddressWithinSection)
{
    (void)AddressWithinSection;
    WE_NT_ENTRY(MmIsDriverVerifyingByAddress);
    return we_vrf_is_enabled();
}

LOGICAL MmIsDriverVerifying(struct _DRIVER_OBJECT *DriverObject)
{
    (void)DriverObject;
    WE_NT_ENTRY(MmIsDriverVerifying);
    return we_vrf_is_enabled();
}
