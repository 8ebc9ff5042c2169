/* SPDX-License-Identifier: MIT */
/* The helper that judges every request of the contract tests: each kind of disagreement between what a call returned
 * and how its IRP was completed makes a test fail. */
#include "support/wsk_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "support/child.h"

/* A provider that may do anything wrong. */
struct provider {
    NTSTATUS returns;
    NTSTATUS status; /* in IoStatus */
    BOOLEAN is_marked;
    unsigned completions;
    bool changes_status_later;
    bool keeps_cancel_routine;
};

static VOID NTAPI provider_cancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
}

static NTSTATUS provider_call(const struct provider *provider, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetNextIrpStackLocation(irp);

    irp->PendingReturned = provider->is_marked;
    irp->IoStatus.Status = provider->status;
    irp->IoStatus.Information = 0;
    (void)IoSetCancelRoutine(irp, provider->keeps_cancel_routine ? provider_cancel : NULL);
    for (unsigned index = 0; index < provider->completions; index++) {
        (void)location->CompletionRoutine(NULL, irp, location->Context);
    }
    (void)IoSetCancelRoutine(irp, NULL);
    if (provider->changes_status_later) {
        irp->IoStatus.Information = 1;
    }
    return provider->returns;
}

static const struct provider s_honest = { STATUS_PENDING, STATUS_SUCCESS, TRUE, 1, false, false };

struct row {
    const char *name;
    struct provider provider;
    const char *says; /* NULL: nothing is wrong */
};

/* clang-format off */
static const struct row s_rows[] = {
    /* name, { returns, IoStatus, marked, completions, changes IoStatus later, keeps the cancel routine }, breach */
    { "pending", { STATUS_PENDING, STATUS_SUCCESS, TRUE, 1, false, false }, NULL },
    { "pending, fails", { STATUS_PENDING, STATUS_CANCELLED, TRUE, 1, false, false }, NULL },
    { "inline success", { STATUS_SUCCESS, STATUS_SUCCESS, FALSE, 1, false, false }, NULL },
    { "inline failure", { STATUS_UNSUCCESSFUL, STATUS_UNSUCCESSFUL, FALSE, 1, false, false }, NULL },
    { "pending for ever", { STATUS_PENDING, STATUS_SUCCESS, TRUE, 0, false, false }, "never completed" },
    { "inline, not completed", { STATUS_SUCCESS, STATUS_SUCCESS, FALSE, 0, false, false }, "never completed" },
    { "completed twice", { STATUS_PENDING, STATUS_SUCCESS, TRUE, 2, false, false }, "more than once" },
    { "result is pending", { STATUS_PENDING, STATUS_PENDING, TRUE, 1, false, false }, "with STATUS_PENDING" },
    { "pending, not marked", { STATUS_PENDING, STATUS_SUCCESS, FALSE, 1, false, false }, "PendingReturned was FALSE" },
    { "inline success, marked", { STATUS_SUCCESS, STATUS_SUCCESS, TRUE, 1, false, false }, "PendingReturned was TRUE" },
    { "inline failure, marked", { STATUS_UNSUCCESSFUL, STATUS_UNSUCCESSFUL, TRUE, 1, false, false },
      "PendingReturned was TRUE" },
    { "fails after all", { STATUS_SUCCESS, STATUS_UNSUCCESSFUL, FALSE, 1, false, false }, "another status" },
    { "succeeds after all", { STATUS_UNSUCCESSFUL, STATUS_SUCCESS, FALSE, 1, false, false }, "another status" },
    { "touched afterwards", { STATUS_PENDING, STATUS_SUCCESS, TRUE, 1, true, false }, "after the completion" },
    { "can be cancelled", { STATUS_PENDING, STATUS_SUCCESS, TRUE, 1, false, true }, "cancel routine" },
};
/* clang-format on */

static void test_request_disagreement_names_each_breach_and_nothing_else(void **state)
{
    (void)state;
    for (size_t index = 0; index < ARRAYSIZE(s_rows); index++) {
        const struct row *row = &s_rows[index];
        struct wsk_request *request = request_create();
        NTSTATUS returned = provider_call(&row->provider, request_irp(request));
        const char *says = request_disagreement(request, returned);

        if ((says == NULL) != (row->says == NULL) || (says != NULL && strstr(says, row->says) == NULL)) {
            fail_msg("%s: \"%s\" instead of \"%s\"", row->name, says == NULL ? "nothing" : says,
                     row->says == NULL ? "nothing" : row->says);
        }
        request->completion_count = 0; /* judged here */
        request_destroy(request);
    }
}

static void test_request_chain_in_order_passes(void **state)
{
    struct wsk_request *request = request_create();

    (void)state;
    for (unsigned index = 0; index < 3; index++) {
        assert_int_equal(request_note(request, provider_call(&s_honest, request_irp_of_chain(request))),
                         STATUS_PENDING);
    }
    request_destroy(request);
}

/* --- tests that have to fail ------------------------------------------------------------------ */

/* Each test of a child breaks one thing. The child ends with 0 if all of them failed. */

static const struct row *s_row;

static void breach_test(void **state)
{
    const struct row *row = *state;
    struct wsk_request *request = request_create();
    NTSTATUS returned = provider_call(&row->provider, request_irp(request));

    (void)request_wait(request, returned);
    request_destroy(request);
}

static void forgotten_before_destroy_test(void **state)
{
    struct wsk_request *request = request_create();

    (void)state;
    (void)provider_call(&s_honest, request_irp(request));
    request_destroy(request);
}

static void forgotten_before_reuse_test(void **state)
{
    struct wsk_request *request = request_create();

    (void)state;
    (void)provider_call(&s_honest, request_irp(request));
    (void)request_irp(request);
    request_destroy(request);
}

static void late_second_completion_test(void **state)
{
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned = provider_call(&s_honest, irp);

    (void)state;
    (void)request_wait(request, returned);
    (void)provider_call(&s_honest, irp);
    request_destroy(request);
}

static void chain_with_a_disagreement_test(void **state)
{
    static const struct provider unmarked = { STATUS_PENDING, STATUS_SUCCESS, FALSE, 1, false, false };
    struct wsk_request *request = request_create();

    (void)state;
    (void)request_note(request, provider_call(&s_honest, request_irp_of_chain(request)));
    (void)request_note(request, provider_call(&unmarked, request_irp_of_chain(request)));
    (void)request_note(request, provider_call(&s_honest, request_irp_of_chain(request)));
    request_destroy(request);
}

static int row_setup(void **state)
{
    *state = (void *)(ULONG_PTR)s_row;
    return 0;
}

static void part_breaches(void)
{
    int failed = 0;
    int expected = 0;

    for (size_t index = 0; index < ARRAYSIZE(s_rows); index++) {
        const struct CMUnitTest tests[] = { wsk_emu_unit_test_setup_teardown(breach_test, row_setup, NULL) };

        s_row = &s_rows[index];
        if (s_row->says != NULL) {
            expected++;
            failed += cmocka_run_group_tests(tests, NULL, NULL);
        } else if (cmocka_run_group_tests(tests, NULL, NULL) != 0) {
            exit(2); /* a request in order was not taken for one */
        }
    }
    if (failed != expected) {
        exit(1);
    }
    child_end(); /* what the failed tests held is lost */
}

static void part_forgetful(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(forgotten_before_destroy_test),
        wsk_emu_unit_test(forgotten_before_reuse_test),
        wsk_emu_unit_test(late_second_completion_test),
        wsk_emu_unit_test(chain_with_a_disagreement_test),
    };

    if (cmocka_run_group_tests(tests, NULL, NULL) != ARRAYSIZE(tests)) {
        exit(1);
    }
    child_end();
}

static void expect_part(const char *part)
{
    struct child_result result;

    child_run(part, &result);
    if (result.exit_code != 0) {
        print_error("%s", result.errors);
    }
    assert_int_equal(result.signal, 0);
    assert_int_equal(result.exit_code, 0);
}

static void test_request_wait_fails_the_test_for_each_breach(void **state)
{
    (void)state;
    expect_part("breaches");
}

static void test_request_that_nobody_waited_for_fails_the_test(void **state)
{
    (void)state;
    expect_part("forgetful");
}

static const struct child_part s_parts[] = { { "breaches", part_breaches },
                                             { "forgetful", part_forgetful },
                                             { NULL, NULL } };

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_request_disagreement_names_each_breach_and_nothing_else),
        wsk_emu_unit_test(test_request_chain_in_order_passes),
        cmocka_unit_test(test_request_wait_fails_the_test_for_each_breach),
        cmocka_unit_test(test_request_that_nobody_waited_for_fails_the_test),
    };

    child_run_part_if_asked(argc, argv, s_parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
