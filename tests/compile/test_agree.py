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
AGREE = {"ttir": 3939, "stablehlo": 1411}  # rows that agree within some megabytes; may only grow
MEGABYTES = {"ttir": 1, "stablehlo": 4}

NO_BOOLEANS = "lowered for zeros and ones only, as in the reference; the seeded arguments are other numbers"
PAD = "fill_cache writes whole tiles: rows behind the input up to the next tile become zero, as in the reference"
WINDOW = "one query behind all keys: the reference's decomposition looks at the last keys, its golden at the first"
MASK = "the decomposition of the decode op scales its mask, which fusing to it does not undo: the reference's numbers"
INDICES = "indices given as f32: the seeded ones have fractions, which the way to ui32 cuts"
LENGTHS = "the caches of all layers are taken for equally long, as in the reference; the seeded lengths differ"
TAIL = "the last of what is sorted, in the order of topk, as in the reference"
BORDER = "where a pool is padded on its own, its border is zeros, as in the reference"
WIDE = "the device's integers have at most 32 bits, and those of 8 and 16 no sign"
SIGN = "ttir.remainder has the sign of the divisor, as in the reference; StableHLO's has that of the dividend"
RANDOM = "random numbers"
STUB = "the composite's decomposition is made up"
PARTIAL = "a sum over devices in a manual computation: of whole tensors, which the source runs on, it is none"
NO_MESH = "the module names no mesh: compiled for one device, sums over devices are nothing, as in the reference"
EXPLAINED = {
    "Dialect/TTIR/Decomposition/reduce_and.mlir": NO_BOOLEANS,
    "Dialect/TTIR/Decomposition/reduce_or.mlir": NO_BOOLEANS,
    "Dialect/TTIR/Decomposition/ttnn_reduce_or.mlir": NO_BOOLEANS,
    "Dialect/TTIR/canonicalize/binary_idempotence_tests.mlir": NO_BOOLEANS,
    "Dialect/TTNN/reduction/simple_reduce_or.mlir": NO_BOOLEANS,
    "Silicon/TTNN/n150/simple_reduce_or.mlir": NO_BOOLEANS,
    "python/golden/mlir_snippets/ttir/ttir_reduce_and.mlir": NO_BOOLEANS,
    "python/golden/mlir_snippets/ttir/ttir_reduce_or.mlir": NO_BOOLEANS,
    "Dialect/TTIR/paged_fill_cache/paged_fill_cache_negative.0.mlir": PAD,
    "python/golden/mlir_snippets/ttir/ttir_fill_cache.mlir": PAD,
    "Dialect/TTNN/transformer/scaled_dot_product_attention_decode_sliding_window.mlir": WINDOW,
    "Dialect/TTNN/optimizer/ttnn_fusing/scaled_dot_product_attention/sdpa_decode.mlir": MASK,
    "Silicon/TTNN/n150/embedding/embedding_backward.mlir": INDICES,
    "Dialect/TTIR/Transforms/ConsolidateStaticCacheUpdates/consolidate_static_cache_updates.mlir": LENGTHS,
    "Dialect/TTIR/Transforms/EraseInverseOps/CommuteDownwards/commute_permute_reduce.mlir": NO_BOOLEANS,
    "Dialect/TTIR/Transforms/EraseInverseOps/CommuteUpwards/commute_permute_reduce.mlir": NO_BOOLEANS,
    "Dialect/TTIR/fusing/topk_fusing.mlir": TAIL,
    "Dialect/TTIR/pool/max_pool2d_positive_tests.mlir": BORDER,
    "Dialect/TTIR/pool/max_pool2d_with_indices_positive_tests.mlir": BORDER,
    "Dialect/TTNN/constant/positive/simple_constant_positive.mlir": WIDE,
    # StableHLO
    "Conversion/StableHLOToTTIR/binary/remainder_op.mlir": SIGN,
    "Conversion/StableHLOToTTIR/ccl/all_reduce.mlir": NO_MESH,
    "Conversion/StableHLOToTTIR/composite/test_gather.mlir": STUB,
    "Conversion/StableHLOToTTIR/composite/test_group_norm_rank3.mlir": STUB,
    "Conversion/StableHLOToTTIR/composite/test_sdpa.mlir": STUB,
    "Conversion/StableHLOToTTIR/composite/test_sdpa_custom_call.mlir": STUB,
    "Conversion/StableHLOToTTIR/composite/test_sdpa_rank3.mlir": STUB,
    "Conversion/StableHLOToTTIR/composite/test_uniform.mlir": RANDOM,
    "Conversion/StableHLOToTTIR/constant_op.mlir": WIDE,
    "Conversion/StableHLOToTTIR/fill_cache_batch32.mlir": PAD,
    "Conversion/StableHLOToTTIR/kv_cache_fusing.mlir": PAD,
    "Conversion/StableHLOToTTIR/rand/rng_bit_generator.mlir": RANDOM,
    "Dialect/StableHLO/flatten_or_convert_composite/convert_composite_to_custom_call.0.mlir": STUB,
    "Dialect/StableHLO/flatten_or_convert_composite/convert_composite_to_custom_call.1.mlir": STUB,
    "Dialect/StableHLO/flatten_or_convert_composite/convert_composite_to_custom_call.2.mlir": STUB,
    "Dialect/StableHLO/flatten_or_convert_composite/flatten_rank3_topk.0.mlir": STUB,
    "Dialect/StableHLO/flatten_or_convert_composite/flatten_rank3_topk.1.mlir": STUB,
    "Dialect/StableHLO/global_to_local_shape/dead_code_elimination.mlir": PARTIAL,
    "Dialect/StableHLO/shardy/op_propagation_registry/sampling.mlir": RANDOM,
    "Dialect/StableHLO/shardy/op_propagation_registry/scatter.0.mlir": PAD,
    "Silicon/StableHLO/n150/Binary/remainder_op.mlir": SIGN,
    "Silicon/StableHLO/n150/maxpool2d_op.mlir": BORDER,
    "Silicon/StableHLO/n300/sdy_fill_cache1x2.mlir": PAD,
}
# What the executor does not do yet, what does not fit, and what is for a mesh that the file does not name.
CANNOT_RUN = (
    "another shape than 1 devices give",
    "into 1 parts of",
    "bytes to run",
    "there is no kernel for it",
    "op cannot run on a CPU",
    "'ttnn.conv3d' op has a weight that does not fit",
    "'ttnn.prepare_conv3d_weights' op changes the number of elements",
    "convolves quantised or complex numbers",
    "is out of range for dimension",  # StableHLO leaves such an update out
)


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


def check(kind):
    if not MLIR.is_dir():
        raise tap.Skip("no corpus")
    found = rows(kind, MEGABYTES[kind], corpus(kind))
    wrong = [row for row in found if row[2] == "differs" and row[0] not in EXPLAINED]
    stuck = [row for row in found if row[2] == "fails" and not any(text in row[5] for text in CANNOT_RUN)
             and "/ComplexDataTypeConversion/" not in row[0]]  # pairs of numbers come in for complex ones
    tap.equal(wrong, [])
    tap.equal(stuck, [])
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
            print("\t".join(row), EXPLAINED.get(row[0], ""))
    print(dict(collections.Counter(row[2] for row in everything)))
    sys.exit()
tap.main()
