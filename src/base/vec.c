#include "base/vec.h"

#include "base/num.h"

void *vec_grow(struct mem *m, void *v, size_t *cap, size_t need, size_t item_size, bool *failed) {
    size_t grown;
    if (!num_add_size(*cap, *cap / 2 + 8, &grown) || grown < need)
        grown = need;
    size_t bytes;
    void *p = NULL;
    if (num_mul_size(grown, item_size, &bytes))
        p = mem_realloc(m, v, *cap * item_size, bytes);
    if (!p) {
        *failed = true;
        return v;
    }
    *cap = grown;
    return p;
}
