#!/usr/bin/env python3
"""Reads every module of corpus/mlir and lists what could not be read or was kept as text.

    read_all.py [--program build/tt-explorer] [--corpus ../shared/corpus] [--files N] [FILE...]

Shows a table of the ops whose custom form is unknown and of the attributes and types kept as text, with how often and
one example. Exits with 1 when a file has an error.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from compare import NOT_MLIR

ROOT = Path(__file__).resolve().parent.parent.parent
BATCH = 100


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--program", default=str(ROOT / "build" / "tt-explorer"))
    a.add_argument("--corpus", default=str(ROOT / ".." / "shared" / "corpus"))
    a.add_argument("--files", type=int, default=0)
    a.add_argument("file", nargs="*")
    o = a.parse_args()
    base = Path(o.corpus).resolve() / "mlir"
    files = o.file or [str(f.relative_to(base)) for f in sorted(base.rglob("*.mlir"))]
    files = [f for f in files if f not in NOT_MLIR]
    if o.files:
        files = files[:: max(1, len(files) // o.files)]
    errors, kept = [], defaultdict(list)
    for i in range(0, len(files), BATCH):
        done = subprocess.run([str(Path(o.program).resolve()), "check", "--json", *files[i:i + BATCH]], cwd=base,
                              stdout=subprocess.PIPE, timeout=300)
        if done.returncode not in (0, 1):
            sys.exit(f"status {done.returncode} on one of {files[i]} .. {files[min(i + BATCH, len(files)) - 1]}")
        for entry in json.loads(done.stdout)["files"]:
            for d in entry["diagnostics"]:
                place = f"{d.get('file')}:{d.get('line')}:{d.get('column')}"
                if d["severity"] == "error":
                    errors.append(f"{place}: {d['message']}")
                elif "kept as text" in d["message"]:
                    name = re.search(r"['`]([^'`]+)['`]", d["message"])
                    kept[name.group(1) if name else d["message"]].append(place)
    print(f"{len(files)} files, {len(errors)} errors, {sum(map(len, kept.values()))} things kept as text")
    for line in errors:
        print(f"  {line}")
    for name, places in sorted(kept.items(), key=lambda k: -len(k[1])):
        print(f"  {len(places):4} {name}, {places[0]}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
