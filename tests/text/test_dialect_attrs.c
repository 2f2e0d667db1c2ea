/* Dialect attributes and types: what is written, and what the printer makes of it.
 *
 * The texts are from the reference pages on ttcore and ttnn attributes, from tt-mlir's, StableHLO's and Shardy's own
 * tests, and from what mlir-opt prints. Each is read, must be structured (not kept as text), print as told, and read
 * back as the same node. */
#include "test.h"

#include "base/buf.h"
#include "dialect/dialect.h"
#include "dialect/ids.h"
#include "dialect/params.h"
#include "text/text.h"

static const struct sample {
    const char *in, *out; /* out NULL: the same */
} samples[] = {
    /* enums */
    {"#ttcore.reduce_type<sum>", NULL},
    {"#ttnn.buffer_type<dram>", NULL},
    {"#ttcore.supportedDataTypes<bfp_bf8>", NULL},
    {"#ttir<reduce_dim R>", NULL},
    {"#stablehlo<precision DEFAULT>", NULL},
    {"#stablehlo<comparison_direction EQ>", NULL},
    {"#arith.fastmath<nnan,ninf>", NULL},
    {"#arith.fastmath<ninf, nnan>", "#arith.fastmath<nnan,ninf>"},
    {"#arith.overflow<none>", NULL},
    {"#linalg.iterator_type<parallel>", NULL},
    {"#vector.kind<add>", NULL},
    /* ttcore */
    {"#ttcore.grid<8x8>", NULL},
    {"#ttcore.grid<8x8, virt_to_physical_map = (d0, d1) -> (0, d0, d1), physical_to_virt_map = (d0, d1, d2) -> (d1, "
     "d2)>",
     NULL},
    {"#ttcore<core_coord 3x4>", NULL},
    {"#ttcore<tile_size 32x32>", NULL},
    {"#ttcore<local_shape local_shape = tensor<32x64xf32>>", NULL},
    {"#ttcore.core_range<(0, 0), (1, 1)>", "#ttcore.core_range<(0,0), (1,1)>"},
    {"#ttcore.meshes<[<\"mesh\" = 2x4>]>", NULL},
    {"#ttcore.mesh_topology<[ring, linear]>", NULL},
    {"#ttcore.tensor_mesh<\"mesh\">", NULL},
    {"#ttcore.fabric_connection_config<noc_index = noc0, topology = ring, cluster_axis = 1, "
     "routing_mode = unidir_ring_torus, num_links = 1>",
     NULL},
    {"#ttcore.metal_layout<logical_shape = 64x64, dim_alignments = 32x32, collapsed_intervals = dense<[[0, 1], [1, "
     "2]]> : "
     "tensor<2x2xi64>, l1, sharded>",
     NULL},
    {"#ttcore.shard<2048x2048, 1>", NULL},
    {"#ttcore.view<4>", NULL},
    {"#ttcore.host_layout<logical_shape = 32x32, host_strides = 32x1, host_volume = 1024, <\"mesh\">>", NULL},
    {"#ttcore.device<workerGrid = #ttcore.grid<8x8>, dramGrid = #ttcore.grid<1x12>, l1Map = (d0, d1)[s0] -> (0, d0, d1 "
     "+ s0), "
     "dramMap = (d0, d1)[s0] -> (0, d0, d1 + s0), meshShape = , chipIds = [0]>",
     NULL},
    {"#ttcore.system_desc<[{role = host, target_triple = \"x86_64-pc-linux\"}], [{arch = <wormhole_b0>, grid = 8x8, "
     "coord_translation_offsets = 18x18, l1_size = 1499136, num_dram_channels = 12, dram_channel_size = 1073741824, "
     "noc_l1_address_align_bytes = 16, pcie_address_align_bytes = 32, noc_dram_address_align_bytes = 32, "
     "l1_unreserved_base = 101152, erisc_l1_unreserved_base = 98304, dram_unreserved_base = 32, "
     "dram_unreserved_end = 1073177056, supported_data_types = [<f32>, <f16>], supported_tile_sizes = [ 4x16,  16x16], "
     "dst_physical_size_tiles = 16, num_cbs = 32, num_compute_threads = 1, num_datamovement_threads = 2, dram_grid = "
     "1x12, "
     "dram_bank_to_logical_worker_noc0 = [(7, 3), (0, 0)], dram_bank_to_logical_worker_noc1 = [(7, 3), (0, 0)]}], [0], "
     "[0 : i32], [ 0x0x0x0]>",
     NULL},
    {"!ttcore.tile<32x32, bf16>", NULL},
    {"!ttcore.tile<32 x 32, f32>", "!ttcore.tile<32x32, f32>"},
    {"!ttcore.dict", NULL},
    /* ttnn */
    {"#ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<64x128xf32, #ttnn.buffer_type<system_memory>>>", NULL},
    {"#ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <8x1>, mesh = <\"m\">, memref<16x1x!ttcore.tile<32x32, bf16>, "
     "#ttnn.buffer_type<l1>>, <height_sharded>, core_ranges = #ttnn.core_range_set<[#ttnn.core_range<(0, 0), (0, "
     "7)>]>>",
     "#ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <8x1>, mesh = <\"m\">, memref<16x1x!ttcore.tile<32x32, bf16>, "
     "#ttnn.buffer_type<l1>>, <height_sharded>, core_ranges = <[#ttnn.core_range<(0,0), (0,7)>]>>"},
    {"#ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<1x1xf32, #ttnn.buffer_type<l1>>, <block_sharded>, "
     "ignorePhysicalLayout = true>",
     NULL},
    {"#ttnn.ttnn_nd_layout<<1x1>, memref<1x1x1x!ttcore.tile<32x32, bf16>, #ttnn.buffer_type<l1>>, <block_sharded>, "
     "<row_major>, <grid_2d>>",
     NULL},
    {"#ttnn.memory_config<#ttnn.buffer_type<dram>, <interleaved>>", "#ttnn.memory_config<<dram>, <interleaved>>"},
    {"#ttnn.memory_config<<system_memory>>", NULL},
    {"#ttnn.memory_config<<l1>, <block_sharded>, <<[#ttnn.core_range<(0,0), (7,2)>]>, <32x32>, <row_major>>>",
     "#ttnn.memory_config<<l1>, <block_sharded>, #ttnn.shard_spec<<[#ttnn.core_range<(0,0), (7,2)>]>, <32x32>, "
     "<row_major>>>"},
    {"#ttnn.memory_config<<l1>, ndShardSpec = <<[#ttnn.core_range<(0,0), (0,0)>]>, <1x32x32>, <row_major>, <grid_2d>>>",
     "#ttnn.memory_config<<l1>, ndShardSpec = #ttnn.nd_shard_spec<<[#ttnn.core_range<(0,0), (0,0)>]>, <1x32x32>, "
     "<row_major>, <grid_2d>>>"},
    {"#ttnn.core_coord<8, 2>", NULL},
    {"#ttnn.core_range_set<>", NULL},
    {"#ttnn.shape<32x64>", NULL},
    {"#ttnn.shape<>", NULL},
    {"#ttnn<mesh_shape 1x2>", NULL},
    {"#ttnn.mesh_range<(0,0), (0,1)>", NULL},
    {"#ttnn.mesh_mapper_config<placements = [<shard, 2 : i64>, <replicate>]>", NULL},
    {"#ttnn.mesh_composer_config<dims = [0 : i64, 1 : i64], mesh_shape_override = [1 : ui32, 2 : ui32]>", NULL},
    {"#ttnn.conv2d_config<>", NULL},
    {"#ttnn.conv2d_config<act_block_w_div = 1, weights_dtype = bf16, activation = <op_type = relu>>",
     "#ttnn.conv2d_config<weights_dtype = bf16, activation = <op_type = relu>, act_block_w_div = 1>"},
    {"#ttnn.conv3d_config<t_out_block = 1, compute_with_storage_grid_size = #ttcore.grid<8x8>>", NULL},
    {"#ttnn.conv2d_slice_config<l1_full, 0>", NULL},
    {"#ttnn.unary_with_param<op_type = silu, params = [1.0 : f32]>",
     "#ttnn.unary_with_param<op_type = silu, params = [1.000000e+00 : f32]>"},
    {"#ttnn.device_compute_kernel_config<math_fidelity = hifi4, fp32_dest_acc_en = true>", NULL},
    {"#ttnn.matmul_multi_core_reuse_program_config<compute_with_storage_grid_size = #ttnn.core_coord<8, 2>, "
     "in0_block_w = 1, "
     "out_subblock_h = 1, out_subblock_w = 2, per_core_m = 8, per_core_n = 6>",
     NULL},
    {"#ttnn.trace_id", NULL},
    {"!ttnn.device", NULL},
    /* kernels */
    {"#ttkernel.arg_spec< >", NULL},
    {"#ttkernel.arg_spec<ct_args = [<arg_type = cb_port, operand_index = 0>]>",
     "#ttkernel.arg_spec< ct_args = [<arg_type = cb_port, operand_index = 0>]>"},
    {"#ttkernel.arg_spec<rt_args = [<arg_type = buffer_address, operand_index = 0>] ct_args = [<arg_type = cb_port, "
     "operand_index = 0>]>",
     NULL},
    {"!ttkernel.l1_addr_ptr", NULL},
    {"!ttkernel.l1_addr_ptr<32>", "!ttkernel.l1_addr_ptr"},
    {"!ttkernel.l1_addr_ptr<16>", NULL},
    {"#d2m.thread<compute>", NULL},
    {"#d2m.thread<datamovement, dm_core = 0>", NULL},
    {"#d2m.thread<datamovement, @k, dm_core = 1>", NULL},
    {"!d2m.mem_tx<read>", NULL},
    {"!emitpy.dict<Any, !emitpy.opaque<\"x\">>", NULL},
    {"!emitpy.dict", NULL},
    /* stablehlo, chlo */
    {"#stablehlo.gather<index_vector_dim = 1, offset_dims = [1], start_index_map = [0, 1]>",
     "#stablehlo.gather<offset_dims = [1], start_index_map = [0, 1], index_vector_dim = 1>"},
    {"#stablehlo.gather<offset_dims = [1], index_vector_dim = 0>", "#stablehlo.gather<offset_dims = [1]>"},
    {"#stablehlo.scatter<update_window_dims = [1], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>", NULL},
    {"#stablehlo.dot<lhs_contracting_dimensions = [1], rhs_contracting_dimensions = [0]>", NULL},
    {"#stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>", NULL},
    {"#stablehlo.conv<raw input_batch_dimension = 0, input_feature_dimension = 3, input_spatial_dimensions = [1, 2], "
     "kernel_input_feature_dimension = 2, kernel_output_feature_dimension = 3, kernel_spatial_dimensions = [0, 1], "
     "output_batch_dimension = 0, output_feature_dimension = 3, output_spatial_dimensions = [1, 2]>",
     "#stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>"},
    {"#stablehlo.channel_handle<handle = 1, type = 1>", NULL},
    {"#stablehlo.bounds<3, ?>", NULL},
    {"#stablehlo.type_extensions<bounds = [3, ?]>", "#stablehlo.bounds<3, ?>"},
    {"#stablehlo.result_accuracy<atol = 1.0e-05, ulps = 2, mode = #stablehlo.result_accuracy_mode<TOLERANCE>>",
     "#stablehlo.result_accuracy<atol = 1.000000e-05, ulps = 2, mode = #stablehlo.result_accuracy_mode<TOLERANCE>>"},
    {"#chlo.ragged_dot<lhs_ragged_dimensions = [0], rhs_group_dimensions = [0]>", NULL},
    {"!stablehlo.token", NULL},
    /* sdy */
    {"#sdy.sharding<@mesh, [{\"x\"}, {\"y\", ?}p1, {}], replicated={\"z\"}, unreduced={\"w\"}>", NULL},
    {"#sdy.sharding<@mesh, [{?}, {\"x\":(2)4}]>", NULL},
    {"#sdy.sharding<@mesh, [], unreduced=max{\"w\"}>", NULL},
    {"#sdy.sharding<mesh<[\"x\"=2], device_ids=[0, 1]>, [{\"x\"}]>", "#sdy.sharding<mesh<[\"x\"=2]>, [{\"x\"}]>"},
    {"#sdy.sharding_per_value<[<@mesh, [{\"x\"}]>, <@mesh, [{}]>]>", NULL},
    {"#sdy.mesh<[\"x\"=2, \"y\"=4], device_ids=[1, 0, 2, 3, 4, 5, 6, 7]>", NULL},
    {"#sdy.mesh<[], device_ids=[0]>", NULL},
    {"#sdy.op_sharding_rule<([i, k], [k, j])->([i, j]) {i=8, j=16, k=8} reduction={k}>", NULL},
    {"#sdy.op_sharding_rule<([ij, kz_1])->([ij]) {i=8, j=16, k=8, l=2, m=2, n=2, o=2, p=2, q=2, r=2, s=2, t=2, u=2, "
     "v=2, w=2, x=2, "
     "y=2, z=2, z_1=3}, custom>",
     NULL},
    /* MLIR's own */
    {"!llvm.ptr", NULL},
    {"!llvm.ptr<3>", NULL},
    {"!llvm.struct<\"a\", (i32, ptr, struct<\"a\">)>", NULL},
    {"!llvm.struct<packed (i8, array<2 x vector<4xf32>>)>", NULL},
    {"!llvm.struct<\"o\", opaque>", NULL},
    {"!llvm.struct<()>", NULL},
    {"!llvm.func<void (i32, ...)>", NULL},
    {"!llvm.target<\"spirv.Image\", i32, 1, 2>", NULL},
    {"!emitc.array<3x4xi32>", NULL},
    {"!emitc.ptr<!emitc.opaque<\"int\">>", NULL},
    {"!quant.uniform<i8<-127:127>:f32, 0.1>", "!quant.uniform<i8<-127:127>:f32, 1.000000e-01>"},
    {"!quant.uniform<u8:f32, 1.500000e-09:10>", NULL},
    {"!quant.uniform<i8:f32:1, {2.0,3.0:1,4.0:-5}>",
     "!quant.uniform<i8:f32:1, {2.000000e+00,3.000000e+00:1,4.000000e+00:-5}>"},
    {"!quant.uniform<i8:f32:{0:1, 1:2}, {{2.000000e+00:120, 1.000000e+00}, {3.000000e+00:127, 4.500000e+00}}>", NULL},
    {"!quant.any<i8<-8:7>:f32>", NULL},
    {"!quant.any<u16>", NULL},
    {"!quant.calibrated<f32<-0.998:1.232100e+00>>", NULL},
    {"!tosa.shape<2>", NULL},
};

/* What is kept as text, with a warning. */
static const char *const misfits[] = {
    "#ttcore.metal_layout<(d0, d1) -> (d0, d1), undef, <1x1>, memref<64x128xf32>>",
    "#ttcore.reduce_type<median>",
    "#ttnn.core_range<(0, 0)>",
    "#ttnn.conv2d_config<no_such_key = 1>",
    "#stablehlo.conv<[b, 0, 0, f]x[0, 1, i, o]->[b, 0, 1, f]>",
    "#sdy.sharding<@mesh, [{\"x\"}p01]>",
    "#ttcore<core_coord 1x2x3>",
    "!quant.uniform<i8:f32:1, {2.0, {3.0}}>",
    "!ttcore.no_such_type<1>",
};

/* Reads `"t.t"() {a = text} : () -> ()` and gives the value of a; 0 when it cannot be read. */
static ir_attr read_value(ir_context *c, struct mem *m, str text, size_t *warnings) {
    static const char before[] = "\"t.t\"() {a = ", after[] = "} : () -> ()\n";
    char *source = ir_context_alloc(c, sizeof before + sizeof after + text.n);
    assert_non_null(source);
    memcpy(source, before, sizeof before - 1);
    memcpy(source + sizeof before - 1, text.p, text.n);
    memcpy(source + sizeof before - 1 + text.n, after, sizeof after);
    const text_read_options o = {.registry = TEXT_ALL};
    struct diags d;
    diags_init(&d, m);
    ir_module *module = text_read(c, str_from_z(source), STR("t.mlir"), &o, &d);
    if (!module) {
        struct buf b;
        buf_init(&b, m);
        diags_render(&d, &b, (struct diag_style){0});
        fprintf(stderr, "%.*s", STR_ARG(buf_str(&b)));
        buf_free(&b);
    }
    ir_attr a = 0;
    for (ir_op op = module ? module->root : 0; op; op = ir_walk_next(module, module->root, op))
        a = a ? a : ir_op_attr(module, op, STR("a"));
    if (warnings)
        *warnings = d.warnings;
    diags_free(&d);
    ir_module_free(module);
    return a;
}

static void assert_prints(ir_context *c, struct mem *m, ir_attr a, const char *want) {
    struct buf out;
    buf_init(&out, m);
    assert_true(text_print_node(c, a, &out));
    assert_str(buf_str(&out), want);
    buf_free(&out);
}

static void reads_and_prints(void **state) {
    (void)state;
    struct mem mem = {0};
    ir_context *c = ir_context_new(&mem, dialect_resolve);
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const char *want = samples[i].out ? samples[i].out : samples[i].in;
        size_t warnings = 0;
        ir_attr a = read_value(c, &mem, str_from_z(samples[i].in), &warnings);
        if (!a || warnings)
            fail_msg("not read as it should: %s", samples[i].in);
        ir_node inner = ir_kind_of(c, a) == IR_ATTR_TYPE ? ir_at(c, a, 0) : a;
        if (!dialect_def_of_node(c, inner))
            fail_msg("kept as text: %s", samples[i].in);
        assert_prints(c, &mem, a, want);
        assert_int_equal(read_value(c, &mem, str_from_z(want), NULL), a);
    }
    ir_context_unref(c);
    assert_int_equal(mem.used, 0);
}

static void misfits_stay_text(void **state) {
    (void)state;
    struct mem mem = {0};
    ir_context *c = ir_context_new(&mem, dialect_resolve);
    for (size_t i = 0; i < sizeof misfits / sizeof misfits[0]; i++) {
        size_t warnings = 0;
        ir_attr a = read_value(c, &mem, str_from_z(misfits[i]), &warnings);
        if (!a || warnings != 1)
            fail_msg("%zu warnings: %s", warnings, misfits[i]);
        assert_prints(c, &mem, a, misfits[i]);
    }
    ir_context_unref(c);
}

/* Parameters by name. */
static void parameters(void **state) {
    (void)state;
    struct mem mem = {0};
    ir_context *c = ir_context_new(&mem, dialect_resolve);
    ir_attr layout =
        read_value(c, &mem,
                   STR("#ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <2x4>, memref<2x4x!ttcore.tile<32x32, bf16>, "
                       "#ttnn.buffer_type<dram>>, <interleaved>>"),
                   NULL);
    assert_true(dialect_is_attr(c, layout, ATTR_ttnn_ttnn_layout));
    int64_t grid[2] = {0};
    assert_int_equal(dialect_param_ints(c, layout, STR("grid_shape"), grid, 2), 2);
    assert_int_equal(grid[0], 2);
    assert_int_equal(grid[1], 4);
    assert_str(dialect_case_text(c, dialect_param(c, layout, STR("mem_layout"))), "interleaved");
    int64_t value = -1;
    assert_true(dialect_case_value(c, dialect_param(c, layout, STR("mem_layout")), &value));
    assert_int_equal(value, 0);
    assert_true(dialect_case_value(c, read_value(c, &mem, STR("#arith.fastmath<nnan,ninf>"), NULL), &value));
    assert_int_equal(value, 2 | 4);
    ir_type memref = dialect_param(c, layout, STR("memref"));
    assert_int_equal(ir_kind_of(c, memref), IR_TYPE_MEMREF);
    ir_type tile = ir_element_type(c, memref);
    assert_true(dialect_is_type(c, tile, TYPE_ttcore_tile));
    assert_str(dialect_param_text(c, tile, STR("dataType")), "bf16");
    assert_int_equal(dialect_param(c, layout, STR("tensor_mesh")), 0);
    assert_int_equal(dialect_param(c, layout, STR("no_such_parameter")), 0);
    assert_int_equal(dialect_make_case(c, ATTR_ttnn_buffer_type, STR("dram")),
                     read_value(c, &mem, STR("#ttnn.buffer_type<dram>"), NULL));
    ir_context_unref(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_prints),
        cmocka_unit_test(misfits_stay_text),
        cmocka_unit_test(parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
