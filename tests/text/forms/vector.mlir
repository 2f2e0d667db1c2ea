func.func @f(%v: vector<4x8xf32>, %s: f32, %m: memref<?x?xf32>, %i: index, %mask: vector<8xi1>, %w: vector<8xf32>, %p: vector<8xf32>) {
  %0 = vector.broadcast %s : f32 to vector<4xf32>
  %1 = vector.extract %v[0] : vector<8xf32> from vector<4x8xf32>
  %2 = vector.extract %v[0, %i] : f32 from vector<4x8xf32>
  %3 = vector.insert %s, %v[0, 1] : f32 into vector<4x8xf32>
  %4 = vector.transfer_read %m[%i, %i], %s : memref<?x?xf32>, vector<4x8xf32>
  %5 = vector.transfer_read %m[%i, %i], %s {in_bounds = [true], permutation_map = affine_map<(d0, d1) -> (d0)>} : memref<?x?xf32>, vector<4xf32>
  vector.transfer_write %v, %m[%i, %i] : vector<4x8xf32>, memref<?x?xf32>
  %6 = vector.load %m[%i, %i] : memref<?x?xf32>, vector<8xf32>
  vector.store %6, %m[%i, %i] : memref<?x?xf32>, vector<8xf32>
  %7 = vector.reduction <add>, %w : vector<8xf32> into f32
  %8 = vector.shape_cast %v : vector<4x8xf32> to vector<32xf32>
  %9 = vector.transpose %v, [1, 0] : vector<4x8xf32> to vector<8x4xf32>
  %10 = vector.shuffle %w, %w [0, 9, 2] : vector<8xf32>, vector<8xf32>
  %11 = vector.fma %w, %w, %w : vector<8xf32>
  %12 = vector.outerproduct %w, %w : vector<8xf32>, vector<8xf32>
  %13 = vector.multi_reduction <add>, %v, %w [0] : vector<4x8xf32> to vector<8xf32>
  %14 = vector.create_mask %i : vector<8xi1>
  %15 = vector.constant_mask [4] : vector<8xi1>
  %16 = vector.extract_strided_slice %v {offsets = [0, 2], sizes = [2, 4], strides = [1, 1]} : vector<4x8xf32> to vector<2x4xf32>
  %17 = vector.insert_strided_slice %16, %v {offsets = [0, 0], strides = [1, 1]} : vector<2x4xf32> into vector<4x8xf32>
  %18 = vector.contract {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"], kind = #vector.kind<add>} %w, %w, %s : vector<8xf32>, vector<8xf32> into f32
  %19 = vector.maskedload %m[%i, %i], %mask, %w : memref<?x?xf32>, vector<8xi1>, vector<8xf32> into vector<8xf32>
  %20 = vector.vscale
  %21 = vector.step : vector<8xindex>
  vector.print %w : vector<8xf32>
  %22 = vector.bitcast %w : vector<8xf32> to vector<8xi32>
  return
}
