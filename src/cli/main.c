/* tt-explorer: the program. Finds the sub-command and runs it. */
#define _GNU_SOURCE /* access */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/mem.h"
#include "cli/cli.h"

/* In the order of --help. The row of a new sub-command is all that main knows of it. */
static const struct cli_command cli_commands[] = {
    {"serve", "[OPTION...] [FILE|FOLDER...]", "the web page, and what it needs", cli_serve},
    {"info", "FILE", "what is in a module", cli_info},
    {"print", "[--generic] [--locations] FILE", "a module as text", cli_print},
    {"check", "FILE...", "whether modules are right", cli_check},
    {"compile", "[OPTION...] FILE", "TTIR to TTNN, pass by pass", cli_compile},
    {"convert", "[OPTION...] FILE", "a model as a graph", cli_convert},
    {"export", "[OPTION...] FILE -o PAGE", "a model as one page that needs no server", cli_export},
    {"render", "[OPTION...] FILE", "a model as a picture", cli_render},
    {"run", "[OPTION...] FILE", "executes a module on the CPU", cli_run_module},
    {NULL, NULL, NULL, NULL},
};

static void cli_help(FILE *to) {
    fputs("tt-explorer: look into compilers of machine-learning models\n\n"
          "usage: tt-explorer [OPTION...] [FILE|FOLDER...]    serve them and open a browser\n"
          "       tt-explorer COMMAND [ARGUMENT...]\n"
          "       tt-explorer COMMAND --help\n"
          "       tt-explorer --version | --help\n",
          to);
    if (cli_commands[0].name)
        fputs("\ncommands:\n", to);
    for (const struct cli_command *c = cli_commands; c->name; c++)
        fprintf(to, "  %-8s %s\n", c->name, c->help);
    fputs("\nexit status: 0 fine, 1 the input has errors, 2 wrong usage or trouble with files\n", to);
}

static int cli_usage_error(const char *what, const char *argument) {
    fprintf(stderr, "tt-explorer: %s%s%s; see tt-explorer --help\n", what, argument ? " " : "",
            argument ? argument : "");
    return CLI_USAGE;
}

int main(int argc, char **argv) {
    const char *name = argc < 2 ? "" : argv[1];
    if (strcmp(name, "--version") == 0) {
        puts("tt-explorer " TTX_VERSION);
        return CLI_OK;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        cli_help(stdout);
        return CLI_OK;
    }
    guard_install();
    mem_keep_freed(MEM_KEPT);
    if (argc < 2)
        return cli_serve(argc, argv);
    for (const struct cli_command *c = cli_commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c->run(argc - 1, argv + 1);
    /* No command: options of serve, or what to open. */
    if (name[0] == '-' || access(name, F_OK) == 0)
        return cli_serve(argc, argv);
    return cli_usage_error("no command and no file:", name);
}
