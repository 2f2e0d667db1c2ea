/* shard_rule.h - rules in the making, for the files that know some; internal to the room. */
#ifndef TTX_COMPILE_SHARD_RULE_H
#define TTX_COMPILE_SHARD_RULE_H

#include "compile/shard.h"

typedef struct rule_making {
    pass_context *p;
    ir_op op;
    shard_rule *r;
    shape *shapes; /* of operands, then results; n = 0 for what is no static tensor */
} rule_making;

typedef void rule_fn(rule_making *k);

/* Without dimensions when there is no such operand or result. */
const shape *rule_operand_shape(const rule_making *k, uint32_t i);
const shape *rule_result_shape(const rule_making *k, uint32_t i);
/* A new factor; -1 when there are too many: its dimensions then stay whole. */
int rule_new_factor(rule_making *k, int64_t size);
/* Dimension d of tensor t (operands first) is made of this factor too, the minor one so far. Nothing for -1. */
void rule_add_factor(rule_making *k, uint32_t t, int64_t d, int factor);
void rule_add_result_factor(rule_making *k, uint32_t i, int64_t d, int factor);
/* Dimension d of all operands and results of the result's rank, as far as they have its size. */
void rule_same_dim(rule_making *k, int d);
/* Every element alone; result i is operand i; all dimensions but the last. */
rule_fn rule_elementwise, rule_pairwise, rule_all_but_last;

/* shard_rule_call.c */
rule_fn rule_custom_call, rule_attention;
/* An op that a composite became: topk, gather along a dimension, argmax. */
rule_fn rule_composite;
/* What the op itself says (sdy.sharding_rule); false when it does not. */
bool rule_given(rule_making *k);

#endif
