/* SPDX-License-Identifier: MIT */
/* Base error to NTSTATUS, by operation (wsk.md section 9): the only file that converts. */
#ifndef WE_WSK_STATUS_H
#define WE_WSK_STATUS_H

#include <wsk.h>

#include "base/base_err.h"

enum we_wsk_operation {
    WE_WSK_OP_SOCKET,
    WE_WSK_OP_BIND,
    WE_WSK_OP_CONNECT,
    WE_WSK_OP_SEND,
    WE_WSK_OP_RECEIVE,
    WE_WSK_OP_DISCONNECT,
    WE_WSK_OP_CONTROL,
    WE_WSK_OP_SEND_TO,
    WE_WSK_OP_RECEIVE_FROM
};

NTSTATUS we_wsk_status(enum we_err err, enum we_wsk_operation operation);

#endif
