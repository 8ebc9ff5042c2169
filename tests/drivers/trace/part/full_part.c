/* SPDX-License-Identifier: MIT */
/* A part of the driver in another folder, with its .tmh files in others still. */
#include <ntddk.h>

#include "Trace.h"

#include "..\part\tmh\Full_Part.tmh"

#include <full_part.tmh>

#include "trace_drivers.h"

int full_part_trace(PUNICODE_STRING name)
{
    TraceEvents(TRACE_LEVEL_ERROR, FLAG_NET, "name %wZ in %!FILE!", name);
    return 1;
}
