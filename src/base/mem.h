/* The one allocator interface.
 *
 * Whatever allocates is given a `struct mem` by its caller; nothing outside mem.c calls malloc. A `struct mem`
 * counts the bytes in use and their peak, can be capped, and can be told to fail at the n-th call so that tests
 * sweep every out-of-memory path.
 *
 * Sizes are in bytes and are given again when a block is freed or grown: callers know them anyway, and the
 * counts stay exact. A `struct mem` belongs to one thread at a time.
 */
#ifndef TTX_BASE_MEM_H
#define TTX_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MEM_SPARES = 8 };

struct mem {
    size_t used;      /* bytes in use now */
    size_t peak;      /* most bytes ever in use */
    size_t cap;       /* refuse to go above this many bytes; 0 = no cap */
    uint64_t calls;   /* allocations and growths asked for so far */
    uint64_t fail_at; /* the call with this number (the first is 1) and all later ones fail; 0 = never */
    bool keeps;       /* mem_keep_spares */
    struct mem_spare {
        void *p;
        size_t size;
    } spares[MEM_SPARES]; /* freed blocks on huge pages; p NULL: none */
};

/* Has the process keep about so many bytes of freed memory for what asks next instead of giving each back to the system:
 * pages that were there before cost nothing, fresh ones a third of a short compile. For the start of a program; a library
 * leaves its host alone. Does nothing where the C library cannot be told. */
void mem_keep_freed(size_t bytes);
enum { MEM_KEPT = 16 << 20 }; /* what our programs keep: a compile with its stages */

/* A fresh allocator without cap: `struct mem m = {0};` is the same. */
void mem_init(struct mem *m);

/* A block of `size` bytes aligned for any object, or NULL. Size 0 gives a block too, so that NULL always means
 * failure. The caller frees it with mem_free and the same size. */
void *mem_alloc(struct mem *m, size_t size);

/* As mem_alloc; all bytes are zero. Big blocks cost no time to clear. */
void *mem_alloc_zero(struct mem *m, size_t size);

/* Grows or shrinks a block; `p` may be NULL with old_size 0. On failure returns NULL and the old block stays
 * valid. Blocks of many pages are moved by the kernel's page tables, not copied (Linux). */
void *mem_realloc(struct mem *m, void *p, size_t old_size, size_t new_size);

/* Says that all of these bytes will soon be written: their pages are then made at once, which costs a fraction of making
 * each when it is first touched. A hint; what the bytes hold does not change. */
void mem_expect_writes(void *p, size_t size);

/* Frees a block; NULL is allowed. */
void mem_free(struct mem *m, void *p, size_t size);

/* The same for blocks that stay for long, are filled from their start on and may become large (the arrays of a module):
 * from MEM_HUGE bytes on they lie on huge pages where the system has them, so that the first write to a page costs a
 * tenth, and they grow without being copied. What comes from mem_huge_realloc is freed by mem_huge_free; otherwise
 * these two are like mem_realloc and mem_free. */
enum { MEM_HUGE = 2 << 20 };
void *mem_huge_realloc(struct mem *m, void *p, size_t old_size, size_t new_size);
void mem_huge_free(struct mem *m, void *p, size_t size);

/* From now on huge blocks that are freed are kept for those that are asked for next (their bytes are then whatever they were):
 * memory that the system has to clear anew can cost more than what is computed in it. Spares do not count as used. Whoever
 * asks for it gives them back with mem_drop_spares, which also ends it. */
void mem_keep_spares(struct mem *m);
void mem_drop_spares(struct mem *m);

#endif
