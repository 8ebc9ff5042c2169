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
    WSK_CONTROL_SOCKET_TYPE type;
    SIZE_T input_size;
    PVOID input;
    SIZE_T output_size;
    PVOID output;
    SIZE_T *output_size_returned; /* or NULL */
};

/* Tells socket->ep the options that were set before there was one. Socket lock held, or socket not published. */
void we_wsk_option_apply_locked(struct we_wsk_socket *socket);
/* Gives an accepted socket what was set on its listener. Listener's lock held; accepted not armed, its endpoint may be
 * there or not. */
void we_wsk_option_inherit_locked(const struct we_wsk_socket *listener, struct we_wsk_socket *accepted);
/* The socket's last reference is gone. */
void we_wsk_option_values_free(struct we_wsk_socket *socket);

#endif
