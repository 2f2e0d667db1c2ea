/* Bump arena: many small allocations with one lifetime, freed at once.
 *
 *   current ──▶ chunk ──▶ chunk ──▶ ...       grown by doubling, 4 KiB to 1 MiB
 *   big     ──▶ block ──▶ block ──▶ ...       each larger than ARENA_BIG, on its own
 *
 * Invariants: 1. [p, end) is the free rest of the current chunk. 2. Both lists are in order of allocation, newest
 * first, so that a mark is a pair of list heads and a reset pops.
 */
#ifndef TTX_BASE_ARENA_H
#define TTX_BASE_ARENA_H

#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/platform.h"
#include "base/str.h"

struct arena_chunk;

struct arena {
    char *p, *end;
    struct arena_chunk *current;
    struct arena_chunk *big;
    size_t next_size; /* of the next chunk */
    struct mem *mem;
};

struct arena_mark {
    char *p;
    struct arena_chunk *current, *big;
    size_t next_size;
};

/* An empty arena that takes its chunks from `m`, which must outlive it. Allocates nothing yet. */
void arena_init(struct arena *a, struct mem *m);

/* The same with a first chunk of about `first` bytes, for arenas that are reset to a mark again and again: what lies in
 * the chunk of the mark is not given back. */
void arena_init_sized(struct arena *a, struct mem *m, size_t first);

/* Frees everything; the arena may be used again. */
void arena_free(struct arena *a);

/* The slow path of arena_alloc: a new chunk. */
void *arena_alloc_slow(struct arena *a, size_t size, size_t align);

/* `size` bytes aligned to `align` (a power of two, at most alignof(max_align_t)), not cleared; NULL when out of
 * memory. The arena frees them. */
static inline void *arena_alloc(struct arena *a, size_t size, size_t align) {
    /* Under AddressSanitizer every block is followed by a poisoned gap. */
    size_t gap = HAVE_ASAN ? 8 : 0;
    uintptr_t at = ((uintptr_t)a->p + (align - 1)) & ~(uintptr_t)(align - 1);
    if (UNLIKELY(at > (uintptr_t)a->end || (uintptr_t)a->end - at < gap || size > (uintptr_t)a->end - at - gap ||
                 size == 0))
        return arena_alloc_slow(a, size, align);
    char *block = a->p + (at - (uintptr_t)a->p);
    a->p = block + size + gap;
    ASAN_UNPOISON(block, size);
    return block;
}

/* As arena_alloc for `n` items of `size` bytes, all zero; NULL also when n * size overflows. */
void *arena_alloc_zero(struct arena *a, size_t n, size_t size, size_t align);

/* One zeroed T, or an array of n zeroed T; NULL when out of memory. */
#define ARENA_NEW(a, T) ((T *)arena_alloc_zero((a), 1, sizeof(T), alignof(T)))
#define ARENA_ARRAY(a, T, n) ((T *)arena_alloc_zero((a), (n), sizeof(T), alignof(T)))

/* A copy of `s` in the arena, with a zero byte after it; .p is NULL when out of memory. */
str arena_str(struct arena *a, str s);

/* The same for zero-terminated strings. */
char *arena_strdup(struct arena *a, const char *z);

/* printf into the arena; .p is NULL when out of memory. */
str arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
str arena_vprintf(struct arena *a, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);

/* Where the arena stands now. */
struct arena_mark arena_mark(const struct arena *a);

/* Frees all that was allocated since `m` was taken. Marks taken after `m` become invalid. */
void arena_reset(struct arena *a, struct arena_mark m);

#endif
