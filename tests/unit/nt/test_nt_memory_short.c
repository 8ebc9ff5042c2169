/* SPDX-License-Identifier: MIT */
/* Memory is short: the start, the load of a driver and each service that makes something, with each allocation in it
 * failing once. It fails with the status or the NULL that is documented, leaves nothing, and works the next time. */
#include <ntifs.h>

#include <netioapi.h>
#include <stdio.h>

#include "host/host_mem.h"
#include "support/emu_fixture.h"
#include "wsk_emu/driver.h"

/* Of one step. More would mean that the sweep does not end. */
#define ALLOCATIONS_MAX 200u
#define TAG 'trhS'

/* One attempt: makes something with memory that may fail, and ends what it made. */
typedef NTSTATUS attempt_fn(void);

static unsigned long s_index;
static bool s_has_failed;

static void short_begin(void)
{
    (void)we_host_mem_fail(s_index);
}

static void short_end(void)
{
    s_has_failed = we_host_mem_fail(0) || s_has_failed;
}

/* Attempts until no allocation was left to fail; the last one succeeds, and at least one does not. Freed blocks are kept
 * for a while, so what was lost shows when the kernel has stopped. */
static void sweep(attempt_fn *attempt, NTSTATUS expected)
{
    unsigned failure_count = 0;

    for (s_index = 1; s_index < ALLOCATIONS_MAX; s_index++) {
        NTSTATUS status;

        s_has_failed = false;
        status = attempt();
        if (!s_has_failed) {
            assert_int_equal(status, STATUS_SUCCESS);
            assert_true(failure_count > 0);
            return;
        }
        if (status != STATUS_SUCCESS) {
            assert_int_equal(status, expected);
            failure_count++;
        }
    }
    fail_msg("more than %u allocations in one step", ALLOCATIONS_MAX);
}

static size_t s_blocks_before;

static int setup(void **state)
{
    s_blocks_before = we_host_mem_live_count();
    return emu_setup(state);
}

static int teardown(void **state)
{
    int result = emu_teardown(state);

    assert_int_equal(we_host_mem_live_count(), s_blocks_before);
    return result;
}

/* --- the kernel itself ------------------------------------------------------------------------------- */

static struct wsk_emu_config s_config;

static NTSTATUS attempt_start(void)
{
    size_t blocks = we_host_mem_live_count();
    NTSTATUS status;

    short_begin();
    status = wsk_emu_start(&s_config);
    short_end();
    if (NT_SUCCESS(status)) {
        assert_int_equal(wsk_emu_stop(), 0);
    }
    assert_int_equal(we_host_mem_live_count(), blocks);
    return status;
}

static void log_nothing(void *context, const char *line)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(line);
}

static void start_sweep(enum wsk_emu_execution execution, enum wsk_emu_network network)
{
    static const struct wsk_emu_config initial = WSK_EMU_CONFIG_INIT;

    s_config = initial;
    s_config.execution = execution;
    s_config.network = network;
    s_config.log = log_nothing; /* why it could not start */
    sweep(attempt_start, STATUS_INSUFFICIENT_RESOURCES);
}

static void test_start_without_memory_fails_and_leaves_nothing(void **state)
{
    (void)state;
    start_sweep(WSK_EMU_EXECUTION_STEPPED, WSK_EMU_NETWORK_VIRTUAL);
    start_sweep(WSK_EMU_EXECUTION_STEPPED, WSK_EMU_NETWORK_SOCKETS);
    start_sweep(WSK_EMU_EXECUTION_THREADS, WSK_EMU_NETWORK_VIRTUAL);
    start_sweep(WSK_EMU_EXECUTION_THREADS, WSK_EMU_NETWORK_SOCKETS);
}

/* --- a driver ------------------------------------------------------------------------------------------ */

static VOID NTAPI driver_unload(PDRIVER_OBJECT object)
{
    UNREFERENCED_PARAMETER(object);
}

static NTSTATUS NTAPI driver_entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    UNREFERENCED_PARAMETER(path);
    object->DriverUnload = driver_unload;
    return STATUS_SUCCESS;
}

static NTSTATUS attempt_load(void)
{
    PDRIVER_OBJECT driver = NULL;
    NTSTATUS status;

    short_begin();
    status = wsk_emu_driver_load(driver_entry, "short", &driver);
    short_end();
    if (NT_SUCCESS(status)) {
        wsk_emu_driver_unload(driver);
    } else {
        assert_null(driver);
    }
    return status;
}

static void test_load_without_memory_fails_and_leaves_nothing(void **state)
{
    (void)state;
    sweep(attempt_load, STATUS_INSUFFICIENT_RESOURCES);
}

static unsigned s_value; /* a new one each time: a value that is there is kept in place */

static NTSTATUS attempt_registry(void)
{
    char name[32];
    NTSTATUS status;

    snprintf(name, sizeof(name), "Value%u", s_value++);
    short_begin();
    status = wsk_emu_registry_set_string("short\\Parameters", name, "text");
    short_end();
    return status;
}

static void test_registry_value_without_memory_fails(void **state)
{
    (void)state;
    sweep(attempt_registry, STATUS_INSUFFICIENT_RESOURCES);
}

/* --- blocks ---------------------------------------------------------------------------------------------- */

static NTSTATUS of_pointer(PVOID made)
{
    return made != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS attempt_pool(void)
{
    NTSTATUS status;
    PVOID block;

    short_begin();
    block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, TAG);
    short_end();
    status = of_pointer(block);
    if (block != NULL) {
        ExFreePoolWithTag(block, TAG);
    }
    return status;
}

static NTSTATUS attempt_pool_page(void)
{
    NTSTATUS status;
    PVOID block;

    short_begin();
    block = ExAllocatePoolWithTag(NonPagedPoolNx, 2 * PAGE_SIZE, TAG);
    short_end();
    status = of_pointer(block);
    if (block != NULL) {
        ExFreePoolWithTag(block, TAG);
    }
    return status;
}

static NTSTATUS attempt_irp(void)
{
    NTSTATUS status;
    PIRP irp;

    short_begin();
    irp = IoAllocateIrp(2, FALSE);
    short_end();
    status = of_pointer(irp);
    if (irp != NULL) {
        IoFreeIrp(irp);
    }
    return status;
}

static NTSTATUS attempt_mdl(void)
{
    static char bytes[3 * PAGE_SIZE];
    NTSTATUS status;
    PMDL mdl;

    short_begin();
    mdl = IoAllocateMdl(bytes, sizeof(bytes), FALSE, FALSE, NULL);
    short_end();
    status = of_pointer(mdl);
    if (mdl != NULL) {
        IoFreeMdl(mdl);
    }
    return status;
}

static NTSTATUS attempt_pages(void)
{
    PHYSICAL_ADDRESS low = { .QuadPart = 0 };
    PHYSICAL_ADDRESS high = { .QuadPart = -1 };
    NTSTATUS status;
    PMDL mdl;

    short_begin();
    mdl = MmAllocatePagesForMdlEx(low, high, low, 2 * PAGE_SIZE, MmCached, 0);
    short_end();
    status = of_pointer(mdl);
    if (mdl != NULL) {
        MmFreePagesFromMdl(mdl);
        ExFreePool(mdl);
    }
    return status;
}

static void test_blocks_without_memory_are_null(void **state)
{
    (void)state;
    sweep(attempt_pool, STATUS_INSUFFICIENT_RESOURCES);
    sweep(attempt_pool_page, STATUS_INSUFFICIENT_RESOURCES);
    sweep(attempt_irp, STATUS_INSUFFICIENT_RESOURCES);
    sweep(attempt_mdl, STATUS_INSUFFICIENT_RESOURCES);
    sweep(attempt_pages, STATUS_INSUFFICIENT_RESOURCES);
}

/* --- objects --------------------------------------------------------------------------------------------- */

static VOID NTAPI thread_main(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS attempt_thread(void)
{
    HANDLE handle = NULL;
    NTSTATUS status;

    short_begin();
    status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, thread_main, NULL);
    short_end();
    if (NT_SUCCESS(status)) {
        PVOID thread;

        assert_int_equal(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &thread, NULL),
                         STATUS_SUCCESS);
        (void)KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(thread);
        (void)ZwClose(handle);
    }
    wsk_kit_run_until_idle(); /* a thread that got no handle runs all the same */
    return status;
}

static NTSTATUS attempt_resource(void)
{
    ERESOURCE resource;
    NTSTATUS status;

    short_begin();
    status = ExInitializeResourceLite(&resource);
    short_end();
    if (NT_SUCCESS(status)) {
        assert_int_equal(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
    }
    return status;
}

static void test_objects_without_memory_are_not_made(void **state)
{
    (void)state;
    sweep(attempt_resource, STATUS_INSUFFICIENT_RESOURCES);
    sweep(attempt_thread, STATUS_INSUFFICIENT_RESOURCES);
}

static PDEVICE_OBJECT s_device;

static NTSTATUS NTAPI device_entry(PDRIVER_OBJECT object, PUNICODE_STRING path)
{
    NTSTATUS status;

    UNREFERENCED_PARAMETER(path);
    object->DriverUnload = driver_unload;
    short_begin();
    status = IoCreateDevice(object, 16, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &s_device);
    short_end();
    if (NT_SUCCESS(status)) {
        PIO_WORKITEM item;

        short_begin();
        item = IoAllocateWorkItem(s_device);
        short_end();
        status = of_pointer(item);
        if (item != NULL) {
            IoFreeWorkItem(item);
        }
        IoDeleteDevice(s_device);
    }
    return status;
}

static NTSTATUS attempt_device(void)
{
    PDRIVER_OBJECT driver = NULL;
    NTSTATUS status = wsk_emu_driver_load(device_entry, "device", &driver);

    if (NT_SUCCESS(status)) {
        wsk_emu_driver_unload(driver);
    }
    return status;
}

static void test_device_and_work_item_without_memory_are_not_made(void **state)
{
    (void)state;
    sweep(attempt_device, STATUS_INSUFFICIENT_RESOURCES);
}

/* --- strings and tables ------------------------------------------------------------------------------------ */

static NTSTATUS attempt_to_unicode(void)
{
    ANSI_STRING narrow = RTL_CONSTANT_STRING("narrow");
    UNICODE_STRING wide;
    NTSTATUS status;

    short_begin();
    status = RtlAnsiStringToUnicodeString(&wide, &narrow, TRUE);
    short_end();
    if (NT_SUCCESS(status)) {
        RtlFreeUnicodeString(&wide);
    }
    return status;
}

static NTSTATUS attempt_to_ansi(void)
{
    UNICODE_STRING wide = RTL_CONSTANT_STRING(L"wide");
    ANSI_STRING narrow;
    NTSTATUS status;

    short_begin();
    status = RtlUnicodeStringToAnsiString(&narrow, &wide, TRUE);
    short_end();
    if (NT_SUCCESS(status)) {
        RtlFreeAnsiString(&narrow);
    }
    return status;
}

static NTSTATUS attempt_upcase(void)
{
    UNICODE_STRING wide = RTL_CONSTANT_STRING(L"wide");
    UNICODE_STRING upper;
    NTSTATUS status;

    short_begin();
    status = RtlUpcaseUnicodeString(&upper, &wide, TRUE);
    short_end();
    if (NT_SUCCESS(status)) {
        RtlFreeUnicodeString(&upper);
    }
    return status;
}

static NTSTATUS attempt_guid(void)
{
    static const GUID guid = { 1, 2, 3, { 4, 5, 6, 7, 8, 9, 10, 11 } };
    UNICODE_STRING text;
    NTSTATUS status;

    short_begin();
    status = RtlStringFromGUID(&guid, &text);
    short_end();
    if (NT_SUCCESS(status)) {
        RtlFreeUnicodeString(&text);
    }
    return status;
}

static NTSTATUS attempt_interfaces(void)
{
    PMIB_IPINTERFACE_TABLE table;
    NTSTATUS status;

    short_begin();
    status = GetIpInterfaceTable(AF_UNSPEC, &table);
    short_end();
    if (NT_SUCCESS(status)) {
        FreeMibTable(table);
    }
    return status;
}

static NTSTATUS attempt_addresses(void)
{
    PMIB_UNICASTIPADDRESS_TABLE table;
    NTSTATUS status;

    short_begin();
    status = GetUnicastIpAddressTable(AF_UNSPEC, &table);
    short_end();
    if (NT_SUCCESS(status)) {
        FreeMibTable(table);
    }
    return status;
}

static VOID NETIOAPI_API_ route_changed(PVOID context, PMIB_IPFORWARD_ROW2 row, MIB_NOTIFICATION_TYPE type)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(row);
    UNREFERENCED_PARAMETER(type);
}

static NTSTATUS attempt_notification(void)
{
    HANDLE handle;
    NTSTATUS status;

    short_begin();
    status = NotifyRouteChange2(AF_UNSPEC, route_changed, NULL, FALSE, &handle);
    short_end();
    if (NT_SUCCESS(status)) {
        assert_int_equal(CancelMibChangeNotify2(handle), STATUS_SUCCESS);
    }
    return status;
}

static void test_strings_and_tables_without_memory_are_not_made(void **state)
{
    (void)state;
    sweep(attempt_to_unicode, STATUS_NO_MEMORY);
    sweep(attempt_to_ansi, STATUS_NO_MEMORY);
    sweep(attempt_upcase, STATUS_NO_MEMORY);
    sweep(attempt_guid, STATUS_NO_MEMORY);
    sweep(attempt_interfaces, STATUS_INSUFFICIENT_RESOURCES);
    sweep(attempt_addresses, STATUS_INSUFFICIENT_RESOURCES);
    sweep(attempt_notification, STATUS_INSUFFICIENT_RESOURCES);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start_without_memory_fails_and_leaves_nothing),
        T(test_load_without_memory_fails_and_leaves_nothing),
        T(test_registry_value_without_memory_fails),
        T(test_blocks_without_memory_are_null),
        T(test_objects_without_memory_are_not_made),
        T(test_device_and_work_item_without_memory_are_not_made),
        T(test_strings_and_tables_without_memory_are_not_made),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
