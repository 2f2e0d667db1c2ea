#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/cli.h"

enum { CHUNK = 1 << 16 };

static bool write_out(void *ctx, const char *p, size_t n) {
    struct cli_output *o = ctx;
    if (file_flush_fd(&o->fd, p, n))
        return true;
    o->error = errno;
    return false;
}

static void say_cause(const char *path, int error) {
    struct file_cause c = file_cause_of(error, true);
    fprintf(stderr, "tt-explorer: cannot write %s: %s%s\n", path ? path : "to standard output", c.text, c.cure);
}

bool cli_output_open(struct cli_output *o, struct mem *m, const char *path) {
    o->path = path && strcmp(path, "-") != 0 ? path : NULL;
    o->error = 0;
    o->fd = o->path ? open(o->path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : STDOUT_FILENO;
    if (o->fd < 0) {
        say_cause(o->path, errno);
        return false;
    }
    buf_init_stream(&o->buf, m, CHUNK, write_out, o);
    return true;
}

void cli_stdout(struct cli_output *o, struct mem *m) {
    cli_output_open(o, m, NULL);
}

int cli_output_end(struct cli_output *o, int code) {
    bool written = buf_flush(&o->buf);
    buf_free(&o->buf);
    struct stat st;
    bool ours = o->path && fstat(o->fd, &st) == 0 && S_ISREG(st.st_mode); /* no device or pipe that was named */
    if (o->path && close(o->fd) != 0 && written) {
        o->error = errno;
        written = false;
    }
    if (!written) {
        say_cause(o->path, o->error);
        code = CLI_USAGE;
    }
    if (ours && code == CLI_USAGE)
        unlink(o->path);
    return code;
}
