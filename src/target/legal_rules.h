/* legal_rules.h - the table of legal_rules.c, for the files of legality only. */
#ifndef TARGET_LEGAL_RULES_H
#define TARGET_LEGAL_RULES_H

#include "target/legal.h"

/* Where a tensor lies: one bit each. */
enum {
    PLACE_DRAM = 1 << 0, /* interleaved */
    PLACE_L1 = 1 << 1,   /* interleaved */
    PLACE_HEIGHT = 1 << 2,
    PLACE_WIDTH = 1 << 3,
    PLACE_BLOCK = 1 << 4,
    PLACE_DRAM_SHARDED = 1 << 5,
    PLACE_HOST = 1 << 6
};

enum {
    RULE_ELEMENTWISE = 1 << 0,
    RULE_MATMUL = 1 << 1,
    RULE_CONCAT = 1 << 2,        /* all operands alike, the result like them when sharded */
    RULE_SAME_SHARDING = 1 << 3, /* operand 0 and result: both sharded only in the same way */
    RULE_SAME_GRID = 1 << 4,     /* a sharded operand 0 gives a result on the same grid */
    RULE_FOLLOW = 1 << 5,        /* the result lies as operand 0 */
    RULE_NORM = 1 << 6,          /* sharded over a full rectangle, the result alike */
    RULE_STAYS = 1 << 7,         /* operands are not brought into another layout for it */
    RULE_DRAM_ONLY = 1 << 8,
    RULE_PAGE_FREE = 1 << 9, /* makes tiles or rows, whatever the operand has */
    RULE_MOVES = 1 << 10,    /* the op is there to move data; not the user's to choose */
    RULE_PINNED = 1 << 11    /* lowering places its tensors */
};

typedef struct legal_rule {
    uint16_t op;   /* OP_*; OP_N: a default */
    uint8_t out;   /* PLACE_* of results */
    uint8_t in[4]; /* of operands; the last written repeats */
    uint16_t flags;
    const char *why_out, *why_in;
} legal_rule;

/* NULL for ops of other dialects. */
const legal_rule *legal_rule_of(const ir_module *m, ir_op op);
/* Whether an op runs once, before the model: it stands in a const-eval function or depends on constants only, so that
 * const-eval hoisting takes it. Nothing of that may be left in L1 (ttnn-pipeline.md, section 6). */
bool legal_runs_once(const ir_module *m, ir_op op);
uint8_t legal_place(const ttnn_layout *l);
uint8_t legal_takes(const legal_rule *r, uint32_t operand);

/* The multicast matmul that a sharded result stands for (tt-mlir generateMatmulProgramConfig). All in tiles. */
typedef struct legal_matmul {
    bool two_d, mcast_in0, fuse_batch;
    bool fused; /* the result is sharded: written in place */
    int64_t grid_x, grid_y;
    int64_t m, n, k; /* of the whole product */
    int64_t in0_block_w, out_subblock_h, out_subblock_w, out_block_h, out_block_w, per_core_m, per_core_n;
    int64_t max_subblock;
} legal_matmul;
/* False when a result like `out` has no program config: interleaved, batched weights, fewer than two dimensions. */
bool legal_matmul_of(const legal_env *e, ir_op op, const ttnn_layout *out, legal_matmul *k);

/* What one core of a convolution with a sharded result works on. Blocks in tiles. */
typedef struct legal_conv {
    int64_t image_rows, image_channels; /* of the input with its halo, bf16 */
    int64_t act_block_h, act_block_w;   /* of gathered windows */
    int64_t weight_block_w;             /* act_block_w high */
    bool act_twice, weights_twice;      /* double buffers */
} legal_conv;
/* False when the op is no ttnn.conv2d, or its result is not sharded in L1. */
bool legal_conv_of(const legal_env *e, ir_op op, const ttnn_layout *out, legal_conv *k);

#endif
