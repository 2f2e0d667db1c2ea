/* seed.h - values for arguments that nobody gave, and the generator behind them; internal to the room. */
#ifndef TTX_EXEC_SEED_H
#define TTX_EXEC_SEED_H

#include <stdint.h>

#include "exec/exec.h"
#include "ir/ir.h"

/* A counter-based generator: number i of a stream is a hash of both, so that any element can be made alone. */
static inline uint64_t seed_bits(uint64_t stream, uint64_t i) {
    uint64_t z = stream + (i + 1) * 0x9e3779b97f4a7c15u; /* splitmix64 (Steele, Lea, Flood 2014) */
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* In [0, 1), and a normal number (mean 0, deviation 1). */
static inline double seed_uniform(uint64_t stream, uint64_t i) {
    return (double)(seed_bits(stream, i) >> 11) * 0x1p-53;
}
double seed_normal(uint64_t stream, uint64_t i);

/* Makes the values of all arguments that are not bound. False when memory ran out, or exec_cancel asked to stop: then some
 * are made. Progress is told as in a run of which nothing is done. */
bool seed_arguments(exec_plan *x, const exec_hooks *h);

/* Of each argument what its numbers have to be below because they say where something is; 0: they do not, or it is not known. False
 * when out of memory. */
bool seed_limits(exec_plan *x, double *below);

/* seed_bounds.c. What an operand that says where something is has to be below; false: it is no such operand, as far as is known. */
bool seed_bound(const exec_plan *x, ir_op op, uint32_t operand, double *high);
/* The name of an op, and the number of its operand; of a custom call those of the op that it stands for. Empty: a call of something else. */
str seed_asked(const exec_plan *x, ir_op op, uint32_t *operand);

#endif
