/* SPDX-License-Identifier: MIT */
/* Stops compilation when the system's socket headers came first: the same names have other values there. */
#ifndef WSK_EMU_NAMES_OPEN
#if defined(_SYS_SOCKET_H) || defined(_SYS_SOCKET_H_) || defined(_NETINET_IN_H) || defined(_NETINET_IN_H_)             \
    || defined(_NETDB_H) || defined(_NETDB_H_) || defined(_UAPI_LINUX_IN_H) || defined(_UAPI_LINUX_SOCKET_H)
#error "The WDK socket headers cannot share a file with the system's socket headers, whose constants have the same names and other values: include them between wsk_emu/names/windows_begin.h and windows_end.h, talk to the driver through the peers of wsk_emu/kit.h, or move the socket code to a file of its own."
#endif
#endif
