/* SPDX-License-Identifier: MIT */
/* Tests with the GoogleTest glue: those of the suites "failing..." fail on purpose, each in its own way, and check_cases.cmake
 * looks at how; the others pass, also after one that failed. */
#include <wsk_emu/gtest.hpp>

#include <stdexcept>
#include <string>
#include <vector>

#include "cxx_hanging.hpp"

using namespace wsk_emu;

namespace {

VOID NTAPI failing_dpc(PKDPC, PVOID, PVOID, PVOID)
{
    wsk_kit_fail("said in a DPC");
}

struct silent_pool {
    silent_pool()
    {
        (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'tset');
    }
};

} // namespace

/* --- the kit ends the test ------------------------------------------------------------------------------------------ */

WSK_EMU_TEST(failing, leak)
{
    silent_pool leaked;
}

WSK_EMU_TEST(failing, rule)
{
    KSPIN_LOCK lock;

    KeInitializeSpinLock(&lock);
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
}

WSK_EMU_TEST(failing, wait_of_an_owner)
{
    std::string on_the_heap(1000, 'x');
    peer peer = peer::connect(wsk_kit_unused_port(WSK_KIT_IPV4));

    peer.expect_connected();
    ADD_FAILURE() << "went on " << on_the_heap;
}

WSK_EMU_TEST(failing, bare_wait)
{
    std::string on_the_heap(1000, 'x'); /* lost */

    hang(nullptr);
    ADD_FAILURE() << "went on " << on_the_heap;
}

WSK_EMU_TEST(failing, inside_a_callback)
{
    std::string on_the_heap(1000, 'x');
    LARGE_INTEGER due;
    KTIMER timer;
    KDPC dpc;
    bool is_done = false;

    due.QuadPart = -10000;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, failing_dpc, nullptr);
    (void)KeSetTimer(&timer, due, &dpc);
    wait_for([&] { return is_done; }, "nothing");
    ADD_FAILURE() << "went on " << on_the_heap;
}

WSK_EMU_TEST(failing, in_a_destructor)
{
    driver driver;

    ASSERT_EQ(driver.load(hanging_entry, "hanging"), STATUS_SUCCESS);
}

WSK_EMU_TEST(failing, bug_check)
{
    driver driver;

    (void)driver.load([](PDRIVER_OBJECT, PUNICODE_STRING) -> NTSTATUS { KeBugCheckEx(0xE2, 1, 2, 3, 4); }, "crashing");
    ADD_FAILURE() << "went on";
}

struct failing_fixture : test {
    driver member;
    std::string text = std::string(1000, 'x');

  protected:
    void SetUp() override
    {
        ASSERT_EQ(member.load(hanging_entry, "hanging"), STATUS_SUCCESS);
    }
};

WSK_EMU_TEST_F(failing_fixture, member_hangs)
{
}

struct failing_set_up : test {
  protected:
    void SetUp() override
    {
        peer::connect(wsk_kit_unused_port(WSK_KIT_IPV4)).expect_connected();
    }
    void TearDown() override
    {
        ADD_FAILURE() << "tore down";
    }
};

WSK_EMU_TEST_F(failing_set_up, body_does_not_run)
{
    ADD_FAILURE() << "went on";
}

struct failing_assertion_in_set_up : test {
    static int tear_downs;

  protected:
    void SetUp() override
    {
        FAIL() << "in SetUp";
    }
    void TearDown() override
    {
        RecordProperty("torn", ++tear_downs);
        std::printf("torn down\n");
    }
};
int failing_assertion_in_set_up::tear_downs;

WSK_EMU_TEST_F(failing_assertion_in_set_up, tears_down_without_running)
{
    ADD_FAILURE() << "went on";
}

struct failing_seeded : test {
    static config kernel_config()
    {
        return config().seed(7);
    }
};

WSK_EMU_TEST_F(failing_seeded, prints_the_seed)
{
    EXPECT_EQ(wsk_kit_seed(), 8u);
}

struct failing_kernel : test {
    static config kernel_config()
    {
        return config().processors(99);
    }
};

WSK_EMU_TEST_F(failing_kernel, does_not_start)
{
    ADD_FAILURE() << "went on";
}

/* --- assertions end the test ---------------------------------------------------------------------------------------- */

WSK_EMU_TEST(failing, assertion)
{
    silent_pool leaked; /* not reported: the assertion is the failure */

    ASSERT_EQ(1, 2) << "asserted";
    ADD_FAILURE() << "went on";
}

WSK_EMU_TEST(failing, exception)
{
    silent_pool leaked;

    throw std::runtime_error("thrown by the test");
}

WSK_EMU_TEST(failing, names_are_printed)
{
    WCHAR units[] = { 'g', 'a', 't', 0xe9 };
    UNICODE_STRING name = { sizeof(units), sizeof(units), units };

    EXPECT_EQ(request([](PIRP irp) {
                  IoSetNextIrpStackLocation(irp);
                  irp->IoStatus.Status = STATUS_INVALID_PARAMETER;
                  IoCompleteRequest(irp, IO_NO_INCREMENT);
                  return STATUS_INVALID_PARAMETER;
              }),
              STATUS_SUCCESS);
    WSK_EMU_EXPECT_STATUS(0x103, STATUS_TIMEOUT);
    EXPECT_TRUE(false) << ::testing::PrintToString(name);
}

/* --- all is well ------------------------------------------------------------------------------------------------------ */

struct healthy : test {
    static int suites;
    wsk_client client;
    wsk_socket listener;

  protected:
    static void SetUpTestSuite()
    {
        suites++;
    }
    static void TearDownTestSuite()
    {
        suites--;
    }
    void SetUp() override
    {
        ASSERT_EQ(client.open(), STATUS_SUCCESS);
        ASSERT_EQ(listener.open(client, socket_category::listen), STATUS_SUCCESS);
        ASSERT_EQ(listener.bind(), STATUS_SUCCESS);
    }
};
int healthy::suites;

WSK_EMU_TEST_F(healthy, accepts)
{
    EXPECT_EQ(suites, 1);
    peer peer = peer::connect(listener.port());
    wsk_socket accepted;

    ASSERT_EQ(listener.accept(accepted), STATUS_SUCCESS);
    peer.send("still alive");
    EXPECT_EQ(accepted.receive_text(11), "still alive");
}

WSK_EMU_TEST_F(healthy, has_a_kernel_of_its_own)
{
    EXPECT_EQ(wsk_kit_live_count(WSK_KIT_SOCKET), 1u);
    EXPECT_EQ(wsk_kit_now_ms(), 0u);
}

WSK_EMU_TEST(healthy_alone, is_skipped)
{
    GTEST_SKIP() << "to see that it can be";
}

struct healthy_live : test {
    static config kernel_config()
    {
        return config().threads().sockets();
    }
};

WSK_EMU_TEST_F(healthy_live, runs_in_the_kernel_of_its_choice)
{
    wsk_client client;
    wsk_socket listener;

    ASSERT_EQ(client.open(), STATUS_SUCCESS);
    ASSERT_EQ(listener.open(client, socket_category::listen), STATUS_SUCCESS);
    ASSERT_EQ(listener.bind(), STATUS_SUCCESS);
    peer peer = peer::connect(listener.port());
    peer.expect_connected();
}

class healthy_parameters : public ::testing::TestWithParam<unsigned> {};

TEST_P(healthy_parameters, run_in_a_kernel)
{
    std::vector<int> seen;

    run_in_kernel(config().seed(GetParam()), [&] {
        EXPECT_EQ(wsk_kit_seed(), GetParam());
        seen.push_back(1);
    });
    EXPECT_EQ(seen.size(), 1u);
    EXPECT_EQ(wsk_kit_run_number(), 0u);
}

INSTANTIATE_TEST_SUITE_P(seeds, healthy_parameters, ::testing::Values(3u, 4u));
