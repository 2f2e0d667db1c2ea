/* tt-explorer check: are these modules right? */
#include "dialect/check.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/options.h"
#include "cli/output.h"

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

struct arguments {
    const char **files;
    int n_files;
    bool upstream, json;
};

static int take_file(void *o, const char *path) {
    struct arguments *a = o;
    a->files[a->n_files++] = path;
    return CLI_OK;
}

static const struct cli_option options[] = {
    {.name = "--upstream", .kind = CLI_FLAG, .at = offsetof(struct arguments, upstream)},
    {.name = "--json", .kind = CLI_FLAG, .at = offsetof(struct arguments, json)},
    {0},
};

static const struct cli_syntax syntax = {"check", help, options, .file = take_file};

static int check_files(const struct arguments *a) {
    struct mem mem;
    mem_init(&mem);
    struct cli_output out;
    cli_stdout(&out, &mem);
    struct json_writer w = json_writer_to(&out.buf);
    w.indent = 2;
    if (a->json) {
        json_object_begin(&w);
        json_key(&w, STR("files"));
        json_array_begin(&w);
    }
    int code = CLI_OK;
    for (int i = 0; i < a->n_files; i++) {
        int c = check_file(a->files[i], a->upstream ? TEXT_UPSTREAM : TEXT_ALL, a->json ? &w : NULL);
        code = c > code ? c : code;
    }
    if (a->json) {
        json_array_end(&w);
        json_object_end(&w);
        buf_putc(&out.buf, '\n');
    }
    return cli_output_end(&out, code);
}

int cli_check(int argc, char **argv) {
    struct mem mem;
    mem_init(&mem);
    size_t room = (size_t)argc * sizeof(char *);
    struct arguments a = {.files = mem_alloc(&mem, room)};
    if (!a.files) {
        fputs("tt-explorer: out of memory\n", stderr);
        return CLI_USAGE;
    }
    int code;
    if (cli_read_options(&syntax, &a, argc, argv, &code))
        code = check_files(&a);
    mem_free(&mem, a.files, room);
    return code;
}
