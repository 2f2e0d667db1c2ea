"""StableHLO as tt-xla gave it to the reference compiler, and the TTIR that came out: the same ops, locations included. And
what its optimizer made of one of them at level 1: the same ops modulo layouts.

corpus/compile-pairs; without a corpus there is nothing to test.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tap  # noqa: E402

CORPUS = Path(os.environ.get("TTX_CORPUS", tap.ROOT.parent / "shared" / "corpus")) / "compile-pairs"
TOOL = os.environ.get("TTX_COMPARE_TOOL", str(tap.ROOT / "build" / "tests" / "compile" / "compare_tool"))
DEVICES = {"tp_2x4_gather": 216, "tp_2x4_32_4": 230}
PAIRS = {"norm2_alone_opt0": 33, "norm2_alone_opt1": 33, "composite_norm2_alone_opt0": 1, "vae_prefix_conv1_opt0": 1127}


def ops(text):
    """The TTIR ops of a module, with locations instead of their aliases."""
    aliases = dict(re.findall(r"^(#loc\d*) = loc\((.*)\)$", text, flags=re.M))

    def resolved(line):
        while re.search(r"#loc\d*\b", line):
            line = re.sub(r"#loc\d*\b", lambda m: aliases[m[0]], line)
        return line

    return [resolved(line.strip()) for line in text.splitlines() if re.match(r'\s*%\d+(:\d+)? = "ttir\.', line)]


def compiled(source, stop_after, options="", start_after=""):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out.mlir")
        fields = [str(source), "in.mlir", "", start_after, stop_after, options, str(out), ""]
        done = subprocess.run([TOOL], input="\t".join(fields) + "\n", stdout=subprocess.PIPE, text=True, timeout=60)
        answer = json.loads(done.stdout)
        tap.equal((answer["status"], answer["errors"]), ("equal", ""))
        return out.read_text()


def ops_without_layouts(text):
    """The names of ops in order, with the shapes and element types of their operands and results, and the functions that they
    stand in. Left out are layouts, attributes (the pair is of another version, which wrote some that are implied now) and
    names made of hashes."""
    out = []
    for line in text.splitlines():
        line = re.sub(r" loc\(.*", "", line)
        function = re.search(r"func\.func (?:private )?@(\w+).*\{$", line)
        op = re.search(r'"?(ttnn\.\w+|ttcore\.load_cached)"?\(.*?\) *(?:<\{.*\}>)? *: (.*)', line)
        if function:
            out.append(re.sub(r"cpu_hoisted_const_eval_\w+", "cpu_hoisted_const_eval", function[1]))
        if op:
            out.append(f"{op[1]} {re.sub(r', #ttnn_layout[0-9]*', '', op[2])}")
    return out


def ops_of_devices(text):
    """What each device of a program cut over eight of them does, but two things that are of another version in the pair:
    mesh_shard of what comes in parts already, and in what shape embedding takes its indices (reshapes are around it)."""
    found = [re.sub(r"%\w+(:\d+)?(#\d+)?", "", re.sub(r" loc\(.*", "", op)) for op in ops(text)]
    return [op for op in found if not re.match(r' *= "ttir\.(mesh_shard|embedding|reshape)"', op)]


def main():
    for name, count in PAIRS.items():
        folder = CORPUS / name
        if not folder.is_dir():
            continue

        def case(folder=folder, count=count):
            ours = ops(compiled(folder / "shlo_compiler.mlir", "convert-stablehlo-to-ttir"))
            tap.equal(len(ours), count)
            tap.equal(ours, ops((folder / "ttir.mlir").read_text()))
        case.__name__ = name
        tap.case(case)
    for name, count in DEVICES.items():
        folder = CORPUS / name
        if not folder.is_dir():
            continue

        def cut(folder=folder, count=count):
            ours = ops_of_devices(compiled(folder / "shlo.mlir", "convert-stablehlo-to-ttir", "",
                                           "stablehlo-aggressive-simplification"))
            theirs = ops_of_devices((folder / "ttir.mlir").read_text())
            tap.equal(len(ours), count)
            tap.equal(ours, theirs)
        cut.__name__ = name
        tap.case(cut)
    folder = CORPUS / "norm2_alone_opt1"
    if folder.is_dir():

        def at_level_1():
            ours = ops_without_layouts(compiled(folder / "ttir.mlir", "", "optimization-level=1"))
            theirs = ops_without_layouts((folder / "ttnn.mlir").read_text())
            tap.equal(sum(line.startswith("ttnn.") for line in theirs), 49)
            tap.equal(ours, theirs)
        tap.case(at_level_1)
    tap.main()


main()
