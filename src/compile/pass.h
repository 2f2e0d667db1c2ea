/* pass.h - what passes share; internal to the room.
 *
 * A pass is a function in a file of its own, pass_<name>.c, with a row in the table of pipeline.c. It changes the working
 * module through `p->e` and returns false after putting an error into the diagnostics (pass_error). Whether it changed
 * anything is counted by the edit, so a pass must not touch the module when there is nothing to do, and calls
 * pass_touched after changing fields (locations) behind the edit's back.
 *
 * Pattern passes give rewrite_greedy a table of patterns; see rewrite.h.
 */
#ifndef TTX_COMPILE_PASS_H
#define TTX_COMPILE_PASS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/map.h"
#include "base/platform.h"
#include "compile/compile.h"
#include "dialect/argument.h"
#include "dialect/dialect.h"
#include "dialect/params.h"
#include "ids.h"
#include "ir/edit.h"
#include "ir/ir.h"
#include "ir/verify.h"

typedef struct rewrite_workspace rewrite_workspace; /* rewrite.h */

typedef struct pass_context {
    ir_edit *e;
    ir_module *m;
    ir_context *c;
    const compile_options *o;
    struct diags *d;
    ir_report report;       /* m's source in d, for messages with a place */
    struct arena scratch;   /* emptied after each pass */
    const char *pass;       /* its name, for messages */
    ir_op scope;            /* what the pass works on: the root, or the module inside ttcore.device_module */
    struct map_u64 symbols; /* where lookup_symbol found a name last: module << 32 | string node -> op */
    ir_name *names;         /* by OP_*: the handle of the op's name, 0 until op_name asks for it */
    void *data;             /* what the pass gives its own patterns */
    bool no_hlo;            /* hlo_is_there was asked, and it is not */
    rewrite_workspace *rewriting;
} pass_context;

typedef bool pass_fn(pass_context *p);

/* Where a pass runs. */
typedef enum pass_scope {
    PASS_ROOT,   /* once, on the root module */
    PASS_DEVICE, /* on the module in ttcore.device_module */
} pass_scope;

typedef struct pass_row {
    const char *name; /* as tt-mlir calls it; may occur several times */
    const char *help; /* one line */
    pass_fn *run;
    pass_scope scope;
    bool (*enabled)(const compile_options *o); /* NULL: always */
} pass_row;

/* Runs a pass on p->scope and on each module directly inside of a module in turn, which then is the scope: for files of several
 * modules, not for device and CPU modules, which hold functions of each other. */
bool pass_each_module(pass_context *p, pass_fn *run);

extern const pass_row pipeline[];
extern const uint32_t pipeline_n;

/* ---- messages ------------------------------------------------------------------------------------------- */

/* An error at an op: "'ttir.add' op <text>", with a note that names the pass and the op's location. Always false, so
 * that a pass can return it. */
bool pass_error(pass_context *p, ir_op op, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* That note, behind an error that another room has told. */
void pass_note(pass_context *p, ir_op op);
/* An error with exactly this text ("failed to legalize operation 'ttir.exp2'"). Always false. */
bool pass_error_plain(pass_context *p, ir_op op, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool pass_out_of_memory(pass_context *p);
/* The module was changed without the edit. */
void pass_touched(pass_context *p);

/* ---- ops ------------------------------------------------------------------------------------------------ */

/* Whether op is the op OP_* of ids.h. Works for 0 (no op). */
static inline bool op_is(const ir_module *m, ir_op op, uint32_t id) {
    return op && ir_op_def(m, op) == id + 1;
}
/* The id (OP_*) of an op, OP_N when no table has it. */
static inline uint32_t op_id(const ir_module *m, ir_op op) {
    uint32_t def = ir_op_def(m, op);
    return def ? def - 1 : OP_N;
}
/* The name handle of OP_*. */
ir_name op_name(pass_context *p, uint32_t id);

/* The op that defines v when it is OP_*, else 0. */
ir_op def_is(const ir_module *m, ir_value v, uint32_t id);

/* Builds an op at the insertion point. Segment sizes (for ops that carry them) come from `sizes`, one per operand group
 * of the op table; NULL when the op has no optional or variadic operands. */
typedef struct build_args {
    uint32_t op; /* OP_* */
    ir_loc loc;
    const ir_value *operands;
    uint32_t n_operands;
    const int32_t *sizes;
    const ir_type *types;
    uint32_t n_types;
    ir_attr props, attrs;
} build_args;
ir_op build_op(pass_context *p, const build_args *a);
/* The common case: one result, whose value is returned (0 when out of memory). */
ir_value build_value(pass_context *p, uint32_t op, ir_loc loc, const ir_value *operands, uint32_t n, ir_type type,
                     ir_attr props);

/* Operand group i of an op by its table (VAR index): the first operand and how many; n = 0 when absent. */
typedef struct operand_group {
    uint32_t first, n;
} operand_group;
operand_group op_group(const ir_module *m, ir_op op, uint32_t i);
/* The operand of a group of at most one, 0 when absent. By the group's name in the op table ("bias"). */
ir_value op_operand_named(const ir_module *m, ir_op op, str name);

/* Attributes of an op as numbers. False / fallback when absent or of another kind. */
bool op_int(const ir_module *m, ir_op op, str key, int64_t *out);
bool op_flag(const ir_module *m, ir_op op, str key); /* bool attribute that is true, or a unit attribute */
bool op_float(const ir_module *m, ir_op op, str key, double *out);
/* Numbers of an array attribute (dense array or array of integers): at most cap are written, returns how many there
 * are; 0 when absent. */
uint32_t op_ints(const ir_module *m, ir_op op, str key, int64_t *out, uint32_t cap);
uint32_t attr_ints(const ir_context *c, ir_attr a, int64_t *out, uint32_t cap);

/* A dictionary from n (key, value) pairs; entries with value 0 are left out. */
typedef struct attr_entry {
    str key;
    ir_attr value;
} attr_entry;
ir_attr make_dict(pass_context *p, const attr_entry *e, uint32_t n);
ir_attr make_i32(pass_context *p, int64_t v);
ir_attr make_si32(pass_context *p, int64_t v);
ir_attr make_i64(pass_context *p, int64_t v);
ir_attr make_f32(pass_context *p, double v);
/* array<i32: ...>, array<i64: ...>; [1 : i32, 2 : i32]. */
ir_attr make_i32s(pass_context *p, const int64_t *v, uint32_t n);
ir_attr make_i64s(pass_context *p, const int64_t *v, uint32_t n);
ir_attr make_i32_list(pass_context *p, const int64_t *v, uint32_t n);

/* ---- types ---------------------------------------------------------------------------------------------- */

enum { PASS_MAX_RANK = 16 };

/* The shape of a ranked tensor into dims (PASS_MAX_RANK entries); its rank, or -1 when it is no ranked tensor or has more
 * dimensions than that. */
int type_shape(const ir_context *c, ir_type t, int64_t *dims);
/* The same element type and encoding with another shape. */
ir_type type_with_shape(pass_context *p, ir_type t, const int64_t *dims, uint32_t rank);
ir_type type_with_element(pass_context *p, ir_type t, ir_type element);
ir_type type_with_encoding(pass_context *p, ir_type t, ir_attr encoding);

/* ---- locations ------------------------------------------------------------------------------------------ */

/* loc with a suffix to its name, as the reference compiler's ttmlir::utils::appendLocationSuffix: a NameLoc gets a longer
 * name, any other location becomes the child of a NameLoc... see loc.c for the exact rule. */
ir_loc loc_suffix(pass_context *p, ir_loc loc, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* fused<[a, b]> as FusedLoc::get makes it. */
ir_loc loc_fused(pass_context *p, const ir_loc *l, uint32_t n);

/* ---- modules and functions ------------------------------------------------------------------------------ */

/* The builtin.module inside ttcore.device_module / ttcore.cpu_module of the root; 0 when there is none. */
ir_op device_module(const ir_module *m);
ir_op cpu_module(const ir_module *m);
/* The only block of region 0 of an op, 0 when there is none. */
ir_block body_of(const ir_module *m, ir_op op);
/* for (each_func(m, module, f)): the func.func ops directly in a module op. */
ir_op first_func(const ir_module *m, ir_op module);
ir_op next_func(const ir_module *m, ir_op func);
#define each_func(m, module, f)          \
    ir_op f = first_func((m), (module)); \
    f;                                   \
    f = next_func((m), f)
/* for (each_func_inside(m, top, f)): all func.func ops inside an op, those of nested modules too. */
ir_op func_inside(const ir_module *m, ir_op top, ir_op from);
#define each_func_inside(m, top, f)           \
    ir_op f = func_inside((m), (top), (top)); \
    f;                                        \
    f = func_inside((m), (top), f)
/* The op of a symbol directly in a module op; 0 when there is none. */
ir_op find_symbol(const ir_module *m, ir_op module, str name);
/* The same, fast when asked for the same names again. */
ir_op lookup_symbol(pass_context *p, ir_op module, str name);
/* What a symbol means to an op: that of the innermost module around it, p->scope at most, that has one of this name (files
 * of several modules have them inside of each other); 0 when none has, or when there is no name (attr 0). */
ir_op lookup_symbol_from(pass_context *p, ir_op op, ir_attr name);
str symbol_name(const ir_module *m, ir_op op);
/* Brings function_type up to date with the types of the entry block's arguments and of the return's operands. */
void update_function_type(pass_context *p, ir_op func);
/* The attribute of argument (result) i of a function (in arg_attrs, res_attrs), and setting it (value 0: removes). */
ir_attr func_arg_attr(const ir_module *m, ir_op func, uint32_t i, str key);
void func_set_arg_attr(pass_context *p, ir_op func, uint32_t i, str key, ir_attr value);

/* ---- effects and folding (fold.c) ----------------------------------------------------------------------- */

/* Whether an op may be erased when its results have no uses (MLIR's isOpTriviallyDead without the use check). */
bool op_is_removable(const ir_module *m, ir_op op);
/* No memory effects, regions included (isMemoryEffectFree). */
bool op_is_effect_free(const ir_module *m, ir_op op);
/* What a folder answers. */
typedef enum fold_outcome {
    FOLD_NONE,
    FOLD_IN_PLACE, /* the op was changed and stays */
    FOLD_VALUES,   /* the results are to be replaced by what was written, one entry per result */
} fold_outcome;

/* A result's replacement: an existing value, or (value 0) a constant attribute, which the driver makes an op of
 * (materialize_constant) at the folded op. */
typedef struct fold_value {
    ir_value value;
    ir_attr constant;
} fold_value;

typedef fold_outcome fold_fn(pass_context *p, ir_op op, fold_value *results);

/* The op's folder, then what its traits fold (constants of commutative ops move to the right, involution, idempotence),
 * as MLIR's Operation::fold. `results` has room for FOLD_MAX_RESULTS; ops with more results are never folded. */
enum { FOLD_MAX_RESULTS = 16 };
fold_outcome fold_op(pass_context *p, ir_op op, fold_value *results);
/* The attribute that v's defining op is the constant of (m_Constant), 0 when it is no constant. */
ir_attr constant_of(pass_context *p, ir_value v);
/* Whether fold_op may do something at an OP_*. */
bool fold_knows(uint32_t op);
/* Folders by dialect, in files of their own, and whether they have one for an OP_* of theirs. */
fold_fn fold_ttir, fold_ttnn;
bool fold_ttir_knows(uint32_t op), fold_ttnn_knows(uint32_t op);
/* Builds the constant op of a dialect at the insertion point, 0 when the dialect makes none of that attribute. */
ir_value materialize_ttir(pass_context *p, ir_attr value, ir_type type, ir_loc loc);

#endif
