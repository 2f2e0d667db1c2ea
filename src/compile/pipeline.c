/* The pipeline: every pass in order. Names, order and conditions are those of tt-mlir's createTTIRToTTNNCommonPipeline, but for
 * ttir-update and apply-overrides, which are ours. */
#include "compile/override.h"
#include "compile/pass.h"
#include "compile/passes.h"

static bool if_update(const compile_options *o) {
    return o->update_older_forms;
}
static bool if_auto_sharding(const compile_options *o) {
    return o->auto_sharding;
}
static bool if_has_argument_types(const compile_options *o) {
    return o->argument_types.n != 0;
}
static bool if_fusing(const compile_options *o) {
    return o->fusing;
}
static bool if_quant_dequant(const compile_options *o) {
    return o->quant_dequant;
}
static bool if_broadcast_folding(const compile_options *o) {
    return o->broadcast_folding;
}
static bool if_erase_inverse(const compile_options *o) {
    return o->erase_inverse;
}
static bool if_const_eval(const compile_options *o) {
    return o->const_eval;
}
static bool if_cpu_hoisted_const_eval(const compile_options *o) {
    return o->cpu_hoisted_const_eval;
}
static bool if_remove_dead_values(const compile_options *o) {
    return o->remove_dead_values;
}
static bool if_decomposition(const compile_options *o) {
    return o->decomposition;
}
static bool if_workarounds(const compile_options *o) {
    return o->workarounds;
}
static bool if_kv_cache_dtype(const compile_options *o) {
    return !str_eq(o->kv_cache_dtype, STR("none"));
}
static bool if_activation_dtype(const compile_options *o) {
    return o->activation_dtype_lowering;
}
static bool if_unique_locations(const compile_options *o) {
    return o->unique_locations;
}
static bool if_const_eval_to_system(const compile_options *o) {
    return o->const_eval && o->const_eval_to_system_memory;
}
static bool if_optimizer(const compile_options *o) {
    return o->optimizer == COMPILE_DEFAULT ? o->level >= 1 : o->optimizer == COMPILE_ON;
}
static bool if_memory_layout(const compile_options *o) {
    return if_optimizer(o) && (o->memory_layout == COMPILE_DEFAULT ? o->level >= 2 : o->memory_layout == COMPILE_ON);
}
static bool if_overrides(const compile_options *o) {
    return o->overrides && o->overrides->entries.n;
}
static bool if_trace(const compile_options *o) {
    return o->trace;
}

const pass_row pipeline[] = {
    {"ttir-update", "TTIR of older versions becomes today's", pass_update, PASS_ROOT, if_update},
    {"stablehlo-aggressive-simplification", "StableHLO ops that change nothing go, chains of reshapes become one",
     pass_hlo_simplify, PASS_ROOT, NULL},
    {"stablehlo-inline", "private functions of StableHLO modules are inlined into their callers", pass_hlo_inline,
     PASS_ROOT, NULL},
    {"convert-xla-sdy-to-sdy", "what XLA writes of shardings as text becomes attributes", pass_xla_shardy, PASS_ROOT,
     NULL},
    {"stablehlo-fusing", "concatenations of one tensor become broadcasts, indices lose dimensions of one",
     pass_hlo_fusing, PASS_ROOT, NULL},
    {"stablehlo-complex-data-type-conversion", "complex numbers become pairs of real ones", pass_hlo_complex, PASS_ROOT,
     NULL},
    {"apply-argument-shard-status", "arguments and results that are parts already are marked", pass_shard_status,
     PASS_ROOT, NULL},
    {"analyze-mesh", "the mesh of devices gets rows and columns", pass_shard_mesh, PASS_ROOT, NULL},
    {"auto-sharding", "dimensions of arguments are cut where that is estimated to help", pass_auto_shard, PASS_ROOT,
     if_auto_sharding},
    {"sdy-user-priority-propagate", "shardings of some tensors spread to the others", pass_shard_propagate, PASS_ROOT,
     NULL},
    {"update-global-to-local-shapes", "tensors with a sharding become one device's part, with collectives in between",
     pass_shard_partition, PASS_ROOT, NULL},
    {"convert-stablehlo-to-ttir", "StableHLO ops become TTIR ops", pass_hlo_to_ttir, PASS_ROOT, NULL},
    {"ttcore-mark-functions-as-forward", "public functions are marked as device functions", pass_mark_forward,
     PASS_ROOT, NULL},
    {"ttcore-wrap-device-module", "the module moves into a device module", pass_wrap_device_module, PASS_ROOT, NULL},
    {"cpu-hoist-manually-tagged", "ops tagged ttir.should_hoist move to the CPU module", pass_cpu_hoist_tagged,
     PASS_ROOT, NULL},
    {"ttir-element-type-normalization", "element types become those of the device", pass_element_types, PASS_DEVICE,
     NULL},
    {"ttcore-register-device", "system descriptor and device are entered", pass_register_device, PASS_DEVICE, NULL},
    {"tt-populate-argument-types", "arguments are marked as input, parameter or constant", pass_argument_types,
     PASS_DEVICE, if_has_argument_types},
    {"canonicalize", "ops are folded and brought to their simplest form", pass_canonicalize, PASS_DEVICE, NULL},
    {"ttir-fusing", "groups of ops become one op", pass_ttir_fusing, PASS_DEVICE, if_fusing},
    {"ttir-quant-dequant-conversion", "dequantization moves through quantizable ops", pass_quant_dequant, PASS_DEVICE,
     if_quant_dequant},
    {"ttir-to-ttir-decomposition", "ops without a counterpart become simpler ones", pass_ttir_decomposition,
     PASS_DEVICE, NULL},
    {"canonicalize", "ops are folded and brought to their simplest form", pass_canonicalize, PASS_DEVICE, NULL},
    {"ttir-implicit-broadcast-fold", "broadcasts in front of ops that broadcast by themselves go", pass_broadcast_fold,
     PASS_DEVICE, if_broadcast_folding},
    {"ttir-fusing", "groups of ops become one op", pass_ttir_fusing, PASS_DEVICE, if_fusing},
    {"canonicalize", "ops are folded and brought to their simplest form", pass_canonicalize, PASS_DEVICE, NULL},
    {"inline", "private functions are inlined into their callers", pass_inline, PASS_DEVICE, NULL},
    {"ttir-infer-kv-cache-argument-types", "arguments that are caches are marked", pass_kv_cache_arguments, PASS_DEVICE,
     NULL},
    {"ttir-propagate-weight-dtype", "data types asked for weights reach the ops that use them",
     pass_propagate_weight_dtype, PASS_DEVICE, NULL},
    {"ttir-flatten-sliding-window", "inputs of convolutions and pools become 1x1x(N*H*W)xC", pass_flatten_window,
     PASS_DEVICE, NULL},
    {"ttir-explicate-tms", "implicit broadcasts and reshapes become ops", pass_explicate_tms, PASS_DEVICE,
     if_erase_inverse},
    {"ttir-erase-inverse-ops", "permutes, reshapes and broadcasts are moved so that they cancel", pass_erase_inverse,
     PASS_DEVICE, if_erase_inverse},
    {"ttir-implicit-broadcast-fold", "broadcasts in front of ops that broadcast by themselves go", pass_broadcast_fold,
     PASS_DEVICE, if_broadcast_folding},
    {"ttir-fusing", "groups of ops become one op", pass_ttir_fusing, PASS_DEVICE, if_fusing},
    {"ttir-fold-full-to-scalar", "constants that are only broadcast shrink to one element", pass_fold_full, PASS_DEVICE,
     NULL},
    {"ttir-consolidate-static-cache-updates", "updates of one cache are joined", pass_consolidate_caches, PASS_DEVICE,
     NULL},
    {"cse", "equal ops are merged", pass_cse, PASS_DEVICE, NULL},
    {"ttir-quant-data-type-conversion", "quantized storage gets the target's width", pass_quant_data_type, PASS_DEVICE,
     NULL},
    {"cse", "equal ops are merged", pass_cse, PASS_DEVICE, NULL},
    {"const-eval-hoist-transform", "what depends on weights only moves to functions that run once", pass_const_eval,
     PASS_DEVICE, if_const_eval},
    {"cpu-hoist-const-eval", "those functions' bodies move to the CPU module", pass_cpu_hoist_const_eval, PASS_ROOT,
     if_cpu_hoisted_const_eval},
    {"ttnn-layout", "every tensor gets a layout", pass_ttnn_layout, PASS_DEVICE, NULL},
    {"convert-ttir-to-ttnn", "TTIR ops become TTNN ops", pass_convert_ttir_to_ttnn, PASS_DEVICE, NULL},
    {"remove-dead-values", "values that nobody needs go, arguments included", pass_remove_dead_values, PASS_DEVICE,
     if_remove_dead_values},
    {"ttnn-resolve-composites", "composites become one op or are inlined", pass_resolve_composites, PASS_DEVICE, NULL},
    {"canonicalize", "ops are folded and brought to their simplest form", pass_canonicalize, PASS_DEVICE, NULL},
    {"symbol-dce", "functions that nobody calls go", pass_symbol_dce, PASS_DEVICE, NULL},
    {"ttnn-fusing", "activations move into the ops before them", pass_ttnn_fusing, PASS_DEVICE, if_fusing},
    {"ttnn-decomposition", "ops without a kernel become simpler ones", pass_ttnn_decomposition, PASS_DEVICE,
     if_decomposition},
    {"ttnn-memory-management", "slices and repeats move to where they need least memory", pass_ttnn_memory, PASS_DEVICE,
     NULL},
    {"ttnn-workaround", "operands get the types and layouts that kernels insist on", pass_ttnn_workaround, PASS_DEVICE,
     if_workarounds},
    {"ttnn-allocate-distributed-op-buffers", "buffers of distributed ops are allocated", pass_distributed_buffers,
     PASS_DEVICE, if_workarounds},
    {"canonicalize", "ops are folded and brought to their simplest form", pass_canonicalize, PASS_DEVICE,
     if_workarounds},
    {"cse", "equal ops are merged", pass_cse, PASS_DEVICE, if_workarounds},
    {"ttnn-weight-dtype-conversion", "weights get the data type asked for", pass_weight_dtype, PASS_DEVICE, NULL},
    {"ttnn-kv-cache-dtype-conversion", "caches get the data type asked for", pass_kv_cache_dtype, PASS_DEVICE,
     if_kv_cache_dtype},
    {"ttnn-ccl-activation-dtype-lowering", "activations between devices get a smaller data type", pass_activation_dtype,
     PASS_DEVICE, if_activation_dtype},
    {"ttnn-set-compute-kernel-config", "ops get the compute settings asked for", pass_compute_config, PASS_DEVICE,
     NULL},
    {"const-eval-hoist-transform", "what depends on weights only moves to functions that run once", pass_const_eval,
     PASS_DEVICE, if_const_eval},
    {"ttnn-configure-ccl-ops", "collectives get topology and links", pass_configure_ccl, PASS_DEVICE, NULL},
    {"ttnn-unique-locations", "checks that no two ops share a location", pass_unique_locations, PASS_DEVICE,
     if_unique_locations},
    {"apply-overrides", "what the user wants ops to have is entered", pass_overrides, PASS_DEVICE, if_overrides},
    {"ttnn-greedy-memory-layout-propagation", "results are spread over the cores where they fit",
     pass_layout_propagation, PASS_DEVICE, if_memory_layout},
    {"ttnn-greedy-l1-spill-management", "what does not fit into L1 together goes to DRAM", pass_l1_spill, PASS_DEVICE,
     if_memory_layout},
    {"canonicalize", "ops are folded and brought to their simplest form", pass_canonicalize, PASS_DEVICE,
     if_memory_layout},
    {"ttnn-prepare-conv2d-weights-and-bias", "weights and biases of convolutions are prepared", pass_prepare_conv2d,
     PASS_DEVICE, if_optimizer},
    {"ttnn-prepare-conv3d-weights", "weights of 3-D convolutions are prepared", pass_prepare_conv3d, PASS_DEVICE, NULL},
    {"const-eval-hoist-transform", "what depends on weights only moves to functions that run once", pass_const_eval,
     PASS_DEVICE, if_const_eval},
    {"ttnn-force-const-eval-to-system-memory", "weights that only those functions use stay on the host",
     pass_const_eval_system_memory, PASS_DEVICE, if_const_eval_to_system},
    {"canonicalize", "ops are folded and brought to their simplest form", pass_canonicalize, PASS_DEVICE,
     if_const_eval_to_system},
    {"ttnn-allocate-distributed-op-semaphores", "semaphores of distributed ops are allocated",
     pass_distributed_semaphores, PASS_DEVICE, NULL},
    {"ttnn-trace-hoist-transform", "the program is captured as a trace", pass_trace, PASS_DEVICE, if_trace},
    {"ttnn-decompose-layouts", "changes of layout become single steps", pass_decompose_layouts, PASS_DEVICE, NULL},
    {"canonicalize", "ops are folded and brought to their simplest form", pass_canonicalize, PASS_DEVICE, NULL},
    {"ttcore-optimization-barrier-fold", "optimization barriers go", pass_barrier_fold, PASS_DEVICE, NULL},
    {"ttnn-deallocate", "tensors are freed after their last use", pass_deallocate, PASS_DEVICE, NULL},
};
const uint32_t pipeline_n = sizeof pipeline / sizeof *pipeline;

bool compile_pass_at(uint32_t i, const char **name, const char **help) {
    if (i >= pipeline_n)
        return false;
    *name = pipeline[i].name;
    *help = pipeline[i].help;
    return true;
}
