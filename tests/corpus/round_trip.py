#!/usr/bin/env python3
"""Reads every module of the corpus, prints it, and reads and prints what was printed: nothing may change.

    round_trip.py [--program build/tt-explorer] [--corpus ../shared/corpus] [--files N] [--examples N] [FILE...]

For each file: the customary form printed twice is the same; the generic form, read, prints as the customary form; and
the file checks without error. Exits with 1 when something differs.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from compare import NOT_MLIR, Summary, each, run

ROOT = Path(__file__).resolve().parent.parent.parent


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--program", default=str(ROOT / "build" / "tt-explorer"))
    a.add_argument("--corpus", default=str(ROOT / ".." / "shared" / "corpus"))
    a.add_argument("--files", type=int, default=0)
    a.add_argument("--examples", type=int, default=1)
    a.add_argument("file", nargs="*")
    o = a.parse_args()
    base = Path(o.corpus).resolve() / "mlir"
    program = str(Path(o.program).resolve())
    files = o.file or [
        f for f in sorted(str(f.relative_to(base)) for f in base.rglob("*.mlir")) if f not in NOT_MLIR
    ]
    if o.files:
        files = files[:: max(1, len(files) // o.files)]

    def again(text, *options):
        r = subprocess.run([program, "print", "--locations", *options, "-"], input=text, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE)
        return r.returncode, r.stdout, r.stderr

    def work(file):
        status, first, messages = run([program, "print", "--locations", file], base)
        if status:
            return (file, b"", status, b"", messages), None, None
        generic = run([program, "print", "--locations", "--generic", file], base)[1]
        check = run([program, "check", file], base)
        return (file, first, *again(first)), (file, first, *again(generic)), (file, b"", *check)

    custom, crossed, checked = Summary(), Summary(), Summary()
    for x, y, z in each(files, work):
        custom.add(*x)
        if y:
            crossed.add(*y)
            checked.add(*z)
    custom.show("printed, read, printed", o.examples)
    crossed.show("printed in generic form, read, printed in customary form", o.examples)
    checked.show("checked without error", o.examples)
    sums = (custom, crossed, checked)
    return 0 if all(s.same == s.total for s in sums) and crossed.total == custom.total else 1


if __name__ == "__main__":
    sys.exit(main())
