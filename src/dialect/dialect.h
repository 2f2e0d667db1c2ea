/* dialect.h - what is known of dialects: ops, attributes, types, enums and their assembly, as constant tables.
 *
 *   data/<dialect>.def ──tools/gen_dialect.py──▶ tables.c, ids.h (build directory)
 *
 * Everything here is read-only data made at build time: no start-up work, no memory, no pointers inside the tables
 * (16-bit indices and pool offsets, so the pages stay shared). An index of one table never means anything in another.
 * Lists are runs: `first` and `n` in a flat table; use the accessors below.
 *
 * Invariants
 *   D1  Entry 0 of dialect_constraints is "any type", entry 0 of dialect_attr_constraints "any attribute".
 *   D2  A constraint never refuses what upstream accepts: a predicate that could not be classified is "any".
 *   D3  In an assembly run every jump lands inside the run or at its end, and every variable index is in range.
 *   D4  Ops, attribute definitions, type definitions and enums are sorted by full name.
 *
 * ids.h (generated) names what C code wants to mention: OP_<dialect>_<op>, ATTR_<dialect>_<mnemonic>,
 * TYPE_<dialect>_<mnemonic>, ENUM_<dialect>_<name>, DIALECT_<name>, CUSTOM_<Name>, HAND_<dialect>_<op>,
 * HANDATTR_<dialect>_<mnemonic>, HANDTYPE_<dialect>_<mnemonic>, INFER_<dialect>_<op>; dots and dashes in names become
 * underscores. Each list ends with its count (OP_N, CUSTOM_N, ...).
 */
#ifndef DIALECT_DIALECT_H
#define DIALECT_DIALECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "ir/ir.h"

/* Text in the pool: offset in the low 20 bits, length in the high 12. 0 is the empty text. The bytes in the pool are
 * followed by a zero byte. */
typedef uint32_t dtext;

#define DIALECT_NONE 0xffffu /* "no index" of a 16-bit index */

/* ---- dialects ------------------------------------------------------------------------------------------- */

enum {
    DIALECT_TABLES = 1 << 0,   /* its ops are tabulated; otherwise only the name is known (generic form, any op) */
    DIALECT_UPSTREAM = 1 << 1, /* part of MLIR 22: mlir-opt registers it */
    DIALECT_PARTIAL = 1 << 2,  /* tabulated by name and arity only (vhlo) */
};

typedef struct dialect_info {
    dtext name, doc;
    uint16_t flags;
    uint16_t ops, n_ops; /* its ops are consecutive */
    uint16_t attrs, n_attrs;
    uint16_t types, n_types;
    uint16_t enums, n_enums;
} dialect_info;

/* ---- type constraints ----------------------------------------------------------------------------------- */

typedef enum pred_kind {
    PRED_ANY,
    PRED_AND,      /* all of dialect_refs[first..first+n) (predicate indices) */
    PRED_OR,       /* one of them */
    PRED_NOT,      /* not the one */
    PRED_ELEMENT,  /* a shaped or complex type whose element type satisfies the one */
    PRED_MEMBERS,  /* a tuple whose members, nested tuples flattened, all satisfy the one */
    PRED_KIND,     /* mask: TYPE_IS_* */
    PRED_INTEGER,  /* an integer: mask = SIGN_* bits, first = width or 0 for any */
    PRED_FLOAT,    /* a float: mask = 1 << ir_float for each */
    PRED_DEF,      /* the dialect type definition `first` */
    PRED_DIALECT,  /* any type of dialect `first` */
    PRED_RANK,     /* ranked, rank in mask (bit r); bit 31: rank 31 or more */
    PRED_STATIC,   /* all dimensions known */
    PRED_SCALABLE, /* vector: mask bit 0 some dimension scalable, bit 1 only the last one is */
    PRED_N_KINDS
} pred_kind;

/* mask of PRED_KIND */
enum {
    TYPE_IS_TENSOR = 1 << 0, /* ranked */
    TYPE_IS_UNRANKED_TENSOR = 1 << 1,
    TYPE_IS_MEMREF = 1 << 2, /* ranked */
    TYPE_IS_UNRANKED_MEMREF = 1 << 3,
    TYPE_IS_VECTOR = 1 << 4,
    TYPE_IS_COMPLEX = 1 << 5,
    TYPE_IS_TUPLE = 1 << 6,
    TYPE_IS_FUNCTION = 1 << 7,
    TYPE_IS_INDEX = 1 << 8,
    TYPE_IS_NONE = 1 << 9,
    TYPE_IS_INTEGER = 1 << 10,
    TYPE_IS_FLOAT = 1 << 11,
    TYPE_IS_DIALECT = 1 << 12, /* any dialect's type */
};
enum { SIGN_LESS = 1 << 0, SIGN_SIGNED = 1 << 1, SIGN_UNSIGNED = 1 << 2 };

typedef struct type_pred {
    uint8_t kind; /* pred_kind */
    uint8_t n;
    uint16_t first;
    uint32_t mask;
} type_pred;

typedef struct type_constraint {
    dtext text;      /* in words, for messages: "ranked tensor of any type values" */
    dtext buildable; /* the one type it allows, as text ("index", "i32", "!ttnn.device"), or 0 */
    uint16_t pred;   /* root predicate */
} type_constraint;

/* ---- attribute constraints ------------------------------------------------------------------------------ */

typedef enum attr_kind {
    ATTR_ANY,
    ATTR_BOOL,
    ATTR_INT, /* width (0: any), sign; `type` has the text of the type */
    ATTR_INDEX,
    ATTR_FLOAT, /* width (0: any) */
    ATTR_STRING,
    ATTR_UNIT,
    ATTR_TYPE, /* ref: type constraint of the held type, 0 any */
    ATTR_SYMBOL_NAME,
    ATTR_SYMBOL_REF, /* @a or @a::@b */
    ATTR_FLAT_SYMBOL_REF,
    ATTR_ARRAY, /* ref: attribute constraint of the elements, 0 any */
    ATTR_DICT,
    ATTR_DENSE_ARRAY, /* array<i64: ...>; width and sign/float of the element */
    ATTR_ELEMENTS,    /* dense, dense_resource, ...; ref: type constraint of the element type, 0 any */
    ATTR_AFFINE_MAP,
    ATTR_INTEGER_SET,
    ATTR_ENUM_INT, /* integer that stands for a case of enum `ref`; a keyword in declarative forms */
    ATTR_DEF,      /* attribute definition `ref` */
    ATTR_ANY_OF,   /* one of dialect_refs[first..first+n) (attribute constraints) */
    ATTR_LOCATION,
    ATTR_TYPED, /* any attribute with a type */
    ATTR_N_KINDS
} attr_kind;

/* How an attribute variable is written inside a declarative form. */
typedef enum attr_print {
    ATTR_PRINT_FULL,     /* as any attribute */
    ATTR_PRINT_STRIPPED, /* without the dialect prefix (body only); dense arrays as [1, 2]; others as FULL */
    ATTR_PRINT_NO_TYPE,  /* without ": type", which is `type` of the constraint */
    ATTR_PRINT_KEYWORD,  /* the enum case as a bare word (quoted when it is no identifier) */
    ATTR_PRINT_SYMBOL,   /* a symbol name: @x */
    ATTR_PRINT_NATIVE    /* a property of C++ type: keyword of enum `ref`, as `type`<keyword> when `type` is set */
} attr_print;

enum {
    CONSTRAINT_MIN = 1 << 0,       /* integer value >= min */
    CONSTRAINT_MAX = 1 << 1,       /* integer value <= max */
    CONSTRAINT_COUNT_MIN = 1 << 2, /* at least min elements */
    CONSTRAINT_COUNT = 1 << 3,     /* exactly min elements */
    CONSTRAINT_IS_FLOAT = 1 << 4,  /* ATTR_DENSE_ARRAY of floats */
    CONSTRAINT_POWER_OF_2 = 1 << 5
};

typedef struct attr_constraint {
    dtext text; /* in words, for messages */
    dtext type; /* value type fixed by the constraint ("i64"), or 0 */
    uint8_t kind, print;
    uint8_t width;
    uint8_t sign; /* ir_signedness */
    uint8_t flags, n;
    uint16_t ref, first;
    int32_t min, max;
} attr_constraint;

/* ---- ops ------------------------------------------------------------------------------------------------ */

typedef enum arity { ARITY_ONE, ARITY_OPTIONAL, ARITY_VARIADIC, ARITY_VARIADIC_OF_VARIADIC } arity;

/* Something of an op or definition that assembly and type rules refer to: VAR(kind, index). */
typedef enum var_kind {
    VAR_OPERAND,
    VAR_RESULT,
    VAR_ATTR,
    VAR_REGION,
    VAR_SUCCESSOR,
    VAR_PARAM,
    VAR_OPERANDS,
    VAR_RESULTS,
    VAR_REGIONS,
    VAR_SUCCESSORS, /* all of them */
    VAR_N_KINDS
} var_kind;

/* Where the type of an operand or result comes from when the op is read in its declarative form. */
typedef enum type_source {
    TYPE_WRITTEN, /* type(x), functional-type, or a custom directive that is given type(x) */
    TYPE_FIXED,   /* the constraint's buildable type */
    TYPE_FROM,    /* `transform` of the type of from_kind/from_index (for VAR_ATTR: of the attribute's type) */
    TYPE_INFERRED /* by the op's own rule: op_def.infer */
} type_source;

enum {
    VALUE_READ = 1 << 0,
    VALUE_WRITE = 1 << 1,
    VALUE_ALLOC = 1 << 2,
    VALUE_FREE = 1 << 3 /* memory effects */
};

/* An operand or result (group) of an op. */
typedef struct value_def {
    dtext name; /* 0 when it has none */
    uint16_t constraint;
    uint8_t arity;
    uint8_t effects;
    uint8_t source; /* type_source */
    uint8_t from_kind;
    uint8_t from_index;
    uint8_t transform; /* type_transform */
} value_def;

/* How one type follows from another (TypesMatchWith). */
typedef enum type_transform {
    TRANSFORM_SAME,
    TRANSFORM_ELEMENT,         /* element type of a shaped type */
    TRANSFORM_ELEMENT_OR_SELF, /* element type of a shaped type, else the type itself */
    TRANSFORM_I1_SAME_SHAPE,   /* i1, or vector/tensor of i1 in the same shape */
    TRANSFORM_INDEX_SAME_SHAPE,
    TRANSFORM_I32_SAME_SHAPE,
    TRANSFORM_COMPLEX_ELEMENT,  /* f of complex<f> */
    TRANSFORM_COMPLEX_OF,       /* complex<f> of f */
    TRANSFORM_TENSOR_OF_MEMREF, /* tensor<..> with the shape and element type of a memref */
    TRANSFORM_MEMREF_OF_TENSOR,
    TRANSFORM_POINTEE,         /* element type of a pointer, lvalue or reference type */
    TRANSFORM_FUNCTION_INPUTS, /* types of a function type: for a variadic list */
    TRANSFORM_FUNCTION_RESULTS,
    TRANSFORM_TUPLE_TYPES,
    TRANSFORM_VECTOR_1D_OF,     /* vector type without its leading dimension */
    TRANSFORM_EMITC_POINTER_TO, /* !emitc.ptr<t> of !emitc.lvalue<t> */
    TRANSFORM_EMITC_LVALUE_OF,  /* !emitc.lvalue<t> of !emitc.ptr<t> */
    TRANSFORM_LLVM_WITH_I1,     /* !llvm.struct<(t, i1)> of t */
    TRANSFORM_ELEMENTS,         /* the element type, once for each element: for a variadic list */
    TRANSFORM_VECTOR_LAST_DIM_HALVED,
    TRANSFORM_VECTOR_LAST_DIM_DOUBLED, /* a vector of rank 0 becomes vector<2x..> */
    TRANSFORM_N
} type_transform;

enum {
    OP_ATTR_OPTIONAL = 1 << 0, /* may be absent */
    OP_ATTR_DEFAULT = 1 << 1,  /* has a default value; unless OPTIONAL too, a reader sets it when absent */
    OP_ATTR_PROPERTY = 1 << 2, /* declared as a property, not as an attribute; both live in <{}> */
    OP_ATTR_SEGMENTS = 1 << 4  /* operandSegmentSizes or resultSegmentSizes */
};

typedef struct op_attr {
    dtext name;
    dtext preset; /* default as attribute text ("false", "#arith.fastmath<none>"); 0 if none or not expressible */
    uint16_t constraint;
    uint16_t flags;
} op_attr;

enum { REGION_ANY_BLOCKS = 0xff };

typedef struct op_region {
    dtext name;
    uint8_t arity;                  /* ONE or VARIADIC */
    uint8_t min_blocks, max_blocks; /* REGION_ANY_BLOCKS: no limit */
    uint8_t flags;
} op_region;

typedef struct op_successor {
    dtext name;
    uint32_t arity;
} op_successor;

typedef enum rule_kind {
    RULE_SAME_TYPE, /* all of the variables have one type */
    RULE_SAME_ELEMENT_TYPE,
    RULE_SAME_SHAPE,
    RULE_SAME_RANK,
    RULE_TRANSFORM /* type of vars[1] = transform(type of vars[0]) */
} rule_kind;

/* A relation between the types of an op's variables. vars: dialect_refs[first..first+n), each VAR(kind, index). */
typedef struct type_rule {
    dtext text; /* for messages: "failed to verify that " text */
    uint8_t kind, transform;
    uint8_t n;
    uint16_t first;
} type_rule;

typedef enum op_form { OP_FORM_GENERIC, OP_FORM_DECLARATIVE, OP_FORM_HAND } op_form;

/* Result types that no written type gives. */
typedef enum op_infer {
    OP_INFER_NONE,    /* never inferred */
    OP_INFER_OPERAND, /* SameOperandsAndResultType: type of the first operand */
    OP_INFER_ATTR,    /* FirstAttrDerivedResultType: type of (or the type held by) the first attribute */
    OP_INFER_CODE     /* upstream computes it: op_def.infer_id */
} op_infer;

#define OP_PURE (1ull << 0)      /* no effect, may be removed or moved */
#define OP_NO_EFFECT (1ull << 1) /* no memory effect, but not speculatable */
#define OP_ELEMENTWISE (1ull << 2)
#define OP_BROADCASTABLE (1ull << 3)
#define OP_COMMUTATIVE (1ull << 4)
#define OP_TERMINATOR (1ull << 5)
#define OP_RETURN_LIKE (1ull << 6)
#define OP_CONSTANT_LIKE (1ull << 7)
#define OP_OPERAND_SEGMENTS (1ull << 8) /* carries operandSegmentSizes */
#define OP_RESULT_SEGMENTS (1ull << 9)
#define OP_SAME_VARIADIC_OPERANDS (1ull << 10) /* variadic operand groups have equal sizes */
#define OP_SAME_VARIADIC_RESULTS (1ull << 11)
#define OP_DESTINATION_STYLE (1ull << 12)
#define OP_IN_PLACE (1ull << 13) /* writes one of its operands */
#define OP_SYMBOL (1ull << 14)
#define OP_SYMBOL_TABLE (1ull << 15)
#define OP_SYMBOL_USER (1ull << 16)
#define OP_ISOLATED (1ull << 17) /* regions see no values from outside */
#define OP_NO_TERMINATOR (1ull << 18)
#define OP_SINGLE_BLOCK (1ull << 19)
#define OP_GRAPH_REGION (1ull << 20) /* no order, no dominance inside its regions */
#define OP_NO_REGION_ARGUMENTS (1ull << 21)
#define OP_IMPLICIT_TERMINATOR (1ull << 22) /* op_def.terminator ends a block that has none written */
#define OP_SAME_OPERAND_RESULT_TYPE (1ull << 23)
#define OP_SAME_OPERANDS_TYPE (1ull << 24)
#define OP_SAME_OPERAND_RESULT_ELEMENT (1ull << 25)
#define OP_SAME_OPERANDS_ELEMENT (1ull << 26)
#define OP_SAME_OPERAND_RESULT_SHAPE (1ull << 27)
#define OP_SAME_OPERANDS_SHAPE (1ull << 28)
#define OP_SAME_OPERAND_RESULT_RANK (1ull << 29)
#define OP_INFERS_TYPES (1ull << 30) /* has an upstream result type inference */
#define OP_HAS_PARENT (1ull << 31)   /* must stand directly in one of op_parents */
#define OP_FUNCTION (1ull << 32)     /* function-like: sym_name, function_type, arg_attrs, res_attrs, a body */
#define OP_CALL (1ull << 33)
#define OP_BRANCH (1ull << 34) /* forwards operands to successors */
#define OP_REGION_BRANCH (1ull << 35)
#define OP_LOOP (1ull << 36)
#define OP_RECURSIVE_EFFECTS (1ull << 37) /* effects are those of its regions */
#define OP_AFFINE_SCOPE (1ull << 38)
#define OP_ALLOCATION_SCOPE (1ull << 39)
#define OP_CREATION (1ull << 40) /* makes a tensor from nothing */
#define OP_COLLECTIVE (1ull << 41)
#define OP_HOST (1ull << 42) /* can run on the host */
#define OP_IDEMPOTENT (1ull << 43)
#define OP_INVOLUTION (1ull << 44)
#define OP_BINARY_IDEMPOTENT (1ull << 45)
#define OP_NAMES_RESULTS (1ull << 46) /* several results, whose SSA names are the result names of the table */
#define OP_NAMES_ITSELF (1ull << 47)  /* upstream code chooses SSA, block argument or block names */
#define OP_HAS_VERIFIER (1ull << 48)  /* upstream has rules beyond the table */
#define OP_HAS_FOLDER (1ull << 49)
#define OP_TYPES_BROADCAST (1ull << 50) /* ResultsBroadcastableShape: result shape is the broadcast of the operands' */
#define OP_VECTOR_UNROLL (1ull << 51)
#define OP_COMPATIBLE_TYPES \
    (1ull << 52) /* StableHLO: operand and result types equal but for dynamic dimensions, bounds, ... */

typedef struct op_def {
    uint64_t flags;
    dtext name, doc;
    uint16_t dialect;
    uint16_t operands, results, attrs, regions, successors, rules, parents;
    uint8_t n_operands, n_results, n_attrs, n_regions, n_successors, n_rules, n_parents;
    uint8_t form;        /* op_form */
    uint8_t infer;       /* op_infer */
    uint16_t terminator; /* implicit terminator: op index, or DIALECT_NONE */
    uint16_t asm_first, asm_n;
    uint16_t hand;            /* HAND_* when form is OP_FORM_HAND */
    uint16_t infer_id;        /* INFER_* when infer is OP_INFER_CODE */
    uint16_t default_dialect; /* of ops in its regions written without a prefix; DIALECT_NONE: as outside */
} op_def;

/* ---- attribute and type definitions --------------------------------------------------------------------- */

typedef enum param_kind {
    PARAM_UNKNOWN, /* C++ type we do not read */
    PARAM_INT,     /* width, signed: plain number */
    PARAM_BOOL,
    PARAM_STRING, /* "text" */
    PARAM_FLOAT,  /* plain float */
    PARAM_ENUM,   /* keyword of enum ref */
    PARAM_TYPE,   /* any type; ref: type definition when it must be one (DIALECT_NONE otherwise) */
    PARAM_ATTR,   /* any attribute; ref: attribute definition when it must be one */
    PARAM_INT_ATTR,
    PARAM_FLOAT_ATTR,
    PARAM_BOOL_ATTR,
    PARAM_STRING_ATTR,
    PARAM_ARRAY_ATTR,
    PARAM_DICT_ATTR,
    PARAM_SYMBOL_REF,
    PARAM_TYPE_ATTR,
    PARAM_DENSE_ATTR,
    PARAM_UNIT_ATTR,
    PARAM_AFFINE_MAP,      /* C++ AffineMap: bare (d0) -> (d0) */
    PARAM_AFFINE_MAP_ATTR, /* affine_map<...> */
    PARAM_TENSOR_TYPE,
    PARAM_MEMREF_TYPE,
    PARAM_SHAPED_TYPE,
    PARAM_INTEGER_TYPE,
    PARAM_FUNCTION_TYPE,
    PARAM_DENSE_ARRAY_ATTR,
    PARAM_LOCATION,
    PARAM_KEYWORD, /* a bare word of an open set (DWARF names) */
    PARAM_BIG_INT, /* an integer of any width */
    PARAM_N_KINDS
} param_kind;

enum {
    PARAM_IS_ARRAY = 1 << 0,
    PARAM_IS_OPTIONAL = 1 << 1,
    PARAM_IS_SIGNED = 1 << 2,
    PARAM_IS_SELF_TYPE = 1 << 3,
    PARAM_IS_BRACKETED = 1 << 4, /* array written as [1, 2] */
    PARAM_IS_HAND = 1 << 5       /* upstream code reads and prints it */
};

typedef struct param_def {
    dtext name;
    dtext preset; /* value when left out, as text; 0: the empty, zero or null one */
    uint8_t kind, flags, width, pad;
    uint16_t ref;
} param_def;

typedef enum def_style {
    DEF_ANGLE, /* #dialect.mnemonic<...> */
    DEF_LONG,  /* #dialect<mnemonic ...> */
    DEF_BARE,  /* #dialect.mnemonic */
    DEF_OPEN   /* upstream code decides: angle when the body is <...>, bare when empty, else long */
} def_style;

typedef enum def_form { DEF_FORM_NONE, DEF_FORM_DECLARATIVE, DEF_FORM_HAND } def_form;

/* An attribute or type definition. */
typedef struct attr_type_def {
    dtext name;     /* "ttnn.ttnn_layout" */
    dtext mnemonic; /* "ttnn_layout" */
    uint16_t dialect;
    uint16_t params;
    uint8_t n_params;
    uint8_t style, form;
    uint8_t alias; /* 1: the printer gives it an alias named after the mnemonic */
    uint16_t asm_first, asm_n;
    uint16_t hand;  /* HANDATTR_* or HANDTYPE_* */
    uint16_t wraps; /* the enum it wraps, or DIALECT_NONE */
} attr_type_def;

/* ---- enums ---------------------------------------------------------------------------------------------- */

enum { ENUM_IS_BITS = 1 << 0 };

typedef struct enum_case {
    int64_t value;
    dtext text;
    uint32_t is_group; /* bit enums: a name for several bits at once (or for none) */
} enum_case;

typedef struct enum_def {
    dtext name;      /* "ttcore.DataType": dialect and C++ class name */
    dtext separator; /* bit enums: between the names, "," or "|" */
    uint16_t dialect;
    uint16_t first, n;
    uint8_t flags, bits;
} enum_def;

/* ---- assembly ------------------------------------------------------------------------------------------- */

/* An assembly run is read left to right. Elements with arguments (TYPE..., CUSTOM, STRUCT, PARAMS, FUNCTIONAL_TYPE) are
 * followed by `n` argument elements, which belong to them and have no arguments of their own.
 *
 *   ASM_LITERAL          index = literal number (dialect_literal)
 *   ASM_VAR              var, index: an operand (list), attribute, region (list), successor (list) or parameter;
 *                        VAR_OPERANDS, ...: the directives `operands`, `regions`, `successors`
 *   ASM_TYPE             var, index: the type (list) of an operand, result, VAR_OPERANDS or VAR_RESULTS
 *   ASM_FUNCTIONAL_TYPE  n = 2 arguments: "(types) -> types"
 *   ASM_ATTR_DICT        optional {...} of what the form does not write otherwise
 *   ASM_ATTR_DICT_KEYWORD the same after the word "attributes"
 *   ASM_PROP_DICT        optional <{...}> of the properties the form does not write otherwise
 *   ASM_CUSTOM           index = CUSTOM_*, n arguments: ASM_VAR, ASM_TYPE or ASM_STRING
 *   ASM_STRING           index = literal number: a string given to a custom directive
 *   ASM_STRUCT           n parameters: name = value, ...
 *   ASM_PARAMS           n parameters: value, ...
 *   ASM_GROUP            optional group. index = distance to the anchor, jump = distance to what follows the "then"
 *                        part: the ASM_ELSE if there is one, else the end of the group
 *   ASM_ELSE             end of a "then" part, start of an "else" part; jump = distance to the end of the group
 *   ASM_OILIST           clauses in any order; n = number of clauses, jump = distance to the end
 *   ASM_CLAUSE           index = literal that starts it, jump = distance to the next clause or the end of the list
 *   ASM_SPACE            one space (written by hand in the form); ASM_NEWLINE: line break and indentation
 *
 * jump of any other element is the distance to the next one, its arguments skipped.
 *
 * Reading a group: it is present when its first element is (a literal, an operand, an attribute, ...); with
 * ASM_F_INVERTED the test still is of the "then" part's first element. Printing a group: present when the anchor is:
 * an operand (list), region or successor list that is not empty, an attribute that is present and not its default, for
 * ASM_CUSTOM any of its arguments, for a unit attribute that it is set; inverted: when it is not.
 *
 * Printing: write ' ' before an element that has ASM_F_SPACE. This is decided at build time the way mlir-tblgen does
 * it, with three things left to the printer: attribute dictionaries bring their own space when they are not empty;
 * ASM_PROP_DICT always starts with one; a parameter (or struct of them) that is left out takes its space with it.
 * Attribute dictionaries leave out what the form writes, the segment sizes, and attributes that have their default. */
typedef enum asm_kind {
    ASM_LITERAL,
    ASM_VAR,
    ASM_TYPE,
    ASM_FUNCTIONAL_TYPE,
    ASM_ATTR_DICT,
    ASM_ATTR_DICT_KEYWORD,
    ASM_PROP_DICT,
    ASM_CUSTOM,
    ASM_STRING,
    ASM_STRUCT,
    ASM_PARAMS,
    ASM_GROUP,
    ASM_ELSE,
    ASM_OILIST,
    ASM_CLAUSE,
    ASM_SPACE,
    ASM_NEWLINE,
    ASM_N_KINDS
} asm_kind;

enum {
    ASM_F_SPACE = 1 << 0,     /* print a space first */
    ASM_F_QUALIFIED = 1 << 1, /* attribute or type with its #dialect.mnemonic prefix */
    ASM_F_REF = 1 << 2,       /* argument only looked at, already read elsewhere */
    ASM_F_ANCHOR = 1 << 3,
    ASM_F_ELIDED = 1 << 4,  /* anchor unit attribute: neither read nor printed, set by the group being there */
    ASM_F_INVERTED = 1 << 5 /* group whose anchor stands in the else part */
};

typedef struct asm_elem {
    uint8_t kind, flags;
    uint8_t var; /* var_kind */
    uint8_t n;
    uint16_t index, jump;
} asm_elem;

/* ---- the tables (generated) ----------------------------------------------------------------------------- */

extern const char dialect_pool[];
extern const dialect_info dialect_dialects[];
extern const op_def dialect_ops[];
extern const value_def dialect_values[];
extern const op_attr dialect_op_attrs[];
extern const op_region dialect_regions[];
extern const op_successor dialect_successors[];
extern const type_rule dialect_rules[];
extern const type_constraint dialect_constraints[];
extern const type_pred dialect_preds[];
extern const attr_constraint dialect_attr_constraints[];
extern const attr_type_def dialect_attr_defs[];
extern const attr_type_def dialect_type_defs[];
extern const param_def dialect_params[];
extern const enum_def dialect_enums[];
extern const enum_case dialect_enum_cases[];
extern const asm_elem dialect_asm[];
extern const dtext dialect_literals[];
extern const dtext dialect_custom_names[]; /* by CUSTOM_* */
extern const uint16_t dialect_refs[];

typedef struct dialect_counts {
    uint32_t dialects, ops, values, op_attrs, regions, successors, rules, constraints, preds, attr_constraints;
    uint32_t attr_defs, type_defs, params, enums, enum_cases, elems, literals, customs, refs, pool_bytes;
    uint32_t hands, attr_hands, type_hands, infers;
} dialect_counts;
extern const dialect_counts dialect_n;

/* ---- looking up ----------------------------------------------------------------------------------------- */

static inline str dialect_text(dtext t) {
    return str_of(dialect_pool + (t & 0xfffffu), t >> 20);
}

/* By full name ("ttir.conv2d"); NULL when no table has it. */
const op_def *dialect_find_op(str name);
/* The same as index + 1, 0 when unknown: the resolver of ir_context_new. */
uint32_t dialect_resolve(str name);
static inline const op_def *dialect_op(uint32_t index) {
    return &dialect_ops[index];
}
static inline uint32_t dialect_op_index(const op_def *d) {
    return (uint32_t)(d - dialect_ops);
}
/* The table entry of an op of a module, NULL when it has none. */
static inline const op_def *dialect_def_of(const ir_module *m, ir_op op) {
    uint32_t def = ir_op_def(m, op);
    return def ? &dialect_ops[def - 1] : NULL;
}

/* By dialect name; NULL when unknown. */
const dialect_info *dialect_find(str name);
/* The dialect an op, attribute or type name starts with: the text before the first dot. */
static inline str dialect_prefix(str name) {
    return str_slice(name, 0, str_find_char(name, '.'));
}
/* By full name ("ttnn.ttnn_layout"); NULL when unknown. */
const attr_type_def *dialect_find_attr(str name);
const attr_type_def *dialect_find_type(str name);
/* By dialect and C++ class name ("ttcore.DataType"). */
const enum_def *dialect_find_enum(str name);

/* The case with this text (one case, no separators); NULL when there is none. */
const enum_case *dialect_case_by_text(const enum_def *e, str text);
/* The case with exactly this value. */
const enum_case *dialect_case_by_value(const enum_def *e, int64_t value);
/* Writes the text of a value, for bit enums its parts joined by the separator, as upstream does; NUL-terminated.
 * Returns the length, 0 when the value has no text or does not fit. */
size_t dialect_enum_text(const enum_def *e, int64_t value, char *out, size_t cap);

/* Operand, result, attribute... number i of an op. No bounds check. */
static inline const value_def *op_operand(const op_def *d, uint32_t i) {
    return &dialect_values[d->operands + i];
}
static inline const value_def *op_result(const op_def *d, uint32_t i) {
    return &dialect_values[d->results + i];
}
static inline const op_attr *op_attribute(const op_def *d, uint32_t i) {
    return &dialect_op_attrs[d->attrs + i];
}
static inline const op_region *op_region_def(const op_def *d, uint32_t i) {
    return &dialect_regions[d->regions + i];
}
static inline const op_successor *op_successor_def(const op_def *d, uint32_t i) {
    return &dialect_successors[d->successors + i];
}
static inline const type_rule *op_rule(const op_def *d, uint32_t i) {
    return &dialect_rules[d->rules + i];
}
static inline const op_def *op_parent(const op_def *d, uint32_t i) {
    return &dialect_ops[dialect_refs[d->parents + i]];
}
static inline const asm_elem *op_assembly(const op_def *d) {
    return &dialect_asm[d->asm_first];
}
static inline const attr_constraint *op_attr_constraint(const op_attr *a) {
    return &dialect_attr_constraints[a->constraint];
}
static inline const param_def *def_param(const attr_type_def *d, uint32_t i) {
    return &dialect_params[d->params + i];
}
/* The inherent attribute of this name, NULL if the op has none; *index its number. */
const op_attr *op_find_attr(const op_def *d, str name, uint32_t *index);

/* A variable reference in dialect_refs. */
#define VAR(kind, index) ((uint16_t)((kind) << 8 | (index)))
static inline var_kind var_kind_of(uint16_t v) {
    return (var_kind)(v >> 8);
}
static inline uint32_t var_index_of(uint16_t v) {
    return v & 0xffu;
}

/* ---- checking ------------------------------------------------------------------------------------------- */

/* Whether a type satisfies a constraint (index into dialect_constraints). True when in doubt (D2). */
bool dialect_type_ok(const ir_context *c, uint32_t constraint, ir_type t);
/* Whether an attribute value satisfies an attribute constraint. True when in doubt. */
bool dialect_attr_ok(const ir_context *c, uint32_t constraint, ir_attr a);

#endif
