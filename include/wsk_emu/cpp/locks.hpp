/* SPDX-License-Identifier: MIT */
/** @file
 * Scopes at a raised IRQL and under a spin lock. Part of cpp.hpp. */
#ifndef WSK_EMU_CPP_LOCKS_HPP
#define WSK_EMU_CPP_LOCKS_HPP

#include "wsk_emu/cpp/guard.hpp"
#include "wsk_emu/wdk/wdm.h"

namespace wsk_emu {

/** Raises the IRQL of the calling thread and lowers it at the end of the scope. */
class raised_irql {
  public:
    /** At or below the new IRQL. */
    explicit raised_irql(KIRQL irql = DISPATCH_LEVEL) noexcept
    {
        KeRaiseIrql(irql, &old_);
        stamp_.set();
    }
    ~raised_irql()
    {
        if (stamp_.is_live()) {
            KeLowerIrql(old_);
        }
    }
    raised_irql(const raised_irql &) = delete;
    raised_irql &operator=(const raised_irql &) = delete;

    /** Where it lowers to. */
    KIRQL old() const noexcept
    {
        return old_;
    }

  private:
    KIRQL old_ = PASSIVE_LEVEL;
    detail::run_stamp stamp_;
};

/** Holds a spin lock from here to the end of the scope, at DISPATCH_LEVEL. */
class spin_lock_guard {
  public:
    /** PASSIVE_LEVEL .. DISPATCH_LEVEL. The lock is the caller's and initialised. */
    explicit spin_lock_guard(KSPIN_LOCK &lock) noexcept : lock_(lock)
    {
        KeAcquireSpinLock(&lock_, &old_);
        stamp_.set();
    }
    ~spin_lock_guard()
    {
        if (stamp_.is_live()) {
            KeReleaseSpinLock(&lock_, old_);
        }
    }
    spin_lock_guard(const spin_lock_guard &) = delete;
    spin_lock_guard &operator=(const spin_lock_guard &) = delete;

  private:
    KSPIN_LOCK &lock_;
    KIRQL old_ = PASSIVE_LEVEL;
    detail::run_stamp stamp_;
};

} // namespace wsk_emu

#endif
