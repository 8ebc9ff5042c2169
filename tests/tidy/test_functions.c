/* SPDX-License-Identifier: MIT */
/* docs/functions.md and the README's table of functions say what the library's dispatch tables do: each function of each
 * table has one row, and "declared only" stands where the call completes with STATUS_NOT_SUPPORTED, nowhere else. */
#include "support/wsk_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the library's tables ----------------------------------------------------------------------- */

struct slot {
    const char *table;
    const char *function;
    ULONG category; /* WSK_FLAG_..._SOCKET; of the provider's table: PROVIDER */
    NTSTATUS (*call)(const VOID *table, PVOID object, PIRP irp);
};

#define PROVIDER 0xffffffffu

/* Arguments that every function refuses, but as wrong ones, if it looks at them at all. */
#define SLOT(table, type, function, ...)                                                    \
    static NTSTATUS call_##table##_##function(const VOID *dispatch, PVOID object, PIRP irp) \
    {                                                                                       \
        (void)irp;                                                                          \
        return ((const WSK_PROVIDER_##type *)dispatch)->function(object, __VA_ARGS__);      \
    }

#define PROVIDER_SLOTS(X)                                                                                          \
    X(provider, DISPATCH, WskSocket, AF_INET, SOCK_STREAM, IPPROTO_TCP, 0x10, NULL, NULL, NULL, NULL, NULL, irp)   \
    X(provider, DISPATCH, WskSocketConnect, SOCK_STREAM, IPPROTO_TCP, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, \
      irp)                                                                                                         \
    X(provider, DISPATCH, WskControlClient, 1, 0, NULL, 0, NULL, NULL, NULL)                                       \
    X(provider, DISPATCH, WskGetAddressInfo, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, irp)                     \
    X(provider, DISPATCH, WskGetNameInfo, NULL, 0, NULL, NULL, 0, NULL, NULL, irp)

#define COMMON_SLOTS(X, table, type)                                                   \
    X(table, type, WskControlSocket, WskControlMax, 0, 0, 0, NULL, 0, NULL, NULL, irp) \
    X(table, type, WskCloseSocket, irp)
#define BASIC_SLOTS(X) COMMON_SLOTS(X, basic, BASIC_DISPATCH)
#define LISTEN_SLOTS(X)                                                      \
    COMMON_SLOTS(X, listen, LISTEN_DISPATCH)                                 \
    X(listen, LISTEN_DISPATCH, WskBind, NULL, 0, irp)                        \
    X(listen, LISTEN_DISPATCH, WskAccept, 1, NULL, NULL, NULL, NULL, irp)    \
    X(listen, LISTEN_DISPATCH, WskInspectComplete, NULL, WskInspectMax, irp) \
    X(listen, LISTEN_DISPATCH, WskGetLocalAddress, NULL, irp)
#define DATAGRAM_SLOTS(X)                                                                \
    COMMON_SLOTS(X, datagram, DATAGRAM_DISPATCH)                                         \
    X(datagram, DATAGRAM_DISPATCH, WskBind, NULL, 0, irp)                                \
    X(datagram, DATAGRAM_DISPATCH, WskSendTo, NULL, 0, NULL, 0, NULL, irp)               \
    X(datagram, DATAGRAM_DISPATCH, WskReceiveFrom, NULL, 0, NULL, NULL, NULL, NULL, irp) \
    X(datagram, DATAGRAM_DISPATCH, WskRelease, NULL)                                     \
    X(datagram, DATAGRAM_DISPATCH, WskGetLocalAddress, NULL, irp)                        \
    X(datagram, DATAGRAM_DISPATCH, WskSendMessages, NULL, 0, NULL, 0, NULL, irp)
#define CONNECTION_SLOTS(X)                                              \
    COMMON_SLOTS(X, connection, CONNECTION_DISPATCH)                     \
    X(connection, CONNECTION_DISPATCH, WskBind, NULL, 0, irp)            \
    X(connection, CONNECTION_DISPATCH, WskConnect, NULL, 0, irp)         \
    X(connection, CONNECTION_DISPATCH, WskGetLocalAddress, NULL, irp)    \
    X(connection, CONNECTION_DISPATCH, WskGetRemoteAddress, NULL, irp)   \
    X(connection, CONNECTION_DISPATCH, WskSend, NULL, 0, irp)            \
    X(connection, CONNECTION_DISPATCH, WskReceive, NULL, 0, irp)         \
    X(connection, CONNECTION_DISPATCH, WskDisconnect, NULL, 0, irp)      \
    X(connection, CONNECTION_DISPATCH, WskRelease, NULL)                 \
    X(connection, CONNECTION_DISPATCH, WskConnectEx, NULL, NULL, 0, irp) \
    X(connection, CONNECTION_DISPATCH, WskSendEx, NULL, 0, 0, NULL, irp) \
    X(connection, CONNECTION_DISPATCH, WskReceiveEx, NULL, 0, NULL, NULL, NULL, irp)
#define STREAM_SLOTS(X)                                                   \
    COMMON_SLOTS(X, stream, STREAM_DISPATCH)                              \
    X(stream, STREAM_DISPATCH, WskBind, NULL, 0, irp)                     \
    X(stream, STREAM_DISPATCH, WskAccept, 1, NULL, NULL, NULL, NULL, irp) \
    X(stream, STREAM_DISPATCH, WskConnect, NULL, 0, irp)                  \
    X(stream, STREAM_DISPATCH, WskListen, irp)                            \
    X(stream, STREAM_DISPATCH, WskSend, NULL, 0, irp)                     \
    X(stream, STREAM_DISPATCH, WskReceive, NULL, 0, irp)                  \
    X(stream, STREAM_DISPATCH, WskDisconnect, NULL, 0, irp)               \
    X(stream, STREAM_DISPATCH, WskRelease, NULL)                          \
    X(stream, STREAM_DISPATCH, WskGetLocalAddress, NULL, irp)             \
    X(stream, STREAM_DISPATCH, WskGetRemoteAddress, NULL, irp)            \
    X(stream, STREAM_DISPATCH, WskConnectEx, NULL, NULL, 0, irp)          \
    X(stream, STREAM_DISPATCH, WskSendEx, NULL, 0, 0, NULL, irp)          \
    X(stream, STREAM_DISPATCH, WskReceiveEx, NULL, 0, NULL, NULL, NULL, irp)

PROVIDER_SLOTS(SLOT)
BASIC_SLOTS(SLOT)
LISTEN_SLOTS(SLOT)
DATAGRAM_SLOTS(SLOT)
CONNECTION_SLOTS(SLOT)
STREAM_SLOTS(SLOT)

/* It answers nothing: it is as good as its counterpart. */
static NTSTATUS call_provider_WskFreeAddressInfo(const VOID *dispatch, PVOID object, PIRP irp)
{
    return call_provider_WskGetAddressInfo(dispatch, object, irp);
}

#define ENTRY(table_, category_, function_) { #table_, #function_, category_, call_##table_##_##function_ },
#define PROVIDER_ENTRY(table, type, function, ...) ENTRY(table, PROVIDER, function)
#define BASIC_ENTRY(table, type, function, ...) ENTRY(table, WSK_FLAG_BASIC_SOCKET, function)
#define LISTEN_ENTRY(table, type, function, ...) ENTRY(table, WSK_FLAG_LISTEN_SOCKET, function)
#define DATAGRAM_ENTRY(table, type, function, ...) ENTRY(table, WSK_FLAG_DATAGRAM_SOCKET, function)
#define CONNECTION_ENTRY(table, type, function, ...) ENTRY(table, WSK_FLAG_CONNECTION_SOCKET, function)
#define STREAM_ENTRY(table, type, function, ...) ENTRY(table, WSK_FLAG_STREAM_SOCKET, function)

/* clang-format off */
static const struct slot s_slots[] = {
    PROVIDER_SLOTS(PROVIDER_ENTRY)
    ENTRY(provider, PROVIDER, WskFreeAddressInfo)
    BASIC_SLOTS(BASIC_ENTRY)
    LISTEN_SLOTS(LISTEN_ENTRY)
    DATAGRAM_SLOTS(DATAGRAM_ENTRY)
    CONNECTION_SLOTS(CONNECTION_ENTRY)
    STREAM_SLOTS(STREAM_ENTRY)
};
/* clang-format on */

#define SLOT_COUNT ARRAYSIZE(s_slots)

static bool is_close(const struct slot *slot)
{
    return strcmp(slot->function, "WskCloseSocket") == 0;
}

/* A socket whose table this is, or NULL when there are no such sockets. */
static PWSK_SOCKET socket_for(struct wsk_fixture *fixture, const struct slot *slot)
{
    bool is_datagram = slot->category == WSK_FLAG_DATAGRAM_SOCKET;
    PWSK_SOCKET socket;

    (void)socket_open_try(fixture, slot->category, AF_INET, is_datagram ? SOCK_DGRAM : SOCK_STREAM,
                          is_datagram ? IPPROTO_UDP : IPPROTO_TCP, NULL, NULL, &socket);
    return socket;
}

/* True when the function does more than to say that it does nothing. */
static bool slot_works(struct wsk_fixture *fixture, const struct slot *slot)
{
    struct wsk_request *request = request_create();
    PWSK_SOCKET socket = NULL;
    NTSTATUS status = STATUS_NOT_SUPPORTED;
    NTSTATUS returned;

    if (slot->category == PROVIDER) {
        returned = slot->call(fixture->npi.Dispatch, fixture->npi.Client, request_irp(request));
        status = request->completion_count == 0 ? returned : request_wait(request, returned);
    } else if ((socket = socket_for(fixture, slot)) != NULL) {
        returned = slot->call(socket->Dispatch, socket, request_irp(request));
        wsk_kit_run_until_idle();
        status = request->completion_count == 0 ? returned : request_wait(request, returned);
    }
    if (socket != NULL && !(is_close(slot) && NT_SUCCESS(status))) {
        socket_close(socket);
    }
    request_destroy(request);
    return status != STATUS_NOT_SUPPORTED;
}

/* --- documents ------------------------------------------------------------------------------------ */

struct row {
    char table[32]; /* "" in the README */
    char function[40];
    char state[24];
    char remark[400];
};

#define ROWS_MAX 100

/* Copies the cell that begins at *at, without blanks and backquotes around it, and steps behind it. */
static bool cell_read(const char **at, char *cell, size_t size)
{
    const char *end = strchr(*at, '|');
    size_t length;

    if (end == NULL) {
        return false;
    }
    while (**at == ' ' || **at == '`') {
        (*at)++;
    }
    length = (size_t)(end - *at);
    while (length > 0 && ((*at)[length - 1] == ' ' || (*at)[length - 1] == '`')) {
        length--;
    }
    (void)snprintf(cell, size, "%.*s", (int)length, *at);
    *at = end + 1;
    return true;
}

/* The rows of a page whose function begins with "Wsk"; returns how many. */
static size_t rows_read(const char *path, bool has_tables, struct row *rows)
{
    FILE *file = fopen(path, "r");
    char line[2000];
    size_t count = 0;

    if (file == NULL) {
        fail_msg("%s cannot be read", path);
        return 0;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        struct row row;
        const char *at = line + 1;

        memset(&row, 0, sizeof(row));
        if (line[0] == '|' && (!has_tables || cell_read(&at, row.table, sizeof(row.table))) &&
            cell_read(&at, row.function, sizeof(row.function)) && cell_read(&at, row.state, sizeof(row.state)) &&
            cell_read(&at, row.remark, sizeof(row.remark)) && strncmp(row.function, "Wsk", 3) == 0) {
            assert_true(count < ROWS_MAX);
            rows[count++] = row;
        }
    }
    (void)fclose(file);
    return count;
}

static bool is_declared_only(const struct row *row)
{
    return strcmp(row->state, "declared only") == 0;
}

static const struct row *row_find(const struct row *rows, size_t count, const char *table, const char *function)
{
    const struct row *found = NULL;

    for (size_t index = 0; index < count; index++) {
        if (strcmp(rows[index].table, table) == 0 && strcmp(rows[index].function, function) == 0) {
            if (found != NULL) {
                fail_msg("%s %s has two rows", table, function);
            }
            found = &rows[index];
        }
    }
    return found;
}

/* Whether a row agrees with the library; complains if not. */
static bool row_agrees(const struct row *row, const char *table, const char *function, bool works)
{
    if (row == NULL) {
        print_error("%s: %s has no row\n", table, function);
        return false;
    }
    if (strcmp(row->state, "full") != 0 && strcmp(row->state, "partial") != 0 && !is_declared_only(row)) {
        print_error("%s: %s is '%s'; full, partial and declared only are known\n", table, function, row->state);
        return false;
    }
    if (is_declared_only(row) == works) {
        print_error("%s: %s is '%s', but the library %s\n", table, function, row->state,
                    works ? "does something" : "only refuses");
        return false;
    }
    if (strcmp(row->state, "partial") == 0 && strstr(row->remark, "behaviour.md#") == NULL) {
        print_error("%s: %s is partial, but no row of behaviour.md says what is missing\n", table, function);
        return false;
    }
    return true;
}

/* The page as it has to be; states and remarks that agree are kept. */
static void page_print(const struct row *rows, size_t count, const bool *works)
{
    print_error("the rows of docs/functions.md should be:\n\n");
    for (size_t index = 0; index < SLOT_COUNT; index++) {
        const struct slot *slot = &s_slots[index];
        const struct row *row = row_find(rows, count, slot->table, slot->function);
        bool is_kept = row != NULL && is_declared_only(row) != works[index];

        print_error("| %s | `%s` | %s | %s |\n", slot->table, slot->function,
                    is_kept        ? row->state
                    : works[index] ? "full"
                                   : "declared only",
                    is_kept ? row->remark : "");
    }
}

/* Stepped, virtual, and silent about the wrong arguments. */
static const struct wsk_emu_config s_config = { .size = sizeof(struct wsk_emu_config),
                                                .execution = WSK_EMU_EXECUTION_STEPPED,
                                                .network = WSK_EMU_NETWORK_VIRTUAL,
                                                .verifier = WSK_EMU_VERIFIER_OFF };

static void test_functions_page_agrees_with_the_dispatch_tables(void **state)
{
    static struct row rows[ROWS_MAX];
    size_t count = rows_read(FUNCTIONS_PAGE, true, rows);
    bool works[SLOT_COUNT];
    bool is_right = true;

    for (size_t index = 0; index < SLOT_COUNT; index++) {
        const struct slot *slot = &s_slots[index];
        const struct row *row = row_find(rows, count, slot->table, slot->function);

        works[index] = slot_works(*state, slot);
        is_right = row_agrees(row, slot->table, slot->function, works[index]) && is_right;
    }
    if (count != SLOT_COUNT) {
        print_error("%zu rows instead of %zu\n", count, SLOT_COUNT);
    }
    if (!is_right || count != SLOT_COUNT) {
        page_print(rows, count, works);
        fail_msg("docs/functions.md does not agree with the library");
    }
}

/* The state of a function over all tables: tables whose sockets cannot be made do not count. */
static const char *state_over_tables(const struct row *rows, size_t count, const char *function)
{
    const char *found = NULL;

    for (size_t index = 0; index < count; index++) {
        const struct row *row = &rows[index];
        const struct row *close = row_find(rows, count, row->table, "WskCloseSocket");

        if (strcmp(row->function, function) != 0 || (close != NULL && is_declared_only(close))) {
            continue;
        }
        found = found == NULL || strcmp(found, row->state) == 0 ? row->state : "partial";
    }
    return found == NULL ? "declared only" : found;
}

static void test_readme_agrees_with_the_functions_page(void **state)
{
    static struct row rows[ROWS_MAX];
    static struct row readme[ROWS_MAX];
    size_t count = rows_read(FUNCTIONS_PAGE, true, rows);
    size_t readme_count = rows_read(README, false, readme);
    unsigned wrong_count = 0;

    (void)state;
    for (size_t index = 0; index < count; index++) {
        const char *function = rows[index].function;
        const struct row *row = row_find(readme, readme_count, "", function);
        const char *expected = state_over_tables(rows, count, function);

        if (row == NULL || strcmp(row->state, expected) != 0) {
            print_error("README.md: %s is '%s', but docs/functions.md makes it '%s'\n", function,
                        row == NULL ? "missing" : row->state, expected);
            wrong_count++;
        }
    }
    assert_true(count > 0);
    assert_int_equal(wrong_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test_config(test_functions_page_agrees_with_the_dispatch_tables, fixture_setup, fixture_teardown,
                                 &s_config),
        cmocka_unit_test(test_readme_agrees_with_the_functions_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
