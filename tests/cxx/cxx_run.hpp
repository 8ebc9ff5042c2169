/* SPDX-License-Identifier: MIT */
/* Runs a body in an emulated kernel and tells how it ended, for tests of what the C++ headers do when a test fails. */
#ifndef WE_TEST_CXX_RUN_HPP
#define WE_TEST_CXX_RUN_HPP

#include <string>

#include "wsk_emu/cmocka.h"
#include "wsk_emu/cpp.hpp"

/* "" when the body passes, else the kit's reason. */
template <class Body> std::string run_reason(Body body, const wsk_emu::config &config = wsk_emu::config())
{
    wsk_emu::emulated_test test;
    const char *reason = test.run(config, body, [] { return false; });

    return reason != nullptr ? reason : "";
}

template <class Body> void expect_pass(Body body, const wsk_emu::config &config = wsk_emu::config())
{
    assert_string_equal(run_reason(body, config).c_str(), "");
}

/* The body fails with a reason that contains the words. */
template <class Body> void expect_failure(Body body, const char *words)
{
    std::string reason = run_reason(body, wsk_emu::config().log([](void *, const char *) {}, nullptr));

    if (reason.find(words) == std::string::npos) {
        fail_msg("expected \"%s\", got \"%s\"", words, reason.c_str());
    }
}

#endif
