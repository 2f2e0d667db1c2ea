/* legal.h - which layouts and settings an op may have, and why not the others. The one home of legality: the compiler's
 * optimizer, overrides, the REST API and the UI all ask here.
 *
 *   physics   a layout must exist on the device: banks, worker grid, tiles, L1               legal_fits
 *   op        kernels take and make only some layouts; the table is in legal_rules.c        legal_result, legal_operand,
 *                                                                                           legal_combination
 *   settings  the overridable fields of an op as texts (overrides.md), one by one           legal_fields, legal_check
 *
 * The vendor decides the second part by asking its library; here it is a table of what the reference's optimizer rules
 * say (ttnn-pipeline.md section 10, tt-mlir Analysis/OpRules) and, where they say nothing, the careful answer: elementwise
 * ops take sharded tensors, others interleaved ones. Reasons are sentences without a full stop.
 *
 * Nothing here makes nodes in the context, so any thread may ask about a module that nobody changes.
 */
#ifndef TARGET_LEGAL_H
#define TARGET_LEGAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "ir/ir.h"
#include "target/layout.h"

/* What is judged against. A value; copies are fine. */
typedef struct legal_env {
    const ir_module *m;
    target_device device;
    uint64_t l1_budget; /* bytes of one core that tensors and kernels may take together */
} legal_env;

/* The share of L1 that upstream plans with unless told otherwise (tensor-l1-usage-cap). */
#define LEGAL_L1_CAP 0.95

/* The device registered in `m`, with the L1 budget of that share less ttnn.l1_const_eval_usage. False when
 * the module has no device: nothing can be judged before ttcore-register-device. */
bool legal_env_init(legal_env *e, const ir_module *m, double l1_cap);

/* ---- layouts --------------------------------------------------------------------------------------------- */

/* In all of these `why` may be NULL; otherwise a sentence is appended to it when the answer is no. */

/* Whether a tensor of this type can lie like that on the device at all. */
bool legal_fits(const legal_env *e, ir_type tensor, const ttnn_layout *l, struct buf *why);
/* Whether the layout of the op's results is anyone's to choose (not of ttnn.empty, ttnn.to_tensor_spec, views of host
 * tensors, ops of other dialects). */
bool legal_is_free(const legal_env *e, ir_op op, struct buf *why);
/* Whether the op's kernel makes a result / takes an operand like that. Includes legal_fits. For a result the grid must also
 * be the smallest one that gives its shards, as the compiler generates them: others leave cores empty. */
bool legal_result(const legal_env *e, ir_op op, uint32_t result, const ttnn_layout *l, struct buf *why);
bool legal_operand(const legal_env *e, ir_op op, uint32_t operand, const ttnn_layout *l, struct buf *why);
/* Whether these operands and this first result go together and fit into L1 at once. in: one layout per operand (only those
 * of tensors with a layout are looked at). */
bool legal_combination(const legal_env *e, ir_op op, const ttnn_layout *in, const ttnn_layout *out, struct buf *why);
/* Bytes of one core that the op needs: operands and result in L1 and its circular buffers (estimate; see legal_rules.c). */
uint64_t legal_l1_need(const legal_env *e, ir_op op, const ttnn_layout *in, const ttnn_layout *out);
/* Checks every TTNN op of the module as it stands (legal_fits of all values, legal_operand, legal_combination); adds an
 * error per op to `d`, which may be NULL. Returns how many ops are illegal. */
uint32_t legal_check_module(const legal_env *e, struct diags *d);

enum { LEGAL_SHARDED_ONLY = 1 << 0, LEGAL_ROW_MAJOR = 1 << 1 /* row-major ones too */ };
/* The layouts the compiler considers for a tensor (ttnn-layouts.md, section 6): DRAM interleaved, L1 interleaved, then
 * sharded ones by falling number of cores, of each the smallest grid per shard. Without core ranges. The list is in the
 * arena; NULL with *n = 0 when out of memory or the shape is dynamic. */
const ttnn_layout *legal_layouts(const legal_env *e, struct arena *a, ir_type tensor, target_dtype dtype,
                                 uint32_t flags, uint32_t *n);
/* The same for the op's first result: those that legal_result allows, L1 need included. */
const ttnn_layout *legal_op_layouts(const legal_env *e, struct arena *a, ir_op op, target_dtype dtype, bool tiled,
                                    uint32_t *n);

/* Whether the op's result is its operand's memory (reshape, pad, repeat, permute that move nothing). */
bool legal_is_view(const legal_env *e, ir_op op);

/* Whether a value is known before the model runs: a parameter, a constant, what depends on nothing else. It waits in DRAM: what
 * const-eval hoisting takes may not be left in L1. */
bool legal_is_known(const ir_module *m, ir_value v);

/* What the optimizer does with an op (legal_rules.c). */
typedef struct legal_plan {
    bool reshard_inputs; /* worth bringing operands into another layout for */
    bool follow_input;   /* the result lies as operand 0 does; nothing else is tried */
    bool interleaved;    /* only interleaved results are tried */
    bool dram_only;      /* only DRAM interleaved ones */
} legal_plan;
legal_plan legal_plan_of(const legal_env *e, ir_op op);
/* Whether the op is one of the device's that rules speak of. */
bool legal_plan_known(const ir_module *m, ir_op op);

/* "l1:height_sharded:8x1:tile:bf16", as the option string has it, appended. */
void legal_layout_text(const ttnn_layout *l, struct buf *out);

/* ---- settings -------------------------------------------------------------------------------------------- */

typedef enum legal_group {
    LEGAL_OUTPUT, /* layout of the first result: data_type, memory_layout, buffer_type, tensor_memory_layout, grid_shape */
    LEGAL_CONV2D,  /* fields of conv2d_config */
    LEGAL_CONV3D,  /* fields of conv3d_config */
    LEGAL_MATMUL,  /* program_config and its numbers */
    LEGAL_COMPUTE, /* fields of the compute kernel config */
    LEGAL_WEIGHT,  /* weight_dtype */
    LEGAL_RESHARD, /* layout of operand n: keys "n.buffer_type" and so on */
    LEGAL_N_GROUPS
} legal_group;
extern const str legal_group_names[LEGAL_N_GROUPS]; /* "output_layout", "conv2d_config", ... */

/* One setting of an op: the key and the value as overrides spell them. */
typedef struct legal_setting {
    legal_group group;
    str key, value;
} legal_setting;

typedef struct legal_verdict {
    bool legal;
    str why;        /* a sentence when it is not */
    str nearest[4]; /* legal values near it */
    uint32_t n_nearest;
} legal_verdict;

typedef enum legal_control { LEGAL_CHOICE, LEGAL_NUMBER, LEGAL_GRID } legal_control;

typedef struct legal_option {
    str value;
    bool legal;
    str why; /* empty when legal */
} legal_option;

enum { LEGAL_MOST_NUMBERS = 64 };
typedef struct legal_field {
    legal_group group;
    str key, help;
    legal_control control;
    str value; /* what holds now: the setting if there is one, else the op's attribute or type; "" when nothing is set */
    /* Choices: every value the field knows. Grids: the legal ones. Numbers: min, max and step, and the legal ones unless there
     * are more than LEGAL_MOST_NUMBERS. */
    const legal_option *options;
    uint32_t n_options;
    int64_t min, max, step;
    str why; /* of numbers when none is legal: the reason; else empty */
} legal_field;

/* Whether a group has a field of that key (of reshards: with the operand's number in front). */
bool legal_find_field(legal_group group, str key);
/* Whether this op has it. */
bool legal_has_field(const legal_env *e, ir_op op, legal_group group, str key);
/* The overridable fields of an op given the settings it already has, with every choice judged. In the arena. NULL with
 * *n = 0 when it has none; *failed is set when memory ran out. */
const legal_field *legal_fields(const legal_env *e, struct arena *a, ir_op op, const legal_setting *set, uint32_t n_set,
                                uint32_t *n, bool *failed);
/* One of them. False when the op has no such field or memory ran out. */
bool legal_field_of(const legal_env *e, struct arena *a, ir_op op, const legal_setting *set, uint32_t n_set,
                    legal_group group, str key, legal_field *out);
/* Judges setting number `which` of a set given the others. Texts are in the arena. */
legal_verdict legal_check(const legal_env *e, struct arena *a, ir_op op, const legal_setting *set, uint32_t n_set,
                          uint32_t which);
/* Layouts of all operands (those without one are empty) and of the first result of an op. */
enum { LEGAL_MAX_OPERANDS = 64 };
typedef struct legal_arrangement {
    ttnn_layout in[LEGAL_MAX_OPERANDS], out;
} legal_arrangement;

/* The layouts that an op's tensors get by the output and reshard settings of a set. What is left open is chosen by the compiler:
 * the present layouts first, then as many cores as possible; where the kernel wants its tensors to lie alike, those that
 * nothing is said about follow. `start` is how the operands lie to begin with (NULL: as they do in the module). False with
 * a reason appended (why may be NULL) when there is no such arrangement or memory ran out. */
bool legal_arrange(const legal_env *e, struct arena *a, ir_op op, const legal_setting *set, uint32_t n_set,
                   const legal_arrangement *start, legal_arrangement *out, struct buf *why);

#endif
