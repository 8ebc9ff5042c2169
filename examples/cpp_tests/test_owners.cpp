/* SPDX-License-Identifier: MIT */
/* A test that is a WSK client itself, by owners alone: two drivers' worth of C in a page. */
#include <wsk_emu/gtest.hpp>

#include "gate_fixture.hpp"

using namespace wsk_emu;

/* The other end of Gate is not a peer of the kit but a socket of WSK, as a driver that talks to a driver has it. */
WSK_EMU_TEST(Owners, ASocketOfWskTalksToTheDriver)
{
    driver driver;
    wsk_client client;
    wsk_socket socket;

    ASSERT_EQ(gate::load(driver, gate::open_to_all()), STATUS_SUCCESS);
    ASSERT_EQ(client.open(), STATUS_SUCCESS);
    ASSERT_EQ(socket.open(client, socket_category::connection), STATUS_SUCCESS);
    ASSERT_EQ(socket.bind(), STATUS_SUCCESS);
    ASSERT_EQ(socket.connect(address::loopback(gate::status().Port)), STATUS_SUCCESS);
    ASSERT_EQ(socket.send_text("hello"), STATUS_SUCCESS);
    EXPECT_EQ(socket.receive_text(5), "hello");
    ASSERT_EQ(socket.disconnect(), STATUS_SUCCESS);
}

/* quote: owners */
/* A request that waits: sent, looked at, cancelled, judged. */
WSK_EMU_TEST(Owners, AReceiveThatNobodyAnswersIsCancelled)
{
    driver driver;
    wsk_client client;
    wsk_socket socket;

    ASSERT_EQ(gate::load(driver, gate::open_to_all()), STATUS_SUCCESS);
    ASSERT_EQ(client.open(), STATUS_SUCCESS);
    ASSERT_EQ(socket.open(client, socket_category::connection), STATUS_SUCCESS);
    ASSERT_EQ(socket.bind(), STATUS_SUCCESS);
    ASSERT_EQ(socket.connect(address::loopback(gate::status().Port)), STATUS_SUCCESS);

    char bytes[16];
    mdl_chain chain(bytes, sizeof(bytes));
    WSK_BUF buffer = chain.buffer();
    irp receive;

    EXPECT_EQ(receive.send([&](PIRP irp) {
        return socket.table<WSK_PROVIDER_CONNECTION_DISPATCH>()->WskReceive(socket.get(), &buffer, 0, irp);
    }),
              STATUS_PENDING);
    EXPECT_FALSE(receive.wait_ms(100));
    EXPECT_TRUE(receive.cancel());
    EXPECT_EQ(receive.wait(), STATUS_CANCELLED);
}
/* end of quote */

/* At DISPATCH_LEVEL, under a lock, a wait is a mistake: the rule is expected, and has to come. */
WSK_EMU_TEST(Owners, AWaitUnderASpinLockIsReported)
{
    KSPIN_LOCK lock;
    KEVENT event;

    KeInitializeSpinLock(&lock);
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    expected_report report("WAIT-002");
    spin_lock_guard guard(lock);

    (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
    EXPECT_TRUE(report.has_come());
}
