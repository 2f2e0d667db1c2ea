#l1 = #ttcore.memory_space<l1>
#layout = #ttcore.metal_layout<logical_shape = 64x64, dim_alignments = 32x32, collapsed_intervals = dense<[[0, 1], [1, 2]]> : tensor<2x2xi64>, l1, sharded>
#map = affine_map<(d0, d1) -> (d0, d1)>
#parallel = #ttcore.iterator_type<parallel>
module {
  ttcore.global @weights = tensor<4x4xf32>[2]
  func.func @layouts(%arg0: tensor<64x64xf32>) -> tensor<64x64xf32> {
    %0 = ttir.empty() : tensor<64x64xf32>
    %1 = ttir.to_layout %arg0, %0 : tensor<64x64xf32> into tensor<64x64xf32> -> tensor<64x64xf32>
    %2 = d2m.empty() : tensor<2x2x1x1x!ttcore.tile<32x32, f32>, #layout>
    %3 = d2m.to_layout %1, %2 : tensor<64x64xf32> into tensor<2x2x1x1x!ttcore.tile<32x32, f32>, #layout> -> tensor<2x2x1x1x!ttcore.tile<32x32, f32>, #layout>
    %view = d2m.view_layout %3 remapping = affine_map<(d0, d1, d2, d3) -> (d1, d0, d2, d3)> : tensor<2x2x1x1x!ttcore.tile<32x32, f32>, #layout> -> tensor<2x2x1x1x!ttcore.tile<32x32, f32>, #layout>
    %4 = d2m.generic {block_factors = [1, 1], grid = #ttcore.grid<2x2>, indexing_maps = [#map, #map], iterator_types = [#parallel, #parallel], threads = [#d2m.thread<unified>]}
        ins(%view : tensor<2x2x1x1x!ttcore.tile<32x32, f32>, #layout>)
        outs(%2 : tensor<2x2x1x1x!ttcore.tile<32x32, f32>, #layout>) {
      %block0 = d2m.block_index(0) : index
      %block1 = d2m.block_index(1) : index
      %core = d2m.core_index(1) : index
      %buffer = tensor.empty() : tensor<1x1x!ttcore.tile<32x32, f32>>
      %loaded = d2m.remote_load %buffer %view[%block0, %block1] mcast[%core] : tensor<1x1x!ttcore.tile<32x32, f32>>, tensor<2x2x1x1x!ttcore.tile<32x32, f32>, #layout> -> tensor<1x1x!ttcore.tile<32x32, f32>>
      %stored = d2m.remote_store %2[%block0, %block1] %loaded : tensor<2x2x1x1x!ttcore.tile<32x32, f32>, #layout>, tensor<1x1x!ttcore.tile<32x32, f32>> -> tensor<2x2x1x1x!ttcore.tile<32x32, f32>, #layout>
      d2m.yield %stored : (tensor<2x2x1x1x!ttcore.tile<32x32, f32>, #layout>)
    } : tensor<2x2x1x1x!ttcore.tile<32x32, f32>, #layout>
    %5 = d2m.to_layout %4, %0 : tensor<2x2x1x1x!ttcore.tile<32x32, f32>, #layout> into tensor<64x64xf32> -> tensor<64x64xf32>
    return %5 : tensor<64x64xf32>
  }
  func.func @buffers(%arg0: memref<4x!ttcore.tile<32x32, f32>, #l1>, %i: index) {
    %cb = d2m.get_cb(3) : <memref<4x!ttcore.tile<32x32, f32>, #l1>>
    %0 = d2m.reserve %cb : <memref<4x!ttcore.tile<32x32, f32>, #l1>> -> memref<4x!ttcore.tile<32x32, f32>, #l1>
    d2m.push %cb : <memref<4x!ttcore.tile<32x32, f32>, #l1>>
    %1 = d2m.wait %cb : <memref<4x!ttcore.tile<32x32, f32>, #l1>> -> memref<4x!ttcore.tile<32x32, f32>, #l1>
    d2m.pop %cb : <memref<4x!ttcore.tile<32x32, f32>, #l1>>
    %dst = d2m.acquire_dst() : memref<4x!ttcore.tile<32x32, f32>, #ttcore.memory_space<dst>>
    %tx = d2m.dma_read %arg0[%i], %0[%i], <2> : (memref<4x!ttcore.tile<32x32, f32>, #l1>, memref<4x!ttcore.tile<32x32, f32>, #l1>) -> !d2m.mem_tx<read>
    d2m.dma_wait %tx : !d2m.mem_tx<read>
    return
  }
  func.func @kernel(%cb: !ttkernel.cb<4, f32>, %x: i32) {
    %0 = ttkernel.get_compile_time_arg_val(2) : () -> i32
    ttkernel.cb_reserve_back(%cb, %x) : (!ttkernel.cb<4, f32>, i32) -> ()
    ttkernel.noc_async_read_barrier() : () -> ()
    %args = ttkernel.TensorAccessorArgs(%0, %x)
    %more = ttkernel.TensorAccessorArgs(prev = %args) cta_expr = "next()"
    return
  }
}
