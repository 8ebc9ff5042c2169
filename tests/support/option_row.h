/* SPDX-License-Identifier: MIT */
/* For tests that walk the table of options: sockets that fit a row, and calls as a row wants them. */
#ifndef WE_TEST_OPTION_ROW_H
#define WE_TEST_OPTION_ROW_H

#include "support/wsk_fixture.h"
#include "wsk/wsk_option_table.h"

/* No row has more input or output than this. */
#define ROW_BYTES_MAX 512u

/* A socket of a category that has what the row's level needs: family, protocol, callbacks. NULL: this library does not
 * make such sockets. */
PWSK_SOCKET row_socket_open(struct wsk_fixture *fixture, enum we_wsk_category category, const struct we_wsk_row *row);
/* One of the first category that the row is for; NULL: there is none. */
PWSK_SOCKET row_socket_open_any(struct wsk_fixture *fixture, const struct we_wsk_row *row);
/* A connected connection socket. Close *peer, too. */
PWSK_SOCKET row_socket_open_connected(struct wsk_fixture *fixture, const struct we_wsk_row *row,
                                      struct wsk_kit_peer **peer);
ADDRESS_FAMILY row_family(const struct we_wsk_row *row);
/* A value that can be set and is not the initial one. */
ULONG row_sample(const struct we_wsk_row *row);
bool row_is_scalar(const struct we_wsk_row *row);

/* One call of WskControlSocket. */
struct row_call {
    PWSK_SOCKET socket;
    const struct we_wsk_row *row;
    WSK_CONTROL_SOCKET_TYPE type;
    void *input;
    SIZE_T input_size;
    void *output;
    SIZE_T output_size;
    bool is_without_irp;
    ULONG_PTR information; /* out: IoStatus.Information, or *OutputSizeReturned */
};
/* Waits for the IRP, if there is one. */
NTSTATUS row_call(struct row_call *call);

/* A whole and right call, as far as buffers and IRP go; buffer holds ROW_BYTES_MAX bytes and outlives the call. A scalar
 * is set to its sample; an option that can be set is set. */
void row_call_init(struct row_call *call, PWSK_SOCKET socket, const struct we_wsk_row *row, void *buffer);
NTSTATUS row_set(PWSK_SOCKET socket, const struct we_wsk_row *row, ULONG value);
/* Checks how many bytes came, and that no more were written. */
NTSTATUS row_get(PWSK_SOCKET socket, const struct we_wsk_row *row, ULONG *value);

#endif
