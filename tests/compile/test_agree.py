"""What compiles also computes what it did: every function of the corpus, TTIR and StableHLO, at levels 0, 1 and 2 beside its
source.

    test_agree.py                     what fits into a megabyte, as `make test` has it
    test_agree.py MEGABYTES [FILTER]  more: a table of states and what does not agree (the whole corpus takes minutes)

The work is done by agree_tool (agree_tool.c says what the states mean). Without a corpus there is nothing to test.
"""

import collections
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tap  # noqa: E402

MLIR = tap.CORPUS / "mlir"
TOOL = os.environ.get("TTX_AGREE_TOOL", str(tap.ROOT / "build" / "tests" / "compile" / "agree_tool"))
AGREE = {"ttir": 3945, "stablehlo": 1435}  # rows that agree within some megabytes; may only grow
MEGABYTES = {"ttir": 1, "stablehlo": 4}

COUNTS = "ttir.reduce_or becomes ttnn.sum, which counts what is true: any number but zero, as in the reference"
PAD = "fill_cache writes whole tiles: rows behind the input up to the next tile become zero, as in the reference"
WINDOW = "one query behind all keys: the reference's decomposition looks at the last keys, its golden at the first"
MASK = "the decomposition of the decode op scales its mask, which fusing to it does not undo: the reference's numbers"
LENGTHS = "the caches of all layers are taken for equally long, as in the reference; the seeded lengths differ"
TAIL = "the last of what is sorted, in the order of topk, as in the reference"
BORDER = "where a pool is padded on its own, its border is zeros, as in the reference"
WIDE = "the device's integers have at most 32 bits, and those of 8 and 16 no sign"
SIGN = "ttir.remainder has the sign of the divisor, as in the reference; StableHLO's has that of the dividend"
RANDOM = "random numbers"
STUB = "the composite's decomposition is made up"
NO_MESH = "the module names no mesh: on one device there is nothing to gather or to sum, as in the reference"
NARROW = "f64 becomes bf16, in which the constant is a number that arguments may equal: 0.99 is 0.98828125, as in the reference"
ONE = "gathers twice as much along the axis of its 1x2 mesh that has one device"
PACKED = "weights packed for the cores of a device, in an order that no definition gives"
SCATTERS = "reduce_scatter with a result of the whole shape: on the two devices of its mesh it is half of it"
# Which functions of a module compute something else, and why: no other may, and these must.
DIFFERS = {
    "Conversion/D2MToTTMetal/decomposable_lowering_reduce_or.mlir": (COUNTS, "test_reduce_or_2d test_reduce_or_3d"),
    "Dialect/TTIR/Decomposition/reduce_or.mlir": (COUNTS, "test_reduce_or_4to3dim test_reduce_or_3to2dim test_reduce_or_2to1dim"),
    "Dialect/TTIR/Decomposition/ttnn_reduce_or.mlir": (COUNTS,
        "test_reduce_or_4to3dim test_reduce_or_3to2dim test_reduce_or_2to1dim"),
    "Dialect/TTIR/Transforms/ConsolidateStaticCacheUpdates/consolidate_static_cache_updates.mlir": (LENGTHS,
        "consolidate_per_layer consolidate_block_args_internal_uses"),
    "Dialect/TTIR/Transforms/EraseInverseOps/CommuteDownwards/commute_permute_reduce.mlir": (COUNTS,
        "test_permute_reduce_or_inverse_permute_downwards"),
    "Dialect/TTIR/Transforms/EraseInverseOps/CommuteUpwards/commute_permute_reduce.mlir": (COUNTS,
        "test_permute_reduce_or_inverse_permute_upwards"),
    "Dialect/TTIR/fusing/topk_fusing.mlir": (TAIL, "sort_slice_to_topk_from_end_descending sort_slice_to_topk_from_end_ascending"),
    "Dialect/TTIR/pool/max_pool2d_positive_tests.mlir": (BORDER, "max_pool2d_flattened_with_kernel_stride_dilation_padding"),
    "Dialect/TTIR/pool/max_pool2d_with_indices_positive_tests.mlir": (BORDER,
        "max_pool2d_with_indices_flattened_with_kernel_stride_dilation_padding"),
    "Dialect/TTNN/constant/positive/simple_constant_positive.mlir": (WIDE, "test_constant_i64_max test_constant_i64_min"),
    "Dialect/TTNN/optimizer/ttnn_fusing/scaled_dot_product_attention/sdpa_decode.mlir": (MASK, "sdpa_decode_simple_softmax_mha"),
    "Dialect/TTNN/reduction/simple_reduce_or.mlir": (COUNTS,
        "test_reduce_or_4to3dim test_reduce_or_3to2dim test_reduce_or_2to1dim"),
    "Dialect/TTNN/transformer/scaled_dot_product_attention_decode_sliding_window.mlir": (WINDOW, "sdpa_decode_sliding_window"),
    "Silicon/TTNN/n150/simple_reduce_or.mlir": (COUNTS, "test_reduce_or_4to2dim test_reduce_or_3to2dim test_reduce_or_2to1dim"),
    "python/golden/mlir_snippets/ttir/ttir_fill_cache.mlir": (PAD, "fill_cache"),
    "python/golden/mlir_snippets/ttir/ttir_reduce_or.mlir": (COUNTS, "test_reduce_or_4to3dim"),
    # StableHLO
    "Conversion/StableHLOToTTIR/binary/remainder_op.mlir": (SIGN, "test_remainder"),
    "Conversion/StableHLOToTTIR/binary/compare_op.mlir": (NARROW, "test_lt_bf16_through_f64_upcast"),
    "Conversion/StableHLOToTTIR/ccl/all_reduce.mlir": (NO_MESH, "all_reduce_variadic"),
    "Conversion/StableHLOToTTIR/composite/test_gather.mlir": (STUB,
        "gather_dim0_i32_index gather_dim1_i64_index gather_negative_dim gather_3d gather_ui32_index "
        "gather_ui16_index gather_dim_composite"),
    "Conversion/StableHLOToTTIR/composite/test_group_norm_rank3.mlir": (STUB, "gn_rank4"),
    "Conversion/StableHLOToTTIR/composite/test_sdpa.mlir": (STUB, "sdpa_3d_mask sdpa_4d_mask"),
    "Conversion/StableHLOToTTIR/composite/test_sdpa_custom_call.mlir": (STUB, "main"),
    "Conversion/StableHLOToTTIR/composite/test_uniform.mlir": (RANDOM, "main"),
    "Conversion/StableHLOToTTIR/constant_op.mlir": (WIDE,
        "test_int8_negative_scalar test_int16_negative_splat test_int64_negative_min_scalar"),
    "Conversion/StableHLOToTTIR/kv_cache_fusing.mlir": (PAD, "fill_cache fill_cache_cumulative_length main"),
    "Conversion/StableHLOToTTIR/rand/rng_bit_generator.mlir": (RANDOM, "test_rng_bit_generator"),
    "Dialect/StableHLO/flatten_or_convert_composite/convert_composite_to_custom_call.0.mlir": (STUB, "main"),
    "Dialect/StableHLO/flatten_or_convert_composite/convert_composite_to_custom_call.1.mlir": (STUB, "main"),
    "Dialect/StableHLO/flatten_or_convert_composite/convert_composite_to_custom_call.2.mlir": (STUB, "main"),
    "Dialect/StableHLO/flatten_or_convert_composite/flatten_rank3_topk.0.mlir": (STUB, "main"),
    "Dialect/StableHLO/flatten_or_convert_composite/flatten_rank3_topk.1.mlir": (STUB, "main"),
    "Dialect/StableHLO/shardy/op_propagation_registry/sampling.mlir": (RANDOM,
        "sampling_batch_sharded sampling_candidate_dim_replicated"),
    "Silicon/StableHLO/n150/Binary/remainder_op.mlir": (SIGN, "test_remainder"),
    "Silicon/StableHLO/n150/maxpool2d_op.mlir": (BORDER, "test_maxpool2d_kernel_1x2_stride_3x1_padding_0"),
}
# Those that take more memory than the tests allow.
DIFFERS_TOO = {
    "Dialect/TTIR/paged_fill_cache/paged_fill_cache_negative.0.mlir": (PAD, "paged_fill_cache_batched_ok"),
    "Conversion/StableHLOToTTIR/composite/test_sdpa_rank3.mlir": (STUB, "sdpa_rank3 sdpa_rank3_mask sdpa_rank4"),
    "Conversion/StableHLOToTTIR/fill_cache_batch32.mlir": (PAD, "forward"),
    "Dialect/StableHLO/shardy/op_propagation_registry/scatter.0.mlir": (PAD, "sharded_cache_update"),
    "Silicon/StableHLO/n300/sdy_fill_cache1x2.mlir": (PAD, "sharded_cache_update"),
}
# Which functions cannot run any more, and why.
FAILS = {
    "Conversion/TTIRToTTNN/ccl/moe_compute.mlir": (PACKED, "moe_compute_inserts_weight_prep"),
    "Dialect/TTNN/ccl/all_gather/all_gather_positive.1.mlir": (NO_MESH, "all_gather_positive"),
    "Dialect/TTNN/ccl/all_gather/all_gather_positive.2.mlir": (NO_MESH, "all_gather_reshape_1d"),
    "Dialect/TTNN/Transforms/Workarounds/reduce_scatter_config_workaround.0.mlir": (SCATTERS, "reduce_scatter_fp32_accum_config"),
    "Dialect/TTNN/ccl/reduce_scatter/reduce_scatter_positive.0.mlir": (SCATTERS, "reduce_scatter_positive"),
    "EmitPy/cpu_hoisted_const_eval_multichip.mlir": (ONE, "forward"),
}


def rows(kind, megabytes, files):
    """(file, level, state, PCC, off, why, function) for each function and level; two tools share the files."""
    tools = [subprocess.Popen([TOOL, str(megabytes), *files[i::2]], cwd=MLIR / kind, stdout=subprocess.PIPE, text=True)
             for i in range(2)]
    out = [tool.communicate()[0] for tool in tools]
    tap.equal([tool.returncode for tool in tools], [0, 0])
    return [line.split("\t") for text in out for line in text.splitlines()]


def corpus(kind, text=""):
    """Modules of up to 60 kB of text, whose compile is not what takes the time."""
    return sorted(str(path.relative_to(MLIR / kind)) for path in (MLIR / kind).rglob("*.mlir")
                  if text in str(path) and path.stat().st_size < 60000)


def unexplained(found, state, *tables):
    """Rows in a state that no table explains."""
    known = {(file, function) for table in tables for file, (_, functions) in table.items() for function in functions.split()}
    return [row for row in found if row[2] == state and (row[0], row[6]) not in known]


def stale(found, table):
    """What a table excuses at no level any more."""
    agree = collections.defaultdict(set)
    for row in found:
        agree[row[0], row[6]].add(row[2])
    return [(file, function) for file, (_, functions) in table.items() for function in functions.split()
            if agree[file, function] and agree[file, function] <= {"agrees", "rounds"}]


def check(kind):
    if not MLIR.is_dir():
        raise tap.Skip("no corpus")
    found = rows(kind, MEGABYTES[kind], corpus(kind))
    tap.equal(unexplained(found, "differs", DIFFERS, DIFFERS_TOO), [])
    tap.equal(unexplained(found, "fails", FAILS), [])
    tap.equal([*stale(found, DIFFERS), *stale(found, DIFFERS_TOO), *stale(found, FAILS)], [])
    tap.equal(sum(row[2] == "agrees" for row in found) >= AGREE[kind], True)


@tap.case
def ttir_computes_what_it_did():
    check("ttir")


@tap.case
def stablehlo_computes_what_it_did():
    check("stablehlo")


if len(sys.argv) > 1:
    everything = [row for kind in AGREE for row in rows(kind, int(sys.argv[1]), corpus(kind, *sys.argv[2:3]))]
    for row in everything:
        if row[2] in ("differs", "fails", "rounds"):
            print("\t".join(row), {**DIFFERS, **DIFFERS_TOO, **FAILS}.get(row[0], [""])[0])
    print(dict(collections.Counter(row[2] for row in everything)))
    sys.exit()
tap.main()
