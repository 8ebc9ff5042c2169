/* SPDX-License-Identifier: MIT */
/* Rules about IRPs of IoBuild..., each broken once and almost broken once. */
#include "support/device_driver.h"

static KEVENT s_event;
static IO_STATUS_BLOCK s_iosb;

static int setup(void **state)
{
    KeInitializeEvent(&s_event, NotificationEvent, FALSE);
    return gate_setup(state);
}

static PIRP build(void)
{
    PIRP irp = IoBuildDeviceIoControlRequest(GATE_CODE(METHOD_BUFFERED), g_gate.device, NULL, 0, NULL, 0, FALSE,
                                             &s_event, &s_iosb);

    assert_non_null(irp);
    return irp;
}

static void send(PIRP irp)
{
    assert_int_equal(IoCallDriver(g_gate.device, irp), STATUS_SUCCESS);
    assert_int_equal(KeWaitForSingleObject(&s_event, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
}

/* --- IRP-015 and IRP-016 -------------------------------------------------------------------------- */

static void test_irp_015_breach_built_irp_is_freed(void **state)
{
    PIRP irp = build();

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-015");
    IoFreeIrp(irp);
    send(irp);
}

static void test_irp_015_near_miss_built_irp_is_left_to_its_end(void **state)
{
    UNREFERENCED_PARAMETER(state);
    send(build());
    assert_int_equal(wsk_kit_live_count(WSK_KIT_IRP), 0);
}

static void test_irp_015_near_miss_asynchronous_irp_is_freed(void **state)
{
    PIRP irp = IoBuildAsynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, g_gate.device, NULL, 0, NULL, NULL);

    UNREFERENCED_PARAMETER(state);
    assert_non_null(irp);
    IoFreeIrp(irp);
}

static NTSTATUS free_and_complete(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoFreeIrp(Irp);
    return gate_complete(Irp, STATUS_SUCCESS, 0);
}

static void test_irp_016_breach_irp_of_an_application_is_freed(void **state)
{
    struct wsk_emu_device *device = gate_open();

    UNREFERENCED_PARAMETER(state);
    g_gate.routines[IRP_MJ_FLUSH_BUFFERS] = free_and_complete;
    wsk_kit_expect_report("IRP-016");
    assert_int_equal(wsk_emu_device_flush(device), STATUS_SUCCESS);
    wsk_emu_device_close(device);
}

/* --- IRP-018 --------------------------------------------------------------------------------------- */

static void test_irp_018_breach_built_irp_is_never_sent(void **state)
{
    UNREFERENCED_PARAMETER(state);
    (void)build();
    wsk_kit_expect_report("IRP-018");
}

/* --- IRP-021 --------------------------------------------------------------------------------------- */

static void test_irp_021_breach_built_irp_is_reused(void **state)
{
    PIRP irp = build();

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-021");
    IoReuseIrp(irp, STATUS_SUCCESS);
    send(irp);
}

static void test_irp_021_breach_asynchronous_irp_is_reused(void **state)
{
    PIRP irp = IoBuildAsynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, g_gate.device, NULL, 0, NULL, NULL);

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRP-021");
    IoReuseIrp(irp, STATUS_SUCCESS);
    IoFreeIrp(irp);
}

/* --- IRP-044 --------------------------------------------------------------------------------------- */

static void test_irp_044_breach_event_is_signalled_already(void **state)
{
    UNREFERENCED_PARAMETER(state);
    send(build());
    wsk_kit_expect_report("IRP-044");
    send(build());
}

static void test_irp_044_near_miss_event_is_cleared_in_between(void **state)
{
    UNREFERENCED_PARAMETER(state);
    send(build());
    KeClearEvent(&s_event);
    send(build());
}

/* --- IRQL-016 -------------------------------------------------------------------------------------- */

static void test_irql_016_breach_sent_while_a_fast_mutex_is_owned(void **state)
{
    FAST_MUTEX mutex;
    PIRP irp = build();

    UNREFERENCED_PARAMETER(state);
    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    wsk_kit_expect_report("IRQL-016");
    (void)IoCallDriver(g_gate.device, irp);
    ExReleaseFastMutex(&mutex);
}

static void test_irql_016_breach_sent_inside_a_guarded_region(void **state)
{
    PIRP irp = build();

    UNREFERENCED_PARAMETER(state);
    KeEnterGuardedRegion();
    wsk_kit_expect_report("IRQL-016");
    (void)IoCallDriver(g_gate.device, irp);
    KeLeaveGuardedRegion();
}

static void test_irql_016_near_miss_sent_inside_a_critical_region(void **state)
{
    PIRP irp = build();

    UNREFERENCED_PARAMETER(state);
    KeEnterCriticalRegion();
    send(irp);
    KeLeaveCriticalRegion();
}

#define rule_test(f) wsk_emu_unit_test_setup_teardown(f, setup, gate_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        rule_test(test_irp_015_breach_built_irp_is_freed),
        rule_test(test_irp_015_near_miss_built_irp_is_left_to_its_end),
        rule_test(test_irp_015_near_miss_asynchronous_irp_is_freed),
        rule_test(test_irp_016_breach_irp_of_an_application_is_freed),
        rule_test(test_irp_018_breach_built_irp_is_never_sent),
        rule_test(test_irp_021_breach_built_irp_is_reused),
        rule_test(test_irp_021_breach_asynchronous_irp_is_reused),
        rule_test(test_irp_044_breach_event_is_signalled_already),
        rule_test(test_irp_044_near_miss_event_is_cleared_in_between),
        rule_test(test_irql_016_breach_sent_while_a_fast_mutex_is_owned),
        rule_test(test_irql_016_breach_sent_inside_a_guarded_region),
        rule_test(test_irql_016_near_miss_sent_inside_a_critical_region),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
