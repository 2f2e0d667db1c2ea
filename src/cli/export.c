/* tt-explorer export: models as one page that needs no server; the page itself is made by src/server/export_page.c. With
 * --level the models are compiled and their stages are in it, with --data node data.
 */
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/output.h"
#include "dialect/dialect.h"
#include "graph/me_json.h"
#include "graph/overlays.h"
#include "server/export_page.h"

static const char help[] =
    "usage: tt-explorer export [OPTION...] FILE... -o PAGE.html\n"
    "\n"
    "Makes a single page of a model, with the explorer inside. It opens from disk, with no server and no network.\n"
    "FILE is MLIR text or a graph as JSON; - is standard input. Several stand beside each other, to be compared.\n"
    "\n"
    "  -o FILE            where to write; - is standard output\n"
    "  --title TEXT       title of the page (default: the names of the files)\n"
    "  --data FILE        node data for the model named before it, such as times; may be given several times\n"
    "  --help             this text\n"
    "\n"
    "with the stages of a compilation, one per pass that changes something (of a file of several modules, the first)\n"
    "  --level 0|1|2      optimization level\n"
    "  --device NAME      a built-in board (n150, n300, p100, p150) or architecture (wormhole_b0, blackhole)\n"
    "  --overrides FILE   overrides as JSON, as the page saves them\n"
    "\n"
    "examples:\n"
    "  tt-explorer export model.mlir -o model.html\n"
    "  tt-explorer export before.mlir after.mlir -o change.html\n"
    "  tt-explorer export --level 1 model.mlir --data times.json -o stages.html\n"
    "  tt-explorer convert big.mlir | tt-explorer export --title big -o big.html -\n"
    "\n"
    "exit status: 0 written, 1 a model has errors or cannot be compiled (they are shown), 2 wrong usage or trouble "
    "with\n"
    "files\n";

struct data_file {
    const char *path;
    size_t model;
    struct file file;
    overlay_list list;
};

struct source {
    const char *path;
    struct cli_input in;
    str name, text;
    /* When it is compiled. */
    struct arena arena;
    ir_context *ctx;
    ir_module *input;
    compile_run *compiled;
    override_set overrides;
    struct file overrides_file; /* open when overrides_path */
    const char *overrides_path;
    struct run_settings settings;
    struct run_id id;
};

struct export {
    struct source *models;
    struct data_file *data;
    size_t n, n_data, n_open; /* n_open: of the models */
    const char *to, *title, *level, *device, *overrides;
};

static int take_file(void *o, const char *path) {
    struct export *e = o;
    e->models[e->n++] = (struct source){.path = path};
    return CLI_OK;
}

static int take_level(void *o, const char *value) {
    static const char *const levels[] = {"0", "1", "2"};
    if (cli_choice(value, levels, 3) == 3)
        return cli_bad_usage("export", "--level is 0, 1 or 2, not", value);
    ((struct export *)o)->level = value;
    return CLI_OK;
}

static int take_data(void *o, const char *path) {
    struct export *e = o;
    if (e->n == 0)
        return cli_bad_usage("export", "--data belongs to the model before it: name that first", NULL);
    e->data[e->n_data++] = (struct data_file){.path = path, .model = e->n - 1};
    return CLI_OK;
}

static const struct cli_option options[] = {
    {.name = "-o", .kind = CLI_TEXT, .at = offsetof(struct export, to)},
    {.name = "--title", .kind = CLI_TEXT, .at = offsetof(struct export, title)},
    {.name = "--data", .kind = CLI_VALUE, .take = take_data},
    {.name = "--level", .kind = CLI_VALUE, .take = take_level},
    {.name = "--device", .kind = CLI_TEXT, .at = offsetof(struct export, device)},
    {.name = "--overrides", .kind = CLI_TEXT, .at = offsetof(struct export, overrides)},
    {0},
};

static const struct cli_syntax syntax = {"export", help, options, .file = take_file};

/* ---- reading --------------------------------------------------------------------------------------------- */

static str last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return str_from_z(slash ? slash + 1 : path);
}

/* Whether the input is a model, so that no page is made of something else. */
static bool is_model(struct cli_input *in) {
    str text = file_text(in->file);
    if (me_json_is(text)) {
        me_graphs graphs;
        struct diag_source *source = diags_add_source(&in->d, str_from_z(in->path), text);
        if (me_json_read(&in->mem, text, &in->d, source, &graphs) != GRAPH_OK)
            return false;
        me_graphs_free(&graphs);
        return true;
    }
    bool any = false;
    while (cli_input_next(in, TEXT_ALL))
        any |= in->m != NULL;
    return any;
}

/* Whether the models are to be compiled. */
static bool compiles(const struct export *o) {
    return o->level || o->device || o->overrides;
}

/* The settings of the run as the API takes them. False with what is wrong said. */
static bool read_settings(const struct export *o, struct source *m) {
    bool arch = o->device && (strcmp(o->device, "wormhole_b0") == 0 || strcmp(o->device, "blackhole") == 0);
    struct model_error e;
    struct buf json;
    buf_init(&json, &m->in.mem);
    struct json_writer w = json_writer_to(&json);
    json_object_begin(&w);
    if (o->level) {
        json_key(&w, STR("level"));
        json_raw(&w, str_from_z(o->level));
    }
    if (o->device)
        json_member_str(&w, arch ? STR("arch") : STR("device"), str_from_z(o->device));
    if (m->overrides_path) {
        json_key(&w, STR("overrides"));
        json_raw(&w, file_text(&m->overrides_file));
    }
    json_object_end(&w);
    bool good = run_settings_read(buf_str(&json), &m->arena, &m->settings, &e);
    if (!good)
        fprintf(stderr, "tt-explorer: export: %s\n", e.text);
    buf_free(&json);
    store_hash_bytes(m->text, &m->settings.model);
    run_id_of(&m->settings, &m->id);
    return good;
}

/* Compiles the first module of the file. What goes wrong in it is among the diagnostics of the input; false with a message
 * when it cannot even begin. */
static bool compile_model(const struct export *o, struct source *m) {
    compile_options co;
    struct model_error e;
    str piece;
    size_t at = 0;
    if (o->overrides) {
        if (!file_open(&m->overrides_file, &m->in.mem, o->overrides)) {
            fprintf(stderr, "tt-explorer: %s\n", m->overrides_file.error);
            return false;
        }
        m->overrides_path = o->overrides;
        str text = file_text(&m->overrides_file);
        struct diag_source *source = diags_add_source(&m->in.d, str_from_z(o->overrides), text);
        if (!override_read_json(&m->overrides, text, source, &m->in.d))
            return true; /* told by the diagnostics */
    }
    if (!read_settings(o, m))
        return false;
    if (!run_options(&m->settings, &m->arena, &co, &e)) {
        fprintf(stderr, "tt-explorer: export: %s\n", e.text);
        return false;
    }
    if (m->overrides.entries.n)
        co.overrides = &m->overrides;
    m->ctx = ir_context_new(&m->in.mem, dialect_resolve);
    if (m->ctx && text_split(m->text, &at, &piece))
        m->input = text_read(m->ctx, piece, m->name, NULL, &m->in.d);
    if (m->input)
        m->compiled = compile_run_new(m->input, &co, &m->in.d);
    return true;
}

static bool open_model(const struct export *o, struct source *m) {
    if (!cli_input_open(&m->in, m->path))
        return false;
    arena_init(&m->arena, &m->in.mem);
    override_set_init(&m->overrides, &m->in.mem);
    m->name = o->title && o->n == 1 ? str_from_z(o->title) : last_part(m->path);
    m->text = file_text(m->in.file);
    return true;
}

static void close_model(struct source *m) {
    compile_free(m->compiled);
    ir_module_free(m->input);
    if (m->ctx)
        ir_context_unref(m->ctx);
    override_set_free(&m->overrides);
    if (m->overrides_path)
        file_close(&m->overrides_file);
    arena_free(&m->arena);
    cli_input_close(&m->in);
}

/* Reads node data; what is wrong with it is shown with the model's diagnostics. False when it cannot be read at all. */
static bool open_data(struct data_file *f, struct source *m) {
    if (!file_open(&f->file, &m->in.mem, f->path)) {
        fprintf(stderr, "tt-explorer: %s\n", f->file.error);
        f->path = NULL;
        return false;
    }
    struct diag_source *source = diags_add_source(&m->in.d, str_from_z(f->path), file_text(&f->file));
    (void)overlays_read(&m->in.mem, file_text(&f->file), &m->in.d, source, &f->list); /* told by the diagnostics */
    return true;
}

/* Reads the models and what belongs to them; gives the exit code. The first n_open are to be closed. */
static int read_models(struct export *o) {
    int code = CLI_OK;
    size_t next = 0; /* node data */
    for (size_t i = 0; i < o->n; i++) {
        struct source *m = &o->models[i];
        if (!open_model(o, m))
            return CLI_USAGE;
        o->n_open = i + 1;
        bool model = is_model(&m->in), good = true;
        if (model && compiles(o) && !me_json_is(m->text))
            good = compile_model(o, m);
        for (; next < o->n_data && o->data[next].model == i; next++)
            good = open_data(&o->data[next], m) && good;
        cli_show_diags(&m->in);
        if (!good)
            return CLI_USAGE;
        if (cli_exit_code(&m->in) > code)
            code = cli_exit_code(&m->in);
        if (!model)
            o->to = NULL; /* no page is made */
    }
    return code;
}

/* ---- writing --------------------------------------------------------------------------------------------- */

/* The node data of a model, each graph's by itself. In the model's arena; false when memory ran out. */
static bool gather_data(const struct export *o, size_t model, struct export_model *out) {
    struct arena *a = &o->models[model].arena;
    size_t n = 0;
    for (size_t i = 0; i < o->n_data; i++)
        n += o->data[i].model == model ? o->data[i].list.n : 0;
    struct export_data *all = arena_alloc(a, (n + 1) * sizeof *all, sizeof(void *));
    for (size_t i = 0; all && i < o->n_data; i++) {
        const struct data_file *f = &o->data[i];
        for (size_t k = 0; f->model == model && k < f->list.n; k++) {
            const overlay *one = &f->list.v[k];
            struct buf json;
            buf_init(&json, a->mem);
            struct json_writer w = json_writer_to(&json);
            overlay_write(one, &w);
            str name = last_part(f->path);
            if (str_ends_with(name, STR(".json")))
                name.n -= 5;
            all[out->n_data] =
                (struct export_data){one->name.n ? one->name : name, one->graph_id, arena_str(a, buf_str(&json))};
            bool failed = json.failed || !all[out->n_data++].json.p;
            buf_free(&json);
            if (failed)
                return false;
        }
    }
    out->data = all;
    return all != NULL;
}

static bool write_page(const struct export *o, struct mem *mem, struct buf *out, bool *built) {
    struct export_model *models = mem_alloc_zero(mem, o->n * sizeof *models);
    struct export_run *runs = mem_alloc_zero(mem, o->n * sizeof *runs);
    bool good = models && runs;
    *built = true;
    for (size_t i = 0; good && i < o->n; i++) {
        const struct source *m = &o->models[i];
        models[i] =
            (struct export_model){.name = m->name, .text = m->text, .runs = &runs[i], .n_runs = m->compiled != NULL};
        runs[i] =
            (struct export_run){&m->id, &m->settings, m->compiled, &m->in.d, &m->overrides, (int64_t)time(NULL) * 1000};
        good = gather_data(o, i, &models[i]);
    }
    const struct export_page page = {.title = o->title ? str_from_z(o->title) : (str){0}, .models = models, .n = o->n};
    good = good && export_page_write(&page, mem, out, built);
    mem_free(mem, models, models ? o->n * sizeof *models : 0);
    mem_free(mem, runs, runs ? o->n * sizeof *runs : 0);
    return good;
}

static int write_file(const struct export *o, struct mem *mem) {
    struct cli_output out;
    bool built;
    if (!cli_output_open(&out, mem, o->to))
        return CLI_USAGE;
    bool good = write_page(o, mem, &out.buf, &built);
    if (!built)
        fprintf(stderr, "tt-explorer: this program was built without the web page, which export needs\n");
    else if (!good && !out.buf.failed)
        fprintf(stderr, "tt-explorer: cannot write %s: out of memory\n", o->to);
    return cli_output_end(&out, good ? CLI_OK : CLI_USAGE);
}

int cli_export(int argc, char **argv) {
    struct mem mem;
    mem_init(&mem);
    size_t models = (size_t)argc * sizeof(struct source), data = (size_t)argc * sizeof(struct data_file);
    struct export o = {.models = mem_alloc(&mem, models), .data = mem_alloc(&mem, data)};
    int code = CLI_USAGE;
    if (!o.models || !o.data) {
        fputs("tt-explorer: out of memory\n", stderr);
    } else if (cli_read_options(&syntax, &o, argc, argv, &code)) {
        if (!o.to) {
            code = cli_bad_usage("export", "where to? Say -o PAGE.html", NULL);
        } else {
            code = read_models(&o);
            int written = code != CLI_USAGE && o.to ? write_file(&o, &mem) : CLI_OK;
            code = written != CLI_OK ? written : code;
            for (size_t i = 0; i < o.n_data; i++)
                if (o.data[i].path && o.data[i].file.mem) {
                    overlay_list_free(&o.data[i].list);
                    file_close(&o.data[i].file);
                }
            for (size_t i = 0; i < o.n_open; i++)
                close_model(&o.models[i]);
        }
    }
    mem_free(&mem, o.models, o.models ? models : 0);
    mem_free(&mem, o.data, o.data ? data : 0);
    return code;
}
