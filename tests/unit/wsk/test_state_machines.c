/* SPDX-License-Identifier: MIT */
/* Prints docs/state-machines.md from the tables; fails when the page differs. WSK_EMU_WRITE_DOCS=1 writes it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/nmr_fsm.h"
#include "support/unit.h"
#include "wsk/wsk_accept_fsm.h"
#include "wsk/wsk_life_fsm.h"
#include "wsk/wsk_rx_fsm.h"

#define PAGE_BYTES 65536u

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

/* --- conditional accept -------------------------------------------------------------------------------- */

static void put_accept_cell(struct page *page, enum we_wsk_accept_state state, enum we_wsk_accept_event event)
{
    const struct we_wsk_accept_cell *cell = we_wsk_accept_cell(state, event);
    const char *separator = ": ";
    unsigned i;

    switch (cell->kind) {
    case WE_ACCEPT_CELL_GO:
        put(page, "→%s", we_wsk_accept_state_name(cell->next));
        for (i = 0; i < WE_ACCEPT_ACTION_COUNT; i++) {
            if ((cell->actions & (1u << i)) != 0) {
                put(page, "%s%s", separator, we_wsk_accept_action_text((enum we_wsk_accept_action_index)i));
                separator = ", ";
            }
        }
        break;
    case WE_ACCEPT_CELL_PARK:
        put(page, "**park**");
        break;
    case WE_ACCEPT_CELL_SKIP:
        put(page, "skip");
        break;
    case WE_ACCEPT_CELL_RULE:
        put(page, "**rule**");
        break;
    case WE_ACCEPT_CELL_GONE:
        put(page, "**gone**");
        break;
    default:
        put(page, "·");
        break;
    }
}

static const char s_accept_text[] =
    "## Conditional accept\n"
    "\n"
    "One incoming request of a listening socket (`src/wsk/wsk_accept_fsm.c`). A request of a conditional listener begins\n"
    "in INSPECTING, any other in READY.\n"
    "\n"
    "Cells: `→STATE: actions` in the order in which they are performed; **park**: a callback is on a stack, the event is\n"
    "remembered and replayed after its return (verdict, reset, close, in this order); skip: harmless; **rule**: the driver\n"
    "broke a rule, it is reported and its call fails; **gone**: a verdict for a request that is over, which the\n"
    "documentation allows if the request was aborted and which is a rule otherwise; ·: cannot happen.\n"
    "\n";

static void put_accept(struct page *page)
{
    unsigned row;
    unsigned column;

    put(page, "%s| event \\ state |", s_accept_text);
    for (column = 0; column < WE_ACCEPT_STATE_COUNT; column++) {
        put(page, " %s |", we_wsk_accept_state_name((enum we_wsk_accept_state)column));
    }
    put(page, "\n|---|");
    for (column = 0; column < WE_ACCEPT_STATE_COUNT; column++) {
        put(page, "---|");
    }
    for (row = 0; row < WE_ACCEPT_EVENT_COUNT; row++) {
        put(page, "\n| %s |", we_wsk_accept_event_text((enum we_wsk_accept_event)row));
        for (column = 0; column < WE_ACCEPT_STATE_COUNT; column++) {
            put(page, " ");
            put_accept_cell(page, (enum we_wsk_accept_state)column, (enum we_wsk_accept_event)row);
            put(page, " |");
        }
    }
    put(page, "\n\n");
}

/* --- receive side ------------------------------------------------------------------------------------------ */

static const char s_rx_text[] =
    "## Receive side of a connection\n"
    "\n"
    "Who gets the bytes of a connection socket (`src/wsk/wsk_rx_fsm.c`). *pump* is the one rule of order: the oldest\n"
    "WskReceive first, else the enabled WskReceiveEvent, else the bytes stay where they are.\n"
    "\n";

static void put_rx(struct page *page)
{
    char text[WE_WSK_RX_CELL_TEXT_SIZE];
    unsigned row;
    unsigned column;

    put(page, "%s| event \\ state |", s_rx_text);
    for (column = 0; column < WE_WSK_RX_STATE_COUNT; column++) {
        put(page, " %s |", we_wsk_rx_state_name((enum we_wsk_rx_state)column));
    }
    put(page, "\n|---|");
    for (column = 0; column < WE_WSK_RX_STATE_COUNT; column++) {
        put(page, "---|");
    }
    for (row = 0; row < WE_WSK_RX_EVENT_COUNT; row++) {
        put(page, "\n| %s |", we_wsk_rx_event_name((enum we_wsk_rx_event)row));
        for (column = 0; column < WE_WSK_RX_STATE_COUNT; column++) {
            put(page, " %s |", we_wsk_rx_cell_text((enum we_wsk_rx_state)column, (enum we_wsk_rx_event)row, text));
        }
    }
    put(page, "\n");
}

/* --- socket life ------------------------------------------------------------------------------------------- */

static const char s_life_text[] =
    "\n"
    "## Life of a socket\n"
    "\n"
    "From creation to tombstone, for every category (`src/wsk/wsk_life_fsm.c`). A socket begins in OPEN. Rundown counts\n"
    "(calls, callbacks, IRPs) keep it in CLOSING, references keep it in FINISHED; the open socket holds one of each.\n"
    "\n";

static void put_life(struct page *page)
{
    char text[WE_WSK_LIFE_CELL_TEXT_SIZE];
    unsigned row;
    unsigned column;

    put(page, "%s| event \\ state |", s_life_text);
    for (column = 0; column < WE_WSK_LIFE_STATE_COUNT; column++) {
        put(page, " %s |", we_wsk_life_state_name((enum we_wsk_life_state)column));
    }
    put(page, "\n|---|");
    for (column = 0; column < WE_WSK_LIFE_STATE_COUNT; column++) {
        put(page, "---|");
    }
    for (row = 0; row < WE_WSK_LIFE_EVENT_COUNT; row++) {
        put(page, "\n| %s |", we_wsk_life_event_name((enum we_wsk_life_event)row));
        for (column = 0; column < WE_WSK_LIFE_STATE_COUNT; column++) {
            put(page, " %s |",
                we_wsk_life_cell_text((enum we_wsk_life_state)column, (enum we_wsk_life_event)row, text));
        }
    }
    put(page, "\n");
}

/* --- network module registrar ------------------------------------------------------------------------------ */

static const char s_nmr_text[] =
    "\n"
    "## Binding of two network modules\n"
    "\n"
    "A client and a provider of one interface in the network module registrar (`src/nt/nmr_fsm.c`). A binding begins in\n"
    "OFFERED. park: an attach callback is on a stack, the event is replayed after its return; rule: a driver broke a\n"
    "rule, which is reported before the rest.\n"
    "\n";

static const char s_nmr_side_text[] =
    "\n"
    "Each side of a binding detaches by itself; *detach* above tells first the side that deregisters, then the other.\n"
    "\n";

static void put_nmr(struct page *page)
{
    char text[WE_NMR_CELL_TEXT_SIZE];
    unsigned row;
    unsigned column;

    put(page, "%s| event \\ state |", s_nmr_text);
    for (column = 0; column < WE_NMR_STATE_COUNT; column++) {
        put(page, " %s |", we_nmr_state_name((enum we_nmr_state)column));
    }
    put(page, "\n|---|");
    for (column = 0; column < WE_NMR_STATE_COUNT; column++) {
        put(page, "---|");
    }
    for (row = 0; row < WE_NMR_EVENT_COUNT; row++) {
        put(page, "\n| %s |", we_nmr_event_name((enum we_nmr_event)row));
        for (column = 0; column < WE_NMR_STATE_COUNT; column++) {
            put(page, " %s |", we_nmr_cell_text((enum we_nmr_state)column, (enum we_nmr_event)row, text));
        }
    }
    put(page, "\n%s| event \\ state |", s_nmr_side_text);
    for (column = 0; column < WE_NMR_SIDE_STATE_COUNT; column++) {
        put(page, " %s |", we_nmr_side_state_name((enum we_nmr_side_state)column));
    }
    put(page, "\n|---|");
    for (column = 0; column < WE_NMR_SIDE_STATE_COUNT; column++) {
        put(page, "---|");
    }
    for (row = 0; row < WE_NMR_SIDE_EVENT_COUNT; row++) {
        put(page, "\n| %s |", we_nmr_side_event_name((enum we_nmr_side_event)row));
        for (column = 0; column < WE_NMR_SIDE_STATE_COUNT; column++) {
            put(page, " %s |",
                we_nmr_side_cell_text((enum we_nmr_side_state)column, (enum we_nmr_side_event)row, text));
        }
    }
    put(page, "\n");
}

static void print_page(struct page *page)
{
    page->length = 0;
    put(page,
        "# State machines\n\nPrinted from the tables in the code by `test_state_machines`, which fails when this page "
        "differs.\n`WSK_EMU_WRITE_DOCS=1` in its environment makes it write the page anew.\n\n");
    put_accept(page);
    put_rx(page);
    put_life(page);
    put_nmr(page);
}

static void read_committed(struct page *page)
{
    FILE *file = fopen(STATE_MACHINES_PAGE, "rb");

    assert_non_null(file);
    page->length = fread(page->text, 1, sizeof(page->text) - 1, file);
    page->text[page->length] = '\0';
    fclose(file);
}

static void write_page(const struct page *page)
{
    FILE *file = fopen(STATE_MACHINES_PAGE, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(page->text, 1, page->length, file), page->length);
    assert_int_equal(fclose(file), 0);
}

static struct page s_printed;
static struct page s_committed;

static void test_state_machines_page_equals_the_tables(void **state)
{
    (void)state;
    print_page(&s_printed);
    if (getenv("WSK_EMU_WRITE_DOCS") != NULL) {
        write_page(&s_printed);
    }
    read_committed(&s_committed);
    if (strcmp(s_printed.text, s_committed.text) != 0) {
        fail_msg("docs/state-machines.md differs from the tables: run this test with WSK_EMU_WRITE_DOCS=1");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_machines_page_equals_the_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
