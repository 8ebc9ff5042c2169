/* SPDX-License-Identifier: MIT */
/* Tests of the example driver Gate with Catch2: inspect, accept and abort.
 *
 * Each run of a test case, one for each section, has a fresh emulated kernel. */
#include <wsk_emu/catch2.hpp>

#include "gate_fixture.hpp"

using wsk_emu::peer;

/* quote: catch2 */
WSK_EMU_TEST_CASE("Gate asks about strangers", "[gate]")
{
    wsk_emu::driver driver;

    REQUIRE(gate::load(driver, gate::asking(GateAccept)) == STATUS_SUCCESS);
    peer client = peer::connect(gate::status().Port);
    wsk_kit_run_until_idle();
    REQUIRE(gate::status().Pended == 1);

    SECTION("who waits comes in")
    {
        wsk_kit_advance_ms(500);
        client.expect_connected();
        CHECK(gate::status().AcceptedLater == 1);
    }
    SECTION("who gives up is aborted")
    {
        client.reset();
        wsk_kit_advance_ms(1000);
        CHECK(gate::status().Aborted == 1);
        CHECK(gate::status().Connections == 0);
    }
}
/* end of quote */

/* A fixture, with a member that lives inside the kernel, and with a kernel of its own choice. */
struct open_gate {
    static wsk_emu::config kernel_config()
    {
        return wsk_emu::config().seed(1).completion(WSK_EMU_COMPLETION_MIXED);
    }

    open_gate()
    {
        REQUIRE(gate::load(driver, gate::open_to_all()) == STATUS_SUCCESS);
    }

    wsk_emu::driver driver;
};

WSK_EMU_TEST_CASE_METHOD(open_gate, "Gate lets known clients in", "[gate]")
{
    peer client = peer::connect(gate::status().Port);

    client.send("hello");
    client.expect("hello");
    CHECK(gate::status().AcceptedAtOnce == 1);
}

/* A look at the driver's own callbacks. They run inside C code, which REQUIRE may not throw through. */
static int s_inspections;

static VOID look(CONST GATE_TRACE_RECORD *record)
{
    wsk_emu::in_callback([=] {
        if (std::string(record->Callback) == "WskInspectEvent") {
            REQUIRE(std::string(record->Result) == "accept");
            s_inspections++;
        }
    });
}

TEST_CASE("Gate traces what it decides", "[gate]")
{
    s_inspections = 0;
    GateTrace = look;
    wsk_emu::run_in_kernel(wsk_emu::config(), [] {
        open_gate gate;
        peer client = peer::connect(gate::status().Port);

        client.expect_connected();
        CHECK(s_inspections == 1);
    });
    GateTrace = nullptr;
}
