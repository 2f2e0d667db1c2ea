/* Reading files for the sub-commands. */
#include "cli/input.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "dialect/dialect.h"

static void release_file(void *what) {
    struct file *f = what;
    file_close(f);
}

bool cli_input_open(struct cli_input *in, const char *path) {
    *in = (struct cli_input){.path = path};
    mem_init(&in->mem);
    in->ctx = ir_context_new(&in->mem, dialect_resolve);
    in->file = in->ctx ? ir_context_alloc(in->ctx, sizeof *in->file) : NULL;
    if (!in->file) {
        fprintf(stderr, "tt-explorer: out of memory\n");
        ir_context_unref(in->ctx);
        return false;
    }
    if (!file_open(in->file, &in->mem, path)) {
        fprintf(stderr, "tt-explorer: %s\n", in->file->error);
        ir_context_unref(in->ctx);
        return false;
    }
    if (!ir_context_own(in->ctx, in->file, release_file)) {
        fprintf(stderr, "tt-explorer: out of memory\n");
        file_close(in->file);
        ir_context_unref(in->ctx);
        return false;
    }
    diags_init(&in->d, &in->mem);
    return true;
}

void cli_input_close(struct cli_input *in) {
    ir_module_free(in->m);
    diags_free(&in->d);
    ir_context_unref(in->ctx);
}

/* What is read seldom needs looking at again: it need not stay in memory. */
static bool forget_what_is_read(void *arg, size_t done) {
    const struct cli_input *in = arg;
    file_forget(in->file, 0, done);
    return true;
}

/* Reads a text as one module. False when it turns out to be several, which then are read one by one. */
static bool read_whole(struct cli_input *in, const text_read_options *options, str name) {
    text_read_options o = *options;
    o.progress = forget_what_is_read;
    o.progress_arg = in;
    str whole = file_text(in->file), part;
    in->m = text_read(in->ctx, whole, name, &o, &in->d);
    size_t at = 0;
    if (!in->m && text_split(whole, &at, &part) && part.n < whole.n) {
        diags_free(&in->d);
        diags_init(&in->d, &in->mem);
        return false;
    }
    in->at = whole.n + 1;
    return true;
}

bool cli_input_next(struct cli_input *in, text_registry registry) {
    const text_read_options o = {.registry = registry, .strict = in->strict};
    str whole = file_text(in->file), part, name = str_from_z(strcmp(in->path, "-") ? in->path : "<stdin>");
    ir_module_free(in->m);
    in->m = NULL;
    in->part++;
    if (in->at > 0 || !read_whole(in, &o, name)) {
        if (!text_split(whole, &in->at, &part))
            return false;
        in->many = true;
        part = text_part(in->ctx, whole, part);
        if (part.p)
            in->m = text_read(in->ctx, part, name, &o, &in->d);
        else
            diag_out_of_memory(&in->d);
    }
    if (file_was_truncated(in->file))
        diag_add(&in->d, DIAG_ERROR, NULL, 0, 0, "%s: the file became shorter while it was read", in->path);
    return true;
}

static bool has_symbol(const ir_module *m, str symbol) {
    ir_op op = m->root;
    while ((op = ir_walk_next(m, m->root, op)) != 0) {
        ir_attr name = symbol.n ? ir_op_attr(m, op, STR("sym_name")) : 0;
        if (!symbol.n ||
            (name && ir_kind_of(m->ctx, name) == IR_ATTR_STRING && str_eq(ir_str_of(m->ctx, name), symbol)))
            return true;
    }
    return false;
}

void cli_input_find(struct cli_input *in, text_registry registry, str symbol) {
    str whole = file_text(in->file), rest;
    size_t at = 0;
    while (cli_input_next(in, registry) && in->m && !has_symbol(in->m, symbol)) {
        at = in->at;
        if (!text_split(whole, &at, &rest))
            return;
    }
}

/* What may be wrong with a file that has given no module. */
static void put_hint(const struct diags *d, struct buf *out) {
    for (size_t i = 0; i < d->list.n; i++) {
        const struct diag *e = &d->list.v[i];
        if (e->severity != DIAG_ERROR || !e->source)
            continue;
        const char *hint = text_unreadable_hint(e->source->text, e->begin);
        if (hint)
            buf_printf(out, "tt-explorer: %.*s: %s\n", STR_ARG(e->source->name), hint);
        return;
    }
}

void cli_show_diags(struct cli_input *in) {
    if (in->d.errors == 0 && in->d.warnings == 0 && !in->d.oom)
        return;
    const char *plain = getenv("NO_COLOR");
    struct diag_style style = {.colours = isatty(STDERR_FILENO) && !(plain && *plain)};
    int fd = STDERR_FILENO;
    struct buf out;
    buf_init_stream(&out, &in->mem, 1 << 16, file_flush_fd, &fd);
    diags_render(&in->d, &out, style);
    if (!in->m)
        put_hint(&in->d, &out);
    buf_flush(&out);
    buf_free(&out);
}

void cli_json_diags(struct cli_input *in, struct json_writer *w) {
    json_key(w, STR("errors"));
    json_u64(w, in->d.errors);
    json_key(w, STR("warnings"));
    json_u64(w, in->d.warnings);
    json_key(w, STR("diagnostics"));
    diags_render_json(&in->d, w);
}

int cli_exit_code(const struct cli_input *in) {
    if (in->d.oom)
        return CLI_USAGE;
    return in->d.errors ? CLI_INPUT : CLI_OK;
}

int cli_bad_usage(const char *command, const char *what, const char *argument) {
    fprintf(stderr, "tt-explorer %s: %s", command, what);
    if (argument)
        fprintf(stderr, " '%s'", argument);
    fprintf(stderr, "; see tt-explorer %s --help\n", command);
    return CLI_USAGE;
}
