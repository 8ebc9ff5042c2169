/* SPDX-License-Identifier: MIT */
/* Conditional accept where Windows is silent: the named knobs, and what they change. */
#include "support/inspect_gate.h"

static struct contract_way s_silent_close = {
    .config = { .size = sizeof(struct wsk_emu_config),
                .execution = WSK_EMU_EXECUTION_STEPPED,
                .network = WSK_EMU_NETWORK_VIRTUAL,
                .keep_silent_on_listener_close = 1 },
    .is_stepped = true,
    .is_virtual = true,
};

static struct contract_way s_late_verdict_fails = {
    .config = { .size = sizeof(struct wsk_emu_config),
                .execution = WSK_EMU_EXECUTION_STEPPED,
                .network = WSK_EMU_NETWORK_VIRTUAL,
                .inspect_complete_after_abort = STATUS_CONNECTION_ABORTED },
    .is_stepped = true,
    .is_virtual = true,
};

/* T17, knob off: the driver hears nothing about requests that its own close drops. */
static void test_inspect_knob_silent_close_calls_no_abort(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);
    struct wsk_kit_peer *peer = gate_knock(gate);

    gate_wait_pended(1);
    gate_close_listener(gate);
    assert_int_equal(wsk_kit_witness_count(gate->aborts), 0);
    assert_int_equal(wsk_kit_pended_inspections(), 0);
    wsk_kit_peer_expect_rejected(peer);
    gate_close(gate);
}

/* T20: the status of a verdict for an aborted request is not published. */
static void test_inspect_knob_late_verdict_gets_the_chosen_status(void **state)
{
    struct gate *gate = gate_open(state, WskInspectPend);

    wsk_kit_peer_reset(gate_knock(gate));
    wsk_kit_witness_wait(gate->aborts, 1);
    assert_int_equal(gate_verdict(gate, gate_id(gate, 0), WskInspectAccept), STATUS_CONNECTION_ABORTED);
    gate_expect_silence(gate, 1, 0);
    gate_close(gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONTRACT_ENTRY(test_inspect_knob_silent_close_calls_no_abort, fixture_setup, fixture_teardown, s_silent_close,
                       "stepped, virtual"),
        CONTRACT_ENTRY(test_inspect_knob_late_verdict_gets_the_chosen_status, fixture_setup, fixture_teardown,
                       s_late_verdict_fails, "stepped, virtual"),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
