/* SPDX-License-Identifier: MIT */
/* Binding and the local address, for every category that has them. */
#ifndef WE_WSK_BIND_H
#define WE_WSK_BIND_H

#include "wsk/wsk_socket.h"

/* Dispatch functions. */
NTSTATUS WSKAPI we_wsk_bind(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, ULONG Flags, PIRP Irp);
NTSTATUS WSKAPI we_wsk_get_local_address(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, PIRP Irp);

#endif
