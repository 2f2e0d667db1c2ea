"""What compiles also computes what it did: every TTIR module of the corpus at levels 0, 1 and 2 beside its source.

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

TTIR = tap.CORPUS / "mlir" / "ttir"
TOOL = os.environ.get("TTX_AGREE_TOOL", str(tap.ROOT / "build" / "tests" / "compile" / "agree_tool"))
AGREE = 1571  # rows that agree within a megabyte; may only grow

NO_BOOLEANS = "lowered for zeros and ones only, as in the reference; the seeded arguments are other numbers"
PAD = "fill_cache writes whole tiles: rows behind the input up to the next tile become zero, as in the reference"
WINDOW = "one query behind all keys: the reference's decomposition looks at the last keys, its golden at the first"
MASK = "the decomposition of the decode op scales its mask, which fusing to it does not undo: the reference's numbers"
INDICES = "indices given as f32: the seeded ones have fractions, which the way to ui32 cuts"
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
}
# What the executor does not do yet, what does not fit, and what is for a mesh that the file does not name.
CANNOT_RUN = (
    "another shape than 1 devices give",
    "into 1 parts of",
    "bytes to run",
    "there is no kernel for it",
    "'ttnn.conv3d' op has a weight that does not fit",
    "'ttnn.prepare_conv3d_weights' op changes the number of elements",
)


def rows(megabytes, files):
    """(file, level, state, PCC, off, why) for each file and level; two tools share the files."""
    tools = [subprocess.Popen([TOOL, str(megabytes), *files[i::2]], cwd=TTIR, stdout=subprocess.PIPE, text=True)
             for i in range(2)]
    out = [tool.communicate()[0] for tool in tools]
    tap.equal([tool.returncode for tool in tools], [0, 0])
    return [line.split("\t") for text in out for line in text.splitlines()]


def corpus(text=""):
    """Modules of up to 60 kB of text, whose compile is not what takes the time."""
    return sorted(str(path.relative_to(TTIR)) for path in TTIR.rglob("*.mlir")
                  if text in str(path) and path.stat().st_size < 60000)


@tap.case
def the_corpus_computes_what_it_did():
    if not TTIR.is_dir():
        raise tap.Skip("no corpus")
    found = rows(1, corpus())
    wrong = [row for row in found if row[2] == "differs" and row[0] not in EXPLAINED]
    stuck = [row for row in found if row[2] == "fails" and not any(text in row[5] for text in CANNOT_RUN)]
    tap.equal(wrong, [])
    tap.equal(stuck, [])
    tap.equal(sum(row[2] == "agrees" for row in found) >= AGREE, True)


if len(sys.argv) > 1:
    everything = rows(int(sys.argv[1]), corpus(*sys.argv[2:3]))
    for row in everything:
        if row[2] in ("differs", "fails", "rounds"):
            print("\t".join(row), EXPLAINED.get(row[0], ""))
    print(dict(collections.Counter(row[2] for row in everything)))
    sys.exit()
tap.main()
