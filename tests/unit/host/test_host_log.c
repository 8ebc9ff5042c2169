/* SPDX-License-Identifier: MIT */
/* Tests of host_log: levels, sinks, lines. */
#include "host/host_log.h"

#include "support/child.h"
#include "support/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* What the sink got: all lines with their level, one below the other. */
struct record {
    char text[8192];
    size_t line_count;
};

static void record_line(void *context, enum we_host_log_level level, const char *line)
{
    struct record *record = context;
    size_t length = strlen(record->text);

    (void)snprintf(record->text + length, sizeof(record->text) - length, "%d:%s\n", (int)level, line);
    record->line_count++;
}

static int record_setup(void **state)
{
    static struct record s_record;

    memset(&s_record, 0, sizeof(s_record));
    we_host_log_set_sink(record_line, &s_record);
    we_host_log_set_level(WE_LOG_DEBUG);
    *state = &s_record;
    return 0;
}

static int record_teardown(void **state)
{
    (void)state;
    we_host_log_set_sink(NULL, NULL);
    we_host_log_set_level(WE_LOG_INFO);
    return 0;
}

static void test_log_formats_and_passes_level(void **state)
{
    struct record *record = *state;

    we_host_log(WE_LOG_WARNING, "%s is %d", "answer", 42);
    we_host_log(WE_LOG_ERROR, "bad");
    assert_string_equal(record->text, "1:answer is 42\n0:bad\n");
}

static void test_log_above_level_is_dropped(void **state)
{
    struct record *record = *state;

    we_host_log_set_level(WE_LOG_WARNING);
    assert_int_equal(we_host_log_get_level(), WE_LOG_WARNING);
    we_host_log(WE_LOG_INFO, "no");
    we_host_log(WE_LOG_DEBUG, "no");
    we_host_log(WE_LOG_WARNING, "yes");
    assert_string_equal(record->text, "1:yes\n");
}

static void test_log_cuts_message_into_lines_without_newline(void **state)
{
    struct record *record = *state;

    we_host_log(WE_LOG_INFO, "one\ntwo\n");
    we_host_log(WE_LOG_INFO, "\n");
    we_host_log(WE_LOG_INFO, "%s", "");
    we_host_log(WE_LOG_INFO, "a\n\nb");
    assert_string_equal(record->text, "2:one\n2:two\n2:\n2:\n2:a\n2:\n2:b\n");
}

static void test_log_of_long_message_is_cut_with_mark(void **state)
{
    struct record *record = *state;
    char message[4000];

    memset(message, 'x', sizeof(message) - 1);
    message[sizeof(message) - 1] = '\0';
    we_host_log(WE_LOG_INFO, "%s", message);
    assert_int_equal(record->line_count, 1);
    assert_int_equal(strlen(record->text), 2 + 1023 + 1);
    assert_string_equal(record->text + strlen(record->text) - 5, "x...\n");
}

static void test_log_once_logs_each_place_once(void **state)
{
    struct record *record = *state;

    for (int i = 0; i < 3; i++) {
        WE_LOG_ONCE(WE_LOG_INFO, "first %d", i);
        WE_LOG_ONCE(WE_LOG_INFO, "second %d", i);
    }
    assert_string_equal(record->text, "2:first 0\n2:second 0\n");
}

enum { thread_count = 4, thread_line_count = 50 };

static void *lines_log(void *context)
{
    for (int i = 0; i < thread_line_count; i++) {
        we_host_log(WE_LOG_INFO, "thread %d", *(int *)context);
    }
    return NULL;
}

static void test_log_from_several_threads_keeps_lines_whole(void **state)
{
    struct record *record = *state;
    pthread_t threads[thread_count];
    int numbers[thread_count];

    for (int i = 0; i < thread_count; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, lines_log, &numbers[i]), 0);
    }
    for (int i = 0; i < thread_count; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(record->line_count, thread_count * thread_line_count);
    assert_int_equal(strlen(record->text), thread_count * thread_line_count * strlen("2:thread 0\n"));
}

static void part_default_sink(void)
{
    we_host_log(WE_LOG_INFO, "shown");
    we_host_log(WE_LOG_DEBUG, "not shown");
    we_host_log_set_sink(record_line, &(struct record){ .line_count = 0 });
    we_host_log(WE_LOG_ERROR, "not shown either");
    we_host_log_set_sink(NULL, NULL);
    we_host_log(WE_LOG_ERROR, "shown %s", "too");
}

static void test_default_sink_writes_to_stderr(void **state)
{
    struct child_result result;

    (void)state;
    child_run("default_sink", &result);
    assert_int_equal(result.exit_code, 0);
    assert_string_equal(result.errors, "wsk_emu: shown\nwsk_emu: shown too\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, record_setup, record_teardown)

static const struct CMUnitTest tests[] = {
    TEST(test_log_formats_and_passes_level),
    TEST(test_log_above_level_is_dropped),
    TEST(test_log_cuts_message_into_lines_without_newline),
    TEST(test_log_of_long_message_is_cut_with_mark),
    TEST(test_log_once_logs_each_place_once),
    TEST(test_log_from_several_threads_keeps_lines_whole),
    cmocka_unit_test(test_default_sink_writes_to_stderr),
};

int main(int argc, char **argv)
{
    static const struct child_part parts[] = { { "default_sink", part_default_sink }, { NULL, NULL } };

    child_run_part_if_asked(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
