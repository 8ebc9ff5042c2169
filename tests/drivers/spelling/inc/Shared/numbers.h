/* SPDX-License-Identifier: MIT */
/* A header of a search folder. */
#ifndef SPELLED_NUMBERS_H
#define SPELLED_NUMBERS_H

#include "Outer.h"

#define SHARED_NUMBER 30

#endif
