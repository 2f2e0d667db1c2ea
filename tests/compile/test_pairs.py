"""StableHLO as tt-xla gave it to the reference compiler, and the TTIR that came out: the same ops, locations included.

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
PAIRS = {"norm2_alone_opt0": 33, "norm2_alone_opt1": 33, "composite_norm2_alone_opt0": 1, "vae_prefix_conv1_opt0": 1127}


def ops(text):
    """The TTIR ops of a module, with locations instead of their aliases."""
    aliases = dict(re.findall(r"^(#loc\d*) = loc\((.*)\)$", text, flags=re.M))

    def resolved(line):
        while re.search(r"#loc\d*\b", line):
            line = re.sub(r"#loc\d*\b", lambda m: aliases[m[0]], line)
        return line

    return [resolved(line.strip()) for line in text.splitlines() if re.match(r'\s*%\d+(:\d+)? = "ttir\.', line)]


def to_ttir(source):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out.mlir")
        fields = [str(source), "in.mlir", "", "", "convert-stablehlo-to-ttir", "", str(out), ""]
        done = subprocess.run([TOOL], input="\t".join(fields) + "\n", stdout=subprocess.PIPE, text=True, timeout=60)
        answer = json.loads(done.stdout)
        tap.equal((answer["status"], answer["errors"]), ("equal", ""))
        return out.read_text()


def main():
    for name, count in PAIRS.items():
        folder = CORPUS / name
        if not folder.is_dir():
            continue

        def case(folder=folder, count=count):
            ours = ops(to_ttir(folder / "shlo_compiler.mlir"))
            tap.equal(len(ours), count)
            tap.equal(ours, ops((folder / "ttir.mlir").read_text()))
        case.__name__ = name
        tap.case(case)
    tap.main()


main()
