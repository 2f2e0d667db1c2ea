#!/usr/bin/env python3
"""Compares `tt-explorer print --upstream`, generic and customary, with what mlir-opt prints, byte for byte.

    print_generic.py [--program build/tt-explorer] [--corpus ../shared/corpus] [--mlir-opt mlir-opt-22]
                     [--cache FOLDER] [--files N] [--examples N] [FILE...]

Every module of corpus/mlir that mlir-opt reads: generic form without and with locations, customary form with. --cache keeps what mlir-opt says. Exits
with 1 when something differs.
"""

import argparse
import hashlib
import sys
from pathlib import Path

from compare import Summary, each, run

ROOT = Path(__file__).resolve().parent.parent.parent


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--program", default=str(ROOT / "build" / "tt-explorer"))
    a.add_argument("--corpus", default=str(ROOT / ".." / "shared" / "corpus"))
    a.add_argument("--mlir-opt", default="mlir-opt-22")
    a.add_argument("--cache")
    a.add_argument("--files", type=int, default=0)
    a.add_argument("--examples", type=int, default=1)
    a.add_argument("file", nargs="*")
    o = a.parse_args()
    base = Path(o.corpus).resolve() / "mlir"
    program = str(Path(o.program).resolve())
    files = o.file or [str(f.relative_to(base)) for f in sorted(base.rglob("*.mlir"))]
    if o.files:
        files = files[:: max(1, len(files) // o.files)]
    cache = Path(o.cache) if o.cache else None
    if cache:
        cache.mkdir(parents=True, exist_ok=True)

    def oracle(file, options):
        key = cache / (hashlib.sha1(f"{file} {options}".encode()).hexdigest()) if cache else None
        if key and key.exists():
            text = key.read_bytes()
            return None if text == b"refused" else text
        status, text, _ = run([o.mlir_opt, "--allow-unregistered-dialect", *options, file], base)
        if key:
            key.write_bytes(text if status == 0 else b"refused")
        return text if status == 0 else None

    ways = (("generic form", ["--mlir-print-op-generic"], ["--generic"]),
            ("generic form with locations", ["--mlir-print-op-generic", "--mlir-print-debuginfo"],
             ["--generic", "--locations"]),
            ("customary form with locations", ["--mlir-print-debuginfo"], ["--locations"]))

    def work(file):
        results = []
        for _, theirs, ours in ways:
            want = oracle(file, theirs)
            if want is None:
                return []
            results.append((file, want, *run([program, "print", "--upstream", *ours, file], base)))
        return results

    summaries = [Summary() for _ in ways]
    for results in each(files, work):
        for summary, result in zip(summaries, results):
            summary.add(*result)
    for (title, _, _), summary in zip(ways, summaries):
        summary.show(title, o.examples)
    return 0 if all(s.same == s.total for s in summaries) else 1


if __name__ == "__main__":
    sys.exit(main())
