/* The compiler on anything that reads and checks. What compiles must be valid by our own checker, every stage must be there,
 * and origins must point into the stage before. */
#include <string.h>

#include "compile/compile.h"
#include "dialect/check.h"
#include "dialect/dialect.h"
#include "fuzz.h"
#include "text/text.h"

static void check_origins(const compile_run *r) {
    for (uint32_t i = 1; i < r->n_stages; i++) {
        const compile_origins *o = &r->stages[i].origins;
        FUZZ_CHECK(r->stages[i].module);
        if (!o->start)
            continue;
        for (uint32_t k = 0; k < o->n_sources; k++)
            FUZZ_CHECK(o->sources[k] && o->sources[k] < r->stages[i - 1].module->m->n_ops);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct mem mem = {.cap = (size_t)1 << 30};
    struct diags d, quiet;
    ir_context *c = ir_context_new(&mem, dialect_resolve);
    diags_init(&d, &mem);
    diags_init(&quiet, &mem);
    char *copy = ir_context_alloc(c, size + 1);
    FUZZ_CHECK(copy);
    if (size)
        memcpy(copy, data, size);
    copy[size] = 0;
    const text_read_options read = {.strict = true};
    const check_options rules = {.print = text_print_node};
    ir_module *m = text_read(c, str_of(copy, size), STR("fuzz.mlir"), &read, &d);
    if (m && check_module(m, &rules, &d)) {
        compile_options o;
        compile_options_init(&o);
        o.level = size % 3 == 0 ? 2 : 0;
        compile_run *r = compile_run_new(m, &o, &d);
        if (r) {
            check_origins(r);
            FUZZ_CHECK(r->ok || d.errors || d.oom);
            FUZZ_CHECK(!r->ok || check_module(compile_result(r), &rules, &quiet));
        }
        compile_free(r);
    }
    ir_module_free(m);
    diags_free(&d);
    diags_free(&quiet);
    ir_context_unref(c);
    FUZZ_CHECK(mem.used == 0);
    return 0;
}
