/* SPDX-License-Identifier: MIT */
/** @file
 * Owners of an emulated kernel and of a loaded driver. Part of cpp.hpp. */
#ifndef WSK_EMU_CPP_KERNEL_HPP
#define WSK_EMU_CPP_KERNEL_HPP

#include <cstddef>
#include <utility>

#include "wsk_emu/cpp/guard.hpp"
#include "wsk_emu/cpp/status.hpp"
#include "wsk_emu/driver.h"
#include "wsk_emu/wsk_emu.h"

namespace wsk_emu {

/** struct wsk_emu_config, put together in one expression: config().threads().sockets().seed(7). Begins as tests want it:
 * stepped, over the virtual network. Members without a function here are reached through raw(). Needs no kernel. */
class config {
  public:
    config() noexcept : raw_(wsk_emu_config_init())
    {
        raw_.execution = WSK_EMU_EXECUTION_STEPPED;
        raw_.network = WSK_EMU_NETWORK_VIRTUAL;
    }
    config &stepped() noexcept
    {
        raw_.execution = WSK_EMU_EXECUTION_STEPPED;
        return *this;
    }
    config &threads() noexcept
    {
        raw_.execution = WSK_EMU_EXECUTION_THREADS;
        return *this;
    }
    config &virtual_network() noexcept
    {
        raw_.network = WSK_EMU_NETWORK_VIRTUAL;
        return *this;
    }
    config &sockets() noexcept
    {
        raw_.network = WSK_EMU_NETWORK_SOCKETS;
        return *this;
    }
    config &processors(unsigned count) noexcept
    {
        raw_.processors = count;
        return *this;
    }
    config &seed(unsigned long long seed) noexcept
    {
        raw_.seed = seed;
        return *this;
    }
    config &completion(enum wsk_emu_completion completion) noexcept
    {
        raw_.completion = completion;
        return *this;
    }
    config &verifier(enum wsk_emu_verifier verifier) noexcept
    {
        raw_.verifier = verifier;
        return *this;
    }
    config &no_progress_ms(unsigned milliseconds) noexcept
    {
        raw_.no_progress_ms = milliseconds;
        return *this;
    }
    /** fn gets each line of the log, as wsk_emu_log_fn says. */
    config &log(wsk_emu_log_fn *fn, void *context) noexcept
    {
        raw_.log = fn;
        raw_.log_context = context;
        return *this;
    }
    struct wsk_emu_config &raw() noexcept
    {
        return raw_;
    }
    const struct wsk_emu_config &raw() const noexcept
    {
        return raw_;
    }

  private:
    struct wsk_emu_config raw_;
};

/** An emulated kernel. One a process at a time; the thread that starts it is its main thread and has to destroy it. Tests
 * in a fixture of gtest.hpp or catch2.hpp have one already. PASSIVE_LEVEL. */
class kernel {
  public:
    /** Not running. */
    kernel() noexcept = default;
    /** Runs; fails the test (see kit.h) when it cannot be started. */
    explicit kernel(const config &config)
    {
        status started = start(config);

        if (!started.ok()) {
            detail::guarded([&] { wsk_kit_fail("wsk_emu::kernel: cannot be started: %s", started.text().c_str()); });
        }
    }
    /** Stops it. Unexpected reports fail the test: who wants to look at their number calls stop. */
    ~kernel()
    {
        std::size_t reports = stop();

        if (reports != 0) {
            detail::guarded_quietly([=] {
                wsk_kit_fail("wsk_emu::kernel: %zu unexpected verifier report%s, see above", reports,
                             reports == 1 ? "" : "s");
            });
        }
    }
    kernel(kernel &&other) noexcept : stamp_(other.stamp_)
    {
        other.stamp_ = detail::run_stamp();
    }
    kernel &operator=(kernel &&other)
    {
        if (this != &other) {
            kernel old(std::move(*this));

            stamp_ = std::exchange(other.stamp_, detail::run_stamp());
        }
        return *this;
    }

    /** @return as wsk_emu_start. */
    WSK_EMU_NODISCARD status start(const config &config = wsk_emu::config())
    {
        status result = wsk_emu_start(&config.raw());

        if (result.ok()) {
            stamp_.set();
        }
        return result;
    }
    /** Closes the test's peers and stops it.
     * @return number of unexpected reports since the start, leaks included; 0 when it is not running. */
    std::size_t stop()
    {
        bool is_mine = stamp_.is_live();

        stamp_ = detail::run_stamp();
        return is_mine ? wsk_kit_stop() : 0;
    }
    bool is_running() const noexcept
    {
        return stamp_.is_live();
    }

  private:
    detail::run_stamp stamp_;
};

/** A driver that is loaded, unloaded at its end. PASSIVE_LEVEL, the main thread. */
class driver {
  public:
    /** Owns nothing. */
    driver() noexcept = default;
    ~driver()
    {
        if (is_loaded()) {
            detail::guarded_quietly([this] { wsk_emu_driver_unload(object_); });
        }
    }
    driver(driver &&other) noexcept : object_(std::exchange(other.object_, nullptr)), stamp_(other.stamp_)
    {
    }
    /** What was loaded here before is unloaded first. */
    driver &operator=(driver &&other)
    {
        if (this != &other) {
            unload();
            object_ = std::exchange(other.object_, nullptr);
            stamp_ = other.stamp_;
        }
        return *this;
    }

    /** wsk_emu_driver_load. Fails the test when a driver is loaded here already.
     * @return what the entry returned, or as wsk_emu_driver_load says; on failure nothing is owned. */
    WSK_EMU_NODISCARD status load(PDRIVER_INITIALIZE entry, PCSTR name)
    {
        return load_with([=](PDRIVER_OBJECT *object) { return wsk_emu_driver_load(entry, name, object); });
    }
    /** wsk_emu_driver_load_file, in the same way. */
    WSK_EMU_NODISCARD status load_file(PCSTR path, PCSTR name = nullptr)
    {
        return load_with([=](PDRIVER_OBJECT *object) { return wsk_emu_driver_load_file(path, name, object); });
    }
    /** Does nothing when nothing is loaded. Fails the test when the driver hangs. */
    void unload()
    {
        PDRIVER_OBJECT object = is_loaded() ? object_ : nullptr;

        object_ = nullptr;
        if (object != nullptr) {
            detail::guarded([=] { wsk_emu_driver_unload(object); });
        }
    }
    bool is_loaded() const noexcept
    {
        return object_ != nullptr && stamp_.is_live();
    }
    /** nullptr when nothing is loaded; stays the library's. */
    PDRIVER_OBJECT get() const noexcept
    {
        return is_loaded() ? object_ : nullptr;
    }

  private:
    template <class Load> status load_with(Load &&load)
    {
        status result = STATUS_INVALID_DEVICE_STATE;

        if (is_loaded()) {
            detail::refuse("driver::load", "a driver is loaded here already; unload it first");
            return result;
        }
        detail::guarded([&] { result = load(&object_); });
        if (result.ok()) {
            stamp_.set();
        } else {
            object_ = nullptr;
        }
        return result;
    }

    PDRIVER_OBJECT object_ = nullptr;
    detail::run_stamp stamp_;
};

} // namespace wsk_emu

#endif
