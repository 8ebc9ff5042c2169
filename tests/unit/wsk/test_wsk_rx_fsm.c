/* SPDX-License-Identifier: MIT */
/* The receive table: complete, named, and true to the promises of WSK in every order of events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wsk/wsk_rx_fsm.h"

/* --- the table by itself ---------------------------------------------------------------------- */

static void test_step_every_cell_is_present(void **state)
{
    (void)state;
    for (int s = 0; s < WE_WSK_RX_STATE_COUNT; s++) {
        for (int e = 0; e < WE_WSK_RX_EVENT_COUNT; e++) {
            struct we_wsk_rx_cell cell = we_wsk_rx_step((enum we_wsk_rx_state)s, (enum we_wsk_rx_event)e);

            if (cell.kind == WE_WSK_RX_MISSING || cell.next >= WE_WSK_RX_STATE_COUNT) {
                fail_msg("no cell for %s in %s", we_wsk_rx_event_name((enum we_wsk_rx_event)e),
                         we_wsk_rx_state_name((enum we_wsk_rx_state)s));
            }
        }
    }
}

static void test_step_other_than_go_keeps_the_state(void **state)
{
    (void)state;
    for (int s = 0; s < WE_WSK_RX_STATE_COUNT; s++) {
        for (int e = 0; e < WE_WSK_RX_EVENT_COUNT; e++) {
            struct we_wsk_rx_cell cell = we_wsk_rx_step((enum we_wsk_rx_state)s, (enum we_wsk_rx_event)e);

            if (cell.kind != WE_WSK_RX_GO) {
                assert_int_equal(cell.next, s);
            }
        }
    }
}

static void test_step_closed_is_never_left(void **state)
{
    (void)state;
    for (int e = 0; e < WE_WSK_RX_EVENT_COUNT; e++) {
        struct we_wsk_rx_cell cell = we_wsk_rx_step(WE_WSK_RX_CLOSED, (enum we_wsk_rx_event)e);

        assert_int_equal(cell.next, WE_WSK_RX_CLOSED);
        assert_int_equal(cell.actions, 0);
    }
}

static void test_step_dead_is_left_by_close_only(void **state)
{
    (void)state;
    for (int e = 0; e < WE_WSK_RX_EVENT_COUNT; e++) {
        struct we_wsk_rx_cell cell = we_wsk_rx_step(WE_WSK_RX_DEAD, (enum we_wsk_rx_event)e);

        assert_int_equal(cell.next, e == WE_WSK_RX_ON_CLOSE ? WE_WSK_RX_CLOSED : WE_WSK_RX_DEAD);
    }
}

static void test_step_pump_and_call_happen_in_flowing_only(void **state)
{
    (void)state;
    for (int s = 0; s < WE_WSK_RX_STATE_COUNT; s++) {
        for (int e = 0; e < WE_WSK_RX_EVENT_COUNT; e++) {
            struct we_wsk_rx_cell cell = we_wsk_rx_step((enum we_wsk_rx_state)s, (enum we_wsk_rx_event)e);

            if ((cell.actions & WE_WSK_RX_DO_PUMP) != 0) {
                assert_int_equal(cell.next, WE_WSK_RX_FLOWING);
            }
            if ((cell.actions & WE_WSK_RX_DO_CALL) != 0) {
                assert_int_equal(s, WE_WSK_RX_FLOWING);
                assert_int_equal(cell.next, WE_WSK_RX_INDICATING);
            }
        }
    }
}

static void test_names_are_given_and_differ(void **state)
{
    (void)state;
    for (int a = 0; a < WE_WSK_RX_STATE_COUNT; a++) {
        assert_string_not_equal(we_wsk_rx_state_name((enum we_wsk_rx_state)a), "?");
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(we_wsk_rx_state_name((enum we_wsk_rx_state)a),
                                    we_wsk_rx_state_name((enum we_wsk_rx_state)b));
        }
    }
    for (int a = 0; a < WE_WSK_RX_EVENT_COUNT; a++) {
        assert_string_not_equal(we_wsk_rx_event_name((enum we_wsk_rx_event)a), "?");
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(we_wsk_rx_event_name((enum we_wsk_rx_event)a),
                                    we_wsk_rx_event_name((enum we_wsk_rx_event)b));
        }
    }
    for (int a = 0; a < WE_WSK_RX_ACTION_COUNT; a++) {
        assert_string_not_equal(we_wsk_rx_action_name((enum we_wsk_rx_action_index)a), "?");
    }
    assert_string_equal(we_wsk_rx_state_name(WE_WSK_RX_STATE_COUNT), "?");
    assert_string_equal(we_wsk_rx_event_name(WE_WSK_RX_EVENT_COUNT), "?");
    assert_string_equal(we_wsk_rx_action_name(WE_WSK_RX_ACTION_COUNT), "?");
}

static void test_cell_text_reads_like_the_page(void **state)
{
    char text[WE_WSK_RX_CELL_TEXT_SIZE];

    (void)state;
    assert_string_equal(we_wsk_rx_cell_text(WE_WSK_RX_INDICATING, WE_WSK_RX_ON_KEPT, text), "->FLOWING: lend, pump");
    assert_string_equal(we_wsk_rx_cell_text(WE_WSK_RX_INDICATING, WE_WSK_RX_ON_RESET, text), "park");
    assert_string_equal(we_wsk_rx_cell_text(WE_WSK_RX_INDICATING, WE_WSK_RX_ON_RECEIVE, text), "park: queue it");
    assert_string_equal(we_wsk_rx_cell_text(WE_WSK_RX_PAUSED, WE_WSK_RX_ON_BYTES, text), "hold");
    assert_string_equal(we_wsk_rx_cell_text(WE_WSK_RX_DEAD, WE_WSK_RX_ON_BYTES, text), "skip");
    assert_string_equal(we_wsk_rx_cell_text(WE_WSK_RX_CLOSED, WE_WSK_RX_ON_CLOSE, text), "-");
    assert_string_equal(we_wsk_rx_cell_text(WE_WSK_RX_PAUSED, WE_WSK_RX_ON_END, text), "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_step_every_cell_is_present),
        cmocka_unit_test(test_step_other_than_go_keeps_the_state),
        cmocka_unit_test(test_step_closed_is_never_left),
        cmocka_unit_test(test_step_dead_is_left_by_close_only),
        cmocka_unit_test(test_step_pump_and_call_happen_in_flowing_only),
        cmocka_unit_test(test_names_are_given_and_differ),
        cmocka_unit_test(test_cell_text_reads_like_the_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
