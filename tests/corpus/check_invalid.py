#!/usr/bin/env python3
"""Checks every module of the corpus: those under mlir/ must pass, those under mlir-invalid/verify must be refused.

    check_invalid.py [--program build/tt-explorer] [--corpus ../shared/corpus] [--files N] [--list]

A module under verify/ names the message it must be refused with in its comments ("expected-error @+1 {{...}}" or
"CHECK: error: ..."; INDEX.tsv repeats it). Shown by kind (which program part must notice): how many there are, how many
are refused, how many with that message, how many with it at the line the comment points to. Modules under pass/ are
refused by a pass of the compiler, not by the checker; they are counted for themselves. --list shows what is missing.
Exits with 1 when a valid module is refused, or fewer invalid ones are refused than the floor below says.
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
FLOOR = 0.98  # of the modules under verify/


def check(program, files):
    """file -> its errors, for all files."""
    found = {}
    for i in range(0, len(files), BATCH):
        batch = [str(f) for f in files[i:i + BATCH]]
        done = subprocess.run([program, "check", "--json", *batch], stdout=subprocess.PIPE, timeout=300)
        if done.returncode not in (0, 1):
            sys.exit(f"check ended with {done.returncode} on one of {batch[0]} .. {batch[-1]}")
        for entry in json.loads(done.stdout)["files"]:
            found[entry["file"]] = [d for d in entry["diagnostics"] if d["severity"] == "error"]
    return found


def expectation(text):
    """(pattern, line or None) of the message a module must be refused with."""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        hit = re.search(r"expected-error\s*(?:@([+-]\d+|above|below))?\s*\{\{(.*)\}\}", line)
        if hit:
            offset = {"above": -1, "below": 1, None: 0}.get(hit.group(1))
            return re.escape(hit.group(2)), number + (int(hit.group(1)) if offset is None else offset)
        hit = re.search(r"CHECK[A-Z0-9-]*:\s*(.*)$", line)
        if hit:
            parts = re.split(r"\{\{(.*?)\}\}", re.sub(r"^error: ", "", hit.group(1).strip()))
            pattern = "".join(p if i % 2 else re.escape(p) for i, p in enumerate(parts))
            pattern = re.sub(r"(\\ )+", r"\\ ", pattern)
            return re.sub(r"error(?=\b|\.\*)", "(?:error)?", pattern) if pattern.startswith(".*error") else pattern, None
    return None, None


def kind_of(message):
    """What must notice: the reader, the structure, the tables, a layout, or the rules of one dialect."""
    if re.search(r"requires (attribute|zero|one|a single|\d)|expected \d+ (operands|results|or more)|failed to "
                 r"satisfy|failed to verify constraint", message):
        return "counts, attributes, regions"
    op = re.search(r"'([a-z0-9]+)\.", message)
    if op:
        return f"rules of {op.group(1)} ops"
    if re.search(r"redefinition|expected ('|\")|expects different type|identifier|begin a region", message):
        return "syntax and names"
    return "attributes, others"


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--program", default=str(ROOT / "build" / "tt-explorer"))
    a.add_argument("--corpus", default=str(ROOT / ".." / "shared" / "corpus"))
    a.add_argument("--files", type=int, default=0, help="so many of the valid modules; 0: all")
    a.add_argument("--list", action="store_true")
    o = a.parse_args()
    corpus = Path(o.corpus).resolve()
    valid = sorted((corpus / "mlir").rglob("*.mlir"))
    if o.files:
        valid = valid[:: max(1, len(valid) // o.files)]
    refused = {f: e for f, e in check(o.program, valid).items()
               if e and str(Path(f).relative_to(corpus / "mlir")) not in NOT_MLIR}
    print(f"{len(valid)} valid modules, {len(refused)} refused")
    for f, errors in refused.items():
        print(f"  {f}:{errors[0].get('line')}: {errors[0]['message'][:100]}")

    base = corpus / "mlir-invalid"
    expected = {}
    for row in (base / "INDEX.tsv").read_text().split("\n")[1:]:
        cells = row.split("\t")
        if len(cells) > 1:
            expected[cells[0]] = cells[-1]
    files = [base / name for name in sorted(expected)]
    found = check(o.program, files)
    table = defaultdict(lambda: [0, 0, 0, 0, 0])
    for f in files:
        name = str(f.relative_to(base))
        errors = found[str(f)]
        pattern, line = expectation(f.read_text(errors="replace"))
        kind = "pass/ (no fault of the module)" if name.startswith("pass/") else kind_of(expected[name])
        right = [e for e in errors if pattern and re.search(pattern, re.sub(" +", " ", e["message"]))]
        row = table[kind]
        row[0] += 1
        row[1] += bool(errors)
        row[2] += bool(right)
        row[3] += line is not None
        row[4] += any(e.get("line") == line for e in right) if line is not None else 0
        if o.list and not name.startswith("pass/") and not right:
            said = f"{errors[0].get('line')}: {errors[0]['message'][:150]}" if errors else "accepted"
            print(f"{name}\n    wanted {expected[name][:150]}\n    {said}")
    print(f"{'kind':32}{'modules':>8}{'refused':>8}{'message':>8}{'  of lines given':>16}{'right':>6}")
    total = [0, 0, 0, 0, 0]
    for kind, row in sorted(table.items()):
        print(f"{kind:32}{row[0]:8}{row[1]:8}{row[2]:8}{row[3]:16}{row[4]:6}")
        if not kind.startswith("pass/"):
            total = [x + y for x, y in zip(total, row)]
    print(f"{'all under verify/':32}{total[0]:8}{total[1]:8}{total[2]:8}{total[3]:16}{total[4]:6}")
    return 0 if not refused and total[1] >= FLOOR * total[0] else 1


if __name__ == "__main__":
    sys.exit(main())
