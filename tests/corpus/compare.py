"""What the comparisons with other printers share: running both, grouping the differences, the summary."""

import os
import re
import subprocess
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

JOBS = min(os.cpu_count() or 1, 8)

# The one file of corpus/mlir that is no MLIR.
NOT_MLIR = {"other/python/golden/d2m/fabric_api_snippets/test_generic_op_unicast_sem_inc.mlir"}  # a template with gaps


def run(command, cwd, timeout=120):
    """(exit status, output, messages) of a command; a status of -99 means it took too long."""
    try:
        r = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout)
    except subprocess.TimeoutExpired:
        return -99, b"", b"took too long"
    return r.returncode, r.stdout, r.stderr


def first_difference(want, got):
    """(line number, wanted line, line we have) of the first difference."""
    want_lines, got_lines = want.split(b"\n"), got.split(b"\n")
    for i, (a, b) in enumerate(zip(want_lines, got_lines)):
        if a != b:
            return i + 1, a, b
    i = min(len(want_lines), len(got_lines))
    return i + 1, b"\n".join(want_lines[i:i + 1]), b"\n".join(got_lines[i:i + 1])


def around(a, b):
    """The two lines from a little before where they part."""
    i = len(os.path.commonprefix([a, b]))
    return a[max(0, i - 40):i + 80], b[max(0, i - 40):i + 80]


def cause(want, got):
    """A short name for a difference, to group by: the op or alias in the line, and the word where they part."""
    i = len(os.path.commonprefix([want, got]))
    op = re.search(rb'(?:= |^\s*)"?([a-z_0-9]+\.[A-Za-z_0-9.]+|[#!][a-z_]+)', want)
    name = op.group(1).decode() if op else want.strip()[:20].decode(errors="replace")
    word = re.match(rb"[^\s<>(){}\[\],:]*.?", want[i:]).group(0).decode(errors="replace")
    return f"{name} at '{re.sub(r'[0-9]+', 'N', word)[:24]}'"


class Summary:
    """Counts results and shows them grouped."""

    def __init__(self):
        self.same = 0
        self.total = 0
        self.groups = defaultdict(list)

    def add(self, file, want, status, got, messages):
        self.total += 1
        if status not in (0, 1):
            self.groups[f"crash or trouble (status {status})"].append((file, messages[:300].decode(errors="replace")))
        elif status == 1:
            text = messages.decode(errors="replace").split("\n")
            error = next((line for line in text if " error: " in line), text[0] if text else "")
            short = re.sub(r"'[^']*'|[0-9]+", "_", error.split(" error: ")[-1])
            self.groups["not read: " + short[:90]].append((file, error))
        elif got == want:
            self.same += 1
        else:
            line, a, b = first_difference(want, got)
            x, y = around(a, b)
            self.groups[cause(a, b)].append(
                (file, f"line {line}\n      want {x.decode(errors='replace')}\n      have {y.decode(errors='replace')}"))

    def show(self, title, examples=1, most=60):
        print(f"{title}: {self.same} of {self.total} the same")
        for name, files in sorted(self.groups.items(), key=lambda g: -len(g[1]))[:most]:
            print(f"  {len(files):4}  {name}")
            for file, text in files[:examples]:
                print(f"        {file}: {text}")


def each(items, work):
    """work(item) for all, in parallel, results in order."""
    with ThreadPoolExecutor(JOBS) as pool:
        return list(pool.map(work, items))
