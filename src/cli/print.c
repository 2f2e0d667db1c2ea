/* tt-explorer print: a module as text. */
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/output.h"

static const char help[] =
    "usage: tt-explorer print [OPTION...] FILE\n"
    "\n"
    "Reads an MLIR module and prints it the way tt-mlir does. FILE - is standard input. A file of several\n"
    "modules (split by lines of // -----) gives as many.\n"
    "\n"
    "  --generic     every op in its generic form: \"dialect.op\"(...) ... : type\n"
    "  --locations   with the locations of ops and arguments\n"
    "  --upstream    know only MLIR's own dialects, as mlir-opt --allow-unregistered-dialect does;\n"
    "                attributes and types of others are kept as they are written\n"
    "  --json        the text inside a JSON document, with the diagnostics\n"
    "  --help        this text\n"
    "\n"
    "examples:\n"
    "  tt-explorer print model.mlir\n"
    "  tt-explorer print --generic --locations model.mlir > generic.mlir\n"
    "  cat model.mlir | tt-explorer print -\n"
    "\n"
    "exit status: 0 printed, 1 the input has errors, 2 wrong usage or trouble with files\n";

/* Prints all modules of the input; false when printing failed. */
static bool print_modules(struct cli_input *in, const text_print_options *o, struct buf *out) {
    bool ok = true;
    while (ok && cli_input_next(in, o->registry)) {
        if (in->part > 1)
            buf_lit(out, "// -----\n");
        if (in->m)
            ok = text_print(in->m, o, out);
    }
    return ok;
}

static int print_json(struct cli_input *in, const text_print_options *o) {
    struct cli_output out;
    struct buf text;
    cli_stdout(&out, &in->mem);
    buf_init(&text, &in->mem);
    struct json_writer w = json_writer_to(&out.buf);
    w.indent = 2;
    bool ok = print_modules(in, o, &text);
    json_object_begin(&w);
    json_key(&w, STR("file"));
    json_str(&w, str_from_z(in->path));
    json_key(&w, STR("text"));
    json_str(&w, buf_str(&text));
    cli_json_diags(in, &w);
    json_object_end(&w);
    buf_putc(&out.buf, '\n');
    buf_free(&text);
    return cli_output_end(&out, ok ? cli_exit_code(in) : CLI_USAGE);
}

static int print_text(struct cli_input *in, const text_print_options *o) {
    struct cli_output out;
    cli_stdout(&out, &in->mem);
    bool ok = print_modules(in, o, &out.buf);
    cli_show_diags(in);
    bool written = !out.buf.failed;
    int code = cli_output_end(&out, cli_exit_code(in));
    if (ok || !written)
        return code;
    fprintf(stderr, "tt-explorer: cannot print %s: out of memory, or nested too deeply\n", in->path);
    return CLI_USAGE;
}

struct arguments {
    const char *path;
    text_print_options print;
    bool json, upstream;
};

static const struct cli_option options[] = {
    {.name = "--generic", .kind = CLI_FLAG, .at = offsetof(struct arguments, print.generic)},
    {.name = "--locations", .kind = CLI_FLAG, .at = offsetof(struct arguments, print.locations)},
    {.name = "--upstream", .kind = CLI_FLAG, .at = offsetof(struct arguments, upstream)},
    {.name = "--json", .kind = CLI_FLAG, .at = offsetof(struct arguments, json)},
    {0},
};

static const struct cli_syntax syntax = {"print", help, options, .file_at = offsetof(struct arguments, path)};

int cli_print(int argc, char **argv) {
    struct arguments a = {0};
    int code;
    if (!cli_read_options(&syntax, &a, argc, argv, &code))
        return code;
    a.print.registry = a.upstream ? TEXT_UPSTREAM : TEXT_ALL;
    struct cli_input in;
    if (!cli_input_open(&in, a.path))
        return CLI_USAGE;
    code = a.json ? print_json(&in, &a.print) : print_text(&in, &a.print);
    cli_input_close(&in);
    return code;
}
