#define _GNU_SOURCE /* MADV_POPULATE_WRITE, mremap */
#include "base/mem.h"

#include "base/platform.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#ifdef __linux__
#include <sys/mman.h>
#include <unistd.h>
#endif

void mem_keep_freed(size_t bytes) {
#ifdef __GLIBC__
    /* Blocks with a mapping of their own go back when they are freed; with a threshold that is set they are always those
     * from it on, not those larger than what was freed last. */
    enum { OWN_MAPPING = 4 << 20 };
    mallopt(M_MMAP_THRESHOLD, OWN_MAPPING);
    mallopt(M_TRIM_THRESHOLD, bytes < INT_MAX ? (int)bytes : INT_MAX);
#else
    (void)bytes;
#endif
}

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

/* ---- huge pages ------------------------------------------------------------------------------------------- */

/* AddressSanitizer sees the bounds of malloc's blocks only. */
#if defined(MADV_HUGEPAGE) && !HAVE_ASAN

static size_t huge_size(size_t size) {
    return (size + MEM_HUGE - 1) / MEM_HUGE * MEM_HUGE;
}

/* `size` bytes (whole huge pages) of addresses that begin at a huge page, without memory behind them; NULL when there
 * are none. */
static char *huge_addresses(size_t size) {
    char *p = mmap(NULL, size + MEM_HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    size_t before = (MEM_HUGE - (uintptr_t)p % MEM_HUGE) % MEM_HUGE;
    if (before)
        munmap(p, before);
    if (MEM_HUGE - before)
        munmap(p + before + size, MEM_HUGE - before);
    return p + before;
}

static void *huge_move(void *p, size_t old_size, size_t new_size);

/* A spare made as large as it is asked for, the smallest that is large enough or else the largest; NULL when there is none.
 * What is left over of it stays. */
static void *from_spares(struct mem *m, size_t size) {
    struct mem_spare *best = NULL;
    for (struct mem_spare *s = m->spares; s < m->spares + MEM_SPARES; s++) {
        bool better = !best || (best->size < size ? s->size > best->size : s->size >= size && s->size < best->size);
        if (s->p && better)
            best = s;
    }
    if (!best)
        return NULL;
    void *p = best->size < size ? huge_move(best->p, best->size, size) : best->p;
    if (!p)
        return NULL;
    best->p = best->size > size ? (char *)best->p + size : NULL;
    best->size = best->p ? best->size - size : 0;
    return p;
}

/* Whether a freed block became a spare. */
static bool to_spares(struct mem *m, void *p, size_t size) {
    for (struct mem_spare *s = m->spares; m->keeps && s < m->spares + MEM_SPARES; s++)
        if (!s->p) {
            *s = (struct mem_spare){p, size};
            return true;
        }
    return false;
}

static void *huge_alloc(struct mem *m, size_t size) {
    char *p = from_spares(m, size);
    if (p)
        return p;
    p = huge_addresses(size);
    if (!p)
        return NULL;
    if (mmap(p, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
        munmap(p, size);
        return NULL;
    }
    madvise(p, size, MADV_HUGEPAGE);
    return p;
}

/* Moves a block's pages, or makes it longer or shorter where it is. */
static void *huge_move(void *p, size_t old_size, size_t new_size) {
    void *same = mremap(p, old_size, new_size, 0);
    if (same != MAP_FAILED)
        return same;
    char *to = huge_addresses(new_size);
    if (!to)
        return NULL;
    void *moved = mremap(p, old_size, new_size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
    if (moved == MAP_FAILED) {
        munmap(to, new_size);
        return NULL;
    }
    return moved;
}

void *mem_huge_realloc(struct mem *m, void *p, size_t old_size, size_t new_size) {
    bool from_huge = old_size >= MEM_HUGE, to_huge = new_size >= MEM_HUGE;
    if (!from_huge && !to_huge)
        return mem_realloc(m, p, old_size, new_size);
    if (!mem_may(m, old_size, new_size))
        return NULL;
    void *q;
    if (from_huge && to_huge) {
        q = huge_move(p, huge_size(old_size), huge_size(new_size));
    } else {
        q = to_huge ? huge_alloc(m, huge_size(new_size)) : malloc(new_size ? new_size : 1);
        if (q && p) {
            memcpy(q, p, to_huge ? old_size : new_size);
            if (!from_huge)
                free(p);
            else if (!to_spares(m, p, huge_size(old_size)))
                munmap(p, huge_size(old_size));
        }
    }
    if (q)
        mem_count(m, old_size, new_size);
    return q;
}

void mem_huge_free(struct mem *m, void *p, size_t size) {
    if (!p || size < MEM_HUGE) {
        mem_free(m, p, size);
        return;
    }
    m->used -= size;
    if (!to_spares(m, p, huge_size(size)))
        munmap(p, huge_size(size));
}

void mem_keep_spares(struct mem *m) {
    m->keeps = true;
}

void mem_drop_spares(struct mem *m) {
    m->keeps = false;
    for (struct mem_spare *s = m->spares; s < m->spares + MEM_SPARES; s++) {
        if (s->p)
            munmap(s->p, s->size);
        *s = (struct mem_spare){NULL, 0};
    }
}

#else

void *mem_huge_realloc(struct mem *m, void *p, size_t old_size, size_t new_size) {
    return mem_realloc(m, p, old_size, new_size);
}

void mem_huge_free(struct mem *m, void *p, size_t size) {
    mem_free(m, p, size);
}

void mem_keep_spares(struct mem *m) { /* there are no huge blocks */
    m->keeps = true;
}

void mem_drop_spares(struct mem *m) {
    m->keeps = false;
}

#endif
