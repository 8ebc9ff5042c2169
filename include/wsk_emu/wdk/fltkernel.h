/* SPDX-License-Identifier: MIT */
/* Refused: file system filters are not emulated. */
#error "wsk_emu: fltkernel.h is not offered, because file system filters are not emulated: see docs/compiling.md, section Headers."
