/* linalg_bodies.c - bodies of linalg's named ops, which their custom form leaves out.
 *
 *   linalg.add ins(%a, %b) outs(%c)   means   ^bb0(%in, %in_0, %out): yield addf(%in, %in_0)
 *
 * Block arguments are the element types of the operands. Inputs are cast to the element type of the output first, as
 * upstream's region builders do. Everything made here has the unknown location.
 */
#include "dialect/params.h"
#include "text/asm.h"
#include "text/forms.h"

typedef struct body {
    reader *r;
    ir_block block;
    ir_value args;
    uint32_t n_ins, n_args;
    ir_loc loc;
} body;

/* Default values of an op that the table has. */
static ir_attr preset_props(reader *r, const op_def *d) {
    uint32_t kv[32], n = 0;
    for (uint32_t i = 0; d && i < d->n_attrs && n + 2 <= 32; i++) {
        const op_attr *a = op_attribute(d, i);
        if (!(a->flags & OP_ATTR_DEFAULT) || (a->flags & OP_ATTR_OPTIONAL) || !a->preset)
            continue;
        ir_attr v = rd_attr_of_text(r, dialect_text(a->preset), 0);
        if (!v)
            return 0;
        kv[n++] = ir_string(r->ctx, dialect_text(a->name), false);
        kv[n++] = v;
    }
    return n ? ir_attr_dict(r->ctx, kv, n / 2, NULL) : 0;
}

static ir_op add_op(body *b, str name, const ir_value *in, uint32_t n, ir_type result) {
    ir_module *m = b->r->m;
    ir_op op = ir_op_new(m, ir_op_name(b->r->ctx, name), b->loc);
    ir_op_set_operands(m, op, in, n);
    if (result)
        ir_op_set_results(m, op, &result, 1);
    ir_op_at(m, op)->props = preset_props(b->r, dialect_find_op(name));
    ir_block_append(m, b->block, op);
    return op;
}

static ir_value make(body *b, str name, const ir_value *in, uint32_t n) {
    ir_op op = add_op(b, name, in, n, ir_value_type(b->r->m, in[n - 1]));
    return ir_op_at(b->r->m, op)->results;
}

static void yield(body *b, ir_value v) {
    add_op(b, STR("linalg.yield"), &v, v ? 1 : 0, 0);
}

static bool is_float(body *b, ir_type t) {
    return ir_kind_of(b->r->ctx, t) == IR_TYPE_FLOAT;
}

static ir_value cast(body *b, ir_value v, ir_type to, bool is_unsigned) {
    const ir_context *c = b->r->ctx;
    ir_type from = ir_value_type(b->r->m, v);
    if (from == to)
        return v;
    bool wider = ir_bit_width(c, to) > ir_bit_width(c, from);
    str name;
    if (is_float(b, from))
        name = is_float(b, to) ? wider ? STR("arith.extf") : STR("arith.truncf")
               : is_unsigned ? STR("arith.fptoui")
                               : STR("arith.fptosi");
    else if (is_float(b, to))
        name = is_unsigned ? STR("arith.uitofp") : STR("arith.sitofp");
    else
        name = !wider ? STR("arith.trunci") : is_unsigned ? STR("arith.extui") : STR("arith.extsi");
    ir_op op = add_op(b, name, &v, 1, to);
    return ir_op_at(b->r->m, op)->results;
}

/* Ops by what they do to floats and to integers. */
typedef struct scalar_fn {
    str name, on_float, on_int;
} scalar_fn;

static const scalar_fn unary_fns[] = {
    {STR_INIT("exp"), STR_INIT("math.exp"), STR_INIT("")},     {STR_INIT("log"), STR_INIT("math.log"), STR_INIT("")},
    {STR_INIT("abs"), STR_INIT("math.absf"), STR_INIT("")},    {STR_INIT("ceil"), STR_INIT("math.ceil"), STR_INIT("")},
    {STR_INIT("floor"), STR_INIT("math.floor"), STR_INIT("")}, {STR_INIT("negf"), STR_INIT("arith.negf"), STR_INIT("")},
    {STR_INIT("round"), STR_INIT("math.round"), STR_INIT("")}, {STR_INIT("sqrt"), STR_INIT("math.sqrt"), STR_INIT("")},
    {STR_INIT("rsqrt"), STR_INIT("math.rsqrt"), STR_INIT("")}, {STR_INIT("tanh"), STR_INIT("math.tanh"), STR_INIT("")},
    {STR_INIT("erf"), STR_INIT("math.erf"), STR_INIT("")},
};

static const scalar_fn binary_fns[] = {
    {STR_INIT("add"), STR_INIT("arith.addf"), STR_INIT("arith.addi")},
    {STR_INIT("sub"), STR_INIT("arith.subf"), STR_INIT("arith.subi")},
    {STR_INIT("mul"), STR_INIT("arith.mulf"), STR_INIT("arith.muli")},
    {STR_INIT("div"), STR_INIT("arith.divf"), STR_INIT("arith.divsi")},
    {STR_INIT("div_unsigned"), STR_INIT(""), STR_INIT("arith.divui")},
    {STR_INIT("max"), STR_INIT("arith.maximumf"), STR_INIT("arith.maxsi")},
    {STR_INIT("min"), STR_INIT("arith.minimumf"), STR_INIT("arith.minsi")},
    {STR_INIT("powf"), STR_INIT("math.powf"), STR_INIT("")},
};

/* Names of contractions: multiply the inputs, add to the output. */
static const str contractions[] = {
    STR_INIT("matmul"),       STR_INIT("batch_matmul"), STR_INIT("batch_reduce_matmul"),
    STR_INIT("matvec"),       STR_INIT("vecmat"),       STR_INIT("dot"),
    STR_INIT("batch_matvec"), STR_INIT("batch_vecmat"), STR_INIT("mmt4d"),
    STR_INIT("batch_mmt4d"),  STR_INIT("contract"),     STR_INIT("quantized_matmul"),
};

static ir_value apply(body *b, const scalar_fn *f, const ir_value *in, uint32_t n) {
    bool on_float = is_float(b, ir_value_type(b->r->m, in[0]));
    str name = on_float ? f->on_float : f->on_int;
    if (!on_float && ir_bit_width(b->r->ctx, ir_value_type(b->r->m, in[0])) == 1) {
        if (str_eq(f->name, STR("add")))
            name = STR("arith.ori");
        else if (str_eq(f->name, STR("mul")))
            name = STR("arith.andi");
    }
    return name.n ? make(b, name, in, n) : 0;
}

static const scalar_fn *find_fn(const scalar_fn *f, size_t n, str name) {
    for (size_t i = 0; i < n; i++)
        if (str_eq(f[i].name, name))
            return &f[i];
    return NULL;
}
#define COUNT(a) (sizeof(a) / sizeof *(a))

/* A body is open: arguments are there, nothing else. */
static bool body_open(reader *r, rd_op *op, uint32_t n_ins, ir_loc loc, body *out) {
    ir_module *m = r->m;
    uint32_t n = rd_n_operands(r, op);
    ir_type types[16];
    if (n > 16)
        return rd_error(r, op->at, "too many operands");
    for (uint32_t i = 0; i < n; i++)
        types[i] = ir_element_type(r->ctx, ir_value_type(m, rd_operand(r, op, i)));
    ir_region region = ir_region_new(m);
    out->r = r;
    out->block = ir_block_new(m);
    out->loc = loc;
    out->n_ins = n_ins;
    out->n_args = n;
    ir_region_append(m, region, out->block);
    if (!ir_block_set_args(m, out->block, types, NULL, n) || !rd_add_region(r, region))
        return false;
    out->args = ir_block_at(m, out->block)->args;
    return true;
}

/* The maps that matmul and its batched kin have when none are written. */
static ir_attr default_maps(ir_context *c, str name) {
    bool batch = str_eq(name, STR("batch_matmul")), reduce = str_eq(name, STR("batch_reduce_matmul"));
    if (!batch && !reduce && !str_eq(name, STR("matmul")))
        return 0;
    uint32_t b = batch || reduce, dims = 3 + b;
    ir_expr d[4];
    for (uint32_t i = 0; i < dims; i++)
        d[i] = ir_expr_dim(c, i);
    ir_expr lhs[3] = {d[0], d[b], d[b + 2]}, rhs[3] = {d[0], d[b + 2], d[b + 1]}, out[3] = {d[0], d[b], d[b + 1]};
    ir_attr maps[3];
    uint32_t skip = b ? 0 : 1;
    maps[0] = ir_attr_affine_map(c, dims, 0, lhs + skip, 3 - skip);
    maps[1] = ir_attr_affine_map(c, dims, 0, rhs + skip, 3 - skip);
    maps[2] = ir_attr_affine_map(c, dims, 0, out + (batch ? 0 : 1), batch ? 3 : 2);
    return ir_attr_array(c, maps, 3);
}

/* Contractions of one kind each: how many loops there are, and which of them index the inputs and the output. */
static const struct contraction_maps {
    str name;
    uint8_t dims;
    const char *results[3]; /* digits: dimensions */
} contraction_maps[] = {
    {STR_INIT("dot"), 1, {"0", "0", ""}},
    {STR_INIT("matvec"), 2, {"01", "1", "0"}},
    {STR_INIT("vecmat"), 2, {"1", "10", "0"}},
    {STR_INIT("batch_matvec"), 3, {"012", "02", "01"}},
    {STR_INIT("batch_vecmat"), 3, {"02", "021", "01"}},
};

/* Upstream's verifier computes the maps of these ops and leaves them in an attribute of this name, which custom forms
 * leave out again; so reading a custom form makes it. */
static bool add_memoized_maps(reader *r, str name) {
    ir_context *c = r->ctx;
    for (size_t i = 0; i < sizeof contraction_maps / sizeof *contraction_maps; i++) {
        const struct contraction_maps *k = &contraction_maps[i];
        if (!str_eq(k->name, name))
            continue;
        ir_attr maps[3];
        for (int j = 0; j < 3; j++) {
            ir_expr e[3];
            uint32_t n = 0;
            for (const char *digit = k->results[j]; *digit; digit++)
                e[n++] = ir_expr_dim(c, (uint32_t)(*digit - '0'));
            maps[j] = ir_attr_affine_map(c, k->dims, 0, e, n);
        }
        return rd_add_attr(r, STR("linalg.memoized_indexing_maps"), ir_attr_array(c, maps, 3));
    }
    return true;
}

bool linalg_maps_are_default(const ir_module *m, ir_op op) {
    str name = str_from(ir_op_name_str(m, op), sizeof "linalg." - 1);
    ir_attr maps = default_maps(m->ctx, name);
    return maps && maps == ir_op_attr(m, op, STR("indexing_maps"));
}

bool linalg_make_body(reader *r, rd_op *op, uint32_t n_ins, uint32_t n_outs) {
    ir_context *c = r->ctx;
    ir_module *m = r->m;
    body b;
    str name = str_from(ir_name_of(c, op->name)->name, sizeof "linalg." - 1);
    bool moves = str_eq(name, STR("transpose")) || str_eq(name, STR("broadcast"));
    ir_loc loc = moves ? rd_loc_at(r, op->at) : c->l_unknown;
    if (n_ins < 1 || n_outs != 1)
        return rd_error(r, op->at, "'linalg.%.*s' op expects inputs and one output", STR_ARG(name));
    ir_attr maps = default_maps(c, name);
    if (maps && !rd_get_attr(r, op, STR("indexing_maps")) && !rd_add_prop(r, STR("indexing_maps"), maps))
        return false;
    if (!add_memoized_maps(r, name) || !body_open(r, op, n_ins, loc, &b))
        return false;
    ir_value out = b.args + n_ins;
    ir_type to = ir_value_type(m, out);
    ir_attr cast_kind = rd_get_attr(r, op, STR("cast"));
    bool is_unsigned = cast_kind && str_eq(dialect_case_text(c, cast_kind), STR("cast_unsigned"));
    const scalar_fn *f;
    ir_value result = 0;
    if (moves || str_eq(name, STR("copy")) || str_eq(name, STR("fill"))) {
        result = moves ? b.args : cast(&b, b.args, to, is_unsigned);
    } else if ((f = find_fn(unary_fns, COUNT(unary_fns), name))) {
        ir_value in = cast(&b, b.args, to, is_unsigned);
        result = apply(&b, f, &in, 1);
    } else if ((f = find_fn(binary_fns, COUNT(binary_fns), name)) && n_ins == 2) {
        ir_value in[2];
        in[0] = cast(&b, b.args, to, is_unsigned);
        in[1] = cast(&b, b.args + 1, to, is_unsigned);
        result = apply(&b, f, in, 2);
    } else if (str_eq(name, STR("square"))) {
        ir_value in[2];
        in[0] = in[1] = cast(&b, b.args, to, is_unsigned);
        result = apply(&b, find_fn(binary_fns, COUNT(binary_fns), STR("mul")), in, 2);
    } else if (str_eq(name, STR("select")) && n_ins == 3) {
        ir_value in[3] = {b.args, b.args + 1, b.args + 2};
        result = make(&b, STR("arith.select"), in, 3);
    } else {
        bool contraction = false;
        for (size_t i = 0; i < COUNT(contractions); i++)
            contraction |= str_eq(contractions[i], name);
        contraction |= str_starts_with(name, STR("conv_"));
        if (contraction && n_ins == 2) {
            ir_value in[2], sum[2];
            in[0] = cast(&b, b.args, to, is_unsigned);
            in[1] = cast(&b, b.args + 1, to, is_unsigned);
            sum[0] = out;
            sum[1] = apply(&b, find_fn(binary_fns, COUNT(binary_fns), STR("mul")), in, 2);
            result = sum[1] ? apply(&b, find_fn(binary_fns, COUNT(binary_fns), STR("add")), sum, 2) : 0;
        } else if (str_starts_with(name, STR("pooling_")) && n_ins == 2) {
            ir_value in[2] = {out, cast(&b, b.args, to, str_ends_with(name, STR("_unsigned")))};
            str how = str_find(name, STR("_sum")) < name.n   ? STR("add")
                      : str_find(name, STR("_min")) < name.n ? STR("min")
                                                             : STR("max");
            result = apply(&b, find_fn(binary_fns, COUNT(binary_fns), how), in, 2);
        }
    }
    if (!result)
        return rd_error(r, op->at, "the body of 'linalg.%.*s' is not known for this type; write it in generic form",
                        STR_ARG(name));
    yield(&b, result);
    return !m->failed;
}

bool linalg_make_short_body(reader *r, rd_op *op, str name, ir_attr attrs, uint32_t n_ins, bool reduce) {
    body b;
    ir_loc loc = rd_loc_at(r, op->at);
    if (!body_open(r, op, n_ins, loc, &b))
        return false;
    ir_value in[16];
    uint32_t n = reduce ? b.n_args : n_ins;
    if (n == 0)
        return rd_error(r, op->at, "expected at least one input");
    for (uint32_t i = 0; i < n; i++)
        in[i] = b.args + (reduce ? (i + n - 1) % n : i);
    ir_op made = add_op(&b, name, in, n, ir_value_type(r->m, b.args + (reduce ? b.n_args - 1 : 0)));
    ir_op_data *o = ir_op_at(r->m, made);
    const op_def *d = dialect_find_op(name);
    for (uint32_t i = 0; attrs && i + 1 < ir_count(r->ctx, attrs); i += 2) {
        str key = ir_str_of(r->ctx, ir_at(r->ctx, attrs, i));
        ir_attr *into = d && op_find_attr(d, key, NULL) ? &o->props : &o->attrs;
        *into = ir_dict_set(r->ctx, *into, key, ir_at(r->ctx, attrs, i + 1));
    }
    yield(&b, o->results);
    return !r->m->failed;
}
