/* tt-explorer render: a model as a picture, laid out and drawn by the code that the page runs in the browser. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/render_png.h"
#include "graph/looks.h"
#include "graph/me_json.h"

static const char help[] =
    "usage: tt-explorer render [OPTION...] FILE\n"
    "\n"
    "Draws the graph of an MLIR module, or of a graph as JSON, as the page shows it; - is standard input.\n"
    "\n"
    "  -o FILE          where to write; its ending tells the format (default: SVG to standard output)\n"
    "  --format FORMAT  svg, png, or json: places of boxes and lines\n"
    "  --expand-all     open all layers\n"
    "  --depth N        open layers down to this depth: 1 opens the outermost\n"
    "  --layer ID       open this layer and those around it (layer:main/block1, or main/block1); may be repeated\n"
    "  --root ID        draw the inside of this layer only\n"
    "  --flatten        no layers\n"
    "  --parameters P   edges of arguments: auto (default: left out when there are more than 40), shown, quiet\n"
    "  --left-right     the outermost layer flows left to right\n"
    "  --edge-labels    write tensor shapes along the edges\n"
    "  --scale X        pixels per unit of a PNG (default 1); made smaller where a side would pass 30000 pixels\n"
    "  --transparent    no background\n"
    "  --layers RULE    how locations make layers; see tt-explorer convert --help\n"
    "  --help           this text\n"
    "\n"
    "examples:\n"
    "  tt-explorer render model.mlir -o model.svg\n"
    "  tt-explorer render --depth 2 --scale 2 model.mlir -o model.png\n"
    "\n"
    "exit status: 0 written, 1 the input has errors, 2 wrong usage or trouble with files\n";

enum format { FORMAT_NONE, FORMAT_SVG, FORMAT_PNG, FORMAT_JSON };

enum { MOST_LAYERS = 256, MOST_PIXELS = 30000 };

struct render {
    const char *path, *to;
    enum format format;
    bool all, flatten, left_right, labels, transparent;
    uint64_t depth;
    uint32_t quiet;
    double scale;
    const char *root;
    const char *open[MOST_LAYERS];
    size_t n_open;
    graph_options graph;
    struct mem *mem;
};

static enum format format_of(const char *name) {
    static const char *const names[] = {"svg", "png", "json"};
    size_t i = cli_choice(name, names, 3);
    return i < 3 ? (enum format)(FORMAT_SVG + i) : FORMAT_NONE;
}

static int take_format(void *o, const char *value) {
    struct render *r = o;
    r->format = format_of(value);
    return r->format ? CLI_OK : cli_bad_usage("render", "unknown format", value);
}

static int take_depth(void *o, const char *value) {
    struct render *r = o;
    return num_parse_u64(str_from_z(value), &r->depth) ? CLI_OK : cli_bad_usage("render", "not a number:", value);
}

static int take_layer(void *o, const char *value) {
    struct render *r = o;
    if (r->n_open == MOST_LAYERS)
        return cli_bad_usage("render", "too many layers:", value);
    r->open[r->n_open++] = value;
    return CLI_OK;
}

static int take_parameters(void *o, const char *value) {
    static const char *const names[] = {"auto", "shown", "quiet"};
    struct render *r = o;
    r->quiet = (uint32_t)cli_choice(value, names, 3);
    return r->quiet < 3 ? CLI_OK : cli_bad_usage("render", "not auto, shown or quiet:", value);
}

static int take_scale(void *o, const char *value) {
    struct render *r = o;
    char *end;
    r->scale = strtod(value, &end);
    return !*end && r->scale >= 0.01 && r->scale <= 16
               ? CLI_OK
               : cli_bad_usage("render", "not a number from 0.01 to 16:", value);
}

static int take_rule(void *o, const char *value) {
    struct render *r = o;
    r->graph.layers = graph_layers_by_name(str_from_z(value));
    return r->graph.layers != GRAPH_LAYERS_N ? CLI_OK : cli_bad_usage("render", "unknown rule", value);
}

static const struct cli_option options[] = {
    {.name = "-o", .kind = CLI_TEXT, .at = offsetof(struct render, to)},
    {.name = "--format", .kind = CLI_VALUE, .take = take_format},
    {.name = "--expand-all", .kind = CLI_FLAG, .at = offsetof(struct render, all)},
    {.name = "--depth", .kind = CLI_VALUE, .take = take_depth},
    {.name = "--layer", .kind = CLI_VALUE, .take = take_layer},
    {.name = "--root", .kind = CLI_TEXT, .at = offsetof(struct render, root)},
    {.name = "--flatten", .kind = CLI_FLAG, .at = offsetof(struct render, flatten)},
    {.name = "--parameters", .kind = CLI_VALUE, .take = take_parameters},
    {.name = "--left-right", .kind = CLI_FLAG, .at = offsetof(struct render, left_right)},
    {.name = "--edge-labels", .kind = CLI_FLAG, .at = offsetof(struct render, labels)},
    {.name = "--scale", .kind = CLI_VALUE, .take = take_scale},
    {.name = "--transparent", .kind = CLI_FLAG, .at = offsetof(struct render, transparent)},
    {.name = "--layers", .kind = CLI_VALUE, .take = take_rule},
    {0},
};

static const struct cli_syntax syntax = {"render", help, options, .file_at = offsetof(struct render, path)};

/* The format that was asked for, or that the ending of the file to write tells. */
static int choose_format(struct render *o) {
    const char *dot = o->to ? strrchr(o->to, '.') : NULL;
    if (!o->format && o->to && strcmp(o->to, "-") != 0) {
        o->format = dot ? format_of(dot + 1) : FORMAT_NONE;
        if (!o->format)
            return cli_bad_usage("render", "the name ends in neither .svg, .png nor .json:", o->to);
    }
    if (!o->format)
        o->format = FORMAT_SVG;
    return CLI_OK;
}

/* A layer by its id or its path; 0 with a message when there is none. */
static graph_node find_layer(const graph *g, const char *name) {
    str s = str_from_z(name);
    graph_node n = graph_find(g, s);
    if (!n)
        n = graph_find_layer(g, s);
    if (n && graph_is_layer(g, n))
        return n;
    fprintf(stderr, "tt-explorer render: no layer '%s'; tt-explorer render --format json shows the ids of layers\n",
            name);
    return 0;
}

static bool open_layers(const struct render *o, struct scene *s) {
    const graph *g = scene_graph(s);
    if (o->all)
        scene_set_all_expanded(s, true);
    for (graph_node n = 1; n < g->n_nodes; n++)
        if (graph_is_layer(g, n) && graph_depth(g, n) < o->depth)
            scene_set_expanded(s, n, true, false);
    for (size_t i = 0; i < o->n_open; i++) {
        graph_node n = find_layer(g, o->open[i]);
        if (!n)
            return false;
        scene_expand_around(s, n);
        scene_set_expanded(s, n, true, false);
    }
    if (o->left_right)
        scene_set_direction(s, scene_root(s), true);
    return true;
}

/* Tensor shapes as labels: a number per edge, equal types sharing one. */
static bool label_edges(const struct render *o, struct scene *s) {
    const graph *g = scene_graph(s);
    if (!o->labels || !g->module)
        return true;
    struct arena arena;
    struct buf text;
    arena_init(&arena, o->mem);
    buf_init(&text, o->mem);
    uint32_t *of_edge = ARENA_ARRAY(&arena, uint32_t, g->n_edges);
    str *labels = ARENA_ARRAY(&arena, str, g->n_edges + (size_t)1);
    bool ok = of_edge && labels;
    for (uint32_t e = 0; ok && e < g->n_edges; e++) {
        buf_clear(&text);
        ir_type t = graph_edge_type(g, &g->edges[e]);
        if (t)
            graph_put_short_type(g, t, &text);
        of_edge[e] = e + 1;
        labels[e + 1] = arena_str(&arena, buf_str(&text));
        ok = labels[e + 1].p != NULL;
    }
    ok = ok && scene_set_edge_labels(s, of_edge, labels, g->n_edges + 1);
    buf_free(&text);
    arena_free(&arena);
    return ok;
}

static int no_memory(void) {
    fprintf(stderr, "tt-explorer render: out of memory\n");
    return CLI_USAGE;
}

static int write_text(const struct render *o, struct scene *s, const struct scene_view *view, uint32_t background) {
    struct cli_output out;
    if (!cli_output_open(&out, o->mem, o->to))
        return CLI_USAGE;
    int code = CLI_OK;
    if (!(o->format == FORMAT_JSON ? scene_write_json(s, &out.buf) : scene_write_svg(s, view, background, &out.buf)) &&
        !out.buf.failed)
        code = no_memory();
    return cli_output_end(&out, code);
}

static int write_picture(const struct render *o, struct scene *s) {
    const double margin = 24;
    double w, h;
    scene_size(s, &w, &h);
    struct scene_view view = {
        .x = w * 0.5, .y = h * 0.5, .zoom = 1, .w = w + 2 * margin, .h = h + 2 * margin, .no_chrome = true};
    uint32_t background = o->transparent ? 0 : scene_light_theme().background;
    if (o->format != FORMAT_PNG)
        return write_text(o, s, &view, background);
    double longest = view.w > view.h ? view.w : view.h, pixels = o->scale;
    if (longest * pixels > MOST_PIXELS)
        pixels = MOST_PIXELS / longest;
    if (pixels < 1) { /* details by what can be seen of them */
        view.zoom = pixels;
        view.w *= pixels;
        view.h *= pixels;
        pixels = 1;
    }
    const char *why;
    if (render_png(s, &view, pixels, background, o->mem, o->to ? o->to : "-", &why))
        return CLI_OK;
    fprintf(stderr, "tt-explorer render: %s\n", why);
    return CLI_USAGE;
}

/* Draws with the looks that the graph was given by its file. */
static int render_with(const struct render *o, const graph *g, const struct graph_looks *looks) {
    struct scene_choice choice = {.flatten = o->flatten, .quiet = o->quiet, .hidden = looks->hidden};
    if (o->root && !(choice.root = find_layer(g, o->root)))
        return CLI_USAGE;
    struct scene *s;
    struct scene_change change;
    if (scene_new(o->mem, g, &choice, &s) != LAYOUT_OK)
        return no_memory();
    int code = CLI_USAGE;
    scene_set_styles(s, looks->fill, looks->border, looks->text);
    for (graph_node n = 1; n < g->n_nodes; n++)
        if (looks->left_right[n])
            scene_set_direction(s, n, true);
    if (open_layers(o, s)) {
        if (scene_update(s, NULL, SCENE_NONE, &change) == LAYOUT_OK && label_edges(o, s))
            code = write_picture(o, s);
        else
            code = no_memory();
    }
    scene_free(s);
    return code;
}

static int render_graph(const struct render *o, const graph *g) {
    struct graph_looks looks;
    if (graph_looks_read(g, o->mem, &looks) != GRAPH_OK)
        return no_memory();
    int code = render_with(o, g, &looks);
    graph_looks_free(&looks);
    return code;
}

/* The first graph there is. */
static int render_module(const struct render *o, struct cli_input *in) {
    while (cli_input_next(in, TEXT_ALL)) {
        graph *g;
        if (!in->m)
            continue;
        graph_status status = graph_build(&in->mem, in->m, &o->graph, &g);
        if (status != GRAPH_OK) {
            fprintf(stderr, "tt-explorer: cannot draw %s: %s\n", o->path, graph_status_text(status));
            return CLI_USAGE;
        }
        int code = render_graph(o, g);
        graph_free(g);
        return code;
    }
    return CLI_OK; /* the diagnostics tell */
}

static int render_json(const struct render *o, struct cli_input *in) {
    me_graphs graphs;
    str text = file_text(in->file);
    struct diag_source *source = diags_add_source(&in->d, str_from_z(in->path), text);
    if (me_json_read(&in->mem, text, &in->d, source, &graphs) != GRAPH_OK)
        return CLI_OK; /* the diagnostics tell */
    int code = CLI_OK;
    if (graphs.n)
        code = render_graph(o, graphs.v[0].g);
    me_graphs_free(&graphs);
    return code;
}

int cli_render(int argc, char **argv) {
    struct render o = {.scale = 1};
    int code;
    if (!cli_read_options(&syntax, &o, argc, argv, &code) || (code = choose_format(&o)) != CLI_OK)
        return code;
    struct cli_input in;
    if (!cli_input_open(&in, o.path))
        return CLI_USAGE;
    o.mem = &in.mem;
    code = me_json_is(file_text(in.file)) ? render_json(&o, &in) : render_module(&o, &in);
    cli_show_diags(&in);
    if (code == CLI_OK)
        code = cli_exit_code(&in);
    cli_input_close(&in);
    return code;
}
