/* asm.h - reading and printing ops in their custom form; internal to the room.
 *
 *   asm_read.c    walks an op's assembly elements over the text        asm_types.c  types nobody wrote
 *   asm_print.c   walks them over an op                                asm_attr.c   attribute values inside forms
 *   asm_groups.c  which operands and results belong to which name      asm_names.c  suggested SSA names
 *   forms.c       table of the hand-written forms, forms_<dialect>.c the forms
 *   directives.h  custom<...> directives
 *
 * A hand-written form is a pair of functions: `read` stands behind the op's name and fills the rd_op as asm_read_op
 * must; `print` writes the whole op, name included, or answers false without having written anything when the op is
 * not what the form can show (then it is printed generically).
 */
#ifndef TEXT_ASM_H
#define TEXT_ASM_H

#include <stdbool.h>
#include <stdint.h>

#include "dialect/dialect.h"
#include "ir/ir.h"
#include "text/directives.h"
#include "text/printer.h"
#include "text/reader.h"

enum {
    ASM_MAX_OPERANDS = 64, /* operand groups an op with a custom form may have */
    ASM_MAX_RESULTS = 64,
    ASM_MAX_REGIONS = 64,
    ASM_MAX_ELIDED = 256
};

/* ---- walking assembly elements --------------------------------------------------------------------------- */

/* An element with the arguments that follow it. */
static inline uint32_t asm_elem_length(const asm_elem *e) {
    switch (e->kind) {
    case ASM_TYPE:
    case ASM_FUNCTIONAL_TYPE:
    case ASM_CUSTOM:
    case ASM_STRUCT:
    case ASM_PARAMS: return 1u + e->n;
    default: return 1;
    }
}

/* The element after this one on the same level: groups and clause lists are one element. */
static inline const asm_elem *asm_elem_next(const asm_elem *e) {
    if (e->kind == ASM_OILIST || e->kind == ASM_ELSE)
        return e + e->jump;
    if (e->kind == ASM_GROUP) {
        const asm_elem *then_end = e + e->jump;
        return then_end->kind == ASM_ELSE ? then_end + then_end->jump : then_end;
    }
    return e + asm_elem_length(e);
}

/* ---- groups (asm_groups.c) ------------------------------------------------------------------------------ */

/* Where each named operand (result) group of an op lies among its operands (results). */
typedef struct asm_groups {
    uint32_t first[ASM_MAX_OPERANDS];
    uint32_t n[ASM_MAX_OPERANDS];
    uint32_t count;
} asm_groups;

/* Splits the operands or results of an op after its table entry and its segment sizes. False when they do not fit. */
bool asm_operand_groups(const ir_module *m, ir_op op, const op_def *d, asm_groups *out);
bool asm_result_groups(const ir_module *m, ir_op op, const op_def *d, asm_groups *out);

/* ---- reading -------------------------------------------------------------------------------------------- */

/* A list on the reader's word stack. */
typedef struct asm_list {
    uint32_t mark, n;
} asm_list;

struct asm_reader {
    reader *r;
    rd_op *op;
    const op_def *d;
    uint64_t operands_typed, results_typed; /* bit i: types of group i are known */
    bool all_operands;                      /* `operands` was read: all_uses holds every operand */
    bool all_operands_typed, all_results_typed;
    asm_list all_uses, all_operand_types, all_result_types;
    uint32_t type_from;              /* where the types of the operands were written, for messages */
    asm_list uses[ASM_MAX_OPERANDS]; /* RD_USE_WORDS words each */
    asm_list operand_types[ASM_MAX_OPERANDS];
    asm_list result_types[ASM_MAX_RESULTS];
    uint8_t region_defs[ASM_MAX_REGIONS]; /* of each region read so far: which region of the table it is */
    uint32_t n_regions;
};

/* Reads the next region of the text as region (of the group) `index` of the table. */
bool asm_read_region(struct asm_reader *a, uint32_t index);
/* Appends a use that was read elsewhere to an operand group. */
bool asm_append_use(struct asm_reader *a, uint32_t group, rd_use u);
/* Sets an attribute of the op by name, inherent or not in the table. */
bool asm_set_named_attr(struct asm_reader *a, str name, ir_attr value);
/* Prints region `i` of the op as forms do: without a terminator that a reader makes up. */
void asm_print_region(struct asm_printer *a, uint32_t i);
/* The regions of the group `index` of the table. */
uint32_t asm_region_group(const struct asm_printer *a, uint32_t index, uint32_t *first);
/* Whether an attribute's value is its default, which no form writes. value may be 0: false. */
bool asm_is_preset(printer *p, const op_attr *at, ir_attr value);

/* After the text is read: finds the types of operands and results, resolves the operands, adds result types and segment
 * sizes (asm_types.c). */
bool asm_resolve(struct asm_reader *a);

/* `transform` of a type, as type_transform describes it; 0 without an error when it cannot be told. */
ir_type asm_transform(ir_context *c, uint32_t transform, ir_type t);

/* Adds the result types that upstream code infers for this op (asm_infer.c). False after an error; RD_UNKNOWN is never
 * answered: an op without a rule is an error. */
bool asm_infer_results(struct asm_reader *a);

/* The type that table text stands for ("index"). 0 after an error. */
ir_type asm_type_of_text(reader *r, dtext text);

/* ---- attributes inside forms (asm_attr.c) ---------------------------------------------------------------- */

/* Reads the value of an op's attribute the way forms write it. 0 after an error. */
ir_attr asm_read_attr_value(reader *r, const op_def *d, const op_attr *at, bool qualified);
/* Whether the next token can start one. */
bool asm_at_attr_value(const reader *r, const attr_constraint *constraint);
/* Prints one; a value of an unexpected kind is printed in full. */
void asm_print_attr_value(printer *p, const attr_constraint *constraint, ir_attr value, bool qualified);
/* The text of an enum value kept as an integer attribute or as a dialect attribute that wraps the enum; false if it has
 * none or it does not fit. */
bool asm_enum_text(const ir_context *c, const enum_def *e, ir_attr value, char *out, size_t cap, size_t *n);
/* `[1, 2]` as array<i64: ...>, array<i32: ...>. */
ir_attr asm_read_int_array(reader *r, ir_type element);
void asm_print_int_array(printer *p, ir_attr array);

/* ---- hand-written forms ---------------------------------------------------------------------------------- */

typedef bool (*form_read_fn)(reader *r, rd_op *op);
typedef bool (*form_print_fn)(printer *p, ir_op op);

typedef struct form {
    form_read_fn read;
    form_print_fn print;
} form;

/* The form of a HAND_* number; NULL when nobody wrote it. */
const form *form_find(uint32_t hand);
/* The upstream directive of a CUSTOM_* number, NULL when it is not one of ours (directives_upstream.c). */
const directive *directive_find_upstream(uint32_t custom);

/* ---- small things that forms share (forms_util.c) -------------------------------------------------------- */

/* Comma separated uses in brackets: "[%a, %b]" with open '['. Mark and number of the uses. */
bool form_uses(reader *r, char open, char close, asm_list *out);
/* The array `names` of strings ["parallel", ...] as array of the attribute `def` (ATTR_..._iterator_type), which wraps an
 * enum; what is no string stays. 0 and an error at `at` when a string is no case of it. */
ir_attr form_iterator_types(reader *r, ir_attr names, uint16_t def, uint32_t at);
/* The same, each resolved as `type` and appended to the operands; *n how many. */
bool form_operands_of(reader *r, char open, char close, ir_type type, uint32_t *n);
/* Prints operands [first, first + n) between the two brackets. */
void form_print_bracketed(printer *p, ir_op op, char open, uint32_t first, uint32_t n, char close);
/* `(%i, %j)`: arguments of index type onto the stack, RD_ARG_WORDS each from *mark on; and printing block arguments so. */
bool form_read_index_args(reader *r, uint32_t *mark, uint32_t *n);
void form_print_args(printer *p, ir_value args, uint32_t n);

/* Loop-carried values: block arguments without types (RD_ARG_WORDS each from `args` on), the values they start with, and
 * their types. */
typedef struct form_iter_args {
    uint32_t args, n, types;
    asm_list inits;
} form_iter_args;
/* `(%a = %b, ...)`: without types. */
bool form_read_assignments(reader *r, form_iter_args *out);
/* `(%a = %b, ...) -> types`: the types become result types. */
bool form_read_iter_args_unresolved(reader *r, form_iter_args *out);
/* Appends the initial values to the operands and the types to the result types; `at` for messages. */
bool form_resolve_iter_args(reader *r, const form_iter_args *l, uint32_t at);
/* The two together. */
bool form_read_iter_args(reader *r, form_iter_args *out);
/* Pushes the block arguments with their types. */
bool form_push_iter_args(reader *r, const form_iter_args *l);
/* " word(%a = %b, ...)" of n block arguments and operands from `first` on. */
void form_print_iter_args(printer *p, ir_op op, ir_value args, uint32_t first, uint32_t n, const char *word);

/* " -> t" or " -> (t, t)" of an op's results, nothing for none. */
void form_print_arrow_results(printer *p, ir_op op);
/* What may follow an arrow as result types of the op; optional `-> types`; *n how many. */
bool form_read_arrow_results(reader *r, uint32_t *n);
/* " {..}" of an op's props and attrs but for the keys named. */
void form_print_attrs(printer *p, ir_op op, const str *elided, uint32_t n);
/* Whether every op of the block list's last position carries nothing a reader could not make up: no operands, results,
 * attributes. For implicit terminators. */
bool form_terminator_is_plain(const ir_module *m, ir_region r);
/* The single block of a region, 0 when it does not have exactly one. */
ir_block form_single_block(const ir_module *m, ir_region r);
/* Gives the region added last an empty block when it has none. */
bool form_ensure_block(reader *r);
/* A DynamicIndexList: "[1, %a]" between open and close: uses onto the stack (*uses), static values as array<i64>, with
 * IR_DYNAMIC where a value stands. `values_first`... scalable flags are not kept. */
bool form_read_index_list(reader *r, char open, char close, asm_list *uses, ir_attr *statics);
/* Prints one: operands [first, first + n) stand where `statics` is dynamic. */
void form_print_index_list(printer *p, ir_op op, uint32_t first, uint32_t n, ir_attr statics, char open, char close);

#endif
