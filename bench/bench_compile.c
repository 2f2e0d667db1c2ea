/* Speed of the compiler over one module, every stage kept: bench_compile FILE [RUNS [LEVEL [passes]]] prints "what <tab> value
 * <tab> unit" lines; with "passes" also the best time of each pass. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "compile/compile.h"
#include "dialect/dialect.h"
#include "text/text.h"

enum { MAX_STAGES = 256 };

static void row(const char *what, double value, const char *unit) {
    printf("%s\t%.3f\t%s\n", what, value, unit);
}

int main(int argc, char **argv) {
    struct mem mem = {0};
    mem_keep_freed(MEM_KEPT); /* as the program does */
    struct file f;
    unsigned runs = argc > 2 ? (unsigned)atoi(argv[2]) : 20;
    if (argc < 2 || !file_open(&f, &mem, argv[1])) {
        fprintf(stderr, "usage: bench_compile FILE [RUNS [LEVEL [passes]]]\n");
        return 2;
    }
    double best = 1e300, pass_best[MAX_STAGES] = {0};
    for (unsigned i = 0; i < runs; i++) {
        /* A context of its own each time: the first compile of a model makes all its nodes. */
        ir_context *c = ir_context_new(&mem, dialect_resolve);
        struct diags d;
        diags_init(&d, &mem);
        ir_module *m = c ? text_read(c, file_text(&f), str_from_z(argv[1]), NULL, &d) : NULL;
        compile_options o;
        compile_options_init(&o);
        o.level = argc > 3 ? atoi(argv[3]) : o.level;
        size_t before = mem.used;
        clock_t start = clock(); /* of the processor, so that others on the machine do not count */
        compile_run *r = m ? compile_run_new(m, &o, &d) : NULL;
        double ms = (double)(clock() - start) * 1e3 / CLOCKS_PER_SEC;
        if (!r || !r->ok) {
            struct buf b;
            buf_init(&b, &mem);
            diags_render(&d, &b, (struct diag_style){false});
            fprintf(stderr, "%.*s", STR_ARG(buf_str(&b)));
            return 1;
        }
        best = ms < best ? ms : best;
        uint32_t changed = 0;
        for (uint32_t k = 0; k < r->n_stages && k < MAX_STAGES; k++) {
            double t = (double)r->stages[k].nanoseconds / 1e6;
            pass_best[k] = i == 0 || t < pass_best[k] ? t : pass_best[k];
            changed += r->stages[k].changed;
        }
        if (i == 0) {
            row("ops in", r->stages[0].module->n_ops, "");
            row("ops out", r->stages[r->n_stages - 1].module->n_ops, "");
            row("stages that changed something", changed, "");
            row("memory of all stages and new nodes", (double)(mem.used - before) / 1e6, "MB");
        }
        if (i + 1 == runs && argc > 4)
            for (uint32_t k = 1; k < r->n_stages && k < MAX_STAGES; k++)
                row(r->stages[k].pass, pass_best[k], "ms");
        compile_free(r);
        ir_module_free(m);
        diags_free(&d);
        ir_context_unref(c);
    }
    row("compiled, every stage kept", best, "ms");
    file_close(&f);
    return 0;
}
