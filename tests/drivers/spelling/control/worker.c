/* SPDX-License-Identifier: MIT */
/* The control part: its own header has a name that the other folder uses as well. */
#include <Ntddk.h>

#include "..\Driver.h"
#include "Limits_Of_It.h"
#include "Worker.H"

ULONG ControlNumber(VOID)
{
    return LIMIT_OF_IT;
}
