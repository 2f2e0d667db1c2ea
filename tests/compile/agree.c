#include "agree.h"

#include <math.h>
#include <stdio.h>

str agree_error(const struct diags *d, const char *otherwise) {
    for (size_t i = 0; i < d->list.n; i++)
        if (d->list.v[i].severity == DIAG_ERROR)
            return d->list.v[i].message;
    return str_from_z(otherwise);
}

static void say(agreement *out, const char *which, str text) {
    snprintf(out->why, sizeof out->why, "%s: %.*s", which, (int)(text.n < 200 ? text.n : 200), text.p);
}

static exec_plan *plan(const ir_module *m, str function, exec_numbers numbers, size_t max_bytes, struct mem *mem,
                       const char *which, agreement *out) {
    exec_options o = {.function = function, .numbers = numbers, .threads = 1, .max_memory = max_bytes};
    struct diags d;
    diags_init(&d, mem);
    exec_plan *x = exec_plan_new(m, &o, mem, &d);
    if (!x)
        say(out, which, agree_error(&d, "no plan"));
    diags_free(&d);
    return x;
}

static bool run(exec_plan *x, const char *which, agreement *out) {
    if (exec_run(x, NULL) == EXEC_DONE)
        return true;
    say(out, which, exec_error(x, NULL));
    return false;
}

static bool bind(exec_plan *x, exec_plan *from, agreement *out) {
    if (exec_n_arguments(x) != exec_n_arguments(from) || exec_n_results(x) != exec_n_results(from)) {
        say(out, "compiled", STR("has other arguments or results"));
        return false;
    }
    for (size_t i = 0; i < exec_n_arguments(x); i++) {
        const struct tensor *t = exec_seeded(from, i);
        str error = STR("no values");
        if (!t || !exec_bind(x, i, t, 1, &error)) {
            say(out, "compiled", error);
            return false;
        }
    }
    return true;
}

static double largest(const struct tensor *t) {
    double most = 0;
    for (int64_t i = 0; i < tensor_count(t); i++) {
        double v = fabs(tensor_get(t, i));
        most = isfinite(v) && v > most ? v : most;
    }
    return most;
}

static void compare(exec_plan *x, exec_plan *golden, agreement *out) {
    out->pcc = 1;
    out->n_results = exec_n_results(x);
    for (size_t i = 0; i < out->n_results; i++) {
        const struct tensor *a = exec_result(x, i, 0), *b = exec_result(golden, i, 0);
        exec_difference d = {.shapes_differ = true};
        if (a && b)
            exec_compare(a, b, &d);
        if (d.shapes_differ) {
            snprintf(out->why, sizeof out->why, "result %zu has another shape", i);
            return;
        }
        double scale = largest(b), off = d.absolute > 0 ? d.absolute / (scale > 1e-6 ? scale : 1e-6) : 0;
        if (d.absolute == 0)
            d.pcc = 1;
        out->pcc = d.pcc < out->pcc ? d.pcc : out->pcc;
        if (off > out->off) {
            out->off = off;
            out->result = i;
        }
    }
    out->ran = true;
}

void agree(const ir_module *source, const ir_module *compiled, str function, exec_numbers golden, exec_numbers ours,
           size_t max_bytes, struct mem *mem, agreement *out) {
    *out = (agreement){0};
    exec_plan *a = plan(source, function, golden, max_bytes, mem, "source", out);
    out->source_ran = a && run(a, "source", out);
    exec_plan *b = out->source_ran ? plan(compiled, function, ours, max_bytes, mem, "compiled", out) : NULL;
    if (b && bind(b, a, out) && run(b, "compiled", out))
        compare(b, a, out);
    exec_plan_free(b);
    exec_plan_free(a);
}
