/* cpu_hoist.h - moving groups of ops to functions of the CPU module; for the passes that choose the groups. */
#ifndef TTX_COMPILE_CPU_HOIST_H
#define TTX_COMPILE_CPU_HOIST_H

#include "compile/pass.h"

/* Ops of one block, in its order, and those of their results that are needed outside. */
typedef struct hoist_group {
    const ir_op *ops;
    uint32_t n_ops;
    const ir_value *outputs;
    uint32_t n_outputs;
    str suffix; /* of the function's name: "cpu_hoisted_" suffix "_" eight digits of its hash */
} hoist_group;

/* Each group becomes a function in the CPU module (made when there is none), a declaration in the device module, and a
 * call where the last op of the group stood; equal functions are made once. On the CPU integers and floats have 32 bits:
 * ttir.to_layout converts at the boundary. The ops go. As tt-mlir's runCPUHoist. */
bool hoist_groups(pass_context *p, const hoist_group *groups, uint32_t n);

#endif
