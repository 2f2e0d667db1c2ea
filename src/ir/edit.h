/* edit.h - changing a module while knowing who uses what.
 *
 * An ir_edit stands over one mutable module and keeps, for each value, the list of its uses; every change of operands
 * must go through it while it lives. Types, attributes and locations of ops may be set directly (`ir_op_at(m, op)->loc`)
 * except that a listener then hears nothing.
 *
 *   value v ──first──▶ use ──▶ use ──▶ ...      a use is a slot of ir_module.pool: slot - ops[op].operands = operand index
 *
 * Invariants
 *   E1  Each operand slot of an op that is not erased is in the list of its value exactly once.
 *   E2  The newest use comes first (the order in which MLIR walks users, which rewriting order depends on).
 *   E3  An erased op is detached, has no operands, no regions, and its handle is never used again.
 *
 * Origins: for each op the ops that it came from, as they were at the last ir_edit_mark_origins. They are kept by
 * themselves: ops built while `e->from` is set come from it, a replacement inherits from what it replaces (but see
 * `since`), and an op that dies because its last user was replaced passes its origins on to that replacement.
 * ir_edit_came_from adds more.
 *
 * Running out of memory sets m->failed and makes the call do nothing (returning 0 where it returns something).
 */
#ifndef IR_EDIT_H
#define IR_EDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"
#include "ir/ir.h"

/* One use: a slot of the pool. */
typedef struct ir_edit_use {
    ir_op op;            /* the user; 0: the slot is no operand */
    uint32_t next, prev; /* slots, 0 at the ends */
} ir_edit_use;

typedef enum ir_edit_event {
    IR_EDIT_INSERTED, /* `op` was built or moved into a block */
    IR_EDIT_MODIFIED, /* operands, attributes or result types of `op` changed */
    IR_EDIT_ERASED,   /* `op` is about to be erased; its operands are still there */
} ir_edit_event;

typedef struct ir_edit {
    ir_module *m;
    /* Called after each change when set (a rewrite driver's worklist). */
    void (*listen)(void *arg, ir_edit_event event, ir_op op);
    void *listen_arg;
    /* Where the next op goes: before `before`, or at the end of `block` when that is 0. See ir_edit_at and its kin. */
    ir_block block;
    ir_op before;
    ir_op from; /* ops built now come from this one; 0: from nothing */
    /* `changes` + 1 when a rewriting of one op began (a folder, a pattern), else 0. An op that such a one replaces by a value
     * whose op was there before and has not changed since leaves nothing behind: it did nothing, or undid what was done. */
    uint64_t since;
    /* The rest is private to edit.c. */
    uint32_t *first;                 /* by value: newest use, or 0 */
    ir_edit_use *uses;               /* by pool slot */
    struct ir_edit_lineage *lineage; /* by op: where it came from, and who inherits that */
    struct ir_edit_origin *origin_pool;
    struct map_u64 many; /* edit_origins.c */
    uint32_t cap_first, cap_uses, cap_ops, cap_changed, n_origins, cap_origins;
    uint32_t marked_ops; /* ops below this handle were there at the last mark */
    uint32_t marks;      /* how many marks there were */
    uint64_t changes;    /* counts every change */
    uint64_t orders;     /* counts changes of which ops there are and where they stand */
    uint64_t *changed;   /* by op: see ir_changed_at */
    uint64_t touched;    /* `changes` at the last ir_edit_touched */
} ir_edit;

/* Builds the use lists of `m` (its detached ops included). The module must outlive the edit. False when out of memory;
 * `e` is to be freed in any case. */
bool ir_edit_init(ir_edit *e, ir_module *m);
void ir_edit_free(ir_edit *e);

/* ---- uses ----------------------------------------------------------------------------------------------- */

static inline uint32_t ir_first_use(const ir_edit *e, ir_value v) {
    return v < e->cap_first ? e->first[v] : 0;
}
static inline uint32_t ir_next_use(const ir_edit *e, uint32_t use) {
    return e->uses[use].next;
}
static inline ir_op ir_use_op(const ir_edit *e, uint32_t use) {
    return e->uses[use].op;
}
/* Which operand of its op a use is. */
static inline uint32_t ir_use_index(const ir_edit *e, uint32_t use) {
    return use - e->m->ops[e->uses[use].op].operands;
}
/* for (ir_each_use(e, v, u)) ... The body may not change the uses of v; collect first, or use ir_each_use_safe. */
#define ir_each_use(e, v, u)             \
    uint32_t u = ir_first_use((e), (v)); \
    u;                                   \
    u = ir_next_use((e), u)
static inline bool ir_has_uses(const ir_edit *e, ir_value v) {
    return ir_first_use(e, v) != 0;
}
static inline bool ir_has_one_use(const ir_edit *e, ir_value v) {
    uint32_t u = ir_first_use(e, v);
    return u && !e->uses[u].next;
}
/* Whether all uses of v are by one op (it may use it several times); that op, or 0. */
ir_op ir_only_user(const ir_edit *e, ir_value v);
/* Whether any result of op has a use. */
static inline bool ir_op_has_uses(const ir_edit *e, ir_op op) {
    const ir_op_data *o = &e->m->ops[op];
    for (uint32_t i = 0; i < o->n_results; i++)
        if (ir_has_uses(e, o->results + i))
            return true;
    return false;
}
/* How many uses v has, counted up to `limit`. */
uint32_t ir_count_uses(const ir_edit *e, ir_value v, uint32_t limit);

/* At most what `changes` was when something about op last changed: the op itself, the type of a value that it uses or
 * gives, who uses its results, or which op stands beside it. */
static inline uint64_t ir_changed_at(const ir_edit *e, ir_op op) {
    uint64_t at = op < e->cap_changed ? e->changed[op] : e->changes + 1;
    return at > e->touched ? at : e->touched;
}
/* Anything may have changed without the edit. */
void ir_edit_touched(ir_edit *e);

/* ---- values --------------------------------------------------------------------------------------------- */

void ir_set_operand(ir_edit *e, ir_op op, uint32_t i, ir_value v);
/* Gives op another list of operands (segment sizes among its attributes are the caller's business). */
bool ir_set_operands(ir_edit *e, ir_op op, const ir_value *v, uint32_t n);
bool ir_insert_operand(ir_edit *e, ir_op op, uint32_t i, ir_value v);
void ir_remove_operand(ir_edit *e, ir_op op, uint32_t i);
/* Every use of `from` becomes a use of `to`. The newest use is moved first. */
void ir_replace_uses(ir_edit *e, ir_value from, ir_value to);
/* The same, except for the uses by `except`. */
void ir_replace_uses_except(ir_edit *e, ir_value from, ir_value to, ir_op except);
/* Puts the uses of v in the order that they would have had v been replaced by another value (ir_replace_uses): the other way
 * round. */
void ir_reverse_uses(ir_edit *e, ir_value v);
/* Changes the type of a value; its defining op and its users are reported as modified. */
void ir_set_type(ir_edit *e, ir_value v, ir_type t);
/* Takes argument i away from a block (it must have no uses); the ones behind it move down. */
void ir_remove_arg(ir_edit *e, ir_block b, uint32_t i);
/* A new argument i of a block (i = how many it has: the last one). Existing handles of its arguments may change: the list
 * is copied when it cannot grow in place, and uses move along. Returns the new argument. */
ir_value ir_insert_arg(ir_edit *e, ir_block b, uint32_t i, ir_type t, ir_loc loc);

/* ---- attributes ----------------------------------------------------------------------------------------- */

/* Sets (value 0: removes) an inherent or a discardable attribute. */
void ir_set_prop(ir_edit *e, ir_op op, str key, ir_attr value);
void ir_set_attr(ir_edit *e, ir_op op, str key, ir_attr value);

/* ---- where ---------------------------------------------------------------------------------------------- */

/* The next op is built before / after `op`, at the start / end of a block. Building leaves the point behind the new op,
 * so that ops built one after the other stand in that order. */
static inline void ir_edit_at(ir_edit *e, ir_op op) {
    e->before = op;
    e->block = e->m->ops[op].block;
}
void ir_edit_after(ir_edit *e, ir_op op);
void ir_edit_at_start(ir_edit *e, ir_block b);
void ir_edit_at_end(ir_edit *e, ir_block b);

/* ---- ops ------------------------------------------------------------------------------------------------ */

typedef struct ir_op_spec {
    ir_name name;
    ir_loc loc;
    const ir_value *operands;
    uint32_t n_operands;
    const ir_type *results;
    uint32_t n_results;
    ir_attr props, attrs;
    uint32_t n_regions; /* made empty; at most IR_BUILD_MAX_REGIONS */
} ir_op_spec;
enum { IR_BUILD_MAX_REGIONS = 4 };

/* Builds an op at the insertion point. */
ir_op ir_build(ir_edit *e, const ir_op_spec *spec);
/* A copy of `op`, its regions included, at the insertion point. `map` (by value handle of this module, n_map entries; may
 * be NULL) says which operand becomes which (0: stays); the copies of results and block arguments inside are entered
 * into it when they fit. */
ir_op ir_clone_op(ir_edit *e, ir_op op, ir_value *map, uint32_t n_map);
/* Erases an op without uses, with all that is in its regions. */
void ir_erase(ir_edit *e, ir_op op);
/* Replaces the results of op by these values (one each) and erases it. Origins pass on to the ops that define them, unless
 * these were there before (`since`). */
void ir_replace(ir_edit *e, ir_op op, const ir_value *values);
static inline void ir_replace1(ir_edit *e, ir_op op, ir_value v) {
    ir_replace(e, op, &v);
}
/* The same of an op with one result whose replacement, and whatever else was built for it, has the origins that it is to
 * have: neither op nor what it used passes its own on. */
void ir_replace_only(ir_edit *e, ir_op op, ir_value v);
/* Erases op when it has no uses, and then whatever that leaves without uses, as long as `removable` says so. */
void ir_erase_dead(ir_edit *e, ir_op op, bool (*removable)(const ir_module *m, ir_op op));
/* Moves an op (with its regions) before / after another one, or to the end of a block. */
void ir_move_before(ir_edit *e, ir_op op, ir_op where);
void ir_move_after(ir_edit *e, ir_op op, ir_op where);
void ir_move_to_end(ir_edit *e, ir_op op, ir_block b);
/* Moves all ops of block `from` (but not its arguments) behind the last op of `to`, or before `where` when that is not
 * 0 (it is then in `to`). */
void ir_splice(ir_edit *e, ir_block from, ir_block to, ir_op where);
/* Moves the ops of a single-block region before `where`, its block arguments replaced by `args` (one each), and gives
 * back the terminator's operands: it is erased and the first n_results of them are written to `results`. False when the
 * region has not exactly one block or fewer terminator operands; nothing is changed then. */
bool ir_inline_region(ir_edit *e, ir_region r, ir_op where, const ir_value *args, ir_value *results,
                      uint32_t n_results);
/* A region op's new empty block at the end of region r, with arguments. locs may be NULL. */
ir_block ir_new_block(ir_edit *e, ir_region r, const ir_type *types, const ir_loc *locs, uint32_t n);

/* Whether a stands before b in one block. O(distance). */
bool ir_is_before(const ir_module *m, ir_op a, ir_op b);
/* Whether `op` is `ancestor` or stands somewhere in its regions. */
bool ir_is_inside(const ir_module *m, ir_op op, ir_op ancestor);

/* ---- origins -------------------------------------------------------------------------------------------- */

/* From now on every op that is there comes from itself. */
void ir_edit_mark_origins(ir_edit *e);
/* Says that op also came from what `from` came from. */
void ir_edit_came_from(ir_edit *e, ir_op op, ir_op from);
/* Writes at most cap of the ops (as they were at the last mark; possibly erased since) that op came from; returns how
 * many there are. */
uint32_t ir_edit_origins(const ir_edit *e, ir_op op, ir_op *out, uint32_t cap);

/* The origins of list[1] .. list[n - 1], one behind the other, each renamed by `map` (n_map entries; what it maps to 0 is left
 * out): those of list[i] are from start[i] (n + 1 entries) to start[i + 1] in *sources, *n_sources in all, which the caller
 * frees. False when out of memory; there is nothing to free then. */
bool ir_edit_all_origins(const ir_edit *e, const ir_op *list, uint32_t n, const ir_op *map, uint32_t n_map,
                         uint32_t *start, uint32_t **sources, uint32_t *n_sources);

#endif
