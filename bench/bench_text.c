/* Speeds of the text room inside one process: bench_text FILE gives one line per measurement, `what <tab> value <tab>
 * unit`, for bench/run. The best of several runs each. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "dialect/check.h"
#include "dialect/dialect.h"
#include "text/text.h"

enum { RUNS = 5 };

static void need(bool good, const char *what) {
    if (!good) {
        fprintf(stderr, "bench_text: %s failed\n", what);
        exit(1);
    }
}

static bool discard(void *ctx, const char *p, size_t n) {
    (void)p;
    *(size_t *)ctx += n;
    return true;
}

static uint64_t print_ns(const ir_module *m, struct mem *mem, bool generic, size_t *bytes) {
    const text_print_options how = {.generic = generic, .locations = true};
    struct buf out;
    *bytes = 0;
    buf_init_stream(&out, mem, 0, discard, bytes);
    uint64_t start = clock_now_ns();
    need(text_print(m, &how, &out) && buf_flush(&out), "printing");
    uint64_t took = clock_now_ns() - start;
    buf_free(&out);
    return took;
}

static void keep_least(uint64_t *best, uint64_t took) {
    if (*best == 0 || took < *best)
        *best = took;
}

int main(int argc, char **argv) {
    struct mem mem;
    mem_init(&mem);
    struct file f;
    need(argc == 2 && file_open(&f, &mem, argv[1]), "opening the file");
    uint64_t read = 0, check = 0, generic = 0, custom = 0;
    size_t generic_bytes = 0, custom_bytes = 0, used = 0, peak = 0, ops = 0;
    for (int i = 0; i < RUNS; i++) {
        size_t before = mem.used;
        mem.peak = mem.used;
        ir_context *c = ir_context_new(&mem, dialect_resolve);
        struct diags d;
        diags_init(&d, &mem);
        const text_read_options how = {.strict = true};
        uint64_t start = clock_now_ns();
        ir_module *m = c ? text_read(c, file_text(&f), str_from_z(argv[1]), &how, &d) : NULL;
        keep_least(&read, clock_now_ns() - start);
        need(m != NULL, "reading");
        used = mem.used - before;
        const check_options rules = {.print = text_print_node};
        start = clock_now_ns();
        need(check_module(m, &rules, &d), "checking");
        keep_least(&check, clock_now_ns() - start);
        peak = mem.peak - before;
        ops = m->n_ops - 1;
        keep_least(&generic, print_ns(m, &mem, true, &generic_bytes));
        keep_least(&custom, print_ns(m, &mem, false, &custom_bytes));
        ir_module_free(m);
        ir_context_unref(c);
        diags_free(&d);
    }
    double mb = (double)f.n / 1e6;
    printf("read\t%.1f\tMB/s\n", mb / ((double)read / 1e9));
    printf("read\t%.2f\tM ops/s\n", (double)ops / 1e6 / ((double)read / 1e9));
    printf("check, as a part of reading\t%.2f\ttimes\n", (double)check / (double)read);
    printf("read and check\t%.1f\tMB/s\n", mb / ((double)(read + check) / 1e9));
    printf("read and check\t%.2f\tM ops/s\n", (double)ops / 1e6 / ((double)(read + check) / 1e9));
    printf("print, generic\t%.1f\tMB/s\n", (double)generic_bytes / 1e6 / ((double)generic / 1e9));
    printf("print, customary\t%.1f\tMB/s\n", (double)custom_bytes / 1e6 / ((double)custom / 1e9));
    printf("memory of the module per op\t%.1f\tbytes\n", (double)used / (double)ops);
    printf("memory at the peak per op\t%.1f\tbytes\n", (double)peak / (double)ops);
    file_close(&f);
    return 0;
}
