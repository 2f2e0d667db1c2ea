/* tt-explorer info: what is in a module. */
#include "cli/info.h"

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"

static const char help[] =
    "usage: tt-explorer info [OPTION...] FILE\n"
    "\n"
    "Tells what is in an MLIR module: dialects, functions with their signatures, parameters and constants "
    "with\n"
    "their bytes, meshes, how often each op occurs, what kinds of locations ops have. FILE - is standard "
    "input.\n"
    "\n"
    "  --json        as a JSON document, with the diagnostics\n"
    "  --help        this text\n"
    "\n"
    "examples:\n"
    "  tt-explorer info model.mlir\n"
    "  tt-explorer info --json model.mlir | jq '.modules[0].op_counts'\n"
    "\n"
    "exit status: 0 fine, 1 the input has errors, 2 wrong usage or trouble with files\n";

/* Shows all modules of the input; false when out of memory. */
static bool show_modules(struct cli_input *in, struct buf *out, struct json_writer *w) {
    bool ok = true;
    while (ok && cli_input_next(in, TEXT_ALL)) {
        struct info x;
        if (!in->m)
            continue;
        ok = info_gather(&x, in->m, &in->mem);
        if (ok && w) {
            json_object_begin(w);
            info_show_json(&x, w);
            json_object_end(w);
        } else if (ok) {
            if (in->many)
                buf_printf(out, "%smodule %u: ", in->part > 1 ? "\n" : "", in->part);
            info_show_text(&x, out);
        }
        info_free(&x);
    }
    return ok;
}

struct arguments {
    const char *path;
    bool json;
};

static const struct cli_option options[] = {
    {.name = "--json", .kind = CLI_FLAG, .at = offsetof(struct arguments, json)},
    {0},
};

static const struct cli_syntax syntax = {"info", help, options, .file_at = offsetof(struct arguments, path)};

int cli_info(int argc, char **argv) {
    struct arguments a = {0};
    int code;
    if (!cli_read_options(&syntax, &a, argc, argv, &code))
        return code;
    struct cli_input in;
    if (!cli_input_open(&in, a.path))
        return CLI_USAGE;
    struct cli_output out;
    cli_stdout(&out, &in.mem);
    struct json_writer w = json_writer_to(&out.buf);
    w.indent = 2;
    if (a.json) {
        json_object_begin(&w);
        json_key(&w, STR("file"));
        json_str(&w, str_from_z(a.path));
        json_key(&w, STR("bytes"));
        json_u64(&w, in.file->n);
        json_key(&w, STR("modules"));
        json_array_begin(&w);
    } else {
        buf_printf(&out.buf, "%s: %zu bytes\n", a.path, in.file->n);
    }
    bool ok = show_modules(&in, &out.buf, a.json ? &w : NULL);
    if (a.json) {
        json_array_end(&w);
        cli_json_diags(&in, &w);
        json_object_end(&w);
        buf_putc(&out.buf, '\n');
    } else {
        cli_show_diags(&in);
        if (in.d.warnings)
            buf_printf(&out.buf, "\n%zu warnings\n", in.d.warnings);
    }
    if (!ok)
        fprintf(stderr, "tt-explorer: out of memory\n");
    code = cli_output_end(&out, ok ? cli_exit_code(&in) : CLI_USAGE);
    cli_input_close(&in);
    return code;
}
