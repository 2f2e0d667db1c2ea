/* Every module of the corpus (or of examples/, where there is none) becomes a graph that keeps its promises, and JSON and
 * the compact form that read back as the same graph. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <sys/stat.h>

#include "base/file.h"
#include "graph/graph_bin.h"
#include "graph/me_json.h"
#include "graph_test.h"

static unsigned n_modules, n_skipped;

static void same_nodes(const graph *a, const graph *b) {
    struct mem m = {0};
    struct buf id;
    buf_init(&id, &m);
    assert_int_equal(a->n_nodes - a->n_layers, b->n_nodes - b->n_layers);
    assert_int_equal(a->n_edges, b->n_edges);
    for (graph_node n = 1; n < a->n_nodes; n++)
        if (!graph_is_layer(a, n))
            assert_int_not_equal(graph_find(b, str_from_z(id_of(a, n, &id))), 0);
    buf_free(&id);
}

static void round_trips(const graph *g) {
    struct mem m = {0};
    struct buf json, again, bin;
    graph *list[1] = {(graph *)(uintptr_t)g}, *back;
    me_graphs r, r2;
    for (int style = ME_STYLE_ADAPTER; style <= ME_STYLE_OWN; style++) {
        buf_init(&json, &m);
        buf_init(&again, &m);
        const me_write_options o = {.style = (me_style)style};
        assert_int_equal(me_json_write(list, 1, &o, &m, &json), GRAPH_OK);
        assert_int_equal(me_json_read(&m, buf_str(&json), NULL, NULL, &r), GRAPH_OK);
        assert_graph(r.v[0].g);
        if (style == ME_STYLE_OWN)
            same_nodes(g, r.v[0].g);
        assert_int_equal(me_json_write(&r.v[0].g, 1, &o, &m, &again), GRAPH_OK);
        assert_int_equal(me_json_read(&m, buf_str(&again), NULL, NULL, &r2), GRAPH_OK);
        same_nodes(r.v[0].g, r2.v[0].g);
        me_graphs_free(&r);
        me_graphs_free(&r2);
        buf_free(&json);
        buf_free(&again);
    }
    buf_init(&bin, &m);
    assert_int_equal(graph_bin_write(g, &m, &bin), GRAPH_OK);
    assert_int_equal(graph_bin_read(&m, buf_str(&bin), true, &back), GRAPH_OK);
    assert_graph(back);
    same_nodes(g, back);
    assert_int_equal(back->n_nodes, g->n_nodes);
    graph_free(back);
    buf_free(&bin);
    assert_int_equal(m.used, 0);
}

static void one_file(const char *path) {
    struct mem m = {0}, gm = {0};
    struct file file;
    struct diags d;
    if (!file_open(&file, &m, path))
        fail_msg("%s", file.error);
    ir_context *ctx = ir_context_new(&m, dialect_resolve);
    size_t at = 0;
    str part;
    bool whole = true;
    diags_init(&d, &m);
    while (whole && text_split(file_text(&file), &at, &part)) {
        whole = part.n == file.n; /* parts are tests of the reader */
        ir_module *module = whole ? text_read(ctx, part, str_from_z(path), NULL, &d) : NULL;
        if (!module) {
            n_skipped++;
            break;
        }
        for (graph_layers rule = GRAPH_LAYERS_AUTO; rule < GRAPH_LAYERS_N; rule++) {
            graph *g;
            assert_int_equal(graph_build(&gm, module, &(graph_options){.layers = rule}, &g), GRAPH_OK);
            assert_graph(g);
            assert_edges(g);
            assert_int_equal(gm.used <= g->bytes + g->bytes / 2 + 8192, 1);
            if (rule == GRAPH_LAYERS_AUTO)
                round_trips(g);
            graph_free(g);
            assert_int_equal(gm.used, 0);
        }
        n_modules++;
        ir_module_free(module);
    }
    diags_free(&d);
    ir_context_unref(ctx);
    file_close(&file);
}

/* Folders still to be looked into are a list, so that nothing calls itself. */
static void all_files(const char *root) {
    char **open = calloc(1, sizeof *open);
    size_t n = 1, step = 0;
    open[0] = strdup(root);
    for (size_t i = 0; i < n; i++) {
        DIR *folder = opendir(open[i]);
        for (struct dirent *e; folder && (e = readdir(folder));) {
            char path[4096];
            struct stat st;
            if (e->d_name[0] == '.')
                continue;
            snprintf(path, sizeof path, "%s/%s", open[i], e->d_name);
            if (stat(path, &st) != 0)
                continue;
            if (S_ISDIR(st.st_mode)) {
                open = realloc(open, (n + 1) * sizeof *open);
                open[n++] = strdup(path);
            } else if (str_ends_with(str_from_z(path), STR(".mlir"))) {
#ifdef __SANITIZE_ADDRESS__
                if (++step % 8)
                    continue; /* an eighth of them is enough there */
#else
                step++;
#endif
                one_file(path);
            }
        }
        if (folder)
            closedir(folder);
    }
    for (size_t i = 0; i < n; i++)
        free(open[i]);
    free(open);
}

static void all_modules(void **state) {
    (void)state;
    const char *corpus = getenv("TTX_CORPUS");
    char path[2048];
    snprintf(path, sizeof path, "%s/mlir", corpus ? corpus : "");
    all_files(path);
    if (n_modules == 0)
        skip();
    print_message("# %u modules, %u not read\n", n_modules, n_skipped);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_modules)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
