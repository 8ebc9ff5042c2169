/* SPDX-License-Identifier: MIT */
/* Tests of vrf_rules: the table is complete and can be searched. */
#include "vrf/vrf_report.h"

#include "support/unit.h"

#include <ctype.h>
#include <string.h>

/* The symbols as texts, in the order of the enum. */
static const char *const symbols[] = {
#define WE_VRF_RULE(symbol, id, name, severity, sentence, advice) #symbol,
#include "vrf/vrf_rules.def"
#undef WE_VRF_RULE
};

static void test_each_symbol_is_its_id(void **state)
{
    (void)state;
    assert_int_equal(sizeof(symbols) / sizeof(symbols[0]), WE_RULE_COUNT);
    for (int i = 0; i < WE_RULE_COUNT; i++) {
        const char *id = we_vrf_rule_info((enum we_vrf_rule)i)->id;

        assert_int_equal(strlen(id), strlen(symbols[i]));
        for (size_t j = 0; id[j] != '\0'; j++) {
            assert_int_equal(id[j] == '-' ? '_' : id[j], symbols[i][j]);
        }
    }
}

static void test_find_of_each_id_gives_its_rule(void **state)
{
    (void)state;
    for (int i = 0; i < WE_RULE_COUNT; i++) {
        /* Also proves that no id stands twice. */
        assert_int_equal(we_vrf_rule_find(we_vrf_rule_info((enum we_vrf_rule)i)->id), i);
    }
}

static void test_find_of_unknown_id_gives_count(void **state)
{
    (void)state;
    assert_int_equal(we_vrf_rule_find("IRP-999"), WE_RULE_COUNT);
    assert_int_equal(we_vrf_rule_find(""), WE_RULE_COUNT);
    assert_int_equal(we_vrf_rule_find("irp-001"), WE_RULE_COUNT);
}

static void test_each_rule_has_name_severity_sentence_and_advice(void **state)
{
    (void)state;
    for (int i = 0; i < WE_RULE_COUNT; i++) {
        const struct we_vrf_rule_info *rule = we_vrf_rule_info((enum we_vrf_rule)i);

        assert_in_range(rule->severity, WE_VRF_WARN, WE_VRF_BUGCHECK);
        assert_true(strlen(rule->sentence) > 15);
        assert_int_equal(rule->sentence[strlen(rule->sentence) - 1], '.');
        assert_true(strlen(rule->advice) > 10);
        assert_int_equal(rule->advice[strlen(rule->advice) - 1], '.');
        assert_true(strlen(rule->name) > 3);
        for (const char *character = rule->name; *character != '\0'; character++) {
            assert_true(islower((unsigned char)*character) || isdigit((unsigned char)*character) || *character == '-');
        }
    }
}

static void test_rule_info_of_double_completion_is_as_documented(void **state)
{
    const struct we_vrf_rule_info *rule = we_vrf_rule_info(WE_RULE_IRP_001);

    (void)state;
    assert_string_equal(rule->id, "IRP-001");
    assert_string_equal(rule->name, "double-completion");
    assert_int_equal(rule->severity, WE_VRF_BUGCHECK);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_each_symbol_is_its_id),
    cmocka_unit_test(test_find_of_each_id_gives_its_rule),
    cmocka_unit_test(test_find_of_unknown_id_gives_count),
    cmocka_unit_test(test_each_rule_has_name_severity_sentence_and_advice),
    cmocka_unit_test(test_rule_info_of_double_completion_is_as_documented),
};

UNIT_MAIN(tests)
