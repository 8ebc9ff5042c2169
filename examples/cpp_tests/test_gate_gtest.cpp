/* SPDX-License-Identifier: MIT */
/* Tests of the example driver Gate with GoogleTest: inspect, accept and abort.
 *
 * WSK_EMU_TEST_F is TEST_F in a fresh emulated kernel. The fixture is made and destroyed inside it, so the driver can be
 * a member, and is unloaded also when an assertion ends the test. */
#include <wsk_emu/gtest.hpp>

#include "gate_fixture.hpp"

using wsk_emu::peer;

/* quote: gtest */
class GateTest : public wsk_emu::test {
  protected:
    void load(const GATE_CONFIG &config)
    {
        ASSERT_EQ(gate::load(driver, config), STATUS_SUCCESS);
    }

    wsk_emu::driver driver;
};

WSK_EMU_TEST_F(GateTest, KnownClientIsEchoed)
{
    load(gate::open_to_all());
    peer client = peer::connect(gate::status().Port);

    client.send("hello");
    client.expect("hello");
    EXPECT_EQ(gate::status().AcceptedAtOnce, 1u);
}
/* end of quote */

WSK_EMU_TEST_F(GateTest, StrangerWaitsForTheAuthorityAndComesIn)
{
    load(gate::asking(GateAccept));
    peer client = peer::connect(gate::status().Port);

    wsk_kit_run_until_idle();
    EXPECT_EQ(gate::status().Pended, 1u);
    EXPECT_EQ(client.state(), WSK_KIT_PEER_CONNECTING);

    wsk_kit_advance_ms(500);
    client.expect_connected();
    EXPECT_EQ(gate::status().AcceptedLater, 1u);
}

WSK_EMU_TEST_F(GateTest, StrangerIsTurnedAwayWhenTheAuthoritySaysNo)
{
    load(gate::asking(GateReject));
    peer client = peer::connect(gate::status().Port);

    client.expect_rejected(); /* simulated time moves, because nothing else can */
    EXPECT_EQ(gate::status().RejectedLater, 1u);
    EXPECT_GE(wsk_kit_now_ms(), 500u);
}

WSK_EMU_TEST_F(GateTest, StrangerThatGivesUpIsAborted)
{
    load(gate::asking(GateAccept));
    peer client = peer::connect(gate::status().Port);

    wsk_kit_run_until_idle();
    client.reset();
    wsk_kit_advance_ms(1000);
    EXPECT_EQ(gate::status().Aborted, 1u);
    EXPECT_EQ(gate::status().Connections, 0u);
}

WSK_EMU_TEST_F(GateTest, DoesNotLoadOverAPortInUse)
{
    wsk_emu::server other = wsk_emu::server::listen();
    GATE_CONFIG config = gate::open_to_all();

    config.Port = other.port();
    EXPECT_EQ(gate::load(driver, config), STATUS_ADDRESS_ALREADY_EXISTS);
}

/* The same on real threads and real sockets. */
class LiveGateTest : public GateTest {
  public:
    static wsk_emu::config kernel_config()
    {
        return wsk_emu::config().threads().sockets();
    }
};

WSK_EMU_TEST_F(LiveGateTest, ClientsAreEchoed)
{
    load(gate::open_to_all());
    peer first = peer::connect(gate::status().Port);
    peer second = peer::connect(gate::status().Port);

    first.send("one");
    second.send("two");
    second.expect("two");
    first.expect("one");
}
