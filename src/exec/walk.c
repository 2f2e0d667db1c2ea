/* Walks: simplifying, composing, reading them as strides. */
#include "exec/walk.h"

void walk_simplify(struct walk *w) {
    int rank = 0;
    for (int i = 0; i < w->rank; i++) {
        if (w->dims[i] == 1)
            continue;
        if (rank && w->strides[rank - 1] == w->strides[i] * w->dims[i]) {
            w->dims[rank - 1] *= w->dims[i];
            w->strides[rank - 1] = w->strides[i];
            continue;
        }
        w->dims[rank] = w->dims[i];
        w->strides[rank++] = w->strides[i];
    }
    w->rank = rank;
}

bool walk_in_order(const struct walk *w) {
    return w->base == 0 && (w->rank == 0 || (w->rank == 1 && w->strides[0] == 1));
}

void walk_row_strides(const int64_t *dims, int rank, int64_t *strides) {
    int64_t step = 1;
    for (int i = rank; i-- > 0;) {
        strides[i] = step;
        step *= dims[i];
    }
}

/* Where the positions of a walk over `inner` stand: the digit of its base in each dimension of inner, and how far the walk
 * goes beyond that. */
struct digits {
    const struct walk *inner;
    int64_t size[WALK_MAX_RANK]; /* elements of one step in each dimension */
    int64_t reach[WALK_MAX_RANK];
};

/* n steps of `stride` as pieces that stay in one dimension each, innermost first, appended to out in reverse. */
static bool add_steps(struct digits *g, int64_t n, int64_t stride, struct walk *out) {
    const struct walk *inner = g->inner;
    while (n > 1) {
        int i = inner->rank - 1;
        while (i >= 0 && stride >= g->size[i] * inner->dims[i])
            i--;
        if (i < 0 || stride % g->size[i] || out->rank == WALK_MAX_RANK)
            return false;
        int64_t step = stride / g->size[i], count = (inner->dims[i] - 1 - g->reach[i]) / step + 1;
        if (count < n) {
            /* The rest goes on in the next dimension, where a whole number of steps fills this one. */
            if (g->reach[i] >= step || inner->dims[i] % step || n % (inner->dims[i] / step))
                return false;
            count = inner->dims[i] / step;
        } else {
            count = n;
        }
        if (count < 2)
            return false;
        out->dims[out->rank] = count;
        out->strides[out->rank++] = step * inner->strides[i];
        g->reach[i] += (count - 1) * step;
        n /= count;
        stride *= count;
    }
    return true;
}

bool walk_compose(const struct walk *outer, const struct walk *inner, struct walk *out) {
    struct digits g = {.inner = inner};
    struct walk w = {.base = inner->base};
    int64_t rest = outer->base, size = 1;
    if (rest < 0)
        return false;
    for (int i = inner->rank; i-- > 0; size *= inner->dims[i]) {
        if (inner->dims[i] < 1)
            return false;
        g.size[i] = size;
        g.reach[i] = rest % inner->dims[i];
        rest /= inner->dims[i];
        w.base += g.reach[i] * inner->strides[i];
    }
    if (rest)
        return false;
    for (int k = outer->rank; k-- > 0;) {
        if (outer->strides[k] == 0) {
            if (w.rank == WALK_MAX_RANK)
                return false;
            w.dims[w.rank] = outer->dims[k];
            w.strides[w.rank++] = 0;
        } else if (outer->strides[k] < 0 || !add_steps(&g, outer->dims[k], outer->strides[k], &w)) {
            return false;
        }
    }
    *out = (struct walk){.rank = w.rank, .base = w.base};
    for (int i = 0; i < w.rank; i++) {
        out->dims[i] = w.dims[w.rank - 1 - i];
        out->strides[i] = w.strides[w.rank - 1 - i];
    }
    walk_simplify(out);
    return true;
}

bool walk_strides(const struct walk *w, const int64_t *dims, int rank, int64_t *strides) {
    int at = w->rank - 1;
    int64_t left = at >= 0 ? w->dims[at] : 1, step = at >= 0 ? w->strides[at] : 0;
    for (int i = rank; i-- > 0;) {
        strides[i] = 0;
        if (dims[i] == 1)
            continue;
        if (left == 1 && at > 0) {
            left = w->dims[--at];
            step = w->strides[at];
        }
        if (dims[i] < 1 || left % dims[i])
            return false;
        strides[i] = step;
        step *= dims[i];
        left /= dims[i];
    }
    return left == 1 && at <= 0;
}
