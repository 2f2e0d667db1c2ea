/* tt-explorer convert: a model as a graph. */
#include <string.h>

#include "base/num.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/output.h"
#include "graph/graph_bin.h"
#include "graph/me_json.h"
#include "server/edit_legal.h"

static const char help[] =
    "usage: tt-explorer convert [OPTION...] FILE\n"
    "\n"
    "Makes the graph of an MLIR module, for Model Explorer and its relatives. FILE may also be a graph as JSON, in\n"
    "any of the shapes Model Explorer knows; - is standard input. Several modules in one file give several graphs.\n"
    "\n"
    "  -o FILE            where to write (default: standard output)\n"
    "  --format json      Model Explorer JSON with everything the graph has (default)\n"
    "  --format adapter   the same as Tenstorrent's adapter makes it: its ids, namespaces and attributes\n"
    "  --format bin       the compact form that our own pages read\n"
    "  --layers RULE      how locations make layers:\n"
    "                     auto      as the names look: '|' and '/' paths (default)\n"
    "                     slash     every name is cut at '/'\n"
    "                     nested    names inside names: \"a\"(\"b\")\n"
    "                     fused     the names of a fused location\n"
    "                     file      source file and line, callers outside\n"
    "                     adapter   the whole name is a layer\n"
    "                     function  functions and regions only\n"
    "                     flat      no layers\n"
    "  --editable         mark the attributes that overrides may set\n"
    "  --elements N       elements shown of constants (default 100)\n"
    "  --id NAME          name of the graph (default: the file's)\n"
    "  --help             this text\n"
    "\n"
    "examples:\n"
    "  tt-explorer convert model.mlir -o graph.json\n"
    "  tt-explorer convert --format adapter --editable ttnn.mlir > graph.json\n"
    "  tt-explorer print model.mlir | tt-explorer convert --layers file -o graph.json -\n"
    "\n"
    "exit status: 0 written, 1 the input has errors, 2 wrong usage or trouble with files\n";

typedef enum format { FORMAT_JSON, FORMAT_ADAPTER, FORMAT_BIN, FORMAT_N } format;

struct convert {
    const char *path, *to;
    format format;
    bool editable;
    graph_options graph;
    me_write_options json;
};

static int take_format(void *o, const char *value) {
    static const char *const names[] = {"json", "adapter", "bin"};
    struct convert *c = o;
    c->format = (format)cli_choice(value, names, FORMAT_N);
    return c->format < FORMAT_N ? CLI_OK : cli_bad_usage("convert", "unknown format", value);
}

static int take_layers(void *o, const char *value) {
    struct convert *c = o;
    c->graph.layers = graph_layers_by_name(str_from_z(value));
    return c->graph.layers != GRAPH_LAYERS_N ? CLI_OK : cli_bad_usage("convert", "unknown rule", value);
}

static int take_elements(void *o, const char *value) {
    uint64_t number;
    if (!num_parse_u64(str_from_z(value), &number) || number == 0)
        return cli_bad_usage("convert", "not a number above 0:", value);
    ((struct convert *)o)->json.max_elements = (size_t)number;
    return CLI_OK;
}

static const struct cli_option options[] = {
    {.name = "-o", .kind = CLI_TEXT, .at = offsetof(struct convert, to)},
    {.name = "--format", .kind = CLI_VALUE, .take = take_format},
    {.name = "--layers", .kind = CLI_VALUE, .take = take_layers},
    {.name = "--editable", .kind = CLI_FLAG, .at = offsetof(struct convert, editable)},
    {.name = "--elements", .kind = CLI_VALUE, .take = take_elements},
    {.name = "--id", .kind = CLI_STR, .at = offsetof(struct convert, graph.id)},
    {0},
};

static const struct cli_syntax syntax = {"convert", help, options, .file_at = offsetof(struct convert, path)};

/* Where the graphs go. The file is made when the first graph is there, so that an input with errors leaves none. */
struct output {
    const struct convert *o;
    struct mem *mem;
    struct cli_output to;
    size_t n;
    bool open;
};

static bool open_output(struct output *x) {
    x->open = cli_output_open(&x->to, x->mem, x->o->to);
    if (x->open && x->o->format != FORMAT_BIN)
        buf_lit(&x->to.buf, "{\"graphs\":[");
    return x->open;
}

static int write_graph(struct output *x, const graph *g) {
    const struct convert *o = x->o;
    if (!x->open && !open_output(x))
        return CLI_USAGE;
    graph_status status;
    if (o->format == FORMAT_BIN) {
        if (x->n > 0) {
            fprintf(stderr, "tt-explorer convert: %s has several graphs; the compact form takes one\n", o->path);
            return CLI_USAGE;
        }
        status = graph_bin_write(g, x->mem, &x->to.buf);
    } else {
        me_write_options json = o->json;
        json.style = o->format == FORMAT_ADAPTER ? ME_STYLE_ADAPTER : ME_STYLE_OWN;
        json.id = o->graph.id;
        struct edit_legal legal;
        if (o->editable) {
            edit_legal_init(&legal, g->module, x->mem);
            json.edit = edit_legal;
            json.edit_ctx = &legal;
        }
        if (x->n)
            buf_lit(&x->to.buf, ",\n");
        status = me_json_write_graph(g, &json, x->mem, &x->to.buf);
        if (o->editable)
            edit_legal_free(&legal);
    }
    x->n++;
    if (status == GRAPH_OK)
        return CLI_OK;
    if (!x->to.buf.failed)
        fprintf(stderr, "tt-explorer: cannot convert %s: %s\n", o->path, graph_status_text(status));
    return CLI_USAGE;
}

static int close_output(struct output *x, int code) {
    if (!x->open)
        return code;
    if (x->o->format != FORMAT_BIN)
        buf_lit(&x->to.buf, "]}\n");
    return cli_output_end(&x->to, code);
}

static int convert_modules(const struct convert *o, struct cli_input *in, struct output *x) {
    while (cli_input_next(in, TEXT_ALL)) {
        graph *g;
        if (!in->m)
            continue;
        graph_status status = graph_build(&in->mem, in->m, &o->graph, &g);
        if (status != GRAPH_OK) {
            fprintf(stderr, "tt-explorer: cannot convert %s: %s\n", o->path, graph_status_text(status));
            return CLI_USAGE;
        }
        int code = write_graph(x, g);
        graph_free(g);
        if (code != CLI_OK)
            return code;
    }
    return CLI_OK;
}

static int convert_json(struct cli_input *in, struct output *x) {
    me_graphs graphs;
    str text = file_text(in->file);
    struct diag_source *source = diags_add_source(&in->d, str_from_z(in->path), text);
    if (me_json_read(&in->mem, text, &in->d, source, &graphs) != GRAPH_OK)
        return CLI_OK; /* the diagnostics tell */
    int code = CLI_OK;
    for (size_t i = 0; code == CLI_OK && i < graphs.n; i++)
        code = write_graph(x, graphs.v[i].g);
    if (code == CLI_OK && graphs.n == 0 && x->o->format != FORMAT_BIN && !open_output(x))
        code = CLI_USAGE;
    me_graphs_free(&graphs);
    return code;
}

int cli_convert(int argc, char **argv) {
    struct convert o = {0};
    int code;
    if (!cli_read_options(&syntax, &o, argc, argv, &code))
        return code;
    struct cli_input in;
    if (!cli_input_open(&in, o.path))
        return CLI_USAGE;
    struct output x = {.o = &o, .mem = &in.mem};
    code = me_json_is(file_text(in.file)) ? convert_json(&in, &x) : convert_modules(&o, &in, &x);
    code = close_output(&x, code);
    cli_show_diags(&in);
    if (code == CLI_OK)
        code = cli_exit_code(&in);
    cli_input_close(&in);
    return code;
}
