# SPDX-License-Identifier: MIT
# How each test of gtest_cases.cpp has to end. Read by check_cases.cmake.

function(gtest_fails test)
    run_case(${test} 1 ${ARGN} HAS "[  FAILED  ] ${test}" "\n 1 FAILED TEST\n" "[       OK ] healthy.accepts"
        "[       OK ] seeds/healthy_parameters.run_in_a_kernel/1")
    set(problems ${problems} PARENT_SCOPE)
    set(count ${count} PARENT_SCOPE)
endfunction()

run_case(none 0 HAS "[  PASSED  ] 5 tests" "[  SKIPPED ] 1 test" HAS_NOT "seed " "wsk_emu verifier")
gtest_fails(failing.leak HAS "the driver broke rules: 1 unexpected verifier report, see above" "POOL-011")
gtest_fails(failing.rule HAS "the driver broke rules: 1 unexpected verifier report, see above" "LOCK-010")
gtest_fails(failing.wait_of_an_owner HAS "a peer" HAS_NOT "wsk_emu verifier")
# What is on the stack of a test that is left from a bare call is lost.
set(ENV{ASAN_OPTIONS} "detect_leaks=0")
gtest_fails(failing.bare_wait HAS "deadlock: nothing can move any more")
unset(ENV{ASAN_OPTIONS})
gtest_fails(failing.inside_a_callback HAS "said in a DPC")
gtest_fails(failing.in_a_destructor HAS "deadlock: nothing can move any more")
gtest_fails(failing.bug_check HAS "BUGCHECK 0x000000E2 MANUALLY_INITIATED_CRASH")
gtest_fails(failing_fixture.member_hangs HAS "deadlock: nothing can move any more")
gtest_fails(failing_set_up.body_does_not_run HAS "a peer" HAS_NOT "tore down")
gtest_fails(failing_assertion_in_set_up.tears_down_without_running HAS "in SetUp" "torn down")
gtest_fails(failing_seeded.prints_the_seed HAS "seed 7: set WSK_EMU_SEED=7 to replay this order of events")
gtest_fails(failing_kernel.does_not_start HAS "wsk_emu_start failed with status STATUS_INVALID_PARAMETER")
gtest_fails(failing.assertion HAS "asserted" HAS_NOT "wsk_emu verifier")
gtest_fails(failing.exception HAS "thrown by the test" HAS_NOT "wsk_emu verifier")
gtest_fails(failing.names_are_printed
    HAS "STATUS_INVALID_PARAMETER (0xC000000D)" "STATUS_PENDING (0x00000103)" "STATUS_TIMEOUT (0x00000102)" "\"gaté\"")
