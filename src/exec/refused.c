/* Ops that cannot run on a CPU, and why: what they do is not defined by anything that is public, or needs a device. */
#include "exec/plan.h"

#define ELSEWHERE "it runs kernels that are compiled for a device, outside of the module"
#define HOST "it talks to a program that is not here"

static const struct refused {
    const char *op, *why;
} refused[] = {
    {"stablehlo.infeed", HOST},
    {"stablehlo.outfeed", HOST},
    {"ttir.tt_lang_op", ELSEWHERE},
    {"ttnn.generic", ELSEWHERE},
    {"ttnn.load_tensor", "it reads a file of the device's runtime"},
    {"ttnn.tt_lang_op", ELSEWHERE},
};

bool exec_refused(size_t i, str *op, str *why) {
    if (i >= sizeof refused / sizeof refused[0])
        return false;
    *op = str_from_z(refused[i].op);
    *why = str_from_z(refused[i].why);
    return true;
}

/* Ops of older versions, which are none today: the compiler brings them up to date. */
static bool is_removed(str op) {
    return str_eq(op, STR("ttir.convolution")) || str_eq(op, STR("ttir.pooling"));
}

str exec_why_refused(str op) {
    if (is_removed(op))
        return STR("it is of an older version; compile the module with the option update-older-forms=true and run what "
                   "comes out, or its stage convert-stablehlo-to-ttir");
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (str_eq(op, str_from_z(refused[i].op)))
            return str_from_z(refused[i].why);
    return STR("there is no kernel for it");
}
