/* SPDX-License-Identifier: MIT */
/* One function's answers in every state of a socket, and the test that compares them with what it does. */
#ifndef WE_TEST_STATE_ROW_H
#define WE_TEST_STATE_ROW_H

#include "socket_states.h"

/* What a call answers. STATUS_PENDING: it is legal, and goes on pending until the socket is closed. */
struct state_cell {
    NTSTATUS status;
    const char *report; /* the rule that speaks up, or NULL */
};

enum state_row_kind { USES_IRP, USES_NO_IRP, CLOSES };

/* Cells are in the order of enum socket_state; legal calls complete with STATUS_SUCCESS. */
struct state_row {
    NTSTATUS (*call)(PWSK_SOCKET socket, PIRP irp);
    ULONG category;
    enum state_row_kind kind;
    CONST VOID *dispatch; /* its sockets' table of callbacks; NULL also means: no context */
    struct state_cell cells[SOCKET_STATE_COUNT];
};

/* clang-format off */
#define LEGAL           { STATUS_SUCCESS, NULL }
#define PENDS           { STATUS_PENDING, NULL }
#define BAD_STATE(rule) { STATUS_INVALID_DEVICE_STATE, rule }
#define ACTIVE          { STATUS_CONNECTION_ACTIVE, NULL }
#define DEAD            { STATUS_FILE_FORCED_CLOSED, NULL }
#define CLOSED(rule)    { STATUS_FILE_FORCED_CLOSED, rule }
#define NO_STATE        { STATUS_NOT_FOUND, NULL } /* this category does not get there */
/* clang-format on */

/* Makes the call on a new socket in each of the states. The program needs CONTRACT_CONFIG .processors = 1. */
void state_row_check(struct wsk_fixture *fixture, const struct state_row *row);

#endif
