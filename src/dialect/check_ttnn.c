/* Rules of single ttnn ops. */
#include "dialect/check_inner.h"

const ck_rule ck_rules_ttnn[] = {
    {NULL, NULL},
};
