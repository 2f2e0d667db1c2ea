/* compile.h - from TTIR (or StableHLO) to TTNN, pass by pass, every stage kept.
 *
 *   module ──pass──▶ stage 1 ──pass──▶ stage 2 ... ──▶ stage n        pipeline.c has the passes in order
 *
 * A run never changes the module it is given. Each pass leaves a stage; one that changed nothing shares the module of the
 * stage before. After a failure the stages so far stay, the last one has `failed` set, and the diagnostics say which
 * pass, which op, where and why.
 *
 * The pipeline is that of tt-mlir's ttir-to-ttnn-common-pipeline; option names and defaults are its own.
 */
#ifndef TTX_COMPILE_COMPILE_H
#define TTX_COMPILE_COMPILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "ir/ir.h"

/* A truth value that may be left to the optimization level, or (fields of the compute config) to the device whatever the
 * level. */
typedef enum compile_choice { COMPILE_DEFAULT, COMPILE_OFF, COMPILE_ON, COMPILE_UNSET } compile_choice;

enum { COMPILE_MAX_MESH = 8 };

/* What the option strings of the vendor's pipeline say. compile_options_init gives the defaults. Strings are not owned. */
typedef struct compile_options {
    int level;                            /* optimization-level: 0, 1, 2 */
    str system_desc;                      /* bytes of a .ttsys file; empty: the mock of `arch` */
    str arch;                             /* mock-system-desc-arch: "wormhole_b0" (default), "blackhole" */
    str board;                            /* "n150", "p150": a built-in board in place of the mock; empty: none */
    int64_t mesh_shape[COMPILE_MAX_MESH]; /* mesh-shape */
    uint32_t n_mesh_shape;
    str mesh_topology[COMPILE_MAX_MESH]; /* "ring", "linear", "disabled" per mesh axis */
    uint32_t n_mesh_topology;
    str argument_types;                /* "func=input,parameter,constant;..." */
    compile_choice optimizer;          /* enable-optimizer: level >= 1 */
    compile_choice memory_layout;      /* memory-layout-analysis-enabled: level >= 2 */
    compile_choice fuse_conv_multiply; /* enable-fusing-conv2d-with-multiply-pattern: level >= 1 */
    bool fusing, quant_dequant, broadcast_folding, erase_inverse; /* enable-...-pass */
    bool decomposition;                                           /* enable-ttnn-decomposition-pass */
    bool permute_matmul_fusion, permute_slice_fusion;
    bool workarounds, layout_workarounds, decomposition_workarounds;
    bool remove_dead_values, const_eval, cpu_hoisted_const_eval, const_eval_to_system_memory;
    bool trace, row_major, dram_space_saving, activation_dtype_lowering, unique_locations;
    uint32_t target_bit_width;        /* 32 */
    str weight_dtype, kv_cache_dtype; /* "none", "bfp_bf8", "bfp_bf4" */
    str math_fidelity;                /* "" = by level: hifi4 at level 0, undefined above */
    compile_choice fp32_dest_acc, math_approx, packer_l1_acc, dst_full_sync;
    str composite_resolution;  /* "auto" */
    str argument_shard_status; /* "as-given", "presharded": as tt-mlir, those with a sharding; "unsharded" */
    str results_presharded;    /* result-presharded: "0,1", an entry per result; "": none */
    bool auto_sharding;        /* enable-auto-sharding: the compiler chooses how StableHLO's arguments are cut */
    bool
        update_older_forms; /* update-older-forms: TTIR of older versions, which today's refuses, is brought up to date */
    double tensor_l1_usage_cap; /* 0.95 */
    uint32_t max_legal_layouts, max_fallback_attempts;
    /* Set: only what comes after / up to and including this pass runs ("ttnn-layout", or "canonicalize#3" for the third
     * of that name). For looking at single passes. */
    str start_after, stop_after;
    str only_pass; /* set: nothing but this pass runs */
    bool
        locations_in_hashes; /* names of CPU functions: hash with locations, as under --mlir-print-debuginfo; default on */
    bool verify; /* check what comes out, and when it is invalid find the pass that made it so; default on */
    /* Called before each pass; false stops the run ("cancelled"). May be NULL. */
    bool (*progress)(void *arg, uint32_t pass, uint32_t n_passes, str name);
    void *progress_arg;
    struct override_set *overrides; /* override.h; NULL: none. Its results are written */
} compile_options;

/* What the vendor's pipeline does without options (ttnn-pipeline.md). */
void compile_options_init(compile_options *o);
/* Sets one option by the vendor's name ("enable-const-eval", "false"). False with a sentence in *why (static text) when
 * there is no such option or the value is not one of its values. Text values must outlive the options. */
bool compile_option_set(compile_options *o, str name, str value, const char **why);

/* A module that several stages share. */
typedef struct compile_module {
    const ir_module *m;
    uint32_t refs, n_ops; /* n_ops: ops attached to the root, the root not counted */
    bool borrowed;        /* the input, which is the caller's */
} compile_module;

/* Where each op of a stage came from: sources[start[op]] .. sources[start[op + 1]] are ops of the previous stage. An op
 * without sources was made from nothing. */
typedef struct compile_origins {
    uint32_t *start; /* m->n_ops + 1 entries; NULL: every op came from the op of the same handle */
    uint32_t *sources;
    uint32_t n_start, n_sources;
} compile_origins;

typedef struct compile_stage {
    const char *pass;       /* "" for the input; the names of tt-mlir ("ttir-fusing") */
    uint32_t number;        /* of the pass in the pipeline, from 1; 0 for the input */
    compile_module *module; /* shared with the stage before when !changed */
    bool changed, failed;
    uint64_t nanoseconds; /* of the pass itself */
    uint32_t ops_before, ops_after;
    compile_origins origins; /* ops of the previous stage; see there when !changed */
} compile_stage;

typedef struct compile_run {
    struct mem *mem;
    compile_stage *stages; /* stages[0] is the input */
    uint32_t n_stages, cap_stages;
    bool ok, cancelled;
    uint64_t nanoseconds; /* all of it */
} compile_run;

/* Compiles `input`, which stays the caller's and must outlive the run (stage 0 and whatever shares it show it). Errors
 * go to `d`; the result is NULL only when memory runs out (d says so). Not for two threads at a time over one context:
 * compiling makes nodes in the module's context. The run is freed with compile_free. */
compile_run *compile_run_new(const ir_module *input, const compile_options *o, struct diags *d);
void compile_free(compile_run *r);

/* The module of the last stage (after a failure: what the failing pass was given). */
const ir_module *compile_result(const compile_run *r);

/* The pipeline for --list-passes: name and one line of pass i, in order; false when there is no pass i. */
bool compile_pass_at(uint32_t i, const char **name, const char **help);
/* Follows op of stage `stage` back to stage `to` (to < stage): writes at most cap ops, returns how many there are. */
uint32_t compile_trace_back(const compile_run *r, uint32_t stage, uint32_t op, uint32_t to, uint32_t *out,
                            uint32_t cap);

#endif
