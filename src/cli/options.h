/* Reading the arguments of a sub-command by a table: one row per option.
 *
 *   --name VALUE   --name=VALUE   -n VALUE   -nVALUE   --flag   --   FILE
 *
 * --help and -h print the sub-command's help and need no row. Behind -- everything is a file; - alone is one as well.
 * What is wrong is said on standard error. */
#ifndef TTX_CLI_OPTIONS_H
#define TTX_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes a value into `o`, the arguments read so far. Gives CLI_OK, or CLI_USAGE after cli_bad_usage. */
typedef int cli_take(void *o, const char *value);

enum cli_option_kind {
    CLI_FLAG,    /* no value; the bool at `at` becomes true */
    CLI_TEXT,    /* its value goes into the const char * at `at` */
    CLI_STR,     /* its value goes into the str at `at` */
    CLI_VALUE,   /* `take` gets its value */
    CLI_LIST,    /* `take` gets every argument that follows, until the next that begins with -- */
    CLI_INSTEAD, /* no value; `take` (value NULL) is all that is done, its result the exit code */
};

struct cli_option {
    const char *name,
        *letter; /* "--port", "-p"; an option that has only a letter has it as its name. letter may be NULL */
    enum cli_option_kind kind;
    size_t at; /* of the member of `o`, for the kinds that say so */
    cli_take *take;
};

/* A sub-command's arguments. */
struct cli_syntax {
    const char *command, *help;
    const struct cli_option *options; /* ended by a row without a name */
    cli_take *file;                   /* gets each file; NULL: there is one, which goes to file_at */
    size_t file_at;                   /* of a const char * in `o` */
    bool no_file;                     /* none need be given */
};

/* Reads argv[1...argc) into `o`. False when the sub-command is through: `*code` is its exit code then, and what there is
 * to say is said. Texts in `o` point into argv. */
bool cli_read_options(const struct cli_syntax *s, void *o, int argc, char **argv, int *code);

/* The place of `text` among `n` names; n when it is none of them. */
size_t cli_choice(const char *text, const char *const *names, size_t n);

/* A number of bytes above 0, whole, with K, M or G (1024 each) behind it or nothing. False when it is none. */
bool cli_size(const char *text, uint64_t *bytes);

#endif
