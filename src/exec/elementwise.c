/* Elementwise ops: a run of them becomes one loop over chunks that stay in the cache.
 *
 *   memory ─load─▶ register ─op─▶ register ─round─▶ ... ─store─▶ memory          a register: CHUNK lanes
 *
 * Operands smaller than the result are broadcast as they are loaded. A value that only the run itself uses never reaches
 * memory; it is still rounded to its element type. Registers whose lanes are the element type are the memory itself.
 */
#include "exec/elementwise.h"

#include <string.h>

#include "exec/inner.h"

enum { CHUNK = 1024, MAX_FUSED = 48, MAX_RANK = TENSOR_MAX_RANK };

struct ew_params {
    vec_op op;
    vec_class class;
    double p[2];
    enum tensor_dtype cast; /* the result is rounded to this type first; TENSOR_NONE: not */
};

/* How a register gets from memory. */
enum load_kind { LOAD_DIRECT, LOAD_ROW, LOAD_ONE, LOAD_BROADCAST };

struct ew_load {
    uint32_t step, arg; /* which operand: of step + `step` */
    enum load_kind kind;
    vec_class class;
    enum tensor_dtype dtype;
    uint16_t reg;
    int64_t strides[MAX_RANK]; /* in elements, of the loop's dimensions */
    int64_t base;              /* the first element that is read */
};

struct ew_instr {
    vec_fn *fn;     /* an op, or */
    vec_move *move; /* a conversion of a into d */
    const double *p;
    uint16_t d, a, b, c;
};

struct ew_store {
    uint32_t step;
    vec_class class;
    enum tensor_dtype dtype;
    uint16_t reg;
    bool direct; /* the register is the memory */
};

struct ew_program {
    struct ew_load *loads;
    struct ew_instr *instrs;
    struct ew_store *stores;
    uint32_t n_loads, n_instrs, n_stores, n_regs, cap;
    int rank;
    int64_t dims[MAX_RANK]; /* of the loop, neighbours merged where all operands allow it */
    size_t n;
    double cost; /* nanoseconds for an element, roughly */
};

/* What a step of a run needs: its parameters, and for the first one the program. */
struct ew_step {
    struct ew_params params;
    struct {
        bool on; /* the operand is read where its elements came from */
        int64_t strides[MAX_RANK], base;
        int rank;
    } looks[3];
    struct ew_program *program;
};

/* --- planning one op ---------------------------------------------------------------------------------------------- */

static bool is_real(const struct exec_type *t) {
    return !vec_is_integer(vec_class_of(t->dtype));
}

vec_class class_join(const struct exec_type *a, const struct exec_type *b) {
    vec_class k = vec_class_of(a->dtype), l = b ? vec_class_of(b->dtype) : k;
    if (k == VEC_F64 || l == VEC_F64)
        return VEC_F64;
    if (k == VEC_F32 || l == VEC_F32)
        return VEC_F32;
    return k == VEC_U64 || l == VEC_U64 ? VEC_U64 : VEC_I64;
}

vec_class class_real(const exec_plan *x, const struct exec_type *t) {
    vec_class k = vec_class_of(t->dtype);
    (void)x;
    return vec_is_integer(k) ? VEC_F64 : k;
}

/* Whether `from` can be broadcast to `to`, aligned at the last dimension. */
static bool broadcasts(const struct exec_type *from, const struct exec_type *to) {
    if (from->rank > to->rank) {
        /* Leading dimensions of one element say nothing. */
        for (int i = 0; i < from->rank - to->rank; i++)
            if (from->dims[i] != 1)
                return false;
    }
    for (int i = 1; i <= from->rank && i <= to->rank; i++)
        if (from->dims[from->rank - i] != 1 && from->dims[from->rank - i] != to->dims[to->rank - i])
            return false;
    return true;
}

static vec_op compare_op(str direction) {
    static const struct {
        const char *name;
        vec_op op;
    } ops[] = {{"EQ", VEC_EQ}, {"NE", VEC_NE}, {"LT", VEC_LT}, {"LE", VEC_LE}, {"GT", VEC_GT}, {"GE", VEC_GE}};
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (str_eq(direction, str_from_z(ops[i].name)))
            return ops[i].op;
    return VEC_N_OPS;
}

static vec_op bitwise(vec_op op) {
    return op == VEC_AND ? VEC_BIT_AND : op == VEC_OR ? VEC_BIT_OR : op == VEC_XOR ? VEC_BIT_XOR : VEC_BIT_NOT;
}

/* A constant of one element as an operand. */
static exec_slot plan_scalar(struct planner *p, double v) {
    struct exec_type t = {.dtype = TENSOR_F64};
    double *data = ARENA_NEW(p->a, double);
    if (!data) {
        plan_no_memory(p);
        return 0;
    }
    *data = v;
    if (!vec_push(&p->x->slots, (struct slot){.type = t, .kind = SLOT_CONSTANT, .bytes = sizeof v, .data = data})) {
        plan_no_memory(p);
        return 0;
    }
    exec_slot s = (exec_slot)(p->x->slots.n - 1);
    p->x->slots.v[s].root = s;
    return s;
}

static bool plan_parameters(struct planner *p, struct exec_step *s, struct ew_params *w) {
    ir_op op = s->op;
    switch (w->op) {
    case VEC_LEAKY_RELU:
        w->p[0] = 0.01;
        attr_f64(p, op, "parameter", &w->p[0]);
        break;
    case VEC_SELU:
        w->p[0] = 1.0507009873390196;
        w->p[1] = 1.6732635498046875;
        attr_f64(p, op, "scale", &w->p[0]);
        attr_f64(p, op, "alpha", &w->p[1]);
        break;
    case VEC_CLAMP_SCALAR:
        if (!attr_f64(p, op, "min", &w->p[0]) || !attr_f64(p, op, "max", &w->p[1]))
            return plan_error(p, op, "lacks its bounds");
        break;
    case VEC_GELU_BW:
        if (str_eq(attr_text(p, op, "approximate"), STR("tanh")))
            w->op = VEC_GELU_TANH_BW;
        break;
    case VEC_NEXT_AFTER: {
        enum tensor_dtype t = out_type(p, s, 0)->dtype;
        w->p[0] = t == TENSOR_BF16 ? 7 : t == TENSOR_F16 ? 10 : 0;
        w->p[1] = t == TENSOR_BF16 ? 127 : 15;
        break;
    }
    case VEC_SHL:
    case VEC_SHR:
    case VEC_SAR:
    case VEC_POPCNT:
    case VEC_CLZ:
    case VEC_MULHI:
        w->p[0] = 8.0 * (double)tensor_dtype_size(in_type(p, s, 0)->dtype);
        w->p[1] = (s->row->arg & EW_SIGNED) != 0;
        break;
    default: break;
    }
    return true;
}

static bool plan_elementwise(struct planner *p, struct exec_step *s) {
    int arg = s->row->arg;
    struct ew_step *e = PLAN_PARAMS(p, s, struct ew_step);
    if (!e)
        return false;
    struct ew_params *w = &e->params;
    w->op = (vec_op)(arg & EW_OP);
    if (arg & EW_COMPARE) {
        w->op = compare_op(attr_text(p, s->op, "comparison_direction"));
        if (w->op == VEC_N_OPS)
            return plan_error(p, s->op, "compares in a direction that is not known");
    }
    uint32_t n = vec_arity(w->op);
    if (arg & EW_RHS_ATTR) {
        double rhs;
        exec_slot *in = ARENA_ARRAY(p->a, exec_slot, 3), scalar;
        if (!attr_f64(p, s->op, "rhs", &rhs))
            return plan_error(p, s->op, "lacks its right operand");
        scalar = plan_scalar(p, rhs);
        if (!in || !scalar)
            return plan_no_memory(p);
        in[0] = s->in[0];
        in[1] = scalar;
        in[2] = s->out[0];
        s->in = in;
        s->out = in + 2;
        s->n_in = 2;
    }
    if (s->n_in < n || s->n_out != 1 || !s->out[0])
        return plan_error(p, s->op, "has %u operands, %u are needed", s->n_in, n);
    s->n_in = n; /* a trailing device or destination is not read */
    for (uint32_t i = 0; i < n; i++)
        if (!s->in[i])
            return plan_error(p, s->op, "has an operand without numbers");
    if (arg & EW_CLAMP_HLO) {
        exec_slot low = s->in[0];
        s->in[0] = s->in[1];
        s->in[1] = low;
    }
    if (arg & EW_BITWISE && in_type(p, s, 0)->dtype != TENSOR_BOOL)
        w->op = bitwise(w->op);
    const struct exec_type *out = out_type(p, s, 0);
    for (uint32_t i = 0; i < n; i++) {
        if (!broadcasts(in_type(p, s, i), out))
            return plan_error(p, s->op, "has an operand that does not broadcast to its result");
    }
    if (w->op == VEC_SELECT || w->op == VEC_CLAMP)
        w->class = class_join(in_type(p, s, 1), in_type(p, s, 2));
    else
        w->class = class_join(in_type(p, s, 0), n > 1 ? in_type(p, s, 1) : NULL);
    if (w->op == VEC_CLAMP && is_real(in_type(p, s, 0)))
        w->class = class_join(in_type(p, s, 0), vec_is_integer(w->class) ? NULL : in_type(p, s, 1));
    if (!plan_parameters(p, s, w))
        return false;
    if (vec_is_integer(w->class) && (arg & EW_TRUE_DIV)) {
        w->class = VEC_F64;
        w->cast = in_type(p, s, 0)->dtype;
    }
    if (w->op == VEC_CLAMP_SCALAR && vec_is_integer(w->class) &&
        (w->p[0] != (double)(int64_t)w->p[0] || w->p[1] != (double)(int64_t)w->p[1]))
        w->class = VEC_F64;
    if (vec_is_integer(w->class) && ((arg & EW_FLOAT) || !p->x->vec[w->class]->op[w->op]))
        w->class = VEC_F64;
    if (!p->x->vec[w->class]->op[w->op])
        return plan_error(p, s->op, "is for integers only");
    s->flops = (uint64_t)type_count(out);
    return true;
}

/* Rows shorter than this are not worth loading one by one. */
enum { MIN_ROW = 16 };

/* Reads operands where they came from, when they are rows there or repeat one element. */
static bool ready_elementwise(struct planner *p, struct exec_step *s) {
    struct ew_step *e = s->params;
    for (uint32_t k = 0; k < s->n_in; k++) {
        const struct exec_type *t = in_type(p, s, k), *out = out_type(p, s, 0);
        exec_slot of;
        if (t->rank > out->rank || type_count(t) == 1 ||
            !plan_look(p, s->in[k], &of, e->looks[k].strides, &e->looks[k].base))
            continue;
        int last = t->rank - 1;
        while (last > 0 && t->dims[last] == 1)
            last--;
        if (t->dims[last] < MIN_ROW || (e->looks[k].strides[last] != 1 && e->looks[k].strides[last] != 0))
            continue;
        e->looks[k].on = true;
        e->looks[k].rank = t->rank;
        s->in[k] = of;
    }
    return true;
}

/* --- making the loop of a run ------------------------------------------------------------------------------------- */

struct builder {
    struct planner *p;
    struct ew_program *g;
    uint32_t first, count; /* of steps */
    struct {
        exec_slot slot;
        uint16_t reg;
        vec_class class;
    } held[MAX_FUSED * 5]; /* values in registers, by class */
    uint32_t n_held;
    bool failed;
};

static uint16_t new_reg(struct builder *b) {
    return (uint16_t)b->g->n_regs++;
}

static void *grow(struct builder *b, void *list, uint32_t n, size_t size) {
    /* Room was made for the most there can be. */
    if (n >= b->g->cap)
        b->failed = true;
    return b->failed ? NULL : (char *)list + n * size;
}

static uint16_t emit(struct builder *b, struct ew_instr i) {
    struct ew_instr *at = grow(b, b->g->instrs, b->g->n_instrs, sizeof *at);
    if (!at)
        return 0;
    i.d = new_reg(b);
    *at = i;
    b->g->n_instrs++;
    return i.d;
}

static void hold(struct builder *b, exec_slot s, uint16_t reg, vec_class k) {
    if (b->n_held == sizeof b->held / sizeof b->held[0]) {
        b->failed = true;
        return;
    }
    b->held[b->n_held].slot = s;
    b->held[b->n_held].reg = reg;
    b->held[b->n_held++].class = k;
}

/* Strides of an operand in the dimensions of the result. */
static void strides_of(const struct exec_type *t, const struct exec_type *loop, int64_t *strides) {
    int64_t step = 1;
    for (int i = 0; i < loop->rank; i++)
        strides[i] = 0;
    for (int i = 1; i <= t->rank && i <= loop->rank; i++) {
        int64_t dim = t->dims[t->rank - i];
        strides[loop->rank - i] = dim == 1 ? 0 : step;
        step *= dim;
    }
}

static uint16_t load(struct builder *b, uint32_t step, uint32_t arg, vec_class k) {
    const exec_plan *x = b->p->x;
    const struct exec_step *s = &x->steps.v[b->first + step];
    const struct exec_type *t = slot_type(x, s->in[arg]), *loop = slot_type(x, s->out[0]);
    struct ew_load *l = grow(b, b->g->loads, b->g->n_loads, sizeof *l);
    if (!l)
        return 0;
    b->g->n_loads++;
    *l = (struct ew_load){.step = step, .arg = arg, .class = k, .dtype = t->dtype, .reg = new_reg(b)};
    const struct ew_step *e = s->params;
    if (e->looks[arg].on) {
        int front = loop->rank - e->looks[arg].rank;
        for (int i = 0; i < loop->rank; i++)
            l->strides[i] = i < front ? 0 : e->looks[arg].strides[i - front];
        l->base = e->looks[arg].base;
        l->kind = LOAD_BROADCAST;
        return l->reg;
    }
    strides_of(t, loop, l->strides);
    int64_t n = type_count(t);
    enum tensor_dtype exact = vec_lane(k);
    if (x->slots.v[s->in[arg]].splat || n == 1)
        l->kind = LOAD_ONE;
    else if (n == (int64_t)b->g->n)
        l->kind = t->dtype == exact ? LOAD_DIRECT : LOAD_ROW;
    else
        l->kind = LOAD_BROADCAST;
    return l->reg;
}

/* The register that holds operand `arg` of a step in class k. */
static uint16_t operand(struct builder *b, uint32_t step, uint32_t arg, vec_class k) {
    const exec_plan *x = b->p->x;
    exec_slot s = x->steps.v[b->first + step].in[arg];
    const struct ew_step *e = x->steps.v[b->first + step].params;
    bool look = e->looks[arg].on; /* not what a register may hold of that slot */
    int other = -1;
    for (uint32_t i = 0; i < b->n_held && !look; i++) {
        if (b->held[i].slot == s && b->held[i].class == k)
            return b->held[i].reg;
        if (b->held[i].slot == s && other < 0)
            other = (int)i;
    }
    uint16_t reg;
    if (other >= 0) {
        reg = emit(b, (struct ew_instr){.move = x->vec[k]->from[b->held[other].class], .a = b->held[other].reg});
    } else {
        enum tensor_dtype t = slot_type(x, s)->dtype;
        vec_class via = x->vec[k]->load[t] ? k : vec_class_of(t);
        reg = load(b, step, arg, via);
        if (via != k)
            reg = emit(b, (struct ew_instr){.move = x->vec[k]->from[via], .a = reg});
    }
    if (!look)
        hold(b, s, reg, k);
    return reg;
}

/* A condition of any type as 1 or 0 in class k. */
static uint16_t condition(struct builder *b, uint32_t step, vec_class k) {
    const exec_plan *x = b->p->x;
    const struct exec_type *t = slot_type(x, x->steps.v[b->first + step].in[0]);
    vec_class own = vec_class_of(t->dtype);
    if (t->dtype == TENSOR_BOOL || own == k)
        return operand(b, step, 0, k);
    uint16_t reg = operand(b, step, 0, own);
    reg = emit(b, (struct ew_instr){.fn = x->vec[own]->op[VEC_NONZERO], .a = reg});
    return emit(b, (struct ew_instr){.move = x->vec[k]->from[own], .a = reg});
}

static bool used_outside(const struct builder *b, exec_slot s) {
    const exec_plan *x = b->p->x;
    uint32_t inside = 0;
    for (uint32_t i = 0; i < b->count; i++)
        for (uint32_t k = 0; k < x->steps.v[b->first + i].n_in; k++)
            inside += x->steps.v[b->first + i].in[k] == s;
    return x->slots.v[s].uses > inside;
}

static void build_step(struct builder *b, uint32_t step) {
    const exec_plan *x = b->p->x;
    const struct exec_step *s = &x->steps.v[b->first + step];
    const struct ew_params *w = &((const struct ew_step *)s->params)->params;
    vec_class k = w->class;
    uint16_t in[3] = {0};
    for (uint32_t i = 0; i < s->n_in; i++)
        in[i] = i == 0 && w->op == VEC_SELECT ? condition(b, step, k) : operand(b, step, i, k);
    uint16_t reg =
        emit(b, (struct ew_instr){.fn = x->vec[k]->op[w->op], .p = w->p, .a = in[0], .b = in[1], .c = in[2]});
    if (w->cast && x->vec[k]->round[w->cast])
        reg = emit(b, (struct ew_instr){.move = x->vec[k]->round[w->cast], .a = reg});
    exec_slot out = s->out[0];
    enum tensor_dtype t = slot_type(x, out)->dtype;
    bool outside = used_outside(b, out), inside = x->slots.v[out].uses > 0 && b->count > 1;
    if (!x->vec[k]->store[t] || (inside && vec_is_integer(k) && vec_class_of(t) != k)) {
        vec_class to = vec_class_of(t);
        reg = emit(b, (struct ew_instr){.move = x->vec[to]->from[k], .a = reg});
        k = to;
    }
    if (inside && x->vec[k]->round[t])
        reg = emit(b, (struct ew_instr){.move = x->vec[k]->round[t], .a = reg});
    hold(b, out, reg, k);
    if (!outside)
        return;
    struct ew_store *st = grow(b, b->g->stores, b->g->n_stores, sizeof *st);
    if (!st)
        return;
    b->g->n_stores++;
    *st = (struct ew_store){.step = step, .class = k, .dtype = t, .reg = reg};
    st->direct = t == vec_lane(k);
}

/* Merges neighbouring dimensions that all broadcast loads walk alike. */
static void merge_dims(struct ew_program *g) {
    int rank = 0;
    for (int i = 0; i < g->rank; i++) {
        if (g->dims[i] == 1 && g->rank > 1)
            continue;
        bool merge = rank > 0;
        for (uint32_t l = 0; merge && l < g->n_loads; l++)
            if (g->loads[l].kind == LOAD_BROADCAST)
                merge = g->loads[l].strides[rank - 1] == g->loads[l].strides[i] * g->dims[i];
        int to = merge ? rank - 1 : rank++;
        g->dims[to] = merge ? g->dims[to] * g->dims[i] : g->dims[i];
        for (uint32_t l = 0; l < g->n_loads; l++)
            g->loads[l].strides[to] = g->loads[l].strides[i];
    }
    if (rank == 0) {
        g->dims[0] = 1;
        rank = 1;
        for (uint32_t l = 0; l < g->n_loads; l++)
            g->loads[l].strides[0] = 0;
    }
    g->rank = rank;
}

/* Lets registers that are no longer read be written again. Those that are memory (direct ones) are left alone. */
static bool reuse_registers(struct builder *b) {
    struct ew_program *g = b->g;
    uint32_t n = g->n_regs, n_free = 0, used = 0;
    size_t bytes = (size_t)n * (sizeof(int32_t) + 2 * sizeof(uint16_t) + 1);
    char *block = mem_alloc_zero(b->p->x->mem, bytes);
    if (!block)
        return plan_no_memory(b->p);
    int32_t *last = (int32_t *)(void *)block; /* instruction that reads it last; -1: none, n_instrs: stores */
    uint16_t *name = (uint16_t *)(void *)(block + n * sizeof *last), *unused = name + n;
    bool *fixed = (bool *)(unused + n);
    for (uint32_t i = 0; i < n; i++)
        last[i] = -1;
    for (uint32_t i = 0; i < g->n_instrs; i++) {
        const struct ew_instr *t = &g->instrs[i];
        last[t->a] = (int32_t)i;
        if (t->fn) {
            last[t->b] = last[t->b] < (int32_t)i ? (int32_t)i : last[t->b];
            last[t->c] = last[t->c] < (int32_t)i ? (int32_t)i : last[t->c];
        }
    }
    for (uint32_t i = 0; i < g->n_stores; i++) {
        last[g->stores[i].reg] = (int32_t)g->n_instrs;
        fixed[g->stores[i].reg] |= g->stores[i].direct;
    }
    /* Loads happen before the first instruction, so each has a register of its own. One that is an operand's memory must not
     * be written, nor one that is filled once for all chunks. */
    for (uint32_t i = 0; i < g->n_loads; i++) {
        const struct ew_load *l = &g->loads[i];
        fixed[l->reg] = l->kind == LOAD_DIRECT || l->kind == LOAD_ONE;
        name[l->reg] = (uint16_t)used++;
    }
    for (uint32_t i = 0; i < g->n_instrs; i++) {
        struct ew_instr *t = &g->instrs[i];
        uint16_t d = t->d;
        if (!fixed[d] && n_free)
            name[d] = unused[--n_free];
        else
            name[d] = (uint16_t)used++;
        uint16_t read[3] = {t->a, t->fn ? t->b : t->a, t->fn ? t->c : t->a};
        for (int k = 0; k < 3; k++)
            if (last[read[k]] == (int32_t)i && !fixed[read[k]]) {
                unused[n_free++] = name[read[k]];
                last[read[k]] = -1; /* once */
            }
        t->d = name[d];
        t->a = name[t->a];
        t->b = name[t->b];
        t->c = name[t->c];
    }
    for (uint32_t i = 0; i < g->n_loads; i++)
        g->loads[i].reg = name[g->loads[i].reg];
    for (uint32_t i = 0; i < g->n_stores; i++)
        g->stores[i].reg = name[g->stores[i].reg];
    g->n_regs = used;
    mem_free(b->p->x->mem, block, bytes);
    return true;
}

/* Steps [first, first + count) as one loop. */
static bool build(struct planner *p, uint32_t first, uint32_t count) {
    exec_plan *x = p->x;
    struct exec_step *s = &x->steps.v[first];
    struct ew_step *e = s->params;
    struct builder *b = ARENA_NEW(p->a, struct builder);
    struct ew_program *g = ARENA_NEW(p->a, struct ew_program);
    if (!b || !g)
        return plan_no_memory(p);
    *b = (struct builder){.p = p, .g = g, .first = first, .count = count};
    g->cap = count * 10 + 8;
    g->loads = ARENA_ARRAY(p->a, struct ew_load, g->cap);
    g->instrs = ARENA_ARRAY(p->a, struct ew_instr, g->cap);
    g->stores = ARENA_ARRAY(p->a, struct ew_store, g->cap);
    if (!g->loads || !g->instrs || !g->stores)
        return plan_no_memory(p);
    const struct exec_type *loop = slot_type(x, s->out[0]);
    g->n = (size_t)type_count(loop);
    g->rank = loop->rank;
    memcpy(g->dims, loop->dims, sizeof loop->dims);
    for (uint32_t i = 0; i < count; i++)
        build_step(b, i);
    if (b->failed)
        return plan_no_memory(p);
    g->cost = 0.3 * g->n_instrs + 0.2 * (g->n_loads + g->n_stores);
    merge_dims(g);
    e->program = g;
    s->fused = count - 1;
    for (uint32_t i = 1; i < count; i++)
        x->steps.v[first + i].skip = true;
    /* What stays in registers needs no memory. */
    for (uint32_t i = 0; i < count; i++) {
        exec_slot out = x->steps.v[first + i].out[0];
        if (!used_outside(b, out) && x->slots.v[out].kind == SLOT_PLANNED)
            x->slots.v[out].kind = SLOT_NONE;
    }
    return reuse_registers(b);
}

static bool is_elementwise(const struct exec_step *s) {
    return s->kind == STEP_KERNEL && s->row->kernel == &kernel_elementwise;
}

bool elementwise_op(const struct exec_step *s, vec_op *out) {
    const struct ew_params *w = is_elementwise(s) ? &((const struct ew_step *)s->params)->params : NULL;
    if (!w || w->class != VEC_F32 || w->cast)
        return false;
    for (uint32_t k = 0; k < s->n_in; k++)
        if (((const struct ew_step *)s->params)->looks[k].on)
            return false;
    *out = w->op;
    return true;
}

/* Whether step i can join the run that begins at `first`. */
static bool joins(const exec_plan *x, uint32_t first, uint32_t i) {
    const struct exec_step *a = &x->steps.v[first], *s = &x->steps.v[i];
    if (!is_elementwise(s) || s->skip || i - first >= MAX_FUSED || s->per_device != a->per_device ||
        !type_same_shape(slot_type(x, a->out[0]), slot_type(x, s->out[0])))
        return false;
    for (uint32_t k = first; k < i; k++) {
        exec_slot made = x->steps.v[k].out[0];
        for (uint32_t o = 0; o < s->n_in; o++) {
            exec_slot in = s->in[o];
            if (x->slots.v[in].root != made)
                continue;
            if (in != made || slot_type(x, made)->format != FORMAT_PLAIN ||
                ((const struct ew_step *)s->params)->looks[o].on)
                return false; /* it is looked at in another shape, or rounded by blocks first */
        }
    }
    return true;
}

bool elementwise_fuse(struct planner *p, const uint8_t *targets) {
    exec_plan *x = p->x;
    bool alone = plan_alone(x);
    for (uint32_t i = 0; i < x->steps.n; i++) {
        if (!is_elementwise(&x->steps.v[i]) || x->steps.v[i].skip)
            continue;
        uint32_t count = 1;
        while (!alone && i + count < x->steps.n && !targets[i + count] && joins(x, i, i + count))
            count++;
        if (!build(p, i, count))
            return false;
        i += count - 1;
    }
    return true;
}

/* --- running ------------------------------------------------------------------------------------------------------ */

struct loop {
    const struct exec_plan *x;
    const struct exec_step *s;
    const struct ew_program *g;
    unsigned device;
    char *regs; /* [worker][register] of CHUNK lanes */
    size_t worker_bytes;
};

static const struct exec_arg *arg_of(const struct loop *w, uint32_t step, uint32_t arg) {
    const struct exec_step *s = w->s + step;
    return &s->args[(size_t)w->device * (s->n_in + s->n_out) + arg];
}

/* Elements [begin, end) of the loop from a smaller tensor. */
static void load_broadcast(const struct loop *w, const struct ew_load *l, const char *data, size_t begin, size_t end,
                           char *reg) {
    const struct ew_program *g = w->g;
    const struct vec *v = w->x->vec[l->class];
    size_t size = tensor_dtype_size(l->dtype);
    int64_t index[MAX_RANK], at = l->base;
    size_t rest = begin;
    for (int i = g->rank; i-- > 0;) {
        index[i] = (int64_t)(rest % (size_t)g->dims[i]);
        rest /= (size_t)g->dims[i];
        at += index[i] * l->strides[i];
    }
    int last = g->rank - 1;
    int64_t step = l->strides[last];
    while (begin < end) {
        size_t row = (size_t)(g->dims[last] - index[last]);
        if (row > end - begin)
            row = end - begin;
        if (step) {
            v->load[l->dtype](reg, data + (size_t)at * size, row);
        } else {
            v->load[l->dtype](reg, data + (size_t)at * size, 1);
            v->spread(reg, row);
        }
        reg += row * v->size;
        begin += row;
        at += (int64_t)row * step;
        index[last] += (int64_t)row;
        for (int i = last; i > 0 && index[i] == g->dims[i]; i--) {
            at += l->strides[i - 1] - g->dims[i] * l->strides[i];
            index[i] = 0;
            index[i - 1]++;
        }
    }
}

static void run_chunk(const struct loop *w, size_t begin, size_t end, char **reg, char *block) {
    const struct ew_program *g = w->g;
    size_t n = end - begin, reg_bytes = CHUNK * sizeof(double);
    for (uint32_t i = 0; i < g->n_regs; i++)
        reg[i] = block + i * reg_bytes;
    for (uint32_t i = 0; i < g->n_loads; i++) {
        const struct ew_load *l = &g->loads[i];
        const struct vec *v = w->x->vec[l->class];
        char *data = arg_of(w, l->step, l->arg)->data;
        switch (l->kind) {
        case LOAD_DIRECT: reg[l->reg] = data + begin * v->size; break;
        case LOAD_ROW: v->load[l->dtype](reg[l->reg], data + begin * tensor_dtype_size(l->dtype), n); break;
        case LOAD_ONE: break; /* stays from the first chunk */
        case LOAD_BROADCAST: load_broadcast(w, l, data, begin, end, reg[l->reg]); break;
        }
    }
    for (uint32_t i = 0; i < g->n_stores; i++) {
        const struct ew_store *st = &g->stores[i];
        if (st->direct)
            reg[st->reg] = (char *)arg_of(w, st->step, w->s[st->step].n_in)->data + begin * w->x->vec[st->class]->size;
    }
    for (uint32_t i = 0; i < g->n_instrs; i++) {
        const struct ew_instr *t = &g->instrs[i];
        if (t->fn)
            t->fn(reg[t->d], reg[t->a], reg[t->b], reg[t->c], n, t->p);
        else
            t->move(reg[t->d], reg[t->a], n);
    }
    for (uint32_t i = 0; i < g->n_stores; i++) {
        const struct ew_store *st = &g->stores[i];
        char *data = arg_of(w, st->step, w->s[st->step].n_in)->data;
        if (!st->direct)
            w->x->vec[st->class]->store[st->dtype](data + begin * tensor_dtype_size(st->dtype), reg[st->reg], n);
    }
}

static void run_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
    struct loop *w = ctx;
    const struct ew_program *g = w->g;
    char **reg = (char **)(void *)(w->regs + worker * w->worker_bytes);
    char *block = (char *)reg + ((g->n_regs * sizeof *reg + 63) & ~(size_t)63);
    for (uint32_t i = 0; i < g->n_loads; i++) {
        const struct ew_load *l = &g->loads[i];
        const struct vec *v = w->x->vec[l->class];
        char *at = block + l->reg * CHUNK * sizeof(double);
        if (l->kind != LOAD_ONE)
            continue;
        v->load[l->dtype](at, arg_of(w, l->step, l->arg)->data, 1);
        v->spread(at, end - begin < CHUNK ? end - begin : CHUNK);
    }
    for (; begin < end; begin += CHUNK)
        run_chunk(w, begin, end - begin < CHUNK ? end : begin + CHUNK, reg, block);
}

static bool run_elementwise(struct call *c) {
    const struct ew_program *g = ((const struct ew_step *)c->s->params)->program;
    if (g->n == 0)
        return true;
    struct loop w = {.x = c->x, .s = c->s, .g = g, .device = c->device};
    w.worker_bytes = ((g->n_regs * sizeof(char *) + 63) & ~(size_t)63) + g->n_regs * CHUNK * sizeof(double);
    bool few = (double)g->n * g->cost <= 20000;
    unsigned workers = few ? 1 : pool_threads(c->x->pool);
    w.regs = call_scratch(c, workers * w.worker_bytes);
    if (!w.regs)
        return false;
    if (few) {
        run_piece(&w, 0, g->n, 0);
        return true;
    }
    return call_loop(c, g->n, 16 * CHUNK, run_piece, &w);
}

/* Elements are all the same to it. */
static bool reorder_elementwise(struct planner *p, struct exec_step *s, const int *order) {
    (void)p, (void)s, (void)order;
    return true;
}

const struct kernel kernel_elementwise = {"elementwise",     plan_elementwise,   run_elementwise, 0,
                                          ready_elementwise, reorder_elementwise};
