#define _GNU_SOURCE /* mmap, MAP_ANONYMOUS */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/num.h"

enum { FILE_MAP_FROM = 1 << 20 }; /* bytes; below, reading is as fast and needs no guard */

struct file_cause file_cause_of(int error, bool writing) {
    struct file_cause c = {error == 0 || error == ENOMEM ? "out of memory" : strerror(error), ""};
    if (error == ENOENT)
        c.cure = writing ? "; look whether its folder is there"
                         : "; look whether the name is right and the file still there";
    else if (error == EISDIR)
        c.cure = "; name a file in it";
    else if (error == EACCES || error == EPERM || error == EROFS)
        c.cure = writing ? "; look at its permissions, or write to another place" : "; look at its permissions";
    else if (error == ENOSPC || error == EDQUOT)
        c.cure = "; make room, then do it again";
    return c;
}

static bool file_fail(struct file *f, const char *path, int error) {
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    struct file_cause c = file_cause_of(error, false);
    snprintf(f->error, sizeof f->error, "cannot read %s: %s%s", name, c.text, c.cure);
    return false;
}

/* Reserves the size and one byte more, then lays the file over it: when the size is a multiple of the page size the
 * byte after the end still belongs to an anonymous page of zeros. */
static bool file_map(struct file *f, int fd, size_t n) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size;
    if (!num_add_size(n, page, &size))
        return false;
    size -= size % page;
    char *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return false;
    if (mmap(p, n, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED) {
        munmap(p, size);
        return false;
    }
    madvise(p, n, MADV_SEQUENTIAL); /* read ahead further; a hint */
    f->p = p;
    f->n = n;
    f->size = size;
    f->mapped = true;
    f->guard = guard_add(p, size);
    return true;
}

/* Reads to the end, whatever the descriptor is. `expect` is a guess of the size. 0, or an errno. */
static int file_read(struct file *f, int fd, size_t expect) {
    size_t size = expect + 2, n = 0; /* room for the zero, and to see the end without growing */
    char *p = mem_alloc(f->mem, size);
    if (!p)
        return ENOMEM;
    while (true) {
        ssize_t got = read(fd, p + n, size - n - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int cause = errno;
            mem_free(f->mem, p, size);
            return cause;
        }
        if (got == 0)
            break;
        n += (size_t)got;
        if (n + 1 == size) {
            size_t grown;
            char *q = num_mul_size(size, 2, &grown) ? mem_realloc(f->mem, p, size, grown) : NULL;
            if (!q) {
                mem_free(f->mem, p, size);
                return ENOMEM;
            }
            p = q;
            size = grown;
        }
    }
    p[n] = 0;
    f->p = p;
    f->n = n;
    f->size = size;
    return 0;
}

bool file_open(struct file *f, struct mem *m, const char *path) {
    *f = (struct file){.mem = m, .guard = -1};
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return file_fail(f, path, errno);
    struct stat st;
    int cause = 0;
    if (fstat(fd, &st) != 0) {
        cause = errno;
    } else if (S_ISDIR(st.st_mode)) {
        cause = EISDIR;
    } else {
        bool regular = S_ISREG(st.st_mode) && st.st_size >= 0 && (uintmax_t)st.st_size < SIZE_MAX / 2;
        size_t n = regular ? (size_t)st.st_size : 64 << 10;
        /* Standard input may be a file that somebody has begun to read. */
        bool whole = regular && lseek(fd, 0, SEEK_CUR) == 0;
        if (!(whole && n > FILE_MAP_FROM && file_map(f, fd, n)))
            cause = file_read(f, fd, n);
    }
    if (!is_stdin)
        close(fd);
    return cause ? file_fail(f, path, cause) : true;
}

void file_close(struct file *f) {
    guard_remove(f->guard);
    if (f->mapped)
        munmap((void *)(uintptr_t)f->p, f->size);
    else
        mem_free(f->mem, (void *)(uintptr_t)f->p, f->size);
    f->p = NULL;
    f->n = f->size = 0;
    f->guard = -1;
}

void file_forget(const struct file *f, size_t begin, size_t end) {
    if (!f->mapped)
        return;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    begin += (page - begin % page) % page;
    end -= end % page;
    if (begin < end && end <= f->n)
        madvise((void *)(uintptr_t)(f->p + begin), end - begin, MADV_DONTNEED);
}

bool file_was_truncated(const struct file *f) {
    return guard_was_hit(f->guard);
}

bool file_flush_fd(void *ctx, const char *p, size_t n) {
    int fd = *(const int *)ctx;
    while (n) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}
