#include "agree.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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

/* The plan of the results is gone before another one runs: models of some gigabytes do not fit twice. Arguments are made anew
 * from the same seed, by a plan that never runs. */
struct agree_golden {
    struct mem *mem;
    exec_plan *arguments;
    struct tensor *results;
    size_t n_results;
};

static bool bind(exec_plan *x, const agree_golden *golden, agreement *out) {
    exec_plan *from = golden->arguments;
    if (exec_n_arguments(x) != exec_n_arguments(from) || exec_n_results(x) != golden->n_results) {
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

static void compare(exec_plan *x, const agree_golden *golden, agreement *out) {
    out->pcc = 1;
    out->n_results = exec_n_results(x);
    for (size_t i = 0; i < out->n_results; i++) {
        const struct tensor *a = exec_result(x, i, 0), *b = &golden->results[i];
        exec_difference d = {.shapes_differ = true};
        struct tensor pairs = as_pairs(b);
        if (a && b->data)
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

static bool keep_results(const exec_plan *x, agree_golden *g) {
    size_t n = exec_n_results(x);
    g->results = mem_alloc_zero(g->mem, (n + 1) * sizeof *g->results);
    if (!g->results)
        return false;
    g->n_results = n;
    for (size_t i = 0; i < n; i++) {
        const struct tensor *t = exec_result(x, i, 0);
        if (!t)
            continue;
        if (!tensor_new(&g->results[i], g->mem, t->dtype, t->dims, t->rank))
            return false;
        memcpy(g->results[i].data, t->data, tensor_bytes(t));
    }
    return true;
}

void agree_golden_free(agree_golden *g) {
    if (!g)
        return;
    for (size_t i = 0; i < g->n_results; i++)
        tensor_free(&g->results[i]);
    if (g->results)
        mem_free(g->mem, g->results, (g->n_results + 1) * sizeof *g->results);
    exec_plan_free(g->arguments);
    mem_free(g->mem, g, sizeof *g);
}

agree_golden *agree_source(const ir_module *source, str function, exec_numbers numbers, size_t max_bytes,
                           struct mem *mem, agreement *out) {
    *out = (agreement){0};
    agree_golden *g = mem_alloc_zero(mem, sizeof *g);
    if (g)
        g->mem = mem;
    exec_plan *x = g ? plan(source, function, numbers, max_bytes, mem, "source", out) : NULL;
    bool ok = x && run(x, "source", out);
    if (ok) {
        ok = keep_results(x, g);
        if (!ok)
            say(out, "source", STR("out of memory"));
    }
    exec_plan_free(x);
    if (ok)
        g->arguments = plan(source, function, numbers == EXEC_F32 ? EXEC_AS_WRITTEN : numbers, 0, mem, "source", out);
    out->source_ran = ok && g->arguments;
    if (out->source_ran)
        return g;
    agree_golden_free(g);
    return NULL;
}

void agree(agree_golden *golden, const ir_module *compiled, str function, exec_numbers ours, size_t max_bytes,
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
