/* repeats.c - repeated blocks of a flat layer, for offering them as layers.
 *
 * A program that was unrolled from a loop is a sequence like  a b c  p q r s  p q r s  p q r s  d. Where position i
 * and position i - d hold nodes of one kind, i continues a run of *shift* d; a run of shift d that is k*d long covers
 * k + 1 copies of a block of d nodes. Candidates for d come from the last earlier place of the same GRAM nodes (a
 * rolling hash in a table), so the search is linear but for the verification, which looks at a run once. Of runs that
 * overlap (a block may hold repeats of its own) the one that covers most stays.
 *
 * Copies count as equal when their kinds are equal and every node has its inputs from within the block at the same
 * relative places. Where a run could start at several places (its copies may be rotated), the start is chosen where
 * the fewest edges lead from inside one copy past its end: the seam of the block.
 */
#include <string.h>

#include "layout/lay.h"

enum { GRAM = 4 };

struct finder {
    uint32_t n;
    const uint64_t *kind;
    uint32_t *in_start, *in_from;
};

static uint64_t mix(uint64_t h, uint64_t v) {
    return str_mix(h ^ STR_HASH_A, v ^ STR_HASH_B);
}

/* Whether node i has the same inputs as node i - d, as far as they come from less than d before. */
static bool same_inputs(const struct finder *f, uint32_t i, uint32_t d) {
    uint32_t a = f->in_start[i], b = f->in_start[i - d];
    uint32_t n = f->in_start[i + 1] - a;
    if (n != f->in_start[i - d + 1] - b)
        return false;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t x = i - f->in_from[a + k], y = i - d - f->in_from[b + k];
        if ((x < d || y < d) && x != y)
            return false;
    }
    return true;
}

static bool continues(const struct finder *f, uint32_t i, uint32_t d) {
    return i >= d && f->kind[i] == f->kind[i - d] && same_inputs(f, i, d);
}

/* The start in [low, low + length) with the fewest edges from before it to at most `length` after it. */
static uint32_t find_seam(const struct finder *f, uint32_t low, uint32_t length, int32_t *opens, uint32_t limit) {
    memset(opens, 0, ((size_t)length + 1) * sizeof *opens);
    /* In the second copy, where both neighbours exist: an edge (a, b) crosses the seams a < s <= b. */
    uint32_t base = low + length;
    for (uint32_t i = base; i < base + length && i < limit; i++)
        for (uint32_t k = f->in_start[i]; k < f->in_start[i + 1]; k++) {
            uint32_t a = f->in_from[k];
            if (a >= i || i - a > length)
                continue; /* from far: does not tell blocks apart */
            uint32_t first = a + 1 > base ? a + 1 - base : 0;
            opens[first]++;
            opens[i - base + 1]--;
        }
    uint32_t best = 0;
    int32_t open = 0, least = INT32_MAX;
    for (uint32_t s = 0; s < length; s++) {
        open += opens[s];
        if (open < least) {
            least = open;
            best = s;
        }
    }
    return low + best;
}

enum layout_status layout_find_repeats(struct mem *m, uint32_t n, const uint64_t *kind, uint32_t n_edges,
                                       const uint32_t *from, const uint32_t *to, uint32_t min_length,
                                       struct layout_repeat **out, uint32_t *n_out) {
    *out = NULL;
    *n_out = 0;
    for (uint32_t i = 0; i < n_edges; i++)
        if (from[i] >= n || to[i] >= n)
            return LAYOUT_BAD_INPUT;
    min_length = min_length < 2 ? 2 : min_length;
    enum layout_status status = LAYOUT_NO_MEMORY;
    struct arena a;
    arena_init(&a, m);
    uint32_t bits = 4;
    while ((1u << bits) < n && bits < 30)
        bits++;
    struct finder f = {.n = n, .kind = kind};
    f.in_start = LAY_ZERO(&a, uint32_t, (size_t)n + 2);
    f.in_from = LAY_NEW(&a, uint32_t, n_edges);
    uint32_t *table = LAY_NEW(&a, uint32_t, (size_t)1 << bits);
    int32_t *opens = LAY_NEW(&a, int32_t, (size_t)n + 1);
    struct layout_repeat *runs = LAY_NEW(&a, struct layout_repeat, n);
    uint32_t *run_end = LAY_ZERO(&a, uint32_t, (size_t)n + 1); /* by shift: how far it has been looked at */
    uint64_t *keys = LAY_NEW(&a, uint64_t, n), *tmp = LAY_NEW(&a, uint64_t, n);
    uint8_t *taken = LAY_ZERO(&a, uint8_t, n);
    if (!f.in_start || !f.in_from || !table || !opens || !runs || !run_end || !keys || !tmp || !taken)
        goto end;
    for (uint32_t i = 0; i < n_edges; i++)
        f.in_start[to[i] + 2]++;
    for (uint32_t v = 0; v < n; v++)
        f.in_start[v + 2] += f.in_start[v + 1];
    for (uint32_t i = 0; i < n_edges; i++)
        f.in_from[f.in_start[to[i] + 1]++] = from[i];
    memset(table, 0xff, ((size_t)1 << bits) * sizeof *table);

    uint32_t n_runs = 0;
    uint64_t work = 0, limit = 64 * (uint64_t)n + 1000;
    for (uint32_t i = 0; i + GRAM <= n && work < limit && n_runs < n; i++) {
        uint64_t hash = 0;
        for (uint32_t k = 0; k < GRAM; k++)
            hash = mix(hash, kind[i + k]);
        uint32_t *slot = &table[hash >> (64 - bits)];
        uint32_t before = *slot;
        *slot = i;
        if (before == LAY_NONE || i - before < min_length || i < run_end[i - before])
            continue;
        uint32_t d = i - before, end = i, start = i;
        while (end < n && continues(&f, end, d))
            end++;
        while (start > d && continues(&f, start - 1, d))
            start--;
        work += end - start + 1;
        run_end[d] = end > i ? end : i + 1;
        if (end - start < d)
            continue;
        /* [start - d, end) repeats with period d. */
        uint32_t low = start - d, whole = (end - low) / d, seam = find_seam(&f, low, d, opens, end);
        if ((end - seam) / d < whole && whole == 2)
            seam = low;
        runs[n_runs++] = (struct layout_repeat){seam, d, (end - seam) / d};
    }
    /* The runs that cover most first. */
    for (uint32_t i = 0; i < n_runs; i++)
        keys[i] = (uint64_t)(UINT32_MAX - runs[i].length * runs[i].count) << 32 | i;
    lay_sort_u64(keys, tmp, n_runs);
    uint32_t n_found = 0;
    for (uint32_t i = 0; i < n_runs; i++) {
        struct layout_repeat r = runs[(uint32_t)keys[i]];
        uint32_t last = r.start + r.length * r.count - 1;
        if (taken[r.start] || taken[last])
            continue; /* a run taken inside this one would be longer than it */
        memset(taken + r.start, 1, last - r.start + 1);
        keys[n_found++] = (uint64_t)r.start << 32 | (uint32_t)keys[i]; /* n_found <= i */
    }
    lay_sort_u64(keys, tmp, n_found);
    if (n_found) {
        *out = mem_alloc(m, n_found * sizeof **out);
        if (!*out)
            goto end;
        for (uint32_t i = 0; i < n_found; i++)
            (*out)[i] = runs[(uint32_t)keys[i]];
        *n_out = n_found;
    }
    status = LAYOUT_OK;
end:
    arena_free(&a);
    return status;
}

void layout_free_repeats(struct mem *m, struct layout_repeat *r, uint32_t n) {
    if (r)
        mem_free(m, r, n * sizeof *r);
}
