/* Rows into ops: by location, loop and device. */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/num.h"
#include "profile/inner.h"

static int by_start(const void *a, const void *b) {
    const struct profile_row *x = a, *y = b;
    double l = isnan(x->host_us) ? x->op.start_us : x->host_us, r = isnan(y->host_us) ? y->op.start_us : y->host_us;
    return (l > r) - (l < r);
}

/* Places rows of devices one behind the other, each after its gap, and all in one time from 0. */
static void place_rows(struct profile *p, struct profile_rows *rows) {
    enum { MOST_DEVICES = 64 };
    double now[MOST_DEVICES] = {0}, first = INFINITY;
    if (!rows->sorted && rows->list.n)
        qsort(rows->list.v, rows->list.n, sizeof *rows->list.v, by_start);
    for (size_t i = 0; i < rows->list.n; i++) {
        struct profile_row *r = &rows->list.v[i];
        double *at = &now[r->device % MOST_DEVICES];
        if (rows->consecutive) {
            r->op.start_us = *at + (r->gap_us > 0 && r->gap_us < 1e6 ? r->gap_us : 0);
            *at = r->op.start_us + r->op.us;
        }
        if (r->op.start_us < first)
            first = r->op.start_us;
        if (r->device >= p->devices)
            p->devices = r->device + 1;
        if (r->loop >= p->loops)
            p->loops = r->loop + 1;
    }
    for (size_t i = 0; i < rows->list.n; i++)
        rows->list.v[i].op.start_us -= first;
}

/* Whether the devices wait for each other in it: then their mean counts, else the slowest. */
static bool is_collective(str name) {
    static const char *const names[] = {"AllGather", "ReduceScatter", "AllReduce"};
    for (size_t i = 0; i < 3; i++)
        if (str_find(name, str_from_z(names[i])) < name.n)
            return true;
    return false;
}

/* The time of one row. */
struct part {
    uint32_t loop, device;
    double us;
};

static int by_loop_and_device(const void *a, const void *b) {
    const struct part *x = a, *y = b;
    return x->loop != y->loop ? (x->loop < y->loop ? -1 : 1) : x->device < y->device ? -1 : x->device > y->device;
}

/* Times of one op by loop: of each device the sum, of the devices the slowest or the mean. Gives how many loops had it.
 * `parts` and `times` have room for all rows. */
static size_t times_of(const struct profile_row *rows, const uint32_t *next, uint32_t first, struct part *parts,
                       double *times) {
    size_t n = 0, loops = 0;
    bool mean = is_collective(rows[first - 1].op.name);
    for (uint32_t i = first; i; i = next[i - 1])
        parts[n++] = (struct part){rows[i - 1].loop, rows[i - 1].device, rows[i - 1].op.us};
    qsort(parts, n, sizeof *parts, by_loop_and_device);
    for (size_t i = 0; i < n;) {
        double most = 0, sum = 0;
        uint32_t seen = 0, loop = parts[i].loop;
        while (i < n && parts[i].loop == loop) {
            double us = 0;
            uint32_t device = parts[i].device;
            for (; i < n && parts[i].loop == loop && parts[i].device == device; i++)
                us += parts[i].us;
            seen++;
            sum += us;
            most = us > most ? us : most;
        }
        times[loops++] = mean ? sum / seen : most;
    }
    return loops;
}

static void add_up(double *to, double v) {
    if (!isnan(v))
        *to = isnan(*to) ? v : *to + v;
}

/* The op of rows that belong together. */
static struct profile_op merged(const struct profile_row *rows, const uint32_t *next, uint32_t first,
                                struct part *parts, double *times) {
    struct profile_op o = rows[first - 1].op;
    size_t n = times_of(rows, next, first, parts, times);
    for (uint32_t i = next[first - 1]; i; i = next[i - 1]) {
        const struct profile_op *more = &rows[i - 1].op;
        o.rows++;
        add_up(&o.read, more->read);
        add_up(&o.written, more->written);
        add_up(&o.flops, more->flops);
        if (!isnan(more->live))
            o.live = more->live;
        if (more->threads > o.threads)
            o.threads = more->threads;
    }
    o.last_us = n ? times[n - 1] : (double)NAN;
    o.us = num_median(times, n); /* which sorts them */
    o.least_us = n ? times[0] : (double)NAN;
    o.most_us = n ? times[n - 1] : (double)NAN;
    if (n && isnan(rows[first - 1].op.us))
        o.us = o.least_us = o.most_us = o.last_us = (double)NAN;
    return o;
}

/* What makes rows one op: in traces of ours the op itself, else the location. Empty: the row stays alone. */
static uint64_t key_of(struct map_str *locs, const struct profile_row *r, bool *failed) {
    if (r->op.op)
        return r->op.op;
    if (!r->op.loc.n)
        return 0;
    bool added;
    uint32_t *at = map_str_put(locs, r->op.loc, (uint32_t)locs->n + 1, &added);
    *failed |= !at;
    return at ? ((uint64_t)1 << 32) + *at : 0;
}

bool profile_merge(struct profile *p, struct profile_rows *rows) {
    struct mem *m = rows->list.mem;
    size_t n = rows->list.n;
    place_rows(p, rows);
    struct map_u64 ops;
    struct map_str locs;
    map_u64_init(&ops, m);
    map_str_init(&locs, m);
    uint32_t *next = mem_alloc_zero(m, n * sizeof *next), *last = mem_alloc_zero(m, n * sizeof *last);
    struct part *parts = mem_alloc(m, n * sizeof *parts);
    double *times = mem_alloc(m, n * sizeof *times);
    bool failed = !next || !last || !parts || !times;
    /* first rows of ops have last[row] set: to the last row so far */
    for (uint32_t i = 0; !failed && i < n; i++) {
        uint64_t key = key_of(&locs, &rows->list.v[i], &failed);
        uint32_t *first = key && !failed ? map_u64_put(&ops, key, i + 1, NULL) : NULL;
        failed |= key && !first;
        if (!first || *first == i + 1) {
            last[i] = i + 1;
        } else {
            next[last[*first - 1] - 1] = i + 1;
            last[*first - 1] = i + 1;
        }
    }
    for (uint32_t i = 0; !failed && i < n; i++)
        if (last[i])
            failed = !vec_push(&p->ops, merged(rows->list.v, next, i + 1, parts, times));
    mem_free(m, next, n * sizeof *next);
    mem_free(m, last, n * sizeof *last);
    mem_free(m, parts, n * sizeof *parts);
    mem_free(m, times, n * sizeof *times);
    map_u64_free(&ops);
    map_str_free(&locs);
    return !failed;
}
