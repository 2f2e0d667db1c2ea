/* The command line: one file per sub-command, one row per sub-command in main.c. */
#ifndef TTX_CLI_CLI_H
#define TTX_CLI_CLI_H

/* What the program returns. */
enum {
    CLI_OK = 0,
    CLI_INPUT = 1, /* the input has errors */
    CLI_USAGE = 2, /* wrong usage, or trouble with files or memory */
};

/* A sub-command: its own name is argv[0], its arguments follow. Returns one of the codes above. */
typedef int cli_run(int argc, char **argv);

cli_run cli_info, cli_print, cli_check, cli_compile, cli_convert, cli_export, cli_render, cli_run_module, cli_serve;

struct cli_command {
    const char *name;
    const char *arguments; /* as the usage line shows them */
    const char *help;      /* one line, no full stop */
    cli_run *run;
};

#endif
