/* tt-explorer export: models as one page that needs no server.
 *
 *   <script id="ttx-info">       version; name and hash of each model
 *   <script id="ttx-model-0">    the bytes of the first file,   \
 *   <script id="ttx-core">       reader and graph (core.wasm),   | base64 of gzip
 *   <script id="ttx-engine">     the drawing engine, ...        /
 *   <script>                     unpacks them and starts the app (web/src/page/main.ts)
 *
 * The parts of the page are those that the server has built in.
 */
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "cli/cli.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/output.h"
#include "graph/me_json.h"
#include "server/static.h"
#include "store/store.h"

static const char help[] =
    "usage: tt-explorer export [OPTION...] FILE... -o PAGE.html\n"
    "\n"
    "Makes a single page of a model, with the explorer inside. It opens from disk, with no server and no network.\n"
    "FILE is MLIR text or a graph as JSON; - is standard input. Several stand beside each other, to be compared.\n"
    "\n"
    "  -o FILE          where to write; - is standard output\n"
    "  --title TEXT     title of the page (default: the names of the files)\n"
    "  --help           this text\n"
    "\n"
    "examples:\n"
    "  tt-explorer export model.mlir -o model.html\n"
    "  tt-explorer export before.mlir after.mlir -o change.html\n"
    "  tt-explorer convert big.mlir | tt-explorer export --title big -o big.html -\n"
    "\n"
    "exit status: 0 written, 1 a model has errors (they are shown), 2 wrong usage or trouble with files\n";

struct model {
    const char *path;
    struct cli_input in;
    str name, text;
};

struct export {
    struct model *models;
    size_t n;
    const char *to, *title;
};

static int take_file(void *o, const char *path) {
    struct export *e = o;
    e->models[e->n++] = (struct model){.path = path};
    return CLI_OK;
}

static const struct cli_option options[] = {
    {.name = "-o", .kind = CLI_TEXT, .at = offsetof(struct export, to)},
    {.name = "--title", .kind = CLI_TEXT, .at = offsetof(struct export, title)},
    {0},
};

static const struct cli_syntax syntax = {"export", help, options, .file = take_file};

/* ---- parts ------------------------------------------------------------------------------------------------- */

/* Base64 of bytes that may come in pieces. */
struct base64 {
    struct buf *out;
    uint32_t bits;
    unsigned n; /* bytes in `bits` */
};

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void base64_put(struct base64 *b, const unsigned char *p, size_t n) {
    for (size_t i = 0; i < n; i++) {
        b->bits = b->bits << 8 | p[i];
        if (++b->n < 3)
            continue;
        char four[4] = {digits[b->bits >> 18 & 63], digits[b->bits >> 12 & 63], digits[b->bits >> 6 & 63],
                        digits[b->bits & 63]};
        buf_write(b->out, four, 4);
        b->n = 0;
        b->bits = 0;
    }
}

/* What is left: one byte or two. */
static void base64_end(struct base64 *b) {
    if (b->n == 0)
        return;
    uint32_t bits = b->bits << (b->n == 1 ? 16 : 8);
    char four[4] = {digits[bits >> 18 & 63], digits[bits >> 12 & 63], b->n == 2 ? digits[bits >> 6 & 63] : '=', '='};
    buf_write(b->out, four, 4);
    b->n = 0;
}

/* gzip of bytes, as base64. False when memory runs out. */
static bool put_packed(struct buf *out, str bytes) {
    unsigned char piece[3 * 4096];
    z_stream z = {0};
    struct base64 b = {.out = out};
    if (deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    int status = Z_OK;
    size_t at = 0;
    while (status != Z_STREAM_END) {
        if (z.avail_in == 0 && at < bytes.n) {
            size_t n = bytes.n - at < (1u << 30) ? bytes.n - at : 1u << 30;
            z.next_in = (unsigned char *)(uintptr_t)(bytes.p + at);
            z.avail_in = (unsigned)n;
            at += n;
        }
        z.next_out = piece;
        z.avail_out = sizeof piece;
        status = deflate(&z, at == bytes.n ? Z_FINISH : Z_NO_FLUSH);
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
            break;
        base64_put(&b, piece, sizeof piece - z.avail_out);
    }
    deflateEnd(&z);
    base64_end(&b);
    return status == Z_STREAM_END && !out->failed;
}

/* A file of the built-in page by the start and the end of its name, between which stands its hash. */
static const struct static_file *page_file(const char *begin, const char *end) {
    for (size_t i = 0; i < n_static_files; i++) {
        str path = str_from_z(static_files[i].path);
        if (str_starts_with(path, str_from_z(begin)) && str_ends_with(path, str_from_z(end)))
            return &static_files[i];
    }
    return NULL;
}

static void put_escaped(struct buf *out, str s) {
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '<': buf_lit(out, "&lt;"); break;
        case '&': buf_lit(out, "&amp;"); break;
        default: buf_putc(out, s.p[i]);
        }
    }
}

static void begin_part(struct buf *out, const char *id) {
    buf_printf(out, "<script type=\"text/plain\" id=\"ttx-%s\">", id);
}

static void end_part(struct buf *out) {
    buf_lit(out, "</script>\n");
}

/* The first script, unpacked. */
static bool put_script(struct buf *out, const struct static_file *file, struct mem *mem) {
    char *plain = mem_alloc(mem, file->n_plain);
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)file->data,
                  .avail_in = (unsigned)file->n,
                  .next_out = (unsigned char *)plain,
                  .avail_out = (unsigned)file->n_plain};
    bool good = plain && inflateInit2(&z, 31) == Z_OK;
    if (good) {
        good = inflate(&z, Z_FINISH) == Z_STREAM_END;
        inflateEnd(&z);
    }
    if (good) {
        buf_lit(out, "<script>");
        buf_write(out, plain, file->n_plain);
        end_part(out);
    }
    mem_free(mem, plain, plain ? file->n_plain : 0);
    return good;
}

/* What the page says of the models; '<' cannot stand in it. */
static void put_info(struct buf *out, const struct export *o) {
    struct mem mem = {0};
    struct buf json;
    buf_init(&json, &mem);
    struct json_writer w = json_writer_to(&json);
    json_object_begin(&w);
    json_key(&w, STR("version"));
    json_str(&w, STR(TTX_VERSION));
    json_key(&w, STR("models"));
    json_array_begin(&w);
    for (size_t i = 0; i < o->n; i++) {
        struct store_hash id;
        store_hash_bytes(o->models[i].text, &id);
        json_object_begin(&w);
        json_key(&w, STR("name"));
        json_str(&w, o->models[i].name);
        json_key(&w, STR("id"));
        json_str(&w, str_of(id.text, STORE_HASH_TEXT));
        json_object_end(&w);
    }
    json_array_end(&w);
    json_key(&w, STR("exported"));
    json_u64(&w, (uint64_t)time(NULL) * 1000);
    json_object_end(&w);
    begin_part(out, "info");
    for (size_t i = 0; i < json.n; i++) {
        if (json.p[i] == '<')
            buf_lit(out, "\\u003c");
        else
            buf_putc(out, json.p[i]);
    }
    end_part(out);
    if (json.failed)
        out->failed = true;
    buf_free(&json);
}

static const struct {
    const char *id, *begin, *end;
} parts[] = {
    {"style", "/app-", ".css"},    {"app", "/app-", ".js"},         {"editor", "/editor-", ".js"},
    {"worker", "/worker-", ".js"}, {"engine", "/engine-", ".wasm"}, {"core", "/core-", ".wasm"},
};

/* The page. False when this program was built without the web page, or memory or the file fails. */
static bool write_page(struct buf *out, const struct export *o, struct mem *mem, bool *built) {
    const struct static_file *script = page_file("/page-", ".js");
    *built = script != NULL;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        *built &= page_file(parts[i].begin, parts[i].end) != NULL;
    if (!*built)
        return false;
    buf_lit(out,
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta name=\"color-scheme\" content=\"light dark\">\n"
            /* nothing is loaded from anywhere */
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline' "
            "'wasm-unsafe-eval' blob:; worker-src blob:; style-src 'unsafe-inline'; img-src data: blob:; "
            "connect-src data: blob:\">\n<title>");
    for (size_t i = 0; i < o->n && !o->title; i++) {
        if (i)
            buf_lit(out, ", ");
        put_escaped(out, o->models[i].name);
    }
    if (o->title)
        put_escaped(out, str_from_z(o->title));
    buf_lit(out, "</title>\n<body>\n<div id=\"app\"></div>\n<noscript>This page needs JavaScript.</noscript>\n");
    put_info(out, o);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const struct static_file *file = page_file(parts[i].begin, parts[i].end);
        struct base64 b = {.out = out};
        begin_part(out, parts[i].id);
        base64_put(&b, file->data, file->n);
        base64_end(&b);
        end_part(out);
    }
    bool good = true;
    for (size_t i = 0; good && i < o->n; i++) {
        char id[32];
        snprintf(id, sizeof id, "model-%zu", i);
        begin_part(out, id);
        good = put_packed(out, o->models[i].text);
        end_part(out);
    }
    return good && put_script(out, script, mem) && !out->failed;
}

static int write_file(const struct export *o, struct mem *mem) {
    struct cli_output out;
    bool built;
    if (!cli_output_open(&out, mem, o->to))
        return CLI_USAGE;
    bool good = write_page(&out.buf, o, mem, &built);
    if (!built)
        fprintf(stderr, "tt-explorer: this program was built without the web page, which export needs\n");
    else if (!good && !out.buf.failed)
        fprintf(stderr, "tt-explorer: cannot write %s: out of memory\n", o->to);
    return cli_output_end(&out, good ? CLI_OK : CLI_USAGE);
}

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

/* Reads the models; gives the exit code. All that were opened are to be closed. */
static int read_models(struct export *o) {
    int code = CLI_OK;
    for (size_t i = 0; i < o->n; i++) {
        struct model *m = &o->models[i];
        if (!cli_input_open(&m->in, m->path)) {
            o->n = i;
            return CLI_USAGE;
        }
        m->name = o->title && o->n == 1 ? str_from_z(o->title) : last_part(m->path);
        m->text = file_text(m->in.file);
        bool model = is_model(&m->in);
        cli_show_diags(&m->in);
        if (cli_exit_code(&m->in) > code)
            code = cli_exit_code(&m->in);
        if (!model)
            o->to = NULL; /* no page is made */
    }
    return code;
}

int cli_export(int argc, char **argv) {
    struct mem mem;
    mem_init(&mem);
    size_t room = (size_t)argc * sizeof(struct model);
    struct export o = {.models = mem_alloc(&mem, room)};
    if (!o.models) {
        fputs("tt-explorer: out of memory\n", stderr);
        return CLI_USAGE;
    }
    int code;
    if (cli_read_options(&syntax, &o, argc, argv, &code)) {
        if (!o.to) {
            code = cli_bad_usage("export", "where to? Say -o PAGE.html", NULL);
        } else {
            code = read_models(&o);
            int written = code != CLI_USAGE && o.to ? write_file(&o, &mem) : CLI_OK;
            code = written != CLI_OK ? written : code;
            for (size_t i = 0; i < o.n; i++)
                cli_input_close(&o.models[i].in);
        }
    }
    mem_free(&mem, o.models, room);
    return code;
}
