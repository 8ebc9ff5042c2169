/* SPDX-License-Identifier: MIT */
/* Security descriptors as text, and devices that use them. */
#include <wdmsec.h>

#include <string.h>

#include "nt/io_file.h"
#include "nt/se_sddl.h"
#include "support/device_driver.h"

static ACCESS_MASK access_of(PCWSTR text)
{
    UNICODE_STRING sddl;
    ACCESS_MASK granted = 0;

    RtlInitUnicodeString(&sddl, text);
    assert_true(we_se_sddl_access(&sddl, &granted));
    return granted;
}

static void test_the_first_entry_that_names_a_right_decides(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(access_of(L"D:"), 0);
    assert_int_equal(access_of(L"D:P(A;;GA;;;SY)"), 0);
    assert_int_equal(access_of(L"D:P(A;;GA;;;BA)"), FILE_ALL_ACCESS);
    assert_int_equal(access_of(L"D:PAI(A;OICI;GR;;;WD)"), FILE_GENERIC_READ);
    assert_int_equal(access_of(L"D:(A;;GR;;;WD)(A;;GW;;;BU)"), FILE_GENERIC_READ | FILE_GENERIC_WRITE);
    assert_int_equal(access_of(L"D:(D;;GW;;;WD)(A;;GRGW;;;BA)"), FILE_GENERIC_READ & ~FILE_GENERIC_WRITE);
    assert_int_equal(access_of(L"D:(A;;GRGW;;;BA)(D;;GW;;;WD)"), FILE_GENERIC_READ | FILE_GENERIC_WRITE);
    assert_int_equal(access_of(L"D:(A;;0x3;;;S-1-1-0)"), FILE_READ_DATA | FILE_WRITE_DATA);
    assert_int_equal(access_of(L"D:(A;;0x3;;;S-1-5-18)"), 0);
    assert_int_equal(access_of(L"O:BAG:SYD:(A;;FX;;;IU)S:(AU;SAFA;GA;;;WD)"), FILE_GENERIC_EXECUTE);
    assert_int_equal(access_of(L"O:BAG:SY"), FILE_ALL_ACCESS); /* no list at all */
}

static void test_what_is_no_sddl_is_refused(void **state)
{
    static const PCWSTR texts[] = { L"",
                                    L"X",
                                    L"D",
                                    L"D:(",
                                    L"D:(A;;GA;;;BA",
                                    L"D:(A;;GA;BA)",
                                    L"D:(Q;;GA;;;BA)",
                                    L"D:(A;;QQ;;;BA)",
                                    L"D:(A;;G;;;BA)",
                                    L"D:(A;;0xg;;;BA)",
                                    L"D:(A;;0x123456789;;;BA)",
                                    L"D:(A;;GA;;;)",
                                    L"D:P x" };
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < RTL_NUMBER_OF(texts); i++) {
        UNICODE_STRING sddl;
        ACCESS_MASK granted;

        RtlInitUnicodeString(&sddl, texts[i]);
        assert_false(we_se_sddl_access(&sddl, &granted));
    }
}

/* --- devices ------------------------------------------------------------------------------------- */

static UNICODE_STRING s_name = RTL_CONSTANT_STRING(L"\\Device\\Vault");
static PDEVICE_OBJECT s_vault;

static void vault_create(const UNICODE_STRING *sddl)
{
    assert_int_equal(IoCreateDeviceSecure(g_gate.driver, 0, &s_name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                                          FALSE, sddl, NULL, &s_vault),
                     STATUS_SUCCESS);
    s_vault->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
}

static NTSTATUS vault_open(ACCESS_MASK access)
{
    struct wsk_emu_device *device;
    NTSTATUS status = wsk_emu_device_open("\\Device\\Vault", access, &device);

    wsk_emu_device_close(device);
    return status;
}

static void test_IoCreateDeviceSecure_applications_get_what_the_descriptor_grants(void **state)
{
    UNREFERENCED_PARAMETER(state);
    vault_create(&SDDL_DEVOBJ_SYS_ALL_ADM_RX);
    assert_int_equal(vault_open(GENERIC_READ), STATUS_SUCCESS);
    assert_int_equal(vault_open(GENERIC_READ | GENERIC_WRITE), STATUS_ACCESS_DENIED);
    assert_int_equal(vault_open(MAXIMUM_ALLOWED), STATUS_SUCCESS);
    IoDeleteDevice(s_vault);
    vault_create(&SDDL_DEVOBJ_SYS_ALL_ADM_ALL);
    assert_int_equal(vault_open(GENERIC_ALL), STATUS_SUCCESS);
    IoDeleteDevice(s_vault);
}

static void test_IoCreateDeviceSecure_device_for_the_kernel_is_opened_by_drivers_only(void **state)
{
    PDEVICE_OBJECT device;
    PFILE_OBJECT file;

    UNREFERENCED_PARAMETER(state);
    vault_create(&SDDL_DEVOBJ_KERNEL_ONLY);
    assert_int_equal(vault_open(0), STATUS_ACCESS_DENIED);
    assert_int_equal(vault_open(MAXIMUM_ALLOWED), STATUS_ACCESS_DENIED);
    assert_int_equal(g_gate.request_count, 0);
    assert_int_equal(IoGetDeviceObjectPointer(&s_name, FILE_ALL_ACCESS, &file, &device), STATUS_SUCCESS);
    ObDereferenceObject(file);
    IoDeleteDevice(s_vault);
}

static void test_IoCreateDeviceSecure_wrong_arguments_are_refused(void **state)
{
    UNICODE_STRING bad = RTL_CONSTANT_STRING(L"nonsense");

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(IoCreateDeviceSecure(g_gate.driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &SDDL_DEVOBJ_SYS_ALL,
                                          NULL, &s_vault),
                     STATUS_INVALID_PARAMETER);
    assert_null(s_vault);
    assert_int_equal(
        IoCreateDeviceSecure(g_gate.driver, 0, &s_name, FILE_DEVICE_UNKNOWN, 0, FALSE, &bad, NULL, &s_vault),
        STATUS_INVALID_PARAMETER);
    assert_int_equal(
        IoCreateDeviceSecure(g_gate.driver, 0, &s_name, FILE_DEVICE_UNKNOWN, 0, FALSE, NULL, NULL, &s_vault),
        STATUS_INVALID_PARAMETER);
}

/* --- IoValidateDeviceIoControlAccess ----------------------------------------------------------------- */

static ULONG s_required;

static NTSTATUS validate(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return gate_complete(Irp, IoValidateDeviceIoControlAccess(Irp, s_required), 0);
}

static NTSTATUS control_requiring(struct wsk_emu_device *device, ULONG required)
{
    s_required = required;
    return wsk_emu_device_control(device, GATE_CODE(METHOD_NEITHER), NULL, 0, NULL, 0, NULL);
}

static void test_IoValidateDeviceIoControlAccess_tells_what_the_handle_is_for(void **state)
{
    struct wsk_emu_device *device;

    UNREFERENCED_PARAMETER(state);
    g_gate.routines[IRP_MJ_DEVICE_CONTROL] = validate;
    assert_int_equal(wsk_emu_device_open(GATE_NAME, GENERIC_READ, &device), STATUS_SUCCESS);
    assert_int_equal(control_requiring(device, FILE_ANY_ACCESS), STATUS_SUCCESS);
    assert_int_equal(control_requiring(device, FILE_READ_ACCESS), STATUS_SUCCESS);
    assert_int_equal(control_requiring(device, FILE_WRITE_ACCESS), STATUS_ACCESS_DENIED);
    assert_int_equal(control_requiring(device, FILE_READ_ACCESS | FILE_WRITE_ACCESS), STATUS_ACCESS_DENIED);
    assert_int_equal(control_requiring(device, 4), STATUS_INVALID_PARAMETER);
    wsk_emu_device_close(device);
    device = gate_open();
    assert_int_equal(control_requiring(device, FILE_READ_ACCESS | FILE_WRITE_ACCESS), STATUS_SUCCESS);
    wsk_emu_device_close(device);
}

#define sddl_test(f) wsk_emu_unit_test_setup_teardown(f, gate_setup, gate_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        sddl_test(test_the_first_entry_that_names_a_right_decides),
        sddl_test(test_what_is_no_sddl_is_refused),
        sddl_test(test_IoCreateDeviceSecure_applications_get_what_the_descriptor_grants),
        sddl_test(test_IoCreateDeviceSecure_device_for_the_kernel_is_opened_by_drivers_only),
        sddl_test(test_IoCreateDeviceSecure_wrong_arguments_are_refused),
        sddl_test(test_IoValidateDeviceIoControlAccess_tells_what_the_handle_is_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
