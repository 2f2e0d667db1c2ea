/* tt-explorer check: are these modules right? */
#include <string.h>

#include "cli/cli.h"
#include "cli/input.h"
#include "dialect/check.h"

static const char help[] =
    "usage: tt-explorer check [OPTION...] FILE...\n"
    "\n"
    "Reads MLIR modules and checks them: syntax, names and dominance, types and attributes of the ops it "
    "knows,\n"
    "symbols, TTNN layouts. Says nothing about files that are right. FILE - is standard input.\n"
    "\n"
    "  --upstream    know only MLIR's own dialects, as mlir-opt --allow-unregistered-dialect does\n"
    "  --json        one JSON document on standard output instead of messages\n"
    "  --help        this text\n"
    "\n"
    "examples:\n"
    "  tt-explorer check model.mlir\n"
    "  tt-explorer check --json stages/*.mlir | jq '.files[] | select(.errors > 0) | .file'\n"
    "\n"
    "exit status: 0 all is right, 1 some input has errors, 2 wrong usage or trouble with files\n";

/* Checks one file; the exit code. `w` is NULL when messages are wanted. */
static int check_file(const char *path, text_registry registry, struct json_writer *w) {
    const check_options rules = {.print = text_print_node};
    struct cli_input in;
    if (!cli_input_open(&in, path))
        return CLI_USAGE;
    in.strict = true;
    while (cli_input_next(&in, registry))
        if (in.m)
            check_module(in.m, &rules, &in.d);
    int code = cli_exit_code(&in);
    if (w) {
        json_object_begin(w);
        json_key(w, STR("file"));
        json_str(w, str_from_z(path));
        cli_json_diags(&in, w);
        json_object_end(w);
    } else {
        cli_show_diags(&in);
    }
    cli_input_close(&in);
    return code;
}

int cli_check(int argc, char **argv) {
    text_registry registry = TEXT_ALL;
    bool json = false;
    int n = 0;
    for (int i = 1; i < argc; i++) {
        char *a = argv[i];
        if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0) {
            fputs(help, stdout);
            return CLI_OK;
        }
        if (strcmp(a, "--upstream") == 0)
            registry = TEXT_UPSTREAM;
        else if (strcmp(a, "--json") == 0)
            json = true;
        else if (a[0] == '-' && a[1])
            return cli_bad_usage("check", "unknown option", a);
        else
            argv[n++] = a; /* the files, gathered at the front */
    }
    if (n == 0)
        return cli_bad_usage("check", "no file given", NULL);
    struct mem mem;
    mem_init(&mem);
    struct buf out;
    cli_stdout(&out, &mem);
    struct json_writer w = json_writer_to(&out);
    w.indent = 2;
    if (json) {
        json_object_begin(&w);
        json_key(&w, STR("files"));
        json_array_begin(&w);
    }
    int code = CLI_OK;
    for (int i = 0; i < n; i++) {
        int c = check_file(argv[i], registry, json ? &w : NULL);
        code = c > code ? c : code;
    }
    if (json) {
        json_array_end(&w);
        json_object_end(&w);
        buf_putc(&out, '\n');
    }
    return cli_stdout_end(&out, code);
}
