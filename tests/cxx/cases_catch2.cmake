# SPDX-License-Identifier: MIT
# How each test of catch2_cases.cpp has to end. Read by check_cases.cmake.

# The exit code of a failure: the number of failed assertions, or in version 3 always the same.
set(failed "[1-9][0-9]*")

# The test fails alone, with one failed assertion.
function(catch2_fails test)
    run_case(${test} "${failed}" ${ARGN} HAS "${test}" "test cases:  5 |  4 passed | 1 failed"
        "assertions: ")
    set(problems ${problems} PARENT_SCOPE)
    set(count ${count} PARENT_SCOPE)
endfunction()

run_case(none 0 HAS "All tests passed (" "in 4 test cases)" HAS_NOT "wsk_emu verifier")
catch2_fails("failing leak" HAS "the driver broke rules: 1 unexpected verifier report, see above" "POOL-011")
catch2_fails("failing wait of an owner" HAS "a peer" HAS_NOT "wsk_emu verifier")
catch2_fails("failing inside a callback" HAS "said in a DPC")
catch2_fails("failing in a destructor" HAS "deadlock: nothing can move any more")
catch2_fails("failing member of a fixture" HAS "deadlock: nothing can move any more"
    "seed 7: set WSK_EMU_SEED=7 to replay this order of events")
catch2_fails("failing start" HAS "wsk_emu_start failed with status STATUS_INVALID_PARAMETER")
catch2_fails("failing assertion" HAS "1 == 2" HAS_NOT "wsk_emu verifier")
catch2_fails("failing exception" HAS "thrown by the test" HAS_NOT "wsk_emu verifier")
# Two failed assertions, the second of which says that the test could not go on.
run_case("failing assertion inside a callback" "${failed}" HAS "test cases:  5 |  4 passed | 1 failed" "wsk_kit_now_ms() == 77"
    "an assertion failed, or something else was thrown, inside a callback")
catch2_fails("failing check inside a callback" HAS "wsk_kit_now_ms() == 77")
catch2_fails("failing assertion with a seed" HAS "seed 7: set WSK_EMU_SEED=7 to replay this order of events" "7 == 8")
run_case("failing names are printed" "${failed}" HAS "STATUS_INVALID_PARAMETER (0xC000000D) == 0" "STATUS_PENDING (0x00000103)"
    "STATUS_TIMEOUT (0x00000102)" "name := \"gate\"")
catch2_fails("failing section by an owner" HAS "inner section" "second section ran" "a peer")

# What is on the stack of a test that is left from a bare call is lost.
set(ENV{ASAN_OPTIONS} "detect_leaks=0")
catch2_fails("failing bare wait" HAS "deadlock: nothing can move any more")
catch2_fails("failing section by a bare wait" HAS "second section ran" "deadlock: nothing can move any more")
# Reporters that keep the tree of sections are not left in the middle of it.
run_case("failing section by*,failing assertion" "${failed}" ARGUMENTS -r junit
    HAS "failures=\"3\"" "</testsuites>" "failing section by a bare wait/inner section/first section"
    "failing section by a bare wait/second section" "global\" name=\"failing assertion\"")
run_case("failing section by a bare wait" "${failed}" ARGUMENTS -r xml HAS "<OverallResultsCases successes=\"4\" failures=\"1\"")
