/* check_inner.h - what the files of the checker share.
 *
 * A rule is a function on a checker that stands at one op; it returns false after having reported an error with
 * ck_fail. Operands, results and attributes are named as in the op table. Rules run after the table checks have
 * passed, so what the table demands can be relied on: required operands and attributes are there and of their kind
 * (shapes and values are not).
 */
#ifndef TTX_DIALECT_CHECK_INNER_H
#define TTX_DIALECT_CHECK_INNER_H

#include "base/platform.h"
#include "dialect/check.h"
#include "dialect/dialect.h"
#include "dialect/params.h"
#include "ir/symbols.h"

enum { CK_MAX_GROUPS = 256, CK_MAX_DIMS = 32, CK_TYPE_MEMO = 4096, CK_SEEN = 1 << 14 };

typedef struct checker {
    const ir_module *m;
    const ir_context *ctx;
    ir_report r;
    check_options options;
    struct mem *mem;
    struct arena arena; /* texts of the current op */
    ir_symbols symbols;
    ir_op op;
    const op_def *def;
    /* First operand (result) of each group of the table, and one past the last group: relative to the op. */
    uint32_t operand_at[CK_MAX_GROUPS + 1], result_at[CK_MAX_GROUPS + 1];
    uint64_t *seen;       /* CK_SEEN hashes of ops that passed: same name, attributes and types */
    uint64_t *type_memo;  /* CK_TYPE_MEMO entries: constraint << 33 | type << 1 | answer */
    struct map_u64 nodes; /* attributes and types whose insides were checked */
    bool older_told;      /* of a destination: once, for a module of then has one at each op */
    bool oom;
} checker;

/* Reports "'op' op message" at the current op; false. */
bool ck_fail(checker *k, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Without the "'op' op" in front. */
bool ck_fail_plain(checker *k, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ---- operands and results ------------------------------------------------------------------------------- */

/* Type of the (first) operand of a group, 0 when it has none or no such group exists. */
ir_type ck_in(checker *k, const char *name);
/* The operand itself. */
ir_value ck_in_value(checker *k, const char *name);
/* Number of operands in a group; *first (may be NULL) their first operand index. */
uint32_t ck_in_count(checker *k, const char *name, uint32_t *first);
/* Type of operand or result i; 0 when there are not so many. */
ir_type ck_operand(checker *k, uint32_t i);
ir_type ck_result(checker *k, uint32_t i);
/* Type of the (first) result of a group. */
ir_type ck_out(checker *k, const char *name);
/* Warns that the current op has a destination (check_is_destination_form); of the first one only. */
void ck_warn_destination(checker *k);

/* ---- types ---------------------------------------------------------------------------------------------- */

static inline int ck_rank(checker *k, ir_type t) {
    return ir_rank(k->ctx, t);
}
static inline int64_t ck_dim(checker *k, ir_type t, int i) {
    return ir_dim(k->ctx, t, i < 0 ? i + ir_rank(k->ctx, t) : i);
}
/* Element type of a shaped type, else the type itself. */
static inline ir_type ck_element(checker *k, ir_type t) {
    return ir_is_shaped(k->ctx, t) ? ir_element_type(k->ctx, t) : t;
}
bool ck_same_shape(checker *k, ir_type a, ir_type b);
/* Whether an element type is an integer (of any sign and width). */
bool ck_is_integer(checker *k, ir_type element);
bool ck_is_float(checker *k, ir_type element);
/* Dimensions of a ranked type, at most CK_MAX_DIMS; the number of them. */
int ck_shape(checker *k, ir_type t, int64_t dims[CK_MAX_DIMS]);
/* Product of the dimensions; -1 when one is dynamic or it overflows. */
int64_t ck_volume(checker *k, ir_type t);

/* The shape two shapes broadcast to, aligned at their last dimensions; its rank, -1 when they do not. */
int ck_broadcast(const int64_t *a, int na, const int64_t *b, int nb, int64_t out[CK_MAX_DIMS]);
bool ck_equal(const int64_t *a, int na, const int64_t *b, int nb);

/* Arithmetic on sizes that come from the input: wraps around instead of overflowing. */
static inline int64_t ck_add(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a + (uint64_t)b);
}
static inline int64_t ck_mul(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

/* A demand on the rank of an operand or result; messages as given. A value that is absent passes. */
typedef struct ck_rank_rule {
    const char *value; /* NULL ends a list */
    int rank;          /* exactly; negative: at least -rank */
    const char *message;
} ck_rank_rule;
bool ck_ranks(checker *k, const ck_rank_rule *rules);

/* ---- attributes ----------------------------------------------------------------------------------------- */

ir_attr ck_attr(checker *k, const char *name);
/* An integer attribute (also a bool), or `preset` when it is absent. */
int64_t ck_int(checker *k, const char *name, int64_t preset);
bool ck_bool(checker *k, const char *name);
/* The numbers of an array, dense array, or of an integer by itself (one number): at most cap are written; how many
 * there are, -1 when the attribute is absent or something else. */
int ck_ints(checker *k, const char *name, int64_t *out, int cap);
/* The text of a string, symbol, or of an attribute that wraps an enum; empty when absent. */
str ck_text(checker *k, const char *name);

/* ---- texts for messages, in k->arena; empty and k->oom set when memory runs out -------------------------------------------------------------------- */

/* A type or attribute; empty when the options have no printer. */
str ck_print(checker *k, ir_node n);
/* Names joined by ", ". */
str ck_join(checker *k, const dtext *names, uint32_t n);
/* Numbers joined by a separator; '?' for IR_DYNAMIC. */
str ck_list(checker *k, const int64_t *v, int n, const char *separator);
/* A shape as "1,2,3" with any separator. */
str ck_dims(checker *k, ir_type t, const char *separator);

/* ---- the parts ------------------------------------------------------------------------------------------ */

/* Finds the operand and result groups of the current op: operand_at and result_at. Errors when counts do not fit. */
bool ck_groups(checker *k);
/* Checks the current op against its table entry, ck_groups included (check_op.c). */
bool ck_table(checker *k);
/* Whether a type satisfies a constraint, remembered. */
bool ck_type_ok(checker *k, uint32_t constraint, ir_type t);

typedef bool (*ck_rule_fn)(checker *k);
typedef struct ck_rule {
    const char *op; /* full name */
    ck_rule_fn fn;
    bool dynamic; /* also for types with dimensions only known at run time; otherwise such ops pass unseen */
} ck_rule;

/* Rules that look at the op alone: name, attributes and types. A list ends with a NULL name. */
extern const ck_rule ck_rules_ttir[], ck_rules_ttnn[], ck_rules_misc[], ck_rules_upstream[];
/* Rules for ops that several dialects have alike (check_shape.c, check_matmul.c, check_window.c). */
bool ck_arange(checker *k);
bool ck_broadcast_to(checker *k);
bool ck_concat(checker *k);
bool ck_cumulative(checker *k);
bool ck_embedding(checker *k);
bool ck_full(checker *k);
bool ck_gather(checker *k);
bool ck_index(checker *k);
bool ck_index_select(checker *k);
bool ck_permute(checker *k);
bool ck_rand(checker *k);
bool ck_reduce(checker *k);
bool ck_repeat(checker *k);
bool ck_repeat_interleave(checker *k);
bool ck_reshape(checker *k);
bool ck_reverse(checker *k);
bool ck_slice(checker *k);
bool ck_softmax(checker *k);
bool ck_sort(checker *k);
bool ck_squeeze(checker *k);
bool ck_transpose(checker *k);
bool ck_unsqueeze(checker *k);
bool ck_matmul(checker *k);
bool ck_linear(checker *k);
bool ck_sparse_matmul(checker *k);
bool ck_pool2d(checker *k);
bool ck_upsample2d(checker *k);
bool ck_ttnn_conv2d(checker *k);
bool ck_ttnn_conv3d(checker *k);
/* Caches, attention, collectives (check_model.c). */
bool ck_paged_fill_cache(checker *k);
bool ck_chunked_attention(checker *k);
bool ck_flash_mla_decode(checker *k);
bool ck_tt_lang(checker *k);
bool ck_all_to_all_dispatch(checker *k);
bool ck_all_to_all_combine(checker *k);
bool ck_ttir_dispatch_metadata(checker *k);
bool ck_ttnn_dispatch_metadata(checker *k);
bool ck_moe_gpt(checker *k);
bool ck_moe_compute(checker *k);
bool ck_split_heads(checker *k);

/* d2m (check_d2m.c). */
bool ck_d2m_generic(checker *k);
bool ck_d2m_spatial(checker *k);
bool ck_d2m_remote(checker *k);
bool ck_d2m_compute(checker *k);

/* Upstream ops that look at other ops (check_upstream.c). */
bool ck_get_global(checker *k);
bool ck_func_constant(checker *k);
bool ck_scf_if(checker *k);
bool ck_scf_for(checker *k);

/* Rules that look at other ops: symbols, parents, users. */
extern const ck_rule ck_rules_context[];

#endif
