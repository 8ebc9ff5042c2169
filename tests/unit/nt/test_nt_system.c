/* SPDX-License-Identifier: MIT */
/* What drivers ask about the system: threads through handles, processors, verifier, silos; and clear refusals. */
#include <ntifs.h>

#include "support/emu_fixture.h"

#include <setjmp.h>

#include <wdmguid.h>

#include "nt/ke_bugcheck.h"

static NTSTATUS s_inside_status;
static GROUP_AFFINITY s_inside_affinity;

static VOID system_thread(PVOID context)
{
    GROUP_AFFINITY affinity = { 1, 0, { 0 } };

    UNREFERENCED_PARAMETER(context);
    s_inside_status = ZwSetInformationThread(ZwCurrentThread(), ThreadGroupInformation, &affinity, sizeof(affinity));
    (void)ZwQueryInformationThread(ZwCurrentThread(), ThreadGroupInformation, &s_inside_affinity,
                                   sizeof(s_inside_affinity), NULL);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_ZwWaitForSingleObject_waits_for_the_end_of_a_thread(void **state)
{
    LARGE_INTEGER now = { .QuadPart = 0 };
    HANDLE handle;

    (void)state;
    s_inside_status = STATUS_PENDING;
    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, system_thread, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(ZwWaitForSingleObject(handle, FALSE, NULL), STATUS_WAIT_0);
    assert_int_equal(s_inside_status, STATUS_SUCCESS);
    assert_int_equal(s_inside_affinity.Mask, 1);
    assert_int_equal(ZwWaitForSingleObject(handle, FALSE, &now), STATUS_WAIT_0);
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    assert_int_equal(ZwWaitForSingleObject(ZwCurrentThread(), FALSE, &now), STATUS_TIMEOUT);
    wsk_kit_expect_report("OBJ-002");
    assert_int_equal(ZwWaitForSingleObject(handle, FALSE, NULL), STATUS_INVALID_HANDLE);
}

static void test_thread_information_is_kept_and_returned(void **state)
{
    GROUP_AFFINITY affinity = { 0 };
    PROCESSOR_NUMBER processor = { 0, 1, 0 };
    LONG increment = 2;
    ULONG length = 0;
    HANDLE me = ZwCurrentThread();

    (void)state;
    assert_int_equal(ZwQueryInformationThread(me, ThreadGroupInformation, &affinity, sizeof(affinity), &length),
                     STATUS_SUCCESS);
    assert_int_equal(affinity.Mask, 3); /* both processors */
    assert_int_equal(length, sizeof(affinity));
    affinity.Mask = 2;
    assert_int_equal(ZwSetInformationThread(me, ThreadGroupInformation, &affinity, sizeof(affinity)), STATUS_SUCCESS);
    affinity.Mask = 0;
    assert_int_equal(ZwQueryInformationThread(me, ThreadGroupInformation, &affinity, sizeof(affinity), NULL),
                     STATUS_SUCCESS);
    assert_int_equal(affinity.Mask, 2);
    assert_int_equal(ZwSetInformationThread(me, ThreadIdealProcessorEx, &processor, sizeof(processor)), STATUS_SUCCESS);
    assert_int_equal(processor.Number, 0); /* the former one */
    assert_int_equal(ZwQueryInformationThread(me, ThreadIdealProcessorEx, &processor, sizeof(processor), NULL),
                     STATUS_SUCCESS);
    assert_int_equal(processor.Number, 1);
    assert_int_equal(ZwSetInformationThread(me, ThreadBasePriority, &increment, sizeof(increment)), STATUS_SUCCESS);
    assert_int_equal(KeQueryPriorityThread(KeGetCurrentThread()), 10);
    increment = 0;
    assert_int_equal(ZwSetInformationThread(me, ThreadBasePriority, &increment, sizeof(increment)), STATUS_SUCCESS);
}

static void test_thread_information_that_makes_no_sense_is_refused(void **state)
{
    GROUP_AFFINITY affinity = { 4, 0, { 0 } }; /* there are two processors */
    PROCESSOR_NUMBER processor = { 0, 2, 0 };
    HANDLE me = ZwCurrentThread();

    (void)state;
    assert_int_equal(ZwSetInformationThread(me, ThreadGroupInformation, &affinity, sizeof(affinity)),
                     STATUS_INVALID_PARAMETER);
    affinity.Mask = 0;
    assert_int_equal(ZwSetInformationThread(me, ThreadGroupInformation, &affinity, sizeof(affinity)),
                     STATUS_INVALID_PARAMETER);
    affinity.Mask = 1;
    affinity.Group = 1;
    assert_int_equal(ZwSetInformationThread(me, ThreadGroupInformation, &affinity, sizeof(affinity)),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(ZwSetInformationThread(me, ThreadGroupInformation, &affinity, 8), STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(ZwSetInformationThread(me, ThreadIdealProcessorEx, &processor, sizeof(processor)),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(ZwSetInformationThread(me, ThreadIdealProcessorEx, &processor, 1), STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(ZwSetInformationThread(me, ThreadBasePriority, &processor, 1), STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(ZwQueryInformationThread(me, ThreadGroupInformation, &affinity, 1, NULL),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(ZwSetInformationThread(me, ThreadZeroTlsCell, NULL, 0), STATUS_INVALID_INFO_CLASS);
    assert_int_equal(ZwQueryInformationThread(me, ThreadTimes, NULL, 0, NULL), STATUS_INVALID_INFO_CLASS);
}

static void test_processors_are_one_group_one_node_and_a_core_each(void **state)
{
    union {
        SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX entry;
        UCHAR bytes[512];
    } memory;
    ULONG length = 0;
    ULONG cores = 0;
    ULONG offset;
    PROCESSOR_NUMBER number = { 0, 1, 0 };

    (void)state;
    assert_int_equal(KeQueryLogicalProcessorRelationship(NULL, RelationNumaNode, NULL, &length),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(length, 0x30);
    assert_int_equal(KeQueryLogicalProcessorRelationship(NULL, RelationNumaNode, &memory.entry, &length),
                     STATUS_SUCCESS);
    assert_int_equal(memory.entry.Relationship, RelationNumaNode);
    assert_int_equal(memory.entry.Size, 0x30);
    assert_int_equal(memory.entry.NumaNode.NodeNumber, 0);
    assert_int_equal(memory.entry.NumaNode.GroupMask.Mask, 3);
    length = sizeof(memory);
    assert_int_equal(KeQueryLogicalProcessorRelationship(NULL, RelationGroup, &memory.entry, &length), STATUS_SUCCESS);
    assert_int_equal(memory.entry.Group.GroupInfo[0].ActiveProcessorCount, 2);
    length = sizeof(memory);
    assert_int_equal(KeQueryLogicalProcessorRelationship(NULL, RelationAll, &memory.entry, &length), STATUS_SUCCESS);
    for (offset = 0; offset < length;) {
        PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX entry = (PVOID)(memory.bytes + offset);

        cores += entry->Relationship == RelationProcessorCore;
        offset += entry->Size;
    }
    assert_int_equal(offset, length);
    assert_int_equal(cores, 2);
    length = sizeof(memory);
    assert_int_equal(KeQueryLogicalProcessorRelationship(&number, RelationProcessorCore, &memory.entry, &length),
                     STATUS_SUCCESS);
    assert_int_equal(length, 0x30);
    assert_int_equal(memory.entry.Processor.GroupMask[0].Mask, 2);
    number.Number = 2;
    assert_int_equal(KeQueryLogicalProcessorRelationship(&number, RelationProcessorCore, &memory.entry, &length),
                     STATUS_INVALID_PARAMETER);
}

static void test_clock_has_one_resolution(void **state)
{
    ULONG coarsest = 0;
    ULONG finest = 0;
    ULONG current = 0;

    (void)state;
    ExQueryTimerResolution(&coarsest, &finest, &current);
    assert_int_equal(current, KeQueryTimeIncrement());
    assert_int_equal(coarsest, current);
    assert_int_equal(finest, current);
}

static void test_verifier_says_whether_it_watches(void **state)
{
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;
    ULONG flags = 0;

    assert_int_equal(MmIsVerifierEnabled(&flags), STATUS_SUCCESS);
    assert_true((flags & DRIVER_VERIFIER_FORCE_IRQL_CHECKING) != 0);
    assert_true(MmIsDriverVerifyingByAddress(&s_inside_status));
    assert_int_equal(wsk_emu_stop(), 0);
    config.execution = WSK_EMU_EXECUTION_STEPPED;
    config.network = WSK_EMU_NETWORK_VIRTUAL;
    config.verifier = WSK_EMU_VERIFIER_OFF;
    assert_int_equal(wsk_emu_start(&config), STATUS_SUCCESS);
    assert_int_equal(MmIsVerifierEnabled(&flags), STATUS_NOT_SUPPORTED);
    assert_int_equal(flags, 0);
    assert_false(MmIsDriverVerifyingByAddress(&s_inside_status));
    assert_int_equal(wsk_emu_stop(), 0);
    assert_int_equal(emu_setup(state), 0);
}

static void test_there_is_one_silo(void **state)
{
    PESILO before;

    (void)state;
    assert_ptr_equal(PsGetCurrentServerSilo(), PsGetHostSilo());
    assert_ptr_equal(PsGetCurrentSilo(), PsGetHostSilo());
    assert_true(PsIsHostSilo(PsGetHostSilo()));
    assert_false(PsIsCurrentThreadInServerSilo());
    before = PsAttachSiloToCurrentThread(PsGetHostSilo());
    PsDetachSiloFromCurrentThread(before);
    assert_ptr_equal(PsGetCurrentSilo(), PsGetHostSilo());
}

static void test_there_is_one_process_and_attaching_to_it_changes_nothing(void **state)
{
    KAPC_STATE outer;
    KAPC_STATE inner;

    (void)state;
    assert_ptr_equal(PsGetCurrentProcess(), PsInitialSystemProcess);
    KeStackAttachProcess(PsInitialSystemProcess, &outer);
    KeStackAttachProcess(PsInitialSystemProcess, &inner);
    assert_ptr_equal(inner.Process, PsInitialSystemProcess);
    assert_ptr_equal(PsGetCurrentProcess(), PsInitialSystemProcess);
    KeUnstackDetachProcess(&inner);
    KeUnstackDetachProcess(&outer);
    assert_ptr_equal(PsGetCurrentProcess(), PsInitialSystemProcess);
}

static jmp_buf s_detached;
static ULONG s_code;

static void stop_seen(ULONG code, const ULONG_PTR parameters[4], const char *text)
{
    UNREFERENCED_PARAMETER(parameters);
    UNREFERENCED_PARAMETER(text);
    s_code = code;
    longjmp(s_detached, 1);
}

static void test_detaching_from_a_process_without_attaching_stops(void **state)
{
    KAPC_STATE apc_state = { .Process = PsInitialSystemProcess };

    (void)state;
    we_ke_bugcheck_set_hook(stop_seen);
    if (setjmp(s_detached) == 0) {
        KeUnstackDetachProcess(&apc_state);
    }
    we_ke_bugcheck_set_hook(NULL);
    assert_int_equal(s_code, INVALID_PROCESS_DETACH_ATTEMPT);
}

static void test_descriptor_of_the_system_grants_the_system_everything(void **state)
{
    static const UCHAR system[] = { 1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0 };
    PISECURITY_DESCRIPTOR_RELATIVE relative;
    SECURITY_SUBJECT_CONTEXT subject;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    PACCESS_ALLOWED_ACE ace;
    PACL dacl;

    (void)state;
    SeCaptureSubjectContext(&subject);
    assert_int_equal(
        SeAssignSecurity(NULL, NULL, &descriptor, FALSE, &subject, IoGetFileObjectGenericMapping(), NonPagedPoolNx),
        STATUS_SUCCESS);
    SeReleaseSubjectContext(&subject);
    relative = descriptor;
    assert_int_equal(relative->Revision, SECURITY_DESCRIPTOR_REVISION);
    assert_int_equal(relative->Control, SE_SELF_RELATIVE | SE_DACL_PRESENT);
    assert_memory_equal((UCHAR *)descriptor + relative->Owner, system, sizeof(system));
    assert_memory_equal((UCHAR *)descriptor + relative->Group, system, sizeof(system));
    dacl = (PVOID)((UCHAR *)descriptor + relative->Dacl);
    assert_int_equal(dacl->AceCount, 1);
    assert_int_equal(dacl->AclSize, sizeof(ACL) + 8 + sizeof(system));
    ace = (PVOID)(dacl + 1);
    assert_int_equal(ace->Header.AceSize, 8 + sizeof(system));
    assert_int_equal(ace->Mask, FILE_ALL_ACCESS);
    assert_memory_equal(&ace->SidStart, system, sizeof(system));
    assert_int_equal(SeDeassignSecurity(&descriptor), STATUS_SUCCESS);
    assert_null(descriptor);
    assert_int_equal(wsk_kit_live_count(WSK_KIT_POOL), 0);
}

static void test_what_is_not_emulated_fails_and_leaves_nothing(void **state)
{
    SECURITY_SUBJECT_CONTEXT subject;
    PSECURITY_DESCRIPTOR descriptor = &subject;
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Gate");
    IO_STATUS_BLOCK io_status;
    PDEVICE_OBJECT device = (PVOID)&subject;
    PFILE_OBJECT file = (PVOID)&subject;
    HANDLE handle = &subject;
    PVOID entry = &subject;

    (void)state;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwCreateFile(&handle, FILE_GENERIC_READ, &attributes, &io_status, NULL, 0, FILE_SHARE_READ,
                                  FILE_OPEN, 0, NULL, 0),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_null(handle);
    assert_int_equal(IoGetDeviceObjectPointer(&name, FILE_GENERIC_READ, &file, &device), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_null(file);
    assert_null(device);
    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange,
                                                    PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES,
                                                    (PVOID)&GUID_DEVICE_INTERFACE_ARRIVAL, NULL, NULL, NULL, &entry),
                     STATUS_NOT_SUPPORTED);
    assert_null(entry);
    assert_int_equal(IoUnregisterPlugPlayNotificationEx(entry), STATUS_INVALID_PARAMETER);
    SeCaptureSubjectContext(&subject);
    assert_int_equal(
        SeAssignSecurity(NULL, &io_status, &descriptor, FALSE, &subject, IoGetFileObjectGenericMapping(), NonPagedPool),
        STATUS_PRIVILEGE_NOT_HELD);
    assert_null(descriptor);
    assert_int_equal(SeDeassignSecurity(&descriptor), STATUS_SUCCESS);
    SeReleaseSubjectContext(&subject);
    assert_int_equal(IoGetFileObjectGenericMapping()->GenericAll, FILE_ALL_ACCESS);
    assert_ptr_not_equal(*IoFileObjectType, *PsThreadType);
    assert_null(InitSecurityInterfaceW());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ZwWaitForSingleObject_waits_for_the_end_of_a_thread),
        cmocka_unit_test(test_thread_information_is_kept_and_returned),
        cmocka_unit_test(test_thread_information_that_makes_no_sense_is_refused),
        cmocka_unit_test(test_processors_are_one_group_one_node_and_a_core_each),
        cmocka_unit_test(test_clock_has_one_resolution),
        cmocka_unit_test(test_verifier_says_whether_it_watches),
        cmocka_unit_test(test_there_is_one_silo),
        cmocka_unit_test(test_there_is_one_process_and_attaching_to_it_changes_nothing),
        cmocka_unit_test(test_detaching_from_a_process_without_attaching_stops),
        cmocka_unit_test(test_descriptor_of_the_system_grants_the_system_everything),
        cmocka_unit_test(test_what_is_not_emulated_fails_and_leaves_nothing),
    };

    return cmocka_run_group_tests_name("nt/system", tests, emu_setup, emu_teardown);
}
