/* SPDX-License-Identifier: MIT */
/* What a driver's pointer to an object type leads to. */
#ifndef WE_OB_TYPES_H
#define WE_OB_TYPES_H

#include "nt/ob_object.h"

struct _OBJECT_TYPE {
    enum we_ob_type type;
};

#endif
