/* SPDX-License-Identifier: MIT */
/* Makes DEFINE_GUID define, not only declare, in what is included after this header. */
#ifndef INITGUID
#define INITGUID
#endif
#include "guiddef.h"
