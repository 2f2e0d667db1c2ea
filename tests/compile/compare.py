#!/usr/bin/env python3
"""Compares what our compiler makes of the corpus with what the reference compiler made of it, op for op.

    compare.py [--build build] [FILTER...]            corpus/level0: the whole pipeline, 699 modules, 41 refusals and crashes
    compare.py --stages [FILTER...]                   corpus/level0-stages: whole runs, the module after every pass
    compare.py --stage PASS [FILTER...]               one pass alone: from the reference's module before it to the one after
    compare.py --stage all                            every pass alone, one line each
    compare.py --pairs [FILTER...]                    corpus/compile-pairs of level 0: from their TTIR to their TTNN
    compare.py --from PASS [FILTER...]                from the reference's module after PASS through all the rest

    --corpus DIR   --list (one line per file)   --group (differences by kind; the default)   --limit N per group
    --diff         with exactly one file left by the filter: unified diff of the two texts
    --floor N      exit with 1 when fewer than N modules are equal
    --markdown     docs/compile-differences.md; with --check, whether that file still says what is found

FILTER is part of a path. The work is done by compare_tool (built beside): both modules are read into one context and
compared by structure, so aliases and numbering do not count; names, operands, types with layouts, attributes and
locations do.
"""

import argparse
import collections
import difflib
import json
import os
import re
import select
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 20


class Tool:
    """One compare_tool, started again when it dies."""

    def __init__(self, path):
        self.path = path
        self.process = None

    def ask(self, source, name, want="", after="", until="", options=(), text="", system=""):
        if self.process is None:
            self.process = subprocess.Popen([self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = "\t".join([str(source), name, want, after, until, "\x1f".join(options), str(text), str(system)]) + "\n"
        self.process.stdin.write(line.encode())
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], SECONDS)
        answer = self.process.stdout.readline() if ready else b""
        if not answer:
            if not ready:
                self.process.kill()
            code = self.process.wait()
            self.process = None
            return {"status": "crash" if ready else "hang", "kind": f"exit {code}" if ready else "hang", "errors": ""}
        return json.loads(answer)


def first_error(errors):
    for line in errors.splitlines():
        if "error:" in line:
            return line.split("error:", 1)[1].strip()
    return ""


def whole(tool, corpus, wanted):
    """(path, answer) for corpus/level0; the answer's status is 'equal' also for a refusal where one is due."""
    for row in (corpus / "level0" / "INDEX-ttir.tsv").read_text().splitlines()[1:]:
        path, status, error = (row.split("\t") + ["", ""])[:3]
        if not wanted(path):
            continue
        source = corpus / "mlir" / path
        if status == "0":
            yield path, tool.ask(source, path, str(corpus / "level0" / path))
            continue
        answer = tool.ask(source, path)
        answer["due"] = error.split("error:", 1)[1].strip() if status == "1" else "crash of the reference"
        if answer["status"] in ("crash", "hang"):
            pass
        elif status == "1":
            same = first_error(answer["errors"])[:60] == answer["due"][:60]
            refused = answer["status"] in ("refused", "unreadable")
            answer["kind"] = "refused in other words: " + first_error(answer["errors"]) if refused else "not refused"
            answer["text"] = "want " + answer["due"]
            answer["status"] = "refused-same" if refused and same else "refused-otherwise" if refused else "not-refused"
        else:
            answer["status"] = "answered"
        yield path, answer


def runs(corpus, wanted):
    """(name, input, options, [(pass, file)]) of corpus/level0-stages."""
    for folder in sorted((corpus / "level0-stages").iterdir()):
        if not folder.is_dir() or not wanted(folder.name):
            continue
        facts = dict(line.split(": ", 1) for line in (folder / "README.txt").read_text().splitlines() if ": " in line)
        options = [] if facts["options"] == "(defaults)" else [facts["options"]]
        files = [(f.stem.split("-", 1)[1], f) for f in sorted(folder.glob("*.mlir"))]
        yield folder.name, facts["input"], options, files


# Why a module of corpus/level0 is not equal, or not refused in the same words. What is not listed here is a bug.
REASONS = {
    "ttir/Dialect/TTIR/element_type_normalization/element_type_normalization_positive.mlir":
        "the reference takes the bits of an f16 constant for bf16 (1.0 becomes 0.0078125; its own test expects 1.0, and a "
        "build with assertions stops there); ours converts the number",
    "ttir/Dialect/TTIR/fusing/batch_norm_decomposition.mlir":
        "nested modules: the reference calls a CPU function that is declared outside of the caller's module and refuses "
        "its own output; ours looks symbols up outwards and compiles it",
    "ttir/Silicon/TTMetal/n150/tiled_reblock.mlir":
        "an old form of ttcore.metal_layout: our reader keeps it as text with a warning in the reference's words, the "
        "compiler refuses the type",
    "ttir/python/golden/mlir_snippets/ttir/stablehlo_dynamic_update_slice.mlir":
        "StableHLO inside a device module: the reference does not register the dialect; ours knows it and refuses the op "
        "that nothing lowers",
}

# How the pairs' front end calls the compiler.
WITHOUT_DEBUG = ["mlir-print-debuginfo=false"]

# The pairs of level 0 (SOURCES.md; the others were made by an optimizer). What today's reference makes of them is not known:
# other versions made them, of which front ends' options differ, too. Where they disagree with corpus/level0, that is believed.
#
# Of these even the forms are of another version: the input needs `--option update-older-forms=true`, and what it became then is
# not read as a module today. They are compared by how many ops there are of each name.
OLDER_PAIRS = {
    "llama_prefill_2025-11":
        "mesh_shard is gone; ops that are fused today (rms_norm) and were not then, and the other way round (rotary_embedding, "
        "concatenate_heads: with the op model); products of one tensor are joined; an all_reduce that was taken apart; what is done "
        "to weights goes to the CPU, in f32",
    "tp_2x4_32_4": "as in llama_prefill_2025-11; maximum with 0 is relu; topk's tables are constants",
    "tp_2x4_gather": "as in tp_2x4_32_4",
    "wide_resnet50_2025-11":
        "what is done to weights goes to the CPU, in f32, and is not reshaped back and forth; matmul with bias is linear; "
        "all else is equal: 53 conv2d, 53 batch_norm_inference, 49 relu, 102 permute, 213 load_cached",
}
PAIR_REASONS = {
    "norm2_alone_opt0":
        "a to_layout of an argument has the location of the argument today (level0 has it so), then that of the op which "
        "wanted it; all else is equal",
    "composite_norm2_alone_opt0":
        "the order of two load_cached: each const-eval pass turns it round, and one runs between the decomposition of "
        "group_norm and the last that did not run there then; all else is equal but for that order",
    "vae_prefix_conv1_opt0":
        "the op model of that build allowed to fuse one attention to ttnn.scaled_dot_product_attention; without an op model "
        "nothing is fused to it",
    **OLDER_PAIRS,
}

# Names that the stage files shorten.
PASSES = {"inliner": "inline"}


def pair_files(corpus, wanted):
    files = sorted((corpus / "compile-pairs").glob("*/ttir.mlir"))
    return [f for f in files if f.parent.name in PAIR_REASONS and wanted(str(f))]


def count_ops(text):
    """TTNN ops by name, but deallocations, of which there is one for each tensor."""
    names = re.findall(r'"ttnn\.(\w+)"\(|= ttcore\.(load_cached)', text)
    return collections.Counter(a or b for a, b in names if a != "deallocate")


def older_pair(tool, file):
    """How many ops there are of each name, ours and theirs, where they differ."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out.mlir")
        answer = tool.ask(file, file.name, options=[*WITHOUT_DEBUG, "update-older-forms=true"], text=out)
        if answer["status"] != "equal":
            return answer
        ours, theirs = count_ops(out.read_text()), count_ops((file.parent / "ttnn.mlir").read_text())
    differ = [f"{op} {ours[op]}/{theirs[op]}" for op in sorted(ours | theirs) if ours[op] != theirs[op]]
    return {**answer, "status": "differs" if differ else "equal", "kind": "ops, ours/theirs: " + ", ".join(differ)}


def pair_results(tool, corpus, wanted):
    """(name, answer) of corpus/compile-pairs."""
    return [(f.parent.name, older_pair(tool, f) if f.parent.name in OLDER_PAIRS else
             tool.ask(f, f.name, str(f.parent / "ttnn.mlir"), options=WITHOUT_DEBUG, system=f.parent / "ttnn.mlir"))
            for f in pair_files(corpus, wanted)]


def stage_cases(corpus, wanted, only):
    for name, source, options, files in runs(corpus, wanted):
        before, path = corpus / source, source.removeprefix("mlir/")
        for step, after in files:
            if only in ("all", step):
                yield f"{name}/{after.name}", PASSES.get(step, step), before, path, after, options
            before = after


def report(results, args):
    count = collections.Counter(answer["status"] for _, answer in results)
    groups = collections.defaultdict(list)
    for path, answer in results:
        good = answer["status"] in ("equal", "refused-same", "answered")
        if args.list:
            print(f"{answer['status']:18} {path}  {answer.get('pass', '')}{answer.get('stages', '')}"
                  f"  {answer.get('kind', '') or first_error(answer['errors'])}")
        if not good:
            kind = answer.get("kind") or answer["status"] + ": " + first_error(answer["errors"])[:100]
            if "pass" in answer:
                kind = answer["pass"] + ": " + kind
            groups[kind].append((path, answer))
    if not args.list:
        for kind, members in sorted(groups.items(), key=lambda g: -len(g[1])):
            print(f"{len(members):4} {kind}")
            for path, answer in members[: args.limit]:
                print(f"       {path}  {answer.get('at', '')}")
                for line in (answer.get("text") or first_error(answer["errors"])).splitlines():
                    print("           " + line[:400])
    if args.tree:
        table = collections.defaultdict(collections.Counter)
        for path, answer in results:
            table[str(Path(*Path(path).parts[: args.tree]))][answer["status"]] += 1
        for folder, row in sorted(table.items()):
            print(f"{row['equal']:4} of {sum(row.values()):4}  {folder}")
    renamed = sum(1 for _, answer in results if answer["status"] == "equal" and answer.get("renamed"))
    print(", ".join(f"{n} {status}" for status, n in sorted(count.items())), f"of {len(results)}",
          f"({renamed} with other hashes in names, see compare_tool.c)" if renamed else "")
    return count["equal"]


def markdown(results, pairs):
    """docs/compile-differences.md."""
    count = collections.Counter(answer["status"] for _, answer in results)
    lines = ["# Where level 0 differs from the reference compiler\n",
             "Made by `tests/compile/compare.py --markdown`: do not edit. Of the "
             f"{len(results)} TTIR modules of the corpus {count['equal']} compile to equal modules, {count['refused-same']} are "
             f"refused in the same words and {count['answered']} that crash the reference get an answer.\n"]
    renamed = sum(1 for _, answer in results if answer["status"] == "equal" and answer.get("renamed"))
    lines += [f"In {renamed} of the equal ones the names of CPU functions end in other digits: they are a hash of the function's "
              "text with its locations, and these name the input file by the path that the reference was given, which the "
              "corpus does not tell. Without locations the hashes are equal (`--pairs`).\n"]
    head = "| {} | what | why |\n|---|---|---|"

    def row(path, answer, reasons):
        what = answer.get("kind") or first_error(answer["errors"])
        what = what if path in OLDER_PAIRS else what.split(" (")[0][:90]
        return f"| {path} | {answer['status']}: {what} | {reasons.get(path, '**not known**')} |"

    lines += [head.format("module")]
    lines += [row(path, answer, REASONS) for path, answer in results
              if answer["status"] not in ("equal", "refused-same", "answered")]
    lines += ["\nThe pairs that front ends left of level 0 (`corpus/compile-pairs`), made by versions of the reference of "
              "November 2025 to April 2026; the first difference of each, and of those that need "
              "`--option update-older-forms=true` how many ops of a name there are:\n", head.format("pair")]
    lines += [row(name, answer, PAIR_REASONS) for name, answer in pairs if answer["status"] != "equal"]
    return "\n".join(lines) + "\n"


def show_diff(tool, cases):
    """The texts of ours and theirs, both printed by us, through diff."""
    for source, path, want, after, until, options, *system in cases:
        with tempfile.TemporaryDirectory() as folder:
            ours, theirs = Path(folder) / "ours.mlir", Path(folder) / "reference.mlir"
            answer = tool.ask(source, path, "", after, until, options, ours, *system)
            print(answer["errors"], end="")
            theirs.write_text(Path(want).read_text() if want else "")
            subprocess.run(["diff", "-U", "1", str(theirs), str(ours)], check=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--tool", help="compare_tool itself, in place of --build")
    parser.add_argument("--corpus", default=os.environ.get("TTX_CORPUS", ROOT.parent / "shared" / "corpus"))
    parser.add_argument("--stages", action="store_true")
    parser.add_argument("--stage")
    parser.add_argument("--pairs", action="store_true")
    parser.add_argument("--from", dest="after")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--group", action="store_true")
    parser.add_argument("--tree", type=int, default=0, metavar="DEPTH")
    parser.add_argument("--limit", type=int, default=3)
    parser.add_argument("--diff", action="store_true")
    parser.add_argument("--markdown", action="store_true", help="docs/compile-differences.md")
    parser.add_argument("--check", action="store_true", help="with --markdown: exit with 1 when that file says something else")
    parser.add_argument("--exact", action="store_true", help="FILTERs are whole paths")
    parser.add_argument("--floor", type=int, default=0)
    parser.add_argument("filters", nargs="*")
    args = parser.parse_args()
    corpus = Path(args.corpus)
    if not corpus.is_dir():
        print("no corpus: nothing to compare")
        return 0
    tool = Tool(args.tool or str(Path(args.build) / "tests" / "compile" / "compare_tool"))

    def wanted(path):
        if args.exact:
            return not args.filters or path in args.filters
        return not args.filters or any(f in path for f in args.filters)

    if args.stage:
        match = (lambda label: any(f in label for f in args.filters)) if args.filters else (lambda label: True)
        cases = [c for c in stage_cases(corpus, lambda name: True, args.stage) if match(c[0])]
        if args.diff:
            show_diff(tool, [(b, p, a, "only", step, o) for _, step, b, p, a, o in cases])
            return 0
        results = [(label, tool.ask(before, path, str(after), "only", step, options))
                   for label, step, before, path, after, options in cases]
        if args.stage == "all":
            table = collections.OrderedDict()
            for (label, answer), case in zip(results, cases):
                table.setdefault(case[1], collections.Counter())[answer["status"]] += 1
            for step, row in table.items():
                print(f"{row['equal']:3} of {sum(row.values()):3}  {step}")
            equal = sum(row["equal"] for row in table.values())
            print(equal, "equal of", len(results))
            return 1 if equal < args.floor else 0
    elif args.stages:
        results = []
        for name, source, options, files in runs(corpus, wanted):
            want = "|".join(f"{PASSES.get(step, step)}={f}" for step, f in files)
            results.append((name, tool.ask(corpus / source, source.removeprefix("mlir/"), want, options=options)))
    elif args.pairs:
        if args.diff:
            show_diff(tool, [(f, f.name, f.parent / "ttnn.mlir", "", "", WITHOUT_DEBUG, f.parent / "ttnn.mlir")
                             for f in pair_files(corpus, wanted) if f.parent.name not in OLDER_PAIRS])
            return 0
        results = pair_results(tool, corpus, wanted)
    elif args.after:
        cases = []
        for name, source, options, files in runs(corpus, wanted):
            starts = [f for step, f in files if step == args.after]
            if starts:
                cases.append((name, starts[0], source.removeprefix("mlir/"), files[-1][1], options))
        if args.diff:
            show_diff(tool, [(b, p, w, args.after, "", o) for _, b, p, w, o in cases])
            return 0
        results = [(n, tool.ask(b, p, str(w), args.after, "", o)) for n, b, p, w, o in cases]
    else:
        if args.diff:
            rows = [r.split("\t")[0] for r in (corpus / "level0" / "INDEX-ttir.tsv").read_text().splitlines()[1:]]
            show_diff(tool, [(corpus / "mlir" / p, p, corpus / "level0" / p, "", "", []) for p in rows if wanted(p)][:1])
            return 0
        results = list(whole(tool, corpus, wanted))
        if args.markdown:
            text = markdown(results, pair_results(tool, corpus, wanted))
            if not args.check:
                print(text, end="")
                return 0
            said = (ROOT / "docs" / "compile-differences.md").read_text()
            sys.stdout.writelines(difflib.unified_diff(said.splitlines(True), text.splitlines(True), "docs", "found"))
            return 1 if said != text else 0
    equal = report(results, args)
    return 1 if equal < args.floor else 0


if __name__ == "__main__":
    sys.exit(main())
