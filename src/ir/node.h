/* node.h - the kinds of interned nodes and how to make and read them.
 *
 * Types, attributes, locations, affine expressions and strings are all nodes (ir.h draws the layout). This table is
 * the payload of each kind, in 32-bit words; "x2" is a 64-bit number, low word first; T, A, S, E stand for a type,
 * attribute (or location), string and affine expression node, 0 where it may be absent.
 *
 *   kind               flags                    payload
 *   STRING             -                        len x2, address x2, (op name handle, private to context.c)
 *   TYPE_INTEGER       signedness               width
 *   TYPE_FLOAT         ir_float                 -
 *   TYPE_INDEX, NONE   -                        -
 *   TYPE_COMPLEX       -                        T
 *   TYPE_TUPLE         -                        T...
 *   TYPE_FUNCTION      -                        n_inputs, T inputs..., T results...
 *   TYPE_VECTOR        -                        T, rank, dim x2 ..., scalable (one word per dim)
 *   TYPE_TENSOR        -                        T, A encoding, rank, dim x2 ...
 *   TYPE_UNRANKED_TENSOR -                      T
 *   TYPE_MEMREF        -                        T, A layout, A space, rank, dim x2 ...
 *   TYPE_UNRANKED_MEMREF -                      T, A space
 *   TYPE_DIALECT       -                        definition index + 1, parameters... (dialect/: one node per parameter)
 *   TYPE_OPAQUE        -                        S dialect, S text after '!' as written ("ttnn.device", "foo<a b>")
 *   ATTR_UNIT          -                        -
 *   ATTR_INTEGER       -                        T, limbs: as many 64-bit limbs as the width needs (at least one), low
 *                                               first; zero-extended for unsigned types and i1, else sign-extended
 *   ATTR_FLOAT         -                        T, bits x2 (x4 for types over 64 bits wide)
 *   ATTR_STRING        -                        S, T (0: none)
 *   ATTR_ARRAY         -                        A...
 *   ATTR_DICT          -                        (S key, A value)... sorted by key
 *   ATTR_SYMBOL        -                        S root, S nested...
 *   ATTR_TYPE          -                        T
 *   ATTR_DENSE         ir_dense                 T, address x2, bytes x2      (see ir_dense)
 *   ATTR_DENSE_STRINGS splat                    T, S...
 *   ATTR_DENSE_ARRAY   -                        T element, address x2, bytes x2 (little-endian elements, i1 one byte)
 *   ATTR_RESOURCE      -                        T, S key
 *   ATTR_SPARSE        -                        T, A indices, A values
 *   ATTR_AFFINE_MAP    -                        n_dims, n_symbols, E...
 *   ATTR_INTEGER_SET   -                        n_dims, n_symbols, (E, is_equality)...
 *   ATTR_STRIDED       -                        offset x2, stride x2 ...     (IR_DYNAMIC: '?')
 *   ATTR_DISTINCT      -                        id x2, A
 *   ATTR_DIALECT       -                        definition index + 1, parameters...
 *   ATTR_OPAQUE        -                        S dialect, S text after '#' as written
 *   ATTR_KEYWORD       -                        S      bare word inside a dialect attribute (an enum case)
 *   LOC_UNKNOWN        -                        -
 *   LOC_FILE           -                        S file, line, column, end line, end column (both 0: no range)
 *   LOC_NAME           -                        S name, A child (unknown when absent)
 *   LOC_CALLSITE       -                        A callee, A caller
 *   LOC_FUSED          -                        A metadata, A...
 *   EXPR_DIM, SYMBOL   -                        position
 *   EXPR_CONST         -                        value x2
 *   EXPR_ADD ... MOD   -                        E, E
 *
 *   Flags of EXPR_*: bit 0 set when no dimension occurs, the rest is the depth.
 */
#ifndef IR_NODE_H
#define IR_NODE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

typedef uint32_t ir_node; /* any node; 0 is none */
typedef ir_node ir_type;
typedef ir_node ir_attr; /* attributes and locations */
typedef ir_node ir_loc;
typedef ir_node ir_expr;
typedef ir_node ir_str; /* IR_STRING */

struct ir_context;

typedef enum ir_kind {
    IR_NONE,
    IR_STRING,
    IR_TYPE_INTEGER,
    IR_TYPE_FLOAT,
    IR_TYPE_INDEX,
    IR_TYPE_NONE,
    IR_TYPE_COMPLEX,
    IR_TYPE_TUPLE,
    IR_TYPE_FUNCTION,
    IR_TYPE_VECTOR,
    IR_TYPE_TENSOR,
    IR_TYPE_UNRANKED_TENSOR,
    IR_TYPE_MEMREF,
    IR_TYPE_UNRANKED_MEMREF,
    IR_TYPE_DIALECT,
    IR_TYPE_OPAQUE,
    IR_ATTR_UNIT,
    IR_ATTR_INTEGER,
    IR_ATTR_FLOAT,
    IR_ATTR_STRING,
    IR_ATTR_ARRAY,
    IR_ATTR_DICT,
    IR_ATTR_SYMBOL,
    IR_ATTR_TYPE,
    IR_ATTR_DENSE,
    IR_ATTR_DENSE_STRINGS,
    IR_ATTR_DENSE_ARRAY,
    IR_ATTR_RESOURCE,
    IR_ATTR_SPARSE,
    IR_ATTR_AFFINE_MAP,
    IR_ATTR_INTEGER_SET,
    IR_ATTR_STRIDED,
    IR_ATTR_DISTINCT,
    IR_ATTR_DIALECT,
    IR_ATTR_OPAQUE,
    IR_ATTR_KEYWORD,
    IR_LOC_UNKNOWN,
    IR_LOC_FILE,
    IR_LOC_NAME,
    IR_LOC_CALLSITE,
    IR_LOC_FUSED,
    IR_EXPR_DIM,
    IR_EXPR_SYMBOL,
    IR_EXPR_CONST,
    IR_EXPR_ADD,
    IR_EXPR_MUL,
    IR_EXPR_FLOORDIV,
    IR_EXPR_CEILDIV,
    IR_EXPR_MOD,
    IR_N_KINDS
} ir_kind;

/* Payload positions that readers use, by kind (index into the payload, not the node). */
enum { IR_DYNAMIC_HI = -0x7fffffff - 1 };
#define IR_DYNAMIC INT64_MIN /* a '?' dimension, offset or stride */

typedef enum ir_signedness { IR_SIGNLESS, IR_SIGNED, IR_UNSIGNED } ir_signedness;

typedef enum ir_float {
    IR_F4E2M1FN,
    IR_F6E2M3FN,
    IR_F6E3M2FN,
    IR_F8E3M4,
    IR_F8E4M3,
    IR_F8E4M3FN,
    IR_F8E4M3FNUZ,
    IR_F8E4M3B11FNUZ,
    IR_F8E5M2,
    IR_F8E5M2FNUZ,
    IR_F8E8M0FNU,
    IR_BF16,
    IR_F16,
    IR_TF32,
    IR_F32,
    IR_F64,
    IR_F80,
    IR_F128,
    IR_N_FLOATS
} ir_float;

/* Name ("bf16") and width in bits of a float type. */
extern const struct ir_float_info {
    const char *name;
    uint16_t bits;
} ir_float_infos[IR_N_FLOATS];

/* How the elements of a dense constant are kept (node flags). */
typedef enum ir_dense {
    IR_DENSE_RAW,      /* little-endian elements one after the other; i1 one byte each; complex: pairs */
    IR_DENSE_SPLAT,    /* one element, same encoding */
    IR_DENSE_HEX,      /* the hex digits as written (after 0x), checked; i1 bit-packed as MLIR does */
    IR_DENSE_HEX_SPLAT /* hex digits of one element */
} ir_dense;

/* ---- reading. Inline ones trust the kind; ask ir_kind_of first. ----------------------------------------- */

/* Words of a node: [0] kind | flags << 8, [1] payload length, [2..] payload. `chunks` is the context's first member. */
static inline const uint32_t *ir_words(const struct ir_context *c, ir_node n) {
    return (*(uint32_t *const *const *)(const void *)c)[n >> 16] + (n & 0xffffu);
}

static inline ir_kind ir_kind_of(const struct ir_context *c, ir_node n) {
    return (ir_kind)(ir_words(c, n)[0] & 0xff);
}
static inline uint32_t ir_flags_of(const struct ir_context *c, ir_node n) {
    return ir_words(c, n)[0] >> 8;
}
static inline uint32_t ir_count(const struct ir_context *c, ir_node n) {
    return ir_words(c, n)[1];
}
static inline uint32_t ir_at(const struct ir_context *c, ir_node n, uint32_t i) {
    return ir_words(c, n)[2 + i];
}
static inline int64_t ir_at64(const struct ir_context *c, ir_node n, uint32_t i) {
    const uint32_t *w = ir_words(c, n) + 2 + i;
    return (int64_t)(w[0] | (uint64_t)w[1] << 32);
}
static inline bool ir_is_type(ir_kind k) {
    return k >= IR_TYPE_INTEGER && k <= IR_TYPE_OPAQUE;
}
static inline bool ir_is_loc(ir_kind k) {
    return k >= IR_LOC_UNKNOWN && k <= IR_LOC_FUSED;
}
static inline bool ir_is_attr(ir_kind k) {
    return k >= IR_ATTR_UNIT && k <= IR_LOC_FUSED;
}

/* The bytes of a STRING node; also of an ATTR_STRING, ATTR_KEYWORD or the root of an ATTR_SYMBOL. Empty for 0. */
str ir_held_str_of(const struct ir_context *c, ir_node n); /* of all but a STRING */
static inline str ir_str_of(const struct ir_context *c, ir_node n) {
    const uint32_t *w = ir_words(c, n);
    if ((w[0] & 0xff) != IR_STRING)
        return ir_held_str_of(c, n);
    return str_of((const char *)(uintptr_t)(w[4] | (uint64_t)w[5] << 32), (size_t)(w[2] | (uint64_t)w[3] << 32));
}

/* Shaped types (vector, tensor, memref and their unranked forms). */
bool ir_is_shaped(const struct ir_context *c, ir_type t);
ir_type ir_element_type(const struct ir_context *c, ir_type t); /* of a shaped or complex type; t itself otherwise */
int ir_rank(const struct ir_context *c, ir_type t);             /* -1 when unranked or not shaped */
int64_t ir_dim(const struct ir_context *c, ir_type t, int i);   /* IR_DYNAMIC for '?' */
ir_attr ir_encoding(const struct ir_context *c, ir_type t);     /* of a ranked tensor, else 0 */
/* Number of elements; -1 when dynamic, unranked or more than INT64_MAX. */
int64_t ir_num_elements(const struct ir_context *c, ir_type t);
/* Bits of one element of an integer, index (64), float or complex type; 0 for others. */
uint32_t ir_bit_width(const struct ir_context *c, ir_type t);
/* Bytes one element takes in a dense constant: width rounded up to bytes (i1: 1); complex counts both parts. 0: none. */
uint32_t ir_dense_element_bytes(const struct ir_context *c, ir_type t);

/* Integer attribute of at most 64 bits, sign-extended unless its type is unsigned or i1. False for anything else. */
bool ir_int_value(const struct ir_context *c, ir_attr a, int64_t *out);
/* Float attribute as a double (f80 and f128 are rounded). False for anything else. */
bool ir_float_value(const struct ir_context *c, ir_attr a, double *out);
/* Value of a key in an ATTR_DICT, 0 if absent (or if `dict` is 0). Binary search. */
ir_attr ir_dict_get(const struct ir_context *c, ir_attr dict, str key);
/* Address and length of the data of a DENSE or DENSE_ARRAY. Not aligned: read elements with memcpy. */
str ir_data(const struct ir_context *c, ir_attr a);
/* Bits of a float of a kind <-> double, as MLIR converts: rounded to nearest even; what is out of range becomes
 * infinity or, where the format has none, NaN, or, where it has neither, the largest number. Formats without a zero
 * give their smallest number for it. f8E8M0FNU, which has no sign, carries one in bit 8 because MLIR keeps it.
 * Words: low first; only f80 and f128 use the second. */
uint64_t ir_float_bits(ir_float f, double v);         /* formats of at most 64 bits */
double ir_float_from_bits(ir_float f, uint64_t bits); /* formats of at most 64 bits */
void ir_float_to_words(ir_float f, double v, uint64_t words[2]);
double ir_float_from_words(ir_float f, const uint64_t words[2]); /* f80 and f128 are rounded */
/* Whether the bits stand for infinity or NaN. */
bool ir_float_is_special(ir_float f, const uint64_t words[2]);

/* ---- making. All return 0 when out of memory. ------------------------------------------------------------ */

/* A string node. `copy` false: the bytes outlive the context (a slice of an owned source file, a literal). */
ir_str ir_string(struct ir_context *c, str s, bool copy);
ir_type ir_type_integer(struct ir_context *c, uint32_t width, ir_signedness s);
ir_type ir_type_float(struct ir_context *c, ir_float f);
ir_type ir_type_complex(struct ir_context *c, ir_type t);
ir_type ir_type_tuple(struct ir_context *c, const ir_type *t, uint32_t n);
ir_type ir_type_function(struct ir_context *c, const ir_type *in, uint32_t n_in, const ir_type *out, uint32_t n_out);
ir_type ir_type_tensor(struct ir_context *c, const int64_t *dims, uint32_t rank, ir_type elt, ir_attr encoding);
ir_type ir_type_memref(struct ir_context *c, const int64_t *dims, uint32_t rank, ir_type elt, ir_attr layout,
                       ir_attr space);
/* scalable: one flag per dimension, or NULL. */
ir_type ir_type_vector(struct ir_context *c, const int64_t *dims, uint32_t rank, const bool *scalable, ir_type elt);
/* The same shaped type with another element type. */
ir_type ir_with_element_type(struct ir_context *c, ir_type t, ir_type elt);

/* Cut to the width of its integer or index type. */
ir_attr ir_attr_int(struct ir_context *c, ir_type t, int64_t v);
/* An integer of any width from n_limbs limbs (low first), cut or sign-extended to its type. */
ir_attr ir_attr_int_limbs(struct ir_context *c, ir_type t, const uint64_t *limbs, uint32_t n_limbs);
ir_attr ir_attr_bool(struct ir_context *c, bool v);
ir_attr ir_attr_float(struct ir_context *c, ir_type t, double v);
/* A float attribute of exactly these bits (the second word counts for types over 64 bits only). */
ir_attr ir_attr_float_bits(struct ir_context *c, ir_type t, const uint64_t words[2]);
ir_attr ir_attr_string(struct ir_context *c, str s, bool copy);
ir_attr ir_attr_type(struct ir_context *c, ir_type t);
ir_attr ir_attr_array(struct ir_context *c, const ir_attr *a, uint32_t n);
ir_attr ir_attr_symbol(struct ir_context *c, str root, bool copy);
/* kv: n pairs (string node, attribute), in any order; sorted in place. 0 and *dup = the key when one occurs twice. */
ir_attr ir_attr_dict(struct ir_context *c, uint32_t *kv, uint32_t n, ir_str *dup);
/* A dictionary with one entry set (value 0: removed). dict may be 0. */
ir_attr ir_dict_set(struct ir_context *c, ir_attr dict, str key, ir_attr value);
ir_attr ir_attr_affine_map(struct ir_context *c, uint32_t dims, uint32_t symbols, const ir_expr *e, uint32_t n);
/* Elements of `elt` in `bytes`. Data of at most IR_BIG_BYTES is shared with equal data, so its address may change;
 * `copy` false: the bytes outlive the context. */
ir_attr ir_attr_dense_array(struct ir_context *c, ir_type elt, const void *data, size_t bytes, bool copy);
ir_attr ir_attr_dense(struct ir_context *c, ir_type t, ir_dense form, const void *data, size_t bytes, bool copy);

ir_loc ir_loc_file(struct ir_context *c, ir_str file, uint32_t line, uint32_t col);
ir_loc ir_loc_name(struct ir_context *c, ir_str name, ir_loc child);
/* As MLIR makes it: nested fusions of the same metadata are flattened, unknown and repeated locations dropped; one
 * location without metadata is itself, none is unknown. metadata may be 0. */
ir_loc ir_loc_fused(struct ir_context *c, ir_attr metadata, const ir_loc *l, uint32_t n);

/* Deeper expressions are refused: ir_expr_binary returns 0 without setting the context's failed flag. */
enum { IR_EXPR_MAX_DEPTH = 1000 };

/* Affine expressions, simplified and ordered as MLIR does when it builds them (constants folded and moved to the right,
 * x + 0, x * 1, nested constants combined, ...), so that text read back prints as mlir-opt prints it. */
ir_expr ir_expr_dim(struct ir_context *c, uint32_t i);
ir_expr ir_expr_symbol(struct ir_context *c, uint32_t i);
ir_expr ir_expr_const(struct ir_context *c, int64_t v);
ir_expr ir_expr_binary(struct ir_context *c, ir_kind op, ir_expr a, ir_expr b);

#endif
