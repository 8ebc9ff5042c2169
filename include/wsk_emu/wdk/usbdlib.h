/* SPDX-License-Identifier: MIT */
/* Refused: USB is not emulated. */
#error "wsk_emu: usbdlib.h is not offered, because USB is not emulated: see docs/compiling.md, section Headers."
