/* Counting what is in a module. */
#include <stdlib.h>

#include "base/map.h"
#include "cli/info.h"
#include "dialect/dialect.h"
#include "dialect/params.h"

/* Bytes of one tile of 32 x 32: block floats keep an exponent byte for 16 elements. */
static uint64_t tile_bytes(uint64_t elements, str type) {
    static const struct {
        str name;
        uint32_t bits;
        bool block;
    } types[] = {
        {STR_INIT("f32"), 32, false},   {STR_INIT("f16"), 16, false},   {STR_INIT("bf16"), 16, false},
        {STR_INIT("bfp_f8"), 8, true},  {STR_INIT("bfp_bf8"), 8, true}, {STR_INIT("bfp_f4"), 4, true},
        {STR_INIT("bfp_bf4"), 4, true}, {STR_INIT("bfp_f2"), 2, true},  {STR_INIT("bfp_bf2"), 2, true},
        {STR_INIT("u32"), 32, false},   {STR_INIT("u16"), 16, false},   {STR_INIT("u8"), 8, false},
        {STR_INIT("si32"), 32, false},  {STR_INIT("i1"), 8, false},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (str_eq(types[i].name, type))
            return elements * types[i].bits / 8 + (types[i].block ? elements / 16 : 0);
    return 0;
}

uint64_t info_type_bytes(const ir_context *c, ir_type t) {
    int64_t n = ir_num_elements(c, t);
    if (n < 0)
        return 0;
    ir_type e = ir_element_type(c, t);
    uint64_t each = ir_bit_width(c, e) == 1 ? 1 : (ir_bit_width(c, e) + 7) / 8;
    if (ir_kind_of(c, e) == IR_TYPE_DIALECT) {
        int64_t shape[2] = {0, 0};
        if (dialect_param_ints(c, e, STR("shape"), shape, 2) != 2)
            return 0;
        each = tile_bytes((uint64_t)(shape[0] * shape[1]), dialect_param_text(c, e, STR("dataType")));
    }
    uint64_t bytes;
    return __builtin_mul_overflow((uint64_t)n, each, &bytes) ? 0 : bytes;
}

/* ---- counts ------------------------------------------------------------------------------------------------- */

static int by_count(const void *a, const void *b) {
    const struct info_count *x = a, *y = b;
    if (x->n != y->n)
        return x->n < y->n ? 1 : -1;
    return str_cmp(x->name, y->name);
}

static bool count(info_counts *list, str name, uint64_t n) {
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->v[i].name, name)) {
            list->v[i].n += n;
            return true;
        }
    return vec_push(list, (struct info_count){name, n});
}

static void sort_counts(info_counts *list) {
    if (list->n)
        qsort(list->v, list->n, sizeof list->v[0], by_count);
}

/* Turns counts by op name handle into the lists of ops and dialects. */
static bool list_ops(struct info *x, const uint64_t *by_name) {
    const ir_context *c = x->m->ctx;
    for (uint32_t i = 1; i < c->n_names; i++) {
        if (!by_name[i])
            continue;
        str name = c->names[i].name;
        if (!vec_push(&x->ops, (struct info_count){name, by_name[i]}) ||
            !count(&x->dialects, dialect_prefix(name), by_name[i]))
            return false;
        if (!c->names[i].def)
            x->unknown_ops += by_name[i];
    }
    sort_counts(&x->ops);
    sort_counts(&x->dialects);
    return true;
}

/* ---- what a model brings along -------------------------------------------------------------------------------- */

static void add_sum(struct info_sum *s, uint64_t bytes) {
    s->n++;
    s->bytes += bytes;
}

/* The arguments of a function, by how they are marked: #ttcore.argument_type<parameter>. */
static void count_arguments(struct info *x, ir_op op) {
    const ir_module *m = x->m;
    const ir_context *c = m->ctx;
    ir_attr type = ir_op_attr(m, op, STR("function_type"));
    ir_attr dicts = ir_op_attr(m, op, STR("arg_attrs"));
    if (!type || ir_kind_of(c, type) != IR_ATTR_TYPE || ir_kind_of(c, ir_at(c, type, 0)) != IR_TYPE_FUNCTION)
        return;
    ir_type f = ir_at(c, type, 0);
    for (uint32_t i = 0; i < ir_at(c, f, 0); i++) {
        ir_attr dict = dicts && i < ir_count(c, dicts) ? ir_at(c, dicts, i) : 0;
        ir_attr mark = 0;
        if (dict && ir_kind_of(c, dict) == IR_ATTR_DICT)
            mark = ir_dict_get(c, dict, STR("ttcore.argument_type"));
        str word = mark ? dialect_case_text(c, mark) : STR("");
        uint64_t bytes = info_type_bytes(c, ir_at(c, f, 1 + i));
        if (str_eq(word, STR("parameter")))
            add_sum(&x->parameters, bytes);
        else if (str_eq(word, STR("constant")))
            add_sum(&x->constants_in, bytes);
        else
            add_sum(&x->inputs, bytes);
    }
}

/* Readers give ops without a location their place in the text, which says nothing about where the model is from. */
static str loc_kind(const ir_module *m, ir_loc l) {
    const ir_context *c = m->ctx;
    switch (ir_kind_of(c, l)) {
    case IR_LOC_FILE:
        return str_eq(ir_str_of(c, ir_at(c, l, 0)), ir_str_of(c, m->source_name)) ? STR("this file") : STR("file");
    case IR_LOC_NAME: return STR("name");
    case IR_LOC_CALLSITE: return STR("callsite");
    case IR_LOC_FUSED: return STR("fused");
    default: return STR("unknown");
    }
}

static bool add_mesh(struct info *x, str name, ir_attr value) {
    for (size_t i = 0; i < x->meshes.n; i++)
        if (x->meshes.v[i].value == value && str_eq(x->meshes.v[i].name, name))
            return true;
    return vec_push(&x->meshes, (struct info_mesh){name, value});
}

static bool add_mesh_attrs(struct info *x, ir_attr dict) {
    const ir_context *c = x->m->ctx;
    if (!dict || ir_kind_of(c, dict) != IR_ATTR_DICT)
        return true;
    for (uint32_t i = 0; i + 1 < ir_count(c, dict); i += 2) {
        str key = ir_str_of(c, ir_at(c, dict, i));
        if (str_eq(key, STR("ttcore.meshes")) || str_eq(key, STR("mhlo.num_partitions")) ||
            str_eq(key, STR("mhlo.num_replicas")))
            if (!add_mesh(x, key, ir_at(c, dict, i + 1)))
                return false;
    }
    return true;
}

static bool note_op(struct info *x, ir_op op, const op_def *def, str name) {
    const ir_module *m = x->m;
    const ir_op_data *d = ir_op_at(m, op);
    if (str_eq(name, STR("builtin.module")))
        return add_mesh_attrs(x, d->attrs);
    if (str_eq(name, STR("sdy.mesh"))) {
        ir_attr symbol = ir_op_attr(m, op, STR("sym_name"));
        return add_mesh(x, symbol ? ir_str_of(m->ctx, symbol) : STR(""), ir_op_attr(m, op, STR("mesh")));
    }
    if (def && (def->flags & OP_CONSTANT_LIKE) && d->n_results == 1) {
        ir_type t = ir_value_type(m, d->results);
        if (ir_is_shaped(m->ctx, t))
            add_sum(&x->constants, info_type_bytes(m->ctx, t));
        return true;
    }
    if (def && (def->flags & OP_FUNCTION)) {
        uint32_t depth = 0;
        for (ir_op up = ir_parent_op(m, op); up; up = ir_parent_op(m, up))
            depth++;
        count_arguments(x, op);
        return vec_push(&x->functions, (struct info_function){op, depth, 0});
    }
    return true;
}

/* The ops of each function: pre-order means they follow it until an op that is no longer inside. */
static void count_inside(struct info *x) {
    for (size_t i = 0; i < x->functions.n; i++) {
        ir_op top = x->functions.v[i].op;
        for (ir_op op = ir_walk_next(x->m, top, top); op; op = ir_walk_next(x->m, top, op))
            x->functions.v[i].ops++;
    }
}

bool info_gather(struct info *x, const ir_module *m, struct mem *mem) {
    const ir_context *c = m->ctx;
    *x = (struct info){.m = m, .mem = mem};
    vec_init(&x->dialects, mem);
    vec_init(&x->ops, mem);
    vec_init(&x->locations, mem);
    vec_init(&x->functions, mem);
    vec_init(&x->meshes, mem);
    size_t size = (c->n_names + (size_t)1) * sizeof(uint64_t);
    uint64_t *by_name = mem_alloc_zero(mem, size);
    bool ok = by_name != NULL;
    for (ir_op op = m->root; op && ok; op = ir_walk_next(m, m->root, op)) {
        const ir_op_data *d = ir_op_at(m, op);
        by_name[d->name]++;
        x->n_ops++;
        x->n_values += d->n_results;
        x->opaque_ops += (d->flags & IR_OP_OPAQUE) != 0;
        ok = count(&x->locations, loc_kind(m, d->loc), 1) &&
             note_op(x, op, dialect_def_of(m, op), ir_op_name_str(m, op));
    }
    ok = ok && list_ops(x, by_name);
    count_inside(x);
    sort_counts(&x->locations);
    mem_free(mem, by_name, size);
    return ok;
}

void info_free(struct info *x) {
    vec_free(&x->dialects);
    vec_free(&x->ops);
    vec_free(&x->locations);
    vec_free(&x->functions);
    vec_free(&x->meshes);
}
