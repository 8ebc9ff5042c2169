/* SPDX-License-Identifier: MIT */
/* Verifier rules of registering and deregistering network modules: each with a breach and a near miss. */
#include "support/nmr_modules.h"

#include <string.h>

#include "wsk_emu/driver.h"

static struct nmr_module s_client;
static struct nmr_module s_other_client;
static struct nmr_module s_provider;

static int setup(void **state)
{
    nmr_client_make(&s_client, 1);
    nmr_provider_make(&s_provider, 2);
    *state = NULL;
    return 0;
}

static void pair_attach(void)
{
    nmr_provider_register(&s_provider);
    nmr_client_register(&s_client);
}

static void pair_end(void)
{
    nmr_client_end(&s_client);
    nmr_provider_end(&s_provider);
}

/* --- NPI-019 nmr-deregister-wait ------------------------------------------------------------------ */

static void test_npi_019_breach_deregister_twice(void **state)
{
    UNREFERENCED_PARAMETER(state);
    nmr_client_register(&s_client);
    assert_int_equal(NmrDeregisterClient(s_client.handle), STATUS_PENDING);
    wsk_kit_expect_report("NPI-019");
    assert_int_equal(NmrDeregisterClient(s_client.handle), STATUS_INVALID_PARAMETER);
    assert_int_equal(NmrWaitForClientDeregisterComplete(s_client.handle), STATUS_SUCCESS);
    wsk_kit_expect_report("NPI-019");
    assert_int_equal(NmrDeregisterClient(s_client.handle), STATUS_INVALID_PARAMETER);
}

static void test_npi_019_breach_wait_without_a_deregister(void **state)
{
    UNREFERENCED_PARAMETER(state);
    nmr_client_register(&s_client);
    wsk_kit_expect_report("NPI-019");
    assert_int_equal(NmrWaitForClientDeregisterComplete(s_client.handle), STATUS_INVALID_PARAMETER);
    nmr_client_end(&s_client);
    wsk_kit_expect_report("NPI-019");
    assert_int_equal(NmrWaitForClientDeregisterComplete(s_client.handle), STATUS_INVALID_PARAMETER);
}

static void test_npi_019_breach_handle_of_another_kind(void **state)
{
    UNREFERENCED_PARAMETER(state);
    pair_attach();
    wsk_kit_expect_report("NPI-019");
    assert_int_equal(NmrDeregisterProvider(s_client.handle), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("NPI-019");
    assert_int_equal(NmrDeregisterClient(s_client.links[0].handle), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("NPI-019");
    assert_int_equal(NmrDeregisterClient(NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(nmr_live_count(&s_client), 1);
    pair_end();
}

static void test_npi_019_breach_never_deregistered(void **state)
{
    UNREFERENCED_PARAMETER(state);
    pair_attach();
    wsk_kit_expect_report("NPI-019");
    wsk_kit_expect_report("NPI-019");
}

static void test_npi_019_breach_never_waited(void **state)
{
    UNREFERENCED_PARAMETER(state);
    nmr_client_register(&s_client);
    assert_int_equal(NmrDeregisterClient(s_client.handle), STATUS_PENDING);
    wsk_kit_expect_report("NPI-019");
}

static void test_npi_019_breach_characteristics_changed(void **state)
{
    UNREFERENCED_PARAMETER(state);
    nmr_client_register(&s_client);
    memset(&s_client.client, 0, sizeof(s_client.client));
    wsk_kit_expect_report("NPI-019");
    nmr_provider_register(&s_provider);
    assert_int_equal(wsk_kit_report_count("NPI-019"), 1);
    assert_int_equal(nmr_live_count(&s_client), 1); /* by what it was registered with */
    pair_end();
}

static void test_npi_019_breach_module_id_changed(void **state)
{
    UNREFERENCED_PARAMETER(state);
    nmr_provider_register(&s_provider);
    s_provider.id.Guid.Data1++;
    wsk_kit_expect_report("NPI-019");
    nmr_client_register(&s_client);
    assert_int_equal(s_client.links[0].other->ModuleId->Guid.Data1, 2);
    pair_end();
}

static NTSTATUS wait_inside(struct nmr_module *module, struct nmr_link *link)
{
    UNREFERENCED_PARAMETER(link);
    wsk_kit_expect_report("NPI-019");
    assert_int_equal(NmrWaitForClientDeregisterComplete(s_client.handle), STATUS_INVALID_DEVICE_STATE);
    return module->detach_status;
}

static void test_npi_019_breach_wait_inside_a_callback_of_its_own(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_client.detaching = wait_inside;
    pair_attach();
    pair_end();
    assert_int_equal(wsk_kit_report_count("NPI-019"), 1);
}

static NTSTATUS end_another(struct nmr_module *module, struct nmr_link *link)
{
    UNREFERENCED_PARAMETER(link);
    nmr_client_end(&s_other_client);
    return module->detach_status;
}

static void test_npi_019_near_miss_wait_for_another_module_inside_a_callback(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_client.detaching = end_another;
    nmr_client_make(&s_other_client, 3);
    nmr_client_register(&s_other_client);
    pair_attach();
    pair_end();
}

/* A driver that registers a client in DriverEntry, and leaves out what a test wants. */
static struct {
    BOOLEAN forgets_deregister;
    BOOLEAN forgets_wait;
    NTSTATUS entry_status;
} s_driver;

static void driver_undo(void)
{
    if (!s_driver.forgets_deregister) {
        assert_int_equal(NmrDeregisterClient(s_client.handle), STATUS_PENDING);
        if (!s_driver.forgets_wait) {
            assert_int_equal(NmrWaitForClientDeregisterComplete(s_client.handle), STATUS_SUCCESS);
        }
    }
}

static VOID driver_unload(PDRIVER_OBJECT object)
{
    UNREFERENCED_PARAMETER(object);
    driver_undo();
}

static NTSTATUS driver_entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    UNREFERENCED_PARAMETER(path);
    object->DriverUnload = driver_unload;
    nmr_client_register(&s_client);
    if (!NT_SUCCESS(s_driver.entry_status)) {
        driver_undo();
    }
    return s_driver.entry_status;
}

static void driver_come_and_go(BOOLEAN forgets_deregister, BOOLEAN forgets_wait, NTSTATUS entry_status)
{
    PDRIVER_OBJECT driver;

    s_driver.forgets_deregister = forgets_deregister;
    s_driver.forgets_wait = forgets_wait;
    s_driver.entry_status = entry_status;
    assert_int_equal(wsk_emu_driver_load(driver_entry, "registrar", &driver), entry_status);
    wsk_emu_driver_unload(driver);
}

static void test_npi_019_breach_unload_forgets_to_deregister(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("NPI-019");
    driver_come_and_go(TRUE, TRUE, STATUS_SUCCESS);
    assert_int_equal(wsk_kit_report_count("NPI-019"), 1);
}

static void test_npi_019_breach_unload_forgets_to_wait(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("NPI-019");
    driver_come_and_go(FALSE, TRUE, STATUS_SUCCESS);
    assert_int_equal(wsk_kit_report_count("NPI-019"), 1);
}

static void test_npi_019_breach_failing_driver_entry_forgets_to_deregister(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("NPI-019");
    driver_come_and_go(TRUE, TRUE, STATUS_UNSUCCESSFUL);
    assert_int_equal(wsk_kit_report_count("NPI-019"), 1);
}

static void test_npi_019_near_miss_unload_deregisters_and_waits(void **state)
{
    UNREFERENCED_PARAMETER(state);
    driver_come_and_go(FALSE, FALSE, STATUS_SUCCESS);
    driver_come_and_go(FALSE, FALSE, STATUS_UNSUCCESSFUL);
}

static void test_npi_019_near_miss_the_handle_variable_is_reused(void **state)
{
    HANDLE first;

    UNREFERENCED_PARAMETER(state);
    nmr_client_register(&s_client);
    first = s_client.handle;
    assert_int_equal(NmrDeregisterClient(first), STATUS_PENDING);
    nmr_client_register(&s_client);
    assert_int_equal(NmrWaitForClientDeregisterComplete(first), STATUS_SUCCESS);
    nmr_client_end(&s_client);
}

/* --- rules of waits and levels that hold here, too ------------------------------------------------ */

static void test_irql_001_breach_nmr_wait_at_dispatch_level(void **state)
{
    NTSTATUS status;
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    s_client.detach_status = STATUS_PENDING;
    pair_attach();
    assert_int_equal(NmrDeregisterClient(s_client.handle), STATUS_PENDING);
    wsk_kit_expect_report("IRQL-001");
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = NmrWaitForClientDeregisterComplete(s_client.handle);
    KeLowerIrql(irql);
    assert_int_equal(status, STATUS_INVALID_DEVICE_STATE);
    NmrClientDetachProviderComplete(s_client.links[0].handle);
    assert_int_equal(NmrWaitForClientDeregisterComplete(s_client.handle), STATUS_SUCCESS);
    nmr_provider_end(&s_provider);
}

static void test_irql_001_near_miss_nmr_wait_at_apc_level(void **state)
{
    NTSTATUS status;
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    nmr_client_register(&s_client);
    assert_int_equal(NmrDeregisterClient(s_client.handle), STATUS_PENDING);
    KeRaiseIrql(APC_LEVEL, &irql);
    status = NmrWaitForClientDeregisterComplete(s_client.handle);
    KeLowerIrql(irql);
    assert_int_equal(status, STATUS_SUCCESS);
}

static void test_irql_001_breach_nmr_register_at_dispatch_level(void **state)
{
    NTSTATUS status;
    KIRQL irql;

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("IRQL-001");
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = NmrRegisterClient(&s_client.client, &s_client, &s_client.handle);
    KeLowerIrql(irql);
    assert_int_equal(status, STATUS_SUCCESS);
    nmr_client_end(&s_client);
}

static KIRQL s_raised;

static NTSTATUS raise_and_keep(struct nmr_module *module, struct nmr_link *link)
{
    UNREFERENCED_PARAMETER(link);
    KeRaiseIrql(APC_LEVEL, &s_raised);
    return module->detach_status;
}

static void test_irql_005_breach_nmr_callback_returns_at_another_level(void **state)
{
    UNREFERENCED_PARAMETER(state);
    s_client.detaching = raise_and_keep;
    pair_attach();
    wsk_kit_expect_report("IRQL-005");
    pair_end();
}

#define T(f) wsk_emu_unit_test_setup_teardown(f, setup, NULL)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        T(test_npi_019_breach_deregister_twice),
        T(test_npi_019_breach_wait_without_a_deregister),
        T(test_npi_019_breach_handle_of_another_kind),
        T(test_npi_019_breach_never_deregistered),
        T(test_npi_019_breach_never_waited),
        T(test_npi_019_breach_characteristics_changed),
        T(test_npi_019_breach_module_id_changed),
        T(test_npi_019_breach_wait_inside_a_callback_of_its_own),
        T(test_npi_019_near_miss_wait_for_another_module_inside_a_callback),
        T(test_npi_019_breach_unload_forgets_to_deregister),
        T(test_npi_019_breach_unload_forgets_to_wait),
        T(test_npi_019_breach_failing_driver_entry_forgets_to_deregister),
        T(test_npi_019_near_miss_unload_deregisters_and_waits),
        T(test_npi_019_near_miss_the_handle_variable_is_reused),
        T(test_irql_001_breach_nmr_wait_at_dispatch_level),
        T(test_irql_001_near_miss_nmr_wait_at_apc_level),
        T(test_irql_001_breach_nmr_register_at_dispatch_level),
        T(test_irql_005_breach_nmr_callback_returns_at_another_level),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
