/* reader.h - the reader's inside: what the files of text/ that read share. Nobody outside text/ includes it.
 *
 *   reader.c        top level, the generic form of ops, recovery from errors
 *   lexer.c         white space, identifiers, numbers, strings, errors, the word stacks
 *   read_op.c       the op under construction, its properties     read_region.c    regions, blocks, arguments
 *   read_scope.c    which value or block a name stands for        read_opaque.c    ops of unknown custom form
 *   read_type.c     builtin types                                 read_attr.c      attributes, dialect bodies as text
 *   read_dense.c    element lists                                 read_affine.c    maps and sets
 *   read_loc.c      locations                                     read_alias.c     aliases, lines of locations
 *   read_resource.c file metadata                                 read_inner.h     what only these files share
 *   asm_read.c      custom forms of ops                           dialect_read.c   bodies of dialect attributes and types
 *
 * There are no token objects. The cursor r->p always stands on the first byte of the next token (invariant R1), so
 * looking ahead is looking at bytes; whatever takes a token also skips the white space and comments behind it. The
 * text ends with a zero byte, which no token contains, or (part of a split file) before a "//" at the start of a
 * line, so that nothing but what crosses lines tests for the end (R2).
 *
 * Errors: a function that returns bool, a handle or a pointer returns false, 0 or NULL after having reported an
 * error (or run out of memory, which is reported once at the end). Callers only pass it on. Messages are MLIR's.
 * "expect" functions complain where the last token ended, as MLIR does; rd_error says where.
 *
 * Lists under construction live on one word stack: remember rd_mark, rd_push what comes, look at it with rd_words,
 * rd_pop back to the mark. Pushing moves the stack: keep marks, not pointers. Marks nest; several closed lists may
 * stay on the stack at once, and the stack is cut back by itself when an op is finished or has failed.
 *
 * Depth: everything that recurses calls rd_enter and rd_leave around itself.
 */
#ifndef TEXT_READER_H
#define TEXT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/map.h"
#include "base/platform.h"
#include "dialect/dialect.h"
#include "ir/ir.h"
#include "text/text.h"

/* A stack of words (kv pairs, types, operands, ...). */
typedef struct rd_stack {
    uint32_t *w;
    uint32_t n, cap;
} rd_stack;

typedef struct reader {
    const char *p;       /* the next token (R1) */
    const char *tok_end; /* behind the last token taken */
    const char *begin, *end;
    ir_context *ctx;
    ir_module *m;
    struct mem *mem;
    struct diags *d;
    struct diag_source *source;
    text_registry registry;
    uint32_t depth, max_depth;
    bool oom;              /* memory ran out somewhere in the reader itself */
    const char *milestone; /* where progress is to be reported next */
    bool (*progress)(void *arg, size_t done);
    void *progress_arg;
    bool fatal;            /* no use in going on after the error: out of memory, nested too deeply */
    bool recoverable;      /* the error of the op being read left the cursor behind its types */
    bool recovered;        /* after an op in error: the cursor stands behind it */
    bool strict;           /* check dialect attributes and types as they are read */
    bool in_preset;        /* reading a default value of the op tables, not the file */
    bool splits;           /* a line that separates modules was met: the text seems to end there */
    uint32_t errors;       /* errors reported so far */
    rd_stack stack;        /* see above */
    rd_stack operands;     /* ir_value of the ops under construction, innermost last */
    rd_stack types;        /* result types of them */
    rd_stack props, attrs; /* (key, value) pairs of them */
    rd_stack regions;      /* their regions */
    rd_stack successors;   /* their successors */
    struct rd_tables *t;   /* aliases, scopes, memos: read_scope.c, read_attr.c */
} reader;

/* What a hook did. */
typedef enum rd_answer {
    RD_ERROR, /* reported */
    RD_DONE,
    RD_UNKNOWN /* nothing to read this with, and the cursor where it was */
} rd_answer;

/* ---- errors (lexer.c) ----------------------------------------------------------------------------------- */

/* Byte offset of the next token: the place for rd_error, and for going back with rd_seek. */
static inline uint32_t rd_pos(const reader *r) {
    return (uint32_t)(r->p - r->begin);
}
/* Goes back (or forward) to an offset that rd_pos gave. */
static inline void rd_seek(reader *r, uint32_t at) {
    r->p = r->tok_end = r->begin + at;
}
/* Reports an error at a byte offset; false, so that one can return it. The error of a malformed token (an unfinished
 * string, a stray character) that the cursor stands on goes first and instead. */
bool rd_error(reader *r, uint32_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The same at the end of the last token: for "expected ...". */
bool rd_expected(reader *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Adds a note to the error before. */
void rd_note(reader *r, uint32_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* A warning at an offset. */
void rd_warn(reader *r, uint32_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Counts one level of nesting; false (error reported) when there are too many. Pair with rd_leave when true. */
bool rd_enter(reader *r);
static inline void rd_leave(reader *r) {
    r->depth--;
}

/* ---- the stack (lexer.c) -------------------------------------------------------------------------------- */

bool rd_stack_grow(reader *r, rd_stack *s, uint32_t need);
static inline bool rd_put(reader *r, rd_stack *s, uint32_t w) {
    if (UNLIKELY(s->n == s->cap) && !rd_stack_grow(r, s, 1))
        return false;
    s->w[s->n++] = w;
    return true;
}
static inline uint32_t rd_mark(const reader *r) {
    return r->stack.n;
}
static inline bool rd_push(reader *r, uint32_t w) {
    return rd_put(r, &r->stack, w);
}
/* The words from a mark on: rd_mark(r) - mark of them. Valid until the next push. */
static inline uint32_t *rd_words(const reader *r, uint32_t mark) {
    return r->stack.w + mark;
}
static inline void rd_pop(reader *r, uint32_t mark) {
    r->stack.n = mark;
}

/* ---- tokens (lexer.c) ----------------------------------------------------------------------------------- */

/* Classes of bytes: rd_class[c] & RD_... */
enum {
    RD_SPACE = 1,
    RD_DIGIT = 2,
    RD_LETTER = 4 /* and _ */,
    RD_ID = 8 /* letters digits _ $ . */,
    RD_SUFFIX = 16 /* RD_ID and - */,
    RD_HEX = 32,
    RD_SPAN = 64,  /* bytes that matter for where <...> ends */
    RD_BRACE = 128 /* bytes that matter for where {...} ends */
};
extern const uint8_t rd_class[256];
static inline bool rd_is_class(char c, unsigned mask) {
    return (rd_class[(uint8_t)c] & mask) != 0;
}

/* Skips white space and comments from r->p on: restores R1. */
void rd_skip_slow(reader *r);
/* Whether the comment at p is a whole line of "// -----", which separates modules. */
bool rd_is_separator(const reader *r, const char *p);
static inline void rd_skip(reader *r) {
    if (*r->p == ' ')
        r->p++;
    if (UNLIKELY((uint8_t)*r->p <= ' ' || *r->p == '/'))
        rd_skip_slow(r);
}
/* Takes the n bytes the cursor stands on as a token. */
static inline void rd_take(reader *r, uint32_t n) {
    r->p += n;
    r->tok_end = r->p;
    rd_skip(r);
}
/* Whether everything is read. */
static inline bool rd_at_end(const reader *r) {
    return r->p >= r->end;
}

/* Whether the next token is this one-byte punctuation. '-' is not "->", ':' not "::". */
static inline bool rd_is(const reader *r, char c) {
    if (*r->p != c)
        return false;
    if (c == '-')
        return r->p[1] != '>';
    if (c == ':')
        return r->p[1] != ':';
    return true;
}
static inline bool rd_accept(reader *r, char c) {
    if (!rd_is(r, c))
        return false;
    rd_take(r, 1);
    return true;
}
/* "expected '('" when it is not there. */
bool rd_expect(reader *r, char c);
/* Punctuation of several bytes: "->", "::", "...", ">=", "==" (the last two are no tokens of MLIR but of sets). */
bool rd_is_text(const reader *r, const char *text);
bool rd_accept_text(reader *r, const char *text);
bool rd_expect_text(reader *r, const char *text);

/* The bare identifier ([A-Za-z_][A-Za-z0-9_$.]*) the cursor stands on, empty if none. Does not take it. */
str rd_peek_id(const reader *r);
/* Whether the next token is exactly this bare identifier. */
bool rd_is_word(const reader *r, const char *word);
static inline bool rd_is_keyword(const reader *r, const char *word) {
    return *r->p == *word && rd_is_word(r, word);
}
bool rd_accept_keyword(reader *r, const char *word);
/* "expected 'to'" */
bool rd_expect_keyword(reader *r, const char *word);
/* Any bare identifier: "expected valid keyword". */
bool rd_keyword(reader *r, str *out);
/* A bare identifier or a string, as a string node. */
bool rd_keyword_or_string(reader *r, ir_str *out);

/* A string literal as string node (no copy when it has no escapes): "expected string". */
bool rd_string(reader *r, ir_str *out);

/* What stands where a number could. */
typedef enum rd_number_kind { RD_NO_NUMBER, RD_DECIMAL, RD_HEX_NUMBER, RD_FLOAT } rd_number_kind;
/* The number token the cursor stands on (without sign), not taken; *text its bytes. */
rd_number_kind rd_peek_number(const reader *r, str *text);
/* An integer with optional '-' that fits into 64 bits (true, false count as 1, 0 if `allow_bool`):
 * "expected integer value", "integer value too large". */
bool rd_integer(reader *r, int64_t *out);
/* The same if an integer stands there; *present tells. False only for an error. */
bool rd_opt_integer(reader *r, int64_t *out, bool *present);
/* An integer or float with optional '-', or a hexadecimal bit pattern of `type`. */
bool rd_double(reader *r, ir_type type, double *out);
/* Dimensions `2x?x3`: two words each on the stack (low, high; IR_DYNAMIC for '?'). With `trailing_x` each is followed by
 * an 'x' ("2x3xf32"), else they are only separated by it ("2x3"). */
bool rd_dims(reader *r, bool allow_dynamic, bool trailing_x);

/* `@name` or `@"any name"` as string node: "expected valid '@'-identifier for symbol name". */
bool rd_symbol_name(reader *r, ir_str *out);
static inline bool rd_is_symbol(const reader *r) {
    return *r->p == '@';
}

/* ---- types, attributes, locations ----------------------------------------------------------------------- */

/* Any type, aliases included: "expected type" etc. 0 after an error. */
ir_type rd_type(reader *r);
/* Whether the next token can start a type. */
bool rd_starts_type(const reader *r);
/* `: type` */
ir_type rd_colon_type(reader *r);
/* Comma separated types (at least one) onto the stack. */
bool rd_type_list(reader *r);
/* `(types)` onto the stack; may be empty. */
bool rd_type_list_parens(reader *r);
/* What may follow "->": one type (not a function type) or `(types)`; onto the stack. */
bool rd_result_types(reader *r);
/* `(types) -> types` as a function type. */
ir_type rd_function_type(reader *r);

/* Any attribute. `expected` (0: none) is the type of untyped numbers, strings and elements, as MLIR's parseAttribute with a
 * type: with it no ": type" may follow. 0 after an error. */
ir_attr rd_attr(reader *r, ir_type expected);
/* Whether the next token can start an attribute. */
bool rd_starts_attr(const reader *r);
/* `{...}` as a dictionary attribute. */
ir_attr rd_dict(reader *r);
/* `@a::@b` as a symbol attribute. */
ir_attr rd_symbol_ref(reader *r);
/* `[...]`: calls `item` for each element, commas between; "expected '['". */
bool rd_list(reader *r, char open, char close, bool (*item)(reader *r, void *arg), void *arg);
/* The attribute that a text stands for, for default values of the op tables. Kept; cheap when asked again. `text` must be
 * followed by a zero byte and live as long as the reader. 0 and an error if it cannot be read. */
ir_attr rd_attr_of_text(reader *r, str text, ir_type expected);

/* The body of an affine map or set without its keyword: `(d0)[s0] -> (d0 + s0)`, `(d0) : (d0 >= 0)`. */
ir_attr rd_affine_map(reader *r);
ir_attr rd_affine_set(reader *r);
/* `[%i + 1, symbol(%n)]`, `(...)`: affine expressions over SSA values. *map is the map, and its dimension operands, then its
 * symbol operands are appended to the op's operands, resolved as index. open: '[' or '('. */
bool rd_affine_of_ssa(reader *r, char open, ir_attr *map);
/* `(%i + 1, word(%n, 5), ...)`: the same, where an item is one expression or several after `word`. How many each item has
 * goes onto the stack. */
bool rd_affine_groups_of_ssa(reader *r, const char *word, ir_attr *map);

/* `loc(...)`: "expected 'loc' keyword..." 0 after an error. */
ir_loc rd_location(reader *r);
/* An optional trailing `loc(...)` of an op, block or function argument, where an alias may be defined later. Without one *out
 * is left alone. */
bool rd_opt_loc(reader *r, ir_loc *out);
/* The file location (name:line:column) of a byte offset: that of things without a written one. */
ir_loc rd_loc_at(reader *r, uint32_t at);

/* ---- the op under construction -------------------------------------------------------------------------- */

/* Its lists are the tops of the reader's stacks, from these marks on; use the functions below. */
typedef struct rd_op {
    ir_name name;
    const op_def *def; /* NULL: not in the tables */
    uint32_t at;       /* offset of the op's name, for errors about the op */
    uint32_t start;    /* offset of the op's first token (its result names if it has them) */
    uint32_t n_bound;  /* how many results the names before '=' ask for; 0 when there is no '=' */
    uint32_t n_names;  /* names before '=', three words each on the stack from `names` on: */
    uint32_t names;    /*   (offset of '%', name id, how many results it stands for) */
    uint32_t operands, types, props, attrs, regions, successors, mark;
    ir_attr props_dict, attrs_dict; /* generic form: the dictionaries as read */
    ir_loc loc;                     /* 0 until known: file location of `at` */
    bool isolated;                  /* its regions see no names from outside */
} rd_op;

/* Adders; false when out of memory. */
static inline bool rd_add_operand(reader *r, ir_value v) {
    return rd_put(r, &r->operands, v);
}
static inline bool rd_add_result_type(reader *r, ir_type t) {
    return rd_put(r, &r->types, t);
}
static inline bool rd_add_successor(reader *r, ir_block b) {
    return rd_put(r, &r->successors, b);
}
/* Appends a region that was made elsewhere (ir_region_new: an empty one). */
static inline bool rd_add_region(reader *r, ir_region region) {
    return rd_put(r, &r->regions, region);
}
/* Sets an inherent attribute (goes into <{}>); `key` is a literal or table text (not copied). Value 0 is out of memory. */
bool rd_add_prop(reader *r, str key, ir_attr value);
bool rd_add_prop_node(reader *r, ir_str key, ir_attr value);
/* Sets a discardable attribute. At the end of the op those that the table calls inherent move to the properties. */
bool rd_add_attr(reader *r, str key, ir_attr value);
bool rd_add_attr_node(reader *r, ir_str key, ir_attr value);
/* operandSegmentSizes, resultSegmentSizes: an i32 dense array as property. */
bool rd_add_segments(reader *r, str key, const uint32_t *sizes, uint32_t n);
/* What was added so far: counts and items. */
static inline uint32_t rd_n_operands(const reader *r, const rd_op *op) {
    return r->operands.n - op->operands;
}
static inline ir_value rd_operand(const reader *r, const rd_op *op, uint32_t i) {
    return r->operands.w[op->operands + i];
}
static inline uint32_t rd_n_result_types(const reader *r, const rd_op *op) {
    return r->types.n - op->types;
}
static inline ir_type rd_result_type(const reader *r, const rd_op *op, uint32_t i) {
    return r->types.w[op->types + i];
}
static inline uint32_t rd_n_regions(const reader *r, const rd_op *op) {
    return r->regions.n - op->regions;
}
/* The value of an attribute set so far (props, then attrs), 0 if absent. */
ir_attr rd_get_attr(const reader *r, const rd_op *op, str key);

/* Optional `{...}` into the discardable attributes of the op (see rd_add_attr). */
bool rd_opt_attr_dict(reader *r, rd_op *op);
/* Optional `attributes {...}`. */
bool rd_opt_attr_dict_keyword(reader *r, rd_op *op);
/* Optional `<{...}>` into the properties. */
bool rd_opt_prop_dict(reader *r, rd_op *op);

/* ---- values --------------------------------------------------------------------------------------------- */

/* A use of an SSA name that has no type yet. Three words: push and pop it with rd_push_use and rd_use_at. */
typedef struct rd_use {
    uint32_t at;     /* offset of '%' */
    uint32_t id;     /* which name (read_scope.c) */
    uint32_t number; /* after '#', else 0 */
} rd_use;
enum { RD_USE_WORDS = 3 };

static inline bool rd_is_value(const reader *r) {
    return *r->p == '%';
}
/* `%name` or `%name#2`: "expected SSA operand". */
bool rd_value_use(reader *r, rd_use *out);
/* Comma separated uses (none when no '%' stands there), three words each onto the stack; *n how many. */
bool rd_value_uses(reader *r, uint32_t *n);
static inline rd_use rd_use_at(const reader *r, uint32_t mark, uint32_t i) {
    const uint32_t *w = r->stack.w + mark + (size_t)RD_USE_WORDS * i;
    return (rd_use){w[0], w[1], w[2]};
}
static inline bool rd_push_use(reader *r, rd_use u) {
    return rd_push(r, u.at) && rd_push(r, u.id) && rd_push(r, u.number);
}
/* The value of a use; a forward reference makes a placeholder that the definition replaces later. 0 after an error: other
 * type than before (with note), result number out of range. */
ir_value rd_resolve(reader *r, rd_use u, ir_type type);
/* Resolves one use and appends it to the op's operands. */
bool rd_resolve_operand(reader *r, rd_use u, ir_type type);
/* Resolves n uses from `mark` on the stack against n_types types from `types` on the stack: at offset `at`
 * "2 operands present, but expected 1" when the numbers differ. */
bool rd_resolve_list(reader *r, uint32_t mark, uint32_t n, uint32_t types, uint32_t n_types, uint32_t at);
/* The same with one type for all. */
bool rd_resolve_all(reader *r, uint32_t mark, uint32_t n, ir_type type);
/* The type of a name that is already defined, 0 when it is not (no error). */
ir_type rd_type_of_use(const reader *r, rd_use u);

/* ---- regions and blocks --------------------------------------------------------------------------------- */

/* An argument of a region's entry block, or of a function. */
typedef struct rd_arg {
    rd_use name; /* at == UINT32_MAX: it has no name */
    ir_type type;
    ir_attr attrs; /* dict of a function argument, or 0 */
    ir_loc loc;    /* 0: the file location of its name */
} rd_arg;
enum { RD_ARG_WORDS = 6 };

/* `%name (: type)? {attrs}? loc(...)?` */
bool rd_argument(reader *r, bool with_type, bool with_attrs, rd_arg *out);
bool rd_push_arg(reader *r, const rd_arg *a);
rd_arg rd_arg_at(const reader *r, uint32_t mark, uint32_t i);

/* `{ ... }` as next region of the op. The entry block gets n arguments (RD_ARG_WORDS words each on the stack from `args` on);
 * without any it may have a label with arguments of its own. "expected '{' to begin a region". */
bool rd_region(reader *r, rd_op *op, uint32_t args, uint32_t n);
/* The same if a '{' stands there; without one nothing is added. *present tells. */
bool rd_opt_region(reader *r, rd_op *op, uint32_t args, uint32_t n, bool *present);
/* If the op's last region's last block does not end in a terminator (or the region is empty), adds `terminator` without
 * operands there, flagged IR_OP_IMPLICIT, at the location of the op. For OP_IMPLICIT_TERMINATOR. */
bool rd_ensure_terminator(reader *r, rd_op *op, const op_def *terminator);

/* `^name`: "expected block name". */
bool rd_successor(reader *r, ir_block *out);
/* `^name(%a, %b : t, t)`: operands are appended to the op's; *n how many. */
bool rd_successor_operands(reader *r, ir_block *out, uint32_t *n);

/* A part of the text that is kept as it is, but with what its aliases stand for in their place: printed, it will be read by
 * a reader that tries again, and the aliases may be other ones by then. Lives as long as the context. Without a pointer
 * after an error: an alias that is not defined. */
str rd_without_aliases(reader *r, str text);

/* ---- hooks ---------------------------------------------------------------------------------------------- */

/* Custom form of an op (asm_read.c). The cursor stands behind the op's name; reads up to the trailing location, which it
 * leaves alone. RD_UNKNOWN: no form known; the op is then kept as text. */
rd_answer asm_read_op(reader *r, rd_op *op);

/* A dialect attribute or type of known definition (dialect_read.c). The cursor stands behind the mnemonic: in
 * `#d.m<...>` on '<' or on whatever follows, in `#d<m ...>` on what follows the mnemonic; reads all that belongs to the definition
 * (for the long form not the closing '>'). `expected` as for rd_attr. RD_UNKNOWN: kept as text. */
rd_answer asm_read_attr(reader *r, const attr_type_def *def, ir_type expected, ir_attr *out);
rd_answer asm_read_type(reader *r, const attr_type_def *def, ir_type *out);
/* The same by dialect and mnemonic, for dialects that have their own parser instead of a definition (`#stablehlo.bounds`,
 * `!llvm.struct`, ...): asked when no definition has the name. */
rd_answer asm_read_attr_hand(reader *r, str dialect, str mnemonic, ir_type expected, ir_attr *out);
rd_answer asm_read_type_hand(reader *r, str dialect, str mnemonic, ir_type *out);

#endif
