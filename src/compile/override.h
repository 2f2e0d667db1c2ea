/* override.h - sets of overrides: what a user wants ops to have instead of what the compiler chooses.
 *
 *   JSON of today's tool ──┐                       ┌──▶ JSON, both forms
 *   vendor's option string ┼──▶ override_set ──────┼──▶ option string
 *   the UI, --override ────┘        │              └──▶ results: per setting what became of it
 *                                   └── compile_options.overrides: applied by the pass "apply-overrides", which stands in
 *                                       front of the optimizer
 *
 * An entry binds to ops of the module as it is when that pass starts (TTNN, not yet optimized):
 *
 *   by name      the name of an op's NameLoc (also of one within a fused location), as the vendor's options do: matmul_1
 *   by identity  @function/ttnn.op#n: the n-th op (from 0) of that kind in that function; override_identity writes it
 *   by query     ?terms: all ops that satisfy all of them: op=ttnn.mat* name=*layers.0* func=main dtype=bf16 buffer=dram
 *                memory=interleaved; values are globs (* and ?), op= may leave out "ttnn."
 *
 * Several entries may meet in one op. Settings of different keys add up; the same key twice with different values is a
 * conflict, in which the more special entry wins (identity, then name, then query; among equals the later one), and the
 * other is reported.
 *
 * Every setting ends as one of override_state; none is dropped silently. Legality is judged by target/legal.h.
 */
#ifndef TTX_COMPILE_OVERRIDE_H
#define TTX_COMPILE_OVERRIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/vec.h"
#include "ir/ir.h"
#include "target/legal.h"

typedef enum override_bind { OVERRIDE_BY_QUERY, OVERRIDE_BY_NAME, OVERRIDE_BY_IDENTITY } override_bind;

typedef struct override_entry {
    override_bind bind;
    str target;  /* without the '?' of a query */
    str node_id; /* the key today's JSON had it under; empty otherwise */
    VEC(legal_setting) settings;
} override_entry;

typedef enum override_state {
    OVERRIDE_APPLIED,
    OVERRIDE_UNMATCHED,  /* no op is meant by the entry */
    OVERRIDE_CONFLICT,   /* another entry set the same to something else */
    OVERRIDE_ILLEGAL,    /* not a legal value for this op, or not with the other settings */
    OVERRIDE_IMPOSSIBLE, /* legal, but nothing in the op takes it (no weights, no such attribute) */
    OVERRIDE_N_STATES
} override_state;
extern const char *const override_state_names[OVERRIDE_N_STATES]; /* "applied", "unmatched", ... */

/* What became of one setting on one op. Texts are in the set's arena. */
typedef struct override_result {
    uint32_t entry, setting;
    override_state state;
    str op;       /* identity of the op; empty when unmatched */
    str location; /* its name */
    str why;      /* a sentence; empty when applied */
    str nearest[4];
    uint32_t n_nearest;
} override_result;

typedef struct override_set {
    struct mem *mem;
    struct arena arena;
    VEC(override_entry) entries;
    VEC(override_result) results; /* of the last compile it was given to */
    bool failed;                  /* memory ran out */
} override_set;

/* A set may be given to one compile at a time: that writes its results. */
void override_set_init(override_set *s, struct mem *m);
void override_set_free(override_set *s);

/* Adds one setting, to the entry of that target (made when new). Of one field that is set to two values the later counts, and
 * the earlier is told as a conflict. Texts are copied. */
bool override_add(override_set *s, override_bind bind, str target, legal_group group, str key, str value);
/* Forgets the results (a compile does that itself). */
void override_clear_results(override_set *s);
/* How many results are not OVERRIDE_APPLIED. */
uint32_t override_problems(const override_set *s);

/* ---- reading and writing (override_text.c, override_json.c) ---------------------------------------------- */

/* One --override argument, or an option string of the vendor with several options separated by blanks:
 *
 *     override-output-layout=add_1=l1:height_sharded:8x1,matmul_3=dram
 *     override-conv2d-config=conv1=shard_layout#height_sharded:act_block_h_override#64
 *     override-conv3d-config=...   insert-memreconfig=add_1=0   (operand 0 of add_1 is moved to what add_1's result has)
 *     TARGET:group.key=value[,[group.]key=value...]  ours: matmul_1:compute_config.math_fidelity=lofi
 *
 * Unknown options are errors. Errors go to `d` in the vendor's words where he has words for them. False when there was
 * one; what was read before it stays in the set. */
bool override_read_options(override_set *s, str text, struct diags *d);
/* The vendor's option string of what it can express, appended; each setting that it cannot is named in *left_out (may be
 * NULL), one per line. False when memory runs out. */
bool override_write_options(const override_set *s, struct buf *out, struct buf *left_out);

/* JSON: {"<node id>": {"named_location": "matmul_1", "attributes": [{"key","value"}...]}} as today's tool sends it
 * (also as the member "overrides" of an object), or ours, which is the same with "bind" ("name", "identity", "query") and
 * "target" instead of named_location and keys that may be "group.key". False with an error in `d`, at its place in `source`
 * (of `json`; NULL when it is no file: the message counts bytes then). */
bool override_read_json(override_set *s, str json, struct diag_source *source, struct diags *d);
struct json_writer;
/* ours: with bind and target; otherwise what today's tool understands (entries by name, its own keys). */
void override_write_json(const override_set *s, bool ours, struct json_writer *w);
/* [{"entry","setting","target","key","value","state","op"?,"location"?,"why"?,"nearest"?:[...]}...] */
void override_results_json(const override_set *s, struct json_writer *w);

/* ---- binding (override.c) -------------------------------------------------------------------------------- */

/* "@main/ttnn.matmul#3" of an op of this module, appended. */
void override_identity(const ir_module *m, ir_op op, struct buf *out);
/* The same of the op of this name that is number `ordinal` (from 0) of its kind in this function, for who counts himself. */
void override_identity_of(struct buf *out, str function, str op_name, uint32_t ordinal);
/* The names of ops inside `scope` that are most like `name`, the most alike first: at most cap (OVERRIDE_MOST_NAMES) are
 * written, returns how many. Alike is what has it in itself, or differs in no more than a third of the letters. */
enum { OVERRIDE_MOST_NAMES = 4 };
uint32_t override_names_like(const ir_module *m, ir_op scope, str name, str *out, uint32_t cap);
/* Why an entry means no op inside `scope`, as a sentence without a full stop, appended: names and functions there are instead,
 * terms that no query has, how many ops satisfy each term. */
void override_why_unmatched(const override_entry *e, const ir_module *m, ir_op scope, struct buf *out);
/* Whether an entry means this op. ordinal: which op of its name in its function it is (override_identity). */
bool override_matches(const override_entry *e, const ir_module *m, ir_op op, str function, uint32_t ordinal);

#endif
