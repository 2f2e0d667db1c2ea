/* lay_util.c - arrays, sorting and progress for the phases of the layout. */
#include <stdalign.h>
#include <string.h>

#include "base/num.h"
#include "layout/lay.h"

void *lay_array(struct arena *a, size_t n, size_t size, bool zero) {
    if (zero)
        return arena_alloc_zero(a, n ? n : 1, size, alignof(max_align_t));
    size_t bytes;
    if (!num_mul_size(n ? n : 1, size, &bytes))
        return NULL;
    return arena_alloc(a, bytes, alignof(max_align_t));
}

bool lay_progress(struct lay_ctx *c, double part) {
    if (c->cancelled)
        return false;
    if (c->hooks && c->hooks->progress && !c->hooks->progress(c->hooks->user, c->done + c->share * part))
        c->cancelled = true;
    return !c->cancelled;
}

/* Least-significant-digit radix sort, 11 bits a pass, passes that would not move anything skipped; insertion sort
 * for the short lists that make up nearly all calls. */
void lay_sort_u64(uint64_t *keys, uint64_t *tmp, size_t n) {
    if (n <= 48) {
        for (size_t i = 1; i < n; i++) {
            uint64_t k = keys[i];
            size_t j = i;
            for (; j > 0 && keys[j - 1] > k; j--)
                keys[j] = keys[j - 1];
            keys[j] = k;
        }
        return;
    }
    uint64_t all_or = 0, all_and = UINT64_MAX;
    for (size_t i = 0; i < n; i++) {
        all_or |= keys[i];
        all_and &= keys[i];
    }
    uint64_t differ = all_or ^ all_and;
    uint64_t *from = keys, *to = tmp;
    for (unsigned shift = 0; shift < 64; shift += 11) {
        if (((differ >> shift) & 2047) == 0)
            continue;
        uint32_t count[2048] = {0};
        for (size_t i = 0; i < n; i++)
            count[(from[i] >> shift) & 2047]++;
        uint32_t sum = 0;
        for (unsigned d = 0; d < 2048; d++) {
            uint32_t c = count[d];
            count[d] = sum;
            sum += c;
        }
        for (size_t i = 0; i < n; i++)
            to[count[(from[i] >> shift) & 2047]++] = from[i];
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != keys)
        memcpy(keys, from, n * sizeof *keys);
}
