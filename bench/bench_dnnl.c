/* oneDNN alone, in the layouts it likes best and with weights packed: what the executor is measured against.
 *
 *   bench_dnnl matmul f32|bf16 THREADS M N K
 *   bench_dnnl conv f32|bf16 THREADS BATCH SIZE CHANNELS OUT KERNEL STRIDE     (square, padded by KERNEL / 2)
 *
 * Speaks as bench_exec does. */
#include <dnnl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

void omp_set_num_threads(int n); /* of libgomp, under oneDNN */

static dnnl_engine_t engine;

static void need(dnnl_status_t status, const char *what) {
    if (status != dnnl_success) {
        fprintf(stderr, "bench_dnnl: %s: %d\n", what, (int)status);
        exit(1);
    }
}

static dnnl_memory_desc_t tensor(int n, int64_t a, int64_t b, int64_t c, dnnl_data_type_t type, dnnl_format_tag_t tag) {
    dnnl_memory_desc_t md;
    dnnl_dims_t d = {a, b, c, c}; /* images are square */
    need(dnnl_memory_desc_init_by_tag(&md, n, d, type, tag), "a shape");
    return md;
}

/* Memory of small numbers in the layout that the primitive chose. */
static dnnl_memory_t operand(const_dnnl_primitive_desc_t pd, dnnl_query_t which) {
    const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(pd, which, 0);
    dnnl_memory_t memory;
    void *data;
    need(dnnl_memory_create(&memory, md, engine, DNNL_MEMORY_ALLOCATE), "memory");
    need(dnnl_memory_get_data_handle(memory, &data), "memory");
    size_t n = dnnl_memory_desc_get_size(md), step = md->data_type == dnnl_f32 ? 4 : 2;
    for (size_t i = 0; i + step <= n; i += step) {
        float x = (float)(i / step % 17) * 0.0625f;
        uint32_t bits;
        memcpy(&bits, &x, sizeof bits);
        bits >>= step == 2 ? 16 : 0;
        memcpy((char *)data + i, &bits, step);
    }
    return memory;
}

int main(int argc, char **argv) {
    bool matmul = argc == 7 && strcmp(argv[1], "matmul") == 0;
    if (!matmul && (argc != 10 || strcmp(argv[1], "conv") != 0)) {
        fprintf(stderr, "usage: bench_dnnl matmul|conv f32|bf16 THREADS SIZE...\n");
        return 2;
    }
    int64_t v[6];
    for (int i = 4; i < argc; i++)
        v[i - 4] = atoll(argv[i]);
    dnnl_data_type_t type = strcmp(argv[2], "f32") == 0 ? dnnl_f32 : dnnl_bf16;
    omp_set_num_threads(atoi(argv[3]));
    dnnl_stream_t stream;
    need(dnnl_engine_create(&engine, dnnl_cpu, 0), "an engine");
    need(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags), "a stream");
    dnnl_matmul_desc_t product;
    dnnl_convolution_desc_t conv;
    if (matmul) {
        /* rows as they are: a module's operands have no other layout */
        dnnl_memory_desc_t a = tensor(2, v[0], v[2], 0, type, dnnl_ab), c = tensor(2, v[0], v[1], 0, type, dnnl_ab);
        dnnl_memory_desc_t b = tensor(2, v[2], v[1], 0, type, dnnl_format_tag_any);
        need(dnnl_matmul_desc_init(&product, &a, &b, NULL, &c), "a product");
    } else {
        int64_t pad = v[4] / 2, to = (v[1] - 1) / v[5] + 1, high = (to - 1) * v[5] + v[4] - v[1] - pad;
        dnnl_memory_desc_t x = tensor(4, v[0], v[2], v[1], type, dnnl_format_tag_any);
        dnnl_memory_desc_t w = tensor(4, v[3], v[2], v[4], type, dnnl_format_tag_any);
        dnnl_memory_desc_t y = tensor(4, v[0], v[3], to, type, dnnl_format_tag_any);
        dnnl_dims_t strides = {v[5], v[5]}, low = {pad, pad}, above = {high, high};
        need(dnnl_convolution_forward_desc_init(&conv, dnnl_forward_inference, dnnl_convolution_direct, &x, &w, NULL,
                                                &y, strides, low, above),
             "a convolution");
    }
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t primitive;
    need(dnnl_primitive_desc_create(&pd, matmul ? (const void *)&product : (const void *)&conv, NULL, engine, NULL),
         "a primitive");
    need(dnnl_primitive_create(&primitive, pd), "a primitive");
    dnnl_exec_arg_t args[3] = {{DNNL_ARG_SRC, operand(pd, dnnl_query_src_md)},
                               {DNNL_ARG_WEIGHTS, operand(pd, dnnl_query_weights_md)},
                               {DNNL_ARG_DST, operand(pd, dnnl_query_dst_md)}};
    need(dnnl_primitive_execute(primitive, stream, 3, args), "the first run");
    printf("ready 0\n");
    fflush(stdout);
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        clock_t processor = clock();
        uint64_t start = clock_now_ns();
        need(dnnl_primitive_execute(primitive, stream, 3, args), "a run");
        need(dnnl_stream_wait(stream), "a run");
        printf("%.4f %.4f\n", (double)(clock_now_ns() - start) / 1e6,
               (double)(clock() - processor) * 1e3 / CLOCKS_PER_SEC);
        fflush(stdout);
    }
    return 0;
}
