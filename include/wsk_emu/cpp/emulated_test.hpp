/* SPDX-License-Identifier: MIT */
/** @file
 * One test in an emulated kernel of its own: what gtest.hpp and catch2.hpp are made of. Part of cpp.hpp. */
#ifndef WSK_EMU_CPP_EMULATED_TEST_HPP
#define WSK_EMU_CPP_EMULATED_TEST_HPP

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "wsk_emu/cpp/guard.hpp"
#include "wsk_emu/cpp/kernel.hpp"

namespace wsk_emu {

namespace detail {

/* How to see a failure again. */
inline std::string replay_text(unsigned long long seed)
{
    std::string number = std::to_string(seed);

    return "seed " + number + ": set WSK_EMU_SEED=" + number + " to replay this order of events";
}

} // namespace detail

/** Starts a kernel, runs a test in it, and stops it; for the glue of another test framework. An object serves one test. */
class emulated_test {
  public:
    emulated_test() noexcept
    {
        reason_[0] = '\0';
    }
    /** After an exception that run let through, the kernel is abandoned: what the test has left is not reported, its failure
     * was. */
    ~emulated_test()
    {
        if (is_begun_) {
            wsk_kit_abandon();
        }
    }
    emulated_test(const emulated_test &) = delete;
    emulated_test &operator=(const emulated_test &) = delete;

    /** Runs body(). Exceptions that it throws pass through.
     * @param has_failed has_failed() is asked when body has returned: an assertion has ended the test early. Then the kernel
     * is abandoned, too.
     * @return nullptr; or why the test has failed, if that is for the kit to say: the kernel did not start, the kit's
     * failure handler was called, or rules were broken. Valid as long as this object. */
    template <class Body, class HasFailed> const char *run(const config &config, Body &&body, HasFailed &&has_failed)
    {
        status started = wsk_emu_start(&config.raw());
        std::size_t reports = 0;

        if (!started.ok()) {
            std::snprintf(reason_, sizeof(reason_), "wsk_emu_start failed with status %s", started.text().c_str());
            return reason_;
        }
        is_begun_ = true;
        seed_ = wsk_kit_seed();
        run_.execute([&] {
            body();
            if (!run_.is_over() && !has_failed()) {
                reports = wsk_kit_stop();
            }
        });
        is_begun_ = false;
        wsk_kit_abandon();
        if (run_.is_over()) {
            return run_.reason();
        }
        if (reports != 0) {
            std::snprintf(reason_, sizeof(reason_),
                          "the driver broke rules: %zu unexpected verifier report%s, see above", reports,
                          reports == 1 ? "" : "s");
            return reason_;
        }
        return nullptr;
    }

    /** After run: what was on the stack of body has not been destroyed, because the kit ended the test in a call without an
     * owner. */
    bool was_dropped() const noexcept
    {
        return run_.was_dropped();
    }
    /** The seed that the kernel had. */
    unsigned long long seed() const noexcept
    {
        return seed_;
    }
    /** To be called when the test has failed: says how to see that again. Without a seed the order of events is the natural one,
     * and every run is a replay. */
    void print_seed() const
    {
        if (seed_ != 0) {
            std::fprintf(stderr, "%s\n", detail::replay_text(seed_).c_str());
        }
    }

  private:
    detail::test_run run_;
    unsigned long long seed_ = 0;
    bool is_begun_ = false;
    char reason_[128];
};

/** For a callback in a test that holds assertions which throw, as those of Catch2 do: runs body() and returns what it
 * returns. An exception may not pass through the C code that called the callback, so it ends the test from here, which
 * fails. The test's thread: in threads execution record in callbacks and assert in the test. */
template <class Body> auto in_callback(Body &&body) -> decltype(body())
{
#if defined(__cpp_exceptions)
    try {
        return body();
    } catch (...) {
        /* Left below, when the exception is gone. */
    }
    wsk_kit_fail("an assertion failed, or something else was thrown, inside a callback");
    std::abort();
#else
    return body();
#endif
}

} // namespace wsk_emu

#endif
