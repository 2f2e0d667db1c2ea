/* tt-explorer print: a module as text. */
#include <string.h>

#include "cli/cli.h"
#include "cli/input.h"

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
    struct buf out, text;
    cli_stdout(&out, &in->mem);
    buf_init(&text, &in->mem);
    struct json_writer w = json_writer_to(&out);
    w.indent = 2;
    bool ok = print_modules(in, o, &text);
    json_object_begin(&w);
    json_key(&w, STR("file"));
    json_str(&w, str_from_z(in->path));
    json_key(&w, STR("text"));
    json_str(&w, buf_str(&text));
    cli_json_diags(in, &w);
    json_object_end(&w);
    buf_putc(&out, '\n');
    buf_free(&text);
    return cli_stdout_end(&out, ok ? cli_exit_code(in) : CLI_USAGE);
}

static int print_text(struct cli_input *in, const text_print_options *o) {
    struct buf out;
    cli_stdout(&out, &in->mem);
    bool ok = print_modules(in, o, &out);
    cli_show_diags(in);
    bool written = !out.failed;
    int code = cli_stdout_end(&out, cli_exit_code(in));
    if (ok || !written)
        return code;
    fprintf(stderr, "tt-explorer: cannot print %s: out of memory, or nested too deeply\n", in->path);
    return CLI_USAGE;
}

int cli_print(int argc, char **argv) {
    text_print_options o = {0};
    bool json = false;
    const char *path = NULL;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i];
        if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0) {
            fputs(help, stdout);
            return CLI_OK;
        }
        if (strcmp(a, "--generic") == 0)
            o.generic = true;
        else if (strcmp(a, "--locations") == 0)
            o.locations = true;
        else if (strcmp(a, "--upstream") == 0)
            o.registry = TEXT_UPSTREAM;
        else if (strcmp(a, "--json") == 0)
            json = true;
        else if (a[0] == '-' && a[1])
            return cli_bad_usage("print", "unknown option", a);
        else if (path)
            return cli_bad_usage("print", "more than one file:", a);
        else
            path = a;
    }
    if (!path)
        return cli_bad_usage("print", "no file given", NULL);
    struct cli_input in;
    if (!cli_input_open(&in, path))
        return CLI_USAGE;
    int code = json ? print_json(&in, &o) : print_text(&in, &o);
    cli_input_close(&in);
    return code;
}
