/* Speeds of the graph room over one module: bench_graph FILE prints "what <tab> value <tab> unit" lines. */
#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "dialect/dialect.h"
#include "graph/diff.h"
#include "graph/graph_bin.h"
#include "graph/me_json.h"
#include "graph/search.h"
#include "text/text.h"

enum { RUNS = 5 };

static void row(const char *what, double value, const char *unit) {
    printf("%s\t%.3f\t%s\n", what, value, unit);
}

static double since(uint64_t start) {
    return (double)(clock_now_ns() - start) / 1e6;
}

/* The bytes of a stream are only counted. */
static bool drop(void *ctx, const char *p, size_t n) {
    (void)ctx, (void)p, (void)n;
    return true;
}

static bool bench_build(const ir_module *m) {
    double best = 1e300;
    for (int i = 0; i < RUNS; i++) {
        struct mem mem = {0};
        graph *g;
        uint64_t start = clock_now_ns();
        if (graph_build(&mem, m, NULL, &g) != GRAPH_OK)
            return false;
        double ms = since(start);
        best = ms < best ? ms : best;
        if (i == 0) {
            row("memory per node, beside the module", (double)mem.used / g->n_nodes, "bytes");
            row("peak while building, per node", (double)mem.peak / g->n_nodes, "bytes");
        }
        graph_free(g);
    }
    row("module to graph", best, "ms");
    return true;
}

static bool bench_write(graph *g, me_style style, const char *what) {
    char text[80];
    double best = 1e300;
    uint64_t bytes = 0;
    for (int i = 0; i < RUNS; i++) {
        struct mem mem = {0};
        struct buf out;
        const me_write_options o = {.style = style, .edit = graph_edit_adapter};
        buf_init_stream(&out, &mem, 1 << 18, drop, NULL);
        uint64_t start = clock_now_ns();
        if (me_json_write(&g, 1, &o, &mem, &out) != GRAPH_OK || !buf_flush(&out))
            return false;
        double ms = since(start);
        best = ms < best ? ms : best;
        bytes = out.flushed;
        buf_free(&out);
    }
    snprintf(text, sizeof text, "%s: bytes", what);
    row(text, (double)bytes / 1e6, "MB");
    snprintf(text, sizeof text, "%s: speed", what);
    row(text, (double)bytes / best / 1e3, "MB/s");
    return true;
}

static bool bench_read(graph *g) {
    struct mem mem = {0};
    struct buf out;
    double best = 1e300;
    buf_init(&out, &mem);
    if (me_json_write(&g, 1, NULL, &mem, &out) != GRAPH_OK)
        return false;
    for (int i = 0; i < 3; i++) {
        me_graphs r;
        uint64_t start = clock_now_ns();
        if (me_json_read(&mem, buf_str(&out), NULL, NULL, &r) != GRAPH_OK)
            return false;
        double ms = since(start);
        best = ms < best ? ms : best;
        me_graphs_free(&r);
    }
    row("graph JSON read", (double)out.n / best / 1e3, "MB/s");
    buf_free(&out);
    return true;
}

static bool bench_compact(graph *g) {
    struct mem mem = {0};
    struct buf out;
    double best = 1e300;
    for (int i = 0; i < RUNS; i++) {
        buf_init(&out, &mem);
        uint64_t start = clock_now_ns();
        if (graph_bin_write(g, &mem, &out) != GRAPH_OK)
            return false;
        double ms = since(start);
        best = ms < best ? ms : best;
        if (i == 0)
            row("compact form: bytes", (double)out.n / 1e6, "MB");
        buf_free(&out);
    }
    row("compact form: written", best, "ms");
    return true;
}

static bool bench_search(const graph *g, const char *what, search_term term) {
    struct mem mem = {0};
    search_result r;
    uint64_t start = clock_now_ns();
    bool ok = graph_search(g, &mem, &term, 1, NULL, &r) == SEARCH_OK;
    row(what, since(start), "ms");
    search_free(&r);
    return ok;
}

static bool bench_diff(const graph *g) {
    struct mem mem = {0};
    graph_diff *d;
    uint64_t start = clock_now_ns();
    if (graph_diff_make(&mem, g, g, NULL, 0, NULL, &d) != GRAPH_OK)
        return false;
    row("difference of two equal graphs", since(start), "ms");
    graph_diff_free(d);
    return true;
}

static bool bench(const ir_module *m) {
    struct mem mem = {0};
    graph *g;
    if (!bench_build(m) || graph_build(&mem, m, NULL, &g) != GRAPH_OK)
        return false;
    bool ok =
        bench_write(g, ME_STYLE_OWN, "graph JSON") && bench_write(g, ME_STYLE_ADAPTER, "graph JSON of tt_adapter") &&
        bench_read(g) && bench_compact(g) &&
        bench_search(g, "search in labels", (search_term){.text = STR("soft.*x$"), .where = SEARCH_LABEL}) &&
        bench_search(g, "search in everything", (search_term){.text = STR("no such [a-z]+ 12"), .where = SEARCH_ALL}) &&
        bench_diff(g);
    graph_free(g);
    return ok;
}

int main(int argc, char **argv) {
    struct mem mem = {0};
    struct file file;
    struct diags d;
    if (argc != 2 || !file_open(&file, &mem, argv[1])) {
        fprintf(stderr, "usage: bench_graph FILE\n");
        return 2;
    }
    ir_context *c = ir_context_new(&mem, dialect_resolve);
    diags_init(&d, &mem);
    ir_module *m = c ? text_read(c, file_text(&file), str_from_z(argv[1]), NULL, &d) : NULL;
    bool ok = m && bench(m);
    ir_module_free(m);
    ir_context_unref(c);
    diags_free(&d);
    file_close(&file);
    return ok ? 0 : 1;
}
