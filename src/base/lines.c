#include "base/lines.h"

#include <string.h>

enum { LINES_STEP = 64 };

void lines_init(struct lines *l, struct mem *m, str text) {
    /* Never NULL, so that pointer arithmetic on an empty text is defined. */
    *l = (struct lines){.text = {text.p ? text.p : "", text.n}, .last_line = 1};
    vec_init(&l->starts, m);
}

void lines_free(struct lines *l) {
    vec_free(&l->starts);
    l->built = false;
}

static void lines_build(struct lines *l) {
    l->built = true;
    const char *p = l->text.p, *end = p + l->text.n;
    size_t line = 0;
    vec_push(&l->starts, 0);
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
        p++;
        if (++line % LINES_STEP == 0)
            vec_push(&l->starts, (size_t)(p - l->text.p));
    }
    if (l->starts.failed) /* a table with holes would lie */
        vec_free(&l->starts);
}

struct lines_pos lines_find(struct lines *l, size_t offset) {
    if (offset > l->text.n)
        offset = l->text.n;
    if (!l->built)
        lines_build(l);
    size_t start = 0, line = 1;
    if (l->starts.n) {
        size_t lo = 0, hi = l->starts.n; /* starts[lo] <= offset < starts[hi] */
        while (hi - lo > 1) {
            size_t mid = lo + (hi - lo) / 2;
            if (l->starts.v[mid] <= offset)
                lo = mid;
            else
                hi = mid;
        }
        start = l->starts.v[lo];
        line = lo * LINES_STEP + 1;
    }
    if (l->last_start <= offset && l->last_start > start) {
        start = l->last_start;
        line = l->last_line;
    }
    const char *nl;
    while (start < offset && (nl = memchr(l->text.p + start, '\n', offset - start))) {
        start = (size_t)(nl - l->text.p) + 1;
        line++;
    }
    l->last_start = start;
    l->last_line = line;
    return (struct lines_pos){line, offset - start + 1, start};
}
