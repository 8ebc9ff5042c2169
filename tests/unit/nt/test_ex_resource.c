/* SPDX-License-Identifier: MIT */
/* ERESOURCE: who is granted what while others own it or wait for it. */
#include <wdm.h>

#include "support/emu_fixture.h"

/* Another thread that asks for the resource in one way, waits to be told, and releases it as often as it got it. */
enum way { EXCLUSIVE, SHARED, SHARED_STARVE, SHARED_WAIT };

struct owner {
    PERESOURCE resource;
    enum way way;
    volatile LONG stage; /* 0: waits for the resource, 1: owns it, 2: has released it */
    KEVENT go_on;
};

static BOOLEAN ask(PERESOURCE resource, enum way way, BOOLEAN wait)
{
    switch (way) {
    case EXCLUSIVE:
        return ExAcquireResourceExclusiveLite(resource, wait);
    case SHARED:
        return ExAcquireResourceSharedLite(resource, wait);
    case SHARED_STARVE:
        return ExAcquireSharedStarveExclusive(resource, wait);
    default:
        return ExAcquireSharedWaitForExclusive(resource, wait);
    }
}

static VOID NTAPI owner_main(PVOID context)
{
    struct owner *owner = context;

    (void)ask(owner->resource, owner->way, TRUE);
    owner->stage = 1;
    (void)KeWaitForSingleObject(&owner->go_on, Executive, KernelMode, FALSE, NULL);
    ExReleaseResourceLite(owner->resource);
    owner->stage = 2;
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

static void owner_start(struct owner *owner, PERESOURCE resource, enum way way)
{
    HANDLE handle;

    owner->resource = resource;
    owner->way = way;
    owner->stage = 0;
    KeInitializeEvent(&owner->go_on, SynchronizationEvent, FALSE);
    assert_int_equal(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, owner_main, owner),
                     STATUS_SUCCESS);
    (void)ZwClose(handle);
    wsk_kit_run_until_idle();
}

static void owner_release(struct owner *owner)
{
    KeSetEvent(&owner->go_on, IO_NO_INCREMENT, FALSE);
    wsk_kit_run_until_idle();
    assert_int_equal(owner->stage, 2);
}

static int resource_setup(void **state)
{
    static ERESOURCE s_resource;

    KeEnterCriticalRegion();
    *state = &s_resource;
    return ExInitializeResourceLite(&s_resource) == STATUS_SUCCESS ? 0 : -1;
}

static int resource_teardown(void **state)
{
    (void)ExDeleteResourceLite(*state);
    KeLeaveCriticalRegion();
    return 0;
}

/* Whether a request of the test's own thread would be granted; what was granted is given back. */
static bool is_granted(PERESOURCE resource, enum way way)
{
    BOOLEAN is_owned = ask(resource, way, FALSE);

    if (is_owned) {
        ExReleaseResourceLite(resource);
    }
    return is_owned;
}

static void expect_grants(PERESOURCE resource, bool exclusive, bool shared, bool starve, bool wait_for)
{
    assert_int_equal(is_granted(resource, EXCLUSIVE), exclusive);
    assert_int_equal(is_granted(resource, SHARED), shared);
    assert_int_equal(is_granted(resource, SHARED_STARVE), starve);
    assert_int_equal(is_granted(resource, SHARED_WAIT), wait_for);
}

static void test_resource_free_is_granted_in_every_way(void **state)
{
    expect_grants(*state, true, true, true, true);
    assert_int_equal(ExIsResourceAcquiredSharedLite(*state), 0);
}

static void test_resource_of_another_writer_is_granted_to_nobody(void **state)
{
    struct owner writer;

    owner_start(&writer, *state, EXCLUSIVE);
    assert_int_equal(writer.stage, 1);
    expect_grants(*state, false, false, false, false);
    owner_release(&writer);
}

static void test_resource_of_another_reader_is_granted_to_readers(void **state)
{
    struct owner reader;

    owner_start(&reader, *state, SHARED);
    expect_grants(*state, false, true, true, true);
    owner_release(&reader);
}

static void test_resource_with_a_waiting_writer_is_granted_to_those_who_starve_it(void **state)
{
    struct owner reader;
    struct owner writer;

    owner_start(&reader, *state, SHARED);
    owner_start(&writer, *state, EXCLUSIVE);
    assert_int_equal(writer.stage, 0);
    assert_int_equal(ExGetExclusiveWaiterCount(*state), 1);
    assert_int_equal(ExGetSharedWaiterCount(*state), 0);
    expect_grants(*state, false, false, true, false);
    owner_release(&reader);
    assert_int_equal(writer.stage, 1);
    owner_release(&writer);
}

static void test_resource_shared_owner_with_a_waiting_writer_is_granted_again(void **state)
{
    struct owner writer;

    assert_true(ExAcquireResourceSharedLite(*state, TRUE));
    owner_start(&writer, *state, EXCLUSIVE);
    expect_grants(*state, false, true, true, false);
    assert_int_equal(writer.stage, 0);
    ExReleaseResourceLite(*state);
    wsk_kit_run_until_idle();
    assert_int_equal(writer.stage, 1);
    owner_release(&writer);
}

static void test_resource_exclusive_owner_is_granted_again(void **state)
{
    assert_true(ExAcquireResourceExclusiveLite(*state, TRUE));
    expect_grants(*state, true, true, true, true);
    assert_true(ExAcquireResourceSharedLite(*state, TRUE));
    assert_int_equal(ExIsResourceAcquiredSharedLite(*state), 2);
    ExReleaseResourceLite(*state);
    assert_true(ExIsResourceAcquiredExclusiveLite(*state));
    ExReleaseResourceLite(*state);
    assert_false(ExIsResourceAcquiredExclusiveLite(*state));
}

static void test_resource_converted_to_shared_lets_readers_in(void **state)
{
    struct owner readers[2];

    assert_true(ExAcquireResourceExclusiveLite(*state, TRUE));
    owner_start(&readers[0], *state, SHARED);
    owner_start(&readers[1], *state, SHARED);
    assert_int_equal(readers[0].stage + readers[1].stage, 0);
    assert_int_equal(ExGetSharedWaiterCount(*state), 2);
    ExConvertExclusiveToSharedLite(*state);
    wsk_kit_run_until_idle();
    assert_int_equal(readers[0].stage + readers[1].stage, 2);
    ExReleaseResourceLite(*state);
    owner_release(&readers[0]);
    owner_release(&readers[1]);
}

static void test_resource_handed_to_an_owner_pointer_is_released_for_it(void **state)
{
    static ULONG_PTR s_context;
    ERESOURCE_THREAD owner = (ERESOURCE_THREAD)&s_context | 3;

    assert_true(ExAcquireResourceExclusiveLite(*state, TRUE));
    ExSetResourceOwnerPointer(*state, (PVOID)owner);
    assert_int_equal(ExIsResourceAcquiredSharedLite(*state), 0);
    assert_false(is_granted(*state, SHARED));
    ExReleaseResourceForThreadLite(*state, owner);
    assert_true(is_granted(*state, EXCLUSIVE));
}

static void test_resource_has_more_owners_than_fit_into_it(void **state)
{
    struct owner readers[24];
    unsigned i;

    for (i = 0; i < 24; i++) {
        owner_start(&readers[i], *state, SHARED);
        assert_int_equal(readers[i].stage, 1);
    }
    assert_false(is_granted(*state, EXCLUSIVE));
    for (i = 0; i < 24; i++) {
        owner_release(&readers[i]);
    }
    assert_true(is_granted(*state, EXCLUSIVE));
}

static void test_resource_region_forms_enter_and_leave(void **state)
{
    KeLeaveCriticalRegion();
    (void)ExEnterCriticalRegionAndAcquireResourceExclusive(*state);
    assert_true(KeAreApcsDisabled());
    assert_true(ExIsResourceAcquiredExclusiveLite(*state));
    ExReleaseResourceAndLeaveCriticalRegion(*state);
    assert_false(KeAreApcsDisabled());
    (void)ExEnterCriticalRegionAndAcquireResourceShared(*state);
    assert_int_equal(ExIsResourceAcquiredSharedLite(*state), 1);
    ExReleaseResourceAndLeaveCriticalRegion(*state);
    KeEnterCriticalRegion();
    assert_int_equal(ExReinitializeResourceLite(*state), STATUS_SUCCESS);
}

#define T(f) wsk_emu_unit_test_setup_teardown(f, resource_setup, resource_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_resource_free_is_granted_in_every_way),
        T(test_resource_of_another_writer_is_granted_to_nobody),
        T(test_resource_of_another_reader_is_granted_to_readers),
        T(test_resource_with_a_waiting_writer_is_granted_to_those_who_starve_it),
        T(test_resource_shared_owner_with_a_waiting_writer_is_granted_again),
        T(test_resource_exclusive_owner_is_granted_again),
        T(test_resource_converted_to_shared_lets_readers_in),
        T(test_resource_handed_to_an_owner_pointer_is_released_for_it),
        T(test_resource_has_more_owners_than_fit_into_it),
        T(test_resource_region_forms_enter_and_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
