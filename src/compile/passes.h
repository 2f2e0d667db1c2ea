/* passes.h - the passes of pipeline.c, one per file. */
#ifndef TTX_COMPILE_PASSES_H
#define TTX_COMPILE_PASSES_H

#include "compile/pass.h"

pass_fn pass_update;
pass_fn pass_hlo_simplify, pass_hlo_inline, pass_hlo_fusing, pass_hlo_complex, pass_hlo_to_ttir;
pass_fn pass_xla_shardy, pass_shard_status, pass_shard_mesh, pass_auto_shard, pass_shard_propagate,
    pass_shard_partition;
pass_fn pass_mark_forward, pass_wrap_device_module, pass_cpu_hoist_tagged, pass_element_types, pass_register_device,
    pass_argument_types;
pass_fn pass_canonicalize, pass_cse, pass_symbol_dce, pass_inline, pass_remove_dead_values;
pass_fn pass_const_eval, pass_cpu_hoist_const_eval, pass_const_eval_system_memory;
pass_fn pass_ttir_fusing;
pass_fn pass_broadcast_fold;
pass_fn pass_fold_full;
pass_fn pass_explicate_tms;
pass_fn pass_kv_cache_arguments;
pass_fn pass_propagate_weight_dtype;
pass_fn pass_flatten_window;
pass_fn pass_consolidate_caches;
pass_fn pass_ttir_decomposition;
pass_fn pass_quant_dequant;
pass_fn pass_quant_data_type;
pass_fn pass_erase_inverse;
pass_fn pass_ttnn_layout, pass_convert_ttir_to_ttnn;
pass_fn pass_trace, pass_activation_dtype;
pass_fn pass_resolve_composites, pass_ttnn_fusing, pass_ttnn_decomposition, pass_ttnn_memory, pass_weight_dtype,
    pass_kv_cache_dtype;
pass_fn pass_ttnn_workaround, pass_distributed_buffers, pass_distributed_semaphores, pass_compute_config,
    pass_configure_ccl, pass_unique_locations, pass_prepare_conv2d, pass_prepare_conv3d, pass_decompose_layouts;
pass_fn pass_overrides, pass_layout_propagation, pass_l1_spill;
pass_fn pass_barrier_fold, pass_deallocate;

/* What pass_canonicalize does, within one op. */
bool canonicalize(pass_context *p, ir_op scope);

#endif
