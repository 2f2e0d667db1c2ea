/* Counting crossings and moving chains of elements, on the structure alone. */
#include "structure.h"
#include "test.h"

#include "check.h"

/* Crossings between ranks r and r + 1, pair by pair. */
static double count_pairs(const struct lay_graph *g, uint32_t r) {
    double sum = 0;
    for (uint32_t v = 0; v < g->n_elems; v++)
        for (uint32_t w = 0; w < g->n_elems && g->elem_rank[v] == r; w++)
            for (uint32_t i = g->down_start[v]; i < g->down_start[v + 1] && g->elem_rank[w] == r; i++)
                for (uint32_t j = g->down_start[w]; j < g->down_start[w + 1]; j++) {
                    const struct lay_arc *a = &g->down[i], *b = &g->down[j];
                    bool left = g->pos[v] < g->pos[w] || (v == w && a->my_port < b->my_port);
                    bool right = g->pos[a->to] > g->pos[b->to] || (a->to == b->to && a->to_port > b->to_port);
                    sum += left && right ? (double)a->weight * (double)b->weight : 0;
                }
    return sum;
}

static double count_all(struct structure *s) {
    double sum = 0;
    for (uint32_t r = 0; r + 1 < s->g.n_ranks; r++) {
        s->cross[r] = lay_count(&s->counter, &s->g, r);
        assert_true(s->cross[r] == count_pairs(&s->g, r));
        sum += s->cross[r];
    }
    return sum;
}

static void set_order(struct lay_graph *g, uint32_t r, uint32_t at, uint32_t v) {
    g->layer[g->layer_start[r] + at] = v;
    g->pos[v] = at;
}

static void shuffle(struct lay_graph *g, uint64_t *seed) {
    for (uint32_t r = 0; r < g->n_ranks; r++) {
        uint32_t n = g->layer_start[r + 1] - g->layer_start[r];
        const uint32_t *layer = g->layer + g->layer_start[r];
        for (uint32_t i = n; i > 1; i--) {
            uint32_t k = graph_random(seed) % i, v = layer[k], w = layer[i - 1];
            set_order(g, r, i - 1, v);
            set_order(g, r, k, w);
        }
    }
}

/* A line that runs along the wrong side of a chain with inputs from that side goes to the other one at once. No
 * exchange of two neighbours helps on the way. */
static void moves_a_line_to_the_other_side(void **state) {
    (void)state;
    enum { LENGTH = 12 };
    uint32_t pairs[2 * LENGTH + 1][2], m = 0, n = LENGTH + 1;
    for (uint32_t i = 0; i < LENGTH; i++) {
        if (i > 1) { /* a weight that enters left of the chain */
            pairs[m][0] = n++;
            pairs[m++][1] = i + 1;
        }
        pairs[m][0] = i;
        pairs[m++][1] = i + 1;
    }
    pairs[m][0] = 0;
    pairs[m++][1] = LENGTH; /* its last operand */
    struct structure s;
    structure_make(&s, n, m, pairs);
    struct lay_graph *g = &s.g;
    assert_true(count_all(&s) == 0);
    /* The line to the far left. */
    for (uint32_t r = 1; r < LENGTH; r++) {
        uint32_t width = g->layer_start[r + 1] - g->layer_start[r], line = g->trunks[0].first + r - 1;
        for (uint32_t i = g->pos[line]; i > 0; i--)
            set_order(g, r, i, g->layer[g->layer_start[r] + i - 1]);
        set_order(g, r, 0, line);
        assert_true(width <= 3);
    }
    assert_true(count_all(&s) > 0);
    double gained;
    assert_int_equal(lay_move_blocks(&s.tmp, g, &s.blocks, &s.counter, s.cross, UINT64_MAX, &gained), LAYOUT_OK);
    assert_true(gained > 0);
    assert_true(count_all(&s) == 0);
    structure_free(&s);
}

/* From any order: never more crossings, as many fewer as it says, every element once in its rank. */
static void keeps_its_books(void **state) {
    (void)state;
    uint64_t seed = 5;
    double before_all = 0, after_all = 0;
    for (int round = 0; round < 150; round++) {
        uint32_t n = 3 + graph_random(&seed) % 30, m = n + graph_random(&seed) % n, pairs[64][2];
        for (uint32_t i = 0; i < m; i++) {
            uint32_t a = graph_random(&seed) % n, b = graph_random(&seed) % n;
            bool turn = a > b && graph_random(&seed) % 10; /* some cycles and loops */
            pairs[i][0] = turn ? b : a;
            pairs[i][1] = turn ? a : b;
        }
        struct structure s;
        structure_make(&s, n, m, pairs);
        struct lay_graph *g = &s.g;
        shuffle(g, &seed);
        double before = count_all(&s), gained, sum = 0;
        assert_int_equal(lay_move_blocks(&s.tmp, g, &s.blocks, &s.counter, s.cross, UINT64_MAX, &gained), LAYOUT_OK);
        for (uint32_t r = 0; r + 1 < g->n_ranks; r++) {
            assert_true(s.cross[r] == count_pairs(g, r));
            sum += s.cross[r];
        }
        assert_true(gained >= 0 && before - gained == sum);
        uint8_t *seen = LAY_ZERO(&s.keep, uint8_t, g->n_elems);
        for (uint32_t r = 0; r < g->n_ranks; r++)
            for (uint32_t i = g->layer_start[r]; i < g->layer_start[r + 1]; i++) {
                uint32_t v = g->layer[i];
                assert_true(g->elem_rank[v] == r && g->pos[v] == i - g->layer_start[r] && !seen[v]);
                seen[v] = 1;
            }
        before_all += before;
        after_all += sum;
        structure_free(&s);
    }
    assert_true(after_all < before_all / 2);
}

/* A budget of nothing changes nothing. */
static void stops_at_its_limit(void **state) {
    (void)state;
    static const uint32_t pairs[][2] = {{0, 2}, {1, 3}, {0, 3}, {1, 2}};
    struct structure s;
    structure_make(&s, 4, 4, pairs);
    count_all(&s);
    double gained;
    assert_int_equal(lay_move_blocks(&s.tmp, &s.g, &s.blocks, &s.counter, s.cross, 0, &gained), LAYOUT_OK);
    assert_true(gained == 0);
    structure_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_a_line_to_the_other_side),
        cmocka_unit_test(keeps_its_books),
        cmocka_unit_test(stops_at_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
