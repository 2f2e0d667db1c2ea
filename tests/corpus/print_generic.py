#!/usr/bin/env python3
"""Compares `tt-explorer print --generic --upstream` with mlir-opt's generic form, byte for byte.

    print_generic.py [--program build/tt-explorer] [--corpus ../shared/corpus] [--mlir-opt mlir-opt-22]
                     [--cache FOLDER] [--files N] [--examples N] [FILE...]

Every module of corpus/mlir that mlir-opt reads, without and with locations. --cache keeps what mlir-opt says. Exits
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

    def oracle(file, locations):
        key = cache / (hashlib.sha1(f"{file} {locations}".encode()).hexdigest()) if cache else None
        if key and key.exists():
            text = key.read_bytes()
            return None if text == b"refused" else text
        command = [o.mlir_opt, "--allow-unregistered-dialect", "--mlir-print-op-generic", file]
        status, text, _ = run(command + ["--mlir-print-debuginfo"] * locations, base)
        if key:
            key.write_bytes(text if status == 0 else b"refused")
        return text if status == 0 else None

    def work(file):
        results = []
        for locations in (False, True):
            want = oracle(file, locations)
            if want is None:
                return []
            command = [program, "print", "--generic", "--upstream"] + ["--locations"] * locations + [file]
            results.append((file, want, *run(command, base)))
        return results

    plain, located = Summary(), Summary()
    for results in each(files, work):
        if results:
            plain.add(*results[0])
            located.add(*results[1])
    plain.show("generic form", o.examples)
    located.show("generic form with locations", o.examples)
    return 0 if plain.same + located.same == plain.total + located.total else 1


if __name__ == "__main__":
    sys.exit(main())
