/* SPDX-License-Identifier: MIT */
/** @file
 * Owners of the test kit's peers, servers and witnesses, and scopes in which reports are expected. Part of cpp.hpp. */
#ifndef WSK_EMU_CPP_PEERS_HPP
#define WSK_EMU_CPP_PEERS_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "wsk_emu/cpp/guard.hpp"
#include "wsk_emu/kit.h"

namespace wsk_emu {

namespace detail {

/** Owns one object of the kit. Functions of kit.h take get(). */
template <class Object, void (*Close)(Object *)> class kit_owner {
  public:
    kit_owner() noexcept = default;
    explicit kit_owner(Object *object) noexcept : object_(object)
    {
        stamp_.set();
    }
    ~kit_owner()
    {
        if (get() != nullptr) {
            guarded_quietly([this] { Close(object_); });
        }
    }
    kit_owner(kit_owner &&other) noexcept : object_(std::exchange(other.object_, nullptr)), stamp_(other.stamp_)
    {
    }
    kit_owner &operator=(kit_owner &&other)
    {
        if (this != &other) {
            close();
            object_ = std::exchange(other.object_, nullptr);
            stamp_ = other.stamp_;
        }
        return *this;
    }

    /** Ends it. Does nothing when there is nothing. */
    void close()
    {
        Object *object = get();

        object_ = nullptr;
        if (object != nullptr) {
            guarded([=] { Close(object); });
        }
    }
    /** Stays this owner's. nullptr when there is nothing, or its kernel has stopped. */
    Object *get() const noexcept
    {
        return stamp_.is_live() ? object_ : nullptr;
    }
    explicit operator bool() const noexcept
    {
        return get() != nullptr;
    }

  protected:
    /** For functions that need it: fails the test when there is nothing. */
    template <class Use> void with(const char *function, Use &&use) const
    {
        Object *object = get();

        if (object == nullptr) {
            refuse(function, "there is nothing: it was closed, moved from, or never made");
        } else {
            guarded([&] { use(object); });
        }
    }

  private:
    Object *object_ = nullptr;
    run_stamp stamp_;
};

} // namespace detail

/** A client that connects to the driver, or what a server accepted; closed gracefully at its end. The functions are those
 * of kit.h: those that wait fail the test when what they wait for cannot come. The main thread, PASSIVE_LEVEL. */
class peer : public detail::kit_owner<struct wsk_kit_peer, wsk_kit_peer_close> {
  public:
    using kit_owner::kit_owner;

    /** Starts to connect to a port of the loopback address. */
    static peer connect(std::uint16_t port, enum wsk_kit_family family = WSK_KIT_IPV4)
    {
        struct wsk_kit_peer *made = nullptr;

        detail::guarded([&] { made = wsk_kit_connect(family, port); });
        return peer(made);
    }
    void expect_connected()
    {
        with("peer::expect_connected", wsk_kit_peer_expect_connected);
    }
    void expect_rejected()
    {
        with("peer::expect_rejected", wsk_kit_peer_expect_rejected);
    }
    void send(const void *bytes, std::size_t length)
    {
        with("peer::send", [=](struct wsk_kit_peer *kit) { wsk_kit_peer_send(kit, bytes, length); });
    }
    void send(const std::string &text)
    {
        send(text.data(), text.size());
    }
    void expect(const void *bytes, std::size_t length)
    {
        with("peer::expect", [=](struct wsk_kit_peer *kit) { wsk_kit_peer_expect(kit, bytes, length); });
    }
    void expect(const std::string &text)
    {
        expect(text.data(), text.size());
    }
    /** Waits for at least one byte; at most size. 0: the driver has finished. */
    std::size_t receive(void *bytes, std::size_t size)
    {
        std::size_t received = 0;

        with("peer::receive", [&](struct wsk_kit_peer *kit) { received = wsk_kit_peer_receive(kit, bytes, size); });
        return received;
    }
    void expect_end()
    {
        with("peer::expect_end", wsk_kit_peer_expect_end);
    }
    void expect_reset()
    {
        with("peer::expect_reset", wsk_kit_peer_expect_reset);
    }
    /** Finishes sending. */
    void end()
    {
        with("peer::end", wsk_kit_peer_end);
    }
    void reset()
    {
        with("peer::reset", wsk_kit_peer_reset);
    }
    enum wsk_kit_peer_state state() const
    {
        enum wsk_kit_peer_state state = WSK_KIT_PEER_CLOSED;

        with("peer::state", [&](struct wsk_kit_peer *kit) { state = wsk_kit_peer_state(kit); });
        return state;
    }
    std::uint16_t port() const
    {
        std::uint16_t port = 0;

        with("peer::port", [&](struct wsk_kit_peer *kit) { port = wsk_kit_peer_port(kit); });
        return port;
    }
};

/** A listening peer for drivers that connect. The main thread, PASSIVE_LEVEL. */
class server : public detail::kit_owner<struct wsk_kit_server, wsk_kit_server_close> {
  public:
    using kit_owner::kit_owner;

    static server listen(enum wsk_kit_family family = WSK_KIT_IPV4)
    {
        struct wsk_kit_server *made = nullptr;

        detail::guarded([&] { made = wsk_kit_listen(family); });
        return server(made);
    }
    std::uint16_t port() const
    {
        std::uint16_t port = 0;

        with("server::port", [&](struct wsk_kit_server *kit) { port = wsk_kit_server_port(kit); });
        return port;
    }
    /** Waits for a connection from the driver. */
    peer accept()
    {
        struct wsk_kit_peer *accepted = nullptr;

        with("server::accept", [&](struct wsk_kit_server *kit) { accepted = wsk_kit_server_accept(kit); });
        return peer(accepted);
    }
};

/** A peer that exchanges datagrams with the driver. The main thread, PASSIVE_LEVEL. */
class datagram_peer : public detail::kit_owner<struct wsk_kit_datagram_peer, wsk_kit_datagram_close> {
  public:
    using kit_owner::kit_owner;

    static datagram_peer open(enum wsk_kit_family family = WSK_KIT_IPV4)
    {
        struct wsk_kit_datagram_peer *made = nullptr;

        detail::guarded([&] { made = wsk_kit_datagram_open(family); });
        return datagram_peer(made);
    }
    std::uint16_t port() const
    {
        std::uint16_t port = 0;

        with("datagram_peer::port", [&](struct wsk_kit_datagram_peer *kit) { port = wsk_kit_datagram_port(kit); });
        return port;
    }
    /** To a port of the loopback address. */
    void send(std::uint16_t port, const std::string &bytes)
    {
        with("datagram_peer::send",
             [&](struct wsk_kit_datagram_peer *kit) { wsk_kit_datagram_send(kit, port, bytes.data(), bytes.size()); });
    }
    /** Waits for the next datagram and compares it; about, if not nullptr, gets what is known about it. */
    void expect(const std::string &bytes, struct wsk_kit_datagram *about = nullptr)
    {
        with("datagram_peer::expect", [&](struct wsk_kit_datagram_peer *kit) {
            wsk_kit_datagram_expect(kit, bytes.data(), bytes.size(), about);
        });
    }
    void expect_none()
    {
        with("datagram_peer::expect_none", wsk_kit_datagram_expect_none);
    }
};

/** Records calls on any thread. The name has to live as long. */
class witness : public detail::kit_owner<struct wsk_kit_witness, wsk_kit_witness_destroy> {
  public:
    /** None; for members. */
    witness() noexcept = default;
    /** The main thread, PASSIVE_LEVEL. */
    explicit witness(const char *name) : kit_owner(make(name))
    {
    }
    /** Notes a call. Any thread, PASSIVE_LEVEL .. DISPATCH_LEVEL. */
    void call(std::uintptr_t a = 0, std::uintptr_t b = 0, std::uintptr_t c = 0, std::uintptr_t d = 0)
    {
        wsk_kit_witness_call(get(), a, b, c, d);
    }
    std::size_t count() const
    {
        std::size_t count = 0;

        with("witness::count", [&](struct wsk_kit_witness *kit) { count = wsk_kit_witness_count(kit); });
        return count;
    }
    struct wsk_kit_call at(std::size_t index) const
    {
        struct wsk_kit_call call = {};

        with("witness::at", [&](struct wsk_kit_witness *kit) { call = wsk_kit_witness_get(kit, index); });
        return call;
    }
    /** Waits until it was called at least count times. */
    void wait(std::size_t count) const
    {
        with("witness::wait", [=](struct wsk_kit_witness *kit) { wsk_kit_witness_wait(kit, count); });
    }

  private:
    static struct wsk_kit_witness *make(const char *name)
    {
        struct wsk_kit_witness *made = nullptr;

        detail::guarded([&] { made = wsk_kit_witness_create(name); });
        return made;
    }
};

/** A scope in which a rule is broken on purpose: its reports are not counted, and one that has not come at the end of the
 * scope fails the test. The main thread. */
class expected_report {
  public:
    /** rule_id as in docs/verifier.md, "IRP-001"; it has to live as long. */
    explicit expected_report(const char *rule_id, std::size_t times = 1) : rule_id_(rule_id)
    {
        detail::guarded([&] {
            awaited_ = wsk_kit_report_count(rule_id_) + times;
            for (std::size_t i = 0; i < times; i++) {
                wsk_kit_expect_report(rule_id_);
            }
        });
        stamp_.set();
    }
    ~expected_report()
    {
        if (stamp_.is_live() && !has_come()) {
            detail::guarded_quietly([this] { wsk_kit_fail("%s was expected here, but was not reported", rule_id_); });
        }
    }
    expected_report(const expected_report &) = delete;
    expected_report &operator=(const expected_report &) = delete;

    /** All of them. */
    bool has_come() const
    {
        return wsk_kit_report_count(rule_id_) >= awaited_;
    }

  private:
    const char *rule_id_;
    std::size_t awaited_ = 0;
    detail::run_stamp stamp_;
};

/** wsk_kit_wait_for with anything that can be called: lets the world go on until condition() is true. */
template <class Condition> void wait_for(Condition &&condition, const char *what)
{
    wsk_kit_condition_fn *call = [](void *context) -> bool {
        return (*static_cast<typename std::remove_reference<Condition>::type *>(context))();
    };

    detail::guarded([&] { wsk_kit_wait_for(call, const_cast<void *>(static_cast<const void *>(&condition)), what); });
}

} // namespace wsk_emu

#endif
