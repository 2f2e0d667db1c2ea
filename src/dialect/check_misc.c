/* Rules of single ops outside ttir and ttnn. */
#include "dialect/check_inner.h"

static bool check_set_key_value(checker *k) {
    return ck_in_count(k, "values", NULL) || ck_fail(k, "requires at least one value");
}

static bool check_get_key_value(checker *k) {
    return k->m->ops[k->op].n_results || ck_fail(k, "requires at least one result");
}

const ck_rule ck_rules_misc[] = {
    {"ttcore.get_key_value", check_get_key_value, true},
    {"ttcore.set_key_value", check_set_key_value, true},
    {NULL, NULL, false},
};
