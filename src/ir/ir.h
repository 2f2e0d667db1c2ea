/* ir.h - modules, ops, values, regions, types, attributes and locations.
 *
 * Two owners:
 *
 *   ir_context   interned nodes: types, attributes, locations, affine expressions, strings, op names.
 *                Immutable once made, shared by all stages of a model, compared by handle.
 *   ir_module    one stage: ops, values, blocks, regions in four growing arrays. Handles are 32-bit indices.
 *
 * Handle 0 is "none" everywhere, and entry 0 of every table exists and is zero, so reading or writing through
 * a none handle is harmless. That is also how running out of memory works: the maker returns 0, the context or
 * module remembers `failed`, and the caller asks once at the end (or whenever it likes).
 *
 * A context belongs to one thread at a time for making nodes; any number of threads may read the nodes it has handed
 * out before.
 *
 * Node layout in the pool (32-bit words):
 *
 *   word 0   kind (low 8 bits) | flags (high 24 bits)
 *   word 1   n = number of payload words
 *   2 ..     payload, meaning per kind: see node.h
 *
 * A node id is chunk << 16 | word offset. Chunks never move, so a reader in another thread can go on reading
 * published nodes while one writer makes new ones.
 *
 * Invariants
 *   I1  Equal nodes have equal ids (except IR_ATTR_DENSE over more than IR_BIG_BYTES bytes: same bytes at another
 *       address give another id).
 *   I2  Dictionaries are sorted by key bytes and have no key twice.
 *   I3  Results of an op and arguments of a block are consecutive values, in order.
 *   I4  An op belongs to at most one block; blocks and ops are doubly linked in order.
 *
 * It knows no syntax and no op: what an op means is in dialect/.
 */
#ifndef IR_IR_H
#define IR_IR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/platform.h"
#include "base/str.h"
#include "ir/node.h"

typedef uint32_t ir_op;     /* index into ir_module.ops */
typedef uint32_t ir_value;  /* index into ir_module.values */
typedef uint32_t ir_block;  /* index into ir_module.blocks */
typedef uint32_t ir_region; /* index into ir_module.regions */
typedef uint32_t ir_name;   /* op name: index into the context's name table */

/* ---- context ------------------------------------------------------------------------------------------- */

enum { IR_CHUNK_BITS = 16, IR_CHUNK_WORDS = 1 << IR_CHUNK_BITS, IR_MAX_CHUNKS = 1 << 16, IR_BIG_BYTES = 4096 };

/* What the context knows of an op name. `def` is what the resolver answered: an op table index + 1, 0 if no table
 * has the name. */
typedef struct ir_name_info {
    str name; /* "ttir.add" */
    uint32_t def;
    uint32_t text; /* the name as interned string node */
} ir_name_info;

/* Answers the op table entry of a name (index + 1) or 0. Given at context creation by the dialect room. */
typedef uint32_t (*ir_resolve_fn)(str op_name);

typedef struct ir_context {
    uint32_t **chunks; /* IR_MAX_CHUNKS pointers; first, so that ir_words needs no more than this */
    struct mem *mem;
    uint32_t n_chunks;
    uint32_t current; /* the chunk that new nodes go into; one larger than a chunk gets a chunk of its own */
    uint32_t used;    /* words used in it */
    uint32_t n_plain; /* chunks of IR_CHUNK_WORDS */
    uint32_t *spare;  /* the next such chunks, allocated together */
    uint32_t spare_chunks;
    struct ir_slot *slots;
    uint64_t *tags;              /* which slots are used, and a little of their hashes */
    uint32_t slot_bits, n_nodes; /* the table has 1 << slot_bits slots */
    ir_name_info *names;
    uint32_t n_names, cap_names;
    struct ir_owned *owned; /* files and other things that live as long as the context */
    struct arena bytes;     /* copied string and constant bytes */
    ir_resolve_fn resolve;
    uint32_t refs;
    bool failed; /* an allocation failed; everything made since may be handle 0 */
    /* Often used nodes, made with the context. */
    ir_type t_index, t_none, t_i1, t_i8, t_i32, t_i64, t_f32, t_f64;
    ir_attr a_unit, a_true, a_false, a_empty_dict, a_empty_array;
    ir_loc l_unknown;
} ir_context;

/* Makes a context with one reference. `resolve` may be NULL (no op is known). NULL when out of memory. */
ir_context *ir_context_new(struct mem *m, ir_resolve_fn resolve);
ir_context *ir_context_ref(ir_context *c);
/* Drops a reference; the last one frees every node and everything owned. */
void ir_context_unref(ir_context *c);
/* Hands something to the context that lives as long as it does (a mapped source file): `release(what)` is called at
 * the end. False when out of memory; the caller then still owns it. */
bool ir_context_own(ir_context *c, void *what, void (*release)(void *what));
/* Copies bytes into memory that lives as long as the context, 8-byte aligned. NULL when out of memory. */
void *ir_context_copy(ir_context *c, const void *bytes, size_t n);
/* Uninitialised memory of the same kind. NULL when out of memory. */
void *ir_context_alloc(ir_context *c, size_t n);

/* Finds or makes the node of these words (fewer than 2^31). 0 when out of memory. Strings, dense constants, integers
 * and dictionaries have makers in node.h that bring the words into their one canonical form first. */
ir_node ir_intern(ir_context *c, ir_kind kind, uint32_t flags, const uint32_t *words, uint32_t n);

/* Hints that ir_intern or ir_string will be asked the same soon, so that the table's line is fetched meanwhile. For
 * readers that make many nodes in a row. */
void ir_intern_prefetch(const ir_context *c, ir_kind kind, uint32_t flags, const uint32_t *words, uint32_t n);
uint32_t ir_string_prefetch(const ir_context *c, str s);
/* ir_string of a string whose hash ir_string_prefetch has told. */
ir_str ir_string_hashed(ir_context *c, str s, bool copy, uint32_t hash);

/* The op name's handle, registering it on first use; the bytes are copied. 0 when out of memory. */
ir_name ir_op_name(ir_context *c, str name);
static inline const ir_name_info *ir_name_of(const ir_context *c, ir_name n) {
    return &c->names[n];
}

/* ---- module -------------------------------------------------------------------------------------------- */

enum {
    IR_OP_OPAQUE = 1 << 0,   /* unknown custom form: `props` is a string node with the op's text after its name */
    IR_OP_IMPLICIT = 1 << 1, /* made by the reader: the module around a file without one, an implied terminator */
    IR_OP_CUSTOM = 1 << 2,   /* was written in its custom form */
};

typedef struct ir_op_data {
    ir_name name;
    ir_loc loc;
    ir_attr props;     /* inherent attributes: dict, or 0 */
    ir_attr attrs;     /* discardable attributes: dict, or 0 */
    ir_block block;    /* 0 for the root */
    ir_op next, prev;  /* in the block */
    uint32_t operands; /* first of n_operands value handles in ir_module.pool */
    uint32_t n_operands;
    ir_value results; /* first of n_results values */
    uint32_t n_results;
    uint32_t children; /* in pool: n_regions region handles, then n_successors block handles */
    uint16_t n_regions, n_successors;
    uint32_t src, src_end; /* byte range in the source text; 0,0 when made by a pass */
    uint32_t flags;
} ir_op_data;

typedef struct ir_value_data {
    ir_type type;
    uint32_t owner; /* op handle for a result, block handle for an argument */
    uint32_t index; /* result or argument number; top bit set for an argument */
    ir_loc loc;     /* of a block argument; 0 for results (their op's) */
    uint32_t name;  /* the name in the source (byte offset of the text after '%'), 0 when it had none */
} ir_value_data;

typedef struct ir_block_data {
    ir_region region;
    ir_block next, prev;
    ir_op first, last;
    ir_value args; /* first of n_args */
    uint32_t n_args;
    uint32_t name; /* byte offset of the label text after '^', 0 when it had none */
} ir_block_data;

typedef struct ir_region_data {
    ir_op op;
    ir_block first, last;
} ir_region_data;

/* One entry of a file's {-# #-} section. */
typedef struct ir_resource {
    uint32_t section; /* string node: "dialect_resources" or "external_resources" */
    uint32_t group;   /* string node: the dialect or the tool ("builtin", "mlir_reproducer") */
    uint32_t key;     /* string node */
    ir_attr value;    /* string (hex blob "0x..." kept as written), bool or integer attribute */
} ir_resource;

typedef struct ir_module {
    ir_context *ctx;
    struct mem *mem;
    ir_op_data *ops;
    uint32_t n_ops, cap_ops;
    ir_value_data *values;
    uint32_t n_values, cap_values;
    ir_block_data *blocks;
    uint32_t n_blocks, cap_blocks;
    ir_region_data *regions;
    uint32_t n_regions, cap_regions;
    uint32_t *pool;
    uint32_t n_pool, cap_pool;
    ir_resource *resources;
    uint32_t n_resources, cap_resources;
    ir_op root;           /* the builtin.module */
    str source;           /* the text the module was read from (kept alive by the context), or empty */
    uint32_t source_name; /* string node: the path as it was given */
    bool failed;          /* an allocation failed */
} ir_module;

/* An empty module that holds a reference to `c`. NULL when out of memory. */
ir_module *ir_module_new(ir_context *c);
/* Makes room for at least so many ops, values and slots of the pool in all, so that adding them moves nothing. False when
 * out of memory (m->failed). */
bool ir_module_reserve(ir_module *m, uint32_t ops, uint32_t values, uint32_t pool);
void ir_module_free(ir_module *m);

static inline ir_op_data *ir_op_at(const ir_module *m, ir_op op) {
    return &m->ops[op];
}
static inline ir_value_data *ir_value_at(const ir_module *m, ir_value v) {
    return &m->values[v];
}
static inline ir_block_data *ir_block_at(const ir_module *m, ir_block b) {
    return &m->blocks[b];
}
static inline ir_region_data *ir_region_at(const ir_module *m, ir_region r) {
    return &m->regions[r];
}

/* Operand i, region i, successor i of an op. No bounds check: i < n is the caller's business. */
static inline ir_value ir_operand(const ir_module *m, ir_op op, uint32_t i) {
    return m->pool[m->ops[op].operands + i];
}
static inline ir_region ir_op_region(const ir_module *m, ir_op op, uint32_t i) {
    return m->pool[m->ops[op].children + i];
}
static inline ir_block ir_successor(const ir_module *m, ir_op op, uint32_t i) {
    return m->pool[m->ops[op].children + m->ops[op].n_regions + i];
}
static inline ir_type ir_value_type(const ir_module *m, ir_value v) {
    return m->values[v].type;
}
static inline bool ir_is_block_arg(const ir_module *m, ir_value v) {
    return (m->values[v].index >> 31) != 0;
}
/* Result i of op. */
static inline ir_value ir_result(const ir_module *m, ir_op op, uint32_t i) {
    return m->ops[op].results + i;
}
/* The op whose result v is; 0 for a block argument. */
static inline ir_op ir_def_op(const ir_module *m, ir_value v) {
    return ir_is_block_arg(m, v) ? 0 : m->values[v].owner;
}
/* The block whose argument v is; 0 for a result. */
static inline ir_block ir_arg_block(const ir_module *m, ir_value v) {
    return ir_is_block_arg(m, v) ? m->values[v].owner : 0;
}
static inline uint32_t ir_value_index(const ir_module *m, ir_value v) {
    return m->values[v].index & 0x7fffffffu;
}
static inline str ir_op_name_str(const ir_module *m, ir_op op) {
    return m->ctx->names[m->ops[op].name].name;
}
/* The op table index + 1 of an op, 0 when no table has it. */
static inline uint32_t ir_op_def(const ir_module *m, ir_op op) {
    return m->ctx->names[m->ops[op].name].def;
}
/* The op whose region holds this op; 0 for the root. */
static inline ir_op ir_parent_op(const ir_module *m, ir_op op) {
    return m->regions[m->blocks[m->ops[op].block].region].op;
}

/* ---- building. All return 0 (or false) when out of memory and set m->failed. ---------------------------- */

/* A detached op without operands, results or regions. */
ir_op ir_op_new(ir_module *m, ir_name name, ir_loc loc);
bool ir_op_set_operands(ir_module *m, ir_op op, const ir_value *v, uint32_t n);
/* Makes n result values of these types (once per op). */
bool ir_op_set_results(ir_module *m, ir_op op, const ir_type *types, uint32_t n);
/* Regions and successors go together because they share one list (once per op). The regions' `op` is set. */
bool ir_op_set_children(ir_module *m, ir_op op, const ir_region *r, uint32_t nr, const ir_block *s, uint32_t ns);
ir_region ir_region_new(ir_module *m);
ir_block ir_block_new(ir_module *m);
void ir_region_append(ir_module *m, ir_region r, ir_block b);
/* Makes n arguments (once per block). locs may be NULL (unknown). */
bool ir_block_set_args(ir_module *m, ir_block b, const ir_type *types, const ir_loc *locs, uint32_t n);
void ir_block_append(ir_module *m, ir_block b, ir_op op);
void ir_insert_before(ir_module *m, ir_op where, ir_op op);
/* Takes an op out of its block (it stays in the table, detached). */
void ir_unlink(ir_module *m, ir_op op);
/* A value that no op defines yet (a forward reference): type set, owner 0. */
ir_value ir_value_new(ir_module *m, ir_type type);
bool ir_resource_add(ir_module *m, ir_resource r);

/* ---- attributes of an op -------------------------------------------------------------------------------- */

/* The value of `key`: first among the inherent, then among the discardable attributes; 0 if absent. */
ir_attr ir_op_attr(const ir_module *m, ir_op op, str key);

/* ---- walking -------------------------------------------------------------------------------------------- */

/* The next op in pre-order (an op before the ops in its regions) within `top`, starting with op = top; 0 at the end.
 * No recursion, no memory. */
ir_op ir_walk_on(const ir_module *m, ir_op top, ir_op op);
static inline ir_op ir_walk_next(const ir_module *m, ir_op top, ir_op op) {
    const ir_op_data *o = &m->ops[op];
    return LIKELY(o->next && !o->n_regions && op != top) ? o->next : ir_walk_on(m, top, op);
}

/* Who uses each value: uses of v are users[start[v]] .. users[start[v + 1]] as (op handle, operand index) pairs in
 * op handle order. One allocation each, freed with ir_uses_free. False when out of memory. */
typedef struct ir_use {
    ir_op op;
    uint32_t index;
} ir_use;
typedef struct ir_uses {
    struct mem *mem;
    uint32_t *start; /* n_values + 1 */
    ir_use *users;
    size_t n_start, n_users;
} ir_uses;
bool ir_uses_build(const ir_module *m, ir_uses *out);
void ir_uses_free(ir_uses *u);

#endif
