#!/usr/bin/env python3
"""Runs fuzz targets (libFuzzer, AddressSanitizer, UndefinedBehaviourSanitizer; clang).

    tools/fuzz.py [--seconds N] [TARGET...]    default: all targets, N seconds in total

A target is fuzz/fuzz_<name>.c. Its seeds are the files in fuzz/seeds/<name>/ and whatever the glob patterns in
fuzz/<name>.seeds (one per line, relative to the root) find; its words stand in fuzz/<name>.dict, if there is one.
Inputs that reached something new are kept in build-fuzz/corpus/<name>/ for the next run, findings in
build-fuzz/findings/. Exits with 1 when something was found.
"""

import argparse
import glob
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build-fuzz"
MAX_SEED_BYTES = 64 << 10  # larger files teach little per second

# Of the build with sanitizers, whose libraries tests and fuzz targets share (tools/test.py).
# Lines of a trace need no more than -g1 (meson.build), which takes less time than -g.
OPTIONS = ["-Dfuzz=true", "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Doptimization=1", "-Ddebug=false"]


def build():
    """Builds all targets; gives their names."""
    env = dict(os.environ, CC="clang-14")
    subprocess.run(["tools/configure", str(BUILD), *OPTIONS], cwd=ROOT, env=env, check=True)
    done = subprocess.run(["ninja", "-C", str(BUILD), "--quiet", "fuzz-targets"], cwd=ROOT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(done.stdout)
    return sorted(p.name[len("fuzz_"):] for p in (BUILD / "fuzz").glob("fuzz_*")
                  if p.is_file() and os.access(p, os.X_OK))


def gather_seeds(name):
    """Links the seeds of a target into one folder; gives it."""
    folder = BUILD / "seeds" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    patterns = [f"fuzz/seeds/{name}/*"]
    listed = ROOT / "fuzz" / f"{name}.seeds"
    if listed.exists():
        patterns += [line.strip() for line in listed.read_text().splitlines() if line.strip() and line[0] != "#"]
    count = 0
    for pattern in patterns:
        for path in sorted(glob.glob(str(ROOT / pattern), recursive=True)):
            if os.path.isfile(path) and os.path.getsize(path) <= MAX_SEED_BYTES:
                os.symlink(path, folder / f"{count:05d}")
                count += 1
    return folder


def fuzz(name, seconds):
    """One run. Gives (good, text)."""
    corpus = BUILD / "corpus" / name
    findings = BUILD / "findings"
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(exist_ok=True)
    command = [str(BUILD / "fuzz" / f"fuzz_{name}"), str(corpus), str(gather_seeds(name)),
               f"-max_total_time={max(1, int(seconds))}", "-timeout=30", "-rss_limit_mb=2048",
               f"-max_len={MAX_SEED_BYTES}", f"-artifact_prefix={findings}/{name}-", "-print_final_stats=1"]
    words = ROOT / "fuzz" / f"{name}.dict"
    if words.exists():
        command.append(f"-dict={words}")
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace")
    return done.returncode == 0, done.stdout


def summary(text):
    """The executions and coverage of a run, for people."""
    runs = [line.split()[-1] for line in text.splitlines() if "number_of_executed_units" in line]
    cov = [line for line in text.splitlines() if " cov: " in line]
    cov = cov[-1].split(" cov: ")[1].split()[0] if cov else "?"
    return f"{runs[-1] if runs else '?'} runs, {cov} edges"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("targets", nargs="*")
    args = parser.parse_args()
    known = build()
    targets = args.targets or known
    bad = False
    for name in targets:
        if name not in known:
            sys.exit(f"no target {name}; there are: {' '.join(known)}")
        good, text = fuzz(name, args.seconds / len(targets))
        print(f"fuzz {name}: {'clean' if good else 'FAILED'}, {summary(text)}", flush=True)
        if not good:
            bad = True
            print("\n".join(text.splitlines()[-60:]))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
