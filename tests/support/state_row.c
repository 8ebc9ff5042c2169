/* SPDX-License-Identifier: MIT */
/* One function's answers in every state of a socket, and the test that compares them with what it does. */
#include "state_row.h"

/* What tells which cell failed; the assertions speak of values only. */
static void cell_fail(const struct stated_socket *stated, const char *what, NTSTATUS status)
{
    fail_msg("on a socket that is %s: %s 0x%08x", socket_state_name(stated->state), what, (unsigned)status);
}

static void cell_check(const struct state_row *row, struct wsk_fixture *fixture, enum socket_state state)
{
    const struct state_cell *cell = &row->cells[state];
    struct wsk_request *request = request_create();
    struct stated_socket stated;
    struct conn_client *client = conn_client_create();
    size_t reports = 0;
    NTSTATUS returned;
    NTSTATUS status;

    stated_socket_open(&stated, fixture, row->category, state, row->dispatch == NULL ? NULL : client, row->dispatch);
    if (cell->report != NULL) {
        wsk_kit_expect_report(cell->report);
        reports = wsk_kit_report_count(cell->report);
    }
    returned = row->call(stated.socket, request_irp(request));
    stated_socket_settle(&stated);
    if (cell->report != NULL && wsk_kit_report_count(cell->report) != reports + 1) {
        cell_fail(&stated, "no report came, returned", returned);
    }
    if (cell->status == STATUS_PENDING) {
        wsk_kit_run_until_idle();
        if (returned != STATUS_PENDING || request_is_done(request)) {
            cell_fail(&stated, "the request does not pend, returned", returned);
        }
        socket_close(stated.socket);
        status = request_wait(request, returned);
        if (status != STATUS_CANCELLED) {
            cell_fail(&stated, "the close completed the request with", status);
        }
    } else {
        status = row->kind != USES_NO_IRP ? request_wait(request, returned) : returned;
        if (status != cell->status) {
            cell_fail(&stated, "the result is", status);
        }
        if (row->kind != USES_NO_IRP && status != STATUS_SUCCESS && returned != status) {
            cell_fail(&stated, "a refusal was not returned at once, but", returned);
        }
    }
    stated_socket_end(&stated, cell->status == STATUS_PENDING || (row->kind == CLOSES && NT_SUCCESS(status)));
    conn_client_destroy(client);
    request_destroy(request);
}

void state_row_check(struct wsk_fixture *fixture, const struct state_row *row)
{
    for (int index = 0; index < SOCKET_STATE_COUNT; index++) {
        if (row->cells[index].status != STATUS_NOT_FOUND) {
            cell_check(row, fixture, (enum socket_state)index);
        }
    }
}
