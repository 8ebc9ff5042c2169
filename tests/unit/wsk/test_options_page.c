/* SPDX-License-Identifier: MIT */
/* Prints docs/options.md from the table of options; fails when the page differs. WSK_EMU_WRITE_DOCS=1 writes it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"
#include "wsk/wsk_option_table.h"

#define PAGE_BYTES 131072u

struct page {
    char text[PAGE_BYTES];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void put(struct page *page, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(page->text + page->length, sizeof(page->text) - page->length, format, args);
    va_end(args);
    assert_true(length >= 0 && (size_t)length < sizeof(page->text) - page->length);
    page->length += (size_t)length;
}

/* What each system calls an option of an endpoint; NULL: it has nothing like it. */
#define WE_HOST_OPTION(option, level, name, conversion, highest) [WE_EP_##option] = #name,
static const char *const s_linux_names[WE_EP_OPTION_COUNT] = {
#include "host/host_option_linux.def"
};
static const char *const s_darwin_names[WE_EP_OPTION_COUNT] = {
#include "host/host_option_darwin.def"
};

static const char s_head[] =
    "# Socket options and I/O controls\n"
    "\n"
    "Printed from the table that `WskControlSocket` is driven by (`src/wsk/wsk_options.def`), by `test_options_page`,\n"
    "which fails when this page differs. `WSK_EMU_WRITE_DOCS=1` in its environment makes it write the page anew.\n"
    "\n"
    "- **Sockets**: B basic, L listening, D datagram, C connection, S stream. On others the call fails with\n"
    "  `STATUS_NOT_SUPPORTED` and is reported (SOCK-030). Options of `IPPROTO_IPV6` need an IPv6 socket, those of\n"
    "  `IPPROTO_TCP` and `IPPROTO_UDP` the protocol.\n"
    "- **When**: at another time setting fails with `STATUS_INVALID_DEVICE_STATE` and is reported (SOCK-030). What can be\n"
    "  set can be got at any time.\n"
    "- **IRP**: required, forbidden or optional. Without a required one: `STATUS_REQUEST_NOT_ACCEPTED`; with a forbidden\n"
    "  one: `STATUS_INVALID_PARAMETER`; both are reported (SOCK-003). Every option needs one, but for\n"
    "  `SO_WSK_EVENT_CALLBACK`.\n"
    "- **Data**: the least size in bytes; more will do. A value that is too short or out of range fails with\n"
    "  `STATUS_INVALID_PARAMETER`, an output buffer that is too short with `STATUS_BUFFER_TOO_SMALL`.\n"
    "- **Done by**: *network*: an option of the operating system's socket (its name stands under Linux and macOS; — means\n"
    "  that there is none, and `STATUS_NOT_SUPPORTED`), kept without effect on the virtual network. *library*: wsk_emu\n"
    "  does it. *kept*: accepted and given back without effect, which the log says once. *refused*:\n"
    "  `STATUS_NOT_SUPPORTED`, which the log says once.\n"
    "- **Initial**: what is got when nothing was set and there is no socket of the operating system to ask.\n"
    "\n"
    "Codes that are not here get `STATUS_NOT_SUPPORTED`, or the configuration's `unknown_option`.\n";

static void put_categories(struct page *page, unsigned categories)
{
    static const char letters[] = "BLDCS"; /* in the order of enum we_wsk_category */
    const char *separator = "";
    unsigned i;

    for (i = 0; letters[i] != '\0'; i++) {
        if ((categories & WE_WSK_CATEGORY_BIT(i)) != 0) {
            put(page, "%s%c", separator, letters[i]);
            separator = " ";
        }
    }
}

static const char *time_text(enum we_wsk_row_time time)
{
    static const char *const texts[] = { "", "before bind", "after bind", "before connect", "connected" };

    assert_true((unsigned)time < sizeof(texts) / sizeof(texts[0]));
    return texts[time];
}

static const char *access_text(unsigned access)
{
    switch (access) {
    case WE_WSK_CAN_SET:
        return "set";
    case WE_WSK_CAN_GET:
        return "get";
    default:
        return "set, get";
    }
}

static const char *doer_text(enum we_wsk_row_doer doer)
{
    switch (doer) {
    case WE_WSK_BY_NETWORK:
        return "network";
    case WE_WSK_BY_LIBRARY:
    case WE_WSK_BY_FUNCTION:
        return "library";
    case WE_WSK_KEPT:
        return "kept";
    default:
        assert_int_equal(doer, WE_WSK_REFUSED);
        return "refused";
    }
}

static void put_kind(struct page *page, const struct we_wsk_row *row)
{
    switch (row->kind) {
    case WE_WSK_KIND_FLAG:
        put(page, row->input_size == 1 ? "flag, 4 or 1" : "flag, 4");
        break;
    case WE_WSK_KIND_NUMBER:
        if (row->highest == 0xffffffffu) {
            put(page, row->lowest == 0 ? "ULONG" : "ULONG, %u and more", (unsigned)row->lowest);
        } else {
            put(page, "%u .. %u", (unsigned)row->lowest, (unsigned)row->highest);
        }
        break;
    default:
        put(page, "%u", (unsigned)(row->input_size > row->output_size ? row->input_size : row->output_size));
        break;
    }
}

static void put_name(struct page *page, const struct we_wsk_row *row, const char *const *names)
{
    if (row->doer != WE_WSK_BY_NETWORK) {
        put(page, " |");
    } else if (names[row->host] == NULL) {
        put(page, " — |");
    } else {
        put(page, " `%s` |", names[row->host]);
    }
}

static void put_option(struct page *page, const struct we_wsk_row *row)
{
    put(page, row->code < 0x100 ? "| `%s` | %u | %s | " : "| `%s` | 0x%x | %s | ", row->name, (unsigned)row->code,
        access_text(row->access));
    put_kind(page, row);
    put(page, " | ");
    put_categories(page, row->categories);
    put(page, " | %s | ", time_text(row->time));
    if (row->kind != WE_WSK_KIND_DATA && row->doer != WE_WSK_REFUSED) {
        put(page, row->initial > 0xffffff ? "0x%x" : "%u", (unsigned)row->initial);
    }
    put(page, " | %s |", doer_text(row->doer));
    put_name(page, row, s_linux_names);
    put_name(page, row, s_darwin_names);
    put(page, " %s |\n", row->text);
}

static void put_options(struct page *page)
{
    const char *level_name = "";
    unsigned i;

    for (i = 0; i < WE_WSK_ROW_COUNT; i++) {
        const struct we_wsk_row *row = we_wsk_row((enum we_wsk_row_id)i);

        if (row->level_name == NULL) {
            continue;
        }
        if (strcmp(level_name, row->level_name) != 0) {
            level_name = row->level_name;
            put(page,
                "\n## %s (%u)\n\n"
                "| Option | Value | Access | Data | Sockets | When | Initial | Done by | Linux | macOS | What it is |\n"
                "|---|---|---|---|---|---|---|---|---|---|---|\n",
                level_name, (unsigned)row->level);
        }
        put_option(page, row);
    }
}

static void put_ioctls(struct page *page)
{
    static const char *const irps[] = { "required", "forbidden", "optional" };
    unsigned i;

    put(page, "\n## I/O controls\n\n"
              "| Control | Code | Input | Output | Sockets | When | IRP | IRQL | Done by | What it is |\n"
              "|---|---|---|---|---|---|---|---|---|---|\n");
    for (i = 0; i < WE_WSK_ROW_COUNT; i++) {
        const struct we_wsk_row *row = we_wsk_row((enum we_wsk_row_id)i);

        if (row->level_name != NULL) {
            continue;
        }
        put(page, "| `%s` | 0x%08x | %u | %u | ", row->name, (unsigned)row->code, (unsigned)row->input_size,
            (unsigned)row->output_size);
        put_categories(page, row->categories);
        put(page, " | %s | %s | %s | %s | %s |\n", time_text(row->time), irps[row->irp],
            row->is_passive_only ? "PASSIVE" : "", doer_text(row->doer), row->text);
    }
}

static void print_page(struct page *page)
{
    page->length = 0;
    put(page, "%s", s_head);
    put_options(page);
    put_ioctls(page);
}

static void read_committed(struct page *page)
{
    FILE *file = fopen(OPTIONS_PAGE, "rb");

    assert_non_null(file);
    page->length = fread(page->text, 1, sizeof(page->text) - 1, file);
    page->text[page->length] = '\0';
    fclose(file);
}

static void write_page(const struct page *page)
{
    FILE *file = fopen(OPTIONS_PAGE, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(page->text, 1, page->length, file), page->length);
    assert_int_equal(fclose(file), 0);
}

static struct page s_printed;
static struct page s_committed;

static void test_options_page_equals_the_table(void **state)
{
    (void)state;
    print_page(&s_printed);
    if (getenv("WSK_EMU_WRITE_DOCS") != NULL) {
        write_page(&s_printed);
    }
    read_committed(&s_committed);
    if (strcmp(s_printed.text, s_committed.text) != 0) {
        fail_msg("docs/options.md differs from the table: run this test with WSK_EMU_WRITE_DOCS=1");
    }
}

/* --- the table itself ------------------------------------------------------------------------------- */

static void test_options_rows_are_found_by_their_codes_only_once(void **state)
{
    unsigned i;

    (void)state;
    for (i = 0; i < WE_WSK_ROW_COUNT; i++) {
        const struct we_wsk_row *row = we_wsk_row((enum we_wsk_row_id)i);

        assert_ptr_equal(row->level_name != NULL ? we_wsk_row_find_option(row->level, row->code)
                                                 : we_wsk_row_find_ioctl(row->code),
                         row);
    }
    assert_null(we_wsk_row_find_option(SOL_SOCKET, 0x7777));
    assert_null(we_wsk_row_find_option(0x7777, SO_KEEPALIVE));
    assert_null(we_wsk_row_find_ioctl(SIO_GET_QOS));
}

static void test_options_rows_are_whole(void **state)
{
    unsigned i;

    (void)state;
    for (i = 0; i < WE_WSK_ROW_COUNT; i++) {
        const struct we_wsk_row *row = we_wsk_row((enum we_wsk_row_id)i);

        assert_non_null(row->name);
        assert_true(row->categories != 0);
        assert_true(row->text[0] != '\0');
        assert_int_equal(row->run != NULL, row->doer == WE_WSK_BY_FUNCTION);
        assert_true(row->kind != WE_WSK_KIND_DATA || row->level_name == NULL || row->run != NULL ||
                    row->doer == WE_WSK_REFUSED);
        if (row->kind != WE_WSK_KIND_DATA) {
            assert_true(row->lowest <= row->highest);
            assert_true(row->doer == WE_WSK_REFUSED || (row->initial >= row->lowest && row->initial <= row->highest));
        }
        if (row->level_name != NULL && row->code != SO_WSK_EVENT_CALLBACK) {
            assert_int_equal(row->irp, WE_WSK_IRP_REQUIRED);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_page_equals_the_table),
        cmocka_unit_test(test_options_rows_are_found_by_their_codes_only_once),
        cmocka_unit_test(test_options_rows_are_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
