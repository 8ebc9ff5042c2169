/* SPDX-License-Identifier: MIT */
/* Object references and handles. */
#include <wdm.h>

#include "nt/ob_object.h"
#include "nt/ob_types.h"
#include "wsk_emu/cmocka.h"

static unsigned s_destroyed;

static void count_destroy(void *body)
{
    assert_int_equal(*(unsigned *)body, 0x12345678);
    s_destroyed++;
}

static void *make_object(void)
{
    unsigned *body = we_ob_create(WE_OB_FILE, 40, count_destroy, NULL);

    assert_non_null(body);
    *body = 0x12345678;
    s_destroyed = 0;
    return body;
}

static void test_we_ob_create_body_is_zeroed_and_aligned(void **state)
{
    UCHAR *body = we_ob_create(WE_OB_FILE, 100, NULL, NULL);
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal((ULONG_PTR)body % 16, 0);
    for (i = 0; i < 100; i++) {
        assert_int_equal(body[i], 0);
    }
    we_ob_dereference(body);
}

static void test_ObDereferenceObject_last_one_destroys(void **state)
{
    void *body = make_object();

    UNREFERENCED_PARAMETER(state);
    ObReferenceObject(body);
    assert_int_equal(ObReferenceObjectByPointer(body, 0, NULL, KernelMode), STATUS_SUCCESS);
    ObDereferenceObject(body);
    ObDereferenceObject(body);
    assert_int_equal(s_destroyed, 0);
    ObDereferenceObjectDeferDelete(body);
    assert_int_equal(s_destroyed, 1);
}

static void test_we_ob_handle_create_handle_is_a_multiple_of_four_and_keeps_alive(void **state)
{
    void *body = make_object();
    HANDLE handle = we_ob_handle_create(body);
    PVOID found;

    UNREFERENCED_PARAMETER(state);
    assert_non_null(handle);
    assert_int_equal((ULONG_PTR)handle % 4, 0);
    we_ob_dereference(body);
    assert_int_equal(s_destroyed, 0);
    assert_int_equal(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &found, NULL), STATUS_SUCCESS);
    assert_ptr_equal(found, body);
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    assert_int_equal(s_destroyed, 0);
    ObDereferenceObject(found);
    assert_int_equal(s_destroyed, 1);
}

/* A handle must never look like an address, and a closed one must not come back soon. */
static void test_we_ob_handle_create_handles_are_small_and_not_reused_at_once(void **state)
{
    void *body = make_object();
    HANDLE last = NULL;
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < 40000; i++) {
        HANDLE handle = we_ob_handle_create(body);

        assert_true((ULONG_PTR)handle > 0 && (ULONG_PTR)handle < 0x10000);
        assert_ptr_not_equal(handle, last);
        assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
        last = handle;
    }
    we_ob_dereference(body);
}

static void test_we_ob_handle_create_more_than_small_ones_all_work(void **state)
{
    static HANDLE s_handles[0x4010];
    void *body = make_object();
    PVOID found;
    unsigned i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < RTL_NUMBER_OF(s_handles); i++) {
        s_handles[i] = we_ob_handle_create(body);
        assert_non_null(s_handles[i]);
    }
    assert_int_equal(
        ObReferenceObjectByHandle(s_handles[RTL_NUMBER_OF(s_handles) - 1], 0, NULL, KernelMode, &found, NULL),
        STATUS_SUCCESS);
    ObDereferenceObject(found);
    for (i = 0; i < RTL_NUMBER_OF(s_handles); i++) {
        assert_int_equal(ZwClose(s_handles[i]), STATUS_SUCCESS);
    }
    we_ob_dereference(body);
    assert_int_equal(s_destroyed, 1);
}

static void test_we_ob_handle_create_two_handles_differ(void **state)
{
    void *body = make_object();
    HANDLE first = we_ob_handle_create(body);
    HANDLE second = we_ob_handle_create(body);

    UNREFERENCED_PARAMETER(state);
    assert_ptr_not_equal(first, second);
    ZwClose(first);
    ZwClose(second);
    we_ob_dereference(body);
    assert_int_equal(s_destroyed, 1);
}

static void test_ObReferenceObjectByHandle_wrong_type_is_a_mismatch(void **state)
{
    void *body = make_object();
    HANDLE handle = we_ob_handle_create(body);
    PVOID found = body;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(ObReferenceObjectByHandle(handle, 0, *PsThreadType, KernelMode, &found, NULL),
                     STATUS_OBJECT_TYPE_MISMATCH);
    assert_null(found);
    assert_int_equal(ObReferenceObjectByPointer(body, 0, *PsThreadType, KernelMode), STATUS_OBJECT_TYPE_MISMATCH);
    ZwClose(handle);
    we_ob_dereference(body);
    assert_int_equal(s_destroyed, 1); /* the refused calls left no reference */
}

static void test_ObReferenceObjectByHandle_information_is_filled(void **state)
{
    void *body = make_object();
    HANDLE handle = we_ob_handle_create(body);
    OBJECT_HANDLE_INFORMATION information = { 0, 0 };
    PVOID found;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(ObReferenceObjectByHandle(handle, SYNCHRONIZE, NULL, KernelMode, &found, &information),
                     STATUS_SUCCESS);
    assert_int_equal(information.GrantedAccess, SYNCHRONIZE);
    ObDereferenceObject(found);
    ZwClose(handle);
    we_ob_dereference(body);
}

static void test_ObReferenceObject_current_thread_is_accepted(void **state)
{
    PKTHREAD thread = KeGetCurrentThread();

    UNREFERENCED_PARAMETER(state);
    ObReferenceObject(thread);
    assert_int_equal(ObReferenceObjectByPointer(thread, 0, *PsThreadType, KernelMode), STATUS_SUCCESS);
    ObDereferenceObject(thread);
    ObDereferenceObject(thread);
}

static void test_we_ob_find_other_memory_is_not_found(void **state)
{
    struct {
        _Alignas(16) UCHAR front[sizeof(struct we_ob_header)];
        UCHAR body[16];
    } memory = { { 0 }, { 0 } };
    void *body = make_object();

    UNREFERENCED_PARAMETER(state);
    assert_null(we_ob_find(NULL));
    assert_null(we_ob_find(memory.body));
    assert_null(we_ob_find((UCHAR *)body + 8));
    assert_non_null(we_ob_find(body));
    we_ob_dereference(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_we_ob_create_body_is_zeroed_and_aligned),
        wsk_emu_unit_test(test_ObDereferenceObject_last_one_destroys),
        wsk_emu_unit_test(test_we_ob_handle_create_handle_is_a_multiple_of_four_and_keeps_alive),
        wsk_emu_unit_test(test_we_ob_handle_create_two_handles_differ),
        wsk_emu_unit_test(test_we_ob_handle_create_handles_are_small_and_not_reused_at_once),
        wsk_emu_unit_test(test_we_ob_handle_create_more_than_small_ones_all_work),
        wsk_emu_unit_test(test_ObReferenceObjectByHandle_wrong_type_is_a_mismatch),
        wsk_emu_unit_test(test_ObReferenceObjectByHandle_information_is_filled),
        wsk_emu_unit_test(test_ObReferenceObject_current_thread_is_accepted),
        wsk_emu_unit_test(test_we_ob_find_other_memory_is_not_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
