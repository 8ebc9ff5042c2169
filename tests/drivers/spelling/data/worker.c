/* SPDX-License-Identifier: MIT */
/* The data part: its own header has a name that the other folder uses as well. */
#include <Ntddk.h>

#include "..\Driver.h"
#include "Limits_Of_It.h"
#include "Worker.H"

ULONG DataNumber(VOID)
{
    return LIMIT_OF_IT;
}
