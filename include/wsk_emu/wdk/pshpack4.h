/* SPDX-License-Identifier: MIT */
/* Begins structures that are packed to 4 bytes, until poppack.h. May be read any number of times. */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wpragma-pack"
#endif
#pragma pack(push, 4)
