/* SPDX-License-Identifier: MIT */
/** @file
 * How a failed test is left without an exception in C code, and how owners notice. Part of cpp.hpp. */
#ifndef WSK_EMU_CPP_GUARD_HPP
#define WSK_EMU_CPP_GUARD_HPP

#include <csetjmp>
#include <cstdio>
#include <cstdlib>

#include "wsk_emu/kit.h"

/* Design
 *
 * The kit fails a test deep in C code: in a wait, perhaps below a callback of a driver. An exception may not pass
 * through those frames, nor leave a destructor that unloads a driver which hangs. So the failure handler leaves by longjmp,
 * to the nearest of two places:
 *
 * - the method of an owner that called the kit. It throws test_ended from there, through frames of the test alone, so that
 *   the test's sections, strings and owners are destroyed as after any failed assertion. A destructor returns instead.
 *   An owner's method that is called inside a callback is no such place: C frames lie outside it.
 * - the end of the test, when the test called the C function itself, or where there are no exceptions. What is on the
 *   test's stack is dropped without its destructors, as in CMocka.
 *
 * From the failure on, owners do not touch the kernel any more: they hold a stamp of the kernel in which they got what
 * they own, and no stamp is live then. Nor is one after the kernel has stopped; owners that outlive it do no harm.
 */

namespace wsk_emu {
namespace detail {

/** What an owner throws when the test is over. Caught by the glue. */
struct test_ended {};

/** The test that the calling thread runs. Made by the glue of a test framework. */
class test_run {
  public:
    test_run() noexcept
    {
        reason_[0] = '\0';
    }
    ~test_run()
    {
        if (current() == this) {
            current() = nullptr;
            wsk_kit_set_failure_handler(nullptr);
        }
    }
    test_run(const test_run &) = delete;
    test_run &operator=(const test_run &) = delete;

    /** nullptr: none. */
    static test_run *&current() noexcept
    {
        static thread_local test_run *run = nullptr;
        return run;
    }
    /** The kit has failed it. */
    bool is_over() const noexcept
    {
        return is_over_;
    }
    /** No C frames lie between here and the test. Once it is over there are none: it was left to get here, and what the
     * kernel knows of callbacks is about frames that are gone. */
    bool may_come_back() const noexcept
    {
        return is_over_ || !wsk_kit_is_in_callback();
    }
    /** Why; "" while it has not. */
    const char *reason() const noexcept
    {
        return reason_;
    }

    /** Runs body until it returns or the kit fails it. An exception but test_ended passes through. Not inlined, as
     * nothing that calls setjmp is. */
    template <class Body> void execute(Body &&body)
    {
        current() = this;
        wsk_kit_set_failure_handler(leave);
#if defined(__cpp_exceptions)
        try {
            was_dropped_ = !call(body);
        } catch (const test_ended &) {
        }
#else
        was_dropped_ = !call(body);
#endif
    }
    /** It was left from a bare call of the kit: what was on its stack was not destroyed. */
    bool was_dropped() const noexcept
    {
        return was_dropped_;
    }

    /** False: the kit failed the test inside body. */
    template <class Body> bool call(Body &&body)
    {
        place here = { {}, this, target_ };

        if (setjmp(here.jump) != 0) {
            return false;
        }
        /* gcc does not see that the place takes itself out again at its end. */
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdangling-pointer"
#endif
        target_ = &here;
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#pragma GCC diagnostic pop
#endif
        body();
        return true;
    }

  private:
    /* A place to come back to; its life ends the place. */
    struct place {
        std::jmp_buf jump;
        test_run *run;
        place *outer;

        ~place()
        {
            run->target_ = outer;
        }
    };

    static void leave(const char *reason)
    {
        test_run *run = current();

        if (run == nullptr || run->target_ == nullptr) {
            std::fprintf(stderr, "wsk_kit: %s\n", reason); /* on a thread that runs no test */
            std::abort();
        }
        if (!run->is_over_) {
            std::snprintf(run->reason_, sizeof(run->reason_), "%s", reason);
            run->is_over_ = true;
        }
        std::longjmp(run->target_->jump, 1);
    }

    place *target_ = nullptr;
    bool is_over_ = false;
    bool was_dropped_ = false;
    char reason_[8192];
};

/** The number of the kernel that runs; 0 when there is none, or its test is over. */
inline unsigned long long live_run() noexcept
{
    const test_run *run = test_run::current();

    return run != nullptr && run->is_over() ? 0 : wsk_kit_run_number();
}

/** In which kernel an owner got what it owns. */
class run_stamp {
  public:
    /** Owned: from now on, in this kernel. */
    void set() noexcept
    {
        number_ = live_run();
    }
    /** What is owned is there, and may be given back. */
    bool is_live() const noexcept
    {
        return number_ != 0 && number_ == live_run();
    }

  private:
    unsigned long long number_ = 0;
};

/** Calls a function of the kit or the kernel for an owner. */
template <class Call> void guarded(Call &&call)
{
#if defined(__cpp_exceptions)
    test_run *run = test_run::current();

    if (run != nullptr && run->may_come_back()) {
        if (run->is_over() || !run->call(call)) {
            throw test_ended();
        }
        return;
    }
#endif
    call();
}

/** The same for destructors: comes back, and the test is over. */
template <class Call> void guarded_quietly(Call &&call)
{
#if defined(__cpp_exceptions)
    test_run *run = test_run::current();

    if (run != nullptr && run->may_come_back()) {
        if (!run->is_over()) {
            (void)run->call(call);
        }
        return;
    }
#endif
    call();
}

/** An owner was asked for something that cannot be. */
inline void refuse(const char *function, const char *why)
{
    guarded([=] { wsk_kit_fail("wsk_emu::%s: %s", function, why); });
}
inline void refuse_quietly(const char *function, const char *why)
{
    guarded_quietly([=] { wsk_kit_fail("wsk_emu::%s: %s", function, why); });
}

/** Memory of an owner that a failed test left to the kernel: it stays reachable, and is nobody's. */
struct leftover {
    leftover *next = nullptr;
};
inline void keep_leftover(leftover *object) noexcept
{
    static thread_local leftover *objects = nullptr;

    object->next = objects;
    objects = object;
}

} // namespace detail
} // namespace wsk_emu

#endif
