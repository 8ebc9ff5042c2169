/* SPDX-License-Identifier: MIT */
/* Refused: network adapters of the class extension are not emulated. */
#error "wsk_emu: netadaptercx.h is not offered, because network adapters of the class extension are not emulated: see docs/compiling.md, section Headers."
