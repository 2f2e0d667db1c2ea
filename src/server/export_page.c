/* Models as one page; see export_page.h. */
#include "server/export_page.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "server/execute.h"
#include "server/static.h"
#include "text/text.h"

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

static void put_run(struct json_writer *w, const struct export_run *r) {
    json_object_begin(w);
    json_member_i64(w, STR("created"), r->created);
    json_key(w, STR("run"));
    run_json(w, r->id, r->settings, r->compiled, r->diags, r->overrides, NULL);
    json_object_end(w);
}

static void put_model(struct json_writer *w, const struct export_model *m) {
    struct store_hash id;
    store_hash_bytes(m->text, &id);
    json_object_begin(w);
    json_member_str(w, STR("name"), m->name);
    json_member_str(w, STR("id"), str_of(id.text, STORE_HASH_TEXT));
    if (m->n_runs) {
        json_key(w, STR("runs"));
        json_array_begin(w);
        for (size_t i = 0; i < m->n_runs; i++)
            put_run(w, &m->runs[i]);
        json_array_end(w);
    }
    if (m->n_data) {
        json_key(w, STR("data"));
        json_array_begin(w);
        for (size_t i = 0; i < m->n_data; i++) {
            json_object_begin(w);
            json_member_str(w, STR("name"), m->data[i].name);
            json_member_str(w, STR("graph"), m->data[i].graph);
            json_object_end(w);
        }
        json_array_end(w);
    }
    if (m->n_executions) {
        json_key(w, STR("executions"));
        json_array_begin(w);
        for (size_t i = 0; i < m->n_executions; i++)
            execution_summary(w, m->executions[i].id, m->executions[i].created, m->executions[i].json, 0);
        json_array_end(w);
    }
    json_object_end(w);
}

/* What the page says of the models; '<' cannot stand in it. */
static void put_info(struct buf *out, const struct export_page *p, struct mem *mem) {
    struct buf json;
    buf_init(&json, mem);
    struct json_writer w = json_writer_to(&json);
    json_object_begin(&w);
    json_member_str(&w, STR("version"), STR(TTX_VERSION));
    json_key(&w, STR("models"));
    json_array_begin(&w);
    for (size_t i = 0; i < p->n; i++)
        put_model(&w, &p->models[i]);
    json_array_end(&w);
    json_member_u64(&w, STR("exported"), (uint64_t)time(NULL) * 1000);
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

/* A packed part; its name ends in the numbers of the model, the run and the stage. */
static bool put_part(struct buf *out, const char *name, str bytes) {
    begin_part(out, name);
    bool good = put_packed(out, bytes);
    end_part(out);
    return good;
}

/* ---- stages -------------------------------------------------------------------------------------------------- */

/* The number of each op in the order of a walk; 0 is the module. In `mem`, m->n_ops entries. */
static uint32_t *walk_numbers(const ir_module *m, struct mem *mem) {
    uint32_t *number = mem_alloc_zero(mem, m->n_ops * sizeof *number), n = 0;
    for (ir_op op = m->root; number && op; op = ir_walk_next(m, m->root, op))
        number[op] = n++;
    return number;
}

/* [[sources of op 0], [those of op 1], ...] */
static bool put_origins(struct buf *out, const compile_stage *s, const ir_module *before, struct mem *mem) {
    const ir_module *m = s->module->m;
    uint32_t *number = walk_numbers(before, mem);
    if (!number)
        return false;
    buf_putc(out, '[');
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op)) {
        buf_puts(out, op == m->root ? "[" : ",[");
        for (uint32_t k = s->origins.start[op]; k < s->origins.start[op + 1]; k++) {
            if (k > s->origins.start[op])
                buf_putc(out, ',');
            buf_put_u64(out, number[s->origins.sources[k]]);
        }
        buf_putc(out, ']');
    }
    buf_putc(out, ']');
    mem_free(mem, number, before->n_ops * sizeof *number);
    return !out->failed;
}

static bool put_stage(struct buf *out, size_t model, size_t run, uint32_t n, const compile_run *c, struct mem *mem) {
    const text_print_options print = {.locations = true, .hex_above = -1}; /* as the server shows it */
    char name[80];
    struct buf text;
    buf_init(&text, mem);
    bool good = text_print(c->stages[n].module->m, &print, &text) && !text.failed;
    snprintf(name, sizeof name, "run-%zu-%zu-%u", model, run, n);
    good = good && put_part(out, name, buf_str(&text));
    if (good && c->stages[n].origins.start) {
        buf_clear(&text);
        snprintf(name, sizeof name, "origins-%zu-%zu-%u", model, run, n);
        good =
            put_origins(&text, &c->stages[n], c->stages[n - 1].module->m, mem) && put_part(out, name, buf_str(&text));
    }
    buf_free(&text);
    return good;
}

static bool put_models(struct buf *out, const struct export_page *p, struct mem *mem) {
    char name[80];
    bool good = true;
    for (size_t i = 0; good && i < p->n; i++) {
        const struct export_model *m = &p->models[i];
        snprintf(name, sizeof name, "model-%zu", i);
        good = put_part(out, name, m->text);
        for (size_t k = 0; good && k < m->n_data; k++) {
            snprintf(name, sizeof name, "data-%zu-%zu", i, k);
            good = put_part(out, name, m->data[k].json);
        }
        for (size_t k = 0; good && k < m->n_executions; k++) {
            snprintf(name, sizeof name, "execution-%zu-%zu", i, k);
            good = put_part(out, name, m->executions[k].json);
        }
        for (size_t k = 0; good && k < m->n_runs; k++)
            for (uint32_t n = 1; good && n < m->runs[k].compiled->n_stages; n++)
                if (m->runs[k].compiled->stages[n].changed)
                    good = put_stage(out, i, k, n, m->runs[k].compiled, mem);
    }
    return good;
}

/* ---- the page ------------------------------------------------------------------------------------------------ */

static const struct {
    const char *id, *begin, *end;
} parts[] = {
    {"style", "/app-", ".css"},    {"dock", "/dock-", ".js"},     {"app", "/app-", ".js"},
    {"editor", "/editor-", ".js"}, {"worker", "/worker-", ".js"}, {"engine", "/engine-", ".wasm"},
    {"core", "/core-", ".wasm"},
};

bool export_page_write(const struct export_page *p, struct mem *mem, struct buf *out, bool *built) {
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
    for (size_t i = 0; i < p->n && !p->title.n; i++) {
        if (i)
            buf_lit(out, ", ");
        put_escaped(out, p->models[i].name);
    }
    put_escaped(out, p->title);
    buf_lit(out, "</title>\n<body>\n<div id=\"app\"></div>\n<noscript>This page needs JavaScript.</noscript>\n");
    put_info(out, p, mem);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const struct static_file *file = page_file(parts[i].begin, parts[i].end);
        struct base64 b = {.out = out};
        begin_part(out, parts[i].id);
        base64_put(&b, file->data, file->n);
        base64_end(&b);
        end_part(out);
    }
    return put_models(out, p, mem) && put_script(out, script, mem) && !out->failed;
}
