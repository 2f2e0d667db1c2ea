#include "base/arena.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/num.h"

enum {
    ARENA_FIRST = 4096,    /* bytes of the first chunk, its head included */
    ARENA_LAST = 1 << 20,  /* chunks stop growing here */
    ARENA_BIG = 256 << 10, /* requests above this get a block of their own */
};

struct arena_chunk {
    struct arena_chunk *older;
    size_t size; /* with this head */
    alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *a, struct mem *m) {
    *a = (struct arena){.mem = m, .next_size = ARENA_FIRST};
}

void arena_init_sized(struct arena *a, struct mem *m, size_t first) {
    arena_init(a, m);
    while (a->next_size < first && a->next_size < ((size_t)1 << 30))
        a->next_size *= 2;
}

/* Frees the chunks of `list` down to, not including, `stop`. Returns `stop`. */
static struct arena_chunk *arena_pop(struct arena *a, struct arena_chunk *list, struct arena_chunk *stop) {
    while (list != stop) {
        struct arena_chunk *older = list->older;
        ASAN_UNPOISON(list, list->size);
        mem_free(a->mem, list, list->size);
        list = older;
    }
    return list;
}

void arena_free(struct arena *a) {
    arena_pop(a, a->current, NULL);
    arena_pop(a, a->big, NULL);
    arena_init(a, a->mem);
}

static struct arena_chunk *arena_new_chunk(struct arena *a, size_t size, struct arena_chunk *older) {
    struct arena_chunk *c = mem_alloc(a->mem, size);
    if (!c)
        return NULL;
    c->older = older;
    c->size = size;
    ASAN_POISON(c->bytes, size - sizeof *c);
    return c;
}

void *arena_alloc_slow(struct arena *a, size_t size, size_t align) {
    if (size == 0) /* a valid address of nothing */
        size = 1;
    size_t need; /* worst case with head, alignment and gap */
    if (!num_add_size(size, sizeof(struct arena_chunk) + 64, &need))
        return NULL;
    if (size > ARENA_BIG) {
        struct arena_chunk *c = arena_new_chunk(a, need, a->big);
        if (!c)
            return NULL;
        a->big = c;
        ASAN_UNPOISON(c->bytes, size);
        return c->bytes;
    }
    while (a->next_size < need)
        a->next_size *= 2;
    if (!a->current || (size_t)(a->end - a->p) < need) {
        struct arena_chunk *c = arena_new_chunk(a, a->next_size, a->current);
        if (!c)
            return NULL;
        a->current = c;
        a->p = c->bytes;
        a->end = (char *)c + c->size;
        if (a->next_size < ARENA_LAST)
            a->next_size *= 2;
    }
    return arena_alloc(a, size, align);
}

void *arena_alloc_zero(struct arena *a, size_t n, size_t size, size_t align) {
    size_t bytes;
    if (!num_mul_size(n, size, &bytes))
        return NULL;
    void *p = arena_alloc(a, bytes, align);
    if (p)
        memset(p, 0, bytes);
    return p;
}

str arena_str(struct arena *a, str s) {
    if (s.n == SIZE_MAX)
        return (str){0};
    char *p = arena_alloc(a, s.n + 1, 1);
    if (!p)
        return (str){0};
    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return (str){p, s.n};
}

char *arena_strdup(struct arena *a, const char *z) {
    return (char *)arena_str(a, str_from_z(z)).p;
}

str arena_vprintf(struct arena *a, const char *fmt, va_list ap) {
    char small[512];
    va_list again;
    va_copy(again, ap);
    str out = {0};
    int n = vsnprintf(small, sizeof small, fmt, ap);
    if (n >= 0 && (size_t)n < sizeof small) {
        out = arena_str(a, str_of(small, (size_t)n));
    } else if (n >= 0) {
        char *p = arena_alloc(a, (size_t)n + 1, 1);
        if (p && vsnprintf(p, (size_t)n + 1, fmt, again) == n)
            out = str_of(p, (size_t)n);
    }
    va_end(again);
    return out;
}

str arena_printf(struct arena *a, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    str out = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return out;
}

struct arena_mark arena_mark(const struct arena *a) {
    return (struct arena_mark){a->p, a->current, a->big, a->next_size};
}

void arena_reset(struct arena *a, struct arena_mark m) {
    a->current = arena_pop(a, a->current, m.current);
    a->big = arena_pop(a, a->big, m.big);
    a->p = m.p;
    a->end = a->current ? (char *)a->current + a->current->size : NULL;
    a->next_size = m.next_size;
    if (a->current)
        ASAN_POISON(a->p, (size_t)(a->end - a->p));
}
