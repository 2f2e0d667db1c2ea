/* read_inner.h - what only the reader's core files (lexer.c, reader.c, read_*.c) share. */
#ifndef TEXT_READ_INNER_H
#define TEXT_READ_INNER_H

#include <stdarg.h>

#include "base/lines.h"
#include "base/vec.h"
#include "text/reader.h"

/* ---- lexer.c -------------------------------------------------------------------------------------------- */

/* Adds a diagnostic at a byte offset as it is. */
void rd_report(reader *r, enum diag_severity severity, size_t at, const char *fmt, ...) PRINTF_LIKE(4, 5);
void rd_reportv(reader *r, enum diag_severity severity, size_t at, const char *fmt, va_list ap) PRINTF_LIKE(4, 0);
/* Memory ran out: remembered, reading stops; false. */
bool rd_oom(reader *r);
/* A node as it comes from a maker of ir/: notices 0. */
ir_node rd_made(reader *r, ir_node n);
/* A string node of a part of the text. */
ir_str rd_slice(reader *r, str s);
/* Length with its sigil of the '%', '#', '!' or '^' identifier at p; 0 when there is none. */
uint32_t rd_prefixed_len(const char *p);
/* The string literal at p (on its opening quote): returns what is behind it and its body, or NULL and what is wrong with
 * it: a bad escape's '\\', or the place where the closing quote is missing. */
const char *rd_scan_string(const reader *r, const char *p, str *body, bool *escapes, const char **wrong);
/* The first of '"', '\\', a line end or the end of the text from p on. */
const char *rd_quote(const char *p, const char *end);
/* Two words. */
bool rd_push64(reader *r, int64_t v);

/* ---- read_scope.c --------------------------------------------------------------------------------------- */

/* A name in the current view: SSA values and blocks. Valid while scopes[depth].serial == serial and the scope is not
 * hidden by an isolated one. */
typedef struct rd_slot {
    uint32_t value; /* first value or block; with forward set: entry in forwards */
    uint32_t n;     /* number of values; RD_FORWARD, RD_POISON */
    uint32_t serial, depth;
} rd_slot;
enum { RD_FORWARD = 1u << 31, RD_POISON = 1u << 30 };
enum { RD_NAMED = 1u << 31 }; /* in a name id: index into named, else into numbers */

typedef struct rd_scope {
    uint32_t serial;
    uint32_t isolated; /* depth of the innermost isolated scope at or around this one */
    uint32_t undo;     /* entries of the undo log when it began */
    uint32_t blocks;   /* entries of the forward blocks when it began */
} rd_scope;

/* A use of a value before its definition. */
typedef struct rd_forward {
    uint32_t at; /* of '%' of the first use */
    uint32_t number;
    ir_value value; /* placeholder */
    uint32_t next;  /* other number of the same name, 0 none */
    bool resolved;
} rd_forward;

typedef struct rd_undo {
    uint32_t id;
    rd_slot slot;
} rd_undo;

typedef struct rd_forward_block {
    ir_block block;
    uint32_t at;
} rd_forward_block;

typedef struct rd_alias {
    ir_node node; /* 0: not defined yet */
    uint32_t at;  /* of its definition or, while undefined, of its first use */
} rd_alias;

/* A piece of text and the node that was read from it. */
typedef struct rd_memo_entry {
    const char *text;
    uint32_t len;
    ir_node node;
} rd_memo_entry;
enum { RD_MEMO_BITS = 12, RD_MEMO_MAX = 1024, RD_NAMES_BITS = 8 };

/* A type's text; see recent_types. Shorter ones are not kept, because what follows would be hashed with them, longer ones
 * are not, because the text may end before they do. */
typedef struct rd_recent {
    const char *text;
    uint32_t len;
    ir_type type;
} rd_recent;
enum { RD_RECENT_BITS = 7, RD_RECENT_WAYS = 4, RD_RECENT_MIN = 15 };

typedef struct rd_name_entry {
    const char *text;
    uint32_t len;
    ir_name name;
    const op_def *def;
} rd_name_entry;

/* A dimension or symbol of the affine map being read: a bare name, or in forms over SSA values a use. */
typedef struct rd_affine_name {
    const char *p;
    uint32_t len;
    rd_use use;
    bool symbol;
    uint32_t index; /* among the dimensions or symbols */
} rd_affine_name;

typedef struct rd_tables {
    VEC(rd_slot) numbers; /* of %0, %1, ... */
    VEC(rd_slot) named;   /* of other names; the map gives the index */
    struct map_str names; /* with sigil */
    VEC(rd_scope) scopes; /* entry 0 is no scope */
    uint32_t serial;
    VEC(rd_undo) undo;
    VEC(rd_forward) forwards; /* entry 0 unused */
    VEC(rd_forward_block) forward_blocks;
    VEC(uint32_t) loc_numbers; /* node of #loc0, #loc1, ...; 0 not defined */
    VEC(rd_alias) aliases;     /* other aliases; the map gives the index */
    struct map_str alias_names;
    struct map_u64 parts;   /* node -> how many parts it has with all that is in it, of nodes that aliases stand for */
    VEC(ir_node) to_count;  /* nodes whose parts are being counted, inner ones behind those that they are in */
    uint32_t deferred;      /* how many locations stand for an alias that is to come */
    VEC(uint16_t) dialects; /* default dialect of the ops around the current one */
    rd_memo_entry types[1 << RD_MEMO_BITS];
    rd_recent recent[(1 << RD_RECENT_BITS) * RD_RECENT_WAYS];
    rd_memo_entry dicts[1 << RD_MEMO_BITS];
    struct map_u64 dropped; /* (op table index, key): a property that the op does not have was complained about */
    struct map_u64 props;   /* (op table index, written dictionary) -> properties */
    rd_name_entry op_names[1 << RD_NAMES_BITS];
    struct map_u64 presets; /* address of a preset -> attribute */
    ir_str source_name;
    struct lines lines;
    uint32_t line_at, line, line_start; /* the last place rd_loc_at was asked for */
    VEC(int64_t) dims;                  /* of the shaped type being made */
    VEC(uint8_t) bytes;                 /* elements of the list being read */
    uint32_t attr_at;                   /* offset of the keyword of that list, for errors about all of it */
    VEC(ir_expr) exprs;                 /* results of the affine map being read */
    uint32_t affine_counts[2];          /* how many dimensions, symbols */
    struct map_str affine_ids;          /* by name, once there are many */
    struct map_u64 affine_uses;
    VEC(rd_affine_name) affine_names; /* its dimensions and symbols */
} rd_tables;

/* A location that is an alias to be defined later: in ops and block arguments until the end of the file. */
enum { RD_DEFERRED = 1u << 31, RD_DEFERRED_NAMED = 1u << 30 };

bool rd_scope_push(reader *r, bool isolated);
/* Leaves a scope; reports blocks that were used and not defined. */
bool rd_scope_pop(reader *r);
/* Leaves scopes without reporting, down to a depth: after an error. */
void rd_scope_unwind(reader *r, uint32_t depth);
static inline uint32_t rd_scope_depth(const reader *r) {
    return (uint32_t)r->t->scopes.n - 1;
}
/* The id of the name [p, p + len) with its sigil; UINT32_MAX when out of memory. */
uint32_t rd_name_id(reader *r, const char *p, uint32_t len);
/* Defines name `id` as n values from `first` on: redefinition, type of uses before. */
bool rd_define(reader *r, uint32_t at, uint32_t id, ir_value first, uint32_t n);
/* Remembers that a name's definition was in error, so that its uses are not reported. */
void rd_poison(reader *r, uint32_t id);
/* `^name:` of the current region: the block, detached. 0: redefinition. */
ir_block rd_define_block(reader *r, uint32_t at, uint32_t id);
/* Reports uses of undeclared names, then puts definitions in place of placeholders. */
bool rd_finish_values(reader *r);

/* Whether a name means something already in this scope, as a definition or a forward reference; *at where. */
bool rd_name_used(const reader *r, uint32_t id, uint32_t *at);

/* ---- read_op.c, reader.c, read_opaque.c ----------------------------------------------------------------- */

/* Starts an op at the cursor; forgets all that was gathered for it. */
void rd_op_begin(reader *r, rd_op *op);
void rd_op_drop(reader *r, const rd_op *op);
/* Makes the op, puts it at the end of a block and binds its names. 0 after an error. */
ir_op rd_op_finish(reader *r, rd_op *op, ir_block block, uint32_t flags);
/* Brings written properties and attributes of an op of the tables into the form that the IR has. */
bool rd_split_props(reader *r, const op_def *def, uint32_t at, ir_attr *props, ir_attr *attrs);
/* One op into a block. After an error r->recovered says whether the cursor is behind the op, so that one can go on. */
bool rd_read_op(reader *r, ir_block block);
/* The cursor has passed r->milestone: reports progress and sets the next one. False when the reading is to stop. */
bool rd_at_milestone(reader *r);
/* Moves the cursor over the statement it stands in, by brackets and new lines, to its trailing location or its end. False when
 * its brackets do not balance. */
bool rd_skip_statement(reader *r);
/* Moves the cursor to the next line that is indented as the op at `start` and begins a statement. False when there is none. */
bool rd_skip_to_line(reader *r, uint32_t start);
/* The rest of an op of unknown form, kept as text. */
bool rd_opaque_op(reader *r, rd_op *op);
/* The dialect of ops written without one. */
str rd_default_dialect(const reader *r);

/* ---- read_attr.c, read_loc.c ---------------------------------------------------------------------------- */

bool rd_alias_definition(reader *r);
/* What is behind the alias at p if it is #locN with an N that has a place in loc_numbers; NULL when it is any other. */
const char *rd_loc_number(const reader *r, const char *p, uint32_t *number);
/* The node of an alias [p, p + len) with its sigil; 0 if it is not defined (no error). */
ir_node rd_alias_get(const reader *r, const char *p, uint32_t len);
/* Puts the locations in place of the aliases they are deferred to. */
bool rd_finish_locs(reader *r);
/* Where the balanced text that starts at p (an opening bracket) ends, by MLIR's rule for dialect bodies; NULL and an error
 * when it is not balanced. */
const char *rd_balanced(reader *r, const char *p);
/* The dialect attribute or type the cursor stands on (name without sigil, its first dot or its length), read by the hooks when its
 * dialect is registered and its definition known. */
rd_answer rd_extended(reader *r, str name, size_t dot, ir_node *out);
/* The same kept as text: its dialect, and all of it behind the sigil. */
bool rd_opaque_text(reader *r, str name, size_t dot, str *dialect, str *text);
/* `dense<`, ... behind the keyword. */
ir_attr rd_dense(reader *r, ir_type expected);
ir_attr rd_dense_array(reader *r);
ir_attr rd_sparse(reader *r, ir_type expected);
ir_attr rd_dense_resource(reader *r, ir_type expected);
/* The type of an elements attribute: `: shaped type`, or the expected one. */
ir_type rd_elements_type(reader *r, ir_type expected);
/* A number token with its type: shared by attributes and lists. */
ir_attr rd_integer_attr(reader *r, uint32_t at, bool negative, str text, ir_type type);
ir_attr rd_float_attr(reader *r, uint32_t at, bool negative, str text, rd_number_kind kind, ir_type type);
/* The value of an integer literal of a type of at most 64 bits; false when it does not fit. */
bool rd_integer_fits(const reader *r, bool negative, str text, ir_type type, uint64_t *out);
/* The bits of a float literal; false and an error when it is none for the type. */
bool rd_float_words(reader *r, uint32_t at, bool negative, str text, rd_number_kind kind, ir_type type,
                    uint64_t words[2]);
/* Where the hex digits from p on end. */
const char *rd_hex_end(const char *p, const char *end);
/* Looks a text up in a memo; the text [p, p + len) is remembered with node when it is not 0. */
static inline rd_memo_entry *rd_memo_at(rd_memo_entry *memo, str text) {
    return &memo[str_hash(text) >> (64 - RD_MEMO_BITS)];
}
static inline bool rd_memo_is(const rd_memo_entry *e, str text) {
    return e->len == text.n && str_same_bytes(e->text, text.p, text.n);
}
/* `loc(...)` without the keyword check; location grammar inside. */
ir_loc rd_location_body(reader *r);
/* File metadata `{-# ... #-}`. */
bool rd_resources(reader *r);

#endif
