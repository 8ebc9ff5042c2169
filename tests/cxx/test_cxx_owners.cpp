/* SPDX-License-Identifier: MIT */
/* Owners of kernels, drivers, IRPs, MDLs, locks and reports: in order, moved from, left early, misused. */
#include "cxx_run.hpp"

#include <type_traits>

using namespace wsk_emu;

/* --- what they are --------------------------------------------------------------------------------------------------- */

template <class Owner> struct is_move_only {
    static constexpr bool value = std::is_move_constructible<Owner>::value && std::is_move_assignable<Owner>::value &&
                                  !std::is_copy_constructible<Owner>::value && !std::is_copy_assignable<Owner>::value;
};
static_assert(is_move_only<kernel>::value, "");
static_assert(is_move_only<driver>::value, "");
static_assert(is_move_only<irp>::value, "");
static_assert(is_move_only<mdl_chain>::value, "");
static_assert(!std::is_move_constructible<raised_irql>::value && !std::is_move_constructible<spin_lock_guard>::value,
              "");
/* No larger than what they have to remember. */
static_assert(sizeof(status) == sizeof(NTSTATUS), "");
static_assert(sizeof(kernel) == 8 && sizeof(driver) == 16 && sizeof(irp) == 16, "");

/* --- status ---------------------------------------------------------------------------------------------------------- */

static void test_status_has_the_name_of_its_value(void **)
{
    assert_string_equal(status(STATUS_INVALID_PARAMETER).text().c_str(), "STATUS_INVALID_PARAMETER (0xC000000D)");
    assert_string_equal(status(STATUS_SUCCESS).text().c_str(), "STATUS_SUCCESS (0x00000000)");
    assert_string_equal(status(static_cast<NTSTATUS>(0xE1234567)).text().c_str(), "0xE1234567");
}

static void test_status_compares_as_ntstatus(void **)
{
    status pending = STATUS_PENDING;

    assert_true(pending == STATUS_PENDING && pending != STATUS_SUCCESS && pending == status(STATUS_PENDING));
    assert_true(pending.ok() && NT_SUCCESS(pending));
    assert_false(status(STATUS_BUFFER_OVERFLOW).ok());
}

static void test_utf8_of_wide_strings(void **)
{
    const WCHAR text[] = { 'a', 0xe9, 0x20ac, 0xd83d, 0xde00, 0xdc00, 'z', 0 };
    UNICODE_STRING counted;

    assert_string_equal(utf8(text).c_str(), "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbdz");
    counted.Buffer = const_cast<PWSTR>(text);
    counted.Length = 4 * sizeof(WCHAR); /* half of a pair at its end */
    counted.MaximumLength = counted.Length;
    assert_string_equal(utf8(counted).c_str(), "a\xc3\xa9\xe2\x82\xac\xef\xbf\xbd");
    counted.Buffer = nullptr;
    assert_string_equal(utf8(counted).c_str(), "");
    assert_string_equal(utf8(static_cast<const WCHAR *>(nullptr)).c_str(), "");
}

/* --- kernel ------------------------------------------------------------------------------------------------------------ */

static void test_kernel_stops_at_the_end_of_its_scope(void **)
{
    assert_int_equal(wsk_kit_run_number(), 0);
    {
        kernel first((config()));
        unsigned long long number = wsk_kit_run_number();

        assert_true(first.is_running());
        assert_int_not_equal(number, 0);
        assert_int_equal(first.stop(), 0);
        assert_false(first.is_running());
        assert_int_equal(first.start(), STATUS_SUCCESS);
        assert_int_equal(wsk_kit_run_number(), number + 1);
    }
    assert_int_equal(wsk_kit_run_number(), 0);
}

static void test_kernel_stop_returns_the_reports(void **)
{
    kernel kernel(config().log([](void *, const char *) {}, nullptr));

    (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'tset');
    assert_int_equal(kernel.stop(), 1);
    assert_int_equal(kernel.stop(), 0);
}

static const char *s_failure;

static void test_kernel_that_is_destroyed_with_reports_fails_the_test(void **)
{
    wsk_kit_set_failure_handler([](const char *reason) {
        assert_non_null(strstr(reason, "1 unexpected verifier report,"));
        s_failure = "seen";
    });
    s_failure = nullptr;
    {
        kernel kernel(config().log([](void *, const char *) {}, nullptr));

        (void)ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'tset');
    }
    assert_non_null(s_failure);
    wsk_kit_set_failure_handler(nullptr);
}

static void test_kernel_moves(void **)
{
    kernel first((config()));
    kernel second(std::move(first));

    assert_false(first.is_running());
    assert_int_equal(first.stop(), 0);
    assert_true(second.is_running());
    first = std::move(second);
    assert_true(first.is_running());
}

static void test_kernel_start_twice_is_refused(void **)
{
    kernel first((config().log([](void *, const char *) {}, nullptr)));
    kernel second;

    assert_int_equal(second.start(), STATUS_INVALID_DEVICE_STATE);
    assert_false(second.is_running());
    assert_int_equal(second.stop(), 0);
    assert_true(first.is_running());
}

static void test_config_sets_what_it_says(void **)
{
    config made =
        config().threads().sockets().processors(3).seed(7).completion(WSK_EMU_COMPLETION_MIXED).no_progress_ms(5);

    assert_int_equal(made.raw().execution, WSK_EMU_EXECUTION_THREADS);
    assert_int_equal(made.raw().network, WSK_EMU_NETWORK_SOCKETS);
    assert_int_equal(made.raw().processors, 3);
    assert_int_equal(made.raw().seed, 7);
    assert_int_equal(made.raw().completion, WSK_EMU_COMPLETION_MIXED);
    assert_int_equal(made.raw().no_progress_ms, 5);
    made.stepped().virtual_network().verifier(WSK_EMU_VERIFIER_OFF);
    assert_int_equal(made.raw().execution, WSK_EMU_EXECUTION_STEPPED);
    assert_int_equal(made.raw().network, WSK_EMU_NETWORK_VIRTUAL);
    assert_int_equal(made.raw().verifier, WSK_EMU_VERIFIER_OFF);
    assert_int_equal(made.raw().size, sizeof(struct wsk_emu_config));
}

/* --- driver ------------------------------------------------------------------------------------------------------------ */

static int s_loads;
static int s_unloads;

static VOID NTAPI count_unload(PDRIVER_OBJECT)
{
    s_unloads++;
}

static NTSTATUS NTAPI count_entry(PDRIVER_OBJECT object, PUNICODE_STRING)
{
    s_loads++;
    object->DriverUnload = count_unload;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI failing_entry(PDRIVER_OBJECT, PUNICODE_STRING)
{
    return STATUS_DEVICE_NOT_READY;
}

static void test_driver_is_unloaded_once(void **)
{
    s_loads = s_unloads = 0;
    expect_pass([] {
        driver outer;
        {
            driver first;

            assert_int_equal(first.load(count_entry, "one"), STATUS_SUCCESS);
            assert_non_null(first.get());
            outer = std::move(first);
            assert_false(first.is_loaded());
            first.unload();
        }
        assert_int_equal(s_unloads, 0);
        assert_true(outer.is_loaded());
        driver second(std::move(outer));
        assert_null(outer.get());
    });
    assert_int_equal(s_loads, 1);
    assert_int_equal(s_unloads, 1);
}

static void test_driver_assignment_unloads_what_was_there(void **)
{
    s_unloads = 0;
    expect_pass([] {
        driver first;
        driver second;

        assert_int_equal(first.load(count_entry, "one"), STATUS_SUCCESS);
        assert_int_equal(second.load(count_entry, "two"), STATUS_SUCCESS);
        first = std::move(second);
        assert_int_equal(s_unloads, 1);
        first.unload();
        assert_int_equal(s_unloads, 2);
        first.unload();
        assert_int_equal(first.load(count_entry, "three"), STATUS_SUCCESS);
    });
    assert_int_equal(s_unloads, 3);
}

static void test_driver_whose_entry_fails_is_not_owned(void **)
{
    expect_pass(
        [] {
            driver driver;

            assert_int_equal(driver.load(failing_entry, "bad"), STATUS_DEVICE_NOT_READY);
            assert_false(driver.is_loaded());
            assert_int_equal(driver.load_file("/nowhere/at/all.so"), STATUS_OBJECT_NAME_NOT_FOUND);
            assert_false(driver.is_loaded());
            assert_int_equal(driver.load(count_entry, "good"), STATUS_SUCCESS);
        },
        config().log([](void *, const char *) {}, nullptr));
}

static void test_driver_that_outlives_its_kernel_does_nothing(void **)
{
    driver survivor;

    s_unloads = 0;
    {
        kernel kernel(config().log([](void *, const char *) {}, nullptr));

        assert_int_equal(survivor.load(count_entry, "late"), STATUS_SUCCESS);
        assert_int_equal(kernel.stop(), 0);
    }
    assert_false(survivor.is_loaded());
    survivor.unload();
    assert_int_equal(s_unloads, 0);
}

static void test_driver_load_over_another_is_refused(void **)
{
    s_unloads = 0;
    expect_failure(
        [] {
            driver driver;

            assert_int_equal(driver.load(count_entry, "one"), STATUS_SUCCESS);
            (void)driver.load(count_entry, "two");
            fail_msg("went on");
        },
        "driver::load: a driver is loaded here already");
}

/* --- IRPs -------------------------------------------------------------------------------------------------------------- */

/* What a function owes to an IRP: marks and completes it now, or leaves it to the test. */
static NTSTATUS complete(PIRP irp, NTSTATUS result, ULONG_PTR information)
{
    IoSetNextIrpStackLocation(irp);
    irp->IoStatus.Status = result;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return result;
}

static NTSTATUS keep(PIRP irp)
{
    IoSetNextIrpStackLocation(irp);
    IoMarkIrpPending(irp);
    return STATUS_PENDING;
}

static VOID NTAPI complete_later(PKDPC, PVOID context, PVOID, PVOID)
{
    PIRP irp = static_cast<PIRP>(context);

    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 11;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

/* Completes what was kept, five simulated milliseconds from now. */
struct later {
    KTIMER timer;
    KDPC dpc;

    explicit later(PIRP irp)
    {
        LARGE_INTEGER due;

        due.QuadPart = -50000;
        KeInitializeTimer(&timer);
        KeInitializeDpc(&dpc, complete_later, irp);
        (void)KeSetTimer(&timer, due, &dpc);
    }
};

static void test_irp_carries_one_request_after_another(void **)
{
    expect_pass([] {
        irp irp;

        assert_true(static_cast<bool>(irp));
        assert_int_equal(irp.run([](PIRP request) { return complete(request, STATUS_SUCCESS, 5); }), STATUS_SUCCESS);
        assert_int_equal(irp.information(), 5);
        assert_int_equal(irp.run([](PIRP request) { return complete(request, STATUS_END_OF_FILE, 0); }),
                         STATUS_END_OF_FILE);
        assert_int_equal(irp.information(), 0);
        assert_int_equal(wsk_kit_live_count(WSK_KIT_IRP), 1);
    });
}

static void test_irp_waits_for_a_pending_request_also_when_moved(void **)
{
    expect_pass([] {
        irp first;

        assert_int_equal(first.send(keep), STATUS_PENDING);
        assert_true(first.is_pending());
        later later(first.get());
        irp second(std::move(first));

        assert_false(static_cast<bool>(first));
        assert_false(second.wait_ms(2));
        assert_true(second.is_pending());
        assert_true(second.wait_ms(10));
        assert_int_equal(second.result(), STATUS_SUCCESS);
        assert_int_equal(second.information(), 11);
        first = std::move(second);
        assert_int_equal(first.run([](PIRP request) { return complete(request, STATUS_SUCCESS, 1); }), STATUS_SUCCESS);
    });
}

static void test_irp_request_runs_once_and_frees(void **)
{
    expect_pass([] {
        ULONG_PTR information = 0;

        assert_int_equal(request([](PIRP irp) { return complete(irp, STATUS_SUCCESS, 9); }, &information),
                         STATUS_SUCCESS);
        assert_int_equal(information, 9);
        assert_int_equal(wsk_kit_live_count(WSK_KIT_IRP), 0);
    });
}

static void test_irp_misuse_is_refused(void **)
{
    expect_failure(
        [] {
            irp irp;
            (void)irp.wait();
        },
        "irp::wait: nothing has been sent");
    expect_failure(
        [] {
            irp irp;
            (void)irp.result();
        },
        "irp::result: no request has been completed");
    expect_failure(
        [] {
            irp first;
            irp second(std::move(first));
            (void)first.send(keep);
        },
        "irp::send: there is no IRP");
    expect_failure(
        [] {
            irp irp;
            (void)irp.send(keep);
            (void)irp.send(keep);
        },
        "irp::send: the request before is not completed");
    expect_failure(
        [] {
            irp irp;
            (void)irp.send(keep);
        },
        "irp: destroyed while its request is under way");
}

static void test_irp_that_disagrees_with_its_call_fails_the_test(void **)
{
    expect_failure(
        [] {
            irp irp;
            (void)irp.run([](PIRP request) {
                (void)complete(request, STATUS_SUCCESS, 0);
                return STATUS_DEVICE_NOT_READY;
            });
        },
        "irp: the call returned another status than the one in the IRP");
    expect_failure(
        [] {
            irp irp;
            (void)irp.run([](PIRP request) {
                (void)complete(request, STATUS_SUCCESS, 0);
                return STATUS_PENDING;
            });
        },
        "irp: the call returned STATUS_PENDING without PendingReturned");
}

static void test_irp_that_never_completes_fails_the_wait(void **)
{
    expect_failure(
        [] {
            irp irp;
            (void)irp.send(keep);
            (void)irp.wait();
        },
        "deadlock");
}

/* --- MDLs -------------------------------------------------------------------------------------------------------------- */

static void test_mdl_chain_covers_its_spans_in_order(void **)
{
    expect_pass([] {
        char first[5000];
        char second[10];
        mdl_chain chain(first, sizeof(first));

        assert_int_equal(chain.add(second, sizeof(second)), STATUS_SUCCESS);
        assert_int_equal(chain.length(), 5010);
        assert_int_equal(wsk_kit_live_count(WSK_KIT_MDL), 2);
        assert_ptr_equal(MmGetMdlVirtualAddress(chain.get()), first);
        assert_ptr_equal(MmGetMdlVirtualAddress(chain.get()->Next), second);
        assert_int_equal(chain.buffer().Length, 5010);
        assert_int_equal(chain.buffer().Offset, 0);

        WSK_BUF inner = chain.buffer(4999, 3);
        assert_ptr_equal(inner.Mdl, chain.get());
        assert_int_equal(inner.Offset, 4999);
        assert_int_equal(inner.Length, 3);
        inner = chain.buffer(5003, 7);
        assert_ptr_equal(inner.Mdl, chain.get()->Next);
        assert_int_equal(inner.Offset, 3);

        mdl_chain moved(std::move(chain));
        assert_null(chain.get());
        assert_int_equal(chain.length(), 0);
        assert_int_equal(moved.length(), 5010);
        chain = std::move(moved);
        chain.clear();
        assert_int_equal(wsk_kit_live_count(WSK_KIT_MDL), 0);
        assert_int_equal(chain.add(second, 1), STATUS_SUCCESS);
    });
}

static void test_mdl_chain_refuses_nothing_and_too_much(void **)
{
    expect_pass([] {
        char bytes[10];
        mdl_chain chain;

        assert_int_equal(chain.add(nullptr, 1), STATUS_INVALID_PARAMETER);
        assert_int_equal(chain.add(bytes, 0), STATUS_INVALID_PARAMETER);
        assert_int_equal(chain.add(bytes, static_cast<std::size_t>(1) << 32), STATUS_INVALID_PARAMETER);
        assert_null(chain.get());
        assert_int_equal(chain.buffer(0, 0).Length, 0);
    });
    expect_failure(
        [] {
            char bytes[10];
            mdl_chain chain(bytes, sizeof(bytes));
            (void)chain.buffer(8, 3);
        },
        "mdl_chain::buffer: reaches beyond the chain");
}

/* --- scopes ------------------------------------------------------------------------------------------------------------ */

static void test_raised_irql_is_lowered_on_every_way_out(void **)
{
    expect_pass([] {
        auto leave_early = [](bool is_early) {
            raised_irql raised;

            assert_int_equal(raised.old(), PASSIVE_LEVEL);
            assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
            if (is_early) {
                return 1;
            }
            raised_irql higher(HIGH_LEVEL);
            return 2;
        };

        assert_int_equal(leave_early(true), 1);
        assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
        assert_int_equal(leave_early(false), 2);
        assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    });
}

static void test_spin_lock_guard_holds_to_the_end_of_the_scope(void **)
{
    expect_pass([] {
        KSPIN_LOCK lock;

        KeInitializeSpinLock(&lock);
        {
            spin_lock_guard guard(lock);

            assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
            assert_false(KeTestSpinLock(&lock));
        }
        assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
        assert_true(KeTestSpinLock(&lock));
    });
}

static void break_lock_010()
{
    KSPIN_LOCK lock;

    KeInitializeSpinLock(&lock);
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
}

static void test_expected_report_takes_as_many_as_it_says(void **)
{
    expect_pass([] {
        expected_report twice("LOCK-010", 2);

        break_lock_010();
        assert_false(twice.has_come());
        break_lock_010();
        assert_true(twice.has_come());
    });
}

static void test_expected_report_that_does_not_come_fails_at_the_end_of_its_scope(void **)
{
    expect_failure(
        [] {
            {
                expected_report report("LOCK-010");
            }
            break_lock_010(); /* too late */
        },
        "LOCK-010 was expected here, but was not reported");
    expect_failure([] { expected_report report("NONE-999"); }, "there is no rule NONE-999");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_has_the_name_of_its_value),
        cmocka_unit_test(test_status_compares_as_ntstatus),
        cmocka_unit_test(test_utf8_of_wide_strings),
        cmocka_unit_test(test_kernel_stops_at_the_end_of_its_scope),
        cmocka_unit_test(test_kernel_stop_returns_the_reports),
        cmocka_unit_test(test_kernel_that_is_destroyed_with_reports_fails_the_test),
        cmocka_unit_test(test_kernel_moves),
        cmocka_unit_test(test_kernel_start_twice_is_refused),
        cmocka_unit_test(test_config_sets_what_it_says),
        cmocka_unit_test(test_driver_is_unloaded_once),
        cmocka_unit_test(test_driver_assignment_unloads_what_was_there),
        cmocka_unit_test(test_driver_whose_entry_fails_is_not_owned),
        cmocka_unit_test(test_driver_that_outlives_its_kernel_does_nothing),
        cmocka_unit_test(test_driver_load_over_another_is_refused),
        cmocka_unit_test(test_irp_carries_one_request_after_another),
        cmocka_unit_test(test_irp_waits_for_a_pending_request_also_when_moved),
        cmocka_unit_test(test_irp_request_runs_once_and_frees),
        cmocka_unit_test(test_irp_misuse_is_refused),
        cmocka_unit_test(test_irp_that_disagrees_with_its_call_fails_the_test),
        cmocka_unit_test(test_irp_that_never_completes_fails_the_wait),
        cmocka_unit_test(test_mdl_chain_covers_its_spans_in_order),
        cmocka_unit_test(test_mdl_chain_refuses_nothing_and_too_much),
        cmocka_unit_test(test_raised_irql_is_lowered_on_every_way_out),
        cmocka_unit_test(test_spin_lock_guard_holds_to_the_end_of_the_scope),
        cmocka_unit_test(test_expected_report_takes_as_many_as_it_says),
        cmocka_unit_test(test_expected_report_that_does_not_come_fails_at_the_end_of_its_scope),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
