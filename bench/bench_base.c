/* Speeds of the base room: one line per measurement, `what <tab> value <tab> unit`, for bench/run. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/map.h"
#include "base/num.h"

enum { N = 1 << 20, RUNS = 5 };

static struct mem mem;
static uint64_t seed = 1;
static volatile uint64_t sink; /* keeps results alive */

static uint64_t next_random(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* Calls work() several times and prints how many units it does per second, at best. */
static void report(const char *what, double units, const char *unit, void (*work)(void *ctx), void *ctx) {
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < RUNS; i++) {
        uint64_t start = clock_now_ns();
        work(ctx);
        uint64_t took = clock_now_ns() - start;
        best = took < best ? took : best;
    }
    printf("%s\t%.1f\t%s\n", what, units / ((double)best / 1e9), unit);
}

static void check(bool good, const char *what) {
    if (!good) {
        fprintf(stderr, "bench_base: %s failed\n", what);
        exit(1);
    }
}

/* A graph as a page would load it. */
static void write_json(void *ctx) {
    struct buf *b = ctx;
    buf_clear(b);
    struct json_writer w = json_writer_to(b);
    json_array_begin(&w);
    for (uint64_t i = 0; i < N / 8; i++) {
        json_object_begin(&w);
        json_key(&w, STR("id"));
        json_u64(&w, i);
        json_key(&w, STR("label"));
        json_str(&w, STR("model.layers.12.self_attn.q_proj/matmul"));
        json_key(&w, STR("namespace"));
        json_str(&w, STR("decoder/layer_12/attention"));
        json_key(&w, STR("microseconds"));
        json_double(&w, (double)i * 0.125);
        json_key(&w, STR("inputs"));
        json_array_begin(&w);
        json_u64(&w, i / 2);
        json_u64(&w, i / 3);
        json_array_end(&w);
        json_object_end(&w);
    }
    json_array_end(&w);
}

static void read_json(void *ctx) {
    struct json_reader r;
    json_reader_init(&r, buf_str(ctx));
    uint64_t tokens = 0;
    enum json_kind kind;
    while ((kind = json_next(&r)) != JSON_END && kind != JSON_ERROR)
        tokens++;
    check(kind == JSON_END, "reading JSON");
    sink = tokens;
}

/* Numbers with a comma after each. */
static void parse_doubles(void *ctx) {
    str text = buf_str(ctx);
    double sum = 0, v;
    while (text.n) {
        size_t n = num_parse_double(text, &v);
        check(n > 0, "reading a number");
        sum += v;
        text = str_from(text, n + 1);
    }
    sink = (uint64_t)sum;
}

static void parse_floats(void *ctx) {
    str text = buf_str(ctx);
    float sum = 0, v;
    while (text.n) {
        size_t n = num_parse_float(text, &v);
        check(n > 0, "reading a number");
        sum += v;
        text = str_from(text, n + 1);
    }
    sink = (uint64_t)sum;
}

static void format_doubles(void *ctx) {
    const double *v = ctx;
    char text[NUM_DOUBLE_MAX];
    size_t total = 0;
    for (int i = 0; i < N; i++)
        total += num_format_double(text, v[i]);
    sink = total;
}

static void append_tiny(void *ctx) {
    struct buf *b = ctx;
    buf_clear(b);
    for (unsigned i = 0; i < N; i++) {
        buf_lit(b, "    %");
        buf_put_u64(b, i);
        buf_lit(b, " = ");
        buf_put_str(b, STR("\"ttir.add\""));
        buf_putc(b, '\n');
    }
}

static void map_names(void *ctx) {
    const char(*names)[16] = ctx;
    struct map_str map;
    map_str_init(&map, &mem);
    for (uint32_t i = 0; i < N; i++)
        map_str_put(&map, str_from_z(names[i]), i, NULL);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < N; i++)
        sum += *map_str_get(&map, str_from_z(names[i]));
    sink = sum;
    map_str_free(&map);
}

static void arena_small(void *ctx) {
    (void)ctx;
    struct arena a;
    arena_init(&a, &mem);
    for (int i = 0; i < N; i++)
        *(uint64_t *)arena_alloc(&a, 40, 8) = 1;
    arena_free(&a);
}

int main(void) {
    struct buf b;
    buf_init(&b, &mem);
    write_json(&b);
    report("JSON writing", (double)b.n / 1e6, "MB/s", write_json, &b);
    report("JSON reading", (double)b.n / 1e6, "MB/s", read_json, &b);
    append_tiny(&b);
    report("tiny appends, five to a line", (double)b.n / 1e6, "MB/s", append_tiny, &b);

    double *doubles = mem_alloc(&mem, N * sizeof *doubles);
    check(doubles != NULL, "allocating");
    buf_clear(&b);
    for (int i = 0; i < N; i++) {
        doubles[i] = (double)(int64_t)next_random() / 9.3e19;
        buf_printf(&b, "%.9g,", doubles[i]);
    }
    report("numbers of 9 digits to double", N / 1e6, "M/s", parse_doubles, &b);
    report("numbers of 9 digits to float", N / 1e6, "M/s", parse_floats, &b);
    buf_clear(&b);
    for (int i = 0; i < N; i++)
        buf_printf(&b, "%.17g,", doubles[i]);
    report("numbers of 17 digits to double", N / 1e6, "M/s", parse_doubles, &b);
    report("doubles to shortest text", N / 1e6, "M/s", format_doubles, doubles);
    mem_free(&mem, doubles, N * sizeof *doubles);
    buf_free(&b);

    char(*names)[16] = mem_alloc(&mem, N * sizeof *names);
    check(names != NULL, "allocating");
    for (unsigned i = 0; i < N; i++)
        snprintf(names[i], sizeof names[i], "%%%u", i);
    report("names into a map and found again", N / 1e6, "M/s", map_names, names);
    mem_free(&mem, names, N * sizeof *names);
    report("arena blocks of 40 bytes", N / 1e6, "M/s", arena_small, NULL);
    return 0;
}
