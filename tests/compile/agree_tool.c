/* Compiles TTIR and StableHLO modules at levels 0, 1 and 2 and runs each of their public functions beside its source: agree_tool
 * MEGABYTES FILE... prints for each function and level "file <tab> level <tab> state <tab> PCC <tab> off <tab> why <tab>
 * function". Programs take whole tensors: of those that get them in parts the parts' owner is not asked. The golden is the source in f32,
 * of modules in older forms what ttir-update makes of it; the compiled module runs in its own data types. States:
 *
 *   agrees    PCC above 0.999, or off by no more than bf16 rounds the largest number (constant results have no PCC)
 *   rounds    not, but both agree when no number is rounded (f64): indices of nearly equal numbers, tan near its poles
 *   differs   not even then
 *   fails     compiled, but does not run: why
 *   skipped   the source does not run, or one of the two takes more memory
 *   refused   by the compiler
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agree.h"
#include "base/file.h"
#include "compile/compile.h"
#include "dialect/dialect.h"
#include "text/text.h"

#define BF16_ROUNDING 0.005

static void row(const char *file, int level, const char *state, const agreement *a, str why, str function) {
    printf("%s\t%d\t%s\t%.6f\t%.3g\t%.*s\t%.*s\n", file, level, state, a ? a->pcc : 0, a ? a->off : 0, STR_ARG(why),
           STR_ARG(function));
    fflush(stdout);
}

/* What the file's RUN line asks for: "mesh-shape=1,2", "enable-auto-sharding=true". */
static void use_mesh(compile_options *o, str text) {
    const char *why;
    o->auto_sharding = str_find(text, STR("enable-auto-sharding=true")) < text.n;
    str name = STR("mesh-shape="), rest = str_from(text, str_find(text, name));
    size_t n = 0;
    rest = str_from(rest, rest.n ? name.n : 0);
    while (n < rest.n && (rest.p[n] == ',' || (rest.p[n] >= '0' && rest.p[n] <= '9')))
        n++;
    if (n)
        compile_option_set(o, STR("mesh-shape"), str_slice(rest, 0, n), &why);
}

enum { LEVELS = 3 };

/* Beside its source in f64, both. */
static void without_rounding(const ir_module *m, const ir_module *compiled, str function, size_t max_bytes,
                             struct mem *mem, agreement *out) {
    agree_golden *exact = agree_source(m, function, EXEC_F64, 0, mem, out);
    if (exact)
        agree(exact, compiled, function, EXEC_F64, max_bytes, mem, out);
    agree_golden_free(exact);
}

static bool agrees(const agreement *a) {
    return a->ran && (a->pcc > 0.999 || a->off < BF16_ROUNDING);
}

static void one_function(const char *file, const ir_module *m, compile_run *const *runs, str function, size_t max_bytes,
                         struct mem *mem) {
    agreement a;
    agree_golden *golden = agree_source(m, function, EXEC_F32, max_bytes, mem, &a);
    for (int level = 0; level < LEVELS; level++) {
        const ir_module *compiled = runs[level] && runs[level]->ok ? compile_result(runs[level]) : NULL;
        const char *state = "skipped";
        agreement exact;
        if (!compiled)
            continue;
        if (golden)
            agree(golden, compiled, function, EXEC_AS_WRITTEN, max_bytes, mem, &a);
        if (a.source_ran && !a.too_large)
            state = a.ran ? "agrees" : "fails";
        if (a.ran && !agrees(&a)) {
            without_rounding(m, compiled, function, max_bytes, mem, &exact);
            state = agrees(&exact) ? "rounds" : "differs";
            memcpy(a.why, exact.why, sizeof a.why); /* why not: it may not fit into memory in f64 */
        }
        row(file, level, state, &a, str_from_z(a.why), function);
    }
    agree_golden_free(golden);
}

/* The name of a function that can be run; empty for anything else. */
static str public_function(const ir_module *m, ir_op op) {
    ir_attr visibility = ir_op_attr(m, op, STR("sym_visibility")), name = ir_op_attr(m, op, STR("sym_name"));
    bool is = str_eq(ir_op_name_str(m, op), STR("func.func")) && ir_op_at(m, op)->n_regions && name &&
              m->regions[ir_op_region(m, op, 0)].first;
    return is && (!visibility || str_eq(ir_str_of(m->ctx, visibility), STR("public"))) ? ir_str_of(m->ctx, name)
                                                                                       : STR("");
}

static compile_run *at_level(const char *file, str text, const ir_module *m, int level, struct mem *mem) {
    struct diags d;
    diags_init(&d, mem);
    compile_options o;
    compile_options_init(&o);
    o.level = level;
    const char *why;
    use_mesh(&o, text);
    compile_option_set(&o, STR("argument-shard-status"), STR("unsharded"), &why);
    compile_run *r = compile_run_new(m, &o, &d);
    if (!r || !r->ok)
        row(file, level, "refused", NULL, agree_error(&d, "no message"), STR(""));
    diags_free(&d);
    return r;
}

/* In today's form: NULL when that cannot be had. */
static compile_run *updated(const char *file, const ir_module *m, struct mem *mem) {
    struct diags d;
    diags_init(&d, mem);
    compile_options o;
    compile_options_init(&o);
    o.update_older_forms = true;
    o.only_pass = STR("ttir-update");
    compile_run *r = compile_run_new(m, &o, &d);
    if (!r || !r->ok) {
        row(file, 0, "refused", NULL, agree_error(&d, "no message"), STR(""));
        compile_free(r);
        r = NULL;
    }
    diags_free(&d);
    return r;
}

static void one_module(const char *file, str text, const ir_module *source, size_t max_bytes, struct mem *mem) {
    compile_run *runs[LEVELS], *today = updated(file, source, mem);
    const ir_module *m = today ? compile_result(today) : source;
    for (int level = 0; level < LEVELS; level++)
        runs[level] = at_level(file, text, m, level, mem);
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op))
        if (public_function(m, op).n)
            one_function(file, m, runs, public_function(m, op), max_bytes, mem);
    for (int level = 0; level < LEVELS; level++)
        compile_free(runs[level]);
    compile_free(today);
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: agree_tool MEGABYTES FILE...\n");
        return 2;
    }
    size_t max_bytes = strtoull(argv[1], NULL, 10) << 20;
    for (int i = 2; i < argc; i++) {
        struct mem mem = {0};
        struct file f;
        struct diags d;
        diags_init(&d, &mem);
        ir_context *c = ir_context_new(&mem, dialect_resolve);
        ir_module *m = NULL;
        if (file_open(&f, &mem, argv[i])) {
            m = text_read(c, file_text(&f), str_from_z(argv[i]), NULL, &d);
            if (m)
                one_module(argv[i], file_text(&f), m, max_bytes, &mem);
        }
        if (!m)
            row(argv[i], 0, "skipped", NULL, STR("cannot be read"), STR(""));
        ir_module_free(m);
        ir_context_unref(c);
        diags_free(&d);
        file_close(&f);
    }
    return 0;
}
