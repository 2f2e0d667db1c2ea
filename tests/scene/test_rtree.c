/* The index against looking at every rectangle. */
#include "scene/rtree.h"
#include "test.h"

static struct rtree_box random_box(uint64_t *seed, float world, float size) {
    float x = (float)(test_random(seed) % 100000) * world / 100000,
          y = (float)(test_random(seed) % 100000) * world / 100000;
    float w = (float)(test_random(seed) % 1000) * size / 1000, h = (float)(test_random(seed) % 1000) * size / 1000;
    return (struct rtree_box){x, y, x + w, y + h};
}

static bool meets(struct rtree_box a, struct rtree_box b) {
    return a.x0 <= b.x1 && b.x0 <= a.x1 && a.y0 <= b.y1 && b.y0 <= a.y1;
}

static void finds_what_meets(void **state) {
    (void)state;
    uint64_t seed = 7;
    static const uint32_t sizes[] = {0, 1, 2, 15, 16, 17, 255, 256, 257, 5000};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        struct mem m = {0};
        uint32_t n = sizes[k];
        struct rtree_box *boxes = calloc(n + 1, sizeof *boxes);
        uint8_t *seen = calloc(n + 1, 1);
        for (uint32_t i = 0; i < n; i++)
            boxes[i] = random_box(&seed, k % 2 ? 1000 : 1e7f, 40);
        struct rtree t;
        rtree_init(&t, &m);
        assert_true(rtree_build(&t, n, boxes));
        for (int q = 0; q < 30; q++) {
            struct rtree_box view = random_box(&seed, k % 2 ? 1000 : 1e7f, k % 2 ? 500 : 5e6f);
            struct rtree_walk w;
            uint32_t id;
            struct rtree_box box;
            bool many;
            memset(seen, 0, n);
            rtree_start(&w, &t, view, 0);
            while (rtree_next(&w, &id, &box, &many)) {
                assert_false(many);
                assert_memory_equal(&box, &boxes[id], sizeof box);
                assert_int_equal(seen[id]++, 0);
            }
            for (uint32_t i = 0; i < n; i++)
                assert_int_equal(seen[i], meets(boxes[i], view));
        }
        rtree_free(&t);
        assert_int_equal(m.used, 0);
        free(boxes);
        free(seen);
    }
}

/* With a least size, every rectangle is still covered by what is given. */
static void small_groups_cover_theirs(void **state) {
    (void)state;
    enum { N = 3000 };
    struct mem m = {0};
    uint64_t seed = 11;
    struct rtree_box *boxes = calloc(N, sizeof *boxes);
    for (uint32_t i = 0; i < N; i++)
        boxes[i] = random_box(&seed, 1000, 3);
    struct rtree t;
    rtree_init(&t, &m);
    assert_true(rtree_build(&t, N, boxes));
    struct rtree_walk w;
    struct rtree_box *given = calloc(N, sizeof *given), all = {-10, -10, 2000, 2000};
    uint32_t n = 0, id;
    bool many;
    rtree_start(&w, &t, all, 200);
    while (rtree_next(&w, &id, &given[n], &many)) {
        assert_true(!many || (given[n].x1 - given[n].x0 < 200 && given[n].y1 - given[n].y0 < 200));
        n++;
    }
    assert_true(n < N / 2);
    for (uint32_t i = 0; i < N; i++) {
        bool covered = false;
        for (uint32_t k = 0; k < n && !covered; k++)
            covered = given[k].x0 <= boxes[i].x0 && given[k].y0 <= boxes[i].y0 && given[k].x1 >= boxes[i].x1 &&
                      given[k].y1 >= boxes[i].y1;
        assert_true(covered);
    }
    rtree_free(&t);
    free(boxes);
    free(given);
}

static bool build_one(struct mem *m, void *ctx) {
    (void)ctx;
    struct rtree_box boxes[40] = {{0}};
    struct rtree t;
    rtree_init(&t, m);
    bool ok = rtree_build(&t, 40, boxes);
    rtree_free(&t);
    return ok;
}

static void survives_want_of_memory(void **state) {
    (void)state;
    test_oom_sweep(build_one, NULL, 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_meets),
        cmocka_unit_test(small_groups_cover_theirs),
        cmocka_unit_test(survives_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
