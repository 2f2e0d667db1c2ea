/* oneDNN and its OpenMP, opened when they are needed. */
#define _GNU_SOURCE /* setenv */
#if EXEC_X86_64
#include <cpuid.h>
#endif
#include <dlfcn.h>
#include <stdlib.h>

#include "base/machine.h"
#include "exec/onednn_inner.h"

static bool open_library(struct library *lib) {
    /* OpenMP reads this when it is loaded: how often its threads look for work before they sleep, for about as long as the
     * smaller ops of a model take. resnet-50 on two threads takes 27 ms so, and 30 when they sleep at once; where a processor
     * that has nothing to do is slow to come back, as in virtual machines, 36 instead of 39 ms with 2000. */
    setenv("GOMP_SPINCOUNT", "10000", 0);
    lib->handle = dlopen("libdnnl.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!lib->handle)
        return false;
    bool all = true;
#define X(name) all &= (*(void **)(void *)&lib->name = dlsym(lib->handle, #name)) != NULL;
    DNNL_FUNCTIONS(X)
#undef X
    *(void **)(void *)&lib->set_threads = dlsym(lib->handle, "omp_set_num_threads");
    *(void **)(void *)&lib->team = dlsym(lib->handle, "GOMP_parallel");
    *(void **)(void *)&lib->limit = dlsym(lib->handle, "GOMP_teams_reg");
    return all;
}

/* Whether products of bf16 are faster than those of f32. Intel's processors with AVX-512 alone do them at half the speed of
 * f32 (measured with bench/bench_dnnl: convolutions and matrix products take 1.6 to 2 times as long); those with matrix tiles
 * and AMD's at twice. */
static bool has_fast_bf16(void) {
#if EXEC_X86_64
    unsigned a, b, c, d;
    bool tiles = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 22 & 1); /* AMX-BF16 */
    return __builtin_cpu_supports("avx512bf16") && (tiles || __builtin_cpu_is("amd"));
#else
    return false;
#endif
}

static bool has_wide_vectors(void) {
#if EXEC_X86_64
    return __builtin_cpu_supports("avx512bw");
#else
    return false;
#endif
}

struct dnnl_state *dnnl_state_of(exec_plan *x) {
    if (x->dnnl || x->no_dnnl)
        return x->dnnl;
    struct dnnl_state *s = mem_alloc_zero(x->mem, sizeof *s);
    x->dnnl = s;
    if (s && open_library(&s->lib) && s->lib.dnnl_engine_create(&s->engine, dnnl_cpu, 0) == dnnl_success &&
        s->lib.dnnl_stream_create(&s->stream, s->engine, dnnl_stream_default_flags) == dnnl_success) {
        s->bf16 = has_fast_bf16();
        s->wide = has_wide_vectors();
        if (s->lib.team)
            pool_join(x->pool, s->lib.team);
        return s;
    }
    dnnl_free(x);
    x->no_dnnl = true;
    return NULL;
}

void dnnl_free_op(exec_plan *x, struct dnnl_op *op) {
    struct library *lib = &x->dnnl->lib;
    for (int i = 0; i <= OWN; i++)
        if (op->described[i])
            lib->dnnl_primitive_desc_destroy(op->described[i]);
    for (int i = 0; i < 4; i++)
        if (op->reorder[i])
            lib->dnnl_primitive_destroy(op->reorder[i]);
    for (int i = 0; i < N_MEMORIES; i++)
        if (op->memory[i])
            lib->dnnl_memory_destroy(op->memory[i]);
    dnnl_forget_tail(x, op);
    if (op->primitive)
        lib->dnnl_primitive_destroy(op->primitive);
    for (int i = 0; i < 2; i++)
        if (op->pieces[i].primitive)
            lib->dnnl_primitive_destroy(op->pieces[i].primitive);
    mem_free(x->mem, op, sizeof *op);
}

void dnnl_free(exec_plan *x) {
    struct dnnl_state *s = x->dnnl;
    if (!s)
        return;
    while (s->ops) {
        struct dnnl_op *op = s->ops;
        s->ops = op->next;
        dnnl_free_op(x, op);
    }
    if (s->stream)
        s->lib.dnnl_stream_destroy(s->stream);
    if (s->engine)
        s->lib.dnnl_engine_destroy(s->engine);
    mem_huge_free(x->mem, s->packed, s->packed_bytes + 64);
    /* The library stays: unloading OpenMP under its own threads does not work. */
    mem_free(x->mem, s, sizeof *s);
    x->dnnl = NULL;
}

void dnnl_forget(exec_plan *x) {
    for (struct dnnl_op *op = x->dnnl ? x->dnnl->ops : NULL; op; op = op->next)
        op->is_packed = false;
}

/* --- threads ------------------------------------------------------------------------------------------------------ */

void dnnl_make_for(const exec_plan *x, unsigned threads) {
    if (x->dnnl->lib.set_threads)
        x->dnnl->lib.set_threads((int)threads);
}

unsigned dnnl_most_threads(const exec_plan *x) {
    return x->dnnl->lib.limit ? machine_processors() : pool_threads(x->pool);
}

struct execution {
    const struct dnnl_state *s;
    dnnl_primitive_t primitive;
    int n;
    const dnnl_exec_arg_t *args;
    dnnl_status_t status;
};

static void execute(void *execution) {
    struct execution *e = execution;
    e->status = e->s->lib.dnnl_primitive_execute(e->primitive, e->s->stream, e->n, e->args);
}

dnnl_status_t dnnl_execute(const exec_plan *x, dnnl_primitive_t primitive, int n, const dnnl_exec_arg_t *args) {
    struct execution e = {.s = x->dnnl, .primitive = primitive, .n = n, .args = args};
    unsigned threads = pool_threads(x->pool), most = dnnl_most_threads(x);
    dnnl_make_for(x, threads < most ? threads : most);
    if (threads < most)
        x->dnnl->lib.limit(execute, &e, 1, threads, 0); /* primitives ask for as many as they were made for */
    else
        execute(&e);
    return e.status;
}

dnnl_status_t dnnl_execute_alone(const exec_plan *x, dnnl_primitive_t primitive, int n, const dnnl_exec_arg_t *args) {
    struct execution e = {.s = x->dnnl, .primitive = primitive, .n = n, .args = args};
    dnnl_make_for(x, 1);
    execute(&e);
    return e.status;
}
