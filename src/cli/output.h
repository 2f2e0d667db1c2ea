/* Where a sub-command writes: standard output, or a file that is named. */
#ifndef TTX_CLI_OUTPUT_H
#define TTX_CLI_OUTPUT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/mem.h"

struct cli_output {
    struct buf buf;   /* append here */
    const char *path; /* NULL for standard output */
    int fd;
    int error; /* errno of the write that failed */
};

/* Opens a stream to the file at `path`, which is made or emptied; NULL and "-" are standard output. False with a
 * message when the file cannot be made; then there is nothing to end. `path` is kept as long as the stream. */
bool cli_output_open(struct cli_output *o, struct mem *m, const char *path);

/* Writes what is left, closes the file and gives the exit code: `code`, or CLI_USAGE with a message that says the cause
 * when something could not be written. A regular file that was not written whole, or of which `code` says so
 * (CLI_USAGE), is removed. */
int cli_output_end(struct cli_output *o, int code);

/* Opens a stream to standard output. */
void cli_stdout(struct cli_output *o, struct mem *m);

#endif
