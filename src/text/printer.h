/* printer.h - what the printing side of the text room shares; internal to the room.
 *
 *   printer.c        the two passes, ops, blocks, regions, opaque ops
 *   print_names.c    SSA value and block names
 *   print_alias.c    which attributes, types and locations get an alias
 *   print_type.c     builtin types          print_attr.c  builtin attributes, affine maps
 *   print_loc.c      locations              print_dense.c constants with elements
 *   print_float.c    floating-point numbers print_resource.c  the {-# #-} section
 *
 * Printing runs over the module twice with the same code. The first time `collecting` is set: text goes nowhere, and
 * print_attr, print_type and print_loc note what they are asked for instead of writing it. That finds exactly the
 * attributes and types that the second run will write, in the same order, which is what decides alias names. Code that
 * prints an op, an attribute body or a type body therefore just prints; it may skip costly formatting when
 * `collecting` is set as long as it still calls print_attr, print_type, print_loc and print_region for the same things.
 *
 * Every function appends to p->out; failures are sticky there (buf.failed), so nothing returns an error.
 */
#ifndef TEXT_PRINTER_H
#define TEXT_PRINTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "dialect/dialect.h"
#include "ir/ir.h"
#include "text/text.h"

enum {
    PRINT_MAX_DEPTH = 2048, /* regions, attributes, types, locations and expressions together: what readers make fits */
    PRINT_INDENT = 2,
    PRINT_MAX_LIMBS = 32 /* wider integers are written in hexadecimal, which reads back as the same bits */
};

typedef struct printer {
    const ir_module *m; /* NULL when a single node is printed */
    const ir_context *c;
    struct buf *out;
    struct mem *mem;
    text_print_options o;
    bool collecting;     /* the first run: see above */
    bool failed;         /* out of memory or nested too deeply */
    uint32_t indent;     /* spaces before the current op */
    uint32_t depth;      /* nesting so far */
    str default_dialect; /* of ops in the region being printed: their names lose this prefix */
    struct buf texts;    /* remembered texts, and scratch: print_alias.c */
    struct print_names *names;
    struct print_aliases *aliases; /* NULL: no aliases */
    struct print_resources *resources;
} printer;

/* ---- plain text ----------------------------------------------------------------------------------------- */

static inline void print_char(printer *p, char c) {
    buf_putc(p->out, c);
}
static inline void print_str(printer *p, str s) {
    buf_put_str(p->out, s);
}
#define print_lit(p, lit) buf_lit((p)->out, lit)
static inline void print_u64(printer *p, uint64_t v) {
    buf_put_u64(p->out, v);
}
static inline void print_i64(printer *p, int64_t v) {
    buf_put_i64(p->out, v);
}
/* "text" with quotes; bytes that are not printable ASCII, quotes and backslashes as \HH (backslash: \\). */
void print_quoted(printer *p, str s);
/* The text as it is when it is a bare identifier, else quoted. For attribute names and keywords. */
void print_keyword_or_string(printer *p, str s);
/* @name or @"na me". */
void print_symbol(printer *p, str name);
/* A line break and the indentation of the current op (print_indent changes it). */
void print_newline(printer *p);
/* Moves the indentation by `levels` of two spaces. */
static inline void print_indent(printer *p, int levels) {
    p->indent += (uint32_t)(levels * PRINT_INDENT);
}
/* 1x2x? ; IR_DYNAMIC is '?'. Nothing for n = 0. */
void print_dims(printer *p, const int64_t *dims, uint32_t n);
/* A finite number in decimal that reads back to the same bits, else 0x hex digits; true when it was hex. `bits` of
 * formats over 64 bits wide: low word first. */
bool print_float(printer *p, ir_float f, const uint64_t *bits);

/* ---- values and blocks ---------------------------------------------------------------------------------- */

/* %0, %arg1, %0#1, %cst_2. */
void print_value(printer *p, ir_value v);
/* From now on `v` prints with the name of `shown`: an argument of an isolated region that stands for an operand. A member of
 * a result group cannot be shown so; v then keeps its own name. */
void print_shadow_value(printer *p, ir_value v, ir_value shown);
/* The n values of a list in ir_module.pool order, separated by ", ". */
void print_values(printer *p, const ir_value *v, uint32_t n);
/* Operands [first, first + n) of an op. */
void print_operands(printer *p, ir_op op, uint32_t first, uint32_t n);
/* ^bb1 */
void print_successor(printer *p, ir_block b);
/* ^bb1(%0, %1 : i32, i64); without parentheses when n is 0. */
void print_successor_args(printer *p, ir_block b, const ir_value *v, uint32_t n);
/* %arg0: type {attrs} loc(...): a function or region argument in a signature. attrs may be 0; `with_type` false leaves
 * ": type" out. */
void print_region_arg(printer *p, ir_value arg, ir_attr attrs, bool with_type);

/* ---- types, attributes, locations ----------------------------------------------------------------------- */

/* Each as in MLIR: the alias when it has one. A type or attribute 0 prints as <<NULL TYPE>>, <<NULL ATTRIBUTE>>. */
void print_type(printer *p, ir_type t);
void print_types(printer *p, const ir_type *t, uint32_t n); /* separated by ", " */
/* Types of values, separated by ", ". */
void print_value_types(printer *p, const ir_value *v, uint32_t n);
void print_operand_types(printer *p, ir_op op, uint32_t first, uint32_t n);
void print_result_types(printer *p, ir_op op, uint32_t first, uint32_t n);
/* (t, t) -> t of all operands and results; one result without parentheses unless it is a function. */
void print_op_function_type(printer *p, ir_op op);
/* The same of two lists. */
void print_function_type(printer *p, const ir_type *in, uint32_t n_in, const ir_type *out, uint32_t n_out);
/* " -> t" or " -> (t, t)"; nothing for none: how call-like and region ops write results. */
void print_arrow_types(printer *p, const ir_type *t, uint32_t n);

void print_attr(printer *p, ir_attr a);
/* Without the ": type" suffix that integers, floats, strings and elements have. */
void print_attr_no_type(printer *p, ir_attr a);
/* An attribute or type inside another or in an op form whose kind is known there: the alias when it has one, else the
 * body without prefix and mnemonic ("<1x1>"), else (no body, not a dialect's) in full. */
void print_attr_stripped(printer *p, ir_attr a);
void print_type_stripped(printer *p, ir_type t);
/* key = value, or key alone for a unit attribute. */
void print_named_attr(printer *p, str key, ir_attr value);
/* " {a = 1, b}" of the dictionaries props and attrs (either may be 0) merged in key order, without the keys in `elided`.
 * Nothing when nothing is left. with_keyword: " attributes {...}". */
void print_attr_dict(printer *p, ir_attr props, ir_attr attrs, const str *elided, uint32_t n_elided, bool with_keyword);

/* (d0, d1)[s0] -> (d0 + s0) of an IR_ATTR_AFFINE_MAP, without affine_map<>; (d0) : (d0 >= 0) of a set. */
void print_affine_map(printer *p, ir_attr map);
void print_integer_set(printer *p, ir_attr set);
/* One expression; dims and syms name the values that stand for dimensions and symbols ("%i", "symbol(%n)"), NULL:
 * d0 and s0. Out of range prints as d0 too. */
void print_affine_expr(printer *p, ir_expr e, const ir_value *dims, uint32_t n_dims, const ir_value *syms,
                       uint32_t n_syms);

/* " loc(...)" when locations are printed: an op that writes its own or another location in its form. */
void print_trailing_loc(printer *p, ir_loc loc, bool allow_alias);

/* ---- ops ------------------------------------------------------------------------------------------------ */

enum {
    PRINT_ENTRY_ARGS = 1 << 0,  /* the label of the first block when it has arguments */
    PRINT_TERMINATORS = 1 << 1, /* the terminator of the first block */
    PRINT_EMPTY_BLOCK = 1 << 2  /* the label of the first block when it holds no op */
};

/* "{", blocks, "}" at the current indentation; no space before, no line break after. */
void print_region(printer *p, ir_region r, unsigned flags);
/* The op's name without the default dialect of the region it stands in. */
void print_op_name(printer *p, ir_op op);
/* "name"(operands)[successors] <{props}> (regions) {attrs} : type */
void print_generic_op(printer *p, ir_op op);
/* The op's table entry, NULL when the registry printed for does not know the op. */
const op_def *print_op_def(const printer *p, ir_op op);
/* The same for attribute and type definitions of IR_ATTR_DIALECT and IR_TYPE_DIALECT nodes. */
static inline const attr_type_def *print_attr_def(const printer *p, ir_attr a) {
    return &dialect_attr_defs[ir_at(p->c, a, 0) - 1];
}
static inline const attr_type_def *print_type_def(const printer *p, ir_type t) {
    return &dialect_type_defs[ir_at(p->c, t, 0) - 1];
}

/* ---- names, called from the asm_*_names hooks ------------------------------------------------------------- */

/* Suggests a name (without '%' or '^') for a result, an entry block argument or a block of the op. Clashes are
 * resolved; an empty name gives the value the next number. Naming result i > 0 starts a new result group there. */
void print_set_value_name(printer *p, ir_value v, str name);
void print_set_block_name(printer *p, ir_block b, str name);

/* ---- hooks: implemented by the assembly side ---------------------------------------------------------------- */

/* Prints the op in its custom form, name included (print_op_name). False, with nothing printed, when it has none. */
bool asm_print_op(printer *p, ir_op op);
/* What upstream's code suggests, through print_set_value_name and print_set_block_name. Custom form only. */
void asm_result_names(printer *p, ir_op op);
void asm_region_arg_names(printer *p, ir_op op, ir_region r);
void asm_block_names(printer *p, ir_op op);
/* What follows the mnemonic of a dialect attribute or type: "<1x1>", " sum", "". The prefix "#ttnn.ttnn_layout" or the
 * long form "#ttcore<iterator_type ...>" is put around it by the caller. */
void asm_print_attr_body(printer *p, ir_attr a);
void asm_print_type_body(printer *p, ir_type t);

/* ---- between the files of the printer --------------------------------------------------------------------- */

typedef enum print_elide { PRINT_TYPE_ALWAYS, PRINT_TYPE_MAY_ELIDE, PRINT_TYPE_NEVER } print_elide;

/* An attribute or its alias; the type suffix left out always, when it is the reader's default, or never. */
void print_attr_as(printer *p, ir_attr a, print_elide e);
/* The same without looking for an alias of the attribute or type itself. */
void print_attr_impl(printer *p, ir_attr a, print_elide e);
void print_type_impl(printer *p, ir_type t);
/* The text between loc( and ). top: do not use an alias for this very location. */
void print_loc_inner(printer *p, ir_loc l, bool top);
/* Elements of dense<...>, without dense< >; hex allows the "0x..." form. */
void print_dense_elements(printer *p, ir_attr a, bool hex);
void print_dense_array_elements(printer *p, ir_attr a);
/* Integer of any width at `bytes` (little-endian, n bytes): signed decimal unless the type is unsigned; i1: a word. */
void print_int_bytes(printer *p, ir_type t, const unsigned char *bytes, uint32_t n);
/* Decimal of a two's complement number of n <= PRINT_MAX_LIMBS 64-bit limbs, low limb first. */
void print_limbs(printer *p, const uint64_t *limbs, uint32_t n, bool is_signed);
bool print_is_bare_identifier(str s);
/* sigil dialect.mnemonic body, or sigil dialect<mnemonic body> when the body is not <...>. */
void print_dialect_symbol(printer *p, char sigil, str dialect, str mnemonic, ir_node n, bool is_type);
/* The text of an attribute or type of a dialect nobody knows, in MLIR's preferred spelling. */
void print_opaque_symbol(printer *p, char sigil, str text);
/* The number that a distinct attribute prints: in order of first printing. */
uint64_t print_distinct_id(printer *p, ir_attr a);

/* Goes one level deeper: false (and p->failed) when that is too deep; else the caller calls print_leave later. */
bool print_enter(printer *p);
static inline void print_leave(printer *p) {
    p->depth--;
}

/* Names. */
bool print_names_init(printer *p);
void print_names_number(printer *p); /* the whole module */
void print_names_free(printer *p);
/* The results of an op before " = ": %0, %0:2, %values, %indices. */
void print_result_names(printer *p, ir_op op);
/* Order of a block within its region. */
uint32_t print_block_order(const printer *p, ir_block b);

/* Aliases. */
bool print_aliases_init(printer *p);
void print_aliases_free(printer *p);
/* First run: notes that the node is printed. */
void print_note(printer *p, ir_node n, bool is_type, bool no_type);
/* First run: notes an op's location (its alias may be defined later in the file). */
void print_note_deferred(printer *p, ir_loc l);
/* After the first run: gives names. */
void print_aliases_assign(printer *p);
/* Second run: the definitions before or after the module. */
void print_aliases_define(printer *p, bool deferred);
/* Writes the alias of a node; false when it has none. */
bool print_alias(printer *p, ir_node n);
/* Sends the output nowhere and notes nodes from now on. */
void print_start_collecting(printer *p);
/* Writes the alias or the remembered text of a node; false when it has neither. */
bool print_cached(printer *p, ir_node n);
/* Whether the first run met the node more than once. */
bool print_is_repeated(const printer *p, ir_node n);
/* Remembers texts[start..] as the text of a node. False when it is not kept. */
bool print_remember(printer *p, ir_node n, size_t start);
/* Makes p->out the growing buffer p->texts, where what was written can still be changed, until _end copies what was
 * written to where it belongs and, unless `keep`, drops it from texts. They nest. */
void print_scratch_begin(printer *p, struct buf **saved, size_t *start);
void print_scratch_end(printer *p, struct buf *saved, size_t start, bool keep);
/* Whether a memref shows its layout: not when there is none or it is the identity map. */
bool print_memref_layout_shown(const ir_context *c, ir_attr layout);

/* Resources and distinct attributes. */
bool print_resources_init(printer *p);
void print_resources_free(printer *p);
void print_note_resource(printer *p, ir_str key);
void print_resource_section(printer *p);
/* Hex digits as they are, in upper case. */
void print_hex_text(printer *p, const unsigned char *text, size_t n);

#endif
