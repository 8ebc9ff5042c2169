/* SPDX-License-Identifier: MIT */
/* The version of the system that a driver's own version numbers are derived from. */
#ifndef WSK_EMU_WDK_NTVERP_H
#define WSK_EMU_WDK_NTVERP_H

/* As RtlGetVersion answers. */
#define VER_PRODUCTMAJORVERSION 10
#define VER_PRODUCTMINORVERSION 0
#define VER_PRODUCTBUILD        22621
#define VER_PRODUCTBUILD_QFE    1
#define VER_PRODUCTVERSION                                                                                             \
    VER_PRODUCTMAJORVERSION, VER_PRODUCTMINORVERSION, VER_PRODUCTBUILD, VER_PRODUCTBUILD_QFE
#define VER_PRODUCTVERSION_W   ((VER_PRODUCTMAJORVERSION << 8) | VER_PRODUCTMINORVERSION)
#define VER_PRODUCTVERSION_DW  (((ULONG)VER_PRODUCTVERSION_W << 16) | VER_PRODUCTBUILD)
#define VER_PRODUCTVERSION_STR "10.0.22621.1"
#define VER_COMPANYNAME_STR    ""
#define VER_PRODUCTNAME_STR    "wsk_emu"
#define VER_LEGALCOPYRIGHT_STR ""

#endif
