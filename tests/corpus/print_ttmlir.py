#!/usr/bin/env python3
"""Compares what we print with what tt-mlir printed for the same modules, byte for byte.

    print_ttmlir.py [--program build/tt-explorer] [--corpus ../shared/corpus] [--only printed|generic]
                    [--files N] [--examples N] [FILE...]

corpus/printed has the customary form without locations, corpus/generic the generic form with locations, which name the
file as it was given: relative to corpus/mlir. Exits with 1 when something differs.
"""

import argparse
import sys
from pathlib import Path

from compare import Summary, each, run

ROOT = Path(__file__).resolve().parent.parent.parent


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--program", default=str(ROOT / "build" / "tt-explorer"))
    a.add_argument("--corpus", default=str(ROOT / ".." / "shared" / "corpus"))
    a.add_argument("--only", choices=["printed", "generic"])
    a.add_argument("--files", type=int, default=0)
    a.add_argument("--examples", type=int, default=1)
    a.add_argument("file", nargs="*")
    o = a.parse_args()
    corpus = Path(o.corpus).resolve()
    program = str(Path(o.program).resolve())
    same = True
    for folder, options in (("printed", []), ("generic", ["--generic", "--locations"])):
        if o.only not in (None, folder):
            continue
        base = corpus / folder
        files = o.file or [str(f.relative_to(base)) for f in sorted(base.rglob("*.mlir"))]
        if o.files:
            files = files[:: max(1, len(files) // o.files)]

        def work(file):
            want = (base / file).read_bytes()
            return (file, want, *run([program, "print"] + options + [file], corpus / "mlir"))

        summary = Summary()
        for result in each(files, work):
            summary.add(*result)
        summary.show(f"corpus/{folder}", o.examples)
        same = same and summary.same == summary.total
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
