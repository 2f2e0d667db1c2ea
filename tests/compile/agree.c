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

/* A complex tensor as the compiler has it: its last dimension is real and imaginary part, in the same bytes. */
static struct tensor as_pairs(const struct tensor *t) {
    struct tensor pairs = *t;
    pairs.mem = NULL;
    if (tensor_dtype_is_complex(t->dtype) && t->rank < TENSOR_MAX_RANK) {
        pairs.dtype = tensor_dtype_part(t->dtype);
        pairs.dims[pairs.rank++] = 2;
    }
    return pairs;
}

static bool bind(exec_plan *x, exec_plan *from, agreement *out) {
    if (exec_n_arguments(x) != exec_n_arguments(from) || exec_n_results(x) != exec_n_results(from)) {
        say(out, "compiled", STR("has other arguments or results"));
        return false;
    }
    for (size_t i = 0; i < exec_n_arguments(x); i++) {
        const struct tensor *t = exec_seeded(from, i);
        str error = STR("no values");
        struct tensor pairs = t ? as_pairs(t) : (struct tensor){0};
        if (!t || !exec_bind(x, i, &pairs, 1, &error)) {
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
        struct tensor pairs = b ? as_pairs(b) : (struct tensor){0};
        if (a && b)
            exec_compare(a, &pairs, &d);
        if (d.shapes_differ) {
            snprintf(out->why, sizeof out->why, "result %zu has another shape", i);
            return;
        }
        double scale = largest(&pairs), off = d.absolute > 0 ? d.absolute / (scale > 1e-6 ? scale : 1e-6) : 0;
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

exec_plan *agree_source(const ir_module *source, str function, exec_numbers golden, size_t max_bytes, struct mem *mem,
                        agreement *out) {
    *out = (agreement){0};
    exec_plan *x = plan(source, function, golden, max_bytes, mem, "source", out);
    out->source_ran = x && run(x, "source", out);
    if (out->source_ran)
        return x;
    exec_plan_free(x);
    return NULL;
}

void agree(exec_plan *golden, const ir_module *compiled, str function, exec_numbers ours, size_t max_bytes,
           struct mem *mem, agreement *out) {
    *out = (agreement){.source_ran = true};
    exec_plan *x = plan(compiled, function, ours, 0, mem, "compiled", out);
    exec_memory need = x ? exec_memory_of(x) : (exec_memory){0};
    out->too_large = max_bytes && need.planned + need.constants > max_bytes;
    if (out->too_large)
        say(out, "compiled", STR("takes more memory"));
    else if (x && bind(x, golden, out) && run(x, "compiled", out))
        compare(x, golden, out);
    exec_plan_free(x);
}
