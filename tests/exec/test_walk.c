/* A walk over a walk, against following both element by element; walks as strides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exec/walk.h"

static uint64_t state = 0x9e3779b97f4a7c15u;

static int64_t below(int64_t n) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (int64_t)(state % (uint64_t)n);
}

static int64_t count(const struct walk *w) {
    int64_t n = 1;
    for (int i = 0; i < w->rank; i++)
        n *= w->dims[i];
    return n;
}

/* Which element of the tensor a walk names at position i. */
static int64_t element(const struct walk *w, int64_t i) {
    int64_t at = w->base;
    for (int d = w->rank; d-- > 0;) {
        at += i % w->dims[d] * w->strides[d];
        i /= w->dims[d];
    }
    return at;
}

/* A permutation, a part, a broadcast or another shape of a tensor with the dimensions of `t`; *t becomes its result's. */
static struct walk some_move(int64_t *dims, int *rank) {
    struct walk w = {.rank = *rank};
    int64_t strides[TENSOR_MAX_RANK];
    walk_row_strides(dims, *rank, strides);
    memcpy(w.dims, dims, (size_t)*rank * sizeof *dims);
    memcpy(w.strides, strides, (size_t)*rank * sizeof *strides);
    int64_t kind = below(4);
    int a = (int)below(*rank), b = (int)below(*rank);
    if (kind == 0) {
        w.dims[a] = dims[b];
        w.dims[b] = dims[a];
        w.strides[a] = strides[b];
        w.strides[b] = strides[a];
    } else if (kind == 1) {
        int64_t begin = below(dims[a]), step = 1 + below(2);
        w.dims[a] = (dims[a] - begin + step - 1) / step;
        w.strides[a] = strides[a] * step;
        w.base = begin * strides[a];
    } else if (kind == 2 && *rank < 5) {
        for (int i = *rank; i > a; i--) {
            w.dims[i] = w.dims[i - 1];
            w.strides[i] = w.strides[i - 1];
        }
        w.dims[a] = 1 + below(3);
        w.strides[a] = 0;
        w.rank = ++*rank;
    } else if (*rank > 1 && a + 1 < *rank) { /* two dimensions become one: a reshape */
        struct walk joined = {.rank = *rank - 1};
        for (int i = 0, k = 0; i < *rank; i++)
            joined.dims[i == a + 1 ? k - 1 : k++] = i == a + 1 ? dims[a] * dims[i] : dims[i];
        walk_row_strides(joined.dims, joined.rank, joined.strides);
        w = joined;
        --*rank;
    }
    memcpy(dims, w.dims, (size_t)w.rank * sizeof *dims);
    walk_simplify(&w);
    return w;
}

static void composed(void **unused) {
    int made = 0;
    (void)unused;
    for (int round = 0; round < 20000; round++) {
        int rank = 1 + (int)below(4);
        int64_t dims[TENSOR_MAX_RANK];
        for (int i = 0; i < rank; i++)
            dims[i] = 1 + below(6);
        struct walk inner = some_move(dims, &rank);
        for (int more = 0; more < 3; more++) {
            struct walk outer = some_move(dims, &rank), both;
            if (!walk_compose(&outer, &inner, &both))
                break;
            made++;
            assert_int_equal(count(&both), count(&outer));
            for (int64_t i = 0; i < count(&outer); i++)
                assert_int_equal(element(&both, i), element(&inner, element(&outer, i)));
            int64_t strides[TENSOR_MAX_RANK];
            if (walk_strides(&both, dims, rank, strides)) {
                struct walk plain = {.rank = rank, .base = both.base};
                memcpy(plain.dims, dims, sizeof dims);
                memcpy(plain.strides, strides, sizeof strides);
                for (int64_t i = 0; i < count(&both); i++)
                    assert_int_equal(element(&plain, i), element(&both, i));
            }
            inner = both;
        }
    }
    assert_true(made > 10000);
}

/* There and back again is where it began; a transposed matrix cut into heads has one stride for each dimension. */
static void known(void **unused) {
    (void)unused;
    struct walk turn = {.rank = 2, .dims = {3, 4}, .strides = {1, 3}},
                back = {.rank = 2, .dims = {4, 3}, .strides = {1, 4}};
    struct walk both;
    assert_true(walk_compose(&back, &turn, &both));
    assert_true(walk_in_order(&both));
    /* [2, 6] of a 6 x 2 matrix, as [2, 3, 2] with the middle first: [3, 2, 2] */
    struct walk heads = {.rank = 3, .dims = {3, 2, 2}, .strides = {2, 6, 1}},
                matrix = {.rank = 2, .dims = {2, 6}, .strides = {1, 2}};
    int64_t dims[3] = {3, 2, 2}, strides[3];
    assert_true(walk_compose(&heads, &matrix, &both));
    assert_true(walk_strides(&both, dims, 3, strides));
    assert_int_equal(strides[0], 4);
    assert_int_equal(strides[1], 1);
    assert_int_equal(strides[2], 2);
    /* every other of six in a row of two rows is no walk of one stride as four */
    struct walk part = {.rank = 1, .dims = {4}, .strides = {3}}, rows = {.rank = 2, .dims = {2, 5}, .strides = {7, 1}};
    assert_false(walk_compose(&part, &rows, &both));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(composed), cmocka_unit_test(known)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
