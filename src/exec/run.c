/* Running a plan: its steps one by one, each on one device after the other. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "exec/kernels.h"
#include "exec/onednn.h"
#include "exec/seed.h"

/* --- what kernels ask for ----------------------------------------------------------------------------------------- */

static bool fail(exec_plan *x, ir_op op, const char *text) {
    snprintf(x->error_text, sizeof x->error_text, "%s", text);
    x->error = x->error_text;
    x->error_op = op;
    return false;
}

bool call_error(struct call *c, const char *fmt, ...) {
    char text[sizeof c->x->error_text];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return fail(c->x, c->s->op, text);
}

/* The gap behind each piece is poisoned under AddressSanitizer. */
enum { SCRATCH_ALIGN = 64, SCRATCH_GAP = 64 };

static void free_scratch(exec_plan *x) {
    if (x->scratch_block)
        ASAN_UNPOISON(x->scratch_block, x->scratch_size + SCRATCH_ALIGN);
    mem_huge_free(x->mem, x->scratch_block, x->scratch_size ? x->scratch_size + SCRATCH_ALIGN : 0);
    x->scratch_block = NULL;
    x->scratch_size = 0;
}

/* Makes the block longer: its pages stay where memory for it is found, and nothing is when not. */
static void grow_scratch(exec_plan *x, size_t size) {
    size_t had = x->scratch_size ? x->scratch_size + SCRATCH_ALIGN : 0;
    ASAN_UNPOISON(x->scratch_block, had);
    char *p = mem_huge_realloc(x->mem, x->scratch_block, had, size + SCRATCH_ALIGN);
    x->scratch_block = p ? p : x->scratch_block;
    x->scratch_size = p ? size : x->scratch_size;
    ASAN_POISON(x->scratch_block, x->scratch_size ? x->scratch_size + SCRATCH_ALIGN : 0);
}

void run_lend_scratch(exec_plan *from, exec_plan *to) {
    if (from->mem != to->mem || from->scratch_size <= to->scratch_size)
        return;
    free_scratch(to);
    to->scratch_block = from->scratch_block;
    to->scratch_size = from->scratch_size;
    from->scratch_block = NULL;
    from->scratch_size = 0;
}

/* Scratch memory is a stack in one block, as large as any step has needed so far: memory that is given back and taken anew has
 * to be cleared by the system each time, which takes longer than many ops. What does not fit comes from an arena, once. */
void *call_scratch(struct call *c, size_t bytes) {
    exec_plan *x = c->x;
    size_t size = bytes > SIZE_MAX / 2 ? 0 : ((bytes + SCRATCH_ALIGN - 1) & ~(size_t)(SCRATCH_ALIGN - 1)) + SCRATCH_GAP;
    if (size && num_add_size(x->scratch_used, size, &x->scratch_used)) {
        if (x->scratch_used == size && size > x->scratch_size) /* nobody has a piece of it */
            grow_scratch(x, size);
        if (x->scratch_used <= x->scratch_size) {
            char *p = x->scratch_block + x->scratch_used - size;
            p += (SCRATCH_ALIGN - (uintptr_t)x->scratch_block % SCRATCH_ALIGN) % SCRATCH_ALIGN;
            ASAN_UNPOISON(p, bytes);
            return p;
        }
        char *p = arena_alloc(&x->scratch, size, 16);
        if (p)
            return p + (SCRATCH_ALIGN - (uintptr_t)p % SCRATCH_ALIGN) % SCRATCH_ALIGN;
    }
    call_error(c, "out of memory");
    return NULL;
}

/* Takes scratch memory back down to `used`. When it did not suffice the block grows for the next step; where there is no
 * memory for that the arena goes on helping. */
static void reset_scratch(exec_plan *x, size_t used, struct arena_mark mark) {
    size_t need = x->scratch_used;
    arena_reset(&x->scratch, mark);
    x->scratch_used = used;
    if (need > x->scratch_peak)
        x->scratch_peak = need;
    if (used)
        return;
    if (need > x->scratch_size)
        grow_scratch(x, need);
    ASAN_POISON(x->scratch_block, x->scratch_size ? x->scratch_size + SCRATCH_ALIGN : 0);
}

struct scratch_mark call_scratch_mark(struct call *c) {
    return (struct scratch_mark){c->x->scratch_used, arena_mark(&c->x->scratch)};
}

void call_scratch_release(struct call *c, struct scratch_mark mark) {
    reset_scratch(c->x, mark.used, mark.arena);
}

bool call_loop(struct call *c, size_t n, size_t grain, pool_body *body, void *ctx) {
    if (n == 0)
        return true;
    if (n <= grain) {
        body(ctx, 0, n, 0);
        return true;
    }
    return pool_for(c->x->pool, n, grain, body, ctx, c->x->asked);
}

struct conversion {
    const exec_plan *x;
    char *d;
    const char *s;
    enum tensor_dtype dt, st;
};

/* The same where one side, or both, are complex numbers: pairs into pairs, or the real parts alone. */
static void convert_pairs(const exec_plan *x, char *d, enum tensor_dtype dt, const char *s, enum tensor_dtype st,
                          size_t n) {
    enum { PIECE = 256 };
    double a[2 * PIECE], b[2 * PIECE];
    unsigned have = tensor_dtype_is_complex(st) ? 2 : 1, want = tensor_dtype_is_complex(dt) ? 2 : 1;
    for (size_t k; n; n -= k, s += k * tensor_dtype_size(st), d += k * tensor_dtype_size(dt)) {
        k = n < PIECE ? n : PIECE;
        exec_convert(x, a, TENSOR_F64, s, tensor_dtype_part(st), k * have);
        for (size_t i = 0; i < k; i++) {
            b[i * want] = a[i * have];
            if (want == 2)
                b[2 * i + 1] = have == 2 ? a[2 * i + 1] : 0;
        }
        exec_convert(x, d, tensor_dtype_part(dt), b, TENSOR_F64, k * want);
    }
}

void exec_convert(const exec_plan *x, void *d_, enum tensor_dtype dt, const void *s_, enum tensor_dtype st, size_t n) {
    enum { PIECE = 512 };
    double a[PIECE], b[PIECE];
    char *d = d_;
    const char *s = s_;
    if (dt == st) {
        memcpy(d, s, n * tensor_dtype_size(dt));
        return;
    }
    if (tensor_dtype_is_complex(st) || tensor_dtype_is_complex(dt)) {
        convert_pairs(x, d, dt, s, st, n);
        return;
    }
    vec_class from = vec_class_of(st), to = vec_class_of(dt);
    if (from == VEC_F32 && vec_is_integer(to))
        to = VEC_F32; /* cut and saturate from the real number itself */
    if (from == VEC_F64)
        to = VEC_F64;
    /* Lanes as they are need no copy on either side. */
    bool direct = from == to && dt == vec_lane(to), bare = st == vec_lane(from);
    for (; n; s += PIECE * tensor_dtype_size(st), d += PIECE * tensor_dtype_size(dt)) {
        size_t k = n < PIECE ? n : PIECE;
        const void *lanes = s;
        if (!bare) {
            x->vec[from]->load[st](direct ? (void *)d : a, s, k);
            lanes = a;
        }
        if (to != from) {
            x->vec[to]->from[from](b, lanes, k);
            lanes = b;
        }
        if (!direct)
            x->vec[to]->store[dt](d, lanes, k);
        n -= k;
        if (n == 0)
            break;
    }
}

static void convert_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct conversion *w = ctx;
    (void)worker;
    exec_convert(w->x, w->d + begin * tensor_dtype_size(w->dt), w->dt, w->s + begin * tensor_dtype_size(w->st), w->st,
                 end - begin);
}

bool exec_convert_shared(const exec_plan *x, void *d, enum tensor_dtype dt, const void *s, enum tensor_dtype st,
                         size_t n) {
    struct conversion w = {x, d, s, dt, st};
    return n == 0 || pool_for(x->pool, n, 1 << 16, convert_piece, &w, x->asked);
}

struct bytes_copy {
    char *d;
    const char *s;
};

static void copy_bytes(void *ctx, size_t begin, size_t end, unsigned worker) {
    const struct bytes_copy *w = ctx;
    (void)worker;
    memcpy(w->d + begin, w->s + begin, end - begin);
}

bool exec_copy_shared(const exec_plan *x, void *d, const void *s, size_t bytes) {
    struct bytes_copy w = {d, s};
    return bytes == 0 || pool_for(x->pool, bytes, 1 << 20, copy_bytes, &w, x->asked);
}

const void *call_lanes(struct call *c, const struct exec_arg *a, vec_class k) {
    enum tensor_dtype want = vec_lane(k);
    size_t n = (size_t)type_count(a->type);
    if (a->type->dtype == want)
        return a->data;
    void *lanes = call_scratch(c, n * tensor_dtype_size(want));
    struct conversion w = {c->x, lanes, a->data, want, a->type->dtype};
    if (!lanes || !call_loop(c, n, 1 << 16, convert_piece, &w))
        return NULL;
    return lanes;
}

void *call_room(struct call *c, const struct exec_arg *a, vec_class k) {
    enum tensor_dtype want = vec_lane(k);
    if (a->type->dtype == want)
        return a->data;
    return call_scratch(c, (size_t)type_count(a->type) * tensor_dtype_size(want));
}

void call_store(struct call *c, const struct exec_arg *a, const void *lanes, vec_class k) {
    enum tensor_dtype have = vec_lane(k);
    if (lanes == a->data)
        return;
    struct conversion w = {c->x, a->data, lanes, a->type->dtype, have};
    call_loop(c, (size_t)type_count(a->type), 1 << 16, convert_piece, &w);
}

bool call_convert(struct call *c, const struct exec_arg *to, const struct exec_arg *from) {
    struct conversion w = {c->x, to->data, from->data, to->type->dtype, from->type->dtype};
    return call_loop(c, (size_t)type_count(to->type), 1 << 16, convert_piece, &w);
}

/* --- where everything is ------------------------------------------------------------------------------------------ */

static bool ready_memory(exec_plan *x) {
    if (x->memory)
        return true;
    x->memory_size = x->planned + 64;
    x->memory_block = mem_huge_realloc(x->mem, NULL, 0, x->memory_size);
    if (!x->memory_block)
        return fail(x, 0, "out of memory");
    x->memory = x->memory_block + (64 - (uintptr_t)x->memory_block % 64) % 64;
    return true;
}

/* Arguments that an in-place op writes are copies, so that what was bound stays. */
static bool ready_argument(exec_plan *x, size_t i) {
    exec_slot s = x->arguments[i];
    struct slot *slot = &x->slots.v[s];
    unsigned copies = slot->per_device || slot->written ? x->devices : 1;
    if (!s)
        return true;
    if (!slot->written)
        return true;
    slot->stride = (slot->bytes + 63) & ~(size_t)63;
    if (!slot->data && !(slot->data = arena_alloc(&x->arena, slot->stride * copies + 64, 16)))
        return fail(x, 0, "out of memory");
    for (unsigned d = 0; d < copies; d++) {
        const struct tensor *t = &x->bound[i * x->devices + d];
        if (!t->data)
            t = &x->seeded[i];
        if (!exec_copy_shared(x, (char *)slot->data + d * slot->stride, t->data, slot->bytes))
            return false;
    }
    return true;
}

void *exec_slot_data(const exec_plan *x, exec_slot s, unsigned device) {
    const struct slot *slot = &x->slots.v[x->slots.v[s].root];
    if (!slot->per_device && !slot->written)
        device = 0;
    switch (slot->kind) {
    case SLOT_NONE:
    case SLOT_VIEW: return NULL;
    case SLOT_CONSTANT: return slot->data;
    case SLOT_CACHED:
    case SLOT_PLANNED: return x->memory + slot->offset + (slot->per_device ? device : 0) * slot->stride;
    case SLOT_ARGUMENT: break;
    }
    if (slot->written)
        return (char *)slot->data + (slot->per_device ? device : 0) * slot->stride;
    const struct tensor *t = &x->bound[slot->offset * x->devices + device];
    return t->data ? t->data : x->seeded[slot->offset].data;
}

static bool ready_pointers(exec_plan *x) {
    for (size_t i = 0; i < x->n_arguments; i++)
        if (!ready_argument(x, i))
            return false;
    if (x->pointers_ready)
        return true;
    for (size_t i = 0; i < x->steps.n; i++) {
        struct exec_step *s = &x->steps.v[i];
        uint32_t width = s->n_in + s->n_out;
        for (unsigned d = 0; d < x->devices; d++)
            for (uint32_t k = 0; k < width; k++) {
                struct exec_arg *a = &s->args[d * width + k];
                exec_slot slot = k < s->n_in ? s->in[k] : s->out[k - s->n_in];
                a->type = slot_type(x, slot);
                a->data = slot ? exec_slot_data(x, slot, d) : NULL;
            }
    }
    x->pointers_ready = true;
    return true;
}

/* --- steps -------------------------------------------------------------------------------------------------------- */

static bool round_results(exec_plan *x, const struct exec_step *s, unsigned device) {
    for (uint32_t i = 0; i < s->n_out; i++) {
        const struct exec_arg *a = &s->args[device * (s->n_in + s->n_out) + s->n_in + i];
        if (a->data && a->type->format != FORMAT_PLAIN && x->slots.v[s->out[i]].kind != SLOT_VIEW &&
            !format_round_shared(x, a->type->format, a->data, a->type->dims, a->type->rank))
            return false;
    }
    return true;
}

static bool run_step(exec_plan *x, const struct exec_step *s) {
    uint32_t width = s->n_in + s->n_out;
    bool mesh = s->row->kernel->flags & KERNEL_MESH;
    unsigned devices = s->per_device && !mesh ? x->devices : 1;
    for (unsigned d = 0; d < devices; d++) {
        struct call c = {.x = x, .s = s, .in = s->args + d * width, .width = width, .device = d};
        c.out = c.in + s->n_in;
        struct scratch_mark mark = call_scratch_mark(&c);
        bool ok = s->run(&c);
        call_scratch_release(&c, mark);
        if (!ok)
            return false;
    }
    for (uint32_t i = 0; i <= s->fused; i++)
        for (unsigned d = 0; d < (s->per_device ? x->devices : 1); d++)
            if (!round_results(x, s + i, d))
                return false;
    return true;
}

static bool record(exec_plan *x, const struct exec_step *s, uint64_t start, uint64_t ns) {
    uint64_t work = 0;
    for (uint32_t i = 0; i <= s->fused; i++)
        work += s[i].flops + 1;
    uint64_t at = start;
    for (uint32_t i = 0; i <= s->fused; i++) {
        const struct exec_step *t = s + i;
        uint64_t part = s->fused ? (uint64_t)((double)ns * (double)(t->flops + 1) / (double)work) : ns;
        exec_record r = {.op = t->op,
                         .fused = s->fused - i,
                         .start_ns = at,
                         .ns = part,
                         .read = t->read,
                         .written = t->written,
                         .flops = t->flops,
                         .allocated = t->written,
                         .live = s->live,
                         .threads = pool_threads(x->pool),
                         .kernel = str_from_z(t->row->kernel->name)};
        at += part;
        if (!vec_push(&x->trace, r))
            return fail(x, t->op, "out of memory");
    }
    return true;
}

bool run_cancelled(exec_plan *x) {
    return atomic_load_explicit(x->asked, memory_order_relaxed) && atomic_exchange(x->asked, false);
}

/* Says how a run ended, which is over then. */
static bool over(exec_status *status, exec_status how) {
    *status = how;
    return false;
}

exec_status exec_ready(exec_plan *x, const exec_hooks *h) {
    x->error = NULL;
    x->error_op = 0;
    if (!ready_memory(x))
        return EXEC_FAILED;
    if (seed_arguments(x, h))
        return EXEC_DONE;
    if (run_cancelled(x))
        return EXEC_CANCELLED;
    fail(x, 0, "out of memory");
    return EXEC_FAILED;
}

bool run_begin(exec_plan *x, struct run *r, const exec_hooks *h, exec_status *status) {
    x->has_run = false;
    x->until = 0;
    vec_clear(&x->trace);
    *status = exec_ready(x, h);
    if (*status != EXEC_DONE)
        return false;
    if (!ready_pointers(x))
        return over(status, run_cancelled(x) ? EXEC_CANCELLED : EXEC_FAILED);
    r->at = 0;
    r->begin = r->told = clock_now_ns();
    return true;
}

/* The step behind a jump. */
static size_t jump(const exec_plan *x, const struct exec_step *s, size_t i) {
    int64_t k;
    switch (s->kind) {
    case STEP_KERNEL: break;
    case STEP_JUMP: return s->target;
    case STEP_CACHE: return x->steady_ready ? s->target : i + 1;
    case STEP_UNLESS:
        if (s->n_targets)
            return s->targets[arg_int(&s->args[0], 0) ? 0 : 1];
        return arg_int(&s->args[0], 0) ? i + 1 : s->target;
    case STEP_SWITCH: k = arg_int(&s->args[0], 0); return k >= 0 && k < s->n_targets ? s->targets[k] : s->target;
    }
    return i + 1;
}

bool run_next(exec_plan *x, struct run *r, const exec_hooks *h, exec_status *status) {
    if (run_cancelled(x)) /* asked for last while the last step ran, which may have left its loop for it */
        return over(status, EXEC_CANCELLED);
    if (r->at >= x->steps.n) {
        x->steady_ready = true;
        x->has_run = true;
        x->run_ns = clock_now_ns() - r->begin;
        if (h && h->progress)
            h->progress(h->arg, x->steps.n, x->steps.n, 0);
        return over(status, EXEC_DONE);
    }
    const struct exec_step *s = &x->steps.v[r->at];
    if (s->kind != STEP_KERNEL) {
        r->at = jump(x, s, r->at);
        return true;
    }
    if (!s->skip) {
        uint64_t start = clock_now_ns();
        if (h && h->progress && start - r->told > 2000000) {
            h->progress(h->arg, r->at, x->steps.n, s->op);
            r->told = start;
        }
        if (!run_step(x, s))
            return over(status, run_cancelled(x) ? EXEC_CANCELLED : EXEC_FAILED);
        if (!record(x, s, start - r->begin, clock_now_ns() - start))
            return over(status, EXEC_FAILED);
    }
    r->at += 1 + s->fused;
    return true;
}

exec_status exec_run(exec_plan *x, const exec_hooks *h) {
    struct run r;
    exec_status status;
    if (run_begin(x, &r, h, &status))
        while (run_next(x, &r, h, &status))
            ;
    return status;
}

exec_status exec_run_until(exec_plan *x, ir_value v, const exec_hooks *h) {
    const uint32_t *slot = v && !x->options.keep ? map_u64_get(&x->kept, v) : NULL;
    struct run r;
    exec_status status = EXEC_DONE;
    size_t end = 0;
    if (!slot)
        return exec_run(x, h);
    for (size_t i = 0; i < x->steps.n; i++)
        for (uint32_t k = 0; k < x->steps.v[i].n_out; k++)
            if (x->steps.v[i].out[k] == *slot)
                end = i + 1;
    x->steady_ready = false; /* the value may be one on the way to those that are cached */
    if (!run_begin(x, &r, h, &status))
        return status;
    while (r.at < end)
        if (!run_next(x, &r, h, &status))
            return status;
    x->until = *slot;
    return EXEC_DONE;
}

void exec_cancel(exec_plan *x) {
    atomic_store(&x->cancel, true);
}

uint64_t exec_run_ns(const exec_plan *x) {
    return x->run_ns;
}

str exec_error(const exec_plan *x, ir_op *op) {
    if (op)
        *op = x->error_op;
    return str_from_z(x->error);
}

void exec_plan_free(exec_plan *x) {
    if (!x)
        return;
    for (size_t i = 0; x->bound && i < x->n_arguments * x->devices; i++)
        tensor_free(&x->bound[i]);
    for (size_t i = 0; x->seeded && i < x->n_arguments; i++)
        tensor_free(&x->seeded[i]);
    dnnl_free(x);
    pool_free(x->pool);
    mem_huge_free(x->mem, x->memory_block, x->memory_size);
    vec_free(&x->slots);
    vec_free(&x->steps);
    vec_free(&x->flow);
    vec_free(&x->trace);
    map_u64_free(&x->kept);
    free_scratch(x);
    arena_free(&x->scratch);
    arena_free(&x->arena);
    mem_free(x->mem, x, sizeof *x);
}
