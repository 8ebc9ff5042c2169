/* SPDX-License-Identifier: MIT */
/** @file
 * GoogleTest glue: each test runs in a fresh emulated kernel and fails on any unexpected verifier report, leak or stall. Needs
 * GoogleTest 1.10 or later, which wsk_emu::gtest links, and includes it.
 *
 * - WSK_EMU_TEST(suite, name) { ... } and WSK_EMU_TEST_F(fixture, name) { ... } in place of TEST and TEST_F.
 * - wsk_emu::run_in_kernel(config, body) inside any other kind of test, such as TEST_P.
 *
 * A test ends as docs/cpp.md says: by a failed ASSERT_..., or by the kit, which may have to leave a callback or a
 * destructor. In callbacks, which return a value, use EXPECT_... and go on. */
#ifndef WSK_EMU_GTEST_HPP
#define WSK_EMU_GTEST_HPP

#include <gtest/gtest.h>

#include <memory>
#include <ostream>

#include "wsk_emu/cpp.hpp"

/** For assertions about a UNICODE_STRING: prints it as text. */
inline void PrintTo(const UNICODE_STRING &string, std::ostream *os)
{
    *os << '"' << wsk_emu::utf8(string) << '"';
}

namespace wsk_emu {

/** Assertions about a status print its name. */
inline void PrintTo(const status &status, std::ostream *os)
{
    *os << status.text();
}

/** Runs body() in a fresh emulated kernel, inside a test that is not of the kinds below. When the kit ends it, the
 * test has failed and body does not go on; the caller does. */
template <class Body> void run_in_kernel(const config &config, Body &&body)
{
    struct seed_printer {
        emulated_test test;
        bool is_passed = false;

        ~seed_printer() /* also when an exception passes */
        {
            if (!is_passed) {
                test.print_seed();
            }
        }
    } run;
    const char *reason = run.test.run(config, body, [] { return ::testing::Test::HasFatalFailure(); });

    if (reason != nullptr) {
        const ::testing::TestInfo *info = ::testing::UnitTest::GetInstance()->current_test_info();

        [&] { GTEST_FAIL_AT(info->file(), info->line()) << reason; }();
    }
    run.is_passed = !::testing::Test::HasFailure();
}

/** Base of fixtures for WSK_EMU_TEST_F. A fixture is made, set up, torn down and destroyed inside the kernel of its test,
 * so owners can be its members. After a failure of the kit it is destroyed only if that can be done without harm. */
class test : public ::testing::Test {
  public:
    /** A fixture that wants another kernel has a function like this. */
    static config kernel_config()
    {
        return config();
    }

  private:
    /* An error here: WSK_EMU_TEST_F makes tests of this fixture, not TEST_F. */
    void TestBody() final
    {
    }
};

namespace detail {

/* What GoogleTest takes for the fixture: it lives outside the kernel. */
template <class Fixture> class gtest_suite : public ::testing::Test {
    struct inside : Fixture {
        static void set_up()
        {
            Fixture::SetUpTestSuite();
        }
        static void tear_down()
        {
            Fixture::TearDownTestSuite();
        }
        static config config_of()
        {
            return Fixture::kernel_config();
        }
    };

  public:
    static void SetUpTestSuite()
    {
        inside::set_up();
    }
    static void TearDownTestSuite()
    {
        inside::tear_down();
    }

  protected:
    static config config_of()
    {
        return inside::config_of();
    }
};

template <class Fixture, class Test> class gtest_case : public gtest_suite<Fixture> {
    void TestBody() override
    {
        run_in_kernel(gtest_suite<Fixture>::config_of(), [] {
            std::unique_ptr<Test> test(new Test);

            if (!::testing::Test::HasFatalFailure() && !::testing::Test::IsSkipped()) {
                test->SetUp();
                if (!::testing::Test::HasFatalFailure() && !::testing::Test::IsSkipped()) {
                    test->run();
                }
                test->TearDown();
            }
        });
    }
};

template <class Fixture, class Test>
::testing::TestInfo *gtest_register(const char *suite, const char *name, const char *file, int line)
{
    return ::testing::RegisterTest(suite, name, nullptr, nullptr, file, line,
                                   []() -> gtest_suite<Fixture> * { return new gtest_case<Fixture, Test>; });
}

} // namespace detail
} // namespace wsk_emu

#define WSK_EMU_GTEST_CASE(suite, name, fixture)                                                                  \
    static_assert(sizeof(#suite) > 1 && sizeof(#name) > 1, "a test has a suite and a name");                      \
    class suite##_##name##_Emulated : public fixture {                                                            \
      public:                                                                                                     \
        void SetUp() override                                                                                     \
        {                                                                                                         \
            fixture::SetUp();                                                                                     \
        }                                                                                                         \
        void TearDown() override                                                                                  \
        {                                                                                                         \
            fixture::TearDown();                                                                                  \
        }                                                                                                         \
        void run();                                                                                               \
        static ::testing::TestInfo *const info_;                                                                  \
    };                                                                                                            \
    ::testing::TestInfo *const suite##_##name##_Emulated::info_ =                                                 \
        ::wsk_emu::detail::gtest_register<fixture, suite##_##name##_Emulated>(#suite, #name, __FILE__, __LINE__); \
    void suite##_##name##_Emulated::run()

/** A test in a stepped kernel over the virtual network. */
#define WSK_EMU_TEST(suite, name) WSK_EMU_GTEST_CASE(suite, name, ::wsk_emu::test)
/** A test with a fixture that is derived from wsk_emu::test. */
#define WSK_EMU_TEST_F(fixture, name) WSK_EMU_GTEST_CASE(fixture, name, fixture)

/** Assertions about an NTSTATUS; both sides are printed by name. */
#define WSK_EMU_EXPECT_STATUS(actual, expected) EXPECT_EQ(::wsk_emu::status(actual), ::wsk_emu::status(expected))
#define WSK_EMU_ASSERT_STATUS(actual, expected) ASSERT_EQ(::wsk_emu::status(actual), ::wsk_emu::status(expected))

#endif
