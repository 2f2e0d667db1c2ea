/* The structural check: one walk over all ops in order.
 *
 * An op is marked when the walk comes to it. So when an operand is looked at, a definition in the same block is marked
 * exactly if it stands before the op (or around it, which the climb excludes): the common case needs no order numbers.
 * Regions of several blocks get a dominator tree, made when the walk enters them.
 *
 * Invariant: at every op, all ops before it in pre-order are marked, and the op itself and all behind it are not.
 */
#include "ir/verify.h"

#include "base/map.h"
#include "ir/dominance.h"

struct verify {
    const ir_report *r;
    const ir_module *m;
    const uint8_t *traits;
    uint8_t *marks; /* one bit per op */
    ir_dominance dominance;
    struct map_u64 targets; /* entry blocks that a branch goes to: block -> 1 */
    bool oom;
};

static inline bool marked(const struct verify *v, ir_op op) {
    return v->marks[op >> 3] >> (op & 7) & 1;
}

static inline uint8_t traits_of(const struct verify *v, ir_op op) {
    return v->traits[v->m->ops[op].name];
}

/* Whether the order of ops and blocks means something in a region. */
static bool keeps_order(const struct verify *v, ir_region region) {
    uint8_t t = traits_of(v, v->m->regions[region].op);
    return (t & IR_TRAIT_KNOWN) && !(t & IR_TRAIT_GRAPH);
}

static inline bool single_block(const ir_module *m, ir_region region) {
    return m->regions[region].first == m->regions[region].last;
}

/* ---- dominance ------------------------------------------------------------------------------------------ */

/* How the region of `a` lies to the region of `b`, in MLIR's words. */
static const char *relation(const ir_module *m, ir_region a, ir_region b) {
    if (a == b)
        return "in the same region";
    for (ir_region r = b; r; r = m->blocks[m->ops[m->regions[r].op].block].region)
        if (r == a)
            return "in a parent region";
    for (ir_region r = a; r; r = m->blocks[m->ops[m->regions[r].op].block].region)
        if (r == b)
            return "in a child region";
    return "neither in a parent nor in a child region";
}

static void not_dominated(struct verify *v, ir_op op, uint32_t i, ir_value value) {
    const ir_module *m = v->m;
    ir_error(v->r, op, "operand #%u does not dominate this use", i);
    ir_region here = m->blocks[m->ops[op].block].region;
    if (ir_is_block_arg(m, value)) {
        ir_block def = m->values[value].owner;
        ir_region region = m->blocks[def].region;
        uint32_t number = 0;
        for (ir_block b = m->blocks[def].prev; b; b = m->blocks[b].prev)
            number++;
        ir_note(v->r, m->regions[region].op, "operand defined as a block argument (block #%u %s)", number,
                relation(m, region, here));
        return;
    }
    ir_op def = m->values[value].owner;
    if (!def)
        return;
    if (m->ops[def].block == m->ops[op].block) {
        ir_note(v->r, def, "operand defined here (op in the same block)");
    } else {
        const char *where = relation(m, m->blocks[m->ops[def].block].region, here);
        ir_note(v->r, def, "operand defined here (op %s%s)", where[0] == 'n' ? "is " : "", where);
    }
}

/* The slow path of check_operand: the definition is not simply before the op in its block. */
static void check_distant(struct verify *v, ir_op op, uint32_t i, ir_value value) {
    const ir_module *m = v->m;
    bool is_arg = ir_is_block_arg(m, value);
    uint32_t owner = m->values[value].owner;
    ir_block def_block = is_arg ? owner : m->ops[owner].block;
    if (!owner || !def_block) {
        not_dominated(v, op, i, value);
        return;
    }
    /* The op around `op` (or op itself) that stands in the region of the definition. */
    ir_region def_region = m->blocks[def_block].region;
    ir_op at = op;
    while (m->blocks[m->ops[at].block].region != def_region) {
        ir_op around = ir_parent_op(m, at);
        if (!around || !m->ops[around].block) {
            not_dominated(v, op, i, value);
            return;
        }
        if (traits_of(v, around) & IR_TRAIT_ISOLATED) {
            ir_op_error(v->r, op, "using value defined outside the region");
            ir_note(v->r, around, "required by region isolation constraints");
            return;
        }
        at = around;
    }
    ir_block use_block = m->ops[at].block;
    if (!keeps_order(v, def_region))
        return;
    if (use_block == def_block) {
        if (!is_arg && (at == owner || !marked(v, owner)))
            not_dominated(v, op, i, value);
        return;
    }
    if (!ir_reachable(&v->dominance, use_block))
        return;
    if (!ir_reachable(&v->dominance, def_block) || !ir_dominates(&v->dominance, def_block, use_block))
        not_dominated(v, op, i, value);
}

static void check_operands(struct verify *v, ir_op op) {
    const ir_module *m = v->m;
    const ir_op_data *o = &m->ops[op];
    const uint32_t *operands = m->pool + o->operands;
    for (uint32_t i = 0; i < o->n_operands; i++) {
        const ir_value_data *value = &m->values[operands[i]];
        if (value->index >> 31 ? value->owner == o->block
                               : marked(v, value->owner) && m->ops[value->owner].block == o->block)
            continue;
        check_distant(v, op, i, operands[i]);
    }
}

/* ---- blocks and regions --------------------------------------------------------------------------------- */

/* Every op with successors: it ends its block, they are blocks of its region, and none is the entry. */
static void check_successors(struct verify *v, ir_op op) {
    const ir_module *m = v->m;
    const ir_op_data *o = &m->ops[op];
    ir_region region = m->blocks[o->block].region;
    if (o->next)
        ir_error(v->r, op, "operation with block successors must terminate its parent block");
    for (uint32_t i = 0; i < o->n_successors; i++) {
        ir_block to = ir_successor(m, op, i);
        if (m->blocks[to].region != region) {
            ir_op_error(v->r, op, "branching to block of a different region");
        } else if (to == m->regions[region].first) {
            bool added;
            if (!map_u64_put(&v->targets, to, 1, &added))
                v->oom = true;
            else if (added)
                ir_error(v->r, m->regions[region].op, "entry block of region may not have predecessors");
        }
    }
}

static void check_block(struct verify *v, ir_op op, ir_block b) {
    const ir_module *m = v->m;
    uint8_t t = traits_of(v, op);
    ir_op last = m->blocks[b].last;
    bool may_end_open = single_block(m, m->blocks[b].region) && (!(t & IR_TRAIT_KNOWN) || (t & IR_TRAIT_NO_TERMINATOR));
    if (may_end_open)
        return;
    if (!last) {
        ir_error(v->r, op, "empty block: expect at least a terminator");
        return;
    }
    uint8_t end = traits_of(v, last);
    if ((end & IR_TRAIT_KNOWN) && !(end & IR_TRAIT_TERMINATOR))
        ir_error(v->r, last, "block with no terminator, has \"%.*s\"", STR_ARG(ir_op_name_str(m, last)));
}

/* What can be said of an op's regions before the walk enters them. */
static void check_regions(struct verify *v, ir_op op) {
    const ir_module *m = v->m;
    const ir_op_data *o = &m->ops[op];
    uint8_t t = traits_of(v, op);
    for (uint32_t i = 0; i < o->n_regions; i++) {
        ir_region region = ir_op_region(m, op, i);
        for (ir_block b = m->regions[region].first; b; b = m->blocks[b].next)
            check_block(v, op, b);
        if (single_block(m, region))
            continue;
        if (keeps_order(v, region) && !ir_dominance_add(&v->dominance, m, region))
            v->oom = true;
        else if ((t & IR_TRAIT_KNOWN) && (t & IR_TRAIT_GRAPH))
            ir_op_error(v->r, op, "expects graph region #%u to have 0 or 1 blocks", i);
    }
}

/* ---- all of it ------------------------------------------------------------------------------------------ */

static void check_op(struct verify *v, ir_op op) {
    const ir_op_data *o = &v->m->ops[op];
    /* Nothing has to dominate what is never reached. */
    if (o->n_operands && (single_block(v->m, v->m->blocks[o->block].region) || !v->dominance.in ||
                          ir_reachable(&v->dominance, o->block) || !keeps_order(v, v->m->blocks[o->block].region)))
        check_operands(v, op);
    if (o->n_successors)
        check_successors(v, op);
    if ((v->traits[o->name] & IR_TRAIT_TERMINATOR) && o->next)
        ir_op_error(v->r, op, "must be the last operation in the parent block");
    if (o->n_regions)
        check_regions(v, op);
    v->marks[op >> 3] = (uint8_t)(v->marks[op >> 3] | 1u << (op & 7));
}

bool ir_verify(const ir_report *r, const uint8_t *traits) {
    const ir_module *m = r->m;
    struct verify v = {.r = r, .m = m, .traits = traits};
    size_t mark_bytes = (size_t)m->n_ops / 8 + 1;
    v.marks = mem_alloc_zero(m->mem, mark_bytes);
    if (!v.marks)
        return false;
    ir_dominance_init(&v.dominance, m->mem);
    map_u64_init(&v.targets, m->mem);
    for (ir_op op = m->root; op && !v.oom && !diags_full(r->d); op = ir_walk_next(m, m->root, op))
        check_op(&v, op);
    ir_dominance_free(&v.dominance);
    map_u64_free(&v.targets);
    mem_free(m->mem, v.marks, mark_bytes);
    return !v.oom;
}
