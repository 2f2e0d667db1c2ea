/* asm_names.c - the names that MLIR's printer gives values and blocks because of the op that makes them: %c0, %alloc, %cst.
 *
 * Three sources: the result names of the table, for ops with several results (OP_NAMES_RESULTS); a fixed word per op; and
 * a few ops whose names follow from an attribute.
 */
#include <stdio.h>

#include "dialect/ids.h"
#include "dialect/params.h"
#include "text/asm.h"

/* Ops whose single result has a fixed name. */
static const struct fixed_name {
    uint16_t op;
    str name;
} fixed_names[] = {
    {OP_d2m_acquire_dst, STR_INIT("dst")},
    {OP_d2m_dma_read, STR_INIT("tx")},
    {OP_d2m_dma_write, STR_INIT("tx")},
    {OP_d2m_view_layout, STR_INIT("view")},
    {OP_func_constant, STR_INIT("f")},
    {OP_complex_constant, STR_INIT("cst")},
    {OP_linalg_broadcast, STR_INIT("broadcasted")},
    {OP_linalg_map, STR_INIT("mapped")},
    {OP_linalg_pack, STR_INIT("pack")},
    {OP_linalg_reduce, STR_INIT("reduced")},
    {OP_linalg_transpose, STR_INIT("transposed")},
    {OP_linalg_unpack, STR_INIT("unpack")},
    {OP_memref_alloc, STR_INIT("alloc")},
    {OP_memref_alloca, STR_INIT("alloca")},
    {OP_memref_assume_alignment, STR_INIT("assume_align")},
    {OP_memref_cast, STR_INIT("cast")},
    {OP_memref_collapse_shape, STR_INIT("collapse_shape")},
    {OP_memref_dim, STR_INIT("dim")},
    {OP_memref_expand_shape, STR_INIT("expand_shape")},
    {OP_memref_extract_aligned_pointer_as_index, STR_INIT("intptr")},
    {OP_memref_memory_space_cast, STR_INIT("memspacecast")},
    {OP_memref_reinterpret_cast, STR_INIT("reinterpret_cast")},
    {OP_memref_reshape, STR_INIT("reshape")},
    {OP_memref_subview, STR_INIT("subview")},
    {OP_memref_transpose, STR_INIT("transpose")},
    {OP_memref_view, STR_INIT("view")},
    {OP_tensor_cast, STR_INIT("cast")},
    {OP_tensor_collapse_shape, STR_INIT("collapsed")},
    {OP_tensor_concat, STR_INIT("concat")},
    {OP_tensor_dim, STR_INIT("dim")},
    {OP_tensor_expand_shape, STR_INIT("expanded")},
    {OP_tensor_extract, STR_INIT("extracted")},
    {OP_tensor_extract_slice, STR_INIT("extracted_slice")},
    {OP_tensor_from_elements, STR_INIT("from_elements")},
    {OP_tensor_gather, STR_INIT("gather")},
    {OP_tensor_generate, STR_INIT("generated")},
    {OP_tensor_insert, STR_INIT("inserted")},
    {OP_tensor_insert_slice, STR_INIT("inserted_slice")},
    {OP_tensor_pad, STR_INIT("padded")},
    {OP_tensor_rank, STR_INIT("rank")},
    {OP_tensor_reshape, STR_INIT("reshape")},
    {OP_tensor_scatter, STR_INIT("scatter")},
    {OP_tensor_splat, STR_INIT("splat")},
    {OP_ttir_ttnn_metal_layout_cast, STR_INIT("cast")},
    {OP_vector_vscale, STR_INIT("vscale")},
};

/* Ops named after the number in an attribute: core0. */
static const struct numbered_name {
    uint16_t op;
    str key, stem;
} numbered_names[] = {
    {OP_d2m_block_index, STR_INIT("dim"), STR_INIT("block")},
    {OP_d2m_block_offset, STR_INIT("dim"), STR_INIT("block_offset")},
    {OP_d2m_core_index, STR_INIT("dim"), STR_INIT("core")},
    {OP_d2m_get_block_factor, STR_INIT("dim"), STR_INIT("block_factor")},
    {OP_d2m_iter_index, STR_INIT("dim"), STR_INIT("iter")},
    {OP_index_constant, STR_INIT("value"), STR_INIT("idx")},
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* What kind of thread a #d2m.thread<..> is, "" for anything else. */
static str d2m_thread_kind(const ir_context *c, ir_attr a) {
    return dialect_param_text(c, a, STR("threadType"));
}

static void set(printer *p, ir_value v, str name) {
    print_set_value_name(p, v, name);
}

/* %c0, %c1_i32, %true, %cst */
static void name_constant(printer *p, ir_op op) {
    const ir_context *c = p->c;
    ir_attr a = ir_op_attr(p->m, op, STR("value"));
    ir_value result = ir_op_at(p->m, op)->results;
    int64_t v;
    if (!a || ir_kind_of(c, a) != IR_ATTR_INTEGER || !ir_int_value(c, a, &v)) {
        set(p, result, STR("cst"));
        return;
    }
    ir_type t = ir_at(c, a, 0);
    if (t == c->t_i1) {
        set(p, result, v ? STR("true") : STR("false"));
        return;
    }
    struct buf name;
    buf_init(&name, p->mem);
    buf_putc(&name, 'c');
    buf_put_i64(&name, v);
    if (t != c->t_index) {
        buf_putc(&name, '_');
        text_print_node(c, t, &name);
    }
    set(p, result, buf_str(&name));
    buf_free(&name);
}

static void name_numbered(printer *p, ir_op op, str key, str stem) {
    ir_attr a = ir_op_attr(p->m, op, key);
    int64_t v;
    if (!a || !ir_int_value(p->c, a, &v))
        return;
    char name[64];
    int n = snprintf(name, sizeof name, "%.*s%lld", STR_ARG(stem), (long long)v);
    set(p, ir_op_at(p->m, op)->results, str_of(name, (size_t)n));
}

/* Each result group after its name in the table. */
static void name_groups(printer *p, ir_op op, const op_def *d) {
    asm_groups g;
    if (!asm_result_groups(p->m, op, d, &g))
        return;
    for (uint32_t i = 0; i < g.count; i++)
        if (g.n[i] && op_result(d, i)->name)
            set(p, ir_op_at(p->m, op)->results + g.first[i], dialect_text(op_result(d, i)->name));
}

/* gpu.block_id x: %block_id_x */
static bool name_gpu_id(printer *p, ir_op op, const op_def *d) {
    str name = dialect_text(d->name);
    ir_attr dim = ir_op_attr(p->m, op, STR("dimension"));
    if (!str_starts_with(name, STR("gpu.")) || !dim)
        return false;
    str letter = dialect_case_text(p->c, dim);
    char text[64];
    int n = snprintf(text, sizeof text, "%.*s_%.*s", STR_ARG(str_from(name, 4)), STR_ARG(letter));
    if (letter.n && n > 0 && (size_t)n < sizeof text)
        set(p, ir_op_at(p->m, op)->results, str_of(text, (size_t)n));
    return true;
}

void asm_result_names(printer *p, ir_op op) {
    const op_def *d = print_op_def(p, op);
    const ir_op_data *o = ir_op_at(p->m, op);
    if (!d || !o->n_results)
        return;
    if (d->flags & OP_NAMES_RESULTS) {
        name_groups(p, op, d);
        return;
    }
    uint32_t index = dialect_op_index(d);
    switch (index) {
    case OP_arith_constant: name_constant(p, op); return;
    case OP_stablehlo_constant: {
        ir_type element = ir_element_type(p->c, ir_value_type(p->m, o->results));
        set(p, o->results, ir_kind_of(p->c, element) == IR_TYPE_INTEGER ? STR("c") : STR("cst"));
        return;
    }
    case OP_index_bool_constant:
        set(p, o->results, ir_op_attr(p->m, op, STR("value")) == p->c->a_true ? STR("true") : STR("false"));
        return;
    case OP_ml_program_global_load:
    case OP_ml_program_global_load_const: {
        ir_attr global = ir_op_attr(p->m, op, STR("global"));
        if (global && ir_kind_of(p->c, global) == IR_ATTR_SYMBOL)
            set(p, o->results, ir_str_of(p->c, ir_at(p->c, global, ir_count(p->c, global) - 1)));
        return;
    }
    case OP_memref_extract_strided_metadata: name_groups(p, op, d); return;
    default: break;
    }
    if (!(d->flags & OP_NAMES_ITSELF) && d->dialect != DIALECT_linalg)
        return;
    for (size_t i = 0; i < COUNT(fixed_names); i++)
        if (fixed_names[i].op == index) {
            set(p, o->results, fixed_names[i].name);
            return;
        }
    for (size_t i = 0; i < COUNT(numbered_names); i++)
        if (numbered_names[i].op == index) {
            name_numbered(p, op, numbered_names[i].key, numbered_names[i].stem);
            return;
        }
    name_gpu_id(p, op, d);
}

/* The first n arguments of the region's entry block get one name, the others another. */
static void name_args(printer *p, ir_region r, uint32_t n_first, str first, str rest) {
    ir_block b = ir_region_at(p->m, r)->first;
    const ir_block_data *d = ir_block_at(p->m, b);
    for (uint32_t i = 0; b && i < d->n_args; i++)
        set(p, d->args + i, i < n_first ? first : rest);
}

void asm_region_arg_names(printer *p, ir_op op, ir_region r) {
    const op_def *d = print_op_def(p, op);
    if (!d)
        return;
    const ir_op_data *o = ir_op_at(p->m, op);
    asm_groups g;
    switch (dialect_op_index(d)) {
    case OP_linalg_generic:
        if (asm_operand_groups(p->m, op, d, &g) && g.count == 2)
            name_args(p, r, g.n[0], STR("in"), STR("out"));
        break;
    case OP_linalg_reduce: name_args(p, r, o->n_operands / 2, STR("in"), STR("init")); break;
    case OP_linalg_map: name_args(p, r, o->n_operands ? o->n_operands - 1 : 0, STR("in"), STR("init")); break;
    case OP_stablehlo_while: name_args(p, r, UINT32_MAX, STR("iterArg"), STR("iterArg")); break;
    case OP_d2m_generic: {
        ir_block b = ir_region_at(p->m, r)->first;
        const ir_block_data *block = ir_block_at(p->m, b);
        uint32_t n = 0;
        for (uint32_t i = 0; b && i < block->n_args; i++) {
            if (!dialect_is_type(p->c, ir_value_type(p->m, block->args + i), TYPE_d2m_local_semaphore))
                continue;
            char name[32];
            int len = snprintf(name, sizeof name, "sem%u", n++);
            set(p, block->args + i, str_of(name, (size_t)len));
        }
        break;
    }
    default: break;
    }
}

void asm_block_names(printer *p, ir_op op) {
    const op_def *d = print_op_def(p, op);
    if (!d || dialect_op_index(d) != OP_d2m_generic)
        return;
    /* ^datamovement0, ^datamovement1, ^compute0: by the kind of thread that the region is for. */
    const ir_op_data *o = ir_op_at(p->m, op);
    ir_attr threads = ir_op_attr(p->m, op, STR("threads"));
    if (!threads || ir_kind_of(p->c, threads) != IR_ATTR_ARRAY)
        return;
    for (uint32_t i = 0; i < o->n_regions && i < ir_count(p->c, threads); i++) {
        str kind = d2m_thread_kind(p->c, ir_at(p->c, threads, i));
        ir_block b = ir_region_at(p->m, ir_op_region(p->m, op, i))->first;
        if (!kind.n || !b)
            continue;
        uint32_t before = 0;
        for (uint32_t k = 0; k < i; k++)
            before += str_eq(d2m_thread_kind(p->c, ir_at(p->c, threads, k)), kind);
        char name[64];
        int n = snprintf(name, sizeof name, "%.*s%u", STR_ARG(kind), before);
        if (n > 0 && (size_t)n < sizeof name)
            print_set_block_name(p, b, str_of(name, (size_t)n));
    }
}
