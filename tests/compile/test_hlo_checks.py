"""StableHLO of the corpus becomes what the reference's own tests say: their CHECK lines, by LLVM's FileCheck.

Those that ask for the whole way to TTIR or TTNN, for what one device does (--stablehlo-pipeline), or for a pass that there is
here, too, are asked of this compiler. DIFFERENT says which of them say something else here, and why; nothing else may. Without the
corpus or FileCheck there is nothing to test.

    test_hlo_checks.py FILTER   what FileCheck says of these files
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tap  # noqa: E402

HLO = tap.CORPUS / "mlir" / "stablehlo"
PROGRAM = os.environ.get("TTX_PROGRAM", str(tap.ROOT / "build" / "tt-explorer"))
FILECHECK = next((found for name in ("FileCheck", "FileCheck-22", "FileCheck-14") if (found := shutil.which(name))), None)
FLOOR = 191  # files whose lines are all found; may only grow

ORDER = 'cut by {"y", "x"} of a mesh of x and y: the reference cuts in the order of the mesh, which gives devices other rows'
ROWS = "cutting the queries' rows is right on Blackhole's kernel only: elsewhere the mask would start anew on each device"
MOVE = "an all_to_all and a slice where a device keeps its part: here ttir.mesh_partition says so at once"
UPDATES = "each device would write the same update into its columns: here it is written once, into the whole"
NO_RULE = "without a rule the reference gives the op parts of its operands and takes the whole of its result: here it gets the whole"
HOST = "the mask is made on the host, as the reference does it in flash_mla_prefill_decompose at level 0"
SAME = "a row's number may differ from column to column there, which the reference does not look at"
BROKEN = "one of its lines is no regular expression"
DIFFERENT = {
    "Conversion/StableHLOToTTIR/ccl/e2e_fsdp_tp_shardy.mlir": ORDER,
    "Dialect/StableHLO/register_custom_sharding_rule/custom_op_indexer_score_dsa.2.mlir": ROWS,
    "Dialect/StableHLO/shardy/op_propagation_registry/scatter.1.mlir": MOVE,
    "Dialect/StableHLO/shardy/op_propagation_registry/scatter.2.mlir": UPDATES,
    "Dialect/StableHLO/shardy/op_propagation_registry/tt_lang_custom_rule.mlir": NO_RULE,
    "Dialect/StableHLO/stablehlo_fusing_collapse_scatter.mlir": SAME,
    "Silicon/StableHLO/n150/select_op.mlir": BROKEN,
    "Dialect/TTNN/transformer/indexer_score_dsa_decomposition_wh.mlir": HOST,
}


def runs_of(path, text):
    """The lines that say how the file is tested: its own, or those of the first part of what it was split from."""
    first = re.sub(r"\.\d+\.mlir$", ".0.mlir", str(path))
    if "RUN:" not in text and os.path.exists(first):
        text = Path(first).read_text()
    return [line for line in text.splitlines() if "RUN:" in line and "ttmlir-opt" in line]


# Passes that are asked for alone: after which one of ours they start, and which one they are.
ALONE = {
    "--stablehlo-complex-data-type-conversion": ("stablehlo-fusing", "stablehlo-complex-data-type-conversion"),
    "--stablehlo-fusing": ("convert-xla-sdy-to-sdy", "stablehlo-fusing"),
    "--decompose-custom-call-tuples": (None, "stablehlo-aggressive-simplification"),
}


def asked(path, text):
    """The options of the compile; None when the file asks for something that there is no such pass for."""
    runs = runs_of(path, text)
    lines = " ".join(runs)
    options = []
    if "CHECK" not in text or "UNSUPPORTED: true" in text:  # disabled upstream
        return None
    if found := re.search(r'--ttir-to-ttnn-\w+-pipeline(="[^"]*")?', lines):
        for option in (found.group(1) or "").strip('="').split():
            if not option.startswith("system-desc-path"):
                options += ["--option", option]
    elif "--stablehlo-to-ttir-pipeline" in lines:
        options += ["--stop-after", "convert-stablehlo-to-ttir"]
    elif "--stablehlo-pipeline" in lines:
        options += ["--stop-after", "update-global-to-local-shapes"]
    elif flag := next((flag for flag in ALONE if flag in lines), None):
        start, stop = ALONE[flag]
        options += (["--start-after", start] if start else []) + ["--stop-after", stop]
    else:
        return None
    if "--stablehlo-pipeline" in lines:
        options += ["--option", "argument-shard-status=presharded"]
    if "enable-auto-sharding=true" in lines:
        options += ["--option", "enable-auto-sharding=true"]
    if found := re.search(r"result-presharded=([01,]+)", lines):
        options += ["--option", "result-presharded=" + found.group(1)]
    if found := re.search(r"mesh-shape=(\d+),(\d+)", lines):
        options += ["--mesh", f"{found.group(1)}x{found.group(2)}"]
    return options


def check(path, folder):
    """"ok", "refused", what FileCheck says, or None when there is nothing to ask."""
    text = path.read_text()
    wanted = asked(path, text)
    if wanted is None:
        return None
    module = text.split("// -----", 1)[-1]  # some begin with a part of nothing but comments
    out = Path(folder, "out.mlir")
    done = subprocess.run([PROGRAM, "compile", "-", *wanted, "-o", str(out)], input=module, text=True,
                          capture_output=True, timeout=60)
    if done.returncode:
        return "refused: " + done.stderr
    found = subprocess.run([FILECHECK, str(path), "--input-file", str(out)], text=True, capture_output=True, timeout=60)
    return "ok" if found.returncode == 0 else found.stderr


@tap.case
def the_reference_says_the_same():
    if not HLO.is_dir() or not FILECHECK:
        raise tap.Skip("no corpus, or no FileCheck")
    with tempfile.TemporaryDirectory() as folder:
        said = {str(path.relative_to(HLO)): check(path, folder) for path in sorted(HLO.rglob("*.mlir"))}
    tap.equal(sorted(name for name, what in said.items() if what not in (None, "ok")), sorted(DIFFERENT))
    tap.equal(sum(what == "ok" for what in said.values()) >= FLOOR, True)


if len(sys.argv) > 1:
    with tempfile.TemporaryDirectory() as temporary:
        for file in sorted(HLO.rglob("*.mlir")):
            if sys.argv[1] in str(file):
                print(file.relative_to(HLO), check(file, temporary))
else:
    tap.main()
