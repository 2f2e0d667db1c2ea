#define _GNU_SOURCE /* MADV_POPULATE_WRITE */
#include "base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#ifdef __linux__
#include <sys/mman.h>
#include <unistd.h>
#endif

void mem_init(struct mem *m) {
    *m = (struct mem){0};
}

/* Whether `m` may go from `used` minus old_size to plus new_size; counts the call. */
static bool mem_may(struct mem *m, size_t old_size, size_t new_size) {
    m->calls++;
    if (m->fail_at && m->calls >= m->fail_at)
        return false;
    if (new_size > PTRDIFF_MAX)
        return false;
    size_t kept = m->used - old_size;
    if (m->cap && (kept > m->cap || new_size > m->cap - kept))
        return false;
    return true;
}

static void mem_count(struct mem *m, size_t old_size, size_t new_size) {
    m->used = m->used - old_size + new_size;
    if (m->used > m->peak)
        m->peak = m->used;
}

void *mem_alloc(struct mem *m, size_t size) {
    return mem_realloc(m, NULL, 0, size);
}

void *mem_alloc_zero(struct mem *m, size_t size) {
    if (!mem_may(m, 0, size))
        return NULL;
    void *p = calloc(1, size ? size : 1);
    if (p)
        mem_count(m, 0, size);
    return p;
}

void *mem_realloc(struct mem *m, void *p, size_t old_size, size_t new_size) {
    if (!mem_may(m, old_size, new_size))
        return NULL;
    void *q = realloc(p, new_size ? new_size : 1);
    if (q)
        mem_count(m, old_size, new_size);
    return q;
}

void mem_expect_writes(void *p, size_t size) {
#ifdef MADV_POPULATE_WRITE /* Linux 5.14; older ones say EINVAL, and pages come one by one */
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = ((uintptr_t)p + page - 1) / page * page, end = ((uintptr_t)p + size) / page * page;
    if (begin < end)
        madvise((void *)begin, end - begin, MADV_POPULATE_WRITE);
#else
    (void)p;
    (void)size;
#endif
}

void mem_free(struct mem *m, void *p, size_t size) {
    if (!p)
        return;
    m->used -= size;
    free(p);
}
