/* What the sub-commands that read MLIR share: opening and reading a file, and showing what is wrong with it. */
#ifndef TTX_CLI_INPUT_H
#define TTX_CLI_INPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/diag.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "ir/ir.h"
#include "text/text.h"

/* One file, read module by module (they are split by lines of "// -----"). */
struct cli_input {
    struct mem mem;
    const char *path;
    struct file *file; /* the context owns it */
    ir_context *ctx;
    struct diags d;
    size_t at;     /* behind the parts read so far */
    unsigned part; /* how many there were */
    bool many;     /* there is more than one */
    bool strict;   /* set before cli_input_next: text_read_options.strict */
    bool usage;    /* the file could not be opened or memory ran out */
    ir_module *m;  /* the module of the last cli_input_next, NULL when it could not be read */
};

/* Opens a file ("-": standard input). False with a message on standard error when it cannot be read; nothing is left to
 * close then. */
bool cli_input_open(struct cli_input *in, const char *path);
void cli_input_close(struct cli_input *in);
/* Reads the next module into in->m (the one before is freed): false when there is none left. in->m is NULL when the text
 * has errors, which in->d then holds. */
bool cli_input_next(struct cli_input *in, text_registry registry);
/* Reads up to the first module that has errors (in->m is NULL), or an op with this symbol (empty: any op at all), and stays at
 * the last one when there is none. Tests of compilers keep many modules in a file, and often begin with words alone. */
void cli_input_find(struct cli_input *in, text_registry registry, str symbol);

/* Shows the diagnostics on standard error, in colours on a terminal. */
void cli_show_diags(struct cli_input *in);
/* Writes the members "errors", "warnings" and "diagnostics" of an open JSON object. */
void cli_json_diags(struct cli_input *in, struct json_writer *w);
/* The exit code that the diagnostics ask for. */
int cli_exit_code(const struct cli_input *in);

/* Prints "tt-explorer COMMAND: what 'argument'; see tt-explorer COMMAND --help" and gives CLI_USAGE. */
int cli_bad_usage(const char *command, const char *what, const char *argument);

#endif
