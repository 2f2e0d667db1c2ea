/* Reading files whole, and writing streams.
 *
 * A file's bytes are always followed by a zero byte that is not counted, so that scanners need no end check. Large
 * regular files are mapped and cost no memory of their own; small ones, pipes and standard input are read.
 */
#ifndef TTX_BASE_FILE_H
#define TTX_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/str.h"

struct file {
    const char *p; /* p[n] == 0 */
    size_t n;
    bool mapped;
    size_t size; /* bytes of the mapping or the allocation */
    int guard;   /* slot of the SIGBUS guard, or -1 */
    struct mem *mem;
    char error[512]; /* after a failure: "cannot read FILE: cause; what helps" */
};

/* Opens and reads the file at `path`; "-" is standard input. False on failure, with f->error set and nothing to
 * close. Otherwise the caller closes it with file_close. */
bool file_open(struct file *f, struct mem *m, const char *path);
void file_close(struct file *f);

static inline str file_text(const struct file *f) {
    return (str){f->p, f->n};
}

/* Whether the mapped file was cut short by somebody while it was read; what was lost reads as zero bytes. Known
 * only where guard_install() was called. */
bool file_was_truncated(const struct file *f);

/* The bytes [begin, end) are not needed for a while: whole pages of a mapped file leave the memory of the process and
 * come back when they are touched again. Without effect on files that were read. */
void file_forget(const struct file *f, size_t begin, size_t end);

/* The end of a sentence about a file that could not be read or written: the cause (an errno; 0 stands for want of memory) and, where
 * something helps, what: "No such file or directory; look whether ...". Texts that stay. */
struct file_cause {
    const char *text, *cure; /* the cure is "" or begins with "; " */
};
struct file_cause file_cause_of(int error, bool writing);

/* A buf_flush_fn that writes to the file descriptor `*(int *)ctx`, e.g. of standard output. False on an error, which
 * errno tells. */
bool file_flush_fd(void *ctx, const char *p, size_t n);

#endif
