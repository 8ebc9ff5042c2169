/* SPDX-License-Identifier: MIT */
/* WskControlSocket: socket options and I/O controls. */
#ifndef WE_WSK_OPTION_H
#define WE_WSK_OPTION_H

#include "wsk/wsk_socket.h"

/* Dispatch function WskControlSocket, for every category. */
NTSTATUS WSKAPI we_wsk_control_socket(PWSK_SOCKET Socket, WSK_CONTROL_SOCKET_TYPE RequestType, ULONG ControlCode,
                                      ULONG Level, SIZE_T InputSize, PVOID InputBuffer, SIZE_T OutputSize,
                                      PVOID OutputBuffer, SIZE_T *OutputSizeReturned, PIRP Irp);

/* What a control call was given besides its code. */
struct we_wsk_control {
    SIZE_T input_size;
    PVOID input;
    SIZE_T output_size;
    PVOID output;
    SIZE_T *output_size_returned; /* or NULL */
};
/* The I/O controls (wsk_ioctl.c). Returns the status that the call ends with, never STATUS_PENDING. *information, 0 at
 * first: bytes of output. */
NTSTATUS we_wsk_ioctl(struct we_wsk_call *call, ULONG code, const struct we_wsk_control *control,
                      ULONG_PTR *information);

/* Tells socket->ep the options that were set before there was one. Socket lock held, or socket not published. */
void we_wsk_option_apply_locked(struct we_wsk_socket *socket);
/* Gives an accepted socket what it inherits: SO_RCVBUF and SO_KEEPALIVE. Listener's lock held; accepted not armed, its
 * endpoint may be there or not. */
void we_wsk_option_inherit_locked(const struct we_wsk_socket *listener, struct we_wsk_socket *accepted);

#endif
