/* SPDX-License-Identifier: MIT */
/* Tests with the Catch2 glue: those with names that begin with "failing" fail on purpose, each in its own way, and
 * check_cases.cmake looks at how; the others pass, also after one that failed. */
#include <wsk_emu/catch2.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>

#include "cxx_hanging.hpp"

using namespace wsk_emu;

namespace {

void leak()
{
    (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'tset');
}

/* Runs a routine as a DPC, that is, inside C code on the test's stack. */
void run_in_dpc(PKDEFERRED_ROUTINE routine)
{
    KDPC dpc;

    KeInitializeDpc(&dpc, routine, nullptr);
    KeInsertQueueDpc(&dpc, nullptr, nullptr);
    wsk_kit_run_until_idle();
}

void went_on()
{
    FAIL("went on");
}

} // namespace

/* --- the kit ends the test ------------------------------------------------------------------------------------------ */

WSK_EMU_TEST_CASE("failing leak")
{
    leak();
}

WSK_EMU_TEST_CASE("failing wait of an owner")
{
    std::string on_the_heap(1000, 'x');
    peer peer = peer::connect(wsk_kit_unused_port(WSK_KIT_IPV4));

    peer.expect_connected();
    went_on();
}

WSK_EMU_TEST_CASE("failing bare wait")
{
    std::string on_the_heap(1000, 'x'); /* lost */

    hang(nullptr);
    went_on();
}

WSK_EMU_TEST_CASE("failing inside a callback")
{
    run_in_dpc([](PKDPC, PVOID, PVOID, PVOID) { wsk_kit_fail("said in a DPC"); });
    went_on();
}

WSK_EMU_TEST_CASE("failing in a destructor")
{
    driver driver;

    REQUIRE(driver.load(hanging_entry, "hanging") == STATUS_SUCCESS);
}

struct failing_fixture {
    static config kernel_config()
    {
        return config().seed(7);
    }
    failing_fixture()
    {
        REQUIRE(member.load(hanging_entry, "hanging") == STATUS_SUCCESS);
    }
    driver member;
};

WSK_EMU_TEST_CASE_METHOD(failing_fixture, "failing member of a fixture", "[tag]")
{
}

struct failing_kernel {
    static config kernel_config()
    {
        return config().processors(99);
    }
};

WSK_EMU_TEST_CASE_METHOD(failing_kernel, "failing start")
{
    went_on();
}

/* The other section runs, and passes, whichever way the first one fails. */
WSK_EMU_TEST_CASE("failing section by an owner")
{
    SECTION("first section")
    {
        SECTION("inner section")
        {
            peer::connect(wsk_kit_unused_port(WSK_KIT_IPV4)).expect_connected();
            went_on();
        }
    }
    SECTION("second section")
    {
        std::printf("second section ran\n");
        CHECK(wsk_kit_now_ms() == 0);
    }
}

WSK_EMU_TEST_CASE("failing section by a bare wait")
{
    SECTION("first section")
    {
        SECTION("inner section")
        {
            hang(nullptr);
            went_on();
        }
    }
    SECTION("second section")
    {
        std::printf("second section ran\n");
        CHECK(wsk_kit_now_ms() == 0);
    }
}

/* --- assertions end the test ---------------------------------------------------------------------------------------- */

WSK_EMU_TEST_CASE("failing assertion")
{
    leak(); /* not reported: the assertion is the failure */
    REQUIRE(1 == 2);
    went_on();
}

WSK_EMU_TEST_CASE("failing exception")
{
    leak();
    throw std::runtime_error("thrown by the test");
}

WSK_EMU_TEST_CASE("failing assertion inside a callback")
{
    run_in_dpc([](PKDPC, PVOID, PVOID, PVOID) { in_callback([] { REQUIRE(wsk_kit_now_ms() == 77); }); });
    went_on();
}

WSK_EMU_TEST_CASE("failing check inside a callback")
{
    static bool has_gone_on;

    run_in_dpc([](PKDPC, PVOID, PVOID, PVOID) {
        CHECK(wsk_kit_now_ms() == 77);
        has_gone_on = true;
    });
    CHECK(has_gone_on);
}

struct seeded {
    static config kernel_config()
    {
        return config().seed(7);
    }
};

WSK_EMU_TEST_CASE_METHOD(seeded, "failing assertion with a seed")
{
    CHECK(wsk_kit_seed() == 8);
}

WSK_EMU_TEST_CASE("failing names are printed")
{
    WCHAR units[] = { 'g', 'a', 't', 'e' };
    UNICODE_STRING name = { sizeof(units), sizeof(units), units };

    CHECK(request([](PIRP irp) {
              IoSetNextIrpStackLocation(irp);
              irp->IoStatus.Status = STATUS_INVALID_PARAMETER;
              IoCompleteRequest(irp, IO_NO_INCREMENT);
              return STATUS_INVALID_PARAMETER;
          }) == STATUS_SUCCESS);
    CHECK(status(0x103) == status(STATUS_TIMEOUT));
    CAPTURE(name);
    CHECK(false);
}

/* --- all is well ------------------------------------------------------------------------------------------------------ */

struct listening {
    listening()
    {
        REQUIRE(client.open() == STATUS_SUCCESS);
        REQUIRE(listener.open(client, socket_category::listen) == STATUS_SUCCESS);
        REQUIRE(listener.bind() == STATUS_SUCCESS);
    }
    wsk_client client;
    wsk_socket listener;
};

WSK_EMU_TEST_CASE_METHOD(listening, "healthy accept")
{
    peer peer = peer::connect(listener.port());
    wsk_socket accepted;

    REQUIRE(listener.accept(accepted) == STATUS_SUCCESS);
    peer.send("still alive");
    CHECK(accepted.receive_text(11) == "still alive");
}

WSK_EMU_TEST_CASE_METHOD(listening, "healthy sections have kernels of their own", "[sections]")
{
    CHECK(wsk_kit_live_count(WSK_KIT_SOCKET) == 1);
    CHECK(wsk_kit_now_ms() == 0);
    SECTION("one")
    {
        wsk_kit_advance_ms(5);
    }
    SECTION("two")
    {
        wsk_kit_advance_ms(7);
    }
}

TEST_CASE("healthy test of another kind")
{
    bool has_run = false;

    run_in_kernel(config().threads().sockets(), [&] {
        wsk_client client;

        REQUIRE(client.open() == STATUS_SUCCESS);
        has_run = true;
    });
    CHECK(has_run);
    CHECK(wsk_kit_run_number() == 0);
}

WSK_EMU_TEST_CASE("healthy callback with an assertion")
{
    static int calls;

    calls = 0;
    run_in_dpc([](PKDPC, PVOID, PVOID, PVOID) {
        in_callback([] { REQUIRE(KeGetCurrentIrql() == DISPATCH_LEVEL); });
        calls = in_callback([] { return 1; });
    });
    CHECK(calls == 1);
}
