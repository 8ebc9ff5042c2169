/* SPDX-License-Identifier: MIT */
/* Binding and the local address, for every category that has them. */
#ifndef WE_WSK_BIND_H
#define WE_WSK_BIND_H

#include "wsk/wsk_socket.h"

/* Binds a socket that nobody else knows yet, as WskBind does. No lock, in a section. */
NTSTATUS we_wsk_bind_new(struct we_wsk_socket *socket, const struct we_base_addr *local);

/* Dispatch functions. */
NTSTATUS WSKAPI we_wsk_bind(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, ULONG Flags, PIRP Irp);
NTSTATUS WSKAPI we_wsk_get_local_address(PWSK_SOCKET Socket, PSOCKADDR LocalAddress, PIRP Irp);

#endif
