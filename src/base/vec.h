/* Growing arrays with a type.
 *
 *     VEC(struct token) tokens;
 *     vec_init(&tokens, mem);
 *     vec_push(&tokens, (struct token){...});
 *     for (size_t i = 0; i < tokens.n; i++) use(&tokens.v[i]);
 *     if (tokens.failed) ...out of memory...
 *     vec_free(&tokens);
 *
 * Failure is sticky: after it `failed` is set, what was there stays valid, and items that found no room are
 * dropped. Items move when the array grows: keep indices, not pointers. Macros evaluate the array several times,
 * the other arguments once.
 */
#ifndef TTX_BASE_VEC_H
#define TTX_BASE_VEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/platform.h"

#define VEC(...)         \
    struct {             \
        __VA_ARGS__ *v;  \
        size_t n, cap;   \
        struct mem *mem; \
        bool failed;     \
    }

/* Grows the array `v` of *cap items so that `need` fit, by half or more. Returns the new array; on failure sets
 * *failed and returns `v` unchanged. */
void *vec_grow(struct mem *m, void *v, size_t *cap, size_t need, size_t item_size, bool *failed);

#define vec_init(a, m) ((a)->v = NULL, (a)->n = (a)->cap = 0, (a)->mem = (m), (a)->failed = false)

#define vec_free(a) \
    (mem_free((a)->mem, (a)->v, (a)->cap * sizeof *(a)->v), (a)->v = NULL, (void)((a)->n = (a)->cap = 0))

/* Room for `k` more items: true when there is. */
#define vec_room(a, k)                                                                            \
    (LIKELY((a)->cap - (a)->n >= (k)) ||                                                          \
     ((a)->v = vec_grow((a)->mem, (a)->v, &(a)->cap, (a)->n + (k), sizeof *(a)->v, &(a)->failed), \
      (a)->cap - (a)->n >= (k)))

/* Appends one item; true when there was room. */
#define vec_push(a, ...) (vec_room(a, 1) && ((a)->v[(a)->n++] = (__VA_ARGS__), true))

/* Removes and gives the last item; the array must not be empty. */
#define vec_pop(a) ((a)->v[--(a)->n])

#define vec_last(a) ((a)->v[(a)->n - 1])

#define vec_clear(a) ((void)((a)->n = 0))

#endif
