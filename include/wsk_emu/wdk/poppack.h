/* SPDX-License-Identifier: MIT */
/* Ends what pshpack1.h or one of its kin has begun. May be read any number of times. */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wpragma-pack"
#endif
#pragma pack(pop)
