/* Rules of single ttir ops. */
#include "dialect/check_inner.h"

const ck_rule ck_rules_ttir[] = {
    {NULL, NULL},
};
