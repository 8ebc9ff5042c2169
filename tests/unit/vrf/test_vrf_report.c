/* SPDX-License-Identifier: MIT */
/* Tests of vrf_report: counting, expecting, collecting, the text, and the end of the process. */
#include "vrf/vrf_report.h"

#include "support/child.h"
#include "support/unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))
#define KEEP_FRAME() __asm__ volatile("" ::: "memory")

struct record { /* what the sink got */
    size_t count;
    char last_id[16];
    char last_text[16384];
};

static struct record s_record;

static void record_report(void *context, const char *rule_id, const char *text)
{
    struct record *record = context;

    record->count++;
    (void)snprintf(record->last_id, sizeof(record->last_id), "%s", rule_id);
    (void)snprintf(record->last_text, sizeof(record->last_text), "%s", text);
}

static void vrf_start_quiet(void)
{
    const struct we_vrf_config config = { .is_enabled = true, .quiet = true };

    we_vrf_start(&config);
}

static int vrf_setup(void **state)
{
    (void)state;
    memset(&s_record, 0, sizeof(s_record));
    we_vrf_ledger_reset();
    we_vrf_ledger_set_tracing(true);
    vrf_start_quiet();
    we_vrf_set_sink(record_report, &s_record);
    return 0;
}

static int vrf_teardown(void **state)
{
    (void)state;
    (void)we_vrf_stop();
    return 0;
}

static void check_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("expected \"%s\" in:\n%s", part, text);
    }
}

/* --- the driver ------------------------------------------------------------------------------- */

static NOINLINE bool GateComplete(int number)
{
    bool is_expected = we_vrf_report(WE_RULE_IRP_001, NULL, "IRP number %d was completed twice", number);

    KEEP_FRAME();
    return is_expected;
}

static NOINLINE void GateOpen(struct we_vrf_entry *entry)
{
    we_vrf_ledger_add(entry, WE_KIND_POOL, entry, 64, 0x65746147, NULL);
    KEEP_FRAME();
}

static NOINLINE void GateClose(struct we_vrf_entry *entry)
{
    we_vrf_ledger_remove(entry);
    KEEP_FRAME();
}

/* --- counting and expecting ------------------------------------------------------------------- */

static void test_report_unexpected_is_counted_and_collected(void **state)
{
    (void)state;
    assert_false(GateComplete(1));
    assert_false(GateComplete(2));
    assert_int_equal(we_vrf_unexpected_count(), 2);
    assert_int_equal(s_record.count, 2);
    assert_string_equal(s_record.last_id, "IRP-001");
    assert_int_equal(we_vrf_stop(), 2);
}

static void test_report_expected_is_neither_counted_nor_collected(void **state)
{
    (void)state;
    we_vrf_expect(WE_RULE_IRP_001);
    assert_true(GateComplete(1));
    assert_int_equal(we_vrf_unexpected_count(), 0);
    assert_int_equal(we_vrf_expected_seen_count(WE_RULE_IRP_001), 1);
    assert_int_equal(s_record.count, 0);
    assert_int_equal(we_vrf_stop(), 0);
}

static void test_expectation_covers_one_breach_only(void **state)
{
    (void)state;
    we_vrf_expect(WE_RULE_IRP_001);
    we_vrf_expect(WE_RULE_IRP_001);
    assert_true(GateComplete(1));
    assert_true(GateComplete(2));
    assert_false(GateComplete(3));
    assert_int_equal(we_vrf_expected_seen_count(WE_RULE_IRP_001), 2);
    assert_int_equal(we_vrf_unexpected_count(), 1);
}

static void test_expectation_of_other_rule_does_not_cover(void **state)
{
    (void)state;
    we_vrf_expect(WE_RULE_IRP_014);
    assert_false(GateComplete(1));
    assert_int_equal(we_vrf_expected_seen_count(WE_RULE_IRP_001), 0);
    assert_int_equal(we_vrf_expected_seen_count(WE_RULE_IRP_014), 0);
    /* One unexpected, one that did not come. */
    assert_int_equal(we_vrf_stop(), 2);
}

static void test_expectation_that_did_not_come_counts_and_is_told(void **state)
{
    (void)state;
    we_vrf_expect(WE_RULE_POOL_004);
    assert_int_equal(we_vrf_stop(), 1);
    assert_int_equal(s_record.count, 1);
    assert_string_equal(s_record.last_id, "POOL-004");
    assert_string_equal(s_record.last_text, "wsk_emu verifier: POOL-004 double-free was expected, but did not come\n");
}

static void test_sixty_four_expectations_fit(void **state)
{
    (void)state;
    for (int i = 0; i < 64; i++) {
        we_vrf_expect(WE_RULE_IRP_001);
    }
    for (int i = 0; i < 64; i++) {
        assert_true(GateComplete(i));
    }
    assert_int_equal(we_vrf_stop(), 0);
}

static void test_report_while_disabled_does_nothing(void **state)
{
    const struct we_vrf_config config = { .is_enabled = false };

    (void)state;
    we_vrf_start(&config);
    we_vrf_set_sink(record_report, &s_record);
    assert_false(GateComplete(1));
    assert_int_equal(we_vrf_unexpected_count(), 0);
    assert_int_equal(s_record.count, 0);
    assert_string_equal(we_vrf_last_report(), "");
    assert_int_equal(we_vrf_stop(), 0);
}

static void test_stop_forgets_and_start_begins_anew(void **state)
{
    (void)state;
    assert_false(GateComplete(1));
    we_vrf_expect(WE_RULE_IRP_001);
    assert_int_equal(we_vrf_stop(), 2);
    assert_false(GateComplete(2));
    vrf_start_quiet();
    assert_int_equal(we_vrf_unexpected_count(), 0);
    assert_string_equal(we_vrf_last_report(), "");
    /* The sink was forgotten, the expectation too. */
    s_record.count = 0;
    assert_false(GateComplete(3));
    assert_int_equal(s_record.count, 0);
    assert_int_equal(we_vrf_stop(), 1);
}

/* --- text ------------------------------------------------------------------------------------- */

static void test_text_has_rule_sentence_stack_advice_and_page(void **state)
{
    (void)state;
    (void)GateComplete(42);
    check_contains(s_record.last_text, "wsk_emu verifier: IRP-001 double-completion (bug check)\n"
                                       "  IRP number 42 was completed twice\n"
                                       "  call stack:\n"
                                       "    #0 GateComplete at test_vrf_report.c:");
    check_contains(s_record.last_text, "    #1 test_text_has_rule_sentence_stack_advice_and_page at ");
    check_contains(s_record.last_text, "  rule: Complete an IRP once");
    check_contains(s_record.last_text, "\n  what to do: Use one exit");
    check_contains(s_record.last_text, "\n  docs: docs/verifier.md#irp-001-double-completion\n");
    assert_null(strstr(s_record.last_text, "made here"));
    assert_null(strstr(s_record.last_text, "where:"));
}

static void test_text_names_each_severity(void **state)
{
    (void)state;
    (void)we_vrf_report(WE_RULE_THREAD_006, NULL, "x");
    check_contains(s_record.last_text, "THREAD-006 thread-returns (warning)\n");
    (void)we_vrf_report(WE_RULE_SOCK_035, NULL, "x");
    check_contains(s_record.last_text, "SOCK-035 accepted-socket-owned (error)\n");
    (void)we_vrf_report(WE_RULE_SOCK_037, NULL, "x");
    check_contains(s_record.last_text, "SOCK-037 use-after-close (fatal)\n");
}

static void describe(char *text, size_t size_bytes)
{
    (void)snprintf(text, size_bytes, "thread 7, DISPATCH_LEVEL");
}

static void test_text_has_context_line_when_layer_3_gives_one(void **state)
{
    (void)state;
    we_vrf_set_context_fn(describe);
    (void)GateComplete(1);
    check_contains(s_record.last_text, "\n  where: thread 7, DISPATCH_LEVEL\n");
}

static void test_text_of_entry_names_tag_and_place_of_birth(void **state)
{
    struct we_vrf_entry entry;
    char expected[128];

    (void)state;
    GateOpen(&entry);
    (void)we_vrf_report_entry(WE_RULE_POOL_011, &entry, "left behind");
    (void)snprintf(expected, sizeof(expected), "  pool block 'Gate' %p made here:\n    #0 GateOpen at ",
                   (void *)&entry);
    check_contains(s_record.last_text, expected);
    assert_null(strstr(s_record.last_text, "freed here"));
    we_vrf_ledger_remove(&entry);
}

static void test_text_of_tombstone_shows_both_ends_of_life(void **state)
{
    struct we_vrf_entry entry;
    struct we_vrf_tombstone tombstone;
    char expected[128];

    (void)state;
    GateOpen(&entry);
    GateClose(&entry);
    assert_true(we_vrf_ledger_find_dead(WE_KIND_POOL, &entry, &tombstone));
    (void)we_vrf_report_tombstone(WE_RULE_POOL_004, &tombstone, "freed twice");
    (void)snprintf(expected, sizeof(expected), "  pool block 'Gate' %p made here:\n    #0 GateOpen at ",
                   (void *)&entry);
    check_contains(s_record.last_text, expected);
    (void)snprintf(expected, sizeof(expected), "  pool block 'Gate' %p freed here:\n    #0 GateClose at ",
                   (void *)&entry);
    check_contains(s_record.last_text, expected);
}

static void test_text_of_object_uses_its_words(void **state)
{
    struct we_host_trace trace;
    struct we_vrf_object object = {
        .kind = "IRP", .address = (void *)0x1234, .made = &trace, .ended = &trace, .ended_verb = "completed"
    };

    (void)state;
    we_host_trace_capture(&trace, 0);
    (void)we_vrf_report(WE_RULE_IRP_001, &object, "x");
    check_contains(s_record.last_text, "  IRP 0x1234 made here:\n    #0 ");
    check_contains(s_record.last_text, "  IRP 0x1234 completed here:\n    #0 ");
    object.address = NULL;
    object.ended = NULL;
    (void)we_vrf_report(WE_RULE_IRP_001, &object, "x");
    check_contains(s_record.last_text, "  IRP made here:\n");
    assert_null(strstr(s_record.last_text, "completed here"));
}

static void test_report_without_entry_or_tombstone_is_plain(void **state)
{
    (void)state;
    (void)we_vrf_report_entry(WE_RULE_POOL_005, NULL, "never allocated");
    (void)we_vrf_report_tombstone(WE_RULE_POOL_005, NULL, "never allocated");
    assert_int_equal(s_record.count, 2);
    check_contains(s_record.last_text, "  never allocated\n  call stack:\n");
    assert_null(strstr(s_record.last_text, "made here"));
}

static void test_text_of_long_sentence_is_cut_not_overrun(void **state)
{
    char sentence[3000];

    (void)state;
    memset(sentence, 'y', sizeof(sentence) - 1);
    sentence[sizeof(sentence) - 1] = '\0';
    (void)we_vrf_report(WE_RULE_IRP_001, NULL, "%s", sentence);
    check_contains(s_record.last_text, "yyy\n  call stack:\n");
    check_contains(s_record.last_text, "docs: docs/verifier.md#irp-001");
}

static void test_last_report_gives_text_of_expected_one_too(void **state)
{
    (void)state;
    assert_string_equal(we_vrf_last_report(), "");
    we_vrf_expect(WE_RULE_IRP_001);
    (void)GateComplete(5);
    check_contains(we_vrf_last_report(), "IRP number 5 was completed twice");
    check_contains(we_vrf_last_report(), "#0 GateComplete at test_vrf_report.c:");
    (void)GateComplete(6);
    assert_string_equal(we_vrf_last_report(), s_record.last_text);
    (void)we_vrf_stop();
    check_contains(we_vrf_last_report(), "IRP number 6 was completed twice");
}

/* --- on stderr -------------------------------------------------------------------------------- */

static void vrf_start_loud(bool abort_on_report)
{
    const struct we_vrf_config config = { .is_enabled = true, .abort_on_report = abort_on_report };

    we_vrf_start(&config);
}

static NOINLINE void complete_in_a_loop(int count)
{
    for (int i = 0; i < count; i++) {
        (void)GateComplete(i);
        KEEP_FRAME();
    }
}

static void part_repeats(void)
{
    volatile int count = 5;

    vrf_start_loud(false);
    complete_in_a_loop(count);
    (void)GateComplete(77);
    (void)fprintf(stderr, "stop: %zu\n", we_vrf_stop());
}

static unsigned occurrences(const char *text, const char *part)
{
    unsigned count = 0;

    while ((text = strstr(text, part)) != NULL) {
        count++;
        text += strlen(part);
    }
    return count;
}

static void test_repeats_at_one_place_are_printed_once_and_all_counted(void **state)
{
    struct child_result result;

    (void)state;
    child_run("repeats", &result);
    assert_int_equal(result.exit_code, 0);
    assert_int_equal(occurrences(result.errors, "(bug check)"), 2);
    check_contains(result.errors, "IRP number 0 ");
    check_contains(result.errors, "IRP number 77 ");
    assert_null(strstr(result.errors, "IRP number 1 "));
    check_contains(result.errors, "wsk_emu verifier: IRP-001 double-completion was seen 5 times, printed once:\n"
                                  "    #0 GateComplete at test_vrf_report.c:");
    check_contains(result.errors, "stop: 6\n");
}

static void part_abort(void)
{
    vrf_start_loud(true);
    we_vrf_expect(WE_RULE_IRP_001);
    (void)GateComplete(1);
    (void)GateComplete(2);
    (void)fprintf(stderr, "not reached\n");
}

static void test_abort_on_report_prints_and_aborts_for_unexpected_one(void **state)
{
    struct child_result result;

    (void)state;
    child_run("abort", &result);
    assert_int_equal(result.signal, SIGABRT);
    assert_null(strstr(result.errors, "IRP number 1 "));
    check_contains(result.errors, "IRP number 2 was completed twice");
    assert_null(strstr(result.errors, "not reached"));
}

static void part_quiet(void)
{
    vrf_start_quiet();
    (void)GateComplete(1);
    we_vrf_expect(WE_RULE_IRP_014);
    (void)we_vrf_stop();
}

static void test_quiet_writes_nothing(void **state)
{
    struct child_result result;

    (void)state;
    child_run("quiet", &result);
    assert_int_equal(result.exit_code, 0);
    assert_string_equal(result.errors, "");
}

static void part_too_many_expectations(void)
{
    vrf_start_quiet();
    for (int i = 0; i < 65; i++) {
        we_vrf_expect(WE_RULE_IRP_001);
    }
}

static void test_more_expectations_than_fit_panics(void **state)
{
    struct child_result result;

    (void)state;
    child_run("too_many_expectations", &result);
    assert_int_equal(result.signal, SIGABRT);
}

/* --- threads ---------------------------------------------------------------------------------- */

enum { thread_count = 4, thread_report_count = 100 };

static void *reports_make(void *context)
{
    for (int i = 0; i < thread_report_count; i++) {
        (void)GateComplete(i);
    }
    return context;
}

static void test_reports_of_several_threads_are_all_counted(void **state)
{
    pthread_t threads[thread_count];

    (void)state;
    we_vrf_set_sink(NULL, NULL);
    for (int i = 0; i < 10; i++) {
        we_vrf_expect(WE_RULE_IRP_001);
    }
    for (int i = 0; i < thread_count; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, reports_make, NULL), 0);
    }
    for (int i = 0; i < thread_count; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(we_vrf_expected_seen_count(WE_RULE_IRP_001), 10);
    assert_int_equal(we_vrf_unexpected_count(), thread_count * thread_report_count - 10);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, vrf_setup, vrf_teardown)

static const struct CMUnitTest tests[] = {
    TEST(test_report_unexpected_is_counted_and_collected),
    TEST(test_report_expected_is_neither_counted_nor_collected),
    TEST(test_expectation_covers_one_breach_only),
    TEST(test_expectation_of_other_rule_does_not_cover),
    TEST(test_expectation_that_did_not_come_counts_and_is_told),
    TEST(test_sixty_four_expectations_fit),
    TEST(test_report_while_disabled_does_nothing),
    TEST(test_stop_forgets_and_start_begins_anew),
    TEST(test_text_has_rule_sentence_stack_advice_and_page),
    TEST(test_text_names_each_severity),
    TEST(test_text_has_context_line_when_layer_3_gives_one),
    TEST(test_text_of_entry_names_tag_and_place_of_birth),
    TEST(test_text_of_tombstone_shows_both_ends_of_life),
    TEST(test_text_of_object_uses_its_words),
    TEST(test_report_without_entry_or_tombstone_is_plain),
    TEST(test_text_of_long_sentence_is_cut_not_overrun),
    TEST(test_last_report_gives_text_of_expected_one_too),
    TEST(test_reports_of_several_threads_are_all_counted),
    cmocka_unit_test(test_repeats_at_one_place_are_printed_once_and_all_counted),
    cmocka_unit_test(test_abort_on_report_prints_and_aborts_for_unexpected_one),
    cmocka_unit_test(test_quiet_writes_nothing),
    cmocka_unit_test(test_more_expectations_than_fit_panics),
};

int main(int argc, char **argv)
{
    static const struct child_part parts[] = {
        { "repeats", part_repeats },
        { "abort", part_abort },
        { "quiet", part_quiet },
        { "too_many_expectations", part_too_many_expectations },
        { NULL, NULL },
    };

    child_run_part_if_asked(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
