#include "test.h"

#include "base/map.h"

enum { KEYS = 2000, STEPS = 100000 };

/* Both maps against plain arrays, over random puts, gets and removals. */
static void text_map_agrees_with_an_array(void **state) {
    (void)state;
    static char names[KEYS][8];
    static uint32_t values[KEYS];
    static bool there[KEYS];
    struct mem m = {0};
    struct map_str map;
    map_str_init(&map, &m);
    for (unsigned i = 0; i < KEYS; i++)
        snprintf(names[i], sizeof names[i], "%u", i);
    uint64_t seed = 5;
    size_t n = 0;
    for (uint32_t step = 0; step < STEPS; step++) {
        size_t k = test_random(&seed) % KEYS;
        str key = str_from_z(names[k]);
        bool added;
        uint32_t *v;
        switch (test_random(&seed) % 4) {
        case 0:
        case 1:
            v = map_str_put(&map, key, step, &added);
            assert_non_null(v);
            assert_int_equal(added, !there[k]);
            if (added) {
                values[k] = step;
                there[k] = true;
                n++;
            }
            assert_int_equal(*v, values[k]);
            break;
        case 2:
            assert_int_equal(map_str_remove(&map, key), there[k]);
            n -= there[k];
            there[k] = false;
            break;
        default:
            v = map_str_get(&map, key);
            assert_int_equal(v != NULL, there[k]);
            if (v)
                assert_int_equal(*v, values[k]);
        }
        assert_int_equal(map.n, n);
    }
    map_str_clear(&map);
    assert_null(map_str_get(&map, STR("1")));
    assert_non_null(map_str_put(&map, (str){0}, 7, NULL));
    assert_int_equal(*map_str_get(&map, STR("")), 7);
    map_str_free(&map);
    assert_int_equal(m.used, 0);
}

static void number_map_agrees_with_an_array(void **state) {
    (void)state;
    static uint32_t values[KEYS];
    static bool there[KEYS];
    struct mem m = {0};
    struct map_u64 map;
    map_u64_init(&map, &m);
    uint64_t seed = 6;
    size_t n = 0;
    for (uint32_t step = 0; step < STEPS; step++) {
        size_t k = test_random(&seed) % KEYS;
        uint64_t key = k % 2 ? (uint64_t)k << 32 : k; /* 0 is a key like others */
        bool added;
        uint32_t *v;
        switch (test_random(&seed) % 4) {
        case 0:
        case 1:
            v = map_u64_put(&map, key, step, &added);
            assert_non_null(v);
            assert_int_equal(added, !there[k]);
            if (added) {
                values[k] = step;
                there[k] = true;
                n++;
            }
            assert_int_equal(*v, values[k]);
            break;
        case 2:
            assert_int_equal(map_u64_remove(&map, key), there[k]);
            n -= there[k];
            there[k] = false;
            break;
        default:
            v = map_u64_get(&map, key);
            assert_int_equal(v != NULL, there[k]);
            if (v)
                assert_int_equal(*v, values[k]);
        }
        assert_int_equal(map.n, n);
    }
    map_u64_clear(&map);
    assert_null(map_u64_get(&map, 0));
    map_u64_free(&map);
    assert_int_equal(m.used, 0);
}

static void reserving_avoids_growing(void **state) {
    (void)state;
    struct mem m = {0};
    struct map_u64 map;
    map_u64_init(&map, &m);
    assert_true(map_u64_reserve(&map, 1000));
    for (uint64_t i = 0; i < 1000; i++)
        map_u64_put(&map, i, 0, NULL);
    assert_int_equal(m.calls, 1);
    assert_false(map_u64_reserve(&map, SIZE_MAX));
    map_u64_free(&map);
    struct map_str text;
    map_str_init(&text, &m);
    assert_true(map_str_reserve(&text, 12));
    assert_int_equal(text.cap, 16);
    assert_false(map_str_reserve(&text, SIZE_MAX));
    map_str_free(&text);
}

static bool fill(struct mem *m, void *ctx) {
    (void)ctx;
    static const char text[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
    struct map_str a;
    struct map_u64 b;
    map_str_init(&a, m);
    map_u64_init(&b, m);
    bool good = true;
    for (uint32_t i = 0; i < sizeof text && good; i++)
        good = map_str_put(&a, str_of(text, i), i, NULL) && map_u64_put(&b, i, i, NULL);
    for (uint32_t i = 0; i < a.n; i++) /* a failed put leaves the rest alone */
        assert_int_equal(*map_str_get(&a, str_of(text, i)), i);
    map_str_free(&a);
    map_u64_free(&b);
    return good;
}

static void survives_any_failure(void **state) {
    (void)state;
    test_oom_sweep(fill, NULL, 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_map_agrees_with_an_array),
        cmocka_unit_test(number_map_agrees_with_an_array),
        cmocka_unit_test(reserving_avoids_growing),
        cmocka_unit_test(survives_any_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
