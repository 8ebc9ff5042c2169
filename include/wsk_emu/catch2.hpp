/* SPDX-License-Identifier: MIT */
/** @file
 * Catch2 glue: each test case runs in a fresh emulated kernel and fails on any unexpected verifier report, leak or stall. For
 * Catch2 2.13 and 3, which wsk_emu::catch2 links; includes it.
 *
 * - WSK_EMU_TEST_CASE("name", "[tag]") { ... } in place of TEST_CASE. Each run of it, one for each section, has a kernel of
 *   its own.
 * - WSK_EMU_TEST_CASE_METHOD(fixture, "name", "[tag]") { ... }. The fixture is made and destroyed inside the kernel, so
 *   owners can be its members; static wsk_emu::config kernel_config() in it says which kernel it wants.
 * - wsk_emu::run_in_kernel(config, body) inside any other kind of test case.
 *
 * A test ends as docs/cpp.md says: by a failed REQUIRE, or by the kit, which may have to leave a callback or a destructor. In a
 * callback, REQUIRE needs wsk_emu::in_callback; CHECK does not. */
#ifndef WSK_EMU_CATCH2_HPP
#define WSK_EMU_CATCH2_HPP

/* With -fshort-wchar, Catch2 would read wide strings as 32 bits wide. */
#if __SIZEOF_WCHAR_T__ == 2 && !defined(CATCH_CONFIG_NO_WCHAR) && !defined(CATCH_CONFIG_WCHAR)
#define CATCH_CONFIG_NO_WCHAR
#endif

#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_message.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/catch_tostring.hpp>
#include <catch2/catch_version_macros.hpp>
#include <catch2/interfaces/catch_interfaces_capture.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>
#elif __has_include(<catch2/catch.hpp>)
#if defined(CATCH_VERSION_MAJOR) && !defined(CATCH_CONFIG_EXTERNAL_INTERFACES) && !defined(CATCH_CONFIG_RUNNER) && \
    !defined(CATCH_CONFIG_MAIN)
#error \
    "include <wsk_emu/catch2.hpp> before <catch2/catch.hpp>, or define CATCH_CONFIG_EXTERNAL_INTERFACES: it needs a listener"
#endif
#ifndef CATCH_VERSION_MAJOR
#define CATCH_CONFIG_EXTERNAL_INTERFACES
#endif
#include <catch2/catch.hpp>
#else
#include <catch_amalgamated.hpp>
#endif

#include <cstddef>
#include <string>
#include <vector>

#include "wsk_emu/cpp.hpp"

#ifdef CATCH_CONFIG_PREFIX_ALL
#define WSK_EMU_CATCH2_TEST_CASE CATCH_TEST_CASE
#define WSK_EMU_CATCH2_INFO CATCH_INFO
#define WSK_EMU_CATCH2_FAIL CATCH_FAIL_CHECK
#else
#define WSK_EMU_CATCH2_TEST_CASE TEST_CASE
#define WSK_EMU_CATCH2_INFO INFO
#define WSK_EMU_CATCH2_FAIL FAIL_CHECK
#endif

namespace Catch {

/** Assertions about a status print its name. */
template <> struct StringMaker<wsk_emu::status> {
    static std::string convert(const wsk_emu::status &status)
    {
        return status.text();
    }
};

/** Assertions about a UNICODE_STRING print it as text. */
template <> struct StringMaker<UNICODE_STRING> {
    static std::string convert(const UNICODE_STRING &string)
    {
        return '"' + wsk_emu::utf8(string) + '"';
    }
};

} // namespace Catch

namespace wsk_emu {

namespace detail {

#if CATCH_VERSION_MAJOR >= 3
using catch2_listener = Catch::EventListenerBase;
using catch2_ended = void;
#else
using catch2_listener = Catch::TestEventListenerBase;
using catch2_ended = bool;
#endif

/** Knows the sections that are open. A test that the kit leaves from a bare call destroys nothing, its sections neither, and
 * Catch2 and its reporters would believe themselves inside them for ever. Every file that includes this registers one; the
 * first does the work. */
class catch2_sections : public catch2_listener {
  public:
    using catch2_listener::catch2_listener;

    ~catch2_sections() override
    {
        if (open().owner == this) {
            open().owner = nullptr;
        }
    }
    void sectionStarting(const Catch::SectionInfo &section) override
    {
        catch2_listener::sectionStarting(section);
        if (open().owner == nullptr) {
            open().owner = this;
        }
        if (open().owner == this) {
            open().sections.push_back(section);
        }
    }
    void sectionEnded(const Catch::SectionStats &stats) override
    {
        catch2_listener::sectionEnded(stats);
        if (open().owner == this && !open().sections.empty()) {
            open().sections.pop_back();
        }
    }
    catch2_ended assertionEnded(const Catch::AssertionStats &stats) override
    {
        open().assertions = stats.totals.assertions;
        return catch2_ended();
    }

    /** How many are open. */
    static std::size_t depth()
    {
        return open().sections.size();
    }
    /** Ends those that were opened since there were depth, as their destructors would after a failed assertion, which is the
     * last one that there was. */
    static void end(std::size_t depth)
    {
        Catch::Counts before = open().assertions;

        before.failed--;
        for (std::size_t i = open().sections.size(); i > depth; i--) {
            Catch::getResultCapture().sectionEndedEarly({ open().sections[i - 1], before, 0 });
        }
    }

  private:
    struct state {
        catch2_sections *owner = nullptr;
        std::vector<Catch::SectionInfo> sections;
        Catch::Counts assertions;
    };

    static state &open()
    {
        static state state;
        return state;
    }
};

template <class Fixture> auto config_of(int) -> decltype(Fixture::kernel_config())
{
    return Fixture::kernel_config();
}
template <class> config config_of(long)
{
    return config();
}

} // namespace detail

/** Runs body() in a fresh emulated kernel, inside a test case that is not of the kinds below. When the kit ends it, the
 * test case has failed and body does not go on; the caller does. */
template <class Body> void run_in_kernel(const config &config, Body &&body)
{
    emulated_test test;
    std::size_t depth = detail::catch2_sections::depth();
    const char *reason = test.run(
        config,
        [&] {
            if (wsk_kit_seed() != 0) {
                WSK_EMU_CATCH2_INFO(detail::replay_text(wsk_kit_seed()));
                body();
            } else {
                body();
            }
        },
        [] { return false; });

    if (reason == nullptr) {
        return;
    }
    if (test.seed() != 0) {
        WSK_EMU_CATCH2_INFO(detail::replay_text(test.seed()));
        WSK_EMU_CATCH2_FAIL(reason);
    } else {
        WSK_EMU_CATCH2_FAIL(reason);
    }
    if (test.was_dropped()) {
        detail::catch2_sections::end(depth);
    }
}

} // namespace wsk_emu

namespace wsk_emu {
namespace detail {
CATCH_REGISTER_LISTENER(catch2_sections)
} // namespace detail
} // namespace wsk_emu

#define WSK_EMU_CATCH2_JOIN2(a, b) a##b
#define WSK_EMU_CATCH2_JOIN(a, b) WSK_EMU_CATCH2_JOIN2(a, b)

#define WSK_EMU_CATCH2_CASE(body, ...)                       \
    static void body();                                      \
    WSK_EMU_CATCH2_TEST_CASE(__VA_ARGS__)                    \
    {                                                        \
        ::wsk_emu::run_in_kernel(::wsk_emu::config(), body); \
    }                                                        \
    static void body()

#define WSK_EMU_CATCH2_METHOD(test, fixture, ...)                                                 \
    namespace {                                                                                   \
    struct test : fixture {                                                                       \
        void run();                                                                               \
    };                                                                                            \
    }                                                                                             \
    WSK_EMU_CATCH2_TEST_CASE(__VA_ARGS__)                                                         \
    {                                                                                             \
        ::wsk_emu::run_in_kernel(::wsk_emu::detail::config_of<fixture>(0), [] { test().run(); }); \
    }                                                                                             \
    void test::run()

/** A test case in a stepped kernel over the virtual network. */
#define WSK_EMU_TEST_CASE(...) WSK_EMU_CATCH2_CASE(WSK_EMU_CATCH2_JOIN(wsk_emu_test_case_, __COUNTER__), __VA_ARGS__)
/** A test case that is a member function of a class derived from fixture. */
#define WSK_EMU_TEST_CASE_METHOD(fixture, ...) \
    WSK_EMU_CATCH2_METHOD(WSK_EMU_CATCH2_JOIN(wsk_emu_test_case_, __COUNTER__), fixture, __VA_ARGS__)

#endif
