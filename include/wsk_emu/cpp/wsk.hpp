/* SPDX-License-Identifier: MIT */
/** @file
 * Owners of a WSK registration and of WSK sockets, for tests that are WSK clients themselves. Part of cpp.hpp. */
#ifndef WSK_EMU_CPP_WSK_HPP
#define WSK_EMU_CPP_WSK_HPP

#include <cstddef>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "wsk_emu/cpp/guard.hpp"
#include "wsk_emu/cpp/irp.hpp"
#include "wsk_emu/cpp/status.hpp"
#include "wsk_emu/wdk/wsk.h"

namespace wsk_emu {

/** An IPv4 or IPv6 address with a port. Any IRQL. */
class address {
  public:
    /** All zero, to be filled by a function. */
    address() noexcept
    {
        std::memset(&as_, 0, sizeof(as_));
    }
    /** The loopback address; port in host byte order, 0 = chosen by the network. */
    static address loopback(USHORT port = 0, ADDRESS_FAMILY family = AF_INET) noexcept
    {
        address made = any(port, family);

        if (family == AF_INET6) {
            made.as_.in6.sin6_addr.u.Byte[15] = 1;
        } else {
            made.as_.in.sin_addr.S_un.S_un_b.s_b1 = 127;
            made.as_.in.sin_addr.S_un.S_un_b.s_b4 = 1;
        }
        return made;
    }
    /** The wildcard address. */
    static address any(USHORT port = 0, ADDRESS_FAMILY family = AF_INET) noexcept
    {
        address made;

        made.as_.any.sa_family = family;
        made.as_.in.sin_port = RtlUshortByteSwap(port); /* in the same place in both families */
        return made;
    }
    USHORT port() const noexcept
    {
        return RtlUshortByteSwap(as_.in.sin_port);
    }
    ADDRESS_FAMILY family() const noexcept
    {
        return as_.any.sa_family;
    }
    PSOCKADDR get() noexcept
    {
        return &as_.any;
    }

  private:
    union {
        SOCKADDR any;
        SOCKADDR_IN in;
        SOCKADDR_IN6 in6;
        SOCKADDR_STORAGE storage;
    } as_;
};

/** A registration with WSK and the captured provider. Sockets have to be closed before it: declare it first. */
class wsk_client {
  public:
    /** Not registered. */
    wsk_client() noexcept = default;
    ~wsk_client()
    {
        drop([](const state *dropped) { detail::guarded_quietly([=] { give_back(dropped); }); });
    }
    wsk_client(wsk_client &&other) noexcept : state_(std::exchange(other.state_, nullptr)), stamp_(other.stamp_)
    {
    }
    wsk_client &operator=(wsk_client &&other)
    {
        if (this != &other) {
            close();
            state_ = std::exchange(other.state_, nullptr);
            stamp_ = other.stamp_;
        }
        return *this;
    }

    /** Registers and captures, without waiting for a provider. PASSIVE_LEVEL. Fails the test when it is open already.
     * @return as WskRegister and WskCaptureProviderNPI; STATUS_INSUFFICIENT_RESOURCES. On failure nothing is left. */
    WSK_EMU_NODISCARD status open(USHORT version = MAKE_WSK_VERSION(1, 0))
    {
        if (is_open()) {
            detail::refuse("wsk_client::open", "it is open already");
            return STATUS_INVALID_DEVICE_STATE;
        }
        state *made = new (std::nothrow) state();

        if (made == nullptr) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        made->dispatch.Version = version;
        made->client.Dispatch = &made->dispatch;
        status result = WskRegister(&made->client, &made->registration);

        if (result.ok()) {
            result = WskCaptureProviderNPI(&made->registration, WSK_NO_WAIT, &made->provider);
            if (!result.ok()) {
                WskDeregister(&made->registration);
            }
        }
        if (!result.ok()) {
            delete made;
            return result;
        }
        state_ = made;
        stamp_.set();
        return result;
    }
    /** Releases and deregisters, which waits for the sockets to be closed. PASSIVE_LEVEL. Does nothing when it is not open. */
    void close()
    {
        drop([](const state *dropped) { detail::guarded([=] { give_back(dropped); }); });
    }
    bool is_open() const noexcept
    {
        return state_ != nullptr && stamp_.is_live();
    }
    /** The provider; fails the test when it is not open. */
    WSK_PROVIDER_NPI provider() const
    {
        WSK_PROVIDER_NPI none = { nullptr, nullptr };

        if (!is_open()) {
            detail::refuse("wsk_client::provider", "it is not open");
            return none;
        }
        return state_->provider;
    }

  private:
    /* The registration must stay where it is. */
    struct state : detail::leftover {
        WSK_CLIENT_DISPATCH dispatch = {};
        WSK_CLIENT_NPI client = {};
        WSK_REGISTRATION registration = {};
        WSK_PROVIDER_NPI provider = {};
    };

    static void give_back(const state *dropped)
    {
        PWSK_REGISTRATION registration = const_cast<PWSK_REGISTRATION>(&dropped->registration);

        WskReleaseProviderNPI(registration);
        WskDeregister(registration);
    }

    template <class GiveBack> void drop(GiveBack &&give_back)
    {
        state *dropped = std::exchange(state_, nullptr);

        if (dropped == nullptr) {
            return;
        }
        if (stamp_.is_live()) {
            give_back(dropped);
        }
        if (stamp_.is_live()) {
            delete dropped;
        } else {
            detail::keep_leftover(dropped); /* the kernel of a failed test may still hold it */
        }
    }

    state *state_ = nullptr;
    detail::run_stamp stamp_;
};

/** What a socket is for; decides which of its functions there are. */
enum class socket_category : ULONG {
    basic = WSK_FLAG_BASIC_SOCKET,
    listen = WSK_FLAG_LISTEN_SOCKET,
    datagram = WSK_FLAG_DATAGRAM_SOCKET,
    connection = WSK_FLAG_CONNECTION_SOCKET,
    stream = WSK_FLAG_STREAM_SOCKET
};

/** A WSK socket. Every function waits for its request, so PASSIVE_LEVEL; what does not wait is done with irp and table().
 * A function that the category does not have fails the test. The wsk_client has to outlive it. */
class wsk_socket {
  public:
    /** Owns nothing. */
    wsk_socket() noexcept = default;
    /** Takes over a socket of that category, from WskAcceptEvent for example. */
    wsk_socket(PWSK_SOCKET socket, socket_category category) noexcept : socket_(socket), category_(category)
    {
        stamp_.set();
    }
    /** Closes it. */
    ~wsk_socket()
    {
        if (is_open()) {
            detail::guarded_quietly([this] { (void)close(); });
        }
    }
    wsk_socket(wsk_socket &&other) noexcept
        : socket_(std::exchange(other.socket_, nullptr)), category_(other.category_), stamp_(other.stamp_)
    {
    }
    wsk_socket &operator=(wsk_socket &&other)
    {
        if (this != &other) {
            (void)close();
            socket_ = std::exchange(other.socket_, nullptr);
            category_ = other.category_;
            stamp_ = other.stamp_;
        }
        return *this;
    }

    /** WskSocket. Fails the test when it is open already.
     * @param dispatch the WSK_CLIENT_..._DISPATCH of the category, or nullptr; stays the caller's. context goes to its
     * callbacks.
     * @return the final status; on failure nothing is owned. */
    WSK_EMU_NODISCARD status open(const wsk_client &client, socket_category category, const void *dispatch = nullptr,
                                  void *context = nullptr, ADDRESS_FAMILY family = AF_INET)
    {
        if (is_open()) {
            detail::refuse("wsk_socket::open", "it is open already; close it first");
            return STATUS_INVALID_DEVICE_STATE;
        }
        WSK_PROVIDER_NPI npi = client.provider();

        if (npi.Dispatch == nullptr) {
            return STATUS_INVALID_DEVICE_STATE;
        }
        bool is_datagram = category == socket_category::datagram;
        ULONG_PTR information = 0;
        status result = request(
            [&](PIRP irp) {
                return npi.Dispatch->WskSocket(npi.Client, family,
                                               static_cast<USHORT>(is_datagram ? SOCK_DGRAM : SOCK_STREAM),
                                               is_datagram ? IPPROTO_UDP : IPPROTO_TCP, static_cast<ULONG>(category),
                                               context, dispatch, nullptr, nullptr, nullptr, irp);
            },
            &information);

        if (result.ok()) {
            take(information, category);
        }
        return result;
    }
    /** WskCloseSocket. STATUS_SUCCESS when nothing is open. */
    status close()
    {
        PWSK_SOCKET socket = is_open() ? socket_ : nullptr;

        socket_ = nullptr;
        if (socket == nullptr) {
            return STATUS_SUCCESS;
        }
        const WSK_PROVIDER_BASIC_DISPATCH *basic = static_cast<const WSK_PROVIDER_BASIC_DISPATCH *>(socket->Dispatch);

        return request([=](PIRP irp) { return basic->WskCloseSocket(socket, irp); });
    }
    bool is_open() const noexcept
    {
        return socket_ != nullptr && stamp_.is_live();
    }
    /** Stays this owner's; nullptr when nothing is open. */
    PWSK_SOCKET get() const noexcept
    {
        return is_open() ? socket_ : nullptr;
    }
    /** Gives it away: the caller closes it. */
    WSK_EMU_NODISCARD PWSK_SOCKET release() noexcept
    {
        PWSK_SOCKET socket = get();

        socket_ = nullptr;
        return socket;
    }
    /** Its table, for the caller to know which: table<WSK_PROVIDER_LISTEN_DISPATCH>(). Only while it is open. */
    template <class Table> const Table *table() const noexcept
    {
        return static_cast<const Table *>(socket_->Dispatch);
    }

    /* --- all but basic ---------------------------------------------------------------------- */

    WSK_EMU_NODISCARD status bind(address local = address::loopback())
    {
        return with_bound("wsk_socket::bind", [&](auto *table) {
            return request([&](PIRP irp) { return table->WskBind(socket_, local.get(), 0, irp); });
        });
    }
    /** WskGetLocalAddress; fails the test unless that succeeds. */
    address local()
    {
        address found;
        status result = with_bound("wsk_socket::local", [&](auto *table) {
            return request([&](PIRP irp) { return table->WskGetLocalAddress(socket_, found.get(), irp); });
        });

        if (!result.ok()) {
            detail::refuse("wsk_socket::local", result.text().c_str());
        }
        return found;
    }
    USHORT port()
    {
        return local().port();
    }

    /* --- all ---------------------------------------------------------------------------------- */

    /** WskControlSocket with WskSetOption. */
    WSK_EMU_NODISCARD status set_option(ULONG level, ULONG option, ULONG value)
    {
        if (!check("wsk_socket::set_option")) {
            return STATUS_INVALID_DEVICE_STATE;
        }
        return request([&](PIRP irp) {
            return table<WSK_PROVIDER_BASIC_DISPATCH>()->WskControlSocket(
                socket_, WskSetOption, option, level, sizeof(value), &value, 0, nullptr, nullptr, irp);
        });
    }
    /** SO_WSK_EVENT_CALLBACK: WSK_EVENT_..., with WSK_EVENT_DISABLE to switch them off. */
    WSK_EMU_NODISCARD status set_events(ULONG mask)
    {
        WSK_EVENT_CALLBACK_CONTROL control = { const_cast<PNPIID>(&NPI_WSK_INTERFACE_ID), mask };
        status result = STATUS_INVALID_DEVICE_STATE;

        if (check("wsk_socket::set_events")) {
            detail::guarded([&] {
                result = table<WSK_PROVIDER_BASIC_DISPATCH>()->WskControlSocket(
                    socket_, WskSetOption, SO_WSK_EVENT_CALLBACK, SOL_SOCKET, sizeof(control), &control, 0, nullptr,
                    nullptr, nullptr);
            });
        }
        return result;
    }

    /* --- listen and stream ------------------------------------------------------------------------ */

    /** WskAccept: waits for the next connection.
     * @param accepted gets it, a connection socket; what it owned before is closed. */
    WSK_EMU_NODISCARD status accept(wsk_socket &accepted, const WSK_CLIENT_CONNECTION_DISPATCH *dispatch = nullptr,
                                    void *context = nullptr)
    {
        ULONG_PTR information = 0;
        auto accept_with = [&](auto *table) {
            return request(
                [&](PIRP irp) { return table->WskAccept(socket_, 0, context, dispatch, nullptr, nullptr, irp); },
                &information);
        };
        status result =
            category_ == socket_category::stream
                ? with<WSK_PROVIDER_STREAM_DISPATCH>(socket_category::stream, "wsk_socket::accept", accept_with)
                : with<WSK_PROVIDER_LISTEN_DISPATCH>(socket_category::listen, "wsk_socket::accept", accept_with);

        if (result.ok()) {
            (void)accepted.close();
            accepted.take(information, socket_category::connection);
        }
        return result;
    }
    /** WskListen, of a stream socket that is bound. */
    WSK_EMU_NODISCARD status listen()
    {
        return with<WSK_PROVIDER_STREAM_DISPATCH>(socket_category::stream, "wsk_socket::listen", [&](auto *table) {
            return request([&](PIRP irp) { return table->WskListen(socket_, irp); });
        });
    }
    /** WskInspectComplete, of a listening socket. */
    WSK_EMU_NODISCARD status inspect_complete(WSK_INSPECT_ID id, WSK_INSPECT_ACTION action)
    {
        return with<WSK_PROVIDER_LISTEN_DISPATCH>(
            socket_category::listen, "wsk_socket::inspect_complete", [&](auto *table) {
                return request([&](PIRP irp) { return table->WskInspectComplete(socket_, &id, action, irp); });
            });
    }

    /* --- connection and stream ---------------------------------------------------------------------- */

    WSK_EMU_NODISCARD status connect(address remote)
    {
        return with_data("wsk_socket::connect", [&](auto *table) {
            return request([&](PIRP irp) { return table->WskConnect(socket_, remote.get(), 0, irp); });
        });
    }
    /** WskSend of bytes that the caller keeps. sent, if not nullptr, gets how many went. */
    WSK_EMU_NODISCARD status send(const WSK_BUF &bytes, ULONG flags = 0, std::size_t *sent = nullptr)
    {
        WSK_BUF buffer = bytes;
        ULONG_PTR information = 0;
        status result = with_data("wsk_socket::send", [&](auto *table) {
            return request([&](PIRP irp) { return table->WskSend(socket_, &buffer, flags, irp); }, &information);
        });

        return count(result, information, sent);
    }
    /** The same with a copy of a text. */
    WSK_EMU_NODISCARD status send_text(const char *text)
    {
        std::string copy(text);
        mdl_chain chain(&copy[0], copy.size());

        return send(chain.buffer());
    }
    /** WskReceive. received, if not nullptr, gets how many bytes came; 0: the other end has finished. */
    WSK_EMU_NODISCARD status receive(const WSK_BUF &bytes, ULONG flags = 0, std::size_t *received = nullptr)
    {
        WSK_BUF buffer = bytes;
        ULONG_PTR information = 0;
        status result = with_data("wsk_socket::receive", [&](auto *table) {
            return request([&](PIRP irp) { return table->WskReceive(socket_, &buffer, flags, irp); }, &information);
        });

        return count(result, information, received);
    }
    /** Receives length bytes with WSK_FLAG_WAITALL; fewer when the other end has finished. Fails the test unless that
     * succeeds. */
    std::string receive_text(std::size_t length)
    {
        std::string text(length, '\0');
        std::size_t received = 0;

        if (length == 0) {
            return text;
        }
        mdl_chain chain(&text[0], length);
        status result = receive(chain.buffer(), WSK_FLAG_WAITALL, &received);

        if (!result.ok()) {
            detail::refuse("wsk_socket::receive_text", result.text().c_str());
        }
        text.resize(received);
        return text;
    }
    /** WskDisconnect without data; WSK_FLAG_ABORTIVE resets. */
    WSK_EMU_NODISCARD status disconnect(ULONG flags = 0)
    {
        return with_data("wsk_socket::disconnect", [&](auto *table) {
            return request([&](PIRP irp) { return table->WskDisconnect(socket_, nullptr, flags, irp); });
        });
    }

    /* --- datagram ------------------------------------------------------------------------------------- */

    /** WskSendTo, one datagram. */
    WSK_EMU_NODISCARD status send_to(const WSK_BUF &bytes, address remote)
    {
        WSK_BUF buffer = bytes;

        return with<WSK_PROVIDER_DATAGRAM_DISPATCH>(socket_category::datagram, "wsk_socket::send_to", [&](auto *table) {
            return request(
                [&](PIRP irp) { return table->WskSendTo(socket_, &buffer, 0, remote.get(), 0, nullptr, irp); });
        });
    }
    /** WskReceiveFrom: waits for a datagram. received and remote, if not nullptr, get its length and its sender. */
    WSK_EMU_NODISCARD status receive_from(const WSK_BUF &bytes, std::size_t *received = nullptr,
                                          address *remote = nullptr)
    {
        WSK_BUF buffer = bytes;
        address sender;
        ULONG_PTR information = 0;
        status result = with<WSK_PROVIDER_DATAGRAM_DISPATCH>(
            socket_category::datagram, "wsk_socket::receive_from", [&](auto *table) {
                return request(
                    [&](PIRP irp) {
                        return table->WskReceiveFrom(socket_, &buffer, 0, sender.get(), nullptr, nullptr, nullptr, irp);
                    },
                    &information);
            });

        if (remote != nullptr) {
            *remote = sender;
        }
        return count(result, information, received);
    }

  private:
    void take(ULONG_PTR information, socket_category category) noexcept
    {
        socket_ = reinterpret_cast<PWSK_SOCKET>(information);
        category_ = category;
        stamp_.set();
    }

    static status count(status result, ULONG_PTR information, std::size_t *to) noexcept
    {
        if (to != nullptr) {
            *to = static_cast<std::size_t>(information);
        }
        return result;
    }

    bool check(const char *function) const
    {
        if (!is_open()) {
            detail::refuse(function, "the socket is not open");
        }
        return is_open();
    }

    static status no_such(const char *function)
    {
        detail::refuse(function, "a socket of this category has no such function");
        return STATUS_INVALID_DEVICE_REQUEST;
    }

    /* A function that one category has. */
    template <class Table, class Use> status with(socket_category category, const char *function, Use &&use)
    {
        if (!check(function)) {
            return STATUS_INVALID_DEVICE_STATE;
        }
        return category_ == category ? use(table<Table>()) : no_such(function);
    }

    /* The functions that connections and streams have, in the table of either. */
    template <class Use> status with_data(const char *function, Use &&use)
    {
        return category_ == socket_category::stream
                   ? with<WSK_PROVIDER_STREAM_DISPATCH>(socket_category::stream, function, use)
                   : with<WSK_PROVIDER_CONNECTION_DISPATCH>(socket_category::connection, function, use);
    }

    /* The functions that all but basic sockets have. */
    template <class Use> status with_bound(const char *function, Use &&use)
    {
        if (is_open() && category_ == socket_category::listen) {
            return use(table<WSK_PROVIDER_LISTEN_DISPATCH>());
        }
        if (is_open() && category_ == socket_category::datagram) {
            return use(table<WSK_PROVIDER_DATAGRAM_DISPATCH>());
        }
        return with_data(function, std::forward<Use>(use));
    }

    PWSK_SOCKET socket_ = nullptr;
    socket_category category_ = socket_category::basic;
    detail::run_stamp stamp_;
};

} // namespace wsk_emu

#endif
